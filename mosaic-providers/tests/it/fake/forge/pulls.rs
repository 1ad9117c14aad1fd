//! Pull requests: items with two branches; where they stand is looked up in git when they are read.

use mosaic_core::types::git::MergeMethod;

use super::{Forge, Item, Merge, MergedBy, NewIssue, Pull, Reason, Refusal, User, now};

/// A pull request to be opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewPull {
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) draft: bool,
}

/// A pull request as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct PullView {
    pub(crate) item: Item,
    pub(crate) pull: Pull,
    /// The commit at the head: of an open one that of the source, else the last one.
    pub(crate) head: String,
    /// The commit at the tip of the target, or the last one.
    pub(crate) base: String,
    /// The newest commit that both have.
    pub(crate) merge_base: Option<String>,
    /// Whether it could be merged; only of open ones.
    pub(crate) mergeable: Option<bool>,
}

impl Forge {
    /// Opens a pull request. `Missing` without one of the branches (the message names it), `Exists` where an open one joins
    /// the same branches, `Invalid` where there is nothing to merge.
    pub(crate) async fn create_pull(
        &self,
        repo: u64,
        author: &str,
        new: NewPull,
    ) -> Result<PullView, Refusal> {
        let git = self.git(repo);
        let Some(base) = git.tip(&new.target).await else { return Err(Refusal::missing("base")) };
        let Some(head) = git.tip(&new.source).await else { return Err(Refusal::missing("head")) };
        if new.source == new.target || git.contains(&base, &head).await {
            let message = format!("No commits between {} and {}", new.target, new.source);
            return Err(Refusal::invalid(message));
        }
        let held = git.lock.lock().await;
        if self.twin(repo, None, &new.source, &new.target) {
            return Err(Refusal::exists(new.source));
        }
        let issue = NewIssue { title: new.title, body: new.body, ..NewIssue::default() };
        let item = self.create_issue(repo, author, issue)?;
        let pull = Pull {
            source: new.source,
            target: new.target,
            head,
            base,
            draft: new.draft,
            merged: None,
            reviews: Vec::new(),
            remarks: Vec::new(),
            reviewers: Vec::new(),
        };
        self.change_item(repo, item.number, |item| item.pull = Some(pull));
        drop(held);
        Ok(self.pull(repo, item.number).await.unwrap())
    }

    /// Whether an open pull request other than this joins these branches.
    pub(crate) fn twin(&self, repo: u64, number: Option<u64>, source: &str, target: &str) -> bool {
        let joins = |item: &Item| {
            let pull = item.pull.as_ref();
            item.open
                && Some(item.number) != number
                && pull.is_some_and(|pull| pull.source == source && pull.target == target)
        };
        self.with(repo, |repo| repo.items.values().any(joins)).unwrap_or_default()
    }

    /// The open pull requests from or into a branch.
    pub(crate) fn open_pulls_of(&self, repo: u64, branch: &str) -> Vec<u64> {
        let of = |item: &&Item| {
            let pull = item.pull.as_ref();
            item.open && pull.is_some_and(|pull| pull.source == branch || pull.target == branch)
        };
        self.with(repo, |repo| repo.items.values().filter(of).map(|item| item.number).collect())
            .unwrap_or_default()
    }

    /// A pull request as it stands now; none where there is none of this number.
    pub(crate) async fn pull(&self, repo: u64, number: u64) -> Option<PullView> {
        let item = self.item(repo, number)?;
        let pull = item.pull.clone()?;
        let git = self.git(repo);
        let (mut head, mut base) = (pull.head.clone(), pull.base.clone());
        if item.open {
            head = git.tip(&pull.source).await.unwrap_or(head);
            base = git.tip(&pull.target).await.unwrap_or(base);
        }
        let merge_base = git.merge_base(&base, &head).await;
        let mergeable = if item.open { Some(git.mergeable(&base, &head).await) } else { None };
        Some(PullView { item, pull, head, base, merge_base, mergeable })
    }

    /// Merges an open pull request. `Missing`, `State` where it is not open, `Stale` where the head is not the expected one,
    /// `Conflict`.
    pub(crate) async fn merge_pull(
        &self,
        repo: u64,
        number: u64,
        method: MergeMethod,
        message: &str,
        expected: Option<&str>,
        by: &User,
    ) -> Result<String, Refusal> {
        let Some(view) = self.pull(repo, number).await else { return Err(Refusal::missing("Not Found")) };
        if !view.item.open {
            return Err(Refusal::state("Pull Request is not mergeable"));
        }
        if expected.is_some_and(|expected| expected != view.head) {
            return Err(Refusal::stale("Head branch was modified. Review and try the merge again."));
        }
        let merge = Merge { source: &view.pull.source, target: &view.pull.target, method, message, by };
        let merged = self.git(repo).merge(&merge).await.map_err(|refusal| match refusal.reason {
            Reason::Missing => Refusal::state(refusal.message),
            _ => refusal,
        })?;
        self.change_item(repo, number, |item| {
            let now = now();
            (item.open, item.closed_at, item.closed_by) = (false, Some(now), Some(by.login.clone()));
            if let Some(pull) = &mut item.pull {
                (pull.head, pull.base) = (view.head, view.base);
                let commit = merged.commit.clone();
                pull.merged = Some(MergedBy { commit, method, by: by.login.clone(), at: now });
            }
        });
        Ok(merged.commit)
    }

    /// Takes the open pull requests into a branch for merged whose head the branch has by now, as forges do when somebody merges
    /// them in another way; a dialect calls it after such a change.
    pub(crate) async fn settle(&self, repo: u64, branch: &str, by: &str) {
        let git = self.git(repo);
        let Some(tip) = git.tip(branch).await else { return };
        for number in self.open_pulls_of(repo, branch) {
            let Some(view) = self.pull(repo, number).await else { continue };
            if view.pull.target != branch || !git.contains(&tip, &view.head).await {
                continue;
            }
            self.change_item(repo, number, |item| {
                item.set_open(false, by);
                if let Some(pull) = &mut item.pull {
                    (pull.head, pull.base) = (view.head, view.base);
                    let (commit, by) = (tip.clone(), by.to_owned());
                    pull.merged = Some(MergedBy { commit, method: MergeMethod::Merge, by, at: now() });
                }
            });
        }
    }

    /// Closes a pull request or opens it again. `State` where it is merged or a branch is gone, `Exists` where another one took
    /// its place.
    pub(crate) async fn set_pull_open(
        &self,
        repo: u64,
        number: u64,
        open: bool,
        by: &str,
    ) -> Result<(), Refusal> {
        let Some(view) = self.pull(repo, number).await else { return Err(Refusal::missing("Not Found")) };
        if view.item.open == open {
            return Ok(());
        }
        if view.pull.merged.is_some() {
            return Err(Refusal::state("Cannot change the state of a merged pull request."));
        }
        if open {
            let git = self.git(repo);
            for branch in [&view.pull.source, &view.pull.target] {
                if git.tip(branch).await.is_none() {
                    return Err(Refusal::state(format!("The {branch} branch has been deleted.")));
                }
            }
            if self.twin(repo, Some(number), &view.pull.source, &view.pull.target) {
                return Err(Refusal::exists(view.pull.source));
            }
        }
        self.change_item(repo, number, |item| {
            item.set_open(open, by);
            if let Some(pull) = &mut item.pull {
                (pull.head, pull.base) = (view.head, view.base);
            }
        });
        Ok(())
    }
}

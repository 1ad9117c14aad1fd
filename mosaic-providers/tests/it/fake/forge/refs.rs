//! Branches, tags and other references.

use super::git::Git;
use super::{Forge, Refusal};

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ref {
    /// Its whole name, such as `refs/heads/main`.
    pub(crate) name: String,
    /// The object it points at: for an annotated tag the tag object.
    pub(crate) sha: String,
    /// `commit`, `tag`, `tree` or `blob`.
    pub(crate) kind: String,
    /// The commit behind it, where there is one.
    pub(crate) commit: Option<String>,
    /// The message of an annotated tag.
    pub(crate) message: Option<String>,
}

impl Ref {
    /// The name without `refs/heads/` or `refs/tags/`.
    pub(crate) fn short(&self) -> &str {
        let name = self.name.strip_prefix("refs/heads/").or_else(|| self.name.strip_prefix("refs/tags/"));
        name.unwrap_or(&self.name)
    }
}

impl Git<'_> {
    /// The references whose names begin with this, ordered by name.
    pub(crate) async fn refs(&self, prefix: &str) -> Vec<Ref> {
        let format =
            "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(contents)%00%01";
        let all = self.run(&["for-each-ref", format]).text().await;
        let mut refs = Vec::new();
        for record in all.split("\0\u{1}") {
            let fields: Vec<_> = record.trim_start_matches('\n').split('\0').collect();
            let [name, sha, kind, peeled, message] = fields[..] else { continue };
            if !name.starts_with(prefix) {
                continue;
            }
            let commit = match kind {
                "commit" => Some(sha.to_owned()),
                "tag" => Some(peeled.to_owned()),
                _ => None,
            };
            refs.push(Ref {
                name: name.to_owned(),
                sha: sha.to_owned(),
                kind: kind.to_owned(),
                commit,
                message: (kind == "tag").then(|| message.trim_end_matches('\n').to_owned()),
            });
        }
        refs
    }

    /// Exactly this reference.
    pub(crate) async fn reference(&self, name: &str) -> Option<Ref> {
        self.refs(name).await.into_iter().find(|found| found.name == name)
    }

    /// The branches, ordered by name.
    pub(crate) async fn branches(&self) -> Vec<Ref> {
        self.refs("refs/heads/").await
    }

    /// The tags, ordered by name.
    pub(crate) async fn tags(&self) -> Vec<Ref> {
        self.refs("refs/tags/").await
    }

    /// Whether nothing was ever committed.
    pub(crate) async fn is_empty(&self) -> bool {
        self.branches().await.is_empty()
    }

    /// The commit at the head of a branch.
    pub(crate) async fn tip(&self, branch: &str) -> Option<String> {
        self.ask(&[
            "rev-parse",
            "--verify",
            "-q",
            "--end-of-options",
            &format!("refs/heads/{branch}^{{commit}}"),
        ])
        .await
    }

    /// The commit that a person means: a branch, a tag, a whole reference (`heads/x`, `refs/tags/x`) or a commit id, which may
    /// be shortened to 7 digits.
    pub(crate) async fn commit_of(&self, name: &str) -> Option<String> {
        if !Self::is_ref_name(name) && !name.is_empty() {
            return None;
        }
        let mut candidates = vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")];
        if name.starts_with("heads/") || name.starts_with("tags/") {
            candidates.push(format!("refs/{name}"));
        }
        if name.starts_with("refs/") {
            candidates.push(name.to_owned());
        }
        if name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            candidates.push(name.to_owned());
        }
        for candidate in candidates {
            let wanted = format!("{candidate}^{{commit}}");
            let found = self.ask(&["rev-parse", "--verify", "-q", "--end-of-options", &wanted]).await;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Whether git takes this as the name of a branch or tag.
    pub(crate) fn is_ref_name(name: &str) -> bool {
        let bad = |c: char| {
            c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\' | '\u{7f}')
        };
        let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        !name.is_empty()
            && !name.contains(bad)
            && !name.contains("..")
            && !name.contains("@{")
            && !name.starts_with('-')
            && !name.ends_with('.')
            && name != "@"
            && name.split('/').all(part)
    }

    /// Makes a reference that is not there, such as `refs/heads/lid`, at an object that is.
    pub(crate) async fn create_ref(&self, name: &str, sha: &str) -> Result<Ref, Refusal> {
        let short =
            name.strip_prefix("refs/").and_then(|rest| rest.split_once('/')).map_or("", |(_, short)| short);
        if !Self::is_ref_name(short) || short == "HEAD" {
            return Err(Refusal::invalid(format!("{name} is not a valid ref name.")));
        }
        if !self.run(&["cat-file", "-e", sha]).holds().await {
            return Err(Refusal::missing("Object does not exist"));
        }
        let _held = self.lock.lock().await;
        if self.reference(name).await.is_some() {
            return Err(Refusal::exists("Reference already exists"));
        }
        let zero = "0".repeat(40);
        if !self.run(&["update-ref", "--no-deref", "--end-of-options", name, sha, &zero]).holds().await {
            return Err(Refusal::invalid("Reference cannot be created"));
        }
        Ok(self.reference(name).await.unwrap())
    }

    /// Moves a reference; without `force` only forwards.
    pub(crate) async fn move_ref(&self, name: &str, sha: &str, force: bool) -> Result<Ref, Refusal> {
        let _held = self.lock.lock().await;
        let Some(old) = self.reference(name).await else {
            return Err(Refusal::missing("Reference does not exist"));
        };
        if !self.run(&["cat-file", "-e", sha]).holds().await {
            return Err(Refusal::invalid("Object does not exist"));
        }
        if !force && !self.run(&["merge-base", "--is-ancestor", &old.sha, sha]).holds().await {
            return Err(Refusal::conflict("Update is not a fast forward"));
        }
        self.run(&["update-ref", "--no-deref", name, sha, &old.sha]).text().await;
        Ok(self.reference(name).await.unwrap())
    }

    /// Stores the object of an annotated tag, without a reference to it; gives its id.
    pub(crate) async fn write_tag(
        &self,
        tag: &str,
        object: &str,
        message: &str,
        by: &super::Who,
    ) -> Result<String, Refusal> {
        let Some(kind) = self.ask(&["cat-file", "-t", object]).await else {
            return Err(Refusal::missing("Object does not exist"));
        };
        if !Self::is_ref_name(tag) {
            return Err(Refusal::invalid(format!("{tag} is not a valid tag name.")));
        }
        let text = format!(
            "object {object}\ntype {kind}\ntag {tag}\ntagger {} <{}> {} +0000\n\n{}\n",
            by.name,
            by.email,
            by.at.as_second(),
            message.trim_end_matches('\n')
        );
        Ok(self.run(&["mktag"]).input(text).text().await)
    }
}

impl Forge {
    /// Deletes a branch or tag. Open pull requests from or into a branch are closed, as forges do.
    pub(crate) async fn delete_ref(&self, repo: u64, name: &str) -> Result<(), Refusal> {
        let git = self.git(repo);
        let _held = git.lock.lock().await;
        let Some(old) = git.reference(name).await else {
            return Err(Refusal::missing("Reference does not exist"));
        };
        let open: Vec<_> = match name.strip_prefix("refs/heads/") {
            Some(branch) => self.open_pulls_of(repo, branch),
            None => Vec::new(),
        };
        // What they stood at is what they show from now on.
        let mut last = Vec::new();
        for number in open {
            if let Some(view) = self.pull(repo, number).await {
                last.push((number, view.head, view.base));
            }
        }
        git.run(&["update-ref", "--no-deref", "-d", name, &old.sha]).text().await;
        let now = super::now();
        self.with(repo, |repo| {
            for (number, head, base) in last {
                let Some(item) = repo.items.get_mut(&number) else { continue };
                (item.open, item.closed_at, item.updated_at) = (false, Some(now), now);
                if let Some(pull) = &mut item.pull {
                    (pull.head, pull.base) = (head, base);
                }
            }
        });
        Ok(())
    }
}

/// The object of an annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagObject {
    pub(crate) name: String,
    pub(crate) message: String,
    /// What it stands for.
    pub(crate) object: String,
    /// `commit`, mostly.
    pub(crate) kind: String,
    pub(crate) tagger: super::Who,
}

impl Git<'_> {
    /// The tag object of this id; none where it is none.
    pub(crate) async fn read_tag(&self, id: &str) -> Option<TagObject> {
        let text = self.ask(&["cat-file", "tag", id]).await?;
        let (head, message) = text.split_once("\n\n")?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let (person, at) = field("tagger")?.rsplit_once("> ")?;
        let (name, email) = person.split_once(" <")?;
        let seconds = at.split(' ').next()?.parse().ok()?;
        Some(TagObject {
            name: field("tag")?.to_owned(),
            message: message.to_owned(),
            object: field("object")?.to_owned(),
            kind: field("type")?.to_owned(),
            tagger: super::Who {
                name: name.to_owned(),
                email: email.to_owned(),
                at: mosaic_core::types::Timestamp::from_second(seconds).ok()?,
            },
        })
    }
}

impl Forge {
    /// Gives a branch another name, in git, as the default branch and in pull requests.
    pub(crate) async fn rename_branch(&self, repo: u64, old: &str, new: &str) -> Result<(), Refusal> {
        let git = self.git(repo);
        if !Git::is_ref_name(new) {
            return Err(Refusal::invalid(format!("{new} is not a valid branch name.")));
        }
        let Some(tip) = git.tip(old).await else { return Err(Refusal::missing("no such branch")) };
        if git.tip(new).await.is_some() {
            return Err(Refusal::exists(format!("Branch {new} already exists.")));
        }
        git.create_ref(&format!("refs/heads/{new}"), &tip).await?;
        self.with(repo, |repo| {
            for pull in repo.items.values_mut().filter_map(|item| item.pull.as_mut()) {
                for branch in
                    [&mut pull.source, &mut pull.target].into_iter().filter(|branch| **branch == old)
                {
                    new.clone_into(branch);
                }
            }
        });
        if self.repo(repo).is_some_and(|repo| repo.default_branch == old) {
            self.set_default_branch(repo, new).await?;
        }
        git.run(&["update-ref", "--no-deref", "-d", &format!("refs/heads/{old}"), &tip]).text().await;
        Ok(())
    }
}

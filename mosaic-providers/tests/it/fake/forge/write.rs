//! Files, written and deleted as commits.

use super::commits::Who;
use super::git::Git;
use super::{Refusal, User, now};

/// A file to be written, or deleted where there is no content.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) branch: String,
    pub(crate) path: String,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) message: String,
    pub(crate) author: Who,
    pub(crate) committer: Who,
    /// Whether the branch may begin with this: the first commit of a repository, or a new branch at this commit.
    pub(crate) from: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) commit: String,
    /// The new blob; of a deletion none.
    pub(crate) blob: Option<String>,
    /// The blob before.
    pub(crate) before: Option<String>,
}

impl Put {
    pub(crate) fn new(branch: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let who = Who { name: "nobody".into(), email: "nobody@example.org".into(), at: now() };
        Self {
            branch: branch.to_owned(),
            path: path.to_owned(),
            content: Some(content.into()),
            message: format!("Write {path}"),
            author: who.clone(),
            committer: who,
            from: None,
        }
    }

    pub(crate) fn deletion(branch: &str, path: &str) -> Self {
        Self { content: None, message: format!("Delete {path}"), ..Self::new(branch, path, "") }
    }

    pub(crate) fn by(mut self, user: &User) -> Self {
        let who = user.who();
        (self.author, self.committer) = (who.clone(), who);
        self
    }

    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Begins the branch at this commit where it is not there.
    pub(crate) fn from(mut self, commit: impl Into<String>) -> Self {
        self.from = Some(commit.into());
        self
    }
}

impl User {
    /// The signature of this person, now.
    pub(crate) fn who(&self) -> Who {
        Who { name: self.login.clone(), email: self.email.clone(), at: now() }
    }
}

impl Git<'_> {
    /// Writes or deletes one file as a new commit, also where the content stays the same: forges do so. `check` is given the
    /// blob that is there, under the lock, and may refuse. A branch that is not there is made where the repository is empty
    /// or where the put says from what.
    pub(crate) async fn put_file(
        &self,
        put: &Put,
        check: impl FnOnce(Option<&str>) -> Result<(), Refusal>,
    ) -> Result<Written, Refusal> {
        let path = put.path.as_str();
        let bad =
            |part: &str| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git");
        if path.contains('\0') || path.split('/').any(bad) {
            return Err(Refusal::invalid("path contains a malformed path component"));
        }
        let _held = self.lock.lock().await;
        let tip = self.tip(&put.branch).await;
        let parent = match &tip {
            Some(tip) => Some(tip.clone()),
            None if put.from.is_some() => put.from.clone(),
            None if self.is_empty().await && put.content.is_some() => None,
            None => return Err(Refusal::missing(format!("Branch {} not found", put.branch))),
        };
        let before = match &parent {
            Some(parent) => self.object(&format!("{parent}:{path}")).await,
            None => None,
        };
        if before.as_ref().is_some_and(|(kind, _)| kind != "blob") {
            return Err(Refusal::invalid(format!("{path} is a directory")));
        }
        let before = before.map(|(_, id)| id);
        if put.content.is_none() && before.is_none() {
            return Err(Refusal::missing("Not Found"));
        }
        check(before.as_deref())?;
        let (tree, blob) = self.tree_with(parent.as_deref(), path, put.content.as_deref()).await?;
        let commit = self
            .write_commit(
                &tree,
                parent.iter().map(String::as_str).collect(),
                &put.message,
                &put.author,
                &put.committer,
            )
            .await;
        let old = tip.unwrap_or_else(|| "0".repeat(40));
        let name = format!("refs/heads/{}", put.branch);
        if !self.run(&["update-ref", "--no-deref", "--end-of-options", &name, &commit, &old]).holds().await {
            return Err(Refusal::invalid(format!("Branch {} cannot be made", put.branch)));
        }
        Ok(Written { commit, blob, before })
    }

    /// The tree of a commit with one file more, changed or less.
    async fn tree_with(
        &self,
        parent: Option<&str>,
        path: &str,
        content: Option<&[u8]>,
    ) -> Result<(String, Option<String>), Refusal> {
        // An index of this write alone, under the lock of the repository.
        let index = self.directory.join("fake-index");
        let _ = std::fs::remove_file(&index);
        let run = |args: &[&str]| self.run(args).env("GIT_INDEX_FILE", &index);
        if let Some(parent) = parent {
            run(&["read-tree", parent]).text().await;
        }
        let blob = match content {
            Some(content) => {
                let blob = self.run(&["hash-object", "-w", "--stdin"]).input(content).text().await;
                // A mode that is there stays: scripts remain scripts.
                let there = run(&["ls-files", "-s", "-z", "--", path]).text().await;
                let mode = there.split(' ').next().filter(|mode| mode.len() == 6).unwrap_or("100644");
                let entry = format!("{mode},{blob},{path}");
                let added = run(&["update-index", "--add", "--cacheinfo", &entry]).output().await;
                if !added.status.success() {
                    return Err(Refusal::invalid(format!("{path} lies below a file")));
                }
                Some(blob)
            }
            None => {
                let line = format!("0 {} 0\t{path}\0", "0".repeat(40));
                run(&["update-index", "-z", "--index-info"]).input(line).text().await;
                None
            }
        };
        Ok((run(&["write-tree"]).text().await, blob))
    }

    /// Stores a commit that nothing points at yet.
    pub(crate) async fn write_commit(
        &self,
        tree: &str,
        parents: Vec<&str>,
        message: &str,
        author: &Who,
        committer: &Who,
    ) -> String {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let date = |who: &Who| format!("{} +0000", who.at.as_second());
        self.run(&args)
            .env("GIT_AUTHOR_NAME", &author.name)
            .env("GIT_AUTHOR_EMAIL", &author.email)
            .env("GIT_AUTHOR_DATE", date(author))
            .env("GIT_COMMITTER_NAME", &committer.name)
            .env("GIT_COMMITTER_EMAIL", &committer.email)
            .env("GIT_COMMITTER_DATE", date(committer))
            .input(message)
            .text()
            .await
    }
}

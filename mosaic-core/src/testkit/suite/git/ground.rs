//! The ground a behaviour stands on: a repository of its own, and calls that must succeed.

use std::fmt::Debug;

use super::World;
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::op::git::{
    CreateBranch, CreatePullRequest, CreateRepository, GetFile, GitService, ListBranches, ListCommits,
    WriteFile,
};
use crate::testkit::suite::{Failure, done, ensure, equal, refused};
use crate::types::git::{Branch, Commit, FileWritten, PullRequest};
use crate::types::{Cursor, Page, PageRequest, RepoRef};

pub(super) struct Ground<'a, G> {
    pub(super) git: &'a G,
    pub(super) cx: &'a CallContext,
    pub(super) repo: RepoRef,
    behaviour: &'static str,
}

impl<'a, G: GitService> Ground<'a, G> {
    /// A repository that is not made yet.
    pub(super) fn bare(git: &'a G, world: &'a World, behaviour: &'static str) -> Self {
        Self { git, cx: world.cx(), repo: world.unused(), behaviour }
    }

    /// A repository without a commit.
    pub(super) async fn empty(
        git: &'a G,
        world: &'a World,
        behaviour: &'static str,
    ) -> Result<Self, Failure> {
        let ground = Self::bare(git, world, behaviour);
        let made = git.create_repository(ground.cx, CreateRepository::of(&ground.repo)).await;
        ground.done("create_repository", made)?;
        Ok(ground)
    }

    /// A repository with `README.md` on `main`.
    pub(super) async fn seeded(
        git: &'a G,
        world: &'a World,
        behaviour: &'static str,
    ) -> Result<Self, Failure> {
        let ground = Self::empty(git, world, behaviour).await?;
        ground.write("main", "README.md", "one\ntwo\nthree\n").await?;
        Ok(ground)
    }

    pub(super) fn done<T>(&self, what: &str, result: Result<T>) -> Result<T, Failure> {
        done(self.behaviour, what, result)
    }

    pub(super) fn refused<T: Debug>(
        &self,
        what: &str,
        result: Result<T>,
        kind: ErrorKind,
    ) -> Result<(), Failure> {
        refused(self.behaviour, what, result, kind)
    }

    pub(super) fn equal<T, U>(&self, what: &str, got: &T, expected: &U) -> Result<(), Failure>
    where
        T: PartialEq<U> + Debug + ?Sized,
        U: Debug + ?Sized,
    {
        equal(self.behaviour, what, got, expected)
    }

    pub(super) fn ensure(&self, condition: bool, message: &str) -> Result<(), Failure> {
        ensure(self.behaviour, condition, || message)
    }

    /// Writes a text as a commit with the message `path: text`.
    pub(super) async fn write(&self, branch: &str, path: &str, text: &str) -> Result<FileWritten, Failure> {
        let message = format!("{path}: {}", text.trim_end().replace('\n', " "));
        let op = WriteFile::of(&self.repo, path, text).branch(branch).message(message);
        self.done(&format!("write_file {path} on {branch}"), self.git.write_file(self.cx, op).await)
    }

    /// A branch from the head of `main`.
    pub(super) async fn branch(&self, name: &str) -> Result<Branch, Failure> {
        let made = self.git.create_branch(self.cx, CreateBranch::of(&self.repo, name).from("main")).await;
        self.done(&format!("create_branch {name}"), made)
    }

    pub(super) async fn pull(&self, source: &str, target: &str) -> Result<PullRequest, Failure> {
        let op = CreatePullRequest::of(&self.repo, format!("Bring {source} in"), source, target);
        self.done(
            &format!("create_pull_request from {source}"),
            self.git.create_pull_request(self.cx, op).await,
        )
    }

    /// The text of a file; none where there is no such file.
    pub(super) async fn text(&self, at: &str, path: &str) -> Result<Option<String>, Failure> {
        match self.git.get_file(self.cx, GetFile::of(&self.repo, path).at(at)).await {
            Ok(file) => Ok(file.content.as_text().map(str::to_owned)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => self.done(&format!("get_file {path} at {at}"), Err(error)),
        }
    }

    /// Fails unless the file has this text.
    pub(super) async fn reads(&self, at: &str, path: &str, expected: &str) -> Result<(), Failure> {
        self.equal(&format!("{path} at {at}"), &self.text(at, path).await?.as_deref(), &Some(expected))
    }

    /// The commits of a branch, newest first, at most 100.
    pub(super) async fn commits(&self, at: &str) -> Result<Vec<Commit>, Failure> {
        let op = ListCommits::of(&self.repo).at(at).page(PageRequest::first(100));
        Ok(self.done(&format!("list_commits at {at}"), self.git.list_commits(self.cx, op).await)?.items)
    }

    /// The branches, at most 100.
    pub(super) async fn branches(&self) -> Result<Vec<Branch>, Failure> {
        let op = ListBranches::of(&self.repo).page(PageRequest::first(100));
        Ok(self.done("list_branches", self.git.list_branches(self.cx, op).await)?.items)
    }

    /// Walks through a list page by page and fails where a page is longer than asked for or the walk does not end.
    pub(super) async fn walk<T, F>(
        &self,
        limit: u32,
        fetch: impl Fn(PageRequest) -> F,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<Page<T>>>,
    {
        let (mut all, mut next) = (Vec::new(), None::<Cursor>);
        for _ in 0..10_000 {
            let request = match next.take() {
                Some(cursor) => PageRequest::first(limit).at(cursor),
                None => PageRequest::first(limit),
            };
            let page = self.done("a page of the list", fetch(request).await)?;
            self.ensure(page.items.len() <= limit as usize, "a page is longer than its limit")?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::new(self.behaviour, "the list does not end: the cursors go round in circles"))
    }
}

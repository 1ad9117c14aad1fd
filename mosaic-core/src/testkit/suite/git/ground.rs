//! The ground a behaviour stands on: a repository of its own, and calls that must succeed.

use std::fmt::Debug;

use super::{Trait, World};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::op::git::{
    CreateBranch, CreatePullRequest, CreateRepository, GetFile, GitService, ListBranches, ListCommits,
    WriteFile,
};
use crate::testkit::suite::{Failure, done, ensure, equal, refused_as};
use crate::types::git::{Branch, Commit, FileWritten, PullRequest};
use crate::types::{Cursor, Page, PageRequest, RepoRef};

pub(super) struct Ground<'a, G> {
    pub(super) git: &'a G,
    pub(super) cx: &'a CallContext,
    pub(super) repo: RepoRef,
    world: &'a World,
    behaviour: &'static str,
}

impl<'a, G: GitService> Ground<'a, G> {
    /// A repository that is not made yet.
    pub(super) fn bare(git: &'a G, world: &'a World, behaviour: &'static str) -> Self {
        Self { git, cx: world.cx(), repo: world.unused(), world, behaviour }
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
        use ErrorKind::{Conflict, Invalid, NotFound, PermissionDenied};
        match kind {
            NotFound if !self.shows(Trait::SaysNotFound) => {
                self.refused_as(what, result, &[kind, Invalid, Conflict])
            }
            Conflict if !self.shows(Trait::SaysConflict) => {
                self.refused_as(what, result, &[kind, Invalid, PermissionDenied])
            }
            _ => self.refused_as(what, result, &[kind]),
        }
    }

    /// Fails unless the call was refused with one of exactly these kinds, whatever the world lacks.
    pub(super) fn refused_as<T: Debug>(
        &self,
        what: &str,
        result: Result<T>,
        kinds: &[ErrorKind],
    ) -> Result<(), Failure> {
        refused_as(self.behaviour, what, result, kinds)
    }

    /// Fails unless the call was `Unsupported`, as it must be where the world lacks what it asks for.
    pub(super) fn unsupported<T: Debug>(&self, what: &str, result: Result<T>) -> Result<(), Failure> {
        self.refused_as(what, result, &[ErrorKind::Unsupported])
    }

    /// Whether the suite may ask for it.
    pub(super) fn shows(&self, asked: Trait) -> bool {
        self.world.shows(asked)
    }

    /// A list as it came, or put in this order where the provider need not give it in its own.
    pub(super) fn ordered<T>(
        &self,
        order: Trait,
        mut items: Vec<T>,
        by: impl FnMut(&T, &T) -> std::cmp::Ordering,
    ) -> Vec<T> {
        if !self.shows(order) {
            items.sort_by(by);
        }
        items
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

    /// The branches by name, at most 100.
    pub(super) async fn branches(&self) -> Result<Vec<Branch>, Failure> {
        let op = ListBranches::of(&self.repo).page(PageRequest::first(100));
        let branches = self.done("list_branches", self.git.list_branches(self.cx, op).await)?.items;
        Ok(self.ordered(Trait::BranchesByName, branches, |a, b| a.name.cmp(&b.name)))
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

//! References: what they point at, and the one way to move them.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::RepoRef;

use super::exec::{Output, Run};
use super::fault;
use super::names::{BranchName, RefKind, RefName, Revision};
use super::object::{ObjectId, Reader};
use super::store::Repo;
use super::work::blocking;

/// How often a write is prepared anew because the branch moved meanwhile. Writers of this provider wait for each other, so
/// only pushes by ordinary git are met here.
pub(super) const ROUNDS: usize = 16;

/// What git says of a reference that another git holds.
const LOCKED: &str = ".lock': File exists";
/// Git holds the lock of a reference for milliseconds, with a slow hook for seconds. One that is older than this was left
/// behind when every process was killed at once, as happens to a container.
const LOCK_AGE: Duration = Duration::from_secs(60);

/// What came of moving a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swap {
    Done,
    /// It is not at the old value any more; nothing was changed.
    Moved,
}

/// The branches of a repository and their commits.
pub(super) type Tips = BTreeMap<String, ObjectId>;

impl Repo<'_> {
    /// All branches, in the order of their names.
    pub(super) async fn tips(&self) -> Result<Tips> {
        let run = self.git("for-each-ref").args(["--format=%(refname)%00%(objectname)", "refs/heads/"]);
        let output = run.stdout().await?;
        let text = String::from_utf8_lossy(&output);
        let mut tips = Tips::new();
        for line in text.lines() {
            let row =
                line.split_once('\0').and_then(|(name, id)| Some((name.strip_prefix("refs/heads/")?, id)));
            let (name, id) = row.ok_or_else(|| fault::unreadable("git for-each-ref gave an odd line"))?;
            tips.insert(name.to_owned(), ObjectId::parse(id)?);
        }
        Ok(tips)
    }

    /// What a reference points at, where there is such a reference.
    pub(super) async fn tip<K: RefKind>(&self, name: &RefName<K>) -> Result<Option<ObjectId>> {
        let output = self
            .git("rev-parse")
            .args(["--verify", "--quiet", "--end-of-options"])
            .arg(name.reference())
            .output()
            .await?;
        match output.code {
            Some(0) => ObjectId::parse_line(&output.stdout).map(Some),
            Some(1) => Ok(None),
            _ => Err(output.failed()),
        }
    }

    /// Moves a reference from `old` to `new`; `None` stands for "there is none". The move is one atomic step of git, and it is
    /// what everything else of a write leads up to: before it nothing was changed, after it everything is.
    pub(super) async fn swap<K: RefKind>(
        &self,
        cx: &CallContext,
        name: &RefName<K>,
        old: Option<&ObjectId>,
        new: Option<&ObjectId>,
    ) -> Result<Swap> {
        let run = || {
            let mut run = self.git("update-ref").arg("--no-deref");
            if new.is_none() {
                run = run.arg("-d");
            }
            run = run.arg("--").arg(name.reference()).args(new.map(ObjectId::as_str));
            // To git an empty old value says that there must be none.
            run.arg(old.map_or("", ObjectId::as_str))
        };
        cx.mark_sent();
        let output = self.move_reference(run, &[&name.reference(), "packed-refs"]).await?;
        if output.code == Some(0) {
            return Ok(Swap::Done);
        }
        let now = self.tip(name).await?;
        if output.code.is_none() && now.as_ref() == new {
            return Ok(Swap::Done);
        }
        if now.as_ref() != old {
            return Ok(Swap::Moved);
        }
        if output.complains(LOCKED) {
            return Err(fault::busy(format!("{} {name} of {} is locked by another git", K::WORD, self.name)));
        }
        if old.is_none() && self.overlaps(name).await? {
            return Err(fault::conflict(format!(
                "{word} {name} cannot be in {}: another {word} is a part of its name, or it of another's",
                self.name,
                word = K::WORD
            )));
        }
        Err(output.failed())
    }

    /// Runs a command that moves references, and once more where it met the lock of a git that is certainly gone.
    pub(super) async fn move_reference(&self, run: impl Fn() -> Run, files: &[&str]) -> Result<Output> {
        let output = run().finish(self.held.clone()).await?;
        if output.code == Some(0) || !output.complains(LOCKED) {
            return Ok(output);
        }
        let locks: Vec<_> = files.iter().map(|file| self.directory.join(format!("{file}.lock"))).collect();
        let held = self.held.clone();
        let broken = blocking(move || {
            let _kept = held;
            let mut broken = false;
            for lock in locks {
                let age = fs::metadata(&lock)
                    .and_then(|found| found.modified())
                    .ok()
                    .and_then(|at| at.elapsed().ok());
                if age.is_some_and(|age| age > LOCK_AGE) {
                    fs::remove_file(&lock)
                        .map_err(|e| fault::disk("remove a lock file that was left behind", e))?;
                    tracing::warn!("removed a lock file that a killed git left behind");
                    broken = true;
                }
            }
            Ok(broken)
        })
        .await?;
        if broken { run().finish(self.held.clone()).await } else { Ok(output) }
    }

    /// Whether the name is a directory to another one of its kind or the other way round: both cannot be files.
    async fn overlaps<K: RefKind>(&self, name: &RefName<K>) -> Result<bool> {
        let inside =
            |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let all = self.names::<K>().await?;
        Ok(all.iter().any(|other| inside(other, name.as_str()) || inside(name.as_str(), other)))
    }

    /// The revision that was asked for, or else the default branch.
    pub(super) async fn or_default(&self, at: Option<Revision>) -> Result<Revision> {
        match at {
            Some(at) => Ok(at),
            None => Revision::parse("default_branch", &self.default_branch().await?),
        }
    }

    /// The names of all branches, or of all tags, in their order.
    pub(super) async fn names<K: RefKind>(&self) -> Result<Vec<String>> {
        let run = self.git("for-each-ref").args(["--format=%(refname)", K::PREFIX]);
        let output = run.stdout().await?;
        let text = String::from_utf8_lossy(&output);
        let mut names: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix(K::PREFIX).map(str::to_owned)).collect();
        names.sort_unstable();
        Ok(names)
    }
}

impl Reader {
    /// The commit that a branch, a tag or an id stands for.
    pub(super) async fn commit(&mut self, repo: &RepoRef, revision: &Revision) -> Result<ObjectId> {
        match self.first(&revision.candidates()).await? {
            Some(header) => Ok(header.id),
            None => Err(fault::not_found(format!("there is no branch, tag or commit {revision} in {repo}"))),
        }
    }

    /// The commit of a branch, where there is such a branch.
    pub(super) async fn branch(&mut self, branch: &BranchName) -> Result<Option<ObjectId>> {
        Ok(self.info(&format!("{}^{{commit}}", branch.reference())).await?.map(|header| header.id))
    }
}

/// The error for a branch that is not there.
pub(super) fn no_branch(repo: &RepoRef, branch: &BranchName) -> mosaic_core::Error {
    fault::not_found(format!("there is no branch {branch} in {repo}"))
}

/// The error for a branch that moved under every try.
pub(super) fn contended(repo: &RepoRef, branch: &BranchName) -> mosaic_core::Error {
    fault::busy(format!("branch {branch} of {repo} moved {ROUNDS} times while a write was prepared"))
}

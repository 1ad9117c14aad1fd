//! Commits, and what lies between two of them.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{Compare, GetCommit, ListCommits};
use mosaic_core::types::git::{ChangeKind, Commit, Comparison, FileChange};
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;

use super::wire::{CommitRow, Sha};
use super::{MOST, at_repo, paged};
use crate::forge::names::{self, FilePath, Revision};
use crate::forge::pin::Pin;
use crate::http::{Client, List, Numbered, Request, has_next, limit_of};

/// More files of a comparison GitHub does not show.
const FILES_MAX: usize = 300;

/// The id of the commit that a branch, tag or shortened id stands for; that of the default branch without one.
pub(super) async fn resolve(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    at: Option<&Revision>,
) -> Result<String> {
    let at = at.map_or_else(|| "HEAD".to_owned(), ToString::to_string);
    Ok(one(client, repo, &at).send::<Sha>(cx).await?.sha)
}

/// A commit without what it changes, as far as GitHub lets that be left out.
fn one<'a>(client: &'a Client, repo: &RepoRef, at: &str) -> Request<'a> {
    client.get(at_repo(repo).part("commits").part(at)).query("per_page", 1)
}

/// Fetches a commit.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetCommit) -> Result<Commit> {
    names::hosted(&op.repo)?;
    let at = Revision::parse("commit", &op.commit)?;
    Ok(one(client, &op.repo, &at.to_string()).send::<CommitRow>(cx).await?.into())
}

/// Lists commits, newest first. The cursor names the commit that the list began at.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
    names::hosted(&op.repo)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    op.path.as_deref().map(FilePath::parse).transpose()?;
    let list = List(("commits", &op.repo, &op.at, &op.path));
    let pin: Option<Pin> = list.after(&op.page)?;
    let part = Numbered::at(pin.as_ref().map_or(0, |pin| pin.offset), limit_of(&op.page, MOST))?;
    let mut id = pin.map(|pin| pin.id);
    // The newest commit begins the whole list and tells where it began; not so the newest one of a path.
    if id.is_none() && op.path.is_some() {
        id = Some(resolve(client, cx, &op.repo, at.as_ref()).await?);
    }
    let from = id.clone().or_else(|| op.at.clone());
    let request =
        client.get(at_repo(&op.repo).part("commits")).maybe("sha", from).maybe("path", op.path.as_ref());
    let answer = paged(part, request).full::<Vec<CommitRow>>(cx).await?;
    let id = id.or_else(|| answer.value.first().map(|commit| commit.id().to_owned()));
    let next = id.filter(|_| has_next(&answer.headers));
    let next = next.map(|id| list.cursor(Pin { id, offset: part.offset + part.size }));
    Ok(Page::new(answer.value.into_iter().map(Commit::from).collect(), next))
}

#[derive(Deserialize)]
struct Between {
    ahead_by: u64,
    behind_by: u64,
    total_commits: u64,
    merge_base_commit: Option<Sha>,
    commits: Vec<CommitRow>,
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    status: String,
    previous_filename: Option<String>,
    additions: u64,
    deletions: u64,
    patch: Option<String>,
}

impl From<File> for FileChange {
    fn from(wire: File) -> Self {
        let kind = match wire.status.as_str() {
            "added" | "copied" => ChangeKind::Added,
            "removed" => ChangeKind::Removed,
            "renamed" => ChangeKind::Renamed,
            _ => ChangeKind::Modified,
        };
        // Lines of what is no text are not counted, and GitHub says 0; a text that only moved has really none.
        let counted =
            wire.patch.is_some() || wire.additions + wire.deletions > 0 || kind == ChangeKind::Renamed;
        let mut change = Self::new(wire.filename, kind);
        change.previous_path = wire.previous_filename.filter(|_| kind == ChangeKind::Renamed);
        if counted {
            (change.additions, change.deletions) = (Some(wire.additions), Some(wire.deletions));
        }
        change
    }
}

/// Compares two commits. GitHub lists commits oldest first: of a long list the first page is read, which has the files, and the
/// last two.
pub(super) async fn compare(client: &Client, cx: &CallContext, op: Compare) -> Result<Comparison> {
    names::hosted(&op.repo)?;
    let (base, head) = (Revision::parse("base", &op.base)?, Revision::parse("head", &op.head)?);
    let read = async |page: u64| {
        let path = at_repo(&op.repo).part("compare").part(format_args!("{base}...{head}"));
        client.get(path).query("per_page", MOST).query("page", page).send::<Between>(cx).await
    };
    let first = read(1).await?;
    let last = first.total_commits.div_ceil(MOST as u64);
    let mut commits: Vec<CommitRow> = Vec::new();
    if last <= 3 {
        commits = first.commits;
    }
    for page in last.saturating_sub(1).max(2)..=last {
        commits.extend(read(page).await?.commits);
    }
    let truncated = (commits.len() as u64) < first.total_commits || first.files.len() >= FILES_MAX;
    let mut files: Vec<_> = first.files.into_iter().map(FileChange::from).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut comparison = Comparison::new(first.ahead_by, first.behind_by)
        .commits(commits.into_iter().rev().map(Commit::from).collect::<Vec<_>>())
        .files(files)
        .truncated(truncated);
    comparison.merge_base = first.merge_base_commit.map(|commit| commit.sha);
    Ok(comparison)
}

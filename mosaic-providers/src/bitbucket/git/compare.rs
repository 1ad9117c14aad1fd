//! Comparisons: from the commits that one side has more, and what they change together.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::Compare;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{ChangeKind, Commit, Comparison, FileChange};
use serde::Deserialize;

use super::super::cloud::{Cloud, repo, revision, unsupported};
use super::super::page::{self, Place};
use super::super::wire;
use super::commit;

/// How many pages of commits are counted.
const PAGES: usize = 100;
/// How many pages of changed files are read.
const FILE_PAGES: usize = 30;

#[derive(Debug, Deserialize)]
struct Stat {
    #[serde(default)]
    status: String,
    #[serde(default)]
    lines_added: i64,
    #[serde(default)]
    lines_removed: i64,
    #[serde(default)]
    old: Option<Side>,
    #[serde(default)]
    new: Option<Side>,
}

#[derive(Debug, Deserialize)]
struct Side {
    #[serde(default)]
    path: String,
}

impl From<Stat> for FileChange {
    fn from(stat: Stat) -> Self {
        let kind = match stat.status.as_str() {
            "added" => ChangeKind::Added,
            "removed" | "local deleted" | "remote deleted" => ChangeKind::Removed,
            "renamed" => ChangeKind::Renamed,
            _ => ChangeKind::Modified,
        };
        let (old, new) = (stat.old.map(|side| side.path), stat.new.map(|side| side.path));
        let mut change = FileChange::new(new.or_else(|| old.clone()).unwrap_or_default(), kind);
        change.previous_path = old.filter(|_| kind == ChangeKind::Renamed);
        change.additions = Some(wire::number(stat.lines_added));
        change.deletions = Some(wire::number(stat.lines_removed));
        change
    }
}

/// The commits that the head has and the base has not, newest first.
async fn between(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    base: &str,
    head: &str,
) -> Result<Vec<commit::Wire>> {
    let path = repo(of)?.part("commits");
    let found = page::all(cloud, cx, &path, &[("include", head), ("exclude", base)], PAGES).await?;
    found.ok_or_else(|| too_far(base, head))
}

/// Whether the head has a commit that the base has not.
pub(super) async fn is_ahead(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    base: &str,
    head: &str,
) -> Result<bool> {
    let place = Place { skip: 0, query: page::first(&[("include", head), ("exclude", base)], 1) };
    let (found, _) = page::read::<commit::Wire>(cloud, cx, repo(of)?.part("commits"), place, 1).await?;
    Ok(!found.is_empty())
}

fn too_far(base: &str, head: &str) -> Error {
    let most = PAGES * page::MOST;
    unsupported(format!("{head} is more than {most} commits away from {base}, which are not counted"))
}

pub(super) async fn compare(cloud: &Cloud, cx: &CallContext, op: Compare) -> Result<Comparison> {
    let (base, head) = (revision("base", &op.base)?, revision("head", &op.head)?);
    let base = commit::resolve(cloud, cx, &op.repo, Some(base)).await?;
    let head = commit::resolve(cloud, cx, &op.repo, Some(head)).await?;
    let mut comparison = Comparison::new(0u64, 0u64);
    comparison.merge_base = Some(base.clone());
    if base == head {
        return Ok(comparison);
    }
    let ahead = between(cloud, cx, &op.repo, &base, &head).await?;
    comparison.behind = between(cloud, cx, &op.repo, &head, &base).await?.len() as u64;
    comparison.ahead = ahead.len() as u64;
    let both = repo(&op.repo)?.part("merge-base").part(format_args!("{base}..{head}"));
    comparison.merge_base = cloud.client.get(both).find::<commit::Wire>(cx).await?.map(|wire| wire.hash);
    let files = match (&comparison.merge_base, ahead.is_empty()) {
        (_, true) => Some(Vec::new()),
        // Without one there is nothing that the changes could begin at.
        (None, false) => None,
        // Unlike in git what was changed comes first.
        (Some(_), false) => {
            let path = repo(&op.repo)?.part("diffstat").part(format_args!("{head}..{base}"));
            page::all::<Stat>(cloud, cx, &path, &[("topic", "true")], FILE_PAGES).await?
        }
    };
    comparison.truncated = files.is_none();
    let mut files: Vec<_> = files.unwrap_or_default().into_iter().map(FileChange::from).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(comparison.commits(ahead.into_iter().map(Commit::from).collect::<Vec<_>>()).files(files))
}

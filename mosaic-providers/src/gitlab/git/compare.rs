//! Comparisons: both directions and the merge base, asked for at once.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::Compare;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{ChangeKind, Commit, Comparison, FileChange};
use serde::Deserialize;

use super::super::client::{GitLab, project};
use super::super::wire::or_default;
use super::wire::WireCommit;
use crate::forge::names::Revision;

#[derive(Debug, Deserialize)]
pub(super) struct WireComparison {
    /// Oldest first.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) commits: Vec<WireCommit>,
    #[serde(default, deserialize_with = "or_default")]
    diffs: Vec<Diff>,
    #[serde(default, deserialize_with = "or_default")]
    compare_timeout: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Diff {
    old_path: String,
    new_path: String,
    #[serde(deserialize_with = "or_default")]
    new_file: bool,
    #[serde(deserialize_with = "or_default")]
    renamed_file: bool,
    #[serde(deserialize_with = "or_default")]
    deleted_file: bool,
    #[serde(deserialize_with = "or_default")]
    diff: String,
    /// Whether GitLab left the text out.
    #[serde(deserialize_with = "or_default")]
    too_large: bool,
    #[serde(deserialize_with = "or_default")]
    collapsed: bool,
}

impl Diff {
    fn left_out(&self) -> bool {
        self.too_large || self.collapsed
    }

    /// Lines that came and went; none where the text does not tell.
    fn lines(&self) -> Option<(u64, u64)> {
        if self.left_out() || self.diff.starts_with("Binary files") {
            return None;
        }
        let count = |mark: char| self.diff.lines().filter(|line| line.starts_with(mark)).count() as u64;
        Some((count('+'), count('-')))
    }
}

impl From<Diff> for FileChange {
    fn from(wire: Diff) -> Self {
        let kind = match (wire.new_file, wire.deleted_file, wire.renamed_file) {
            (true, ..) => ChangeKind::Added,
            (_, true, _) => ChangeKind::Removed,
            (_, _, true) => ChangeKind::Renamed,
            _ => ChangeKind::Modified,
        };
        let lines = wire.lines();
        let path = if kind == ChangeKind::Removed { &wire.old_path } else { &wire.new_path };
        let mut change = Self::new(path.as_str(), kind);
        change.previous_path = (kind == ChangeKind::Renamed).then_some(wire.old_path);
        (change.additions, change.deletions) = lines.unzip();
        change
    }
}

/// What the head has that the base has not.
pub(super) async fn between(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    base: &str,
    head: &str,
) -> Result<WireComparison> {
    let request = lab.get(project(repo)?.part("repository").part("compare"));
    request.query("from", base).query("to", head).query("straight", false).send(cx).await
}

pub(super) async fn compare(lab: &GitLab, cx: &CallContext, op: Compare) -> Result<Comparison> {
    let base = Revision::parse("base", &op.base)?.to_string();
    let head = Revision::parse("head", &op.head)?.to_string();
    let fork = async {
        let request = lab.get(project(&op.repo)?.part("repository").part("merge_base"));
        request.query("refs[]", &base).query("refs[]", &head).find::<WireCommit>(cx).await
    };
    let (there, back, fork) = futures_util::try_join!(
        between(lab, cx, &op.repo, &base, &head),
        between(lab, cx, &op.repo, &head, &base),
        fork
    )?;
    let mut comparison = Comparison::new(there.commits.len() as u64, back.commits.len() as u64);
    comparison.merge_base = fork.map(|commit| commit.id);
    comparison.truncated = there.compare_timeout || there.diffs.iter().any(Diff::left_out);
    comparison.commits = there.commits.into_iter().rev().map(Commit::from).collect();
    comparison.files = there.diffs.into_iter().map(FileChange::from).collect();
    comparison.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(comparison)
}

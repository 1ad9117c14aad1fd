//! Comparisons: from two lists of commits, and a diff where the server gives one.

use std::collections::BTreeSet;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::Compare;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{ChangeKind, Commit, Comparison, FileChange};
use serde::Deserialize;

use super::super::config::Product;
use super::super::server::{Server, repo, revision};
use super::super::wire;
use super::{commit, diff};
use crate::http::Request;

#[derive(Debug, Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "wire::list")]
    commits: Vec<commit::Wire>,
    #[serde(default)]
    total_commits: i64,
    /// Forgejo's; Gitea has a diff instead.
    #[serde(default)]
    files: Option<Vec<Touched>>,
}

#[derive(Debug, Deserialize)]
struct Touched {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    status: String,
}

impl From<Touched> for FileChange {
    fn from(touched: Touched) -> Self {
        FileChange::new(
            touched.filename,
            match touched.status.as_str() {
                "added" => ChangeKind::Added,
                "removed" | "deleted" => ChangeKind::Removed,
                _ => ChangeKind::Modified,
            },
        )
    }
}

fn ask<'a>(server: &'a Server, of: &RepoRef, base: &str, head: &str) -> Result<Request<'a>> {
    Ok(server.client.get(repo(of)?.part("compare").part(format_args!("{base}...{head}"))))
}

async fn between(server: &Server, cx: &CallContext, of: &RepoRef, base: &str, head: &str) -> Result<Wire> {
    ask(server, of, base, head)?.send(cx).await
}

/// How many commits the head has that the base has not.
pub(super) async fn ahead(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    base: &str,
    head: &str,
) -> Result<u64> {
    let wire = between(server, cx, of, base, head).await?;
    Ok(wire::number(wire.total_commits).max(wire.commits.len() as u64))
}

/// The server tells what one side has more, so it is asked both ways round.
pub(super) async fn compare(server: &Server, cx: &CallContext, op: Compare) -> Result<Comparison> {
    let (base, head) = (revision("base", &op.base)?, revision("head", &op.head)?);
    let ahead = between(server, cx, &op.repo, base, head).await?;
    let behind = between(server, cx, &op.repo, head, base).await?;
    let count = |wire: &Wire| wire::number(wire.total_commits).max(wire.commits.len() as u64);
    let mut comparison = Comparison::new(count(&ahead), count(&behind));
    // Where one side has all of the other, that other one is what both have.
    let within = match (comparison.ahead, comparison.behind) {
        (0, _) => Some(head),
        (_, 0) => Some(base),
        _ => None,
    };
    comparison.merge_base = match within {
        Some(name) => Some(commit::resolve(server, cx, &op.repo, Some(name)).await?.sha),
        None => merge_base(&ahead.commits, &behind.commits),
    };
    let files = match (server.product, ahead.files) {
        _ if ahead.commits.is_empty() => Some(Vec::new()),
        (_, Some(files)) => {
            let mut files: Vec<_> = files.into_iter().map(FileChange::from).collect();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            Some(files)
        }
        (Product::Gitea, None) => {
            let request = ask(server, &op.repo, base, head)?.query("output", "diff").accept("text/plain");
            let answer = String::from_utf8_lossy(&request.raw(cx).await?.value).into_owned();
            // A server that knows no diff answers with the commits again.
            (!answer.starts_with('{')).then(|| diff::files(&answer))
        }
        (Product::Forgejo, None) => None,
    };
    let commits: Vec<_> = ahead.commits.into_iter().map(Commit::from).collect();
    comparison.truncated = files.is_none() || (commits.len() as u64) < comparison.ahead;
    Ok(comparison.commits(commits).files(files.unwrap_or_default()))
}

/// The newest commit that both sides have, where the lists of what each has more leave one candidate only.
///
/// A newest common commit has a child among the commits of either side, else that child were common too. So it is among those
/// parents of a side's commits that are not the side's own, and among those of the other side.
fn merge_base(ahead: &[commit::Wire], behind: &[commit::Wire]) -> Option<String> {
    let outside = |commits: &[commit::Wire]| {
        let own: BTreeSet<_> = commits.iter().map(|commit| commit.sha.as_str()).collect();
        let parents = commits.iter().flat_map(|commit| &commit.parents).map(|parent| parent.sha.clone());
        parents.filter(|parent| !own.contains(parent.as_str())).collect::<BTreeSet<_>>()
    };
    let (mut candidates, others) = (outside(ahead), outside(behind));
    candidates.retain(|candidate| others.contains(candidate));
    candidates.pop_first().filter(|_| candidates.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits by a letter each, with the letters of their parents.
    fn commits(all: &[(&str, &[&str])]) -> Vec<commit::Wire> {
        let named = |sha: &&str| commit::Named { sha: (*sha).to_owned() };
        all.iter()
            .map(|(sha, parents)| commit::Wire {
                sha: (*sha).to_owned(),
                commit: None,
                parents: parents.iter().map(named).collect(),
            })
            .collect()
    }

    #[test]
    fn the_merge_base_is_told_where_it_is_certain() {
        let lid = commits(&[("d", &["c"]), ("c", &["a"])]);
        let main = commits(&[("x", &["a"])]);
        assert_eq!(merge_base(&lid, &main).as_deref(), Some("a"));
        // The head took main in at `b`, which comes after `a`, where the branch began.
        let merged = commits(&[("m", &["c", "b"]), ("c", &["a"])]);
        assert_eq!(merge_base(&merged, &commits(&[("x", &["b"])])).as_deref(), Some("b"));
        // Both took the other in: two commits are newest.
        let crossed = commits(&[("n", &["c", "b"]), ("m", &["a", "z"])]);
        assert_eq!(merge_base(&crossed, &commits(&[("x", &["b", "z"])])), None);
        assert_eq!(merge_base(&commits(&[("c", &[])]), &commits(&[("x", &[])])), None);
    }
}

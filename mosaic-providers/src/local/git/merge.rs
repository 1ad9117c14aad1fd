//! Merges, prepared without a work tree: what comes out is a commit that nothing points at yet.

use std::collections::HashMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::MergeBranch;
use mosaic_core::types::git::{MergeMethod, MergeResult};

use super::commit::{caller, records, said};
use super::fault;
use super::names::{self, BranchName};
use super::object::{Ident, NewCommit, ObjectId, Reader};
use super::refs::{ROUNDS, Swap, contended, no_branch};
use super::store::{Repo, Store};

/// Merges a branch into another: see [`prepare`]; moving the target is the one step that counts.
pub(super) async fn merge_branch(store: &Store, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    let (source, target) = pair(&op.source, &op.target)?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let repo = store.writable(&op.repo).await?;
    for _ in 0..ROUNDS {
        let mut reader = Reader::start(&repo)?;
        let ours = reader.branch(&target).await?.ok_or_else(|| no_branch(&op.repo, &target))?;
        let theirs = reader.branch(&source).await?.ok_or_else(|| no_branch(&op.repo, &source))?;
        let plain = match op.method {
            MergeMethod::Squash => format!("Squash branch '{source}' into {target}"),
            _ => format!("Merge branch '{source}' into {target}"),
        };
        let message = said(op.message.as_deref(), &plain);
        let wanted = Wanted { ours: &ours, theirs: &theirs, method: op.method, message };
        let Some(commit) = prepare(&repo, cx, &wanted).await? else {
            return Ok(MergeResult::new(ours.as_str(), op.method).up_to_date(true));
        };
        if repo.swap(cx, &target, Some(&ours), Some(&commit)).await? == Swap::Done {
            return Ok(MergeResult::new(commit.as_str(), op.method));
        }
    }
    Err(contended(&op.repo, &target))
}

/// Checks the two branches of a merge.
pub(super) fn pair(source: &str, target: &str) -> Result<(BranchName, BranchName)> {
    let (source, target) = (BranchName::parse("source", source)?, BranchName::parse("target", target)?);
    if source == target {
        return Err(fault::invalid(format!("source and target are both {source}")));
    }
    Ok((source, target))
}

/// A merge that is to be prepared.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) ours: &'a ObjectId,
    pub(super) theirs: &'a ObjectId,
    pub(super) method: MergeMethod,
    pub(super) message: &'a str,
}

/// Stores the commits of a merge and gives the last one; none where the target has everything already. `Conflict` where
/// both changed the same lines or have nothing in common.
pub(super) async fn prepare(
    repo: &Repo<'_>,
    cx: &CallContext,
    wanted: &Wanted<'_>,
) -> Result<Option<ObjectId>> {
    let Wanted { ours, theirs, .. } = wanted;
    match merge_base(repo, ours, theirs).await? {
        None => return Err(fault::conflict("the branches have no commit in common")),
        Some(base) if base == **theirs => return Ok(None),
        Some(_) => {}
    }
    let me = caller(cx);
    if wanted.method == MergeMethod::Rebase {
        return rebase(repo, &me, wanted).await;
    }
    let tree = merge_trees(repo, ours, theirs).await?;
    let parents: &[&ObjectId] = match wanted.method {
        MergeMethod::Squash => {
            if Some(&tree) == tree_of(repo, ours).await?.as_ref() {
                return Ok(None);
            }
            &[ours]
        }
        _ => &[ours, theirs],
    };
    let commit = NewCommit { tree: &tree, parents, message: wanted.message, author: &me, committer: &me };
    repo.write_commit(commit).await.map(Some)
}

/// The best common ancestor.
pub(super) async fn merge_base(
    repo: &Repo<'_>,
    one: &ObjectId,
    other: &ObjectId,
) -> Result<Option<ObjectId>> {
    let output = repo.git("merge-base").args([one.as_str(), other.as_str()]).output().await?;
    match output.code {
        Some(0) => ObjectId::parse_line(&output.stdout).map(Some),
        Some(1) => Ok(None),
        _ => Err(output.failed()),
    }
}

/// Whether `commit` is part of the history of `tip`.
pub(super) async fn contains(repo: &Repo<'_>, tip: &ObjectId, commit: &ObjectId) -> Result<bool> {
    let output =
        repo.git("merge-base").args(["--is-ancestor", commit.as_str(), tip.as_str()]).output().await?;
    match output.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(output.failed()),
    }
}

async fn tree_of(repo: &Repo<'_>, commit: &ObjectId) -> Result<Option<ObjectId>> {
    Ok(Reader::start(repo)?.info(&format!("{commit}^{{tree}}")).await?.map(|header| header.id))
}

/// The tree that has the changes of both since their common ancestor.
async fn merge_trees(repo: &Repo<'_>, ours: &ObjectId, theirs: &ObjectId) -> Result<ObjectId> {
    let output = repo
        .git("merge-tree")
        .args(["--write-tree", "-z", "--name-only", "--no-messages", ours.as_str(), theirs.as_str()])
        .output()
        .await?;
    let mut parts = output.stdout.split(|byte| *byte == 0);
    match output.code {
        Some(0) => ObjectId::parse_line(parts.next().unwrap_or_default()),
        Some(1) => Err(conflicting(parts.skip(1))),
        _ => Err(output.failed()),
    }
}

fn conflicting<'a>(paths: impl Iterator<Item = &'a [u8]>) -> Error {
    let paths: Vec<_> = paths
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect();
    let shown = paths.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if paths.len() > 10 { format!(" and {} more", paths.len() - 10) } else { String::new() };
    fault::conflict(format!("the changes of both branches to {shown}{more} do not fit together"))
}

/// A commit that is to be made anew.
struct Replayed {
    id: ObjectId,
    parents: Vec<ObjectId>,
    tree: ObjectId,
    author: Ident,
    message: String,
}

/// Makes the commits of `theirs` that `ours` does not have anew on top of `ours`, each with its author and message. As with
/// `git rebase`, merges among them are left out, and so are commits that bring nothing new.
async fn rebase(repo: &Repo<'_>, me: &Ident, wanted: &Wanted<'_>) -> Result<Option<ObjectId>> {
    let run = repo
        .git("rev-list")
        .args(["--reverse", "--topo-order", "--no-merges", "--no-commit-header", "--date=raw"])
        .arg("--format=tformat:%H%x00%P%x00%T%x00%an%x00%ae%x00%ad%x00%B%x00")
        .args([wanted.theirs.as_str(), &format!("^{}", wanted.ours)]);
    let output = run.stdout().await?;
    let commits: Vec<_> = records(&output, 7).map(|record| replayed(&record?)).collect::<Result<_>>()?;
    let trees: HashMap<_, _> =
        commits.iter().map(|commit| (commit.id.clone(), commit.tree.clone())).collect();
    let mut onto = wanted.ours.clone();
    let Some(mut onto_tree) = tree_of(repo, &onto).await? else {
        return Err(fault::unreadable("the commit of the target has no tree"));
    };
    for commit in &commits {
        let parent = commit.parents.first();
        // Where the new parent has what the old one had, the result is what the commit has: no merge is needed.
        let parent_tree = match parent {
            Some(parent) if *parent == onto => Some(onto_tree.clone()),
            Some(parent) => trees.get(parent).cloned(),
            None => None,
        };
        let tree = if parent_tree.as_ref() == Some(&onto_tree) {
            commit.tree.clone()
        } else {
            pick(repo, me, &onto_tree, commit).await?
        };
        if tree == onto_tree {
            continue;
        }
        let new = NewCommit {
            tree: &tree,
            parents: &[&onto],
            message: &commit.message,
            author: &commit.author,
            committer: me,
        };
        onto = repo.write_commit(new).await?;
        onto_tree = tree;
    }
    Ok((onto != *wanted.ours).then_some(onto))
}

/// The tree of `onto` with the change that a commit made to its parent. `merge-tree` merges commits and finds their common
/// ancestor itself (it takes one by name only since 2.40), so both sides are dressed as children of that parent.
async fn pick(repo: &Repo<'_>, me: &Ident, onto: &ObjectId, commit: &Replayed) -> Result<ObjectId> {
    let dressed = async |tree: &ObjectId, parent: &ObjectId| {
        let new = NewCommit { tree, parents: &[parent], message: "replay", author: me, committer: me };
        repo.write_commit(new).await
    };
    match commit.parents.first() {
        Some(parent) => {
            let ours = dressed(onto, parent).await?;
            merge_trees(repo, &ours, &commit.id).await
        }
        None => {
            // The first commit of a history that was merged in: its parent is the empty tree.
            let empty = repo.write_tree(&[]).await?;
            let root = NewCommit { tree: &empty, parents: &[], message: "replay", author: me, committer: me };
            let root = repo.write_commit(root).await?;
            let (ours, theirs) = (dressed(onto, &root).await?, dressed(&commit.tree, &root).await?);
            merge_trees(repo, &ours, &theirs).await
        }
    }
}

fn replayed(fields: &[String]) -> Result<Replayed> {
    let [id, parents, tree, name, email, date, message] = fields else {
        return Err(fault::unreadable("git rev-list gave an odd record"));
    };
    // Git refuses to make a commit by nobody, but has old ones.
    let name = if name.trim().is_empty() { "unknown" } else { name };
    Ok(Replayed {
        id: ObjectId::parse(id)?,
        parents: parents.split_whitespace().map(ObjectId::parse).collect::<Result<_>>()?,
        tree: ObjectId::parse(tree)?,
        author: Ident { name: name.to_owned(), email: email.clone(), date: date.clone() },
        message: message.clone(),
    })
}

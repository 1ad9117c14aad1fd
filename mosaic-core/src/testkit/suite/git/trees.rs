//! Trees: what a directory holds, by path and page by page.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{GitService, ListTree};
use crate::testkit::suite::Failure;
use crate::types::PageRequest;
use crate::types::git::{EntryKind, TreeEntry};

async fn listed<G: GitService>(ground: &Ground<'_, G>, op: ListTree) -> Result<Vec<TreeEntry>, Failure> {
    let what = format!("list_tree of {:?}, recursive {}", op.path, op.recursive);
    let page = ground.git.list_tree(ground.cx, op.page(PageRequest::first(100))).await;
    Ok(in_order(ground, ground.done(&what, page)?.items))
}

/// Entries by path, where the provider need not list them so.
fn in_order<G: GitService>(ground: &Ground<'_, G>, entries: Vec<TreeEntry>) -> Vec<TreeEntry> {
    ground.ordered(Trait::TreesByPath, entries, |a, b| a.path.cmp(&b.path))
}

fn paths(entries: &[TreeEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

/// A directory holds its entries in the order of their paths, with kind, id and size; all that is below it where that is asked
/// for; as it was at the commit that is named.
///
/// # Errors
/// The failure.
pub async fn trees_are_listed_by_path(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/trees_are_listed_by_path").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let first = ground.write("main", "a/x", "12345").await?;
    for path in ["a-b", "ab", "a/deep/ünï y", ".hidden"] {
        ground.write("main", path, path).await?;
    }
    let tree = || ListTree::of(repo).at("main");
    let root = listed(&ground, tree()).await?;
    ground.equal("the root", &paths(&root), &vec![".hidden", "a", "a-b", "ab"])?;
    let kinds: Vec<_> = root.iter().map(|entry| (entry.kind, entry.size)).collect();
    let size = |size: u64| ground.shows(Trait::TreeSizes).then_some(size);
    let file = |path: &str| (EntryKind::File, size(path.len() as u64));
    let expected = vec![file(".hidden"), (EntryKind::Directory, None), file("a-b"), file("ab")];
    ground.equal("kinds and sizes", &kinds, &expected)?;
    let whole = listed(&ground, tree().recursive(true)).await?;
    let expected = vec![".hidden", "a", "a-b", "a/deep", "a/deep/ünï y", "a/x", "ab"];
    ground.equal("the whole tree", &paths(&whole), &expected)?;
    for path in ["a", "a/"] {
        let inner = listed(&ground, tree().path(path)).await?;
        ground.equal(&format!("the directory {path}"), &paths(&inner), &vec!["a/deep", "a/x"])?;
        if ground.shows(Trait::TreeIds) {
            ground.equal("id", &inner[1].id, &first.blob)?;
        }
        ground.equal("size", &inner[1].size, &size(5))?;
        let below = listed(&ground, tree().path(path).recursive(true)).await?;
        let expected = vec!["a/deep", "a/deep/ünï y", "a/x"];
        ground.equal(&format!("everything below {path}"), &paths(&below), &expected)?;
    }
    let old = listed(&ground, ListTree::of(repo).at(first.commit.as_str()).recursive(true)).await?;
    ground.equal("the tree of the first commit", &paths(&old), &vec!["a", "a/x"])?;
    let default = listed(&ground, ListTree::of(repo)).await?;
    ground.equal("the root at the default branch", &default, &root)?;
    for (op, kind) in [
        (tree().path("missing"), ErrorKind::NotFound),
        (tree().path("ab"), ErrorKind::NotFound),
        (tree().path("ab/x"), ErrorKind::NotFound),
        (ListTree::of(repo).at("missing"), ErrorKind::NotFound),
        (tree().path("../x"), ErrorKind::Invalid),
        (tree().path("/"), ErrorKind::Invalid),
        (tree().path("a//deep"), ErrorKind::Invalid),
        (tree().path(".git"), ErrorKind::Invalid),
        (ListTree::of(repo).at("--help"), ErrorKind::Invalid),
        (ListTree::of(repo).at("main^{tree}"), ErrorKind::Invalid),
    ] {
        let what = format!("list_tree of {:?} at {:?}", op.path, op.at);
        ground.refused(&what, git.list_tree(cx, op).await, kind)?;
    }
    Ok(())
}

/// Pages of a tree have each entry exactly once, whatever the limit, and hold still while the branch moves on.
///
/// # Errors
/// The failure.
pub async fn tree_pages_cover_everything_once(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/tree_pages_cover_everything_once").await?;
    for path in ["d/b", "d/a/one", "d/a-1", "d/a/two", "c", "d.x", "z/ä/ö"] {
        ground.write("main", path, path).await?;
    }
    let expected = ["c", "d", "d.x", "d/a", "d/a-1", "d/a/one", "d/a/two", "d/b", "z", "z/ä", "z/ä/ö"];
    let tree = || ListTree::of(&ground.repo).at("main").recursive(true);
    for limit in 1..=12 {
        let all = ground.walk(limit, |page| git.list_tree(ground.cx, tree().page(page))).await?;
        let all = in_order(&ground, all);
        ground.equal(&format!("the whole tree by pages of {limit}"), &paths(&all), &expected.to_vec())?;
        let inner =
            ground.walk(limit, |page| git.list_tree(ground.cx, tree().path("d/a").page(page))).await?;
        let inner = in_order(&ground, inner);
        let expected = vec!["d/a/one", "d/a/two"];
        ground.equal(&format!("d/a by pages of {limit}"), &paths(&inner), &expected)?;
    }
    if !(ground.shows(Trait::PagesHoldStill) && ground.shows(Trait::TreesByPath)) {
        return Ok(());
    }
    let first = git.list_tree(ground.cx, tree().page(PageRequest::first(2))).await;
    let first = ground.done("list_tree", first)?;
    ground.write("main", "d-0", "new").await?;
    let Some(next) = first.next else {
        return ground.ensure(false, "11 entries by pages of 2 end after the first page");
    };
    let second = git.list_tree(ground.cx, tree().page(PageRequest::first(2).at(next))).await;
    let second = ground.done("list_tree", second)?.items;
    ground.equal("the second page after the branch moved on", &paths(&second), &expected[2..4].to_vec())
}

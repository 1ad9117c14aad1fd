//! Branches.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateBranch, DeleteBranch, GetBranch, ListBranches};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::super::cloud::{Cloud, conflict, repo, revision};
use super::super::page::{Listing, MOST, Place, first, read};
use super::commit;
use super::repository;
use crate::forge::names::BranchName;
use crate::http::List;

/// A branch or tag.
#[derive(Debug, Deserialize)]
struct Wire {
    name: String,
    target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(default)]
    hash: String,
}

impl From<Wire> for Branch {
    fn from(wire: Wire) -> Self {
        Branch::new(wire.name, wire.target.map(|target| target.hash).unwrap_or_default())
    }
}

pub(super) async fn fetch(cloud: &Cloud, cx: &CallContext, of: &RepoRef, name: &str) -> Result<Branch> {
    let path = repo(of)?.part("refs").part("branches").parts(name);
    Ok(cloud.client.get(path).send::<Wire>(cx).await?.into())
}

/// The same; none where there is no such branch, which also is so where there is no such repository.
pub(super) async fn find(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    name: &str,
) -> Result<Option<Branch>> {
    let path = repo(of)?.part("refs").part("branches").parts(name);
    Ok(cloud.client.get(path).find::<Wire>(cx).await?.map(Branch::from))
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetBranch) -> Result<Branch> {
    BranchName::parse("branch", &op.branch)?;
    fetch(cloud, cx, &op.repo, &op.branch).await
}

/// Without another order asked for they come as git orders them: by name.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
    let listing = Listing {
        list: List(("branches", &op.repo)),
        path: repo(&op.repo)?.part("refs").part("branches"),
        filters: &[],
        most: MOST,
    };
    listing.page(cloud, cx, &op.page, |wire: Wire| Some(Branch::from(wire))).await
}

/// A branch begins at a commit, so what it is to begin at is looked up first.
pub(super) async fn create(cloud: &Cloud, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
    BranchName::parse("branch", &op.branch)?;
    let from = op.from.as_deref().map(|from| revision("from", from)).transpose()?;
    let hash = commit::resolve(cloud, cx, &op.repo, from).await?;
    let body = json!({ "name": op.branch, "target": { "hash": hash } });
    let request = cloud.client.post(repo(&op.repo)?.part("refs").part("branches")).json(&body);
    match request.send::<Wire>(cx).await {
        Ok(wire) => Ok(wire.into()),
        Err(error) => Err(in_the_way(cloud, cx, &op.repo, "branches", &op.branch, error).await),
    }
}

/// A `Conflict` where a refusal comes of a branch or tag that is there: of this name, of one that begins it, or of one that it
/// begins, as git keeps no such two. Else the refusal itself, which tells in words only.
pub(super) async fn in_the_way(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    refs: &str,
    name: &str,
    error: Error,
) -> Error {
    if error.kind() != ErrorKind::Invalid {
        return error;
    }
    let Ok(place) = repo(of).map(|path| path.part("refs").part(refs)) else { return error };
    let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
    for end in ends {
        let path = place.clone().parts(&name[..end]);
        if matches!(cloud.client.get(path).find::<IgnoredAny>(cx).await, Ok(Some(_))) {
            return conflict(format!("{name} cannot be made in {of} beside {}", &name[..end]));
        }
    }
    let below = format!("name ~ \"{}/\"", quoted(name));
    let query = Place { skip: 0, query: first(&[("q", &below)], MOST) };
    let prefix = format!("{name}/");
    match read::<Wire>(cloud, cx, place, query, MOST).await {
        Ok((found, _)) if found.iter().any(|wire| wire.name.starts_with(&prefix)) => {
            conflict(format!("{name} cannot be made in {of} beside what is below it"))
        }
        _ => error,
    }
}

/// A text for use between the quotes of a filter.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

pub(super) async fn delete(cloud: &Cloud, cx: &CallContext, op: DeleteBranch) -> Result<()> {
    BranchName::parse("branch", &op.branch)?;
    let path = repo(&op.repo)?.part("refs").part("branches").parts(&op.branch);
    let Err(error) = cloud.client.delete(path).done(cx).await else { return Ok(()) };
    // That it is the main branch is told in words only.
    if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::PermissionDenied)
        && let Ok(found) = repository::fetch(cloud, cx, &op.repo).await
        && found.main_branch() == Some(op.branch.as_str())
    {
        return Err(conflict(format!("{} is the default branch of {}", op.branch, op.repo)));
    }
    Err(error)
}

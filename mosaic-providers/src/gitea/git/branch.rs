//! Branches.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::git::{CreateBranch, DeleteBranch, GetBranch, ListBranches};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, named, page, repo, revision};
use super::super::wire::Many;
use super::commit;
use crate::forge::names::BranchName;
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    name: String,
    commit: Option<Tip>,
    #[serde(default)]
    protected: bool,
}

#[derive(Debug, Deserialize)]
struct Tip {
    #[serde(default)]
    id: String,
}

impl From<Wire> for Branch {
    fn from(wire: Wire) -> Self {
        let tip = wire.commit.map(|commit| commit.id).unwrap_or_default();
        Branch::new(wire.name, tip).protected(wire.protected)
    }
}

pub(super) async fn fetch(server: &Server, cx: &CallContext, of: &RepoRef, name: &str) -> Result<Branch> {
    let request = server.client.get(repo(of)?.part("branches").part(name));
    Ok(request.send::<Wire>(cx).await?.into())
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetBranch) -> Result<Branch> {
    BranchName::parse("branch", &op.branch)?;
    fetch(server, cx, &op.repo, &op.branch).await
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
    let list = List(("branches", &op.repo));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(repo(&op.repo)?.part("branches"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(Branch::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
    BranchName::parse("branch", &op.branch)?;
    let from = op.from.as_deref().map(|from| revision("from", from)).transpose()?;
    let body = named(json!({ "new_branch_name": op.branch, "old_ref_name": from }));
    let request = server.client.post(repo(&op.repo)?.part("branches")).json(&body);
    match request.send::<Wire>(cx).await {
        Ok(wire) => Ok(wire.into()),
        // A server that does not find what to begin at calls that a failure of its own.
        Err(error) if error.kind() == ErrorKind::Provider => match from {
            Some(from) => match commit::resolve(server, cx, &op.repo, Some(from)).await {
                Err(missing) if missing.kind() == ErrorKind::NotFound => Err(missing),
                _ => Err(error),
            },
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

pub(super) async fn delete(server: &Server, cx: &CallContext, op: DeleteBranch) -> Result<()> {
    BranchName::parse("branch", &op.branch)?;
    let request = server.client.delete(repo(&op.repo)?.part("branches").part(&op.branch));
    request.done(cx).await.map(|_| ())
}

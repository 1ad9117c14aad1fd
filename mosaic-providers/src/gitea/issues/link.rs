//! Links between issues: one that must be closed before another.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::project::{LinkIssues, UnlinkIssues};
use mosaic_core::types::IssueRef;
use mosaic_core::types::project::{Link, LinkKind};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::server::{Server, conflict, invalid, unsupported};
use super::super::wire::Many;
use super::issue::{self, Wire};
use crate::forge::tracker;

/// The issues that stand to one as this word says: `blocks` or `dependencies`.
async fn ends(server: &Server, cx: &CallContext, of: &IssueRef, word: &str) -> Result<Vec<IssueRef>> {
    let (reference, path) = issue::place(of)?;
    let mut all = Vec::new();
    for number in 1.. {
        let request = server.client.get(path.clone().part(word));
        let request = request.query("page", number).query("limit", server.most);
        let found = match request.send::<Many<Wire>>(cx).await {
            // A repository may have switched them off.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            found => found?.0,
        };
        let received = found.len();
        all.extend(found.into_iter().filter(|other| !other.is_pull_request()).map(|other| {
            let place = other.repository().unwrap_or_else(|| reference.clone());
            IssueRef::new(tracker::key(&place), other.number())
        }));
        if received < server.most {
            break;
        }
    }
    Ok(all)
}

/// The links of an issue that is there.
pub(super) async fn of(server: &Server, cx: &CallContext, issue: &IssueRef) -> Result<Vec<Link>> {
    let blocks = ends(server, cx, issue, "blocks").await?;
    let needs = ends(server, cx, issue, "dependencies").await?;
    let first = blocks.into_iter().map(|to| Link::new(issue, LinkKind::Blocks, to));
    let second = needs.into_iter().map(|from| Link::new(from, LinkKind::Blocks, issue));
    Ok(first.chain(second).collect())
}

fn check(kind: LinkKind) -> Result<()> {
    match kind {
        LinkKind::Blocks => Ok(()),
        _ => Err(unsupported("kind: issues are linked by `blocks` only")),
    }
}

fn meta(issue: &IssueRef) -> Result<Value> {
    let reference = tracker::repository(&issue.project)?;
    Ok(json!({ "owner": reference.owner, "repo": reference.name, "index": issue.number }))
}

/// A link that is there, or that goes the other way, is a failure of its own to the server: both are looked for first.
pub(super) async fn link(server: &Server, cx: &CallContext, op: LinkIssues) -> Result<Link> {
    if op.issue == op.to {
        return Err(invalid(format!("{} cannot be linked to itself", op.issue)));
    }
    issue::fetch(server, cx, &op.issue).await?;
    issue::fetch(server, cx, &op.to).await?;
    check(op.kind)?;
    let made = Link::new(&op.issue, op.kind, &op.to);
    let there = of(server, cx, &op.issue).await?;
    if there.contains(&made) {
        return Ok(made);
    }
    if there.contains(&Link::new(&op.to, op.kind, &op.issue)) {
        return Err(conflict(format!("{} blocks {} already: neither could be closed", op.to, op.issue)));
    }
    let (_, path) = issue::place(&op.issue)?;
    let request = server.client.post(path.part("blocks")).json(&meta(&op.to)?);
    request.send::<IgnoredAny>(cx).await?;
    Ok(made)
}

pub(super) async fn unlink(server: &Server, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
    issue::fetch(server, cx, &op.issue).await?;
    issue::fetch(server, cx, &op.to).await?;
    // There is no link of another kind.
    let there = op.kind == LinkKind::Blocks && ends(server, cx, &op.issue, "blocks").await?.contains(&op.to);
    if !there {
        return Ok(());
    }
    let (_, path) = issue::place(&op.issue)?;
    let request = server.client.delete(path.part("blocks")).json(&meta(&op.to)?);
    request.send::<IgnoredAny>(cx).await.map(|_| ())
}

//! Links between issues. Two issues have one link at most; each end tells it from its own side.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::project::{LinkIssues, UnlinkIssues};
use mosaic_core::types::IssueRef;
use mosaic_core::types::project::{Link, LinkKind};
use serde::Deserialize;
use serde_json::json;

use super::super::client::{GitLab, unsupported};
use super::super::wire::number;
use super::issue::{fetch, place};
use super::wire::WireIssue;

/// A link with its two ends.
#[derive(Debug, Deserialize)]
struct WireLink {
    source_issue: End,
}

#[derive(Debug, Deserialize)]
struct End {
    iid: i64,
    project_id: i64,
}

/// GitLab's word for a kind.
///
/// # Errors
/// `Unsupported`.
fn word(kind: LinkKind) -> Result<&'static str> {
    match kind {
        LinkKind::RelatesTo => Ok("relates_to"),
        LinkKind::Blocks => Ok("blocks"),
        _ => Err(unsupported("kind: issues of GitLab relate to each other, or one blocks the other")),
    }
}

/// The links of an issue that is there, with GitLab's numbers of them.
async fn all(lab: &GitLab, cx: &CallContext, of: &IssueRef) -> Result<Vec<(u64, Link)>> {
    let (_, path) = place(of)?;
    let found: Vec<WireIssue> = lab.get(path.clone().part("links")).send(cx).await?;
    let mut links = Vec::with_capacity(found.len());
    for other in found {
        let (Some(id), Some(end)) = (other.issue_link_id.map(number), other.reference()) else { continue };
        let link = match other.link_type.as_deref() {
            Some("blocks") => Link::new(of, LinkKind::Blocks, end),
            Some("is_blocked_by") => Link::new(end, LinkKind::Blocks, of),
            _ => {
                // Both ends say that they relate to the other; from where to where is told of the link alone.
                let link: WireLink = lab.get(path.clone().part("links").part(id)).send(cx).await?;
                let source = (link.source_issue.iid, link.source_issue.project_id);
                match source == (other.iid, other.project_id) {
                    true => Link::new(end, LinkKind::RelatesTo, of),
                    false => Link::new(of, LinkKind::RelatesTo, end),
                }
            }
        };
        links.push((id, link));
    }
    Ok(links)
}

/// The links of an issue that is there.
pub(super) async fn of(lab: &GitLab, cx: &CallContext, issue: &IssueRef) -> Result<Vec<Link>> {
    Ok(all(lab, cx, issue).await?.into_iter().map(|(_, link)| link).collect())
}

pub(super) async fn link(lab: &GitLab, cx: &CallContext, op: LinkIssues) -> Result<Link> {
    if op.issue == op.to {
        let text = format!("{} cannot be linked to itself", op.issue);
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    let word = word(op.kind)?;
    let (repo, path) = place(&op.issue)?;
    fetch(lab, cx, &op.issue).await?;
    let to = fetch(lab, cx, &op.to).await?;
    let made = Link::new(&op.issue, op.kind, &op.to);
    for there in of(lab, cx, &op.issue).await? {
        if there == made {
            return Ok(made);
        }
        if there.from == op.to || there.to == op.to {
            let text =
                format!("{} and {} are linked in another way: take that link away first", op.issue, op.to);
            return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
        }
    }
    let body = json!({
        "target_project_id": number(to.project_id).to_string(), "target_issue_iid": to.number().to_string(),
        "link_type": word,
    });
    let linked = lab.post(path.part("links")).json(&body).done(cx).await;
    lab.told(cx, &repo, linked).await?;
    Ok(made)
}

pub(super) async fn unlink(lab: &GitLab, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
    let (repo, path) = place(&op.issue)?;
    fetch(lab, cx, &op.issue).await?;
    fetch(lab, cx, &op.to).await?;
    let gone = Link::new(&op.issue, op.kind, &op.to);
    let Some((id, _)) = all(lab, cx, &op.issue).await?.into_iter().find(|(_, link)| *link == gone) else {
        return Ok(());
    };
    let done = lab.delete(path.part("links").part(id)).done(cx).await;
    lab.told(cx, &repo, done).await.map(drop)
}

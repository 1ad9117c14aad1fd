//! Lists of issues, newest first.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::project::ListIssues;
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{Page, RepoRef};

use super::super::git::repository;
use super::super::server::{Server, page, repo, unsupported};
use super::super::wire::Many;
use super::issue::Wire;
use super::{label, milestone};
use crate::forge::tracker;
use crate::http::{List, Numbered, limit_of};

/// Where a page begins: how many issues come before, and the number of the last one that was shown.
#[derive(Debug)]
struct Place {
    last: u64,
    offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.last, self.offset)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (last, offset) = text.split_once('~').ok_or(())?;
        Ok(Self { last: last.parse().map_err(|_| ())?, offset: offset.parse().map_err(|_| ())? })
    }
}

/// The server passes over filters that it does not understand, so what they name is looked for first, and what comes is looked
/// at again. Issues that are new since the page before push some of that page into this one: those are left out.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
    let reference = tracker::repository(&op.project)?;
    let list = List(("issues", &op.project, op.state, &op.label, &op.assignee, &op.sprint));
    let place = list.after::<Place>(&op.page)?;
    if !possible(server, cx, &reference, &op).await? {
        return Ok(Page::last(Vec::new()));
    }
    let state = match op.state {
        None => "all",
        Some(IssueState::Open | IssueState::InProgress) => "open",
        Some(IssueState::Closed) => "closed",
    };
    let mut offset = place.as_ref().map_or(0, |place| place.offset);
    let last = place.map_or(u64::MAX, |place| place.last);
    loop {
        let part = Numbered::at(offset, limit_of(&op.page, server.most))?;
        let request = server
            .client
            .get(repo(&reference)?.part("issues"))
            .query("type", "issues")
            .query("state", state)
            .maybe("labels", op.label.as_deref())
            .maybe("assigned_by", op.assignee.as_deref())
            .maybe("milestones", op.sprint.as_deref())
            .query("page", part.number())
            .query("limit", part.size);
        let answer = match request.full::<Many<Wire>>(cx).await {
            // Somebody whom the server does not know has nothing to do.
            Err(error) if op.assignee.is_some() && error.kind() == ErrorKind::NotFound => {
                repository::fetch(server, cx, &reference).await?;
                return Ok(Page::last(Vec::new()));
            }
            answer => answer?,
        };
        let received = answer.value.0.len();
        let fits = |issue: &Wire| {
            issue.number() < last
                && !issue.is_pull_request()
                && (op.sprint.is_none() || issue.sprint() == op.sprint)
        };
        let found = answer.value.0.into_iter().filter(fits);
        let items: Vec<_> =
            found.map(|wire| wire.issue(&reference)).filter(|issue| has(issue, &op)).collect();
        let page = page(&list, part, items, received, &answer.headers);
        offset = part.offset + part.size;
        if page.items.is_empty() && page.next.is_some() {
            continue;
        }
        let last = page.items.last().map_or(last, |issue| issue.issue.number);
        let next = page.next.map(|_| list.cursor(Place { last, offset }));
        return Ok(Page::new(page.items, next));
    }
}

fn has(issue: &Issue, op: &ListIssues) -> bool {
    op.label.as_ref().is_none_or(|label| issue.labels.contains(label))
}

/// Whether there can be anything: nothing is in progress, and a label and a sprint must be there.
async fn possible(server: &Server, cx: &CallContext, of: &RepoRef, op: &ListIssues) -> Result<bool> {
    if op.state == Some(IssueState::InProgress) {
        repository::fetch(server, cx, of).await?;
        return Ok(false);
    }
    if let Some(label) = &op.label {
        if label.contains(',') {
            return Err(unsupported("label: the server cannot be asked for a label with a comma"));
        }
        if !label::exists(server, cx, of, label).await? {
            return Ok(false);
        }
    }
    match &op.sprint {
        None => Ok(true),
        Some(sprint) => match milestone::fetch(server, cx, of, sprint).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                repository::fetch(server, cx, of).await.map(|_| false)
            }
            Err(error) => Err(error),
        },
    }
}

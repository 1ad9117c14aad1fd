//! Lists of issues, newest first.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::project::ListIssues;
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{Page, RepoRef};
use serde::de::IgnoredAny;

use super::super::client::{GitLab, PAGE, project, unsupported};
use super::issue::repository;
use super::milestone;
use super::wire::WireIssue;
use crate::http::{List, Numbered, limit_of};

/// Words that GitLab takes for more than a name, whatever the case of their letters.
const WORDS: &[&str] = &["none", "any", "#upcoming", "#started"];

/// Where a page begins: the newest issue of the first page and the last one that was shown, by their numbers on the server, and
/// how many issues come before.
#[derive(Debug, Clone, Copy)]
struct Place {
    newest: i64,
    last: i64,
    offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.newest, self.last, self.offset)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('~');
        let mut next = || parts.next().ok_or(());
        let place = Self {
            newest: next()?.parse().map_err(drop)?,
            last: next()?.parse().map_err(drop)?,
            offset: next()?.parse().map_err(drop)?,
        };
        if next().is_ok() { Err(()) } else { Ok(place) }
    }
}

/// What a filter becomes.
struct Filter {
    state: &'static str,
    /// The title of the milestone, which is what GitLab filters by.
    milestone: Option<String>,
}

/// Issues that are new since the page before push the end of that page into this one: both are left out.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
    let repo = repository(&op.project)?;
    let list = List(("issues", &op.project, op.state, &op.label, &op.assignee, &op.sprint));
    let mut place = list.after::<Place>(&op.page)?;
    let Some(filter) = filter(lab, cx, &repo, &op).await? else { return Ok(Page::last(Vec::new())) };
    let size = limit_of(&op.page, PAGE);
    loop {
        let part = Numbered::at(place.map_or(0, |place| place.offset), size)?;
        let request = lab.get(project(&repo)?.part("issues"));
        let request = request
            .query("state", filter.state)
            .query("order_by", "created_at")
            .query("sort", "desc")
            .maybe("labels", op.label.as_deref())
            .maybe("assignee_username", op.assignee.as_deref())
            .maybe("milestone", filter.milestone.as_deref())
            .query("page", part.number())
            .query("per_page", part.size);
        let answer = request.full::<Vec<WireIssue>>(cx).await?;
        let found = unseen(answer.value, place);
        let newest = place.map(|place| place.newest).or_else(|| found.iter().map(|issue| issue.id).max());
        let last = found.last().map(|issue| issue.id).or(place.map(|place| place.last));
        // A group's milestone may have the same title, and a label may be a pattern to GitLab.
        let fits = |wire: &WireIssue| op.sprint.is_none() || wire.sprint() == op.sprint;
        let issues = found.into_iter().filter(fits).map(|wire| wire.issue(&repo));
        let has = |issue: &Issue| op.label.as_ref().is_none_or(|label| issue.labels.contains(label));
        let page = part.linked(&list, issues.filter(has).collect(), &answer.headers);
        let (Some(newest), Some(last), Some(_)) = (newest, last, &page.next) else {
            return Ok(Page::last(page.items));
        };
        let next = Place { newest, last, offset: part.offset + part.size };
        if !page.items.is_empty() {
            return Ok(Page::new(page.items, Some(list.cursor(next))));
        }
        place = Some(next);
    }
}

/// What is neither newer than the first page nor was shown at the end of the page before.
fn unseen(mut found: Vec<WireIssue>, place: Option<Place>) -> Vec<WireIssue> {
    let Some(place) = place else { return found };
    if let Some(seen) = found.iter().position(|issue| issue.id == place.last) {
        found.drain(..=seen);
    }
    found.retain(|issue| issue.id <= place.newest);
    found
}

/// What GitLab is asked for; none where there can be nothing.
async fn filter(lab: &GitLab, cx: &CallContext, repo: &RepoRef, op: &ListIssues) -> Result<Option<Filter>> {
    let named = |name: &Option<String>| {
        name.as_deref().is_some_and(|name| WORDS.contains(&name.to_lowercase().as_str()))
    };
    if named(&op.assignee) {
        return Err(unsupported("assignee: to GitLab this word stands for more than a name"));
    }
    if let Some(label) = op.label.as_deref().filter(|_| named(&op.label)) {
        let there = lab.get(project(repo)?.part("labels").part(label));
        if there.find::<IgnoredAny>(cx).await?.is_some() {
            return Err(unsupported("label: to GitLab this word stands for more than a name"));
        }
        return lab.project(cx, repo).await.map(|_| None);
    }
    let nobody = op.assignee.as_deref() == Some("");
    // Labels with a comma are not there: GitLab would take them for several.
    let no_label = op
        .label
        .as_ref()
        .is_some_and(|label| label.contains(',') || label.trim() != label || label.is_empty());
    if op.state == Some(IssueState::InProgress) || nobody || no_label {
        return lab.project(cx, repo).await.map(|_| None);
    }
    let milestone = match &op.sprint {
        None => None,
        Some(sprint) => match milestone::fetch(lab, cx, repo, sprint).await {
            Ok(found) if named(&Some(found.title.clone())) => {
                return Err(unsupported(
                    "sprint: to GitLab the title of this milestone stands for more than a name",
                ));
            }
            Ok(found) => Some(found.title),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return lab.project(cx, repo).await.map(|_| None);
            }
            Err(error) => return Err(error),
        },
    };
    let state = match op.state {
        None => "all",
        Some(IssueState::Closed) => "closed",
        Some(_) => "opened",
    };
    Ok(Some(Filter { state, milestone }))
}

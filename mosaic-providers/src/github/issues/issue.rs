//! Issues: opened, changed, listed, found.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::project::{CreateIssue, GetIssue, ListIssues, SearchIssues, UpdateIssue};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{IssueRef, Page, RepoRef};
use serde::{Deserialize, Serialize};

use super::wire::Row;
use super::{MOST, at_repo, paged, whole_page};
use crate::at;
use crate::forge::{names, tracker};
use crate::http::{Client, List, Numbered, Path, limit_of, sift};

/// More characters of a query no tracker takes.
const QUERY_MAX: usize = 512;

/// GitHub shows no more of what a search found.
const FOUND_MAX: u64 = 1_000;

pub(super) fn at_issue(repo: &RepoRef, number: u64) -> Path {
    at_repo(repo).part("issues").part(number)
}

/// An issue as GitHub has it.
///
/// # Errors
/// `NotFound` where the number is that of a pull request, too.
pub(super) async fn fetch(client: &Client, cx: &CallContext, repo: &RepoRef, number: u64) -> Result<Row> {
    let row: Row = client.get(at_issue(repo, number)).send(cx).await?;
    if row.is_pull_request() {
        let text = format!("{number} of {repo} is a pull request");
        return Err(Error::new(ErrorKind::NotFound, text));
    }
    Ok(row)
}

/// The answer of GitHub's to what was asked about one issue.
fn issue(row: Row, asked: &IssueRef) -> Result<Issue> {
    row.issue(Some(&asked.project)).ok_or_else(|| {
        let text = format!("GitHub answers with something that is no issue when asked for {asked}");
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    })
}

fn check_labels(labels: &[String]) -> Result<()> {
    labels.iter().try_for_each(|label| {
        if label.trim().is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "labels: one of them is empty"));
        }
        names::line("labels", label)
    })
}

/// No GitHub keeps an issue that is being worked on apart from one that is open.
fn check_state(state: Option<IssueState>) -> Result<()> {
    if state == Some(IssueState::InProgress) {
        let text = "an issue of GitHub is open or closed, and not in progress";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(())
}

fn once(labels: Vec<String>) -> Vec<String> {
    let mut seen = Vec::with_capacity(labels.len());
    for label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen
}

fn assignees(assignee: Option<String>) -> Option<Vec<String>> {
    assignee.map(|login| if login.is_empty() { Vec::new() } else { vec![login] })
}

#[derive(Serialize)]
struct New {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignees: Option<Vec<String>>,
    labels: Vec<String>,
}

/// Opens an issue.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
    let repo = tracker::repository(&op.project)?;
    names::title(&op.title)?;
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    check_labels(&op.labels)?;
    let new =
        New { title: op.title, body: op.body, assignees: assignees(op.assignee), labels: once(op.labels) };
    let row: Row = client.post(at_repo(&repo).part("issues")).json(&new).send(cx).await?;
    let asked = IssueRef::new(op.project, row.number());
    issue(row, &asked)
}

/// Fetches an issue.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetIssue) -> Result<Issue> {
    let repo = tracker::repository(&op.issue.project)?;
    issue(fetch(client, cx, &repo, op.issue.number).await?, &op.issue)
}

#[derive(Serialize)]
struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignees: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
}

/// Changes an issue. It is looked at first: a pull request would be changed by the same request.
pub(super) async fn update(client: &Client, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
    let repo = tracker::repository(&op.issue.project)?;
    if let Some(title) = &op.title {
        names::title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    check_labels(op.labels.as_deref().unwrap_or_default())?;
    check_state(op.state)?;
    fetch(client, cx, &repo, op.issue.number).await.map_err(Error::refused)?;
    let change = Change {
        title: op.title,
        body: op.body,
        state: op.state.map(|state| if state == IssueState::Closed { "closed" } else { "open" }),
        assignees: assignees(op.assignee),
        labels: op.labels.map(once),
    };
    let row = client.patch(at_issue(&repo, op.issue.number)).json(&change).send::<Row>(cx).await?;
    issue(row, &op.issue)
}

/// Lists issues, newest first; pull requests are left out of what GitHub lists.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
    let repo = tracker::repository(&op.project)?;
    let list = List(("issues", &op.project, &op.state, &op.label, &op.assignee, &op.sprint));
    let offset = list.after(&op.page)?.unwrap_or(0);
    let state = match op.state {
        None => "all",
        Some(IssueState::Open) => "open",
        Some(IssueState::Closed) => "closed",
        Some(IssueState::InProgress) => return Ok(Page::last(Vec::new())),
    };
    // Words by which GitHub means anybody and nobody.
    if matches!(op.assignee.as_deref(), Some("" | "*" | "none")) {
        return Ok(Page::last(Vec::new()));
    }
    // A comma stands between labels there.
    if op.label.as_deref().is_some_and(|label| label.contains(',')) {
        let text = "label: GitHub cannot be asked for a label with a comma";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let sprint = op.sprint.as_deref().map(|sprint| super::sprint::number(&repo, sprint)).transpose()?;
    let fetch = |page| {
        let request = client.get(at_repo(&repo).part("issues")).query("state", state);
        let request = request.maybe("labels", op.label.as_ref()).maybe("assignee", op.assignee.as_ref());
        let request = request.maybe("milestone", sprint).query("sort", "created").query("direction", "desc");
        whole_page(cx, request, page)
    };
    let keep = |row: Row| row.issue(Some(&op.project));
    let found = sift(offset, limit_of(&op.page, MOST), MOST as u64, fetch, keep).await?;
    Ok(found.page(&list))
}

#[derive(Deserialize)]
struct Found {
    items: Vec<Row>,
}

/// Finds issues by words, newest first. Each word is put in quotes, so that none means anything to the search.
pub(super) async fn search(client: &Client, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
    let repo = op.project.as_ref().map(tracker::repository).transpose()?;
    let query = query(&op.query)?;
    let list = List(("search_issues", &op.query, &op.project, &op.state));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let state = match op.state {
        None => "",
        Some(IssueState::Open) => " state:open",
        Some(IssueState::Closed) => " state:closed",
        Some(IssueState::InProgress) => return Ok(Page::last(Vec::new())),
    };
    let within = repo.map(|repo| format!(" repo:{repo}")).unwrap_or_default();
    let query = format!("{query} in:title,body is:issue{within}{state}");
    let request = client.get(at!["search", "issues"]).budget("search").query("q", query);
    let request = request.query("sort", "created").query("order", "desc");
    let answer = paged(part, request).full::<Found>(cx).await?;
    let items = answer.value.items.into_iter().filter_map(|row| row.issue(op.project.as_ref())).collect();
    let mut page = part.linked(&list, items, &answer.headers);
    if part.offset + part.size >= FOUND_MAX {
        page.next = None;
    }
    Ok(page)
}

/// The words of a query, each once and in quotes.
fn query(text: &str) -> Result<String> {
    let invalid = |text: String| Err(Error::new(ErrorKind::Invalid, text));
    if text.chars().count() > QUERY_MAX {
        return invalid(format!("query: at most {QUERY_MAX} characters are searched for"));
    }
    let mut words: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word = word.replace('"', "");
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        return invalid("query: it has no word".to_owned());
    }
    Ok(words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_words_whatever_they_look_like() {
        assert_eq!(query("leaking lid lid").unwrap(), r#""leaking" "lid""#);
        assert_eq!(query("repo:a/b -x \"or\" \0y").unwrap(), r#""repo:a/b" "-x" "or" "y""#);
        for bad in ["", " \t\n", "\"\" \"", &"w".repeat(QUERY_MAX + 1)] {
            assert_eq!(query(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_stands_outside_of_quotes(text in "\\PC{0,100}") {
            let Ok(query) = query(&text) else { return Ok(()) };
            let outside: String = query.split('"').step_by(2).collect();
            prop_assert!(outside.trim().is_empty(), "{}", query);
        }
    }
}

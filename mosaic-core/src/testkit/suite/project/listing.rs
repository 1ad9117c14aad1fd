//! Behaviours of lists of issues: order, filters, pages.

use super::super::{Failure, done, ensure, equal};
use super::{Trait, World, issues};
use crate::error::ErrorKind;
use crate::op::project::{CreateIssue, ListIssues, ProjectService, UpdateIssue};
use crate::types::project::IssueState;
use crate::types::{Cursor, PageRequest};

/// Issues are listed newest first, and as they are fetched.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn issues_are_listed_newest_first(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/issues_are_listed_newest_first";
    let key = world.project(service, B).await?;
    let other = world.project(service, B).await?;
    issues(service, world, B, &other, 1).await?;
    let mut made = issues(service, world, B, &key, 4).await?;
    made.reverse();
    let page = done(B, "list_issues", service.list_issues(world.cx(), ListIssues::of(&key)).await)?;
    equal(B, "the list", &page.items, &made)?;
    ensure(B, page.next.is_none(), || "expected no page after the last issue")
}

/// Filters by state, label and assignee, alone and together.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn lists_are_filtered(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/lists_are_filtered";
    let key = world.project(service, B).await?;
    let ann = world.ann();
    for (title, assignee, label) in
        [("1", ann, "bug"), ("2", ann, "ux"), ("3", world.bob(), "bug"), ("4", "", "")]
    {
        let labels = if label.is_empty() { vec![] } else { vec![label.to_string(), "all".to_string()] };
        let op = CreateIssue::of(&key, title).assignee(assignee).labels(labels);
        done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
    }
    let op = UpdateIssue::new(&key, 3u64).state(IssueState::Closed);
    done(B, "update_issue", service.update_issue(world.cx(), op).await)?;

    let of = || ListIssues::of(&key);
    for (what, op, expected) in [
        ("open", of().state(IssueState::Open), vec![4, 2, 1]),
        ("closed", of().state(IssueState::Closed), vec![3]),
        ("in progress", of().state(IssueState::InProgress), vec![]),
        ("bug", of().label("bug"), vec![3, 1]),
        ("all", of().label("all"), vec![3, 2, 1]),
        ("a label that nothing has", of().label("none"), vec![]),
        ("a part of a label", of().label("bu"), vec![]),
        ("ann", of().assignee(ann), vec![2, 1]),
        ("open bug of ann", of().state(IssueState::Open).label("bug").assignee(ann), vec![1]),
        ("closed bug of ann", of().state(IssueState::Closed).label("bug").assignee(ann), vec![]),
    ] {
        for limit in [1, 2, 100] {
            let seen = pages(service, world, B, &op, limit).await?;
            equal(B, &format!("{what}, in pages of {limit}"), &seen, &expected)?;
        }
    }
    Ok(())
}

/// Pages of every size hold every issue once.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn pages_cover_everything_once(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/pages_cover_everything_once";
    const COUNT: usize = 7;
    let key = world.project(service, B).await?;
    issues(service, world, B, &key, COUNT).await?;
    let all: Vec<u64> = (1..=COUNT as u64).rev().collect();
    for limit in 1..=COUNT as u32 + 1 {
        let seen = pages(service, world, B, &ListIssues::of(&key), limit).await?;
        equal(B, &format!("issues in pages of {limit}"), &seen, &all)?;
    }
    Ok(())
}

/// Issues that are created between two pages make none come twice and lose none that was there. Left out where pages are
/// numbered.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn pages_hold_still_while_issues_are_created(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/pages_hold_still_while_issues_are_created";
    if !world.shows(Trait::PagesHoldStill) {
        return Ok(());
    }
    const COUNT: u64 = 6;
    let key = world.project(service, B).await?;
    issues(service, world, B, &key, COUNT as usize).await?;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let op = ListIssues::of(&key).page(PageRequest { cursor, limit: Some(2) });
        let page = done(B, "list_issues", service.list_issues(world.cx(), op).await)?;
        seen.extend(page.items.iter().map(|issue| issue.issue.number));
        cursor = page.next;
        if cursor.is_none() || seen.len() > 4 * COUNT as usize {
            break;
        }
        issues(service, world, B, &key, 1).await?;
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    equal(B, "issues that came (each once)", &once.len(), &seen.len())?;
    let old: Vec<u64> = seen.iter().copied().filter(|number| *number <= COUNT).collect();
    equal(B, "issues that were there at first", &old, &(1..=COUNT).rev().collect::<Vec<u64>>())
}

/// A cursor that the provider did not make is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn bad_cursors_are_refused(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/bad_cursors_are_refused";
    let key = world.project(service, B).await?;
    issues(service, world, B, &key, 2).await?;
    let first = ListIssues::of(&key).page(PageRequest::first(1));
    let page = done(B, "list_issues", service.list_issues(world.cx(), first).await)?;
    let Some(good) = page.next else {
        return Err(Failure::new(B, "expected a cursor to the second of two pages, got none"));
    };
    let cut: String = good.as_str().chars().skip(1).collect();
    for bad in ["", "nonsense", "0", "-1", "\u{0}", "漢字", &cut, &"9".repeat(10_000)] {
        let op = ListIssues::of(&key).page(PageRequest::first(1).at(Cursor::new(bad)));
        let shown: String = bad.chars().take(40).collect();
        let got = service.list_issues(world.cx(), op).await;
        world.refused(B, &format!("list_issues at the cursor {shown:?}"), got, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// The numbers of all issues of a list, page after page.
async fn pages(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    op: &ListIssues,
    limit: u32,
) -> Result<Vec<u64>, Failure> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let op = op.clone().page(PageRequest { cursor, limit: Some(limit) });
        let page = done(b, "list_issues", service.list_issues(world.cx(), op).await)?;
        let size = page.items.len();
        ensure(b, size <= limit as usize, || format!("expected at most {limit} issues a page, got {size}"))?;
        // An empty page with another after it, or a page that goes back, would be a way to never end.
        ensure(b, size > 0 || page.next.is_none(), || "expected the list to end at an empty page")?;
        seen.extend(page.items.into_iter().map(|issue| issue.issue.number));
        ensure(b, seen.is_sorted_by(|a, b| a > b), || {
            format!("pages of {limit}: expected each issue once and newest first, got {seen:?}")
        })?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(seen);
        }
    }
}

//! Behaviours of sprints and of plans for them.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal, refused};
use super::{BODY_MAX, TITLE_MAX, cx, issues, project};
use crate::error::ErrorKind;
use crate::op::project::{CreateSprint, GetIssue, ListIssues, ListSprints, PlanSprint, ProjectService};
use crate::types::project::{Sprint, SprintPlan, SprintState};
use crate::types::{IssueRef, ProjectKey, Timestamp};

/// Sprints come back as they were created, with ids of their own, in the order of their creation and in pages of every size.
/// A sprint needs a name, and does not end before it begins.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn sprints_are_created_and_listed(service: &impl ProjectService) -> Result<(), Failure> {
    const B: &str = "project/sprints_are_created_and_listed";
    let (key, other) = (project(service, B).await?, project(service, B).await?);
    let full = CreateSprint::of(&key, "Zürich").goal("No leaks").starts_at(day(1)).ends_at(day(14));
    let mut made = vec![done(B, "create_sprint", service.create_sprint(&cx(), full).await)?];
    equal(B, "project", &made[0].project, &key)?;
    equal(B, "name", made[0].name.as_str(), "Zürich")?;
    equal(B, "state", &made[0].state, &SprintState::Planned)?;
    equal(B, "goal", &made[0].goal.as_deref(), &Some("No leaks"))?;
    equal(B, "begin and end", &(made[0].starts_at, made[0].ends_at), &(Some(day(1)), Some(day(14))))?;
    for name in ["Basel", "Basel 2", "Aarau"] {
        made.push(create(service, B, &key, name).await?);
    }
    create(service, B, &other, "Elsewhere").await?;
    equal(B, "dates of a sprint without", &(made[1].starts_at, made[1].ends_at), &(None, None))?;
    let (cx, op) = (cx(), ListSprints::of(&key));
    for limit in 1..=5 {
        let listed = walk(B, &op, limit, |op| service.list_sprints(&cx, op)).await?;
        equal(B, &format!("sprints in pages of {limit}"), &listed, &made)?;
    }
    refuse_cursors(B, &op, |op| service.list_sprints(&cx, op)).await?;
    for (what, op) in [
        ("an empty name", CreateSprint::of(&key, "")),
        ("a name of two lines", CreateSprint::of(&key, "one\ntwo")),
        ("an overlong name", CreateSprint::of(&key, "n".repeat(TITLE_MAX + 1))),
        ("an overlong goal", CreateSprint::of(&key, "Big").goal("g".repeat(BODY_MAX + 1))),
        ("an end before its begin", CreateSprint::of(&key, "Back").starts_at(day(2)).ends_at(day(1))),
    ] {
        let got = service.create_sprint(&cx, op).await;
        refused(B, &format!("create_sprint with {what}"), got, ErrorKind::Invalid)?;
    }
    equal(B, "sprints after refused ones", &list(service, B, ListSprints::of(&key)).await?, &made)
}

/// A plan puts issues into a sprint and takes them out, changes what it names and leaves the rest; the answer, the issue and
/// the lists agree. An issue is in one sprint at most. Doing it twice is doing it once.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn plans_move_issues(service: &impl ProjectService) -> Result<(), Failure> {
    const B: &str = "project/plans_move_issues";
    let key = project(service, B).await?;
    issues(service, B, &key, 4).await?;
    let first = CreateSprint::of(&key, "First").goal("No leaks").ends_at(day(14));
    let first = done(B, "create_sprint", service.create_sprint(&cx(), first).await)?;
    let second = create(service, B, &key, "Second").await?;
    let of = |sprint: &Sprint| PlanSprint::of(&key, sprint.id.as_str());

    let plan = twice(service, B, of(&first).add_issues(vec![3, 1, 3])).await?;
    equal(B, "the sprint after issues were added", &plan.sprint, &first)?;
    equal(B, "issues that were added", &plan.issues, &[1, 3])?;
    let plan = twice(service, B, of(&first).add_issues(vec![2]).remove_issues(vec![3, 4])).await?;
    equal(B, "issues after a removal", &plan.issues, &[1, 2])?;
    let plan = twice(service, B, of(&second).add_issues(vec![2, 4])).await?;
    equal(B, "issues of the second sprint", &plan.issues, &[2, 4])?;
    for (sprint, expected) in [(&first, vec![1]), (&second, vec![4, 2])] {
        let op = ListIssues::of(&key).sprint(sprint.id.as_str());
        let listed = done(B, "list_issues", service.list_issues(&cx(), op).await)?;
        let numbers: Vec<_> = listed.items.iter().map(|issue| issue.issue.number).collect();
        equal(B, &format!("the list of issues of {}", sprint.name), &numbers, &expected)?;
    }
    for (number, sprint) in [(1, Some(&first)), (2, Some(&second)), (3, None), (4, Some(&second))] {
        let id = sprint.map(|sprint| sprint.id.clone());
        equal(B, &format!("the sprint of issue {number}"), &sprint_of(service, B, &key, number).await?, &id)?;
    }

    let op = of(&first).goal("Dry").starts_at(day(3)).state(SprintState::Active);
    let plan = twice(service, B, op).await?;
    let expected = Sprint::new(first.id.as_str(), &key, "First", SprintState::Active)
        .goal("Dry")
        .starts_at(day(3))
        .ends_at(day(14));
    equal(B, "the sprint that began", &plan.sprint, &expected)?;
    equal(B, "issues of the sprint that began", &plan.issues, &[1])?;
    for (state, expected) in [
        (SprintState::Planned, vec![second.clone()]),
        (SprintState::Active, vec![expected]),
        (SprintState::Closed, vec![]),
    ] {
        let listed = list(service, B, ListSprints::of(&key).state(state)).await?;
        equal(B, &format!("sprints that are {state:?}"), &listed, &expected)?;
    }
    Ok(())
}

/// A plan that is refused changes nothing: not the sprint, and not the issues that could have been moved.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn plans_are_all_or_nothing(service: &impl ProjectService) -> Result<(), Failure> {
    const B: &str = "project/plans_are_all_or_nothing";
    let (key, other) = (project(service, B).await?, project(service, B).await?);
    issues(service, B, &key, 2).await?;
    issues(service, B, &other, 3).await?;
    let op = CreateSprint::of(&key, "Whole").goal("Before").starts_at(day(5));
    let made = done(B, "create_sprint", service.create_sprint(&cx(), op).await)?;
    let of = || PlanSprint::of(&key, made.id.as_str());
    let before = twice(service, B, of().add_issues(vec![1])).await?;
    let whole = || of().goal("After").state(SprintState::Active).add_issues(vec![2]).remove_issues(vec![1]);
    for (what, op, kind) in [
        ("an issue that does not exist", whole().add_issues(vec![2, 3]), ErrorKind::NotFound),
        ("the issue 0", whole().add_issues(vec![0]), ErrorKind::NotFound),
        ("an issue beyond all numbers", whole().add_issues(vec![u64::MAX]), ErrorKind::NotFound),
        ("a removal of an issue that does not exist", whole().remove_issues(vec![1, 3]), ErrorKind::NotFound),
        ("an issue both added and removed", whole().add_issues(vec![1, 2]), ErrorKind::Invalid),
        ("an end before its begin", whole().ends_at(day(4)), ErrorKind::Invalid),
        ("an overlong goal", whole().goal("g".repeat(BODY_MAX + 1)), ErrorKind::Invalid),
    ] {
        let got = service.plan_sprint(&cx(), op).await;
        refused(B, &format!("plan_sprint with {what}"), got, kind)?;
        let after = done(B, "plan_sprint of nothing", service.plan_sprint(&cx(), of()).await)?;
        equal(B, &format!("the plan after {what}"), &after, &before)?;
    }
    let foreign =
        service.plan_sprint(&cx(), PlanSprint::of(&other, made.id.as_str()).add_issues(vec![1])).await;
    refused(B, "plan_sprint of a sprint of another project", foreign, ErrorKind::NotFound)?;
    equal(B, "the sprint of an issue that was not moved", &sprint_of(service, B, &key, 2).await?, &None)
}

/// A sprint that is closed stays closed: `Conflict`, and nothing changes. Closing it again is no change; its issues can be
/// planned for another.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn closed_sprints_stay_closed(service: &impl ProjectService) -> Result<(), Failure> {
    const B: &str = "project/closed_sprints_stay_closed";
    let key = project(service, B).await?;
    issues(service, B, &key, 3).await?;
    let (made, next) = (create(service, B, &key, "Over").await?, create(service, B, &key, "Next").await?);
    let of = || PlanSprint::of(&key, made.id.as_str());
    let closed = twice(service, B, of().add_issues(vec![1, 2]).state(SprintState::Closed)).await?;
    equal(B, "state", &closed.sprint.state, &SprintState::Closed)?;
    equal(B, "issues of the closed sprint", &closed.issues, &[1, 2])?;
    for state in [SprintState::Planned, SprintState::Active] {
        let op = of().state(state).goal("Again").remove_issues(vec![1]);
        let got = service.plan_sprint(&cx(), op).await;
        refused(B, &format!("plan_sprint of a closed sprint to {state:?}"), got, ErrorKind::Conflict)?;
        let after = done(B, "plan_sprint of nothing", service.plan_sprint(&cx(), of()).await)?;
        equal(B, "the closed sprint", &after, &closed)?;
    }
    let op = PlanSprint::of(&key, next.id.as_str()).add_issues(vec![2]);
    equal(B, "issues of the next sprint", &twice(service, B, op).await?.issues, &[2])?;
    let after = done(B, "plan_sprint of nothing", service.plan_sprint(&cx(), of()).await)?;
    equal(B, "issues that stayed", &after.issues, &[1])
}

/// A day of July 2026, at midnight.
fn day(day: i64) -> Timestamp {
    const JULY: i64 = 1_782_864_000;
    Timestamp::from_second(JULY + (day - 1) * 86_400).unwrap_or_default()
}

async fn create(
    service: &impl ProjectService,
    b: &'static str,
    key: &ProjectKey,
    name: &str,
) -> Result<Sprint, Failure> {
    done(b, "create_sprint", service.create_sprint(&cx(), CreateSprint::of(key, name)).await)
}

async fn list(
    service: &impl ProjectService,
    b: &'static str,
    op: ListSprints,
) -> Result<Vec<Sprint>, Failure> {
    let page = done(b, "list_sprints", service.list_sprints(&cx(), op).await)?;
    ensure(b, page.next.is_none(), || "expected no page after the last sprint")?;
    Ok(page.items)
}

/// Plans twice, and checks that the second time changes nothing.
async fn twice(
    service: &impl ProjectService,
    b: &'static str,
    op: PlanSprint,
) -> Result<SprintPlan, Failure> {
    let first = done(b, "plan_sprint", service.plan_sprint(&cx(), op.clone()).await)?;
    let second = done(b, "plan_sprint a second time", service.plan_sprint(&cx(), op).await)?;
    equal(b, "the plan after a second time", &second, &first)?;
    Ok(first)
}

async fn sprint_of(
    service: &impl ProjectService,
    b: &'static str,
    key: &ProjectKey,
    number: u64,
) -> Result<Option<String>, Failure> {
    let op = GetIssue::of(IssueRef::new(key, number));
    Ok(done(b, "get_issue", service.get_issue(&cx(), op).await)?.sprint)
}

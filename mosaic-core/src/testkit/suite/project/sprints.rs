//! Behaviours of sprints and of plans for them.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal};
use super::{BODY_MAX, TITLE_MAX, Trait, World, issues};
use crate::error::ErrorKind;
use crate::op::project::{CreateSprint, GetIssue, ListIssues, ListSprints, PlanSprint, ProjectService};
use crate::types::project::{Sprint, SprintPlan, SprintState};
use crate::types::{IssueRef, ProjectKey, Timestamp};

/// Sprints come back as they were created, with ids of their own, in the order of their creation and in pages of every size.
/// A sprint needs a name, and does not end before it begins.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn sprints_are_created_and_listed(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/sprints_are_created_and_listed";
    let (key, other) = (world.project(service, B).await?, world.project(service, B).await?);
    let begins = world.shows(Trait::SprintsBegin);
    let mut full = CreateSprint::of(&key, "Zürich").goal("No leaks").ends_at(day(14));
    if begins {
        full = full.starts_at(day(1));
    } else {
        let got = service.create_sprint(world.cx(), full.clone().starts_at(day(1))).await;
        world.refused(B, "create_sprint with a begin", got, ErrorKind::Unsupported)?;
    }
    let mut made = vec![done(B, "create_sprint", service.create_sprint(world.cx(), full).await)?];
    equal(B, "project", &made[0].project, &key)?;
    equal(B, "name", made[0].name.as_str(), "Zürich")?;
    equal(B, "state", &made[0].state, &SprintState::Planned)?;
    equal(B, "goal", &made[0].goal.as_deref(), &Some("No leaks"))?;
    let days = (begins.then(|| day(1)), Some(day(14)));
    if world.shows(Trait::ExactSprintDays) {
        equal(B, "begin and end", &(made[0].starts_at, made[0].ends_at), &days)?;
    } else {
        let there = (made[0].starts_at.is_some(), made[0].ends_at.is_some());
        equal(B, "whether there are begin and end", &there, &(begins, true))?;
    }
    for name in ["Basel", "Basel 2", "Aarau"] {
        made.push(create(service, world, B, &key, name).await?);
    }
    create(service, world, B, &other, "Elsewhere").await?;
    equal(B, "dates of a sprint without", &(made[1].starts_at, made[1].ends_at), &(None, None))?;
    let (cx, op) = (world.cx(), ListSprints::of(&key));
    for limit in 1..=5 {
        let listed = walk(B, &op, limit, |op| service.list_sprints(cx, op)).await?;
        let listed = in_order(world, &made, listed);
        equal(B, &format!("sprints in pages of {limit}"), &listed, &made)?;
    }
    refuse_cursors(B, &op, |op| service.list_sprints(cx, op)).await?;
    for (what, op) in [
        ("an empty name", CreateSprint::of(&key, "")),
        ("a name of two lines", CreateSprint::of(&key, "one\ntwo")),
        ("an overlong name", CreateSprint::of(&key, "n".repeat(TITLE_MAX + 1))),
        ("an overlong goal", CreateSprint::of(&key, "Big").goal("g".repeat(BODY_MAX + 1))),
        ("an end before its begin", CreateSprint::of(&key, "Back").starts_at(day(2)).ends_at(day(1))),
    ] {
        if op.starts_at.is_some() && !begins {
            continue;
        }
        let got = service.create_sprint(cx, op).await;
        world.refused(B, &format!("create_sprint with {what}"), got, ErrorKind::Invalid)?;
    }
    let now = list(service, world, B, ListSprints::of(&key)).await?;
    equal(B, "sprints after refused ones", &in_order(world, &made, now), &made)
}

/// Sprints as they come, or as they were made where the tracker need not list them so.
fn in_order(world: &World, made: &[Sprint], listed: Vec<Sprint>) -> Vec<Sprint> {
    let place = |sprint: &Sprint| made.iter().position(|other| other.id == sprint.id);
    world.ordered(Trait::SprintsOldestFirst, listed, |a, b| place(a).cmp(&place(b)))
}

/// A plan puts issues into a sprint and takes them out, changes what it names and leaves the rest; the answer, the issue and
/// the lists agree. An issue is in one sprint at most. Doing it twice is doing it once.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn plans_move_issues(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/plans_move_issues";
    let key = world.project(service, B).await?;
    issues(service, world, B, &key, 4).await?;
    let first = CreateSprint::of(&key, "First").goal("No leaks").ends_at(day(14));
    let first = done(B, "create_sprint", service.create_sprint(world.cx(), first).await)?;
    let second = create(service, world, B, &key, "Second").await?;
    let of = |sprint: &Sprint| PlanSprint::of(&key, sprint.id.as_str());

    let plan = twice(service, world, B, of(&first).add_issues(vec![3, 1, 3])).await?;
    equal(B, "the sprint after issues were added", &plan.sprint, &first)?;
    equal(B, "issues that were added", &plan.issues, &[1, 3])?;
    let plan = twice(service, world, B, of(&first).add_issues(vec![2]).remove_issues(vec![3, 4])).await?;
    equal(B, "issues after a removal", &plan.issues, &[1, 2])?;
    let plan = twice(service, world, B, of(&second).add_issues(vec![2, 4])).await?;
    equal(B, "issues of the second sprint", &plan.issues, &[2, 4])?;
    for (sprint, expected) in [(&first, vec![1]), (&second, vec![4, 2])] {
        let op = ListIssues::of(&key).sprint(sprint.id.as_str());
        let listed = done(B, "list_issues", service.list_issues(world.cx(), op).await)?;
        let numbers: Vec<_> = listed.items.iter().map(|issue| issue.issue.number).collect();
        equal(B, &format!("the list of issues of {}", sprint.name), &numbers, &expected)?;
    }
    for (number, sprint) in [(1, Some(&first)), (2, Some(&second)), (3, None), (4, Some(&second))] {
        let id = sprint.map(|sprint| sprint.id.clone());
        equal(
            B,
            &format!("the sprint of issue {number}"),
            &sprint_of(service, world, B, &key, number).await?,
            &id,
        )?;
    }

    let mut op = of(&first).goal("Dry");
    if world.shows(Trait::SprintsBegin) {
        op = op.starts_at(day(3));
    }
    let (active, begins) = (world.shows(Trait::ActiveSprints), op.starts_at);
    if active {
        op = op.state(SprintState::Active);
    } else {
        let got = service.plan_sprint(world.cx(), of(&first).state(SprintState::Active)).await;
        world.refused(B, "plan_sprint to at work", got, ErrorKind::Unsupported)?;
    }
    let plan = twice(service, world, B, op).await?;
    let mut expected = first.clone();
    expected.goal = Some("Dry".into());
    expected.state = if active { SprintState::Active } else { first.state };
    expected.starts_at = begins;
    if !world.shows(Trait::ExactSprintDays) {
        (expected.starts_at, expected.ends_at) = (plan.sprint.starts_at, plan.sprint.ends_at);
    }
    equal(B, "the sprint that began", &plan.sprint, &expected)?;
    equal(B, "issues of the sprint that began", &plan.issues, &[1])?;
    let (planned, at_work) = if active {
        (vec![second.clone()], vec![expected])
    } else {
        (vec![expected, second.clone()], vec![])
    };
    for (state, expected) in
        [(SprintState::Planned, planned), (SprintState::Active, at_work), (SprintState::Closed, vec![])]
    {
        let listed = list(service, world, B, ListSprints::of(&key).state(state)).await?;
        let listed = in_order(world, &[first.clone(), second.clone()], listed);
        equal(B, &format!("sprints that are {state:?}"), &listed, &expected)?;
    }
    Ok(())
}

/// A plan that is refused changes nothing: not the sprint, and not the issues that could have been moved.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn plans_are_all_or_nothing(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/plans_are_all_or_nothing";
    let (key, other) = (world.project(service, B).await?, world.project(service, B).await?);
    issues(service, world, B, &key, 2).await?;
    issues(service, world, B, &other, 3).await?;
    let begins = world.shows(Trait::SprintsBegin);
    let mut op = CreateSprint::of(&key, "Whole").goal("Before");
    op.starts_at = begins.then(|| day(5));
    let made = done(B, "create_sprint", service.create_sprint(world.cx(), op).await)?;
    let of = || PlanSprint::of(&key, made.id.as_str());
    let before = twice(service, world, B, of().add_issues(vec![1])).await?;
    let active = world.shows(Trait::ActiveSprints).then_some(SprintState::Active);
    let whole = || {
        let mut op = of().goal("After").add_issues(vec![2]).remove_issues(vec![1]);
        op.state = active;
        op
    };
    for (what, op, kind) in [
        ("an issue that does not exist", whole().add_issues(vec![2, 3]), ErrorKind::NotFound),
        ("the issue 0", whole().add_issues(vec![0]), ErrorKind::NotFound),
        ("an issue beyond all numbers", whole().add_issues(vec![u64::MAX]), ErrorKind::NotFound),
        ("a removal of an issue that does not exist", whole().remove_issues(vec![1, 3]), ErrorKind::NotFound),
        ("an issue both added and removed", whole().add_issues(vec![1, 2]), ErrorKind::Invalid),
        ("an end before its begin", whole().ends_at(day(4)), ErrorKind::Invalid),
        ("an overlong goal", whole().goal("g".repeat(BODY_MAX + 1)), ErrorKind::Invalid),
    ] {
        if op.ends_at.is_some() && !begins {
            continue;
        }
        let got = service.plan_sprint(world.cx(), op).await;
        world.refused(B, &format!("plan_sprint with {what}"), got, kind)?;
        if !world.shows(Trait::AtomicPlans) {
            continue;
        }
        let after = done(B, "plan_sprint of nothing", service.plan_sprint(world.cx(), of()).await)?;
        equal(B, &format!("the plan after {what}"), &after, &before)?;
    }
    let foreign =
        service.plan_sprint(world.cx(), PlanSprint::of(&other, made.id.as_str()).add_issues(vec![1])).await;
    world.refused(B, "plan_sprint of a sprint of another project", foreign, ErrorKind::NotFound)?;
    if !world.shows(Trait::AtomicPlans) {
        return Ok(());
    }
    equal(
        B,
        "the sprint of an issue that was not moved",
        &sprint_of(service, world, B, &key, 2).await?,
        &None,
    )
}

/// A sprint that is closed stays closed: `Conflict`, and nothing changes. Closing it again is no change; its issues can be
/// planned for another.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn closed_sprints_stay_closed(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/closed_sprints_stay_closed";
    let key = world.project(service, B).await?;
    issues(service, world, B, &key, 3).await?;
    let (made, next) =
        (create(service, world, B, &key, "Over").await?, create(service, world, B, &key, "Next").await?);
    let of = || PlanSprint::of(&key, made.id.as_str());
    let closed = twice(service, world, B, of().add_issues(vec![1, 2]).state(SprintState::Closed)).await?;
    equal(B, "state", &closed.sprint.state, &SprintState::Closed)?;
    equal(B, "issues of the closed sprint", &closed.issues, &[1, 2])?;
    for state in [SprintState::Planned, SprintState::Active] {
        if !world.shows(Trait::ClosedSprintsStayClosed) {
            break;
        }
        let op = of().state(state).goal("Again").remove_issues(vec![1]);
        let got = service.plan_sprint(world.cx(), op).await;
        world.refused(
            B,
            &format!("plan_sprint of a closed sprint to {state:?}"),
            got,
            ErrorKind::Conflict,
        )?;
        let after = done(B, "plan_sprint of nothing", service.plan_sprint(world.cx(), of()).await)?;
        equal(B, "the closed sprint", &after, &closed)?;
    }
    let op = PlanSprint::of(&key, next.id.as_str()).add_issues(vec![2]);
    equal(B, "issues of the next sprint", &twice(service, world, B, op).await?.issues, &[2])?;
    let after = done(B, "plan_sprint of nothing", service.plan_sprint(world.cx(), of()).await)?;
    equal(B, "issues that stayed", &after.issues, &[1])
}

/// A day of July 2026, at midnight.
fn day(day: i64) -> Timestamp {
    const JULY: i64 = 1_782_864_000;
    Timestamp::from_second(JULY + (day - 1) * 86_400).unwrap_or_default()
}

async fn create(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    key: &ProjectKey,
    name: &str,
) -> Result<Sprint, Failure> {
    done(b, "create_sprint", service.create_sprint(world.cx(), CreateSprint::of(key, name)).await)
}

async fn list(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    op: ListSprints,
) -> Result<Vec<Sprint>, Failure> {
    let page = done(b, "list_sprints", service.list_sprints(world.cx(), op).await)?;
    ensure(b, page.next.is_none(), || "expected no page after the last sprint")?;
    Ok(page.items)
}

/// Plans twice, and checks that the second time changes nothing.
async fn twice(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    op: PlanSprint,
) -> Result<SprintPlan, Failure> {
    let first = done(b, "plan_sprint", service.plan_sprint(world.cx(), op.clone()).await)?;
    let second = done(b, "plan_sprint a second time", service.plan_sprint(world.cx(), op).await)?;
    equal(b, "the plan after a second time", &second, &first)?;
    Ok(first)
}

async fn sprint_of(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    key: &ProjectKey,
    number: u64,
) -> Result<Option<String>, Failure> {
    let op = GetIssue::of(IssueRef::new(key, number));
    Ok(done(b, "get_issue", service.get_issue(world.cx(), op).await)?.sprint)
}

//! Behaviours of issues: numbers, texts, changes, bounds.

use futures_util::future::try_join_all;

use super::super::{Failure, done, ensure, equal};
use super::{BODY_MAX, TITLE_MAX, Trait, World, issues};
use crate::error::ErrorKind;
use crate::op::project::{CreateIssue, GetIssue, ProjectService, UpdateIssue};
use crate::types::IssueRef;
use crate::types::project::{Issue, IssueState};

/// What is created can be fetched, and is the same; labels come back in order and once, an empty assignee is nobody.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn issues_are_created_and_fetched(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/issues_are_created_and_fetched";
    let key = world.project(service, B).await?;
    let labels: Vec<String> = ["ux", "bug", "ux"].map(String::from).into();
    let op =
        CreateIssue::of(&key, "The lid leaks").body("Since *Monday*.").assignee(world.ann()).labels(labels);
    let made = done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
    equal(B, "project", &made.issue.project, &key)?;
    equal(B, "title", made.title.as_str(), "The lid leaks")?;
    equal(B, "body", &made.body.as_deref(), &Some("Since *Monday*."))?;
    equal(B, "assignee", &made.assignee.as_deref(), &Some(world.ann()))?;
    equal(B, "labels", &made.labels, &["bug", "ux"])?;
    equal(B, "state", &made.state, &IssueState::Open)?;
    equal(B, "the issue that was fetched", &fetch(service, world, B, &made.issue).await?, &made)?;

    let op = CreateIssue::of(&key, "Plain").assignee("");
    let plain = done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
    equal(B, "assignee of an issue for nobody", &plain.assignee, &None)?;
    equal(B, "labels of a plain issue", &plain.labels.len(), &0)?;
    equal(B, "the plain issue that was fetched", &fetch(service, world, B, &plain.issue).await?, &plain)
}

/// Issues of a project are numbered from 1 without gaps, whatever happens in other projects and to issues that are refused.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn numbers_count_from_one(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/numbers_count_from_one";
    let (first, second) = (world.project(service, B).await?, world.project(service, B).await?);
    for number in 1..=3u64 {
        for key in [&first, &second] {
            let made = service.create_issue(world.cx(), CreateIssue::of(key, "Counted")).await;
            let made = done(B, "create_issue", made)?;
            equal(B, "number", &made.issue, &IssueRef::new(key, number))?;
            let bad = service.create_issue(world.cx(), CreateIssue::of(key, "")).await;
            world.refused(B, "create_issue with an empty title", bad, ErrorKind::Invalid)?;
        }
    }
    Ok(())
}

/// Sixteen issues created at the same time get the numbers 1 to 16.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn concurrent_creates_get_distinct_numbers(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/concurrent_creates_get_distinct_numbers";
    let key = world.project(service, B).await?;
    let creates = (1..=16).map(|at| {
        let op = CreateIssue::of(&key, format!("At once {at}"));
        async move { service.create_issue(world.cx(), op).await }
    });
    let made = done(B, "16 create_issue at once", try_join_all(creates).await)?;
    let mut numbers: Vec<_> = made.iter().map(|issue| issue.issue.number).collect();
    numbers.sort_unstable();
    equal(B, "numbers", &numbers, &(1..=16).collect::<Vec<u64>>())
}

/// Titles and texts above the bounds are `Invalid`, on creation and on change, and change nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn issue_limits_are_kept(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/issue_limits_are_kept";
    let key = world.project(service, B).await?;
    let (long, big) = ("t".repeat(TITLE_MAX + 1), "b".repeat(BODY_MAX + 1));
    let bad_labels = |label: &str| vec![label.to_string()];
    for (what, op) in [
        ("an empty title", CreateIssue::of(&key, "")),
        ("a blank title", CreateIssue::of(&key, "  ")),
        ("a title of two lines", CreateIssue::of(&key, "one\ntwo")),
        ("an overlong title", CreateIssue::of(&key, long)),
        ("an overlong body", CreateIssue::of(&key, "Big").body(big)),
        ("an empty label", CreateIssue::of(&key, "Labelled").labels(bad_labels(""))),
        ("a label of two lines", CreateIssue::of(&key, "Labelled").labels(bad_labels("a\nb"))),
    ] {
        let made = service.create_issue(world.cx(), op).await;
        world.refused(B, &format!("create_issue with {what}"), made, ErrorKind::Invalid)?;
    }
    let made = issues(service, world, B, &key, 1).await?;
    equal(B, "the number of the first issue", &made[0].issue.number, &1)
}

/// A change touches what it names: the rest stays, labels are replaced, an empty assignee is nobody.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn updates_change_what_they_name(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/updates_change_what_they_name";
    let key = world.project(service, B).await?;
    let labels = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let op = CreateIssue::of(&key, "Before").body("Text").assignee(world.ann()).labels(labels(&["old"]));
    let made = done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
    let of = || UpdateIssue::of(&made.issue);

    let got = update(service, world, B, of()).await?;
    equal(B, "an issue after a change of nothing", &same(&got, &made), &same(&made, &made))?;

    let got = update(service, world, B, of().title("After")).await?;
    equal(B, "title", got.title.as_str(), "After")?;
    equal(B, "body that was not named", &got.body.as_deref(), &Some("Text"))?;
    equal(B, "assignee that was not named", &got.assignee.as_deref(), &Some(world.ann()))?;
    equal(B, "labels that were not named", &got.labels, &["old"])?;
    equal(B, "state that was not named", &got.state, &IssueState::Open)?;

    let got = update(service, world, B, of().labels(labels(&["z", "a", "z"])).body("New")).await?;
    equal(B, "labels", &got.labels, &["a", "z"])?;
    equal(B, "body", &got.body.as_deref(), &Some("New"))?;
    let got = update(service, world, B, of().labels(Vec::new())).await?;
    equal(B, "labels after their removal", &got.labels.len(), &0)?;

    let got = update(service, world, B, of().assignee(world.bob())).await?;
    equal(B, "assignee", &got.assignee.as_deref(), &Some(world.bob()))?;
    let got = update(service, world, B, of().assignee("")).await?;
    equal(B, "assignee after its removal", &got.assignee, &None)?;

    for (what, op) in [
        ("an empty title", of().title("")),
        ("an overlong title", of().title("t".repeat(TITLE_MAX + 1))),
        ("an overlong body", of().title("Not kept").body("b".repeat(BODY_MAX + 1))),
        ("an empty label", of().title("Not kept").labels(labels(&[""]))),
    ] {
        let refusal = service.update_issue(world.cx(), op).await;
        world.refused(B, &format!("update_issue with {what}"), refusal, ErrorKind::Invalid)?;
    }
    equal(B, "an issue after refused changes", &fetch(service, world, B, &made.issue).await?, &got)
}

/// An issue goes through its states and back; a state that the tracker lacks is `Unsupported`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn issues_close_and_reopen(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/issues_close_and_reopen";
    let key = world.project(service, B).await?;
    let made = issues(service, world, B, &key, 1).await?;
    for state in [IssueState::InProgress, IssueState::Closed, IssueState::Closed, IssueState::Open] {
        let op = UpdateIssue::of(&made[0].issue).state(state);
        if state == IssueState::InProgress && !world.shows(Trait::InProgress) {
            let got = service.update_issue(world.cx(), op).await;
            world.refused(B, "update_issue to in progress", got, ErrorKind::Unsupported)?;
            continue;
        }
        let got = update(service, world, B, op).await?;
        equal(B, "state", &got.state, &state)?;
    }
    Ok(())
}

/// Text of any language comes back to the letter.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn text_comes_back_as_written(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/text_comes_back_as_written";
    let key = world.project(service, B).await?;
    for text in
        ["Größe – 漢字かな", "e\u{301} ≠ é", "🧰👩‍👧 مرحبا", "'; DROP TABLE issue; --", "%_\\\"\u{2028}x"]
    {
        let body = format!("{text}\n\n\t- [ ] {text}\r\n");
        let label = if world.shows(Trait::AnyLabel) { text } else { "plain" };
        let op = CreateIssue::of(&key, text).body(body.as_str()).labels(vec![label.to_string()]);
        let made = done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
        let got = fetch(service, world, B, &made.issue).await?;
        equal(B, "title", got.title.as_str(), text)?;
        equal(B, "body", &got.body.as_deref(), &Some(body.as_str()))?;
        equal(B, "labels", &got.labels, &[label])?;
    }
    Ok(())
}

async fn fetch(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    issue: &IssueRef,
) -> Result<Issue, Failure> {
    done(b, "get_issue", service.get_issue(world.cx(), GetIssue::of(issue)).await)
}

/// Changes an issue, and checks that a fetch agrees with the answer.
async fn update(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    op: UpdateIssue,
) -> Result<Issue, Failure> {
    let issue = op.issue.clone();
    let answer = done(b, "update_issue", service.update_issue(world.cx(), op).await)?;
    let got = fetch(service, world, b, &issue).await?;
    ensure(b, got == answer, || format!("expected the answer of the change, {answer:?}, got {got:?}"))?;
    Ok(answer)
}

/// An issue with the time of change of another: a provider may note a change of nothing.
fn same(issue: &Issue, other: &Issue) -> Issue {
    let mut issue = issue.clone();
    issue.updated_at = other.updated_at;
    issue
}

//! Behaviours of what does not exist.

use super::super::{Failure, done, ensure, equal};
use super::World;
use crate::error::ErrorKind;
use crate::op::Operation as _;
use crate::op::project::{
    AddComment, CreateIssue, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments, ListIssues,
    ListLabels, ListSprints, ListUsers, PlanSprint, ProjectService, SearchIssues, UnlinkIssues, UpdateIssue,
    UpdateProject,
};
use crate::types::{IssueRef, ProjectKey};

const B: &str = "project/missing_things_are_not_found";

/// Whatever names a project, an issue or a sprint that does not exist is `NotFound`, and makes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn missing_things_are_not_found(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    let nowhere = world.missing();
    let empty = world.project(service, B).await?;
    no_project(service, world, &nowhere).await?;
    for issue in [
        IssueRef::new(&nowhere, 1u64),
        IssueRef::new(&empty, 1u64),
        IssueRef::new(&empty, 0u64),
        IssueRef::new(&empty, u64::MAX),
    ] {
        no_issue(service, world, &issue, &IssueRef::new(&empty, 2u64)).await?;
    }
    if world.operations().has(PlanSprint::META) {
        for (key, sprint) in [(&nowhere, "1"), (&empty, ""), (&empty, "0"), (&empty, "none such")] {
            let got = service.plan_sprint(world.cx(), PlanSprint::of(key, sprint)).await;
            world.refused(B, &format!("plan_sprint of {sprint:?} in {key}"), got, ErrorKind::NotFound)?;
        }
    }
    if world.operations().has(ListIssues::META) {
        let page = done(B, "list_issues", service.list_issues(world.cx(), ListIssues::of(&empty)).await)?;
        equal(B, "issues of an empty project", &page.items.len(), &0)?;
        ensure(B, page.next.is_none(), || "expected no page after an empty one")?;
    }
    Ok(())
}

async fn no_project(
    service: &impl ProjectService,
    world: &World,
    nowhere: &ProjectKey,
) -> Result<(), Failure> {
    let kind = ErrorKind::NotFound;
    if world.operations().has(GetProject::META) {
        world.refused(
            B,
            "get_project",
            service.get_project(world.cx(), GetProject::of(nowhere)).await,
            kind,
        )?;
    }
    if world.operations().has(UpdateProject::META) {
        let op = UpdateProject::of(nowhere).name("Lost");
        world.refused(B, "update_project", service.update_project(world.cx(), op).await, kind)?;
    }
    if world.operations().has(CreateIssue::META) {
        let op = CreateIssue::of(nowhere, "Lost");
        world.refused(B, "create_issue", service.create_issue(world.cx(), op).await, kind)?;
    }
    if world.operations().has(ListIssues::META) {
        world.refused(
            B,
            "list_issues",
            service.list_issues(world.cx(), ListIssues::of(nowhere)).await,
            kind,
        )?;
    }
    if world.operations().has(SearchIssues::META) {
        let op = SearchIssues::new("lost").project(nowhere);
        world.refused(B, "search_issues", service.search_issues(world.cx(), op).await, kind)?;
    }
    if world.operations().has(CreateSprint::META) {
        let op = CreateSprint::of(nowhere, "Lost");
        world.refused(B, "create_sprint", service.create_sprint(world.cx(), op).await, kind)?;
    }
    if world.operations().has(ListSprints::META) {
        world.refused(
            B,
            "list_sprints",
            service.list_sprints(world.cx(), ListSprints::of(nowhere)).await,
            kind,
        )?;
    }
    if world.operations().has(ListLabels::META) {
        world.refused(
            B,
            "list_labels",
            service.list_labels(world.cx(), ListLabels::of(nowhere)).await,
            kind,
        )?;
    }
    if world.operations().has(ListUsers::META) {
        world.refused(B, "list_users", service.list_users(world.cx(), ListUsers::of(nowhere)).await, kind)?;
    }
    Ok(())
}

async fn no_issue(
    service: &impl ProjectService,
    world: &World,
    issue: &IssueRef,
    other: &IssueRef,
) -> Result<(), Failure> {
    let kind = ErrorKind::NotFound;
    let what = |operation: &str| format!("{operation} of {issue}");
    if world.operations().has(GetIssue::META) {
        let got = service.get_issue(world.cx(), GetIssue::of(issue)).await;
        world.refused(B, &what("get_issue"), got, kind)?;
    }
    if world.operations().has(UpdateIssue::META) {
        let got = service.update_issue(world.cx(), UpdateIssue::of(issue).title("Lost")).await;
        world.refused(B, &what("update_issue"), got, kind)?;
        let got = service.update_issue(world.cx(), UpdateIssue::of(issue)).await;
        world.refused(B, &what("update_issue without a change"), got, kind)?;
    }
    if world.operations().has(AddComment::META) {
        let got = service.add_comment(world.cx(), AddComment::of(issue, "Lost")).await;
        world.refused(B, &what("add_comment"), got, kind)?;
    }
    if world.operations().has(ListComments::META) {
        let got = service.list_comments(world.cx(), ListComments::of(issue)).await;
        world.refused(B, &what("list_comments"), got, kind)?;
    }
    if world.operations().has(LinkIssues::META) {
        let got = service.link_issues(world.cx(), LinkIssues::of(issue, other)).await;
        world.refused(B, &what("link_issues"), got, kind)?;
    }
    if world.operations().has(UnlinkIssues::META) {
        let got = service.unlink_issues(world.cx(), UnlinkIssues::of(issue, other)).await;
        world.refused(B, &what("unlink_issues"), got, kind)?;
    }
    Ok(())
}

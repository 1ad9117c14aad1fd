//! Behaviours of what does not exist.

use super::super::{Failure, done, ensure, equal, refused};
use super::{cx, unused_key};
use crate::error::ErrorKind;
use crate::op::project::{
    AddComment, CreateIssue, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments, ListIssues,
    ListLabels, ListSprints, ListUsers, PlanSprint, ProjectService, SearchIssues, UnlinkIssues, UpdateIssue,
    UpdateProject,
};
use crate::op::{OpSet, Operation as _};
use crate::types::{IssueRef, ProjectKey};

const B: &str = "project/missing_things_are_not_found";

/// Whatever names a project, an issue or a sprint that does not exist is `NotFound`, and makes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn missing_things_are_not_found(
    service: &impl ProjectService,
    operations: OpSet,
) -> Result<(), Failure> {
    let nowhere = unused_key('N');
    let empty = super::project(service, B).await?;
    no_project(service, operations, &nowhere).await?;
    for issue in [
        IssueRef::new(&nowhere, 1u64),
        IssueRef::new(&empty, 1u64),
        IssueRef::new(&empty, 0u64),
        IssueRef::new(&empty, u64::MAX),
    ] {
        no_issue(service, operations, &issue, &IssueRef::new(&empty, 2u64)).await?;
    }
    if operations.has(PlanSprint::META) {
        for (key, sprint) in [(&nowhere, "1"), (&empty, ""), (&empty, "0"), (&empty, "none such")] {
            let got = service.plan_sprint(&cx(), PlanSprint::of(key, sprint)).await;
            refused(B, &format!("plan_sprint of {sprint:?} in {key}"), got, ErrorKind::NotFound)?;
        }
    }
    if operations.has(ListIssues::META) {
        let page = done(B, "list_issues", service.list_issues(&cx(), ListIssues::of(&empty)).await)?;
        equal(B, "issues of an empty project", &page.items.len(), &0)?;
        ensure(B, page.next.is_none(), || "expected no page after an empty one")?;
    }
    Ok(())
}

async fn no_project(
    service: &impl ProjectService,
    operations: OpSet,
    nowhere: &ProjectKey,
) -> Result<(), Failure> {
    let kind = ErrorKind::NotFound;
    if operations.has(GetProject::META) {
        refused(B, "get_project", service.get_project(&cx(), GetProject::of(nowhere)).await, kind)?;
    }
    if operations.has(UpdateProject::META) {
        let op = UpdateProject::of(nowhere).name("Lost");
        refused(B, "update_project", service.update_project(&cx(), op).await, kind)?;
    }
    if operations.has(CreateIssue::META) {
        let op = CreateIssue::of(nowhere, "Lost");
        refused(B, "create_issue", service.create_issue(&cx(), op).await, kind)?;
    }
    if operations.has(ListIssues::META) {
        refused(B, "list_issues", service.list_issues(&cx(), ListIssues::of(nowhere)).await, kind)?;
    }
    if operations.has(SearchIssues::META) {
        let op = SearchIssues::new("lost").project(nowhere);
        refused(B, "search_issues", service.search_issues(&cx(), op).await, kind)?;
    }
    if operations.has(CreateSprint::META) {
        let op = CreateSprint::of(nowhere, "Lost");
        refused(B, "create_sprint", service.create_sprint(&cx(), op).await, kind)?;
    }
    if operations.has(ListSprints::META) {
        refused(B, "list_sprints", service.list_sprints(&cx(), ListSprints::of(nowhere)).await, kind)?;
    }
    if operations.has(ListLabels::META) {
        refused(B, "list_labels", service.list_labels(&cx(), ListLabels::of(nowhere)).await, kind)?;
    }
    if operations.has(ListUsers::META) {
        refused(B, "list_users", service.list_users(&cx(), ListUsers::of(nowhere)).await, kind)?;
    }
    Ok(())
}

async fn no_issue(
    service: &impl ProjectService,
    operations: OpSet,
    issue: &IssueRef,
    other: &IssueRef,
) -> Result<(), Failure> {
    let kind = ErrorKind::NotFound;
    let what = |operation: &str| format!("{operation} of {issue}");
    if operations.has(GetIssue::META) {
        let got = service.get_issue(&cx(), GetIssue::of(issue)).await;
        refused(B, &what("get_issue"), got, kind)?;
    }
    if operations.has(UpdateIssue::META) {
        let got = service.update_issue(&cx(), UpdateIssue::of(issue).title("Lost")).await;
        refused(B, &what("update_issue"), got, kind)?;
        let got = service.update_issue(&cx(), UpdateIssue::of(issue)).await;
        refused(B, &what("update_issue without a change"), got, kind)?;
    }
    if operations.has(AddComment::META) {
        let got = service.add_comment(&cx(), AddComment::of(issue, "Lost")).await;
        refused(B, &what("add_comment"), got, kind)?;
    }
    if operations.has(ListComments::META) {
        let got = service.list_comments(&cx(), ListComments::of(issue)).await;
        refused(B, &what("list_comments"), got, kind)?;
    }
    if operations.has(LinkIssues::META) {
        let got = service.link_issues(&cx(), LinkIssues::of(issue, other)).await;
        refused(B, &what("link_issues"), got, kind)?;
    }
    if operations.has(UnlinkIssues::META) {
        let got = service.unlink_issues(&cx(), UnlinkIssues::of(issue, other)).await;
        refused(B, &what("unlink_issues"), got, kind)?;
    }
    Ok(())
}

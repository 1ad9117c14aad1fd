//! The behaviour suite of the project service: what every tracker does alike.
//!
//! Each behaviour is a function of its own that makes the projects it needs, so they can run alone, in any order and on a
//! tracker that is in use. [`run`] runs those whose operations a provider declares.

mod comments;
mod issues;
mod labels;
mod links;
mod listing;
mod missing;
mod projects;
mod search;
mod sprints;
mod users;

use std::time::{SystemTime, UNIX_EPOCH};

pub use comments::{comments_are_kept_apart, comments_are_listed_oldest_first};
pub use issues::{
    concurrent_creates_get_distinct_numbers, issue_limits_are_kept, issues_are_created_and_fetched,
    issues_close_and_reopen, numbers_count_from_one, text_comes_back_as_written,
    updates_change_what_they_name,
};
pub use labels::labels_are_listed_by_name;
pub use links::{links_are_kept_once, links_are_taken_away, links_need_two_issues};
pub use listing::{
    bad_cursors_are_refused, issues_are_listed_newest_first, lists_are_filtered, pages_cover_everything_once,
    pages_hold_still_while_issues_are_created,
};
pub use missing::missing_things_are_not_found;
pub use projects::{
    keys_are_checked, keys_are_unique, projects_are_created_and_fetched, projects_are_listed_by_key,
    projects_change_what_they_name,
};
pub use search::{searches_come_in_pages, searches_find_every_word, searches_take_any_text};
pub use sprints::{
    closed_sprints_stay_closed, plans_are_all_or_nothing, plans_move_issues, sprints_are_created_and_listed,
};
pub use users::users_are_listed_by_login;

use super::{Failure, done};
use crate::context::CallContext;
use crate::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, ListLabels, ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, SearchIssues,
    UnlinkIssues, UpdateIssue, UpdateProject,
};
use crate::op::{OpMeta, OpSet, Operation as _};
use crate::types::ProjectKey;
use crate::types::project::Issue;

/// The number of characters of a title that no tracker takes more of.
pub const TITLE_MAX: usize = 512;
/// The number of bytes of a text (of an issue, a comment, a description) that no tracker takes more of.
pub const BODY_MAX: usize = 1024 * 1024;
/// The number of characters of a query that no tracker takes more of.
pub const QUERY_MAX: usize = 512;
/// The number of characters of a project key that no tracker takes more of.
pub const KEY_MAX: usize = 32;

/// Runs every behaviour whose operations are in the set, and stops at the first failure.
///
/// ```
/// use mosaic_core::op::{OpSet, project::ProjectService};
/// use mosaic_core::testkit::suite::{Failure, project};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(tracker: &impl ProjectService) -> Result<(), Failure> {
///     project::run(tracker, OpSet::service(ServiceKind::Project)).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(service: &impl ProjectService, operations: OpSet) -> Result<(), Failure> {
    let has = |rows: &[&OpMeta]| rows.iter().all(|meta| operations.has(meta));
    // Every behaviour makes a project of its own; without that there is nothing to stand on.
    if !has(&[CreateProject::META]) {
        return Ok(());
    }
    missing_things_are_not_found(service, operations).await?;
    if has(&[GetProject::META]) {
        projects_are_created_and_fetched(service).await?;
        keys_are_checked(service).await?;
        keys_are_unique(service).await?;
    }
    if has(&[GetProject::META, UpdateProject::META]) {
        projects_change_what_they_name(service).await?;
    }
    if has(&[ListProjects::META]) {
        projects_are_listed_by_key(service).await?;
    }
    if !has(&[CreateIssue::META]) {
        return Ok(());
    }
    numbers_count_from_one(service).await?;
    concurrent_creates_get_distinct_numbers(service).await?;
    issue_limits_are_kept(service).await?;
    if has(&[GetIssue::META]) {
        issues_are_created_and_fetched(service).await?;
        text_comes_back_as_written(service).await?;
    }
    if has(&[GetIssue::META, UpdateIssue::META]) {
        updates_change_what_they_name(service).await?;
        issues_close_and_reopen(service).await?;
    }
    if has(&[ListIssues::META]) {
        issues_are_listed_newest_first(service).await?;
        pages_cover_everything_once(service).await?;
        pages_hold_still_while_issues_are_created(service).await?;
        bad_cursors_are_refused(service).await?;
    }
    if has(&[ListIssues::META, UpdateIssue::META]) {
        lists_are_filtered(service).await?;
    }
    if has(&[AddComment::META]) {
        comments_are_kept_apart(service).await?;
    }
    if has(&[GetIssue::META, LinkIssues::META]) {
        links_are_kept_once(service).await?;
        links_need_two_issues(service).await?;
    }
    if has(&[GetIssue::META, LinkIssues::META, UnlinkIssues::META]) {
        links_are_taken_away(service).await?;
    }
    if has(&[AddComment::META, ListComments::META]) {
        comments_are_listed_oldest_first(service).await?;
    }
    if has(&[SearchIssues::META, UpdateIssue::META]) {
        searches_find_every_word(service).await?;
    }
    if has(&[SearchIssues::META]) {
        searches_take_any_text(service).await?;
        searches_come_in_pages(service).await?;
    }
    if has(&[CreateSprint::META, ListSprints::META]) {
        sprints_are_created_and_listed(service).await?;
    }
    if has(&[CreateSprint::META, PlanSprint::META, GetIssue::META, ListIssues::META, ListSprints::META]) {
        plans_move_issues(service).await?;
    }
    if has(&[CreateSprint::META, PlanSprint::META, GetIssue::META]) {
        plans_are_all_or_nothing(service).await?;
        closed_sprints_stay_closed(service).await?;
    }
    if has(&[ListLabels::META]) {
        labels_are_listed_by_name(service).await?;
    }
    if has(&[ListUsers::META]) {
        users_are_listed_by_login(service, operations).await?;
    }
    Ok(())
}

/// The context of every call of the suite: the application itself.
fn cx() -> CallContext {
    CallContext::new()
}

/// A project key that no earlier run used: the time in nanoseconds, in base 36, after a letter that keeps the keys of one
/// behaviour apart.
fn unused_key(letter: char) -> ProjectKey {
    let mut rest = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut key = String::from(letter);
    while rest > 0 {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        key.extend(char::from_digit(digit, 36).map(|digit| digit.to_ascii_uppercase()));
        rest /= 36;
    }
    ProjectKey::new(key)
}

/// A project of its own for a behaviour.
async fn project(service: &impl ProjectService, behaviour: &'static str) -> Result<ProjectKey, Failure> {
    let made = service.create_project(&cx(), CreateProject::of(unused_key('S'), behaviour)).await;
    done(behaviour, "create_project", made).map(|project| project.key)
}

/// Issues of a project, one after the other, oldest first.
async fn issues(
    service: &impl ProjectService,
    behaviour: &'static str,
    project: &ProjectKey,
    count: usize,
) -> Result<Vec<Issue>, Failure> {
    let mut made = Vec::with_capacity(count);
    for at in 1..=count {
        let issue = service.create_issue(&cx(), CreateIssue::of(project, format!("Issue {at}"))).await;
        made.push(done(behaviour, "create_issue", issue)?);
    }
    Ok(made)
}

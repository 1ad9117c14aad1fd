//! The behaviour suite of the project service: what every tracker does alike.
//!
//! Each behaviour is a function of its own that makes the projects it needs, so they can run alone, in any order and on a
//! tracker that is in use. [`run`] runs those whose operations a provider declares. Trackers differ: what one does otherwise
//! its [`World`] says, trait by trait ([`Trait`]), and [`lacks_are_needed`] shows that nothing is said to be lacking that is
//! there.

mod comments;
mod issues;
mod labels;
mod lack;
mod links;
mod listing;
mod missing;
mod projects;
mod search;
mod sprints;
mod users;
mod world;

use std::time::{SystemTime, UNIX_EPOCH};

pub use comments::{comments_are_kept_apart, comments_are_listed_oldest_first};
pub use issues::{
    concurrent_creates_get_distinct_numbers, issue_limits_are_kept, issues_are_created_and_fetched,
    issues_close_and_reopen, numbers_count_from_one, text_comes_back_as_written,
    updates_change_what_they_name,
};
pub use labels::labels_are_listed_by_name;
pub use lack::Trait;
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
pub use world::World;

use super::{Failure, done};
use crate::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, ListLabels, ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, SearchIssues,
    UnlinkIssues, UpdateIssue, UpdateProject,
};
use crate::op::{OpMeta, Operation as _};
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

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($service:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations().has(meta)) {
            $behaviour($service, $world).await?;
        })*
    };
}

/// Runs every behaviour whose operations are declared, and stops at the first failure.
///
/// ```
/// use mosaic_core::op::{OpSet, project::ProjectService};
/// use mosaic_core::testkit::suite::{Failure, project};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(tracker: &impl ProjectService) -> Result<(), Failure> {
///     project::run(tracker, &project::World::new(OpSet::service(ServiceKind::Project))).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    // Every behaviour has a project of its own; without that there is nothing to stand on.
    if !world.has_projects() {
        return Ok(());
    }
    behaviours! { service, world:
        missing_things_are_not_found [],
        projects_are_created_and_fetched [CreateProject GetProject],
        keys_are_checked [CreateProject GetProject],
        keys_are_unique [CreateProject GetProject],
        projects_change_what_they_name [CreateProject GetProject UpdateProject],
        projects_are_listed_by_key [CreateProject ListProjects],
        numbers_count_from_one [CreateIssue],
        concurrent_creates_get_distinct_numbers [CreateIssue],
        issue_limits_are_kept [CreateIssue],
        issues_are_created_and_fetched [CreateIssue GetIssue],
        text_comes_back_as_written [CreateIssue GetIssue],
        updates_change_what_they_name [CreateIssue GetIssue UpdateIssue],
        issues_close_and_reopen [CreateIssue GetIssue UpdateIssue],
        issues_are_listed_newest_first [CreateIssue ListIssues],
        pages_cover_everything_once [CreateIssue ListIssues],
        pages_hold_still_while_issues_are_created [CreateIssue ListIssues],
        bad_cursors_are_refused [CreateIssue ListIssues],
        lists_are_filtered [CreateIssue ListIssues UpdateIssue],
        comments_are_kept_apart [CreateIssue AddComment],
        links_are_kept_once [CreateIssue GetIssue LinkIssues],
        links_need_two_issues [CreateIssue GetIssue LinkIssues],
        links_are_taken_away [CreateIssue GetIssue LinkIssues UnlinkIssues],
        comments_are_listed_oldest_first [CreateIssue AddComment ListComments],
        searches_find_every_word [CreateIssue SearchIssues UpdateIssue],
        searches_take_any_text [CreateIssue SearchIssues],
        searches_come_in_pages [CreateIssue SearchIssues],
        sprints_are_created_and_listed [CreateSprint ListSprints],
        plans_move_issues [CreateIssue CreateSprint PlanSprint GetIssue ListIssues ListSprints],
        plans_are_all_or_nothing [CreateIssue CreateSprint PlanSprint GetIssue],
        closed_sprints_stay_closed [CreateIssue CreateSprint PlanSprint GetIssue],
        labels_are_listed_by_name [CreateIssue ListLabels],
        users_are_listed_by_login [CreateIssue ListUsers],
    }
    Ok(())
}

/// Runs the suite once for each [`Trait`] that the provider is said to be without, asking for that one as well: it must fail.
/// What passes is said to be lacking for nothing.
///
/// ```
/// use mosaic_core::op::project::ProjectService;
/// use mosaic_core::testkit::suite::{Failure, project};
///
/// async fn says_the_truth(tracker: &impl ProjectService, world: &project::World) -> Result<(), Failure> {
///     project::lacks_are_needed(tracker, world).await
/// }
/// ```
///
/// # Errors
/// The first trait that the provider has after all, with the reason that was given.
pub async fn lacks_are_needed(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    for (lacked, _) in world.lacks() {
        if run(service, &world.asking_for(lacked)).await.is_ok() {
            return Err(world.needless(lacked));
        }
    }
    Ok(())
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

/// Issues of a project, one after the other, oldest first.
async fn issues(
    service: &impl ProjectService,
    world: &World,
    behaviour: &'static str,
    project: &ProjectKey,
    count: usize,
) -> Result<Vec<Issue>, Failure> {
    let mut made = Vec::with_capacity(count);
    for at in 1..=count {
        let issue = service.create_issue(world.cx(), CreateIssue::of(project, format!("Issue {at}"))).await;
        made.push(done(behaviour, "create_issue", issue)?);
    }
    Ok(made)
}

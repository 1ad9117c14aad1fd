//! Behaviours of the people of a project.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal};
use super::{Trait, World};
use crate::op::Operation as _;
use crate::op::project::{AddComment, CreateIssue, ListUsers, ProjectService};

/// Whoever is assigned to an issue of a project, opened one or commented on one is listed, each once and ordered by login, in
/// pages of every size.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn users_are_listed_by_login(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/users_are_listed_by_login";
    let key = world.project(service, B).await?;
    let (mut expected, all) = (Vec::new(), world.shows(Trait::ListsAllWhoTookPart));
    for assignee in [world.bob(), world.ann(), world.bob()] {
        let op = CreateIssue::of(&key, "Assigned").assignee(assignee);
        let made = done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
        expected.extend(made.author.filter(|_| all));
        expected.extend(made.assignee);
        if world.operations().has(AddComment::META) {
            let said = service.add_comment(world.cx(), AddComment::of(&made.issue, "Seen.")).await;
            expected.extend(done(B, "add_comment", said)?.author.filter(|_| all));
        }
    }
    let (cx, op) = (world.cx(), ListUsers::of(&key));
    for limit in [1, 2, 100] {
        let users = walk(B, &op, limit, |op| service.list_users(cx, op)).await?;
        let logins = users.into_iter().map(|user| user.login).collect();
        let logins: Vec<String> = world.ordered(Trait::UsersByLogin, logins, Ord::cmp);
        ensure(B, logins.is_sorted_by(|a, b| a < b), || {
            format!("pages of {limit}: expected each login once and in order, got {logins:?}")
        })?;
        let lost: Vec<_> = expected.iter().filter(|login| !logins.contains(login)).collect();
        equal(B, &format!("people who are missing in pages of {limit}"), &lost.len(), &0)?;
    }
    refuse_cursors(B, &op, |op| service.list_users(cx, op)).await
}

//! Behaviours of comments.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal};
use super::{BODY_MAX, World, issues};
use crate::context::Principal;
use crate::error::ErrorKind;
use crate::op::project::{AddComment, ListComments, ProjectService};

/// Comments come back as written, each with an id of its own; empty and overlong ones are `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn comments_are_kept_apart(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/comments_are_kept_apart";
    let key = world.project(service, B).await?;
    let made = issues(service, world, B, &key, 2).await?;
    let ann = world.cx().clone().principal(Principal::user("ann"));
    let mut ids = Vec::new();
    for issue in made.iter().chain(&made) {
        let op = AddComment::of(&issue.issue, "Seen *too*. 漢字");
        let comment = done(B, "add_comment", service.add_comment(&ann, op).await)?;
        equal(B, "body", comment.body.as_str(), "Seen *too*. 漢字")?;
        ensure(B, !comment.id.is_empty(), || "expected an id, got an empty text")?;
        ids.push(comment.id);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    equal(B, "ids of their own", &ids.len(), &count)?;
    for (what, body) in
        [("empty", String::new()), ("blank", " \n".into()), ("overlong", "b".repeat(BODY_MAX + 1))]
    {
        let refusal = service.add_comment(world.cx(), AddComment::of(&made[0].issue, body)).await;
        world.refused(B, &format!("add_comment with an {what} text"), refusal, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// Comments are listed oldest first, as they were answered, in pages of every size; those of other issues are not.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn comments_are_listed_oldest_first(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/comments_are_listed_oldest_first";
    let key = world.project(service, B).await?;
    let made = issues(service, world, B, &key, 2).await?;
    let cx = world.cx();
    let none = ListComments::of(&made[0].issue);
    let page = done(B, "list_comments", service.list_comments(cx, none).await)?;
    equal(B, "comments of a new issue", &page.items.len(), &0)?;
    ensure(B, page.next.is_none(), || "expected no page after an empty one")?;
    let mut said = [Vec::new(), Vec::new()];
    for at in 0..6 {
        let op = AddComment::of(&made[at % 2].issue, format!("Comment {at}"));
        said[at % 2].push(done(B, "add_comment", service.add_comment(cx, op).await)?);
    }
    for (issue, expected) in made.iter().zip(&said) {
        let op = ListComments::of(&issue.issue);
        for limit in 1..=4 {
            let listed = walk(B, &op, limit, |op| service.list_comments(cx, op)).await?;
            equal(B, &format!("comments in pages of {limit}"), &listed, expected)?;
        }
        refuse_cursors(B, &op, |op| service.list_comments(cx, op)).await?;
    }
    Ok(())
}

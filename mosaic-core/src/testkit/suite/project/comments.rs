//! Behaviours of comments.

use super::super::{Failure, done, ensure, equal, refused};
use super::{BODY_MAX, cx, issues, project};
use crate::context::Principal;
use crate::error::ErrorKind;
use crate::op::project::{AddComment, ProjectService};

/// Comments come back as written, each with an id of its own; empty and overlong ones are `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn comments_are_kept_apart(service: &impl ProjectService) -> Result<(), Failure> {
    const B: &str = "project/comments_are_kept_apart";
    let key = project(service, B).await?;
    let made = issues(service, B, &key, 2).await?;
    let ann = cx().principal(Principal::user("ann"));
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
        let refusal = service.add_comment(&cx(), AddComment::of(&made[0].issue, body)).await;
        refused(B, &format!("add_comment with an {what} text"), refusal, ErrorKind::Invalid)?;
    }
    Ok(())
}

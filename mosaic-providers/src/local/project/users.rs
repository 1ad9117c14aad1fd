//! People of the tracker: those who write in a project, and those to whom its issues are assigned.

use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::ListUsers;
use mosaic_core::types::Page;
use mosaic_core::types::project::User;

use super::store::Store;
use super::{fault, projects};
use crate::cursor::List;

pub(super) async fn list(store: &Store, op: &ListUsers) -> Result<Page<User>> {
    let list = List((ListUsers::META.name, &op.project));
    let limit = op.page.limit();
    let after: Option<String> = list.after(&op.page)?;
    let project = projects::project_id(store.readers(), &op.project).await?;
    // Goes from name to name in two indexes, so that a page costs what it holds. A name can be empty: that of a caller without
    // one, who is nobody here.
    let names: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE next (name) AS (
            SELECT ?2
            UNION ALL
            SELECT (SELECT min(name) FROM (
                    SELECT min(name) AS name FROM author WHERE project = ?1 AND name > next.name
                    UNION ALL
                    SELECT min(assignee) FROM issue WHERE project = ?1 AND assignee > next.name))
                FROM next WHERE next.name IS NOT NULL LIMIT ?3)
         SELECT name FROM next WHERE name > ?2",
    )
    .bind(project)
    .bind(after.unwrap_or_default())
    // The place to begin at, the page, and the one that says that there is another.
    .bind(limit as i64 + 2)
    .fetch_all(store.readers())
    .await
    .map_err(fault::before_commit)?;
    let users = names.into_iter().map(User::new).collect();
    Ok(list.page(users, limit, |user: &User| user.login.clone()))
}

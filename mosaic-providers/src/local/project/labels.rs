//! Labels of the tracker: those that issues of a project have.

use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::ListLabels;
use mosaic_core::types::Page;
use mosaic_core::types::project::Label;

use super::store::Store;
use super::{fault, projects};
use crate::cursor::List;

pub(super) async fn list(store: &Store, op: &ListLabels) -> Result<Page<Label>> {
    let list = List((ListLabels::META.name, &op.project));
    let limit = op.page.limit();
    let after: Option<String> = list.after(&op.page)?;
    let project = projects::project_id(store.readers(), &op.project).await?;
    // Goes from name to name in the index: a page costs what it holds, not the number of issues that have its labels.
    let names: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE next (name) AS (
            SELECT min(name) FROM label WHERE project = ?1 AND name > ?2
            UNION ALL
            SELECT (SELECT min(name) FROM label WHERE project = ?1 AND name > next.name)
                FROM next WHERE next.name IS NOT NULL LIMIT ?3)
         SELECT name FROM next WHERE name IS NOT NULL",
    )
    .bind(project)
    // No name is empty.
    .bind(after.unwrap_or_default())
    .bind(limit as i64 + 1)
    .fetch_all(store.readers())
    .await
    .map_err(fault::before_commit)?;
    let labels = names.into_iter().map(Label::new).collect();
    Ok(list.page(labels, limit, |label: &Label| label.name.clone()))
}

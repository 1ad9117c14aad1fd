//! The search for words in issues, through the full-text index of the file.

use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::SearchIssues;
use mosaic_core::types::Page;
use mosaic_core::types::project::Issue;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::row::{ISSUE, issue, stored_state};
use super::store::Store;
use super::{fault, projects, validate};
use crate::cursor::List;

pub(super) async fn search(store: &Store, op: &SearchIssues) -> Result<Page<Issue>> {
    validate::query(&op.query)?;
    let list = List((SearchIssues::META.name, &op.query, &op.project, op.state));
    let limit = op.page.limit();
    let after: Option<i64> = list.after(&op.page)?;
    if let Some(project) = &op.project {
        projects::project_id(store.readers(), project).await?;
    }
    let mut query = QueryBuilder::<Sqlite>::new(ISSUE);
    // A cross join keeps the order of the tables: the index gives its rows newest first, so that a page ends the search.
    query.push(
        " FROM issue_text t CROSS JOIN issue i ON i.id = t.rowid JOIN project p ON p.id = i.project
          WHERE t.issue_text MATCH ",
    );
    query.push_bind(expression(&op.query));
    if let Some(after) = after {
        query.push(" AND t.rowid < ").push_bind(after);
    }
    if let Some(project) = &op.project {
        query.push(" AND p.key = ").push_bind(project.as_str());
    }
    if let Some(state) = op.state {
        query.push(" AND i.state = ").push_bind(stored_state(state));
    }
    query.push(" ORDER BY t.rowid DESC LIMIT ").push_bind(limit as i64 + 1);
    let rows = query.build().fetch_all(store.readers()).await.map_err(fault::before_commit)?;
    let found = rows
        .iter()
        .map(|row| Ok((row.try_get("id").map_err(fault::before_commit)?, issue(row)?)))
        .collect::<Result<Vec<(i64, Issue)>>>()?;
    let page = list.page(found, limit, |(id, _)| *id);
    Ok(Page::new(page.items.into_iter().map(|(_, issue)| issue).collect(), page.next))
}

/// The query in the language of the index: each word between quotation marks, where nothing has a meaning of its own, and
/// all of them needed. A word such as `re-open` is its parts in this order. The index reads a query up to the first zero byte,
/// so these part words as spaces do.
fn expression(query: &str) -> String {
    let words = query.split(|c: char| c.is_whitespace() || c.is_control() || c == '"');
    let words = words.filter(|word| word.contains(char::is_alphanumeric));
    words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_quoted_and_signs_alone_are_none() {
        assert_eq!(expression(" leaking  lid "), r#""leaking" "lid""#);
        assert_eq!(expression("re-open -- \"the lid\" AND\0*"), r#""re-open" "the" "lid" "AND""#);
    }

    proptest! {
        #[test]
        fn every_quotation_mark_is_ours(query in any::<String>()) {
            let got = expression(&query);
            prop_assert_eq!(got.matches('"').count(), 2 * got.split_terminator(' ').count());
            prop_assert!(!got.contains(char::is_control));
        }
    }
}

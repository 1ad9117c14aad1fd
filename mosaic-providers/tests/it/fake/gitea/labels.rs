//! Labels of a repository.

use serde_json::{Value, json};

use super::fault::error;
use super::{Answer, Cx};
use crate::fake::forge::{Label, Repo};
use crate::fake::http::Reply;

pub(super) fn shape(cx: &Cx<'_>, repo: &Repo, label: &Label) -> Value {
    json!({
        "id": label.id, "name": label.name, "exclusive": false, "is_archived": false, "color": label.color,
        "description": label.description.as_deref().unwrap_or_default(),
        "url": format!("{}/labels/{}", cx.repo_url(repo), label.id),
    })
}

/// In the order of their names.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all: Vec<_> = repo.labels.iter().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cx.counted(&cx.page(all).map(|label| shape(cx, repo, label))))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let name = cx.filled("name").ok_or_else(|| error(422, "[Name]: Required"))?;
    let color = cx.filled("color").ok_or_else(|| error(422, "[Color]: Required"))?;
    let made = cx.forge().add_label(repo.id, name, color, cx.filled("description"));
    let made = made.ok_or_else(|| error(422, "the label is there"))?;
    Ok(Reply::json(201, &shape(cx, repo, &made)))
}

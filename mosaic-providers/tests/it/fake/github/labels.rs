//! Labels of a repository and of its issues.

use serde_json::Value;

use super::fault::{failed, field, not_found};
use super::issues::{item, names};
use super::{Answer, Cx};
use crate::fake::forge::{Label, Repo};
use crate::fake::http::{Reply, encode};

/// In the order of their names, as GitHub lists them.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Reply {
    let mut all: Vec<_> = repo.labels.iter().collect();
    all.sort_by_key(|label| label.name.to_lowercase());
    cx.listed(&cx.page(all).map(|label| cx.label(repo, label)))
}

fn color(cx: &Cx<'_>, name: &str) -> Result<Option<String>, Reply> {
    match cx.text(name) {
        Some(color) if color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Some(color.to_lowercase()))
        }
        Some(_) => Err(field("Label", "color", "invalid")),
        None => Ok(None),
    }
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let name = cx
        .text("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| field("Label", "name", "missing_field"))?;
    let color = color(cx, "color")?.unwrap_or_else(|| "ededed".into());
    let made = cx.forge().add_label(repo.id, name, &color, cx.text("description"));
    let made = made.ok_or_else(|| field("Label", "name", "already_exists"))?;
    let url = format!("{}/labels/{}", cx.repo_url(repo), encode(name));
    Ok(Reply::json(201, &cx.label(repo, &made)).header("location", url))
}

fn named<'a>(repo: &'a Repo, name: &str) -> Result<&'a Label, Reply> {
    repo.label(name).ok_or_else(not_found)
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    Ok(Reply::json(200, &cx.label(repo, named(repo, name)?)))
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    let old = named(repo, name)?.clone();
    let color = color(cx, "color")?;
    let new_name = cx.text("new_name").filter(|name| !name.is_empty());
    if new_name.is_some_and(|new| !new.eq_ignore_ascii_case(&old.name) && repo.label(new).is_some()) {
        return Err(field("Label", "name", "already_exists"));
    }
    let description =
        if cx.has("description") { cx.text("description").map(str::to_owned) } else { old.description };
    let new = Label {
        id: old.id,
        name: new_name.unwrap_or(&old.name).to_owned(),
        color: color.unwrap_or(old.color),
        description,
    };
    cx.forge().with(repo.id, |repo| {
        for label in repo.labels.iter_mut().filter(|label| label.id == new.id) {
            *label = new.clone();
        }
        for label in
            repo.items.values_mut().flat_map(|item| &mut item.labels).filter(|label| **label == old.name)
        {
            label.clone_from(&new.name);
        }
    });
    Ok(Reply::json(200, &cx.label(repo, &new)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    let label = named(repo, name)?.clone();
    cx.forge().with(repo.id, |repo| {
        repo.labels.retain(|other| other.id != label.id);
        for item in repo.items.values_mut() {
            item.labels.retain(|other| *other != label.name);
        }
    });
    Ok(Reply::empty(204))
}

fn shown(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &Value::Array(cx.labels_of(&repo, item(&repo, number)?))))
}

pub(super) fn of_issue(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let labels = cx.labels_of(repo, item(repo, number)?);
    Ok(cx.listed(&cx.page(labels)))
}

/// Adds labels, or puts these in the place of all. The body is `{"labels": [..]}` or the list itself.
pub(super) fn add_to_issue(cx: &Cx<'_>, repo: &Repo, number: u64, replace: bool) -> Answer {
    cx.writer(repo)?;
    item(repo, number)?;
    let bare =
        cx.body.as_array().map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let wanted: Vec<String> = names(cx, "labels").or(bare).unwrap_or_default();
    if wanted.iter().any(|name| name.is_empty()) {
        return Err(failed(
            serde_json::json!([{ "resource": "Label", "field": "name", "code": "missing_field" }]),
        ));
    }
    let wanted = cx.forge().ensure_labels(repo.id, &wanted);
    cx.forge().change_item(repo.id, number, |item| {
        if replace {
            item.labels.clear();
        }
        for name in wanted {
            if !item.labels.contains(&name) {
                item.labels.push(name);
            }
        }
    });
    shown(cx, repo, number)
}

/// Takes one away, or all.
pub(super) fn take_from_issue(cx: &Cx<'_>, repo: &Repo, number: u64, name: Option<&str>) -> Answer {
    cx.writer(repo)?;
    let item = item(repo, number)?;
    if name.is_some_and(|name| !item.labels.iter().any(|label| label.eq_ignore_ascii_case(name))) {
        return Err(super::fault::error(404, "Label does not exist"));
    }
    cx.forge().change_item(repo.id, number, |item| match name {
        Some(name) => item.labels.retain(|label| !label.eq_ignore_ascii_case(name)),
        None => item.labels.clear(),
    });
    if name.is_none() { Ok(Reply::empty(204)) } else { shown(cx, repo, number) }
}

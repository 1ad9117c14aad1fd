//! Milestones, labels and members of a project.

use mosaic_core::types::Timestamp;
use serde_json::{Value, json};

use super::wire::{time, with};
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Label, Milestone, Repo, UserKind, now};
use crate::fake::http::Reply;

fn day(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.strftime("%Y-%m-%d").to_string())
}

pub(super) fn shape(cx: &Cx<'_>, repo: &Repo, milestone: &Milestone) -> Value {
    json!({
        "id": milestone.id, "iid": milestone.number, "project_id": repo.id, "title": milestone.title,
        "description": milestone.description.as_deref().unwrap_or_default(),
        "state": if milestone.open { "active" } else { "closed" }, "created_at": time(milestone.created_at),
        "updated_at": time(milestone.updated_at), "due_date": day(milestone.due_at),
        "start_date": day(milestone.starts_at), "expired": false,
        "web_url": format!("{}/-/milestones/{}", cx.page_of(repo), milestone.number),
    })
}

/// Those that are due first come first, those without a day last.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let fits = |milestone: &&Milestone| match cx.ask.query("state") {
        Some("active") => milestone.open,
        Some("closed") => !milestone.open,
        _ => true,
    };
    let mut all: Vec<_> = repo.milestones.iter().filter(fits).collect();
    all.sort_by_key(|milestone| {
        (milestone.due_at.is_none(), milestone.due_at, std::cmp::Reverse(milestone.id))
    });
    cx.list(all.into_iter().map(|milestone| shape(cx, repo, milestone)).collect())
}

fn find<'a>(repo: &'a Repo, id: &str) -> Result<&'a Milestone, Reply> {
    repo.milestones.iter().find(|milestone| milestone.id.to_string() == id).ok_or_else(|| missing(""))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    Ok(Reply::json(200, &shape(cx, repo, find(repo, id)?)))
}

/// The day that a field says, as the begin of it.
fn date(cx: &Cx<'_>, field: &str) -> Result<Option<Timestamp>, Reply> {
    let Some(text) = cx.text(field) else { return Ok(None) };
    let at = format!("{text}T00:00:00Z").parse();
    at.map(Some).map_err(|_| Reply::json(400, &json!({ "error": format!("{field} is invalid") })))
}

fn write(cx: &Cx<'_>, milestone: &mut Milestone) -> Result<(), Reply> {
    if let Some(text) = cx.text("description") {
        milestone.description = Some(text.to_owned());
    }
    milestone.starts_at = date(cx, "start_date")?.or(milestone.starts_at);
    milestone.due_at = date(cx, "due_date")?.or(milestone.due_at);
    if let (Some(begin), Some(end)) = (milestone.starts_at, milestone.due_at)
        && end <= begin
    {
        let why = "must be greater than start date";
        return Err(message(400, &format!("Failed to update milestone {{:due_date=>[{why:?}]}}")));
    }
    match cx.text("state_event") {
        Some("close") => milestone.open = false,
        Some("activate") => milestone.open = true,
        _ => {}
    }
    milestone.updated_at = now();
    Ok(())
}

fn save(cx: &Cx<'_>, repo: &Repo, milestone: &Milestone) {
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.milestones.iter_mut().find(|other| other.id == milestone.id) {
            *place = milestone.clone();
        }
    });
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let made = cx.forge().add_milestone(repo.id, &me.login, cx.need("title")?);
    let taken = || {
        let why = "already being used for another group or project milestone.";
        message(400, &format!("Failed to create milestone {{:title=>[{why:?}]}}"))
    };
    let mut made = made.ok_or_else(taken)?;
    if let Err(refused) = write(cx, &mut made) {
        cx.forge().with(repo.id, |repo| repo.milestones.retain(|other| other.id != made.id));
        return Err(refused);
    }
    save(cx, repo, &made);
    Ok(Reply::json(201, &shape(cx, repo, &made)))
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    cx.writer(repo)?;
    let mut milestone = find(repo, id)?.clone();
    write(cx, &mut milestone)?;
    save(cx, repo, &milestone);
    Ok(Reply::json(200, &shape(cx, repo, &milestone)))
}

fn label(label: &Label) -> Value {
    json!({
        "id": label.id, "name": label.name, "description": label.description, "description_html": "",
        "text_color": "#FFFFFF", "color": format!("#{}", label.color), "subscribed": false, "priority": null,
        "is_project_label": true, "archived": false,
    })
}

/// By name.
pub(super) fn labels(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all: Vec<_> = repo.labels.iter().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    cx.list(all.into_iter().map(label).collect())
}

/// By its name or number.
pub(super) fn one_label(repo: &Repo, name: &str) -> Answer {
    let found = repo.labels.iter().find(|label| label.name == name || label.id.to_string() == name);
    found.map(|found| Reply::json(200, &label(found))).ok_or_else(|| missing("Label"))
}

/// Newest first.
pub(super) fn members(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut people = cx.forge().users();
    people.retain(|user| {
        user.kind == UserKind::Person
            && (cx.forge().may_write(&user.login, &repo.owner) || repo.collaborators.contains(&user.login))
    });
    people.sort_by_key(|user| std::cmp::Reverse(user.id));
    let more = json!({ "access_level": 40, "created_at": time(repo.created_at), "expires_at": null, "membership_state": "active" });
    cx.list(people.iter().map(|user| with(cx.person(&user.login), more.clone())).collect())
}

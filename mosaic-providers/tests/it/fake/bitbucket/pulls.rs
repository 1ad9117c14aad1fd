//! Pull requests.

use mosaic_core::types::git::MergeMethod;
use serde_json::{Value, json};

use super::fault::{error, not_found, refused};
use super::wire::{moment, short};
use super::{Answer, Cx, remarks};
use crate::fake::forge::{NewPull, PullView, Reason, Repo};
use crate::fake::http::{Reply, encode};

fn state(view: &PullView) -> &'static str {
    match (&view.pull.merged, view.item.open) {
        (Some(_), _) => "MERGED",
        (None, true) => "OPEN",
        (None, false) => "DECLINED",
    }
}

/// Lists leave out who takes part.
fn shape(cx: &Cx<'_>, repo: &Repo, view: &PullView, whole: bool) -> Value {
    let PullView { item, pull, .. } = view;
    let page = format!("{}/pull-requests/{}", cx.repo_page(repo), item.number);
    let body = item.body.as_deref().unwrap_or_default();
    let side = |branch: &str, hash: &str| {
        json!({
            "branch": { "name": branch }, "commit": { "hash": short(hash) }, "repository": cx.repo_in_short(repo),
        })
    };
    let rendered = |raw: &str| json!({ "raw": raw, "markup": "markdown", "html": "" });
    let mut shape = json!({
        "type": "pullrequest", "id": item.number, "title": item.title, "description": body,
        "summary": rendered(body), "rendered": { "title": rendered(&item.title), "description": rendered(body) },
        "state": state(view), "author": cx.login(&item.author), "source": side(&pull.source, &view.head),
        "destination": side(&pull.target, &view.base), "merge_commit": null, "comment_count": item.comments.len(),
        "task_count": 0, "close_source_branch": false, "closed_by": null, "reason": "", "draft": pull.draft,
        "created_on": moment(item.created_at), "updated_on": moment(item.updated_at),
        "links": { "html": { "href": page } },
    });
    if let Some(merged) = &pull.merged {
        shape["merge_commit"] = json!({ "hash": short(&merged.commit) });
        shape["closed_by"] = cx.login(&merged.by);
    }
    if whole {
        shape["reviewers"] = pull.reviewers.iter().map(|login| cx.login(login)).collect();
        shape["participants"] = remarks::participants(cx, item, pull).into();
    }
    shape
}

pub(super) async fn view(cx: &Cx<'_>, repo: &Repo, number: u64) -> Result<PullView, Reply> {
    let view = cx.forge().pull(repo.id, number).await;
    view.ok_or_else(|| not_found(&format!("There is no pull request with ID {number}")))
}

async fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let view = view(cx, repo, number).await?;
    Ok(Reply::json(status, &shape(cx, repo, &view, true)))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200).await
}

/// What a filter such as `state = "OPEN" AND source.branch.name = "lid"` says of one field.
fn wanted<'a>(filter: &'a str, field: &str) -> Option<&'a str> {
    filter.split(" AND ").find_map(|part| {
        let (name, value) = part.split_once(" = ")?;
        (name == field).then(|| value.trim_matches('"'))
    })
}

/// Open ones where nothing else is said; those that changed last first, or by what is asked for.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let states: Vec<_> =
        cx.ask.query.iter().filter(|(name, _)| name == "state").map(|(_, state)| state.as_str()).collect();
    let filter = cx.ask.query("q").unwrap_or_default();
    let mut found = Vec::new();
    for number in repo.pulls().rev().map(|item| item.number) {
        let view = view(cx, repo, number).await?;
        let asked = match states.as_slice() {
            [] => wanted(filter, "state").unwrap_or("OPEN") == state(&view),
            states => states.contains(&state(&view)),
        };
        let fits = |field: &str, value: &str| wanted(filter, field).is_none_or(|wanted| wanted == value);
        if asked
            && fits("source.branch.name", &view.pull.source)
            && fits("destination.branch.name", &view.pull.target)
        {
            found.push(view);
        }
    }
    if cx.ask.query("sort") != Some("-created_on") {
        found.sort_by_key(|view| std::cmp::Reverse(view.item.updated_at));
    }
    let cut = cx.page(found, 50).map(|view| shape(cx, repo, &view, false));
    Ok(cx.listed(&cut))
}

/// One for branches that an open one joins already changes that.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.me()?;
    let need = |pointer: &str| {
        cx.text(pointer).ok_or_else(|| error(400, &format!("{pointer}: required key not provided")))
    };
    let (title, source) = (need("/title")?, need("/source/branch/name")?);
    let target = cx.text("/destination/branch/name").unwrap_or(&repo.default_branch);
    if source == target {
        return Err(error(400, "source and destination are the same branch"));
    }
    let body = cx.text("/description").map(str::to_owned);
    let new = NewPull {
        title: title.to_owned(),
        body: body.clone(),
        source: source.to_owned(),
        target: target.to_owned(),
        draft: false,
    };
    let made = match cx.forge().create_pull(repo.id, &me.login, new).await {
        Ok(view) => view.item.number,
        Err(refusal) if refusal.reason == Reason::Exists => {
            let joins = |pull: &crate::fake::forge::Pull| pull.source == source && pull.target == target;
            let there = repo.pulls().find(|item| item.open && item.pull.as_ref().is_some_and(joins));
            let number = there.ok_or_else(|| error(400, "Bad request"))?.number;
            cx.forge()
                .change_item(repo.id, number, |item| (item.title, item.body) = (title.to_owned(), body));
            number
        }
        Err(refusal) if refusal.reason == Reason::Missing => {
            let side = if refusal.message == "head" { "source" } else { "destination" };
            return Err(error(400, &format!("{side}: branch not found")));
        }
        Err(_) => return Err(error(400, "There are no changes to be pulled")),
    };
    let repo = cx.forge().repo(repo.id).ok_or_else(|| not_found("Repository not found"))?;
    show(cx, &repo, made, 201).await
}

/// Whoever is not named among the reviewers is taken off.
pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    cx.writer(repo)?;
    let before = view(cx, repo, number).await?;
    if !before.item.open {
        return Err(error(400, "Only open pull requests can be mutated."));
    }
    let title = cx.text("/title").ok_or_else(|| error(400, "title: required key not provided"))?;
    let target = cx.text("/destination/branch/name");
    if let Some(target) = target
        && cx.forge().git(repo.id).tip(target).await.is_none()
    {
        return Err(error(400, "destination: branch not found"));
    }
    let users = cx.forge().users();
    let named = |one: &Value| {
        let uuid = one["uuid"].as_str()?;
        users.iter().find(|user| super::wire::uuid(user.id) == uuid).map(|user| user.login.clone())
    };
    let reviewers = cx.body["reviewers"].as_array().map(|all| all.iter().filter_map(named).collect());
    cx.forge().change_item(repo.id, number, |item| {
        title.clone_into(&mut item.title);
        if let Some(body) = cx.body["description"].as_str() {
            item.body = Some(body.to_owned());
        }
        if let Some(pull) = &mut item.pull {
            pull.reviewers = reviewers.unwrap_or_default();
            if let Some(target) = target {
                target.clone_into(&mut pull.target);
            }
        }
    });
    show(cx, repo, number, 200).await
}

pub(super) async fn decline(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    if !view(cx, repo, number).await?.item.open {
        return Err(error(400, "This pull request is already closed."));
    }
    cx.forge().set_pull_open(repo.id, number, false, &me.login).await.map_err(refused)?;
    show(cx, repo, number, 200).await
}

/// A merge of a pull request with `slow` in its title goes on by itself.
pub(super) async fn merge(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    let before = view(cx, repo, number).await?;
    if !before.item.open {
        return Err(error(400, "This pull request is already closed."));
    }
    let method = match cx.text("/merge_strategy").unwrap_or("merge_commit") {
        "merge_commit" => MergeMethod::Merge,
        "squash" => MergeMethod::Squash,
        "rebase_fast_forward" => MergeMethod::Rebase,
        _ => return Err(error(400, "merge_strategy: not a valid choice")),
    };
    let plain =
        format!("Merged in {} (pull request #{number})\n\n{}\n", before.pull.source, before.item.title);
    let slow = before.item.title.contains("slow");
    let _held = cx.bucket.writing.lock().await;
    let message = cx.text("/message").unwrap_or(&plain);
    let merged = cx.forge().merge_pull(repo.id, number, method, message, None, me).await;
    if slow {
        let task = format!("{}{}", if merged.is_ok() { "done-" } else { "failed-" }, cx.forge().fresh_id());
        let place =
            format!("{}/pullrequests/{number}/merge/task-status/{}", cx.repo_url(repo), encode(&task));
        return Ok(Reply::empty(202).header("location", place));
    }
    merged.map_err(|refusal| match refusal.reason {
        Reason::Conflict => error(400, "You can't merge until you resolve all merge conflicts."),
        _ => refused(refusal),
    })?;
    show(cx, repo, number, 200).await
}

/// Pending when it is asked for first.
pub(super) async fn task(cx: &Cx<'_>, repo: &Repo, number: u64, id: &str) -> Answer {
    let first = cx.forge().with(repo.id, |repo| repo.disabled.insert(format!("task {id}"))) == Some(true);
    if first {
        return Ok(Reply::json(200, &json!({ "task_status": "PENDING", "links": {} })));
    }
    if id.starts_with("failed") {
        return Err(error(400, "You can't merge until you resolve all merge conflicts."));
    }
    let view = view(cx, repo, number).await?;
    let result = shape(cx, repo, &view, true);
    Ok(Reply::json(200, &json!({ "task_status": "SUCCESS", "merge_result": result })))
}

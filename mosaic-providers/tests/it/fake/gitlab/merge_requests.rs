//! Merge requests, numbered apart from issues.

use serde_json::{Value, json};

use super::wire::{maybe_time, time, with};
use super::{Answer, Cx, message, missing, refused};
use crate::fake::forge::{NewPull, PullView, Reason, Repo};
use crate::fake::http::Reply;

/// The number of an item of the forge from a number of GitLab's.
pub(super) fn number(repo: &Repo, iid: &str) -> Result<u64, Reply> {
    let found = iid.parse().ok().and_then(|iid| repo.nth(true, iid));
    found.map(|item| item.number).ok_or_else(|| message(404, "404 Not found"))
}

pub(super) async fn view(cx: &Cx<'_>, repo: &Repo, number: u64) -> Result<PullView, Reply> {
    cx.forge().pull(repo.id, number).await.ok_or_else(|| missing(""))
}

/// The state in GitLab's word.
pub(super) fn state(view: &PullView) -> &'static str {
    match (&view.pull.merged, view.item.open) {
        (Some(_), _) => "merged",
        (None, true) => "opened",
        (None, false) => "closed",
    }
}

/// Whether it can be merged, in GitLab's older and newer word. It may take a few looks until that is known.
fn statuses(cx: &Cx<'_>, view: &PullView) -> (&'static str, &'static str) {
    if state(view) != "opened" {
        return ("can_be_merged", "not_open");
    }
    let mut extra = cx.lab.extra();
    if extra.checking > 0 {
        extra.checking -= 1;
        return ("checking", "checking");
    }
    if view.mergeable == Some(false) {
        ("cannot_be_merged", "conflict")
    } else {
        ("can_be_merged", "mergeable")
    }
}

pub(super) fn shape(cx: &Cx<'_>, repo: &Repo, view: &PullView) -> Value {
    let PullView { item, pull, .. } = view;
    let iid = repo.place_among(item);
    let merged = pull.merged.as_ref();
    let by = merged.map(|merged| cx.person(&merged.by));
    let (older, newer) = statuses(cx, view);
    let ff = cx.lab.extra().merge_methods.get(&repo.id).is_some_and(|method| method == "ff");
    let squashed = merged.filter(|merged| merged.method == mosaic_core::types::git::MergeMethod::Squash);
    let page = format!("{}/-/merge_requests/{iid}", cx.page_of(repo));
    let closed = item.closed_at.filter(|_| merged.is_none());
    let value = json!({
        "id": item.id, "iid": iid, "project_id": repo.id, "title": item.title, "description": item.body,
        "state": state(view), "created_at": time(item.created_at), "updated_at": time(item.updated_at),
        "merged_by": by, "merge_user": by, "merged_at": maybe_time(merged.map(|merged| merged.at)),
        "closed_by": null, "closed_at": maybe_time(closed), "target_branch": pull.target,
        "source_branch": pull.source, "user_notes_count": item.comments.len(), "upvotes": 0, "downvotes": 0,
        "author": cx.person(&item.author), "assignees": [], "assignee": null, "reviewers": [],
    });
    let source = if cx.lab.extra().foreign.contains(&item.id) { repo.id + 1_000 } else { repo.id };
    let more = json!({
        "source_project_id": source, "target_project_id": repo.id, "labels": item.labels, "draft": pull.draft,
        "imported": false, "imported_from": "none", "work_in_progress": pull.draft, "milestone": null,
        "merge_when_pipeline_succeeds": false, "merge_status": older, "detailed_merge_status": newer,
        "merge_after": null, "sha": view.head,
        "merge_commit_sha": merged.filter(|_| !ff).map(|merged| merged.commit.clone()),
        "squash_commit_sha": squashed.map(|merged| merged.commit.clone()), "discussion_locked": null,
        "should_remove_source_branch": null, "force_remove_source_branch": null,
        "prepared_at": time(item.created_at), "reference": format!("!{iid}"),
        "references": { "short": format!("!{iid}"), "relative": format!("!{iid}"), "full": format!("{}!{iid}", repo.full_name()) },
        "web_url": page, "squash": false, "squash_on_merge": false,
        "task_completion_status": { "count": 0, "completed_count": 0 },
        "has_conflicts": view.mergeable == Some(false), "blocking_discussions_resolved": true,
    });
    with(value, more)
}

/// As one is shown alone: with the commits that changes are counted from.
pub(super) async fn whole(cx: &Cx<'_>, repo: &Repo, view: &PullView) -> Value {
    let git = cx.forge().git(repo.id);
    let base = view.merge_base.clone().unwrap_or_else(|| view.base.clone());
    let mut value = shape(cx, repo, view);
    value["subscribed"] = true.into();
    value["changes_count"] = git.diff(Some(&base), &view.head).await.len().to_string().into();
    value["merge_error"] = Value::Null;
    value["diff_refs"] = json!({ "base_sha": base, "head_sha": view.head, "start_sha": base });
    value["user"] = json!({ "can_merge": cx.writes(repo) });
    value["first_contribution"] = false.into();
    if cx.ask.query("include_diverged_commits_count") == Some("true") {
        value["diverged_commits_count"] = git.ahead_behind(&view.head, &view.base).await.0.into();
    }
    if cx.ask.query("include_rebase_in_progress") == Some("true") {
        value["rebase_in_progress"] = false.into();
    }
    value
}

pub(super) async fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(|| missing("Project"))?;
    let view = view(cx, &repo, number).await?;
    Ok(Reply::json(status, &whole(cx, &repo, &view).await))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200).await
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let wanted = cx.ask.query("state").unwrap_or("all");
    let mut views = Vec::new();
    let numbers: Vec<_> = repo.pulls().rev().map(|item| item.number).collect();
    for number in numbers {
        let view = view(cx, repo, number).await?;
        let fits = |name: &str, value: &str| cx.ask.query(name).is_none_or(|wanted| wanted == value);
        if (wanted == "all" || state(&view) == wanted)
            && fits("source_branch", &view.pull.source)
            && fits("target_branch", &view.pull.target)
        {
            views.push(view);
        }
    }
    if cx.ask.query("sort") == Some("asc") {
        views.reverse();
    }
    Ok(cx.listed(&cx.page(views).map(|view| shape(cx, repo, &view))))
}

/// The commits of a merge request are looked at later: one from a branch that is not there is opened all the same.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let (source, target) = (cx.need("source_branch")?, cx.need("target_branch")?);
    let title = cx.need("title")?;
    if source == target {
        return Err(Reply::json(
            422,
            &json!({ "message": ["You can't use same project/branch for source and target"] }),
        ));
    }
    let new = NewPull {
        title: title.to_owned(),
        body: cx.text("description").map(str::to_owned),
        source: source.to_owned(),
        target: target.to_owned(),
        draft: false,
    };
    match cx.forge().create_pull(repo.id, &me.login, new).await {
        Ok(view) => show(cx, repo, view.item.number, 201).await,
        Err(refusal) if refusal.reason == Reason::Exists => {
            let text = "Another open merge request already exists for this source branch: !1";
            Err(Reply::json(409, &json!({ "message": [text] })))
        }
        Err(refusal) => Err(refused(&refusal)),
    }
}

/// What is said of one that is merged, or again of one that is so already, changes nothing.
pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let open = match cx.text("state_event") {
        Some("close") => Some(false),
        Some("reopen") => Some(true),
        _ => None,
    };
    if let Some(open) = open
        && view(cx, repo, number).await?.pull.merged.is_none()
    {
        let done = cx.forge().set_pull_open(repo.id, number, open, &me.login).await;
        done.map_err(|refusal| Reply::json(409, &json!({ "message": [refusal.message] })))?;
    }
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(title) = cx.text("title") {
            item.title = title.to_owned();
        }
        if let Some(text) = cx.text("description") {
            item.body = Some(text.to_owned());
        }
        if let (Some(target), Some(pull)) = (cx.text("target_branch"), &mut item.pull) {
            pull.target = target.to_owned();
        }
    });
    show(cx, repo, number, 200).await
}

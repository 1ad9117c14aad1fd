//! Pull requests.

use mosaic_core::types::git::MergeMethod;
use serde_json::{Value, json};

use super::fault::{error, missing, not_found, refused};
use super::wire::with;
use super::{Answer, Cx};
use crate::fake::forge::{NewPull, PullView, Reason, Repo};
use crate::fake::http::{Reply, maybe_time, time};

async fn shape(cx: &Cx<'_>, repo: &Repo, view: &PullView) -> Value {
    let PullView { item, pull, .. } = view;
    let page = format!("{}/pulls/{}", cx.repo_page(repo), item.number);
    let git = cx.forge().git(repo.id);
    let whole = cx.repository(repo).await;
    let gone = git.tip(&pull.source).await.is_none();
    let side = |name: &str, reference: String, sha: &str| json!({ "label": name, "ref": reference, "sha": sha, "repo_id": repo.id, "repo": whole });
    // The reference of a branch that is gone is that of the pull request itself.
    let reference = if gone { format!("refs/pull/{}/head", item.number) } else { pull.source.clone() };
    let first = json!({
        "id": item.id, "url": page, "number": item.number, "user": cx.login(&item.author), "title": item.title,
        "body": item.body.as_deref().unwrap_or_default(), "labels": [], "milestone": null, "assignee": null,
        "assignees": null, "requested_reviewers": null, "requested_reviewers_teams": null,
        "state": if item.open { "open" } else { "closed" }, "draft": pull.draft, "is_locked": item.locked,
        "comments": item.comments.len(), "additions": 0, "deletions": 0, "changed_files": 1, "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
    });
    let second = json!({
        "mergeable": view.mergeable.unwrap_or(false), "merged": pull.merged.is_some(),
        "merged_at": maybe_time(pull.merged.as_ref().map(|merged| merged.at)),
        "merge_commit_sha": pull.merged.as_ref().map(|merged| &merged.commit),
        "merged_by": pull.merged.as_ref().map(|merged| cx.login(&merged.by)), "allow_maintainer_edit": false,
        "base": side(&pull.target, pull.target.clone(), &view.base), "head": side(&pull.source, reference, &view.head),
        "merge_base": view.merge_base.as_deref().unwrap_or_default(), "due_date": null,
        "created_at": time(item.created_at), "updated_at": time(item.updated_at),
        "closed_at": maybe_time(item.closed_at), "pin_order": 0,
    });
    with(first, second)
}

pub(super) async fn view(cx: &Cx<'_>, repo: &Repo, number: u64) -> Result<PullView, Reply> {
    cx.forge().pull(repo.id, number).await.ok_or_else(|| not_found(cx))
}

async fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(|| not_found(cx))?;
    let view = view(cx, &repo, number).await?;
    Ok(Reply::json(status, &shape(cx, &repo, &view).await))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200).await
}

/// The latest one that joins two branches, open or not.
pub(super) async fn between(cx: &Cx<'_>, repo: &Repo, base: &str, head: &str) -> Answer {
    let joins = |pull: &&crate::fake::forge::Pull| pull.target == base && pull.source == head;
    let found = repo.pulls().rev().find(|item| item.pull.as_ref().filter(joins).is_some());
    let number = found.ok_or_else(|| not_found(cx))?.number;
    show(cx, repo, number, 200).await
}

/// Open ones where nothing else is said, newest first.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let state = cx.ask.query("state").unwrap_or("open");
    let fits = |open: bool| state == "all" || open == (state == "open");
    let numbers: Vec<_> = repo.pulls().rev().filter(|item| fits(item.open)).map(|item| item.number).collect();
    let cut = cx.page(numbers);
    let mut shapes = Vec::new();
    for number in &cut.items {
        shapes.push(shape(cx, repo, &view(cx, repo, *number).await?).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let need = |name: &str| cx.filled(name).ok_or_else(|| error(422, &format!("[{name}]: Required")));
    let (title, head, base) = (need("title")?, need("head")?, need("base")?);
    if head == base {
        return Err(error(422, "Invalid PullRequest: There are no changes between the head and the base"));
    }
    let new = NewPull {
        title: title.to_owned(),
        body: cx.filled("body").map(str::to_owned),
        source: head.to_owned(),
        target: base.to_owned(),
        draft: title.starts_with("WIP:"),
    };
    let made = cx.forge().create_pull(repo.id, &me.login, new).await;
    let made = made.map_err(|refusal| match refusal.reason {
        Reason::Missing => not_found(cx),
        Reason::Exists => {
            let text = format!("pull request already exists for these targets [id: 0, issue_id: 0, head_branch: {head}, base_branch: {base}]");
            error(409, &text)
        }
        _ => refused(refusal),
    })?;
    show(cx, repo, made.item.number, 201).await
}

/// Takes up one field after the other, and stops at the first that does not go.
pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let before = view(cx, repo, number).await?;
    if !cx.writes(repo) && before.item.author != me.login {
        return Err(Reply::empty(403));
    }
    if cx.filled("title").is_some() || cx.text("body").is_some() {
        cx.forge().change_item(repo.id, number, |item| {
            if let Some(title) = cx.filled("title") {
                title.clone_into(&mut item.title);
            }
            if let Some(body) = cx.text("body") {
                item.body = Some(body.to_owned());
            }
        });
    }
    if let Some(state) = cx.text("state") {
        if before.pull.merged.is_some() {
            return Err(error(412, "cannot change state of this pull request, it was already merged"));
        }
        let open = match state {
            "open" => true,
            "closed" => false,
            other => return Err(error(412, &format!("unknown state: {other}"))),
        };
        cx.forge().set_pull_open(repo.id, number, open, &me.login).await.map_err(|refusal| match refusal
            .reason
        {
            Reason::State => error(412, &refusal.message),
            _ => refused(refusal),
        })?;
    }
    let base = cx.filled("base").filter(|base| *base != before.pull.target && before.pull.merged.is_none());
    if let Some(base) = base {
        if cx.forge().git(repo.id).tip(base).await.is_none() {
            return Err(missing(&format!("new base '{base}' not exist")));
        }
        if cx.forge().twin(repo.id, Some(number), &before.pull.source, base) {
            return Err(error(409, "pull request already exists for these targets"));
        }
        cx.forge().change_item(repo.id, number, |item| {
            if let Some(pull) = &mut item.pull {
                base.clone_into(&mut pull.target);
            }
        });
    }
    show(cx, repo, number, 201).await
}

/// Answers nothing where it merges. The fields have two spellings.
pub(super) async fn merge(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    let view = view(cx, repo, number).await?;
    let field = |small: &str, large: &str| cx.filled(small).or_else(|| cx.filled(large)).map(str::to_owned);
    let method = match field("do", "Do").as_deref() {
        Some("merge") => MergeMethod::Merge,
        Some("squash") => MergeMethod::Squash,
        Some("rebase") => MergeMethod::Rebase,
        _ => return Err(error(422, "[Do]: In")),
    };
    match (&view.pull.merged, view.item.open) {
        (Some(_), _) => return Err(error(405, "")),
        (None, false) => return Err(not_found(cx)),
        _ if view.pull.draft => return Err(error(405, "Work in progress PRs cannot be merged")),
        _ if view.mergeable == Some(false) => return Err(error(405, "Please try again later")),
        _ => {}
    }
    let plain = format!(
        "Merge pull request '{}' (#{number}) from {} into {}",
        view.item.title, view.pull.source, view.pull.target
    );
    let mut message = field("merge_title_field", "MergeTitleField").unwrap_or(plain);
    if let Some(text) = field("merge_message_field", "MergeMessageField") {
        message = format!("{message}\n\n{text}");
    }
    let expected = cx.filled("head_commit_id");
    let merged = cx.forge().merge_pull(repo.id, number, method, &message, expected, me).await;
    merged.map_err(|refusal| match refusal.reason {
        Reason::Stale => error(409, "head out of date"),
        // A conflict is told as what went wrong inside, without a message.
        Reason::Conflict => {
            Reply::json(409, &json!({ "Style": "merge", "StdOut": "CONFLICT", "StdErr": "" }))
        }
        _ => refused(refusal),
    })?;
    Ok(Reply::empty(200))
}

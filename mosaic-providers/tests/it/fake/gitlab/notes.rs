//! Notes of issues and merge requests, places in changes, and approvals.

use mosaic_core::types::git::ReviewVerdict;
use serde_json::{Value, json};

use super::merge_requests::view;
use super::wire::{time, with};
use super::{Answer, Cx, absent, message, missing};
use crate::fake::forge::{Comment, FileDiff, Remark, Repo, Review, now};
use crate::fake::http::Reply;

/// What a note belongs to: the number of an item, and whether that is an `Issue` or a `MergeRequest`.
type On<'a> = (u64, &'a str);

fn note(cx: &Cx<'_>, repo: &Repo, (number, on): On<'_>, of: &Comment) -> Value {
    let item = repo.items.get(&number);
    json!({
        "id": of.id, "type": null, "body": of.body, "author": cx.person(&of.author), "created_at": time(of.created_at),
        "updated_at": time(of.updated_at), "system": false, "noteable_id": item.map(|item| item.id), "noteable_type": on,
        "project_id": repo.id, "resolvable": false, "confidential": false, "internal": false, "imported": false,
        "imported_from": "none", "noteable_iid": item.map(|item| repo.place_among(item)), "commands_changes": {},
    })
}

fn remark(cx: &Cx<'_>, repo: &Repo, number: u64, of: &Remark) -> Value {
    let kind = if of.line.is_some() { "text" } else { "file" };
    let more = json!({
        "type": "DiffNote", "resolvable": true, "resolved": false, "resolved_by": null, "commit_id": null,
        "position": {
            "base_sha": of.commit, "start_sha": of.commit, "head_sha": of.commit, "old_path": of.path,
            "new_path": of.path, "position_type": kind, "old_line": null, "new_line": of.line,
        },
    });
    let plain = Comment {
        id: of.id,
        author: of.author.clone(),
        body: of.body.clone(),
        created_at: of.created_at,
        updated_at: of.updated_at,
    };
    with(note(cx, repo, (number, "MergeRequest"), &plain), more)
}

/// Newest first unless said otherwise; what GitLab itself wrote is a note too.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo, number: u64, on: &str) -> Answer {
    let item = repo.items.get(&number).ok_or_else(|| missing(""))?;
    let mut all: Vec<(u64, Value)> =
        item.comments.iter().map(|of| (of.id, note(cx, repo, (number, on), of))).collect();
    if let Some(pull) = &item.pull {
        all.extend(pull.remarks.iter().map(|of| (of.id, remark(cx, repo, number, of))));
    }
    if cx.ask.query("activity_filter") != Some("only_comments") {
        let said = Comment {
            id: item.id,
            author: item.author.clone(),
            body: "changed the description".to_owned(),
            created_at: item.created_at,
            updated_at: item.created_at,
        };
        all.push((item.id, with(note(cx, repo, (number, on), &said), json!({ "system": true }))));
    }
    all.sort_by_key(|(id, _)| *id);
    if cx.ask.query("sort") != Some("asc") {
        all.reverse();
    }
    cx.list(all.into_iter().map(|(_, value)| value).collect())
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo, number: u64, on: &str) -> Answer {
    let me = cx.visitor(repo)?;
    let text = cx.need("body")?;
    if text.trim().is_empty() {
        return Err(message(400, "400 Bad request - Note {:note=>[\"can't be blank\"]}"));
    }
    let made = cx.forge().add_comment(repo.id, number, &me.login, text).ok_or_else(|| missing(""))?;
    Ok(Reply::json(201, &note(cx, repo, (number, on), &made)))
}

/// A discussion that begins at a place of the change: only lines that came are places here.
pub(super) async fn place(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let text = cx.need("body")?;
    let position = cx.body.get("position").ok_or_else(|| absent("position"))?;
    let field = |name: &str| {
        position.get(name).and_then(Value::as_str).ok_or_else(|| absent(&format!("position[{name}]")))
    };
    let (path, base, head) = (field("new_path")?, field("base_sha")?, field("head_sha")?);
    field("start_sha")?;
    let kind = field("position_type")?;
    let line = position.get("new_line").and_then(Value::as_u64);
    let files = cx.forge().git(repo.id).diff(Some(base), head).await;
    let file = files.iter().find(|file| file.path == path);
    let known = file.is_some_and(|file| match (kind, line) {
        ("file", None) => true,
        ("text", Some(line)) => came(file).contains(&line),
        _ => false,
    });
    if !known {
        let why = "400 Bad request - Note {:line_code=>[\"can't be blank\", \"must be a valid line code\"]}";
        return Err(message(400, why));
    }
    let made = Remark {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        body: text.to_owned(),
        path: path.to_owned(),
        line,
        commit: head.to_owned(),
        hunk: String::new(),
        review: None,
        reply_to: None,
        created_at: now(),
        updated_at: now(),
    };
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.remarks.push(made.clone());
        }
    });
    let id = format!("{:040x}", made.id);
    let note = remark(cx, repo, number, &made);
    Ok(Reply::json(201, &json!({ "id": id, "individual_note": false, "notes": [note] })))
}

/// The numbers of the lines that came, as the text of the change says.
fn came(file: &FileDiff) -> Vec<u64> {
    let (mut lines, mut at) = (Vec::new(), 0);
    for line in file.patch.as_deref().unwrap_or_default().lines() {
        if let Some(head) = line.strip_prefix("@@ ") {
            let new = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('+');
            at = new.split(',').next().and_then(|text| text.parse().ok()).unwrap_or_default();
        } else if line.starts_with('+') {
            lines.push(at);
            at += 1;
        } else if !line.starts_with('-') {
            at += 1;
        }
    }
    lines
}

pub(super) async fn approvals(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let view = view(cx, repo, number).await?;
    let given = |review: &&Review| review.verdict == ReviewVerdict::Approve && !review.dismissed;
    let by: Vec<_> = view.pull.reviews.iter().filter(given).collect();
    let mine = cx.user.as_ref().is_some_and(|me| by.iter().any(|review| review.author == me.login));
    let shown: Vec<_> = by
        .iter()
        .map(|review| json!({ "user": cx.person(&review.author), "approved_at": time(review.at) }))
        .collect();
    Ok(Reply::json(
        status,
        &json!({
            "user_has_approved": mine, "user_can_approve": cx.writes(repo) && !mine, "approved": !by.is_empty(),
            "approved_by": shown,
        }),
    ))
}

/// Who has approved may not do it again, and is told so with 401.
pub(super) async fn approve(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let now_at = view(cx, repo, number).await?;
    let mine = now_at.pull.reviews.iter().any(|review| review.author == me.login && !review.dismissed);
    if mine || !cx.writes(repo) {
        return Err(message(401, "401 Unauthorized"));
    }
    if cx.text("sha").is_some_and(|sha| sha != now_at.head) {
        return Err(message(409, "SHA does not match HEAD of source branch"));
    }
    let review = Review {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        verdict: ReviewVerdict::Approve,
        body: None,
        commit: now_at.head,
        at: now(),
        dismissed: false,
    };
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.reviews.push(review);
        }
    });
    approvals(cx, repo, number, 201).await
}

//! Pull requests.

use mosaic_core::types::git::MergeMethod;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fault::{custom, custom_field, error, field, not_found, refused};
use super::refs::bad_branch;
use super::wire::{node, with};
use super::{Answer, Cx};
use crate::fake::forge::{NewPull, PullView, Reason, Repo};
use crate::fake::http::{Reply, encode_path, maybe_time, time};

/// As in lists.
pub(super) fn simple(cx: &Cx<'_>, repo: &Repo, view: &PullView) -> Value {
    let PullView { item, pull, .. } = view;
    let api = cx.repo_url(repo);
    let (url, issue) = (format!("{api}/pulls/{}", item.number), format!("{api}/issues/{}", item.number));
    let page = format!("{}/pull/{}", cx.repo_page(repo), item.number);
    let owner = cx.login(&repo.owner);
    let side = |name: &str, sha: &str| {
        json!({
            "label": format!("{}:{name}", repo.owner), "ref": name, "sha": sha, "user": owner,
            "repo": cx.repository(repo),
        })
    };
    let statuses = format!("{api}/statuses/{}", view.head);
    let link = |href: String| json!({ "href": href });
    let assignees: Vec<_> = item.assignees.iter().map(|login| cx.login(login)).collect();
    let reviewers: Vec<_> = pull.reviewers.iter().map(|login| cx.login(login)).collect();
    json!({
        "url": url, "id": item.id, "node_id": node("PR", item.id), "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"), "issue_url": issue,
        "number": item.number, "state": if item.open { "open" } else { "closed" }, "locked": item.locked,
        "title": item.title, "user": cx.login(&item.author), "body": item.body,
        "created_at": time(item.created_at), "updated_at": time(item.updated_at),
        "closed_at": maybe_time(item.closed_at),
        "merged_at": maybe_time(pull.merged.as_ref().map(|merged| merged.at)),
        "merge_commit_sha": merge_commit(view), "assignee": assignees.first().cloned(), "assignees": assignees,
        "requested_reviewers": reviewers, "requested_teams": [], "labels": cx.labels_of(repo, item),
        "milestone": cx.milestone_of(repo, item), "draft": pull.draft, "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses, "head": side(&pull.source, &view.head), "base": side(&pull.target, &view.base),
        "_links": {
            "self": link(url.clone()), "html": link(page), "issue": link(issue.clone()),
            "comments": link(format!("{issue}/comments")), "review_comments": link(format!("{url}/comments")),
            "review_comment": link(format!("{api}/pulls/comments{{/number}}")),
            "commits": link(format!("{url}/commits")), "statuses": link(statuses),
        },
        "author_association": cx.association(repo, &item.author), "auto_merge": null, "active_lock_reason": null,
    })
}

/// The commit that merged it; of an open one the commit of a trial merge, which no branch has.
fn merge_commit(view: &PullView) -> Option<String> {
    match &view.pull.merged {
        Some(merged) => Some(merged.commit.clone()),
        None if view.mergeable == Some(false) => None,
        None => {
            let digest = Sha256::digest(format!("{} {}", view.base, view.head));
            Some(digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect())
        }
    }
}

async fn full(cx: &Cx<'_>, repo: &Repo, view: &PullView) -> Value {
    let git = cx.forge().git(repo.id);
    let base = view.merge_base.as_deref().unwrap_or(&view.base);
    let (commits, files) = (git.between(base, &view.head).await, git.diff(Some(base), &view.head).await);
    let sum = |of: fn((u64, u64)) -> u64| files.iter().filter_map(|file| file.lines).map(of).sum::<u64>();
    let merged_by = view.pull.merged.as_ref().map(|merged| cx.login(&merged.by));
    let state = match view.mergeable {
        Some(true) => "clean",
        Some(false) => "dirty",
        None => "unknown",
    };
    let more = json!({
        "merged": view.pull.merged.is_some(), "mergeable": view.mergeable, "rebaseable": view.mergeable,
        "mergeable_state": state, "merged_by": merged_by, "comments": view.item.comments.len(),
        "review_comments": view.pull.remarks.len(), "maintainer_can_modify": false, "commits": commits.len(),
        "additions": sum(|lines| lines.0), "deletions": sum(|lines| lines.1), "changed_files": files.len(),
    });
    with(simple(cx, repo, view), more)
}

pub(super) async fn view(cx: &Cx<'_>, repo: &Repo, number: u64) -> Result<PullView, Reply> {
    cx.forge().pull(repo.id, number).await.ok_or_else(not_found)
}

async fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(not_found)?;
    let view = view(cx, &repo, number).await?;
    Ok(Reply::json(status, &full(cx, &repo, &view).await))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200).await
}

/// Open ones where nothing else is said, newest first.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let state = cx.ask.query("state").unwrap_or("open");
    if !matches!(state, "open" | "closed" | "all") {
        return Err(field("PullRequest", "state", "invalid"));
    }
    let mut numbers = Vec::new();
    for item in repo.pulls() {
        let Some(pull) = &item.pull else { continue };
        let head = cx.ask.query("head").map(|head| head.split_once(':').unwrap_or((&repo.owner, head)));
        let fits = (state == "all" || item.open == (state == "open"))
            && cx.ask.query("base").is_none_or(|base| base == pull.target)
            && head
                .is_none_or(|(owner, head)| owner.eq_ignore_ascii_case(&repo.owner) && head == pull.source);
        if fits {
            numbers.push((item.updated_at, item.number));
        }
    }
    if cx.ask.query("sort") == Some("updated") {
        numbers.sort_unstable();
    }
    let up = if cx.ask.query("sort").is_some() { "asc" } else { "desc" };
    if cx.ask.query("direction").unwrap_or(up) != "asc" {
        numbers.reverse();
    }
    let cut = cx.page(numbers);
    let mut shapes = Vec::new();
    for (_, number) in &cut.items {
        shapes.push(simple(cx, repo, &view(cx, repo, *number).await?));
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let need = |name: &'static str| {
        cx.text(name)
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| field("PullRequest", name, "missing_field"))
    };
    let (title, head, base) = (need("title")?, need("head")?, need("base")?);
    let source = head.strip_prefix(&format!("{}:", repo.owner)).unwrap_or(head);
    if title.chars().count() > 256 {
        return Err(custom_field("PullRequest", "title", "title is too long (maximum is 256 characters)"));
    }
    let new = NewPull {
        title: title.to_owned(),
        body: cx.text("body").map(str::to_owned),
        source: source.to_owned(),
        target: base.to_owned(),
        draft: cx.flag("draft").unwrap_or(false),
    };
    let made =
        cx.forge().create_pull(repo.id, &me.login, new).await.map_err(|refusal| match refusal.reason {
            Reason::Missing => bad_branch("PullRequest", &refusal.message),
            Reason::Exists => {
                custom("PullRequest", &format!("A pull request already exists for {}:{source}.", repo.owner))
            }
            Reason::Invalid => custom("PullRequest", &refusal.message),
            _ => refused(refusal),
        })?;
    let url = format!("{}/pulls/{}", cx.repo_url(repo), made.item.number);
    show(cx, repo, made.item.number, 201).await.map(|reply| reply.header("location", url))
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let before = view(cx, repo, number).await?;
    if !cx.writes(repo) && before.item.author != me.login {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    if cx.text("title").is_some_and(|title| title.trim().is_empty()) {
        return Err(field("PullRequest", "title", "missing_field"));
    }
    let open = match cx.text("state") {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(field("PullRequest", "state", "invalid")),
    };
    let base = cx.text("base").filter(|base| *base != before.pull.target);
    if let Some(base) = base {
        if !open.unwrap_or(before.item.open) || before.pull.merged.is_some() {
            let message = "Cannot change base branch of a closed pull request.";
            return Err(custom_field("PullRequest", "base", message));
        }
        if cx.forge().git(repo.id).tip(base).await.is_none() {
            return Err(bad_branch("PullRequest", "base"));
        }
        if cx.forge().twin(repo.id, Some(number), &before.pull.source, base) {
            let message =
                format!("There is already an open pull request from {}:{}.", repo.owner, before.pull.source);
            return Err(custom_field("PullRequest", "base", &message));
        }
    }
    if let Some(open) = open {
        let done = cx.forge().set_pull_open(repo.id, number, open, &me.login).await;
        done.map_err(|refusal| match refusal.reason {
            Reason::Exists => {
                let message = format!(
                    "state cannot be changed. There is already an open pull request from {}:{}.",
                    repo.owner, before.pull.source
                );
                custom_field("PullRequest", "state", &message)
            }
            Reason::State => {
                custom_field("PullRequest", "state", &format!("state cannot be changed. {}", refusal.message))
            }
            _ => refused(refusal),
        })?;
    }
    let changes = ["title", "body", "base"].iter().any(|name| cx.has(name));
    if changes {
        cx.forge().change_item(repo.id, number, |item| {
            if let Some(title) = cx.text("title") {
                title.clone_into(&mut item.title);
            }
            if cx.has("body") {
                item.body = cx.text("body").map(str::to_owned);
            }
            if let (Some(base), Some(pull)) = (base, &mut item.pull) {
                base.clone_into(&mut pull.target);
            }
        });
    }
    show(cx, repo, number, 200).await
}

pub(super) async fn commits(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    let base = view.merge_base.as_deref().unwrap_or(&view.base);
    let mut commits = cx.forge().git(repo.id).between(base, &view.head).await;
    commits.reverse();
    Ok(cx.listed(&cx.page(commits).map(|commit| cx.commit(repo, &commit))))
}

pub(super) async fn files(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    let base = view.merge_base.as_deref().unwrap_or(&view.base);
    let files = cx.forge().git(repo.id).diff(Some(base), &view.head).await;
    Ok(cx.listed(&cx.page(files).map(|file| cx.diff_entry(repo, &view.head, &file))))
}

pub(super) async fn is_merged(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    if view.pull.merged.is_some() { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

pub(super) async fn merge(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    let view = view(cx, repo, number).await?;
    let method = match cx.text("merge_method") {
        None | Some("merge") => MergeMethod::Merge,
        Some("squash") => MergeMethod::Squash,
        Some("rebase") => MergeMethod::Rebase,
        Some(_) => return Err(field("PullRequest", "merge_method", "invalid")),
    };
    if view.pull.draft {
        return Err(error(405, "Pull Request is still a draft"));
    }
    let (title, text) = match method {
        MergeMethod::Squash => (format!("{} (#{number})", view.item.title), String::new()),
        _ => {
            let from = encode_path(&view.pull.source);
            (format!("Merge pull request #{number} from {}/{from}", repo.owner), view.item.title.clone())
        }
    };
    let title = cx.text("commit_title").filter(|title| !title.is_empty()).unwrap_or(&title);
    let text = cx.text("commit_message").unwrap_or(&text);
    let message = if text.is_empty() { title.to_owned() } else { format!("{title}\n\n{text}") };
    let merged = cx.forge().merge_pull(repo.id, number, method, &message, cx.text("sha"), me).await;
    let commit = merged.map_err(|refusal| match refusal.reason {
        Reason::Stale => error(409, &refusal.message),
        Reason::State | Reason::Conflict => error(405, "Pull Request is not mergeable"),
        _ => refused(refusal),
    })?;
    let shape = json!({ "sha": commit, "merged": true, "message": "Pull Request successfully merged" });
    Ok(Reply::json(200, &shape))
}

//! Pull requests: GitLab's merge requests, known by their number in the project.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{CreatePullRequest, GetPullRequest, ListPullRequests, UpdatePullRequest};
use mosaic_core::types::git::{PullRequest, PullRequestState};
use mosaic_core::types::{Page, RepoRef};
use serde_json::{Map, Value, json};

use super::super::client::{GitLab, PAGE, project};
use super::branch;
use super::wire::MergeRequest;
use crate::forge::names::{self, BranchName};
use crate::http::{List, Numbered, Path};

pub(super) fn path(repo: &RepoRef, number: u64) -> Result<Path> {
    Ok(project(repo)?.part("merge_requests").part(number))
}

pub(super) async fn fetch(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    number: u64,
) -> Result<MergeRequest> {
    lab.get(path(repo, number)?).send(cx).await
}

/// Both branches are looked up first, for GitLab opens merge requests from branches that are not there.
pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
    names::title(&op.title)?;
    names::text("body", op.body.as_deref().unwrap_or_default())?;
    let (source, target) = branches(&op.source, &op.target)?;
    let path = project(&op.repo)?.part("merge_requests");
    futures_util::try_join!(
        branch::fetch(lab, cx, &op.repo, &source),
        branch::fetch(lab, cx, &op.repo, &target)
    )?;
    let mut body = json!({
        "title": op.title, "source_branch": source.as_str(), "target_branch": target.as_str(),
    });
    if let Some(text) = op.body {
        body["description"] = text.into();
    }
    let made = lab.post(path).json(&body).send::<MergeRequest>(cx).await;
    Ok(lab.told(cx, &op.repo, made).await?.into())
}

pub(super) fn branches(source: &str, target: &str) -> Result<(BranchName, BranchName)> {
    let (source, target) = (BranchName::parse("source", source)?, BranchName::parse("target", target)?);
    if source == target {
        return Err(Error::new(ErrorKind::Invalid, "target: it is the source itself"));
    }
    Ok((source, target))
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
    Ok(fetch(lab, cx, &op.repo, op.number).await?.into())
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
    let list = List(("pull_requests", &op.repo, &op.state));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let state = match op.state {
        None => "all",
        Some(PullRequestState::Open) => "opened",
        Some(PullRequestState::Merged) => "merged",
        Some(PullRequestState::Closed) => "closed",
    };
    let request = lab.get(project(&op.repo)?.part("merge_requests"));
    let request = request.query("page", page.number()).query("per_page", page.size).query("state", state);
    let request = request.query("order_by", "created_at").query("sort", "desc");
    let answer = request.full::<Vec<MergeRequest>>(cx).await?;
    let items = answer.value.into_iter().map(PullRequest::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

/// A look at what it is, and one request with everything that is to be otherwise.
pub(super) async fn update(lab: &GitLab, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
    let path = path(&op.repo, op.number)?;
    let mut body = Map::new();
    if let Some(title) = op.title {
        names::title(&title)?;
        body.insert("title".into(), title.into());
    }
    if let Some(text) = op.body {
        names::text("body", &text)?;
        body.insert("description".into(), text.into());
    }
    let target = op.target.as_deref().map(|target| BranchName::parse("target", target)).transpose()?;
    let now = fetch(lab, cx, &op.repo, op.number).await?;
    if let Some(target) = target.filter(|target| target.as_str() != now.target_branch) {
        if target.as_str() == now.source_branch {
            return Err(Error::new(ErrorKind::Invalid, "target: it is the source of this pull request"));
        }
        branch::fetch(lab, cx, &op.repo, &target).await?;
        if now.is_open() && twin(lab, cx, &op.repo, &now, target.as_str()).await? {
            return Err(taken(&now.source_branch, target.as_str()));
        }
        body.insert("target_branch".into(), target.to_string().into());
    }
    if let Some(open) = op.open {
        if now.is_merged() {
            let text = "open: a pull request that is merged stays merged";
            return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
        }
        if open != now.is_open() {
            let target = body.get("target_branch").and_then(Value::as_str).unwrap_or(&now.target_branch);
            if open && twin(lab, cx, &op.repo, &now, target).await? {
                return Err(taken(&now.source_branch, target));
            }
            body.insert("state_event".into(), if open { "reopen" } else { "close" }.into());
        }
    }
    if body.is_empty() {
        return Ok(now.into());
    }
    let changed = lab.put(path).json(&Value::Object(body)).send::<MergeRequest>(cx).await;
    Ok(lab.told(cx, &op.repo, changed).await?.into())
}

/// Whether another open one joins the same branches: GitLab checks it only where one is opened.
async fn twin(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    of: &MergeRequest,
    target: &str,
) -> Result<bool> {
    let request = lab.get(project(repo)?.part("merge_requests")).query("state", "opened");
    let request = request.query("source_branch", &of.source_branch).query("target_branch", target);
    let open: Vec<MergeRequest> = request.query("per_page", PAGE).send(cx).await?;
    Ok(open.iter().any(|other| other.iid != of.iid && other.source_project_id == of.source_project_id))
}

fn taken(source: &str, target: &str) -> Error {
    let text = format!("another open pull request brings {source} into {target}");
    Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered)
}

//! Pull requests: records beside the repository; what they say of branches is looked up when they are read.

use std::fs;
use std::io;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    CreatePullRequest, GetPullRequest, ListPullRequests, MergePullRequest, ReviewPullRequest,
};
use mosaic_core::types::git::{
    MergeMethod, MergeResult, PullRequest, PullRequestState, Review, ReviewVerdict,
};
use mosaic_core::types::{Cursor, Page, RepoRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::fault;
use super::merge::{Wanted, contains, pair, prepare};
use super::names::{self, BranchName};
use super::object::ObjectId;
use super::refs::{ROUNDS, Swap, Tips, contended, no_branch};
use super::store::{Repo, Store};
use super::work::blocking;

/// What is stored of a pull request.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    number: u64,
    title: String,
    source: String,
    target: String,
    state: PullRequestState,
    body: Option<String>,
    author: String,
    /// The head when it was opened, merged or closed.
    head: String,
    merge_commit: Option<String>,
    /// The merge that was last begun. It counts once the target has its commit: so the record and the branch agree
    /// although they cannot be changed in one step.
    merging: Option<Merging>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    reviews: Vec<Review>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Merging {
    commit: String,
    head: String,
    at: Timestamp,
}

impl Record {
    fn file(number: u64) -> String {
        format!("pulls/{number}.json")
    }

    /// Takes over a merge that was begun and has happened.
    async fn settle(&mut self, repo: &Repo<'_>, tips: &Tips) -> Result<()> {
        if let (PullRequestState::Open, Some(merging), Some(tip)) =
            (self.state, &self.merging, tips.get(&self.target))
            && contains(repo, tip, &ObjectId::parse(&merging.commit)?).await?
        {
            let merging = merging.clone();
            self.merged(&merging);
        }
        Ok(())
    }

    fn merged(&mut self, merging: &Merging) {
        self.state = PullRequestState::Merged;
        self.head.clone_from(&merging.head);
        self.merge_commit = Some(merging.commit.clone());
        self.updated_at = merging.at;
        self.merging = None;
    }

    /// The state with regard to the branches: open needs both of them.
    fn state(&self, tips: &Tips) -> PullRequestState {
        match self.state {
            PullRequestState::Open
                if !tips.contains_key(&self.source) || !tips.contains_key(&self.target) =>
            {
                PullRequestState::Closed
            }
            state => state,
        }
    }

    fn show(self, tips: &Tips) -> PullRequest {
        let state = self.state(tips);
        let head = match state {
            PullRequestState::Open => tips.get(&self.source).map_or(self.head, ObjectId::to_string),
            _ => self.head,
        };
        let mut pull = PullRequest::new(self.number, self.title, self.source, self.target, state)
            .author(self.author)
            .head(head)
            .created_at(self.created_at)
            .updated_at(self.updated_at);
        pull.body = self.body;
        pull.merge_commit = self.merge_commit;
        pull
    }
}

/// Opens a pull request: one record that appears whole, under a number that no other process has.
pub(super) async fn create(store: &Store, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
    names::title(&op.title)?;
    let (source, target) = pair(&op.source, &op.target)?;
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let head = tips.get(source.as_str()).ok_or_else(|| no_branch(&op.repo, &source))?;
    tips.get(target.as_str()).ok_or_else(|| no_branch(&op.repo, &target))?;
    let numbers = repo.numbers().await?;
    for number in &numbers {
        let other = repo.record(*number, &tips).await?;
        if other.state(&tips) == PullRequestState::Open
            && other.source == op.source
            && other.target == op.target
        {
            return Err(fault::conflict(format!(
                "pull request {number} of {} brings {source} into {target} already",
                op.repo
            )));
        }
    }
    let now = Timestamp::now();
    let mut record = Record {
        number: numbers.first().map_or(1, |last| last + 1),
        title: op.title,
        source: op.source,
        target: op.target,
        state: PullRequestState::Open,
        body: op.body,
        author: cx.caller().name().to_owned(),
        head: head.to_string(),
        merge_commit: None,
        merging: None,
        created_at: now,
        updated_at: now,
        reviews: Vec::new(),
    };
    cx.mark_sent();
    while !repo.publish(&Record::file(record.number), &record).await? {
        record.number += 1;
    }
    Ok(record.show(&tips))
}

pub(super) async fn get(store: &Store, op: GetPullRequest) -> Result<PullRequest> {
    let repo = store.repo(&op.repo).await?;
    let tips = repo.tips().await?;
    Ok(repo.record(op.number, &tips).await?.show(&tips))
}

/// Lists pull requests; the cursor is the last number, so that new ones do not shift the pages.
pub(super) async fn list(store: &Store, op: ListPullRequests) -> Result<Page<PullRequest>> {
    let before = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<u64>()).transpose();
    let before = before.map_err(|_| fault::invalid("page.cursor: it was not made by this provider"))?;
    let repo = store.repo(&op.repo).await?;
    let (tips, limit, mut items) = (repo.tips().await?, op.page.limit(), Vec::new());
    for number in
        repo.numbers().await?.into_iter().filter(|number| before.is_none_or(|before| *number < before))
    {
        let pull = repo.record(number, &tips).await?.show(&tips);
        if op.state.is_some_and(|state| state != pull.state) {
            continue;
        }
        if items.len() == limit {
            let last = items.last().map(|pull: &PullRequest| Cursor::new(pull.number.to_string()));
            return Ok(Page::new(items, last));
        }
        items.push(pull);
    }
    Ok(Page::last(items))
}

/// Merges a pull request. First the record says which commit is about to become the target's, then the target moves, then the
/// record says that it is merged. A kill before the move leaves an open pull request, a kill after it a merged one.
pub(super) async fn merge(store: &Store, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let repo = store.writable(&op.repo).await?;
    let mut record = repo.record(op.number, &repo.tips().await?).await?;
    let (source, target) =
        (BranchName::parse("source", &record.source)?, BranchName::parse("target", &record.target)?);
    for _ in 0..ROUNDS {
        let tips = repo.tips().await?;
        record.settle(&repo, &tips).await?;
        let state = record.state(&tips);
        let (Some(theirs), Some(ours), PullRequestState::Open) =
            (tips.get(&record.source), tips.get(&record.target), state)
        else {
            let word = if state == PullRequestState::Merged { "merged" } else { "closed" };
            return Err(fault::conflict(format!(
                "pull request {} of {} is {word} already",
                op.number, op.repo
            )));
        };
        if let Some(expected) =
            op.expected_head.as_deref().filter(|id| !id.eq_ignore_ascii_case(theirs.as_str()))
        {
            return Err(fault::conflict(format!(
                "{source} moved on: it is not at the commit that was expected"
            ))
            .context("expected_head", expected)
            .context("head", theirs));
        }
        let plain = match op.method {
            MergeMethod::Squash => format!("{} (#{})", record.title, record.number),
            _ => format!("Merge pull request #{} from {source}\n\n{}", record.number, record.title),
        };
        let message = op.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&plain);
        let wanted = Wanted { ours, theirs, method: op.method, message };
        let prepared = prepare(&repo, cx, &wanted).await?;
        let up_to_date = prepared.is_none();
        let commit = prepared.unwrap_or_else(|| ours.clone());
        let merging = Merging { commit: commit.to_string(), head: theirs.to_string(), at: Timestamp::now() };
        if !up_to_date {
            record.merging = Some(merging.clone());
            repo.write(&Record::file(op.number), &record).await?;
            if repo.swap(cx, &target, Some(ours), Some(&commit)).await? == Swap::Moved {
                continue;
            }
        }
        record.merged(&merging);
        cx.mark_sent();
        repo.write(&Record::file(op.number), &record).await?;
        return Ok(MergeResult::new(commit.as_str(), op.method).up_to_date(up_to_date));
    }
    Err(contended(&op.repo, &target))
}

/// Adds a review. A remark may be made at any time; the others are about something that can still be merged.
pub(super) async fn review(store: &Store, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
    if op.verdict != ReviewVerdict::Approve && op.body.as_deref().is_none_or(|body| body.trim().is_empty()) {
        return Err(fault::invalid("body: a review that does not approve must say something"));
    }
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let mut record = repo.record(op.number, &tips).await?;
    if op.verdict != ReviewVerdict::Comment && record.state(&tips) != PullRequestState::Open {
        return Err(fault::conflict(format!(
            "pull request {} of {} is not open any more",
            op.number, op.repo
        )));
    }
    let now = Timestamp::now();
    let head = tips.get(&record.source).filter(|_| record.state(&tips) == PullRequestState::Open);
    let mut review = Review::new(format!("{}-{}", op.number, record.reviews.len() + 1), op.verdict)
        .author(cx.caller().name())
        .commit(head.map_or_else(|| record.head.clone(), ObjectId::to_string))
        .created_at(now);
    review.body = op.body;
    record.reviews.push(review.clone());
    record.updated_at = now;
    cx.mark_sent();
    repo.write(&Record::file(op.number), &record).await?;
    Ok(review)
}

/// Closes the open pull requests from or into a branch that was just deleted at this commit.
pub(super) async fn close_those_of(repo: &Repo<'_>, branch: &BranchName, tip: &ObjectId) -> Result<()> {
    let tips = repo.tips().await?;
    for number in repo.numbers().await? {
        let mut record = repo.record(number, &tips).await?;
        let from = record.source == branch.as_str();
        if record.state == PullRequestState::Open && (from || record.target == branch.as_str()) {
            record.state = PullRequestState::Closed;
            match tips.get(&record.source) {
                Some(head) => record.head = head.to_string(),
                None if from => record.head = tip.to_string(),
                None => {}
            }
            record.updated_at = Timestamp::now();
            repo.write(&Record::file(number), &record).await?;
        }
    }
    Ok(())
}

impl Repo<'_> {
    /// The numbers of the pull requests, newest first.
    async fn numbers(&self) -> Result<Vec<u64>> {
        let directory = self.directory.join("mosaic/pulls");
        blocking(move || {
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(fault::disk("list pull requests", error)),
            };
            let mut numbers = Vec::new();
            for entry in entries {
                let name = entry.map_err(|e| fault::disk("list pull requests", e))?.file_name();
                numbers
                    .extend(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<u64>().ok()));
            }
            numbers.sort_unstable_by(|a, b| b.cmp(a));
            Ok(numbers)
        })
        .await
    }

    async fn record(&self, number: u64, tips: &Tips) -> Result<Record> {
        let mut record: Record =
            self.read(&Record::file(number)).await?.ok_or_else(|| no_pull(&self.name, number))?;
        record.settle(self, tips).await?;
        Ok(record)
    }
}

fn no_pull(repo: &RepoRef, number: u64) -> mosaic_core::Error {
    fault::not_found(format!("there is no pull request {number} in {repo}"))
}

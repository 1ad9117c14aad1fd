//! Statuses: what the checks of a commit say, in one record for each commit.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{GetCommitStatus, SetCommitStatus};
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{CombinedStatus, CommitStatus, StatusState};

use super::fault;
use super::names::{self, Revision, is_object_id};
use super::object::{ObjectId, Reader};
use super::store::{Repo, Store};

/// How many checks a commit has at most.
const CHECKS_MAX: usize = 1_000;
const CONTEXT_MAX: usize = 255;
const URL_MAX: usize = 2_048;

/// Sets what a check says: the record of the commit is replaced whole.
pub(super) async fn set(store: &Store, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
    if !is_object_id(&op.commit) {
        return Err(fault::invalid("commit: give the whole id of the commit"));
    }
    let revision = Revision::parse("commit", &op.commit)?;
    check(&op)?;
    let repo = store.writable(&op.repo).await?;
    let commit = Reader::start(&repo)?.commit(&op.repo, &revision).await?;
    let mut statuses = repo.statuses(&commit).await?;
    let mut status = CommitStatus::new(op.context, op.state).updated_at(Timestamp::now());
    (status.description, status.target_url) = (op.description, op.target_url);
    match statuses.binary_search_by(|other| other.context.cmp(&status.context)) {
        Ok(at) => statuses[at] = status.clone(),
        Err(_) if statuses.len() >= CHECKS_MAX => {
            return Err(fault::conflict(format!("commit {commit} has {CHECKS_MAX} checks already")));
        }
        Err(at) => statuses.insert(at, status.clone()),
    }
    cx.mark_sent();
    repo.write(&file(&commit), &statuses).await?;
    Ok(status)
}

fn check(op: &SetCommitStatus) -> Result<()> {
    if op.context.trim().is_empty()
        || op.context.len() > CONTEXT_MAX
        || op.context.chars().any(char::is_control)
    {
        return Err(fault::invalid(format!(
            "context: use one line of 1 to {CONTEXT_MAX} bytes without control characters"
        )));
    }
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    let web = |url: &str| {
        let rest = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        rest.is_some_and(|rest| !rest.is_empty())
            && url.len() <= URL_MAX
            && !url.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if op.target_url.as_deref().is_some_and(|url| !web(url)) {
        return Err(fault::invalid(format!(
            "target_url: use an address that begins with http:// or https:// and has at most {URL_MAX} bytes"
        )));
    }
    Ok(())
}

pub(super) async fn get(store: &Store, op: GetCommitStatus) -> Result<CombinedStatus> {
    let revision = Revision::parse("commit", &op.commit)?;
    let repo = store.repo(&op.repo).await?;
    let commit = Reader::start(&repo)?.commit(&op.repo, &revision).await?;
    let statuses = repo.statuses(&commit).await?;
    let mut combined = CombinedStatus::new(commit.as_str());
    combined.state = StatusState::combined(statuses.iter().map(|status| status.state));
    Ok(combined.statuses(statuses))
}

/// Git keeps objects alike: so no directory gets too long.
fn file(commit: &ObjectId) -> String {
    let (first, rest) = commit.as_str().split_at(2);
    format!("statuses/{first}/{rest}.json")
}

impl Repo<'_> {
    /// The latest word of each check, ordered by name.
    async fn statuses(&self, commit: &ObjectId) -> Result<Vec<CommitStatus>> {
        Ok(self.read(&file(commit)).await?.unwrap_or_default())
    }
}

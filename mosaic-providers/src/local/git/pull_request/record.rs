//! The record of a pull request, and what the branches say of it.

use mosaic_core::error::Result;
use mosaic_core::types::git::{PullRequest, PullRequestState, Review};
use mosaic_core::types::{RepoRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::fault;
use super::super::merge::contains;
use super::super::object::ObjectId;
use super::super::refs::Tips;
use super::super::store::Repo;

/// What is stored of a pull request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) state: PullRequestState,
    pub(super) body: Option<String>,
    pub(super) author: String,
    /// The head when it was opened, merged or closed.
    pub(super) head: String,
    pub(super) merge_commit: Option<String>,
    /// The merge that was last begun. It counts once the target has its commit: so the record and the branch agree
    /// although they cannot be changed in one step.
    pub(super) merging: Option<Merging>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(default)]
    pub(super) reviews: Vec<Review>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Merging {
    pub(super) commit: String,
    pub(super) head: String,
    pub(super) at: Timestamp,
}

impl Record {
    pub(super) fn file(number: u64) -> String {
        format!("pulls/{number}.json")
    }

    /// Takes over a merge that was begun and has happened.
    pub(super) async fn settle(&mut self, repo: &Repo<'_>, tips: &Tips) -> Result<()> {
        if let (PullRequestState::Open, Some(merging), Some(tip)) =
            (self.state, &self.merging, tips.get(&self.target))
            && contains(repo, tip, &ObjectId::parse(&merging.commit)?).await?
        {
            let merging = merging.clone();
            self.merged(&merging);
        }
        Ok(())
    }

    pub(super) fn merged(&mut self, merging: &Merging) {
        self.state = PullRequestState::Merged;
        self.head.clone_from(&merging.head);
        self.merge_commit = Some(merging.commit.clone());
        self.updated_at = merging.at;
        self.merging = None;
    }

    /// The state with regard to the branches: open needs both of them.
    pub(super) fn state(&self, tips: &Tips) -> PullRequestState {
        match self.state {
            PullRequestState::Open
                if !tips.contains_key(&self.source) || !tips.contains_key(&self.target) =>
            {
                PullRequestState::Closed
            }
            state => state,
        }
    }

    pub(super) fn show(self, tips: &Tips) -> PullRequest {
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

impl Repo<'_> {
    /// The numbers of the pull requests, newest first.
    pub(super) async fn pulls(&self) -> Result<Vec<u64>> {
        let mut numbers = self.numbers("pulls").await?;
        numbers.reverse();
        Ok(numbers)
    }

    pub(super) async fn pull(&self, number: u64, tips: &Tips) -> Result<Record> {
        let mut record: Record =
            self.read(&Record::file(number)).await?.ok_or_else(|| no_pull(&self.name, number))?;
        record.settle(self, tips).await?;
        Ok(record)
    }

    /// Fails where another open pull request brings the same source into the same target.
    pub(super) async fn refuse_twin(
        &self,
        number: Option<u64>,
        source: &str,
        target: &str,
        tips: &Tips,
    ) -> Result<()> {
        for other in self.pulls().await?.into_iter().filter(|other| Some(*other) != number) {
            let record = self.pull(other, tips).await?;
            if record.state(tips) == PullRequestState::Open
                && record.source == source
                && record.target == target
            {
                return Err(fault::conflict(format!(
                    "pull request {other} of {} brings {source} into {target} already",
                    self.name
                )));
            }
        }
        Ok(())
    }
}

fn no_pull(repo: &RepoRef, number: u64) -> mosaic_core::Error {
    fault::not_found(format!("there is no pull request {number} in {repo}"))
}

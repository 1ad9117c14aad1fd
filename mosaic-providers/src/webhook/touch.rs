//! What an event makes old in the cache: the one table from events to the operations that would have changed the same.

use mosaic_core::op::{OpMeta, Operation, cicd, document, git, project};
use mosaic_core::ports::Notice;
use mosaic_core::types::{AsSubject, RepoRef, Subject};

use super::{
    CommentTarget, Delivery, Event, IssueAction, PullRequestAction, RefAction, RefChange, RefKind,
    RepositoryAction,
};

impl Notice for Delivery {
    fn changes(&self, each: &mut dyn FnMut(&'static OpMeta, Subject<'_>)) {
        let Some(repo) = &self.repo else {
            return;
        };
        let subject = repo.as_subject();
        match &self.event {
            Event::Wiki(_) => wiki(repo, each),
            Event::Repository(event) => {
                let rows = repository(event.action);
                let names = [Some(repo), event.previous.as_ref()];
                for repo in names.into_iter().flatten() {
                    rows.iter().for_each(|row| each(row, repo.as_subject()));
                    wiki(repo, each);
                }
            }
            event => rows(event, &mut |row| each(row, subject)),
        }
    }
}

/// The operations that would have changed the same in the repository of the delivery.
fn rows(event: &Event, each: &mut dyn FnMut(&'static OpMeta)) {
    match event {
        Event::Push(_) | Event::Created(_) | Event::Deleted(_) => {
            event.ref_changes().iter().for_each(|change| each(reference(change)));
        }
        Event::PullRequest(event) => each(match event.action {
            PullRequestAction::Opened => git::CreatePullRequest::META,
            PullRequestAction::Reviewed => git::ReviewPullRequest::META,
            PullRequestAction::Merged => git::MergePullRequest::META,
            PullRequestAction::Updated | PullRequestAction::Closed | PullRequestAction::Reopened => {
                git::UpdatePullRequest::META
            }
        }),
        Event::Issue(event) => each(match event.action {
            IssueAction::Opened => project::CreateIssue::META,
            _ => project::UpdateIssue::META,
        }),
        Event::Comment(event) => match event.target {
            CommentTarget::PullRequest { .. } => each(git::CommentOnPullRequest::META),
            CommentTarget::Issue { .. } => each(project::AddComment::META),
            // No operation reads the comments of a commit.
            CommentTarget::Commit { .. } => {}
        },
        Event::Release(_) => each(git::CreateRelease::META),
        Event::Run(_) | Event::Job(_) => each(cicd::CancelRun::META),
        Event::Status(_) => each(git::SetCommitStatus::META),
        Event::Wiki(_) | Event::Repository(_) | Event::Ping | Event::Other => {}
    }
}

fn reference(change: &RefChange) -> &'static OpMeta {
    match (change.reference, change.action) {
        (RefKind::Tag, _) => git::CreateTag::META,
        (RefKind::Branch, RefAction::Created) => git::CreateBranch::META,
        (RefKind::Branch, RefAction::Deleted) => git::DeleteBranch::META,
        (RefKind::Branch, RefAction::Moved) => git::WriteFile::META,
    }
}

/// The repository is a project of the forge's tracker too, and one that is gone takes everything with it.
fn repository(action: RepositoryAction) -> &'static [&'static OpMeta] {
    match action {
        RepositoryAction::Created => &[git::CreateRepository::META, project::CreateProject::META],
        RepositoryAction::Updated => &[git::UpdateRepository::META, project::UpdateProject::META],
        RepositoryAction::Renamed | RepositoryAction::Deleted => &[
            git::DeleteRepository::META,
            git::CommentOnPullRequest::META,
            project::UpdateProject::META,
            project::AddComment::META,
            project::PlanSprint::META,
            cicd::CreatePipeline::META,
            cicd::CancelRun::META,
            cicd::UploadArtifact::META,
        ],
    }
}

/// The wiki of a repository is a space of documents, whose key is `owner/name`.
fn wiki(repo: &RepoRef, each: &mut dyn FnMut(&'static OpMeta, Subject<'_>)) {
    each(document::UpdateDocument::META, Subject::org(&repo.to_string()));
}

//! What a delivery tells of, in the same form for every vendor.

mod change;
mod project;
mod run;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use change::{
    Push, RefAction, RefChange, RefKind, ReleaseAction, ReleaseEvent, RepositoryAction, RepositoryEvent,
};
pub use project::{
    CommentAction, CommentEvent, CommentTarget, IssueAction, IssueEvent, PullRequestAction, PullRequestEvent,
    WikiAction, WikiEvent, WikiPage,
};
pub use run::{JobEvent, RunEvent, StatusEvent};

/// What happened.
///
/// ```
/// use mosaic_providers::webhook::{Event, RefAction, RefChange, RefKind};
///
/// let event = Event::Deleted(RefChange::new(RefKind::Tag, "v1.0.0", RefAction::Deleted));
/// assert_eq!(serde_json::to_value(&event)?["kind"], "deleted");
/// assert_eq!(event.ref_changes()[0].name, "v1.0.0");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The webhook was set up, or somebody tries it.
    Ping,
    /// Branches or tags moved, were made or are gone.
    Push(Push),
    /// A branch or tag was made. GitHub and Gitea tell this beside the push, where the webhook asks for both.
    Created(RefChange),
    /// A branch or tag is gone. GitHub and Gitea tell this beside the push, where the webhook asks for both.
    Deleted(RefChange),
    /// Something happened to a pull request.
    PullRequest(PullRequestEvent),
    /// Something happened to an issue.
    Issue(IssueEvent),
    /// Somebody commented, or changed a comment.
    Comment(CommentEvent),
    /// Something happened to a release.
    Release(ReleaseEvent),
    /// A run of a pipeline moved on.
    Run(RunEvent),
    /// A job of a run moved on.
    Job(JobEvent),
    /// A check said something of a commit.
    Status(StatusEvent),
    /// Pages of the wiki changed.
    Wiki(WikiEvent),
    /// The repository itself was made, changed, renamed or deleted.
    Repository(RepositoryEvent),
    /// Anything else: the delivery has its name and its body.
    Other,
}

impl Event {
    /// What happened to branches and tags, whichever way the vendor told it.
    pub fn ref_changes(&self) -> &[RefChange] {
        match self {
            Self::Push(push) => &push.changes,
            Self::Created(change) | Self::Deleted(change) => std::slice::from_ref(change),
            _ => &[],
        }
    }

    /// The name of the kind, as it is in JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Push(_) => "push",
            Self::Created(_) => "created",
            Self::Deleted(_) => "deleted",
            Self::PullRequest(_) => "pull_request",
            Self::Issue(_) => "issue",
            Self::Comment(_) => "comment",
            Self::Release(_) => "release",
            Self::Run(_) => "run",
            Self::Job(_) => "job",
            Self::Status(_) => "status",
            Self::Wiki(_) => "wiki",
            Self::Repository(_) => "repository",
            Self::Other => "other",
        }
    }
}

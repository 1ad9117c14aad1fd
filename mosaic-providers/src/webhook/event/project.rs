//! Pull requests, issues, comments and the wiki.

use mosaic_core::params;
use mosaic_core::types::Comment;
use mosaic_core::types::git::{PullRequest, Review};
use mosaic_core::types::project::Issue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to a pull request.
///
/// ```
/// use mosaic_providers::webhook::PullRequestAction;
///
/// assert_eq!(serde_json::to_string(&PullRequestAction::Merged)?, "\"merged\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestAction {
    /// It is new.
    Opened,
    /// Its commits, its text or something about it changed; the vendor's own word is in the delivery.
    Updated,
    /// Somebody reviewed it, or took a review back.
    Reviewed,
    /// It was brought into its target.
    Merged,
    /// It was given up.
    Closed,
    /// It was given up and is open again.
    Reopened,
}

/// What happened to an issue.
///
/// ```
/// use mosaic_providers::webhook::IssueAction;
///
/// assert_eq!(serde_json::to_string(&IssueAction::Opened)?, "\"opened\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueAction {
    /// It is new.
    Opened,
    /// Something about it changed; the vendor's own word is in the delivery.
    Updated,
    /// It was closed.
    Closed,
    /// It was closed and is open again.
    Reopened,
    /// It is gone, or elsewhere.
    Deleted,
}

/// What happened to a comment.
///
/// ```
/// use mosaic_providers::webhook::CommentAction;
///
/// assert_eq!(serde_json::to_string(&CommentAction::Edited)?, "\"edited\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommentAction {
    /// It is new.
    Created,
    /// It changed.
    Edited,
    /// It is gone.
    Deleted,
}

/// What a comment is on.
///
/// ```
/// use mosaic_providers::webhook::CommentTarget;
///
/// let target = CommentTarget::PullRequest { number: 7 };
/// assert_eq!(serde_json::to_value(&target)?["on"], "pull_request");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "on", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommentTarget {
    /// A pull request, or a line of it.
    PullRequest {
        /// Its number in the repository.
        number: u64,
    },
    /// An issue.
    Issue {
        /// Its number in the repository.
        number: u64,
    },
    /// A commit.
    Commit {
        /// Its id.
        id: String,
    },
}

/// What happened to a page of a wiki.
///
/// ```
/// use mosaic_providers::webhook::WikiAction;
///
/// assert_eq!(serde_json::to_string(&WikiAction::Created)?, "\"created\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WikiAction {
    /// It is new.
    Created,
    /// It changed.
    Edited,
    /// It is gone.
    Deleted,
}

params! {
    /// Something happened to a pull request.
    ///
    /// ```
    /// use mosaic_core::types::git::{PullRequest, PullRequestState};
    /// use mosaic_providers::webhook::{PullRequestAction, PullRequestEvent};
    ///
    /// let pull = PullRequest::new(7u64, "Add a lid", "lid", "main", PullRequestState::Open);
    /// assert_eq!(PullRequestEvent::new(PullRequestAction::Opened, pull).pull_request.number, 7);
    /// ```
    pub noun PullRequestEvent {
        required {
            /// What happened.
            action: PullRequestAction,
            /// The pull request, as it is afterwards.
            pull_request: PullRequest,
        }
        optional {
            /// The review, where one was given; absent where one was taken back.
            review: Review,
        }
    }

    /// Something happened to an issue.
    ///
    /// ```
    /// use mosaic_core::types::project::{Issue, IssueState};
    /// use mosaic_providers::webhook::{IssueAction, IssueEvent};
    ///
    /// let issue = Issue::new("acme/widget", 7u64, "The lid leaks", IssueState::Open);
    /// assert_eq!(IssueEvent::new(IssueAction::Opened, issue).issue.issue.number, 7);
    /// ```
    pub noun IssueEvent {
        required {
            /// What happened.
            action: IssueAction,
            /// The issue, as it is afterwards; its project is the repository, as `owner/name`.
            issue: Issue,
        }
    }

    /// Something happened to a comment.
    ///
    /// ```
    /// use mosaic_core::types::Comment;
    /// use mosaic_providers::webhook::{CommentAction, CommentEvent, CommentTarget};
    ///
    /// let on = CommentTarget::Issue { number: 7 };
    /// assert_eq!(CommentEvent::new(CommentAction::Created, on, Comment::new("1", "Seen too.")).comment.id, "1");
    /// ```
    pub noun CommentEvent {
        required {
            /// What happened.
            action: CommentAction,
            /// What it is on.
            target: CommentTarget,
            /// The comment, as it is afterwards.
            comment: Comment,
        }
    }

    /// Pages of a wiki changed.
    ///
    /// ```
    /// use mosaic_providers::webhook::{WikiAction, WikiEvent, WikiPage};
    ///
    /// assert_eq!(WikiEvent::new(vec![WikiPage::new("Home", WikiAction::Edited)]).pages.len(), 1);
    /// ```
    pub noun WikiEvent {
        required {
            /// The pages.
            pages: Vec<WikiPage>,
        }
    }

    /// A page of a wiki that changed.
    ///
    /// ```
    /// use mosaic_providers::webhook::{WikiAction, WikiPage};
    ///
    /// assert_eq!(WikiPage::new("Home", WikiAction::Created).title, "Home");
    /// ```
    pub noun WikiPage {
        required {
            /// Its title.
            title: String,
            /// What happened to it.
            action: WikiAction,
        }
        optional {
            /// Its name in addresses, where it differs from the title.
            slug: String,
            /// Where a person sees it.
            web_url: String,
        }
    }
}

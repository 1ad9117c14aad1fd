//! Parameters of the operations on pull requests.

use crate::params;
use crate::types::git::{MergeMethod, PullRequestState, ReviewVerdict};
use crate::types::{PageRequest, RepoRef};

params! {
    /// Open a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::CreatePullRequest;
    ///
    /// let op = CreatePullRequest::new("acme", "widget", "Add a lid", "lid", "main").body("It fits.");
    /// assert_eq!(op.source, "lid");
    /// ```
    pub struct CreatePullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its title.
            title: String,
            /// The branch with the changes.
            source: String,
            /// The branch that is to get them.
            target: String,
        }
        optional {
            /// What it says, in Markdown.
            body: String,
        }
    }

    /// Fetch one pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::GetPullRequest;
    ///
    /// assert_eq!(GetPullRequest::new("acme", "widget", 7u64).number, 7);
    /// ```
    pub struct GetPullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
        }
    }

    /// List pull requests.
    ///
    /// ```
    /// use mosaic_core::op::git::ListPullRequests;
    /// use mosaic_core::types::git::PullRequestState;
    ///
    /// let op = ListPullRequests::new("acme", "widget").state(PullRequestState::Open);
    /// assert_eq!(op.state, Some(PullRequestState::Open));
    /// ```
    pub struct ListPullRequests {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// Only those in this state.
            state: PullRequestState,
        }
        defaulted {
            /// Which part of the list.
            page: PageRequest,
        }
    }

    /// Merge a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::MergePullRequest;
    /// use mosaic_core::types::git::MergeMethod;
    ///
    /// let op = MergePullRequest::new("acme", "widget", 7u64).method(MergeMethod::Rebase);
    /// assert_eq!(op.method, MergeMethod::Rebase);
    /// ```
    pub struct MergePullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
        }
        optional {
            /// The message of the commit that is made; a plain one where absent.
            message: String,
            /// The commit that the source must be at; `Conflict` where it moved on.
            expected_head: String,
        }
        defaulted {
            /// How it is done.
            method: MergeMethod,
        }
    }

    /// Review a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::ReviewPullRequest;
    /// use mosaic_core::types::git::ReviewVerdict;
    ///
    /// let op = ReviewPullRequest::new("acme", "widget", 7u64, ReviewVerdict::Approve).body("Good.");
    /// assert_eq!(op.verdict, ReviewVerdict::Approve);
    /// ```
    pub struct ReviewPullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
            /// What the review says.
            verdict: ReviewVerdict,
        }
        optional {
            /// Its text, in Markdown; needed unless it approves.
            body: String,
        }
    }
}

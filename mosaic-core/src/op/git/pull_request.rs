//! Parameters of the operations on pull requests.

use crate::params;
use crate::types::RepoRef;
use crate::types::git::{MergeMethod, PullRequestState, ReviewVerdict};

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
        paged { page }
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

    /// Change a pull request; what is absent stays as it is.
    ///
    /// ```
    /// use mosaic_core::op::git::UpdatePullRequest;
    ///
    /// let op = UpdatePullRequest::new("acme", "widget", 7u64).title("Add a better lid").open(false);
    /// assert_eq!(op.open, Some(false));
    /// ```
    pub struct UpdatePullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
        }
        optional {
            /// Its new title.
            title: String,
            /// Its new text, in Markdown.
            body: String,
            /// The branch that is to get the changes from now on.
            target: String,
            /// Whether it is open: `false` closes it, `true` opens it again. `Conflict` where it is merged.
            open: bool,
        }
    }

    /// Comment on a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::CommentOnPullRequest;
    ///
    /// let op = CommentOnPullRequest::new("acme", "widget", 7u64, "Why?").path("lid.rs").line(3u64);
    /// assert_eq!(op.line, Some(3));
    /// ```
    pub struct CommentOnPullRequest {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
            /// The text, in Markdown.
            body: String,
        }
        optional {
            /// The file that the comment is about, from the root of the repository.
            path: String,
            /// The line of that file, from 1, at the head of the pull request. Needs `path`.
            line: u64,
        }
    }

    /// List the comments of a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::ListPullRequestComments;
    ///
    /// assert_eq!(ListPullRequestComments::new("acme", "widget", 7u64).number, 7);
    /// ```
    pub struct ListPullRequestComments {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
        }
        paged { page }
    }

    /// List the reviews of a pull request.
    ///
    /// ```
    /// use mosaic_core::op::git::ListReviews;
    ///
    /// assert_eq!(ListReviews::new("acme", "widget", 7u64).number, 7);
    /// ```
    pub struct ListReviews {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its number.
            number: u64,
        }
        paged { page }
    }
}

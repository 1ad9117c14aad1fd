//! Nouns of the git service.

mod changes;
mod hook;
mod release;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use changes::{ChangeKind, Comparison, EntryKind, FileChange, TreeEntry};
pub use hook::{HookEvent, Webhook};
pub use release::{CombinedStatus, CommitStatus, Release, StatusState, Tag};

pub use super::Comment;
use super::{AsSubject, Blob, Subject, Timestamp};
use crate::params;

/// Names a repository: its owner (organisation, group or user) and its name.
///
/// ```
/// use mosaic_core::types::RepoRef;
///
/// assert_eq!(RepoRef::new("acme", "widget").to_string(), "acme/widget");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepoRef {
    /// The organisation, group or user that owns it.
    pub owner: String,
    /// The name inside the owner.
    pub name: String,
}

impl RepoRef {
    /// A repository by owner and name.
    pub fn new(owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self { owner: owner.into(), name: name.into() }
    }
}
impl std::fmt::Display for RepoRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}
impl AsSubject for RepoRef {
    fn as_subject(&self) -> Subject<'_> {
        Subject::item(&self.owner, &self.name)
    }
}
impl From<(&str, &str)> for RepoRef {
    fn from((owner, name): (&str, &str)) -> Self {
        Self::new(owner, name)
    }
}
impl From<&RepoRef> for RepoRef {
    fn from(repo: &RepoRef) -> Self {
        repo.clone()
    }
}

/// How one branch is brought into another.
///
/// ```
/// use mosaic_core::types::git::MergeMethod;
///
/// assert_eq!(MergeMethod::default(), MergeMethod::Merge);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// A commit with both branches as parents.
    #[default]
    Merge,
    /// One commit with the sum of the changes.
    Squash,
    /// The commits made anew on top of the target.
    Rebase,
}

/// Where a pull request stands.
///
/// ```
/// use mosaic_core::types::git::PullRequestState;
///
/// assert_eq!(serde_json::to_string(&PullRequestState::Open)?, "\"open\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// Waiting for review or merge.
    Open,
    /// Brought into its target.
    Merged,
    /// Given up.
    Closed,
}

/// What a review says.
///
/// ```
/// use mosaic_core::types::git::ReviewVerdict;
///
/// assert_eq!(serde_json::to_string(&ReviewVerdict::RequestChanges)?, "\"request_changes\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// Good to merge.
    Approve,
    /// Not yet.
    RequestChanges,
    /// A remark that decides nothing.
    Comment,
}

params! {
    /// A repository of a forge.
    ///
    /// ```
    /// use mosaic_core::types::git::Repository;
    ///
    /// let repository = Repository::new("acme", "widget", "main").private(true);
    /// assert_eq!(repository.full_name(), "acme/widget");
    /// ```
    pub noun Repository {
        about {
            /// Its owner and name.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The branch that clones check out.
            default_branch: String,
        }
        optional {
            /// One line about it.
            description: String,
            /// Where `git clone` finds it: a URL or a path.
            clone_url: String,
            /// Where a person sees it.
            web_url: String,
            /// When it was made.
            created_at: Timestamp,
            /// When it last changed.
            updated_at: Timestamp,
        }
        defaulted {
            /// Whether only members see it.
            private: bool,
            /// Whether it refuses changes.
            archived: bool,
        }
    }

    /// A branch and the commit it points at.
    ///
    /// ```
    /// use mosaic_core::types::git::Branch;
    ///
    /// assert_eq!(Branch::new("main", "3f2a").name, "main");
    /// ```
    pub noun Branch {
        required {
            /// Its name, without `refs/heads/`.
            name: String,
            /// The commit it points at, as hexadecimal digits.
            commit: String,
        }
        defaulted {
            /// Whether the forge guards it.
            protected: bool,
        }
    }

    /// Who made a commit, and when.
    ///
    /// ```
    /// use mosaic_core::types::git::Signature;
    ///
    /// assert_eq!(Signature::new("Ada", "ada@example.org").name, "Ada");
    /// ```
    pub noun Signature {
        required {
            /// The name.
            name: String,
            /// The e-mail address.
            email: String,
        }
        optional {
            /// The time.
            at: Timestamp,
        }
    }

    /// A commit.
    ///
    /// ```
    /// use mosaic_core::types::git::{Commit, Signature};
    ///
    /// let commit = Commit::new("3f2a", "Fix it\n\nAt last.", Signature::new("Ada", "ada@example.org"));
    /// assert_eq!(commit.title(), "Fix it");
    /// ```
    pub noun Commit {
        required {
            /// Its id, as hexadecimal digits.
            id: String,
            /// The whole message.
            message: String,
            /// Who wrote the change.
            author: Signature,
        }
        defaulted {
            /// The ids of its parents, first parent first.
            parents: Vec<String>,
        }
    }

    /// A request to bring one branch into another.
    ///
    /// ```
    /// use mosaic_core::types::git::{PullRequest, PullRequestState};
    ///
    /// let pull = PullRequest::new(7u64, "Add a lid", "lid", "main", PullRequestState::Open);
    /// assert_eq!(pull.number, 7);
    /// ```
    pub noun PullRequest {
        required {
            /// Its number in the repository.
            number: u64,
            /// Its title.
            title: String,
            /// The branch with the changes.
            source: String,
            /// The branch that is to get them.
            target: String,
            /// Where it stands.
            state: PullRequestState,
        }
        optional {
            /// What it says.
            body: String,
            /// Who opened it.
            author: String,
            /// The commit at the head of `source`.
            head: String,
            /// The commit that brought it in.
            merge_commit: String,
            /// When it was opened.
            created_at: Timestamp,
            /// When it last changed.
            updated_at: Timestamp,
        }
    }

    /// A review of a pull request.
    ///
    /// ```
    /// use mosaic_core::types::git::{Review, ReviewVerdict};
    ///
    /// assert_eq!(Review::new("1", ReviewVerdict::Approve).verdict, ReviewVerdict::Approve);
    /// ```
    pub noun Review {
        required {
            /// The provider's id of it.
            id: String,
            /// What it says.
            verdict: ReviewVerdict,
        }
        optional {
            /// Its text.
            body: String,
            /// Who wrote it.
            author: String,
            /// The commit that was looked at.
            commit: String,
            /// When it was given.
            created_at: Timestamp,
        }
    }

    /// What a merge did.
    ///
    /// ```
    /// use mosaic_core::types::git::{MergeMethod, MergeResult};
    ///
    /// assert_eq!(MergeResult::new("3f2a", MergeMethod::Squash).commit, "3f2a");
    /// ```
    pub noun MergeResult {
        required {
            /// The commit that the target points at afterwards.
            commit: String,
            /// How it was done.
            method: MergeMethod,
        }
        defaulted {
            /// Whether the target already had everything and nothing changed.
            up_to_date: bool,
        }
    }

    /// A file at one commit.
    ///
    /// ```
    /// use mosaic_core::types::git::FileContent;
    ///
    /// assert_eq!(FileContent::new("README.md", "9d1c", "3f2a", "hello").path, "README.md");
    /// ```
    pub noun FileContent {
        required {
            /// Its path from the root of the repository.
            path: String,
            /// The id of the blob; give it as `expected` to write over exactly this version.
            blob: String,
            /// The commit it was read at.
            commit: String,
            /// Its content.
            content: Blob,
        }
    }

    /// What deleting a file did.
    ///
    /// ```
    /// use mosaic_core::types::git::FileDeleted;
    ///
    /// assert_eq!(FileDeleted::new("a.txt", "3f2a").path, "a.txt");
    /// ```
    pub noun FileDeleted {
        required {
            /// Its path from the root of the repository.
            path: String,
            /// The commit that no longer has it.
            commit: String,
        }
    }

    /// What writing a file did.
    ///
    /// ```
    /// use mosaic_core::types::git::FileWritten;
    ///
    /// assert!(!FileWritten::new("a.txt", "9d1c", "3f2a").unchanged);
    /// ```
    pub noun FileWritten {
        required {
            /// Its path from the root of the repository.
            path: String,
            /// The id of the new blob.
            blob: String,
            /// The commit that holds it.
            commit: String,
        }
        defaulted {
            /// Whether the branch had this content already, and no commit was made.
            unchanged: bool,
        }
    }
}

impl Repository {
    /// Owner and name, as `owner/name`.
    pub fn full_name(&self) -> String {
        self.repo.to_string()
    }
}

impl Commit {
    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

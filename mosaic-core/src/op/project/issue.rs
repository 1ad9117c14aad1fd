//! Parameters of the operations on issues.

use crate::params;
use crate::types::project::{IssueState, LinkKind};
use crate::types::{IssueRef, ProjectKey};

params! {
    /// Create an issue.
    ///
    /// ```
    /// use mosaic_core::op::project::CreateIssue;
    ///
    /// let op = CreateIssue::new("OPS", "The lid leaks").labels(vec!["bug".to_string()]);
    /// assert_eq!(op.title, "The lid leaks");
    /// ```
    pub struct CreateIssue {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        required {
            /// Its title.
            title: String,
        }
        optional {
            /// What it says, in Markdown.
            body: String,
            /// Who is to do it.
            assignee: String,
        }
        defaulted {
            /// Its labels.
            labels: Vec<String>,
        }
    }

    /// Fetch one issue.
    ///
    /// ```
    /// use mosaic_core::op::project::GetIssue;
    ///
    /// assert_eq!(GetIssue::new("OPS", 7u64).issue.number, 7);
    /// ```
    pub struct GetIssue {
        about {
            /// The issue.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
    }

    /// Change an issue; what is absent stays as it is.
    ///
    /// ```
    /// use mosaic_core::op::project::UpdateIssue;
    /// use mosaic_core::types::project::IssueState;
    ///
    /// let op = UpdateIssue::new("OPS", 7u64).state(IssueState::Closed);
    /// assert!(op.title.is_none());
    /// ```
    pub struct UpdateIssue {
        about {
            /// The issue.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        optional {
            /// Its new title.
            title: String,
            /// Its new text, in Markdown.
            body: String,
            /// Where it stands now.
            state: IssueState,
            /// Who is to do it; an empty text for nobody.
            assignee: String,
            /// All its labels from now on.
            labels: Vec<String>,
        }
    }

    /// List issues of a project.
    ///
    /// ```
    /// use mosaic_core::op::project::ListIssues;
    /// use mosaic_core::types::project::IssueState;
    ///
    /// assert_eq!(ListIssues::new("OPS").state(IssueState::Open).state, Some(IssueState::Open));
    /// ```
    pub struct ListIssues {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        optional {
            /// Only those in this state.
            state: IssueState,
            /// Only those with this label.
            label: String,
            /// Only those that this person is to do.
            assignee: String,
            /// Only those that are planned for this sprint.
            sprint: String,
        }
        paged { page }
    }

    /// Comment on an issue.
    ///
    /// ```
    /// use mosaic_core::op::project::AddComment;
    ///
    /// assert_eq!(AddComment::new("OPS", 7u64, "Seen too.").body, "Seen too.");
    /// ```
    pub struct AddComment {
        about {
            /// The issue.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        required {
            /// The text, in Markdown.
            body: String,
        }
    }

    /// Link one issue to another.
    ///
    /// ```
    /// use mosaic_core::op::project::LinkIssues;
    /// use mosaic_core::types::{IssueRef, project::LinkKind};
    ///
    /// let op = LinkIssues::new("OPS", 1u64, IssueRef::new("OPS", 2u64)).kind(LinkKind::Blocks);
    /// assert_eq!(op.to.number, 2);
    /// ```
    pub struct LinkIssues {
        about {
            /// The issue that is linked.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        required {
            /// The issue it is linked to.
            to: IssueRef,
        }
        defaulted {
            /// How the first stands to the second.
            kind: LinkKind,
        }
    }

    /// Search issues.
    ///
    /// ```
    /// use mosaic_core::op::project::SearchIssues;
    ///
    /// assert_eq!(SearchIssues::new("leaking lid").project("OPS").query, "leaking lid");
    /// ```
    pub struct SearchIssues {
        required {
            /// Words, all of which an issue must have in its title or text.
            query: String,
        }
        optional {
            /// Only of this project.
            project: ProjectKey,
            /// Only those in this state.
            state: IssueState,
        }
        paged { page }
    }

    /// List the comments of an issue.
    ///
    /// ```
    /// use mosaic_core::op::project::ListComments;
    ///
    /// assert_eq!(ListComments::new("OPS", 7u64).issue.number, 7);
    /// ```
    pub struct ListComments {
        about {
            /// The issue.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        paged { page }
    }

    /// Take a link between two issues away.
    ///
    /// ```
    /// use mosaic_core::op::project::UnlinkIssues;
    /// use mosaic_core::types::{IssueRef, project::LinkKind};
    ///
    /// let op = UnlinkIssues::new("OPS", 1u64, IssueRef::new("OPS", 2u64)).kind(LinkKind::Blocks);
    /// assert_eq!(op.to.number, 2);
    /// ```
    pub struct UnlinkIssues {
        about {
            /// The issue that is linked.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        required {
            /// The issue it is linked to.
            to: IssueRef,
        }
        defaulted {
            /// How the first stands to the second.
            kind: LinkKind,
        }
    }
}

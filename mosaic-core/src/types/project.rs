//! Nouns of the project service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::Comment;
use super::{AsSubject, Subject, Timestamp};
use crate::params;

/// Names a project of a tracker by its key, such as `OPS`; a key `team/OPS` names the owner too.
///
/// ```
/// use mosaic_core::types::ProjectKey;
///
/// assert_eq!(ProjectKey::new("OPS").as_str(), "OPS");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ProjectKey(String);

impl ProjectKey {
    /// A project by its key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Display for ProjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl AsSubject for ProjectKey {
    fn as_subject(&self) -> Subject<'_> {
        match self.0.rsplit_once('/') {
            Some((org, name)) => Subject::item(org, name),
            None => Subject::name(&self.0),
        }
    }
}
impl From<&str> for ProjectKey {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}
impl From<String> for ProjectKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}
impl From<&ProjectKey> for ProjectKey {
    fn from(key: &ProjectKey) -> Self {
        key.clone()
    }
}

/// Names an issue: its project and its number there.
///
/// ```
/// use mosaic_core::types::IssueRef;
///
/// assert_eq!(IssueRef::new("OPS", 7u64).to_string(), "OPS#7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueRef {
    /// The project.
    pub project: ProjectKey,
    /// The number in the project.
    pub number: u64,
}

impl IssueRef {
    /// An issue by project and number.
    pub fn new(project: impl Into<ProjectKey>, number: impl Into<u64>) -> Self {
        Self { project: project.into(), number: number.into() }
    }
}
impl std::fmt::Display for IssueRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.project, self.number)
    }
}
impl AsSubject for Option<ProjectKey> {
    fn as_subject(&self) -> Subject<'_> {
        self.as_ref().map_or(Subject::NOTHING, ProjectKey::as_subject)
    }
}
impl AsSubject for IssueRef {
    fn as_subject(&self) -> Subject<'_> {
        self.project.as_subject()
    }
}
impl From<&IssueRef> for IssueRef {
    fn from(issue: &IssueRef) -> Self {
        issue.clone()
    }
}

/// Where an issue stands, on the scale that every tracker shares.
///
/// ```
/// use mosaic_core::types::project::IssueState;
///
/// assert_eq!(serde_json::to_string(&IssueState::InProgress)?, "\"in_progress\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Not begun.
    #[default]
    Open,
    /// Being worked on.
    InProgress,
    /// Done or given up.
    Closed,
}

/// Where a sprint stands.
///
/// ```
/// use mosaic_core::types::project::SprintState;
///
/// assert_eq!(SprintState::default(), SprintState::Planned);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SprintState {
    /// Not begun.
    #[default]
    Planned,
    /// Begun.
    Active,
    /// Over.
    Closed,
}

/// How one issue stands to another.
///
/// ```
/// use mosaic_core::types::project::LinkKind;
///
/// assert_eq!(LinkKind::default(), LinkKind::RelatesTo);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Both are about one thing.
    #[default]
    RelatesTo,
    /// The first must be closed before the second.
    Blocks,
    /// The first says what the second says.
    Duplicates,
    /// The second is a part of the first.
    ParentOf,
}

params! {
    /// A project of a tracker.
    ///
    /// ```
    /// use mosaic_core::types::project::Project;
    ///
    /// assert_eq!(Project::new("OPS", "Operations").name, "Operations");
    /// ```
    pub noun Project {
        required {
            /// Its key, unique in the tracker.
            key: ProjectKey,
            /// Its name.
            name: String,
        }
        optional {
            /// What it is for.
            description: String,
            /// When it was made.
            created_at: Timestamp,
            /// When it last changed.
            updated_at: Timestamp,
        }
    }

    /// An issue of a project.
    ///
    /// ```
    /// use mosaic_core::types::project::{Issue, IssueState};
    ///
    /// let issue = Issue::new("OPS", 7u64, "The lid leaks", IssueState::Open);
    /// assert_eq!(issue.issue.to_string(), "OPS#7");
    /// ```
    pub noun Issue {
        about {
            /// Its project and number.
            issue: IssueRef(project: ProjectKey, number: u64)
        }
        required {
            /// Its title.
            title: String,
            /// Where it stands.
            state: IssueState,
        }
        optional {
            /// What it says.
            body: String,
            /// Who opened it.
            author: String,
            /// Who is to do it.
            assignee: String,
            /// The id of the sprint that it is planned for.
            sprint: String,
            /// When it was opened.
            created_at: Timestamp,
            /// When it last changed.
            updated_at: Timestamp,
        }
        defaulted {
            /// Its labels, in alphabetical order.
            labels: Vec<String>,
            /// Its links to other issues.
            links: Vec<Link>,
        }
    }

    /// A link between two issues, read from the first to the second.
    ///
    /// ```
    /// use mosaic_core::types::{IssueRef, project::{Link, LinkKind}};
    ///
    /// let link = Link::new(IssueRef::new("OPS", 1u64), LinkKind::Blocks, IssueRef::new("OPS", 2u64));
    /// assert_eq!(link.to.number, 2);
    /// ```
    pub noun Link {
        required {
            /// The issue that is linked.
            from: IssueRef,
            /// How it stands to the other.
            kind: LinkKind,
            /// The issue it is linked to.
            to: IssueRef,
        }
    }

    /// A stretch of time in which issues of a project are to be done.
    ///
    /// ```
    /// use mosaic_core::types::project::{Sprint, SprintState};
    ///
    /// assert_eq!(Sprint::new("1", "OPS", "July", SprintState::Planned).name, "July");
    /// ```
    pub noun Sprint {
        required {
            /// The provider's id of it.
            id: String,
            /// The project.
            project: ProjectKey,
            /// Its name.
            name: String,
            /// Where it stands.
            state: SprintState,
        }
        optional {
            /// What it is to reach.
            goal: String,
            /// When it begins.
            starts_at: Timestamp,
            /// When it ends.
            ends_at: Timestamp,
        }
    }

    /// A sprint and what is planned for it.
    ///
    /// ```
    /// use mosaic_core::types::project::{Sprint, SprintPlan, SprintState};
    ///
    /// let sprint = Sprint::new("1", "OPS", "July", SprintState::Planned);
    /// assert_eq!(SprintPlan::new(sprint, vec![7]).issues, [7]);
    /// ```
    pub noun SprintPlan {
        required {
            /// The sprint.
            sprint: Sprint,
            /// The numbers of all issues that are planned for it, in ascending order.
            issues: Vec<u64>,
        }
    }

    /// A label of a project.
    ///
    /// ```
    /// use mosaic_core::types::project::Label;
    ///
    /// assert_eq!(Label::new("bug").name, "bug");
    /// ```
    pub noun Label {
        required {
            /// Its name.
            name: String,
        }
        optional {
            /// What it means.
            description: String,
            /// Its colour, as six hexadecimal digits.
            color: String,
        }
    }

    /// A person who takes part in a project.
    ///
    /// ```
    /// use mosaic_core::types::project::User;
    ///
    /// assert_eq!(User::new("ada").name("Ada Lovelace").login, "ada");
    /// ```
    pub noun User {
        required {
            /// What others call the person by: the value of an assignee.
            login: String,
        }
        optional {
            /// The person's name.
            name: String,
            /// The person's e-mail address.
            email: String,
        }
    }
}

//! What a call is about: the facts that routing rules and cache tags look at.

/// The thing a call is about, borrowed from its parameters. Absent facts match no pattern.
///
/// ```
/// use mosaic_core::types::{RepoRef, AsSubject};
///
/// let repo = RepoRef::new("acme", "widget");
/// let subject = repo.as_subject();
/// assert_eq!((subject.org, subject.name), (Some("acme"), Some("widget")));
/// assert_eq!(subject.to_string(), "acme/widget");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject<'a> {
    /// The organisation, group, workspace or space that owns the thing.
    pub org: Option<&'a str>,
    /// The name inside the organisation: a repository, a project, a document space.
    pub name: Option<&'a str>,
    /// The path inside the thing: a file, a branch, a document.
    pub path: Option<&'a str>,
    /// Whether the thing is private, where the call says so.
    pub private: Option<bool>,
}

impl<'a> Subject<'a> {
    /// A call about nothing in particular, such as "list everything".
    pub const NOTHING: Subject<'static> = Subject { org: None, name: None, path: None, private: None };

    /// A call about an organisation.
    pub const fn org(org: &'a str) -> Self {
        Subject { org: Some(org), name: None, path: None, private: None }
    }

    /// A call about a thing inside an organisation.
    pub const fn item(org: &'a str, name: &'a str) -> Self {
        Subject { org: Some(org), name: Some(name), path: None, private: None }
    }

    /// A call about a thing that has no organisation above it, such as a project of a tracker.
    pub const fn name(name: &'a str) -> Self {
        Subject { org: None, name: Some(name), path: None, private: None }
    }

    /// The same subject with a path inside it.
    #[must_use]
    pub const fn at_path(mut self, path: Option<&'a str>) -> Self {
        self.path = path;
        self
    }

    /// The same subject, said to be private or public.
    #[must_use]
    pub const fn private(mut self, private: Option<bool>) -> Self {
        self.private = private;
        self
    }
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.org, self.name) {
            (None, None) => f.write_str("*")?,
            (Some(org), None) => f.write_str(org)?,
            (None, Some(name)) => f.write_str(name)?,
            (Some(org), Some(name)) => write!(f, "{org}/{name}")?,
        }
        match self.path {
            Some(path) => write!(f, ":{path}"),
            None => Ok(()),
        }
    }
}

/// Things that can be the subject of a call; the operation tables call it for `on FIELD`.
pub trait AsSubject {
    /// The subject, borrowed.
    fn as_subject(&self) -> Subject<'_>;
}

impl AsSubject for Option<String> {
    fn as_subject(&self) -> Subject<'_> {
        self.as_deref().map_or(Subject::NOTHING, Subject::org)
    }
}

impl AsSubject for String {
    fn as_subject(&self) -> Subject<'_> {
        Subject::org(self)
    }
}

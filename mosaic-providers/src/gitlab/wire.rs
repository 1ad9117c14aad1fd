//! What every room of GitLab's reads and writes: projects, people, times. Only the fields that are mapped are here.

use mosaic_core::types::git::Repository;
use mosaic_core::types::{Comment, RepoRef, Timestamp};
use serde::{Deserialize, Deserializer};

/// A project.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Project {
    pub(super) path_with_namespace: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    visibility: Option<String>,
    /// Absent where the reader is nobody.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) archived: bool,
    #[serde(default)]
    http_url_to_repo: Option<String>,
    #[serde(default)]
    pub(super) web_url: Option<String>,
    #[serde(default)]
    pub(super) merge_method: Option<String>,
    #[serde(default)]
    pub(super) ci_config_path: Option<String>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) updated_at: Option<Timestamp>,
}

impl Project {
    /// The branch that clones check out. A project without a commit has none yet.
    pub(super) fn default_branch(&self) -> String {
        let named = self.default_branch.as_deref().filter(|name| !name.is_empty());
        named.unwrap_or("main").to_owned()
    }

    /// Owner and name: the last part is the name, everything before is the owner.
    pub(super) fn repo(&self) -> RepoRef {
        let path = self.path_with_namespace.as_str();
        let (owner, name) = path.rsplit_once('/').unwrap_or(("", path));
        RepoRef::new(owner, name)
    }
}

impl From<Project> for Repository {
    fn from(wire: Project) -> Self {
        let mut repository = Self::of(wire.repo(), wire.default_branch());
        repository.private = wire.visibility.is_some_and(|visibility| visibility != "public");
        repository.archived = wire.archived;
        repository.description = filled(wire.description);
        repository.clone_url = wire.http_url_to_repo;
        repository.web_url = wire.web_url;
        repository.created_at = wire.created_at;
        repository.updated_at = wire.updated_at;
        repository
    }
}

/// A person.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Person {
    #[serde(default)]
    pub(super) id: i64,
    pub(super) username: String,
}

/// The namespace of a user or group.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Namespace {
    pub(super) id: i64,
    pub(super) kind: String,
}

/// What somebody said of an issue or a merge request, or what GitLab notes of changes.
#[derive(Debug, Deserialize)]
pub(super) struct Note {
    pub(super) id: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) body: String,
    #[serde(default)]
    pub(super) author: Option<Person>,
    /// Whether GitLab wrote it: that something was changed.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) system: bool,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default)]
    position: Option<Position>,
}

#[derive(Debug, Deserialize)]
struct Position {
    #[serde(default)]
    new_path: Option<String>,
    #[serde(default)]
    new_line: Option<i64>,
}

impl From<Note> for Comment {
    fn from(wire: Note) -> Self {
        let mut comment = Self::new(wire.id.to_string(), wire.body);
        comment.author = wire.author.map(|author| author.username);
        comment.created_at = wire.created_at;
        if let Some(position) = wire.position {
            comment.path = position.new_path;
            comment.line = position.new_line.map(number);
        }
        comment
    }
}

/// A time; one that cannot be read is none.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|text| text.parse().ok()))
}

/// A value, or the default where there is `null`.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A text that says something.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A number of GitLab's, which is never negative.
pub(super) fn number(wire: i64) -> u64 {
    u64::try_from(wire).unwrap_or_default()
}

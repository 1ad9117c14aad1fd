//! Checks everything that callers write before it becomes part of a path or of a command: the only place that does.

use mosaic_core::context::Principal;
use mosaic_core::error::Result;
use mosaic_core::types::RepoRef;

use super::fault::invalid;

/// Owners and repositories: long enough for people, short enough for every file system.
const NAME_MAX: usize = 100;
/// Branches: a reference is a file with `.lock` after it while it changes.
const BRANCH_MAX: usize = 240;
const PATH_MAX: usize = 4096;
const COMPONENT_MAX: usize = 250;

/// Checks owner and name of a repository.
pub(super) fn repository(repo: &RepoRef) -> Result<()> {
    owner(&repo.owner)?;
    plain("repo.name", &repo.name)
}

/// Checks an owner.
pub(super) fn owner(owner: &str) -> Result<()> {
    plain("owner", owner)
}

/// One name that is safe as a directory everywhere: no hidden, no reserved, no option-like one.
fn plain(field: &str, name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    let valid = (1..=NAME_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !name.contains("..")
        && ![".git", ".lock", "."].iter().any(|end| lower.ends_with(end));
    if valid {
        return Ok(());
    }
    Err(invalid(format!(
        "{field}: {} is no name: use 1 to {NAME_MAX} of a-z A-Z 0-9 . _ -, beginning with a letter, digit or _, without \
         `..` and without `.git` or `.lock` at the end",
        shown(name)
    )))
}

/// A text for a message: quoted, escaped and short.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

/// The name of a branch, valid for git.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BranchName(String);

impl BranchName {
    pub(super) fn parse(field: &str, text: &str) -> Result<Self> {
        match branch_fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(invalid(format!("{field}: {} is no name of a branch: {why}", shown(text)))),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The full name of its reference.
    pub(super) fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl std::fmt::Display for BranchName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rules of `git check-ref-format --branch`, a length, and no name that could be taken for a commit.
fn branch_fault(text: &str) -> Option<&'static str> {
    let bad_char = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let bad_part = |part: &str| {
        part.is_empty()
            || part.starts_with('.')
            || part.to_ascii_lowercase().ends_with(".lock")
            || part.len() > COMPONENT_MAX
    };
    Some(match text {
        "" => "it is empty",
        "@" | "HEAD" => "it means something else to git",
        _ if text.len() > BRANCH_MAX => "it is too long",
        _ if text.starts_with('-') => "it begins with `-`",
        _ if text.starts_with("refs/") => "give it without `refs/heads/`",
        _ if text.chars().any(bad_char) => "it holds a character that git does not allow",
        _ if text.contains("..") || text.contains("@{") || text.ends_with('.') => {
            "git does not allow `..`, `@{` and a `.` at the end"
        }
        _ if text.split('/').any(bad_part) => {
            "a part between slashes is empty, begins with `.` or ends with `.lock`"
        }
        _ if is_object_id(text) => "it looks like the id of a commit",
        _ => return None,
    })
}

/// Whether the text is a whole object id of SHA-1 or SHA-256.
pub(super) fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A branch, tag or commit, as callers name it.
#[derive(Debug, Clone)]
pub(super) struct Revision(String);

impl Revision {
    pub(super) fn parse(field: &str, text: &str) -> Result<Self> {
        if is_object_id(text) || branch_fault(text).is_none() {
            return Ok(Self(text.to_owned()));
        }
        Err(invalid(format!("{field}: {} is no branch, tag or commit", shown(text))))
    }

    /// What it may stand for, the likeliest first, as object names that git takes.
    pub(super) fn candidates(&self) -> Vec<String> {
        let text = &self.0;
        if is_object_id(text) {
            return vec![format!("{text}^{{commit}}")];
        }
        let mut all = vec![format!("refs/heads/{text}^{{commit}}"), format!("refs/tags/{text}^{{commit}}")];
        // A shortened id; shorter ones are names by accident more often than on purpose.
        if (7..64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            all.push(format!("{text}^{{commit}}"));
        }
        all
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path of a file inside a repository, safe to check out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePath(String);

impl FilePath {
    pub(super) fn parse(text: &str) -> Result<Self> {
        match path_fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(invalid(format!("path: {} is no path in a repository: {why}", shown(text)))),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn components(&self) -> Vec<&str> {
        self.0.split('/').collect()
    }
}

impl std::fmt::Display for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn path_fault(text: &str) -> Option<&'static str> {
    Some(match text {
        "" => "it is empty",
        _ if text.len() > PATH_MAX => "it is too long",
        _ if text.starts_with('/') => "it must not begin with `/`",
        _ if text.chars().any(char::is_control) => "it holds a control character",
        // A separator on some systems that check the repository out.
        _ if text.contains('\\') => "it holds a `\\`",
        _ if text.split('/').any(|part| part.is_empty() || part.len() > COMPONENT_MAX) => {
            "a part of it is empty or too long"
        }
        _ if text.split('/').any(|part| part == "." || part == "..") => "`.` and `..` are not followed",
        _ if text.split('/').any(is_dot_git) => "`.git` belongs to git",
        _ => return None,
    })
}

/// Whether some file system takes this name for `.git`: macOS ignores case and some invisible characters, Windows ignores
/// case, what follows a colon, and dots and spaces at the end, and gives it the short name `git~1`.
fn is_dot_git(part: &str) -> bool {
    let visible = part.chars().filter(|c| {
        !matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
    });
    let lower: String = visible.flat_map(char::to_lowercase).collect();
    let stem = lower.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1"
}

/// Checks a text that git stores: it cannot hold a NUL.
pub(super) fn text<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    if text.contains('\0') {
        return Err(invalid(format!("{field}: it holds a NUL character")));
    }
    Ok(text)
}

/// Checks a title: one line with something in it.
pub(super) fn title(text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
        return Err(invalid("title: use one line of 1 to 1024 bytes without control characters"));
    }
    Ok(())
}

/// The name and the e-mail address under which a principal makes commits. The characters that git itself would drop or
/// trip over are left out.
pub(super) fn identity(principal: &Principal) -> (String, String) {
    let name: String =
        principal.name().chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(200).collect();
    // Git strips these from both ends, and refuses a name that is nothing else.
    let name = name.trim_matches([' ', '.', ',', ':', ';', '"', '\\', '\'']).to_owned();
    let name = if name.is_empty() { "mosaic".to_owned() } else { name };
    let local: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(64)
        .collect();
    (name, format!("{local}@mosaic.invalid"))
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;

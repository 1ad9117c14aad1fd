//! Checks everything that callers write before it becomes part of a path or of a command: the only place that does.

mod path;
mod reference;

use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::RepoRef;

pub(crate) use crate::object_id::is_object_id;
pub(crate) use path::FilePath;
#[cfg(feature = "gitlab")]
pub(crate) use reference::short;
pub(crate) use reference::{BranchName, RefKind, RefName, Revision, TagName, Tags, cursor, revision};

/// Owners and repositories: long enough for people, short enough for every file system.
const NAME_MAX: usize = 100;
/// Commit messages, descriptions, comments.
const TEXT_MAX: usize = 1024 * 1024;
/// Titles and whatever else is one line.
const LINE_MAX: usize = 1024;

/// Checks owner and name of a repository.
pub(crate) fn repository(repo: &RepoRef) -> Result<()> {
    owner(&repo.owner)?;
    plain("repo.name", &repo.name)
}

/// Checks owner and name of a repository at a vendor: unlike here, its name may begin with a dot, such as `.github`.
pub(crate) fn hosted(repo: &RepoRef) -> Result<()> {
    owner(&repo.owner)?;
    let name = repo.name.strip_prefix('.').unwrap_or(&repo.name);
    plain("repo.name", if name.is_empty() { &repo.name } else { name })
}

/// Checks an owner.
pub(crate) fn owner(owner: &str) -> Result<()> {
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

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// A text for a message: quoted, escaped and short.
pub(crate) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

/// Checks a text that git stores: it cannot hold a NUL.
pub(crate) fn text<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    if text.contains('\0') {
        return Err(invalid(format!("{field}: it holds a NUL character")));
    }
    body(field, text)
}

/// Checks a text of any lines.
pub(crate) fn body<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    if text.len() > TEXT_MAX {
        return Err(invalid(format!("{field}: at most {TEXT_MAX} bytes can be kept")));
    }
    Ok(text)
}

/// Checks one line that may be empty.
pub(crate) fn line(field: &str, text: &str) -> Result<()> {
    if text.len() > LINE_MAX || text.chars().any(char::is_control) {
        return Err(invalid(format!(
            "{field}: use one line of at most {LINE_MAX} bytes without control characters"
        )));
    }
    Ok(())
}

/// Checks a title: one line with something in it.
pub(crate) fn title(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(invalid("title: it is empty"));
    }
    line("title", text)
}

/// The name and the e-mail address under which a principal makes commits. The characters that git itself would drop or
/// trip over are left out.
pub(crate) fn identity(principal: &Principal) -> (String, String) {
    let name: String =
        principal.name().chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(200).collect();
    // Git strips these from both ends, and refuses a name that is nothing else. Of blanks it knows ASCII's only;
    // a name of other blanks would show nothing either.
    let bare = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | '"' | '\\' | '\'');
    let name = name.trim_matches(bare).to_owned();
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
mod tests;

//! Branches, tags and revisions, as callers name them.

use std::marker::PhantomData;

use mosaic_core::error::Result;

use super::{invalid, shown};

use crate::object_id::is_object_id;

/// A reference is a file with `.lock` after it while it changes.
const NAME_MAX: usize = 240;
const COMPONENT_MAX: usize = 250;

/// What a reference is: a branch or a tag.
pub(crate) trait RefKind: Clone + std::fmt::Debug {
    /// The word for people.
    const WORD: &'static str;
    /// Where git keeps them.
    const PREFIX: &'static str;
}

/// Says that a reference is a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heads {}

impl RefKind for Heads {
    const WORD: &'static str = "branch";
    const PREFIX: &'static str = "refs/heads/";
}

/// Says that a reference is a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {}

impl RefKind for Tags {
    const WORD: &'static str = "tag";
    const PREFIX: &'static str = "refs/tags/";
}

/// The name of a reference, valid for git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefName<K> {
    text: String,
    kind: PhantomData<K>,
}

/// The name of a branch.
pub(crate) type BranchName = RefName<Heads>;
/// The name of a tag.
pub(crate) type TagName = RefName<Tags>;

impl<K: RefKind> RefName<K> {
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self> {
        match name_fault(text) {
            None => Ok(Self { text: text.to_owned(), kind: PhantomData }),
            Some(why) => Err(invalid(format!("{field}: {} is no name of a {}: {why}", shown(text), K::WORD))),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The full name of its reference.
    pub(crate) fn reference(&self) -> String {
        format!("{}{}", K::PREFIX, self.text)
    }
}

impl<K> std::fmt::Display for RefName<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks the name after which a page begins. Names that others pushed may be longer or odder than those that are made here.
pub(crate) fn cursor(text: &str) -> Result<&str> {
    if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
        return Err(invalid("page.cursor: it was not made by this provider"));
    }
    Ok(text)
}

/// The rules of `git check-ref-format --branch`, a length, and no name that could be taken for a commit.
fn name_fault(text: &str) -> Option<&'static str> {
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
        _ if text.len() > NAME_MAX => "it is too long",
        _ if text.starts_with('-') => "it begins with `-`",
        _ if text.starts_with("refs/") => "give it without `refs/heads/` or `refs/tags/`",
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

/// The name of a branch or tag without `refs/heads/` and `refs/tags/`; any other text as it is.
#[cfg(feature = "gitlab")]
pub(crate) fn short(text: &str) -> &str {
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| text.strip_prefix(prefix));
    short.unwrap_or(text)
}

/// A branch, tag or commit, as callers name it.
#[derive(Debug, Clone)]
pub(crate) struct Revision(String);

/// Checks a branch, tag or commit as a caller names it.
///
/// # Errors
/// `Invalid`.
pub(crate) fn revision<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    Revision::parse(field, text)?;
    Ok(text)
}

impl Revision {
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self> {
        if is_object_id(text) || name_fault(text).is_none() {
            return Ok(Self(text.to_owned()));
        }
        Err(invalid(format!("{field}: {} is no branch, tag or commit", shown(text))))
    }

    /// What it may stand for, the likeliest first, as object names that git takes.
    pub(crate) fn candidates(&self) -> Vec<String> {
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

//! Paths inside a repository: what is safe to check out on every system.

use mosaic_core::error::Result;

use super::{invalid, shown};

const PATH_MAX: usize = 4096;
const COMPONENT_MAX: usize = 250;

/// The path of a file inside a repository, safe to check out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath(String);

impl FilePath {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match path_fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(invalid(format!("path: {} is no path in a repository: {why}", shown(text)))),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn components(&self) -> Vec<&str> {
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

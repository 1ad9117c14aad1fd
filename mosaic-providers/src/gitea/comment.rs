//! Comments as both services see them, and their order.

use std::fmt;
use std::str::FromStr;

use mosaic_core::error::Result;
use mosaic_core::types::{Comment, Timestamp};
use serde::Deserialize;

use super::wire::{self, User, login, moment, text};

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    body: String,
    user: Option<User>,
    /// Only of those on lines.
    #[serde(default)]
    path: Option<String>,
    /// The line of the file as it is at the head; 0 where the comment is on a line that is gone.
    #[serde(default)]
    position: i64,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
}

impl From<Wire> for Comment {
    fn from(wire: Wire) -> Self {
        let mut comment = Comment::new(wire::number(wire.id).to_string(), wire.body);
        comment.author = login(wire.user);
        comment.path = text(wire.path);
        comment.line = Some(wire::number(wire.position)).filter(|line| *line > 0 && comment.path.is_some());
        comment.created_at = wire.created_at;
        comment
    }
}

/// Where a page begins: after the comment of this time and id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    at: i64,
    id: u64,
}

impl Place {
    /// The place of a comment.
    pub(super) fn of(comment: &Comment) -> Self {
        let at = comment.created_at.map_or(0, |at| at.as_second());
        Self { at, id: comment.id.parse().unwrap_or_default() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.at, self.id)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('~').ok_or(())?;
        Ok(Self { at: at.parse().map_err(|_| ())?, id: id.parse().map_err(|_| ())? })
    }
}

//! A comment: on an issue, or on a pull request.

use super::Timestamp;
use crate::params;

params! {
    /// A comment on an issue or on a pull request.
    ///
    /// ```
    /// use mosaic_core::types::Comment;
    ///
    /// assert_eq!(Comment::new("1", "Seen too.").body, "Seen too.");
    /// ```
    pub noun Comment {
        required {
            /// The provider's id of it.
            id: String,
            /// Its text, in Markdown.
            body: String,
        }
        optional {
            /// Who wrote it.
            author: String,
            /// The file that it is about, from the root of the repository.
            path: String,
            /// The line of that file, from 1, as the file is at the head of the pull request.
            line: u64,
            /// When it was written.
            created_at: Timestamp,
        }
    }
}

//! What is wrong with a condition, and where in its text.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::engine::route::FaultKind;

/// A fault of a condition. As text it is one line; `{:#}` shows the place in the condition too.
///
/// ```
/// use mosaic_core::engine::route::{AttributeSchema, Condition};
///
/// let condition: Condition = "build.sise > 10GB".parse()?;
/// let faults = condition.compile(&AttributeSchema::default()).unwrap_err();
/// assert_eq!(
///     format!("{:#}", faults[0]),
///     "build.sise > 10GB\n^^^^^^^^^^ there is no attribute \"build.sise\"; did you mean \"build.size\"?"
/// );
/// # Ok::<(), mosaic_core::engine::route::ConditionFault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConditionFault {
    /// What it is.
    pub kind: FaultKind,
    /// The bytes of the condition that it is about; empty at the end where something is missing.
    pub span: Range<usize>,
    /// What was found and what was expected.
    pub message: String,
    /// The known name that was probably meant.
    pub suggestion: Option<String>,
    /// The line of the condition that it is in, as far as it is shown, and where it begins.
    line: String,
    line_at: usize,
}

/// How much of a line is shown.
const SHOWN: usize = 160;

impl ConditionFault {
    pub(super) fn new(text: &str, kind: FaultKind, span: Range<usize>, message: String) -> Self {
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
        // A long line is shown from a little before the fault.
        let start =
            text[start..span.start].char_indices().rev().nth(SHOWN / 2).map_or(start, |(at, _)| start + at);
        let line = text[start..end].chars().take(SHOWN).collect();
        Self { kind, span, message, suggestion: None, line, line_at: start }
    }

    #[must_use]
    pub(super) fn suggest(mut self, name: Option<&str>) -> Self {
        self.suggestion = name.map(Into::into);
        self
    }
}

impl fmt::Display for ConditionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let chars = |from: usize, to: usize| {
                let (from, to) = (from - self.line_at, to - self.line_at);
                self.line
                    .get(from.min(self.line.len())..to.min(self.line.len()))
                    .map_or(0, |text| text.chars().count())
            };
            // A tab stays one, so that the caret stands under its place.
            let before = self.line.chars().take(chars(self.line_at, self.span.start));
            let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let carets = "^".repeat(chars(self.span.start, self.span.end).max(1));
            write!(f, "{}\n{indent}{carets} ", self.line)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean {name:?}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConditionFault {}

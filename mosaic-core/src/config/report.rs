//! The report: every fault of a configuration at once, with where it is, what is wrong and what may be meant.

use std::fmt;

use serde::{Serialize, Serializer};

use super::code::Code;
use super::source::{Shown, Source, Span};

/// How bad a fault is.
///
/// ```
/// use mosaic_core::config::Severity;
///
/// assert_eq!(Severity::Warning.to_string(), "warning");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, and is probably not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One fault of a configuration.
///
/// `Display` gives several lines: what is wrong, where, and the line of the file. Values from the environment, the values of a
/// plugin's own configuration, and those of unknown keys are never shown.
///
/// ```
/// use mosaic_core::config::{Code, Config};
///
/// let report = Config::parse("cache: { enabeld: true }").unwrap_err();
/// let fault = &report.faults()[0];
/// assert_eq!((fault.code(), fault.path()), (Code::UnknownKey, "cache.enabeld"));
/// assert_eq!((fault.line(), fault.column()), (Some(1), Some(10)));
/// assert_eq!(fault.suggestion(), Some("enabled"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    severity: Severity,
    code: Code,
    file: String,
    path: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    suggestion: Option<String>,
    #[serde(rename = "source", serialize_with = "text_only")]
    shown: Option<Shown>,
}

fn text_only<S: Serializer>(shown: &Option<Shown>, serializer: S) -> Result<S::Ok, S::Error> {
    shown.as_ref().map(|shown| &shown.text).serialize(serializer)
}

impl Fault {
    /// Whether it is an error or a warning.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What kind of fault it is: stable, for programs.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where it is in the structure, such as `orchestration.plugins[1].config`; empty for the file as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its line, counted from 1; none where it concerns no place in the file.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Its column in characters, counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.column
    }

    /// What is wrong and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The nearest name that is known, where one is near.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean {suggestion:?}?")?;
        }
        let number = self.line.map(|line| line.to_string()).unwrap_or_default();
        let margin = " ".repeat(number.len());
        write!(f, "\n{margin}--> {}", self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        if let Some(Shown { text, marked }) = &self.shown {
            write!(f, "\n{number} | {text}")?;
            if !marked.is_empty() {
                write!(f, "\n{margin} | {}{}", " ".repeat(marked.start), "^".repeat(marked.len()))?;
            }
        }
        Ok(())
    }
}

/// Every fault of a configuration, in the order of the file, up to 200; an error type.
///
/// `Display` is for people, with the lines of the file. As JSON it is the list of faults.
///
/// ```
/// use mosaic_core::config::Config;
///
/// let report = Config::parse("cache: { ttl: soon, maxSize: -1 }").unwrap_err();
/// assert_eq!(report.faults().len(), 2);
/// assert!(report.to_string().ends_with("2 errors"));
/// assert_eq!(serde_json::to_value(&report)?[0]["code"], "wrong-type");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    faults: Vec<Fault>,
    omitted: usize,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.faults.serialize(serializer)
    }
}

impl Report {
    /// How many more faults there are than are told.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The faults: errors and warnings.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }
}

impl std::error::Error for Report {}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            write!(f, "{fault}\n\n")?;
        }
        let count = |severity| self.faults.iter().filter(|fault| fault.severity == severity).count();
        let said = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            more => Some(format!("{more} {word}s")),
        };
        let omitted = (self.omitted > 0).then(|| format!("{} more that are not shown", self.omitted));
        let counts =
            [said(count(Severity::Error), "error"), said(count(Severity::Warning), "warning"), omitted];
        let counts: Vec<_> = counts.into_iter().flatten().collect();
        f.write_str(if counts.is_empty() { "no faults".into() } else { counts.join(", ") }.as_str())
    }
}

impl From<Report> for crate::Error {
    fn from(report: Report) -> Self {
        Self::new(crate::ErrorKind::Config, report.to_string())
    }
}

/// A fault that was found and is not yet shown: the masks of the source are not complete before the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) severity: Severity,
    pub(super) code: Code,
    pub(super) path: String,
    pub(super) span: Option<Span>,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Found {
    pub(super) fn error(code: Code, path: impl Into<String>, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: path.into(),
            span: Some(span),
            message: message.into(),
            suggestion: None,
        }
    }

    pub(super) fn warning(
        code: Code,
        path: impl Into<String>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, span, message) }
    }

    pub(super) fn suggest(mut self, suggestion: Option<&str>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

/// More faults than these are not shown.
const MOST: usize = 200;

/// Puts what was found into the order of the file. In a strict configuration warnings are errors.
pub(super) fn report(source: &Source, mut found: Vec<Found>, strict: bool) -> Report {
    found.sort_by(|a, b| {
        let key = |found: &Found| found.span.as_ref().map_or(0, |span| span.start);
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path)).then_with(|| a.message.cmp(&b.message))
    });
    found.dedup();
    // An error must not fall behind the limit for warnings.
    let omitted = found.len().saturating_sub(MOST);
    if omitted > 0 {
        found.sort_by_key(|found| found.severity);
        found.truncate(MOST);
    }
    let fault = |found: Found| {
        let place = found.span.as_ref().map(|span| source.place(span.start));
        Fault {
            severity: if strict { Severity::Error } else { found.severity },
            code: found.code,
            file: source.name().into(),
            path: found.path,
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message: found.message,
            suggestion: found.suggestion,
            shown: found.span.as_ref().map(|span| source.show(span)),
        }
    };
    Report { faults: found.into_iter().map(fault).collect(), omitted }
}

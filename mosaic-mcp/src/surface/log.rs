//! How grave a message to a client is.
#![expect(
    deprecated,
    reason = "the protocol of 2026 deprecates logging and sampling; clients of those before use them"
)]

use rmcp::model::LoggingLevel;

/// How grave a message to a client is, after RFC 5424, from the least to the most.
///
/// ```
/// use mosaic_mcp::surface::LogLevel;
///
/// assert!(LogLevel::Debug < LogLevel::Error);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of the standard")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// Each level and its word in the protocol.
const WIRE: [(LogLevel, LoggingLevel); 8] = [
    (LogLevel::Debug, LoggingLevel::Debug),
    (LogLevel::Info, LoggingLevel::Info),
    (LogLevel::Notice, LoggingLevel::Notice),
    (LogLevel::Warning, LoggingLevel::Warning),
    (LogLevel::Error, LoggingLevel::Error),
    (LogLevel::Critical, LoggingLevel::Critical),
    (LogLevel::Alert, LoggingLevel::Alert),
    (LogLevel::Emergency, LoggingLevel::Emergency),
];

impl LogLevel {
    /// Every level, from the least to the most grave.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    pub(super) fn wire(self) -> LoggingLevel {
        WIRE[self as usize].1
    }

    pub(super) fn of(wire: LoggingLevel) -> Option<Self> {
        WIRE.into_iter().find(|(_, known)| *known == wire).map(|(level, _)| level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lead_back() {
        for (level, wire) in WIRE {
            assert_eq!((level.wire(), LogLevel::of(wire)), (wire, Some(level)));
        }
        assert!(WIRE.is_sorted_by_key(|(level, _)| *level));
    }
}

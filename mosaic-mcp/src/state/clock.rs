//! What time it is: of the system, or of tokio for tests that pause it.

use mosaic_core::types::Timestamp;
use tokio::time::Instant;

/// A source of wall-clock time.
///
/// ```
/// use mosaic_mcp::state::Clock;
///
/// assert!(Clock::System.now().as_second() > 0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A time that goes on with tokio's clock.
    Tokio {
        /// What time it was.
        origin: Timestamp,
        /// When it was that time.
        since: Instant,
    },
}

impl Clock {
    /// A clock that begins at a time and goes on with tokio's: a paused test moves it.
    ///
    /// ```
    /// use mosaic_core::types::Timestamp;
    /// use mosaic_mcp::state::Clock;
    ///
    /// let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap_or_default());
    /// assert!(clock.now().as_second() >= 1_800_000_000);
    /// ```
    pub fn tokio(origin: Timestamp) -> Self {
        Self::Tokio { origin, since: Instant::now() }
    }

    /// The time now, in whole microseconds.
    pub fn now(&self) -> Timestamp {
        let now = match self {
            Self::System => Timestamp::now(),
            Self::Tokio { origin, since } => jiff::SignedDuration::try_from(since.elapsed())
                .map_or(*origin, |gone| origin.saturating_add(gone).unwrap_or(*origin)),
        };
        // Stores keep microseconds.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

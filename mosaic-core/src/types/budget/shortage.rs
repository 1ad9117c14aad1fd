//! What was not there when a reservation was refused.

use std::time::Duration;

use jiff::Timestamp;

use super::{BudgetPath, Currency, Window};
use crate::error::{Error, ErrorKind};

/// A budget that has not what was asked for.
///
/// ```
/// use mosaic_core::types::Timestamp;
/// use mosaic_core::types::budget::{BudgetPath, BudgetShortage, Currency, Window};
///
/// let shortage = BudgetShortage {
///     path: BudgetPath::new("acme/team:web")?,
///     currency: Currency::Tokens,
///     window: Window::Day,
///     limit: 300,
///     asked: 100,
///     left: 50,
///     now: Timestamp::UNIX_EPOCH,
/// };
/// let error = shortage.error();
/// assert_eq!(error.wait().map(|wait| wait.as_secs()), Some(86_400));
/// assert!(error.message().starts_with("budget acme/team:web: 100 tokens asked for, 50 of 300 left"));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetShortage {
    /// Which budget.
    pub path: BudgetPath,
    /// Of what.
    pub currency: Currency,
    /// In which time.
    pub window: Window,
    /// How much the budget has in all.
    pub limit: u64,
    /// How much was asked for.
    pub asked: u64,
    /// How much is left.
    pub left: u64,
    /// When it was asked for.
    pub now: Timestamp,
}

impl BudgetShortage {
    /// As an error of the kind `QuotaExceeded`: which budget, what is left, what to do, and, where waiting helps, how long.
    pub fn error(&self) -> Error {
        let Self { path, currency, window, limit, asked, left, now } = self;
        let mut text =
            format!("budget {path}: {asked} {} asked for, {left} of {limit} left", currency.unit());
        let resets = window.end(window.number(*now));
        if let Some(resets) = resets {
            text.push_str(&format!(" in this {window}, which ends {resets}"));
        }
        if asked > limit {
            text.push_str("; it is more than the budget ever has: ask for less, or have the limit raised");
        } else if resets.is_none() {
            text.push_str("; settle what is reserved and not needed, or have the limit raised");
        }
        let error = Error::new(ErrorKind::QuotaExceeded, text)
            .context("budget", path)
            .context("currency", currency)
            .context("window", window)
            .context("left", left);
        match resets {
            Some(resets) if asked <= limit => {
                let wait = Duration::try_from(resets.duration_since(*now)).unwrap_or_default();
                error.context("resets", resets).retry_after(wait)
            }
            _ => error,
        }
    }
}

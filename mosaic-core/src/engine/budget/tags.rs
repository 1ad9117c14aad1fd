//! In which windows a reservation is, found out when first needed.

use super::cell::{Tag, tag};
use super::tree::Clock;
use crate::types::Timestamp;
use crate::types::budget::Window;

/// The tags of the windows of one reservation. The clock is read once at most, and not at all where only totals are limited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tags {
    known: u8,
    tags: [Tag; Window::ALL.len()],
    now: Option<Timestamp>,
}

impl Tags {
    pub(super) const fn new() -> Self {
        // The total has one window only.
        Self { known: 1 << Window::Total.index(), tags: [0; Window::ALL.len()], now: None }
    }

    /// The tag of the present window.
    #[inline]
    pub(super) fn of(&mut self, window: Window, clock: &Clock) -> Tag {
        let at = window.index();
        if self.known & 1 << at == 0 {
            let now = *self.now.get_or_insert_with(|| clock.now());
            self.tags[at] = tag(window.number(now));
            self.known |= 1 << at;
        }
        self.tags[at]
    }

    /// Others are in a later window: so is this.
    pub(super) fn go_on(&mut self, window: Window, later: Tag) {
        self.tags[window.index()] = later;
        self.known |= 1 << window.index();
    }

    /// The tag of a window that was found out before.
    #[inline]
    pub(super) const fn found(&self, window: Window) -> Tag {
        self.tags[window.index()]
    }
}

//! What is known of several servers: which live with which tools, and why the others do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use mosaic_core::types::{ProviderId, ServiceKind};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::config::RemoteConfig;
use super::link::Link;

/// How it stands with a server.
#[derive(Clone)]
pub(super) enum Standing {
    /// It can be called.
    Live(Arc<Link>),
    /// It cannot, for this reason.
    Dead(String),
}

/// One server.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) service: ServiceKind,
    pub(super) config: Arc<RemoteConfig>,
    pub(super) standing: Standing,
    /// The instance that says so: a newer one may have taken its place.
    instance: u64,
}

/// Who may write an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) server: ProviderId,
    instance: u64,
}

/// The board.
pub(super) struct Board {
    entries: Mutex<(u64, BTreeMap<ProviderId, Entry>)>,
    changed: watch::Sender<u64>,
}

impl Default for Board {
    fn default() -> Self {
        Self { entries: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Board {
    /// A seat for an instance that is to come. Nothing is written yet.
    pub(super) fn seat(&self, server: ProviderId) -> Seat {
        let mut entries = self.entries.lock();
        entries.0 += 1;
        Seat { server, instance: entries.0 }
    }

    /// Writes how it stands with a server. An instance that is dead says nothing of another one that lives.
    pub(super) fn write(
        &self,
        seat: &Seat,
        service: ServiceKind,
        config: &Arc<RemoteConfig>,
        standing: Standing,
    ) {
        {
            let mut entries = self.entries.lock();
            let other_lives = entries.1.get(&seat.server).is_some_and(|entry| {
                entry.instance != seat.instance && matches!(entry.standing, Standing::Live(_))
            });
            if other_lives && matches!(standing, Standing::Dead(_)) {
                return;
            }
            let entry = Entry { service, config: Arc::clone(config), standing, instance: seat.instance };
            entries.1.insert(seat.server.clone(), entry);
        }
        self.tell();
    }

    /// Takes a server off the board, where this instance is the one that stands there.
    pub(super) fn leave(&self, seat: &Seat) {
        let gone = {
            let mut entries = self.entries.lock();
            let own = entries.1.get(&seat.server).is_some_and(|entry| entry.instance == seat.instance);
            own && entries.1.remove(&seat.server).is_some()
        };
        if gone {
            self.tell();
        }
    }

    /// Says that something changed.
    pub(super) fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Changes with every change.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// All servers.
    pub(super) fn entries(&self) -> BTreeMap<ProviderId, Entry> {
        self.entries.lock().1.clone()
    }

    /// One server.
    pub(super) fn entry(&self, server: &ProviderId) -> Option<Entry> {
        self.entries.lock().1.get(server).cloned()
    }
}

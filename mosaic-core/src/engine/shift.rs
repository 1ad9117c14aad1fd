//! Who hears that a breaker or the health of a provider is not what it was.

use tokio::sync::broadcast;

use crate::types::ProviderId;

/// Tells which provider it is. Clones tell the same listeners.
#[derive(Debug, Clone)]
pub(crate) struct Shifts(broadcast::Sender<ProviderId>);

impl Default for Shifts {
    fn default() -> Self {
        Self(broadcast::Sender::new(1024))
    }
}

impl Shifts {
    pub(crate) fn tell(&self, provider: &ProviderId) {
        // Nobody has to listen.
        let _ = self.0.send(provider.clone());
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ProviderId> {
        self.0.subscribe()
    }
}

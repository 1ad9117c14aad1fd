//! What happens in a slot, told to those who listen.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::lives::{Lives, Steps};
use crate::error::Error;
use crate::plugin::{Lifecycle, LifecycleEvent, SlotState};
use crate::types::ProviderId;

/// A step in the life of an instance.
///
/// ```
/// # use mosaic_core::orchestrator::LifecycleChange;
/// fn line(change: &LifecycleChange) -> String {
///     format!("{} #{}: {} -> {}", change.provider, change.generation, change.from, change.to)
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LifecycleChange {
    /// The provider.
    pub provider: ProviderId,
    /// Which of its instances, counted from 1. An instance that is restarted keeps its number.
    pub generation: u64,
    /// The state of the instance before.
    pub from: Lifecycle,
    /// What happened.
    pub event: LifecycleEvent,
    /// The state of the instance after.
    pub to: Lifecycle,
    /// The state of the slot after.
    pub slot: SlotState,
    /// Why, where something failed.
    pub error: Option<Error>,
}

/// The two machines of one slot, and their listeners.
pub(in crate::orchestrator) struct Track {
    pub(super) provider: ProviderId,
    lives: Mutex<Lives>,
    changes: broadcast::Sender<LifecycleChange>,
}

impl Track {
    pub(super) fn new(provider: ProviderId, changes: broadcast::Sender<LifecycleChange>) -> Arc<Self> {
        Arc::new(Self { provider, lives: Mutex::default(), changes })
    }

    pub(in crate::orchestrator) fn slot(&self) -> SlotState {
        self.lives.lock().slot()
    }

    pub(in crate::orchestrator) fn state(&self, generation: u64) -> Lifecycle {
        self.lives.lock().state(generation)
    }

    /// A new instance is on its way; its number, or none where that cannot be.
    pub(super) fn begin(&self) -> Option<u64> {
        let mut number = None;
        self.walk(None, |lives| {
            let (generation, steps) = lives.begin()?;
            number = Some(generation);
            Ok(steps)
        });
        number
    }

    pub(super) fn begin_again(&self, generation: u64) -> bool {
        self.walk(None, |lives| lives.begin_again(generation))
    }

    pub(super) fn step(&self, generation: u64, event: LifecycleEvent, error: Option<Error>) -> bool {
        self.walk(error, |lives| lives.step(generation, event))
    }

    pub(super) fn fill(&self, generation: u64) -> bool {
        self.walk(None, |lives| lives.fill(generation))
    }

    pub(super) fn abandon(&self, generation: u64, again: bool, give_up: bool, error: Option<Error>) -> bool {
        self.walk(error, |lives| lives.abandon(generation, again, give_up))
    }

    pub(super) fn fail(&self, give_up: bool, error: Error) -> bool {
        self.walk(Some(error), |lives| lives.fail(give_up))
    }

    pub(super) fn give_up(&self) -> bool {
        self.walk(None, Lives::give_up)
    }

    pub(super) fn remove(&self) -> bool {
        self.walk(None, Lives::remove)
    }

    /// Takes steps and tells of them. The lock is held meanwhile, so that all hear of them in the order in which they are
    /// taken. `error` goes with the step that it explains.
    fn walk(&self, mut error: Option<Error>, steps: impl FnOnce(&mut Lives) -> Steps) -> bool {
        let mut lives = self.lives.lock();
        let steps = match steps(&mut lives) {
            Ok(steps) => steps,
            Err(refused) => {
                tracing::error!(target: "mosaic::lifecycle", provider = %self.provider, %refused);
                return false;
            }
        };
        for step in steps {
            let explains = matches!(step.event, LifecycleEvent::Failed | LifecycleEvent::Stopped);
            let error = if explains { error.take() } else { None };
            tracing::info!(
                target: "mosaic::lifecycle", provider = %self.provider, generation = step.generation, from = %step.from,
                to = %step.to, slot = %step.slot, error = error.as_ref().map(tracing::field::display)
            );
            let change = LifecycleChange {
                provider: self.provider.clone(),
                generation: step.generation,
                from: step.from,
                event: step.event,
                to: step.to,
                slot: step.slot,
                error,
            };
            // Nobody has to listen.
            let _ = self.changes.send(change);
        }
        true
    }
}

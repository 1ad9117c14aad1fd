//! The lives of all instances of one slot, and which of them answers: both machines together, without clock, task or plugin.

use std::collections::BTreeMap;

use crate::plugin::{Lifecycle, LifecycleEvent, SlotEvent, SlotState};

/// One step of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) generation: u64,
    pub(super) from: Lifecycle,
    pub(super) event: LifecycleEvent,
    pub(super) to: Lifecycle,
    /// The state of the slot after it.
    pub(super) slot: SlotState,
}

/// What was asked for cannot happen now; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slot that is {slot} with {alive:?} cannot {wish}")]
pub(super) struct Refused {
    slot: SlotState,
    alive: Vec<(u64, Lifecycle)>,
    wish: &'static str,
}

pub(super) type Steps = Result<Vec<Transition>, Refused>;

#[derive(Debug, Clone)]
pub(super) struct Lives {
    slot: SlotState,
    answering: Option<u64>,
    /// The one that is on its way.
    coming: Option<u64>,
    /// All that are not disposed of yet.
    alive: BTreeMap<u64, Lifecycle>,
    last: u64,
}

impl Default for Lives {
    fn default() -> Self {
        Self { slot: SlotState::Empty, answering: None, coming: None, alive: BTreeMap::new(), last: 0 }
    }
}

impl Lives {
    pub(super) fn slot(&self) -> SlotState {
        self.slot
    }

    /// The state of an instance; one that is not known any more is disposed.
    pub(super) fn state(&self, generation: u64) -> Lifecycle {
        self.alive.get(&generation).copied().unwrap_or(Lifecycle::Disposed)
    }

    /// A new instance is on its way. Gives its number.
    pub(super) fn begin(&mut self) -> Result<(u64, Vec<Transition>), Refused> {
        let generation = self.last + 1;
        let steps = self.all("begin a new instance", |new, steps| {
            new.take(SlotEvent::UpdateBegun)?;
            if let Some(old) = new.answering {
                new.step_into(old, LifecycleEvent::UpdateBegun, steps)?;
            }
            (new.last, new.coming) = (generation, Some(generation));
            new.alive.insert(generation, Lifecycle::Discovered);
            Some(())
        })?;
        Ok((generation, steps))
    }

    /// The failed instance is on its way once more: only where no other answers.
    pub(super) fn begin_again(&mut self, generation: u64) -> Steps {
        self.all("begin its instance again", |new, _| {
            (new.answering.is_none() && new.state(generation) == Lifecycle::Failed).then_some(())?;
            new.coming = Some(generation);
            new.take(SlotEvent::UpdateBegun)
        })
    }

    /// One step of one instance that does not concern the slot.
    pub(super) fn step(&mut self, generation: u64, event: LifecycleEvent) -> Steps {
        self.all("let an instance take this step", |new, steps| {
            use LifecycleEvent as E;
            // Who answers fails and stops by way of the slot, and so does who is on its way.
            (new.answering != Some(generation)).then_some(())?;
            let up = matches!(
                event,
                E::Validated | E::Loaded | E::Initialized | E::Started | E::HealthPassed | E::Recovered
            );
            (up == (new.coming == Some(generation))).then_some(())?;
            new.step_into(generation, event, steps)
        })
    }

    /// The instance that was on its way answers from now on; the one that answered before begins to stop.
    pub(super) fn fill(&mut self, generation: u64) -> Steps {
        self.all("be filled", |new, steps| {
            (new.coming.take() == Some(generation) && new.state(generation) == Lifecycle::Running)
                .then_some(())?;
            new.take(SlotEvent::Filled)?;
            if let Some(old) = new.answering.replace(generation) {
                new.step_into(old, LifecycleEvent::UpdateEnded, steps)?;
                new.step_into(old, LifecycleEvent::StopRequested, steps)?;
            }
            Some(())
        })
    }

    /// The instance that was on its way does not come; one that answers stays. A failed one that was tried again stays too,
    /// unless another answers or it is given up, and then so is the slot.
    pub(super) fn abandon(&mut self, generation: u64, again: bool, give_up: bool) -> Steps {
        self.all("abandon the instance on its way", |new, steps| {
            (new.coming.take() == Some(generation)).then_some(())?;
            new.take(SlotEvent::UpdateFailed)?;
            if give_up {
                new.take(SlotEvent::GivenUp)?;
            }
            if let Some(old) = new.answering {
                new.step_into(old, LifecycleEvent::UpdateEnded, steps)?;
            }
            if new.state(generation) == Lifecycle::Running {
                // Nothing was wrong with it: something else in the change was.
                return new.step_into(generation, LifecycleEvent::StopRequested, steps);
            }
            new.step_into(generation, LifecycleEvent::Failed, steps)?;
            if again && !give_up && new.answering.is_none() {
                return Some(());
            }
            new.step_into(generation, LifecycleEvent::GivenUp, steps)
        })
    }

    /// The instance that answers failed.
    pub(super) fn fail(&mut self, give_up: bool) -> Steps {
        self.all("fail", |new, steps| {
            let generation = new.answering.take()?;
            new.take(SlotEvent::InstanceFailed)?;
            if give_up {
                new.take(SlotEvent::GivenUp)?;
            }
            new.step_into(generation, LifecycleEvent::Failed, steps)?;
            if give_up { new.step_into(generation, LifecycleEvent::GivenUp, steps) } else { Some(()) }
        })
    }

    /// The failed instance is not restarted any more; it is disposed of already.
    pub(super) fn give_up(&mut self) -> Steps {
        self.all("be given up", |new, _| new.take(SlotEvent::GivenUp))
    }

    /// The provider is removed; the instance that answers begins to stop.
    pub(super) fn remove(&mut self) -> Steps {
        self.all("be removed", |new, steps| {
            new.take(SlotEvent::Removed)?;
            new.coming = None;
            match new.answering.take() {
                Some(old) => new.step_into(old, LifecycleEvent::StopRequested, steps),
                None => Some(()),
            }
        })
    }

    /// All or nothing.
    fn all(
        &mut self,
        wish: &'static str,
        change: impl FnOnce(&mut Self, &mut Vec<Transition>) -> Option<()>,
    ) -> Steps {
        let (mut new, mut steps) = (self.clone(), Vec::new());
        if change(&mut new, &mut steps).is_none() {
            let alive = self.alive.iter().map(|(generation, state)| (*generation, *state)).collect();
            return Err(Refused { slot: self.slot, alive, wish });
        }
        *self = new;
        for step in &mut steps {
            step.slot = self.slot;
        }
        Ok(steps)
    }

    fn take(&mut self, event: SlotEvent) -> Option<()> {
        self.slot = self.slot.next(event).ok()?;
        Some(())
    }

    fn step_into(
        &mut self,
        generation: u64,
        event: LifecycleEvent,
        steps: &mut Vec<Transition>,
    ) -> Option<()> {
        let from = *self.alive.get(&generation)?;
        let to = from.next(event).ok()?;
        if to == Lifecycle::Disposed {
            self.alive.remove(&generation);
        } else {
            self.alive.insert(generation, to);
        }
        steps.push(Transition { generation, from, event, to, slot: self.slot });
        Some(())
    }
}

#[cfg(test)]
#[path = "lives_tests.rs"]
mod tests;

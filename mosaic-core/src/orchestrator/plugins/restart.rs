//! Restarts: an instance that failed answers no call any more, and after a wait it is started again or made anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::PluginManager;
use super::change::Change;
use super::leave::cut_off;
use super::shut_down;
use super::start::{start_again, take_down};
use crate::engine::instance::{Instance, Tenure};
use crate::engine::{BoxStep, Down};
use crate::error::{Error, Result};
use crate::plugin::{Lifecycle, LifecycleEvent, SlotState};
use crate::types::ProviderId;

impl PluginManager {
    /// Takes an instance that failed off the way of calls. Gives the wait before its restart; nothing where it was not the one
    /// that answers, and where it is given up.
    pub(super) async fn fail(&self, id: &ProviderId, failed: &Arc<Instance>, why: Error) -> Option<Duration> {
        self.take_away(id, failed, &why)?;
        let _turn = self.turns([id.clone()]).await;
        let (wait, end) = {
            let mut book = self.book.lock();
            let supervision = book.settings.supervision;
            let slot = book.slot_mut(id).filter(|slot| Arc::ptr_eq(&slot.instance, failed))?;
            if self.stop.is_cancelled() || slot.track.slot() != SlotState::Running {
                return None;
            }
            let wait = slot.plan.failed(&supervision, slot.provider.seed, Instant::now());
            let next = match wait {
                Some(_) => "it is being restarted",
                None => "it was given up; reload the provider",
            };
            let text = format!("its instance failed ({}), and {next}", why.message());
            slot.step = down(id, text);
            slot.watch.cancel();
            slot.last_failure = Some(why.clone());
            slot.track.fail(wait.is_none(), why);
            let (track, end) = (Arc::clone(&slot.track), Arc::clone(&slot.end));
            self.publish_lanes(&book);
            (wait, (track, end))
        };
        if wait.is_none() {
            let (track, end) = end;
            cut_off(&end).await;
            take_down(&track, failed).await;
        }
        wait
    }

    /// Turns calls away from an instance that failed, at once: its slot may be in the middle of a change. Nothing where it was
    /// not the one that answers.
    fn take_away(&self, id: &ProviderId, failed: &Arc<Instance>, why: &Error) -> Option<()> {
        let mut book = self.book.lock();
        let slot = book.slot_mut(id).filter(|slot| Arc::ptr_eq(&slot.instance, failed))?;
        if self.stop.is_cancelled() {
            return None;
        }
        slot.tenure.take()?;
        slot.step = down(id, format!("its instance failed ({})", why.message()));
        slot.last_failure = Some(why.clone());
        self.publish_lanes(&book);
        Some(())
    }

    /// Restarts a failed instance, unless it was replaced meanwhile. Gives the wait before the next attempt, where it did not
    /// come up and is not given up.
    pub(super) async fn restart(
        self: &Arc<Self>,
        id: &ProviderId,
        failed: &Arc<Instance>,
    ) -> Option<Duration> {
        let _turn = self.turns([id.clone()]).await;
        let (track, end, made, give_up) = {
            let mut book = self.book.lock();
            let supervision = book.settings.supervision;
            let slot = book.slot_mut(id).filter(|slot| Arc::ptr_eq(&slot.instance, failed))?;
            if self.stop.is_cancelled() || slot.track.slot() != SlotState::Failed {
                return None;
            }
            let give_up = slot.plan.exhausted(&supervision, Instant::now());
            (Arc::clone(&slot.track), Arc::clone(&slot.end), slot.source.is_made(), give_up)
        };
        // Calls that were inside had the time of the wait.
        cut_off(&end).await;
        let result = if made {
            if track.state(failed.generation) == Lifecycle::Failed {
                track.step(failed.generation, LifecycleEvent::GivenUp, None);
                take_down(&track, failed).await;
            }
            self.apply_held(&Change::restart(id), give_up).await.map(drop)
        } else {
            self.again(id, failed, give_up).await
        };
        {
            let mut book = self.book.lock();
            let supervision = book.settings.supervision;
            let slot = book.slot_mut(id)?;
            let Err(error) = result else {
                slot.restarts += 1;
                return None;
            };
            slot.last_failure = Some(error.clone());
            // Fewer attempts may be allowed than when this one began.
            let wait = match give_up {
                true => None,
                false => slot.plan.failed(&supervision, slot.provider.seed, Instant::now()),
            };
            if wait.is_some() {
                return wait;
            }
            let text =
                format!("its instance could not be restarted ({}); reload the provider", error.message());
            slot.step = down(id, text);
            // Where not even a new instance could be made, the slot does not know of it yet.
            if track.slot() == SlotState::Failed {
                track.give_up();
            }
            self.publish_lanes(&book);
        }
        if track.state(failed.generation) == Lifecycle::Failed {
            track.step(failed.generation, LifecycleEvent::GivenUp, None);
            take_down(&track, failed).await;
        }
        None
    }

    /// Stops and starts an instance that was given, and lets calls in again.
    async fn again(self: &Arc<Self>, id: &ProviderId, failed: &Arc<Instance>, give_up: bool) -> Result<()> {
        let (track, provider, health) = {
            let book = self.book.lock();
            let slot = book.slot(id).ok_or_else(shut_down)?;
            (Arc::clone(&slot.track), Arc::clone(&slot.provider), book.settings.health)
        };
        track.begin_again(failed.generation);
        let up = self.stop.run_until_cancelled(start_again(&track, failed, health.timeout)).await;
        let tenure = Tenure::new(Arc::clone(failed));
        let way = match up.unwrap_or_else(|| Err(shut_down())) {
            Ok(()) => self.step(&provider, &tenure),
            Err(error) => Err(error),
        };
        match way {
            Ok(step) => {
                track.step(failed.generation, LifecycleEvent::Recovered, None);
                let mut book = self.book.lock();
                track.fill(failed.generation);
                let watch = self.watch(id, failed, &book.settings);
                if let Some(slot) = book.slot_mut(id) {
                    (slot.end, slot.tenure, slot.step, slot.watch) =
                        (Arc::clone(&tenure.end), Some(tenure), step, watch);
                }
                self.publish_lanes(&book);
                Ok(())
            }
            Err(error) => {
                let error = error.provider(id);
                track.abandon(failed.generation, true, give_up, Some(error.clone()));
                if give_up {
                    take_down(&track, failed).await;
                }
                Err(error)
            }
        }
    }
}

/// What stands in the place of an instance that does not answer.
pub(super) fn down(id: &ProviderId, why: impl Into<Arc<str>>) -> BoxStep {
    BoxStep::new(Down { provider: id.clone(), why: why.into() })
}

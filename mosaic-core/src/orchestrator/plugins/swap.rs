//! The swap: one moment before which calls see all of the old, and after which they see all of the new.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::apply::Ready;
use super::change::Change;
use super::leave::Leaving;
use super::supervise::RestartPlan;
use super::{Book, PluginManager, Slot, shut_down};
use crate::engine::instance::Tenure;
use crate::engine::stack::inner;
use crate::engine::view::Provider;
use crate::engine::{BoxStep, CacheStore};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{Lifecycle, LifecycleEvent};
use crate::ports::AuditChange;
use crate::types::ProviderId;

impl PluginManager {
    /// Lets calls that begin from now on see the change. Gives who leaves, and how long calls inside them have.
    ///
    /// # Errors
    /// `Config` where the rules, which may have been replaced meanwhile, do not fit; nothing has changed then.
    pub(super) fn swap(
        self: &Arc<Self>,
        change: &Change,
        ready: &[Ready],
        removed: &BTreeSet<ProviderId>,
    ) -> Result<(Vec<Leaving>, Duration)> {
        // Made before the lock is taken, as layers of the application are called for it.
        let ways = ready.iter().map(|one| self.way(one)).collect::<Result<Vec<_>>>()?;
        let mut book = self.book.lock();
        if self.stop.is_cancelled() {
            return Err(shut_down());
        }
        let outlooks: Vec<_> = ready.iter().map(Ready::outlook).collect();
        let rules_anew =
            change.rules.is_some() || !removed.is_empty() || outlooks.iter().any(|new| anew(&book, new));
        let present = self.view.load_full();
        let rules = if rules_anew {
            self.rules_after(&book, change, &outlooks, removed)?
        } else {
            present.rules.clone()
        };
        // From here on nothing fails.
        let settings = book.settings.after(change);
        let settings_anew = settings != book.settings;
        let cache_anew = settings.cache != book.settings.cache;
        if cache_anew {
            book.cache = Arc::new(CacheStore::after(&book.cache, &settings.cache));
        }
        if rules_anew || cache_anew || ready.iter().any(|one| answers_anew(&book, one)) {
            book.changes.epoch += 1;
        }
        let watch_anew =
            (settings.health, settings.supervision) != (book.settings.health, book.settings.supervision);
        book.settings = settings;
        if let Some(new) = &change.rules {
            book.changes.replace(new.clone(), &rules, &present.rules);
        }
        let mut leaving = Vec::new();
        for (one, way) in ready.iter().zip(ways) {
            leaving.extend(self.install(&mut book, one, way, change.restart));
        }
        for gone in book.slots.extract_if(.., |slot| removed.contains(&slot.provider.id)) {
            gone.watch.cancel();
            gone.track.remove();
            leaving.extend(gone.leaves());
        }
        if watch_anew {
            self.watch_all(&mut book);
        }
        self.publish(&book, rules);
        self.tell_all(change, ready, removed, settings_anew);
        let limit = book.settings.drain;
        tracing::info!(
            target: "mosaic::lifecycle", epoch = book.changes.epoch, entered = ready.len(), leaving = leaving.len(), "change applied"
        );
        Ok((leaving, limit))
    }

    /// Tells the audit what a change did.
    fn tell_all(
        &self,
        change: &Change,
        ready: &[Ready],
        removed: &BTreeSet<ProviderId>,
        settings_anew: bool,
    ) {
        for one in ready {
            self.tell(|| {
                let info = one.coming.as_ref().map(|(_, instance)| &instance.info);
                let of = info.map_or(String::new(), |info| format!(" of {} {}", info.name, info.version));
                let done = match (one.fresh, info.is_some(), change.restart) {
                    (true, ..) => "added: an instance",
                    (_, true, true) => "restarted: another instance",
                    (_, true, false) => "reloaded: another instance",
                    (_, false, _) => "treated otherwise",
                };
                AuditChange::of_provider(&one.provider.id, format!("{done}{of}"))
            });
        }
        for id in removed {
            self.tell(|| AuditChange::of_provider(id, "removed"));
        }
        if change.rules.is_some() {
            self.tell(|| AuditChange::of("rules", "replaced"));
        }
        if settings_anew {
            self.tell(|| AuditChange::of("settings", "health, supervision, cache or drain"));
        }
    }

    /// The way to the instance of a provider that enters, or that stays and is treated otherwise.
    fn way(&self, one: &Ready) -> Result<Option<(Arc<Tenure>, BoxStep)>> {
        let tenure = match &one.coming {
            Some((_, instance)) => Some(Tenure::new(Arc::clone(instance))),
            None => self.look(|book| book.slot(&one.provider.id).and_then(|slot| slot.tenure.clone())),
        };
        let Some(tenure) = tenure else { return Ok(None) };
        let step = self.step(&one.provider, &tenure)?;
        Ok(Some((tenure, step)))
    }

    pub(super) fn step(&self, provider: &Arc<Provider>, tenure: &Arc<Tenure>) -> Result<BoxStep> {
        catch_unwind(AssertUnwindSafe(|| inner(provider, tenure, &self.inserts))).map_err(|_| {
            Error::new(ErrorKind::Internal, "a layer around the provider panicked").provider(&provider.id)
        })
    }

    /// Puts what is new of a provider into its slot. Gives the instance that it replaces. Failures before a `restart` count on.
    fn install(
        self: &Arc<Self>,
        book: &mut Book,
        one: &Ready,
        way: Option<(Arc<Tenure>, BoxStep)>,
        restart: bool,
    ) -> Option<Leaving> {
        let Some((source, instance)) = &one.coming else {
            let slot = book.slot_mut(&one.provider.id)?;
            slot.provider = Arc::clone(&one.provider);
            // It may have failed since the way was made.
            if let Some((_, step)) = way
                && slot.tenure.is_some()
            {
                slot.step = step;
            }
            return None;
        };
        let (tenure, step) = way?;
        let watch = self.watch(&one.provider.id, instance, &book.settings);
        one.track.fill(instance.generation);
        let new = Slot {
            provider: Arc::clone(&one.provider),
            source: source.clone(),
            track: Arc::clone(&one.track),
            instance: Arc::clone(instance),
            end: Arc::clone(&tenure.end),
            tenure: Some(tenure),
            step,
            watch,
            plan: RestartPlan::default(),
            restarts: 0,
            last_failure: None,
        };
        let Some(slot) = book.slot_mut(&one.provider.id) else {
            book.slots.push(new);
            return None;
        };
        let mut old = std::mem::replace(slot, new);
        if restart {
            slot.plan = std::mem::take(&mut old.plan);
        }
        old.watch.cancel();
        (slot.restarts, slot.last_failure) = (old.restarts, old.last_failure.clone());
        old.leaves()
    }

    /// Watches every instance that answers by the settings as they are now.
    fn watch_all(self: &Arc<Self>, book: &mut Book) {
        let Book { slots, settings, .. } = book;
        for slot in slots.iter_mut().filter(|slot| slot.tenure.is_some()) {
            slot.watch.cancel();
            slot.watch = self.watch(&slot.provider.id, &slot.instance, settings);
        }
    }
}

impl Slot {
    /// What leaves with a slot that was emptied: nothing where its instance has left already.
    fn leaves(self) -> Option<Leaving> {
        let Self { track, instance, end, .. } = self;
        match track.state(instance.generation) {
            Lifecycle::Stopping => {}
            // It waited for its restart.
            Lifecycle::Failed => {
                track.step(instance.generation, LifecycleEvent::GivenUp, None);
            }
            _ => return None,
        }
        Some(Leaving { track, instance, end })
    }
}

/// Whether routing has to look at the provider anew: it is new, offers something else, or is treated otherwise.
fn anew(book: &Book, new: &super::apply::Outlook<'_>) -> bool {
    let Some(slot) = book.slot(&new.provider.id) else { return true };
    new.operations.is_some_and(|operations| operations != slot.instance.info.operations)
        || new.provider.config != slot.provider.config
}

/// Whether the answers of the new instance may differ from what the cache has learned of the old.
fn answers_anew(book: &Book, one: &Ready) -> bool {
    let Some((source, _)) = &one.coming else { return false };
    book.slot(&one.provider.id).is_none_or(|slot| !source.answers_like(&slot.source))
}

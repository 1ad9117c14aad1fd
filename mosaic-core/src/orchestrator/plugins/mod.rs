//! The plugin manager: keeps a slot for each provider, and derives from the slots what calls see.
//!
//! Two machines: an instance walks [`Lifecycle`], a slot walks [`SlotState`](crate::plugin::SlotState) and holds the instance
//! that answers. What calls see, the [`View`], is derived from all slots and replaced as a whole; a call keeps the one it began with, and
//! with it the instance.

mod apply;
mod change;
mod leave;
mod lives;
mod make;
mod restart;
mod source;
mod start;
mod supervise;
mod swap;
mod track;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedMutexGuard, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use change::Change;
pub(super) use change::Settings;
pub use leave::{Applied, Departure};
pub use source::Source;
pub use supervise::SupervisionConfig;
pub use track::LifecycleChange;

use super::phases::Changes;
use crate::engine::instance::{Instance, Tenure, TenureEnd};
use crate::engine::route::{Member, RuleBook, Rules};
use crate::engine::shift::Shifts;
use crate::engine::stack::Inserts;
use crate::engine::view::{Lane, Provider, View};
use crate::engine::{BoxStep, CacheStore};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{Factory, Lifecycle, LifecycleEvent};
use crate::ports::{AuditChange, AuditSink};
use crate::types::ProviderId;
use leave::Leaving;
use supervise::RestartPlan;
use track::Track;

pub(super) struct PluginManager {
    view: Arc<ArcSwap<View>>,
    seed: u64,
    inserts: Inserts,
    factories: Vec<Box<dyn Factory>>,
    book: Mutex<Book>,
    /// Who changes a slot has its turn: one at a time.
    turns: Mutex<BTreeMap<ProviderId, Arc<tokio::sync::Mutex<()>>>>,
    changes: broadcast::Sender<LifecycleChange>,
    shifts: Shifts,
    audit: Option<Arc<dyn AuditSink>>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

/// What the view is derived from.
pub(super) struct Book {
    pub(super) changes: Changes,
    settings: Settings,
    pub(super) cache: Arc<CacheStore>,
    /// In the order in which they were added.
    pub(super) slots: Vec<Slot>,
}

/// The place of one provider.
pub(super) struct Slot {
    pub(super) provider: Arc<Provider>,
    source: Source,
    pub(super) track: Arc<Track>,
    /// The instance that answers, or the last that did.
    pub(super) instance: Arc<Instance>,
    /// There while the instance answers.
    tenure: Option<Arc<Tenure>>,
    /// How the last tenure ends.
    end: Arc<TenureEnd>,
    step: BoxStep,
    /// Ends the watch over the instance.
    watch: CancellationToken,
    plan: RestartPlan,
    pub(super) restarts: u64,
    pub(super) last_failure: Option<Error>,
}

impl Book {
    fn slot(&self, id: &ProviderId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.provider.id == *id)
    }

    fn slot_mut(&mut self, id: &ProviderId) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.provider.id == *id)
    }

    /// The providers as routing sees them.
    fn members(&self) -> Vec<Member> {
        self.slots.iter().map(|slot| slot.provider.member(slot.instance.info.operations)).collect()
    }
}

impl PluginManager {
    /// A manager of nothing yet.
    pub(super) fn new(
        seed: u64,
        inserts: Inserts,
        factories: Vec<Box<dyn Factory>>,
        settings: Settings,
    ) -> Result<Self> {
        let changes = Changes::new(Rules::default());
        let rules = RuleBook::compile(&changes.rules, &[], seed)?;
        let cache = Arc::new(CacheStore::new(&settings.cache));
        let view = View { epoch: changes.epoch, rules, cache: Arc::clone(&cache), lanes: Vec::new() };
        Ok(Self {
            view: Arc::new(ArcSwap::from_pointee(view)),
            seed,
            inserts,
            factories,
            book: Mutex::new(Book { changes, settings, cache, slots: Vec::new() }),
            turns: Mutex::default(),
            changes: broadcast::Sender::new(1024),
            shifts: Shifts::default(),
            audit: None,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Tells an audit of every change.
    pub(super) fn audited(mut self, sink: Option<Arc<dyn AuditSink>>) -> Self {
        self.audit = sink;
        self
    }

    /// Tells the audit, where there is one.
    pub(super) fn tell(&self, change: impl FnOnce() -> AuditChange) {
        if let Some(sink) = &self.audit {
            sink.changed(change());
        }
    }

    /// What calls see.
    pub(super) fn view(&self) -> &Arc<ArcSwap<View>> {
        &self.view
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<LifecycleChange> {
        self.changes.subscribe()
    }

    pub(super) fn shifts(&self) -> broadcast::Receiver<ProviderId> {
        self.shifts.subscribe()
    }

    /// Everything that changes while calls go on; nothing does while it is held.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock()
    }

    /// Looks at the slots.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Book) -> R) -> R {
        look(&self.book.lock())
    }

    /// Replaces all rules.
    ///
    /// # Errors
    /// `Config`, with every fault; the old rules stay.
    pub(super) fn set_rules(&self, rules: Rules) -> Result<()> {
        let mut book = self.book.lock();
        let present = self.view.load_full();
        let compiled = book.changes.compile(&rules, &book.members(), self.seed, &present.rules)?;
        book.changes.replace(rules, &compiled, &present.rules);
        book.changes.epoch += 1;
        self.publish(&book, compiled);
        tracing::info!(target: "mosaic::routing", epoch = book.changes.epoch, "rules replaced");
        self.tell(|| AuditChange::of("rules", format!("replaced; epoch {}", book.changes.epoch)));
        Ok(())
    }

    /// Shows calls that begin from now on what the book says.
    pub(super) fn publish(&self, book: &Book, rules: RuleBook) {
        let lane = |slot: &Slot| Lane {
            provider: Arc::clone(&slot.provider),
            instance: Arc::clone(&slot.instance),
            answers: slot.tenure.is_some(),
            step: slot.step.clone(),
        };
        let lanes = book.slots.iter().map(lane).collect();
        self.view.store(Arc::new(View {
            epoch: book.changes.epoch,
            rules,
            cache: Arc::clone(&book.cache),
            lanes,
        }));
    }

    /// The same with the rules as they are.
    fn publish_lanes(&self, book: &Book) {
        let rules = self.view.load().rules.clone();
        self.publish(book, rules);
    }

    /// Waits for the turn to change these slots. In the order of their names, so that no two wait for each other.
    async fn turns(&self, ids: impl IntoIterator<Item = ProviderId>) -> Vec<OwnedMutexGuard<()>> {
        let mut held = Vec::new();
        for id in ids.into_iter().collect::<BTreeSet<_>>() {
            let turn = {
                let mut turns = self.turns.lock();
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
                Arc::clone(turns.entry(id).or_default())
            };
            held.push(turn.lock_owned().await);
        }
        held
    }

    /// Cuts off who is still inside, and brings every instance to its end that is not there yet, the last added first. Nothing else changes slots any more.
    pub(super) async fn stop_all(&self) {
        let alive: Vec<_> = {
            let mut book = self.book.lock();
            let leaves = |slot: &mut Slot| {
                slot.tenure = None;
                slot.step = restart::down(&slot.provider.id, shut_down().message());
                let (track, end) = (Arc::clone(&slot.track), Arc::clone(&slot.end));
                Leaving { track, instance: Arc::clone(&slot.instance), end }
            };
            let alive = book.slots.iter_mut().rev().map(leaves).collect();
            self.publish_lanes(&book);
            alive
        };
        // Who is still inside had the time of the shutdown.
        join_all(alive.iter().map(|one| leave::cut_off(&one.end))).await;
        for Leaving { track, instance, .. } in alive {
            match track.state(instance.generation) {
                Lifecycle::Disposed => continue,
                // A shutdown before this one was given up in the middle.
                Lifecycle::Stopping | Lifecycle::Stopped => {}
                Lifecycle::Failed => {
                    track.step(instance.generation, LifecycleEvent::GivenUp, None);
                }
                _ => {
                    track.remove();
                }
            }
            start::take_down(&track, &instance).await;
        }
    }
}

fn shut_down() -> Error {
    Error::new(ErrorKind::Lifecycle, "the orchestrator is shut down")
}

//! The calls of a server that go on after their clients were answered: those that are kept, and those of them that run here.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::types::Effect;
use parking_lot::Mutex;
use rmcp::model as wire;
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::super::run::Ended;
use super::memory::Memory;
use super::record::{Called, End, Record};
use super::shelf::{ALL, Name, Owner, Shelf};
use super::stored::{LEASE, RESULT, Stored};
use crate::state::State;
use crate::surface::lasting::Lasting;

/// The longest arguments of a call that a state keeps, in bytes of JSON.
const ARGUMENTS: usize = 256 * 1024;
/// How long it waits before it tries again what the state did not do.
const AGAIN: Duration = Duration::from_secs(1);

/// A call under way.
pub(super) type Going = AbortOnDropHandle<Ended>;

/// The calls that are kept.
pub(in crate::surface) struct Calls {
    pub(in crate::surface::handler) options: Lasting,
    pub(super) shelf: Shelf,
    /// The name of this node, which no other has.
    pub(super) node: String,
    running: Mutex<HashMap<String, Running>>,
    /// Those that are just being begun again.
    beginning: Mutex<HashMap<String, usize>>,
    /// Says that this node is alive, and hears of what it is to stop.
    keeper: OnceLock<AbortOnDropHandle<()>>,
    closed: AtomicBool,
}

struct Running {
    turn: u32,
    _watch: AbortOnDropHandle<()>,
}

/// A call that is being begun again.
pub(super) struct Beginning {
    calls: Arc<Calls>,
    id: String,
}

impl Drop for Beginning {
    fn drop(&mut self) {
        let mut beginning = self.calls.beginning.lock();
        if let Some(count) = beginning.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                beginning.remove(&self.id);
            }
        }
    }
}

impl Calls {
    /// Kept in a state where there is one, else in this process.
    pub(in crate::surface) fn new(options: Lasting, state: Option<State>) -> Arc<Self> {
        let node = uuid::Uuid::new_v4().to_string();
        let shelf = match state {
            Some(state) => Shelf::Stored(Stored::new(state, node.clone())),
            None => Shelf::Memory(Memory::default()),
        };
        let (running, beginning) = (Mutex::default(), Mutex::default());
        let (keeper, closed) = (OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { options, shelf, node, running, beginning, keeper, closed })
    }

    /// Gives up what runs here, and says so: whoever asks, at any node, is told at once that it was lost. Nothing is kept from now on.
    pub(in crate::surface) async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        let stopped = mem::take(&mut *self.running.lock());
        drop(stopped);
        if let Some(keeper) = self.keeper.get() {
            keeper.abort();
        }
        match &self.shelf {
            Shelf::Stored(stored) => stored.leave().await,
            Shelf::Memory(_) => Ok(()),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Where it was closed while a call was noted as one that runs here, that one is lost as well.
    pub(super) async fn close_again(&self) {
        if self.is_closed()
            && let Err(error) = self.close().await
        {
            tracing::warn!(%error, "that this node is gone is not told: others know it when its lease is over");
        }
    }

    /// Keeps a call that is under way, and gives the task that the client is told of; the call itself where there is no room.
    pub(super) async fn keep(
        self: &Arc<Self>,
        owner: &Owner,
        called: Called,
        answers: BTreeMap<String, Value>,
        going: Going,
    ) -> std::result::Result<wire::Task, Going> {
        if self.is_closed() || (self.is_stored() && called.arguments.to_string().len() > ARGUMENTS) {
            return Err(going);
        }
        self.look_after();
        let effect = called.effect;
        let added = self.shelf.add(owner, called, answers, &self.node, &self.options).await;
        let (name, record) = match added {
            Ok(Some(added)) => added,
            Ok(None) => return Err(going),
            Err(error) => {
                tracing::warn!(%error, "a call that takes long is not kept: its client waits for it");
                return Err(going);
            }
        };
        let Some(task) = record.task(&name.id, &self.options) else { return Err(going) };
        self.watch(name, record.turn, effect, self.options.keep, going);
        self.close_again().await;
        Ok(task.task)
    }

    /// Waits in the background for a call that this node runs, and notes how it ended. When its time is over it is given up, and
    /// nobody is told of it any more.
    pub(super) fn watch(
        self: &Arc<Self>,
        name: Name,
        turn: u32,
        effect: Effect,
        left: Duration,
        going: Going,
    ) {
        let (calls, id, ends) = (Arc::downgrade(self), name.id.clone(), Instant::now() + left);
        let mut running = self.running.lock();
        // Under the lock, so that it is there when the call ends.
        let watch = tokio::spawn(async move {
            // The result may be large: nobody waits for the lock meanwhile.
            if let Ok(ended) = timeout_at(ends, going).await {
                let end = End::of(ended, effect);
                // What cannot be noted in time is not asked for any more either.
                let _ = timeout_at(ends, note(&calls, &name, turn, end, effect)).await;
            }
            if let Some(calls) = calls.upgrade() {
                calls.stop(&name.id, turn);
            }
        });
        running.insert(id, Running { turn, _watch: AbortOnDropHandle::new(watch) });
    }

    /// Notes how a call ended. One that was given up in the same moment stays so.
    pub(super) async fn ended(&self, name: &Name, turn: u32, end: End) -> Result<()> {
        let node = self.node.clone();
        self.shelf.change(name, move |record, now| record.ended(&node, turn, end, now)).await.map(drop)
    }

    /// A call with its result. One that is said to run here and does not is lost: whoever began it was not told whether that was
    /// written.
    pub(super) async fn get(&self, name: &Name) -> Result<Option<Record>> {
        let found = self.shelf.get(name).await?;
        let runs = found.as_ref().and_then(Record::runner).filter(|(node, _)| *node == self.node);
        let Some((_, turn)) = runs else { return Ok(found) };
        // In this order: what is begun is running before it is begun no more.
        if self.beginning.lock().contains_key(&name.id) || self.is_running(&name.id, turn) {
            return Ok(found);
        }
        let node = self.node.clone();
        let lose = move |record: &mut Record, now| {
            (record.runner() == Some((&node, turn))).then(|| record.lost(now))
        };
        self.shelf.change(name, lose).await?;
        self.shelf.get(name).await
    }

    /// Says that a call is just being begun again, until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>, name: &Name) -> Beginning {
        *self.beginning.lock().entry(name.id.clone()).or_default() += 1;
        Beginning { calls: Arc::clone(self), id: name.id.clone() }
    }

    /// Whether this node runs a call for this turn.
    fn is_running(&self, id: &str, turn: u32) -> bool {
        self.running.lock().get(id).is_some_and(|run| run.turn == turn)
    }

    /// Ends a call that this node runs for this turn.
    pub(super) fn stop(&self, id: &str, turn: u32) {
        let mut running = self.running.lock();
        if running.get(id).is_some_and(|run| run.turn == turn) {
            running.remove(id);
        }
    }

    fn is_stored(&self) -> bool {
        matches!(self.shelf, Shelf::Stored(_))
    }

    /// Whether this node runs anything.
    fn is_at_work(&self) -> bool {
        !self.running.lock().is_empty()
    }

    /// Begins what a state needs: from the first call on.
    pub(super) fn look_after(self: &Arc<Self>) {
        if let Shelf::Stored(stored) = &self.shelf {
            let (calls, stored) = (Arc::downgrade(self), stored.clone());
            self.keeper.get_or_init(|| AbortOnDropHandle::new(tokio::spawn(look_after(calls, stored))));
        }
    }
}

/// Notes how a call ended, and tries again where the state does not do it now.
async fn note(calls: &Weak<Calls>, name: &Name, turn: u32, mut end: End, effect: Effect) {
    loop {
        let Some(calls) = calls.upgrade() else { return };
        if calls.is_stored() && end.bytes() > RESULT {
            end = End::too_large(effect);
        }
        match calls.ended(name, turn, end.clone()).await {
            Ok(()) => return,
            Err(error) if error.kind() == ErrorKind::Invalid => end = End::too_large(effect),
            Err(error) if error.kind() == ErrorKind::Lifecycle => return,
            Err(error) => tracing::warn!(%error, "how a call ended is not written down yet"),
        }
        drop(calls);
        sleep(AGAIN).await;
    }
}

/// Says that this node is alive as long as it runs something, and stops what others say it is to stop, until the state is closed.
async fn look_after(calls: Weak<Calls>, stored: Stored) {
    let Ok(range) = stored.stops() else { return };
    let mut beat = interval(LEASE / 3);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = |id: &str, turn: &[u8]| {
        let turn = std::str::from_utf8(turn).ok().and_then(|turn| turn.parse().ok());
        if let (Some(calls), Some(turn)) = (calls.upgrade(), turn) {
            calls.stop(id, turn);
        }
    };
    loop {
        let head = stored.state.head().revision;
        let found = stored.state.range(&range, ALL).await;
        let known =
            found.map(|found| found.iter().for_each(|entry| stop(&entry.key.last_part(), &entry.value)));
        let mut watch = stored.state.watch(range.clone(), head);
        let deaf = loop {
            if let Err(error) = known {
                break error;
            }
            tokio::select! {
                _ = beat.tick() => {
                    if calls.upgrade().is_some_and(|calls| calls.is_at_work())
                        && let Err(error) = stored.renew().await
                    {
                        tracing::warn!(%error, "that this node runs calls is not told");
                    }
                }
                changes = watch.next() => match changes {
                    Ok(changes) => for change in changes {
                        if let Some(turn) = &change.value {
                            stop(&change.key.last_part(), turn);
                        }
                    },
                    Err(error) => break error,
                },
            }
        };
        if deaf.kind() == ErrorKind::Lifecycle {
            return;
        }
        tracing::warn!(error = %deaf, "calls that are to be stopped are not heard of; it is tried again");
        sleep(AGAIN).await;
    }
}

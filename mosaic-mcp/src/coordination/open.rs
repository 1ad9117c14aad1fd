//! Coordination on a node: the handles, and the tasks that serve claims and look at the clock.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::agents::Agents;
use super::index;
use super::names::micros;
use super::slate::Rules;
use super::tasks::{Tasks, Ticked};

use crate::state::State;

/// How coordination is opened.
///
/// ```
/// use std::time::Duration;
/// use mosaic_mcp::coordination::CoordinationOptions;
///
/// let options = CoordinationOptions::new().keep(Duration::from_secs(86_400));
/// # drop(options);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CoordinationOptions {
    rules: Rules,
    every: Option<Duration>,
}

impl Default for CoordinationOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl CoordinationOptions {
    /// The defaults: tasks that ended are kept for seven days, and the clock is looked at four times a second.
    pub fn new() -> Self {
        let rules = Rules { keep_seconds: 7 * 86_400, seed: 0 };
        Self { rules, every: Some(Duration::from_millis(250)) }
    }

    /// How long tasks that ended are kept, in whole seconds.
    pub fn keep(mut self, kept: Duration) -> Self {
        self.rules.keep_seconds = kept.as_secs();
        self
    }

    /// What spreads the waits between attempts; the same seed gives the same waits.
    pub fn seed(mut self, seed: u64) -> Self {
        self.rules.seed = seed;
        self
    }

    /// How often the clock is looked at, where nothing is known to be due earlier; never by itself where it is none, for an
    /// application that calls [`Tasks::tick`].
    pub fn tick_every(mut self, every: Option<Duration>) -> Self {
        self.every = every.map(|every| every.max(Duration::from_millis(1)));
        self
    }
}

/// Agents and tasks on one node. Other nodes over the same store see the same; each may be closed at any time.
///
/// ```
/// use mosaic_mcp::coordination::{Coordination, CoordinationOptions};
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let coordination = Coordination::open(state.clone(), CoordinationOptions::new());
/// let tasks = coordination.tasks();
/// coordination.close().await;
/// # drop(tasks);
/// state.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct Coordination {
    agents: Agents,
    tasks: Tasks,
    stop: CancellationToken,
    running: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl Coordination {
    /// Opens coordination over a state, within a tokio runtime. It is to be closed before the state.
    pub fn open(state: State, options: CoordinationOptions) -> Self {
        let stop = CancellationToken::new();
        let agents = Agents::new(state.clone(), options.rules);
        let (tasks, serve) = Tasks::open(state, options.rules, stop.clone());
        let mut running = vec![tokio::spawn(serve)];
        if let Some(every) = options.every {
            let ticks = tick(tasks.clone(), every);
            let stop = stop.clone();
            running.push(tokio::spawn(async move {
                let _: Option<std::convert::Infallible> = stop.run_until_cancelled(ticks).await;
            }));
        }
        Self { agents, tasks, stop, running: parking_lot::Mutex::new(running) }
    }

    /// The agents.
    pub fn agents(&self) -> Agents {
        self.agents.clone()
    }

    /// The tasks.
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// Ends what runs on this node. Claims that wait are refused with `Lifecycle`; nothing that is stored changes.
    pub async fn close(&self) {
        self.stop.cancel();
        let running = std::mem::take(&mut *self.running.lock());
        for task in running {
            // One that panicked has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for Coordination {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Does what is due as it becomes due.
async fn tick(tasks: Tasks, every: Duration) -> std::convert::Infallible {
    loop {
        let wait = match look(&tasks).await {
            Ok(Ticked { more: true, .. }) => Duration::ZERO,
            Ok(Ticked { next: Some(next), .. }) => {
                let left = next.duration_since(tasks.state().now());
                Duration::try_from(left).unwrap_or(Duration::ZERO).max(Duration::from_millis(1)).min(every)
            }
            Ok(_) => every,
            Err(error) => {
                tracing::warn!(%error, "what is due could not be done; it is tried again");
                every
            }
        };
        sleep(wait).await;
    }
}

/// Looks what is due, and begins a transaction only where something is.
async fn look(tasks: &Tasks) -> mosaic_core::Result<Ticked> {
    let state = tasks.state();
    let now = micros(state.now());
    let Some(first) = state.range(&index::due_ever()?, 1).await?.pop() else { return Ok(Ticked::default()) };
    match index::read_due(&first.key) {
        Ok((at, ..)) if at > now => Ok(Ticked::at(at)),
        // One that cannot be read is put aside there, so that it keeps nothing else waiting.
        _ => tasks.tick().await,
    }
}

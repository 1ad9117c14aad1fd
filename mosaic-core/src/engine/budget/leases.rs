//! Pieces of budgets that several nodes share: lent by a store, used here, refilled before they are used up.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::cell::tag;
use super::node::{Kind, Node, Place, places};
use super::tree::BudgetTree;
use crate::error::{Error, ErrorKind, Result};
use crate::ports::BudgetStore;
use crate::types::budget::{BudgetPath, Lease, LeaseQuestion, MOST};

/// How many questions the store is asked at once.
const QUESTIONS: usize = 256;

/// How pieces of budgets are borrowed.
///
/// ```
/// use mosaic_core::engine::budget::LeaseConfig;
///
/// let config = LeaseConfig::new("node-1");
/// assert_eq!((config.percent, config.idle), (2, 30));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LeaseConfig {
    /// Names the life of this process: no two processes, and no two lives of one, share a name.
    pub node: String,
    /// How much of a limit is borrowed at a time, in percent; 2 by default. A reservation that is larger borrows what it needs.
    pub percent: u8,
    /// How often what was used is reported, and new budgets are looked for; 1 s by default.
    pub every: Duration,
    /// How long the store may take to answer; 5 s by default.
    pub patience: Duration,
    /// After how many reports without any use a lease is given back; 30 by default.
    pub idle: u32,
}

impl LeaseConfig {
    /// The defaults for a node.
    pub fn new(node: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            percent: 2,
            every: Duration::from_secs(1),
            patience: Duration::from_secs(5),
            idle: 30,
        }
    }
}

/// Keeps the budgets of a store in a tree, each with a piece of every limit that is used here.
///
/// Bounds: a node grants what it was lent and nothing more, also while the store is away. What several nodes grant together exceeds
/// a limit only where a node was cut off, or died, before it reported: by what it did not report of its lease, so by one lease for
/// each such node at most. A lease is as large as [`LeaseConfig::percent`] of the limit, or as the largest reservation. A lease whose
/// time is over is used no more; what was used of it and not reported is reported with the next.
///
/// A window begins with nothing: the first reservation in it waits for a lease, see [`BudgetHandle::reserve_or_wait`].
///
/// [`BudgetHandle::reserve_or_wait`]: super::BudgetHandle::reserve_or_wait
///
/// ```
/// use std::sync::Arc;
/// use mosaic_core::engine::budget::{BudgetLeases, BudgetTree, LeaseConfig};
/// use mosaic_core::ports::BudgetStore;
/// use mosaic_core::types::budget::{Amounts, BudgetPath};
///
/// async fn run(store: Arc<dyn BudgetStore>) -> mosaic_core::Result<()> {
///     let tree = BudgetTree::new();
///     let leases = BudgetLeases::start(tree.clone(), store, LeaseConfig::new("node-1")).await?;
///     let web = tree.handle(BudgetPath::new("acme/team:web")?);
///     web.reserve_or_wait(Amounts::new().calls(1)).await?.charge();
///     leases.close().await;
///     Ok(())
/// }
/// ```
pub struct BudgetLeases {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl BudgetLeases {
    /// Reads the budgets of the store, and keeps them and their leases from then on, in a task of its own. Must be called on a tokio
    /// runtime.
    ///
    /// # Errors
    /// Those of the store; `Lifecycle` where the tree has leases already.
    pub async fn start(tree: BudgetTree, store: Arc<dyn BudgetStore>, config: LeaseConfig) -> Result<Self> {
        let first = tree
            .0
            .refill
            .rounds
            .send_if_modified(|rounds| rounds.is_none().then(|| *rounds = Some(0)).is_some());
        if !first {
            return Err(Error::new(
                ErrorKind::Lifecycle,
                "the budgets of this tree are lent by a store already",
            ));
        }
        let mut lender = Lender { tree, store, config, known: 0, held: HashMap::new(), serial: 0 };
        lender.follow().await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(lender.run(stop.clone()));
        Ok(Self { stop, task: Mutex::new(Some(task)) })
    }

    /// Gives back what is not used and ends the task. Lent budgets grant nothing from then on.
    pub async fn close(&self) {
        self.stop.cancel();
        let task = self.task.lock().take();
        if let Some(task) = task {
            // A task that panicked has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for BudgetLeases {
    /// What is not closed is not given back: the leases run out.
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

impl fmt::Debug for BudgetLeases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetLeases").field("closed", &self.stop.is_cancelled()).finish_non_exhaustive()
    }
}

/// A piece of a limit.
#[derive(Debug)]
struct Held {
    node: Arc<Node>,
    lease: String,
    /// Whether the store knows it.
    renew: bool,
    /// In which window it holds.
    number: i64,
    /// How much was used in the window before the lease began.
    base: u64,
    /// How much of what was used in the window the store was told, with the leases before.
    told: u64,
    until: Instant,
    /// How often there was nothing to tell.
    idle: u32,
}

struct Lender {
    tree: BudgetTree,
    store: Arc<dyn BudgetStore>,
    config: LeaseConfig,
    /// The version of the budgets.
    known: u64,
    held: HashMap<(BudgetPath, Place), Held>,
    serial: u64,
}

/// Why the store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Somebody needs more.
    Need,
    /// It is time to report.
    Report,
    /// All is given back.
    End,
}

/// A question, and what the answer is for.
struct Asked {
    key: (BudgetPath, Place),
    question: LeaseQuestion,
    /// How much was used in the window when it was asked.
    used: u64,
}

impl Lender {
    async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(self.config.every.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let trunk = Arc::clone(&self.tree.0);
        loop {
            let next = self.held.values().map(|held| held.until).min();
            let over = async {
                match next {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            // The report first: those who need more must not keep it waiting.
            let (tick, wanted) = (ticks.tick(), trunk.refill.wanted.notified());
            let (tick, over, wanted) = (pin!(tick), pin!(over), pin!(wanted));
            let woken = select(tick, select(over, wanted));
            let round = match stop.run_until_cancelled(woken).await {
                None => break,
                Some(Either::Left(_)) => Some(Round::Report),
                Some(Either::Right((Either::Left(_), _))) => None,
                Some(Either::Right((Either::Right(_), _))) => Some(Round::Need),
            };
            if round == Some(Round::Report)
                && let Err(error) = self.follow().await
            {
                tracing::warn!(%error, "the budgets that are shared are not heard of");
            }
            match round {
                Some(round) => self.round(round).await,
                None => self.expire(),
            }
        }
        // A second time for those whose lease was over when they wanted to give it back.
        for _ in 0..2 {
            self.round(Round::End).await;
        }
    }

    /// Takes over the budgets of the store.
    async fn follow(&mut self) -> Result<()> {
        let Some((version, budgets)) = self.in_time(self.store.budgets(self.known)).await? else {
            return Ok(());
        };
        let there: HashSet<&BudgetPath> = budgets.iter().map(|budget| &budget.path).collect();
        for node in self.tree.lent() {
            let path = node.budget().path.clone();
            if !there.contains(&path) {
                self.tree.remove(&path);
                self.held.retain(|(held, _), _| *held != path);
            }
        }
        for budget in budgets {
            let path = budget.path.clone();
            if let Err(error) = self.tree.set_as(budget, Kind::Lent) {
                tracing::warn!(%error, %path, "a budget of the store means nothing");
            }
        }
        self.known = version;
        Ok(())
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let late = || Error::new(ErrorKind::Timeout, "the store of budgets did not answer in time");
        timeout(self.config.patience, answer).await.map_err(|_| late())?
    }

    /// Ends leases whose time is over: nothing more is granted by them.
    fn expire(&mut self) {
        let now = Instant::now();
        for ((_, place), held) in self.held.iter_mut().filter(|(_, held)| held.until <= now) {
            held.node.cell(*place).lend(tag(held.number), 0);
            held.node.set_dry(*place, false);
            begin(held, &self.config.node, &mut self.serial);
        }
    }

    /// Asks the store about what is lent, once.
    async fn round(&mut self, why: Round) {
        self.expire();
        let asked = self.questions(why);
        for piece in asked.chunks(QUESTIONS) {
            let began = Instant::now();
            let questions = piece.iter().map(|asked| asked.question.clone()).collect();
            match self.in_time(self.store.lease(questions)).await {
                Ok(leases) => {
                    for (asked, lease) in piece.iter().zip(leases) {
                        self.apply(asked, lease, began);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the store of budgets lends nothing: only what is lent is granted");
                    for Asked { key, .. } in piece {
                        if let Some(held) = self.held.get(key) {
                            // Until the next report nobody waits for it.
                            held.node.set_dry(key.1, true);
                        }
                    }
                }
            }
        }
        self.tree.0.refill.rounds.send_modify(|rounds| *rounds = rounds.map(|rounds| rounds + 1));
    }

    fn questions(&mut self, why: Round) -> Vec<Asked> {
        let now = self.tree.0.clock.now();
        let mut asked = Vec::new();
        for node in self.tree.lent() {
            let path = node.budget().path.clone();
            for place in places(node.asked()) {
                let number = place.window().number(now);
                let key = (path.clone(), place);
                let serial = &mut self.serial;
                let held = self.held.entry(key.clone()).or_insert_with(|| {
                    let mut held = Held {
                        node: Arc::clone(&node),
                        lease: String::new(),
                        renew: false,
                        number,
                        base: 0,
                        told: 0,
                        until: far(),
                        idle: 0,
                    };
                    begin(&mut held, &self.config.node, serial);
                    held
                });
                if why == Round::Need && node.is_dry(place) {
                    continue;
                }
                node.set_dry(place, false);
                if let Some(question) = held.question(&self.config, place, number, why) {
                    asked.push(Asked { key, used: question.1, question: question.0 });
                }
            }
        }
        asked
    }

    fn apply(&mut self, asked: &Asked, lease: Lease, began: Instant) {
        let Asked { key, question, used } = asked;
        let Some(held) = self.held.get_mut(key) else { return };
        let (place, node) = (key.1, Arc::clone(&held.node));
        if question.end && !lease.lost {
            // The next lease goes on from here.
            (held.number, held.told, held.idle) = (question.number, *used, 0);
            begin(held, &self.config.node, &mut self.serial);
            node.forget(place);
            return;
        }
        if lease.lost || lease.unlimited {
            node.cell(place).lend(tag(held.number), 0);
            node.set_dry(place, lease.unlimited);
            begin(held, &self.config.node, &mut self.serial);
            self.tree.0.refill.wanted.notify_one();
            return;
        }
        let mut used = *used;
        if lease.number != question.number {
            // The store is in another window: nothing of this lease was used in it.
            (held.base, used) = (0, 0);
        } else if question.number != held.number {
            held.base = 0;
        }
        (held.number, held.told, held.renew) = (lease.number, used, true);
        held.until = began + lease.holds;
        let limit = held.base.saturating_add(lease.granted);
        let all = lease.granted >= question.used.saturating_add(question.want);
        let slice = slice(&node, place, self.config.percent);
        let cell = node.cell(place);
        // One that has no more to come is not asked for at every reservation, but with the next report.
        cell.set_alarm(if all { limit.saturating_sub(slice / 2) } else { MOST + 1 });
        cell.lend(tag(lease.number), limit);
        node.set_dry(place, !all);
    }
}

impl Drop for Lender {
    /// Nobody reports any more: nothing more is granted, and nobody waits.
    fn drop(&mut self) {
        for ((_, place), held) in &self.held {
            held.node.cell(*place).lend(tag(held.number), 0);
        }
        self.tree.0.refill.rounds.send_replace(None);
    }
}

impl Held {
    /// What is to be asked, and how much is used; nothing where there is nothing to say.
    fn question(
        &mut self,
        config: &LeaseConfig,
        place: Place,
        number: i64,
        why: Round,
    ) -> Option<(LeaseQuestion, u64)> {
        let cell = self.node.cell(place);
        // The store may be ahead of this node's clock, and is right.
        let number = number.max(self.number);
        let same = number == self.number;
        let base = if same { self.base } else { 0 };
        let mut used = cell.used(tag(number));
        let left = if same { cell.limit(tag(number)).saturating_sub(used) } else { 0 };
        let extra = self.node.take_wanted(place);
        let slice = slice(&self.node, place, config.percent);
        let needs = extra > left || left <= slice / 2;
        self.idle = if same && used == self.told && extra == 0 { self.idle.saturating_add(1) } else { 0 };
        let end = why == Round::End || (why == Round::Report && self.idle > config.idle);
        match why {
            Round::Need if !needs => return None,
            _ if end => {
                // Nothing more is granted; then what was granted is known.
                cell.lend(tag(number), 0);
                used = cell.used(tag(number));
            }
            _ => {}
        }
        let (path, currency) = (self.node.budget().path.clone(), place.currency());
        let mut question = LeaseQuestion::new(path, currency, place.window(), self.lease.clone());
        question.number = number;
        question.used = used.saturating_sub(base);
        question.want = match (end, needs) {
            (true, _) => 0,
            (_, true) => slice.max(extra),
            (_, false) => left,
        };
        // In a new window the store knows of no lease.
        question.renew = self.renew && same;
        question.end = end;
        Some((question, used))
    }
}

/// Begins another lease: it begins with what was used and not told.
fn begin(held: &mut Held, node: &str, serial: &mut u64) {
    *serial += 1;
    held.lease = format!("{node}/{serial}");
    (held.base, held.renew, held.until) = (held.told, false, far());
}

/// A time that does not come.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(30 * 86_400)
}

/// How much of a limit is borrowed at a time.
fn slice(node: &Node, place: Place, percent: u8) -> u64 {
    node.limit(place).map_or(1, |limit| limit.share(percent).max(1))
}

#[cfg(test)]
#[path = "leases_tests.rs"]
mod tests;

//! The budgets of a process.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parking_lot::RwLock;
use tokio::sync::{Notify, watch};

use super::cell::Tag;
use super::handle::{BudgetHandle, Level, Line};
use super::node::{Kind, Node, Place};
use super::reservation::Reservation;
use crate::error::Result;
use crate::types::Timestamp;
use crate::types::budget::{Amounts, Budget, BudgetPath, BudgetStatus, Currency, Window};

/// What time it is, for windows.
#[derive(Clone)]
pub(super) struct Clock(Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>);

impl Clock {
    #[inline]
    pub(super) fn now(&self) -> Timestamp {
        match &self.0 {
            None => coarse(),
            Some(clock) => clock(),
        }
    }
}

/// The system's time of its last tick, a few milliseconds ago: much cheaper to read than that of now. Windows are longer.
#[cfg(target_os = "linux")]
#[inline]
fn coarse() -> Timestamp {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    let part = i32::try_from(now.tv_nsec).unwrap_or_default();
    Timestamp::new(now.tv_sec, part).unwrap_or_else(|_| Timestamp::now())
}

/// The system's time.
#[cfg(not(target_os = "linux"))]
#[inline]
fn coarse() -> Timestamp {
    Timestamp::now()
}

/// A threshold of a budget that was reached.
///
/// ```
/// # use mosaic_core::engine::budget::BudgetAlert;
/// fn line(alert: &BudgetAlert) -> String {
///     format!("{}: {} % of {} in this {}", alert.path, alert.percent, alert.currency, alert.window)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetAlert {
    /// The budget.
    pub path: BudgetPath,
    /// Of what.
    pub currency: Currency,
    /// In which time.
    pub window: Window,
    /// The threshold: so many percent of the limit, or more, are used or reserved.
    pub percent: u8,
}

type Watcher = Arc<dyn Fn(&BudgetAlert) + Send + Sync>;

/// Puts a [`BudgetTree`] together.
///
/// ```
/// use mosaic_core::engine::budget::BudgetTree;
///
/// let tree = BudgetTree::builder().on_threshold(|alert| println!("{} % of {}", alert.percent, alert.path)).build();
/// assert!(tree.list().is_empty());
/// ```
#[must_use]
pub struct BudgetTreeBuilder {
    clock: Clock,
    watcher: Option<Watcher>,
}

impl BudgetTreeBuilder {
    /// What time it is; the system's where nothing is said.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Clock(Some(Arc::new(clock)));
        self
    }

    /// Who is told of thresholds: once for each threshold in a window, by whoever reaches it, so it must not block. The last
    /// threshold of 100 percent is told also where a reservation is refused before so much is used. Of budgets that a store lends
    /// the store tells.
    pub fn on_threshold(mut self, watcher: impl Fn(&BudgetAlert) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// The tree, without budgets.
    pub fn build(self) -> BudgetTree {
        BudgetTree(Arc::new(Trunk {
            nodes: RwLock::default(),
            generation: AtomicU64::new(0),
            clock: self.clock,
            watcher: self.watcher,
            refill: Refill { wanted: Notify::new(), rounds: watch::channel(None).0 },
        }))
    }
}

impl fmt::Debug for BudgetTreeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetTreeBuilder").field("watched", &self.watcher.is_some()).finish_non_exhaustive()
    }
}

/// The budgets of a process. Clones share them.
///
/// Windows are those of the clock. One that is set back by up to two windows changes nothing: what was used in the later window goes on to
/// count until the clock has come there. One that is set back by more begins the window that it tells anew, so that its limit can be used
/// once more; a limit of a total is not touched by that.
///
/// ```
/// use mosaic_core::engine::budget::BudgetTree;
/// use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, Window};
///
/// let tree = BudgetTree::new();
/// let path = BudgetPath::new("acme")?;
/// tree.set(Budget::new(path.clone(), vec![BudgetLimit::new(Currency::Calls, Window::Total, 5)]))?;
/// tree.reserve(&path, Amounts::new().calls(2))?.settle(Amounts::new().calls(2));
/// // A limit changes while calls run, and what was used stays.
/// tree.set(Budget::new(path.clone(), vec![BudgetLimit::new(Currency::Calls, Window::Total, 3)]))?;
/// assert_eq!(tree.get(&path).map(|status| status.uses[0].left()), Some(1));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct BudgetTree(pub(super) Arc<Trunk>);

/// What handles and reservations share with the tree.
pub(super) struct Trunk {
    nodes: RwLock<HashMap<BudgetPath, Arc<Node>>>,
    /// Changes whenever a budget comes or goes, or has limits of other currencies or windows.
    generation: AtomicU64,
    pub(super) clock: Clock,
    watcher: Option<Watcher>,
    pub(super) refill: Refill,
}

/// How those who need more of what is lent, and those who get it, know of each other.
#[derive(Debug)]
pub(super) struct Refill {
    pub(super) wanted: Notify,
    /// How often the store was asked; none where nobody asks it.
    pub(super) rounds: watch::Sender<Option<u64>>,
}

impl Default for BudgetTree {
    fn default() -> Self {
        Self::new()
    }
}

impl BudgetTree {
    /// No budgets, the system's clock, and nobody to be told.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A tree with a clock or a watcher of its own.
    pub fn builder() -> BudgetTreeBuilder {
        BudgetTreeBuilder { clock: Clock(None), watcher: None }
    }

    /// Sets a budget, or changes the limits of one. What was used stays; a limit that was taken away and comes back goes on from
    /// what was used then.
    ///
    /// # Errors
    /// `Invalid` where the budget means nothing.
    pub fn set(&self, budget: Budget) -> Result<()> {
        self.set_as(budget, Kind::Own)
    }

    pub(super) fn set_as(&self, budget: Budget, kind: Kind) -> Result<()> {
        budget.check()?;
        let mut nodes = self.0.nodes.write();
        match nodes.get(&budget.path) {
            Some(node) if node.kind == kind => {
                if node.set(budget) {
                    self.0.generation.fetch_add(1, SeqCst);
                }
            }
            _ => {
                nodes.insert(budget.path.clone(), Arc::new(Node::new(budget, kind)));
                self.0.generation.fetch_add(1, SeqCst);
            }
        }
        Ok(())
    }

    /// Removes a budget and forgets what was used of it; gives whether it was there. Those below it stay. Reservations that took
    /// from it are settled with the others.
    pub fn remove(&self, path: &BudgetPath) -> bool {
        let mut nodes = self.0.nodes.write();
        let was_there = nodes.remove(path).is_some();
        if was_there {
            self.0.generation.fetch_add(1, SeqCst);
        }
        was_there
    }

    /// A budget, and what was used of it in the windows that run.
    pub fn get(&self, path: &BudgetPath) -> Option<BudgetStatus> {
        let node = self.0.nodes.read().get(path).cloned()?;
        Some(BudgetStatus::new(Budget::clone(&node.budget()), node.uses(self.0.clock.now())))
    }

    /// The paths of all budgets, sorted.
    pub fn list(&self) -> Vec<BudgetPath> {
        let mut paths: Vec<_> = self.0.nodes.read().keys().cloned().collect();
        paths.sort_unstable();
        paths
    }

    /// Whether there are no budgets.
    pub fn is_empty(&self) -> bool {
        self.0.nodes.read().is_empty()
    }

    pub(super) fn lent(&self) -> Vec<Arc<Node>> {
        self.0.nodes.read().values().filter(|node| node.kind == Kind::Lent).cloned().collect()
    }

    /// The way to a path. It follows the budgets that come and go there.
    pub fn handle(&self, path: BudgetPath) -> BudgetHandle {
        BudgetHandle::new(&self.0, path)
    }

    /// Reserves once, without a handle.
    ///
    /// # Errors
    /// As for [`BudgetHandle::reserve`].
    pub fn reserve(&self, path: &BudgetPath, amounts: Amounts) -> Result<Reservation> {
        let line = Arc::new(Trunk::line(&self.0, path));
        line.reserve(amounts).map_err(|refusal| refusal.error())
    }
}

impl fmt::Debug for BudgetTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetTree").field("budgets", &self.0.nodes.read().len()).finish_non_exhaustive()
    }
}

impl Trunk {
    #[inline]
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(SeqCst)
    }

    /// The budgets on the way to a path, the one at the path first.
    pub(super) fn line(trunk: &Arc<Self>, path: &BudgetPath) -> Line {
        let nodes = trunk.nodes.read();
        let level =
            |path: &str| nodes.get(path).map(|node| Level { counts: node.mask(), node: Arc::clone(node) });
        let levels = path.upwards().filter_map(level).collect();
        Line { generation: trunk.generation(), trunk: Arc::clone(trunk), levels }
    }

    /// Somebody wants to know that so much of a cell is used, or that an amount was refused.
    #[cold]
    pub(super) fn ring(&self, node: &Node, place: Place, tag: Tag, refused: Option<u64>) {
        match node.kind {
            Kind::Lent => {
                node.ask(place, refused.unwrap_or(0));
                // Where there is no more just now it is asked for with the next report.
                if !node.is_dry(place) {
                    self.refill.wanted.notify_one();
                }
            }
            Kind::Own => {
                for percent in node.reached(place, tag, refused.is_some()) {
                    let (currency, window) = (place.currency(), place.window());
                    let alert = BudgetAlert { path: node.budget().path.clone(), currency, window, percent };
                    if let Some(watcher) = &self.watcher {
                        watcher(&alert);
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trunk")
    }
}

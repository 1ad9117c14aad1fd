//! The way to a path of the tree, found once.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use smallvec::SmallVec;

use super::cell::{Tag, Taken};
use super::node::{Mask, Node, Place, of_amounts, places};
use super::refusal::Refusal;
use super::reservation::Reservation;
use super::tags::Tags;
use super::tree::Trunk;
use crate::error::Result;
use crate::types::budget::{Amounts, BudgetPath};

/// The way to a path: reserves without looking anything up. It holds the tree.
///
/// ```
/// use mosaic_core::engine::budget::BudgetTree;
/// use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, Window};
///
/// let tree = BudgetTree::new();
/// let agent = tree.handle(BudgetPath::new("acme/agent:builder")?);
/// assert!(agent.reserve(Amounts::new().calls(9)).is_ok());
/// // It sees budgets that come later.
/// tree.set(Budget::new(BudgetPath::new("acme")?, vec![BudgetLimit::new(Currency::Calls, Window::Hour, 5)]))?;
/// assert!(agent.reserve(Amounts::new().calls(9)).is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct BudgetHandle {
    path: BudgetPath,
    /// The way as it was when this handle was made.
    line: Arc<Line>,
    /// The way since budgets came or went.
    later: ArcSwapOption<Line>,
}

/// The budgets on the way to a path, the one at the path first.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) generation: u64,
    pub(super) trunk: Arc<Trunk>,
    pub(super) levels: SmallVec<[Level; 4]>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) node: Arc<Node>,
    /// Which of its cells count.
    pub(super) counts: Mask,
}

/// What one turn comes to.
enum Step {
    /// It is taken, or there: from which cells of each node.
    Done([Mask; BudgetPath::LEVELS]),
    No(Short),
    Again,
}

/// Where something was not there.
struct Short {
    depth: usize,
    place: Place,
    left: u64,
}

impl BudgetHandle {
    pub(super) fn new(trunk: &Arc<Trunk>, path: BudgetPath) -> Self {
        let line = Arc::new(Trunk::line(trunk, &path));
        Self { path, line, later: ArcSwapOption::empty() }
    }

    /// Where it goes.
    pub fn path(&self) -> &BudgetPath {
        &self.path
    }

    /// Takes amounts from every budget on the way, or from none. What is not limited is granted.
    ///
    /// # Errors
    /// `QuotaExceeded` with the budget, the currency, what is left, and, where waiting helps, how long; nothing is taken then.
    #[inline]
    pub fn reserve(&self, amounts: Amounts) -> Result<Reservation> {
        self.line().reserve(amounts).map_err(|refusal| refusal.error())
    }

    /// The same; where a budget is lent by a store that may have more, waits until the store was asked. Dropping the future takes
    /// nothing.
    ///
    /// # Errors
    /// As for [`BudgetHandle::reserve`].
    pub async fn reserve_or_wait(&self, amounts: Amounts) -> Result<Reservation> {
        match self.line().reserve(amounts) {
            Ok(reservation) => Ok(reservation),
            Err(refusal) if refusal.may_come() => self.wait(amounts, refusal).await,
            Err(refusal) => Err(refusal.error()),
        }
    }

    #[cold]
    async fn wait(&self, amounts: Amounts, mut refusal: Box<Refusal>) -> Result<Reservation> {
        let mut rounds = self.line.trunk.refill.rounds.subscribe();
        // A round may have been under way when this was asked for; each level may need rounds of its own.
        for _ in 0..2 * BudgetPath::LEVELS {
            if rounds.borrow_and_update().is_none() {
                break;
            }
            match self.line().reserve(amounts) {
                Ok(reservation) => return Ok(reservation),
                Err(again) => refusal = again,
            }
            if !refusal.may_come() || rounds.changed().await.is_err() {
                break;
            }
        }
        Err(refusal.error())
    }

    #[inline]
    fn line(&self) -> Arc<Line> {
        let generation = self.line.trunk.generation();
        if self.line.generation == generation { Arc::clone(&self.line) } else { self.later(generation) }
    }

    /// The way since budgets came or went.
    fn later(&self, generation: u64) -> Arc<Line> {
        if let Some(line) = &*self.later.load()
            && line.generation == generation
        {
            return Arc::clone(line);
        }
        let line = Arc::new(Trunk::line(&self.line.trunk, &self.path));
        self.later.store(Some(Arc::clone(&line)));
        line
    }
}

/// A clone knows the way as it is now.
impl Clone for BudgetHandle {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), line: self.line(), later: ArcSwapOption::empty() }
    }
}

impl fmt::Debug for BudgetHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BudgetHandle").field(&self.path).finish()
    }
}

impl Line {
    /// Takes amounts from every node, or from none.
    #[inline]
    pub(super) fn reserve(self: Arc<Self>, amounts: Amounts) -> Result<Reservation, Box<Refusal>> {
        let wanted = of_amounts(&amounts);
        let mut tags = Tags::new();
        loop {
            // Looked at first, so that what cannot be granted holds nothing that others could have.
            let step = match self.look(&amounts, wanted, &mut tags) {
                Step::Done(_) => self.take(&amounts, wanted, &mut tags),
                other => other,
            };
            match step {
                Step::Done(taken) => return Ok(Reservation::new(self, amounts, tags, taken)),
                Step::No(short) => return Err(self.refuse(&amounts, &tags, short)),
                // Another one was granted in between, or is in a later window: the next turn sees it.
                Step::Again => std::hint::spin_loop(),
            }
        }
    }

    #[inline]
    fn look(&self, amounts: &Amounts, wanted: Mask, tags: &mut Tags) -> Step {
        for (depth, Level { node, counts }) in self.levels.iter().enumerate() {
            for place in places(counts & wanted) {
                let tag = tags.of(place.window(), &self.trunk.clock);
                match node.cell(place).has(tag, amounts.of(place.currency())) {
                    Taken::Yes { .. } => {}
                    Taken::No { left } => return Step::No(Short { depth, place, left }),
                    Taken::Later(later) => {
                        tags.go_on(place.window(), later);
                        return Step::Again;
                    }
                }
            }
        }
        Step::Done([0; BudgetPath::LEVELS])
    }

    #[inline]
    fn take(&self, amounts: &Amounts, wanted: Mask, tags: &mut Tags) -> Step {
        let mut taken = [0; BudgetPath::LEVELS];
        let mut rung = false;
        let mut end = None;
        'levels: for (Level { node, counts }, taken) in self.levels.iter().zip(&mut taken) {
            for place in places(counts & wanted) {
                let tag = tags.of(place.window(), &self.trunk.clock);
                match node.cell(place).take(tag, amounts.of(place.currency())) {
                    Taken::Yes { rings } => {
                        rung |= rings;
                        *taken |= place.bit();
                    }
                    Taken::No { left } => end = Some((place, Ok(left))),
                    Taken::Later(later) => end = Some((place, Err(later))),
                }
                if end.is_some() {
                    break 'levels;
                }
            }
        }
        match end {
            None => {
                if rung {
                    self.ring(&taken, tags);
                }
                Step::Done(taken)
            }
            Some((place, end)) => self.undo(amounts, &taken, tags, place, end),
        }
    }

    /// Gives back what was taken of levels below one that had it no more.
    #[cold]
    fn undo(
        &self,
        amounts: &Amounts,
        taken: &[Mask; BudgetPath::LEVELS],
        tags: &mut Tags,
        place: Place,
        end: Result<u64, Tag>,
    ) -> Step {
        self.give(amounts, taken, tags);
        match end {
            Err(later) => {
                tags.go_on(place.window(), later);
                Step::Again
            }
            Ok(left) => {
                let at = self.levels.iter().position(|Level { node, counts }| {
                    let tag = tags.found(place.window());
                    counts & place.bit() != 0
                        && matches!(node.cell(place).has(tag, amounts.of(place.currency())), Taken::No { .. })
                });
                // Where it is there again, it was a race, and is tried again.
                at.map_or(Step::Again, |depth| Step::No(Short { depth, place, left }))
            }
        }
    }

    /// Gives amounts back to the cells that they were taken from.
    #[inline]
    pub(super) fn give(&self, amounts: &Amounts, taken: &[Mask; BudgetPath::LEVELS], tags: &Tags) {
        for (Level { node, .. }, taken) in self.levels.iter().zip(taken) {
            for place in places(*taken) {
                node.cell(place).give(tags.found(place.window()), amounts.of(place.currency()));
            }
        }
    }

    #[cold]
    fn ring(&self, taken: &[Mask; BudgetPath::LEVELS], tags: &Tags) {
        for (Level { node, .. }, taken) in self.levels.iter().zip(taken) {
            for place in places(*taken) {
                let tag = tags.found(place.window());
                if node.cell(place).is_rung(tag) {
                    self.trunk.ring(node, place, tag, None);
                }
            }
        }
    }

    #[cold]
    fn refuse(&self, amounts: &Amounts, tags: &Tags, short: Short) -> Box<Refusal> {
        let Short { depth, place, left } = short;
        let node = Arc::clone(&self.levels[depth].node);
        let asked = amounts.of(place.currency());
        self.trunk.ring(&node, place, tags.found(place.window()), Some(asked));
        Box::new(Refusal { node, place, asked, left, now: self.trunk.clock.now() })
    }
}

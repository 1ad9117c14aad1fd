//! Phases while running: which one is in force, for what share of the things, and the way back.

use std::fmt;

use parking_lot::MutexGuard;
use serde::Serialize;
use tokio::sync::broadcast;

use super::Orchestrator;
use super::plugins::Book;
use crate::engine::route::phases::{Stage, share_fits};
use crate::engine::route::{Member, Phases, RuleBook, Rules};
use crate::error::{Error, ErrorKind, Result};
use crate::ports::AuditChange;

/// A phase and its share of the things.
///
/// ```
/// # use mosaic_core::orchestrator::PhaseStatus;
/// fn line(status: &PhaseStatus) -> String {
///     format!("now {}", status.now)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhasePoint {
    /// The phase.
    pub phase: String,
    /// Its share, in percent.
    pub share: u8,
}

impl fmt::Display for PhasePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "phase {} at {} %", self.phase, self.share)
    }
}

/// Where a migration stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhaseStatus {
    /// The phase in force.
    pub now: PhasePoint,
    /// The phase that the rest of the things goes by; none where there is no rest.
    pub rest: Option<String>,
    /// Where a rollback leads; none where nothing was changed yet.
    pub back: Option<PhasePoint>,
    /// All phases in order.
    pub phases: Vec<String>,
}

impl fmt::Display for PhaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.now)?;
        if let Some(rest) = &self.rest {
            write!(f, ", the rest by phase {rest}")?;
        }
        match &self.back {
            Some(back) => write!(f, "; a rollback leads to {back}"),
            None => Ok(()),
        }
    }
}

/// A change of phase or share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhaseChange {
    /// Where it stood.
    pub from: PhasePoint,
    /// Where it stands.
    pub to: PhasePoint,
    /// Whether it was a way back.
    pub rollback: bool,
}

/// So many steps back are remembered.
const REMEMBERED: usize = 64;

/// Changes of the view, one at a time.
pub(super) struct Changes {
    /// That of the present view.
    pub(super) epoch: u64,
    /// What the present rules were compiled from; where there are phases, the book says which is in force.
    pub(super) rules: Rules,
    /// Where the migration stood before each change of phase.
    back: Vec<Stage>,
    said: broadcast::Sender<PhaseChange>,
}

impl Changes {
    pub(super) fn new(rules: Rules) -> Self {
        Self { epoch: 1, rules, back: Vec::new(), said: broadcast::Sender::new(64) }
    }

    /// Compiles rules to stand in for the present ones. A migration stays where it stands where the new rules have its phase; only
    /// where they say another share for it than the present ones does it go on with theirs.
    pub(super) fn compile(
        &self,
        rules: &Rules,
        members: &[Member],
        seed: u64,
        present: &RuleBook,
    ) -> Result<RuleBook> {
        let book = RuleBook::compile(rules, members, seed)?;
        Ok(match moved(present.stage(), present, &book) {
            Some(stage) => book
                .at(Stage { share: self.other_share(rules, &book, stage).unwrap_or(stage.share), ..stage }),
            None => book,
        })
    }

    /// The share that rules say for a stage of their book, where the present rules say another.
    fn other_share(&self, rules: &Rules, book: &RuleBook, stage: Stage) -> Option<u8> {
        let (before, after) = (self.rules.phases()?, rules.phases()?);
        let then = before.stage(before.position(book.name(stage.at)?).ok()?).share;
        Some(after.stage(stage.at).share).filter(|share| *share != then)
    }

    /// Other rules were compiled and are in force now. Of the way back stays what they have the phases for.
    pub(super) fn replace(&mut self, rules: Rules, book: &RuleBook, before: &RuleBook) {
        self.rules = rules;
        if self.rules.phases().is_some() && before.name(before.stage().at).is_some() {
            let said = PhaseChange {
                from: point(before, before.stage()),
                to: point(book, book.stage()),
                rollback: false,
            };
            if said.from != said.to {
                tracing::info!(target: "mosaic::routing", from = %said.from, to = %said.to, "phase changed by other rules");
                // Nobody has to listen.
                let _ = self.said.send(said);
            }
        }
        self.back = self.back.iter().filter_map(|stage| moved(*stage, before, book)).collect();
    }

    /// The phases that are in force.
    fn phases(&self) -> Result<&Phases> {
        self.rules.phases().ok_or_else(|| {
            let message = "there are no phases: the rules were given as one set; give phases with set_rules";
            Error::new(ErrorKind::Config, message)
        })
    }
}

/// The same stage where the phases may be others; none where they have no such phase.
fn moved(stage: Stage, before: &RuleBook, book: &RuleBook) -> Option<Stage> {
    let at = book.position(before.name(stage.at)?)?;
    (at > 0 || stage.share == 100).then_some(Stage { at, share: stage.share })
}

impl Orchestrator {
    /// Where the migration stands; none where the rules are one set.
    pub fn phase(&self) -> Option<PhaseStatus> {
        self.status_of(&self.0.plugins.book().changes)
    }

    /// Puts a phase in force, with the share that it begins with; where it is in force already, nothing changes. Calls under way
    /// keep the rules they began with; no later call is answered by what the cache learned before.
    ///
    /// # Errors
    /// `Invalid` for an unknown phase, `Config` where there are no phases; nothing changes then.
    pub fn set_phase(&self, name: &str) -> Result<PhaseStatus> {
        let book = self.0.plugins.book();
        let phases = book.changes.phases()?;
        let (at, present) = (phases.position(name)?, self.0.view.load().rules.stage());
        let stage = if at == present.at { present } else { phases.stage(at) };
        self.enter(book, stage, false)
    }

    /// The same with another share than the phase begins with, in percent.
    ///
    /// # Errors
    /// Those of [`Orchestrator::set_phase`] and of [`Orchestrator::set_share`].
    pub fn set_phase_at(&self, name: &str, percent: u8) -> Result<PhaseStatus> {
        let book = self.0.plugins.book();
        let at = book.changes.phases()?.position(name)?;
        self.enter(book, Stage { at, share: percent }, false)
    }

    /// Changes the share of the phase in force, in percent. With a higher share every thing that goes by the phase already goes on to
    /// do so.
    ///
    /// # Errors
    /// `Invalid` for more than 100, or less where there is no phase before this one; `Config` where there are no phases.
    pub fn set_share(&self, percent: u8) -> Result<PhaseStatus> {
        let book = self.0.plugins.book();
        book.changes.phases()?;
        let at = self.0.view.load().rules.stage().at;
        self.enter(book, Stage { at, share: percent }, false)
    }

    /// Goes back to where the migration stood before the last change of phase, with the share that it had. Changes of share are no
    /// steps of their own. Data stays where it is: what was written by the later phase is at its provider.
    ///
    /// # Errors
    /// `Conflict` where no phase was changed yet; `Config` where there are no phases.
    pub fn rollback(&self) -> Result<PhaseStatus> {
        let mut book = self.0.plugins.book();
        book.changes.phases()?;
        let stage = book.changes.back.pop().ok_or_else(|| {
            Error::new(ErrorKind::Conflict, "no phase was put in force yet: there is nothing to go back to")
        })?;
        self.enter(book, stage, true)
    }

    /// The changes of phase and share from now on, those by other rules included. A receiver that falls behind is told how much it missed.
    pub fn phase_changes(&self) -> broadcast::Receiver<PhaseChange> {
        self.0.plugins.book().changes.said.subscribe()
    }

    fn enter(&self, mut book: MutexGuard<'_, Book>, stage: Stage, rollback: bool) -> Result<PhaseStatus> {
        share_fits(stage.share)?;
        let view = self.0.view.load_full();
        let from = view.rules.stage();
        if stage.at == 0 && stage.share < 100 {
            let message = "the first phase has no phase before it for the rest; its share must be 100";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if stage != from {
            let rules = view.rules.at(stage);
            let said = PhaseChange { from: point(&rules, from), to: point(&rules, stage), rollback };
            book.changes.epoch += 1;
            self.0.plugins.publish(&book, rules);
            let changes = &mut book.changes;
            if !rollback && stage.at != from.at {
                if changes.back.len() == REMEMBERED {
                    changes.back.remove(0);
                }
                changes.back.push(from);
            }
            tracing::info!(
                target: "mosaic::routing", epoch = changes.epoch, from = %said.from, to = %said.to, rollback,
                "phase changed"
            );
            let back = if rollback { ", back" } else { "" };
            let detail = || format!("from {} to {}{back}", said.from, said.to);
            self.0.plugins.tell(|| AuditChange::of("phase", detail()));
            // Nobody has to listen.
            let _ = changes.said.send(said);
        }
        self.status_of(&book.changes).ok_or_else(|| Error::new(ErrorKind::Internal, "the phases went away"))
    }

    fn status_of(&self, changes: &Changes) -> Option<PhaseStatus> {
        let book = &self.0.view.load().rules;
        let phases = changes.rules.phases()?;
        let now = book.stage();
        let rest =
            (now.share < 100).then(|| point(book, Stage { at: now.at.saturating_sub(1), share: 100 }).phase);
        Some(PhaseStatus {
            now: point(book, now),
            rest,
            back: changes.back.last().map(|stage| point(book, *stage)),
            phases: phases.names().map(Into::into).collect(),
        })
    }
}

fn point(book: &RuleBook, stage: Stage) -> PhasePoint {
    PhasePoint { phase: book.name(stage.at).unwrap_or_default().to_owned(), share: stage.share }
}

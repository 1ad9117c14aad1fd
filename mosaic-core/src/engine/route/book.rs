//! The rule book: what decides about calls at one time, one compiled table or one for each phase.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::explain::Explanation;
use super::phases::{Phases, Sharing, Stage};
use super::prove::Finding;
use super::rule::Routing;
use super::table::{Boards, Table};
use super::{Member, fault};
use crate::context::CallContext;
use crate::error::Result;
use crate::op::OpMeta;
use crate::types::{ServiceKind, Subject};

/// All rules as people write them: one set, or one for each phase of a migration.
///
/// ```
/// use mosaic_core::engine::route::{Phase, Phases, Routing, Rules};
///
/// assert!(Rules::from(Routing::new()).phases().is_none());
/// assert!(Rules::from(Phases::new().phase(Phase::new("1", Routing::new()))).phases().is_some());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rules {
    /// One set.
    Routing(Routing),
    /// One set for each phase.
    Phases(Phases),
}

impl Rules {
    /// The phases, where there are any.
    pub fn phases(&self) -> Option<&Phases> {
        match self {
            Self::Routing(_) => None,
            Self::Phases(phases) => Some(phases),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::Routing(Routing::new())
    }
}

impl From<Routing> for Rules {
    fn from(routing: Routing) -> Self {
        Self::Routing(routing)
    }
}

impl From<Phases> for Rules {
    fn from(phases: Phases) -> Self {
        Self::Phases(phases)
    }
}

/// Which phase decides about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhaseNote {
    /// The phase in force.
    pub phase: String,
    /// Its share of the things, in percent.
    pub share: u8,
    /// The bucket of what the call is about, 0 to 99; none where it has no name that parts it.
    pub bucket: Option<u8>,
    /// The phase that decides: that in force, or the one before it.
    pub decides: String,
}

impl fmt::Display for PhaseNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, share, bucket, decides } = self;
        write!(f, "phase {phase} is in force")?;
        match (*share, bucket) {
            (100.., _) => return Ok(()),
            (_, Some(bucket)) => write!(f, " for {share} of 100 buckets; this is bucket {bucket}")?,
            (_, None) => write!(f, " for {share} of 100 buckets; this has none")?,
        }
        write!(f, ": phase {decides} decides")
    }
}

/// All rules, ready to be evaluated. Cheap to clone.
#[derive(Clone)]
pub struct RuleBook {
    /// One for each phase. Kept over a change of phase or share, so that balancers go on where they were.
    tables: Arc<[Table]>,
    phased: Option<Arc<Phased>>,
    stage: Stage,
}

struct Phased {
    names: Box<[String]>,
    sharing: Sharing,
}

impl RuleBook {
    /// Compiles rules for these providers, those of every phase.
    ///
    /// # Errors
    /// `Config`, with every fault at once.
    pub fn compile(rules: &Rules, members: &[Member], seed: u64) -> Result<Self> {
        let phases = match rules {
            Rules::Routing(routing) => {
                let table = Table::compile(routing, members.to_vec(), seed)?;
                return Ok(Self { tables: [table].into(), phased: None, stage: Stage { at: 0, share: 100 } });
            }
            Rules::Phases(phases) => phases,
        };
        let (stage, mut faults) = match phases.first_stage() {
            Ok(stage) => (stage, Vec::new()),
            Err(faults) => (Stage::default(), faults),
        };
        let mut tables = Vec::new();
        for phase in phases.iter() {
            match Table::build(phase.routing(), members.to_vec(), seed) {
                Ok(table) => tables.push(table),
                Err(some) => {
                    faults.extend(some.iter().map(|fault| format!("phase {:?}: {fault}", phase.name())));
                }
            }
        }
        if !faults.is_empty() {
            return Err(fault::joined(&faults));
        }
        let names = phases.names().map(Into::into).collect();
        let phased = Phased { names, sharing: phases.sharing.clone() };
        Ok(Self { tables: tables.into(), phased: Some(Arc::new(phased)), stage })
    }

    /// The same rules with another phase in force, or with another share.
    pub(crate) fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// Whether calls of a service have a way at all, in every phase.
    pub(crate) fn leads(&self, service: ServiceKind) -> bool {
        self.tables.iter().all(|table| table.leads(service))
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// The name of a phase by its position.
    pub(crate) fn name(&self, at: usize) -> Option<&str> {
        self.phased.as_ref()?.names.get(at).map(String::as_str)
    }

    /// The position of a phase by its name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.phased.as_ref()?.names.iter().position(|known| known == name)
    }

    /// The table that decides about a thing.
    #[inline]
    pub fn table(&self, subject: Subject<'_>) -> &Table {
        let at = if self.stage.share < 100 { self.split(subject).0 } else { self.stage.at };
        &self.tables[at]
    }

    /// The position of the phase that decides about a thing, and the thing's bucket.
    fn split(&self, subject: Subject<'_>) -> (usize, Option<u8>) {
        let bucket = self.phased.as_ref().and_then(|phased| phased.sharing.bucket(subject));
        let moved = bucket.is_some_and(|bucket| bucket < self.stage.share);
        (if moved { self.stage.at } else { self.stage.at.saturating_sub(1) }, bucket)
    }

    /// The tables that decide about some thing or other: a cached answer is known by what any of them reads of a call.
    #[inline]
    pub(crate) fn in_force(&self) -> &[Table] {
        let first = if self.stage.share < 100 { self.stage.at.saturating_sub(1) } else { self.stage.at };
        &self.tables[first..=self.stage.at]
    }

    /// What [`Table::prove`] finds in the rules of every phase, with the phase where there are phases.
    pub fn prove(&self) -> Vec<(Option<&str>, Finding)> {
        let tables = self.tables.iter().enumerate();
        tables
            .flat_map(|(at, table)| table.prove().into_iter().map(move |one| (self.name(at), one)))
            .collect()
    }

    /// Explains the decision for a call. Changes nothing but the turn of a balancer.
    pub fn explain(
        &self,
        meta: &'static OpMeta,
        subject: Subject<'_>,
        cx: &CallContext,
        boards: &impl Boards,
        now: Instant,
    ) -> Explanation {
        let mut explanation = self.table(subject).explain(meta, subject, cx, boards, now);
        explanation.phase = self.note(subject);
        explanation
    }

    fn note(&self, subject: Subject<'_>) -> Option<PhaseNote> {
        let phase = self.name(self.stage.at)?.to_owned();
        let share = self.stage.share;
        let (at, bucket) = self.split(subject);
        let decides = if share < 100 { self.name(at)?.to_owned() } else { phase.clone() };
        Some(PhaseNote { phase, share, bucket, decides })
    }
}

impl fmt::Debug for RuleBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleBook").field("tables", &self.tables).field("stage", &self.stage).finish()
    }
}

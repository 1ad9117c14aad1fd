//! A formula as steps that a call walks through: each tests one thing and says where to go on if it holds and if not.

use super::formula::{Formula, Test};
use crate::engine::route::fact::Facts;

/// Where the walk ends.
const HOLDS: u32 = u32::MAX;
const FAILS: u32 = u32::MAX - 1;

#[derive(Debug, Clone)]
struct Step {
    test: Test,
    yes: u32,
    no: u32,
}

/// Says whether a formula certainly holds. Allocates nothing, and tests nothing twice on its way.
#[derive(Debug, Clone)]
pub(in crate::engine::route) struct Program {
    steps: Box<[Step]>,
    start: u32,
    /// Where to begin where the first part is known to hold.
    rest: u32,
}

impl Program {
    /// Joins parts that must all hold.
    pub(in crate::engine::route) fn new<'a>(parts: impl DoubleEndedIterator<Item = &'a Formula>) -> Self {
        let mut steps = Vec::new();
        // Built from the end, so that where to go on is known.
        let (mut start, mut rest) = (HOLDS, HOLDS);
        for part in parts.rev() {
            rest = start;
            start = emit(part, start, FAILS, &mut steps);
        }
        Self { steps: steps.into(), start, rest }
    }

    /// Whether all parts certainly hold.
    #[inline]
    pub(in crate::engine::route) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.walk(self.start, facts)
    }

    /// Whether all parts but the first certainly hold.
    #[inline]
    pub(in crate::engine::route) fn rest_holds(&self, facts: &Facts<'_>) -> bool {
        self.walk(self.rest, facts)
    }

    #[inline]
    fn walk(&self, mut at: u32, facts: &Facts<'_>) -> bool {
        while let Some(step) = self.steps.get(at as usize) {
            at = if step.test.truth(facts) == Some(true) { step.yes } else { step.no };
        }
        at == HOLDS
    }
}

fn emit(formula: &Formula, yes: u32, no: u32, steps: &mut Vec<Step>) -> u32 {
    match formula {
        Formula::Constant(true) => yes,
        Formula::Constant(false) => no,
        Formula::Test(test) => {
            steps.push(Step { test: test.clone(), yes, no });
            (steps.len() - 1) as u32
        }
        Formula::All(parts) => parts.iter().rev().fold(yes, |yes, part| emit(part, yes, no, steps)),
        Formula::Any(parts) => parts.iter().rev().fold(no, |no, part| emit(part, yes, no, steps)),
    }
}

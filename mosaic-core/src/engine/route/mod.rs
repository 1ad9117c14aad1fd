//! Routing: which provider may answer a call, in which order, and why.
//!
//! Rules are written by people ([`Rule`], [`Routing`]), compiled once ([`Table`]) and evaluated for each call. The
//! candidates of a call are exactly the target of the first rule that matches and that rule's own fallbacks: a provider that
//! a rule does not name never sees the call, however many others are down.

mod attribute;
mod book;
mod candidate_note;
mod clause;
mod compile;
mod compiled;
mod condition;
pub mod explain;
mod fact;
mod fault;
mod glob;
mod index;
mod key;
mod pattern;
pub(crate) mod phases;
mod prove;
mod rank;
mod rule;
mod rule_index;
#[cfg(test)]
mod samples;
mod selector;
mod table;

pub use attribute::{AttributeKind, AttributeSchema};
pub use book::{PhaseNote, RuleBook, Rules};
pub use candidate_note::{CandidateNote, GroupNote, TermNote};
pub use compiled::Member;
pub use condition::{Condition, ConditionFault, Predicate};
pub use explain::{Explanation, RuleNote, Unmet};
pub use fact::Facts;
pub use fault::{FaultKind, Part, Place, RoutingFault};
pub use glob::Glob;
pub use pattern::{InvalidPattern, Pattern};
pub use phases::{Phase, Phases, Split};
pub use prove::{Example, Finding, FindingKind};
pub use rank::{Term, UnknownTerm};
pub use rule::{Group, Routing, Rule};
pub use selector::SelectorDef;
pub use table::{Boards, Candidate, Candidates, Route, Standing, Table};

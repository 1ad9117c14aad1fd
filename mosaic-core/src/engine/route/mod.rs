//! Routing: which provider may answer a call, in which order, and why.
//!
//! Rules are written by people ([`Rule`], [`Routing`]), compiled once ([`Table`]) and evaluated for each call. The
//! candidates of a call are exactly the target of the first rule that matches and that rule's own fallbacks: a provider that
//! a rule does not name never sees the call, however many others are down.

mod book;
mod candidate_note;
mod compile;
mod compiled;
pub mod explain;
mod fault;
mod index;
mod pattern;
pub(crate) mod phases;
mod rank;
mod rule;
mod table;

pub use book::{PhaseNote, RuleBook, Rules};
pub use candidate_note::{CandidateNote, GroupNote, TermNote};
pub use compiled::Member;
pub use explain::{Explanation, RuleNote};
pub use fault::{FaultKind, Part, Place, RoutingFault};
pub use pattern::{Glob, InvalidPattern, Pattern, Selector};
pub use phases::{Phase, Phases, Split};
pub use rank::{Term, UnknownTerm};
pub use rule::{Group, Routing, Rule};
pub use table::{Boards, Candidate, Candidates, Route, Standing, Table};

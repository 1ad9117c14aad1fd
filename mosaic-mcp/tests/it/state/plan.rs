//! What is done to a state in a random course.

use mosaic_mcp::state::{Key, KeyRange, Topic};
use proptest::prelude::*;

pub(super) const KEYS: [&str; 7] = ["k/a", "k/a/1", "k/a/1/x", "k/a/1=2F", "k/a/2", "k/b", "k/ä/1"];
/// Whether changes tell of a key.
pub(super) fn is_tracked(key: &str) -> bool {
    !matches!(key, "k/a/1/x" | "k/b")
}

pub(super) const TOPICS: [&str; 4] = ["x.1", "x.2", "y", "x.1.deep"];
pub(super) const FILTERS: [&str; 5] = [">", "x.*", "y", "x.1", "x.>"];

#[derive(Debug, Clone)]
pub(super) enum Op {
    Put {
        key: usize,
        value: u8,
        seconds: Option<u8>,
    },
    Delete {
        key: usize,
    },
    /// The transaction ends here where the key is something else.
    Expect {
        key: usize,
        what: u8,
    },
    Append {
        topic: usize,
        data: u8,
    },
    /// What the transaction sees by now.
    Look {
        range: Span,
    },
    Fail,
}

/// A range and how much of it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) kind: u8,
    pub(super) key: usize,
    pub(super) limit: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Transactions that wait together.
    Run {
        node: usize,
        all: Vec<Vec<Op>>,
    },
    Trim {
        node: usize,
        topic: Option<usize>,
        back: u64,
    },
    Snapshot {
        node: usize,
        topic: usize,
        back: u64,
        compact: bool,
    },
    Forget {
        node: usize,
        back: u64,
    },
    Watch {
        node: usize,
        range: Span,
    },
    Follow {
        which: usize,
    },
    Pass {
        seconds: u8,
    },
    Read {
        node: usize,
        range: Span,
        filter: usize,
        back: u64,
    },
    Reopen {
        node: usize,
    },
}

fn span() -> impl Strategy<Value = Span> {
    (0u8..5, 0..KEYS.len(), 1usize..9).prop_map(|(kind, key, limit)| Span { kind, key, limit })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0..KEYS.len(), any::<u8>(), prop::option::weighted(0.3, 0u8..12))
            .prop_map(|(key, value, seconds)| Op::Put { key, value, seconds }),
        2 => (0..KEYS.len()).prop_map(|key| Op::Delete { key }),
        2 => (0..KEYS.len(), 0u8..6).prop_map(|(key, what)| Op::Expect { key, what }),
        4 => (0..TOPICS.len(), any::<u8>()).prop_map(|(topic, data)| Op::Append { topic, data }),
        3 => span().prop_map(|range| Op::Look { range }),
        1 => Just(Op::Fail),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let all = prop::collection::vec(prop::collection::vec(op(), 1..8), 1..4);
    prop_oneof![
        8 => (0usize..2, all).prop_map(|(node, all)| Step::Run { node, all }),
        1 => (0usize..2, prop::option::of(0..TOPICS.len()), 0u64..12)
            .prop_map(|(node, topic, back)| Step::Trim { node, topic, back }),
        1 => (0usize..2, 0..TOPICS.len(), 0u64..12, any::<bool>())
            .prop_map(|(node, topic, back, compact)| Step::Snapshot { node, topic, back, compact }),
        1 => (0usize..2, 0u64..12).prop_map(|(node, back)| Step::Forget { node, back }),
        1 => (0usize..2, span()).prop_map(|(node, range)| Step::Watch { node, range }),
        3 => (0usize..4).prop_map(|which| Step::Follow { which }),
        2 => (0u8..9).prop_map(|seconds| Step::Pass { seconds }),
        4 => (0usize..2, span(), 0..FILTERS.len(), 0u64..16)
            .prop_map(|(node, range, filter, back)| Step::Read { node, range, filter, back }),
        1 => (0usize..2).prop_map(|node| Step::Reopen { node }),
    ]
}

pub(super) fn key(at: usize) -> Key {
    Key::new(KEYS[at]).unwrap()
}

pub(super) fn topic(at: usize) -> Topic {
    Topic::new(TOPICS[at]).unwrap()
}

impl Span {
    pub(super) fn range(&self) -> KeyRange {
        let of = KEYS[self.key];
        match self.kind {
            0 => KeyRange::below(&["k"]).unwrap(),
            1 => KeyRange::below(&["k", "a"]).unwrap(),
            2 => KeyRange::prefix(of),
            3 => KeyRange::below(&["k"]).unwrap().after(&key(self.key)),
            _ => KeyRange::below(&["k"]).unwrap().before(of),
        }
    }

    /// Said again, by comparing texts.
    pub(super) fn has(&self, text: &str) -> bool {
        let of = KEYS[self.key];
        match self.kind {
            0 => true,
            1 => text.starts_with("k/a/"),
            2 => text.starts_with(of),
            3 => text > of,
            _ => text < of,
        }
    }
}

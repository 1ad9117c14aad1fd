//! Where the parts of rules stand in the file.

use std::collections::HashMap;

use crate::config::node::{Content, Node};
use crate::config::path;
use crate::config::source::Span;
use crate::engine::route::{Part, Place};

/// A text and where it stands.
#[derive(Clone, PartialEq)]
pub(in crate::config) struct Spot {
    pub(in crate::config) text: String,
    /// What may be shown of it.
    pub(in crate::config) shown: String,
    pub(in crate::config) span: Span,
    pub(in crate::config) path: String,
}

impl Spot {
    pub(in crate::config) fn new(text: &str, span: Span, path: String) -> Self {
        Self { text: text.into(), shown: text.into(), span, path }
    }

    pub(in crate::config) fn of(node: &Node, path: String) -> Self {
        let (text, shown) = node.scalar().map_or(("", ""), |scalar| (&scalar.text, scalar.shown()));
        Self { text: text.into(), shown: shown.into(), span: node.span.clone(), path }
    }

    /// Whether its text has parts that came from the environment.
    pub(in crate::config) fn replaced(&self) -> bool {
        self.text != self.shown
    }
}

/// A scalar, or the items of a list, as spots.
pub(super) fn spots(node: &Node, at: &str) -> Vec<Spot> {
    match &node.content {
        Content::List(items) => items
            .iter()
            .enumerate()
            .map(|(position, item)| Spot::of(item, path::index(at, position)))
            .collect(),
        _ => vec![Spot::of(node, at.into())],
    }
}

/// The spots of everything that routing was told.
#[derive(Default)]
pub(super) struct Spots(HashMap<(Place, Part), Spot>);

impl Spots {
    pub(super) fn whole(&mut self, place: Place, spot: Spot) {
        self.put(place, Part::Whole, spot);
    }

    pub(super) fn put(&mut self, place: Place, part: Part, spot: Spot) {
        self.0.insert((place, part), spot);
    }

    pub(super) fn members(&mut self, place: Place, node: &Node, at: &str) {
        for (position, spot) in spots(node, at).into_iter().enumerate() {
            self.put(place, Part::Member(position), spot);
        }
    }

    /// The spot of exactly this part.
    pub(super) fn exact(&self, place: Place, part: Part) -> Option<&Spot> {
        self.0.get(&(place, part))
    }

    /// The spot of a part, or of the thing that it is a part of.
    pub(super) fn get(&self, place: Place, part: Part) -> Option<&Spot> {
        self.0.get(&(place, part)).or_else(|| self.0.get(&(place, Part::Whole)))
    }
    /// Whether any text has parts that came from the environment.
    pub(super) fn any_replaced(&self) -> bool {
        self.0.values().any(Spot::replaced)
    }

    /// Every name of a provider or group, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let targets = self
            .0
            .iter()
            .filter(|((_, part), _)| matches!(part, Part::Target | Part::Member(_) | Part::Fallback(_)));
        let mut names: Vec<_> = targets.map(|(_, spot)| spot.text.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

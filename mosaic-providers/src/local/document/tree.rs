//! The hierarchy of a space: which document is below which, and in what order.

use std::collections::HashMap;

use mosaic_core::error::Result;
use mosaic_core::op::document::Placement;

use super::fault::{invalid, missing, shown};
use super::order::Place;

/// How many missing documents one above the other are passed over.
const MISSING_MAX: usize = 64;

/// Documents by their number, in trees. The number of documents stands for the top of the space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    parent: Vec<usize>,
    below: Vec<Vec<usize>>,
}

impl Tree {
    /// The tree that an order makes of the documents. Whatever a person wrote there, each document has one place: one that
    /// is not named is last at the top, one below a missing document takes its place, and a circle is cut.
    pub(super) fn of(ids: &HashMap<String, usize>, order: &[Place]) -> Self {
        let count = ids.len();
        let mut said: HashMap<&str, Option<&str>> = HashMap::new();
        let mut listed = Vec::new();
        for place in order {
            if let std::collections::hash_map::Entry::Vacant(free) = said.entry(&place.id) {
                free.insert(place.parent.as_deref());
                listed.extend(ids.get(&place.id).copied().map(|at| (at, place.id.as_str())));
            }
        }
        let mut parent = vec![count; count];
        for (at, id) in &listed {
            parent[*at] = existing_parent(ids, &said, id).unwrap_or(count);
        }
        let mut named = vec![false; count];
        listed.iter().for_each(|(at, _)| named[*at] = true);
        cut_circles(&mut parent, listed.iter().map(|(at, _)| *at));
        let mut below = vec![Vec::new(); count + 1];
        let rest = (0..count).filter(|at| !named[*at]);
        for at in listed.iter().map(|(at, _)| *at).chain(rest) {
            below[parent[at]].push(at);
        }
        Self { parent, below }
    }

    /// The document above one; none at the top.
    pub(super) fn parent(&self, at: usize) -> Option<usize> {
        self.parent.get(at).copied().filter(|parent| *parent < self.parent.len())
    }

    /// The documents right below one, or at the top, in their order.
    pub(super) fn below(&self, at: Option<usize>) -> &[usize] {
        self.below.get(at.unwrap_or(self.parent.len())).map_or(&[], Vec::as_slice)
    }

    /// Every document with its place among its siblings, as a reader meets them.
    pub(super) fn reading(&self) -> Vec<(usize, usize)> {
        let mut all = Vec::with_capacity(self.parent.len());
        let mut open: Vec<(usize, usize)> = self.below(None).iter().copied().enumerate().rev().collect();
        while let Some((position, at)) = open.pop() {
            all.push((at, position));
            open.extend(self.below(Some(at)).iter().copied().enumerate().rev());
        }
        all
    }

    /// The tree after every placement: what is placed is taken out, then put in, the lowest position first. So each is where
    /// it is to stand in the end, and doing it again changes nothing.
    pub(super) fn organized(&self, ids: &HashMap<String, usize>, placements: &[Placement]) -> Result<Self> {
        let find = |id: &str| ids.get(id).copied().ok_or_else(|| missing("document", id));
        let top = self.parent.len();
        let mut placed: Vec<(u64, usize, usize)> = Vec::with_capacity(placements.len());
        for placement in placements {
            let parent = placement.parent.as_deref().map_or(Ok(top), find)?;
            placed.push((placement.position, find(&placement.document)?, parent));
        }
        let mut moved = vec![false; top];
        for (_, at, _) in &placed {
            if std::mem::replace(&mut moved[*at], true) {
                return Err(invalid("placements: a document is placed twice"));
            }
        }
        let mut new = self.clone();
        new.below.iter_mut().for_each(|siblings| siblings.retain(|at| !moved[*at]));
        placed.sort_by_key(|(position, ..)| *position);
        for (position, at, parent) in placed {
            new.parent[at] = parent;
            let siblings = &mut new.below[parent];
            let position = usize::try_from(position).unwrap_or(usize::MAX).min(siblings.len());
            siblings.insert(position, at);
        }
        // What stands below itself is reached from no top.
        if new.reading().len() < top {
            let fault = placements.iter().find(|placement| placement.parent.is_some());
            let name = shown(fault.map_or("", |placement| &placement.document));
            return Err(invalid(format!("placements: a document, such as {name}, would stand below itself")));
        }
        Ok(new)
    }
}

/// The nearest document above that exists.
fn existing_parent(
    ids: &HashMap<String, usize>,
    said: &HashMap<&str, Option<&str>>,
    id: &str,
) -> Option<usize> {
    let mut above = said.get(id).copied().flatten()?;
    // Missing documents may stand in a circle as well.
    for _ in 0..MISSING_MAX {
        if let Some(at) = ids.get(above) {
            return Some(*at);
        }
        above = said.get(above).copied().flatten()?;
    }
    None
}

/// Puts one document of every circle at the top.
fn cut_circles(parent: &mut [usize], order: impl Iterator<Item = usize>) {
    let top = parent.len();
    // 0 where not looked at, `top + 1` where it leads to the top, else the walk that it was met on.
    let mut met = vec![0; top];
    let (mut walk, sound) = (0, top + 1);
    for start in order {
        walk += 1;
        let mut at = start;
        while at < top && met[at] == 0 {
            met[at] = walk;
            at = parent[at];
        }
        if at < top && met[at] == walk {
            parent[at] = top;
        }
        at = start;
        while at < top && met[at] == walk {
            met[at] = sound;
            at = parent[at];
        }
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;

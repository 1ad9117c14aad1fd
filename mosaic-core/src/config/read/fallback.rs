//! Who stands in for whom, for all rules that do not say it themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use super::place::{Spot, spots};
use crate::config::code::Code;
use crate::config::form::lenient::Lenient;
use crate::config::form::routing::Names;
use crate::config::path;
use crate::config::report::Found;

impl Reader<'_> {
    pub(super) fn fallbacks(&mut self, forms: BTreeMap<String, Lenient<Names>>) {
        let at = path::key(self.at, "fallbacks");
        let mut places = BTreeMap::new();
        for (name, form) in forms {
            let entry = self.root.get("fallbacks").and_then(|fallbacks| fallbacks.entry(&name));
            let Some(entry) = entry else { continue };
            let at = path::key(&at, &name);
            let Some(form) = form.0 else {
                self.lost(&entry.value, &at);
                continue;
            };
            self.known(&Spot::new(&name, entry.at.clone(), at.clone()));
            for spot in spots(&entry.value, &at) {
                self.known(&spot);
            }
            places.insert(name.clone(), (entry.at.clone(), at));
            self.fallbacks.insert(name, form.all().to_vec());
        }
        for cycle in cycles(&self.fallbacks) {
            let Some((span, at)) = cycle.first().and_then(|name| places.get(name)) else { continue };
            let names: Vec<_> = cycle.iter().chain(cycle.first()).map(|name| self.show(name)).collect();
            let message = format!("the stand-ins lead back to where they began: {}", names.join(" -> "));
            self.found.push(Found::error(Code::FallbackCycle, at.clone(), span.clone(), message));
            // What leads in a circle is not followed.
            if let Some(name) = cycle.first() {
                self.fallbacks.remove(name);
            }
        }
    }

    /// Those who stand in for a name: the nearest first, and behind each its own.
    pub(super) fn stand_ins_of(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        let mut open: Vec<&str> =
            self.fallbacks.get(name).into_iter().flatten().rev().map(String::as_str).collect();
        while let Some(next) = open.pop() {
            if next != name && !all.iter().any(|known| known == next) {
                all.push(next.to_owned());
                open.extend(self.fallbacks.get(next).into_iter().flatten().rev().map(String::as_str));
            }
        }
        all
    }
}

/// The circles among stand-ins, each once, beginning at its first name.
fn cycles(map: &BTreeMap<String, Vec<String>>) -> Vec<Vec<String>> {
    let mut cycles: Vec<Vec<String>> = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for name in map.keys() {
        // The way to where we are, and for each name on it how many of its stand-ins were followed.
        let mut way: Vec<(&str, usize)> = vec![(name, 0)];
        while let Some((here, followed)) = way.last_mut() {
            let next = if done.contains(here) {
                None
            } else {
                map.get(*here).and_then(|names| names.get(*followed))
            };
            *followed += 1;
            let Some(next) = next else {
                done.extend(way.pop().map(|(name, _)| name));
                continue;
            };
            match way.iter().position(|(name, _)| name == next) {
                Some(at) => {
                    let mut cycle: Vec<String> =
                        way[at..].iter().map(|(name, _)| (*name).to_owned()).collect();
                    let first =
                        cycle.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
                    cycle.rotate_left(first);
                    cycles.push(cycle);
                }
                None => way.push((next, 0)),
            }
        }
    }
    cycles.sort();
    cycles.dedup();
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&str, &[&str])]) -> Vec<String> {
        let map = pairs
            .iter()
            .map(|(name, to)| ((*name).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()));
        cycles(&map.collect()).into_iter().map(|cycle| cycle.join(" ")).collect()
    }

    #[test]
    fn each_circle_is_found_once() {
        assert_eq!(found(&[("a", &["b"]), ("b", &["c", "d"]), ("d", &[])]), [] as [&str; 0]);
        assert_eq!(found(&[("a", &["a"])]), ["a"]);
        assert_eq!(found(&[("c", &["a"]), ("a", &["b"]), ("b", &["c"]), ("z", &["b"])]), ["a b c"]);
        assert_eq!(found(&[("a", &["b", "c"]), ("b", &["a"]), ("c", &["a"])]), ["a b", "a c"]);
    }
}

//! The phases of a migration: sets of rules in order.

use super::place::Spot;
use super::{Common, Reader, split};
use crate::config::code::Code;
use crate::config::form::lenient::Lenient;
use crate::config::form::phase::{PhaseForm, PhasesForm};
use crate::config::node::Node;
use crate::config::path;
use crate::config::report::Found;
use crate::engine::route::{Phase, Phases};
use crate::types::nearest::nearest;

impl Reader<'_> {
    pub(super) fn phases(&mut self, form: PhasesForm, common: &Common) -> Phases {
        let at = path::key(self.at, "phases");
        let mut phases = Phases::new();
        let Some(node) = self.root.get("phases") else { return phases };
        let (forms, list, at) = match form {
            PhasesForm::List(forms) => (forms, Some(node), at),
            PhasesForm::Full(full) => {
                if let Some(split) = full.split {
                    phases = phases.split(split.into());
                }
                if let Some(salt) = full.salt {
                    phases = phases.salt(salt);
                }
                if let (Some(name), Some(node)) = (full.begin, node.get("begin")) {
                    let name = String::from(name);
                    self.begins(&name, &full.list, Spot::of(node, path::key(&at, "begin")));
                    phases = phases.begin(name);
                }
                (full.list, node.get("list"), path::key(&at, "list"))
            }
        };
        let mut known: Vec<String> = Vec::new();
        for (position, (form, node)) in
            forms.into_iter().zip(list.map(Node::items).unwrap_or_default()).enumerate()
        {
            let at = path::index(&at, position);
            match form.0 {
                Some(form) => phases = phases.phase(self.phase(form, node, &at, common, &mut known)),
                None => self.lost(node, &at),
            }
        }
        phases
    }

    /// The phase that is in force from the beginning must be there.
    fn begins(&mut self, name: &str, forms: &[Lenient<PhaseForm>], spot: Spot) {
        let names: Vec<String> =
            forms.iter().filter_map(|form| form.0.as_ref()).map(|form| form.phase.clone().into()).collect();
        // The name of one that cannot be read is not known.
        if names.len() < forms.len() || names.iter().any(|known| known == name) {
            return;
        }
        let message = format!("there is no phase {:?}", path::cut(&spot.shown));
        let meant = if spot.replaced() { None } else { nearest(name, names.iter().map(String::as_str)) };
        self.found.push(Found::error(Code::BadValue, &*spot.path, spot.span, message).suggest(meant));
    }

    fn phase(
        &mut self,
        form: PhaseForm,
        node: &Node,
        at: &str,
        common: &Common,
        known: &mut Vec<String>,
    ) -> Phase {
        let name = String::from(form.phase);
        let place = |key: &str| node.get(key).map_or(node.span.clone(), |node| node.span.clone());
        if known.contains(&name) {
            let shown = node.get("phase").and_then(Node::scalar).map_or("", |scalar| scalar.shown());
            let message = format!("there is a phase {:?} already", path::cut(shown));
            self.found.push(Found::error(Code::DuplicateId, path::key(at, "phase"), place("phase"), message));
        }
        if let (true, Some(share)) = (known.is_empty(), form.share.filter(|share| *share < 100)) {
            let message = format!("the first phase has none before it for the other {} %", 100 - share);
            self.found.push(Found::error(Code::BadValue, path::key(at, "share"), place("share"), message));
        }
        let shown = node.get("phase").and_then(Node::scalar).map_or("", |scalar| scalar.shown());
        self.lines.push(format!("phase {shown}, from {} % on:", form.share.unwrap_or(100)));
        known.push(name.clone());
        self.begin(common, at);
        let (rules, balancing) = split(form.routing);
        if let (Some(_), Some(entry)) =
            (balancing, node.get("routing").and_then(|node| node.entry("loadBalancing")))
        {
            let message = "balancing is the same in all phases: it stands at the top";
            let at = path::key(&path::key(at, "routing"), "loadBalancing");
            self.found.push(Found::error(Code::BadRule, at, entry.at.clone(), message));
        }
        self.rules_of(rules, node, at);
        match form.defaults {
            Some(defaults) => self.defaults(defaults, node, at),
            None => self.defaults(common.defaults.clone(), self.root, self.at),
        }
        let phase = Phase::new(name, self.end());
        match form.share {
            Some(share) => phase.share(share),
            None => phase,
        }
    }
}

//! Attributes and selectors that a file declares.

use super::place::{Spot, spots};
use super::{Common, Reader};
use crate::config::form::fact::SelectorForm;
use crate::config::path;
use crate::engine::route::{Part, Place, SelectorDef};

impl Reader<'_> {
    /// Declares what the application knows, and then what the file says.
    pub(super) fn facts(&mut self, common: &Common) {
        let mut routing = std::mem::take(&mut self.scope.routing);
        let mut count = 0;
        for (name, kind) in &self.extras.attributes {
            routing = routing.attribute(name, *kind);
            count += 1;
        }
        let at = path::key(self.at, "attributes");
        for (name, form) in &common.attributes {
            let Some(entry) = self.root.get("attributes").and_then(|node| node.entry(name)) else { continue };
            let at = path::key(&at, name);
            let Some(form) = form.0 else {
                self.lost(&entry.value, &at);
                continue;
            };
            self.scope.spots.whole(Place::Attribute(count), Spot::new(name, entry.at.clone(), at));
            routing = routing.attribute(name, form.0);
            count += 1;
        }
        count = 0;
        for selector in &self.extras.selectors {
            routing = routing.selector(selector.clone());
            count += 1;
        }
        let at = path::key(self.at, "selectors");
        for (name, form) in &common.selectors {
            let Some(entry) = self.root.get("selectors").and_then(|node| node.entry(name)) else { continue };
            let at = path::key(&at, name);
            let Some(form) = &form.0 else {
                self.lost(&entry.value, &at);
                continue;
            };
            let place = Place::Selector(count);
            self.scope.spots.whole(place, Spot::new(name, entry.at.clone(), at.clone()));
            let mut selector = SelectorDef::new(name);
            let (of, when) = match form {
                SelectorForm::Repo(()) => (None, None),
                SelectorForm::Of(of) => (Some((of, &entry.value, at.clone())), None),
                SelectorForm::Full(full) => {
                    let of = full.of.as_ref().zip(entry.value.get("of"));
                    (of.map(|(of, node)| (of, node, path::key(&at, "of"))), full.when.as_ref())
                }
            };
            if let Some((of, node, at)) = of {
                selector = selector.of(of);
                self.scope.spots.put(place, Part::Source, Spot::of(node, at));
            }
            if let (Some(conditions), Some(node)) = (when, entry.value.get("when")) {
                selector =
                    conditions.all().iter().fold(selector, |selector, condition| selector.when(condition));
                for (position, spot) in spots(node, &path::key(&at, "when")).into_iter().enumerate() {
                    self.scope.spots.put(place, Part::Condition(position), spot);
                }
            }
            routing = routing.selector(selector);
            count += 1;
        }
        self.scope.routing = routing;
    }
}

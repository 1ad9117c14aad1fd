//! Providers: their ids, what the engine takes out of their configuration, and what is left for their factories.

use super::{Reader, Spot};
use crate::config::code::Code;
use crate::config::form::lenient::Lenient;
use crate::config::form::plugin::{PluginForm, TREATMENT};
use crate::config::node::{Content, Node};
use crate::config::path;
use crate::config::report::Found;
use crate::engine::ProviderConfig;
use crate::engine::route::Member;
use crate::op::{OpSet, catalogue};
use crate::types::{ProviderId, ServiceKind};

/// A provider that is to be made.
#[derive(Clone)]
pub(in crate::config) struct PluginPart {
    pub(in crate::config) id: ProviderId,
    /// The id as it may be shown.
    pub(in crate::config) shown: String,
    pub(in crate::config) service: ServiceKind,
    pub(in crate::config) product: Spot,
    pub(in crate::config) treated: ProviderConfig,
    /// What its factory takes.
    pub(in crate::config) own: Node,
    /// Where its configuration is.
    pub(in crate::config) path: String,
}

/// Every operation: of a provider of which nothing is known.
fn everything() -> OpSet {
    catalogue().all().fold(OpSet::EMPTY, |set, def| set.with(def.meta))
}

impl Reader<'_> {
    pub(super) fn plugins(&mut self, forms: Vec<Lenient<PluginForm>>) -> Vec<PluginPart> {
        let Some(list) = self.root.get("plugins") else { return Vec::new() };
        let at = path::key(self.at, "plugins");
        let mut parts = Vec::new();
        for (position, (form, node)) in forms.into_iter().zip(list.items()).enumerate() {
            let at = path::index(&at, position);
            let Some(spot) = node.get("id").map(|node| Spot::of(node, path::key(&at, "id"))) else {
                continue;
            };
            let Ok(id) = ProviderId::new(form.0.as_ref().map_or(&spot.text, |form| &form.id)) else {
                // An empty one, or one that is no text, was found by the check.
                if form.0.is_some() {
                    let message = "an id has 1 to 64 of a-z A-Z 0-9 . _ -, and begins with a letter or digit";
                    self.found.push(Found::error(Code::BadId, spot.path, spot.span, message));
                }
                continue;
            };
            if self.members.iter().any(|member| member.id == id) || self.disabled.contains(&spot.text) {
                let message = format!("there is a provider {:?} already", path::cut(&spot.shown));
                self.found.push(Found::error(Code::DuplicateId, spot.path, spot.span, message));
                continue;
            }
            if spot.replaced() {
                self.shown.insert(spot.text.clone(), spot.shown.clone());
            }
            let Some(form) = form.0 else {
                // Faulty, but what names it is not.
                self.lost(node, &at);
                self.members.push(Member::new(id, everything()));
                self.guessed = true;
                continue;
            };
            if form.enabled == Some(false) {
                self.disabled.push(spot.text);
                continue;
            }
            let (treated, no_region) = form.config.unwrap_or_default().read();
            if let (Some(_), Some(region)) =
                (no_region, node.get("config").and_then(|config| config.get("region")))
            {
                let at = path::key(&path::key(&at, "config"), "region");
                let message = "a region has 1 to 31 of a-z 0-9 . _ -, and begins with a letter or digit";
                self.found.push(Found::error(Code::BadValue, at, region.span.clone(), message));
            }
            let product = match node.get("provider") {
                Some(node) => Spot::of(node, path::key(&at, "provider")),
                None => Spot::new(&form.provider, node.span.clone(), at.clone()),
            };
            let mut member =
                Member::new(id.clone(), OpSet::service(form.service).and(OpSet::vendor(form.service)));
            (member.weight, member.region, member.cost) = (treated.weight, treated.region, treated.cost);
            member.concurrency = treated.limits.concurrency;
            self.members.push(member);
            parts.push(PluginPart {
                id,
                shown: spot.shown,
                service: form.service,
                product,
                treated,
                own: own(node),
                path: path::key(&at, "config"),
            });
        }
        parts
    }

    /// Where the application adds providers that are not known here, every name is taken for one that offers everything.
    pub(super) fn add_named(&mut self) {
        let groups = self.root.get("groups").map(Node::entries).unwrap_or_default();
        let known = |members: &[Member], name: &str| {
            groups.iter().any(|entry| entry.key == name)
                || members.iter().any(|member| member.id.as_str() == name)
        };
        for name in self.scope.spots.names() {
            if let (false, Ok(id)) = (known(&self.members, &name), ProviderId::new(&name)) {
                self.members.push(Member::new(id, everything()));
            }
        }
    }
}

/// The configuration without what the engine takes out of it.
fn own(plugin: &Node) -> Node {
    let Some(config) = plugin.get("config") else {
        return Node { content: Content::Map(Vec::new()), span: plugin.span.clone() };
    };
    let entries = config.entries().iter().filter(|entry| !TREATMENT.contains(&entry.key.as_str()));
    Node { content: Content::Map(entries.cloned().collect()), span: config.span.clone() }
}

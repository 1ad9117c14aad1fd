//! From the form to what the engine takes, with a place in the file for everything that may be wrong.

mod fact;
mod fallback;
mod phase;
mod place;
mod plugin;
mod proof;
mod rule;

use std::collections::BTreeMap;
use std::time::Duration;

use super::code::Code;
use super::form::Orchestration;
use super::form::fact::{AttributeForm, SelectorForm};
use super::form::lenient::Lenient;
use super::form::routing::{DefaultsForm, GroupForm, LoadBalancingForm, RoutingForm, RuleForm};
use super::node::Node;
use super::path;
use super::report::Found;
use super::source::Source;
use crate::engine::HealthConfig;
use crate::engine::balance::Balance;
use crate::engine::cache::CacheConfig;
use crate::engine::route::{AttributeKind, Group, Member, Place, Routing, Rules, SelectorDef, Table};
use crate::orchestrator::SupervisionConfig;
use crate::types::nearest::nearest;
pub(super) use place::Spot;
use place::Spots;
pub(super) use plugin::PluginPart;

/// What a file says, ready for the engine.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) plugins: Vec<PluginPart>,
    pub(super) rules: Rules,
    pub(super) health: HealthConfig,
    pub(super) cache: CacheConfig,
    /// Where answers are kept, where that is said.
    pub(super) tier: Option<Spot>,
    pub(super) supervision: SupervisionConfig,
    pub(super) drain: Duration,
    pub(super) time_limit: Option<Duration>,
    pub(super) time_limit_at: Option<Spot>,
    /// Every provider that rules may name.
    pub(super) members: Vec<Member>,
    /// The rules as they stand in the file, a line each.
    pub(super) lines: Vec<String>,
}

/// How long calls may take to leave an instance where the file does not say it.
const DRAIN: Duration = Duration::from_secs(30);

/// What is read, and what is known while it is.
struct Reader<'a> {
    source: &'a Source,
    found: &'a mut Vec<Found>,
    root: &'a Node,
    at: &'a str,
    /// Every provider that may be named, with what it is taken to offer.
    members: Vec<Member>,
    /// Their names, as they may be shown.
    shown: BTreeMap<String, String>,
    disabled: Vec<String>,
    /// Whether every provider is known: else the application adds the others.
    closed: bool,
    /// Whether what a provider serves is a guess, because it could not be read.
    guessed: bool,
    fallbacks: BTreeMap<String, Vec<String>>,
    balance: Option<Balance>,
    extras: &'a Extras,
    lines: Vec<String>,
    scope: Scope,
}

/// What the application knows beside the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    pub(super) providers: Vec<Member>,
    pub(super) attributes: Vec<(String, AttributeKind)>,
    pub(super) selectors: Vec<SelectorDef>,
}

/// One set of rules on its way to the engine.
#[derive(Default)]
struct Scope {
    /// Where its defaults are, or would be.
    at: String,
    routing: Routing,
    spots: Spots,
    counts: Counts,
}

/// How many things of a kind a set has so far: that is how its faults name them.
#[derive(Default)]
struct Counts {
    rules: usize,
    defaults: usize,
    groups: usize,
}

/// Reads a form that was checked.
pub(super) fn read(
    source: &Source,
    (root, at): (&Node, &str),
    form: Orchestration,
    extras: &Extras,
    found: &mut Vec<Found>,
) -> Parts {
    let mut reader = Reader {
        source,
        found,
        root,
        at,
        members: extras.providers.clone(),
        shown: BTreeMap::new(),
        disabled: Vec::new(),
        closed: form.plugins.is_some(),
        guessed: false,
        fallbacks: BTreeMap::new(),
        balance: None,
        extras,
        lines: Vec::new(),
        scope: Scope::default(),
    };
    let plugins = reader.plugins(form.plugins.unwrap_or_default());
    let (rules, inner) = split(form.routing);
    let balancing = reader.balancing(form.load_balancing, inner);
    reader.balance = balancing.strategy.map(Into::into);
    reader.fallbacks(form.fallbacks.unwrap_or_default());
    let common = Common {
        attributes: form.attributes.unwrap_or_default(),
        selectors: form.selectors.unwrap_or_default(),
        groups: form.groups.unwrap_or_default(),
        defaults: form.defaults.unwrap_or_default(),
    };
    let rules = match form.phases {
        None => {
            reader.begin(&common, at);
            reader.rules_of(rules, root, at);
            reader.defaults(common.defaults, root, at);
            reader.end().into()
        }
        Some(phases) => {
            if !rules.is_empty() {
                let message = "beside `phases` stand no rules: each phase has its own";
                let span = root.entry("routing").map_or(root.span.clone(), |entry| entry.at.clone());
                reader.found.push(Found::error(Code::BadRule, path::key(at, "routing"), span, message));
            }
            reader.phases(phases, &common).into()
        }
    };
    let cache = form.cache.unwrap_or_default();
    let tier = cache.provider.as_ref().and(root.get("cache")).and_then(|node| {
        Some(Spot::of(node.get("provider")?, path::key(&path::key(at, "cache"), "provider")))
    });
    Parts {
        plugins,
        rules,
        health: balancing.health_check.map(Into::into).unwrap_or_default(),
        cache: cache.read(),
        tier,
        supervision: form.supervision.unwrap_or_default().read(),
        drain: form.drain.map_or(DRAIN, Into::into),
        time_limit: form.time_limit.map(Into::into),
        time_limit_at: root.get("timeLimit").map(|node| Spot::of(node, path::key(at, "timeLimit"))),
        members: reader.members,
        lines: reader.lines,
    }
}

/// What holds for every set of rules.
struct Common {
    attributes: BTreeMap<String, Lenient<AttributeForm>>,
    selectors: BTreeMap<String, Lenient<SelectorForm>>,
    groups: BTreeMap<String, Lenient<GroupForm>>,
    defaults: DefaultsForm,
}

/// The rules, and the balancing that stands beside them.
fn split(form: Option<RoutingForm>) -> (Vec<Lenient<RuleForm>>, Option<LoadBalancingForm>) {
    match form {
        None => (Vec::new(), None),
        Some(RoutingForm::Rules(rules)) => (rules, None),
        Some(RoutingForm::Full(full)) => (full.rules.unwrap_or_default(), full.load_balancing),
    }
}

impl Reader<'_> {
    /// Begins a set of rules with what holds for all.
    fn begin(&mut self, common: &Common, at: &str) {
        self.scope = Scope { at: at.into(), ..Scope::default() };
        self.facts(common);
        self.groups(&common.groups);
    }

    /// The rules of a routing that stands in `within`.
    fn rules_of(&mut self, rules: Vec<Lenient<RuleForm>>, within: &Node, at: &str) {
        let at = path::key(at, "routing");
        match within.get("routing").map(|node| (node, node.get("rules"))) {
            Some((_, Some(list))) => self.rules(rules, list, &path::key(&at, "rules")),
            Some((list, None)) => self.rules(rules, list, &at),
            None => {}
        }
    }

    /// The set of rules is complete: what is wrong with it is found when it is compiled.
    fn end(&mut self) -> Routing {
        if !self.closed {
            self.add_named();
        }
        match Table::build(&self.scope.routing, self.members.clone(), 0) {
            Ok(table) => self.prove(&table),
            Err(faults) => {
                for fault in faults {
                    let found = self.of_routing(&fault);
                    self.found.push(found);
                }
            }
        }
        std::mem::take(&mut self.scope.routing)
    }

    /// Balancing stands beside the rules or at the top.
    fn balancing(
        &mut self,
        outer: Option<LoadBalancingForm>,
        inner: Option<LoadBalancingForm>,
    ) -> LoadBalancingForm {
        if let (Some(_), Some(_), Some(entry)) = (&outer, &inner, self.root.entry("loadBalancing")) {
            let message = "it stands in `routing` too; leave one of them";
            let at = path::key(self.at, "loadBalancing");
            self.found.push(Found::error(Code::DuplicateKey, at, entry.at.clone(), message));
        }
        inner.or(outer).unwrap_or_default()
    }

    fn groups(&mut self, forms: &BTreeMap<String, Lenient<GroupForm>>) {
        let at = path::key(self.at, "groups");
        for (name, form) in forms {
            let Some(entry) = self.root.get("groups").and_then(|groups| groups.entry(name)) else { continue };
            let at = path::key(&at, name);
            let Some(form) = form.0.clone() else {
                self.lost(&entry.value, &at);
                continue;
            };
            let (members, strategy, rank, node) = match form {
                GroupForm::Members(members) => (members, None, None, Some((&entry.value, at.clone()))),
                GroupForm::Full(full) => {
                    let node = entry.value.get("members").map(|node| (node, path::key(&at, "members")));
                    (full.members, full.strategy, full.rank, node)
                }
            };
            let place = Place::Group(self.scope.counts.groups);
            self.scope.counts.groups += 1;
            self.scope.spots.whole(place, Spot::new(name, entry.at.clone(), at));
            if let Some((node, at)) = node {
                self.scope.spots.members(place, node, &at);
            }
            let group = Group::new(name, members);
            let balance = strategy.map(Into::into).or(self.balance);
            let group = rank.map_or(group.clone(), |terms| group.rank(terms.into_iter().map(Into::into)));
            let routing = std::mem::take(&mut self.scope.routing);
            self.scope.routing =
                routing.group(balance.map_or(group.clone(), |balance| group.balance(balance)));
        }
    }

    /// A part that could not be read. Its faults are known from the check; where they are not, that it is lost is one.
    fn lost(&mut self, node: &Node, at: &str) {
        let inside = |fault: &Found| {
            fault
                .span
                .as_ref()
                .is_some_and(|span| node.span.start <= span.start && span.start <= node.span.end)
        };
        if !self.found.iter().any(inside) {
            let message = "it is as the schema says, and cannot be read all the same";
            self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
        }
    }

    /// Names that rules may use.
    fn names(&self) -> Vec<&str> {
        let groups = self.root.get("groups").map(Node::entries).unwrap_or_default();
        self.members
            .iter()
            .map(|member| member.id.as_str())
            .chain(groups.iter().map(|entry| entry.key.as_str()))
            .collect()
    }

    /// Whether the name of a provider or group is there; a fault where it is not and could not come from elsewhere.
    fn known(&mut self, spot: &Spot) -> bool {
        if !self.closed || self.names().contains(&spot.text.as_str()) {
            return true;
        }
        let fault = self.unknown(spot);
        self.found.push(fault);
        false
    }

    fn unknown(&self, spot: &Spot) -> Found {
        let shown = path::cut(&spot.shown);
        let error = |message| Found::error(Code::UnknownProvider, &*spot.path, spot.span.clone(), message);
        if self.disabled.contains(&spot.text) {
            return error(format!("the provider {shown:?} is not enabled"));
        }
        let meant = if spot.replaced() { None } else { nearest(&spot.text, self.names()) };
        error(format!("there is no provider or group {shown:?}")).suggest(meant.map(|name| self.show(name)))
    }

    /// A name as it may be shown.
    fn show<'n>(&'n self, name: &'n str) -> &'n str {
        self.shown.get(name).map_or(name, String::as_str)
    }
}

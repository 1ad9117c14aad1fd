//! Rules as people write them.

use super::attribute::AttributeKind;
use super::condition::Condition;
use super::rank::Term;
use super::selector::SelectorDef;
use crate::engine::balance::Balance;

/// One rule: calls that match it go to its target, or to one of its own fallbacks, and nowhere else.
///
/// ```
/// use mosaic_core::engine::route::Rule;
///
/// let rule = Rule::new("org:internal-*").to("forge-a").priority(100);
/// let regional = Rule::any().when("region", "eu").to("eu-forges").fallback(["archive"]);
/// let large = Rule::new("org:acme").condition("build.size > 10GB && !build.public").to("own-runners");
/// assert_eq!(rule.label(), "org:internal-*");
/// assert_eq!(regional.label(), "region == \"eu\"");
/// assert_eq!(large.label(), "org:acme && build.size > 10GB && !build.public");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Rule {
    pub(super) patterns: Vec<String>,
    pub(super) whens: Vec<(String, String)>,
    pub(super) conditions: Vec<String>,
    pub(super) to: Option<String>,
    pub(super) fallback: Vec<String>,
    pub(super) priority: i32,
}

/// Characters of a label.
const LONGEST_LABEL: usize = 200;

impl Rule {
    /// A rule for calls that match a pattern, such as `org:internal-*`.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self { patterns: vec![pattern.into()], ..Self::default() }
    }

    /// A rule for every call, to be narrowed by [`Rule::when`] and [`Rule::condition`].
    pub fn any() -> Self {
        Self::default()
    }

    /// The call must match this pattern too.
    pub fn and(mut self, pattern: impl Into<String>) -> Self {
        self.patterns.push(pattern.into());
        self
    }

    /// The call must have this attribute with this value, read as its kind says: the condition `attribute == "value"`.
    pub fn when(mut self, attribute: impl Into<String>, value: impl Into<String>) -> Self {
        self.whens.push((attribute.into(), value.into()));
        self
    }

    /// The call must certainly meet this [`Condition`](super::Condition).
    pub fn condition(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// The provider or group that answers.
    pub fn to(mut self, target: impl Into<String>) -> Self {
        self.to = Some(target.into());
        self
    }

    /// The providers or groups that may answer where the target cannot, in this order. Without them the call is pinned.
    pub fn fallback<T: Into<String>>(mut self, targets: impl IntoIterator<Item = T>) -> Self {
        self.fallback.extend(targets.into_iter().map(Into::into));
        self
    }

    /// Of several rules that match, the one with the highest priority wins, and of these the first; 0 by default.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Its patterns and conditions as one line, shortened where it is long.
    pub fn label(&self) -> String {
        let whens = self.whens.iter().map(|(name, value)| Condition::equals(name, value).to_string());
        let conditions =
            self.conditions.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let parts: Vec<_> = self.patterns.iter().cloned().chain(whens).chain(conditions).collect();
        if parts.is_empty() {
            return "any call".into();
        }
        let whole = parts.join(" && ");
        match whole.char_indices().nth(LONGEST_LABEL) {
            Some((end, _)) => format!("{}..", &whole[..end]),
            None => whole,
        }
    }

    /// Whether it is for every call.
    pub(super) fn is_any(&self) -> bool {
        self.patterns.is_empty() && self.whens.is_empty() && self.conditions.is_empty()
    }
}

/// Providers that are as good as each other: any of them may answer.
///
/// ```
/// use mosaic_core::engine::balance::Balance;
/// use mosaic_core::engine::route::Group;
///
/// let group = Group::new("forges", ["forge-a", "forge-b"]).balance(Balance::RoundRobin);
/// assert_eq!(group.name(), "forges");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Group {
    pub(super) name: String,
    pub(super) members: Vec<String>,
    pub(super) balance: Balance,
    pub(super) rank: Vec<Term>,
}

impl Group {
    /// A group of providers, ranked by what each call needs and balanced by response time.
    pub fn new<T: Into<String>>(name: impl Into<String>, members: impl IntoIterator<Item = T>) -> Self {
        Self {
            name: name.into(),
            members: members.into_iter().map(Into::into).collect(),
            balance: Balance::default(),
            rank: Vec::new(),
        }
    }

    /// The same group, balanced in another way.
    pub fn balance(mut self, balance: Balance) -> Self {
        self.balance = balance;
        self
    }

    /// The same group, its members ranked by these terms, the first before the next, whatever a call says that it needs. Those
    /// tied in all of them are balanced. Without a ranking, calls decide: those with a region prefer it, and those with a
    /// [`Performance`](crate::context::Performance) go by latency, load or cost. A term that is named twice counts once.
    pub fn rank(mut self, terms: impl IntoIterator<Item = Term>) -> Self {
        self.rank.clear();
        for term in terms {
            if !self.rank.contains(&term) {
                self.rank.push(term);
            }
        }
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// All rules and groups. Replaced as a whole while calls run: each call keeps what it began with.
///
/// Where no rule matches, the default of the service answers. A service with one provider, no default and no rule that
/// names that provider has it as its default.
///
/// ```
/// use mosaic_core::engine::route::{Group, Routing, Rule};
///
/// let routing = Routing::new()
///     .group(Group::new("forges", ["forge-a", "forge-b"]))
///     .rule(Rule::new("org:internal-*").to("forge-a"))
///     .default_rule(Rule::any().to("forges"));
/// assert_eq!(routing.rules().len(), 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Routing {
    pub(super) attributes: Vec<(String, AttributeKind)>,
    pub(super) selectors: Vec<SelectorDef>,
    pub(super) groups: Vec<Group>,
    pub(super) rules: Vec<Rule>,
    pub(super) defaults: Vec<Rule>,
}

impl Routing {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares an attribute of calls, so that conditions may read it. The well-known ones of
    /// [`AttributeSchema`](super::AttributeSchema) need no declaration.
    pub fn attribute(mut self, name: impl Into<String>, kind: AttributeKind) -> Self {
        self.attributes.push((name.into(), kind));
        self
    }

    /// Declares a further selector of patterns.
    pub fn selector(mut self, selector: SelectorDef) -> Self {
        self.selectors.push(selector);
        self
    }

    /// Adds a group.
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds a rule.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds a default: the rule for every call of its target's services that no other rule matches.
    pub fn default_rule(mut self, rule: Rule) -> Self {
        self.defaults.push(rule);
        self
    }

    /// The rules, as they were added.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

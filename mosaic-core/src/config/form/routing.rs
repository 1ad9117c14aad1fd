//! The form of rules, groups and balancing.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::lenient::Lenient;
use super::unit::Millis;
use crate::engine::HealthConfig;
use crate::engine::balance::{Balance, UnknownBalance};
use crate::engine::route::{Term, UnknownTerm};
use crate::types::ServiceKind;

/// Rules: a list, or a record with `rules`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Routing")]
pub(in crate::config) enum RoutingForm {
    /// The rules alone.
    Rules(#[schemars(length(max = 20_000))] Vec<Lenient<RuleForm>>),
    /// The rules, and how groups are balanced.
    Full(RoutingRecord),
}

/// Rules, and how groups are balanced.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RoutingRules")]
pub(in crate::config) struct RoutingRecord {
    /// The rules. Of several that match, the one with the highest priority wins, and of these the first.
    #[schemars(length(max = 20_000))]
    pub(in crate::config) rules: Option<Vec<Lenient<RuleForm>>>,
    /// How groups are balanced, and how often providers are asked how they are.
    pub(in crate::config) load_balancing: Option<LoadBalancingForm>,
}

/// A rule: `pattern`, `condition` or `default`, and the provider or group that answers.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub(in crate::config) struct RuleForm {
    /// What the call must match, such as `org:internal-*`; of several patterns all.
    pub(in crate::config) pattern: Option<Names>,
    /// What must hold of the call, such as `build.size > 10GB`; of several conditions all.
    pub(in crate::config) condition: Option<Names>,
    /// The rule for calls that no other rule matches. Its provider stands here, or beside it under `provider`.
    #[serde(default, deserialize_with = "present")]
    pub(in crate::config) default: Option<DefaultForm>,
    /// The provider or group that answers.
    pub(in crate::config) provider: Option<String>,
    /// Who may answer where the provider cannot, in this order. Without it, as `fallbacks` says; an empty list pins the call.
    pub(in crate::config) fallback: Option<Names>,
    /// Of several rules that match, the one with the highest priority wins; 0 by default.
    pub(in crate::config) priority: Option<i32>,
}

/// A key that is there with nothing as its value is there all the same.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DefaultForm>, D::Error> {
    DefaultForm::deserialize(deserializer).map(Some)
}

/// What stands under `default`: nothing, a name, or a record.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Default")]
pub(in crate::config) enum DefaultForm {
    /// The target stands beside it.
    Beside(()),
    /// The provider or group that answers.
    Target(TargetForm),
}

/// Who answers: a name, or a record.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Target")]
pub(in crate::config) enum TargetForm {
    /// The provider or group that answers.
    Name(String),
    /// The provider or group that answers, and who stands in for it.
    Full(TargetRecord),
}

/// Who answers, and who stands in.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "TargetWithFallback")]
pub(in crate::config) struct TargetRecord {
    /// The provider or group that answers.
    pub(in crate::config) provider: String,
    /// Who may answer where the provider cannot, in this order. Without it, as `fallbacks` says; an empty list pins the call.
    pub(in crate::config) fallback: Option<Names>,
}

/// Who answers the calls of a service that no rule matches.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Defaults")]
pub(in crate::config) struct DefaultsForm {
    /// Of git.
    pub(in crate::config) git: Option<TargetForm>,
    /// Of cicd.
    pub(in crate::config) cicd: Option<TargetForm>,
    /// Of docs.
    pub(in crate::config) docs: Option<TargetForm>,
    /// Of project.
    pub(in crate::config) project: Option<TargetForm>,
    /// Of ai.
    pub(in crate::config) ai: Option<TargetForm>,
}

impl DefaultsForm {
    /// What is said of each service.
    pub(in crate::config) fn each(self) -> impl Iterator<Item = (ServiceKind, TargetForm)> {
        let Self { git, cicd, docs, project, ai } = self;
        let all = [git, cicd, docs, project, ai];
        ServiceKind::ALL.into_iter().zip(all).filter_map(|(service, form)| Some((service, form?)))
    }
}

/// One text, or several.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::config) enum Names {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Names {
    pub(in crate::config) fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// Providers that are as good as each other: a list, or a record.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Group")]
pub(in crate::config) enum GroupForm {
    /// The members.
    Members(#[schemars(length(min = 1))] Vec<String>),
    /// The members, and how they are balanced.
    Full(GroupRecord),
}

/// Members of a group, and how they are balanced.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "BalancedGroup")]
pub(in crate::config) struct GroupRecord {
    /// The providers.
    #[schemars(length(min = 1))]
    pub(in crate::config) members: Vec<String>,
    /// How they are balanced; as `loadBalancing` says where this is not there.
    pub(in crate::config) strategy: Option<StrategyForm>,
    /// What they are ranked by, the first term first, in place of what a call asks for. Those who are near the best in every term
    /// are balanced.
    pub(in crate::config) rank: Option<Vec<TermForm>>,
}

/// How groups are balanced, and how often providers are asked how they are.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LoadBalancing")]
pub(in crate::config) struct LoadBalancingForm {
    /// How groups are balanced that do not say it themselves; `response-time` by default.
    pub(in crate::config) strategy: Option<StrategyForm>,
    /// How often providers are asked how they are.
    pub(in crate::config) health_check: Option<HealthCheckForm>,
}

/// A way to balance.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::config) struct StrategyForm(Balance);

impl TryFrom<String> for StrategyForm {
    type Error = UnknownBalance;
    fn try_from(text: String) -> Result<Self, UnknownBalance> {
        text.parse().map(Self)
    }
}

impl JsonSchema for StrategyForm {
    fn schema_name() -> Cow<'static, str> {
        "Strategy".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A way to balance. `response-time` and `peak-ewma` are two names of one way.",
            "enum": Balance::NAMES.map(|(name, _)| name),
        })
    }
}

impl From<StrategyForm> for Balance {
    fn from(form: StrategyForm) -> Self {
        form.0
    }
}

/// What members of a group are ranked by.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::config) struct TermForm(Term);

impl TryFrom<String> for TermForm {
    type Error = UnknownTerm;
    fn try_from(text: String) -> Result<Self, UnknownTerm> {
        text.parse().map(Self)
    }
}

impl JsonSchema for TermForm {
    fn schema_name() -> Cow<'static, str> {
        "Term".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What members of a group are ranked by.",
            "enum": Term::ALL.map(|term| term.to_string()),
        })
    }
}

impl From<TermForm> for Term {
    fn from(form: TermForm) -> Self {
        form.0
    }
}

/// When providers are asked how they are.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "HealthCheck")]
pub(in crate::config) struct HealthCheckForm {
    /// How often, in milliseconds; 30000 by default.
    interval: Option<Millis>,
    /// How long an answer may take, in milliseconds; 5000 by default.
    timeout: Option<Millis>,
}

impl From<HealthCheckForm> for HealthConfig {
    fn from(form: HealthCheckForm) -> Self {
        let usual = Self::default();
        Self {
            interval: form.interval.map_or(usual.interval, Into::into),
            timeout: form.timeout.map_or(usual.timeout, Into::into),
        }
    }
}

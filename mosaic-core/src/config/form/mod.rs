//! The form of a configuration file: one set of records, from which both the reader and the published schema follow.

pub(super) mod fact;
pub(super) mod lenient;
pub(super) mod phase;
pub(super) mod plugin;
pub(super) mod routing;
pub(super) mod settings;
pub(super) mod unit;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::{Value, json};

use super::check::{ANNOTATION, with_limits};
use fact::{AttributeForm, SelectorForm};
use lenient::Lenient;
use phase::PhasesForm;
use plugin::PluginForm;
use routing::{DefaultsForm, GroupForm, LoadBalancingForm, Names, RoutingForm};
use settings::{CacheForm, SupervisionForm};
use unit::Millis;

/// Providers, rules and settings.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Orchestration {
    /// Whether warnings are errors; no by default.
    pub(super) strict: Option<bool>,
    /// The providers. A file without this key is about providers that the application adds itself.
    #[schemars(length(max = 1000))]
    pub(super) plugins: Option<Vec<Lenient<PluginForm>>>,
    /// Which provider answers which calls: a list of rules, or a record with `rules` and `loadBalancing`.
    pub(super) routing: Option<RoutingForm>,
    /// The phases of a migration, each with its own rules, in place of `routing`.
    pub(super) phases: Option<PhasesForm>,
    /// Attributes of calls that conditions may read, beside those that are always known.
    pub(super) attributes: Option<BTreeMap<String, Lenient<AttributeForm>>>,
    /// Further words that patterns may begin with, such as `new-repos` for `new-repos:*`.
    pub(super) selectors: Option<BTreeMap<String, Lenient<SelectorForm>>>,
    /// Named sets of providers that are as good as each other. A rule names a group as it names a provider.
    pub(super) groups: Option<BTreeMap<String, Lenient<GroupForm>>>,
    /// Who answers the calls of a service that no rule matches.
    pub(super) defaults: Option<DefaultsForm>,
    /// Who stands in for a provider or group, in this order, for all rules that have no `fallback` of their own.
    pub(super) fallbacks: Option<BTreeMap<String, Lenient<Names>>>,
    /// How groups are balanced, and how often providers are asked how they are.
    pub(super) load_balancing: Option<LoadBalancingForm>,
    /// How answers are kept.
    pub(super) cache: Option<CacheForm>,
    /// What is done about instances of providers that fail.
    pub(super) supervision: Option<SupervisionForm>,
    /// How long calls under way may take to leave an instance that is replaced or removed, in milliseconds; 30000 by default.
    pub(super) drain: Option<Millis>,
    /// How long a whole call may take where it says nothing itself, in milliseconds; 60000 by default.
    pub(super) time_limit: Option<Millis>,
}

/// A file that has everything below one key.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used; the reader looks below its key")]
struct Wrapped {
    /// Providers, rules and settings.
    orchestration: Option<Orchestration>,
}

/// The key under which a file may have everything.
pub(super) const WRAPPER: &str = "orchestration";

/// Keys at the top of a file that people read and Mosaic does not. Variables in them stay as they are.
pub(super) const ANNOTATIONS: [&str; 6] =
    ["scenario", "description", "features", "benefits", "example", "$schema"];

/// The schema of a file whose keys stand at the top, or below `orchestration`.
pub(super) fn schema() -> &'static Schemas {
    static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::new);
    &SCHEMAS
}

pub(super) struct Schemas {
    /// Everything, references included.
    whole: Value,
}

impl Schemas {
    fn new() -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        generator.subschema_for::<Orchestration>();
        generator.subschema_for::<Wrapped>();
        let mut definitions = Value::Object(generator.take_definitions(true));
        for form in ["Orchestration", "Wrapped"] {
            if let Some(Value::Object(properties)) = definitions.pointer_mut(&format!("/{form}/properties")) {
                for name in ANNOTATIONS {
                    properties.insert(
                        name.into(),
                        json!({ "description": "For people; nothing reads it.", ANNOTATION: true }),
                    );
                }
            }
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Mosaic configuration",
            "description": "A configuration file of Mosaic: providers, rules and settings, at the top of the file or below `orchestration`.",
            "if": { "type": "object", "required": [WRAPPER] },
            "then": { "$ref": "#/$defs/Wrapped" },
            "else": { "$ref": "#/$defs/Orchestration" },
            "$defs": definitions,
        });
        Self { whole: with_limits(whole) }
    }

    /// The schema as it is published.
    pub(super) fn published(&self) -> &Value {
        &self.whole
    }

    /// The part for a file with or without the wrapper.
    pub(super) fn of(&self, wrapped: bool) -> &Value {
        self.whole.pointer(if wrapped { "/then" } else { "/else" }).unwrap_or(&Value::Null)
    }
}

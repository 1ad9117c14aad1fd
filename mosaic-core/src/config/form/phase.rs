//! The form of the phases of a migration.

use schemars::JsonSchema;
use serde::Deserialize;

use super::lenient::Lenient;
use super::routing::{DefaultsForm, RoutingForm};
use crate::engine::route::Split;

/// Phases of a migration: a list, or a record with `list`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Phases")]
pub(in crate::config) enum PhasesForm {
    /// The phases in order.
    List(#[schemars(length(min = 1, max = 100))] Vec<Lenient<PhaseForm>>),
    /// The phases in order, and how things are parted.
    Full(PhasesRecord),
}

/// Phases of a migration, and how things are parted between two of them.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Migration")]
pub(in crate::config) struct PhasesRecord {
    /// The phases in order.
    #[schemars(length(min = 1, max = 100))]
    pub(in crate::config) list: Vec<Lenient<PhaseForm>>,
    /// The phase that is in force from the beginning; the first by default.
    pub(in crate::config) begin: Option<PhaseName>,
    /// Another text here parts the things in another way; empty by default.
    pub(in crate::config) salt: Option<String>,
    /// What goes to one side together; `item` by default.
    pub(in crate::config) split: Option<SplitForm>,
}

/// A phase: its rules, and with which share of the things it begins.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Phase")]
pub(in crate::config) struct PhaseForm {
    /// Its name: a text or a number.
    pub(in crate::config) phase: PhaseName,
    /// Its rules.
    pub(in crate::config) routing: Option<RoutingForm>,
    /// Who answers the calls of a service that no rule of the phase matches; as `defaults` at the top says where this is not there.
    pub(in crate::config) defaults: Option<DefaultsForm>,
    /// The share of the things that it begins with, in percent; the rest goes by the phase before. 100 by default.
    #[schemars(range(max = 100))]
    pub(in crate::config) share: Option<u8>,
}

/// The name of a phase.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::config) enum PhaseName {
    /// A number.
    Number(u32),
    /// A text.
    Text(#[schemars(length(min = 1, max = 64))] String),
}

impl From<PhaseName> for String {
    fn from(name: PhaseName) -> Self {
        match name {
            PhaseName::Number(number) => number.to_string(),
            PhaseName::Text(text) => text,
        }
    }
}

/// What goes to one side together.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Split")]
pub(in crate::config) enum SplitForm {
    /// Everything about one repository or project.
    Item,
    /// Everything about one organisation.
    Org,
}

impl From<SplitForm> for Split {
    fn from(form: SplitForm) -> Self {
        match form {
            SplitForm::Item => Self::Item,
            SplitForm::Org => Self::Org,
        }
    }
}

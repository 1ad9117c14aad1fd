//! The form of attributes and selectors that a file declares.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::routing::Names;
use crate::engine::route::AttributeKind;

/// What kind of value an attribute has.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(in crate::config) struct AttributeForm(pub(in crate::config) AttributeKind);

impl JsonSchema for AttributeForm {
    fn schema_name() -> Cow<'static, str> {
        "AttributeKind".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What kind of value an attribute of calls has: a number; a size such as 10GB; a duration such as 5m; a text; a boolean; a list of texts.",
            "enum": AttributeKind::ALL.map(AttributeKind::as_str),
        })
    }
}

/// What a selector looks at: nothing for the repository, a name, or a record.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Selector")]
pub(in crate::config) enum SelectorForm {
    /// The repository.
    Repo(()),
    /// A fact of calls, such as `org`, or an attribute.
    Of(String),
    /// What it looks at, and of which calls.
    Full(SelectorRecord),
}

/// What a selector looks at, and of which calls.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ConditionalSelector")]
pub(in crate::config) struct SelectorRecord {
    /// A fact of calls, such as `org`, or an attribute; `repo` by default.
    pub(in crate::config) of: Option<String>,
    /// Conditions that calls must meet too.
    pub(in crate::config) when: Option<Names>,
}

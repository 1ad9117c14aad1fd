//! The schema as editors get it: where the reader wants a number, a boolean or one of some words, a file may also have a
//! variable, which the reader never sees; and each provider's own configuration is that of its factory.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check;
use crate::plugin::Factory;

/// The same schema, in which the `config` of a plugin that is switched on is what its factory says, beside what the engine reads.
pub(super) fn with_factories(mut schema: Value, factories: &[Box<dyn Factory>]) -> Value {
    let treatment = schema.pointer("/$defs/PluginConfig/properties").cloned().unwrap_or_default();
    let mut branches = Vec::new();
    for factory in factories {
        let own = for_editors(check::with_limits(factory.config_schema().to_value()));
        let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) else { continue };
        let (provider, service) = (factory.provider(), factory.service());
        let own = beside(hoist(own, definitions, provider), &treatment);
        let name = add(definitions, provider, &format!("{provider}-{service}"), own);
        branches.push(json!({
            "if": {
                "required": ["provider", "type"],
                "properties": { "provider": { "const": provider }, "type": { "const": service } },
                "not": { "required": ["enabled"], "properties": { "enabled": { "const": false } } },
            },
            "then": { "properties": { "config": { "$ref": format!("#/$defs/{name}") } } },
        }));
    }
    let plugin = schema.pointer_mut("/$defs/Plugin").and_then(Value::as_object_mut);
    if let Some(plugin) = plugin.filter(|_| !branches.is_empty()) {
        plugin.insert("allOf".to_owned(), branches.into());
    }
    schema
}

/// The same without the programs in the descriptions of types.
fn for_editors(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(for_editors).collect(),
        Value::Object(mut fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description")
                && let Some(end) = text.find("\n\n```")
            {
                text.truncate(end);
            }
            Value::Object(fields.into_iter().map(|(name, value)| (name, for_editors(value))).collect())
        }
        other => other,
    }
}

/// Moves the definitions of a schema to the others, under a name of its own where another one has that name.
fn hoist(mut schema: Value, definitions: &mut Map<String, Value>, provider: &str) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    fields.remove("$schema");
    let Some(Value::Object(own)) = fields.remove("$defs") else { return schema };
    let taken = |(name, definition): &(&String, &Value)| {
        definitions.get(*name).is_some_and(|known| known != *definition)
    };
    let moved: BTreeMap<_, _> =
        own.iter().filter(taken).map(|(name, _)| (name.clone(), format!("{provider}-{name}"))).collect();
    for (name, definition) in own {
        let name = moved.get(&name).cloned().unwrap_or(name);
        definitions.insert(name, refer(definition, &moved));
    }
    refer(schema, &moved)
}

/// The same with references to where the definitions are now.
fn refer(schema: Value, moved: &BTreeMap<String, String>) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(|item| refer(item, moved)).collect(),
        Value::Object(mut fields) => {
            if let Some(Value::String(target)) = fields.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/$defs/").and_then(|name| moved.get(name))
            {
                *target = format!("#/$defs/{name}");
            }
            Value::Object(fields.into_iter().map(|(name, value)| (name, refer(value, moved))).collect())
        }
        other => other,
    }
}

/// A plugin's own fields, with those that the engine takes beside them.
fn beside(mut own: Value, treatment: &Value) -> Value {
    if let (Some(own), Some(treatment)) = (own.as_object_mut(), treatment.as_object()) {
        let fields = own.entry("properties").or_insert_with(|| json!({}));
        if let Some(fields) = fields.as_object_mut() {
            for (name, field) in treatment {
                fields.entry(name.as_str()).or_insert_with(|| field.clone());
            }
        }
    }
    own
}

/// Adds a definition under the first of two names, or under the second where the first is another one's.
fn add(definitions: &mut Map<String, Value>, name: &str, else_name: &str, definition: Value) -> String {
    let free = definitions.get(name).is_none_or(|known| *known == definition);
    let name = if free { name } else { else_name };
    definitions.insert(name.to_owned(), definition);
    name.to_owned()
}

/// What stays outside: it says something to people.
const SAID: [&str; 3] = ["description", "default", "title"];

/// The same schema, with a text that has a variable in it wherever no text is wanted.
pub(super) fn with_variables(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(with_variables).collect(),
        Value::Object(mut keywords) => {
            if let Some(Value::Array(words)) = keywords.get_mut("oneOf")
                && words.iter().all(is_word)
            {
                words.push(variable());
                return Value::Object(keywords);
            }
            let keywords: Map<_, _> =
                keywords.into_iter().map(|(name, value)| (name, with_variables(value))).collect();
            if wants_no_text(&keywords) {
                Value::Object(or_variable(keywords))
            } else {
                Value::Object(keywords)
            }
        }
        other => other,
    }
}

/// A text with a variable in it.
fn variable() -> Value {
    json!({ "type": "string", "pattern": r"\$\{" })
}

/// Whether a schema takes one or some texts and nothing else.
fn is_word(schema: &Value) -> bool {
    schema.get("const").is_some_and(Value::is_string)
        || (schema["type"] == "string" && schema.get("enum").is_some())
}

/// Whether a schema takes numbers, booleans or some words, and no other text.
fn wants_no_text(schema: &Map<String, Value>) -> bool {
    let scalar = |name: &Value| matches!(name.as_str(), Some("boolean" | "integer" | "number"));
    let text = |name: &Value| name.as_str() == Some("string");
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(scalar) && !names.iter().any(text),
        Some(name) => scalar(name) || (text(name) && schema.contains_key("enum")),
        None => false,
    }
}

fn or_variable(schema: Map<String, Value>) -> Map<String, Value> {
    let (mut said, wanted): (Map<_, _>, Map<_, _>) =
        schema.into_iter().partition(|(name, _)| SAID.contains(&name.as_str()));
    said.insert("anyOf".to_owned(), json!([wanted, variable()]));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Product(&'static str, Value);

    #[async_trait::async_trait]
    impl Factory for Product {
        fn provider(&self) -> &str {
            self.0
        }

        fn service(&self) -> crate::types::ServiceKind {
            crate::types::ServiceKind::Git
        }

        fn config_schema(&self) -> schemars::Schema {
            schemars::Schema::try_from(self.1.clone()).unwrap()
        }

        async fn create(
            &self,
            _: crate::plugin::FactoryInput,
        ) -> crate::error::Result<std::sync::Arc<dyn crate::plugin::Plugin>> {
            unreachable!("only its schema is asked for")
        }
    }

    #[test]
    fn what_a_plugin_takes_is_said_by_its_factory() {
        let product = |name, word: &str| {
            let schema = json!({
                "type": "object", "required": ["word"], "additionalProperties": false,
                "description": "A product.\n\n```\nlet product = ();\n```",
                "properties": { "word": { "$ref": "#/$defs/Word" }, "many": { "type": "integer" } },
                "$defs": { "Word": { "const": word } },
            });
            Box::new(Product(name, schema)) as Box<dyn Factory>
        };
        let schema = super::super::schema_with(&[product("one", "a"), product("other", "b")]);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let plugin = |provider: &str, config: Value| json!({ "plugins": [{ "id": "x", "type": "git", "provider": provider, "config": config }] });
        for (provider, config, fits) in [
            ("one", json!({ "word": "a", "retry": { "attempts": 2 } }), true),
            ("other", json!({ "word": "b", "many": "${MANY}" }), true),
            ("other", json!({ "word": "a" }), false),
            ("one", json!({ "word": "a", "more": 1 }), false),
            ("one", json!({ "word": "a", "retry": { "tries": 2 } }), false),
            ("one", json!({}), false),
            ("unknown", json!({ "more": 1 }), true),
        ] {
            assert_eq!(validator.is_valid(&plugin(provider, config.clone())), fits, "{provider} {config}");
        }
        let mut off = plugin("one", json!({}));
        off["plugins"][0]["enabled"] = json!(false);
        assert!(validator.is_valid(&off), "what is off may be incomplete");
        assert_eq!(schema["$defs"]["other-Word"]["const"], "b");
        assert_eq!(schema["$defs"]["one"]["description"], "A product.");
    }

    #[test]
    fn a_variable_stands_where_no_text_does() {
        let schema = json!({ "type": "object", "properties": {
            "type": { "type": "string", "maxLength": 3 },
            "many": { "type": ["integer", "null"], "minimum": 1, "description": "So many." },
            "what": { "type": "string", "enum": ["a", "b"] },
            "told": { "oneOf": [{ "type": "string", "const": "a" }, { "type": "string", "enum": ["b"] }] },
        }});
        let schema = with_variables(schema);
        let validator = jsonschema::validator_for(&schema).unwrap();
        for (value, fits) in [
            (json!({ "many": 1, "what": "a", "type": "abc" }), true),
            (json!({ "many": "${MANY:-1}", "what": "${WHAT}" }), true),
            (json!({ "told": "b" }), true),
            (json!({ "told": "${TOLD:-a}" }), true),
            (json!({ "told": "c" }), false),
            (json!({ "many": null }), true),
            (json!({ "many": 0 }), false),
            (json!({ "many": "1" }), false),
            (json!({ "what": "c" }), false),
            (json!({ "type": "${TYPE}" }), false),
        ] {
            assert_eq!(validator.is_valid(&value), fits, "{value}");
        }
        assert_eq!(schema["properties"]["many"]["description"], "So many.");
    }
}

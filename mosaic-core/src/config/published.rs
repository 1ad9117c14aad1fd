//! The schema as editors get it: where the reader wants a number, a boolean or one of some words, a file may also have a
//! variable, which the reader never sees.

use serde_json::{Map, Value, json};

/// What stays outside: it says something to people.
const SAID: [&str; 3] = ["description", "default", "title"];

/// The same schema, with a text that has a variable in it wherever no text is wanted.
pub(super) fn with_variables(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(with_variables).collect(),
        Value::Object(keywords) => {
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
    said.insert("anyOf".to_owned(), json!([wanted, { "type": "string", "pattern": r"\$\{" }]));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_where_no_text_does() {
        let schema = json!({ "type": "object", "properties": {
            "type": { "type": "string", "maxLength": 3 },
            "many": { "type": ["integer", "null"], "minimum": 1, "description": "So many." },
            "what": { "type": "string", "enum": ["a", "b"] },
        }});
        let schema = with_variables(schema);
        let validator = jsonschema::validator_for(&schema).unwrap();
        for (value, fits) in [
            (json!({ "many": 1, "what": "a", "type": "abc" }), true),
            (json!({ "many": "${MANY:-1}", "what": "${WHAT}" }), true),
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

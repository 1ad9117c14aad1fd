//! Paths and schemas of a document: which template a path fits, and a response as a JSON Schema of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Parameters that may hold slashes, and so may stand for several parts of a path that was sent without `%2F`.
const LONG: &[&str] = &[
    "{path}",
    "{filepath}",
    "{file_path}",
    "{ref}",
    "{branch}",
    "{basehead}",
    "{base}...{head}",
    "{tag}",
    "{sha}",
    "{spec}",
    "{tree_sha}",
    "{rest}",
];

/// The template that fits a path best: the one with the most parts that are no parameters.
pub(super) fn template<'a>(templates: impl Iterator<Item = &'a str>, path: &str) -> Option<&'a str> {
    let path: Vec<_> = path.trim_matches('/').split('/').collect();
    let score = |template: &'a str| {
        let parts: Vec<_> = template.trim_matches('/').split('/').collect();
        let literal = parts.iter().filter(|part| !part.contains('{')).count();
        fits(&parts, &path).then_some((literal, parts.len(), template))
    };
    templates
        .filter_map(score)
        .max_by_key(|(literal, parts, _)| (*literal, *parts))
        .map(|(_, _, template)| template)
}

fn fits(template: &[&str], path: &[&str]) -> bool {
    match (template.split_first(), path.split_first()) {
        (None, None) => true,
        // The root of a repository is a path too.
        (Some((&"{path}", [])), None) => true,
        (Some((part, rest)), Some((first, others))) if part.contains('{') => {
            !first.is_empty() && (fits(rest, others) || (LONG.contains(part) && fits(template, others)))
        }
        (Some((part, rest)), Some((first, others))) => part == first && fits(rest, others),
        _ => false,
    }
}

/// The schema of a response with everything that it refers to; none where it has none.
pub(super) fn of_response(document: &Value, response: &Value) -> Option<Value> {
    let response = resolve(document, response);
    let schema = match response.get("content") {
        Some(content) => {
            content.as_object()?.iter().find(|(kind, _)| kind.contains("json"))?.1.get("schema")?
        }
        None => response.get("schema")?,
    };
    let mut root = convert(schema);
    let mut needed = BTreeSet::new();
    collect(document, schema, &mut needed);
    let mut defs = Map::new();
    for pointer in &needed {
        let name = pointer.replace('/', ".");
        defs.insert(name, convert(document.pointer(pointer.trim_start_matches('#')).unwrap()));
    }
    if let Value::Object(root) = &mut root {
        root.insert("$defs".to_owned(), Value::Object(defs));
        root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    }
    Some(root)
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(pointer) => resolve(document, document.pointer(pointer.trim_start_matches('#')).unwrap()),
        None => value,
    }
}

/// Every `$ref` below a value, and below what those lead to.
fn collect(document: &Value, value: &Value, needed: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(pointer) = map.get("$ref").and_then(Value::as_str)
                && needed.insert(pointer.to_owned())
            {
                collect(document, document.pointer(pointer.trim_start_matches('#')).unwrap(), needed);
            }
            map.iter()
                .filter(|(key, _)| *key != "example")
                .for_each(|(_, value)| collect(document, value, needed));
        }
        Value::Array(all) => all.iter().for_each(|value| collect(document, value, needed)),
        _ => {}
    }
}

/// A schema of OpenAPI 3.0 or Swagger 2 as one of JSON Schema: `nullable` becomes a type, references go to `$defs`, and what only
/// readers look at is left out.
fn convert(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            if let Some(pointer) = map.get("$ref").and_then(Value::as_str) {
                return json!({ "$ref": format!("#/$defs/{}", pointer.replace('/', ".").replace('#', "%23")) });
            }
            let mut new = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "example" | "examples" | "discriminator" | "nullable" | "x-nullable" | "readOnly"
                    | "xml" | "externalDocs" | "deprecated" | "title" | "description" | "default"
                    | "format" => {}
                    "properties" | "patternProperties" => {
                        let inner = value.as_object().into_iter().flatten();
                        let inner = inner.map(|(name, value)| (name.clone(), convert(value))).collect();
                        new.insert(key.clone(), Value::Object(inner));
                    }
                    "enum" | "required" | "type" => {
                        new.insert(key.clone(), value.clone());
                    }
                    _ => {
                        new.insert(key.clone(), convert(value));
                    }
                }
            }
            let yes = |key: &str| map.get(key).and_then(Value::as_bool) == Some(true);
            if !yes("nullable") && !yes("x-nullable") {
                return Value::Object(new);
            }
            json!({ "anyOf": [Value::Object(new), { "type": "null" }] })
        }
        Value::Array(all) => Value::Array(all.iter().map(convert).collect()),
        other => other.clone(),
    }
}

/// A place in a body without the numbers of the items, so that the same fault of a hundred items is one.
pub(super) fn without_places(pointer: &str) -> String {
    let part = |part: &str| if part.parse::<u64>().is_ok() { "*".to_owned() } else { part.to_owned() };
    pointer.split('/').map(part).collect::<Vec<_>>().join("/")
}

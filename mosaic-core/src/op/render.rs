//! The catalogue as documents: the page of operations, and one golden schema per operation.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Catalogue, OpDef, OpMeta};
use crate::error::{Error, ErrorKind, Result};
use crate::types::ServiceKind;

const PREFACE: &str = "\
# Operations

Every operation of every service, by the name that `call_json`, MCP tools and permissions use. Parameters marked `?` may be
left out. Cost is in units of quota; an answer that is fresh for a time is cached so long, unless a write that changes the
same noun in the same scope comes in between. What an operation does to the world decides what is repeated after a failure:

- `read` changes nothing: it is cached, repeated and moved to another provider;
- `idempotent` may be repeated on the same provider;
- `create` makes something new each time, and `irreversible` cannot be taken back: both are repeated only where it is
  certain that nothing happened, or where the provider honours the idempotency key of the call.
";

impl Catalogue {
    /// The page of operations in Markdown: one section per service, one row per operation.
    ///
    /// ```
    /// use mosaic_core::op::catalogue;
    ///
    /// let page = catalogue().to_markdown();
    /// assert!(page.contains("| `git.get_repository` | read |"));
    /// ```
    pub fn to_markdown(&self) -> String {
        let mut page = String::from(PREFACE);
        for service in ServiceKind::ALL {
            // Writing to a text cannot fail.
            let _ = write!(
                page,
                "\n## {service}\n\n\
                 | operation | effect | parameters | answer | fresh for | cost | changes | what it does |\n\
                 | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            );
            for def in self.service(service) {
                page.push_str(&row(def));
            }
        }
        page
    }
}

impl OpDef {
    /// The golden schema: name, effect, parameters and answer as pretty JSON in a stable order, with a newline at the end.
    /// A change of it is a change that callers see.
    ///
    /// ```
    /// use mosaic_core::op::{git::GetRepository, Operation};
    ///
    /// assert!(GetRepository::DEF.golden_schema()?.starts_with("{\n  \"name\": \"git.get_repository\""));
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Internal` where a schema has no JSON form, which no schema of the catalogue does.
    pub fn golden_schema(&self) -> Result<String> {
        #[derive(Serialize)]
        struct Golden {
            name: &'static str,
            effect: &'static str,
            stream: bool,
            params: Value,
            output: Value,
        }
        let OpMeta { name, effect, stream, .. } = *self.meta;
        let golden = Golden {
            name,
            effect: effect.as_str(),
            stream,
            params: sorted(self.params_schema().to_value()),
            output: sorted(self.output_schema().to_value()),
        };
        let mut text = serde_json::to_string_pretty(&golden)
            .map_err(|error| Error::new(ErrorKind::Internal, "the schema has no JSON form").source(error))?;
        text.push('\n');
        Ok(text)
    }
}

/// The same value with the keys of every object in alphabetical order: a map keeps the order of insertion when any crate of
/// the build asks for it, and the documents must not depend on that.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().collect();
            pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            pairs.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        scalar => scalar,
    }
}

fn row(def: &OpDef) -> String {
    let OpMeta { name, effect, ttl, cost, invalidates, doc, .. } = *def.meta;
    let fresh = if ttl == 0 { String::new() } else { format!("{ttl} s") };
    let changes = invalidates.iter().map(|noun| noun.replace('_', " ")).collect::<Vec<_>>().join(", ");
    let output = type_name(&def.output_schema().to_value());
    let answer = if def.meta.stream { format!("stream of {output}") } else { output };
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let params = parameters(&def.params_schema().to_value());
    let effect = effect.as_str();
    format!("| `{name}` | {effect} | {params} | {answer} | {fresh} | {cost} | {changes} | {doc} |\n")
}

/// The parameters of a schema: required ones first, in the order of their declaration.
fn parameters(schema: &Value) -> String {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return String::new();
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut rest: Vec<&str> =
        properties.keys().map(String::as_str).filter(|name| !required.contains(name)).collect();
    rest.sort_unstable();
    let required = required.into_iter().map(|name| (name, ""));
    let rest = rest.into_iter().map(|name| (name, "?"));
    let shown = required.chain(rest).map(|(name, mark)| {
        let of_type = properties.get(name).map_or_else(String::new, type_name);
        format!("`{name}{mark}`: {of_type}")
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// What a schema describes, in words.
fn type_name(schema: &Value) -> String {
    let title = schema.get("title").and_then(Value::as_str);
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        // A newtype over another noun has the name of its own as the title.
        return title.or_else(|| reference.rsplit('/').next()).unwrap_or(reference).to_string();
    }
    let alternatives = ["anyOf", "oneOf", "allOf"].iter().find_map(|word| schema.get(*word)?.as_array());
    if let Some(alternatives) = alternatives {
        let names: Vec<String> =
            alternatives.iter().filter(|schema| !is_null(schema)).map(type_name).collect();
        return names.join(" or ");
    }
    match plain_type(schema) {
        Some("array") => {
            format!("list of {}", schema.get("items").map_or_else(|| "anything".into(), type_name))
        }
        Some("object") if is_page(schema) => {
            format!(
                "page of {}",
                schema.pointer("/properties/items/items").map_or_else(String::new, type_name)
            )
        }
        Some("object") => title.map_or_else(|| "object".into(), str::to_string),
        Some("string") if schema.get("format").and_then(Value::as_str) == Some("date-time") => "time".into(),
        Some("string") => "text".into(),
        Some("null") => "nothing".into(),
        Some(plain) => plain.to_string(),
        None => "anything".into(),
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn is_page(schema: &Value) -> bool {
    schema.pointer("/properties/items").is_some() && schema.pointer("/properties/next").is_some()
}

/// The type that a schema names; of "this or nothing", this.
fn plain_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;

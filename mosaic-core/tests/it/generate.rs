//! Arbitrary values that a schema of the catalogue allows.

use mosaic_core::op::{OpDef, catalogue};
use mosaic_core::types::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// How deep a generated value goes; optional things are left out below.
const DEPTH: u32 = 4;

/// Parameters that the schema of an operation allows, with and without what may be left out.
pub(crate) fn params(def: &OpDef) -> BoxedStrategy<Value> {
    let root = def.params_schema().to_value();
    value(&root, &root, DEPTH)
}

pub(crate) fn value(root: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return value(root, target.expect("references lead somewhere"), depth.saturating_sub(1));
    }
    if let Some(constant) = schema.get("const") {
        return Just(constant.clone()).boxed();
    }
    if let Some(Value::Array(choices)) = schema.get("enum") {
        return select(choices.clone()).boxed();
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
        let choices: Vec<_> = choices.iter().map(|choice| value(root, choice, depth)).collect();
        return proptest::strategy::Union::new(choices).boxed();
    }
    match schema.get("type") {
        // Any value: of the shape that most bodies have.
        None => prop::collection::vec(("[a-z]{1,6}", any::<i32>()), 0..3)
            .prop_map(|fields| {
                fields.into_iter().map(|(name, value)| (name, json!(value))).collect::<Map<_, _>>().into()
            })
            .boxed(),
        Some(Value::Array(names)) => {
            let each = names.iter().map(|name| of_type(root, schema, name.as_str().unwrap(), depth));
            proptest::strategy::Union::new(each).boxed()
        }
        Some(name) => of_type(root, schema, name.as_str().unwrap(), depth),
    }
}

fn of_type(root: &Value, schema: &Value, name: &str, depth: u32) -> BoxedStrategy<Value> {
    let bound = |word| schema.get(word).and_then(Value::as_u64);
    match name {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" if schema.get("format").and_then(Value::as_str) == Some("int64") => {
            any::<i64>().prop_map(Value::from).boxed()
        }
        "integer" => (bound("minimum").unwrap_or(0)..=bound("maximum").unwrap_or(u64::MAX))
            .prop_map(Value::from)
            .boxed(),
        "number" => (-1e9..1e9).prop_map(|number: f64| json!(number)).boxed(),
        "string" if schema.get("contentEncoding").is_some() => Just(json!("/wA=")).boxed(),
        "string" if schema.get("format").and_then(Value::as_str) == Some("date-time") => (0
            ..4_000_000_000i64)
            .prop_map(|at| json!(Timestamp::from_second(at).unwrap().to_string()))
            .boxed(),
        "string" if schema.get("examples").is_some() => {
            select(schema["examples"].as_array().cloned().unwrap_or_default()).boxed()
        }
        "string" => "\\PC{0,12}".prop_map(Value::from).boxed(),
        "array" => {
            let most = if depth == 0 { 0 } else { 3 };
            prop::collection::vec(value(root, &schema["items"], depth.saturating_sub(1)), 0..=most)
                .prop_map(Value::from)
                .boxed()
        }
        "object" => object(root, schema, depth),
        other => panic!("a type that no parameter has: {other}"),
    }
}

fn object(root: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = properties.iter().map(|(name, schema)| {
        let field = value(root, schema, depth);
        let field = match (required.contains(&name.as_str()), depth) {
            (true, _) => field.prop_map(Some).boxed(),
            (false, 0) => Just(None).boxed(),
            (false, _) => prop::option::of(field).boxed(),
        };
        (Just(name.clone()), field)
    });
    let fields: Vec<_> = fields.collect();
    // A map from names to values says so by the schema of what is not named.
    let others = match schema.get("additionalProperties") {
        Some(others @ Value::Object(_)) if depth > 0 => {
            prop::collection::vec(("[a-z]{1,6}", value(root, others, depth - 1)), 0..3).boxed()
        }
        _ => Just(Vec::new()).boxed(),
    };
    (fields, others)
        .prop_map(|(fields, others)| {
            let fields = fields.into_iter().filter_map(|(name, field)| Some((name, field?)));
            fields.chain(others).collect::<Map<_, _>>().into()
        })
        .boxed()
}

pub(crate) fn any_call() -> impl Strategy<Value = (&'static OpDef, Value)> {
    select(catalogue().all().collect::<Vec<_>>()).prop_flat_map(|def| (Just(def), params(def)))
}

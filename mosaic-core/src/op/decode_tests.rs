//! Properties of every operation: what its schema allows decodes, keeps its meaning through JSON, and nothing else gets in.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::{Digester, OpDef, Payload, catalogue};
use crate::error::ErrorKind;

/// How deep a generated value goes; optional things are left out below.
const DEPTH: u32 = 4;

/// Parameters that the schema of an operation allows, with and without what may be left out.
fn params(def: &OpDef) -> BoxedStrategy<Value> {
    let root = def.params_schema().to_value();
    value(&root, &root, DEPTH)
}

fn value(root: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
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
    match schema.get("type").expect("every schema names its type") {
        Value::Array(names) => {
            let each = names.iter().map(|name| of_type(root, schema, name.as_str().unwrap(), depth));
            proptest::strategy::Union::new(each).boxed()
        }
        name => of_type(root, schema, name.as_str().unwrap(), depth),
    }
}

fn of_type(root: &Value, schema: &Value, name: &str, depth: u32) -> BoxedStrategy<Value> {
    let bound = |word| schema.get(word).and_then(Value::as_u64);
    match name {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => (bound("minimum").unwrap_or(0)..=bound("maximum").unwrap_or(u64::MAX))
            .prop_map(Value::from)
            .boxed(),
        "number" => (-1e9..1e9).prop_map(|number: f64| json!(number)).boxed(),
        "string" if schema.get("contentEncoding").is_some() => Just(json!("/wA=")).boxed(),
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
    fields
        .prop_map(|fields| {
            fields.into_iter().filter_map(|(name, field)| Some((name, field?))).collect::<Map<_, _>>().into()
        })
        .boxed()
}

fn any_call() -> impl Strategy<Value = (&'static OpDef, Value)> {
    select(catalogue().all().collect::<Vec<_>>()).prop_flat_map(|def| (Just(def), params(def)))
}

fn digest(payload: &Payload) -> u128 {
    let mut digester = Digester::new([5; 16]);
    payload.digest(&mut digester);
    digester.finish()
}

/// The places of `params` whose schema is closed to unknown fields, as JSON pointers.
fn closed(root: &Value, schema: &Value, params: &Value, at: String, out: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return closed(root, root.pointer(&reference[1..]).unwrap(), params, at, out);
    }
    if let (Some(fields), Some(properties)) = (params.as_object(), schema.get("properties")) {
        for (name, field) in fields {
            closed(root, &properties[name], field, format!("{at}/{name}"), out);
        }
        if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
            out.push(at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn parameters_keep_their_meaning_through_json((def, params) in any_call()) {
        let first = def.decode(params).unwrap();
        let second = def.decode(first.to_json().unwrap()).unwrap();
        prop_assert_eq!(digest(&first), digest(&second));
        prop_assert_eq!(first.subject(), second.subject());
        prop_assert_eq!(first.to_json().unwrap(), second.to_json().unwrap());
    }

    #[test]
    fn different_parameters_have_different_digests((def, a) in any_call(), seed in any::<u64>()) {
        let Value::Object(fields) = &a else { unreachable!("parameters are objects") };
        let Some(name) = fields.keys().nth(seed as usize % fields.len().max(1)).cloned() else { return Ok(()) };
        let mut fewer = fields.clone();
        fewer.remove(&name);
        let first = def.decode(a.clone()).unwrap();
        // What is required cannot be left out, and what is `null` or the default says the same as what is left out.
        if let Ok(second) = def.decode(fewer.into()) {
            prop_assert_eq!(digest(&first) == digest(&second), first.to_json().unwrap() == second.to_json().unwrap());
        }
    }

    #[test]
    fn unknown_fields_are_refused((def, mut params) in any_call(), seed in any::<usize>()) {
        let root = def.params_schema().to_value();
        let mut places = Vec::new();
        closed(&root, &root, &params, String::new(), &mut places);
        prop_assert!(places.contains(&String::new()), "{} takes any field", def.meta.name);
        let place = &places[seed % places.len()];
        params.pointer_mut(place).unwrap()["surprise"] = json!(1);
        let error = def.decode(params).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::Invalid);
        prop_assert!(error.message().contains("surprise"), "{}", error);
    }
}

#[test]
fn every_operation_decodes_what_its_schema_requires() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    for def in catalogue().all() {
        for _ in 0..16 {
            let params = params(def).new_tree(&mut runner).unwrap().current();
            def.decode(params.clone()).unwrap_or_else(|error| panic!("{params}: {error}"));
        }
    }
}

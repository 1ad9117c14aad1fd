//! Properties of every operation: what its schema allows decodes, keeps its meaning through JSON, and nothing else gets in.

use mosaic_core::error::ErrorKind;
use mosaic_core::op::{Digester, Payload, catalogue};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{any_call, params};

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

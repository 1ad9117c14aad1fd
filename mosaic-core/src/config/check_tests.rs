use serde_json::json;

use super::*;
use crate::config::env;
use crate::config::source::Source;
use crate::config::yaml;

fn check(schema: &Value, text: &str) -> (Option<Value>, Vec<Found>) {
    let mut root = yaml::parse(&mut Source::new("x", text), &mut Vec::new()).unwrap();
    let lookup = |name: &str| (name == "N").then(|| "42".to_owned());
    assert!(env::expand(&mut root, ("", &[]), text, &lookup).is_empty());
    let mut checker = Checker::new(schema);
    let value = checker.check(&root, schema, "");
    (value, checker.found)
}

fn found(schema: &Value, text: &str) -> Vec<(Code, String, String)> {
    check(schema, text).1.into_iter().map(|found| (found.code, found.path, found.message)).collect()
}

fn fault(schema: &Value, text: &str) -> (Code, String, String) {
    let mut found = found(schema, text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.remove(0)
}

fn record() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "minLength": 1, "maxLength": 5 },
            "port": { "type": "integer", "minimum": 1, "maximum": 65535 },
            "share": { "type": ["number", "null"], "exclusiveMinimum": 0 },
            "on": { "type": "boolean" },
            "kind": { "$ref": "#/$defs/Kind" },
            "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 2 },
            "auth": { "oneOf": [
                { "type": "object", "properties": { "type": { "const": "token" }, "token": { "type": "string" } },
                  "required": ["type", "token"], "additionalProperties": false },
                { "type": "object", "properties": { "type": { "const": "none" } }, "additionalProperties": false }
            ] }
        },
        "required": ["name"],
        "additionalProperties": false,
        "$defs": { "Kind": { "oneOf": [{ "const": "round" }, { "enum": ["square", "flat"] }] } }
    })
}

#[test]
fn what_fits_becomes_json() {
    let text =
        "name: x\nport: 0x10\nshare: ~\non: true\nkind: flat\ntags: [a]\nauth: { type: token, token: t }\n";
    let (value, found) = check(&record(), text);
    assert!(found.is_empty(), "{}", found[0].message);
    let expected = json!({
        "name": "x", "port": 16, "share": null, "on": true, "kind": "flat", "tags": ["a"], "auth": { "type": "token", "token": "t" }
    });
    assert_eq!(value, Some(expected));
}

#[test]
fn every_fault_has_a_code_and_a_path() {
    let schema = record();
    for (text, code, path, part) in [
        ("name: x\nprot: 1", Code::UnknownKey, "prot", "no key"),
        ("port: 1", Code::MissingKey, "name", "missing"),
        ("name: 5", Code::WrongType, "name", "put it in quotes"),
        ("name: x\nport: '5'", Code::WrongType, "port", "take the quotes away"),
        ("name: x\nport: [5]", Code::WrongType, "port", "a whole number is wanted here, and this is a list"),
        ("name: x\nport: 0", Code::BadValue, "port", "at least 1"),
        ("name: x\nport: 65536", Code::BadValue, "port", "at most 65535"),
        ("name: x\nport: 1.5", Code::WrongType, "port", "whole number"),
        ("name: x\nshare: 0", Code::BadValue, "share", "more than 0"),
        ("name: ''", Code::BadValue, "name", "empty"),
        ("name: xxxxxx", Code::BadValue, "name", "at most 5"),
        ("name: x\nkind: rond", Code::BadValue, "kind", "none of round, square, flat"),
        ("name: x\ntags: []", Code::BadValue, "tags", "at least 1"),
        ("name: x\ntags: [a, b, c]", Code::BadValue, "tags", "at most 2"),
        ("name: x\ntags: [1]", Code::WrongType, "tags[0]", "a text"),
        ("name: x\nauth: { type: tokn }", Code::BadValue, "auth.type", "none of token, none"),
        ("name: x\nauth: { type: token }", Code::MissingKey, "auth.token", "missing"),
        ("name: x\nauth: 1", Code::WrongType, "auth", "a mapping"),
        ("[]", Code::WrongType, "", "a mapping"),
    ] {
        let (is, at, message) = fault(&schema, text);
        assert_eq!((is, at.as_str()), (code, path), "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn alternatives_inside_of_alternatives_are_all_named() {
    let inner = json!({ "anyOf": [{ "type": "array" }, { "properties": {} }] });
    let schema =
        json!({ "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }], "$defs": { "Inner": inner } });
    assert!(check(&schema, "~").1.is_empty());
    assert_eq!(fault(&schema, "none").2, "a list or a mapping is wanted here, and this is a text");
}

#[test]
fn all_faults_are_found_and_what_is_right_is_kept() {
    let (value, found) = check(&record(), "name: x\nport: no\nkind: 1\ntags: [a, 2]\nmore: 1");
    assert_eq!(found.len(), 4);
    assert_eq!(value, Some(json!({ "name": "x", "tags": ["a", null] })));
}

#[test]
fn a_value_from_the_environment_is_what_is_wanted() {
    let (value, found) = check(&record(), "name: ${N}\nport: '${N}'\n");
    assert!(found.is_empty());
    assert_eq!(value, Some(json!({ "name": "42", "port": 42 })));
    let (_, _, message) = fault(&record(), "name: x\non: ${N}");
    assert!(!message.contains("42"), "{message}");
    let (_, _, message) = fault(&record(), "name: x\nkind: ${N}");
    assert!(message.contains("${N}") && !message.contains("42"), "{message}");
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let schema = json!({ "$ref": "#/$defs/A", "$defs": { "A": { "$ref": "#/$defs/A" } } });
    assert!(check(&schema, "a: 1").1.is_empty());
    let tree = json!({ "type": "object", "additionalProperties": { "$ref": "#" } });
    assert_eq!(fault(&tree, "a: { b: 1 }").1, "a.b");
}

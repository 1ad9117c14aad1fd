//! The published schema and the reader agree: files that fit one fit the other.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::check::{self, Checker};
use super::env;
use super::form::{self, ANNOTATIONS, WRAPPER};
use super::source::Source;
use super::yaml;

/// What a text says as JSON, and whether the reader finds that it fits with the defaults of its variables; nothing where it is no
/// YAML.
fn read(text: &str) -> Option<(Value, bool)> {
    let mut found = Vec::new();
    let mut root = yaml::parse(&mut Source::new("x", text), &mut found)?;
    if !found.is_empty() || root.is_null() {
        return None;
    }
    let value = check::json(&root);
    // One that is missing stays a text as it stands in the file.
    env::expand(&mut root, (WRAPPER, &ANNOTATIONS), text, &|_| None);
    let schemas = form::schema();
    let mut checker = Checker::new(schemas.published());
    checker.check(&root, schemas.of(root.entry(WRAPPER).is_some()), "");
    Some((value, checker.found.is_empty()))
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&super::schema()).unwrap()
}

#[test]
fn good_files_fit_the_published_schema() {
    let validator = validator();
    let files = [files("tests/it/config/good"), files("../examples/config")].concat();
    assert!(files.len() >= 8);
    for (name, text) in files {
        let (value, fits) = read(&text).unwrap();
        assert!(fits, "{name}");
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn the_schema_and_the_reader_agree_on_broken_files() {
    let validator = validator();
    let (mut refused, mut passed) = (0, 0);
    for (name, text) in files("tests/it/config/broken") {
        // What a value with a variable is depends on the variable.
        let Some((value, fits)) = read(&text).filter(|_| !text.contains('$')) else { continue };
        assert_eq!(validator.is_valid(&value), fits, "{name}");
        *(if fits { &mut passed } else { &mut refused }) += 1;
    }
    assert!(refused >= 8 && passed >= 5, "{refused} and {passed}");
}

#[test]
fn every_key_is_described() {
    let schema = super::schema();
    let mut open = vec![(String::new(), &schema)];
    while let Some((path, value)) = open.pop() {
        if let Some(Value::Object(properties)) = value.get("properties") {
            for (name, property) in properties {
                let described = property.get("description").or_else(|| {
                    let reference = property.pointer("/anyOf/0/$ref").or(property.get("$ref"))?.as_str()?;
                    schema.pointer(reference.strip_prefix('#')?)?.get("description")
                });
                assert!(described.is_some(), "{path}.{name} has no description");
            }
        }
        match value {
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(name, value)| (format!("{path}.{name}"), value)))
            }
            Value::Array(items) => open.extend(items.iter().map(|value| (path.clone(), value))),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_schema_and_the_reader_agree_on_changed_files(
        file in 0usize..16,
        line in 0usize..64,
        with in prop::sample::select(vec!["", "x: 1", "- 1", "- []", "provider:", "ttl: -1", "priority: 99999999999", "default:", "weight: 1.0", "share: 256", "rank: [cost]"]),
    ) {
        let files = [files("tests/it/config/good"), files("../examples/config")].concat();
        let (name, text) = &files[file % files.len()];
        let mut lines: Vec<&str> = text.lines().collect();
        let at = line % lines.len();
        let indent = lines[at].len() - lines[at].trim_start().len();
        let changed = format!("{}{with}", " ".repeat(indent));
        lines[at] = &changed;
        let text = lines.join("\n");
        if let Some((value, fits)) = read(&text) {
            prop_assert_eq!(validator().is_valid(&value), fits, "{}\n{}", name, text);
        }
    }
}

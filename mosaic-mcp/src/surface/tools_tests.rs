//! The list of tools in the shape of the protocol.

use std::collections::BTreeSet;

use mosaic_core::op::Operation as _;
use mosaic_core::op::git::{DeleteBranch, GetRepository};
use mosaic_core::types::ServiceKind;

use super::*;

fn tool(name: &str) -> Value {
    let tools = Tools::all().list();
    serde_json::to_value(tools.iter().find(|tool| tool.name == name).unwrap()).unwrap()
}

#[test]
fn names_are_what_clients_accept_and_lead_back() {
    let names: BTreeSet<String> = catalogue().all().map(|def| tool_name(def.meta.name)).collect();
    assert_eq!(names.len(), catalogue().all().count(), "no two operations share a name");
    for def in catalogue().all() {
        let name = tool_name(def.meta.name);
        assert!((1..=64).contains(&name.len()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{name}");
        assert_eq!(operation_of(&name).unwrap().meta.name, def.meta.name);
    }
    assert!(
        ServiceKind::ALL.iter().all(|service| !service.as_str().contains('_')),
        "the way back needs this"
    );
    for other in ["", "git", "git_", "_get_repository", "git.get_repository", "git_get_repositories"] {
        assert!(operation_of(other).is_none(), "{other}");
    }
}

#[test]
fn a_tool_has_the_shape_of_the_protocol() {
    let expected = json!({
        "name": "git_delete_branch",
        "title": "Delete branch",
        "description": "Delete a branch. Commits that no other branch or tag holds are lost in time.",
        "inputSchema": DeleteBranch::DEF.params_schema().to_value(),
        "annotations": {
            "readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": true,
        },
    });
    assert_eq!(tool("git_delete_branch"), expected);
    assert_eq!(tool("git_get_repository")["outputSchema"], GetRepository::DEF.output_schema().to_value());
}

#[test]
fn every_schema_is_that_of_an_object_and_closed_in_itself() {
    for tool in Tools::all().list() {
        for schema in std::iter::once(&tool.input_schema).chain(&tool.output_schema) {
            assert_eq!(schema["type"], "object", "{}", tool.name);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{}", tool.name);
            references(schema, &mut |reference| {
                let target = reference.strip_prefix("#/$defs/").unwrap_or_else(|| panic!("{reference}"));
                assert!(schema["$defs"].get(target).is_some(), "{}: {reference} leads nowhere", tool.name);
            });
        }
    }
}

fn references(schema: &Value, seen: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                seen(reference);
            }
            map.values().for_each(|value| references(value, seen));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, seen)),
        _ => {}
    }
}

#[test]
fn a_stream_answers_with_its_items() {
    let schema = &tool("cicd_job_log")["outputSchema"];
    assert_eq!(schema["required"], json!(["items", "truncated"]));
    assert_eq!(schema["properties"]["items"]["type"], "array");
    assert_eq!(schema["properties"]["items"]["items"]["$ref"], "#/$defs/Blob");
    assert!(tool("cicd_job_log")["description"].as_str().unwrap().contains("`truncated`"));
}

#[test]
fn a_name_for_an_object_is_one() {
    let named = json!({ "$ref": "#/$defs/Blob", "$defs": { "Blob": { "type": "object" } } });
    assert_eq!(type_of(&named), "object");
    assert_eq!(type_of(&json!({ "type": "string" })), "string");
    for def in catalogue().all().filter(|def| !def.meta.stream) {
        let schema = def.output_schema().to_value();
        assert!(
            ["object", "null"].contains(&type_of(&schema)),
            "{} answers with a bare value",
            def.meta.name
        );
    }
}

#[test]
fn hints_follow_the_effect() {
    let hints = |effect| {
        let hints = ToolAnnotations::of(effect);
        (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint)
    };
    assert_eq!(hints(Effect::Read), (true, false, true));
    assert_eq!(hints(Effect::Idempotent), (false, true, true));
    assert_eq!(hints(Effect::Create), (false, false, false));
    assert_eq!(hints(Effect::Irreversible), (false, true, false));
}

#[test]
fn only_what_is_offered_is_listed() {
    let tools = Tools::new(OpSet::of(&[GetRepository::META, DeleteBranch::META])).list();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["git_get_repository", "git_delete_branch"]);
    assert_eq!(Tools::all().list().len(), catalogue().all().count());
}

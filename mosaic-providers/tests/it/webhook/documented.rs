//! The fields that are read are fields that the vendors document, also where no recording shows them.
//!
//! Without `MOSAIC_SHARED` there is no document to look at, and these tests pass.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn shared(below: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("MOSAIC_SHARED").filter(|shared| !shared.is_empty())?;
    let path = Path::new(&shared).join(below);
    assert!(path.exists(), "MOSAIC_SHARED is set, but there is no {}", path.display());
    Some(path)
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether a schema has a field, in itself or in a part of it that is written elsewhere in the document.
fn has(document: &Value, schema: &Value, field: &str) -> bool {
    let elsewhere = schema["$ref"].as_str().and_then(|place| document.pointer(place.strip_prefix('#')?));
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|kind| schema[kind].as_array()).flatten();
    schema["properties"].get(field).is_some()
        || elsewhere.is_some_and(|schema| has(document, schema, field))
        || parts.into_iter().any(|schema| has(document, schema, field))
}

fn check(document: &Value, schema: &Value, of: &str, fields: &str) {
    for field in fields.split(' ') {
        assert!(has(document, schema, field), "{of} has no field {field}");
    }
}

#[test]
fn of_github() {
    let Some(folder) = shared("fixtures/octokit-webhooks/github/payload-schemas") else { return };
    for (file, fields) in [
        ("check_run/completed", "action check_run repository sender"),
        ("common/issue-comment", "id body user created_at"),
        (
            "common/issue",
            "number title state body user assignee labels milestone created_at updated_at pull_request",
        ),
        ("common/label", "name"),
        (
            "common/pull-request",
            "number title state body user head base merged merged_at merge_commit_sha created_at updated_at",
        ),
        ("common/pull-request-review", "id body user commit_id state submitted_at"),
        ("common/pull-request-review-comment", "id body user path line commit_id created_at"),
        ("common/release", "id tag_name name body author html_url created_at draft prerelease"),
        ("common/repository", "full_name"),
        ("common/user", "login"),
        ("common/workflow-job", "id run_id name status conclusion started_at completed_at"),
        (
            "common/workflow-run",
            "id workflow_id status conclusion head_branch head_sha run_attempt html_url created_at run_started_at updated_at",
        ),
        ("create/event", "ref ref_type repository sender"),
        ("delete/event", "ref ref_type repository sender"),
        ("gollum/event", "pages repository sender"),
        ("issue_comment/created", "action issue comment repository"),
        ("push/event", "ref before after forced commits head_commit repository sender"),
        ("repository/renamed", "action changes repository"),
        ("repository/transferred", "action changes repository"),
        ("status/event", "sha context state description target_url updated_at"),
    ] {
        let schema = document(&folder.join(format!("{file}.schema.json")));
        check(&schema, &schema, file, fields);
    }
    let renamed = document(&folder.join("repository/renamed.schema.json"));
    let name = "/properties/changes/properties/repository/properties/name";
    check(&renamed, renamed.pointer(name).unwrap(), "renamed", "from");
    let transferred = document(&folder.join("repository/transferred.schema.json"));
    let from = "/properties/changes/properties/owner/properties/from";
    check(&transferred, transferred.pointer(from).unwrap(), "transferred", "user");
    let check_run = document(&folder.join("check_run/completed.schema.json"));
    let run = &check_run["properties"]["check_run"];
    check(
        &check_run,
        run,
        "check_run",
        "head_sha name status conclusion details_url output started_at completed_at",
    );
}

#[test]
fn of_gitea_and_forgejo() {
    let common = [
        (
            "PullRequest",
            "number title state body user head base merged merged_at merge_commit_sha created_at updated_at",
        ),
        (
            "Issue",
            "number title state body user assignee labels milestone created_at updated_at pull_request",
        ),
        ("Comment", "id body user created_at"),
        ("Release", "id tag_name name body author html_url created_at draft prerelease"),
        ("Repository", "full_name"),
        ("User", "login"),
        ("Milestone", "id"),
        ("Label", "name"),
    ];
    let of_gitea = [
        (
            "ActionWorkflowRun",
            "id path status conclusion head_branch head_sha run_attempt html_url started_at completed_at",
        ),
        ("ActionWorkflowJob", "id run_id name status conclusion started_at completed_at"),
    ];
    let of_forgejo = [(
        "ActionRun",
        "id repository trigger_user workflow_id status prettyref commit_sha html_url created started stopped",
    )];
    for (vendor, own) in [("gitea", &of_gitea[..]), ("forgejo", &of_forgejo[..])] {
        let Some(path) = shared(&format!("specs/{vendor}/swagger.v1.pruned.json")) else { return };
        let document = document(&path);
        for (name, fields) in common.iter().chain(own) {
            check(&document, &document["definitions"][name], &format!("{vendor} {name}"), fields);
        }
    }
}

#[test]
fn of_bitbucket() {
    let Some(path) = shared("specs/bitbucket/swagger.v2.pruned.json") else { return };
    let document = document(&path);
    for (name, fields) in [
        ("account", "display_name"),
        ("branch", "type name target"),
        ("comment", "id content user inline created_on"),
        ("commit", "hash message date author parents"),
        ("commitstatus", "key state description url updated_on links"),
        ("issue", "id title content state reporter assignee created_on updated_on"),
        ("pullrequest", "id title state author source destination merge_commit created_on updated_on"),
        ("repository", "full_name"),
    ] {
        check(&document, &document["definitions"][name], name, fields);
    }
}

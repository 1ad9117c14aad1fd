//! The documents of the catalogue, and the golden schemas beside this crate.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::op::catalogue;

#[test]
fn every_operation_has_its_row() {
    let page = catalogue().to_markdown();
    for service in ServiceKind::ALL {
        assert!(page.contains(&format!("\n## {service}\n")), "{service}");
    }
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), catalogue().all().count());
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 9, "{row}");
        // Only what is sent in a vendor's own words may be anything.
        let shown = row.replace("`body?`: anything", "");
        assert!(!shown.contains("anything") && !shown.contains("Page_"), "{row}");
    }
}

#[test]
fn rows_read_well() {
    let line = |name: &str| row(catalogue().find(name).unwrap());
    assert_eq!(
        line("git.create_pull_request"),
        "| `git.create_pull_request` | create | `repo`: RepoRef, `title`: text, `source`: text, `target`: text, `body?`: text \
         | PullRequest |  | 2 | pull request | Open a pull request. |\n"
    );
    assert_eq!(
        line("git.list_branches"),
        "| `git.list_branches` | read | `repo`: RepoRef, `page?`: PageRequest | page of Branch | 30 s | 1 |  \
         | List the branches of a repository, ordered by name. |\n"
    );
    assert!(line("git.delete_branch").contains("| nothing |"), "{}", line("git.delete_branch"));
    assert!(line("cicd.job_log").contains("| stream of Chunk |"), "{}", line("cicd.job_log"));
    assert!(
        line("project.update_issue").contains("`labels?`: list of text"),
        "{}",
        line("project.update_issue")
    );
}

#[test]
fn keys_are_sorted_at_every_depth() {
    let value = sorted(json!({ "b": [{ "d": 1, "c": 2 }], "a": null }));
    assert_eq!(value.to_string(), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
}

#[test]
fn golden_schemas_are_those_of_the_catalogue() {
    const HINT: &str = "run `cargo xtask gen` and look at what changed: callers will see it";
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut known = BTreeSet::new();
    for def in catalogue().all() {
        let name = format!("{}.json", def.meta.name);
        let golden = std::fs::read_to_string(directory.join(&name)).unwrap_or_default();
        assert!(
            golden == def.golden_schema().unwrap(),
            "schemas/{name} is not that of the catalogue: {HINT}"
        );
        known.insert(name);
    }
    let files =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for file in files {
        assert!(known.contains(&file), "schemas/{file} belongs to no operation: {HINT}");
    }
}

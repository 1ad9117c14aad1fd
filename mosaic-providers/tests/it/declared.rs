//! The documents of the providers say of every operation what the plugins declare.

#[path = "../../examples/generate_documents/plugins.rs"]
mod plugins;
#[path = "../../examples/generate_documents/tables.rs"]
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use mosaic_core::op::OpSet;
use mosaic_core::op::cicd::{GetRun, TriggerRun};
use mosaic_core::op::{Operation as _, StreamOperation as _};
use mosaic_core::types::ServiceKind;
use tables::{Declared, rewrite};

#[tokio::test]
async fn every_document_says_what_is_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut documents: BTreeMap<_, Vec<Declared>> = BTreeMap::new();
    for factory in mosaic_providers::factories() {
        let declared = plugins::declared(&*factory).await.unwrap();
        let all = documents.entry(plugins::document(factory.provider())).or_default();
        match all.iter().find(|one| one.service == declared.service) {
            None => all.push(declared),
            Some(one) => assert_eq!(*one, declared, "{} has the document of another", factory.provider()),
        }
    }
    for (path, declared) in documents {
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        let made = rewrite(&text, &declared).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(made == text, "{} is stale: run `cargo xtask gen`", path.display());
    }
}

#[test]
fn the_published_schema_knows_what_each_provider_takes() {
    let schema = mosaic_core::config::schema_with(&mosaic_providers::factories());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let published = std::fs::read_to_string(root.join("docs/schema/mosaic.schema.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&published).unwrap();
    assert!(published == schema, "docs/schema is stale: run `cargo xtask gen`");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (mut files, mut fields) = (0, 0);
    for entry in std::fs::read_dir(root.join("examples/config")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        files += 1;
        // A field that no plugin has is refused wherever a product is named.
        let top = if file.get("orchestration").is_some() { "/orchestration/plugins" } else { "/plugins" };
        for at in 0..file.pointer(top).and_then(|plugins| plugins.as_array()).map_or(0, Vec::len) {
            let mut odd = file.clone();
            odd.pointer_mut(&format!("{top}/{at}/config")).unwrap()["oddField"] = true.into();
            assert!(!validator.is_valid(&odd), "{}: plugin {at}", path.display());
            fields += 1;
        }
    }
    assert!(files >= 9 && fields >= 20, "{files} files, {fields} plugins");
}

fn builds() -> Declared {
    let plain = OpSet::service(ServiceKind::Cicd).without(TriggerRun::META);
    let allowed = plain.and(OpSet::vendor(ServiceKind::Cicd));
    Declared { service: ServiceKind::Cicd, plain, allowed }
}

fn table(rows: &str) -> String {
    format!(
        "Before.\n\n<!-- operations:begin -->\n| operation | | how |\n|---|---|---|\n{rows}<!-- operations:end -->\n\nAfter.\n"
    )
}

#[test]
fn what_is_offered_is_told_by_the_declaration_and_the_rest_by_people() {
    let old = table(
        "| `get_run`, `trigger_run`, `list_runs` | yes | a | b |\n| `cancel_run` | composed | steps |\n",
    );
    let new = rewrite(&old, &[builds()]).unwrap();
    let rows: Vec<_> = new.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(
        rows[..5],
        [
            "| `get_run` | yes | a | b |",
            "| `trigger_run` | no | a | b |",
            "| `list_runs` | yes | a | b |",
            "| `cancel_run` | composed | steps |",
            "| `upload_artifact` | yes | |",
        ]
    );
    assert_eq!(rows.last(), Some(&"| `vendor_read`, `vendor_write` | with `vendorCalls` | |"));
    assert!(new.starts_with("Before.\n") && new.ends_with("\n\nAfter.\n"));
    assert_eq!(rewrite(&new, &[builds()]).unwrap(), new, "it stays as it is made");
    let nothing =
        Declared { plain: OpSet::of(&[GetRun::META]), allowed: OpSet::of(&[GetRun::META]), ..builds() };
    assert!(rewrite(&old, &[nothing]).unwrap().contains("| `cancel_run` | no | steps |\n"));
}

#[test]
fn names_are_long_where_the_first_one_is() {
    let new = rewrite(&table("| `cicd.get_run` | no | |\n"), &[builds()]).unwrap();
    assert!(new.contains("| `cicd.get_run` | yes | |\n| `cicd.trigger_run` | no | |\n"));
    assert!(new.contains(&format!("| `{}` | yes | |\n", mosaic_core::op::cicd::JobLog::META.name)));
}

#[test]
fn what_cannot_be_a_table_is_an_error() {
    for (rows, says) in [
        ("", "no row"),
        ("| get_run |\n", "a row is no"),
        ("| `get_runs` | yes | |\n", "which no plugin serves"),
        ("| `get_run` | yes | |\n| `get_runs` | yes | |\n", "there is no operation get_runs"),
        ("| `get_run` | yes | |\n| `list_runs`, `get_run` | yes | |\n", "cicd.get_run has two rows"),
    ] {
        let error = rewrite(&table(rows), &[builds()]).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert!(rewrite("No table.\n", &[builds()]).unwrap_err().contains("no table for cicd"));
    assert!(rewrite("<!-- operations:begin -->\n| a |\n", &[builds()]).unwrap_err().contains("no end"));
}

//! `floors`: dependencies point down, between the modules of mosaic-core and between the crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::workspace::Workspace;

use self::paths::Source;
use self::rules::Place;

mod crates;
mod lex;
mod paths;
mod rules;

/// Checks the floors of mosaic-core, then the crates.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let files = read(&workspace.root().join("mosaic-core").join("src"))?;
    let mut faults = modules(&files);
    faults.extend(crates::faults(workspace)?);
    if faults.is_empty() {
        println!("{} files of mosaic-core and every crate use only what lies below them", files.len());
        return Ok(());
    }
    Err(Error::faults("dependencies must point down", faults))
}

/// Every `.rs` file under `src`, by its path relative to `src`.
fn read(src: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![src.to_owned()];
    while let Some(directory) = directories.pop() {
        let error = |source| Error::File { path: directory.clone(), source };
        for entry in fs::read_dir(&directory).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text =
                    fs::read_to_string(&path).map_err(|source| Error::File { path: path.clone(), source })?;
                files.insert(path.strip_prefix(src).unwrap_or(&path).to_owned(), text);
            }
        }
    }
    Ok(files)
}

/// The faults of all modules, each with file, line and reason.
fn modules(files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let sources: Vec<(&Path, Source<'_>)> =
        files.iter().map(|(path, text)| (path.as_path(), Source::new(path, text))).collect();
    let mut roots = BTreeMap::new();
    for (path, source) in &sources {
        if *path == Path::new("lib.rs") {
            roots.extend(source.reexports());
        }
        roots.extend(source.exported_macros());
    }
    let mut faults = Vec::new();
    for (path, source) in sources {
        let Some(top) = source.top() else { continue };
        let Some(own) = rules::place(top) else {
            faults.push(format!(
                "{}: `{top}` is on no floor; the table is in xtask/src/floors/rules.rs",
                path.display()
            ));
            continue;
        };
        if own == Place::Testkit {
            continue;
        }
        for reference in source.references() {
            if let Some(reason) = rules::judge(own, &reference, &roots) {
                faults.push(format!("{}:{}: {reason}", path.display(), reference.line));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        modules(&files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }

    #[test]
    fn every_way_down_is_allowed() {
        let faults = check(&[
            (
                "lib.rs",
                "mod types; pub use crate::api::Server; pub use error::{Error, Result}; pub use serde_json;",
            ),
            ("error/mod.rs", "use crate::types::Subject;"),
            ("types/mod.rs", "use crate::{Error, error::Kind};"),
            ("op/params.rs", "#[macro_export] macro_rules! params { () => { $crate::types::Page } }"),
            (
                "plugin/mod.rs",
                "use crate::{Result, op::*, context::CallContext, params}; use crate::serde_json::Value;",
            ),
            (
                "engine/layers/retry.rs",
                "use super::super::call::Call; use crate::{op::{self, Reply}, types};",
            ),
            ("orchestrator/mod.rs", "fn f() { crate::engine::stack::build(); crate::config::load() }"),
            ("testkit/mod.rs", "use crate::{api::Server, anything};"),
        ]);
        assert_eq!(faults, [""; 0]);
    }

    #[test]
    fn every_way_up_is_a_fault_with_its_line() {
        let faults = check(&[
            ("lib.rs", "pub use orchestrator::Orchestrator as Mosaic;"),
            ("types/mod.rs", "\nuse crate::op::Operation;"),
            ("op/mod.rs", "use super::{types, engine::Call};"),
            ("op/git/mod.rs", "use crate::Mosaic;"),
            ("engine/call.rs", "fn f() {\n  super::super::api::serve()\n}"),
            ("engine/step.rs", "use crate::testkit::Double;"),
            ("config/env.rs", "use crate::*;"),
            ("plugin/mod.rs", "use crate::missing::Thing;"),
            ("util.rs", ""),
        ]);
        assert_eq!(
            faults,
            [
                "config/env.rs:1: the crate root as a whole hides what is used: name the modules",
                "engine/call.rs:2: `api` (floor 4) lies above floor 2",
                "engine/step.rs:1: `testkit` is for tests only",
                "op/git/mod.rs:1: `Mosaic` from `orchestrator` (floor 3) lies above floor 1",
                "op/mod.rs:1: `engine` (floor 2) lies above floor 1",
                "plugin/mod.rs:1: `missing` is on no floor and no re-export of lib.rs",
                "types/mod.rs:2: `op` (floor 1) lies above floor 0",
                "util.rs: `util` is on no floor; the table is in xtask/src/floors/rules.rs",
            ]
        );
    }

    #[test]
    fn tests_may_use_the_testkit_and_nothing_else_above() {
        let inline =
            "#[cfg(test)]\nmod tests { use super::*; use crate::testkit::Double; use crate::api::Server; }";
        let faults = check(&[
            ("op/mod.rs", inline),
            ("engine/tests.rs", "use crate::testkit::Double;"),
            ("plugin/tests/slots.rs", "use crate::{testkit, orchestrator};"),
        ]);
        assert_eq!(
            faults,
            [
                "op/mod.rs:2: `api` (floor 4) lies above floor 1",
                "plugin/tests/slots.rs:1: `orchestrator` (floor 3) lies above floor 1",
            ]
        );
    }
}

//! Any text as a configuration file: it is read or refused with faults that have a place in it, and what the environment holds is
//! shown nowhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::config::Loader;
use mosaic_core::context::CallContext;
use mosaic_core::types::Subject;

const MARKED: &str = "zq9-marked";

fuzz_target!(|text: &str| {
    if text.contains("zq9") {
        return;
    }
    let loader = Loader::new().environment(|name| (name.len() == 1).then(|| MARKED.to_owned()));
    let said = match loader.parse("fuzz.yaml", text) {
        Ok(config) => {
            // Rules are explained as they are with their variables replaced.
            let explained =
                config.explain("git.get_repository", Subject::item("acme", "widget"), &CallContext::new());
            assert!(explained.is_ok(), "{explained:?}");
            let warnings: String = config.warnings().iter().map(ToString::to_string).collect();
            format!("{config} {config:?} {warnings}")
        }
        Err(report) => {
            assert!(report.has_errors());
            let lines = text.lines().count() + 1;
            assert!(report.faults().iter().all(|fault| fault.line().is_none_or(|line| line <= lines)));
            format!("{report} {report:?}")
        }
    };
    assert!(!said.contains("zq9"), "{said}");
});

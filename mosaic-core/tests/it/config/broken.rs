//! Golden reports of broken files. `MOSAIC_WRITE_REPORTS=1` writes them anew.

use std::path::{Path, PathBuf};

use mosaic_core::config::{Code, Loader};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/config/broken");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn every_broken_file_has_its_report() {
    let mut wrong = Vec::new();
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let loader = Loader::new().environment(|name| match name {
            "SECRET" => Some("marked-secret-token".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        });
        let text = std::fs::read_to_string(&file).unwrap();
        let report = match loader.parse(&name, text) {
            Err(report) => report.to_string(),
            Ok(config) => panic!("{name} loads: {config:?}"),
        };
        assert!(!report.contains("marked-secret"), "{name}: {report}");
        let golden = file.with_extension("report");
        if std::env::var_os("MOSAIC_WRITE_REPORTS").is_some() {
            std::fs::write(&golden, format!("{report}\n")).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != format!("{report}\n") {
            wrong.push(format!("{name}:\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn there_are_twenty_and_they_show_the_codes() {
    let files = files();
    assert!(files.len() >= 20, "{}", files.len());
    let reports: String =
        files.iter().map(|file| std::fs::read_to_string(file.with_extension("report")).unwrap()).collect();
    // Those of the second step, and those that only a file system or a running orchestrator gives.
    let elsewhere = [Code::Unreadable, Code::MissingPlugin, Code::MissingTier, Code::NotLive, Code::TooLarge];
    for code in Code::ALL.iter().filter(|code| !elsewhere.contains(code)) {
        assert!(reports.contains(&format!("[{code}]")), "no broken file has {code}");
    }
}

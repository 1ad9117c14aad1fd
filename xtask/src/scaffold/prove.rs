//! Shows that a new provider compiles without warnings, and that its tests fail with what is to be written next.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::name::Name;
use super::service::{SERVICES, Service};
use crate::error::{Error, Result};
use crate::metadata;
use crate::process;
use crate::workspace::Workspace;

/// How the names of the providers begin that are written for the proof.
const SAMPLE: &str = "sample_";

/// The crate that providers are in.
const CRATE: &str = "mosaic-providers";

/// Files of the root that its build depends on, beside the manifest.
const ROOT: &[&str] = &["Cargo.lock", "clippy.toml", "rustfmt.toml"];

/// The tests of a new provider that pass.
const PASS: &[&str] = &["it_does_what_it_declares", "it_bears_every_hardship"];

/// Those that fail, and what they say; any of the texts.
const FAIL: &[(&str, &[&str])] = &[
    (
        "every_operation_is_offered_or_left_out",
        &["operations are neither offered nor left out. Write each in"],
    ),
    (
        "it_behaves_as_every_provider_does",
        &["add a route to `vendor` in tests/it/", "write that first, in src/"],
    ),
];

/// Writes a provider of every service into a copy of the crate, compiles them all at once, and runs their tests.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let target = metadata::members(workspace)?.target_directory;
    let copy = target.join("new-provider");
    remove(&copy)?;
    copy_crate(workspace, &copy)?;
    let mut features = Vec::new();
    for service in SERVICES {
        let name = Name::new(&sample(service))?;
        super::write(&copy.join(CRATE), &name, service)?;
        features.push(name.as_str().to_owned());
    }
    let features = features.join(",");
    let cargo = |args: &[&str]| {
        let mut cargo = workspace.cargo();
        cargo.current_dir(&copy).env("CARGO_TARGET_DIR", &target).args(args);
        cargo
    };
    let select = ["-p", CRATE, "--no-default-features", "--features", &features, "--test", "it"];
    compiles(cargo(&["test", "--quiet", "--no-run"]).args(select))?;
    let mut tests = cargo(&["test", "--quiet"]);
    let said = output(tests.args(select).args([SAMPLE, "--", "--test-threads", "2", "--format", "pretty"]))?;
    for service in SERVICES {
        judge(&sample(service), &said)?;
        println!("{}: compiles without warnings, and its tests say what to write", service.name);
    }
    remove(&copy)
}

fn sample(service: &Service) -> String {
    format!("{SAMPLE}{}", service.name)
}

/// The crate and what it inherits of the root, with the crates below it where they are.
fn copy_crate(workspace: &Workspace, copy: &Path) -> Result<()> {
    let tracked = workspace.tracked()?;
    let wanted = tracked
        .iter()
        .filter(|path| path.starts_with(CRATE) || ROOT.iter().any(|root| **path == Path::new(root)));
    for path in wanted {
        let to = copy.join(path);
        let failed = |source| Error::File { path: to.clone(), source };
        fs::create_dir_all(to.parent().unwrap_or(copy)).map_err(failed)?;
        fs::copy(workspace.root().join(path), &to).map_err(failed)?;
    }
    let root = workspace.root().join("Cargo.toml");
    let text = fs::read_to_string(&root).map_err(|source| Error::File { path: root, source })?;
    let path = copy.join("Cargo.toml");
    fs::write(&path, manifest(&text, workspace.root())?).map_err(|source| Error::File { path, source })
}

/// The root manifest as that of a workspace of this one crate.
fn manifest(text: &str, root: &Path) -> Result<String> {
    let begin =
        text.find("[workspace]").ok_or_else(|| Error::Check("the root is no workspace".to_owned()))?;
    let below = |path: &str| format!("path = {:?}", root.join(path).display().to_string());
    let lines = text[begin..].lines().map(|line| match line.split(" = ").next().unwrap_or_default() {
        "members" => format!("members = [{CRATE:?}]\n"),
        "default-members" | "exclude" => String::new(),
        "mosaic-core" => format!("{}\n", line.replace("path = \"mosaic-core\"", &below("mosaic-core"))),
        _ => format!("{line}\n"),
    });
    Ok(lines.collect())
}

/// Runs a build that must succeed without a warning.
fn compiles(build: &mut Command) -> Result<()> {
    println!("$ {}", process::show(build));
    let output = build.output();
    let output = output.map_err(|source| Error::Start { program: process::show(build), source })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() && !warns(&said) {
        return Ok(());
    }
    Err(Error::Check(format!("a new provider does not compile without warnings:\n{said}")))
}

/// Whether the compiler warns of anything in a new provider. What vendors need of the common rooms may be idle here.
fn warns(said: &str) -> bool {
    said.split("\n\n").any(|block| block.contains("warning") && block.contains(SAMPLE))
}

/// What tests say of which some fail.
fn output(tests: &mut Command) -> Result<String> {
    println!("$ {}", process::show(tests));
    let output = tests.stderr(Stdio::null()).output();
    let output = output.map_err(|source| Error::Start { program: process::show(tests), source })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Compares what the tests of one provider said with what they have to.
fn judge(name: &str, said: &str) -> Result<()> {
    let fault = |what: String| Err(Error::Check(format!("a new provider: {what}\n{said}")));
    for test in PASS {
        if !said.contains(&format!("test {name}::{test} ... ok")) {
            return fault(format!("{name}::{test} does not pass"));
        }
    }
    for (test, texts) in FAIL {
        if !said.contains(&format!("test {name}::{test} ... FAILED")) {
            return fault(format!("{name}::{test} does not fail"));
        }
        let begin = said.find(&format!("---- {name}::{test} stdout ----")).unwrap_or(said.len());
        let own = said[begin..].split("\n---- ").next().unwrap_or_default();
        if !texts.iter().any(|text| own.contains(text)) {
            return fault(format!("{name}::{test} does not say what to write"));
        }
    }
    Ok(())
}

fn remove(copy: &Path) -> Result<()> {
    match fs::remove_dir_all(copy) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: copy.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_a_workspace_of_one_crate() {
        let root = "[package]\nname = \"a\"\n\n[workspace]\nresolver = \"3\"\nmembers = [\".\", \"b\"]\nexclude = [\"c\"]\n\n\
                    [workspace.dependencies]\nmosaic-core = { path = \"mosaic-core\", default-features = false }\n";
        let core = Path::new("above").join("mosaic-core").display().to_string();
        let expected = format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"mosaic-providers\"]\n\n[workspace.dependencies]\n\
             mosaic-core = {{ path = {core:?}, default-features = false }}\n"
        );
        assert_eq!(manifest(root, Path::new("above")).unwrap(), expected);
    }

    #[test]
    fn only_warnings_of_a_new_provider_count() {
        let warning = |file: &str| {
            format!("   Compiling a\n\nwarning: unused\n --> mosaic-providers/src/{file}:1:1\n\n")
        };
        assert!(warns(&warning("sample_git/git/mod.rs")));
        assert!(!warns(&warning("http/pace.rs")));
    }

    #[test]
    fn tests_that_say_nothing_are_a_fault() {
        let passed: String = PASS.iter().map(|test| format!("test x::{test} ... ok\n")).collect();
        let mut said = passed.clone();
        assert!(judge("x", &said).unwrap_err().to_string().contains("does not fail"));
        for (test, _) in FAIL {
            said += &format!("test x::{test} ... FAILED\n");
        }
        assert!(judge("x", &said).unwrap_err().to_string().contains("does not say what to write"));
        for (test, texts) in FAIL {
            said += &format!("---- x::{test} stdout ----\n{}\n\n", texts[0]);
        }
        judge("x", &said).unwrap();
        assert!(judge("x", &said.replace(&passed, "")).unwrap_err().to_string().contains("does not pass"));
    }
}

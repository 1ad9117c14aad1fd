//! Checks everything that callers and pipelines write before it becomes a path, a variable or a command.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use mosaic_core::error::Result;

use super::fault::{invalid, shown};

/// The folder of the definitions in a repository.
pub(super) const FOLDER: &str = ".mosaic/pipelines";
/// What the files of definitions end with.
pub(super) const ENDING: &str = ".yml";

const NAME_MAX: usize = 100;
const VARIABLE_MAX: usize = 100;
const ARTIFACT_MAX: usize = 1024;
/// How many inputs a run takes, and how long each may be.
const INPUTS_MAX: usize = 64;
const INPUT_BYTES: usize = 32 * 1024;
/// The variables that tell a job about itself begin so; a pipeline sets none of them.
pub(super) const OWN: &str = "MOSAIC_";

/// Whether a text can be the name of a pipeline or of a job, and so of a file.
pub(super) fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !name.contains("..")
        && !name.ends_with('.')
        && !name.to_ascii_lowercase().ends_with(".lock")
}

/// What a name may be.
pub(super) const NAME_RULE: &str = "use 1 to 100 of a-z A-Z 0-9 . _ -, beginning with a letter, digit or _, without `..` and without `.` or `.lock` at the end";

/// The file of a pipeline, from the root of its repository.
pub(super) fn pipeline_path(name: &str) -> Result<String> {
    if is_name(name) {
        return Ok(format!("{FOLDER}/{name}{ENDING}"));
    }
    Err(invalid(format!("pipeline: {} is no name: {NAME_RULE}", shown(name))))
}

/// The pipeline that a file of the folder defines.
pub(super) fn pipeline_of(file: &str) -> Option<&str> {
    file.strip_suffix(ENDING).filter(|name| is_name(name))
}

/// Whether a text can be the name of a variable of the environment.
pub(super) fn is_variable(name: &str) -> bool {
    (1..=VARIABLE_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Checks the name of a variable.
pub(super) fn variable(field: &str, name: &str) -> Result<()> {
    if is_variable(name) {
        return Ok(());
    }
    Err(invalid(format!("{field}: {} is no name of a variable", shown(name))))
}

/// The variables that inputs become: `level` is `INPUT_LEVEL`, and `-` becomes `_`.
pub(super) fn input_variables(inputs: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    if inputs.len() > INPUTS_MAX {
        return Err(invalid(format!("inputs: at most {INPUTS_MAX} are taken")));
    }
    let mut variables = BTreeMap::new();
    for (name, value) in inputs {
        let plain = name.replace('-', "_");
        variable("inputs", &plain)?;
        if value.len() > INPUT_BYTES || value.contains('\0') {
            return Err(invalid(format!(
                "inputs: {name} is over {INPUT_BYTES} bytes or holds a NUL character"
            )));
        }
        let variable = format!("INPUT_{}", plain.to_ascii_uppercase());
        if variables.insert(variable, value.clone()).is_some() {
            return Err(invalid(format!("inputs: {} means the same variable as another input", shown(name))));
        }
    }
    Ok(variables)
}

/// Whether a text is a plain path downwards, in its shortest form.
pub(super) fn is_downward(path: &str) -> bool {
    (1..=ARTIFACT_MAX).contains(&path.len())
        && !path.chars().any(char::is_control)
        && !path.contains('\\')
        && !path.split('/').any(|part| part.is_empty() || part == "." || part == "..")
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Checks the name of an artifact.
pub(super) fn artifact(name: &str) -> Result<()> {
    if is_downward(name) {
        return Ok(());
    }
    Err(invalid(format!(
        "file: {} is no name of an artifact: use a path downwards of 1 to {ARTIFACT_MAX} bytes, such as `dist/app.tar`",
        shown(name)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_safe_as_files() {
        for good in ["build", "a.b", "_x", "9-lives", &"a".repeat(100)] {
            assert!(is_name(good), "{good}");
        }
        for bad in
            ["", ".", "..", "a..b", "-x", ".git", "a/b", "a b", "a\n", "a.", "x.LOCK", &"a".repeat(101)]
        {
            assert!(!is_name(bad), "{bad}");
        }
        assert_eq!(pipeline_of("build.yml"), Some("build"));
        assert_eq!((pipeline_of(".yml"), pipeline_of("build.yaml")), (None, None));
    }

    #[test]
    fn inputs_become_variables_of_their_own() {
        let inputs = |all: &[(&str, &str)]| {
            input_variables(&all.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
        };
        assert_eq!(inputs(&[("dry-run", "yes")]).unwrap()["INPUT_DRY_RUN"], "yes");
        for bad in
            [&[("", "x")][..], &[("a b", "x")], &[("a=b", "x")], &[("a", "\0")], &[("a", "1"), ("A", "2")]]
        {
            assert!(inputs(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_as_an_artifact_stays_inside(path in "[./a\\\\]{0,12}|\\PC{0,20}") {
            if artifact(&path).is_ok() {
                let joined = Path::new("/root").join(&path);
                prop_assert!(joined.starts_with("/root"));
                prop_assert!(joined.components().all(|part| part != Component::ParentDir));
            }
        }
    }
}

//! `new-provider`: writes the folder of a provider, which compiles and whose tests say what to write next.

mod hook;
mod name;
mod prove;
mod service;

use std::fs;
use std::path::Path;

use self::name::Name;
use self::service::Service;
use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

const USAGE: &str = "usage: cargo xtask new-provider NAME --service git|cicd|project|docs|ai, or --check";

/// Writes a provider into the workspace, or with `--check` shows for every service what such a provider is like.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, service) = match args.as_slice() {
        ["--check"] => return prove::run(workspace),
        [name, "--service", service] | ["--service", service, name] => (Name::new(name)?, *service),
        _ => return Err(Error::Usage(USAGE.to_owned())),
    };
    let service = Service::find(service).ok_or_else(|| Error::Usage(USAGE.to_owned()))?;
    let written = write(&workspace.root().join("mosaic-providers"), &name, service)?;
    edit(&workspace.root().join("Cargo.toml"), |text| hook::facade_manifest(text, name.as_str()))?;
    process::run(workspace.cargo().args(["fmt", "-p", "mosaic-providers"]))?;
    for file in written {
        println!("  mosaic-providers/{file}");
    }
    println!("Its feature is `{}`. What is to be written next, its tests say:", name.as_str());
    println!("  cargo test -p mosaic-providers --features {0} --test it {0}::", name.as_str());
    println!("When they pass: `cargo xtask gen`, and a line in CHANGELOG.md.");
    Ok(())
}

/// Writes the files of a provider into the crate at `root`, and the lines by which the crate knows it; gives the files.
fn write(root: &Path, name: &Name, service: &Service) -> Result<Vec<String>> {
    if root.join("src").join(name.as_str()).exists() {
        return Err(Error::Usage(format!("there is a provider `{}` already", name.as_str())));
    }
    let values = values(name, service);
    let mut written = Vec::new();
    for (place, text) in service.files() {
        let place = fill(place, &values);
        let path = root.join(&place);
        let failed = |source| Error::File { path: path.clone(), source };
        fs::create_dir_all(path.parent().unwrap_or(root)).map_err(failed)?;
        fs::write(&path, fill(text, &values)).map_err(failed)?;
        written.push(place);
    }
    let (module, product) = (name.as_str(), name.product());
    let factory = format!("{}{}Factory", name.type_name(), service.kind);
    edit(&root.join("Cargo.toml"), |text| hook::providers_manifest(text, module))?;
    edit(&root.join("src/lib.rs"), |text| hook::library(text, module, &product, service.name, &factory))?;
    edit(&root.join("tests/it/main.rs"), |text| Ok(hook::tests(text, module)))?;
    Ok(written)
}

fn values(name: &Name, service: &Service) -> Vec<(&'static str, String)> {
    let mut values = service.values();
    values.push(("name", name.as_str().to_owned()));
    values.push(("Type", name.type_name()));
    values.push(("Product", name.product()));
    values
}

/// The text with every `{{key}}` in it replaced.
fn fill(text: &str, values: &[(&'static str, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{{{{{key}}}}}"), value))
}

fn edit(path: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let text = change(&fs::read_to_string(path).map_err(failed)?)?;
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::service::SERVICES;
    use super::*;

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let name = Name::new("code_lake").unwrap();
        for service in SERVICES {
            let values = values(&name, service);
            for (place, text) in service.files() {
                let (place, text) = (fill(place, &values), fill(text, &values));
                assert!(!place.contains("{{") && !text.contains("{{"), "{} {place}:\n{text}", service.name);
            }
        }
    }

    #[test]
    fn arguments_that_make_no_sense_are_refused() {
        let workspace = Workspace::find().unwrap();
        for args in [&["lake"][..], &["lake", "--service", "tea"], &["Lake", "--service", "git"], &[]] {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            assert!(matches!(run(&workspace, &args), Err(Error::Usage(_))), "{args:?}");
        }
    }
}

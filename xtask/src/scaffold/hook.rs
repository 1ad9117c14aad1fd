//! The lines by which the rest of the workspace knows a provider: its feature, its module, its factory.

use crate::error::{Error, Result};

/// The line of each manifest before which features of vendors end.
const BEFORE_PROVIDERS: &str = "# Webhooks of forges and build servers";
const BEFORE_FACADE: &str = "# What forges and build servers tell by webhooks";

/// `mosaic-providers/Cargo.toml` with the feature.
pub(super) fn providers_manifest(text: &str, name: &str) -> Result<String> {
    let text = before(text, BEFORE_PROVIDERS, &format!("{name} = [\"http\"]\n"))?;
    vendors(&text, name)
}

/// The root manifest with the feature.
pub(super) fn facade_manifest(text: &str, name: &str) -> Result<String> {
    let line = format!("{name} = [\"dep:mosaic-providers\", \"mosaic-providers/{name}\"]\n");
    vendors(&before(text, BEFORE_FACADE, &line)?, name)
}

/// `mosaic-providers/src/lib.rs` with the row in its table, the module and the factory.
pub(super) fn library(text: &str, name: &str, product: &str, service: &str, factory: &str) -> Result<String> {
    let text = after(text, "//! |---|---|---|\n", &format!("//! | `{name}` | {product} | {service} |\n"))?;
    let text =
        before(&text, "pub mod local;\n", &format!("#[cfg(feature = \"{name}\")]\npub mod {name};\n"))?;
    let line = format!("        #[cfg(feature = \"{name}\")]\n        Box::new({name}::{factory}),\n");
    after(&text, "    vec![\n", &line)
}

/// `mosaic-providers/tests/it/main.rs` with the module.
pub(super) fn tests(text: &str, name: &str) -> String {
    format!("{text}#[cfg(test)]\n#[cfg(feature = \"{name}\")]\nmod {name};\n")
}

/// The list of all vendors with one more, in order.
fn vendors(text: &str, name: &str) -> Result<String> {
    let missing = || missing("vendors = [");
    let begin = text.find("\nvendors = [").ok_or_else(missing)? + "\nvendors = [".len();
    let end = begin + text[begin..].find(']').ok_or_else(missing)?;
    let names = text[begin..end].split(',').map(|name| name.trim().trim_matches('"'));
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).chain([name]).collect();
    names.sort_unstable();
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    Ok(format!("{}{}{}", &text[..begin], names.join(", "), &text[end..]))
}

/// The text with `new` in front of the line that begins so.
fn before(text: &str, line: &str, new: &str) -> Result<String> {
    let at = text.find(&format!("\n{line}")).ok_or_else(|| missing(line))? + 1;
    Ok(format!("{}{new}{}", &text[..at], &text[at..]))
}

/// The text with `new` behind these lines.
fn after(text: &str, lines: &str, new: &str) -> Result<String> {
    let at = text.find(lines).ok_or_else(|| missing(lines))? + lines.len();
    Ok(format!("{}{new}{}", &text[..at], &text[at..]))
}

fn missing(line: &str) -> Error {
    Error::Check(format!("there is no line `{}`, beside which the provider belongs", line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_stand_among_those_of_vendors() {
        let manifest = "http = []\ngithub = [\"http\"]\n# Webhooks of forges and build servers: ..\nwebhook = []\n\
                        # All.\nvendors = [\"github\", \"webhook\"]\n";
        let expected = "http = []\ngithub = [\"http\"]\nlake = [\"http\"]\n# Webhooks of forges and build servers: ..\n\
                        webhook = []\n# All.\nvendors = [\"github\", \"lake\", \"webhook\"]\n";
        assert_eq!(providers_manifest(manifest, "lake").unwrap(), expected);
        let error = facade_manifest(manifest, "lake").unwrap_err().to_string();
        assert!(error.contains("there is no line `# What forges"), "{error}");
    }

    #[test]
    fn the_library_gets_a_row_a_module_and_a_factory() {
        let library = "//! | a | b | c |\n//! |---|---|---|\n//! | `x` | X | git |\n\npub mod local;\n    vec![\n    ]\n";
        let expected = "//! | a | b | c |\n//! |---|---|---|\n//! | `lake` | Lake | git |\n//! | `x` | X | git |\n\n\
                        #[cfg(feature = \"lake\")]\npub mod lake;\npub mod local;\n    vec![\n        \
                        #[cfg(feature = \"lake\")]\n        Box::new(lake::LakeGitFactory),\n    ]\n";
        assert_eq!(super::library(library, "lake", "Lake", "git", "LakeGitFactory").unwrap(), expected);
    }
}

//! Writes what the plugins declare into the tables of their documents, and the schema of configuration files with what each of
//! them takes.
//!
//! Run by `cargo xtask gen`; the argument is the root of the repository. A file is written only where it changes.

mod plugins;
mod tables;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use tables::Declared;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(root) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: generate_documents <root of the repository>".into());
    };
    let mut documents: BTreeMap<PathBuf, Vec<Declared>> = BTreeMap::new();
    for factory in mosaic_providers::factories() {
        let declared = plugins::declared(&*factory).await?;
        let all = documents.entry(plugins::document(factory.provider())).or_default();
        match all.iter().find(|one| one.service == declared.service) {
            None => all.push(declared),
            Some(one) if *one == declared => {}
            Some(_) => {
                return Err(format!(
                    "{} declares something else than who has its document",
                    factory.provider()
                )
                .into());
            }
        }
    }
    for (document, declared) in documents {
        let path = root.join(&document);
        let old = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", document.display()))?;
        let new =
            tables::rewrite(&old, &declared).map_err(|error| format!("{}: {error}", document.display()))?;
        if old != new {
            println!("wrote {}", document.display());
            fs::write(path, new)?;
        }
    }
    let schema = mosaic_core::config::schema_with(&mosaic_providers::factories());
    let text = format!("{}\n", serde_json::to_string_pretty(&schema)?);
    let path = root.join("docs/schema/mosaic.schema.json");
    if fs::read(&path).ok().is_none_or(|old| old != text.as_bytes()) {
        println!("wrote docs/schema/mosaic.schema.json");
        fs::create_dir_all(root.join("docs/schema"))?;
        fs::write(path, text)?;
    }
    Ok(())
}

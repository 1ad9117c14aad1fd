//! Writes what is derived from code: the page of operations, and one golden schema per operation.
//!
//! Run by `cargo xtask gen`; the argument is the root of the repository. A file is written only where its content differs,
//! and schemas of operations that are gone are removed.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mosaic_core::op::catalogue;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(root) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: generate <root of the repository>".into());
    };
    let docs = root.join("docs");
    fs::create_dir_all(&docs)?;
    write(&docs.join("operations.md"), &catalogue().to_markdown())?;

    let schemas = root.join("mosaic-core/schemas");
    fs::create_dir_all(&schemas)?;
    let mut current = BTreeSet::new();
    for def in catalogue().all() {
        let name = format!("{}.json", def.meta.name);
        write(&schemas.join(&name), &def.golden_schema()?)?;
        current.insert(name);
    }
    for entry in fs::read_dir(&schemas)? {
        let entry = entry?;
        let stale = entry.file_name().to_str().is_none_or(|name| !current.contains(name));
        if stale {
            println!("removed {}", entry.path().display());
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    println!("wrote {}", path.display());
    fs::write(path, text)
}

//! `words`: no tracked text names one machine's directories or a package registry's host.

use std::fs;

use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// Hosts of package registries, in parts, so that this file does not contain them.
const HOSTS: &[&[&str]] =
    &[&["crates", "io"], &["pypi", "org"], &["npmjs", "org"], &["deb", "debian", "org"]];

/// Directories at the root of a file system that belong to one machine.
const MACHINE: &[&str] = &["work", "root"];

/// Directory at the root of a file system below which each user has one.
const HOMES: &str = "home";

/// The name of the files that name a registry by design.
const LOCK_FILE: &str = "Cargo.lock";

/// Fails on any tracked text file with such a word. Files that are not UTF-8 are no text.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let mut read = 0;
    let mut faults = Vec::new();
    for path in
        workspace.tracked()?.into_iter().filter(|path| path.file_name().is_none_or(|name| name != LOCK_FILE))
    {
        let bytes = fs::read(workspace.root().join(&path))
            .map_err(|source| Error::File { path: path.clone(), source })?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        read += 1;
        for (at, line) in text.lines().enumerate() {
            faults.extend(fault(line).map(|word| format!("{}:{}: `{word}`", path.display(), at + 1)));
        }
    }
    println!("{read} text files");
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::faults("a path of one machine, or the host of a package registry", faults))
}

/// The first word of `line` that does not belong here.
fn fault(line: &str) -> Option<String> {
    let host = HOSTS.iter().map(|parts| parts.join(".")).find(|host| line.contains(host));
    host.or_else(|| machine_path(line))
}

/// An absolute path below one of the directories. What continues a longer path or an address, as in
/// `a/root/b`, is none, and neither is a home directory with a placeholder for the user.
fn machine_path(line: &str) -> Option<String> {
    for (at, _) in line.match_indices('/') {
        if line[..at].chars().next_back().is_some_and(|before| is_name(before) || "/~}>)]*$".contains(before))
        {
            continue;
        }
        let mut parts = line[at + 1..].split('/');
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else { continue };
        if MACHINE.contains(&first) {
            return Some(format!("/{first}/"));
        }
        let user = !second.is_empty() && second.chars().all(is_name) && parts.next().is_some();
        if first == HOMES && user {
            return Some(format!("/{first}/{second}/"));
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts `@` for the slash that would make this file fail its own check.
    fn found(line: &str) -> Option<String> {
        fault(&line.replace('@', "/")).map(|word| word.replace('/', "@"))
    }

    #[test]
    fn machine_paths_are_found() {
        for (line, expected) in [
            ("cd @work@shared", "@work@"),
            ("path = \"@root@.cargo\"", "@root@"),
            ("see @home@ann@src", "@home@ann@"),
            ("a@work@b then @work@c", "@work@"),
        ] {
            assert_eq!(found(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        for line in [
            "src@work@item.rs",
            "https:@@host@work@7",
            "{target}@root@x",
            "$HOME@work@x",
            "@workspace@x",
            "@home@<name>@src",
            "@home@",
            "@var@lib",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn registry_hosts_are_found_inside_addresses() {
        for parts in HOSTS {
            let host = parts.join(".");
            assert_eq!(fault(&format!("https://static.{host}/x")), Some(host));
        }
        assert_eq!(fault("crates and io"), None);
    }
}

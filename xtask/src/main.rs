//! The repository's own commands, run as `cargo xtask <command>`; `cargo xtask help` lists them.

use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::workspace::Workspace;

mod ci;
mod error;
mod features;
mod floors;
mod generate;
mod licences;
mod lint;
mod metadata;
mod process;
mod scaffold;
mod servers;
mod sizes;
mod soak;
mod steps;
mod test;
mod version;
mod words;
mod workspace;

/// One row of the command table.
struct Command {
    name: &'static str,
    /// What may follow the name; a command where this is empty refuses arguments.
    args: &'static str,
    about: &'static str,
    run: fn(&Workspace, &[String]) -> Result<()>,
}

const fn command(
    name: &'static str,
    args: &'static str,
    about: &'static str,
    run: fn(&Workspace, &[String]) -> Result<()>,
) -> Command {
    Command { name, args, about, run }
}

const COMMANDS: &[Command] = &[
    command("test", "[runner arguments]", "set up and run every test", test::run),
    command("lint", "", "fmt, clippy and doc", lint::run),
    command("fmt", "", "fail where rustfmt would change a file", lint::fmt),
    command("clippy", "", "clippy over all targets, warnings denied", lint::clippy),
    command("doc", "", "build the documentation, warnings denied", lint::doc),
    command("features", "[--all]", "check each feature of each touched crate alone", features::run),
    command("gen", "[--check]", "write the generated files, or fail if they are stale", generate::run),
    command("floors", "", "check that dependencies point down", floors::run),
    command("sizes", "", "fail on source files that are too long", sizes::run),
    command("licences", "", "check the licence of every dependency", licences::run),
    command("words", "", "fail on machine paths and registry hosts", words::run),
    command(
        "new-provider",
        "NAME --service S",
        "write the folder of a new provider; --check shows that it compiles",
        scaffold::run,
    ),
    command("soak", "[runner arguments]", "the heavy tests with their full figures", soak::run),
    command("ci", "", "all checks in order, timed, within a budget", ci::run),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        help();
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        help();
        return Ok(());
    }
    let command = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .ok_or_else(|| Error::Usage(format!("no command `{name}`; `cargo xtask help` lists them")))?;
    match rest.first() {
        Some(first) if command.args.is_empty() => {
            Err(Error::Usage(format!("`cargo xtask {name}` takes no arguments: `{first}`")))
        }
        _ => (command.run)(&Workspace::find()?, rest),
    }
}

fn help() {
    println!("cargo xtask <command>\n");
    for Command { name, args, about, .. } in COMMANDS {
        println!("  {:<26}{about}", format!("{name} {args}"));
    }
    println!("\nEnvironment");
    println!("  MOSAIC_SHARED             directory of shared test data; `../shared` where that exists");
    println!("  MOSAIC_PRISM              the file of Prism for node; `test` installs it where unset");
    println!("  MOSAIC_POSTGRES, MOSAIC_REDIS, MOSAIC_NODE22, MOSAIC_MCP_TOOLS, MOSAIC_MCP_PYTHON,");
    println!("  MOSAIC_OIDC, MOSAIC_OPENBAO, MOSAIC_SOFTHSM");
    println!("                            the other test servers; `test` finds or installs them where unset");
    println!("  MOSAIC_REQUIRE_SERVERS    1 = a test server that cannot be installed is an error");
    println!("  MOSAIC_SOAK               size of the heavy tests: unset = CI figures, full = full figures");
    println!("  MOSAIC_CI_BUDGET_MINUTES  what `ci` may take; {} by default", ci::BUDGET_MINUTES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_names_are_unique() {
        for (at, command) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[at + 1..].iter().all(|other| other.name != command.name), "{}", command.name);
        }
    }

    #[test]
    fn arguments_are_refused_where_none_are_taken() {
        let error = dispatch(&["fmt".to_owned(), "--all".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "`cargo xtask fmt` takes no arguments: `--all`");
    }

    #[test]
    fn an_unknown_command_points_to_the_help() {
        let error = dispatch(&["tset".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "no command `tset`; `cargo xtask help` lists them");
    }
}

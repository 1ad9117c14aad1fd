//! `ci`: every check in order, timed, within a budget; stops at the first red stage.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::process;
use crate::steps::{Steps, show};
use crate::workspace::{BUILD, UNTESTED, Workspace};
use crate::{features, floors, generate, licences, lint, metadata, scaffold, servers, sizes, test, words};

/// Minutes that all stages together may take on two cores, from nothing. The suites of the vendors, the servers of their documents and
/// the backbone with its servers are most of them.
pub(crate) const BUDGET_MINUTES: u64 = 75;

/// The environment variable that sets another budget.
const BUDGET: &str = "MOSAIC_CI_BUDGET_MINUTES";

/// A stage: its name, what runs, and the arguments it gets.
type Stage = (&'static str, fn(&Workspace, &[String]) -> Result<()>, &'static [&'static str]);

const STAGES: &[Stage] = &[
    ("test", test::run, &[]),
    ("fmt", lint::fmt, &[]),
    ("clippy", lint::clippy, &[]),
    ("doc", lint::doc, &[]),
    ("features", features::run, &["--all"]),
    ("fuzz targets", fuzz, &[]),
    ("new-provider --check", scaffold::run, &["--check"]),
    ("gen --check", generate::run, &["--check"]),
    ("floors", floors::run, &[]),
    ("sizes", sizes::run, &[]),
    ("licences", licences::run, &[]),
    ("words", words::run, &[]),
    ("example quickstart", example, &["--release", "--example", "quickstart"]),
    ("examples", examples, &[]),
    ("bench engine", bench, &["--bench", "engine", "--", "--quick"]),
    ("bench providers", bench, &["--bench", "providers", "--", "--quick", "--gate"]),
    ("bench mcp", bench, &["--bench", "mcp", "--", "--quick", "--gate", "18"]),
    ("bench state", bench, &["--bench", "state", "--", "--quick", "--gate", "15", "16", "28"]),
];

/// Runs every stage and closes with a table of their times.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let budget = budget(env::var(BUDGET).ok().as_deref())?;
    let mut steps = Steps::begin();
    for (name, stage, args) in STAGES {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        if let Err(error) = steps.run(name, || stage(workspace, &args)) {
            print!("{}", steps.table());
            return Err(Error::Check(format!("stage `{name}` is red: {error}")));
        }
    }
    print!("{}", steps.table());
    let total = steps.total();
    if total > budget {
        let text =
            format!("every stage is green, but {} is over the budget of {}", show(total), show(budget));
        return Err(Error::Check(text));
    }
    println!("every stage is green, {} within the budget of {}", show(total), show(budget));
    Ok(())
}

/// Runs an example as its reader would.
fn example(workspace: &Workspace, args: &[String]) -> Result<()> {
    process::run(workspace.cargo().arg("run").args(args))
}

/// The examples but the quickstart, with their arguments; each asserts what it shows, or fails.
const EXAMPLES: &[&[&str]] = &[
    &["agents_and_tasks"],
    &["first_steps"],
    &["ci_anywhere"],
    &["custom_provider"],
    &["explain"],
    &["hybrid_forges"],
    &["mcp_gateway"],
    // Its input is empty, so that it answers nobody and ends.
    &["mcp_stdio"],
    &["migration_phases"],
    &["tower_layer"],
    &["webhook_receiver"],
    &["config_from_yaml", "examples/config/embedded.yaml"],
];

/// The variables by which an example finds servers.
const SERVERS: [&str; 2] = ["MOSAIC_POSTGRES", "MOSAIC_REDIS"];

/// Runs every example but the quickstart that ends by itself; the one of a team where its servers are. They are compiled with the
/// tests, so what is run is the file: `cargo run` selects one package, which compiles most of the workspace anew.
fn examples(workspace: &Workspace, _: &[String]) -> Result<()> {
    process::run(workspace.cargo().arg("build").args(BUILD).args(UNTESTED).arg("--examples"))?;
    let made = metadata::members(workspace)?.target_directory.join("debug").join("examples");
    let run = |example: &[&str], variables: &[(&str, PathBuf)]| {
        let Some((name, args)) = example.split_first() else { return Ok(()) };
        let mut program = workspace.command(made.join(name).with_extension(env::consts::EXE_EXTENSION));
        program.args(args).stdin(Stdio::null()).envs(variables.iter().map(|(name, path)| (name, path)));
        process::run(&mut program)
    };
    for example in EXAMPLES {
        run(example, &[])?;
    }
    let variables = servers::prepare(workspace, &mut Steps::begin())?;
    let there = |name: &&str| env::var_os(name).is_some() || variables.iter().any(|(known, _)| known == name);
    if SERVERS.iter().all(there) {
        return run(&["team_node"], &variables);
    }
    println!("there is no PostgreSQL or no Redis: the example of a team is not run");
    Ok(())
}

/// Checks that the fuzz targets compile, where the C++ compiler is that their driver is made with. Running them takes a
/// nightly toolchain.
fn fuzz(workspace: &Workspace, _: &[String]) -> Result<()> {
    if !process::succeeds(workspace.command("c++").arg("--version")) {
        println!("there is no C++ compiler: the fuzz targets are not compiled");
        return Ok(());
    }
    process::run(workspace.cargo().args(["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml"]))
}

/// Runs a bench, short.
fn bench(workspace: &Workspace, args: &[String]) -> Result<()> {
    process::run(workspace.cargo().arg("bench").args(args))
}

fn budget(minutes: Option<&str>) -> Result<Duration> {
    let Some(text) = minutes else { return Ok(Duration::from_secs(60 * BUDGET_MINUTES)) };
    let minutes: u64 =
        text.parse().map_err(|_| Error::Usage(format!("{BUDGET}: `{text}` is no number of minutes")))?;
    Ok(Duration::from_secs(minutes.saturating_mul(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_read_in_minutes() {
        assert_eq!(budget(None).unwrap(), Duration::from_secs(4_500));
        assert_eq!(budget(Some("90")).unwrap(), Duration::from_secs(5_400));
        assert!(budget(Some("an hour")).is_err());
    }
}

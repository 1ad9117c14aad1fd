//! The course of a bench: its groups of rows, one after the other, and what is said at the end.

use std::process::ExitCode;

use tokio::runtime::Runtime;

use crate::{Options, Report, Result};

/// The rows that a group measures, and the group. One without rows is always run.
pub type Group<'a> = (&'a [&'a str], &'a dyn Fn(&mut Bench) -> Result);

/// What every group of rows is given.
///
/// ```
/// use mosaic_benches::{Bench, Options, Report};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let options = Options::parse(["--quick".to_owned()])?;
/// let bench = Bench { options, report: Report::begin(), runtime };
/// assert!(bench.options.wants("3"));
/// # Ok::<(), mosaic_benches::Fault>(())
/// ```
#[derive(Debug)]
pub struct Bench {
    /// What the command line asks for.
    pub options: Options,
    /// Where figures go.
    pub report: Report,
    /// What asynchronous code runs on: one thread.
    pub runtime: Runtime,
}

impl Bench {
    /// Runs the groups whose rows are asked for, and writes the report of this name. It is a failure where a bar is missed and the
    /// options say that this matters.
    ///
    /// # Errors
    /// That of a group, or of the file.
    pub fn run(mut self, name: &str, groups: &[Group<'_>]) -> Result<ExitCode> {
        for (rows, group) in groups {
            if rows.is_empty() || rows.iter().any(|row| self.options.wants(row)) {
                group(&mut self)?;
            }
        }
        let missed = self.report.missed();
        println!("{missed} missed; written to {}", self.report.write(name)?.display());
        Ok(if self.options.gate() && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

//! The report: a table for people while it runs, and one file of JSON at the end.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Result;

/// The two bars of a row, in the measure of its ratio: lower is better.
///
/// ```
/// use mosaic_benches::Goal;
///
/// let goal = Goal::new(1.5, 0.8);
/// assert_eq!(goal.must, Some(1.5));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Goal {
    /// The bar to land.
    pub must: Option<f64>,
    /// Where the floors say it can go.
    pub moon: Option<f64>,
}

impl Goal {
    /// For a figure that tells more about another one.
    pub const NONE: Self = Self { must: None, moon: None };

    /// Both bars.
    pub const fn new(must: f64, moon: f64) -> Self {
        Self { must: Some(must), moon: Some(moon) }
    }

    /// A bar to land only.
    pub const fn must(must: f64) -> Self {
        Self { must: Some(must), moon: None }
    }
}

struct Line {
    row: String,
    name: String,
    ours: f64,
    peer: f64,
    goal: Goal,
}

impl Line {
    fn ratio(&self) -> f64 {
        self.ours / self.peer
    }

    fn missed(&self) -> bool {
        // A figure that is none misses too.
        self.goal.must.is_some_and(|must| self.ratio().is_nan() || self.ratio() > must)
    }

    fn verdict(&self) -> &'static str {
        match self.goal {
            Goal { must: None, moon: None } => "",
            _ if self.missed() => "MISSED",
            Goal { moon: Some(moon), .. } if self.ratio() <= moon => "moon",
            Goal { must: Some(_), .. } => "must",
            Goal { must: None, .. } => "not yet",
        }
    }
}

/// Collects lines and prints each as it comes.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// Begins the table, of CPU times.
    pub fn begin() -> Self {
        Self::begin_as("CPU time per call, medians")
    }

    /// Begins the table, of other figures: `what` says which.
    pub fn begin_as(what: &str) -> Self {
        println!(
            "{:<12} {what:<58} {:>9} {:>9} {:>7} {:>6} {:>6}",
            "row", "ours ns", "peer ns", "ratio", "must", "moon"
        );
        Self::default()
    }

    /// Ours and the peer, both measured, in nanoseconds.
    pub fn ratio(&mut self, row: &str, name: &str, ours: f64, peer: f64, goal: Goal) {
        let line = Line { row: row.into(), name: name.into(), ours, peer, goal };
        let bar = |bar: Option<f64>| bar.map_or_else(|| "-".into(), |bar| format!("{bar:.2}"));
        println!(
            "{row:<12} {name:<58} {ours:>9.1} {peer:>9.1} {:>7.3} {:>6} {:>6} {}",
            line.ratio(),
            bar(goal.must),
            bar(goal.moon),
            line.verdict()
        );
        self.lines.push(line);
    }

    /// Ours against a time that was set: the peer is the bar to land, in nanoseconds.
    pub fn absolute(&mut self, row: &str, name: &str, ours: f64, must: f64, moon: f64) {
        self.ratio(row, name, ours, must, Goal::new(1.0, moon / must));
    }

    /// Ours against a time that only the far goal sets, in nanoseconds.
    pub fn moon(&mut self, row: &str, name: &str, ours: f64, moon: f64) {
        self.ratio(row, name, ours, moon, Goal { must: None, moon: Some(1.0) });
    }

    /// A figure that tells more about the others: printed, not in the file.
    pub fn aside(&self, name: &str, figure: f64) {
        println!("{:<12} {name:<58} {figure:>9.1}", "");
    }

    /// How many lines miss the bar to land.
    pub fn missed(&self) -> usize {
        self.lines.iter().filter(|line| line.missed()).count()
    }

    /// Writes all lines to `bench/NAME.json` in the target directory; gives the path.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, name: &str) -> Result<PathBuf> {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "row": line.row, "name": line.name, "unit": "ns", "ours": line.ours, "peer": line.peer,
                    "ratio": line.ratio(), "must": line.goal.must, "moon": line.goal.moon,
                })
            })
            .collect();
        let folder = target_dir()?.join("bench");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.json"));
        fs::write(&path, serde_json::to_string_pretty(&lines)?)?;
        Ok(path)
    }
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report").field("lines", &self.lines.len()).finish()
    }
}

/// The target directory that this program was built in: cargo marks it as a cache. Else that of the workspace.
fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let workspace = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("target");
    Ok(marked.map_or_else(workspace, Path::to_path_buf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let verdict =
            |ours, goal| Line { row: "0".into(), name: "x".into(), ours, peer: 100.0, goal }.verdict();
        let goal = Goal::new(1.5, 0.5);
        assert_eq!(
            [50.0, 150.0, 151.0, f64::NAN].map(|ours| verdict(ours, goal)),
            ["moon", "must", "MISSED", "MISSED"]
        );
        assert_eq!(verdict(120.0, Goal { must: None, moon: Some(1.0) }), "not yet");
        assert_eq!(verdict(120.0, Goal::NONE), "");
    }
}

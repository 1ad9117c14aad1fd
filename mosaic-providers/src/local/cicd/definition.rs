//! The language of pipelines: from the text of a file to jobs that can be run, or to faults with line and column.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use mosaic_core::error::Result;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{fault, names};

/// No definition is longer.
pub(super) const SIZE_MAX: usize = 256 * 1024;
/// A fault more is not worth reading.
const FAULTS_MAX: usize = 20;
const VALUE_MAX: usize = 32 * 1024;
const TITLE_MAX: usize = 200;
const GLOBS_MAX: usize = 50;

/// A pipeline that can be run.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// What people call it, where it says so.
    pub(super) name: Option<String>,
    /// The longest that a run may take.
    pub(super) timeout: Option<Duration>,
    /// Each after those that it needs.
    pub(super) jobs: Vec<JobDefinition>,
}

/// A job of it.
#[derive(Debug, Clone)]
pub(super) struct JobDefinition {
    pub(super) name: String,
    /// The jobs that must end well before it.
    pub(super) needs: Vec<String>,
    /// What the shell reads.
    pub(super) script: String,
    /// The variables of the pipeline and its own.
    pub(super) env: BTreeMap<String, String>,
    pub(super) timeout: Option<Duration>,
    /// Which files are kept; none for none.
    pub(super) artifacts: Option<GlobSet>,
    /// Where the shell begins, from the root of the checkout.
    pub(super) directory: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    name: Option<Spanned<String>>,
    #[serde(default)]
    timeout: Option<Spanned<String>>,
    #[serde(default)]
    env: BTreeMap<String, Spanned<String>>,
    jobs: Spanned<BTreeMap<String, Spanned<Job>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    run: Spanned<Script>,
    #[serde(default)]
    env: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    timeout: Option<Spanned<String>>,
    #[serde(default)]
    artifacts: Vec<Spanned<String>>,
    #[serde(default)]
    directory: Option<Spanned<String>>,
}

/// Lines, or a text of lines.
struct Script(String);

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Script;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a command, a text of commands or a list of commands")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Script, E> {
                Ok(Script(text.to_owned()))
            }
            // `true` and `false` are commands, too.
            fn visit_bool<E: de::Error>(self, command: bool) -> Result<Script, E> {
                Ok(Script(command.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Script, A::Error> {
                let mut script = String::new();
                while let Some(Line(line)) = lines.next_element()? {
                    script.push_str(&line);
                    script.push('\n');
                }
                Ok(Script(script))
            }
        }
        deserializer.deserialize_any(Lines)
    }
}

/// One command.
struct Line(String);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The usual reason is `: ` in a command, which makes it a mapping.
        String::deserialize(deserializer).map(Self).map_err(|error| {
            de::Error::custom(format!("{error}: a command with `: ` in it needs quotes around it"))
        })
    }
}

/// Reads a definition.
pub(super) fn parse(pipeline: &str, text: &str, jobs_max: usize) -> Result<Definition> {
    let broken = |faults: &str| fault::invalid(format!("pipeline {pipeline}: {faults}"));
    if text.len() > SIZE_MAX {
        return Err(broken(&format!("the definition is over {SIZE_MAX} bytes")));
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let file: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let shown = error.to_string();
        let first = shown.lines().next().unwrap_or_default();
        match error.location() {
            Some(at) if !first.contains(" line ") => broken(&format!("{}: {first}", place(&at))),
            _ => broken(first),
        }
    })?;
    let mut check = Check::default();
    let definition = check.file(file, jobs_max);
    if check.faults.is_empty() { Ok(definition) } else { Err(broken(&check.faults.join("; "))) }
}

fn place(at: &Location) -> String {
    format!("line {}, column {}", at.line(), at.column())
}

/// Collects what is wrong, so that one look at a pipeline shows all of it.
#[derive(Default)]
struct Check {
    faults: Vec<String>,
}

impl Check {
    fn fault(&mut self, at: &Location, what: impl fmt::Display) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("{}: {what}", place(at)));
        }
    }

    fn file(&mut self, file: File, jobs_max: usize) -> Definition {
        let count = file.jobs.value.len();
        if !(1..=jobs_max).contains(&count) {
            self.fault(&file.jobs.referenced, format!("jobs: give 1 to {jobs_max} of them, not {count}"));
        }
        let known: BTreeSet<String> = file.jobs.value.keys().cloned().collect();
        let common = self.env(file.env);
        let timeout = self.timeout(file.timeout);
        let name = self.title(file.name);
        let mut needs = BTreeMap::new();
        let mut jobs = Vec::new();
        for (name, job) in file.jobs.value {
            if !names::is_name(&name) {
                let shown = fault::shown(&name);
                self.fault(&job.referenced, format!("{shown} is no name of a job: {}", names::NAME_RULE));
            }
            for need in &job.value.needs {
                if !known.contains(&need.value) {
                    self.fault(
                        &need.referenced,
                        format!("job {name} needs {}, which is no job", fault::shown(&need.value)),
                    );
                }
            }
            let job = self.job(&name, job.value, &common, &mut needs);
            jobs.push(job);
        }
        if self.faults.is_empty() {
            jobs = self.order(jobs, &needs);
        }
        Definition { name, timeout, jobs }
    }

    fn job(
        &mut self,
        name: &str,
        job: Job,
        common: &BTreeMap<String, String>,
        needs: &mut BTreeMap<String, Vec<Spanned<String>>>,
    ) -> JobDefinition {
        let script = job.run.value.0;
        if script.trim().is_empty() || script.contains('\0') {
            self.fault(&job.run.referenced, "run: give at least one command, and no NUL character");
        }
        let mut env = common.clone();
        env.extend(self.env(job.env));
        if let Some(directory) = &job.directory
            && !names::is_downward(&directory.value)
        {
            self.fault(
                &directory.referenced,
                "directory: give a path downwards from the root of the repository",
            );
        }
        let mut wanted: Vec<String> = job.needs.iter().map(|need| need.value.clone()).collect();
        wanted.sort();
        wanted.dedup();
        needs.insert(name.to_owned(), job.needs);
        JobDefinition {
            name: name.to_owned(),
            needs: wanted,
            script,
            env,
            timeout: self.timeout(job.timeout),
            artifacts: self.globs(job.artifacts),
            directory: job.directory.map(|directory| directory.value),
        }
    }

    fn env(&mut self, env: BTreeMap<String, Spanned<String>>) -> BTreeMap<String, String> {
        let mut checked = BTreeMap::new();
        for (name, value) in env {
            if !names::is_variable(&name) || name.starts_with(names::OWN) {
                let shown = fault::shown(&name);
                self.fault(
                    &value.referenced,
                    format!("env: {shown} is no name of a variable, or begins with {}", names::OWN),
                );
            }
            if value.value.len() > VALUE_MAX || value.value.contains('\0') {
                self.fault(
                    &value.referenced,
                    format!("env: {name} is over {VALUE_MAX} bytes or holds a NUL character"),
                );
            }
            checked.insert(name, value.value);
        }
        checked
    }

    fn title(&mut self, title: Option<Spanned<String>>) -> Option<String> {
        let title = title?;
        let text = title.value;
        if text.trim().is_empty() || text.len() > TITLE_MAX || text.chars().any(char::is_control) {
            self.fault(&title.referenced, format!("name: give one line of 1 to {TITLE_MAX} bytes"));
        }
        Some(text)
    }

    fn timeout(&mut self, timeout: Option<Spanned<String>>) -> Option<Duration> {
        let timeout = timeout?;
        let parsed = duration(&timeout.value);
        if parsed.is_none() {
            self.fault(&timeout.referenced, "timeout: give a number with ms, s, m or h, such as 90s");
        }
        parsed
    }

    fn globs(&mut self, globs: Vec<Spanned<String>>) -> Option<GlobSet> {
        let first = globs.first()?.referenced;
        if globs.len() > GLOBS_MAX {
            self.fault(&first, format!("artifacts: give at most {GLOBS_MAX} patterns"));
            return None;
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            // A pattern is matched against paths downwards only; one that says otherwise is a mistake.
            if !names::is_downward(&glob.value) {
                self.fault(
                    &glob.referenced,
                    "artifacts: give a pattern downwards from the root of the repository",
                );
                continue;
            }
            match GlobBuilder::new(&glob.value).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => self.fault(&glob.referenced, format!("artifacts: {}", error.kind())),
            }
        }
        match set.build() {
            Ok(set) => Some(set),
            Err(error) => {
                self.fault(&first, format!("artifacts: {}", error.kind()));
                None
            }
        }
    }

    /// Each job after those that it needs, as far as that goes by their names.
    fn order(
        &mut self,
        jobs: Vec<JobDefinition>,
        needs: &BTreeMap<String, Vec<Spanned<String>>>,
    ) -> Vec<JobDefinition> {
        let (mut ordered, mut waiting): (Vec<JobDefinition>, Vec<_>) = (Vec::new(), jobs);
        loop {
            let done: BTreeSet<_> = ordered.iter().map(|job| job.name.clone()).collect();
            let (ready, rest): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|job| job.needs.iter().all(|need| done.contains(need)));
            waiting = rest;
            if ready.is_empty() {
                break;
            }
            ordered.extend(ready);
        }
        if let Some(job) = waiting.first() {
            let (way, at) = circle(&job.name, &waiting, needs);
            self.fault(&at, format!("the jobs wait for each other: {way}"));
        }
        ordered
    }
}

/// Follows the needs of a job that waits for ever until one comes twice: the circle, and where it is written.
fn circle(
    start: &str,
    waiting: &[JobDefinition],
    needs: &BTreeMap<String, Vec<Spanned<String>>>,
) -> (String, Location) {
    let stuck: BTreeSet<&str> = waiting.iter().map(|job| job.name.as_str()).collect();
    let (mut way, mut at, mut here) = (Vec::new(), Location::UNKNOWN, start);
    while !way.contains(&here) {
        way.push(here);
        let next = needs.get(here).into_iter().flatten().find(|need| stuck.contains(need.value.as_str()));
        if let Some(next) = next {
            (here, at) = (next.value.as_str(), next.referenced);
        }
    }
    let begin = way.iter().position(|name| *name == here).unwrap_or_default();
    let mut round = way[begin..].to_vec();
    round.push(here);
    (round.join(" -> "), at)
}

/// A time such as `90s`: a whole number and its unit, more than nothing.
fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim_start() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|millis| *millis > 0).map(Duration::from_millis)
}

/// A time as people write it, for messages.
pub(super) fn shown_duration(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        _ if !millis.is_multiple_of(1000) => format!("{millis} ms"),
        _ if !millis.is_multiple_of(60_000) => format!("{} s", millis / 1000),
        _ if !millis.is_multiple_of(3_600_000) => format!("{} min", millis / 60_000),
        _ => format!("{} h", millis / 3_600_000),
    }
}

#[cfg(test)]
#[path = "definition_tests.rs"]
mod tests;

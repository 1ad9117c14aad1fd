//! What a pipeline of the suite does, written down as comment lines that every vendor's definition may carry.
//!
//! A definition for a vendor is real in its own language, and the lines `#| ..` in it are what the forge follows: it runs no
//! shell. Comments begin with `#` in YAML and shell; Jenkins' Groovy takes `//| ..`.
//!
//! ```text
//! #| job build
//! #| print hello
//! #| job test needs build
//! #| input name
//! #| file out/app.txt some content
//! #| exit 3
//! #| wait
//! ```

use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};

/// The lines of a program, each beginning with this comment mark (`#`, `//`), for a definition in a vendor's language.
pub(crate) fn program_lines(draft: &Draft, mark: &str) -> String {
    let mut lines = Vec::new();
    for job in &draft.jobs {
        let needs =
            if job.needs.is_empty() { String::new() } else { format!(" needs {}", job.needs.join(" ")) };
        lines.push(format!("job {}{needs}", job.name));
        for step in &job.steps {
            lines.push(match step {
                Step::Print(text) => format!("print {text}"),
                Step::PrintInput(name) => format!("input {name}"),
                Step::LeaveFile { path, content } => format!("file {path} {content}"),
                Step::Exit(status) => format!("exit {status}"),
                Step::WaitForEver => "wait".to_owned(),
            });
        }
    }
    lines.into_iter().map(|line| format!("{mark}| {line}\n")).collect()
}

/// The program that a definition carries; none where it carries none or an odd one.
pub(crate) fn read_program(definition: &str) -> Option<Draft> {
    let mut jobs: Vec<JobDraft> = Vec::new();
    for line in definition.lines() {
        let line = line.trim_start();
        let Some(line) = line.strip_prefix("#| ").or_else(|| line.strip_prefix("//| ")) else { continue };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        if verb == "job" {
            let mut words = rest.split_whitespace();
            let mut job = JobDraft::new(words.next()?);
            if words.next().is_some_and(|word| word == "needs") {
                job = job.needs(words);
            }
            jobs.push(job);
            continue;
        }
        let step = match verb {
            "print" => Step::Print(rest.to_owned()),
            "input" => Step::PrintInput(rest.to_owned()),
            "file" => {
                let (path, content) = rest.split_once(' ')?;
                Step::LeaveFile { path: path.to_owned(), content: content.to_owned() }
            }
            "exit" => Step::Exit(rest.trim().parse().ok()?),
            "wait" => Step::WaitForEver,
            _ => return None,
        };
        jobs.last_mut()?.steps.push(step);
    }
    (!jobs.is_empty()).then_some(Draft { jobs })
}

//! Reads a configuration file and prints what it understood, or every fault; or says where a call would go and why.
//!
//! `cargo run --example config_from_yaml -- examples/config/hybrid.yaml`
//! `cargo run --example config_from_yaml -- examples/config/hybrid.yaml --explain git.get_repository org=internal-x repo=y`
//!
//! No provider is started. `org`, `repo`, `path`, `private` and `user` are facts of the call; everything else is an attribute, such
//! as `build.size=20GB`.

use std::process::ExitCode;

use mosaic::config::Config;
use mosaic::engine::route::Explanation;
use mosaic::prelude::*;
use mosaic::types::Subject;

const USAGE: &str = "usage: config_from_yaml PATH [--explain OPERATION [NAME=VALUE]..]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (path, question) = match arguments[..] {
        [path] => (path, None),
        [path, "--explain", operation, ref facts @ ..] => (path, Some((operation, facts))),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(report) => {
            eprintln!("{report}");
            return ExitCode::FAILURE;
        }
    };
    for warning in config.warnings() {
        eprintln!("{warning}\n");
    }
    let Some((operation, facts)) = question else {
        print!("{config}");
        return ExitCode::SUCCESS;
    };
    match explain(&config, operation, facts) {
        Ok(explanation) => {
            print!("{explanation}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn explain(config: &Config, operation: &str, facts: &[&str]) -> Result<Explanation, String> {
    let mut subject = Subject::NOTHING;
    let mut cx = CallContext::new();
    for fact in facts {
        let (name, value) =
            fact.split_once('=').ok_or_else(|| format!("{fact:?} is no NAME=VALUE; {USAGE}"))?;
        match name {
            "org" => subject.org = Some(value),
            "repo" => subject.name = Some(value),
            "path" => subject.path = Some(value),
            "private" => {
                let private =
                    value.parse().map_err(|_| format!("private is true or false, not {value:?}"))?;
                subject = subject.private(Some(private));
            }
            "user" => cx = cx.principal(Principal::user(value)),
            _ => cx = cx.attribute(name, value),
        }
    }
    config.explain(operation, subject, &cx).map_err(|error| error.to_string())
}

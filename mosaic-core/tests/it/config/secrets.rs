//! What came from the environment, and what stands in a plugin's own configuration, is shown nowhere.

use mosaic_core::config::{Code, Loader};
use proptest::prelude::*;

use super::build::factories;

const MARKED: &str = "zq9-marked-secret";

fn loader() -> Loader {
    Loader::new().environment(|name| (name == "SECRET").then(|| MARKED.to_owned()))
}

/// Everything that can be said about a text.
fn said(text: &str) -> String {
    match loader().parse("mosaic.yaml", text) {
        Err(report) => format!("{report}\n{report:?}\n{}", serde_json::to_string(&report).unwrap()),
        Ok(config) => {
            let lines: Vec<_> = config.plugins().map(|plugin| format!("{plugin} {plugin:?}")).collect();
            let warnings: Vec<_> = config.warnings().iter().map(ToString::to_string).collect();
            let built = match config.builder(factories()) {
                Err(report) => format!("{report}\n{report:?}\n{}", serde_json::to_string(&report).unwrap()),
                Ok(_) => String::new(),
            };
            format!("{config:?}\n{lines:?}\n{warnings:?}\n{built}")
        }
    }
}

/// A good file in which every scalar may be replaced.
const GOOD: &str = "orchestration:
  strict: false
  plugins:
    - id: forge-a
      type: git
      provider: double
      enabled: true
      config:
        branch: main
        port: 80
        auth: { type: token, token: abc }
        rateLimit: { maxRequests: 5000, windowMs: 3600000 }
        retry: { attempts: 3, backoff: exponential }
        region: eu
        cost: 0.5
    - { id: forge-b, type: git, provider: double, config: { branch: dev } }
  groups:
    both: { members: [forge-a, forge-b], strategy: weighted, rank: [cost] }
  fallbacks:
    forge-a: forge-b
  defaults: { git: forge-a }
  phases:
    begin: two
    list:
      - phase: one
        routing:
          - { pattern: 'org:x-*', provider: both, priority: 5, fallback: [forge-b] }
      - phase: two
        share: 20
        routing:
          rules: [{ pattern: ['org:y', 'repo:z'], provider: forge-b }]
  loadBalancing: { strategy: round-robin, healthCheck: { interval: 30000, timeout: 5000 } }
  cache: { enabled: true, provider: memory, ttl: 300, maxSize: 1000 }
";

/// The places of all values of the good file.
fn values() -> Vec<std::ops::Range<usize>> {
    let mut values = Vec::new();
    let ends = [',', ' ', '\n', '}', ']', '\''];
    for (at, _) in GOOD.match_indices([' ', '[', '\'']) {
        let rest = &GOOD[at + 1..];
        let length = rest.find(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        let plain =
            !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-.*".contains(c)) && word != "-";
        if plain {
            values.push(at + 1..at + 1 + length);
        }
    }
    values
}

#[test]
fn the_good_file_is_good() {
    let config = loader().parse("x", GOOD).unwrap_or_else(|report| panic!("{report}"));
    assert!(config.builder(factories()).is_ok());
    assert!(values().len() > 30);
}

#[test]
fn a_secret_at_any_value_is_shown_nowhere() {
    for place in values() {
        for written in ["${SECRET}", "'x ${SECRET}'", "\"${SECRET}:*\"", "[${SECRET}]", "org:${SECRET}*"] {
            let text = format!("{}{written}{}", &GOOD[..place.start], &GOOD[place.end..]);
            let said = said(&text);
            assert!(!said.contains("zq9"), "{written} at {place:?}: {said}");
        }
    }
}

#[test]
fn a_secret_that_is_written_into_the_file_is_shown_nowhere() {
    let own = GOOD.find("token: abc").unwrap() + 7;
    for written in [
        MARKED,
        "[zq9-marked-secret]",
        "{ a: zq9-marked-secret }",
        "'zq9-marked-secret",
        "*zq9-marked-secret",
        "@zq9-marked-secret",
    ] {
        let text = format!("{}{written}{}", &GOOD[..own], &GOOD[own + 3..]);
        for text in [
            text.clone(),
            text.replace("token:", "tokn:"),
            text.replace("auth:", "port: x\n        aut:"),
            text.replace("plugins:", "plugin:"),
        ] {
            let said = said(&text);
            assert!(!said.contains("zq9"), "{written}: {text}\n{said}");
        }
    }
}

#[test]
fn a_secret_whose_space_behind_the_colon_is_forgotten_is_shown_nowhere() {
    for (written, path) in [
        ("token:zq9-s3cr3t", "token:***"),
        ("token:zq9-s3cr3t: 1", "token:***"),
        ("'token:zq9-s3cr3t'", "token:***"),
        ("\"token\\x3azq9-s3cr3t\"", "token:***"),
        ("token=zq9-s3cr3t", "token***"),
        ("token zq9-s3cr3t", "token***"),
        (":zq9-s3cr3t", ":***"),
        ("token:zq9-s3cr3t, token:zq9-s3cr3t", "token:***"),
    ] {
        for text in [
            GOOD.replace("token: abc", written),
            GOOD.replace("port: 80", &format!("auth2: {{ {written} }}")),
            GOOD.replace("{ id: forge-b,", &format!("{{ id: forge-b, {written},")),
            GOOD.replace("cache: { ", &format!("cache: {{ {written}, ")),
        ] {
            let said = said(&text);
            assert!(!said.contains("zq9") && !said.contains("s3cr3t"), "{written}: {text}\n{said}");
            // What stands below an unknown key is shown as it is written.
            let path = if text.contains("auth2") { "***" } else { path };
            assert!(said.contains(path), "{written}: {text}\n{said}");
        }
    }
}

#[test]
fn a_missing_variable_is_a_fault_where_its_value_is_used_though_it_stands_at_a_provider_that_is_off() {
    let plugin = |id: &str, rest: &str| format!("  - {{ id: {id}, type: git, provider: double, {rest} }}\n");
    let token = "{ auth: { type: token, token: '${UNSET}' } }";
    for (text, path) in [
        (
            plugin("a", &format!("config: &c {token}")) + &plugin("b", "enabled: false, config: *c"),
            Some("plugins[0].config.auth.token"),
        ),
        (
            plugin("a", &format!("enabled: false, config: &c {token}")) + &plugin("b", "config: *c"),
            Some("plugins[1].config.auth.token"),
        ),
        (plugin("a", &format!("enabled: false, config: {token}")), None),
    ] {
        for (before, at) in [("", ""), ("orchestration:\n", "orchestration.")] {
            let indent = if at.is_empty() { "" } else { "  " };
            let body = format!("plugins:\n{text}")
                .lines()
                .map(|line| format!("{indent}{line}\n"))
                .collect::<String>();
            let report = loader().parse("x", format!("{before}{body}")).err();
            let paths: Option<Vec<_>> = report.as_ref().map(|report| {
                report.faults().iter().map(|fault| (fault.code(), fault.path().to_owned())).collect()
            });
            let wanted = path.map(|path| vec![(Code::MissingVariable, format!("{at}{path}"))]);
            assert_eq!(paths, wanted, "{body}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_loads_or_gives_a_report(text in "[a-z\\[\\]{}:,.'\"#&*!|>%@`$\\- \n\t0-9~?<]{0,200}") {
        let said = said(&text);
        prop_assert!(!said.contains("panicked"));
    }

    #[test]
    fn a_good_file_that_is_changed_loads_or_gives_a_report(
        changes in prop::collection::vec((0usize..GOOD.len(), 0usize..12, "[a-z:{}\\[\\]'\"\n ,$~-]{0,6}"), 1..4),
        secret in any::<bool>(),
    ) {
        let mut text = if secret { GOOD.replace("abc", "'${SECRET}'") } else { GOOD.to_owned() };
        for (at, cut, with) in changes {
            let at = at.min(text.len());
            let end = (at + cut).min(text.len());
            text.replace_range(at..end, &with);
        }
        let said = said(&text);
        prop_assert!(!said.contains("zq9"), "{}\n{}", text, said);
    }
}

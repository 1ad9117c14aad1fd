//! Files that load, and what they say.

use std::time::Duration;

use mosaic_core::config::{Code, Config, Loader, Report};
use mosaic_core::engine::route::{AttributeKind, Routing, Rules, SelectorDef};
use mosaic_core::types::ServiceKind;

fn loader() -> Loader {
    Loader::new().environment(|name| name.ends_with("_TOKEN").then(|| format!("value-of-{name}")))
}

fn good(name: &str) -> String {
    format!("{}/tests/it/config/good/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

fn load(name: &str) -> Result<Config, Report> {
    let text = std::fs::read_to_string(good(name)).unwrap();
    loader().parse(format!("{name}.yaml"), text)
}

fn rules(config: &Config) -> &Routing {
    match config.rules() {
        Rules::Routing(routing) => routing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_whole_shape_loads_as_it_is_written() {
    let config = load("whole").unwrap_or_else(|report| panic!("{report}"));
    let plugins: Vec<_> = config.plugins().map(|plugin| plugin.to_string()).collect();
    assert_eq!(
        plugins,
        ["github-git: github for git", "gitea-git: gitea for git", "github-actions: github for cicd"]
    );
    assert_eq!(rules(&config).rules().len(), 3);
    assert_eq!(config.health().interval, Duration::from_secs(30));
    assert_eq!(config.health().timeout, Duration::from_secs(5));
    // Both forges and no default: that is worth a word.
    let warnings: Vec<_> = config.warnings().iter().map(|fault| (fault.code(), fault.path())).collect();
    assert_eq!(warnings, [(Code::MissingDefault, "orchestration.defaults")]);
    assert_eq!((config.cache().ttl, config.cache().capacity), (Some(Duration::from_secs(300)), 1000));
}

#[test]
fn rules_of_providers_that_the_application_adds_load_as_they_are_written() {
    for (name, count) in [("hybrid", 2), ("cost", 2), ("regions", 3), ("workload", 0)] {
        let config = load(name).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(rules(&config).rules().len(), count, "{name}");
    }
}

#[test]
fn phases_load_as_they_are_written_where_their_selectors_are_declared() {
    let text = std::fs::read_to_string(good("phases")).unwrap();
    let report = loader().parse("phases.yaml", &text).unwrap_err();
    let faults: Vec<_> = report.faults().iter().map(|fault| (fault.code(), fault.path())).collect();
    let undeclared = Code::UndeclaredSelector;
    assert_eq!(
        faults,
        [(undeclared, "phases[0].routing[0].pattern"), (undeclared, "phases[2].routing[1].pattern")]
    );
    let declared = loader().selector(SelectorDef::new("new-repos")).selector(SelectorDef::new("legacy"));
    let in_the_file = format!(
        "{text}attributes: {{ repo.age: duration }}\nselectors: {{ new-repos: {{ when: 'repo.age < 30d' }}, legacy: }}\n"
    );
    for config in [declared.parse("x", text), loader().parse("x", in_the_file)] {
        let config = config.unwrap_or_else(|report| panic!("{report}"));
        let phases: Vec<_> = config.rules().phases().unwrap().names().map(str::to_owned).collect();
        assert_eq!(phases, ["1", "2", "3"]);
    }
}

#[test]
fn conditions_read_what_is_declared() {
    let text = "
plugins: [{ id: a, type: cicd, provider: x }, { id: b, type: cicd, provider: x }]
attributes: { team.budget: number, app.stage: text }
selectors: { stage: app.stage, big: { of: org, when: [build.size > 10GB, team.budget >= 5] } }
routing:
  - { pattern: 'stage:prod-*', condition: \"build.public == true && user.region in ['EU', 'UK']\", provider: a }
  - { pattern: 'big:*', condition: [app.budget < 3], provider: b }
  - { default: b }
";
    let loader = loader().attribute("app.budget", AttributeKind::Number);
    let config = loader.parse("x", text).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(rules(&config).rules().len(), 2);
}

#[test]
fn keys_may_stand_at_the_top_or_below_one_key() {
    let inner = "plugins: [{ id: a, type: git, provider: local }]\nscenario: ${NOT_READ}\n";
    let wrapped: String = inner.lines().map(|line| format!("  {line}\n")).collect();
    for text in [inner.to_owned(), format!("description: ${{NOT_READ}}\norchestration:\n{wrapped}")] {
        let config = loader().parse("x", text).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(config.plugins().next().unwrap().service, ServiceKind::Git);
    }
    for empty in ["", "orchestration:", "plugins:\nrouting:\ncache:\n"] {
        assert!(loader().parse("x", empty).is_ok(), "{empty:?}");
    }
}

#[test]
fn a_default_has_its_provider_beside_it_or_below_it() {
    for default in
        ["{ default: , provider: a }", "{ default: a }", "{ default: { provider: a, fallback: [b] } }"]
    {
        let text = format!(
            "plugins: [{{ id: a, type: git, provider: x }}, {{ id: b, type: git, provider: x }}]\nrouting: [{default}]"
        );
        let config = loader().parse("x", text).unwrap_or_else(|report| panic!("{report}"));
        assert!(rules(&config).rules().is_empty());
        assert!(format!("{:?}", rules(&config)).contains("to: Some(\"a\")"), "{:?}", rules(&config));
    }
}

#[test]
fn stand_ins_are_those_of_the_rule_or_those_of_its_provider() {
    let text = "
plugins:
  - { id: a, type: git, provider: x }
  - { id: b, type: git, provider: x }
  - { id: c, type: git, provider: x }
fallbacks: { a: b, b: [c] }
routing:
  - { pattern: 'org:free-*', provider: a }
  - { pattern: 'org:own-*', provider: a, fallback: c }
  - { pattern: 'org:pinned-*', provider: a, fallback: [] }
";
    let config = loader().parse("x", text).unwrap_or_else(|report| panic!("{report}"));
    let texts: Vec<_> = rules(&config).rules().iter().map(|rule| format!("{rule:?}")).collect();
    for (rule, fallback) in texts.iter().zip(["[\"b\", \"c\"]", "[\"c\"]", "[]"]) {
        assert!(rule.contains(&format!("fallback: {fallback}")), "{rule}");
    }
}

#[test]
fn what_is_not_enabled_needs_no_variables_and_cannot_be_named() {
    let text = "
plugins:
  - { id: a, type: git, provider: x, enabled: false, config: { token: '${UNSET}' } }
  - { id: b, type: git, provider: x }
";
    assert_eq!(loader().parse("x", text).unwrap().plugins().count(), 1);
    let report = loader().parse("x", format!("{text}routing: [{{ default: a }}]")).unwrap_err();
    assert_eq!(report.faults()[0].code(), Code::UnknownProvider);
    assert!(report.faults()[0].message().contains("not enabled"));
}

#[test]
fn what_the_application_adds_may_be_named() {
    let text =
        "plugins: [{ id: a, type: git, provider: x }]\nrouting: [{ pattern: 'org:x', provider: mine }]";
    assert_eq!(loader().parse("x", text).unwrap_err().faults()[0].code(), Code::UnknownProvider);
    assert!(loader().provider("mine".parse().unwrap(), ServiceKind::Git).parse("x", text).is_ok());
}

#[test]
fn warnings_are_errors_where_the_file_or_the_loader_is_strict() {
    let text = "
plugins: [{ id: a, type: git, provider: x }, { id: b, type: git, provider: x }]
routing: [{ pattern: 'org:x', provider: a }, { pattern: 'org:x', provider: b }, { default: a }]
";
    let config = loader().parse("x", text).unwrap_or_else(|report| panic!("{report}"));
    let warnings: Vec<_> = config.warnings().iter().map(|fault| (fault.code(), fault.path())).collect();
    assert_eq!(warnings, [(Code::ShadowedRule, "routing[1]")]);
    assert!(config.warnings()[0].message().contains("routing[0]"), "{}", config.warnings()[0]);
    let strict = loader().strict(true).parse("x", text).unwrap_err();
    assert!(strict.has_errors());
    assert!(loader().parse("x", format!("strict: true\n{text}")).is_err());
    assert!(loader().strict(false).parse("x", format!("strict: true\n{text}")).is_ok());
}

#[test]
fn what_is_printed_is_what_the_file_says() {
    let text = "
plugins: [{ id: '${A_TOKEN}', type: git, provider: x }, { id: b, type: git, provider: y }]
fallbacks: { b: '${A_TOKEN}' }
routing: [{ pattern: ['org:x', 'repo:y'], condition: region == 'eu', provider: b, priority: 5 }, { default: '${A_TOKEN}' }]
cache: { enabled: false }
timeLimit: 1500
";
    let config = loader().parse("mosaic.yaml", text).unwrap_or_else(|report| panic!("{report}"));
    let expected = "mosaic.yaml
  ${A_TOKEN}: x for git
  b: y for git
rules
  org:x && repo:y && region == 'eu' (priority 5) -> b, else ${A_TOKEN}
  default -> ${A_TOKEN}
cache: off
health: asked every 30s, answered within 5s
time limit: 1.5s
";
    assert_eq!(config.to_string(), expected);
}

#[test]
fn a_report_says_how_many_faults_it_leaves_out() {
    let plugins: String =
        (0..500).map(|at| format!("  - {{ id: p{at}, type: gti, provider: x }}\n")).collect();
    let report = loader().parse("x", format!("plugins:\n{plugins}")).unwrap_err();
    assert_eq!((report.faults().len(), report.omitted()), (200, 300));
    assert!(report.to_string().ends_with("200 errors, 300 more that are not shown"));
}

#[test]
fn twelve_thousand_rules_on_one_line_are_read() {
    let rules: Vec<_> =
        (0..12_000).map(|at| format!("{{ pattern: 'org:o{at}', provider: p{} }}", at % 7)).collect();
    let text =
        format!("{{ plugins: [{{ id: p0, type: git, provider: x }}], routing: [{}] }}", rules.join(", "));
    assert!(text.len() > 400_000);
    let report = loader().parse("x", text).unwrap_err();
    assert_eq!(report.faults()[0].code(), Code::UnknownProvider);
    assert!(report.omitted() > 1000);
}

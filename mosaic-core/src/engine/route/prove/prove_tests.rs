//! What is found, and that all of it is true.

use proptest::prelude::*;

use super::*;
use crate::engine::route::samples::{any_call, any_rule, members};
use crate::engine::route::{AttributeKind, Group, Member, Place, Routing, Rule, SelectorDef};
use crate::op::OpSet;
use crate::types::ProviderId;

fn table(routing: Routing) -> Table {
    Table::compile(&routing, members(), 1).unwrap()
}

/// Findings of rules with defaults, as one line each: kind, rule, the rule before it, example.
fn found(rules: impl IntoIterator<Item = Rule>) -> Vec<String> {
    let routing = Routing::new()
        .attribute("team", AttributeKind::Text)
        .attribute("cap", AttributeKind::Size)
        .selector(SelectorDef::new("new-repos").when("build.public"))
        .group(Group::new("all", ["a", "b"]))
        .default_rule(Rule::any().to("a"))
        .default_rule(Rule::any().to("t"));
    let table = table(rules.into_iter().fold(routing, Routing::rule));
    let number = |place: Option<Place>| match place {
        Some(Place::Rule(at)) => at.to_string(),
        _ => "-".into(),
    };
    let line = |finding: Finding| {
        let example = finding.example.map_or("-".into(), |example| example.to_string());
        format!("{} {} {}: {example}", finding.kind, number(finding.place), number(finding.other))
    };
    table.prove().into_iter().map(line).collect()
}

#[test]
fn rules_that_hold_for_no_call() {
    for condition in [
        "priority > 5 && priority < 3",
        "priority == 5 && priority != 5",
        "priority in [1, 2] && priority > 2",
        "org == 'a' && org == 'b'",
        "org in ['a', 'b'] && !(org matches '?')",
        "org matches 'a*' && org matches 'b*'",
        "org matches 'ab*' && !(org matches 'a*')",
        "build.public && !build.public",
        "'x' in build.labels && !('x' in build.labels)",
        "service == 'cicd'",
        "effect == 'read' && operation == 'git.create_repository'",
        "(priority > 5 || org == 'x') && priority < 5 && org == 'y'",
        "false",
    ] {
        assert_eq!(found([Rule::any().condition(condition).to("a")]), ["unreachable 0 -: -"], "{condition}");
    }
    assert_eq!(found([Rule::new("org:a*").when("org", "b").to("a")]), ["unreachable 0 -: -"]);
}

#[test]
fn rules_that_earlier_ones_leave_nothing() {
    let to = |condition: &str, to: &str| Rule::any().condition(condition).to(to);
    for (rules, expected) in [
        (
            vec![Rule::new("org:internal-*").to("a"), Rule::new("org:internal-tools").to("b")],
            "shadowed 1 0: git.list_repositories org=internal-tools",
        ),
        (
            vec![Rule::new("org:internal-tools").to("b"), Rule::new("org:Internal-*").priority(1).to("a")],
            "shadowed 0 1: git.list_repositories org=internal-tools",
        ),
        (
            vec![to("priority > 3", "a"), to("priority >= 4 && region == 'eu'", "a")],
            "unreachable 1 0: git.list_repositories priority=4 region=eu",
        ),
        (
            vec![Rule::any().to("a"), Rule::new("path:docs/**").to("b")],
            "shadowed 1 0: git.get_file path=docs/x",
        ),
        (
            vec![to("region in ['eu', 'us']", "a"), to("region == 'us'", "b").fallback(["a"])],
            "shadowed 1 0: git.list_repositories region=us",
        ),
        (
            vec![to("region == 'eu'", "a"), to("region == 'us'", "a"), to("region in ['us', 'eu']", "b")],
            "shadowed 2 0: git.list_repositories region=eu",
        ),
        (
            vec![to("build.size > cap", "a"), to("build.size > cap && user.region == 'eu'", "b")],
            "shadowed 1 0: git.list_repositories user.region=eu build.size=2B cap=1B",
        ),
        (
            vec![to("effect == 'read'", "a"), to("operation in ['git.get_file', 'git.get_repository']", "b")],
            "shadowed 1 0: git.get_file",
        ),
        (
            vec![to("!(team == 'x')", "a"), Rule::new("new-repos:*").condition("team == 'y'").to("b")],
            "shadowed 1 0: git.get_repository repo=x build.public=true team=y",
        ),
        (
            vec![Rule::new("repo:acme/*").to("a"), Rule::new("repo:acme/widget").and("private:true").to("b")],
            "shadowed 1 0: git.create_repository org=acme repo=widget private=true",
        ),
    ] {
        assert_eq!(found(rules), [expected]);
    }
}

#[test]
fn what_is_not_certain_is_not_said() {
    let to = |condition: &str, to: &str| Rule::any().condition(condition).to(to);
    for rules in [
        vec![Rule::new("org:internal-tools").to("a"), Rule::new("org:internal-*").to("a")],
        vec![to("priority > 3", "a"), to("priority > 2", "a")],
        vec![to("region == 'eu'", "a"), to("region != 'us'", "a")],
        // Absent is neither: a rule for one side does not cover those without the attribute.
        vec![to("build.public", "a"), to("!build.public", "a"), Rule::any().to("b").priority(-1)],
        vec![Rule::any().to("t"), Rule::new("org:x").to("a")],
        vec![Rule::new("path:a/*").to("a"), Rule::new("path:a/**").to("a")],
        vec![to("user in user.groups", "a"), to("user == 'x'", "a")],
    ] {
        assert_eq!(found(rules), [] as [&str; 0]);
    }
}

#[test]
fn rules_that_meet_at_one_priority() {
    for (rules, expected) in [
        (
            vec![Rule::new("org:internal-*").to("a"), Rule::new("org:*-tools").to("b")],
            vec!["conflicting 1 0: git.list_repositories org=internal--tools"],
        ),
        (
            vec![
                Rule::new("org:x").to("a"),
                Rule::new("path:docs/**").to("b"),
                Rule::new("user:ann").to("b"),
            ],
            vec![
                "conflicting 1 0: git.get_file org=x path=docs/x",
                "conflicting 2 0: git.list_repositories org=x user=ann",
            ],
        ),
        (vec![Rule::new("org:x").to("a"), Rule::new("org:y").to("b")], vec![]),
        (vec![Rule::new("org:x").to("a"), Rule::new("path:docs/**").to("a")], vec![]),
        (vec![Rule::new("org:x").to("a").priority(1), Rule::new("path:docs/**").to("b")], vec![]),
        (vec![Rule::new("org:x").to("a"), Rule::new("path:docs/**").to("t")], vec![]),
    ] {
        assert_eq!(found(rules), expected);
    }
}

#[test]
fn services_without_a_default() {
    let missing = |routing: Routing| {
        let findings = table(routing).prove();
        let services: Vec<_> = findings.iter().filter_map(|finding| finding.service).collect();
        assert!(
            findings
                .iter()
                .all(|finding| finding.kind != FindingKind::MissingDefault || finding.example.is_some())
        );
        services
    };
    // There is one tracker, which is its own default.
    assert_eq!(missing(Routing::new().rule(Rule::new("org:x").to("a"))), [ServiceKind::Git]);
    assert_eq!(missing(Routing::new().rule(Rule::any().to("a"))), []);
    assert_eq!(missing(Routing::new().default_rule(Rule::any().to("b"))), []);
}

#[test]
fn a_finding_is_data_and_a_text() {
    let routing = Routing::new()
        .rule(Rule::any().condition("build.size > 1GB").to("a"))
        .rule(Rule::any().condition("build.size > 2GB").to("b"))
        .default_rule(Rule::any().to("a"));
    let finding = table(routing).prove().remove(0);
    assert_eq!(
        finding.to_string(),
        "shadowed: the rule \"build.size > 2GB\" never decides: every call that it matches is decided about before, such as \
         this one by \"build.size > 1GB\"; raise its priority or move it up (example: git.list_repositories build.size=4GB)"
    );
    let data = serde_json::to_value(&finding).unwrap();
    assert_eq!(data["example"]["operation"], "git.list_repositories");
    assert_eq!((&data["place"]["rule"], &data["other"]["rule"]), (&1.into(), &0.into()));
}

#[test]
fn many_rules_that_never_meet_are_all_left_alone() {
    let members = || vec![Member::new(ProviderId::new("a").unwrap(), OpSet::service(ServiceKind::Git))];
    let rules = (0..2000).fold(Routing::new(), |routing, at| {
        routing.rule(Rule::any().condition(format!("region == 'r{at}' && build.size > {at}GB")).to("a"))
    });
    let table = Table::compile(&rules.default_rule(Rule::any().to("a")), members(), 1).unwrap();
    assert_eq!(table.prove(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_finding_is_true(
        rules in prop::collection::vec(any_rule(), 1..12),
        calls in prop::collection::vec(any_call(), 50),
    ) {
        let table = table(rules.into_iter().fold(Routing::new(), Routing::rule));
        let place = |place: Option<Place>| table.rules.iter().position(|rule| rule.place == place).map(|at| at as u32);
        for finding in table.prove() {
            let example = finding.example.as_ref();
            let cx = example.map(Example::context);
            let facts = example.zip(cx.as_ref()).map(|(example, cx)| example.facts(cx));
            let first = facts.as_ref().and_then(|facts| table.index.first(facts));
            match finding.kind {
                FindingKind::MissingDefault => {
                    let service = finding.service.unwrap();
                    prop_assert!(table.defaults[service.index()].is_none());
                    prop_assert_eq!(first, None);
                    continue;
                }
                FindingKind::Conflicting => {
                    let (rule, other) = (place(finding.place).unwrap(), place(finding.other).unwrap());
                    prop_assert_eq!(first, Some(other));
                    prop_assert!(table.index.applies(rule, &facts.unwrap()));
                    let (rule, other) = (&table.rules[rule as usize], &table.rules[other as usize]);
                    prop_assert_eq!(rule.priority, other.priority);
                    prop_assert_ne!(rule.targets.first(), other.targets.first());
                }
                FindingKind::Unreachable | FindingKind::Shadowed => {
                    let rule = place(finding.place).unwrap();
                    prop_assert!(calls.iter().all(|call| table.index.first(&call.facts()) != Some(rule)), "{}", finding);
                    match facts {
                        Some(facts) => {
                            let other = place(finding.other).unwrap();
                            prop_assert!(table.index.applies(rule, &facts) && table.index.applies(other, &facts));
                            prop_assert!(first.unwrap() < rule);
                        }
                        None => prop_assert!(calls.iter().all(|call| !table.index.applies(rule, &call.facts()))),
                    }
                }
            }
        }
    }
}

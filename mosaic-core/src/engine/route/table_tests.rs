//! What routing decides, row by row.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::context::Principal;
use crate::engine::route::samples::{any_call, any_rule, members};
use crate::engine::route::{AttributeKind, FaultKind, Group, Part, Place, Rule, SelectorDef};
use crate::op::{Operation, git, project};

struct Fixed {
    loads: Vec<LoadCell>,
    standings: Vec<Standing>,
}

impl Fixed {
    fn new(count: usize) -> Self {
        let now = Instant::now();
        Self {
            loads: (0..count).map(|_| LoadCell::new(now)).collect(),
            standings: vec![Standing::Good; count],
        }
    }
}
impl Boards for Fixed {
    fn standing(&self, provider: usize, _: ServiceKind, _: Instant) -> Standing {
        self.standings[provider]
    }
    fn load(&self, provider: usize) -> &LoadCell {
        &self.loads[provider]
    }
}

fn table(routing: Routing) -> Table {
    Table::compile(&routing, members(), 1).unwrap()
}

fn names(table: &Table, op: &impl Operation, cx: &CallContext, boards: &Fixed) -> Result<Vec<String>> {
    let meta = meta_of(op);
    let route = table.route(meta, op.subject(), cx, boards, Instant::now())?;
    Ok(route.candidates.iter().map(|one| table.member(one.position).id.to_string()).collect())
}

fn meta_of<O: Operation>(_: &O) -> &'static OpMeta {
    O::META
}

fn get(org: &str, name: &str) -> git::GetRepository {
    git::GetRepository::new(org, name)
}

#[test]
fn the_first_rule_of_the_highest_priority_wins() {
    let table = table(
        Routing::new()
            .rule(Rule::new("org:*").to("b"))
            .rule(Rule::new("org:internal-*").to("a").priority(10))
            .rule(Rule::new("repo:internal-x/special").to("c").priority(10))
            .default_rule(Rule::any().to("c")),
    );
    let (cx, boards) = (CallContext::new(), Fixed::new(4));
    for (org, name, expected) in
        [("internal-x", "y", "a"), ("public", "y", "b"), ("internal-x", "special", "a")]
    {
        assert_eq!(names(&table, &get(org, name), &cx, &boards).unwrap(), [expected]);
    }
    let all = git::ListRepositories::new();
    assert_eq!(names(&table, &all, &cx, &boards).unwrap(), ["c"], "no organisation: the default");
}

#[test]
fn a_rule_says_nothing_about_services_that_its_targets_do_not_serve() {
    let table = table(Routing::new().rule(Rule::any().to("a")));
    let op = project::GetProject::new("OPS");
    assert_eq!(names(&table, &op, &CallContext::new(), &Fixed::new(4)).unwrap(), ["t"], "the only tracker");
}

#[test]
fn what_a_pinned_provider_does_not_offer_goes_nowhere_else() {
    let table = table(Routing::new().rule(Rule::new("org:x").to("c")).default_rule(Rule::any().to("a")));
    let error =
        names(&table, &git::ListCommits::new("x", "y"), &CallContext::new(), &Fixed::new(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("org:x"), "{error}");
}

#[test]
fn selectors_and_conditions() {
    let table = table(
        Routing::new()
            .rule(Rule::new("user:ann").to("a").priority(4))
            .rule(Rule::new("private:true").to("b").priority(3))
            .rule(Rule::new("path:docs/**").to("c").priority(2))
            .rule(Rule::new("org:*").when("region", "eu").to("b").priority(1))
            .rule(Rule::new("org:acme").and("repo:w*").to("c"))
            .default_rule(Rule::any().to("a").fallback(["b"])),
    );
    assert_eq!(table.attributes().iter().map(|name| &**name).collect::<Vec<_>>(), ["private", "region"]);
    assert!(table.reads_user());
    let boards = Fixed::new(4);
    let plain = CallContext::new();
    let ask = |op: &git::GetRepository, cx: &CallContext| names(&table, op, cx, &boards).unwrap();
    assert_eq!(ask(&get("x", "y"), &plain), ["a", "b"]);
    assert_eq!(ask(&get("x", "y"), &plain.clone().principal(Principal::user("ann"))), ["a"]);
    assert_eq!(ask(&get("x", "y"), &plain.clone().attribute("private", "true")), ["b"]);
    assert_eq!(ask(&get("x", "y"), &plain.clone().attribute("region", "eu")), ["b"]);
    assert_eq!(ask(&get("acme", "widget"), &plain), ["c"]);
    assert_eq!(ask(&get("acme", "gadget"), &plain), ["a", "b"]);
    let create = git::CreateRepository::new("x", "y").private(true);
    assert_eq!(names(&table, &create, &plain, &boards).unwrap(), ["b"]);
    let file = git::GetFile::new("x", "y", "docs/a/b.md");
    assert_eq!(names(&table, &file, &plain, &boards).unwrap(), ["c"]);
}

#[test]
fn standing_orders_the_candidates_and_removes_none() {
    let table = table(Routing::new().default_rule(Rule::any().to("a").fallback(["b", "c"])));
    let mut boards = Fixed::new(4);
    let cx = CallContext::new();
    boards.standings[0] = Standing::Rejecting;
    boards.standings[1] = Standing::Degraded;
    assert_eq!(names(&table, &get("x", "y"), &cx, &boards).unwrap(), ["c", "b", "a"]);
}

#[test]
fn groups_are_balanced() {
    use crate::engine::balance::Balance;
    let table = table(
        Routing::new()
            .group(Group::new("all", ["a", "b", "c"]).balance(Balance::RoundRobin))
            .default_rule(Rule::any().to("all")),
    );
    let (cx, boards) = (CallContext::new(), Fixed::new(4));
    let firsts: Vec<_> =
        (0..4).map(|_| names(&table, &get("x", "y"), &cx, &boards).unwrap()[0].clone()).collect();
    assert_eq!(firsts, ["a", "b", "c", "a"]);
}

#[test]
fn every_fault_at_once() {
    let routing = Routing::new()
        .group(Group::new("a", ["b"]))
        .group(Group::new("g", ["nobody"]))
        .rule(Rule::new("organisation:x").to("a"))
        .rule(Rule::new("org:y").to("forge-z"))
        .rule(Rule::new("org:z"))
        .default_rule(Rule::new("org:q").to("a"));
    let error = Table::compile(&routing, members(), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for part in [
        "\"a\": the name is taken",
        "nobody",
        "no selector \"organisation\"",
        "forge-z",
        "no target",
        "takes no pattern",
    ] {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
}

#[test]
fn no_rule_and_no_default_is_said() {
    let table = table(Routing::new().rule(Rule::new("org:x").to("a")));
    let error = names(&table, &get("other", "y"), &CallContext::new(), &Fixed::new(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRoute);
    assert!(error.message().contains("other/y"), "{error}");
}

#[test]
fn the_explanation_agrees_with_the_decision() {
    let table = table(
        Routing::new()
            .rule(Rule::new("org:internal-*").when("region", "eu").to("b").priority(9))
            .rule(Rule::new("org:internal-*").to("a").priority(5))
            .rule(Rule::new("org:*").to("t"))
            .default_rule(Rule::any().to("c").fallback(["a"])),
    );
    let (cx, mut boards) = (CallContext::new(), Fixed::new(4));
    boards.loads[0].sample(Duration::from_millis(12), Instant::now());
    boards.standings[2] = Standing::Rejecting;
    for org in ["internal-x", "public"] {
        let op = get(org, "y");
        let explanation = table.explain(meta_of(&op), op.subject(), &cx, &boards, Instant::now());
        let ranked: Vec<_> = explanation
            .candidates
            .iter()
            .filter(|note| note.rank.is_some())
            .map(|note| note.provider.to_string())
            .collect();
        assert_eq!(ranked, names(&table, &op, &cx, &boards).unwrap());
        assert_eq!(explanation.rules.iter().filter(|note| note.chosen).count(), 1);
        let data = serde_json::to_value(&explanation).unwrap();
        assert_eq!(data["candidates"][0]["provider"], ranked[0]);
        assert!(explanation.to_string().contains("breaker is open") == (org == "public"), "{explanation}");
    }
}

#[test]
fn faults_of_conditions_selectors_and_attributes_are_data() {
    let routing = Routing::new()
        .attribute("org", AttributeKind::Text)
        .attribute("repo.age", AttributeKind::Duration)
        .selector(SelectorDef::new("new-repos").when("repo.age < 30"))
        .selector(SelectorDef::new("team").of("build.labels"))
        .selector(SelectorDef::new("org"))
        .rule(Rule::new("new-repo:*").to("a"))
        .rule(Rule::new("private:yes").condition("build.size > 1GB && orgs == 'x'").to("a"))
        .rule(Rule::any().when("build.sise", "1GB").when("build.size", "large").to("a"));
    let faults = Table::build(&routing, members(), 1).unwrap_err();
    let seen: Vec<_> = faults
        .iter()
        .map(|fault| (fault.place, fault.part, fault.kind, fault.span.clone(), fault.suggestion.as_deref()))
        .collect();
    use FaultKind::{Duplicate, Mismatch, Unknown};
    assert_eq!(
        seen,
        [
            (Place::Attribute(0), Part::Name, FaultKind::Malformed, None, None),
            (Place::Selector(0), Part::Condition(0), Mismatch, Some(11..13), None),
            (Place::Selector(1), Part::Source, Mismatch, None, None),
            (Place::Selector(2), Part::Name, Duplicate, None, None),
            (Place::Rule(0), Part::Pattern(0), Unknown, Some(0..8), Some("new-repos")),
            (Place::Rule(1), Part::Pattern(0), Mismatch, Some(8..11), None),
            (Place::Rule(1), Part::Condition(0), Unknown, Some(20..24), Some("org")),
            (Place::Rule(2), Part::When(0), Unknown, None, Some("build.size")),
            (Place::Rule(2), Part::When(1), Mismatch, None, None),
        ]
    );
    assert_eq!(
        faults[4].to_string(),
        "rule \"new-repo:*\": pattern \"new-repo:*\": there is no selector \"new-repo\"; known are org, repo, user, path, \
         private, new-repos, team; did you mean \"new-repos\"?"
    );
}

#[test]
fn selectors_that_an_application_declares() {
    let table = table(
        Routing::new()
            .attribute("repo.age", AttributeKind::Duration)
            .selector(SelectorDef::new("new-repos").when("repo.age < 30d"))
            .selector(SelectorDef::new("environment").of("environment"))
            .selector(SelectorDef::new("open").of("build.public"))
            .rule(Rule::new("new-repos:w*").to("b"))
            .rule(Rule::new("environment:Prod-*").to("c"))
            .rule(Rule::new("open:true").to("b").priority(-1))
            .default_rule(Rule::any().to("a")),
    );
    let (boards, cx) = (Fixed::new(4), CallContext::new());
    let ask =
        |name: &str, cx: CallContext| names(&table, &get("acme", name), &cx, &boards).unwrap()[0].clone();
    assert_eq!(ask("widget", cx.clone()), "a");
    assert_eq!(ask("Widget", cx.clone().attribute("repo.age", "2d")), "b");
    assert_eq!(ask("gadget", cx.clone().attribute("repo.age", "2d")), "a");
    assert_eq!(ask("widget", cx.clone().attribute("repo.age", "31d")), "a");
    assert_eq!(ask("x", cx.clone().attribute("environment", "Prod-eu")), "c");
    assert_eq!(ask("x", cx.clone().attribute("environment", "prod-eu")), "a", "attributes have a case");
    assert_eq!(ask("x", cx.clone().attribute("build.public", true)), "b");
}

#[test]
fn what_conditions_read_is_what_answers_are_known_by() {
    let table = table(
        Routing::new()
            .rule(Rule::any().condition("build.size > 1GB || 'x' in build.labels").to("a"))
            .rule(
                Rule::any()
                    .condition("user in user.groups && tenant == 't' && org == 'x' && !private")
                    .to("a"),
            )
            .default_rule(Rule::any().to("a")),
    );
    assert_eq!(
        table.attributes().iter().map(|name| &**name).collect::<Vec<_>>(),
        ["build.labels", "build.size", "private", "user.groups"]
    );
    assert!(table.reads_user());
}

#[test]
fn the_explanation_says_which_condition_did_not_hold_and_why() {
    let table = table(
        Routing::new()
            .rule(Rule::any().condition("build.size > 10GB && region == 'eu'").to("b"))
            .rule(Rule::new("org:x").and("repo:z*").to("b"))
            .rule(Rule::any().when("priority", "3").to("b"))
            .rule(Rule::any().condition("false").to("b"))
            .default_rule(Rule::any().to("a")),
    );
    let (boards, op) = (Fixed::new(4), get("x", "y"));
    let cx = CallContext::new().attribute("build.size", "11GB").attribute("priority", "high");
    let explanation = table.explain(meta_of(&op), op.subject(), &cx, &boards, Instant::now());
    let reasons: Vec<_> = explanation.rules.iter().map(|note| &*note.reason).collect();
    assert_eq!(
        reasons,
        [
            "no rule applies: the default of the service",
            "a condition does not hold: region == \"eu\", and the call has no such",
            "a pattern does not hold: repo matches \"z*\", and the call has \"y\"",
            "a condition does not hold: priority == 3, and \"high\" cannot be compared so",
            "its condition holds for no call",
        ]
    );
    let unmet = explanation.rules[1].unmet.as_ref().unwrap();
    assert_eq!((unmet.part, unmet.found.as_deref(), unmet.unknown), (Part::Condition(0), None, true));
    assert_eq!(explanation.rules[2].place, Some(Place::Rule(1)));
}

proptest! {
    #[test]
    fn the_index_finds_the_rule_that_a_walk_through_all_finds(
        rules in prop::collection::vec(any_rule(), 0..30),
        calls in prop::collection::vec(any_call(), 1..20),
    ) {
        let table = table(rules.into_iter().fold(Routing::new(), Routing::rule));
        for call in &calls {
            let facts = call.facts();
            let applies = |rule: &Compiled| {
                rule.serves[ServiceKind::Git.index()]
                    && rule.clauses.iter().all(|clause| clause.formula.truth(&facts) == Some(true))
            };
            let expected = table.rules.iter().position(applies).map(|at| at as u32);
            prop_assert_eq!(table.index.first(&facts), expected);
            for (rule, at) in table.rules.iter().zip(0u32..) {
                prop_assert_eq!(table.index.applies(at, &facts), applies(rule));
            }
        }
    }
}

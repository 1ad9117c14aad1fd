//! What routing decides, row by row.

use std::time::Duration;

use super::*;
use crate::context::Principal;
use crate::engine::route::{Group, Rule};
use crate::op::{Operation, git, project};
use crate::types::ProviderId;

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

fn members() -> Vec<Member> {
    let git = OpSet::service(ServiceKind::Git);
    [
        ("a", git),
        ("b", git),
        ("c", git.without(git::ListCommits::META)),
        ("t", OpSet::service(ServiceKind::Project)),
    ]
    .map(|(id, set)| Member::new(ProviderId::new(id).unwrap(), set))
    .to_vec()
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
    for part in
        ["\"a\": the name is taken", "nobody", "organisation", "forge-z", "no target", "takes no pattern"]
    {
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

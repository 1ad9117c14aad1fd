//! The order of the members of a group, by standing, region, need, ranking and balancer.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::engine::balance::Balance;
use crate::engine::route::{Group, Routing, Rule};
use crate::op::{OpSet, Operation, git};
use crate::types::{Price, ProviderId, Region, ServiceKind};

struct Field {
    loads: Vec<LoadCell>,
    standings: Vec<Standing>,
    now: Instant,
}

impl Boards for Field {
    fn standing(&self, provider: usize, _: ServiceKind, _: Instant) -> Standing {
        self.standings[provider]
    }
    fn load(&self, provider: usize) -> &LoadCell {
        &self.loads[provider]
    }
}

impl Field {
    fn new(count: usize) -> Self {
        let now = Instant::now();
        let loads = (0..count).map(|_| LoadCell::new(now)).collect();
        Self { loads, standings: vec![Standing::Good; count], now }
    }

    fn calls(&self, provider: usize, calls: u32) {
        (0..calls).for_each(|_| self.loads[provider].enter());
    }

    fn millis(&self, provider: usize, millis: u64) {
        self.loads[provider].sample(Duration::from_millis(millis), self.now);
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn member(id: &str, region: &str, micros: u64) -> Member {
    let mut member = Member::new(ProviderId::new(id).unwrap(), OpSet::service(ServiceKind::Git));
    member.region = Region::new(region).ok();
    member.cost = Price::micros(micros);
    member
}

/// `a` and `b` in the eu, `c` in the us, `d` nobody knows where; `d` is the cheapest and `a` the dearest.
fn members() -> Vec<Member> {
    vec![member("a", "eu", 900), member("b", "eu", 400), member("c", "us", 300), member("d", "", 100)]
}

fn group() -> Group {
    Group::new("all", NAMES).balance(Balance::RoundRobin)
}

fn table_of(members: Vec<Member>, group: Group) -> Table {
    Table::compile(&Routing::new().group(group).default_rule(Rule::any().to("all")), members, 1).unwrap()
}

fn order(table: &Table, field: &Field, cx: &CallContext) -> String {
    let op = git::GetRepository::new("x", "y");
    let route = table.route(git::GetRepository::META, op.subject(), cx, field, field.now).unwrap();
    route.candidates.iter().map(|one| table.member(one.position).id.as_str()).collect()
}

fn cx() -> CallContext {
    CallContext::new()
}

#[test]
fn without_a_need_the_balancer_orders_the_good_and_the_others_stand_behind() {
    let (table, mut field) = (table_of(members(), group()), Field::new(4));
    field.standings = vec![Standing::Good, Standing::Rejecting, Standing::Good, Standing::Degraded];
    let orders: Vec<_> = (0..4).map(|_| order(&table, &field, &cx())).collect();
    assert_eq!(orders, ["acdb", "cadb", "acdb", "cadb"], "turns are taken among those that take calls");
}

#[test]
fn the_drained_come_last_whatever_the_others_are_like() {
    let mut drained = members();
    drained[0].weight = 0;
    let routing = Routing::new().default_rule(Rule::any().to("a").fallback(["b", "c"]));
    let table = Table::compile(&routing, drained.clone(), 1).unwrap();
    let mut field = Field::new(4);
    field.standings[2] = Standing::Rejecting;
    assert_eq!(order(&table, &field, &cx()), "bca");
    drained[1].weight = 0;
    let table = table_of(drained, group().balance(Balance::Weighted));
    let orders: Vec<_> = (0..3).map(|_| order(&table, &field, &cx())).collect();
    assert_eq!(orders, ["dcab"; 3], "among themselves the drained keep the order of the group");
}

#[test]
fn a_call_with_a_region_prefers_it_and_still_goes_elsewhere() {
    let (table, mut field) = (table_of(members(), group()), Field::new(4));
    for name in ["region", "user.region"] {
        let eu = cx().attribute(name, "EU");
        assert_eq!(
            [order(&table, &field, &eu), order(&table, &field, &eu)].map(|o| o[..2].to_owned()).len(),
            2
        );
        assert!(order(&table, &field, &eu).ends_with("dc"), "the unknown before the wrong one");
    }
    field.standings[0] = Standing::Unhealthy;
    field.standings[1] = Standing::Rejecting;
    assert_eq!(order(&table, &field, &cx().attribute("region", "eu")), "dcab");
    assert_eq!(order(&table, &field, &cx().attribute("region", "us"))[..1], *"c");
}

#[test]
fn needs_of_calls() {
    let mut members = members();
    members[1].concurrency = Some(100);
    members[2].concurrency = Some(10);
    let (table, field) = (table_of(members, group()), Field::new(4));
    for (provider, (millis, calls)) in [(40, 0), (30, 2), (20, 8), (90, 9)].into_iter().enumerate() {
        field.millis(provider, millis);
        field.calls(provider, calls);
    }
    let need = |need| order(&table, &field, &cx().performance(need));
    assert_eq!(need(Performance::LowLatency), "abcd", "40, 90, 180 and 900 ms with the calls in flight");
    assert_eq!(need(Performance::HighThroughput), "abdc", "1/256, 3/100, 10/256, 9/10");
    assert_eq!(need(Performance::BestEffort), "dcba");
    let eu = cx().attribute("region", "eu").performance(Performance::BestEffort);
    assert_eq!(order(&table, &field, &eu), "badc", "the region before the price");
}

#[test]
fn those_near_the_best_are_spread_by_the_balancer() {
    let (table, field) = (table_of(members(), group()), Field::new(4));
    for (provider, millis) in [100, 124, 126, 150].into_iter().enumerate() {
        field.millis(provider, millis);
    }
    let fast = cx().performance(Performance::LowLatency);
    let orders: Vec<_> = (0..3).map(|_| order(&table, &field, &fast)).collect();
    assert_eq!(orders, ["abcd", "bacd", "abcd"], "124 is within a quarter of 100, 126 is not");
}

#[test]
fn the_ranking_of_a_group_is_its_author_s_last_word() {
    let ranked = group().rank([Term::Region, Term::Cost, Term::Region]);
    let (table, field) = (table_of(members(), ranked), Field::new(4));
    let fast = cx().performance(Performance::LowLatency);
    field.millis(0, 5);
    assert_eq!(order(&table, &field, &fast), "dcba", "no region wanted: by cost, although a is fast");
    assert_eq!(order(&table, &field, &fast.attribute("region", "eu")), "badc");
}

#[test]
fn a_rule_s_own_order_is_never_ranked() {
    let routing = Routing::new().default_rule(Rule::any().to("a").fallback(["c", "d", "b"]));
    let table = Table::compile(&routing, members(), 1).unwrap();
    let call = cx().attribute("region", "us").performance(Performance::BestEffort);
    assert_eq!(order(&table, &Field::new(4), &call), "acdb");
}

#[test]
fn names_are_read_as_they_are_printed() {
    for term in Term::ALL {
        assert_eq!(term.to_string().parse(), Ok(term));
    }
    assert!("speed".parse::<Term>().is_err());
    for (name, need) in Performance::NAMES {
        assert_eq!((name.parse(), need.to_string().as_str()), (Ok(need), name));
    }
    assert!("fast".parse::<Performance>().is_err());
}

#[test]
fn the_explanation_shows_what_was_ranked_by() {
    let (table, mut field) = (table_of(members(), group()), Field::new(4));
    field.millis(1, 12);
    field.standings[3] = Standing::Rejecting;
    let call = cx().attribute("region", "eu").performance(Performance::BestEffort);
    let op = git::CreateRepository::new("x", "y");
    let explanation = table.explain(git::CreateRepository::META, op.subject(), &call, &field, field.now);
    let data = serde_json::to_value(&explanation).unwrap();
    assert_eq!(data["groups"][0]["terms"], serde_json::json!(["region", "cost"]));
    assert_eq!(data["groups"][0]["tied"], serde_json::json!(["b"]));
    let first = &data["candidates"][0];
    assert_eq!((&first["provider"], &first["region"]), (&"b".into(), &"eu".into()));
    assert_eq!(first["terms"][1]["score"], 2000.0, "five units");
    let text = explanation.to_string();
    for line in [
        "group all: by standing, region, cost\n",
        "1. b: tried first (Good, 0 in flight, 12.0 ms) by region: eu; cost: 0.002\n",
        "3. c: tried if those before it fail and the call may move (Good, 0 in flight, 0.0 ms) by region: us, not eu; cost: 0.0015\n",
        "4. d: its breaker is open",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
}

fn standing() -> impl Strategy<Value = Standing> {
    prop::sample::select(vec![Standing::Good, Standing::Degraded, Standing::Unhealthy, Standing::Rejecting])
}

proptest! {
    #[test]
    fn whatever_is_known_every_member_is_there_once_in_order_of_standing_then_score(
        facts in prop::collection::vec((standing(), 0u32..20, 0u64..200, 0u32..3, 0u64..5, 0usize..3), 4),
        terms in prop::sample::subsequence(Term::ALL.to_vec(), 0..=4).prop_shuffle(),
        wanted in prop::sample::select(vec!["eu", "us", "mars"]),
    ) {
        let mut field = Field::new(4);
        let mut members = Vec::new();
        for (at, (standing, calls, millis, weight, micros, region)) in facts.iter().enumerate() {
            field.standings[at] = *standing;
            field.calls(at, *calls);
            field.millis(at, *millis);
            let mut one = member(NAMES[at], ["eu", "us", ""][*region], *micros);
            one.weight = *weight;
            members.push(one);
        }
        let table = table_of(members.clone(), group().rank(terms.clone()));
        let call = cx().attribute("region", wanted);
        let order = order(&table, &field, &call);
        let mut sorted: Vec<_> = order.chars().collect();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, vec!['a', 'b', 'c', 'd']);

        let scene = Scene { meta: git::GetRepository::META, cx: &call, boards: &field, now: field.now };
        let at = |name: char| NAMES.iter().position(|known| known.starts_with(name)).unwrap();
        let places: Vec<_> = order.chars().map(at).collect();
        for pair in places.windows(2) {
            let turn = |at: usize| scene.turn(&members[at], at as u16);
            prop_assert!(turn(pair[0]) <= turn(pair[1]));
            if let (Some(term), true) = (terms.first(), turn(pair[0]) == turn(pair[1])) {
                let score = |at: usize| scene.score(*term, &members[at], &field.loads[at]);
                prop_assert!(score(pair[0]) <= score(pair[1]) * term.tolerance(), "{order}: {term}");
            }
        }
    }
}

//! Budgets against a model: what each limit has granted, by the reservations that were made, on two nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::engine::budget::{BudgetLeases, BudgetTree, LeaseConfig, Reservation};
use mosaic_core::error::ErrorKind;
use mosaic_core::types::Timestamp;
use mosaic_core::types::budget::{Amounts, BudgetLimit, BudgetPath, Currency, Window};
use mosaic_mcp::coordination::budgets::*;
use mosaic_mcp::state::{Clock, State, StateOptions};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::advance;

use super::origin;
use crate::ground::{Ground, Spot};

/// From the top; each lies below the one before it, but for the last.
const PLACES: [&str; 4] = ["", "team:a", "team:a/x", "team:b"];
const LIMITS: [(Currency, Window); 3] =
    [(Currency::Calls, Window::Total), (Currency::Calls, Window::Minute), (Currency::Tokens, Window::Total)];

#[derive(Debug, Clone)]
enum Step {
    Set { place: usize, limits: [Option<u64>; 3] },
    Delete { place: usize },
    Reserve { node: usize, place: usize, calls: u64, tokens: u64, seconds: u64, back: bool },
    Settle { node: usize, which: usize, calls: u64, tokens: u64 },
    Pass { seconds: u64 },
    Look { node: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let limit = || prop::option::weighted(0.6, 0u64..40);
    prop_oneof![
        2 => (0..PLACES.len(), limit(), limit(), limit())
            .prop_map(|(place, a, b, c)| Step::Set { place, limits: [a, b, c] }),
        1 => (0..PLACES.len()).prop_map(|place| Step::Delete { place }),
        6 => (0usize..2, 0..PLACES.len(), 0u64..12, 0u64..12, 1u64..90, any::<bool>())
            .prop_map(|(node, place, calls, tokens, seconds, back)| Step::Reserve { node, place, calls, tokens, seconds, back }),
        4 => (0usize..2, 0usize..12, 0u64..14, 0u64..14)
            .prop_map(|(node, which, calls, tokens)| Step::Settle { node, which, calls, tokens }),
        2 => (1u64..50).prop_map(|seconds| Step::Pass { seconds }),
        2 => (0usize..2).prop_map(|node| Step::Look { node }),
    ]
}

/// The places on the way to a place.
fn way(place: usize) -> Vec<usize> {
    let above = |upper: &str| {
        upper.is_empty() || PLACES[place] == upper || PLACES[place].starts_with(&format!("{upper}/"))
    };
    (0..PLACES.len()).filter(|at| above(PLACES[*at])).collect()
}

fn of(amounts: (u64, u64), currency: Currency) -> u64 {
    if currency == Currency::Calls { amounts.0 } else { amounts.1 }
}

/// Something that a limit has granted.
#[derive(Debug, Clone, Copy)]
struct Granted {
    reservation: usize,
    window: i64,
    amount: u64,
}

/// A budget as it was set last.
#[derive(Debug, Clone, Default)]
struct Budget {
    limits: [Option<u64>; 3],
    granted: [Vec<Granted>; 3],
}

impl Budget {
    fn used(&self, limit: usize, now: Timestamp) -> u64 {
        let window = LIMITS[limit].1.number(now);
        self.granted[limit]
            .iter()
            .filter(|granted| granted.window == window)
            .map(|granted| granted.amount)
            .sum()
    }
}

#[derive(Debug)]
struct Held {
    id: String,
    place: usize,
    amounts: (u64, u64),
    until: Timestamp,
    back: bool,
    open: bool,
}

#[derive(Debug, Default)]
struct Model {
    budgets: BTreeMap<usize, Budget>,
    held: Vec<Held>,
}

impl Model {
    fn end(&mut self, at: usize, used: (u64, u64), now: Timestamp) {
        let Held { place, amounts, ref mut open, .. } = self.held[at];
        *open = false;
        for at_place in way(place) {
            let Some(budget) = self.budgets.get_mut(&at_place) else { continue };
            for (limit, (currency, window)) in LIMITS.into_iter().enumerate() {
                let (asked, used) = (of(amounts, currency), of(used, currency));
                for granted in budget.granted[limit].iter_mut().filter(|granted| granted.reservation == at) {
                    granted.amount = asked.min(used);
                }
                if used > asked && budget.limits[limit].is_some() {
                    let more =
                        Granted { reservation: usize::MAX, window: window.number(now), amount: used - asked };
                    budget.granted[limit].push(more);
                }
            }
        }
    }

    /// What nobody settled in time.
    fn sweep(&mut self, now: Timestamp) {
        for at in 0..self.held.len() {
            let held = &self.held[at];
            if held.open && held.until <= now {
                let used = if held.back { (0, 0) } else { held.amounts };
                self.end(at, used, now);
            }
        }
    }

    fn fits(&self, place: usize, amounts: (u64, u64), now: Timestamp) -> bool {
        way(place).into_iter().filter_map(|at| self.budgets.get(&at)).all(|budget| {
            LIMITS.into_iter().enumerate().all(|(limit, (currency, _))| {
                let asked = of(amounts, currency);
                budget.limits[limit].is_none_or(|most| asked == 0 || budget.used(limit, now) + asked <= most)
            })
        })
    }

    fn grant(&mut self, held: Held, now: Timestamp) {
        for at in way(held.place) {
            let Some(budget) = self.budgets.get_mut(&at) else { continue };
            for (limit, (currency, window)) in LIMITS.into_iter().enumerate() {
                if budget.limits[limit].is_some() {
                    let (window, amount) = (window.number(now), of(held.amounts, currency));
                    budget.granted[limit].push(Granted { reservation: self.held.len(), window, amount });
                }
            }
        }
        self.held.push(held);
    }
}

async fn node(spot: &Spot) -> (State, Budgets) {
    let clock = Clock::tokio(origin());
    let state = StateOptions::new().clock(clock).open_shared(spot.open().await).await.unwrap();
    (state.clone(), Budgets::new(state))
}

fn amounts((calls, tokens): (u64, u64)) -> Amounts {
    Amounts::new().calls(calls).tokens(tokens)
}

async fn play(on: &Ground, steps: Vec<Step>) {
    let spot = on.spot();
    let (one, two) = (node(&spot).await, node(&spot).await);
    let (nodes, cx) = ([&one.1, &two.1], CallContext::new());
    let mut model = Model::default();
    for step in steps {
        let now = one.0.now();
        match step {
            Step::Set { place, limits } => {
                let set = LIMITS.iter().zip(limits).filter_map(|((currency, window), amount)| {
                    Some(BudgetLimit::new(*currency, *window, amount?))
                });
                let set: Vec<BudgetLimit> = set.collect();
                nodes[0].set_budget(&cx, SetBudget::new(PLACES[place], set)).await.unwrap();
                model.budgets.entry(place).or_default().limits = limits;
            }
            Step::Delete { place } => {
                let done = nodes[0].delete_budget(&cx, DeleteBudget::new(PLACES[place])).await;
                assert_eq!(done.is_ok(), model.budgets.remove(&place).is_some());
            }
            Step::Reserve { calls: 0, tokens: 0, .. } => {}
            Step::Reserve { node, place, calls, tokens, seconds, back } => {
                let asked = (calls, tokens);
                let op = ReserveBudget::new(PLACES[place], amounts(asked)).seconds(seconds).give_back(back);
                let done = nodes[node].reserve(&cx, op).await;
                model.sweep(now);
                let fits = model.fits(place, asked, now);
                match done {
                    Ok(found) => {
                        assert!(fits, "{asked:?} at {:?} of {model:#?}", PLACES[place]);
                        let until = now + Duration::from_secs(seconds);
                        assert_eq!(found.expires, until);
                        model.grant(
                            Held { id: found.id, place, amounts: asked, until, back, open: true },
                            now,
                        );
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
                        assert!(!fits, "{error}: {model:#?}");
                    }
                }
            }
            Step::Settle { node, which, calls, tokens } => {
                let Some(at) = model.held.len().checked_sub(which + 1) else { continue };
                let held = &model.held[at];
                let open = held.open && now < held.until;
                let op = SettleBudget::new(&*held.id, amounts((calls, tokens)));
                match nodes[node].settle(&cx, op).await {
                    Ok(()) => {
                        assert!(open, "{held:?}");
                        model.end(at, (calls, tokens), now);
                    }
                    Err(error) => assert!(!open && error.kind() == ErrorKind::NotFound, "{error}"),
                }
            }
            Step::Pass { seconds } => advance(Duration::from_secs(seconds)).await,
            Step::Look { node } => {
                while nodes[node].sweep(2).await.unwrap() > 0 {}
                model.sweep(now);
                for (place, budget) in &model.budgets {
                    let found = nodes[node].get_budget(&cx, GetBudget::new(PLACES[*place])).await.unwrap();
                    let found = found.uses.iter().map(|used| (used.currency, used.window, used.used));
                    let expected =
                        LIMITS.into_iter().enumerate().filter(|(limit, _)| budget.limits[*limit].is_some());
                    let mut expected: Vec<_> = expected
                        .map(|(limit, (currency, window))| (currency, window, budget.used(limit, now)))
                        .collect();
                    let mut found: Vec<_> = found.collect();
                    expected.sort();
                    found.sort();
                    assert_eq!(found, expected, "{:?}: {model:#?}", PLACES[*place]);
                }
            }
        }
    }
    one.0.close().await.unwrap();
    two.0.close().await.unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn courses(on: &Ground, few: u32) {
    let mut runner = TestRunner::new(crate::support::cases(few));
    let ended = runner.run(&prop::collection::vec(step(), 1..80), |steps| {
        runtime().block_on(play(on, steps));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn budgets_do_what_the_model_does() {
    courses(&Ground::memory(), 150);
}

#[cfg(feature = "sqlite")]
#[test]
fn budgets_in_files_do_what_the_model_does() {
    courses(&Ground::folder(), 8);
}

#[cfg(feature = "postgres")]
#[test]
fn budgets_on_a_server_do_what_the_model_does() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 5);
}

/// What an application does with the tree of its node, and an agent with the state.
#[derive(Debug, Clone)]
enum Use {
    Agent {
        node: usize,
        place: usize,
        calls: u64,
    },
    Tree {
        node: usize,
        place: usize,
        calls: u64,
    },
    /// The work took a part of it.
    Settle {
        which: usize,
        percent: u64,
    },
    Pass {
        millis: u64,
    },
    /// The node ends as it should, and another one comes.
    Restart {
        node: usize,
    },
}

fn uses() -> impl Strategy<Value = Use> {
    prop_oneof![
        2 => (0usize..2, 0..PLACES.len(), 1u64..30).prop_map(|(node, place, calls)| Use::Agent { node, place, calls }),
        6 => (0usize..2, 0..PLACES.len(), 1u64..30).prop_map(|(node, place, calls)| Use::Tree { node, place, calls }),
        4 => (0usize..12, 0u64..=100).prop_map(|(which, percent)| Use::Settle { which, percent }),
        3 => (1u64..20_000).prop_map(|millis| Use::Pass { millis }),
        1 => (0usize..2).prop_map(|node| Use::Restart { node }),
    ]
}

enum Open {
    Tree(Reservation),
    Agent(String),
    Over,
}

struct Lender {
    tree: BudgetTree,
    leases: BudgetLeases,
}

async fn lender(state: &State, budgets: &Budgets, name: String) -> Lender {
    let clock = state.clock();
    let tree = BudgetTree::builder().clock(move || clock.now()).build();
    let leases = BudgetLeases::start(tree.clone(), Arc::new(budgets.clone()), LeaseConfig::new(name));
    let leases = leases.await.unwrap();
    Lender { tree, leases }
}

/// However nodes borrow and agents reserve, no limit ever grants more than it has.
async fn share(limits: [Option<u64>; 4], course: Vec<Use>) {
    let spot = Ground::memory().spot();
    let (one, two) = (node(&spot).await, node(&spot).await);
    let (nodes, cx) = ([&one, &two], CallContext::new());
    for (place, limit) in PLACES.iter().zip(limits) {
        if let Some(limit) = limit {
            let all = [(Window::Total, limit * 10), (Window::Minute, limit)];
            let all = all.map(|(window, amount)| BudgetLimit::new(Currency::Calls, window, amount));
            one.1.set_budget(&cx, SetBudget::new(*place, all.to_vec())).await.unwrap();
        }
    }
    let mut lenders =
        vec![lender(&one.0, &one.1, "1-0".to_owned()).await, lender(&two.0, &two.1, "2-0".to_owned()).await];
    // Place, window, amount, and whether it is still open.
    let mut granted: Vec<(usize, i64, u64, Open)> = Vec::new();
    for (serial, step) in course.into_iter().enumerate() {
        match step {
            Use::Agent { node, place, calls } => {
                let op = ReserveBudget::new(PLACES[place], amounts((calls, 0))).seconds(86_400u64);
                match nodes[node].1.reserve(&cx, op).await {
                    Ok(held) => {
                        granted.push((
                            place,
                            Window::Minute.number(one.0.now()),
                            calls,
                            Open::Agent(held.id),
                        ));
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}"),
                }
            }
            Use::Tree { node, place, calls } => {
                let path = ["default", PLACES[place]].join("/");
                let handle = lenders[node].tree.handle(BudgetPath::new(path.trim_end_matches('/')).unwrap());
                match handle.reserve_or_wait(amounts((calls, 0))).await {
                    Ok(held) => {
                        granted.push((place, Window::Minute.number(one.0.now()), calls, Open::Tree(held)));
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}"),
                }
            }
            Use::Settle { which, percent } => {
                let Some(at) = granted.len().checked_sub(which + 1) else { continue };
                let (_, _, amount, open) = &mut granted[at];
                let used = *amount * percent / 100;
                match std::mem::replace(open, Open::Over) {
                    Open::Over => continue,
                    Open::Tree(held) => held.settle(amounts((used, 0))),
                    Open::Agent(id) => {
                        nodes[0].1.settle(&cx, SettleBudget::new(id, amounts((used, 0)))).await.unwrap()
                    }
                }
                *amount = used;
            }
            // Step by step, so that nodes are heard of.
            Use::Pass { millis } => tokio::time::sleep(Duration::from_millis(millis)).await,
            Use::Restart { node } => {
                // What is held of the old tree cannot be told to the store any more: it counts as it is.
                lenders[node].leases.close().await;
                lenders[node] = lender(&nodes[node].0, &nodes[node].1, format!("restarted-{serial}")).await;
            }
        }
        check(limits, &granted, one.0.now());
    }
    for lender in &lenders {
        lender.leases.close().await;
    }
    one.0.close().await.unwrap();
    two.0.close().await.unwrap();
}

fn check(limits: [Option<u64>; 4], granted: &[(usize, i64, u64, Open)], now: Timestamp) {
    let minute = Window::Minute.number(now);
    for (place, limit) in limits.into_iter().enumerate() {
        let Some(limit) = limit else { continue };
        let below = granted.iter().filter(|(of, ..)| way(*of).contains(&place));
        let (mut total, mut of_minute) = (0, 0);
        for (_, window, amount, _) in below {
            total += amount;
            of_minute += if *window == minute { *amount } else { 0 };
        }
        assert!(
            total <= limit * 10 && of_minute <= limit,
            "{:?}: {total}, {of_minute} of {limit}",
            PLACES[place]
        );
    }
}

#[test]
fn nodes_that_borrow_never_grant_more_than_there_is() {
    let mut runner = TestRunner::new(crate::support::cases(40));
    let limits = prop::array::uniform4(prop::option::weighted(0.7, 5u64..120));
    let ended = runner.run(&(limits, prop::collection::vec(uses(), 1..60)), |(limits, course)| {
        runtime().block_on(share(limits, course));
        Ok(())
    });
    ended.unwrap();
}

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::engine::budget::{BudgetLeases, BudgetTree, LeaseConfig};
use mosaic_core::ports::BudgetStore;
use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, LeaseQuestion, Window};
use mosaic_core::types::{PageRequest, TenantId};
use tokio::time::{advance, sleep};

use super::*;
use crate::state::{Clock, MemoryStore, StateOptions, TopicFilter};

fn clock() -> Clock {
    Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap())
}

async fn budgets() -> (Budgets, CallContext) {
    let state = StateOptions::new().clock(clock()).open(MemoryStore::new()).await.unwrap();
    (Budgets::new(state), CallContext::new())
}

fn limit(currency: Currency, window: Window, amount: u64) -> Vec<BudgetLimit> {
    vec![BudgetLimit::new(currency, window, amount)]
}

fn calls(n: u64) -> Amounts {
    Amounts::new().calls(n)
}

impl Budgets {
    async fn used(&self, cx: &CallContext, path: &str) -> Vec<u64> {
        let budget = self.get_budget(cx, GetBudget::new(path)).await.unwrap();
        budget.uses.iter().map(|used| used.used).collect()
    }

    async fn told(&self, cx: &CallContext, after: u64) -> Vec<(String, String)> {
        let filter = TopicFilter::of_tenant(cx.tenant_id(), ">").unwrap();
        let events = self.state.events(&filter, after, 100).await.unwrap();
        let shown = |topic: &crate::state::Topic| topic.within(cx.tenant_id()).unwrap().to_owned();
        events.iter().map(|event| (shown(&event.topic), event.kind.to_string())).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn every_level_is_charged_or_none_and_what_is_not_used_comes_back() {
    let (budgets, cx) = budgets().await;
    budgets.set_budget(&cx, SetBudget::new("", limit(Currency::Calls, Window::Day, 10))).await.unwrap();
    budgets
        .set_budget(&cx, SetBudget::new("team:web", limit(Currency::Calls, Window::Total, 6)))
        .await
        .unwrap();
    let reserve = |path: &str, n| budgets.reserve(&cx, ReserveBudget::new(path, calls(n)));
    let held = reserve("team:web/agent:a/task:1", 5).await.unwrap();
    let error = reserve("team:web", 2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.message().contains("budget default/team:web: 2 calls asked for, 1 of 6 left"), "{error}");
    let error = reserve("other", 6).await.unwrap_err();
    assert!(error.message().contains("budget default:") && error.wait().is_some(), "{error}");
    assert_eq!((budgets.used(&cx, "").await, budgets.used(&cx, "team:web").await), (vec![5], vec![5]));
    // More than was reserved is charged, and leaves a debt.
    budgets.settle(&cx, SettleBudget::new(&*held.id, calls(8))).await.unwrap();
    assert_eq!((budgets.used(&cx, "").await, budgets.used(&cx, "team:web").await), (vec![8], vec![8]));
    assert_eq!(reserve("team:web", 1).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    let again = budgets.settle(&cx, SettleBudget::new(&*held.id, calls(8))).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    // A limit that is raised keeps what was used; the day begins anew, the total does not.
    budgets
        .set_budget(&cx, SetBudget::new("team:web", limit(Currency::Calls, Window::Total, 20)))
        .await
        .unwrap();
    advance(Duration::from_secs(86_400)).await;
    reserve("team:web", 10).await.unwrap();
    assert_eq!((budgets.used(&cx, "").await, budgets.used(&cx, "team:web").await), (vec![10], vec![18]));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_settled_in_time_is_charged_or_given_back() {
    let (budgets, cx) = budgets().await;
    budgets.set_budget(&cx, SetBudget::new("p", limit(Currency::Calls, Window::Total, 10))).await.unwrap();
    let reserve =
        |n, back| budgets.reserve(&cx, ReserveBudget::new("p/x", calls(n)).seconds(60u64).give_back(back));
    let charged = reserve(3, false).await.unwrap();
    let given = reserve(7, true).await.unwrap();
    advance(Duration::from_secs(59)).await;
    assert!(reserve(1, false).await.is_err());
    advance(Duration::from_secs(1)).await;
    // Who would be refused ends what is over first.
    reserve(7, false).await.unwrap();
    for id in [charged.id, given.id] {
        assert_eq!(
            budgets.settle(&cx, SettleBudget::new(id, calls(0))).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
    assert_eq!(budgets.used(&cx, "p").await, [10]);
    assert_eq!(budgets.sweep(10).await.unwrap(), 0);
    advance(Duration::from_secs(60)).await;
    assert_eq!(budgets.sweep(10).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_tell_of_changes_and_of_thresholds_once() {
    let (budgets, cx) = budgets().await;
    budgets.set_budget(&cx, SetBudget::new("p", limit(Currency::Tokens, Window::Hour, 100))).await.unwrap();
    let tokens = |n| ReserveBudget::new("p", Amounts::new().tokens(n));
    let held = budgets.reserve(&cx, tokens(85)).await.unwrap();
    budgets.settle(&cx, SettleBudget::new(held.id, Amounts::new().tokens(70))).await.unwrap();
    budgets.reserve(&cx, tokens(30)).await.unwrap();
    let kinds: Vec<_> = budgets
        .told(&cx, 0)
        .await
        .into_iter()
        .map(|(topic, kind)| {
            assert_eq!(topic, "budget.p");
            kind
        })
        .collect();
    let expected = ["set", "threshold", "reserved", "settled", "threshold", "reserved"];
    assert_eq!(kinds, expected.map(|kind| format!("budget.{kind}")));
}

#[tokio::test(start_paused = true)]
async fn tenants_and_holders_are_kept_apart() {
    let (budgets, cx) = budgets().await;
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    for cx in [&cx, &other] {
        budgets.set_budget(cx, SetBudget::new("p", limit(Currency::Calls, Window::Total, 5))).await.unwrap();
    }
    let ann = cx.clone().principal(Principal::agent("ann"));
    let held = budgets.reserve(&ann, ReserveBudget::new("p", calls(4))).await.unwrap();
    assert_eq!(budgets.used(&other, "p").await, [0]);
    let settle = || SettleBudget::new(&*held.id, calls(0));
    assert_eq!(budgets.settle(&other, settle()).await.unwrap_err().kind(), ErrorKind::NotFound);
    let bob = cx.clone().principal(Principal::agent("bob"));
    assert_eq!(budgets.settle(&bob, settle()).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    budgets.settle(&ann, settle()).await.unwrap();
    budgets.delete_budget(&other, DeleteBudget::new("p")).await.unwrap();
    assert_eq!(
        budgets.delete_budget(&other, DeleteBudget::new("p")).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        budgets.get_budget(&other, GetBudget::new("p")).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(budgets.used(&cx, "p").await, [0]);
}

#[tokio::test]
async fn budgets_are_listed_in_pages() {
    let (budgets, cx) = budgets().await;
    for path in ["b/2", "", "b", "b/1", "c"] {
        budgets.set_budget(&cx, SetBudget::new(path, vec![])).await.unwrap();
    }
    let (mut seen, mut op) = (Vec::new(), ListBudgets::new().page(PageRequest::first(2)));
    loop {
        let page = budgets.list_budgets(&cx, op.clone()).await.unwrap();
        seen.extend(page.items.into_iter().map(|budget| budget.path));
        match page.next {
            Some(next) => op.page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["", "b", "b/1", "b/2", "c"]);
    let below = budgets.list_budgets(&cx, ListBudgets::new().below("b")).await.unwrap().items;
    assert_eq!(below.iter().map(|budget| &*budget.path).collect::<Vec<_>>(), ["b/1", "b/2"]);
}

#[tokio::test]
async fn what_means_nothing_is_refused() {
    let (budgets, cx) = budgets().await;
    for op in [SetBudget::new("a//b", vec![]), SetBudget::new("a", vec![]).thresholds(vec![101u8])] {
        assert_eq!(budgets.set_budget(&cx, op).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    for op in [ReserveBudget::new("a", calls(0)), ReserveBudget::new("a", calls(1)).seconds(0u64)] {
        assert_eq!(budgets.reserve(&cx, op).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(budgets.settle(&cx, SettleBudget::new("", calls(0))).await.is_err());
}

/// A node: a state of its own over the store that all share, and a tree of what it borrows.
struct Node {
    tree: BudgetTree,
    leases: BudgetLeases,
}

impl Node {
    async fn start(store: &Arc<MemoryStore>, clock: Clock, name: &str) -> Self {
        let state = StateOptions::new().clock(clock).open_shared(store.clone()).await.unwrap();
        let budgets = Budgets::new(state).leases_hold(Duration::from_secs(10));
        let tree = BudgetTree::builder().clock(move || clock.now()).build();
        let leases =
            BudgetLeases::start(tree.clone(), Arc::new(budgets), LeaseConfig::new(name)).await.unwrap();
        Self { tree, leases }
    }

    /// Uses one call after the other until it is refused, so many at most.
    async fn take(&self, path: &str, most: u64) -> u64 {
        let handle = self.tree.handle(BudgetPath::new(path).unwrap());
        for taken in 0..most {
            match handle.reserve_or_wait(calls(1)).await {
                Ok(reservation) => reservation.charge(),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
                    return taken;
                }
            }
        }
        most
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_and_agents_share_one_budget_and_never_use_more() {
    let (store, clock, cx) = (Arc::new(MemoryStore::new()), clock(), CallContext::new());
    let first = StateOptions::new().clock(clock).open_shared(store.clone()).await.unwrap();
    let agents = Budgets::new(first);
    agents.set_budget(&cx, SetBudget::new("", limit(Currency::Calls, Window::Total, 500))).await.unwrap();
    agents
        .set_budget(&cx, SetBudget::new("team:web", limit(Currency::Calls, Window::Day, 300)))
        .await
        .unwrap();
    let (a, b) = (Node::start(&store, clock, "a").await, Node::start(&store, clock, "b").await);
    let (mut in_process, mut by_agents) = (0, 0);
    for _ in 0..400 {
        let (one, two) = tokio::join!(a.take("default/team:web", 7), b.take("default/team:web/x", 5));
        let agent = agents.reserve(&cx, ReserveBudget::new("team:web/agent:c", calls(3))).await;
        in_process += one + two;
        by_agents += if agent.is_ok() { 3 } else { 0 };
        assert!(in_process + by_agents <= 300);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(in_process + by_agents >= 298, "{in_process} + {by_agents}: what is lent comes to who needs it");
    // The rest of the tenant's budget, by the node that lives on; what the other one did not report is one lease at most.
    drop(a);
    let mut rest = 0;
    for _ in 0..200 {
        rest += b.take("default", 500).await;
        sleep(Duration::from_millis(100)).await;
    }
    let (all, lease) = (in_process + by_agents + rest, 10);
    assert!((490..=500 + lease).contains(&all), "{all}");
    b.leases.close().await;
    let whole = agents.get_budget(&cx, GetBudget::new("")).await.unwrap();
    assert_eq!(whole.uses[0].lent, 0, "all is given back");
}

#[tokio::test(start_paused = true)]
async fn a_question_about_what_is_no_budget_says_so() {
    let (budgets, cx) = budgets().await;
    assert_eq!(budgets.budgets(0).await.unwrap(), None);
    budgets.set_budget(&cx, SetBudget::new("p", limit(Currency::Calls, Window::Day, 5))).await.unwrap();
    let (version, found) = budgets.budgets(0).await.unwrap().unwrap();
    assert_eq!((found.len(), budgets.budgets(version).await.unwrap()), (1, None));
    let ask = |path: &str, currency| {
        let path = BudgetPath::new(path).unwrap();
        let mut question = LeaseQuestion::new(path, currency, Window::Day, "n/1");
        question.want = 9;
        question
    };
    let questions = vec![
        ask("default/p", Currency::Calls),
        ask("default/p", Currency::Money),
        ask("none", Currency::Calls),
    ];
    let leases = budgets.lease(questions).await.unwrap();
    assert_eq!(
        leases.iter().map(|lease| (lease.granted, lease.unlimited)).collect::<Vec<_>>(),
        [(5, false), (0, true), (0, true)]
    );
    let shown = budgets.get_budget(&cx, GetBudget::new("p")).await.unwrap();
    assert_eq!((shown.uses[0].used, shown.uses[0].lent), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn what_was_held_of_a_deleted_budget_is_not_given_back_to_the_next_one() {
    let (budgets, cx) = budgets().await;
    let set = || SetBudget::new("p", limit(Currency::Calls, Window::Total, 100));
    let reserve = |n| budgets.reserve(&cx, ReserveBudget::new("p", calls(n)));
    budgets.set_budget(&cx, set()).await.unwrap();
    let old = reserve(60).await.unwrap();
    budgets.delete_budget(&cx, DeleteBudget::new("p")).await.unwrap();
    budgets.set_budget(&cx, set()).await.unwrap();
    let new = reserve(60).await.unwrap();
    budgets.settle(&cx, SettleBudget::new(&*old.id, calls(0))).await.unwrap();
    assert_eq!(budgets.used(&cx, "p").await, [60], "those 60 are still held");
    budgets.settle(&cx, SettleBudget::new(&*new.id, calls(0))).await.unwrap();
    assert_eq!(budgets.used(&cx, "p").await, [0]);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_is_not_readable_keeps_no_others() {
    let (budgets, cx) = budgets().await;
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    for cx in [&cx, &other] {
        budgets.set_budget(cx, SetBudget::new("p", limit(Currency::Calls, Window::Total, 10))).await.unwrap();
    }
    let reserve = || ReserveBudget::new("p", calls(10)).seconds(60u64).give_back(true);
    let bad = budgets.reserve(&cx, reserve()).await.unwrap();
    budgets.reserve(&other, reserve()).await.unwrap();
    let place = place::reservation(cx.tenant_id(), &bad.id).unwrap();
    budgets.state.put(place, "{").await.unwrap();
    budgets.state.put(crate::state::Key::of(&["budget", "due", "0"]).unwrap(), "").await.unwrap();
    advance(Duration::from_secs(61)).await;
    assert_eq!(budgets.sweep(100).await.unwrap(), 1);
    assert_eq!(budgets.used(&other, "p").await, [0]);
    assert_eq!(budgets.sweep(100).await.unwrap(), 0, "it is no reason to look again at once");
    let path = place::path(other.tenant_id(), "p").unwrap();
    let mut question = LeaseQuestion::new(path, Currency::Calls, Window::Total, "node-1/1");
    question.want = 10;
    assert_eq!(budgets.lease(vec![question]).await.unwrap()[0].granted, 10);
}

//! Budgets that agents reserve from and settle, on every store, and several nodes that share one.

use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::types::TenantId;
use mosaic_core::types::budget::{Amounts, BudgetLimit, Currency, Window};
use mosaic_mcp::coordination::budgets::*;
use mosaic_mcp::state::{Clock, State, StateOptions, TopicFilter};
use tokio::time::advance;

use super::origin;
use crate::ground::{Ground, Spot, on_every_store};

async fn state(spot: &Spot) -> State {
    let clock = Clock::tokio(origin());
    StateOptions::new().clock(clock).open_shared(spot.open().await).await.unwrap()
}

fn calls(n: u64) -> Amounts {
    Amounts::new().calls(n)
}

fn of_calls(path: &str, window: Window, amount: u64) -> SetBudget {
    SetBudget::new(path, vec![BudgetLimit::new(Currency::Calls, window, amount)])
}

async fn used(budgets: &Budgets, cx: &CallContext, path: &str) -> Vec<u64> {
    let budget = budgets.get_budget(cx, GetBudget::new(path)).await.unwrap();
    budget.uses.iter().map(|used| used.used).collect()
}

async fn every_level_is_charged_or_none_and_windows_begin_anew(on: &Ground) {
    let state = state(&on.spot()).await;
    let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
    budgets.set_budget(&cx, of_calls("", Window::Day, 10)).await.unwrap();
    budgets.set_budget(&cx, of_calls("team:web", Window::Total, 6)).await.unwrap();
    let reserve = |path: &str, n| budgets.reserve(&cx, ReserveBudget::new(path, calls(n)));
    let held = reserve("team:web/agent:a", 5).await.unwrap();
    for (path, n) in [("team:web", 2), ("other", 6)] {
        assert_eq!(reserve(path, n).await.unwrap_err().kind(), ErrorKind::QuotaExceeded, "{path}");
    }
    assert_eq!((used(&budgets, &cx, "").await, used(&budgets, &cx, "team:web").await), (vec![5], vec![5]));
    budgets.settle(&cx, SettleBudget::new(&*held.id, calls(2))).await.unwrap();
    assert_eq!((used(&budgets, &cx, "").await, used(&budgets, &cx, "team:web").await), (vec![2], vec![2]));
    let again = budgets.settle(&cx, SettleBudget::new(&*held.id, calls(2))).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    advance(Duration::from_secs(86_400)).await;
    reserve("team:web", 4).await.unwrap();
    assert_eq!((used(&budgets, &cx, "").await, used(&budgets, &cx, "team:web").await), (vec![4], vec![6]));
    state.close().await.unwrap();
}

async fn what_is_not_settled_in_time_is_charged_or_given_back(on: &Ground) {
    let state = state(&on.spot()).await;
    let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
    budgets.set_budget(&cx, of_calls("p", Window::Total, 10)).await.unwrap();
    let reserve =
        |n, back| budgets.reserve(&cx, ReserveBudget::new("p/x", calls(n)).seconds(60u64).give_back(back));
    let (charged, given) = (reserve(3, false).await.unwrap(), reserve(7, true).await.unwrap());
    advance(Duration::from_secs(59)).await;
    assert!(reserve(1, false).await.is_err());
    advance(Duration::from_secs(1)).await;
    reserve(7, false).await.unwrap();
    for id in [charged.id, given.id] {
        let over = budgets.settle(&cx, SettleBudget::new(id, calls(0))).await.unwrap_err();
        assert_eq!(over.kind(), ErrorKind::NotFound);
    }
    assert_eq!(used(&budgets, &cx, "p").await, [10]);
    advance(Duration::from_secs(60)).await;
    assert_eq!(budgets.sweep(10).await.unwrap(), 1);
    state.close().await.unwrap();
}

async fn however_many_were_not_settled_in_time_what_they_held_is_there(on: &Ground) {
    let state = state(&on.spot()).await;
    let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    for (cx, count) in [(&other, 150), (&cx, 1)] {
        budgets.set_budget(cx, of_calls("p", Window::Total, count)).await.unwrap();
        for _ in 0..count {
            let op = ReserveBudget::new("p", calls(1)).seconds(60u64).give_back(true);
            budgets.reserve(cx, op).await.unwrap();
        }
        advance(Duration::from_secs(1)).await;
    }
    advance(Duration::from_secs(60)).await;
    budgets.reserve(&cx, ReserveBudget::new("p", calls(1))).await.unwrap();
    assert!(budgets.reserve(&cx, ReserveBudget::new("p", calls(1))).await.is_err());
    state.close().await.unwrap();
}

async fn a_budget_that_is_set_anew_owes_nothing_to_what_was_reserved_before(on: &Ground) {
    let state = state(&on.spot()).await;
    let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
    let reserve = |n| budgets.reserve(&cx, ReserveBudget::new("p", calls(n)));
    budgets.set_budget(&cx, of_calls("p", Window::Total, 10)).await.unwrap();
    let (old, over) = (reserve(5).await.unwrap(), reserve(3).await.unwrap());
    budgets.delete_budget(&cx, DeleteBudget::new("p")).await.unwrap();
    budgets.set_budget(&cx, of_calls("p", Window::Total, 10)).await.unwrap();
    reserve(8).await.unwrap();
    budgets.settle(&cx, SettleBudget::new(old.id, calls(0))).await.unwrap();
    assert_eq!(used(&budgets, &cx, "p").await, [8]);
    budgets.settle(&cx, SettleBudget::new(over.id, calls(4))).await.unwrap();
    assert_eq!(used(&budgets, &cx, "p").await, [9], "what is beyond is charged");
    assert_eq!(reserve(2).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    state.close().await.unwrap();
}

async fn tenants_and_holders_are_kept_apart_and_events_tell(on: &Ground) {
    let state = state(&on.spot()).await;
    let (budgets, cx) = (Budgets::new(state.clone()), CallContext::new());
    let other = CallContext::new().tenant(TenantId::new("other").unwrap());
    for cx in [&cx, &other] {
        budgets.set_budget(cx, of_calls("p", Window::Total, 5)).await.unwrap();
    }
    let (ann, bob) = (Principal::agent("ann"), Principal::agent("bob"));
    let ann = cx.clone().principal(ann);
    let held = budgets.reserve(&ann, ReserveBudget::new("p", calls(4))).await.unwrap();
    assert_eq!(used(&budgets, &other, "p").await, [0]);
    let settle = |cx: CallContext| {
        let (budgets, settle) = (budgets.clone(), SettleBudget::new(&*held.id, calls(0)));
        async move { budgets.settle(&cx, settle).await }
    };
    assert_eq!(settle(other.clone()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(settle(cx.clone().principal(bob)).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    settle(ann).await.unwrap();
    budgets.delete_budget(&other, DeleteBudget::new("p")).await.unwrap();
    assert_eq!(used(&budgets, &cx, "p").await, [0]);
    let told = async |cx: &CallContext| {
        let filter = TopicFilter::of_tenant(cx.tenant_id(), "budget.>").unwrap();
        let events = state.events(&filter, 0, 100).await.unwrap();
        events.iter().map(|event| event.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(told(&other).await.first().map(String::as_str), Some("budget.set"));
    let ours = told(&cx).await;
    for kind in ["budget.set", "budget.reserved", "budget.settled"] {
        assert_eq!(ours.iter().filter(|told| *told == kind).count(), 1, "{ours:?}");
    }
    state.close().await.unwrap();
}

async fn nodes_that_reserve_at_once_never_use_more_than_there_is(on: &Ground) {
    let spot = on.spot();
    let (a, b) = (state(&spot).await, state(&spot).await);
    let cx = CallContext::new();
    let (first, second) = (Budgets::new(a.clone()), Budgets::new(b.clone()));
    first.set_budget(&cx, of_calls("p", Window::Total, 50)).await.unwrap();
    let reserve = |budgets: &Budgets, agent: &str| {
        let (budgets, cx) = (budgets.clone(), cx.clone());
        let reserve = ReserveBudget::new(format!("p/agent:{agent}"), calls(3));
        async move { budgets.reserve(&cx, reserve).await }
    };
    let mut held = Vec::new();
    for _ in 0..20 {
        let (one, two) = tokio::join!(reserve(&first, "a"), reserve(&second, "b"));
        for reserved in [one, two] {
            match reserved {
                Ok(reserved) => held.push(reserved.id),
                Err(error) => assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}"),
            }
        }
    }
    assert_eq!(held.len(), 16);
    assert_eq!((used(&first, &cx, "p").await, used(&second, &cx, "p").await), (vec![48], vec![48]));
    // Each node settles what either has reserved.
    for (n, id) in held.into_iter().enumerate() {
        let budgets = if n % 2 == 0 { &first } else { &second };
        budgets.settle(&cx, SettleBudget::new(id, calls(1))).await.unwrap();
    }
    assert_eq!(used(&second, &cx, "p").await, [16]);
    a.close().await.unwrap();
    b.close().await.unwrap();
}

on_every_store! {
    every_level_is_charged_or_none_and_windows_begin_anew,
    what_is_not_settled_in_time_is_charged_or_given_back,
    however_many_were_not_settled_in_time_what_they_held_is_there,
    a_budget_that_is_set_anew_owes_nothing_to_what_was_reserved_before,
    tenants_and_holders_are_kept_apart_and_events_tell,
    nodes_that_reserve_at_once_never_use_more_than_there_is,
}

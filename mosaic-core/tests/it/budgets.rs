//! Budgets in front of calls: what is reserved, what is settled, and who is refused.

use std::sync::Arc;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::budget::{BudgetTree, CallBudgets};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::ai::{Ai, AiService, Complete};
use mosaic_core::op::{CacheState, OpSet, Operation};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::testkit::{Fault, Place};
use mosaic_core::types::ai::{Completion, Message, Role};
use mosaic_core::types::budget::{Budget, BudgetLimit, BudgetPath, Currency, Window};
use mosaic_core::types::{Price, TenantId};

use crate::support::*;

fn path(text: &str) -> BudgetPath {
    BudgetPath::new(text).unwrap()
}

fn set(tree: &BudgetTree, at: &str, limits: &[(Currency, u64)]) {
    let limit = |(currency, amount): &(Currency, u64)| BudgetLimit::new(*currency, Window::Total, *amount);
    tree.set(Budget::new(path(at), limits.iter().map(limit).collect::<Vec<_>>())).unwrap();
}

fn used(tree: &BudgetTree, at: &str) -> Vec<u64> {
    tree.get(&path(at)).unwrap().uses.iter().map(|used| used.used).collect()
}

#[tokio::test(start_paused = true)]
async fn a_hit_bypasses_no_budget_and_what_was_not_done_costs_nothing() {
    let (forge, _) = forge_with_widget();
    let tree = BudgetTree::new();
    set(&tree, "default", &[(Currency::Calls, 12), (Currency::Money, 1_000)]);
    let priced = ProviderConfig { cost: Price::micros(20), ..config() };
    let mosaic = single(&forge, priced).budgets(CallBudgets::new(tree.clone())).build().await.unwrap();
    mosaic.git().create_repository(create("one")).await.unwrap();
    assert_eq!(used(&tree, "default"), [5, 100], "it costs five, at the provider's price");
    forge.plan(|_, _| Some(Fault::DisconnectBefore));
    mosaic.git().create_repository(create("two")).await.unwrap_err();
    assert_eq!(used(&tree, "default"), [5, 100], "nothing was sent");
    forge.plan(|_, _| Some(Fault::DisconnectAfter));
    mosaic.git().create_repository(create("three")).await.unwrap_err();
    assert_eq!(used(&tree, "default"), [10, 200], "it may have been done");
    forge.heal();
    for expected in [CacheState::Miss, CacheState::Hit] {
        assert_eq!(mosaic.git().get_repository(get()).await.unwrap().cache(), expected);
    }
    assert_eq!(used(&tree, "default"), [12, 220], "an answer from the cache is a call, and costs no money");
    let seen = forge.seen();
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.message().contains("budget default: 1 calls asked for, 0 of 12 left"), "{error}");
    assert_eq!(forge.seen(), seen);
}

#[tokio::test(start_paused = true)]
async fn a_call_uses_the_budgets_of_everyone_it_is_made_for() {
    let (forge, _) = forge_with_widget();
    let tree = BudgetTree::new();
    set(&tree, "acme", &[(Currency::Calls, 5)]);
    set(&tree, "acme/team:web", &[(Currency::Calls, 3)]);
    set(&tree, "acme/team:web/agent:writer", &[(Currency::Calls, 2)]);
    let mosaic = single(&forge, config()).budgets(CallBudgets::new(tree.clone())).build().await.unwrap();
    let acme = CallContext::new().tenant(TenantId::new("acme").unwrap());
    let web = acme.clone().attribute("team", "web");
    let writer = web.clone().attribute("agent", "writer").attribute("task", "17");
    for (cx, granted, refused_by) in
        [(&writer, 2, "acme/team:web/agent:writer"), (&web, 1, "acme/team:web"), (&acme, 2, "acme")]
    {
        for _ in 0..granted {
            mosaic.with(cx.clone()).git().get_repository(get()).await.unwrap();
        }
        let error = mosaic.with(cx.clone()).git().get_repository(get()).await.unwrap_err();
        assert!(error.facts().any(|fact| fact == ("budget", refused_by)), "{error:?}");
    }
    // Other tenants have no budget, and so no limit.
    mosaic.git().get_repository(get()).await.unwrap();
    let agent = acme.principal(Principal::agent("ann"));
    assert_eq!(CallBudgets::new(tree).path(&agent).unwrap().as_str(), "acme/agent:ann");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_before_anything_is_sent_costs_nothing() {
    let (forge, _) = forge_with_widget();
    let tree = BudgetTree::new();
    set(&tree, "default", &[(Currency::Calls, 100)]);
    let mosaic = single(&forge, config()).budgets(CallBudgets::new(tree.clone())).build().await.unwrap();
    forge.plan(|_, _| Some(Fault::Hang(Place::BeforeSending)));
    for (sent, expected) in [(false, 0), (true, 5)] {
        if sent {
            forge.plan(|_, _| Some(Fault::Hang(Place::AfterSending)));
        }
        let git = mosaic.git();
        let mut call = Box::pin(git.create_repository(create("one")));
        assert!(futures_util::poll!(&mut call).is_pending());
        tokio::time::advance(std::time::Duration::from_millis(10)).await;
        assert!(futures_util::poll!(&mut call).is_pending());
        assert_eq!(used(&tree, "default"), [5]);
        drop(call);
        assert_eq!(used(&tree, "default"), [expected]);
    }
}

struct Model(PluginInfo);

impl AiService for Model {
    async fn complete(&self, _: &CallContext, op: Complete) -> mosaic_core::Result<Completion> {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        Ok(Completion::new(op.model, "Hello").input_tokens(30u64).output_tokens(50u64))
    }
}
impl Plugin for Model {
    fn info(&self) -> &PluginInfo {
        &self.0
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Ai::handlers(self))
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_and_time_are_settled_with_what_was_used() {
    let tree = BudgetTree::new();
    set(&tree, "default", &[(Currency::Tokens, 150), (Currency::Time, 400)]);
    let model = Model(PluginInfo::new("model", "1", OpSet::of(&[Complete::META])));
    let budgets = CallBudgets::new(tree.clone());
    let mosaic = Orchestrator::builder().provider("m", model).budgets(budgets).build().await.unwrap();
    let ai = mosaic.ai();
    let complete = |most: u64| {
        let messages = vec![Message::new(Role::User, "Hello")];
        ai.complete(Complete::new("small-1", messages).max_tokens(most))
    };
    assert_eq!(complete(151).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    complete(150).await.unwrap();
    assert_eq!(used(&tree, "default"), [80, 250]);
    complete(10).await.unwrap();
    assert_eq!(used(&tree, "default"), [160, 500], "what was used is charged, also beyond the limit");
    assert_eq!(complete(1).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
}

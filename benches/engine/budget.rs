//! Row 10: reserving of a budget four levels deep and settling, by a handle that was found once.
//!
//! Each level (organisation, team, project, agent) has a limit of calls for the day; a call reserves one and settles with one, so
//! nothing is given back; "less used" settles with less than it reserved, which gives back on every level. The window is found by a
//! read of the system's clock, which is inside. "quotas" takes, one after the other, the handles of 1,000 agents of 100 projects,
//! each with limits of its own.
//!
//! The peer is governor's check of one key, a `String`, among 1,000, with its fast clock: one level, one limit, no settling.

use std::hint::black_box;
use std::num::NonZeroU32;

use governor::{Quota, RateLimiter};
use mosaic_benches::{Goal, Numbers, Result, Side, measure};
use mosaic_core::engine::budget::{BudgetHandle, BudgetTree};
use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, MOST, Window};

use crate::Bench;

const CALLS: usize = 100_000;
const AGENTS: usize = 1_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let tree = BudgetTree::new();
    let handles = (0..AGENTS).map(|agent| handle(&tree, agent)).collect::<Result<Vec<_>>>()?;
    let rate = Quota::per_second(NonZeroU32::MAX).allow_burst(NonZeroU32::MAX);
    let governor = RateLimiter::keyed(rate);
    let keys: Vec<String> = (0..AGENTS).map(|agent| format!("acme/team:web/agent:{agent}")).collect();
    let order = Numbers::default().many(CALLS, AGENTS);
    let one = &handles[0];
    let (call, two) = (Amounts::new().calls(1), Amounts::new().calls(2));
    let Bench { options, report, .. } = bench;
    let [ours, less, many, peer, peer_many] = measure(
        options,
        [
            Side::each(CALLS, |_| turn(black_box(one), call, call)),
            Side::each(CALLS, |_| turn(black_box(one), two, call)),
            Side::each(CALLS, |at| turn(&handles[order[at]], call, call)),
            Side::each(CALLS, |_| governor.check_key(black_box(&keys[0]))),
            Side::each(CALLS, |at| governor.check_key(&keys[order[at]])),
        ],
    )?;
    one.reserve(call)?.settle(call);
    let goal = Goal::must(2.0);
    report.ratio("10", "reserve + settle, 4 levels / governor String check", ours.median, peer.median, goal);
    report.moon("10 absolute", "reserve + settle, 4 levels / 100 ns", ours.median, 100.0);
    report.ratio("10 less", "reserve + settle, less used / governor", less.median, peer.median, goal);
    report.ratio(
        "10 quotas",
        "the same of 1000 keys / governor, 1000 keys",
        many.median,
        peer_many.median,
        goal,
    );
    Ok(())
}

/// An agent whose levels all have limits.
fn handle(tree: &BudgetTree, agent: usize) -> Result<BudgetHandle> {
    let path = BudgetPath::new(format!("acme/team:web/project:{}/agent:{agent}", agent % 100))?;
    for level in path.upwards() {
        let limits = vec![BudgetLimit::new(Currency::Calls, Window::Day, MOST)];
        tree.set(Budget::new(BudgetPath::new(level)?, limits))?;
    }
    Ok(tree.handle(path))
}

/// One reservation, and what was used of it.
fn turn(handle: &BudgetHandle, reserved: Amounts, used: Amounts) -> mosaic_core::Result<()> {
    handle.reserve(reserved)?.settle(used);
    Ok(())
}

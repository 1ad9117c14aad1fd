//! Row 10: reserving of a budget four levels deep and settling, by a handle that was found once.
//!
//! Each level (organisation, team, project, agent) has a limit of calls for the day; a call reserves one and settles with one, so
//! nothing is given back; "less used" settles with less than it reserved, which gives back on every level. The window is found by a
//! read of the system's clock, which is inside. "quotas" takes, in random order, the handles of 10,000 agents of 100 projects, each with
//! limits of its own.
//!
//! The peer is governor's check of a `String` of 48 bytes among 10,000, in random order, with its fast clock: one level, one limit, no
//! settling. "hot" asks one key only, on both sides: nothing has to be fetched from memory.

use std::hint::black_box;
use std::num::NonZeroU32;

use governor::{Quota, RateLimiter};
use mosaic_benches::{Goal, Numbers, Result, Side, measure};
use mosaic_core::engine::budget::{BudgetHandle, BudgetTree};
use mosaic_core::types::budget::{Amounts, Budget, BudgetLimit, BudgetPath, Currency, MOST, Window};

use crate::Bench;

const CALLS: usize = 100_000;
const AGENTS: usize = 10_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let tree = BudgetTree::new();
    let paths = (0..AGENTS).map(|agent| limited(&tree, agent)).collect::<Result<Vec<_>>>()?;
    let handles: Vec<_> = paths.into_iter().map(|path| tree.handle(path)).collect();
    let rate = Quota::per_second(NonZeroU32::MAX).allow_burst(NonZeroU32::MAX);
    let governor = RateLimiter::keyed(rate);
    let keys: Vec<String> = (0..AGENTS)
        .map(|agent| format!("acme/team:web/project:{:03}/agent:{agent:016}", agent % 100))
        .collect();
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
    let name = "reserve + settle, 4 levels, 10k keys / governor, 10k String keys";
    report.ratio("10", name, many.median, peer_many.median, goal);
    report.moon("10 absolute", "reserve + settle, 4 levels, hot / 100 ns", ours.median, 100.0);
    report.ratio(
        "10 hot",
        "the same, one key / governor, one String key",
        ours.median,
        peer.median,
        Goal::NONE,
    );
    report.ratio("10 less", "one key, less used / governor, 10k keys", less.median, peer_many.median, goal);
    Ok(())
}

/// The path of an agent whose levels all have limits.
fn limited(tree: &BudgetTree, agent: usize) -> Result<BudgetPath> {
    let path = BudgetPath::new(format!("acme/team:web/project:{:03}/agent:{agent:016}", agent % 100))?;
    for level in path.upwards() {
        let limits = vec![BudgetLimit::new(Currency::Calls, Window::Day, MOST)];
        tree.set(Budget::new(BudgetPath::new(level)?, limits))?;
    }
    Ok(path)
}

/// One reservation, and what was used of it.
fn turn(handle: &BudgetHandle, reserved: Amounts, used: Amounts) -> mosaic_core::Result<()> {
    handle.reserve(reserved)?.settle(used);
    Ok(())
}

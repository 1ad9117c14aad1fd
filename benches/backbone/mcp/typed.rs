//! Row 18: an operation that the server shows as a tool, called by its type in the same process.
//!
//! Ours is a typed call on a client through the whole orchestrator, the cache passed by; and a function of the backbone, `state.get_value`,
//! called at the desk: permission, the room, a store in memory. The peer calls an equal tool of a server of the SDK over a stream in memory.

use std::hint::black_box;

use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::op::git::GetRepository;
use mosaic_mcp::coordination::shared::{GetValue, PutValue, Shared};
use mosaic_mcp::function::Desk;
use mosaic_mcp::state::{MemoryStore, State};
use serde_json::json;

use crate::Bench;
use crate::duplex::{Pair, arguments};
use crate::servers::{caller, orchestrator};

const CALLS: usize = 20_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let runtime = &*runtime;
    let mosaic = runtime.block_on(orchestrator())?;
    let git = mosaic.with(caller()).git();
    let state = runtime.block_on(State::open(MemoryStore::new()))?;
    let desk = Desk::builder().room(Shared::new(state.clone())).build();
    let cx = caller();
    runtime.block_on(desk.call(&cx, PutValue::new("plans/spring", json!({ "weeks": 3 }))))?;
    let peer = runtime.block_on(Pair::bare())?;
    let (repository, _) = arguments();
    let [typed, function, bare] = measure(
        options,
        [
            Side::new(CALLS, |calls| {
                runtime.block_on(async {
                    for _ in 0..calls {
                        black_box(git.get_repository(GetRepository::new("acme", "widget")).await?);
                    }
                    Ok(())
                })
            }),
            Side::new(CALLS, |calls| {
                runtime.block_on(async {
                    for _ in 0..calls {
                        black_box(desk.call(&cx, GetValue::new("plans/spring")).await?);
                    }
                    Ok(())
                })
            }),
            peer.calls(runtime, "git_get_repository", &repository),
        ],
    )?;
    let goal = Goal::must(0.1);
    report.ratio("18", "an operation by its type / the SDK's duplex", typed.median, bare.median, goal);
    report.moon("18 moon", "an operation by its type / 1 us", typed.median, 1_000.0);
    report.ratio(
        "18 function",
        "a function at the desk / the SDK's duplex",
        function.median,
        bare.median,
        goal,
    );
    runtime.block_on(async {
        mosaic.shutdown().await;
        peer.close().await?;
        Ok(state.close().await?)
    })
}

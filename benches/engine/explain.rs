//! Row 36: why a call goes where it goes.
//!
//! `explain` on an orchestrator with ten rules, of which three match the call, over two providers. The whole explanation
//! is made and dropped: the rules that match with what became of each, the candidates with standing, load and latency. Its
//! text is not.

use mosaic_benches::{Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::engine::route::Rule;
use mosaic_core::op::git::GetRepository;
use mosaic_core::orchestrator::Orchestrator;

use crate::Bench;
use crate::provider::Noop;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let mut builder = Orchestrator::builder()
        .provider("forge-a", Noop::answering())
        .provider("forge-b", Noop::answering())
        .rule(Rule::new("org:internal-*").when("region", "eu").to("forge-b").priority(9))
        .rule(Rule::new("org:internal-*").to("forge-a").fallback(["forge-b"]).priority(5))
        .rule(Rule::new("org:*").to("forge-b"))
        .default_rule(Rule::any().to("forge-b"));
    for number in 0..7 {
        builder = builder.rule(Rule::new(format!("repo:repo-{number}")).to("forge-a"));
    }
    let mosaic = runtime.block_on(builder.build())?;
    let (cx, operation) = (CallContext::new(), GetRepository::new("internal-tools", "widget"));
    let explanation = mosaic.explain(&cx, &operation);
    if (explanation.rules.len(), explanation.candidates.len()) != (3, 2) {
        return Err(format!("explained otherwise:\n{explanation}").into());
    }
    let [ours] = measure(options, [Side::each(20_000, |_| mosaic.explain(&cx, &operation))])?;
    report.absolute("36", "explain, 10 rules / 1 us", ours.median, 1000.0, 300.0);
    runtime.block_on(mosaic.shutdown());
    Ok(())
}

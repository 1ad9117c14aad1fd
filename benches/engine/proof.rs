//! Row 6: compiling and proving 1,000 rules.
//!
//! Ours compiles a table of 1,000 rules whose condition compares a size and a region, checks them against the schema, indexes
//! them, and proves them: that is the whole work of a change of rules. No rule covers another, so that each is looked at. The
//! peer compiles the 1,000 conditions. "Met" is the same of rules that all meet each other, of which every other one has a finding;
//! "compile" is the table without the proof.

use cel::Env;
use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::engine::route::{Member, Routing, Rule, Table};
use mosaic_core::op::OpSet;
use mosaic_core::types::{ProviderId, ServiceKind};

use crate::Bench;

const RULES: usize = 1000;
const ROUNDS: usize = 4;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, .. } = bench;
    let apart = |at: usize| (format!("build.size > {} && user.region == \"region-{at}\"", at % 50), at % 2);
    let meeting = |at: usize| (format!("build.size > {at} || user.region == \"region-{at}\""), at % 2);
    let texts: Vec<String> = (0..RULES).map(|at| apart(at).0).collect();
    let (own, met) = (routing(apart), routing(meeting));
    if (proved(&own)?, proved(&met)?) != (0, RULES / 2) {
        return Err(format!("proof finds {} and {}", proved(&own)?, proved(&met)?).into());
    }
    let env = Env::stdlib();
    for text in &texts {
        env.compile(text)?;
    }
    let [ours, met, compile, peer] = measure(
        options,
        [
            Side::each(ROUNDS, |_| proved(&own)),
            Side::each(ROUNDS, |_| proved(&met)),
            Side::each(ROUNDS, |_| table(&own).map(|table| table.attributes().len())),
            Side::each(ROUNDS, |_| texts.iter().filter(|text| env.compile(text).is_ok()).count()),
        ],
    )?;
    report.ratio(
        "6",
        "compile and prove 1,000 rules / cel compile",
        ours.median,
        peer.median,
        Goal::must(1.5),
    );
    report.moon("6 absolute", "compile and prove 1,000 rules / 20 ms", ours.median, 2e7);
    report.moon("6 met", "the same where every rule meets others / 20 ms", met.median, 2e7);
    report.ratio("6 compile", "compile 1,000 rules / cel compile", compile.median, peer.median, Goal::NONE);
    Ok(())
}

fn routing(condition: impl Fn(usize) -> (String, usize)) -> Routing {
    (0..RULES).fold(Routing::new().default_rule(Rule::any().to("forge-0")), |routing, at| {
        let (text, to) = condition(at);
        routing.rule(Rule::any().condition(text).to(format!("forge-{to}")))
    })
}

fn table(routing: &Routing) -> Result<Table> {
    let member = |at: usize| {
        Ok(Member::new(ProviderId::new(format!("forge-{at}"))?, OpSet::service(ServiceKind::Git)))
    };
    Ok(Table::compile(routing, (0..2).map(member).collect::<Result<_>>()?, 7)?)
}

/// How many findings there are.
fn proved(routing: &Routing) -> Result<usize> {
    Ok(table(routing)?.prove().len())
}

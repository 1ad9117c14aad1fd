//! Row 5: one condition, `build.size > 10 && user.region == "EU"`, on a call for which it holds.
//!
//! Ours is [`Predicate::holds`] on a call with four attributes, the two that it reads last. The peer is cel's `execute` of the
//! same text, `build` and `user` being maps. "With context" makes the attributes anew each time, and so does the peer with its
//! variables.
//!
//! [`Predicate::holds`]: mosaic_core::engine::route::Predicate::holds

use std::collections::HashMap;
use std::sync::Arc;

use cel::{Context, Env, Value};
use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::engine::route::{AttributeSchema, Condition, Facts, Predicate};
use mosaic_core::op::Operation;
use mosaic_core::op::git::GetRepository;

use crate::Bench;

const CALLS: usize = 100_000;
const TEXT: &str = r#"build.size > 10 && user.region == "EU""#;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, .. } = bench;
    let predicate = compiled(TEXT)?;
    let operation = GetRepository::new("acme", "widget");
    let cx = context();
    let facts = Facts { meta: GetRepository::META, subject: operation.subject(), cx: &cx };

    let env = Arc::new(Env::stdlib());
    let program = env.compile(TEXT)?;
    let prepared = variables(&env)?;
    let executed = program.execute(&prepared).map_err(|error| error.to_string())?;
    if (predicate.holds(&facts), executed) != (true, Value::Bool(true)) {
        return Err("the condition does not hold".into());
    }
    let [ours, ours_built, peer, peer_built] = measure(
        options,
        [
            Side::each(CALLS, |_| predicate.holds(&facts)),
            Side::each(CALLS / 4, |_| predicate.holds(&Facts { cx: &context(), ..facts })),
            Side::each(CALLS / 8, |_| program.execute(&prepared)),
            Side::each(CALLS / 40, |_| variables(&env).map(|context| program.execute(&context))),
        ],
    )?;
    report.ratio("5", "condition / cel execute", ours.median, peer.median, Goal::must(0.15));
    report.moon("5 absolute", "condition / 60 ns", ours.median, 60.0);
    let name = "condition with context / cel with context";
    report.ratio("5 built", name, ours_built.median, peer_built.median, Goal::NONE);
    Ok(())
}

/// A condition over the well-known attributes.
pub(crate) fn compiled(text: &str) -> Result<Predicate> {
    let condition: Condition = text.parse()?;
    condition.compile(&AttributeSchema::default()).map_err(|faults| Fault::from(faults[0].to_string()))
}

fn context() -> CallContext {
    CallContext::new()
        .attribute("environment", "production")
        .attribute("priority", 3)
        .attribute("build.size", 11)
        .attribute("user.region", "EU")
}

fn variables(env: &Arc<Env>) -> Result<Context<'static, 'static>> {
    let mut context = Context::with_env(Arc::clone(env));
    context.add_variable_from_value("environment", "production");
    context.add_variable_from_value("priority", 3);
    context.add_variable_from_value("build", HashMap::from([("size", Value::from(11))]));
    context.add_variable_from_value("user", HashMap::from([("region", Value::from("EU"))]));
    Ok(context)
}

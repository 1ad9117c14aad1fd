//! Failover: walks the candidates, moving on only where the call may move.

use smallvec::SmallVec;

use super::route::no_view;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, Outcome, Result, Situation, fails_over};
use crate::op::Reply;

pub(crate) struct Failover;

impl Step for Failover {
    async fn call(&self, mut call: Call) -> Result<Reply> {
        let Some(view) = call.view.clone() else { return Err(no_view()) };
        let candidates = std::mem::take(&mut call.candidates);
        let Some((last, before)) = candidates.split_last() else { return Err(no_view()) };
        let effect = call.meta().effect;
        let mut failed: SmallVec<[Error; 2]> = SmallVec::new();
        for at in before {
            let result = view.lanes[usize::from(*at)].step.call(call.clone()).await;
            let error = match result {
                Ok(reply) => return Ok(after(reply, &failed)),
                Err(error) => error,
            };
            let situation = Situation::new(error.kind(), effect)
                .delivery(error.delivered())
                .may_have_run(error.outcome() == Outcome::Unknown);
            // Without retries around it, such as from a layer of the application, an error decides by its own kind.
            let moves = error.decided().unwrap_or_else(|| fails_over(&situation));
            failed.push(error);
            if !moves {
                return Err(most_telling(failed));
            }
            call.now = tokio::time::Instant::now();
        }
        match view.lanes[usize::from(*last)].step.call(call).await {
            Ok(reply) => Ok(after(reply, &failed)),
            Err(error) if failed.is_empty() => Err(error),
            Err(error) => {
                failed.push(error);
                Err(most_telling(failed))
            }
        }
    }
}

/// The reply with what was tried before it.
fn after(mut reply: Reply, failed: &[Error]) -> Reply {
    if !failed.is_empty() {
        let mut trail: Vec<_> = failed.iter().flat_map(|error| error.attempts().iter().cloned()).collect();
        reply.report.attempts += trail.len() as u32;
        trail.append(&mut reply.report.trail);
        reply.report.trail = trail;
    }
    reply
}

/// The error that says most, with every attempt of all of them; it may have run if any of them may have.
fn most_telling(failed: SmallVec<[Error; 2]>) -> Error {
    let trail: Vec<_> = failed.iter().flat_map(|error| error.attempts().iter().cloned()).collect();
    let worst = failed.iter().map(Error::delivered).max().unwrap_or(Delivery::NotSent);
    let may_have_run = failed.iter().any(|error| error.outcome() == Outcome::Unknown);
    // Of equals the first: it is the one that the others followed from.
    let telling = failed.into_iter().rev().max_by_key(|error| error.kind().telling());
    telling.unwrap_or_else(no_view).worst(worst, may_have_run).trail(trail)
}

//! Failover: walks the candidates, moving on only where the call may move.

use smallvec::{SmallVec, smallvec};

use crate::engine::view::View;
use crate::engine::{Call, Step as _};
use crate::error::{Delivery, Error, ErrorKind, Outcome, Result, Situation, fails_over};
use crate::op::Reply;

pub(crate) struct Failover;

impl Failover {
    pub(crate) async fn walk(&self, call: &Call, view: &View, candidates: &[u16]) -> Result<Reply> {
        let Some((first, others)) = candidates.split_first() else { return Err(nobody()) };
        match view.lanes[usize::from(*first)].step.call(call).await {
            Ok(reply) => Ok(reply),
            Err(error) if others.is_empty() => Err(error),
            // What follows is rare: out of line, so that the usual call carries none of it.
            Err(error) => Box::pin(go_on(call, view, others, error)).await,
        }
    }
}

/// Walks the candidates that are left after the first failed.
async fn go_on(call: &Call, view: &View, others: &[u16], error: Error) -> Result<Reply> {
    let effect = call.meta().effect;
    let mut failed: SmallVec<[Error; 2]> = smallvec![error];
    for at in others {
        let error = &failed[failed.len() - 1];
        let situation = Situation::new(error.kind(), effect)
            .delivery(error.delivered())
            .may_have_run(error.outcome() == Outcome::Unknown);
        // Without retries around it, such as from a layer of the application, an error decides by its own kind.
        if !error.decided().unwrap_or_else(|| fails_over(&situation)) {
            break;
        }
        match view.lanes[usize::from(*at)].step.call(&call.again()).await {
            Ok(reply) => return Ok(after(reply, &failed)),
            Err(error) => failed.push(error),
        }
    }
    Err(most_telling(failed))
}

/// The reply with what was tried before it.
fn after(mut reply: Reply, failed: &[Error]) -> Reply {
    let mut trail: Vec<_> = failed.iter().flat_map(|error| error.attempts().iter().cloned()).collect();
    reply.report.attempts += trail.len() as u32;
    trail.append(&mut reply.report.trail);
    reply.report.trail = trail;
    reply
}

/// The error that says most, with every attempt of all of them; it may have run if any of them may have.
fn most_telling(failed: SmallVec<[Error; 2]>) -> Error {
    let trail: Vec<_> = failed.iter().flat_map(|error| error.attempts().iter().cloned()).collect();
    let worst = failed.iter().map(Error::delivered).max().unwrap_or(Delivery::NotSent);
    let may_have_run = failed.iter().any(|error| error.outcome() == Outcome::Unknown);
    // A stand-in that does not have the thing says nothing about the provider that should have it: who takes "not found" for
    // an answer might make it a second time. Of equals the first: it is the one that the others followed from.
    let telling = |at: usize, error: &Error| match error.kind() {
        ErrorKind::NotFound if at > 0 => 0,
        kind => kind.telling() + 1,
    };
    let telling = failed.into_iter().enumerate().rev().max_by_key(|(at, error)| telling(*at, error));
    let telling = telling.map(|(_, error)| error);
    telling.unwrap_or_else(nobody).worst(worst, may_have_run).trail(trail)
}

#[cold]
fn nobody() -> Error {
    Error::new(ErrorKind::Internal, "routing gave no candidate and no error")
}

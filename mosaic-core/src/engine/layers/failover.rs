//! Failover: walks the candidates, moving on only where the call may move.

use smallvec::{SmallVec, smallvec};

use crate::engine::route::Candidate;
use crate::engine::view::View;
use crate::engine::{Call, Step as _};
use crate::error::{Delivery, Error, ErrorKind, Outcome, Result, Situation, fails_over};
use crate::op::Reply;

pub(crate) struct Failover;

impl Failover {
    pub(crate) async fn walk(&self, call: &Call, view: &View, candidates: &[Candidate]) -> Result<Reply> {
        let Some(first) = candidates.first() else { return Err(nobody()) };
        match view.lanes[usize::from(first.position)].step.call(call).await {
            Ok(reply) => Ok(reply),
            Err(error) if candidates.len() == 1 => Err(known(call, error)),
            // What follows is rare: out of line, so that the usual call carries none of it.
            Err(error) => Box::pin(go_on(call, view, candidates, error)).await,
        }
    }
}

/// A candidate that failed.
struct Failed {
    error: Error,
    /// Whether it only stands in for another one, so that what it does not have may well be there.
    stand_in: bool,
}

/// Walks the candidates that are left after the first failed.
async fn go_on(call: &Call, view: &View, candidates: &[Candidate], error: Error) -> Result<Reply> {
    let own = candidates.iter().map(|one| one.target).min().unwrap_or(0);
    let mut failed: SmallVec<[Failed; 2]> = smallvec![Failed { error, stand_in: candidates[0].target > own }];
    for one in &candidates[1..] {
        if !moves_on(call, &failed[failed.len() - 1]) {
            break;
        }
        call.restart();
        match view.lanes[usize::from(one.position)].step.call(call).await {
            Ok(reply) => return Ok(after(reply, &failed)),
            Err(error) => failed.push(Failed { error, stand_in: one.target > own }),
        }
    }
    Err(known(call, most_telling(failed)))
}

fn ran(call: &Call) -> bool {
    call.progress.as_ref().is_some_and(|progress| progress.may_have_run())
}

/// The error with what the call knows of its effect.
fn known(call: &Call, error: Error) -> Error {
    if ran(call) { error.worst(Delivery::Unknown, true) } else { error }
}

/// Whether the next candidate is asked after this one failed.
fn moves_on(call: &Call, failed: &Failed) -> bool {
    let error = &failed.error;
    // A layer of the application may have given an attempt up and know nothing of what was sent: the call itself knows.
    let may_have_run = error.outcome() == Outcome::Unknown || ran(call);
    if failed.stand_in && error.kind() == ErrorKind::NotFound {
        // Who stands in while the owner is away, and does not have it, is no reason not to ask the owner after all.
        return !may_have_run;
    }
    let situation = Situation::new(error.kind(), call.meta().effect)
        .delivery(error.delivered())
        .may_have_run(may_have_run);
    // Without retries around it, such as from a layer of the application, an error decides by its own kind.
    if may_have_run && !call.is_read() {
        false
    } else {
        error.decided().unwrap_or_else(|| fails_over(&situation))
    }
}

/// The reply with what was tried before it.
fn after(mut reply: Reply, failed: &[Failed]) -> Reply {
    let mut trail: Vec<_> = failed.iter().flat_map(|one| one.error.attempts().iter().cloned()).collect();
    reply.report.attempts += trail.len() as u32;
    trail.append(&mut reply.report.trail);
    reply.report.trail = trail;
    reply
}

/// The error that says most, with every attempt of all of them; it may have run if any of them may have.
fn most_telling(failed: SmallVec<[Failed; 2]>) -> Error {
    let trail: Vec<_> = failed.iter().flat_map(|one| one.error.attempts().iter().cloned()).collect();
    let worst = failed.iter().map(|one| one.error.delivered()).max().unwrap_or(Delivery::NotSent);
    let may_have_run = failed.iter().any(|one| one.error.outcome() == Outcome::Unknown);
    // A stand-in that does not have the thing says nothing about the provider that should have it: who takes "not found" for
    // an answer might make it a second time. Of equals the first: it is the one that the others followed from.
    let telling = |one: &Failed| match one.error.kind() {
        ErrorKind::NotFound if one.stand_in => 0,
        kind => kind.telling() + 1,
    };
    let telling = failed.into_iter().rev().max_by_key(telling).map(|one| one.error);
    telling.unwrap_or_else(nobody).worst(worst, may_have_run).trail(trail)
}

#[cold]
fn nobody() -> Error {
    Error::new(ErrorKind::Internal, "routing gave no candidate and no error")
}

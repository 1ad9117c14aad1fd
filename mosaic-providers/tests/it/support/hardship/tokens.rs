//! Trouble where tokens are given: nothing of the operation itself was sent, and the next call may find it mended.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::ErrorKind;
use mosaic_core::plugin::Plugin;

use super::trial::{Expected, Trial};
use crate::support::faults::Fault;

/// How long an address without an answer is waited for, on a clock that is paused.
const SILENCE: Duration = Duration::from_secs(3600);

pub(super) async fn run<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    use ErrorKind::{Network, Protocol, Provider, Unauthenticated};
    let refused = r#"{"error":"invalid_grant","error_description":"it ran out"}"#;
    let table = [
        ("a token that is refused", Fault::json(400, refused), vec![Unauthenticated]),
        ("a token that is forbidden", Fault::status(401), vec![Unauthenticated]),
        ("a page instead of a token", Fault::html(200), vec![Protocol]),
        ("a document without a token", Fault::json(200, "{}"), vec![Protocol]),
        ("no token by a failure", Fault::html(502), vec![Provider]),
        ("no token by a closed connection", Fault::Closed, vec![Network]),
        ("half of a token", Fault::Truncated, vec![Network, Protocol]),
    ];
    for (name, fault, kinds) in table {
        let pair = trial.raw_pair().await;
        pair.faults.next(fault);
        let (result, sent) = trial.ask(&pair.plugin).await;
        trial.judge(name, result, &Expected::not_sent(&kinds));
        trial.check(name, sent.marked(), || {
            "nothing of the call was sent, and the provider said it was".to_owned()
        });
        let (result, _) = trial.ask(&pair.plugin).await;
        trial.check(name, result.is_err(), || {
            format!("the call after it: expected an answer, got {result:?}")
        });
    }
    silence(trial).await;
}

/// An address that never answers holds up one call or two, and not for ever.
async fn silence<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let name = "no token by silence";
    let pair = trial.raw_pair().await;
    pair.faults.next(Fault::Hang);
    let early = {
        let mut call = std::pin::pin!(trial.ask(&pair.plugin));
        tokio::select! {
            (result, _) = &mut call => Some(result),
            () = pair.faults.silent() => None,
        }
    };
    trial.check(name, early.is_some(), || format!("expected to wait, got {early:?}"));
    tokio::time::pause();
    let second = tokio::time::timeout(SILENCE, trial.ask(&pair.plugin)).await;
    tokio::time::resume();
    trial.check(name, second.is_err(), || "the call after it waits for ever".to_owned());
    if second.is_ok() {
        let (result, _) = trial.ask(&pair.plugin).await;
        trial.check(name, result.is_err(), || {
            format!("the call after the next: expected an answer, got {result:?}")
        });
    }
}

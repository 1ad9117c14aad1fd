//! Answers that break: cut, garbled, silent, endless or leading away, and connections without an answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::plugin::Plugin;

use super::trial::{Expected, Trial};
use crate::support::faults::{ENDLESS, Fault};
use crate::support::secrets;
use crate::support::serve::Server;

/// How long a silent answer is waited for, on a clock that is paused.
const SILENCE: Duration = Duration::from_secs(3600);

pub(super) async fn run<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    connections(trial).await;
    if trial.call.has_document() {
        garbage(trial).await;
        endless(trial).await;
    }
    if !trial.call.empty {
        let cut = Expected::unknown(&[ErrorKind::Network, ErrorKind::Protocol]).or_answered();
        trial.bear("an answer that is cut", Fault::Truncated, &cut).await;
        silence(trial, "an answer that falls silent", Fault::Slow).await;
    }
    silence(trial, "no answer at all", Fault::Hang).await;
    for status in [301, 302, 303, 307, 308] {
        redirect(trial, status).await;
    }
}

async fn connections<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let broken = Expected::unknown(&[ErrorKind::Network]);
    trial.bear("a connection that is closed", Fault::Closed, &broken).await;
    trial.bear("a connection that is closed after the work", Fault::ClosedAfter, &broken).await;
    // One that has a connection already would find out after sending.
    let pair = trial.raw_pair().await;
    drop(pair.server);
    let (result, _) = trial.ask(&pair.plugin).await;
    trial.judge("a server that is gone", result, &Expected::not_sent(&[ErrorKind::Network]));
}

async fn garbage<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let unreadable = Expected::answered(&[ErrorKind::Protocol]).outcome(Outcome::Unknown);
    let answers = [
        ("text instead of JSON", Fault::text(200, "text/plain", "all is well")),
        ("a page instead of JSON", Fault::html(200)),
        ("half of a JSON document", Fault::json(200, r#"{"id": 1, "name": "wid"#)),
        ("a number instead of a document", Fault::json(200, "7")),
        ("a text instead of a document", Fault::json(200, r#""widget""#)),
        ("numbers where objects belong", Fault::json(200, "[1, 2, 3]")),
        ("bytes that are no text", Fault::json(200, &b"{\"name\": \"\xff\xfe\"}"[..])),
        ("nothing at all", Fault::json(200, "")),
    ];
    for (name, fault) in answers {
        trial.bear(name, fault, &unreadable).await;
    }
}

async fn endless<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let name = "an answer that never ends";
    let pair = trial.pair().await;
    pair.faults.always_on(&trial.call.place, Fault::Endless);
    let (result, _) = trial.ask(&pair.plugin).await;
    trial.judge(name, result, &Expected::answered(&[ErrorKind::Protocol]));
    let taken = pair.faults.poured();
    trial.check(name, taken >= ENDLESS, || format!("{taken} bytes were taken"));
}

/// The engine gives up on what takes too long by dropping the call; the next call must find everything in order.
async fn silence<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>, name: &str, fault: Fault) {
    let pair = trial.pair().await;
    pair.faults.next_at(&trial.call.place, fault);
    let early = {
        let mut call = std::pin::pin!(trial.ask(&pair.plugin));
        tokio::select! {
            (result, _) = &mut call => Some(result),
            () = pair.faults.silent() => {
                tokio::time::pause();
                let result = tokio::time::timeout(SILENCE, &mut call).await;
                tokio::time::resume();
                // A provider may have a limit of its own for reading.
                match result {
                    Ok((Err(error), _)) if matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout) => None,
                    Ok((result, _)) => Some(result),
                    Err(_) => None,
                }
            }
        }
    };
    trial.check(name, early.is_some(), || format!("expected to wait, got {early:?}"));
    pair.faults.clear();
    let (result, _) = trial.ask(&pair.plugin).await;
    trial.check(name, result.is_err(), || format!("the call after it: expected an answer, got {result:?}"));
}

/// A redirect to another server, which must not learn the credential, nor be asked at all unless it is a download.
async fn redirect<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>, status: u16) {
    let name = format!("{status} to another server");
    let elsewhere = Server::start(Router::new().fallback(async || "caught")).await;
    let pair = trial.pair().await;
    let to = format!("{}/caught?by=redirect", elsewhere.url());
    pair.faults.always_on(&trial.call.place, Fault::Redirect { status, to });
    let (result, _) = trial.ask(&pair.plugin).await;
    if !trial.call.downloads {
        trial.judge(&name, result, &Expected::answered(&[ErrorKind::Protocol]));
        let count = elsewhere.count();
        trial.check(&name, count > 0, || format!("the other server was asked {count} times"));
    }
    for seen in elsewhere.seen() {
        let told = secrets::shows(&format!("{seen:?}"));
        trial.check(&name, told || secrets::has_credential(&seen.headers), || {
            format!("the other server got the credential: {seen}")
        });
    }
}

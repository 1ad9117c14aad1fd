//! Answers that refuse: each status, and each family of headers that says when to come back.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use mosaic_core::error::{Delivery, ErrorKind, Outcome};
use mosaic_core::plugin::Plugin;

use super::trial::{Expected, Trial};
use crate::support::faults::Fault;
use crate::support::secrets;

pub(super) async fn run<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    refusals(trial).await;
    limits(trial).await;
    failures(trial).await;
    renewal(trial).await;
}

async fn refusals<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    use ErrorKind::{Conflict, Invalid, NotFound, PermissionDenied, Unauthenticated};
    let table = [
        (400, Invalid),
        (401, Unauthenticated),
        (403, PermissionDenied),
        (404, NotFound),
        (409, Conflict),
        (422, Invalid),
    ];
    for (status, kind) in table {
        let expected = Expected::answered(&[kind]).outcome(Outcome::NotMade);
        trial.bear(&status.to_string(), Fault::status(status), &expected).await;
        trial.bear(&format!("{status} with a page"), Fault::html(status), &expected).await;
        let bare = Fault::Answer { status, headers: Vec::new(), body: Default::default() };
        trial.bear(&format!("{status} without a body"), bare, &expected).await;
    }
}

/// A family of headers: its name, the headers, and the seconds that they ask to wait.
type Family = (&'static str, Vec<(&'static str, String)>, RangeInclusive<u64>);

/// The families of headers, as vendors send them when nothing remains.
fn families() -> Vec<Family> {
    let at = Timestamp::now() + Duration::from_secs(90);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap();
    let epoch = at.as_second().to_string();
    let none = |name| (name, "0".to_owned());
    // Between the making of this table and its reading time passes, and dates are cut to seconds.
    let soon = 60..=91;
    vec![
        ("Retry-After in seconds", vec![("retry-after", "7".to_owned())], 7..=7),
        ("Retry-After as a date", vec![("retry-after", date.clone())], soon.clone()),
        (
            "X-RateLimit with seconds since 1970",
            vec![
                ("x-ratelimit-limit", "5000".to_owned()),
                none("x-ratelimit-remaining"),
                ("x-ratelimit-used", "5000".to_owned()),
                ("x-ratelimit-reset", epoch.clone()),
                ("x-ratelimit-resource", "core".to_owned()),
            ],
            soon.clone(),
        ),
        (
            "RateLimit with seconds since 1970",
            vec![
                ("ratelimit-limit", "2000".to_owned()),
                ("ratelimit-observed", "2000".to_owned()),
                none("ratelimit-remaining"),
                ("ratelimit-reset", epoch),
                ("ratelimit-resettime", date),
            ],
            soon.clone(),
        ),
        (
            "RateLimit with seconds left",
            vec![
                ("ratelimit-limit", "100".to_owned()),
                none("ratelimit-remaining"),
                ("ratelimit-reset", "45".to_owned()),
            ],
            45..=45,
        ),
        (
            "X-RateLimit with a time in ISO form",
            vec![
                ("x-ratelimit-limit", "100".to_owned()),
                none("x-ratelimit-remaining"),
                ("x-ratelimit-reset", at.to_string()),
            ],
            soon,
        ),
    ]
}

async fn limits<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let limited = || Expected::answered(&[ErrorKind::RateLimited]).outcome(Outcome::NotMade);
    for status in [429, 403] {
        for (family, headers, wait) in families() {
            let fault = headers
                .into_iter()
                .fold(Fault::status(status), |fault, (name, value)| fault.header(name, value));
            trial.bear(&format!("{status} by {family}"), fault, &limited().wait(wait)).await;
        }
    }
    trial.bear("429 without a word", Fault::status(429), &limited()).await;
    let mad = Fault::status(429).header("retry-after", "soon, maybe").header("x-ratelimit-reset", "-1");
    trial.bear("429 with headers that make no sense", mad, &limited()).await;
}

async fn failures<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let failed = || Expected::answered(&[ErrorKind::Provider]);
    for status in [500, 502, 503, 504] {
        let expected = failed().outcome(Outcome::Unknown);
        trial.bear(&status.to_string(), Fault::status(status), &expected).await;
        trial.bear(&format!("{status} with a page"), Fault::html(status), &expected).await;
    }
    let later = Fault::html(503).header("retry-after", "11");
    trial.bear("503 by Retry-After", later, &failed().outcome(Outcome::NotMade).wait(11..=11)).await;
}

/// A credential that is no longer accepted: renewed once where that can be done, and left alone where not.
async fn renewal<M: AsyncFn(String) -> Arc<dyn Plugin>>(trial: &mut Trial<'_, M>) {
    let name = "401, then a renewed credential";
    let pair = trial.pair().await;
    trial.ask(&pair.plugin).await.0.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let before = pair.server.last();
    pair.faults.next_at(&trial.call.place, Fault::status(401));
    let (result, _) = trial.ask(&pair.plugin).await;
    trial.judge(name, result, &Expected::answered(&[ErrorKind::Unauthenticated]));
    match (trial.call.renews, pair.plugin.refresh().await) {
        (false, Err(error))
            if error.kind() == ErrorKind::Unsupported && error.delivered() == Delivery::NotSent =>
        {
            return;
        }
        // A server that was only redirected to refuses no credential of ours: there is none to renew.
        (false, Ok(())) if !secrets::has_credential(&pair.server.last().headers) => return,
        (false, other) => {
            return trial.check(name, true, || format!("expected unsupported from refresh, got {other:?}"));
        }
        (true, Err(error)) => return trial.check(name, true, || format!("refresh: {error}")),
        (true, Ok(())) => {}
    }
    let (result, _) = trial.ask(&pair.plugin).await;
    trial.check(name, result.is_err(), || format!("expected an answer after refresh, got {result:?}"));
    let credential =
        |name: &str| (before.header(name).to_owned(), pair.server.last().header(name).to_owned());
    let (old, new) = credential("authorization");
    trial.check(name, old == new, || "the same credential was sent again".to_owned());
}

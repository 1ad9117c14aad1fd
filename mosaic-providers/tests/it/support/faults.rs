//! Faults that a server is told to have: what happens to its next requests instead of, or to, the answer of its router.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::line::Line;

/// After so many bytes an endless answer ends after all, lest a reader without a limit takes all memory.
pub(crate) const ENDLESS: u64 = 96 << 20;

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This answer instead of the router's, which is not asked.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Bytes },
    /// The router's answer with its full length declared, and the connection cut in the middle of it.
    Truncated,
    /// The first byte of the router's answer, then silence until [`Faults::release`].
    Slow,
    /// Nothing at all until [`Faults::release`], then the router's answer.
    Hang,
    /// The router is asked, and the connection is closed without an answer.
    ClosedAfter,
    /// The connection is closed without asking the router.
    Closed,
    /// This status with this `Location`.
    Redirect { status: u16, to: String },
    /// JSON that does not end before [`ENDLESS`] bytes.
    Endless,
}

impl Fault {
    /// An answer of this status with a small JSON body, as most vendors send it.
    pub(crate) fn status(status: u16) -> Self {
        Self::json(status, r#"{"message":"as the test told"}"#)
    }

    /// An answer of this status with this JSON text.
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::text(status, "application/json", body)
    }

    /// An answer of this status with a page for people, as a proxy in front of a vendor sends it.
    pub(crate) fn html(status: u16) -> Self {
        Self::text(
            status,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><body><h1>Oops</h1></body></html>",
        )
    }

    /// An answer of this status, content type and body.
    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self::Answer { status, headers, body: body.into() }
    }

    /// The same answer with one more header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        match &mut self {
            Self::Answer { headers, .. } => headers.push((name, value.into())),
            other => panic!("{other:?} has no headers"),
        }
        self
    }
}

/// The script of one server, shared with the test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Script>);

#[derive(Debug, Default)]
struct Script {
    steps: Mutex<Vec<Step>>,
    fired: AtomicU64,
    poured: Arc<AtomicU64>,
    silent: Notify,
    release: Notify,
}

#[derive(Debug)]
struct Step {
    method: Option<Method>,
    prefix: String,
    fault: Fault,
    /// How often it happens; none for ever.
    left: Option<u64>,
}

impl Faults {
    /// The router with this script in front.
    pub(crate) fn before(&self, router: Router) -> Router {
        Router::new().fallback_service(router).layer(from_fn_with_state(self.clone(), run))
    }

    /// Happens to the next request.
    pub(crate) fn next(&self, fault: Fault) {
        self.add(None, "", fault, Some(1));
    }

    /// Happens to the next request of this method whose path, as sent, begins so.
    pub(crate) fn next_on(&self, method: Method, prefix: &str, fault: Fault) {
        self.add(Some(method), prefix, fault, Some(1));
    }

    /// Happens to the next request whose path, as sent, begins so.
    pub(crate) fn next_at(&self, prefix: &str, fault: Fault) {
        self.add(None, prefix, fault, Some(1));
    }

    /// Happens to every request until [`Faults::clear`].
    pub(crate) fn always(&self, fault: Fault) {
        self.add(None, "", fault, None);
    }

    /// The same for those whose path, as sent, begins so.
    pub(crate) fn always_on(&self, prefix: &str, fault: Fault) {
        self.add(None, prefix, fault, None);
    }

    fn add(&self, method: Option<Method>, prefix: &str, fault: Fault, left: Option<u64>) {
        self.0.steps.lock().push(Step { method, prefix: prefix.to_owned(), fault, left });
    }

    /// Forgets what has not happened yet.
    pub(crate) fn clear(&self) {
        self.0.steps.lock().clear();
    }

    /// How many requests a fault happened to.
    pub(crate) fn fired(&self) -> u64 {
        self.0.fired.load(Ordering::Acquire)
    }

    /// How many bytes of endless answers were taken.
    pub(crate) fn poured(&self) -> u64 {
        self.0.poured.load(Ordering::Acquire)
    }

    /// Waits until an answer fell silent.
    pub(crate) async fn silent(&self) {
        self.0.silent.notified().await;
    }

    /// Lets one silent answer go on.
    pub(crate) fn release(&self) {
        self.0.release.notify_one();
    }

    /// The fault of a request, where one is due; the first step that fits.
    fn take(&self, request: &Request) -> Option<Fault> {
        let mut steps = self.0.steps.lock();
        let (method, path) = (request.method(), request.uri().path());
        let at = steps.iter().position(|step| {
            step.method.as_ref().is_none_or(|wanted| wanted == method) && path.starts_with(&step.prefix)
        })?;
        let fault = steps[at].fault.clone();
        if let Some(left) = &mut steps[at].left {
            *left -= 1;
            if *left == 0 {
                steps.remove(at);
            }
        }
        self.0.fired.fetch_add(1, Ordering::AcqRel);
        Some(fault)
    }
}

async fn run(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let Some(fault) = faults.take(&request) else { return next.run(request).await };
    let line = request.extensions().get::<ConnectInfo<Line>>().map(|info| info.0.clone()).unwrap_or_default();
    match fault {
        Fault::Answer { status, headers, body } => answer(status, &headers, body),
        Fault::Redirect { status, to } => {
            let mut response = answer(status, &[], Bytes::new());
            response.headers_mut().insert(LOCATION, HeaderValue::from_str(&to).unwrap());
            response
        }
        Fault::Truncated => {
            let (mut parts, body) = whole(next.run(request).await).await;
            declare(&mut parts.headers, body.len());
            let cut = stream::once(async move {
                // The half must have left before the line is cut.
                tokio::task::yield_now().await;
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by the test"))
            });
            let half = body.slice(..body.len() / 2);
            Response::from_parts(parts, Body::from_stream(stream::iter([Ok(half)]).chain(cut)))
        }
        Fault::Slow => {
            let (mut parts, body) = whole(next.run(request).await).await;
            declare(&mut parts.headers, body.len());
            let first = body.slice(..1.min(body.len()));
            let rest = stream::once(async move {
                faults.0.silent.notify_one();
                faults.0.release.notified().await;
                Ok::<_, Infallible>(body.slice(1.min(body.len())..))
            });
            Response::from_parts(parts, Body::from_stream(stream::iter([Ok(first)]).chain(rest)))
        }
        Fault::Hang => {
            faults.0.silent.notify_one();
            faults.0.release.notified().await;
            next.run(request).await
        }
        Fault::ClosedAfter => {
            drop(whole(next.run(request).await).await);
            line.cut();
            std::future::pending().await
        }
        Fault::Closed => {
            line.cut();
            std::future::pending().await
        }
        Fault::Endless => {
            let poured = Arc::clone(&faults.0.poured);
            let chunk = Bytes::from(format!("\"{}\",", "x".repeat(65_532)));
            let chunks = usize::try_from(ENDLESS).unwrap() / chunk.len() + 1;
            let more = stream::repeat(chunk).take(chunks).inspect(move |chunk| {
                poured.fetch_add(chunk.len() as u64, Ordering::AcqRel);
            });
            let all = stream::iter([Bytes::from_static(b"[")]).chain(more).map(Ok::<_, Infallible>);
            let mut response = Response::new(Body::from_stream(all));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
    }
}

fn answer(status: u16, headers: &[(&'static str, String)], body: Bytes) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        response.headers_mut().append(HeaderName::from_static(name), value);
    }
    response
}

async fn whole(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    (parts, to_bytes(body, usize::MAX).await.unwrap())
}

fn declare(headers: &mut HeaderMap, length: usize) {
    headers.remove(TRANSFER_ENCODING);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;

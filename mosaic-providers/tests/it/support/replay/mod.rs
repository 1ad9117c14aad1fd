//! Recorded traffic, answered again: strictly what was recorded, in the order in which it was.

mod atlassian;
mod exchange;
mod octokit;
mod recording;
mod requre;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{LINK, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use parking_lot::Mutex;
use serde_json::Value;

use self::exchange::Target;
pub(crate) use self::exchange::{Exchange, contains};
pub(crate) use self::recording::Recording;
use super::serve::{Seen, Server};

/// The status of a request that was not recorded: one that no vendor sends.
pub(crate) const UNRECORDED: u16 = 599;

/// A server that answers from a recording.
pub(crate) struct Replay {
    server: Server,
    state: Arc<Tape>,
}

/// The recording, and what became of it.
struct Tape {
    recording: Recording,
    own: Mutex<String>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// How often each exchange was told.
    times: Vec<usize>,
    unmatched: Vec<String>,
    bodies: Vec<String>,
}

impl Replay {
    /// Answers from now on.
    pub(crate) async fn start(recording: Recording) -> Self {
        let told = Told { times: vec![0; recording.exchanges.len()], ..Told::default() };
        let state = Arc::new(Tape { recording, own: Mutex::default(), told: Mutex::new(told) });
        let server = Server::start(Router::new().fallback(answer).with_state(Arc::clone(&state))).await;
        *state.own.lock() = server.url();
        Self { server, state }
    }

    /// The origin that the provider is to speak to; the path of the recording comes after it.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.server.seen()
    }

    /// The exchanges that were told, in the order of the recording, such as `GET /user`.
    pub(crate) fn used(&self) -> Vec<String> {
        self.having(|times| times > 0)
    }

    /// The exchanges that were not told.
    pub(crate) fn unused(&self) -> Vec<String> {
        self.having(|times| times == 0)
    }

    fn having(&self, wanted: impl Fn(usize) -> bool) -> Vec<String> {
        let told = self.state.told.lock();
        let exchanges = self.state.recording.exchanges.iter().zip(&told.times);
        exchanges.filter(|(_, times)| wanted(**times)).map(|(exchange, _)| exchange.to_string()).collect()
    }

    /// Fails where a request was made that was not recorded, or none at all.
    pub(crate) fn assert_matched(&self) {
        assert!(self.server.count() > 0, "no request was made");
        let unmatched = &self.state.told.lock().unmatched;
        assert!(
            unmatched.is_empty(),
            "{} requests were not recorded:\n{}",
            unmatched.len(),
            unmatched.join("\n")
        );
    }

    /// Fails where a request was sent with less, or something else, than the recorded one; more is allowed.
    pub(crate) fn assert_bodies(&self) {
        let bodies = &self.state.told.lock().bodies;
        assert!(
            bodies.is_empty(),
            "{} requests differ from those recorded:\n{}",
            bodies.len(),
            bodies.join("\n")
        );
    }
}

async fn answer(State(state): State<Arc<Tape>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let target = Target::of(&parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default());
    let mut told = state.told.lock();
    let Some(at) = state.recording.find(&target, &sent, &told.times) else {
        let line = state.recording.missed(&parts.method, &parts.uri);
        told.unmatched.push(format!("  {line}"));
        let body = serde_json::json!({ "message": line }).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(UNRECORDED).unwrap();
        return response;
    };
    told.times[at] += 1;
    let exchange = &state.recording.exchanges[at];
    if let Some(expected) = exchange.sent.as_ref().filter(|expected| !contains(&sent, expected)) {
        told.bodies.push(format!("  {exchange}: recorded {expected}, sent {sent}"));
    }
    state.told(exchange)
}

impl Tape {
    /// The recorded answer.
    fn told(&self, exchange: &Exchange) -> Response {
        let mut response = Response::new(Body::from(self.text(&exchange.body)));
        *response.status_mut() = StatusCode::from_u16(exchange.status).unwrap();
        for (name, value) in &exchange.headers {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) else {
                continue;
            };
            if name == LINK || name == LOCATION {
                value = HeaderValue::from_str(&self.text(value.to_str().unwrap())).unwrap();
            }
            response.headers_mut().append(name, value);
        }
        response
    }

    /// A text with this server in place of the recorded ones, where the recording asks for it.
    fn text(&self, text: &str) -> String {
        let own = self.own.lock();
        let origins = self.recording.rehosted.iter();
        origins.fold(text.to_owned(), |text, origin| text.replace(origin.as_str(), &own))
    }
}

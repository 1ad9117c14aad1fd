//! The backbone over WebSocket: functions and live events in JSON frames, as a route to mount.
//!
//! A client says `{"id": 1, "call": "state.get_value", "params": {..}}`, `{"id": 2, "follow": "task.>", "after": 17}` or
//! `{"stop": 2}`. It is told `{"id": 1, "answer": ..}`, `{"id": 2, "event": {..}, "lag": 0}`, `{"id": 1, "fault": {..}}` with what
//! happened and what to do, or `{"id": 2, "ended": true}`.

mod frame;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State as Extracted;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::header::{HOST, ORIGIN};
use http::{Extensions, HeaderMap, StatusCode};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;

use self::session::Session;
use super::Door;
use super::door::address;
use super::guest::Guest;
use crate::security::limits::{AtOnce, Inside};
use crate::surface::Fault;

/// The backbone over WebSocket. Clones share the door and the number of connections.
///
/// A connection that comes from a web page (it then has an `Origin`) is refused unless the page's origin is allowed, because
/// browsers let any page connect anywhere; so is one that is addressed to a host that is not allowed, which is how a page gets
/// around that. Everything is bounded: connections, also those of one principal, frames and how often they come, what runs at once in a connection, and what a slow reader leaves
/// unread; a connection that does not answer pings is closed.
///
/// ```
/// use mosaic_mcp::live::{Door, LiveSocket};
///
/// fn routes(door: Door) -> axum::Router {
///     let live = LiveSocket::new(door).allow_host("agents.example.com").allow_origin("https://board.example.com");
///     axum::Router::new().nest("/live", live.router())
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LiveSocket(Arc<Settings>);

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) door: Door,
    origins: Vec<String>,
    hosts: Vec<String>,
    connections: usize,
    open: Arc<AtomicUsize>,
    each: AtOnce,
    pub(super) at_once: usize,
    pub(super) frame: usize,
    pub(super) ping: Duration,
}

impl LiveSocket {
    /// Behind a door, for hosts on this machine, with 1,000 connections, 64 of one principal, 32 calls and followings at once in each,
    /// frames of 1 MiB, and a ping every 20 seconds.
    pub fn new(door: Door) -> Self {
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        Self(Arc::new(Settings {
            door,
            origins: Vec::new(),
            hosts,
            connections: 1_000,
            open: Arc::default(),
            each: AtOnce::new(64),
            at_once: 32,
            frame: 1 << 20,
            ping: Duration::from_secs(20),
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Pages of this origin may connect, such as `https://board.example.com`.
    pub fn allow_origin(self, origin: impl Into<String>) -> Self {
        self.with(|settings| settings.origins.push(origin.into()))
    }

    /// Connections may be addressed to this host, without its port.
    pub fn allow_host(self, host: impl Into<String>) -> Self {
        self.with(|settings| settings.hosts.push(host.into()))
    }

    /// How many connections there may be. One more is 503.
    pub fn connections(self, most: usize) -> Self {
        self.with(|settings| settings.connections = most)
    }

    /// How many of the connections one principal may have. One more is 429.
    pub fn connections_each(self, most: usize) -> Self {
        self.with(|settings| settings.each = AtOnce::new(most))
    }

    /// How many calls and followings may run at once in a connection.
    pub fn at_once(self, most: usize) -> Self {
        self.with(|settings| settings.at_once = most.max(1))
    }

    /// How often the other side is asked whether it is there; twice without an answer, and the connection is closed.
    pub fn ping(self, every: Duration) -> Self {
        self.with(|settings| settings.ping = every)
    }

    /// The route, to be nested where the application wants it.
    pub fn router(self) -> Router {
        Router::new().route("/", any(connect)).with_state(self)
    }
}

impl Settings {
    fn may_connect(&self, headers: &HeaderMap) -> Result<()> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(HOST).unwrap_or_default();
        let host = host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(host, _)| host);
        if !self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
            return Err(Error::new(ErrorKind::PermissionDenied, "connections to this host are not allowed"));
        }
        match text(ORIGIN) {
            Some(origin) if !self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) => {
                Err(Error::new(ErrorKind::PermissionDenied, "pages of this origin may not connect"))
            }
            _ => Ok(()),
        }
    }

    /// Who connects, and its place among those of the same principal.
    async fn admit(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<(Arc<Guest>, Inside)> {
        let from = address(extensions);
        self.door.knock(from)?;
        self.may_connect(headers)?;
        let guest = self.door.admit(headers, from).await?;
        self.door.count(&guest)?;
        let each = self.each.enter(guest.who()).ok_or_else(|| {
            Error::new(
                ErrorKind::Throttled,
                "this principal has as many connections as one may have; close one",
            )
            .retry_after(Duration::from_secs(5))
            .refused()
        })?;
        Ok((guest, each))
    }

    fn take_place(&self) -> Result<Place> {
        let place = Place(Arc::clone(&self.open));
        if place.0.fetch_add(1, Ordering::Relaxed) < self.connections {
            return Ok(place);
        }
        Err(Error::new(ErrorKind::Throttled, "there are too many connections")
            .retry_after(Duration::from_secs(1)))
    }
}

/// The place of a connection, given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn connect(
    Extracted(LiveSocket(settings)): Extracted<LiveSocket>,
    extensions: Extensions,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let (guest, each) = match settings.admit(&headers, &extensions).await {
        Ok(admitted) => admitted,
        Err(error) => return refusal(status(&error), &error),
    };
    let place = match settings.take_place() {
        Ok(place) => place,
        Err(error) => return refusal(StatusCode::SERVICE_UNAVAILABLE, &error),
    };
    let upgrade = upgrade.max_message_size(settings.frame).max_frame_size(settings.frame);
    upgrade.on_upgrade(move |socket| async move {
        Session::new(Arc::unwrap_or_clone(settings), guest).run(socket).await;
        drop((place, each));
    })
}

fn status(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn refusal(status: StatusCode, error: &Error) -> Response {
    let mut response = (status, axum::Json(Fault::new(error, Effect::Read))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = error.wait() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(seconds.max(1)));
    }
    response
}

#[cfg(test)]
mod tests;

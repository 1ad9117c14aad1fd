//! The service: the checks in front, and the protocol behind them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::routing::get;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{Method, Request, Response};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::Service;

use super::LetIn;
use super::body::{BadBody, read};
use super::connections::Open;
use super::holding::Holding;
use super::proof::Proof;
use super::refuse::{bad_body, no_room, no_session, not_let_in, too_many};
use super::sessions::{Sessions, asking};
use super::unrepeated::Unrepeated;
use super::{Authenticate, ConnectionOptions, HttpLoad, HttpOptions};
use crate::security::limits::{AtOnce, Inside, Rate, Who};
use crate::surface::McpServer;
use crate::surface::handler::Handler;
use crate::surface::server::undecided;

/// The header that names a session.
const SESSION: &str = "mcp-session-id";
/// What the type of an answer begins with that is a stream.
const STREAM: &[u8] = b"text/event-stream";

impl McpServer {
    /// The server over HTTP.
    ///
    /// # Errors
    /// `Config` where there is no authenticator and nothing says as whom clients act that are not authenticated; and where there is one
    /// and nobody decides what those may do whom it knows.
    ///
    /// ```
    /// use mosaic_mcp::surface::{HttpOptions, McpServer};
    ///
    /// fn mount(server: &McpServer, app: axum::Router) -> mosaic_core::Result<axum::Router> {
    ///     Ok(app.merge(server.http(HttpOptions::new())?.router()))
    /// }
    /// ```
    pub fn http(&self, options: HttpOptions) -> Result<McpHttp> {
        let door = match (&options.authenticator, &self.inner.acts_as) {
            (Some(_), _) if !self.inner.guarded => return Err(undecided()),
            (Some(authenticator), _) => Door::Checked(Arc::clone(authenticator)),
            (None, Some(cx)) => Door::Open(cx.clone()),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    "nothing says as whom clients act that are not authenticated: say it with `acts_as`, or give an authenticator",
                ));
            }
        };
        let stop = CancellationToken::new();
        let sessions = Arc::new(Sessions::new(options.sessions, options.sessions_each, options.idle));
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(&options.hosts)
            .with_allowed_origins(&options.origins)
            .enforce_origin_validation()
            // What is answered with one message is answered in plain JSON; a stream begins where there is more to tell.
            .with_json_response(true)
            .with_max_request_body_bytes(options.body)
            .with_cancellation_token(stop.clone());
        let inner = Arc::clone(&self.inner);
        let protocol = StreamableHttpService::new(
            move || Ok(Handler::new(Arc::clone(&inner), None)),
            Arc::clone(&sessions),
            config,
        );
        Ok(McpHttp(Arc::new(Shared {
            door,
            by_address: Rate::new(options.rate, options.burst),
            by_principal: Rate::new(options.rate, options.burst),
            clear: self.inner.tls && !options.behind_tls,
            at_once: AtOnce::new(options.at_once),
            options,
            open: Open::default(),
            sessions,
            protocol,
            _stop: stop.clone().drop_guard(),
            stop,
        })))
    }
}

/// How one gets in.
enum Door {
    /// As whom the authenticator says.
    Checked(Arc<dyn Authenticate>),
    /// As this one, whoever it is.
    Open(CallContext),
}

struct Shared {
    door: Door,
    /// Whether what comes from other machines has to be encrypted, and nobody said that it is.
    clear: bool,
    by_address: Rate,
    by_principal: Rate,
    at_once: AtOnce,
    options: HttpOptions,
    open: Open,
    sessions: Arc<Sessions>,
    protocol: StreamableHttpService<Handler, Sessions>,
    stop: CancellationToken,
    _stop: DropGuard,
}

/// A server over HTTP: a `tower::Service`, to be mounted beside the routes of an application. Cheap to clone; when the last
/// clone goes, sessions and streams end.
///
/// Behind a proxy, or in a server of one's own, the address of a client counts only if the request has it as
/// `axum::extract::ConnectInfo<SocketAddr>` among its extensions.
#[derive(Clone)]
pub struct McpHttp(Arc<Shared>);

impl McpHttp {
    /// The service at its path, and the metadata of the protected resource where there is some.
    pub fn router(&self) -> Router {
        let router = Router::new().route_service(&self.0.options.path, self.clone());
        let Some(about) = &self.0.options.protected else { return router };
        let document = axum::Json(about.clone());
        router.route(&about.well_known_path(), get(async move || document))
    }

    /// Ends all sessions and streams. Requests that come later are answered without any.
    pub fn close(&self) {
        self.0.stop.cancel();
    }

    /// What it has under way now.
    pub fn load(&self) -> HttpLoad {
        HttpLoad {
            connections: self.0.open.count(),
            requests: self.0.at_once.count(),
            sessions: self.0.sessions.count(),
        }
    }

    pub(super) fn open(&self) -> &Open {
        &self.0.open
    }

    pub(super) fn connection_options(&self) -> &ConnectionOptions {
        &self.0.options.connections
    }

    /// Whether requests of other machines are refused, as they would come in the clear.
    pub(super) fn refuses_clear(&self) -> bool {
        self.0.clear
    }

    /// Whether every request says who sends it.
    pub(super) fn authenticates(&self) -> bool {
        matches!(self.0.door, Door::Checked(_))
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let proof = match &self.0.door {
            Door::Checked(authenticator) => Some((Arc::clone(authenticator), parts.clone())),
            Door::Open(_) => None,
        };
        match self.let_in(&mut parts, body).await {
            Ok((cx, inside, body)) => {
                let proof = proof.map(|(authenticator, asked)| Proof::new(authenticator, asked, cx.clone()));
                self.pass_on(parts, body, &cx, inside, proof).await
            }
            Err(refused) => *refused,
        }
    }

    /// The checks, in their order; gives who it is and the body.
    async fn let_in(
        &self,
        parts: &mut Parts,
        body: Body,
    ) -> Result<(CallContext, Inside, Body), Box<Response<Body>>> {
        let shared = &self.0;
        let options = &shared.options;
        let often = |wait| too_many("too many requests; wait as long as `Retry-After` says", wait);
        if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            shared.by_address.check(&Who::Address(address.ip())).map_err(often)?;
        }
        let cx = match &shared.door {
            Door::Open(cx) => cx.clone(),
            Door::Checked(authenticator) => authenticator.authenticate(parts).await.map_err(|error| {
                not_let_in(&error, parts.headers.contains_key(AUTHORIZATION), options.protected.as_ref())
            })?,
        };
        let who = Who::Principal(cx.tenant_id().clone(), cx.caller().clone());
        shared.by_principal.check(&who).map_err(often)?;
        let inside = shared.at_once.enter(who).ok_or_else(|| {
            too_many("too many requests of this principal are under way", Duration::from_secs(1))
        })?;
        let session = parts.headers.get(SESSION).map(|session| session.to_str().unwrap_or_default());
        if session.is_some_and(|session| !shared.sessions.is_open_to(session, &cx)) {
            return Err(no_session().into());
        }
        let bytes = match parts.method {
            Method::POST => {
                read(body, options.body, options.body_time, options.depth).await.map_err(bad_body)?
            }
            _ => Bytes::new(),
        };
        if begins(&bytes).map_err(bad_body)? && session.is_none() {
            if !shared.sessions.has_room() {
                return Err(no_room().into());
            }
            if !shared.sessions.has_room_for(&cx) {
                let text = "this principal has as many sessions as one may have; close one, or speak the protocol of 2026-07-28, \
                            which needs none";
                return Err(too_many(text, Duration::from_secs(5)).into());
            }
        }
        parts.extensions.insert(LetIn(cx.clone()));
        Ok((cx, inside, Body::from(bytes)))
    }

    /// The protocol's answer; the request counts as under way until its body has gone out. A stream ends with the proof of who asked
    /// for it.
    async fn pass_on(
        &self,
        parts: Parts,
        body: Body,
        cx: &CallContext,
        inside: Inside,
        proof: Option<Proof>,
    ) -> Response<Body> {
        let response = asking(cx, self.0.protocol.handle(Request::from_parts(parts, body))).await;
        let kind = response.headers().get(CONTENT_TYPE);
        let proof = proof.filter(|_| kind.is_some_and(|kind| kind.as_bytes().starts_with(STREAM)));
        response.map(|body| {
            let body = Holding::new(Body::new(body), inside);
            Body::new(match proof {
                Some(proof) => body.until(proof.ended()),
                None => body,
            })
        })
    }
}

/// What is asked about a message before the protocol sees it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(rename = "jsonrpc")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "params")]
    _params: Option<Unrepeated>,
}

/// Whether a message begins a session. What is no message does not; who parses it refuses it.
///
/// # Errors
/// Where a part of it, or of its parameters, is there twice: whoever reads it might take one or the other.
fn begins(bytes: &[u8]) -> Result<bool, BadBody> {
    match serde_json::from_slice::<Envelope<'_>>(bytes) {
        Ok(message) => Ok(message.method == "initialize"),
        Err(error) if error.to_string().starts_with("duplicate field") => Err(BadBody::Twice),
        Err(_) => Ok(false),
    }
}

impl<B> Service<Request<B>> for McpHttp
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer(request.map(Body::new)).await) })
    }
}

impl fmt::Debug for McpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("McpHttp").field(&self.0.options).finish()
    }
}

//! A server on loopback that keeps every request it sees.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::line::{Exchange, Line, Lines};

/// The largest request body that is kept.
const BODY_LIMIT: usize = 64 << 20;

/// One request, as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// The path as it was sent: still percent-encoded, without the query.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query as it was sent, without the question mark; empty where there is none.
    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// A header; empty where it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{self}: the body is no JSON: {error}"))
    }
}

/// `GET /repos/a/b?page=2`
impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.uri)
    }
}

/// A router that answers on `127.0.0.1`, at a port of its own, in a task of its own. Dropping it cuts every connection and
/// frees the port.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    exchange: Exchange,
    task: AbortHandle,
}

impl Server {
    /// Answers from now on.
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let exchange = Exchange::default();
        // The recorder stands outside of the routes, so that it also sees what no route takes.
        let whole = Router::new()
            .fallback_service(router)
            .layer(from_fn_with_state(Arc::clone(&seen), record))
            .into_make_service_with_connect_info::<Line>();
        let lines = Lines::new(listener, exchange.clone());
        let task = tokio::spawn(async move { axum::serve(lines, whole).await }).abort_handle();
        Self { address, seen, exchange, task }
    }

    /// The origin, such as `http://127.0.0.1:40123`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    /// How many requests arrived.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().len()
    }

    /// How many requests of this method arrived at this path.
    pub(crate) fn count_of(&self, method: Method, path: &str) -> usize {
        self.seen.lock().iter().filter(|seen| seen.method == method && seen.path() == path).count()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().last().cloned().expect("the server was asked something")
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        self.seen.lock().clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        self.exchange.cut();
    }
}

async fn record(State(seen): State<Arc<Mutex<Vec<Seen>>>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    seen.lock().push(Seen {
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body: body.clone(),
    });
    next.run(Request::from_parts(parts, Body::from(body))).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};

    async fn ping() -> &'static str {
        "pong"
    }

    #[tokio::test]
    async fn every_request_is_kept_as_it_was_sent() {
        let server = Server::start(Router::new().route("/echo", post(|body: Bytes| async { body }))).await;
        let client = reqwest::Client::new();
        let echo = format!("{}/echo", server.url());
        let answer = client.post(&echo).header("x-mark", "7").body(r#"{"a":1}"#).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), r#"{"a":1}"#);
        let odd = format!("{}/no%2Froute?q=a%20b", server.url());
        assert_eq!(client.get(&odd).send().await.unwrap().status(), 404);
        let seen = server.seen();
        assert_eq!((seen[0].json()["a"].clone(), seen[0].header("X-Mark")), (Value::from(1), "7"));
        assert_eq!((seen[1].path(), seen[1].query()), ("/no%2Froute", "q=a%20b"));
        assert_eq!(server.last().to_string(), "GET /no%2Froute?q=a%20b");
        assert_eq!((server.count(), server.count_of(Method::POST, "/echo")), (2, 1));
        server.forget();
        assert_eq!(server.count(), 0);
    }

    #[tokio::test]
    async fn a_dropped_server_is_gone_with_its_connections() {
        let server = Server::start(Router::new().route("/", get(ping))).await;
        let (url, client) = (server.url(), reqwest::Client::new());
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "pong");
        drop(server);
        let error = client.get(&url).send().await.unwrap_err();
        assert!(error.is_connect() || error.is_request(), "{error:?}");
    }
}

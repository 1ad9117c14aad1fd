//! The server: two addresses, each with the receiver of its forge.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use mosaic::Mosaic;
use mosaic::webhook::{Deduplicator, Delivery, Event, Receiver, Repeat};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the handlers share.
pub(crate) struct Hooks {
    pub(crate) mosaic: Mosaic,
    pub(crate) github: Receiver,
    pub(crate) gitea: Receiver,
    pub(crate) seen: Deduplicator,
    pub(crate) told: Arc<Mutex<Vec<String>>>,
}

/// Serves on a port of loopback that is free.
pub(crate) async fn start(hooks: Hooks) -> std::io::Result<(SocketAddr, JoinHandle<std::io::Result<()>>)> {
    let app = Router::new()
        .route("/hooks/github", post(github))
        .route("/hooks/gitea", post(gitea))
        .layer(DefaultBodyLimit::max(Receiver::MAX_BODY))
        .with_state(Arc::new(hooks));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(async move { axum::serve(listener, app).await })))
}

async fn github(State(hooks): State<Arc<Hooks>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    hooks.handle(&hooks.github, &headers, body)
}

async fn gitea(State(hooks): State<Arc<Hooks>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    hooks.handle(&hooks.gitea, &headers, body)
}

impl Hooks {
    fn handle(&self, receiver: &Receiver, headers: &HeaderMap, body: Bytes) -> (StatusCode, String) {
        let delivery = match receiver.receive(headers, body) {
            Ok(delivery) => delivery,
            Err(error) => {
                println!("refused: {error}");
                let status = error.status_code().and_then(|code| StatusCode::from_u16(code).ok());
                return (status.unwrap_or(StatusCode::BAD_REQUEST), error.to_string());
            }
        };
        let claim = match self.seen.claim(&delivery) {
            Ok(claim) => claim,
            Err(Repeat::Done) => return (StatusCode::OK, "handled before".to_owned()),
            Err(Repeat::UnderWay) => return (StatusCode::SERVICE_UNAVAILABLE, "being handled".to_owned()),
        };
        self.mosaic.observe(&delivery);
        let line = line(&delivery);
        println!("{line}");
        match self.told.lock() {
            Ok(mut told) => told.push(line),
            // The claim is dropped: sent again, the delivery is handled again.
            Err(_) => return (StatusCode::INTERNAL_SERVER_ERROR, "a handler panicked".to_owned()),
        }
        claim.done();
        (StatusCode::OK, "handled".to_owned())
    }
}

fn line(delivery: &Delivery) -> String {
    let repo = delivery.repo.as_ref().map(ToString::to_string).unwrap_or_default();
    match &delivery.event {
        Event::Push(push) => {
            let names: Vec<_> = push.changes.iter().map(|change| change.name.as_str()).collect();
            format!("{}: {} moved in {repo}", delivery.vendor, names.join(", "))
        }
        Event::Issue(event) => format!("{}: issue {} {:?}", delivery.vendor, event.issue.issue, event.action),
        event => format!("{}: {} in {repo}", delivery.vendor, event.kind()),
    }
}

//! The HTTP client that all vendors share, against servers on loopback.

mod conditional;
mod credentials;
mod delivery;
mod origin;
mod reach;
mod tls;
mod vendor;

use std::collections::HashMap;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_providers::http::{Access, Auth, Client, Dialect, HttpConfig, Path, Reach, TokenHeader};
use serde_json::Value;

pub(crate) static DIALECT: Dialect = Dialect {
    product: "Forge",
    accept: "application/json",
    headers: &[("x-forge-version", "7")],
    token: TokenHeader::BEARER,
    message: |body| body.get("message")?.as_str().map(str::to_owned),
    kind: |_| None,
};

fn local() -> HttpConfig {
    HttpConfig::default().reach(Reach::Loopback)
}

fn client_with(url: &str, auth: &Auth, identities: &HashMap<String, Auth>) -> Client {
    let access = Access { base_url: url, auth, identities, http: &local() };
    Client::new(&DIALECT, &access, &|_, _, _| Ok(None)).unwrap()
}

fn client(url: &str) -> Client {
    client_with(url, &Auth::token("t0ken"), &HashMap::new())
}

fn cx() -> CallContext {
    CallContext::new()
}

fn things() -> Path {
    Path::root().part("things")
}

async fn ask(client: &Client) -> mosaic_core::Result<Value> {
    client.get(things()).send(&cx()).await
}

/// A counter that handlers share.
type Count = Arc<std::sync::atomic::AtomicUsize>;

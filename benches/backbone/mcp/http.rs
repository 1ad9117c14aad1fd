//! Row 20: a call over HTTP without a session, by the protocol of 2026-07-28.
//!
//! Each server has a thread of its own; the figure is the CPU time of that thread per call: what bounds the rate of a core. Ours has
//! all its checks and limits on, with rates that nobody reaches; the peer is the SDK's service as one mounts it, which answers in plain
//! JSON. A bare reply of the same length through the same HTTP library is there for scale.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_mcp::surface::HttpOptions;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::Bench;
use crate::duplex::arguments;
use crate::servers::{Bare, orchestrator, ours};
use crate::wire::{Connection, Served, request};

const CALLS: usize = 800;
/// As many are under way at a time.
const CONNECTIONS: usize = 8;

/// A server of ours.
pub(crate) fn served() -> Result<Served> {
    Served::start(|listener, stop| {
        Box::pin(async move {
            let http = ours(orchestrator().await?)?.http(unlimited())?;
            Ok(http.serve(listener, stop).await?)
        })
    })
}

/// With rates that nobody reaches.
pub(crate) fn unlimited() -> HttpOptions {
    HttpOptions::new().rate(NonZeroU32::MAX, NonZeroU32::MAX)
}

/// A server of the SDK.
pub(crate) fn served_bare() -> Result<Served> {
    Served::routes(|| {
        let config =
            StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
        let sessions = Arc::new(LocalSessionManager::default());
        let service = StreamableHttpService::new(|| Ok(Bare::new()), sessions, config);
        Ok(Router::new().route_service("/mcp", service))
    })
}

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, .. } = bench;
    let (repository, terms) = arguments();
    let (operation, small) = (request("git_get_repository", &repository), request("add", &terms));
    let (ours, peer) = (served()?, served_bare()?);
    let reply = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"sum\":5}"}],"structuredContent":{"sum":5},"isError":false}}"#;
    let floor = Served::routes(move || {
        let answer = async move |_: axum::body::Bytes| ([(CONTENT_TYPE, "application/json")], reply);
        Ok(Router::new().route("/mcp", post(answer)))
    })?;
    let [call, bare, add, bare_add, least] = measure(
        options,
        [
            calls(&ours, &operation, "widget")?,
            calls(&peer, &operation, "widget")?,
            calls(&ours, &small, "sum")?,
            calls(&peer, &small, "sum")?,
            calls(&floor, &small, "sum")?,
        ],
    )?;
    // A rate of 0.9 of the peer's.
    let goal = Goal::new(1.0 / 0.9, 1.0);
    report.ratio(
        "20",
        "an operation over HTTP / the SDK's server, equal tool",
        call.median,
        bare.median,
        goal,
    );
    report.ratio("20 small", "a sum over HTTP / the SDK's server", add.median, bare_add.median, goal);
    let dream = Goal { must: None, moon: Some(1.0 / 0.6) };
    report.ratio(
        "20 floor",
        "a sum over HTTP / a bare reply of the HTTP library",
        add.median,
        least.median,
        dream,
    );
    ours.stop()?;
    peer.stop()?;
    floor.stop()
}

fn calls<'a>(server: &'a Served, request: &'a [u8], holds: &'a str) -> Result<Side<'a>> {
    let open = (0..CONNECTIONS).map(|_| Connection::open(server.address));
    let mut connections = open.collect::<Result<Vec<_>>>()?;
    Ok(Side::prepared(CALLS, move |calls| {
        let began = server.cpu()?;
        for _ in 0..calls / CONNECTIONS {
            for connection in &mut connections {
                connection.send(request)?;
            }
            for connection in &mut connections {
                connection.receive(holds)?;
            }
        }
        Ok(server.cpu()?.saturating_sub(began))
    }))
}

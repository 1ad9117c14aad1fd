//! Row 21: what a hop through our gateway adds to a call of a server behind it.
//!
//! The server behind is one of the SDK over HTTP. The gateway is ours: its server over HTTP, the whole engine, and the client that the
//! remote server is a plugin by. The figure is wall-clock time per call of one client through the gateway, less that of the same
//! client straight to the server behind, in one run. The bar is a three-hundredth of what a call through ContextForge took where it was measured.

use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_mcp::client::{HttpServerConfig, RemoteConfig, RemoteServers};
use mosaic_mcp::surface::McpServer;

use crate::Bench;
use crate::duplex::arguments;
use crate::http::{served_bare, unlimited};
use crate::servers::caller;
use crate::wire::{Connection, Served, request};

const CALLS: usize = 200;
/// A call through ContextForge 1.0.7, in nanoseconds.
const CONTEXT_FORGE: f64 = 112_000_000.0;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, .. } = bench;
    let behind = served_bare()?;
    let gateway = gateway(behind.url())?;
    let (_, terms) = arguments();
    let (near, far) = (request("add", &terms), request("behind__add", &terms));
    let (mut straight, mut through) = (Connection::open(behind.address)?, Connection::open(gateway.address)?);
    let cpu = std::cell::Cell::new(0.0);
    let [by_gateway, direct] = measure(
        options,
        [
            Side::prepared(CALLS, |calls| {
                let began = gateway.cpu()?;
                let took = walled(&mut through, &far, calls)?;
                cpu.set((gateway.cpu()?.saturating_sub(began)).as_secs_f64() * 1e9 / calls as f64);
                Ok(took)
            }),
            Side::prepared(CALLS, |calls| walled(&mut straight, &near, calls)),
        ],
    )?;
    let added = by_gateway.median - direct.median;
    report.ratio(
        "21",
        "added by our gateway / a call through ContextForge",
        added,
        CONTEXT_FORGE,
        Goal::must(1.0 / 300.0),
    );
    report.aside("for scale: the call straight to the server behind", direct.median);
    report.aside("for scale: CPU time of the gateway's thread per call", cpu.get());
    drop((straight, through));
    gateway.stop()?;
    behind.stop()
}

fn walled(connection: &mut Connection, request: &[u8], calls: usize) -> Result<std::time::Duration> {
    let began = std::time::Instant::now();
    for _ in 0..calls {
        connection.call(request, "sum")?;
    }
    Ok(began.elapsed())
}

fn gateway(url: String) -> Result<Served> {
    Served::start(move |listener, stop| {
        Box::pin(async move {
            let servers = RemoteServers::new();
            let config = RemoteConfig::http(HttpServerConfig::new(url)).tools(["add"]);
            let plugin = servers.plugin(ProviderId::new("behind")?, ServiceKind::Docs, config)?;
            let mosaic = Orchestrator::builder().provider("behind", plugin).build().await?;
            let source = servers.source(mosaic.clone());
            let server = McpServer::builder().tools(source).acts_as(caller()).build()?;
            server.http(unlimited())?.serve(listener, stop).await?;
            mosaic.shutdown().await;
            Ok(())
        })
    })
}

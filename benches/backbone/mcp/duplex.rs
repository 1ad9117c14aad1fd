//! Row 19: a call over a stream in memory, by the SDK's own client.
//!
//! Client and server are on one thread; the figure is the CPU time of both, so that the client's share, the same on both sides,
//! is inside.

use std::hint::black_box;

use mosaic_benches::{Goal, Result, Side, measure};
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use rmcp::{RoleServer, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{DuplexStream, duplex, split};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Bench;
use crate::servers::{Bare, orchestrator, ours};

const CALLS: usize = 1_000;
const BUFFER: usize = 64 * 1024;

/// A client, and the server at the other end.
pub(crate) struct Pair {
    client: RunningService<RoleClient, ()>,
    served: JoinHandle<Result>,
}

impl Pair {
    async fn with(here: DuplexStream, served: JoinHandle<Result>) -> Result<Self> {
        Ok(Self { client: ().serve(here).await?, served })
    }

    /// Before a server of ours.
    async fn ours() -> Result<Self> {
        let server = ours(orchestrator().await?)?;
        let (here, there) = duplex(BUFFER);
        let (read, write) = split(there);
        let served =
            tokio::spawn(async move { Ok(server.serve(read, write, CancellationToken::new()).await?) });
        Self::with(here, served).await
    }

    /// Before a server of the SDK.
    pub(crate) async fn bare() -> Result<Self> {
        let (here, there) = duplex(BUFFER);
        let served = tokio::spawn(async move {
            let running = ServiceExt::<RoleServer>::serve(Bare::new(), there).await?;
            running.waiting().await?;
            Ok(())
        });
        Self::with(here, served).await
    }

    /// Calls one after the other.
    pub(crate) fn calls<'a>(
        &'a self,
        runtime: &'a Runtime,
        name: &'static str,
        arguments: &'a Value,
    ) -> Side<'a> {
        Side::new(CALLS, move |calls| {
            runtime.block_on(async {
                for _ in 0..calls {
                    let arguments = arguments.as_object().cloned().unwrap_or_default();
                    let call = CallToolRequestParams::new(name).with_arguments(arguments);
                    let answer = self.client.call_tool(call).await?;
                    if answer.structured_content.is_none() || answer.is_error == Some(true) {
                        return Err(format!("{name}: {answer:?}").into());
                    }
                    black_box(answer);
                }
                Ok(())
            })
        })
    }

    /// Ends both.
    pub(crate) async fn close(self) -> Result {
        self.client.cancel().await?;
        self.served.await?
    }
}

/// What the two tools are called with.
pub(crate) fn arguments() -> (Value, Value) {
    (json!({ "repo": { "owner": "acme", "name": "widget" } }), json!({ "a": 2, "b": 3 }))
}

/// The row, with an operation and with the small tool.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let (ours, peer) = runtime
        .block_on(async { Ok::<_, mosaic_benches::Fault>((Pair::ours().await?, Pair::bare().await?)) })?;
    let (repository, terms) = arguments();
    let (operation, small) = ("git_get_repository", "add");
    let [call, bare, add, bare_add] = measure(
        options,
        [
            ours.calls(runtime, operation, &repository),
            peer.calls(runtime, operation, &repository),
            ours.calls(runtime, small, &terms),
            peer.calls(runtime, small, &terms),
        ],
    )?;
    let goal = Goal::new(1.15, 1.0);
    report.ratio(
        "19",
        "an operation over a duplex / the SDK's server, equal tool",
        call.median,
        bare.median,
        goal,
    );
    report.ratio("19 small", "a sum over a duplex / the SDK's server", add.median, bare_add.median, goal);
    runtime.block_on(async {
        ours.close().await?;
        peer.close().await
    })
}

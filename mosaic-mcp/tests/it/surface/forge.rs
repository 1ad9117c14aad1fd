//! A small forge for the tests of the surface: it has every repository but `gone`, deletes branches, and writes logs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::{Cicd, CicdService, JobLog};
use mosaic_core::op::git::{DeleteBranch, GetRepository, Git, GitService};
use mosaic_core::op::{Direct, ItemStream, OpSet, StreamOperation as _};
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Chunk, ServiceKind};
use mosaic_mcp::function::{Gate, Permission};
use mosaic_mcp::surface::{McpServer, McpServerBuilder};

/// What the forge was asked.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Branches deleted.
    pub(super) deleted: AtomicUsize,
    /// Calls that began to hang.
    pub(super) hanging: AtomicUsize,
    /// Calls that hang, and are over.
    pub(super) given_up: AtomicUsize,
}

impl Counts {
    pub(super) fn deleted(&self) -> usize {
        self.deleted.load(Ordering::SeqCst)
    }

    pub(super) fn hanging(&self) -> usize {
        self.hanging.load(Ordering::SeqCst)
    }

    pub(super) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::SeqCst)
    }
}

struct Forge {
    info: PluginInfo,
    counts: Arc<Counts>,
}

/// Counts when it is dropped.
struct GivenUp(Arc<Counts>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.given_up.fetch_add(1, Ordering::SeqCst);
    }
}

impl GitService for Forge {
    async fn get_repository(&self, cx: &CallContext, op: GetRepository) -> Result<Repository> {
        match op.repo.name.as_str() {
            "gone" => Err(Error::new(ErrorKind::NotFound, "there is no such repository")),
            "hangs" => {
                self.counts.hanging.fetch_add(1, Ordering::SeqCst);
                let _given_up = GivenUp(Arc::clone(&self.counts));
                std::future::pending().await
            }
            // The default branch tells who asked.
            "whose" => Ok(Repository::of(op.repo, format!("{}-{}", cx.tenant_id(), cx.caller().name()))),
            _ => Ok(Repository::of(op.repo, "main")),
        }
    }
    async fn delete_branch(&self, _: &CallContext, _: DeleteBranch) -> Result<()> {
        self.counts.deleted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl CicdService for Forge {
    async fn job_log(&self, _: &CallContext, _: JobLog) -> Result<ItemStream<Chunk>> {
        let lines = stream::iter(0..4).then(|n| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Chunk::new(format!("line {n}")))
        });
        Ok(lines.boxed())
    }
}

impl Plugin for Forge {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(Arc::clone(&self))).with(Cicd::handlers(self))
    }
}

/// The forge behind the two traits of callers, and what it was asked.
pub(crate) fn forge() -> (Arc<Direct>, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let operations = OpSet::service(ServiceKind::Git).with(JobLog::META);
    let info = PluginInfo::new("forge", "1", operations);
    let plugin = Arc::new(Forge { info, counts: Arc::clone(&counts) });
    (Arc::new(Direct::new(plugin)), counts)
}

/// Lets everybody do everything.
pub(crate) struct Anyone;

#[async_trait]
impl Gate for Anyone {
    async fn allow(&self, _: &CallContext, _: Permission<'_>) -> Result<()> {
        Ok(())
    }
}

/// A server over the forge, for somebody called ann, and what the forge was asked.
pub(super) fn server() -> (McpServerBuilder, Arc<Counts>) {
    let (forge, counts) = forge();
    let ann = CallContext::new().principal(Principal::user("ann"));
    (McpServer::over(forge).acts_as(ann).gate(Anyone), counts)
}

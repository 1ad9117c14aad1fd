//! The head of the audit as a resource.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;

use super::{Resource, ResourceContent, ResourceSource};
use crate::function::Permission;
use crate::security::audit::Audit;

const HEAD: &str = "mosaic://audit/head";
/// All addresses of this source begin so.
const OWN: &str = "mosaic://audit/";

/// `mosaic://audit/head`: how many records the audit has, the hash of the last one and the last checkpoint, each signed. For those
/// who may `audit:read:head`; who watches it hears of each checkpoint. Against these a log that was put back is found
/// ([`verify`](crate::security::audit::verify)).
///
/// ```
/// use mosaic_mcp::security::audit::Audit;
/// use mosaic_mcp::surface::{AuditHeads, McpServer, McpServerBuilder};
///
/// fn server(audit: &Audit) -> McpServerBuilder {
///     McpServer::builder().resources(AuditHeads::new(audit.clone()))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AuditHeads(Audit);

impl AuditHeads {
    /// The head of this audit.
    pub const fn new(audit: Audit) -> Self {
        Self(audit)
    }
}

#[async_trait]
impl ResourceSource for AuditHeads {
    async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
        let head = Resource::new(HEAD, "head of the audit")
            .described(
                "How many records the audit has, the hash of the last one, and the last checkpoint; signed.",
            )
            .media_type("application/json");
        Ok(vec![head])
    }

    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        if uri != HEAD {
            return Ok(None);
        }
        let head = self.0.stored_head().await?;
        let text = serde_json::to_string(&head).map_err(|error| {
            Error::new(ErrorKind::Internal, "the head of the audit has no JSON form").source(error)
        })?;
        Ok(Some(vec![ResourceContent::text(uri, "application/json", text)]))
    }

    fn permission<'a>(&self, uri: &'a str) -> Option<Permission<'a>> {
        let name = uri.strip_prefix(OWN)?;
        Some(Permission::new("audit", "read", name, Effect::Read))
    }

    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        (uri == HEAD).then(|| self.0.checkpoints())
    }
}

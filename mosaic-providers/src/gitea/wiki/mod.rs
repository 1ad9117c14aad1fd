//! The wikis of Gitea and Forgejo as documents: each repository is a space, each page a document.

mod page;
mod space;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::document::{
    CreateDocument, DeleteDocument, Docs, DocsService, GetDocument, GetSpace, ListDocuments, ListSpaces,
    UpdateDocument,
};
use mosaic_core::op::vendor::OfDocs;
use mosaic_core::op::{OpMeta, OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::document::{Document, DocumentEntry, Space};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, ServiceKind};

use super::config::GiteaConfig;
use super::server::Server;

/// The wikis of a Gitea or Forgejo server; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitea::{GiteaConfig, GiteaWiki};
/// use mosaic_providers::http::Auth;
///
/// let config = GiteaConfig::new("https://git.example.org/api/v1", Auth::token("s3cr3t"));
/// assert_eq!(GiteaWiki::new(config)?.info().name, "gitea");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GiteaWiki {
    info: PluginInfo,
    server: Server,
}

/// What it does. A wiki has no order to be changed and no search, and comes with its repository.
const OFFERED: &[&OpMeta] = &[
    CreateDocument::META,
    GetDocument::META,
    UpdateDocument::META,
    DeleteDocument::META,
    ListDocuments::META,
    GetSpace::META,
    ListSpaces::META,
];

impl GiteaWiki {
    /// The wikis of one server; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GiteaConfig) -> Result<Self> {
        let server = Server::new(&config)?;
        let operations = server.client.declared(ServiceKind::Docs, OpSet::of(OFFERED));
        let info = PluginInfo::new(config.product.provider(), env!("CARGO_PKG_VERSION"), operations)
            .reports_delivery(true);
        Ok(Self { info, server })
    }
}

#[async_trait]
impl Plugin for GiteaWiki {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Docs::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        self.server.health().await
    }

    async fn refresh(&self) -> Result<()> {
        self.server.client.renew().await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.server.client.measures()
    }
}

impl DocsService for GiteaWiki {
    async fn create_document(&self, cx: &CallContext, op: CreateDocument) -> Result<Document> {
        page::create(&self.server, cx, op).await
    }
    async fn get_document(&self, cx: &CallContext, op: GetDocument) -> Result<Document> {
        page::get(&self.server, cx, op).await
    }
    async fn update_document(&self, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
        page::update(&self.server, cx, op).await
    }
    async fn delete_document(&self, cx: &CallContext, op: DeleteDocument) -> Result<()> {
        page::delete(&self.server, cx, op).await
    }
    async fn list_documents(&self, cx: &CallContext, op: ListDocuments) -> Result<Page<DocumentEntry>> {
        page::list(&self.server, cx, op).await
    }
    async fn get_space(&self, cx: &CallContext, op: GetSpace) -> Result<Space> {
        space::get(&self.server, cx, op).await
    }
    async fn list_spaces(&self, cx: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
        space::list(&self.server, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfDocs>) -> Result<VendorAnswer> {
        self.server.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfDocs>) -> Result<VendorAnswer> {
        self.server.client.vendor_write(cx, op).await
    }
}

//! The wikis of GitLab as documents: each project is a space, each page a document.

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

use super::client::GitLab;
use super::config::GitLabConfig;

/// The wikis of a GitLab server; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::op::Operation as _;
/// use mosaic_core::op::document::{CreateDocument, SearchDocuments};
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitlab::{GitLabConfig, GitLabWiki};
///
/// let gitlab = GitLabWiki::new(GitLabConfig::default())?;
/// assert!(gitlab.info().operations.has(CreateDocument::META));
/// assert!(!gitlab.info().operations.has(SearchDocuments::META));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitLabWiki {
    info: PluginInfo,
    lab: GitLab,
}

/// What it does. A wiki has no order to be changed, comes with its project, and is searched by licensed servers only.
const OFFERED: &[&OpMeta] = &[
    CreateDocument::META,
    GetDocument::META,
    UpdateDocument::META,
    DeleteDocument::META,
    ListDocuments::META,
    GetSpace::META,
    ListSpaces::META,
];

impl GitLabWiki {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitLabConfig) -> Result<Self> {
        let lab = GitLab::connect(&config)?;
        let operations = lab.client.declared(ServiceKind::Docs, OpSet::of(OFFERED));
        let info = PluginInfo::new("gitlab", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, lab })
    }
}

#[async_trait]
impl Plugin for GitLabWiki {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Docs::handlers(self))
    }
    async fn health(&self) -> HealthReport {
        self.lab.health().await
    }
    fn metrics(&self) -> Vec<Measure> {
        self.lab.client.measures()
    }
    async fn refresh(&self) -> Result<()> {
        self.lab.client.renew().await
    }
}

impl DocsService for GitLabWiki {
    async fn create_document(&self, cx: &CallContext, op: CreateDocument) -> Result<Document> {
        page::create(&self.lab, cx, op).await
    }
    async fn get_document(&self, cx: &CallContext, op: GetDocument) -> Result<Document> {
        page::get(&self.lab, cx, op).await
    }
    async fn update_document(&self, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
        page::update(&self.lab, cx, op).await
    }
    async fn delete_document(&self, cx: &CallContext, op: DeleteDocument) -> Result<()> {
        page::delete(&self.lab, cx, op).await
    }
    async fn list_documents(&self, cx: &CallContext, op: ListDocuments) -> Result<Page<DocumentEntry>> {
        page::list(&self.lab, cx, op).await
    }
    async fn get_space(&self, cx: &CallContext, op: GetSpace) -> Result<Space> {
        space::get(&self.lab, cx, op).await
    }
    async fn list_spaces(&self, cx: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
        space::list(&self.lab, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfDocs>) -> Result<VendorAnswer> {
        self.lab.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfDocs>) -> Result<VendorAnswer> {
        self.lab.client.vendor_write(cx, op).await
    }
}

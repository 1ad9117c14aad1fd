//! Documents as Markdown files in folders, with ranked full-text search, without an account or a server.
//!
//! ```text
//! <path>/handbook/                 a space: the name of the folder is its key
//! <path>/handbook/_space.md        its name in the front matter; the text is its description
//! <path>/handbook/_order.yml       which document is below which, and in what order
//! <path>/handbook/welcome-k3.md    a document: title, labels, id and time of making in the front matter, then its text
//! <path>/.mosaic/                  locks and the search index, which is made anew from the files where it is gone
//! ```
//!
//! **By hand.** People and their programs may make, edit, rename, move and delete these files at any time; the next call
//! sees it. A file may lie in any folder of its space: folders mean nothing, hierarchy stands in `_order.yml`. A document keeps
//! its id when its file is renamed or moved to another space. A file without an id in its front matter goes by one that
//! follows from its path, and keeps it from its first update here on; reading never writes to a person's file. The title is
//! that of the front matter, else the first heading, else the name of the file. What else a person wrote in the front matter
//! stays. A front matter that is not valid is text. Hidden files, those that begin with `_`, symbolic links, and files of more
//! than 4 MiB are no documents; a folder whose name is no key is no space. The version follows from the whole file, so an edit
//! by hand changes it like any other.
//!
//! **Writes.** Each has one visible step, the replacement of one file. A process that is killed, or a call that is dropped, has
//! either done that step or changed nothing; what was answered survives the loss of power. Several processes may open one
//! root. [`organize_content`](DocsService::organize_content) takes out everything that is placed and puts it in, the lowest
//! position first; what would stand below itself is `Invalid`. A document with others below it cannot be deleted. Idempotency
//! keys are not honoured.
//!
//! **Search.** Words are compared without case, accents and English endings, in titles and in the text that a reader sees;
//! the title counts ten times. A query without any word finds nothing.
//!
//! Its bounds: a title has at most 512 characters, a label 255, a query 1,000, a text 1 MiB, a document 100 labels, a space
//! 10,000 documents, one call 1,000 placements.

mod config;
mod disk;
mod documents;
mod fault;
mod front;
mod index;
mod names;
mod order;
mod query;
mod search;
mod snippet;
mod spaces;
mod store;
mod tree;
mod validate;
mod view;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, Docs, DocsService, GetDocument, GetSpace, ListDocuments,
    ListSpaces, OrganizeContent, SearchDocuments, UpdateDocument,
};
use mosaic_core::op::{OpMeta, OpSet, Operation as _};
use mosaic_core::plugin::{HandlerTable, HealthReport, Plugin, PluginInfo};
use mosaic_core::types::Page;
use mosaic_core::types::document::{Document, DocumentEntry, SearchHit, Space, Structure};

pub use config::{LocalDocsConfig, LocalDocsFactory};
use store::Store;

/// Documents in a folder.
///
/// Every future can be dropped at any time: a write then happens as a whole or not at all.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::document::{CreateDocument, CreateSpace, DocsService, SearchDocuments};
/// use mosaic_providers::local::document::LocalDocs;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let (docs, cx) = (LocalDocs::open(path).await?, CallContext::new());
/// docs.create_space(&cx, CreateSpace::new("handbook", "The handbook")).await?;
/// docs.create_document(&cx, CreateDocument::new("handbook", "Releases", "Run *every* check first.")).await?;
/// let found = docs.search_documents(&cx, SearchDocuments::new("checks")).await?;
/// assert_eq!(found.items[0].snippet.as_deref(), Some("Run every **check** first."));
/// # Ok::<(), mosaic_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalDocs {
    info: PluginInfo,
    path: PathBuf,
    store: RwLock<Option<Store>>,
}

/// What it does; the rest of the service is `Unsupported`.
const OFFERED: &[&OpMeta] = &[
    CreateDocument::META,
    CreateSpace::META,
    DeleteDocument::META,
    GetDocument::META,
    GetSpace::META,
    ListDocuments::META,
    ListSpaces::META,
    OrganizeContent::META,
    SearchDocuments::META,
    UpdateDocument::META,
];

impl LocalDocs {
    /// Documents whose folder is opened when they are started.
    ///
    /// # Errors
    /// `Config` where the path is empty.
    pub fn new(config: LocalDocsConfig) -> Result<Self> {
        Self::at(config.path.into())
    }

    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// `Config` where the path cannot be used.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let docs = Self::at(path.as_ref().to_path_buf())?;
        docs.initialize().await?;
        docs.start().await?;
        Ok(docs)
    }

    fn at(path: PathBuf) -> Result<Self> {
        if path.as_os_str().is_empty() {
            return Err(Error::new(ErrorKind::Config, "path: must not be empty"));
        }
        let info = PluginInfo::new("local", env!("CARGO_PKG_VERSION"), OpSet::of(OFFERED));
        Ok(Self { info: info.reports_delivery(true), path, store: RwLock::new(None) })
    }

    fn store(&self) -> Result<Store> {
        // Nothing panics while it holds the lock; if it did, the store would still be whole.
        self.store.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(fault::not_open)
    }

    fn replace(&self, store: Option<Store>) -> Option<Store> {
        std::mem::replace(&mut *self.store.write().unwrap_or_else(PoisonError::into_inner), store)
    }
}

#[async_trait]
impl Plugin for LocalDocs {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Docs::handlers(self))
    }

    async fn initialize(&self) -> Result<()> {
        let path = self.path.clone();
        let found = store::blocking(move || Ok(std::fs::metadata(path))).await?;
        match found {
            Ok(there) if !there.is_dir() => {
                Err(Error::new(ErrorKind::Config, "path: names a file, not a folder"))
            }
            // What is not there is made at the start; what cannot be read says so there.
            _ => Ok(()),
        }
    }

    async fn start(&self) -> Result<()> {
        if self.store().is_err() {
            self.replace(Some(Store::open(&self.path).await?));
        }
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        if let Some(store) = self.replace(None) {
            store.close().await;
        }
        Ok(())
    }

    async fn dispose(&self) {
        // Closes what a stop that failed or never came left open, without waiting.
        drop(self.replace(None));
    }

    async fn health(&self) -> HealthReport {
        let checked = match self.store() {
            Ok(store) => store.check().await,
            Err(error) => Err(error),
        };
        match checked {
            Ok(()) => HealthReport::healthy(),
            Err(error) => HealthReport::unhealthy(error.message()),
        }
    }
}

impl DocsService for LocalDocs {
    async fn create_space(&self, cx: &CallContext, op: CreateSpace) -> Result<Space> {
        spaces::create(&self.store()?, cx, op).await
    }
    async fn get_space(&self, _: &CallContext, op: GetSpace) -> Result<Space> {
        spaces::get(&self.store()?, op).await
    }
    async fn list_spaces(&self, _: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
        spaces::list(&self.store()?, op).await
    }
    async fn create_document(&self, cx: &CallContext, op: CreateDocument) -> Result<Document> {
        documents::create(&self.store()?, cx, op).await
    }
    async fn get_document(&self, _: &CallContext, op: GetDocument) -> Result<Document> {
        documents::get(&self.store()?, op).await
    }
    async fn update_document(&self, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
        documents::update(&self.store()?, cx, op).await
    }
    async fn delete_document(&self, cx: &CallContext, op: DeleteDocument) -> Result<()> {
        documents::delete(&self.store()?, cx, op).await
    }
    async fn list_documents(&self, _: &CallContext, op: ListDocuments) -> Result<Page<DocumentEntry>> {
        documents::list(&self.store()?, op).await
    }
    async fn search_documents(&self, _: &CallContext, op: SearchDocuments) -> Result<Page<SearchHit>> {
        search::search(&self.store()?, op).await
    }
    async fn organize_content(&self, cx: &CallContext, op: OrganizeContent) -> Result<Structure> {
        documents::organize(&self.store()?, cx, op).await
    }
}

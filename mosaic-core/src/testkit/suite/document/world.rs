//! Where the suite works: how it comes by spaces, and what the provider is without.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Trait, unused};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::op::document::{CreateDocument, CreateSpace, DocsService};
use crate::op::{OpSet, Operation as _};
use crate::testkit::suite::lacks::Lacks;
use crate::testkit::suite::{Failure, done, refused_as};
use crate::types::document::Document;

type Prepare = dyn Fn() -> BoxFuture<'static, Result<String>> + Send + Sync;

/// Where the suite works: what the provider declares, and how the suite comes by spaces.
///
/// What the provider does otherwise than others is said with [`without`](Self::without), one [`Trait`] and one line of reason
/// each.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::document::{Trait, World};
/// use mosaic_core::types::ServiceKind;
///
/// let world = World::new(OpSet::service(ServiceKind::Docs)).without(Trait::Labels, "pages of a wiki have none");
/// assert_eq!(world.lacks().count(), 1);
/// ```
#[derive(Clone)]
pub struct World {
    cx: CallContext,
    operations: OpSet,
    prepare: Option<Arc<Prepare>>,
    nowhere: Option<String>,
    lacks: Lacks<Trait>,
}

impl World {
    /// Spaces that the suite creates, on a provider that declares these operations. Nothing is asked of one that does not
    /// declare `docs.create_space`.
    pub fn new(operations: OpSet) -> Self {
        Self { cx: CallContext::new(), operations, prepare: None, nowhere: None, lacks: Lacks::default() }
    }

    /// Spaces that are made by this function, on a provider that cannot create any: each time a new one, without documents, as
    /// the wiki of a repository. To be used with [`nowhere`](Self::nowhere) where keys have a form.
    ///
    /// ```
    /// use mosaic_core::op::OpSet;
    /// use mosaic_core::testkit::suite::document::World;
    /// use mosaic_core::types::ServiceKind;
    ///
    /// let world = World::prepared_by(OpSet::service(ServiceKind::Docs), || async {
    ///     // .. a new repository with a wiki is made ..
    ///     Ok("acme/widget".to_owned())
    /// })
    /// .nowhere("acme/none-such");
    /// ```
    pub fn prepared_by<F>(operations: OpSet, prepare: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String>> + Send + 'static,
    {
        Self { prepare: Some(Arc::new(move || Box::pin(prepare()))), ..Self::new(operations) }
    }

    /// The same world with another context for every call.
    #[must_use]
    pub fn context(mut self, cx: CallContext) -> Self {
        self.cx = cx;
        self
    }

    /// The same world with a key that no space has; one in the suite's own form where this is not said.
    #[must_use]
    pub fn nowhere(mut self, key: impl Into<String>) -> Self {
        self.nowhere = Some(key.into());
        self
    }

    /// The same world on a provider that is without this, for a reason in one line.
    #[must_use]
    pub fn without(mut self, lacked: Trait, why: impl Into<String>) -> Self {
        self.lacks.add(lacked, why.into());
        self
    }

    /// The context of every call.
    pub fn cx(&self) -> &CallContext {
        &self.cx
    }

    /// What the provider declares.
    pub fn operations(&self) -> OpSet {
        self.operations
    }

    /// What the provider is said to be without, each with the reason.
    pub fn lacks(&self) -> impl Iterator<Item = (Trait, &str)> {
        self.lacks.iter()
    }

    /// Whether the suite may ask for it.
    pub(super) fn shows(&self, asked: Trait) -> bool {
        !self.lacks.has(asked)
    }

    /// The same world on a provider that has one of the traits after all.
    pub(super) fn asking_for(&self, lacked: Trait) -> Self {
        Self { lacks: self.lacks.except(lacked), ..self.clone() }
    }

    pub(super) fn needless(&self, lacked: Trait) -> Failure {
        self.lacks.needless("docs/lacks_are_needed", lacked)
    }

    /// Whether the suite can come by a space.
    pub(super) fn has_spaces(&self) -> bool {
        self.operations.has(CreateSpace::META) || self.prepare.is_some()
    }

    /// A space of its own for a behaviour.
    pub(super) async fn space(
        &self,
        service: &impl DocsService,
        behaviour: &'static str,
    ) -> Result<String, Failure> {
        match &self.prepare {
            Some(prepare) => done(behaviour, "the preparation of a space", prepare().await),
            None => {
                let op = CreateSpace::new(unused('s'), behaviour);
                done(behaviour, "create_space", service.create_space(&self.cx, op).await)
                    .map(|space| space.key)
            }
        }
    }

    /// A document of a space, below another where one is given and that can be.
    pub(super) async fn document(
        &self,
        service: &impl DocsService,
        behaviour: &'static str,
        space: &str,
        parent: Option<&Document>,
        title: &str,
        body: &str,
    ) -> Result<Document, Failure> {
        let mut op = CreateDocument::new(space, title, body);
        op.parent = parent.filter(|_| self.shows(Trait::Parents)).map(|parent| parent.id.clone());
        done(behaviour, &format!("create_document {title}"), service.create_document(&self.cx, op).await)
    }

    /// A key that no space has.
    pub(super) fn missing(&self) -> String {
        self.nowhere.clone().unwrap_or_else(|| unused('n'))
    }

    /// Whether a text came back as this provider keeps it.
    pub(super) fn same_text(&self, got: &str, written: &str) -> bool {
        let plain = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned();
        got == written || (!self.shows(Trait::TextsAsWritten) && plain(got) == plain(written))
    }

    /// Fails unless the call was refused with this kind, or with one that stands for it where the world lacks that.
    pub(super) fn refused<T: fmt::Debug>(
        &self,
        behaviour: &'static str,
        what: &str,
        result: Result<T>,
        kind: ErrorKind,
    ) -> Result<(), Failure> {
        use ErrorKind::{Conflict, Invalid, NotFound, PermissionDenied};
        match kind {
            NotFound if !self.shows(Trait::SaysNotFound) => {
                refused_as(behaviour, what, result, &[kind, Invalid])
            }
            Conflict if !self.shows(Trait::SaysConflict) => {
                refused_as(behaviour, what, result, &[kind, Invalid, PermissionDenied])
            }
            _ => refused_as(behaviour, what, result, &[kind]),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("lacks", &self.lacks).finish_non_exhaustive()
    }
}

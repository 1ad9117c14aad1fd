//! Where the suite works: how it comes by projects, who can be assigned, and what the provider is without.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Trait, unused_key};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::op::project::{CreateProject, ProjectService};
use crate::op::{OpSet, Operation as _};
use crate::testkit::suite::lacks::Lacks;
use crate::testkit::suite::{Failure, done, refused_as};
use crate::types::ProjectKey;

type Prepare = dyn Fn() -> BoxFuture<'static, Result<ProjectKey>> + Send + Sync;

/// Where the suite works: what the provider declares, and how the suite comes by projects.
///
/// What the provider does otherwise than others is said with [`without`](Self::without), one [`Trait`] and one line of reason
/// each.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::project::{Trait, World};
/// use mosaic_core::types::ServiceKind;
///
/// let world = World::new(OpSet::service(ServiceKind::Project))
///     .people("octocat", "hubot")
///     .without(Trait::InProgress, "an issue is open or closed");
/// assert_eq!(world.lacks().count(), 1);
/// ```
#[derive(Clone)]
pub struct World {
    cx: CallContext,
    operations: OpSet,
    prepare: Option<Arc<Prepare>>,
    nowhere: Option<ProjectKey>,
    people: [String; 2],
    lacks: Lacks<Trait>,
}

impl World {
    /// Projects that the suite creates, on a provider that declares these operations. Nothing is asked of one that does not
    /// declare `project.create_project`.
    pub fn new(operations: OpSet) -> Self {
        Self {
            cx: CallContext::new(),
            operations,
            prepare: None,
            nowhere: None,
            people: ["ann".into(), "bob".into()],
            lacks: Lacks::default(),
        }
    }

    /// Projects that are made by this function, on a provider that cannot create any: each time a new one, without issues, as a
    /// repository of a forge. To be used with [`nowhere`](Self::nowhere) where keys have a form.
    ///
    /// ```
    /// use mosaic_core::op::OpSet;
    /// use mosaic_core::testkit::suite::project::World;
    /// use mosaic_core::types::{ProjectKey, ServiceKind};
    ///
    /// let world = World::prepared_by(OpSet::service(ServiceKind::Project), || async {
    ///     // .. a new repository is made ..
    ///     Ok(ProjectKey::new("acme/widget"))
    /// })
    /// .nowhere("acme/none-such");
    /// ```
    pub fn prepared_by<F>(operations: OpSet, prepare: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<ProjectKey>> + Send + 'static,
    {
        Self { prepare: Some(Arc::new(move || Box::pin(prepare()))), ..Self::new(operations) }
    }

    /// The same world with another context for every call.
    #[must_use]
    pub fn context(mut self, cx: CallContext) -> Self {
        self.cx = cx;
        self
    }

    /// The same world with a key that no project has; one in the suite's own form where this is not said.
    #[must_use]
    pub fn nowhere(mut self, key: impl Into<ProjectKey>) -> Self {
        self.nowhere = Some(key.into());
        self
    }

    /// The same world with the logins of two people who can be assigned to issues; `ann` and `bob` where this is not said.
    #[must_use]
    pub fn people(mut self, one: impl Into<String>, other: impl Into<String>) -> Self {
        self.people = [one.into(), other.into()];
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
        self.lacks.needless("project/lacks_are_needed", lacked)
    }

    /// Whether the provider creates projects itself.
    pub(super) fn creates(&self) -> bool {
        self.operations.has(CreateProject::META)
    }

    /// Whether the suite can come by a project.
    pub(super) fn has_projects(&self) -> bool {
        self.creates() || self.prepare.is_some()
    }

    /// A project of its own for a behaviour.
    pub(super) async fn project(
        &self,
        service: &impl ProjectService,
        behaviour: &'static str,
    ) -> Result<ProjectKey, Failure> {
        match &self.prepare {
            Some(prepare) => done(behaviour, "the preparation of a project", prepare().await),
            None => {
                let op = CreateProject::of(unused_key('S'), behaviour);
                let made = service.create_project(&self.cx, op).await;
                done(behaviour, "create_project", made).map(|project| project.key)
            }
        }
    }

    /// A key that no project has.
    pub(super) fn missing(&self) -> ProjectKey {
        self.nowhere.clone().unwrap_or_else(|| unused_key('N'))
    }

    /// The first of two people.
    pub(super) fn ann(&self) -> &str {
        &self.people[0]
    }

    /// The other.
    pub(super) fn bob(&self) -> &str {
        &self.people[1]
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

    /// A list as it came, or put in this order where the provider need not give it in its own.
    pub(super) fn ordered<T>(
        &self,
        order: Trait,
        mut items: Vec<T>,
        by: impl FnMut(&T, &T) -> std::cmp::Ordering,
    ) -> Vec<T> {
        if !self.shows(order) {
            items.sort_by(by);
        }
        items
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("lacks", &self.lacks).finish_non_exhaustive()
    }
}

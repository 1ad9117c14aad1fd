//! Where the suite works: the repository, how it comes by pipelines, and what the provider is without.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

use super::{Draft, Trait};
use crate::context::CallContext;
use crate::error::Result;
use crate::op::cicd::CreatePipeline;
use crate::op::{OpSet, Operation as _};
use crate::testkit::suite::Failure;
use crate::testkit::suite::lacks::Lacks;
use crate::types::RepoRef;

type Prepare = dyn Fn(String, Draft) -> BoxFuture<'static, Result<Prepared>> + Send + Sync;

/// A pipeline that was prepared for the suite, outside of the provider.
///
/// ```
/// use mosaic_core::testkit::suite::cicd::Prepared;
///
/// let prepared = Prepared::new("build").at("suite-1");
/// assert_eq!((prepared.pipeline.as_str(), prepared.at.as_deref()), ("build", Some("suite-1")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What a run of it is triggered by.
    pub pipeline: String,
    /// The branch or tag that has its definition; the default branch where absent.
    pub at: Option<String>,
}

impl Prepared {
    /// A pipeline of the default branch.
    pub fn new(pipeline: impl Into<String>) -> Self {
        Self { pipeline: pipeline.into(), at: None }
    }

    /// The same, defined at this branch or tag.
    #[must_use]
    pub fn at(mut self, at: impl Into<String>) -> Self {
        self.at = Some(at.into());
        self
    }
}

/// How the suite comes by a pipeline.
#[derive(Clone)]
pub(super) enum Source {
    /// It is written down in the provider's language and created.
    Written(Arc<dyn Fn(&Draft) -> String + Send + Sync>),
    /// It is there when the function is done.
    Prepared(Arc<Prepare>),
}

/// Where the suite works: a repository with at least one commit, what the provider declares, and how it comes by pipelines.
///
/// What the provider does otherwise than others is said with [`without`](Self::without), one [`Trait`] and one line of reason
/// each; ids of another form with [`missing_run`](Self::missing_run).
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::cicd::{Draft, Trait, World};
/// use mosaic_core::types::{RepoRef, ServiceKind};
///
/// fn write(draft: &Draft) -> String {
///     draft.jobs.iter().map(|job| format!("job {}\n", job.name)).collect()
/// }
/// let world = World::new(RepoRef::new("acme", "widget"), OpSet::service(ServiceKind::Cicd), write)
///     .broken("no job")
///     .without(Trait::LiveLogs, "logs are kept when a job has ended");
/// assert_ne!(world.unused(), world.unused());
/// ```
#[derive(Clone)]
pub struct World {
    cx: CallContext,
    repo: RepoRef,
    operations: OpSet,
    source: Source,
    broken: Option<String>,
    lacks: Lacks<Trait>,
    missing_run: String,
    limit: Duration,
    pause: Duration,
    prefix: String,
    used: Arc<AtomicUsize>,
}

impl World {
    /// Pipelines of this repository, on a provider that declares these operations, written down by this function. The
    /// behaviours that need a pipeline are left out where `cicd.create_pipeline` is not declared.
    pub fn new(
        repo: RepoRef,
        operations: OpSet,
        write: impl Fn(&Draft) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::of(repo, operations, Source::Written(Arc::new(write)))
    }

    /// Pipelines of this repository, on a provider that cannot create any: the function is given a name that nobody used and
    /// what the pipeline is to do, and makes it, as by writing the definition to a branch of the forge. A provider that declares
    /// `cicd.create_pipeline` is given a world by [`new`](Self::new) instead.
    ///
    /// ```
    /// use mosaic_core::op::OpSet;
    /// use mosaic_core::testkit::suite::cicd::{Prepared, World};
    /// use mosaic_core::types::{RepoRef, ServiceKind};
    ///
    /// let repo = RepoRef::new("acme", "widget");
    /// let world = World::prepared_by(repo, OpSet::service(ServiceKind::Cicd), |name, draft| async move {
    ///     let definition: String = draft.jobs.iter().map(|job| format!("job {}\n", job.name)).collect();
    ///     // .. the definition is written to the branch `name` ..
    ///     assert!(!definition.is_empty());
    ///     Ok(Prepared::new("build").at(name))
    /// });
    /// assert_eq!(world.repo().name, "widget");
    /// ```
    pub fn prepared_by<F>(
        repo: RepoRef,
        operations: OpSet,
        prepare: impl Fn(String, Draft) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Prepared>> + Send + 'static,
    {
        let prepare: Arc<Prepare> = Arc::new(move |name, draft| Box::pin(prepare(name, draft)));
        Self::of(repo, operations, Source::Prepared(prepare))
    }

    fn of(repo: RepoRef, operations: OpSet, source: Source) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        Self {
            cx: CallContext::new(),
            repo,
            operations,
            source,
            broken: None,
            lacks: Lacks::default(),
            missing_run: "999999999".into(),
            limit: Duration::from_secs(120),
            pause: Duration::from_millis(20),
            prefix: format!("suite-{now:x}"),
            used: Arc::default(),
        }
    }

    /// The same world with another context for every call.
    #[must_use]
    pub fn context(mut self, cx: CallContext) -> Self {
        self.cx = cx;
        self
    }

    /// The same world with a definition that the provider must refuse; without it that behaviour is left out.
    #[must_use]
    pub fn broken(mut self, definition: impl Into<String>) -> Self {
        self.broken = Some(definition.into());
        self
    }

    /// The same world on a provider that is without this, for a reason in one line.
    #[must_use]
    pub fn without(mut self, lacked: Trait, why: impl Into<String>) -> Self {
        self.lacks.add(lacked, why.into());
        self
    }

    /// The same world with another id for a run and a job that are not there; `999999999` by default.
    #[must_use]
    pub fn missing_run(mut self, id: impl Into<String>) -> Self {
        self.missing_run = id.into();
        self
    }

    /// The same world with another limit for what is waited for; 120 seconds by default. It says when to give up, not how
    /// soon something is to happen.
    #[must_use]
    pub fn wait_at_most(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The same world with another pause between two looks at a run; 20 milliseconds by default.
    #[must_use]
    pub fn look_every(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// The context of every call.
    pub fn cx(&self) -> &CallContext {
        &self.cx
    }

    /// The repository.
    pub fn repo(&self) -> &RepoRef {
        &self.repo
    }

    /// What the provider declares.
    pub fn operations(&self) -> OpSet {
        self.operations
    }

    /// What the provider is said to be without, each with the reason.
    pub fn lacks(&self) -> impl Iterator<Item = (Trait, &str)> {
        self.lacks.iter()
    }

    /// The name of a pipeline that nobody made yet.
    pub fn unused(&self) -> String {
        format!("{}-{:03}", self.prefix, self.used.fetch_add(1, Ordering::Relaxed))
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
        self.lacks.needless("cicd/lacks_are_needed", lacked)
    }

    /// Whether pipelines are created by the provider.
    pub(super) fn creates(&self) -> bool {
        matches!(self.source, Source::Written(_)) && self.operations.has(CreatePipeline::META)
    }

    /// Whether the suite can come by a pipeline.
    pub(super) fn has_pipelines(&self) -> bool {
        self.creates() || matches!(self.source, Source::Prepared(_))
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn broken_definition(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    pub(super) fn missing(&self) -> &str {
        &self.missing_run
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) fn pause(&self) -> Duration {
        self.pause
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("repo", &self.repo)
            .field("prefix", &self.prefix)
            .field("lacks", &self.lacks)
            .finish_non_exhaustive()
    }
}

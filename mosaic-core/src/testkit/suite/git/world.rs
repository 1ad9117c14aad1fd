//! Where the suite works: the owner of its repositories, and what the provider is without.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Trait;
use crate::context::CallContext;
use crate::error::ErrorKind;
use crate::op::git::{DeleteRepository, GitService};
use crate::op::{OpSet, Operation};
use crate::testkit::suite::Failure;
use crate::testkit::suite::lacks::Lacks;
use crate::types::RepoRef;

/// Where the suite works: the owner of the repositories it makes, and what the provider declares.
///
/// What the provider does otherwise than others is said with [`without`](Self::without), one [`Trait`] and one line of reason
/// each.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::git::{Trait, World};
/// use mosaic_core::types::ServiceKind;
///
/// let world = World::new("acme", OpSet::service(ServiceKind::Git))
///     .without(Trait::ReviewsOwnWork, "nobody approves what they opened");
/// assert_ne!(world.unused(), world.unused());
/// assert_eq!(world.lacks().count(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct World {
    cx: CallContext,
    owner: String,
    operations: OpSet,
    lacks: Lacks<Trait>,
    prefix: String,
    used: Arc<Mutex<Used>>,
}

/// The repositories that were named, and those that may have been made since the last tidying.
#[derive(Debug, Default)]
struct Used {
    count: usize,
    repos: Vec<RepoRef>,
}

impl World {
    /// Repositories of this owner, on a provider that declares these operations.
    pub fn new(owner: impl Into<String>, operations: OpSet) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        Self {
            cx: CallContext::new(),
            owner: owner.into(),
            operations,
            lacks: Lacks::default(),
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

    /// Whether the provider declares an operation.
    pub(super) fn offers<O: Operation>(&self) -> bool {
        self.operations.has(O::META)
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
        self.lacks.needless("git/lacks_are_needed", lacked)
    }

    /// A repository that nobody made yet.
    pub fn unused(&self) -> RepoRef {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let repo = RepoRef::new(self.owner.as_str(), format!("{}-{:03}", self.prefix, used.count));
        used.count += 1;
        used.repos.push(repo.clone());
        repo
    }

    /// Deletes what the suite made, where the provider offers that.
    ///
    /// # Errors
    /// The failure of a deletion.
    pub async fn tidy(&self, git: &impl GitService) -> Result<(), Failure> {
        let used = std::mem::take(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner).repos);
        if !self.operations.has(DeleteRepository::META) {
            return Ok(());
        }
        for repo in used {
            match git.delete_repository(&self.cx, DeleteRepository::of(&repo)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::new("git/tidy", format!("delete_repository {repo}: {error}")));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

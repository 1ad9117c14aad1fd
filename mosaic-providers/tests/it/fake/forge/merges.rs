//! Merges of one branch into another.

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::{GitService as _, MergeBranch};
use mosaic_core::types::git::MergeMethod;

use super::git::Git;
use super::{Reason, Refusal, User};

/// A merge that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Merge<'a> {
    pub(crate) source: &'a str,
    pub(crate) target: &'a str,
    pub(crate) method: MergeMethod,
    pub(crate) message: &'a str,
    pub(crate) by: &'a User,
}

/// What it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merged {
    /// What the target points at afterwards.
    pub(crate) commit: String,
    /// The target had everything already.
    pub(crate) up_to_date: bool,
}

impl Git<'_> {
    /// Merges a branch into another, by the embedded provider. `Missing` where one is not there, `Conflict` where both changed
    /// the same lines; nothing changes then.
    pub(crate) async fn merge(&self, merge: &Merge<'_>) -> Result<Merged, Refusal> {
        let _held = self.lock.lock().await;
        let cx = CallContext::new().principal(Principal::user(merge.by.login.as_str()));
        let op = MergeBranch::of(self.local_name(), merge.source, merge.target)
            .method(merge.method)
            .message(merge.message);
        match self.local.merge_branch(&cx, op).await {
            Ok(done) => Ok(Merged { commit: done.commit, up_to_date: done.up_to_date }),
            Err(error) => Err(Refusal::new(
                match error.kind() {
                    ErrorKind::NotFound => Reason::Missing,
                    ErrorKind::Conflict => Reason::Conflict,
                    _ => Reason::Invalid,
                },
                error.message(),
            )),
        }
    }

    /// Whether two commits could be merged without a conflict.
    pub(crate) async fn mergeable(&self, ours: &str, theirs: &str) -> bool {
        self.run(&["merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs]).holds().await
    }
}

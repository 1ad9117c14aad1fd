//! A caller that waits after each write, for products whose lists follow later.

use std::time::Duration;

use crate::context::CallContext;
use crate::error::Result;
use crate::op::{Caller, Payload, Reply};

/// Waits for a time after each write that was made, so that what is read next has it: for the suites on real hosts that are
/// eventually consistent. On the clock of tokio.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use mosaic_core::op::{Direct, Via, git::GitService};
/// use mosaic_core::plugin::Plugin;
/// use mosaic_core::testkit::Unhurried;
///
/// fn forge(plugin: Arc<dyn Plugin>) -> impl GitService {
///     Via(Unhurried::new(Arc::new(Direct::new(plugin)), Duration::from_secs(2)))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Unhurried<C> {
    caller: C,
    pause: Duration,
}

impl<C: Caller> Unhurried<C> {
    /// Calls this caller, and waits so long after each write.
    pub fn new(caller: C, pause: Duration) -> Self {
        Self { caller, pause }
    }
}

impl<C: Caller> Caller for Unhurried<C> {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        let writes = !payload.meta().effect.is_read();
        let reply = self.caller.reply(cx, payload).await?;
        if writes {
            tokio::time::sleep(self.pause).await;
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::*;
    use crate::op::git::{CreateRepository, GetRepository, Git};
    use crate::testkit::Double;
    use crate::types::git::Repository;

    #[tokio::test(start_paused = true)]
    async fn only_writes_are_waited_for() {
        let double = Double::new()
            .answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")))
            .answer(|op: &CreateRepository| Ok(Repository::of(&op.repo, "main")));
        let git = Git::new(Unhurried::new(Arc::new(double), Duration::from_secs(3)));
        let began = Instant::now();
        git.get_repository(GetRepository::new("acme", "widget")).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        git.create_repository(CreateRepository::new("acme", "widget")).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }
}

//! Where a call would go by a configuration, without any provider at work.

use tokio::time::Instant;

use super::Config;
use crate::context::CallContext;
use crate::engine::balance::LoadCell;
use crate::engine::route::{Boards, Explanation, Member, RuleBook, Standing};
use crate::error::Result;
use crate::op::catalogue;
use crate::types::{ServiceKind, Subject};

/// Providers that are all idle and in good standing.
struct Idle(Vec<LoadCell>);

impl Boards for Idle {
    fn standing(&self, _: usize, _: ServiceKind, _: Instant) -> Standing {
        Standing::Good
    }

    fn load(&self, provider: usize) -> &LoadCell {
        &self.0[provider]
    }
}

impl Config {
    /// Where a call would go and why, if all providers were well, idle, and offered every operation of their service. The rules
    /// are shown as they are with their variables replaced.
    ///
    /// ```
    /// use mosaic_core::config::Config;
    /// use mosaic_core::context::CallContext;
    /// use mosaic_core::types::Subject;
    ///
    /// let config = Config::parse(
    ///     "
    /// plugins: [{ id: a, type: git, provider: local }, { id: b, type: git, provider: local }]
    /// routing: [{ pattern: 'org:internal-*', provider: a }, { default: b }]
    /// ",
    /// )?;
    /// let explanation = config.explain("git.get_repository", Subject::item("internal-x", "y"), &CallContext::new())?;
    /// assert_eq!(explanation.candidates[0].provider.as_str(), "a");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for an operation that is not in the catalogue, with the nearest name.
    pub fn explain(&self, operation: &str, subject: Subject<'_>, cx: &CallContext) -> Result<Explanation> {
        let meta = catalogue().find(operation)?.meta;
        let members: Vec<Member> = self.parts.members.clone();
        let book = RuleBook::compile(&self.parts.rules, &members, 0)?;
        let now = Instant::now();
        let boards = Idle(members.iter().map(|_| LoadCell::new(now)).collect());
        Ok(book.explain(meta, subject, cx, &boards, now))
    }
}

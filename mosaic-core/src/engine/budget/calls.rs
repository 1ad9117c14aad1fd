//! Which budget a call through the engine belongs to, what is reserved before it, and what it took.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::time::Instant;

use super::{BudgetTree, Reservation};
use crate::context::{CallContext, PrincipalKind};
use crate::engine::Call;
use crate::engine::call::Progress;
use crate::error::{Delivery, Error, Outcome, Result};
use crate::op::ai::{Complete, StreamCompletion};
use crate::op::{Reply, ReplyBody};
use crate::types::ai::{Completion, Embeddings};
use crate::types::budget::{Amounts, BudgetPath};
use crate::types::{Price, ServiceKind};

/// The level that an agent is found on without being named.
const AGENT: &str = "agent";

/// Budgets in front of calls: each call reserves before anything is done, a hit of the cache too, and settles with what it took.
///
/// The path of a call is its tenant, and then a name `LEVEL:VALUE` for each level of which the context of the call has an attribute:
/// of `team`, `project`, `agent` and `task`, in this order, unless [`CallBudgets::levels`] says otherwise. The `agent` of a call that an
/// agent makes is the agent, where no attribute says so. A level of which nothing is known is left out, so that a call of
/// the team `web` for the task `17` uses `acme/team:web/task:17`, `acme/team:web` and `acme`. What no name of a path may hold is written
/// as `+` and two hexadecimal digits.
///
/// | currency | reserved before | settled after |
/// | --- | --- | --- |
/// | calls | as many as the operation costs | the same |
/// | money | the operation at the highest price of any provider | the price of the provider that answered; nothing for an answer from the cache |
/// | tokens | as many as the call may write at most, of operations on models; 1 where it does not say | what was read and written, where the provider says so |
/// | time | 1 ms | until the answer, or until a stream is open |
///
/// A call that was certainly not made costs nothing. One that failed and may have been made costs what was reserved, and its time. So does
/// one whose caller went away.
///
/// ```
/// use mosaic_core::context::{CallContext, Principal};
/// use mosaic_core::engine::budget::{BudgetTree, CallBudgets};
///
/// let budgets = CallBudgets::new(BudgetTree::new());
/// let cx = CallContext::new().attribute("project", "acme/site").principal(Principal::agent("writer"));
/// assert_eq!(budgets.path(&cx)?.as_str(), "default/project:acme+2Fsite/agent:writer");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CallBudgets {
    tree: BudgetTree,
    levels: Arc<[Arc<str>]>,
}

impl CallBudgets {
    /// The budgets of a tree, on the levels team, project, agent and task.
    pub fn new(tree: BudgetTree) -> Self {
        Self { tree, levels: ["team", "project", AGENT, "task"].map(Arc::from).into() }
    }

    /// The attributes that make the levels below the tenant, from the top.
    ///
    /// ```
    /// use mosaic_core::context::CallContext;
    /// use mosaic_core::engine::budget::{BudgetTree, CallBudgets};
    ///
    /// let budgets = CallBudgets::new(BudgetTree::new()).levels(["cost-centre"]);
    /// let cx = CallContext::new().attribute("cost-centre", "4711").attribute("task", "17");
    /// assert_eq!(budgets.path(&cx)?.as_str(), "default/cost-centre:4711");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    #[must_use]
    pub fn levels<L: Into<Arc<str>>>(mut self, levels: impl IntoIterator<Item = L>) -> Self {
        self.levels = levels.into_iter().map(Into::into).collect();
        self
    }

    /// The tree.
    pub fn tree(&self) -> &BudgetTree {
        &self.tree
    }

    /// Where a call with a context is budgeted.
    ///
    /// # Errors
    /// `Invalid` where a name is too long or there are too many.
    pub fn path(&self, cx: &CallContext) -> Result<BudgetPath> {
        let mut path = String::with_capacity(64);
        path.push_str(cx.tenant_id().as_str());
        for level in &*self.levels {
            let of_caller = || {
                let agent = **level == *AGENT && cx.caller().kind() == PrincipalKind::Agent;
                agent.then(|| cx.caller().name())
            };
            if let Some(value) = cx.get(level).or_else(of_caller) {
                path.push('/');
                escape(level, &mut path);
                path.push(':');
                escape(value, &mut path);
            }
        }
        BudgetPath::new(path)
    }

    /// Reserves for a call; nothing where there are no budgets.
    pub(crate) async fn reserve(&self, call: &Call) -> Result<Option<Pending>> {
        if self.tree.is_empty() {
            return Ok(None);
        }
        let reservation = self.tree.handle(self.path(&call.cx)?).reserve_or_wait(before(call)).await?;
        Ok(Some(Pending { reservation: Some(reservation), progress: call.progress.clone() }))
    }
}

fn escape(text: &str, path: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':' | b'@') {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(path, "+{byte:02X}");
        }
    }
}

/// What a call reserves.
fn before(call: &Call) -> Amounts {
    let meta = call.meta();
    let amounts = Amounts::new().calls(meta.cost.into()).milliseconds(1).money(highest(call).of(meta.cost));
    if meta.service != ServiceKind::Ai {
        return amounts;
    }
    let payload = &call.payload;
    let most = match (payload.get::<Complete>(), payload.get::<StreamCompletion>()) {
        (Ok(complete), _) => complete.max_tokens,
        (_, Ok(stream)) => stream.max_tokens,
        _ => None,
    };
    amounts.tokens(most.unwrap_or(1).max(1))
}

/// The highest price of any provider.
fn highest(call: &Call) -> Price {
    let prices = call.view.iter().flat_map(|view| &view.lanes).map(|lane| lane.provider.config.cost);
    prices.max().unwrap_or(Price::FREE)
}

/// What a call has reserved, until it is known what it took.
pub(crate) struct Pending {
    reservation: Option<Reservation>,
    /// Of a write: whether it may have run.
    progress: Option<Arc<Progress>>,
}

impl Pending {
    /// The call was answered, or failed and may have been made.
    pub(crate) fn settle(mut self, call: &Call, result: &Result<Reply>) {
        let Some(reservation) = self.reservation.take() else { return };
        let reserved = reservation.amounts();
        let took = Instant::now().saturating_duration_since(call.started).as_millis();
        let actual = match result {
            // What the cache answered cost nobody anything, other than the call.
            Ok(reply) if reply.report.attempts == 0 => Amounts::new().calls(reserved.calls),
            Ok(reply) => {
                let price = call.view.iter().flat_map(|view| &view.lanes).find_map(|lane| {
                    let answered = Some(&lane.provider.id) == reply.report.provider.as_ref();
                    answered.then_some(lane.provider.config.cost)
                });
                reserved
                    .money(price.map_or(reserved.money, |price| price.of(call.meta().cost)))
                    .tokens(tokens(reply).unwrap_or(reserved.tokens))
                    .milliseconds(u64::try_from(took).unwrap_or(u64::MAX))
            }
            Err(_) => reserved.milliseconds(u64::try_from(took).unwrap_or(u64::MAX)),
        };
        reservation.settle(actual);
    }

    /// The call was certainly not made.
    pub(crate) fn give_back(mut self) {
        if let Some(reservation) = self.reservation.take() {
            reservation.give_back();
        }
    }
}

impl Drop for Pending {
    /// The caller went away: a write that has not run yet costs nothing; of a read nobody knows.
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            match &self.progress {
                Some(progress) if !progress.may_have_run() => reservation.give_back(),
                _ => reservation.charge(),
            }
        }
    }
}

/// How many tokens an answer took, where it says so.
fn tokens(reply: &Reply) -> Option<u64> {
    let ReplyBody::Value(value) = &reply.body else { return None };
    if let Some(Completion { input_tokens, output_tokens, .. }) = value.downcast_ref() {
        return match (input_tokens, output_tokens) {
            (None, None) => None,
            (read, written) => Some(read.unwrap_or(0).saturating_add(written.unwrap_or(0))),
        };
    }
    value.downcast_ref::<Embeddings>().and_then(|embeddings| embeddings.input_tokens)
}

/// Whether a call that ended so was certainly not made, and costs nothing.
pub(crate) fn not_made(call: &Call, error: &Error) -> bool {
    error.outcome() == Outcome::NotMade
        && error.attempts().iter().all(|attempt| attempt.delivery == Delivery::NotSent)
        && !call.progress.as_ref().is_some_and(|progress| progress.may_have_run())
}

//! A scripted provider: answers what a test says, fails as a test says, and remembers what really happened to it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::fault::{Fault, Place};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::op::{
    Dispatch, ItemStream, OpMeta, OpSet, Operation, Payload, Reply, StreamOperation, erase, unsupported,
};
use crate::plugin::{HandlerTable, Handlers, HealthReport, Plugin, PluginInfo};
use crate::types::ServiceKind;

type Responder = Arc<dyn Fn(&CallContext, &Payload) -> Result<Reply> + Send + Sync>;
type Planner = Box<dyn FnMut(u64, &Payload) -> Option<Fault> + Send>;

/// A provider of a script. Clones are the same provider: one goes to the orchestrator, one stays with the test.
///
/// ```
/// use mosaic_core::op::git::GetRepository;
/// use mosaic_core::orchestrator::Orchestrator;
/// use mosaic_core::testkit::{Double, Fault};
/// use mosaic_core::types::git::Repository;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?.block_on(async {
/// let forge = Double::new().answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")));
/// let mosaic = Orchestrator::builder().provider("forge", forge.clone()).build().await?;
/// forge.fault(Fault::DisconnectBefore);
/// let repository = mosaic.git().get_repository(GetRepository::new("acme", "widget")).await?;
/// assert_eq!((repository.attempts(), forge.seen(), forge.executed()), (2, 2, 1));
/// # Ok::<(), mosaic_core::Error>(()) }).map_err(|e| e.to_string())?;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct Double(Arc<State>);

struct State {
    info: PluginInfo,
    remembers: bool,
    script: Mutex<Script>,
    seen: AtomicU64,
    executed: AtomicU64,
    refreshes: AtomicU64,
    under_way: AtomicU64,
}

#[derive(Default)]
struct Script {
    answers: HashMap<&'static str, Responder>,
    faults: std::collections::VecDeque<Fault>,
    planner: Option<Planner>,
    health: Option<HealthReport>,
    health_hangs: bool,
    refresh: Option<Result<()>>,
    log: Vec<Seen>,
}

/// One attempt that reached the double.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The operation.
    pub operation: &'static str,
    /// Its parameters.
    pub payload: Payload,
    /// The context it came with.
    pub cx: CallContext,
    /// What was done to it.
    pub fault: Option<Fault>,
    /// Whether it was executed, whatever was answered.
    pub executed: bool,
}

impl Default for Double {
    fn default() -> Self {
        Self::new()
    }
}

impl Double {
    /// A provider that offers nothing yet; it reports delivery and honours no keys.
    pub fn new() -> Self {
        Self::with_info(PluginInfo::new("double", "1.0.0", OpSet::EMPTY).reports_delivery(true))
    }

    /// The same with other declared abilities; its operations are those that get an answer.
    pub fn with_info(info: PluginInfo) -> Self {
        Self::made(info, true)
    }

    /// One that keeps no log, for very many calls; it reports delivery or does not.
    pub fn forgetful(reports_delivery: bool) -> Self {
        let info = PluginInfo::new("double", "1.0.0", OpSet::EMPTY).reports_delivery(reports_delivery);
        Self::made(info, false)
    }

    fn made(info: PluginInfo, remembers: bool) -> Self {
        let zero = AtomicU64::default;
        let script = Mutex::default();
        Self(Arc::new(State {
            info,
            remembers,
            script,
            seen: zero(),
            executed: zero(),
            refreshes: zero(),
            under_way: zero(),
        }))
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Declares one more operation. To be called before the double is shared.
    fn declare(mut self, meta: &'static OpMeta, responder: Responder) -> Self {
        self.script().answers.insert(meta.name, responder);
        // A double that is shared already keeps what it declared; the answer is replaced all the same.
        if let Some(state) = Arc::get_mut(&mut self.0) {
            state.info.operations = state.info.operations.with(meta);
        }
        self
    }

    /// Offers an operation and answers it so.
    #[must_use]
    pub fn answer<O: Operation>(
        self,
        answer: impl Fn(&O) -> Result<O::Output> + Send + Sync + 'static,
    ) -> Self {
        self.declare(O::META, Arc::new(move |_, payload| answer(payload.get::<O>()?).map(Reply::value)))
    }

    /// Offers an operation and answers it with the context at hand.
    #[must_use]
    pub fn answer_with<O: Operation>(
        self,
        answer: impl Fn(&CallContext, &O) -> Result<O::Output> + Send + Sync + 'static,
    ) -> Self {
        self.declare(O::META, Arc::new(move |cx, payload| answer(cx, payload.get::<O>()?).map(Reply::value)))
    }

    /// Offers a stream operation and answers it so.
    #[must_use]
    pub fn answer_stream<O: StreamOperation>(
        self,
        answer: impl Fn(&O) -> Result<ItemStream<O::Item>> + Send + Sync + 'static,
    ) -> Self {
        let responder =
            move |_: &CallContext, payload: &Payload| Ok(Reply::stream(erase(answer(payload.get::<O>()?)?)));
        self.declare(O::META, Arc::new(responder))
    }

    /// Does this to the next attempt that nothing is planned for yet.
    pub fn fault(&self, fault: Fault) {
        self.script().faults.push_back(fault);
    }

    /// Asks this for every attempt, by its number, what is to be done to it.
    pub fn plan(&self, planner: impl FnMut(u64, &Payload) -> Option<Fault> + Send + 'static) {
        self.script().planner = Some(Box::new(planner));
    }

    /// Takes every fault back.
    pub fn heal(&self) {
        let mut script = self.script();
        script.faults.clear();
        script.planner = None;
    }

    /// Answers health checks so from now on.
    pub fn health_is(&self, report: HealthReport) {
        self.script().health = Some(report);
    }

    /// Answers no health check any more.
    pub fn health_hangs(&self) {
        self.script().health_hangs = true;
    }

    /// Answers renewals of the credential so from now on.
    pub fn refresh_is(&self, result: Result<()>) {
        self.script().refresh = Some(result);
    }

    /// How many attempts reached it.
    pub fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::SeqCst)
    }

    /// How many attempts it executed, whatever it answered.
    pub fn executed(&self) -> u64 {
        self.0.executed.load(Ordering::SeqCst)
    }

    /// How often its credential was renewed.
    pub fn refreshes(&self) -> u64 {
        self.0.refreshes.load(Ordering::SeqCst)
    }

    /// How many attempts are inside it now.
    pub fn under_way(&self) -> u64 {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// Every attempt that reached it, in order.
    pub fn log(&self) -> Vec<Seen> {
        self.script().log.clone()
    }

    fn execute(&self, cx: &CallContext, payload: &Payload, entry: usize) -> Result<Reply> {
        let responder = {
            let mut script = self.script();
            if let Some(seen) = script.log.get_mut(entry) {
                seen.executed = true;
            }
            script.answers.get(payload.meta().name).cloned()
        };
        let responder = responder.ok_or_else(|| unsupported(payload.meta().name))?;
        self.0.executed.fetch_add(1, Ordering::SeqCst);
        responder(cx, payload)
    }

    async fn attempt(&self, cx: &CallContext, payload: &Payload) -> Result<Reply> {
        let number = self.0.seen.fetch_add(1, Ordering::SeqCst);
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        let _leaving = Leaving(&self.0.under_way);
        let (fault, entry) = {
            let mut script = self.script();
            let fault = match script.faults.pop_front() {
                Some(fault) => Some(fault),
                None => script.planner.as_mut().and_then(|plan| plan(number, payload)),
            };
            let operation = payload.meta().name;
            let entry = script.log.len();
            if self.0.remembers {
                let (payload, cx) = (payload.clone(), cx.clone());
                script.log.push(Seen { operation, payload, cx, fault: fault.clone(), executed: false });
            }
            (fault, entry)
        };
        let lost = |place| Error::new(ErrorKind::Network, format!("the connection broke {place}"));
        match fault {
            None => {
                cx.mark_sent();
                self.execute(cx, payload, entry)
            }
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                cx.mark_sent();
                self.execute(cx, payload, entry)
            }
            Some(Fault::DelayAnswer(time)) => {
                cx.mark_sent();
                let answer = self.execute(cx, payload, entry);
                tokio::time::sleep(time).await;
                answer
            }
            Some(Fault::DisconnectBefore) => Err(lost("before the request was sent")),
            Some(Fault::DisconnectAfter) => {
                cx.mark_sent();
                // What it would have answered is lost with the connection.
                let _ = self.execute(cx, payload, entry);
                Err(lost("after the request was sent"))
            }
            Some(Fault::DisconnectDuring) => {
                cx.mark_sent();
                Err(lost("while the request was sent"))
            }
            Some(Fault::Hang(place)) => {
                if place != Place::BeforeSending {
                    cx.mark_sent();
                }
                if place == Place::AfterExecution {
                    let _ = self.execute(cx, payload, entry);
                }
                std::future::pending().await
            }
            Some(Fault::Error { error, executed }) => {
                cx.mark_sent();
                if executed {
                    let _ = self.execute(cx, payload, entry);
                }
                Err(error)
            }
            Some(Fault::Panic) => {
                cx.mark_sent();
                // As a plugin's own panic would come: through the machinery of unwinding, without a line on the terminal.
                std::panic::resume_unwind(Box::new("the script says so"))
            }
        }
    }
}

struct Leaving<'a>(&'a AtomicU64);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Dispatch for Double {
    fn dispatch<'a>(&'a self, cx: &'a CallContext, payload: &'a Payload) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.attempt(cx, payload))
    }
}

#[async_trait]
impl Plugin for Double {
    fn info(&self) -> &PluginInfo {
        &self.0.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        let serves = |kind: &ServiceKind| self.0.info.operations.serves(*kind);
        ServiceKind::ALL.into_iter().filter(serves).fold(HandlerTable::new(), |table, kind| {
            table.with(Handlers::dispatching(kind, Arc::clone(&self) as Arc<dyn Dispatch>))
        })
    }

    async fn health(&self) -> HealthReport {
        if self.script().health_hangs {
            std::future::pending::<()>().await;
        }
        self.script().health.clone().unwrap_or_else(HealthReport::healthy)
    }

    async fn refresh(&self) -> Result<()> {
        self.0.refreshes.fetch_add(1, Ordering::SeqCst);
        let result = self.script().refresh.clone();
        // A renewal takes its time: others find it under way.
        tokio::time::sleep(Duration::from_millis(1)).await;
        result.unwrap_or_else(|| Err(Error::new(ErrorKind::Unsupported, "the double has no credential")))
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Double").field("seen", &self.seen()).field("executed", &self.executed()).finish()
    }
}

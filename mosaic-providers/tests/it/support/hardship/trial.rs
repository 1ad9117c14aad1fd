//! One provider after the other in front of a server that misbehaves, and the list of what it made of it.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use futures_util::StreamExt as _;
use mosaic_core::context::{CallContext, Sent};
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::ReplyBody;
use mosaic_core::plugin::Plugin;

use super::Call;
use crate::support::faults::{Fault, Faults};
use crate::support::serve::Server;

/// What has to come of a hardship.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    kinds: Vec<ErrorKind>,
    deliveries: Vec<Delivery>,
    outcome: Option<Outcome>,
    wait: Option<RangeInclusive<u64>>,
}

impl Expected {
    /// An error of one of these kinds, after an answer.
    pub(super) fn answered(kinds: &[ErrorKind]) -> Self {
        Self { kinds: kinds.to_vec(), deliveries: vec![Delivery::Answered], outcome: None, wait: None }
    }

    /// An error of one of these kinds, after a request that may have arrived.
    pub(super) fn unknown(kinds: &[ErrorKind]) -> Self {
        Self { deliveries: vec![Delivery::Unknown], ..Self::answered(kinds) }.outcome(Outcome::Unknown)
    }

    /// The same, where an answer may have begun too.
    pub(super) fn or_answered(mut self) -> Self {
        self.deliveries.push(Delivery::Answered);
        self
    }

    /// An error of one of these kinds, before anything was sent.
    pub(super) fn not_sent(kinds: &[ErrorKind]) -> Self {
        Self { deliveries: vec![Delivery::NotSent], ..Self::answered(kinds) }.outcome(Outcome::NotMade)
    }

    /// The same, and this is known of the effect of a write.
    pub(super) fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// The same, and the provider asks to wait between so and so many seconds.
    pub(super) fn wait(mut self, seconds: RangeInclusive<u64>) -> Self {
        self.wait = Some(seconds);
        self
    }

    /// What is otherwise with an error.
    fn differs(&self, error: &Error) -> Option<String> {
        if !self.kinds.contains(&error.kind()) {
            return Some(format!("expected {:?}, got {error}", self.kinds));
        }
        if !self.deliveries.contains(&error.delivered()) {
            return Some(format!("expected the delivery {:?}, got {}", self.deliveries, error.delivered()));
        }
        if self.outcome.is_some_and(|outcome| outcome != error.outcome()) {
            return Some(format!("expected the outcome {:?}, got {:?}", self.outcome, error.outcome()));
        }
        match (&self.wait, error.wait()) {
            (Some(range), Some(wait)) if range.contains(&wait.as_secs()) => None,
            (Some(range), wait) => Some(format!("expected a wait of {range:?} seconds, got {wait:?}")),
            (None, _) => None,
        }
    }
}

/// The state of a run.
pub(super) struct Trial<'a, M> {
    make: &'a M,
    pub(super) call: Call,
    errors: Vec<Error>,
    faults: Vec<String>,
}

/// A fresh provider and its server.
pub(super) struct Pair {
    pub(super) server: Server,
    pub(super) faults: Faults,
    pub(super) plugin: Arc<dyn Plugin>,
}

impl<'a, M: AsyncFn(String) -> Arc<dyn Plugin>> Trial<'a, M> {
    pub(super) fn new(make: &'a M, call: Call) -> Self {
        Self { make, call, errors: Vec::new(), faults: Vec::new() }
    }

    /// What came of all.
    pub(super) fn end(self) -> (Vec<Error>, Vec<String>) {
        (self.errors, self.faults)
    }

    /// A fresh provider that is started, and its server, which has forgotten that. One that asks for tokens has one.
    pub(super) async fn pair(&self) -> Pair {
        let pair = self.raw_pair().await;
        if self.call.renews {
            self.ask(&pair.plugin).await.0.unwrap_or_else(|error| panic!("the first call: {error:?}"));
            pair.server.forget();
        }
        pair
    }

    /// The same, without a token.
    pub(super) async fn raw_pair(&self) -> Pair {
        let faults = Faults::default();
        let server = Server::start(faults.before(self.call.vendor.clone())).await;
        let plugin = (self.make)(server.url()).await;
        plugin.initialize().await.unwrap_or_else(|error| panic!("initialize: {error:?}"));
        plugin.start().await.unwrap_or_else(|error| panic!("start: {error:?}"));
        server.forget();
        Pair { server, faults, plugin }
    }

    /// Nothing is wrong: the call is answered.
    pub(super) async fn good(&mut self) {
        let pair = self.pair().await;
        let (result, sent) = self.ask(&pair.plugin).await;
        result
            .unwrap_or_else(|error| panic!("{}: nothing is wrong, and yet: {error:?}", self.call.operation));
        assert!(pair.server.count() > 0, "{}: no request was made", self.call.operation);
        let reports = pair.plugin.info().reports_delivery;
        self.check("a call that is answered", reports && !sent.marked(), || {
            "it never said that it sends".to_owned()
        });
    }

    /// The call, and whether the provider said that it sends. A stream is read to its end.
    pub(super) async fn ask(&self, plugin: &Arc<dyn Plugin>) -> (Result<()>, Sent) {
        let sent = Sent::new();
        let cx = CallContext::new().for_attempt(Some(sent.clone()));
        let handlers = Arc::clone(plugin).handlers();
        let payload = self.call.payload();
        let result = match handlers.call(&cx, &payload).await {
            Err(error) => Err(error),
            Ok(reply) => match reply.body {
                ReplyBody::Value(_) => Ok(()),
                ReplyBody::Stream(mut items) => loop {
                    match items.next().await {
                        Some(Ok(_)) => {}
                        Some(Err(error)) => break Err(error),
                        None => break Ok(()),
                    }
                },
            },
        };
        (result, sent)
    }

    /// A fault on the first request of a fresh provider, and what has to come of it. The provider does not try again.
    pub(super) async fn bear(&mut self, name: &str, fault: Fault, expected: &Expected) {
        let pair = self.pair().await;
        pair.faults.always_on(&self.call.place, fault);
        let (result, sent) = self.ask(&pair.plugin).await;
        self.judge(name, result, expected);
        let times = pair.faults.fired();
        let awaited = self.call.patient && times > 0 && expected.kinds == [ErrorKind::NotFound];
        self.check(name, times != 1 && !awaited, || {
            format!("expected one request, got {times}: the engine repeats, not the provider")
        });
        let silent = pair.plugin.info().reports_delivery && !sent.marked();
        self.check(name, silent, || "the request left, and the provider did not say so".to_owned());
    }

    /// Compares what came with what has to come.
    pub(super) fn judge(&mut self, name: &str, result: Result<()>, expected: &Expected) {
        match result {
            Ok(()) => self.fault(name, format_args!("expected {:?}, got an answer", expected.kinds)),
            Err(error) => {
                if let Some(difference) = expected.differs(&error) {
                    self.fault(name, difference);
                }
                self.errors.push(error);
            }
        }
    }

    /// Notes a fault where the condition holds.
    pub(super) fn check(&mut self, name: &str, wrong: bool, what: impl FnOnce() -> String) {
        if wrong {
            self.fault(name, what());
        }
    }

    fn fault(&mut self, name: &str, what: impl fmt::Display) {
        self.faults.push(format!("  {} · {name}: {what}", self.call.operation));
    }
}

//! Who asked for a call: what can be told and asked while it runs.
#![expect(
    deprecated,
    reason = "the protocol of 2026 deprecates logging and sampling; clients of those before use them"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rmcp::model::{
    ElicitRequestParams, ElicitResult, InputRequest, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProgressToken,
};
use rmcp::service::{Peer, RoleServer, ServiceError};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::log::LogLevel;

/// How long a person may take to answer.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often a client hears of progress at most.
const BEAT: Duration = Duration::from_millis(200);

/// A question to the person at the client, with a form for the answer.
///
/// ```
/// use mosaic_mcp::surface::Question;
///
/// let schema = serde_json::json!({
///     "type": "object", "properties": { "branch": { "type": "string" } }, "required": ["branch"],
/// });
/// let question = Question::new("Which branch?", schema);
/// assert_eq!(question.message(), "Which branch?");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    message: String,
    schema: Value,
}

impl Question {
    /// A question whose answer is an object after a JSON Schema. The protocol knows only flat ones: texts, numbers, booleans
    /// and choices among texts.
    pub fn new(message: impl Into<String>, schema: Value) -> Self {
        Self { message: message.into(), schema }
    }

    /// A question whose answer is yes or no.
    pub fn confirm(message: impl Into<String>) -> Self {
        Self::new(message, json!({ "type": "object", "properties": {} }))
    }

    /// What is asked.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What came of a question.
///
/// ```
/// use mosaic_mcp::surface::Reply;
///
/// let reply = Reply::Given(serde_json::json!({ "branch": "main" }));
/// assert_ne!(reply, Reply::Declined);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The answer; an empty object where only yes was said.
    Given(Value),
    /// The person said no.
    Declined,
    /// The person went away without an answer.
    Dismissed,
}

/// Who asked for a call. It can be told how far the call is and what happens, and the person behind it can be asked,
/// as far as the client can do that. Cheap to clone.
///
/// ```
/// use mosaic_mcp::surface::{LogLevel, Requester};
///
/// # async fn work() {
/// let requester = Requester::nobody();
/// requester.progress(1.0, Some(3.0), "read").await;
/// requester.log(LogLevel::Info, "demo", "one of three").await;
/// # }
/// ```
#[derive(Clone)]
pub struct Requester(Option<Arc<Inside>>);

struct Inside {
    peer: Peer<RoleServer>,
    terms: Terms,
    heard: Mutex<Heard>,
    asked: Mutex<BTreeMap<String, InputRequest>>,
    /// Whether the request is answered already.
    hushed: AtomicBool,
}

/// What the client of a call can do and wants.
#[derive(Default)]
pub(super) struct Terms {
    /// Where it wants to hear of progress.
    pub(super) token: Option<ProgressToken>,
    /// The least level of what it wants to hear.
    pub(super) level: Option<LogLevel>,
    /// Whether it can show a form to a person.
    pub(super) forms: bool,
    /// Whether it can ask a model.
    pub(super) samples: bool,
    /// Whether questions are the answer to a call, which the client then makes again.
    pub(super) rounds: bool,
    /// The answers to questions of earlier rounds.
    pub(super) answers: BTreeMap<String, Value>,
}

/// What the client heard of progress.
struct Heard {
    progress: f64,
    at: Option<Instant>,
}

impl Requester {
    /// Nobody: nothing is told, and questions fail.
    pub fn nobody() -> Self {
        Self(None)
    }

    pub(super) fn new(peer: Peer<RoleServer>, terms: Terms) -> Self {
        let heard = Mutex::new(Heard { progress: 0.0, at: None });
        Self(Some(Arc::new(Inside {
            peer,
            terms,
            heard,
            asked: Mutex::default(),
            hushed: AtomicBool::new(false),
        })))
    }

    /// Nothing more is told: the request is answered, and the call goes on.
    pub(super) fn hush(&self) {
        if let Some(inside) = &self.0 {
            inside.hushed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether somebody wants to hear of progress.
    pub fn wants_progress(&self) -> bool {
        self.0.as_ref().is_some_and(|inside| inside.terms.token.is_some() && !inside.is_hushed())
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        self.0.as_ref().is_some_and(|inside| inside.terms.forms)
    }

    /// Whether questions are answered by the same call made again.
    pub(super) fn asks_in_rounds(&self) -> bool {
        let terms = self.0.as_ref().map(|inside| &inside.terms);
        terms.is_some_and(|terms| terms.rounds && (terms.forms || terms.samples))
    }

    /// Tells how far the call is. Only what is more than was told before is told; a client that is gone is no error.
    pub async fn progress(&self, done: f64, total: Option<f64>, message: impl Into<String>) {
        let Some(inside) = &self.0 else { return };
        let Some(token) = inside.terms.token.as_ref().filter(|_| !inside.is_hushed()) else { return };
        {
            let mut heard = inside.heard.lock();
            if done <= heard.progress && heard.at.is_some() {
                return;
            }
            *heard = Heard { progress: done, at: Some(Instant::now()) };
        }
        let mut note = ProgressNotificationParam::new(token.clone(), done).with_message(message);
        note.total = total;
        if let Err(error) = inside.peer.notify_progress(note).await {
            tracing::debug!(%error, "progress was not heard");
        }
    }

    /// Tells how many items a stream gave, now and then.
    pub(super) async fn items(&self, count: usize) {
        let Some(inside) = self.0.as_ref().filter(|inside| inside.terms.token.is_some()) else { return };
        let lately = inside.heard.lock().at.is_some_and(|at| at.elapsed() < BEAT);
        if !lately || count == 1 {
            #[expect(clippy::cast_precision_loss, reason = "a count of items in memory is exact as f64")]
            self.progress(count as f64, None, format!("{count} items so far")).await;
        }
    }

    /// Whether the client wants to hear of that level.
    pub(super) fn hears(&self, level: LogLevel) -> bool {
        self.0.as_ref().is_some_and(|inside| inside.hears(level))
    }

    /// Tells the client what happened, where it wants to hear of that level. A client that is gone is no error.
    pub async fn log(&self, level: LogLevel, logger: &str, data: impl Into<Value>) {
        let Some(inside) = &self.0 else { return };
        if !inside.hears(level) {
            return;
        }
        let note = LoggingMessageNotificationParam::new(level.wire(), data.into()).with_logger(logger);
        if let Err(error) = inside.peer.notify_logging_message(note).await {
            tracing::debug!(%error, "a message was not heard");
        }
    }

    /// Asks the person at the client and waits for the answer, 5 minutes at most. `key` names the question within the call.
    ///
    /// A client of the protocol of 2026-07-28 is asked by the answer to its call and then makes the same call again, with what
    /// the person said: ask before anything is done, and hand the error on.
    ///
    /// # Errors
    /// `Unsupported` where the client cannot ask a person; `Conflict` where the call is going to be made again with the
    /// answer; `Timeout`, `Network` and `Protocol` where the client did not answer, or not in the words of the protocol.
    pub async fn ask(&self, key: &str, question: Question) -> Result<Reply> {
        let inside = self.0.as_ref().filter(|inside| inside.terms.forms).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "this client cannot ask the person who uses it")
        })?;
        let params =
            json!({ "mode": "form", "message": question.message, "requestedSchema": question.schema });
        let params: ElicitRequestParams = serde_json::from_value(params).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("the form of a question is not a flat one: {error}"))
        })?;
        if inside.terms.rounds {
            let answer = inside.terms.answers.get(key);
            let request = || InputRequest::Elicitation(rmcp::model::ElicitRequest::new(params));
            return reply(inside.answer(key, answer, request)?);
        }
        let answer =
            inside.peer.create_elicitation_with_timeout(params, Some(PATIENCE)).await.map_err(unheard)?;
        reply(answer)
    }

    /// Lets the model of the client go on from a text, and waits for what it says, as [`ask`](Self::ask) does.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask); `Unsupported` where the client lends no model.
    pub async fn sample(&self, key: &str, text: &str, max_tokens: u32) -> Result<String> {
        use rmcp::model::{
            CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult, SamplingMessage,
        };

        let inside = self
            .0
            .as_ref()
            .filter(|inside| inside.terms.samples)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, "this client lends no model"))?;
        let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(text)], max_tokens);
        let said: CreateMessageResult = if inside.terms.rounds {
            let answer = inside.terms.answers.get(key);
            let request = || InputRequest::CreateMessage(CreateMessageRequest::new(params));
            inside.answer(key, answer, request)?
        } else {
            inside.peer.create_message(params).await.map_err(unheard)?
        };
        let texts =
            said.message.content.iter().filter_map(|piece| piece.as_text().map(|text| text.text.as_str()));
        Ok(texts.collect::<Vec<_>>().join("\n"))
    }

    /// The questions that wait for an answer.
    pub(super) fn asked(&self) -> BTreeMap<String, InputRequest> {
        self.0.as_ref().map(|inside| std::mem::take(&mut *inside.asked.lock())).unwrap_or_default()
    }
}

impl Inside {
    fn hears(&self, level: LogLevel) -> bool {
        !self.is_hushed() && self.terms.level.is_some_and(|least| level >= least)
    }

    fn is_hushed(&self) -> bool {
        self.hushed.load(Ordering::Relaxed)
    }

    /// The answer of an earlier round, or the question for the next one.
    fn answer<T: serde::de::DeserializeOwned>(
        &self,
        key: &str,
        answer: Option<&Value>,
        request: impl FnOnce() -> InputRequest,
    ) -> Result<T> {
        match answer {
            Some(answer) => T::deserialize(answer.clone()).map_err(|error| {
                Error::new(
                    ErrorKind::Protocol,
                    format!("the answer to the question {key:?} is none: {error}"),
                )
            }),
            None => {
                self.asked.lock().insert(key.to_owned(), request());
                Err(Error::new(ErrorKind::Conflict, "the client has a question to answer first"))
            }
        }
    }
}

fn reply(answer: ElicitResult) -> Result<Reply> {
    use rmcp::model::ElicitationAction::{Accept, Cancel, Decline};

    match answer.action {
        Accept => Ok(Reply::Given(answer.content.unwrap_or_else(|| json!({})))),
        Decline => Ok(Reply::Declined),
        Cancel => Ok(Reply::Dismissed),
        other => {
            Err(Error::new(ErrorKind::Protocol, format!("the client answered a question with {other:?}")))
        }
    }
}

fn unheard(error: ServiceError) -> Error {
    let kind = match &error {
        ServiceError::Timeout { .. } => ErrorKind::Timeout,
        ServiceError::McpError(_) | ServiceError::UnexpectedResponse => ErrorKind::Protocol,
        _ => ErrorKind::Network,
    };
    Error::new(kind, format!("the client did not answer a question: {error}"))
}

impl fmt::Debug for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester")
            .field("wants_progress", &self.wants_progress())
            .field("can_ask", &self.can_ask())
            .finish_non_exhaustive()
    }
}

//! What people get from a call: the value, and how it came about.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt as _};
use serde_json::Value;

use super::OpDef;
use super::erased::{CacheState, Reply, ReplyBody, Report, other_type};
use crate::error::{Attempt, Result};
use crate::types::ProviderId;

/// A shared value that dereferences to what was asked for, with provider, cache state, attempts and time beside it.
///
/// ```
/// use mosaic_core::op::{Answer, Reply};
///
/// let answer: Answer<String> = Answer::new(Reply::value("hello".to_string()))?;
/// assert_eq!(answer.len(), 5); // a method of `String`
/// assert_eq!(answer.attempts(), 0);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Answer<T> {
    value: Arc<T>,
    report: Report,
}

impl<T: Any + Send + Sync> Answer<T> {
    /// The typed view of a reply.
    ///
    /// # Errors
    /// `Internal` where the reply holds something else.
    #[inline]
    pub fn new(reply: Reply) -> Result<Self> {
        match reply.body {
            ReplyBody::Value(value) => match value.downcast() {
                Ok(value) => Ok(Self { value, report: reply.report }),
                Err(_) => Err(other_type()),
            },
            ReplyBody::Stream(_) => Err(other_type()),
        }
    }
}

impl<T> Answer<T> {
    /// The provider that answered.
    pub fn provider(&self) -> Option<&ProviderId> {
        self.report.provider.as_ref()
    }

    /// Where the answer came from with regard to the cache.
    pub fn cache(&self) -> CacheState {
        self.report.cache
    }

    /// How many attempts this call made; 0 for an answer from the cache.
    pub fn attempts(&self) -> u32 {
        self.report.attempts
    }

    /// How long the caller waited.
    pub fn elapsed(&self) -> Duration {
        self.report.elapsed
    }

    /// The attempts that failed before the answer.
    pub fn trail(&self) -> &[Attempt] {
        &self.report.trail
    }

    /// How the answer came about.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The shared value.
    pub fn shared(&self) -> Arc<T> {
        Arc::clone(&self.value)
    }
}

impl<T: Clone> Answer<T> {
    /// The value itself; copied where a cache shares it.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.value)
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("value", &self.value).field("report", &self.report).finish()
    }
}

/// The answer of a call by name.
///
/// ```
/// # use mosaic_core::op::{JsonAnswer, JsonBody};
/// fn show(answer: JsonAnswer) -> String {
///     match answer.body {
///         JsonBody::Value(value) => value.to_string(),
///         JsonBody::Stream(_) => "a stream".into(),
///     }
/// }
/// ```
pub struct JsonAnswer {
    /// The answer as JSON.
    pub body: JsonBody,
    /// How it came about.
    pub report: Report,
}

/// The two kinds of JSON answer.
pub enum JsonBody {
    /// One value.
    Value(Value),
    /// A stream of values.
    Stream(std::pin::Pin<Box<dyn Stream<Item = Result<Value>> + Send>>),
}

impl JsonAnswer {
    pub(super) fn new(def: &'static OpDef, reply: Reply) -> Result<Self> {
        let body = match reply.body {
            ReplyBody::Value(value) => JsonBody::Value(def.encode(&value)?),
            ReplyBody::Stream(stream) => {
                JsonBody::Stream(Box::pin(stream.map(move |item| item.and_then(|value| def.encode(&value)))))
            }
        };
        Ok(Self { body, report: reply.report })
    }

    /// The value.
    ///
    /// # Errors
    /// `Invalid` where the operation answers with a stream.
    pub fn into_value(self) -> Result<Value> {
        match self.body {
            JsonBody::Value(value) => Ok(value),
            JsonBody::Stream(_) => Err(crate::Error::new(
                crate::ErrorKind::Invalid,
                "this operation answers with a stream: read it item by item",
            )),
        }
    }
}

impl fmt::Debug for JsonAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonAnswer").field("body", &self.body).field("report", &self.report).finish()
    }
}
impl fmt::Debug for JsonBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}

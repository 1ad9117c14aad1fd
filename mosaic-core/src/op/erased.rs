//! Parameters and answers without their types: shared pointers that remember what is inside.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::Stream;
use serde_json::Value;

use super::{Digester, OpDef, OpMeta, Operation, StreamOperation};
use crate::error::{Attempt, Error, ErrorKind, Result};
use crate::types::{ProviderId, Subject};

/// A shared value of some type.
pub type Shared = Arc<dyn Any + Send + Sync>;

/// An open stream of shared values.
pub type ReplyStream = Pin<Box<dyn Stream<Item = Result<Shared>> + Send>>;

/// The parameters of a call: typed inside, a pointer copy to clone.
///
/// ```
/// use mosaic_core::op::{Payload, git::GetRepository};
///
/// let payload = Payload::new(GetRepository::new("acme", "widget"));
/// assert_eq!(payload.meta().name, "git.get_repository");
/// assert_eq!(payload.get::<GetRepository>()?.repo.owner, "acme");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Payload {
    def: &'static OpDef,
    value: Shared,
}

impl Payload {
    /// The parameters of an operation that answers with a value.
    pub fn new<O: Operation>(op: O) -> Self {
        Self { def: O::DEF, value: Arc::new(op) }
    }

    /// The parameters of an operation that answers with a stream.
    pub fn stream<O: StreamOperation>(op: O) -> Self {
        Self { def: O::DEF, value: Arc::new(op) }
    }

    /// Parameters that a definition decoded.
    pub(super) fn decoded(def: &'static OpDef, value: Shared) -> Self {
        Self { def, value }
    }

    /// The row of the catalogue.
    pub fn def(&self) -> &'static OpDef {
        self.def
    }

    /// The facts of the operation.
    pub fn meta(&self) -> &'static OpMeta {
        self.def.meta
    }

    /// The typed parameters.
    ///
    /// # Errors
    /// `Internal` where the payload is of another operation.
    pub fn get<P: Any>(&self) -> Result<&P> {
        self.value.downcast_ref().ok_or_else(|| self.mismatch())
    }

    /// What the call is about.
    pub fn subject(&self) -> Subject<'_> {
        (self.def.subject)(&*self.value)
    }

    /// A second thing that a write changes; the subject itself where there is none.
    pub fn also(&self) -> Subject<'_> {
        (self.def.also)(&*self.value)
    }

    /// Adds the parameters to a digest.
    pub fn digest(&self, digester: &mut Digester) {
        (self.def.digest)(&*self.value, digester);
    }

    /// The parameters as JSON.
    ///
    /// # Errors
    /// `Internal` where a value has no JSON form.
    pub fn to_json(&self) -> Result<Value> {
        (self.def.encode_params)(&*self.value)
    }

    #[cold]
    fn mismatch(&self) -> Error {
        Error::new(ErrorKind::Internal, "parameters of another operation").operation(self.def.meta.name)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} on {})", self.def.meta.name, self.subject())
    }
}

/// Where an answer came from with regard to the cache.
///
/// ```
/// use mosaic_core::op::CacheState;
///
/// assert_eq!(CacheState::Hit.to_string(), "hit");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CacheState {
    /// The operation or the call is not cached.
    #[default]
    Bypass,
    /// From the cache.
    Hit,
    /// Asked for, and kept where that was allowed.
    Miss,
    /// From another call that asked for the same at the same time.
    Coalesced,
    /// From the cache although no longer fresh, because the provider failed.
    Stale,
}

impl fmt::Display for CacheState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bypass => "bypass",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Coalesced => "coalesced",
            Self::Stale => "stale",
        })
    }
}

/// How an answer came about.
///
/// ```
/// use mosaic_core::op::{CacheState, Report};
///
/// assert_eq!(Report::default().cache, CacheState::Bypass);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// The provider that answered; absent where no provider is known, such as behind a remote caller.
    pub provider: Option<ProviderId>,
    /// Where it came from with regard to the cache.
    pub cache: CacheState,
    /// How many attempts this call made; 0 for an answer from the cache.
    pub attempts: u32,
    /// How long the caller waited.
    pub elapsed: Duration,
    /// The attempts that failed before the answer.
    pub trail: Vec<Attempt>,
}

/// What a call gives: a shared value or an open stream, and how it came about.
///
/// ```
/// use mosaic_core::op::Reply;
///
/// let reply = Reply::value(7u32);
/// assert_eq!(*reply.typed::<u32>()?, 7);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct Reply {
    /// The answer.
    pub body: ReplyBody,
    /// How it came about.
    pub report: Report,
}

/// The two kinds of answer.
pub enum ReplyBody {
    /// A shared value.
    Value(Shared),
    /// An open stream of shared values.
    Stream(ReplyStream),
}

impl Reply {
    /// A value as the answer.
    pub fn value<T: Any + Send + Sync>(value: T) -> Self {
        Self::shared(Arc::new(value))
    }

    /// A shared value as the answer.
    pub fn shared(value: Shared) -> Self {
        Self { body: ReplyBody::Value(value), report: Report::default() }
    }

    /// An open stream as the answer.
    pub fn stream(stream: ReplyStream) -> Self {
        Self { body: ReplyBody::Stream(stream), report: Report::default() }
    }

    /// The shared value inside.
    ///
    /// # Errors
    /// `Internal` where the answer is a stream or of another type.
    pub fn typed<T: Any + Send + Sync>(self) -> Result<Arc<T>> {
        match self.body {
            ReplyBody::Value(value) => value.downcast().map_err(|_| other_type()),
            ReplyBody::Stream(_) => Err(other_type()),
        }
    }
}

#[cold]
pub(super) fn other_type() -> Error {
    Error::new(ErrorKind::Internal, "the answer has another type than the operation promises")
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match self.body {
            ReplyBody::Value(_) => "value",
            ReplyBody::Stream(_) => "stream",
        };
        f.debug_struct("Reply").field("body", &body).field("report", &self.report).finish()
    }
}
impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Stream(_) => "Stream",
        })
    }
}

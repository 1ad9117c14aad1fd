//! The one check in front of every function.

use std::fmt;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use tokio::sync::watch;

use super::Reach;

/// What a mailbox needs that is to belong to a project.
pub(crate) const JOIN: (&str, &str) = ("message", "join_project");

/// What surfaces ask about beside operations and functions, as service and operation: the heads of the audit; tools that name no
/// permission of their own, prompts and documents of an MCP server.
pub(crate) const SURFACES: &[(&str, &str)] =
    &[("audit", "read"), ("mcp", "call_tool"), ("mcp", "get_prompt"), ("mcp", "read_resource")];

/// What a caller has to be allowed: `room:method:resource`.
///
/// ```
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::function::Permission;
///
/// let needed = Permission::new("task", "submit_task", "acme", Effect::Create);
/// assert_eq!(needed.to_string(), "task:submit_task:acme");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission<'a> {
    /// The room, or the service of an operation.
    pub service: &'a str,
    /// The function, or the operation.
    pub operation: &'a str,
    /// What it is about; empty for nothing in particular.
    pub resource: &'a str,
    /// What it does to the world.
    pub effect: Effect,
}

impl<'a> Permission<'a> {
    /// The permission to do something with something.
    pub const fn new(service: &'a str, operation: &'a str, resource: &'a str, effect: Effect) -> Self {
        Self { service, operation, resource, effect }
    }
}

impl fmt::Display for Permission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.service, self.operation, self.resource)
    }
}

/// Decides whether a caller may use a function. Where none is given, only the application itself may.
///
/// ```
/// use async_trait::async_trait;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::error::{Error, ErrorKind, Result};
/// use mosaic_mcp::function::{Gate, Permission};
///
/// struct ReadOnly;
/// #[async_trait]
/// impl Gate for ReadOnly {
///     async fn allow(&self, _: &CallContext, needed: Permission<'_>) -> Result<()> {
///         if needed.effect.is_read() { Ok(()) } else { Err(Error::new(ErrorKind::PermissionDenied, "read only")) }
///     }
/// }
/// ```
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// Lets the caller pass or denies it. It is asked for the application's own calls as well.
    ///
    /// # Errors
    /// `PermissionDenied` for a denial; anything else denies, too.
    async fn allow(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()>;

    /// What lists show to the caller. By default everything: who calls what a list shows is asked about all the same.
    fn reach(&self, cx: &CallContext) -> Reach {
        let _ = cx;
        Reach::everything()
    }

    /// Moves when the same caller may get another answer; none where that never happens, which is so by default.
    fn changed(&self) -> Option<watch::Receiver<u64>> {
        None
    }
}

/// Whatever keeps a gate from deciding denies.
pub(crate) fn denial(error: Error) -> Error {
    if error.kind() == ErrorKind::PermissionDenied {
        return error;
    }
    Error::new(ErrorKind::PermissionDenied, "permission could not be decided, so it is denied").source(error)
}

/// Lets the application itself do everything, and nobody else anything.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::function::{Gate, Open, Permission};
///
/// # async fn ask() {
/// let needed = Permission::new("task", "get_task", "7", Effect::Read);
/// assert!(Open.allow(&CallContext::new(), needed).await.is_ok());
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

#[async_trait]
impl Gate for Open {
    async fn allow(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()> {
        if cx.caller().is_application() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("{} may not {needed}: no roles are configured", cx.caller().name()),
        ))
    }

    fn reach(&self, cx: &CallContext) -> Reach {
        if cx.caller().is_application() { Reach::everything() } else { Reach::nothing() }
    }
}

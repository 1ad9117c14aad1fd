//! Where tools come from: the operations of a caller, the rooms of a node, remote servers.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::op::{Caller, OpDef};
use serde_json::Value;
use tokio::sync::watch;

use super::call::no_tool_fault;
use super::{CallToolResult, Requester, Tool, Tools, tool_name};

/// A call of one tool.
///
/// ```
/// use mosaic_mcp::surface::{CallToolResult, ToolCall};
///
/// fn whoami(call: &ToolCall) -> CallToolResult {
///     CallToolResult::value(serde_json::json!({ "you": call.cx.caller().name() }))
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolCall {
    /// Who calls, for which tenant.
    pub cx: CallContext,
    /// The name of the tool.
    pub name: String,
    /// The arguments: an object, or null where none were given.
    pub arguments: Value,
    /// Who asked, to be told and asked while the call runs.
    pub requester: Requester,
}

impl ToolCall {
    /// A call that nobody hears of before it is over.
    pub fn new(cx: CallContext, name: impl Into<String>, arguments: Value) -> Self {
        Self { cx, name: name.into(), arguments, requester: Requester::nobody() }
    }
}

/// Some tools of a server. Names are unique over all sources of a server; the first source that has one is called.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::surface::{CallToolResult, Tool, ToolCall, ToolSource};
///
/// struct Clock(Arc<[Arc<Tool>]>);
///
/// impl Clock {
///     fn new() -> Self {
///         let schema = serde_json::json!({ "type": "object", "properties": {} });
///         Self([Arc::new(Tool::new("clock", "clock_now", "Tell the time.", Effect::Read, schema))].into())
///     }
/// }
///
/// #[async_trait]
/// impl ToolSource for Clock {
///     fn tools(&self) -> Arc<[Arc<Tool>]> {
///         self.0.clone()
///     }
///     async fn call(&self, _: ToolCall) -> CallToolResult {
///         CallToolResult::value(serde_json::json!({ "now": mosaic_core::types::Timestamp::now().to_string() }))
///     }
/// }
/// ```
#[async_trait]
pub trait ToolSource: Send + Sync + 'static {
    /// Its tools as they are known now. Called for every request: it gives out a list that is kept, and a new one only when
    /// something changed.
    fn tools(&self) -> Arc<[Arc<Tool>]>;

    /// The tool of this name, where it has one.
    fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        self.tools().iter().find(|tool| tool.name == name).cloned()
    }

    /// What a call of one of its tools with these arguments is about, such as a repository, in the words that permissions have for it. Where a
    /// call took long, whoever asks for its result is asked for the permission on that once more. Where nothing is named, which is so by
    /// default, it has to be one who may call the tool with anything at all.
    fn about(&self, tool: &str, arguments: &Value) -> Vec<String> {
        let _ = (tool, arguments);
        Vec::new()
    }

    /// Calls one of its tools. An error is a result as well. Dropping the future gives the call up.
    async fn call(&self, call: ToolCall) -> CallToolResult;

    /// Whether it gives the results of writes and denials only when an audit has written them. Where it does not, which is so by
    /// default, a server with [`audit_written`](super::McpServerBuilder::audit_written) waits itself until its audit has written what it
    /// was told meanwhile.
    fn waits_for_audit(&self) -> bool {
        false
    }

    /// Changes when the list of tools has changed; none where it never does.
    fn changed(&self) -> Option<watch::Receiver<u64>> {
        None
    }
}

#[async_trait]
impl<S: ToolSource + ?Sized> ToolSource for Arc<S> {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        self.as_ref().tools()
    }

    fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        self.as_ref().tool(name)
    }

    fn about(&self, tool: &str, arguments: &Value) -> Vec<String> {
        self.as_ref().about(tool, arguments)
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        self.as_ref().call(call).await
    }

    fn waits_for_audit(&self) -> bool {
        self.as_ref().waits_for_audit()
    }

    fn changed(&self) -> Option<watch::Receiver<u64>> {
        self.as_ref().changed()
    }
}

/// The operations of a caller as a source of tools.
///
/// ```
/// use mosaic_core::op::{Caller, OpSet};
/// use mosaic_core::types::ServiceKind;
/// use mosaic_mcp::surface::{Operations, Tools};
///
/// fn only_git(caller: impl Caller) -> Operations<impl Caller> {
///     Operations::new(caller, Tools::new(OpSet::service(ServiceKind::Git)))
/// }
/// ```
pub struct Operations<C> {
    caller: C,
    offered: Tools,
    list: Arc<[Arc<Tool>]>,
    by_name: HashMap<String, (&'static OpDef, Arc<Tool>)>,
}

impl<C: Caller> Operations<C> {
    /// These operations, answered by this caller: one plugin or a whole orchestra.
    pub fn new(caller: C, offered: Tools) -> Self {
        let list: Arc<[_]> = offered.list().into_iter().map(Arc::new).collect();
        let defs = offered.defs().map(|def| (tool_name(def.meta.name), def));
        let tools = list.iter().zip(defs).map(|(tool, (name, def))| (name, (def, Arc::clone(tool))));
        let by_name = tools.collect();
        Self { caller, offered, list, by_name }
    }
}

#[async_trait]
impl<C: Caller> ToolSource for Operations<C> {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.list)
    }

    fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        self.by_name.get(name).map(|(_, tool)| Arc::clone(tool))
    }

    fn about(&self, tool: &str, arguments: &Value) -> Vec<String> {
        let Some((def, _)) = self.by_name.get(tool) else { return Vec::new() };
        // What cannot be read was not called either.
        let Ok(payload) = def.decode(arguments.clone()) else { return Vec::new() };
        let mut about = vec![payload.subject().to_string(), payload.also().to_string()];
        about.dedup();
        about.retain(|about| !about.is_empty());
        about
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        let ToolCall { cx, name, arguments, requester } = call;
        match self.by_name.get(&name) {
            Some((def, _)) => self.offered.call_for(&requester, &self.caller, &cx, def, arguments).await,
            None => CallToolResult::fault(&no_tool_fault(&name)),
        }
    }
}

impl<C> fmt::Debug for Operations<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("tools", &self.list.len()).finish_non_exhaustive()
    }
}

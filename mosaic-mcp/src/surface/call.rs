//! One call of a tool: from arguments to a result, where an error is a result too.

use futures_util::stream::{Stream, StreamExt as _};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{Caller, JsonBody, OpDef};
use mosaic_core::types::Effect;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::content::Content;
use super::{Fault, Requester, Tools, operation_of};

/// What `tools/call` answers.
///
/// ```
/// use mosaic_mcp::surface::CallToolResult;
///
/// let result = CallToolResult::value(serde_json::json!({ "name": "widget" }));
/// assert_eq!(
///     serde_json::to_string(&result)?,
///     r#"{"content":[{"type":"text","text":"{\"name\":\"widget\"}"}],"structuredContent":{"name":"widget"},"isError":false}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallToolResult {
    /// The answer as a model reads it; for clients that know no structured content, the same as JSON text.
    pub content: Vec<Content>,
    /// The answer after the output schema of the tool; none for an error, and for a tool without such a schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Value>,
    /// Whether the call failed. The content then is a [`Fault`].
    pub is_error: bool,
}

impl CallToolResult {
    /// Pieces of content without a structured answer.
    pub fn content(content: Vec<Content>) -> Self {
        Self { content, structured_content: None, is_error: false }
    }

    /// A value as the result: an object as it is, nothing as the word "done", anything else in a field `value`.
    pub fn value(value: Value) -> Self {
        let structured = match value {
            Value::Null => {
                return Self {
                    content: vec![Content::text("done")],
                    structured_content: None,
                    is_error: false,
                };
            }
            object @ Value::Object(_) => object,
            bare => json!({ "value": bare }),
        };
        let content = vec![Content::text(structured.to_string())];
        Self { content, structured_content: Some(structured), is_error: false }
    }

    /// An error as the result.
    pub fn fault(fault: &Fault) -> Self {
        Self { content: vec![Content::text(fault.to_text())], structured_content: None, is_error: true }
    }
}

impl Tools {
    /// Calls a tool. An error is a result as well, so that the model reads what happened and what to do.
    ///
    /// What a stream gives is collected up to the limits of [`Tools::answer_limit`] and [`Tools::patience`]; dropping the
    /// future gives the call up. Needs a tokio runtime with its timer.
    ///
    /// ```
    /// use mosaic_core::{context::CallContext, op::Caller};
    /// use mosaic_mcp::surface::{CallToolResult, Tools};
    ///
    /// async fn answer(tools: Tools, caller: &impl Caller) -> CallToolResult {
    ///     let arguments = serde_json::json!({ "repo": { "owner": "acme", "name": "widget" } });
    ///     tools.call(caller, CallContext::new(), "git_get_repository", arguments).await
    /// }
    /// ```
    pub async fn call(
        &self,
        caller: &impl Caller,
        cx: CallContext,
        name: &str,
        arguments: Value,
    ) -> CallToolResult {
        match operation_of(name).filter(|def| self.offered.has(def.meta)) {
            Some(def) => self.call_for(&Requester::nobody(), caller, &cx, def, arguments).await,
            None => CallToolResult::fault(&no_tool_fault(name)),
        }
    }

    /// Calls a tool for somebody who may want to hear how far it is.
    pub(super) async fn call_for(
        &self,
        requester: &Requester,
        caller: &impl Caller,
        cx: &CallContext,
        def: &'static OpDef,
        arguments: Value,
    ) -> CallToolResult {
        let failed = |error: Error| {
            CallToolResult::fault(&Fault::new(&error.operation(def.meta.name), def.meta.effect))
        };
        match caller.call_json(cx, def.meta.name, arguments).await {
            Err(error) => failed(error),
            Ok(answer) => match answer.body {
                JsonBody::Value(value) => CallToolResult::value(value),
                JsonBody::Stream(stream) => {
                    let (items, end) = self.collect(requester, stream).await;
                    match end {
                        End::Whole | End::Truncated => CallToolResult::value(
                            json!({ "items": items, "truncated": matches!(end, End::Truncated) }),
                        ),
                        End::Broken(error) => {
                            let mut result = failed(error);
                            if !items.is_empty() {
                                let before = json!({ "items_before_the_error": items });
                                result.content.push(Content::text(before.to_string()));
                            }
                            result
                        }
                    }
                }
            },
        }
    }

    async fn collect(
        &self,
        requester: &Requester,
        mut stream: impl Stream<Item = Result<Value>> + Unpin,
    ) -> (Vec<Value>, End) {
        let until = Instant::now() + self.patience;
        let (mut items, mut size) = (Vec::new(), 0);
        loop {
            match timeout_at(until, stream.next()).await {
                Err(_) => return (items, End::Truncated),
                Ok(None) => return (items, End::Whole),
                Ok(Some(Err(error))) => return (items, End::Broken(error)),
                Ok(Some(Ok(item))) => {
                    size += item.to_string().len();
                    if size > self.answer_limit {
                        return (items, End::Truncated);
                    }
                    items.push(item);
                    requester.items(items.len()).await;
                }
            }
        }
    }
}

/// How the collecting of a stream ended.
enum End {
    /// With its last item.
    Whole,
    /// At a limit.
    Truncated,
    /// With an error.
    Broken(Error),
}

/// That there is no tool of this name, as a result tells it.
pub(super) fn no_tool_fault(name: &str) -> Fault {
    Fault::new(&no_tool(name), Effect::Read)
}

pub(super) fn no_tool(name: &str) -> Error {
    let shown: String = name.chars().take(80).collect();
    Error::new(ErrorKind::Invalid, format!("there is no tool {shown:?}; `tools/list` names those there are"))
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;

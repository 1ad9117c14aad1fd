//! The functions of the backbone as tools.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::tools::output_schema;
use super::{CallToolResult, Fault, Tool, ToolCall, ToolSource, tool_name};
use crate::function::{Desk, FunctionDef};

/// What a desk offers as a source of tools: `task.claim_tasks` is the tool `task_claim_tasks`, in the group `task`. Every call goes
/// through the desk, as the caller that the server knows.
///
/// ```
/// use mosaic_mcp::function::Desk;
/// use mosaic_mcp::surface::{Functions, McpServer, McpServerBuilder};
///
/// fn server(desk: Desk) -> McpServerBuilder {
///     McpServer::builder().tools(Functions::new(desk))
/// }
/// ```
#[derive(Debug)]
pub struct Functions {
    desk: Desk,
    list: Arc<[Arc<Tool>]>,
    by_name: HashMap<String, (&'static FunctionDef, Arc<Tool>)>,
}

impl Functions {
    /// Everything that the desk offers.
    pub fn new(desk: Desk) -> Self {
        let tools: Vec<_> = desk.offered().map(|def| (def, Arc::new(tool(def)))).collect();
        let list = tools.iter().map(|(_, tool)| Arc::clone(tool)).collect();
        let by_name = tools.into_iter().map(|(def, tool)| (tool.name.clone(), (def, tool))).collect();
        Self { desk, list, by_name }
    }
}

fn tool(def: &'static FunctionDef) -> Tool {
    let meta = def.meta;
    let prose = meta.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let input = def.params_schema().to_value();
    let tool = Tool::new(meta.room, tool_name(meta.name), prose, meta.effect, input)
        .closed_world()
        .asks(meta.room, meta.method);
    let method = meta.method.replace('_', " ");
    let mut letters = method.chars();
    let title = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    let tool = tool.titled(title.unwrap_or_default());
    match output_schema(def.output_schema().to_value(), false) {
        Some(answer) => tool.answers(answer),
        None => tool,
    }
}

#[async_trait]
impl ToolSource for Functions {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.list)
    }

    fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        self.by_name.get(name).map(|(_, tool)| Arc::clone(tool))
    }

    fn about(&self, tool: &str, arguments: &Value) -> Vec<String> {
        let def = self.by_name.get(tool).map(|(def, _)| def);
        // What cannot be read was not called either.
        let about = def.and_then(|def| def.resource(arguments.clone()).ok());
        about.into_iter().filter(|about| !about.is_empty()).collect()
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        let ToolCall { cx, name, arguments, .. } = call;
        let Some((def, _)) = self.by_name.get(&name) else {
            return CallToolResult::fault(&super::call::no_tool_fault(&name));
        };
        match def.call(&self.desk, &cx, arguments).await {
            Ok(answer) => CallToolResult::value(answer),
            Err(error) => CallToolResult::fault(&Fault::new(&error, def.meta.effect)),
        }
    }

    fn waits_for_audit(&self) -> bool {
        self.desk.waits()
    }
}

#[cfg(test)]
mod tests {
    use mosaic_core::context::{CallContext, Principal};
    use serde_json::json;

    use super::*;
    use crate::coordination::shared::Shared;
    use crate::coordination::{Coordination, CoordinationOptions};
    use crate::state::{MemoryStore, State};

    async fn functions() -> (Functions, Coordination) {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let rooms = Coordination::open(state.clone(), CoordinationOptions::new());
        let desk = Desk::builder().room(rooms.agents()).room(rooms.tasks()).room(Shared::new(state));
        (Functions::new(desk.build()), rooms)
    }

    #[tokio::test]
    async fn a_call_is_about_what_its_function_is_about() {
        let (functions, _rooms) = functions().await;
        assert_eq!(functions.about("state_get_value", &json!({ "key": "plans/spring" })), ["plans/spring"]);
        for (tool, arguments) in [("state_get_value", json!({})), ("state_burn", json!({ "key": "a" }))] {
            assert!(functions.about(tool, &arguments).is_empty());
        }
    }

    #[tokio::test]
    async fn every_function_is_a_tool_that_tells_what_it_takes_and_gives() {
        let (functions, _rooms) = functions().await;
        for tool in functions.tools().iter() {
            assert!(tool.name.starts_with(&format!("{}_", tool.group)), "{}", tool.name);
            assert!(!tool.description.is_empty() && !tool.annotations.open_world_hint, "{}", tool.name);
            assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
            assert!(
                tool.output_schema.as_ref().is_none_or(|schema| schema["type"] == "object"),
                "{}",
                tool.name
            );
        }
        let claim = functions.tool("task_claim_tasks").unwrap();
        assert_eq!((claim.title.as_str(), claim.annotations.read_only_hint), ("Claim tasks", false));
        assert!(functions.tool("state_delete_value").unwrap().output_schema.is_none());
    }

    #[tokio::test]
    async fn a_task_goes_from_hand_to_hand_by_tools_alone() {
        let (functions, _rooms) = functions().await;
        let call = async |name: &str, arguments| {
            let result = functions.call(ToolCall::new(CallContext::new(), name, arguments)).await;
            assert!(!result.is_error, "{name}: {result:?}");
            result.structured_content.unwrap_or_default()
        };
        let agent = call("agent_register_agent", json!({ "agent": "ann" })).await;
        let task = call("task_submit_task", json!({ "project": "widget", "title": "Review" })).await;
        let claim = json!({ "agent": "ann", "incarnation": agent["incarnation"] });
        let claimed = call("task_claim_tasks", claim).await;
        assert_eq!(claimed["tasks"][0]["task"]["task"], task["task"]);
        let done =
            json!({ "task": task["task"], "token": claimed["tasks"][0]["token"], "result": { "ok": true } });
        assert_eq!(call("task_complete_task", done).await["state"], "completed");
        let events = call("state_read_events", json!({ "topic": "task.>" })).await;
        let kinds: Vec<_> =
            events["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
        assert_eq!(kinds, ["task.submitted", "task.claimed", "task.completed"]);
    }

    #[tokio::test]
    async fn whoever_may_not_is_told() {
        let (functions, _rooms) = functions().await;
        let cx = CallContext::new().principal(Principal::agent("stranger"));
        let result = functions.call(ToolCall::new(cx, "agent_list_agents", json!({}))).await;
        assert!(result.is_error);
        let result = functions.call(ToolCall::new(CallContext::new(), "agent_burn", json!({}))).await;
        assert!(result.is_error);
    }
}

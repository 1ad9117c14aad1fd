//! The list of tools: one per operation, with its schemas and what clients should know before they call it.

use std::time::Duration;

use mosaic_core::op::{OpDef, OpMeta, OpSet, catalogue};
use mosaic_core::types::Effect;
use serde::Serialize;
use serde_json::{Value, json};

/// One tool, as `tools/list` shows it.
///
/// ```
/// use mosaic_core::op::{OpSet, Operation as _, git::DeleteBranch};
/// use mosaic_mcp::surface::Tools;
///
/// let tools = Tools::new(OpSet::of(&[DeleteBranch::META])).list();
/// let json = serde_json::to_value(&tools[0])?;
/// assert_eq!(json["name"], "git_delete_branch");
/// assert_eq!(json["annotations"]["destructiveHint"], true);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tool {
    /// The name to call it by; see [`tool_name`].
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it does, for the model that chooses among tools.
    pub description: String,
    /// The JSON Schema of the arguments, always that of an object.
    pub input_schema: Value,
    /// The JSON Schema of the structured answer, always that of an object; none where there is nothing to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// What clients should know before they call it.
    pub annotations: ToolAnnotations,
    /// What calling it does; before an irreversible one a server asks for a confirmation.
    #[serde(skip)]
    pub effect: Effect,
    /// What it belongs to: a service such as `git`, a room such as `tasks`, a remote server.
    #[serde(skip)]
    pub group: String,
    /// The service and the operation about which whoever answers the call asks the check itself.
    #[serde(skip)]
    pub(crate) asks: Option<(String, String)>,
}

/// What a client should know before it calls a tool. The protocol calls all of them hints: they come from the effect of the
/// operation, and what is enforced is enforced by the engine.
///
/// ```
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::surface::ToolAnnotations;
///
/// let creates = ToolAnnotations::of(Effect::Create);
/// assert!(!creates.read_only_hint && !creates.destructive_hint && !creates.idempotent_hint);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolAnnotations {
    /// Whether it changes nothing.
    pub read_only_hint: bool,
    /// Whether it may change or remove what is there; false for what only adds.
    pub destructive_hint: bool,
    /// Whether calling it again with the same arguments changes nothing more.
    pub idempotent_hint: bool,
    /// Whether it reaches out of this process; true for operations, as providers stand behind every one.
    pub open_world_hint: bool,
}

impl ToolAnnotations {
    /// The hints for an effect.
    pub const fn of(effect: Effect) -> Self {
        Self {
            read_only_hint: effect.is_read(),
            destructive_hint: matches!(effect, Effect::Idempotent | Effect::Irreversible),
            idempotent_hint: matches!(effect, Effect::Read | Effect::Idempotent),
            open_world_hint: true,
        }
    }
}

/// The tools of a server: some operations of the catalogue, and the bounds of an answer.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::ServiceKind;
/// use mosaic_mcp::surface::Tools;
///
/// let tools = Tools::new(OpSet::service(ServiceKind::Project)).answer_limit(64 * 1024);
/// assert!(tools.list().iter().all(|tool| tool.name.starts_with("project_")));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Tools {
    pub(super) offered: OpSet,
    pub(super) answer_limit: usize,
    pub(super) patience: Duration,
}

impl Tools {
    /// Exactly these operations. Calls of others are refused as if they did not exist.
    pub const fn new(offered: OpSet) -> Self {
        Self { offered, answer_limit: 256 * 1024, patience: Duration::from_secs(30) }
    }

    /// Every operation of the catalogue.
    pub fn all() -> Self {
        Self::new(catalogue().all().fold(OpSet::EMPTY, |set, def| set.with(def.meta)))
    }

    /// The same with another limit for what is collected of a stream, in bytes of JSON; 256 KiB at first.
    #[must_use]
    pub const fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// The same with another limit for how long a stream is collected; 30 seconds at first. A log that is being written
    /// would otherwise hold the call until its job ends.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The tools, in the order of the catalogue.
    pub fn list(&self) -> Vec<Tool> {
        self.defs().map(Tool::of).collect()
    }

    /// The operations, in the order of the catalogue.
    pub(super) fn defs(&self) -> impl Iterator<Item = &'static OpDef> {
        let offered = self.offered;
        catalogue().all().filter(move |def| offered.has(def.meta))
    }
}

impl Tool {
    /// A tool with the hints of its effect, titled after its name, without an output schema. `input_schema` is that of an
    /// object.
    ///
    /// ```
    /// use mosaic_core::types::Effect;
    /// use mosaic_mcp::surface::Tool;
    ///
    /// let schema = serde_json::json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    /// let tool = Tool::new("demo", "say_it", "Say a text.", Effect::Read, schema);
    /// assert_eq!(tool.title, "Say it");
    /// ```
    pub fn new(
        group: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
        effect: Effect,
        input_schema: Value,
    ) -> Self {
        let name = name.into();
        Self {
            title: title(&name),
            name,
            description: description.into(),
            input_schema,
            output_schema: None,
            annotations: ToolAnnotations::of(effect),
            effect,
            group: group.into(),
            asks: None,
        }
    }

    /// The same, but whoever answers a call asks the check itself, about this service and operation: lists show it to those who may
    /// do that with anything. Without this the server asks, about `mcp:call_tool:NAME`.
    ///
    /// ```
    /// use mosaic_core::types::Effect;
    /// use mosaic_mcp::surface::Tool;
    ///
    /// let schema = serde_json::json!({ "type": "object", "properties": {} });
    /// let tool = Tool::new("billing", "billing_pay", "Pay a bill.", Effect::Create, schema).asks("billing", "pay");
    /// # let _ = tool;
    /// ```
    #[must_use]
    pub fn asks(mut self, service: impl Into<String>, operation: impl Into<String>) -> Self {
        self.asks = Some((service.into(), operation.into()));
        self
    }

    /// The same with another name for people.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The same with the schema of its structured answer, that of an object.
    #[must_use]
    pub fn answers(mut self, output_schema: Value) -> Self {
        self.output_schema = Some(output_schema);
        self
    }

    /// The same, but known to stay within this process.
    #[must_use]
    pub fn closed_world(mut self) -> Self {
        self.annotations.open_world_hint = false;
        self
    }

    /// The tool of an operation.
    fn of(def: &'static OpDef) -> Self {
        let OpMeta { name, service, method, effect, stream, doc, .. } = *def.meta;
        let mut description = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        if stream {
            description
                .push_str(" The answer is collected up to a limit; `truncated` says whether there is more.");
        }
        Self {
            name: tool_name(name),
            title: title(method),
            description,
            input_schema: def.params_schema().to_value(),
            output_schema: output_schema(def.output_schema().to_value(), stream),
            annotations: ToolAnnotations::of(effect),
            effect,
            group: service.as_str().to_owned(),
            asks: Some((service.as_str().to_owned(), method.to_owned())),
        }
    }
}

/// The name of an operation as a tool: `git.get_repository` becomes `git_get_repository`, because many clients accept
/// nothing but letters, digits, `_` and `-`.
///
/// ```
/// use mosaic_mcp::surface::{operation_of, tool_name};
///
/// let name = tool_name("git.get_repository");
/// assert_eq!(name, "git_get_repository");
/// assert_eq!(operation_of(&name).map(|def| def.meta.name), Some("git.get_repository"));
/// ```
pub fn tool_name(operation: &str) -> String {
    operation.replacen('.', "_", 1)
}

/// The operation behind the name of a tool: the way back from [`tool_name`]. No name of a service has a `_` in it, so the
/// first one stands for the dot.
pub fn operation_of(tool: &str) -> Option<&'static OpDef> {
    let (service, method) = tool.split_once('_')?;
    catalogue().all().find(|def| def.meta.service.as_str() == service && def.meta.method == method)
}

/// `get_repository` as `Get repository`.
fn title(method: &str) -> String {
    let words = method.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The schema, of an answer or of an item of a stream, as that of what [`Tools::call`] puts into the structured answer. The protocol wants an object there: a stream becomes
/// one with its items, a bare value stands in a field `value`.
pub(super) fn output_schema(mut schema: Value, stream: bool) -> Option<Value> {
    let (mut root, place) = match (stream, type_of(&schema)) {
        (false, "null") => return None,
        (false, "object") => {
            schema["type"] = "object".into();
            return Some(schema);
        }
        (false, _) => (json!({ "type": "object", "properties": {}, "required": ["value"] }), "value"),
        (true, _) => (
            json!({
                "type": "object",
                "properties": {
                    "items": { "type": "array", "description": "What the stream gave, in order." },
                    "truncated": { "type": "boolean", "description": "Whether more followed that is not here." },
                },
                "required": ["items", "truncated"],
            }),
            "items",
        ),
    };
    // References look for definitions at the root.
    for word in ["$schema", "$defs"] {
        if let Some(value) = schema.as_object_mut().and_then(|schema| schema.remove(word)) {
            root[word] = value;
        }
    }
    if stream {
        root["properties"][place]["items"] = schema;
    } else {
        root["properties"][place] = schema;
    }
    Some(root)
}

/// The type of a schema, or of the one that it is a name for.
fn type_of(schema: &Value) -> &str {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    let named = target.and_then(|pointer| schema.pointer(pointer)).unwrap_or(schema);
    named.get("type").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
#[path = "tools_tests.rs"]
mod tests;

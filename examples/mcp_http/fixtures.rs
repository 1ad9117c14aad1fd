//! What the conformance suite looks for, by the names that it looks for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use mosaic::mcp::surface::{
    CallToolResult, Content, Fault, LogLevel, McpServerBuilder, Prompt, PromptArgument, PromptMessage,
    PromptRole, PromptSource, Question, Reply, Resource, ResourceContent, ResourceSource, ResourceTemplate,
    Tool, ToolCall, ToolSource,
};
use mosaic::prelude::*;
use mosaic::types::Effect;
use serde_json::{Value, json};
use tokio::time::sleep;

/// A red dot.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0,
    0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12, b'I', b'D', b'A', b'T', 8, 0xd7, 0x63, 0xf8,
    0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42,
    0x60, 0x82,
];

/// Silence.
const WAV: &[u8] =
    b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x02\0\0\0\0\0";

const BEAT: Duration = Duration::from_millis(50);

/// A server with all of it.
pub(crate) fn add(server: McpServerBuilder) -> McpServerBuilder {
    server.tools(Tools::new()).resources(Documents).prompts(Greetings)
}

struct Tools(Arc<[Arc<Tool>]>);

impl Tools {
    fn new() -> Self {
        let nothing = || json!({ "type": "object", "properties": {} });
        let text = |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] });
        let full = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "type": "object",
                    "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
                },
            },
            "properties": { "name": { "type": "string" }, "address": { "$ref": "#/$defs/address" } },
            "additionalProperties": false,
        });
        let tool = |name: &str, does: &str, schema: Value| {
            Arc::new(Tool::new("conformance", name, does, Effect::Read, schema).closed_world())
        };
        let tools = [
            tool("test_simple_text", "Answer with a text.", nothing()),
            tool("test_image_content", "Answer with a picture.", nothing()),
            tool("test_audio_content", "Answer with sound.", nothing()),
            tool("test_embedded_resource", "Answer with a document.", nothing()),
            tool("test_multiple_content_types", "Answer with a text, a picture and a document.", nothing()),
            tool("test_tool_with_logging", "Tell what happens.", nothing()),
            tool("test_tool_with_progress", "Tell how far it is.", nothing()),
            tool("test_error_handling", "Fail.", nothing()),
            tool("test_sampling", "Ask the model of the client.", text("prompt")),
            tool("test_elicitation", "Ask the person at the client.", text("message")),
            tool("test_elicitation_sep1034_defaults", "Ask with answers proposed.", nothing()),
            tool("test_elicitation_sep1330_enums", "Ask with answers to choose from.", nothing()),
            tool("test_reconnection", "Answer after a while.", nothing()),
            tool("json_schema_2020_12_tool", "Take all that a schema can say.", full),
        ];
        Self(tools.into())
    }
}

fn document(uri: &str, media_type: &str, text: &str) -> Content {
    Content::resource(ResourceContent::text(uri, media_type, text))
}

#[async_trait]
impl ToolSource for Tools {
    fn tools(&self) -> Arc<[Arc<Tool>]> {
        Arc::clone(&self.0)
    }

    async fn call(&self, call: ToolCall) -> CallToolResult {
        answer(&call).await.unwrap_or_else(|error| CallToolResult::fault(&Fault::new(&error, Effect::Read)))
    }
}

async fn answer(call: &ToolCall) -> mosaic::Result<CallToolResult> {
    let given = |name: &str| call.arguments[name].as_str().unwrap_or_default().to_owned();
    let content = match call.name.as_str() {
        "test_simple_text" => vec![Content::text("This is a simple text response for testing.")],
        "test_image_content" => vec![Content::image(PNG, "image/png")],
        "test_audio_content" => vec![Content::audio(WAV, "audio/wav")],
        "test_embedded_resource" => {
            vec![document("test://embedded-resource", "text/plain", "This is an embedded resource content.")]
        }
        "test_multiple_content_types" => vec![
            Content::text("Multiple content types test:"),
            Content::image(PNG, "image/png"),
            document("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ],
        "test_tool_with_logging" => {
            for what in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                call.requester.log(LogLevel::Info, "conformance", what).await;
                sleep(BEAT).await;
            }
            vec![Content::text("It is told.")]
        }
        "test_tool_with_progress" => {
            for done in [0.0, 50.0, 100.0] {
                call.requester.progress(done, Some(100.0), "on its way").await;
                sleep(BEAT).await;
            }
            vec![Content::text("It is told.")]
        }
        "test_error_handling" => {
            return Err(Error::new(
                ErrorKind::Provider,
                "This tool intentionally returns an error for testing",
            ));
        }
        "test_sampling" => {
            let said = call.requester.sample("model", &given("prompt"), 100).await?;
            vec![Content::text(format!("LLM response: {said}"))]
        }
        "test_elicitation" => {
            let schema = json!({
                "type": "object",
                "properties": {
                    "username": { "type": "string", "description": "User's response" },
                    "email": { "type": "string", "description": "User's email address" },
                },
                "required": ["username", "email"],
            });
            ask(call, &given("message"), schema).await?
        }
        "test_elicitation_sep1034_defaults" => ask(call, "Is that right?", defaults()).await?,
        "test_elicitation_sep1330_enums" => ask(call, "Which ones?", choices()).await?,
        "test_reconnection" => {
            sleep(BEAT * 2).await;
            vec![Content::text("Reconnection test completed successfully.")]
        }
        _ => return Ok(CallToolResult::value(call.arguments.clone())),
    };
    Ok(CallToolResult::content(content))
}

async fn ask(call: &ToolCall, message: &str, schema: Value) -> mosaic::Result<Vec<Content>> {
    let (action, content) = match call.requester.ask("person", Question::new(message, schema)).await? {
        Reply::Given(content) => ("accept", content),
        Reply::Declined => ("decline", Value::Null),
        Reply::Dismissed => ("cancel", Value::Null),
    };
    Ok(vec![Content::text(format!("Elicitation completed: action={action}, content={content}"))])
}

fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
    })
}

fn choices() -> Value {
    let titled = |last: &str| {
        ["First", "Second", "Third"]
            .iter()
            .zip(1..)
            .map(|(title, n)| json!({ "const": format!("value{n}"), "title": format!("{title} {last}") }))
            .collect::<Vec<_>>()
    };
    let plain = ["option1", "option2", "option3"];
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": plain },
            "titledSingle": { "type": "string", "oneOf": titled("Option") },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } },
        },
    })
}

struct Documents;

#[async_trait]
impl ResourceSource for Documents {
    async fn list(&self, _: &CallContext) -> mosaic::Result<Vec<Resource>> {
        let resource = |uri: &str, name: &str, media_type: &str| {
            Resource::new(uri, name).described(format!("A {name}.")).media_type(media_type)
        };
        Ok(vec![
            resource("test://static-text", "text", "text/plain"),
            resource("test://static-binary", "picture", "image/png"),
            resource("test://watched-resource", "document that changes", "text/plain"),
        ])
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        let data = ResourceTemplate::new("test://template/{id}/data", "data").described("The data of an id.");
        vec![data.media_type("application/json")]
    }

    async fn read(&self, _: &CallContext, uri: &str) -> mosaic::Result<Option<Vec<ResourceContent>>> {
        let content = match uri {
            "test://static-text" => {
                ResourceContent::text(uri, "text/plain", "This is the content of the static text resource.")
            }
            "test://static-binary" => ResourceContent::bytes(uri, "image/png", PNG),
            "test://watched-resource" => ResourceContent::text(uri, "text/plain", "It changes now and then."),
            _ => {
                let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
                let Some(id) = id else { return Ok(None) };
                let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
                ResourceContent::text(uri, "application/json", data.to_string())
            }
        };
        Ok(Some(vec![content]))
    }

    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        let changes = stream::repeat(()).then(async |()| sleep(Duration::from_secs(5)).await);
        (uri == "test://watched-resource").then(|| changes.boxed())
    }
}

struct Greetings;

#[async_trait]
impl PromptSource for Greetings {
    fn prompts(&self) -> Vec<Prompt> {
        vec![
            Prompt::new("test_simple_prompt", "A text."),
            Prompt::new("test_prompt_with_arguments", "A text with two blanks.")
                .argument(PromptArgument::required("arg1", "The first.").values(["testing", "test"]))
                .argument(PromptArgument::required("arg2", "The second.")),
            Prompt::new("test_prompt_with_embedded_resource", "A document and a text.")
                .argument(PromptArgument::required("resourceUri", "The address of the document.")),
            Prompt::new("test_prompt_with_image", "A picture and a text."),
        ]
    }

    async fn get(
        &self,
        _: &CallContext,
        name: &str,
        arguments: &BTreeMap<String, String>,
    ) -> mosaic::Result<Vec<PromptMessage>> {
        let given = |name: &str| arguments.get(name).map(String::as_str).unwrap_or_default();
        let shows = |content| PromptMessage::new(PromptRole::User, content);
        Ok(match name {
            "test_simple_prompt" => vec![PromptMessage::user("This is a simple prompt for testing.")],
            "test_prompt_with_arguments" => {
                let (one, two) = (given("arg1"), given("arg2"));
                vec![PromptMessage::user(format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
            }
            "test_prompt_with_embedded_resource" => {
                let text = "Embedded resource content for testing.";
                vec![
                    shows(document(given("resourceUri"), "text/plain", text)),
                    PromptMessage::user("Please process the embedded resource above."),
                ]
            }
            _ => vec![
                shows(Content::image(PNG, "image/png")),
                PromptMessage::user("Please analyze the image above."),
            ],
        })
    }
}

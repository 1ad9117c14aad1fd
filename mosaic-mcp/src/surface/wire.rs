//! Our words in those of the protocol: the only place, beside the handler, that knows the types of the SDK.

use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind};
use rmcp::model as wire;
use serde_json::{Map, Value};

use super::content::base64;
use super::{
    CallToolResult, Content, Prompt, PromptMessage, PromptRole, Resource, ResourceContent, ResourceTemplate,
    Tool,
};

/// A tool. Its schemas are shared from then on.
pub(super) fn tool(tool: &Tool) -> wire::Tool {
    let hints = tool.annotations;
    let annotations = wire::ToolAnnotations::new()
        .read_only(hints.read_only_hint)
        .destructive(hints.destructive_hint)
        .idempotent(hints.idempotent_hint)
        .open_world(hints.open_world_hint);
    let made = wire::Tool::new(tool.name.clone(), tool.description.clone(), object(&tool.input_schema))
        .with_title(tool.title.clone())
        .with_annotations(annotations);
    match &tool.output_schema {
        Some(schema) => made.with_raw_output_schema(object(schema)),
        None => made,
    }
}

fn object(schema: &Value) -> Arc<Map<String, Value>> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}

/// The result of a call.
pub(super) fn result(result: CallToolResult) -> wire::CallToolResult {
    let CallToolResult { content: pieces, structured_content, is_error } = result;
    let pieces = pieces.into_iter().map(content).collect();
    let mut made =
        if is_error { wire::CallToolResult::error(pieces) } else { wire::CallToolResult::success(pieces) };
    made.structured_content = structured_content;
    made
}

fn content(content: Content) -> wire::ContentBlock {
    match content {
        Content::Text { text } => wire::ContentBlock::text(text),
        Content::Image { data, mime_type } => wire::ContentBlock::image(base64(&data), mime_type),
        Content::Audio { data, mime_type } => wire::ContentBlock::audio(base64(&data), mime_type),
        Content::Resource { resource } => wire::ContentBlock::resource(resource_content(resource)),
        Content::ResourceLink(link) => wire::ContentBlock::resource_link(resource(link)),
    }
}

/// A document in a list.
pub(super) fn resource(resource: Resource) -> wire::Resource {
    let mut made = wire::Resource::new(resource.uri, resource.name);
    (made.description, made.mime_type) = (resource.description, resource.mime_type);
    made
}

/// A pattern of addresses.
pub(super) fn template(template: ResourceTemplate) -> wire::ResourceTemplate {
    let mut made = wire::ResourceTemplate::new(template.uri_template, template.name);
    (made.description, made.mime_type) = (template.description, template.mime_type);
    made
}

/// What a document holds.
pub(super) fn resource_content(content: ResourceContent) -> wire::ResourceContents {
    match content {
        ResourceContent::Text { uri, mime_type, text } => {
            wire::ResourceContents::text(text, uri).with_mime_type(mime_type)
        }
        ResourceContent::Bytes { uri, mime_type, blob } => {
            wire::ResourceContents::blob(base64(&blob), uri).with_mime_type(mime_type)
        }
    }
}

/// A prompt in a list.
pub(super) fn prompt(prompt: Prompt) -> wire::Prompt {
    let arguments = prompt.arguments.into_iter().map(|argument| {
        wire::PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.required)
    });
    let arguments: Vec<_> = arguments.collect();
    wire::Prompt::new(prompt.name, Some(prompt.description), (!arguments.is_empty()).then_some(arguments))
}

/// A message of a filled prompt.
pub(super) fn message(message: PromptMessage) -> wire::PromptMessage {
    let role = match message.role {
        PromptRole::User => wire::Role::User,
        PromptRole::Assistant => wire::Role::Assistant,
    };
    wire::PromptMessage::new(role, content(message.content))
}

/// An error of a request that is no call of a tool.
pub(super) fn error(error: &Error) -> wire::ErrorData {
    let message = error.message().to_string();
    let data = Some(serde_json::json!({ "kind": error.kind() }));
    match error.kind() {
        ErrorKind::NotFound => wire::ErrorData::resource_not_found(message, data),
        ErrorKind::Invalid | ErrorKind::Conflict => wire::ErrorData::invalid_params(message, data),
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated | ErrorKind::Unsupported => {
            wire::ErrorData::invalid_request(message, data)
        }
        _ => wire::ErrorData::internal_error(message, data),
    }
}

//! One client of the server: what the SDK calls when a request comes in.
#![expect(
    deprecated,
    reason = "the protocol of 2026 deprecates logging and sampling; clients of those before use them"
)]

mod calls;
pub(super) mod lasting;
mod news;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind};
use rmcp::model as wire;
use rmcp::model::{CacheScope, ErrorData, ProtocolVersion};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData as McpError, ServerHandler};
use tokio::sync::Semaphore;

use self::news::News;
use super::Resource;
use super::guard::{Sight, to_get, to_read};
use super::log::LogLevel;
use super::page::page;
use super::requester::{Requester, Terms};
use super::server::Inner;
use super::wire::{error as fault, message, prompt, resource, resource_content, template};

type Context = RequestContext<RoleServer>;
type Answer<T> = Result<T, McpError>;

/// How many calls of one client run at a time.
const AT_ONCE: usize = 64;
/// How many values a completion gives, as the protocol says.
const VALUES: usize = 100;

/// The server for one client: a connection, an HTTP session, or one request without a session.
pub(super) struct Handler {
    server: Arc<Inner>,
    /// As whom the client acts; none where every request says so itself.
    acts_as: Option<CallContext>,
    /// The least level of messages that the client wants to hear.
    level: AtomicU8,
    calls: Semaphore,
    news: News,
}

impl Handler {
    /// For a client that acts as this one, or whose requests each say as whom.
    pub(super) fn new(server: Arc<Inner>, acts_as: Option<CallContext>) -> Self {
        let level = AtomicU8::new(LogLevel::Info as u8);
        Self { server, acts_as, level, calls: Semaphore::new(AT_ONCE), news: News::default() }
    }

    /// As whom a request acts.
    fn acting(&self, cx: &Context) -> Answer<CallContext> {
        #[cfg(feature = "http")]
        if let Some(parts) = cx.extensions.get::<http::request::Parts>() {
            let found = parts.extensions.get::<super::http::LetIn>().map(|known| known.0.clone());
            return found.ok_or_else(|| ErrorData::invalid_request("the request is not authenticated", None));
        }
        let _ = cx;
        self.acts_as
            .clone()
            .ok_or_else(|| ErrorData::invalid_request("the request is not authenticated", None))
    }

    /// What can be told and asked while a request runs.
    fn requester(&self, cx: &Context, answers: BTreeMap<String, serde_json::Value>) -> Requester {
        let able = cx.client_capabilities();
        let able = able.as_ref();
        let rounds = modern(cx);
        let level = if rounds {
            // Without a word about it the client wants to hear nothing.
            cx.meta.log_level().and_then(LogLevel::of)
        } else {
            let least = usize::from(self.level.load(Ordering::Relaxed));
            LogLevel::ALL.get(least).copied()
        };
        let elicits = able.and_then(|able| able.elicitation.as_ref());
        let samples = able.is_some_and(|able| able.sampling.is_some());
        let terms = Terms {
            token: cx.meta.get_progress_token(),
            level,
            forms: elicits.is_some_and(|kinds| kinds.form.is_some() || kinds.url.is_none()),
            samples,
            rounds,
            answers,
        };
        Requester::new(cx.peer.clone(), terms)
    }

    /// Lets pass who may read the document at an address.
    async fn may_read(&self, call: &CallContext, uri: &str) -> Answer<()> {
        let needed = to_read(&self.server.resources, uri);
        let passed = self.server.guard.check(call, needed, "mcp.read_resource", uri).await;
        passed.map_err(|error| fault(&error))
    }

    /// Lets pass who may get a prompt.
    async fn may_get(&self, call: &CallContext, prompt: &str) -> Answer<()> {
        let passed = self.server.guard.check(call, to_get(prompt), "mcp.get_prompt", prompt).await;
        passed.map_err(|error| fault(&error))
    }

    /// How long, and by whom, an answer may be taken for fresh; nothing for clients that know nothing of it.
    fn freshness(&self, cx: &Context, changes: bool) -> (Option<u64>, Option<CacheScope>) {
        if !modern(cx) {
            return (None, None);
        }
        // What changes is asked for again each time.
        let time = if changes { Some(0) } else { u64::try_from(self.server.fresh.as_millis()).ok() };
        (time, Some(CacheScope::Private))
    }
}

/// The address that a template makes with these values; what is not known yet stays as it is.
fn filled(template: &str, name: &str, value: &str, others: &BTreeMap<String, String>) -> String {
    let known = others.iter().filter(|(other, _)| *other != name);
    known.fold(template.replace(&format!("{{{name}}}"), value), |uri, (other, value)| {
        uri.replace(&format!("{{{other}}}"), value)
    })
}

/// Whether a request speaks the protocol of 2026-07-28 or a later one.
fn modern(cx: &Context) -> bool {
    cx.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// The page of a list that a request asks for.
macro_rules! listed {
    ($handler:ident, $request:ident, $cx:ident, $items:expr, $name:expr, $convert:expr, $result:ident, $field:ident) => {{
        let cursor = $request.as_ref().and_then(|request| request.cursor.as_deref());
        let (shown, next) =
            page($items, cursor, $handler.server.page, $name).map_err(|error| fault(&error))?;
        let mut result = wire::$result::with_all_items(shown.into_iter().map($convert).collect());
        result.next_cursor = next;
        (result.ttl_ms, result.cache_scope) = $handler.freshness(&$cx, false);
        Ok(result)
    }};
}

impl ServerHandler for Handler {
    fn get_info(&self) -> wire::ServerConfig {
        let server = &self.server;
        let able = wire::ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed();
        let able = if server.lasting.is_some() { able.enable_tasks().build() } else { able.build() };
        let info = wire::ServerConfig::new(able)
            .with_server_info(wire::Implementation::new(&server.name, &server.version));
        match &server.instructions {
            Some(text) => info.with_instructions(text),
            None => info,
        }
    }

    async fn list_tools(
        &self,
        request: Option<wire::PaginatedRequestParams>,
        cx: Context,
    ) -> Answer<wire::ListToolsResult> {
        let tools = self.shown(&self.acting(&cx)?);
        listed!(
            self,
            request,
            cx,
            tools,
            |tool: &wire::Tool| tool.name.as_ref(),
            |tool| tool,
            ListToolsResult,
            tools
        )
    }

    fn get_tool(&self, name: &str) -> Option<wire::Tool> {
        self.server.wired(name)
    }

    async fn call_tool(
        &self,
        request: wire::CallToolRequestParams,
        cx: Context,
    ) -> Answer<wire::CallToolResponse> {
        self.call(request, cx).await
    }

    async fn get_task(&self, request: wire::GetTaskParams, cx: Context) -> Answer<wire::GetTaskResult> {
        self.task(&request.task_id, &cx).await
    }

    async fn update_task(&self, request: wire::UpdateTaskParams, cx: Context) -> Answer<()> {
        self.told(&request.task_id, request.input_responses, &cx).await
    }

    async fn cancel_task(&self, request: wire::CancelTaskParams, cx: Context) -> Answer<()> {
        self.give_up(&request.task_id, &cx).await
    }

    async fn list_resources(
        &self,
        request: Option<wire::PaginatedRequestParams>,
        cx: Context,
    ) -> Answer<wire::ListResourcesResult> {
        let call = self.acting(&cx)?;
        let sources = &self.server.resources;
        let mut all: Vec<Resource> = Vec::new();
        for source in sources {
            for known in source.list(&call).await.map_err(|error| fault(&error))? {
                if self.server.guard.passes(&call, to_read(sources, &known.uri)).await {
                    all.push(known);
                }
            }
        }
        listed!(
            self,
            request,
            cx,
            all,
            |known: &Resource| &known.uri,
            resource,
            ListResourcesResult,
            resources
        )
    }

    async fn list_resource_templates(
        &self,
        request: Option<wire::PaginatedRequestParams>,
        cx: Context,
    ) -> Answer<wire::ListResourceTemplatesResult> {
        let call = self.acting(&cx)?;
        let sources = &self.server.resources;
        let mut all = Vec::new();
        for known in sources.iter().flat_map(|source| source.templates()) {
            if self.server.guard.passes(&call, to_read(sources, &known.uri_template)).await {
                all.push(known);
            }
        }
        listed!(
            self,
            request,
            cx,
            all,
            |known: &super::ResourceTemplate| &known.uri_template,
            template,
            ListResourceTemplatesResult,
            resource_templates
        )
    }

    async fn read_resource(
        &self,
        request: wire::ReadResourceRequestParams,
        cx: Context,
    ) -> Answer<wire::ReadResourceResponse> {
        let call = self.acting(&cx)?;
        self.may_read(&call, &request.uri).await?;
        let sight = Sight::new(&self.server.guard, &self.server.resources, &call);
        for source in &self.server.resources {
            let found = source.read_for(&call, &request.uri, &sight).await;
            if let Some(found) = found.map_err(|error| fault(&error))? {
                let mut result =
                    wire::ReadResourceResult::new(found.into_iter().map(resource_content).collect());
                let watched = source.watch(&call, &request.uri).is_some();
                (result.ttl_ms, result.cache_scope) = self.freshness(&cx, watched);
                return Ok(result.into());
            }
        }
        let shown: String = request.uri.chars().take(200).collect();
        Err(fault(&Error::new(
            ErrorKind::NotFound,
            format!(
                "there is no resource {shown:?}; `resources/list` and the templates name those there are"
            ),
        )))
    }

    async fn subscribe(&self, request: wire::SubscribeRequestParams, cx: Context) -> Answer<()> {
        let call = self.acting(&cx)?;
        self.may_read(&call, &request.uri).await?;
        self.news.subscribe(&self.server, &call, cx.peer, request.uri)
    }

    async fn unsubscribe(&self, request: wire::UnsubscribeRequestParams, cx: Context) -> Answer<()> {
        self.acting(&cx)?;
        self.news.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &wire::SubscriptionFilter,
    ) -> Option<wire::SubscriptionFilter> {
        let mut accepted = requested.clone();
        if let Some(documents) = &mut accepted.resource_subscriptions {
            documents.truncate(news::MOST);
        }
        Some(accepted)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        let call = self.acting(subscription.request_context())?;
        news::listen(&self.server, &call, subscription).await;
        Ok(())
    }

    async fn on_initialized(&self, cx: rmcp::service::NotificationContext<RoleServer>) {
        self.news.tools(&self.server, cx.peer);
    }

    async fn list_prompts(
        &self,
        request: Option<wire::PaginatedRequestParams>,
        cx: Context,
    ) -> Answer<wire::ListPromptsResult> {
        let call = self.acting(&cx)?;
        let mut all = Vec::new();
        for known in self.server.prompts.iter().flat_map(|source| source.prompts()) {
            if self.server.guard.passes(&call, to_get(&known.name)).await {
                all.push(known);
            }
        }
        listed!(
            self,
            request,
            cx,
            all,
            |known: &super::Prompt| &known.name,
            prompt,
            ListPromptsResult,
            prompts
        )
    }

    async fn get_prompt(
        &self,
        request: wire::GetPromptRequestParams,
        cx: Context,
    ) -> Answer<wire::GetPromptResponse> {
        let call = self.acting(&cx)?;
        let name = &request.name;
        self.may_get(&call, name).await?;
        let found = self.server.prompts.iter().find_map(|source| {
            Some((source, source.prompts().into_iter().find(|known| known.name == *name)?))
        });
        let (source, known) = found.ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            ErrorData::invalid_params(
                format!("there is no prompt {shown:?}; `prompts/list` names those there are"),
                None,
            )
        })?;
        let mut arguments = BTreeMap::new();
        for (name, value) in request.arguments.unwrap_or_default() {
            let serde_json::Value::String(value) = value else {
                return Err(ErrorData::invalid_params(format!("the argument {name:?} is no text"), None));
            };
            arguments.insert(name, value);
        }
        let missing =
            known.arguments.iter().find(|known| known.required && !arguments.contains_key(&known.name));
        if let Some(missing) = missing {
            let name = &missing.name;
            return Err(ErrorData::invalid_params(format!("the argument {name:?} is missing"), None));
        }
        let messages = source.get(&call, name, &arguments).await.map_err(|error| fault(&error))?;
        let result = wire::GetPromptResult::new(messages.into_iter().map(message).collect());
        Ok(result.with_description(known.description).into())
    }

    async fn complete(
        &self,
        request: wire::CompleteRequestParams,
        cx: Context,
    ) -> Answer<wire::CompleteResult> {
        let call = self.acting(&cx)?;
        let wire::ArgumentInfo { name, value, .. } = &request.argument;
        let others: BTreeMap<String, String> =
            request.context.and_then(|context| context.arguments).into_iter().flatten().collect();
        let mut all = Vec::new();
        match &request.r#ref {
            wire::Reference::Prompt(prompt) => {
                self.may_get(&call, &prompt.name).await?;
                for source in &self.server.prompts {
                    let found = source.complete(&call, &prompt.name, name, value, &others).await;
                    all.extend(found.map_err(|error| fault(&error))?);
                }
            }
            wire::Reference::Resource(resource) => {
                self.may_read(&call, &resource.uri).await?;
                for source in &self.server.resources {
                    let found = source.complete(&call, &resource.uri, name, value, &others).await;
                    for value in found.map_err(|error| fault(&error))? {
                        let uri = filled(&resource.uri, name, &value, &others);
                        // What may not be read is not named.
                        if self.server.guard.passes(&call, to_read(&self.server.resources, &uri)).await {
                            all.push(value);
                        }
                    }
                }
            }
            _ => return Err(ErrorData::invalid_params("only prompts and resources are completed", None)),
        }
        let (total, more) = (u32::try_from(all.len()).ok(), all.len() > VALUES);
        all.truncate(VALUES);
        let info = wire::CompletionInfo::with_pagination(all, total, more);
        Ok(wire::CompleteResult::new(info.map_err(|why| ErrorData::internal_error(why, None))?))
    }

    async fn set_level(&self, request: wire::SetLevelRequestParams, cx: Context) -> Answer<()> {
        self.acting(&cx)?;
        let level = LogLevel::of(request.level)
            .ok_or_else(|| ErrorData::invalid_params("the level is none that is known", None))?;
        self.level.store(level as u8, Ordering::Relaxed);
        Ok(())
    }
}

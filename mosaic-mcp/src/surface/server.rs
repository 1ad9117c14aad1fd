//! The server: what it offers, and to whom without authentication.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{Caller, OpSet, catalogue};
use mosaic_core::ports::AuditSink;
use parking_lot::Mutex;
use rmcp::model::Tool as WireTool;
use rmcp::service::{RoleServer, ServiceExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::handler::Handler;
use super::handler::lasting::Calls;
use super::lasting::Lasting;
use super::menu::finders;
use super::reached::Reached;
use super::wire::tool;
use super::{
    Menu, OperationDocs, Operations, PromptSource, Prompts, ResourceSource, Tool, ToolSource, Tools,
};
use crate::function::{Gate, Ledger, Open, Sink};
use crate::state::State;

/// Whether the person at the client is asked before something irreversible is done.
///
/// ```
/// use mosaic_mcp::surface::Confirm;
///
/// assert_eq!(Confirm::default(), Confirm::IfPossible);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Confirm {
    /// Where the client can ask; elsewhere it is done without a question.
    #[default]
    IfPossible,
    /// Always; where the client cannot ask, it is refused.
    Required,
    /// Never: the application has other means.
    Never,
}

/// Which menu a caller gets.
pub(super) type MenuFor = Arc<dyn Fn(&CallContext) -> Menu + Send + Sync>;

/// The lists of all sources.
type Lists = Vec<Arc<[Arc<Tool>]>>;

/// Tools with all that a list of them needs, made once for each list that a source gives out.
pub(super) struct Listed {
    /// Each tool and the bytes of its JSON.
    pub(super) tools: Vec<(Arc<Tool>, usize)>,
    /// The same in the words of the protocol.
    pub(super) wire: Vec<WireTool>,
    /// The places of all.
    pub(super) all: Arc<[usize]>,
    by_name: HashMap<String, usize>,
}

pub(super) struct Inner {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) instructions: Option<String>,
    pub(super) sources: Vec<Arc<dyn ToolSource>>,
    pub(super) resources: Vec<Arc<dyn ResourceSource>>,
    pub(super) prompts: Vec<Arc<dyn PromptSource>>,
    pub(super) menu: MenuFor,
    pub(super) confirm: Confirm,
    pub(super) acts_as: Option<CallContext>,
    #[cfg(feature = "http")]
    pub(super) tls: bool,
    pub(super) page: usize,
    pub(super) fresh: Duration,
    pub(super) key: [u8; 32],
    pub(super) finders: Listed,
    pub(super) guard: Guard,
    /// Whether it was said who decides.
    #[cfg(feature = "http")]
    pub(super) guarded: bool,
    pub(super) reached: Reached,
    /// Calls that go on after their client was answered.
    pub(super) lasting: Option<Arc<Calls>>,
    listed: Mutex<Option<(Lists, Arc<Listed>)>>,
}

impl Inner {
    /// All tools of all sources, as they are known now.
    pub(super) fn listed(&self) -> Arc<Listed> {
        let lists: Lists = self.sources.iter().map(|source| source.tools()).collect();
        let mut known = self.listed.lock();
        if let Some((seen, listed)) = &*known
            && seen.iter().zip(&lists).all(|(seen, list)| Arc::ptr_eq(seen, list))
        {
            return Arc::clone(listed);
        }
        // The two that find tools have their names for themselves, whatever a source brings later.
        let mut names: HashSet<&str> =
            self.finders.tools.iter().map(|(tool, _)| tool.name.as_str()).collect();
        let tools = lists.iter().flat_map(|list| list.iter());
        let listed = Arc::new(Listed::new(tools.filter(|tool| names.insert(tool.name.as_str())).cloned()));
        *known = Some((lists.clone(), Arc::clone(&listed)));
        listed
    }

    /// The tool of this name in the words of the protocol. The schemas of one that is listed are shared.
    pub(super) fn wired(&self, name: &str) -> Option<WireTool> {
        self.listed().get(name).cloned().or_else(|| self.find(name).map(|(_, known)| tool(&known)))
    }

    /// The source that has a tool of this name, and the tool.
    pub(super) fn find(&self, name: &str) -> Option<(&Arc<dyn ToolSource>, Arc<Tool>)> {
        self.sources.iter().find_map(|source| Some((source, source.tool(name)?)))
    }
}

impl Listed {
    fn new(tools: impl Iterator<Item = Arc<Tool>>) -> Self {
        let (tools, wire): (Vec<(Arc<Tool>, usize)>, Vec<_>) = tools
            .map(|known| {
                // What has no JSON form could not be listed either way; tools are texts and JSON.
                let size = serde_json::to_vec(&*known).map_or(0, |json| json.len());
                let wire = tool(&known);
                ((known, size), wire)
            })
            .unzip();
        let all = (0..tools.len()).collect();
        let by_name = tools.iter().enumerate().map(|(at, (known, _))| (known.name.clone(), at)).collect();
        Self { tools, wire, all, by_name }
    }

    fn get(&self, name: &str) -> Option<&WireTool> {
        self.by_name.get(name).and_then(|at| self.wire.get(*at))
    }
}

/// A server of the Model Context Protocol: revision 2026-07-28, and those of 2025 and 2024 for clients that know no better.
/// Cheap to clone.
///
/// ```
/// use mosaic_core::context::{CallContext, Principal};
/// use mosaic_core::op::Caller;
/// use mosaic_mcp::security::access::Access;
/// use mosaic_mcp::surface::McpServer;
///
/// fn server(mosaic: impl Caller, access: Access) -> mosaic_core::Result<McpServer> {
///     // The one who starts the program is the one it acts for.
///     McpServer::over(mosaic).acts_as(CallContext::new().principal(Principal::user("me"))).gate(access).build()
/// }
/// ```
#[derive(Clone)]
pub struct McpServer {
    pub(super) inner: Arc<Inner>,
}

impl McpServer {
    /// A server without anything yet.
    pub fn builder() -> McpServerBuilder {
        McpServerBuilder {
            name: "mosaic".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            instructions: None,
            sources: Vec::new(),
            resources: Vec::new(),
            prompts: Vec::new(),
            menu: Arc::new(|_| Menu::all()),
            confirm: Confirm::default(),
            acts_as: None,
            refused: None,
            identity: false,
            #[cfg(feature = "http")]
            tls: false,
            page: 1_000,
            fresh: Duration::from_secs(60),
            key: None,
            gate: None,
            sink: Sink::Nobody,
            lasting: Some(Lasting::new()),
            kept_in: None,
            noted: Servers::default(),
        }
    }

    /// A server with every operation of the catalogue as a tool, their documentation as resources, and the common prompts.
    pub fn over(caller: impl Caller) -> McpServerBuilder {
        let all = catalogue().all().fold(OpSet::EMPTY, |set, def| set.with(def.meta));
        Self::builder()
            .tools(Operations::new(caller, Tools::new(all)))
            .resources(OperationDocs::new(all))
            .prompts(Prompts::common())
    }

    /// Ends the calls that go on here after their clients were answered with a task, and says so: whoever asks for one, at any server over
    /// the same state, is told at once that it failed and may have been done. To be called before the state is closed, as
    /// [`Node::close`](crate::node::Node::close) does for its servers; one that is only dropped is known to be gone half a minute later.
    /// Clients that are served go on being served, without such tasks.
    ///
    /// # Errors
    /// Those of the state that keeps the calls.
    pub async fn close(&self) -> Result<()> {
        match &self.inner.lasting {
            Some(calls) => calls.close().await,
            None => Ok(()),
        }
    }

    /// Serves one client over two byte streams until it goes away or `stop` is cancelled.
    ///
    /// # Errors
    /// `Config` where the server does not say as whom clients act that are not authenticated; `Protocol` where the other end does
    /// not begin as a client does; `Network` where the streams break before that.
    pub async fn serve(
        &self,
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
        stop: CancellationToken,
    ) -> Result<()> {
        let transport = rmcp::transport::async_rw::AsyncRwTransport::<RoleServer, _, _>::new(read, write)
            .with_max_line_length(MOST_LINE);
        let running = match self.local_handler()?.serve_with_ct(transport, stop).await {
            Ok(running) => running,
            Err(error) => return began(error),
        };
        running.waiting().await.map(|_| ()).map_err(|error| {
            Error::new(ErrorKind::Internal, "the task that served a client failed").source(error)
        })
    }

    /// Serves the process that started this one, over standard input and output, until it closes them or `stop` is
    /// cancelled. Nothing else may be written to standard output.
    ///
    /// # Errors
    /// Those of [`serve`](Self::serve).
    #[cfg(feature = "stdio")]
    pub async fn serve_stdio(&self, stop: CancellationToken) -> Result<()> {
        let (read, write) = rmcp::transport::stdio();
        self.serve(read, write, stop).await
    }

    /// The handler for a client that is not authenticated.
    pub(super) fn local_handler(&self) -> Result<Handler> {
        let cx = self.inner.acts_as.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "nothing says as whom clients act that are not authenticated: say it with `acts_as`",
            )
        })?;
        Ok(Handler::new(Arc::clone(&self.inner), Some(cx)))
    }
}

/// The most bytes of one message over byte streams.
const MOST_LINE: usize = 4 * 1024 * 1024;

/// What came of a client that did not get through the beginning.
fn began(error: rmcp::service::ServerInitializeError) -> Result<()> {
    use rmcp::service::ServerInitializeError as Begin;

    let kind = match error {
        // It went away before it said anything, which is its right; or it was told to stop.
        Begin::ConnectionClosed(_) | Begin::Cancelled => return Ok(()),
        Begin::TransportError { .. } => ErrorKind::Network,
        _ => ErrorKind::Protocol,
    };
    Err(Error::new(kind, format!("the client did not begin as one does: {error}")))
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

/// Puts a [`McpServer`] together.
#[must_use]
pub struct McpServerBuilder {
    name: String,
    version: String,
    instructions: Option<String>,
    sources: Vec<Arc<dyn ToolSource>>,
    resources: Vec<Arc<dyn ResourceSource>>,
    prompts: Vec<Arc<dyn PromptSource>>,
    menu: MenuFor,
    confirm: Confirm,
    acts_as: Option<CallContext>,
    refused: Option<Error>,
    identity: bool,
    #[cfg(feature = "http")]
    tls: bool,
    page: usize,
    fresh: Duration,
    key: Option<[u8; 32]>,
    gate: Option<Arc<dyn Gate>>,
    sink: Sink,
    lasting: Option<Lasting>,
    kept_in: Option<State>,
    noted: Servers,
}

impl McpServerBuilder {
    /// What it tells clients of itself; `mosaic` and the version of this crate at first.
    pub fn named(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        (self.name, self.version) = (name.into(), version.into());
        self
    }

    /// What the model at the client is told about the server as a whole; nothing at first.
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// More tools, after those it has.
    pub fn tools(mut self, source: impl ToolSource) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// More resources, after those it has.
    pub fn resources(mut self, source: impl ResourceSource) -> Self {
        self.resources.push(Arc::new(source));
        self
    }

    /// More prompts, after those it has.
    pub fn prompts(mut self, source: impl PromptSource) -> Self {
        self.prompts.push(Arc::new(source));
        self
    }

    /// Which tools the list shows; all at first.
    pub fn menu(self, menu: Menu) -> Self {
        self.menu_for(move |_| menu.clone())
    }

    /// Which tools the list shows to whom, such as to which tenant.
    pub fn menu_for(mut self, menu: impl Fn(&CallContext) -> Menu + Send + Sync + 'static) -> Self {
        self.menu = Arc::new(menu);
        self
    }

    /// Whether people are asked before something irreversible is done; where the client can, at first.
    pub const fn confirm(mut self, confirm: Confirm) -> Self {
        self.confirm = confirm;
        self
    }

    /// As whom clients act that are not authenticated: over standard input and output, and over HTTP where there is no
    /// authenticator. Without it they are refused. The application itself, which `CallContext::new` is, may do everything.
    pub fn acts_as(mut self, cx: CallContext) -> Self {
        self.acts_as = Some(cx);
        self
    }

    /// Refuses clients that prove nothing: a server that [acts as](Self::acts_as) somebody for them is not built.
    pub const fn requires_identity(mut self) -> Self {
        self.identity = true;
        self
    }

    /// Is not built, and says why.
    pub(crate) fn refused(mut self, why: Error) -> Self {
        self.refused = Some(why);
        self
    }

    /// Refuses to listen to other machines unless [`HttpOptions::behind_tls`] says that what comes from them is encrypted.
    ///
    /// [`HttpOptions::behind_tls`]: super::HttpOptions::behind_tls
    #[cfg(feature = "http")]
    pub const fn requires_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Who decides what callers are shown, which documents they may read and watch, which prompts they may get, and which tools they
    /// may call whose source asks nobody. Where nobody is named, only the application itself is let through. Operations and functions
    /// are asked about by those who answer them, whoever is named here.
    pub fn gate(self, gate: impl Gate) -> Self {
        self.shared_gate(Arc::new(gate))
    }

    /// Who decides, shared with others.
    pub fn shared_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Who is told what the gate denied, and of writes by tools whose source asks nobody. Those who answer operations and functions
    /// tell of theirs.
    pub fn audit(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.sink = Sink::Told(sink);
        self
    }

    /// The same, and waited for: what is told is answered when its record is written, and a write whose record is not written is
    /// answered with an error that says so. So are writes and denials of all other tools, operations and those of remote servers among
    /// them, where those who answer them tell the same audit.
    pub fn audit_written(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.sink = Sink::Written(ledger);
        self
    }

    /// When a call that takes long becomes a task of the protocol, for clients that know those; none for never. As [`Lasting::new`]
    /// says at first.
    pub fn lasting(mut self, lasting: impl Into<Option<Lasting>>) -> Self {
        self.lasting = lasting.into();
        self
    }

    /// Keeps calls that became tasks of the protocol in a state: every server over it answers for them, gives them up and takes answers
    /// to their questions. Where one is gone that ran a call, its client is told so within half a minute. Without this they are kept in
    /// this process.
    pub fn lasting_in(mut self, state: State) -> Self {
        self.kept_in = Some(state);
        self
    }

    /// Notes the server among those that are closed together.
    pub(crate) fn noted_by(mut self, servers: Servers) -> Self {
        self.noted = servers;
        self
    }

    /// How many things a page of a list holds at most; 1,000 at first, 1 at least.
    pub fn page(mut self, size: usize) -> Self {
        self.page = size.max(1);
        self
    }

    /// How long clients may take lists and documents for fresh without asking again; a minute at first.
    pub const fn fresh(mut self, time: Duration) -> Self {
        self.fresh = time;
        self
    }

    /// The key under which clients carry the answers of people from one round of a call to the next. Random at first; nodes
    /// that serve the same clients need the same.
    pub const fn key(mut self, key: [u8; 32]) -> Self {
        self.key = Some(key);
        self
    }

    /// The server.
    ///
    /// # Errors
    /// `Config` where two tools or two prompts have the same name, or a tool has the name of one of the two that find tools; and where
    /// clients act as somebody and nobody decides what that one may do, or they have to prove who they are.
    /// `Internal` where the system gives no random bytes.
    pub fn build(self) -> Result<McpServer> {
        if let Some(why) = self.refused {
            return Err(why);
        }
        if self.identity && self.acts_as.is_some() {
            let message = "identity is required, and `acts_as` lets in clients that prove nothing: leave it out, and give \
                           `HttpOptions` an authenticator";
            return Err(Error::new(ErrorKind::Config, message));
        }
        if self.gate.is_none() && self.acts_as.as_ref().is_some_and(|cx| !cx.caller().is_application()) {
            return Err(undecided());
        }
        let two = finders();
        let tools: Vec<_> = self.sources.iter().map(|source| source.tools()).collect();
        let mut names: HashSet<&str> = two.iter().map(|tool| tool.name.as_str()).collect();
        if let Some(twice) = tools.iter().flat_map(|list| list.iter()).find(|tool| !names.insert(&tool.name))
        {
            return Err(twice_named("tools", &twice.name));
        }
        let prompts: Vec<_> = self.prompts.iter().flat_map(|source| source.prompts()).collect();
        let mut names = HashSet::new();
        if let Some(twice) = prompts.iter().find(|prompt| !names.insert(&prompt.name)) {
            return Err(twice_named("prompts", &twice.name));
        }
        let inner = Inner {
            name: self.name,
            version: self.version,
            instructions: self.instructions,
            sources: self.sources,
            resources: self.resources,
            prompts: self.prompts,
            menu: self.menu,
            confirm: self.confirm,
            acts_as: self.acts_as,
            #[cfg(feature = "http")]
            tls: self.tls,
            page: self.page,
            fresh: self.fresh,
            key: self.key.map_or_else(random_key, Ok)?,
            finders: Listed::new(two.into_iter().map(Arc::new)),
            #[cfg(feature = "http")]
            guarded: self.gate.is_some(),
            guard: Guard { gate: self.gate.unwrap_or_else(|| Arc::new(Open)), sink: self.sink },
            reached: Reached::default(),
            lasting: self.lasting.map(|lasting| Calls::new(lasting, self.kept_in)),
            listed: Mutex::new(None),
        };
        let inner = Arc::new(inner);
        self.noted.note(&inner);
        Ok(McpServer { inner })
    }
}

/// Servers that are closed together.
#[derive(Clone, Default)]
pub(crate) struct Servers(Arc<Mutex<Vec<Weak<Inner>>>>);

impl Servers {
    fn note(&self, server: &Arc<Inner>) {
        let mut all = self.0.lock();
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(server));
    }

    /// Closes those that are still there.
    pub(crate) async fn close(&self) -> Result<()> {
        let all: Vec<McpServer> =
            self.0.lock().iter().filter_map(Weak::upgrade).map(|inner| McpServer { inner }).collect();
        let mut closed = Ok(());
        for server in all {
            closed = closed.and(server.close().await);
        }
        closed
    }
}

/// Whoever is not the application would be let through nowhere.
pub(super) fn undecided() -> Error {
    Error::new(
        ErrorKind::Config,
        "nobody decides what clients may do that are not the application itself: name who does with `gate`",
    )
}

fn twice_named(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Config, format!("two {what} of the server are named {name:?}"))
}

fn random_key() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random bytes"))?;
    Ok(key)
}

impl fmt::Debug for McpServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServerBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

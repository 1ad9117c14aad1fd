//! A node: state, rooms, access, audit and surfaces of one process, put together by one builder.
//!
//! | mode | state | for |
//! | --- | --- | --- |
//! | [`Node::local`] | a file of this machine | one process, or a few on one machine |
//! | [`Node::team`] | PostgreSQL, with hints through Redis | several nodes: each serves every client, and one that dies loses nothing |
//! | [`Node::enterprise`] | the same, in a region | the same, where requirements are turned into refusals: [`Compliance`] |

mod builder;
mod compliance;
#[cfg(feature = "postgres")]
mod config;
#[cfg(feature = "sqlite")]
mod keys;
#[cfg(feature = "engine")]
mod lending;
#[cfg(feature = "engine")]
mod resident;
mod rules;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Caller;
use mosaic_core::types::{ProviderId, Region};

pub use builder::NodeBuilder;
pub use compliance::{Compliance, Facts};
#[cfg(feature = "postgres")]
pub use config::{EnterpriseConfig, TeamConfig};

use crate::coordination::Coordination;
use crate::coordination::agents::Agents;
use crate::coordination::budgets::Budgets;
use crate::coordination::messages::Messages;
use crate::coordination::shared::Shared;
use crate::coordination::tasks::Tasks;
use crate::function::Desk;
#[cfg(any(feature = "grpc", feature = "http"))]
use crate::live::Door;
use crate::security::Admission;
use crate::security::access::{Access, AccessConfig};
use crate::security::audit::{Audit, Audited};
use crate::security::seal::{KeyUse, Sealed};
use crate::security::token::ApiKeys;
use crate::state::State;
use crate::surface::{AuditHeads, Functions, McpServer, McpServerBuilder, Servers};

/// A node of the backbone. Clones share it; [`Node::close`] ends it.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::coordination::ProjectId;
/// use mosaic_mcp::coordination::tasks::SubmitTask;
/// use mosaic_mcp::node::Node;
/// use mosaic_mcp::state::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // `Node::local("var/mosaic")` keeps everything in a folder.
/// let node = Node::builder(MemoryStore::new()).open().await?;
/// let task = SubmitTask::new(ProjectId::new("widget")?, "Review the pull request");
/// let task = node.tasks().submit_task(&CallContext::new(), task).await?;
/// assert_eq!(task.title, "Review the pull request");
/// node.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    state: State,
    coordination: Coordination,
    messages: Messages,
    budgets: Budgets,
    #[cfg(feature = "engine")]
    lending: lending::Lending,
    upkeep: upkeep::Upkeep,
    rules: rules::Rules,
    shared: Shared,
    servers: Servers,
    desk: Desk,
    access: Access,
    audit: Option<Audit>,
    admission: Admission,
    api_keys: ApiKeys,
    compliance: Compliance,
    facts: Facts,
    when_audited: bool,
    sealed: Option<Sealed>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("state", &self.0.state)
            .field("facts", &self.0.facts)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// The state, for what an application keeps itself.
    pub fn state(&self) -> &State {
        &self.0.state
    }

    /// The ids of the master keys under which anything in the state is sealed, and how much; nothing where the node seals nothing. An
    /// older key may go once no node needs it: it is not named here, and all nodes seal under another. Reads the whole store.
    ///
    /// ```
    /// use mosaic_mcp::node::Node;
    ///
    /// async fn what_keeps(node: &Node, old: &str) -> mosaic_core::Result<Option<String>> {
    ///     let used = node.keys_in_use().await?;
    ///     Ok(used.get(old).map(|used| format!("{} values; events to offset {}", used.values, used.last_event)))
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keys_in_use(&self) -> Result<BTreeMap<String, KeyUse>> {
        match &self.0.sealed {
            Some(sealed) => sealed.keys_in_use().await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// Seals all values anew that are under an older master key, a few hundred at a time; gives how many. Others write in between.
    /// Events stay as they are: [`Node::keys_in_use`] tells what still needs the older key. Dropping the future leaves some as they were.
    ///
    /// # Errors
    /// Those of the store and of the master keys.
    pub async fn reseal(&self) -> Result<u64> {
        let (mut after, mut resealed) = (None, 0);
        while let Some(sealed) = &self.0.sealed {
            let round = sealed.reseal(after.as_ref(), 200, self.0.state.now()).await?;
            resealed += round.resealed;
            after = round.next;
            if after.is_none() {
                break;
            }
        }
        Ok(resealed)
    }

    /// Who is there.
    pub fn agents(&self) -> Agents {
        self.0.coordination.agents()
    }

    /// What is to be done.
    pub fn tasks(&self) -> Tasks {
        self.0.coordination.tasks()
    }

    /// What agents tell each other.
    pub fn messages(&self) -> Messages {
        self.0.messages.clone()
    }

    /// What may be used, as a tree: also the store from which an orchestra's budgets are leased.
    pub fn budgets(&self) -> Budgets {
        self.0.budgets.clone()
    }

    /// The budgets for an orchestra of this process, the same tree each time. It borrows pieces of what all nodes share, each 2 % of
    /// a limit, and grants what it has borrowed: so that nodes together never grant more than the limit, but for what a node that
    /// was killed or cut off had used and not reported, which is one piece of each limit at most. [`Node::close`] gives back what
    /// was not used.
    ///
    /// ```
    /// use mosaic_core::engine::budget::CallBudgets;
    /// use mosaic_core::orchestrator::Builder;
    /// use mosaic_mcp::node::Node;
    ///
    /// async fn limited(mosaic: Builder, node: &Node) -> mosaic_core::Result<Builder> {
    ///     Ok(mosaic.budgets(CallBudgets::new(node.budget_tree().await?)))
    /// }
    /// ```
    ///
    /// # Errors
    /// `Lifecycle` once the node is closed; those of the state.
    #[cfg(feature = "engine")]
    pub async fn budget_tree(&self) -> Result<mosaic_core::engine::budget::BudgetTree> {
        self.0.lending.tree().await
    }

    /// Values and events that agents share.
    pub fn shared(&self) -> Shared {
        self.0.shared.clone()
    }

    /// Where surfaces ask for functions: behind the check, and told to the audit. The rooms themselves, as given by the other
    /// methods, ask nobody.
    pub fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// Who may do what: also the authorizer of an orchestra, by [`NodeAuthorizer`].
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// Keeps other rules of access in the state and sets them here. The other nodes over the same state have them in force within a
    /// second or two, and every node that is opened from then on has them instead of those that it was built with. What
    /// [`Access::replace`] sets is for this node alone, and until rules are kept the next time.
    ///
    /// # Errors
    /// `Config`, with the rule that does not fit; those of the state. The old rules stay then.
    pub async fn set_access(&self, config: &AccessConfig, by: &str) -> Result<()> {
        self.0.access.store(&self.0.state, config, by).await
    }

    /// The audit, where there is one: also the sink of an orchestra.
    pub fn audit(&self) -> Option<&Audit> {
        self.0.audit.as_ref()
    }

    /// The way in for callers: their proofs are checked, and logins are told to the audit. To be given to the MCP server's
    /// HTTP service; nobody gets in where the node has no authenticators.
    pub fn admission(&self) -> Admission {
        self.0.admission.clone()
    }

    /// The API keys in the state of the node. They let callers in where [`NodeBuilder::api_keys`] says so.
    pub fn api_keys(&self) -> ApiKeys {
        self.0.api_keys.clone()
    }

    /// What the node is made of.
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// What decides about calls of an orchestra: the access of this node, and, where there is an audit, no write without room for
    /// its record.
    ///
    /// ```
    /// use mosaic_core::orchestrator::Builder;
    /// use mosaic_mcp::node::Node;
    ///
    /// fn guarded(mosaic: Builder, node: &Node) -> Builder {
    ///     let mosaic = mosaic.authorizer(node.authorizer());
    ///     match node.audit() {
    ///         Some(audit) => mosaic.audit(audit.clone()),
    ///         None => mosaic,
    ///     }
    /// }
    /// ```
    pub fn authorizer(&self) -> NodeAuthorizer {
        match &self.0.audit {
            Some(audit) => NodeAuthorizer::Audited(builder::audited(&self.0.access, audit)),
            None => NodeAuthorizer::Plain(self.0.access.clone()),
        }
    }

    /// A server of MCP for the operations of a caller and the functions of this node, with the head of its audit among the resources.
    /// Calls that became tasks of the protocol are kept in the state: every node over it answers for them.
    /// The access of this node decides what callers see and read, and the audit is told of denials. As whom clients act that prove nothing is to
    /// be said with [`McpServerBuilder::acts_as`]; those over HTTP prove who they are to [`Node::admission`]. Where answers wait for
    /// the audit, those of the caller do, too, and those of all tools that the application adds, such as those of remote servers: for
    /// whatever who answers them tells this audit.
    ///
    /// Where identity is required, a server that acts as somebody is not built. Where data has to stay in regions, none is built
    /// over just any caller, as nobody knows where its providers stand: [`Node::server_of`] knows.
    pub fn server(&self, mosaic: impl Caller) -> McpServerBuilder {
        let server = self.serve(mosaic);
        if self.0.compliance.residency.is_empty() {
            return server;
        }
        let message = "residency: nothing says where the providers of this caller stand: use `Node::server_of` with an orchestra";
        server.refused(Error::new(ErrorKind::Config, message))
    }

    /// The same for the operations of an orchestra. Where data has to stay in regions, each call is refused with `Config` while the
    /// orchestra has a provider that is elsewhere, or that does not say where it is; nothing is sent then.
    ///
    /// ```
    /// use mosaic_core::orchestrator::Orchestrator;
    /// use mosaic_mcp::node::Node;
    /// use mosaic_mcp::surface::McpServer;
    ///
    /// fn served(node: &Node, mosaic: &Orchestrator) -> mosaic_core::Result<McpServer> {
    ///     node.server_of(mosaic).build()
    /// }
    /// ```
    #[cfg(feature = "engine")]
    pub fn server_of(&self, mosaic: &mosaic_core::orchestrator::Orchestrator) -> McpServerBuilder {
        self.serve(resident::Resident::new(mosaic.clone(), self.0.compliance.clone()))
    }

    fn serve(&self, mosaic: impl Caller) -> McpServerBuilder {
        let server = McpServer::over(mosaic)
            .tools(Functions::new(self.0.desk.clone()))
            .lasting_in(self.0.state.clone())
            .noted_by(self.0.servers.clone());
        #[cfg(feature = "http")]
        let server = if self.0.compliance.tls { server.requires_tls() } else { server };
        let server = if self.0.compliance.identity { server.requires_identity() } else { server };
        match &self.0.audit {
            None => server.gate(self.0.access.clone()),
            Some(audit) => {
                let server = server.gate(builder::audited(&self.0.access, audit));
                let server = match self.0.when_audited {
                    true => server.audit_written(Arc::new(audit.clone())),
                    false => server.audit(Arc::new(audit.clone())),
                };
                server.resources(AuditHeads::new(audit.clone()))
            }
        }
    }

    /// The door of gRPC and WebSocket: for whoever [`Node::admission`] lets in.
    #[cfg(any(feature = "grpc", feature = "http"))]
    pub fn door(&self) -> Door {
        Door::admitting(self.0.desk.clone(), self.0.state.clone(), self.admission())
    }

    /// Holds providers, each with where it stands, against the requirements of this node. [`Node::server_of`] asks by itself; to be
    /// asked about an orchestra that the application calls itself, before it does, and after the configuration was replaced.
    ///
    /// ```
    /// use mosaic_core::orchestrator::Orchestrator;
    /// use mosaic_mcp::node::Node;
    ///
    /// fn check(node: &Node, mosaic: &Orchestrator) -> mosaic_core::Result<()> {
    ///     let providers = mosaic.status().providers;
    ///     node.check_providers(providers.iter().map(|provider| (&provider.id, provider.region)))
    /// }
    /// ```
    ///
    /// # Errors
    /// `Config`, with the first provider that stands where data may not go.
    pub fn check_providers<'a>(
        &self,
        providers: impl IntoIterator<Item = (&'a ProviderId, Option<Region>)>,
    ) -> Result<()> {
        let mut providers = providers.into_iter();
        providers.try_for_each(|(id, region)| self.0.compliance.region(&format!("the provider {id}"), region))
    }

    /// Ends the node: long calls that its servers run are given up and told as lost, claims that wait are refused, what was borrowed of
    /// budgets is given back, the audit is written, the store is closed. Others over the same store go on.
    ///
    /// # Errors
    /// Those of the audit and of the store.
    pub async fn close(&self) -> Result<()> {
        let left = self.0.servers.close().await;
        self.0.coordination.close().await;
        self.0.upkeep.close().await;
        self.0.rules.close().await;
        #[cfg(feature = "engine")]
        self.0.lending.close().await;
        let told = match &self.0.audit {
            Some(audit) => audit.close().await,
            None => Ok(()),
        };
        self.0.state.close().await.and(told).and(left)
    }
}

/// Decides about calls of an orchestra as the node does; see [`Node::authorizer`].
///
/// ```
/// # use mosaic_mcp::node::{Node, NodeAuthorizer};
/// fn of(node: &Node) -> NodeAuthorizer {
///     node.authorizer()
/// }
/// ```
#[derive(Debug, Clone)]
pub enum NodeAuthorizer {
    /// By access alone.
    Plain(Access),
    /// By access, and only where the audit has room.
    Audited(Audited<Access>),
}

#[async_trait::async_trait]
impl mosaic_core::ports::Authorizer for NodeAuthorizer {
    async fn authorize(
        &self,
        cx: &mosaic_core::context::CallContext,
        meta: &mosaic_core::op::OpMeta,
        subject: mosaic_core::types::Subject<'_>,
    ) -> Result<()> {
        match self {
            Self::Plain(access) => access.authorize(cx, meta, subject).await,
            Self::Audited(audited) => audited.authorize(cx, meta, subject).await,
        }
    }
}

#[cfg(feature = "sqlite")]
#[cfg(test)]
mod sealed_tests;
#[cfg(all(test, feature = "engine", feature = "sqlite"))]
mod tests;

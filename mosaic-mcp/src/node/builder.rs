//! One builder for every mode.

#[cfg(feature = "sqlite")]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Region;

#[cfg(feature = "postgres")]
use super::config::{EnterpriseConfig, TeamConfig};
#[cfg(feature = "sqlite")]
use super::keys;
use super::rules::Rules;
use super::{Compliance, Facts, Inner, Node};
use crate::coordination::budgets::Budgets;
use crate::coordination::messages::Messages;
use crate::coordination::shared::Shared;
use crate::coordination::{Coordination, CoordinationOptions};
use crate::function::Desk;
use crate::security::access::{Access, AccessConfig};
use crate::security::audit::{Audit, AuditEvent, AuditKeys, AuditOptions, AuditSigner, Audited, OnFull};
use crate::security::seal::{Keyring, Sealed, Sealer, is_sealed};
use crate::security::token::ApiKeys;
use crate::security::{Admission, Authenticators};
use crate::state::{Clock, StateOptions, StateStore};
use crate::surface::Servers;

/// Where the state lies.
enum Place {
    Store(Arc<dyn StateStore>),
    #[cfg(feature = "sqlite")]
    Folder(PathBuf),
    #[cfg(feature = "postgres")]
    Team(Box<TeamConfig>),
}

/// Puts a node together; made by [`Node::local`], [`Node::team`], [`Node::enterprise`] and [`Node::builder`].
///
/// ```
/// use mosaic_mcp::node::{Compliance, Node};
/// use mosaic_mcp::security::seal::{Keyring, LocalKey};
/// use mosaic_mcp::state::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (key, _) = LocalKey::generate()?;
/// let needs: Compliance = serde_json::from_str(r#"{ "encryption": true }"#)?;
/// let node = Node::builder(MemoryStore::new()).seal(Keyring::new(key)?).compliance(needs).open().await?;
/// assert!(node.facts().encryption);
/// node.close().await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct NodeBuilder {
    place: Place,
    state: StateOptions,
    coordination: CoordinationOptions,
    clock: Clock,
    seal: Option<Keyring>,
    signer: Option<AuditSigner>,
    trusted: Option<AuditKeys>,
    access: AccessConfig,
    roles: bool,
    authenticators: Authenticators,
    api_keys: bool,
    compliance: Compliance,
    region: Option<Region>,
    retention: Option<Duration>,
    keep_events: Option<Duration>,
    store_region: Option<Region>,
    plain: Vec<&'static str>,
    when_audited: bool,
}

impl std::fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeBuilder").field("compliance", &self.compliance).finish_non_exhaustive()
    }
}

impl Node {
    /// A node of this machine: everything lies in a folder, which is made where it is not there. The audit is signed by a key of
    /// its own in the folder; keep it elsewhere, by [`NodeBuilder::audit`], where others may write to the folder.
    ///
    /// ```no_run
    /// use mosaic_mcp::node::Node;
    ///
    /// # async fn open() -> mosaic_core::Result<()> {
    /// let node = Node::local("var/mosaic").open().await?;
    /// # node.close().await
    /// # }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn local(folder: impl AsRef<Path>) -> NodeBuilder {
        NodeBuilder::new(Place::Folder(folder.as_ref().to_owned()))
    }

    /// A node of a team: state in PostgreSQL, which all nodes share.
    #[cfg(feature = "postgres")]
    pub fn team(config: TeamConfig) -> NodeBuilder {
        let plain = config.is_plain();
        let ([retention, keep_events], region) = (config.kept(), config.region);
        let mut builder = NodeBuilder::new(Place::Team(Box::new(config)));
        (builder.plain, builder.retention, builder.store_region) = (plain, retention, region);
        builder.keep_events = keep_events;
        builder
    }

    /// A node of an enterprise: that of a team, in a region, which opens only where all requirements are met.
    #[cfg(feature = "postgres")]
    pub fn enterprise(config: EnterpriseConfig) -> NodeBuilder {
        let EnterpriseConfig { team, region, compliance } = config;
        Self::team(team).region(region).compliance(compliance)
    }

    /// A node over any store.
    pub fn builder(store: impl StateStore) -> NodeBuilder {
        NodeBuilder::new(Place::Store(Arc::new(store)))
    }
}

impl NodeBuilder {
    fn new(place: Place) -> Self {
        Self {
            place,
            state: StateOptions::new(),
            coordination: CoordinationOptions::new(),
            clock: Clock::System,
            seal: None,
            signer: None,
            trusted: None,
            access: AccessConfig::default(),
            roles: false,
            authenticators: Authenticators::new(),
            api_keys: false,
            compliance: Compliance::default(),
            region: None,
            retention: None,
            keep_events: None,
            store_region: None,
            plain: Vec::new(),
            when_audited: false,
        }
    }

    /// Seals values and events at rest with these keys.
    pub fn seal(mut self, keys: Keyring) -> Self {
        self.seal = Some(keys);
        self
    }

    /// Keeps an audit, signed by this key. A local node has one anyway.
    pub fn audit(mut self, signer: AuditSigner) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Trusts an audit that other keys have signed: those of the other nodes, or one that was used before. A node stops its audit where
    /// another one writes whose key it does not trust, so give a new key to all nodes before one signs with it.
    pub fn audit_keys(mut self, keys: AuditKeys) -> Self {
        self.trusted = Some(keys);
        self
    }

    /// Answers a write or a denial only when its audit record is written, so that a node that is killed has the record of
    /// everything that it answered. It takes one more commit, which calls at the same time share. On where an audit is required.
    pub fn answer_when_audited(mut self) -> Self {
        self.when_audited = true;
        self
    }

    /// Who may do what. Without it, only the application itself may do anything. These are the rules until some are kept in the state,
    /// by [`Node::set_access`] of any node: those win, also when a node is opened.
    pub fn access(mut self, config: AccessConfig) -> Self {
        self.access = config;
        self.roles = true;
        self
    }

    /// Who checks the proofs of callers.
    pub fn authenticators(mut self, authenticators: Authenticators) -> Self {
        self.authenticators = authenticators;
        self
    }

    /// Lets in whoever has one of the API keys in the state of the node, which [`Node::api_keys`] gives out, beside those whom
    /// other authenticators know.
    pub fn api_keys(mut self) -> Self {
        self.api_keys = true;
        self
    }

    /// What is required. The node does not open where something of it is missing.
    pub fn compliance(mut self, compliance: Compliance) -> Self {
        self.compliance = compliance;
        self
    }

    /// How long the audit is kept at least; for ever unless this is said. Older records are removed behind a signed checkpoint, from
    /// which what is left is verified.
    pub fn audit_retention(mut self, keep: Duration) -> Self {
        self.retention = Some(keep);
        self
    }

    /// How long events of the log are kept at least; for ever unless this is said, so that the log grows with what is done. Older
    /// ones are removed, but for those of the audit: [`NodeBuilder::audit_retention`] is for these. Who follows the log from before is
    /// told. All nodes over a state should say the same: the shortest counts.
    pub fn keep_events(mut self, keep: Duration) -> Self {
        self.keep_events = Some(keep);
        self
    }

    /// Where the store is. A folder is where the node is.
    pub fn store_region(mut self, region: Region) -> Self {
        self.store_region = Some(region);
        self
    }

    /// Where the node is.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// How the state is opened.
    pub fn state(mut self, options: StateOptions) -> Self {
        self.state = options;
        self
    }

    /// How agents and tasks are treated.
    pub fn coordination(mut self, options: CoordinationOptions) -> Self {
        self.coordination = options;
        self
    }

    /// What time it is.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the node. What is required is looked at before anything is touched.
    ///
    /// # Errors
    /// `Config` where something that is required is missing, or does not fit; those of the store.
    pub async fn open(self) -> Result<Node> {
        let audit = self.signer.is_some() || self.makes_its_own_key();
        let facts = Facts {
            encryption: self.seal.is_some(),
            audit,
            retention: self.retention,
            store_region: self.store_region.or_else(|| self.region.filter(|_| self.place.is_here())),
            plain: self.plain.clone(),
            identity: self.api_keys || !self.authenticators.is_empty(),
            roles: self.roles,
            region: self.region,
        };
        self.compliance.check(&facts)?;
        let access = Access::with_clock(&self.access, self.clock)?;
        let signer = match &self.place {
            #[cfg(feature = "sqlite")]
            Place::Folder(folder) if self.signer.is_none() => Some(keys::signer(folder).await?),
            _ => self.signer,
        };
        let store = self.place.open().await?;
        let sealed = self.seal.map(|keys| Sealed::over(Arc::clone(&store), Sealer::new(keys)));
        if let Err(error) = fits(&store, sealed.as_ref()).await {
            // What was opened is closed; why it is not used is what matters.
            let _ = store.close().await;
            return Err(error);
        }
        let store: Arc<dyn StateStore> = match &sealed {
            Some(sealed) => Arc::new(sealed.clone()),
            None => store,
        };
        let state = self.state.clock(self.clock).open_shared(store).await?;
        let audit = match signer {
            None => None,
            Some(signer) => {
                let keys = self.trusted.unwrap_or_else(|| AuditKeys::of(&signer));
                let options = AuditOptions::new(signer);
                let options = match self.retention {
                    Some(keep) => options.retention(keep),
                    None => options,
                };
                let opened = Audit::open_trusting(&state, options, &keys).await;
                match opened {
                    Ok(audit) => Some(audit),
                    Err(error) => {
                        // What was opened is closed; why it is not used is what matters.
                        let _ = state.close().await;
                        return Err(error);
                    }
                }
            }
        };
        if let Some(audit) = &audit {
            access.audited(audit);
        }
        let rules = match Rules::follow(&access, &state).await {
            Ok(rules) => rules,
            Err(error) => {
                // What was opened is closed; why it is not used is what matters.
                if let Some(audit) = &audit {
                    let _ = audit.close().await;
                }
                let _ = state.close().await;
                return Err(error);
            }
        };
        let api_keys = match &audit {
            Some(audit) => {
                let (by, what, detail) = ("application".to_owned(), "node".to_owned(), facts.told());
                audit.tell(AuditEvent::Configuration { by, what, detail });
                ApiKeys::new(state.clone()).audited(audit.clone())
            }
            None => ApiKeys::new(state.clone()),
        };
        let authenticators = match self.api_keys {
            true => self.authenticators.with(api_keys.clone()),
            false => self.authenticators,
        };
        let admission = Admission::new(authenticators, access.clone());
        let admission = match &audit {
            Some(audit) => admission.audited(audit.clone()),
            None => admission,
        };
        let coordination = Coordination::open(state.clone(), self.coordination);
        let (messages, shared) = (Messages::new(state.clone()), Shared::new(state.clone()));
        let budgets = Budgets::new(state.clone());
        let desk = Desk::builder()
            .room(coordination.agents())
            .room(coordination.tasks())
            .room(messages.clone())
            .room(budgets.clone())
            .room(shared.clone());
        let upkeep = super::upkeep::Upkeep::start(budgets.clone(), state.clone(), self.keep_events);
        let when_audited = self.when_audited || self.compliance.audit;
        let desk = match &audit {
            Some(audit) if when_audited => {
                desk.gate(audited(&access, audit)).audit_written(Arc::new(audit.clone()))
            }
            Some(audit) => desk.gate(audited(&access, audit)).audit(Arc::new(audit.clone())),
            None => desk.gate(access.clone()),
        };
        Ok(Node(Arc::new(Inner {
            state,
            coordination,
            messages,
            #[cfg(feature = "engine")]
            lending: super::lending::Lending::new(budgets.clone(), self.clock),
            upkeep,
            servers: Servers::default(),
            rules,
            budgets,
            shared,
            desk: desk.build(),
            access,
            audit,
            admission,
            api_keys,
            compliance: self.compliance,
            facts,
            when_audited,
            sealed,
        })))
    }

    /// Whether the place has a key for the audit.
    fn makes_its_own_key(&self) -> bool {
        match &self.place {
            #[cfg(feature = "sqlite")]
            Place::Folder(_) => true,
            _ => false,
        }
    }
}

impl Place {
    /// Whether it is where the node is.
    fn is_here(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Folder(_) => true,
            _ => false,
        }
    }

    async fn open(self) -> Result<Arc<dyn StateStore>> {
        match self {
            Self::Store(store) => Ok(store),
            #[cfg(feature = "sqlite")]
            Self::Folder(folder) => {
                Ok(Arc::new(crate::state::SqliteStore::open(folder.join("state.db")).await?))
            }
            #[cfg(feature = "postgres")]
            Self::Team(config) => config.open().await,
        }
    }
}

/// Holds what is in a store against the keys of the node.
async fn fits(store: &Arc<dyn StateStore>, sealed: Option<&Sealed>) -> Result<()> {
    match sealed {
        Some(sealed) => sealed.check().await,
        None if is_sealed(store.as_ref()).await? => {
            let message =
                "what is in the store is sealed: give the node the master keys, by `NodeBuilder::seal`";
            Err(Error::new(ErrorKind::Config, message))
        }
        None => Ok(()),
    }
}

/// Access, and no write without room in the audit.
pub(super) fn audited(access: &Access, audit: &Audit) -> Audited<Access> {
    Audited::new(access.clone(), audit.clone(), OnFull::Refuse)
}

/// A folder that cannot be used.
#[cfg(feature = "sqlite")]
pub(super) fn unusable(folder: &Path, error: std::io::Error) -> Error {
    let message = format!("the folder {} of the node cannot be used", folder.display());
    Error::new(ErrorKind::Config, message).source(error)
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn a_team_says_how_long_what_is_kept() {
        let url = r#""postgres": "postgres://mosaic@localhost/mosaic""#;
        let team = |more: &str| {
            let config: TeamConfig = serde_json::from_str(&format!("{{ {url} {more} }}")).unwrap();
            let builder = Node::team(config);
            (builder.retention, builder.keep_events)
        };
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        assert_eq!(team(""), (None, None));
        assert_eq!(team(r#", "retentionDays": 400"#), (days(400), None));
        assert_eq!(team(r#", "eventDays": 30"#), (None, days(30)));
        assert_eq!(team(r#", "retentionDays": 400, "eventDays": 30"#), (days(400), days(30)));
    }
}

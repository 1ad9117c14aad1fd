//! The providers as resources, to a client of the SDK: their news, the values of their template, and who is shown which.
#![expect(deprecated, reason = "clients of the protocols before that of 2026 subscribe so")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mosaic::engine::breaker::BreakerConfig;
use mosaic::engine::{HealthConfig, RetryConfig};
use mosaic::mcp::security::access::Access;
use mosaic::mcp::surface::{McpServer, McpServerBuilder};
use mosaic::op::{OpSet, Operation as _};
use mosaic::plugin::{HandlerTable, HealthReport, Plugin, PluginInfo};
use mosaic::prelude::*;
use mosaic::types::git::Repository;
use parking_lot::Mutex;
use rmcp::model::*;
use rmcp::service::{NotificationContext, RoleClient, RunningService};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const ALL: &str = "mosaic://providers";
const HEALTH: &str = "mosaic://health";
const A: &str = "mosaic://providers/a";
const B: &str = "mosaic://providers/b";

/// A forge that fails, and is ill, as it is told.
#[derive(Clone)]
struct Moody {
    info: PluginInfo,
    fails: Arc<Mutex<bool>>,
    health: Arc<Mutex<HealthReport>>,
}

impl Moody {
    fn new() -> Self {
        let info = PluginInfo::new("moody", "1", OpSet::of(&[GetRepository::META]));
        Self { info, fails: Arc::default(), health: Arc::new(Mutex::new(HealthReport::healthy())) }
    }
}

impl GitService for Moody {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> mosaic::Result<Repository> {
        if *self.fails.lock() {
            return Err(Error::new(ErrorKind::Provider, "not today"));
        }
        Ok(Repository::of(op.repo, "main"))
    }
}

#[async_trait::async_trait]
impl Plugin for Moody {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
    async fn health(&self) -> HealthReport {
        self.health.lock().clone()
    }
}

/// `a` and `b`; one failure opens a breaker, and health is asked for all the time.
async fn orchestra() -> (Mosaic, Moody) {
    let (a, config) = (Moody::new(), config());
    let every = HealthConfig { interval: Duration::from_millis(5), ..HealthConfig::default() };
    let builder = Mosaic::builder().provider_with("a", a.clone(), config);
    let builder = builder.provider_with("b", Moody::new(), config).health(every);
    (builder.default_rule(Rule::any().to("a")).build().await.unwrap(), a)
}

fn config() -> ProviderConfig {
    ProviderConfig {
        breaker: BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() },
        retry: RetryConfig { attempts: 1, ..RetryConfig::default() },
        ..ProviderConfig::default()
    }
}

/// Remembers what changed, as it is told.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<BTreeSet<String>>>);

impl ClientHandler for Listener {
    async fn on_resource_updated(
        &self,
        note: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.0.lock().insert(note.uri);
    }
}

struct Joined {
    client: RunningService<RoleClient, Listener>,
    heard: Listener,
}

impl Joined {
    async fn new(server: McpServerBuilder, mode: ClientLifecycleMode) -> Self {
        let server: McpServer = server.build().unwrap();
        let (here, there) = tokio::io::duplex(64 * 1024);
        let (read, write) = tokio::io::split(there);
        tokio::spawn(async move { server.serve(read, write, CancellationToken::new()).await });
        let heard = Listener::default();
        let client = heard.clone().serve_with_lifecycle(here, mode).await.unwrap();
        Self { client, heard }
    }

    async fn read(&self, uri: &str) -> Result<Value, String> {
        let read = self.client.read_resource(ReadResourceRequestParams::new(uri)).await;
        let page = read.map_err(|error| error.to_string())?;
        let json = serde_json::to_value(&page.contents[0]).unwrap();
        Ok(serde_json::from_str(json["text"].as_str().unwrap()).unwrap())
    }

    /// Waits until these changed, since it was asked last.
    async fn told(&self, of: &[&str]) {
        let all = || of.iter().all(|uri| self.heard.0.lock().contains(*uri));
        let waiting = async {
            while !all() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it is told");
        let heard = std::mem::take(&mut *self.heard.0.lock());
        assert!(of.contains(&B) || !heard.contains(B), "nothing happened to b: {heard:?}");
    }
}

fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

#[tokio::test]
async fn whoever_watches_providers_hears_of_breakers_of_health_and_of_those_who_come_and_go() {
    for mode in [ClientLifecycleMode::Initialize, modern()] {
        let old = matches!(mode, ClientLifecycleMode::Initialize);
        let (mosaic, a) = orchestra().await;
        let joined = Joined::new(mosaic::mcp::server(&mosaic).acts_as(CallContext::new()), mode).await;
        let watched = [ALL, HEALTH, A, B];
        let mut stream = None;
        if old {
            for uri in watched {
                joined.client.subscribe(SubscribeRequestParams::new(uri)).await.unwrap();
            }
        } else {
            let filter = watched
                .into_iter()
                .fold(SubscriptionFilter::builder(), SubscriptionFilterBuilder::resource_subscription);
            let mut news = joined.client.listen(filter.build()).await.unwrap();
            let heard = joined.heard.clone();
            stream = Some(tokio::spawn(async move {
                while let Ok(Some(news)) = news.next().await {
                    let text = format!("{news:?}");
                    for uri in watched {
                        if text.contains(&format!("{uri:?}")) {
                            heard.0.lock().insert(uri.to_owned());
                        }
                    }
                }
            }));
        }
        assert_eq!(joined.read(HEALTH).await.unwrap()["a"]["rejects"], json!([]));

        *a.fails.lock() = true;
        mosaic.git().get_repository(GetRepository::new("acme", "widget")).await.unwrap_err();
        joined.told(&[ALL, HEALTH, A]).await;
        let health = joined.read(HEALTH).await.unwrap();
        assert_eq!((&health["a"]["rejects"], &health["b"]["rejects"]), (&json!(["git"]), &json!([])));

        *a.health.lock() = HealthReport::unhealthy("the disk is full");
        joined.told(&[ALL, HEALTH, A]).await;
        let health = joined.read(HEALTH).await.unwrap();
        assert_eq!(
            (&health["a"]["usable"], &health["a"]["why"]),
            (&json!(false), &json!("the disk is full"))
        );

        mosaic.add_provider("c", Moody::new(), config()).await.unwrap();
        joined.told(&[ALL, HEALTH]).await;
        assert!(joined.read(HEALTH).await.unwrap()["c"]["usable"].as_bool().unwrap());
        mosaic.remove_provider("c").await.unwrap().settled().await;
        joined.told(&[ALL, HEALTH]).await;
        assert_eq!(joined.read(ALL).await.unwrap().as_array().unwrap().len(), 2);

        mosaic.reload("b", Moody::new()).await.unwrap();
        joined.told(&[ALL, HEALTH, B]).await;
        joined.client.cancel().await.unwrap();
        if let Some(stream) = stream {
            stream.await.unwrap();
        }
        mosaic.shutdown().await;
    }
}

#[tokio::test]
async fn names_of_providers_are_completed_and_only_those_shown_that_may_be_read() {
    let (mosaic, _) = orchestra().await;
    let rules = json!({
        "roles": { "ann": { "allow": ["mcp:read_resource:*"], "deny": ["mcp:read_resource:mosaic://providers/b"] } },
        "bindings": [{ "who": "user:ann", "tenant": "*", "roles": ["ann"] }],
    });
    let access = Access::new(&serde_json::from_value(rules).unwrap()).unwrap();
    let ann = CallContext::new().principal(Principal::user("ann"));
    let all = mosaic::mcp::server(&mosaic).acts_as(CallContext::new());
    let some = mosaic::mcp::server(&mosaic).acts_as(ann).gate(access);
    for (server, names) in [(all, vec!["a", "b"]), (some, vec!["a"])] {
        let joined = Joined::new(server, modern()).await;
        let complete = async |typed: &str| {
            let template = Reference::for_resource("mosaic://providers/{id}");
            let request = CompleteRequestParams::new(template, ArgumentInfo::new("id", typed));
            joined.client.complete(request).await.unwrap().completion.values
        };
        assert_eq!(complete("").await, names);
        assert_eq!(complete("b").await, names[1..]);
        let listed = joined.read(ALL).await.unwrap();
        let ids: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, names);
        let health = joined.read(HEALTH).await.unwrap();
        assert_eq!(health.as_object().unwrap().keys().collect::<Vec<_>>(), names);
        assert_eq!(joined.read(B).await.is_ok(), names.len() == 2);
        joined.client.cancel().await.unwrap();
    }
    mosaic.shutdown().await;
}

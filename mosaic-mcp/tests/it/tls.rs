//! TLS to PostgreSQL and to Redis: whose certificate is not trusted, or is another one's, is not spoken to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::types::{Region, Secret, TenantId};
use mosaic_mcp::coordination::shared::{GetValue, PutValue};
use mosaic_mcp::node::{Compliance, EnterpriseConfig, Node, NodeBuilder, TeamConfig};
use mosaic_mcp::security::Identity;
use mosaic_mcp::security::access::AccessConfig;
use mosaic_mcp::security::audit::{AuditKeys, AuditSigner, verify};
use mosaic_mcp::security::seal::{Keyring, LocalKey};
use mosaic_mcp::security::token::NewApiKey;
use mosaic_mcp::state::{Key, PostgresOptions, PostgresStore, RedisHints, State, StateOptions, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;

use crate::servers::{Postgres, Redis, give_to_nobody};

/// Longer than a test lasts: what is heard is not asked for.
const NEVER: Duration = Duration::from_secs(3_600);

/// An authority of one's own, and a certificate for `localhost` that it has signed.
struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let house = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(house.authority(), authority.pem()).unwrap();
        std::fs::write(house.file("server.pem"), certificate.pem()).unwrap();
        std::fs::write(house.file("server.key"), key.serialize_pem()).unwrap();
        // A server refuses a key that others may read.
        let only_its_owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(house.file("server.key"), only_its_owner).unwrap();
        for path in [house.path(), &house.file("server.pem"), &house.file("server.key")] {
            give_to_nobody(path);
        }
        house
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn authority(&self) -> PathBuf {
        self.file("authority.pem")
    }

    /// A PostgreSQL that takes nobody in the clear.
    fn postgres(&self) -> Option<Postgres> {
        std::fs::write(self.file("hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
        give_to_nobody(&self.file("hba.conf"));
        let file = |name: &str, file: &str| format!("{name}={}", self.file(file).display());
        let settings = [
            "ssl=on".to_owned(),
            file("ssl_cert_file", "server.pem"),
            file("ssl_key_file", "server.key"),
            file("hba_file", "hba.conf"),
        ];
        Postgres::start_with(&settings.each_ref().map(String::as_str))
    }
}

async fn open(url: Secret, tls: Tls) -> Result<PostgresStore> {
    PostgresOptions::new(url).namespace("tls").tls(tls).open().await
}

fn verified(authority: &Path) -> Tls {
    Tls::Verified { authority: Some(authority.to_owned()) }
}

#[tokio::test]
async fn postgres_is_spoken_to_where_its_certificate_is_trusted_and_its_own() {
    let (ours, other) = (House::new("ours"), House::new("other"));
    let Some(server) = ours.postgres() else { return };
    let here = || server.url_of("localhost");
    let state = State::open(open(here(), verified(&ours.authority())).await.unwrap()).await.unwrap();
    let key = Key::new("a").unwrap();
    state.put(key.clone(), "1").await.unwrap();
    assert!(state.get(&key).await.unwrap().is_some());
    state.close().await.unwrap();

    let by_number = server.url_of("127.0.0.1");
    for (url, tls, why) in [
        (here(), verified(&other.authority()), "invalid peer certificate: UnknownIssuer"),
        (here(), Tls::default(), "invalid peer certificate: UnknownIssuer"),
        (by_number, verified(&ours.authority()), "invalid peer certificate: certificate not valid for name"),
        (here(), Tls::Off, "no encryption"),
    ] {
        let error = open(url, tls.clone()).await.unwrap_err();
        assert!(error.message().contains(why), "{tls:?}: {error}");
        assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Protocol), "{tls:?}: {error:?}");
    }
    let missing = open(here(), verified(&ours.file("none.pem"))).await.unwrap_err();
    assert!(
        missing.message().contains("none.pem") || missing.message().contains("No such file"),
        "{missing}"
    );
}

#[tokio::test]
async fn a_postgres_without_tls_is_refused_where_tls_is_asked_for() {
    let (ours, Some(server)) = (House::new("ours"), Postgres::start()) else { return };
    let error = open(server.url_of("localhost"), verified(&ours.authority())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
    assert!(error.message().contains("PostgreSQL is not spoken to by TLS"), "{error}");
}

#[tokio::test]
async fn redis_is_heard_where_its_certificate_is_trusted_and_its_own() {
    let (ours, other) = (House::new("ours"), House::new("other"));
    let (Some(postgres), Some(redis)) = (Postgres::start(), Redis::start_tls(ours.path())) else { return };
    let hinted = async |url: Secret, authority: Option<&House>| {
        let store = postgres.options("tls").notify(false).open().await.unwrap();
        let hints = RedisHints::new(url).poll_every(NEVER);
        let hints = authority.iter().fold(hints, |hints, house| hints.authority(house.authority()));
        Arc::new(hints.over(store).unwrap())
    };
    let here = || redis.tls_url("localhost");
    let node = async || {
        let store = hinted(here(), Some(&ours)).await;
        StateOptions::new().open_shared(store).await.unwrap()
    };
    let (a, b) = (node().await, node().await);
    for _ in 0..3 {
        let written = a.put(Key::new("a").unwrap(), "1").await.unwrap();
        b.heads().wait_for(|head| head.revision >= written).await.unwrap();
    }
    a.close().await.unwrap();
    b.close().await.unwrap();

    for (url, authority, why) in [
        (here(), Some(&other), "UnknownIssuer"),
        (here(), None, "UnknownIssuer"),
        (redis.tls_url("127.0.0.1"), Some(&ours), "not valid for name"),
        // In the clear, where the server speaks TLS alone.
        (redis.url(), None, "Redis is not heard"),
    ] {
        let store = hinted(url, authority).await;
        let mut failing = store.failing();
        let error = failing.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert!(error.message().contains(why), "{error}");
        // The store itself goes on.
        let state = StateOptions::new().open_shared(store).await.unwrap();
        state.put(Key::new("b").unwrap(), "1").await.unwrap();
        state.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_authority_of_redis_that_cannot_be_used_is_refused() {
    let house = House::new("ours");
    let over = |url: &str, file: PathBuf| {
        RedisHints::new(Secret::new(url))
            .authority(file)
            .over(mosaic_mcp::state::MemoryStore::new())
            .map(drop)
    };
    over("rediss://localhost:1/", house.authority()).unwrap();
    for (url, file, why) in [
        ("redis://localhost:1/", house.authority(), "use rediss://"),
        ("rediss://localhost:1/", house.file("none.pem"), "none.pem"),
        ("rediss://localhost:1/", house.file("server.key"), "no certificate"),
    ] {
        let error = over(url, file).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.message().contains(why), "{error}");
    }
}

#[tokio::test]
async fn nodes_of_a_team_speak_tls_to_both() {
    let ours = House::new("ours");
    let Some(redis) = Redis::start_tls(ours.path()) else { return };
    let Some(postgres) = ours.postgres() else { return };
    let config = || TeamConfig::new(postgres.url_of("localhost")).namespace("team");
    let safe = || config().redis(redis.tls_url("localhost")).authority(ours.authority());
    let (a, b) = (Node::team(safe()).open().await.unwrap(), Node::team(safe()).open().await.unwrap());
    let written = a.state().put(Key::new("a").unwrap(), "1").await.unwrap();
    b.state().heads().wait_for(|head| head.revision >= written).await.unwrap();
    let error = Node::team(safe().plain()).open().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Config && error.message().contains("leave one of them out"),
        "{error}"
    );
    let error = Node::team(config()).open().await.unwrap_err();
    assert!(error.message().contains("no encryption"), "{error}");
    a.close().await.unwrap();
    b.close().await.unwrap();
}

#[tokio::test]
async fn a_node_of_an_enterprise_works_where_everything_required_is_there_and_nowhere_else() {
    let ours = House::new("ours");
    let Some(postgres) = ours.postgres() else { return };
    let (eu, us) = (Region::new("eu").unwrap(), Region::new("us").unwrap());
    let team = || {
        TeamConfig::new(postgres.url_of("localhost")).namespace("enterprise").region(eu).retention_days(400)
    };
    let safe = || team().authority(ours.authority());
    let needs = Compliance::strict().retention_days(365).resides_in(eu);
    let config = |team, region| EnterpriseConfig::new(team, region).compliance(needs.clone());
    let (key, _) = LocalKey::generate().unwrap();
    let (keys, signer) = (Keyring::new(key).unwrap(), AuditSigner::generate().unwrap());
    let keys = || keys.clone();
    let rules: AccessConfig = serde_json::from_value(json!({
        "roles": { "worker": { "allow": ["state:*:plans/*"] } },
        "bindings": [{ "who": "user:ann", "tenant": "*", "roles": ["worker"] }]
    }))
    .unwrap();
    let known = |node: NodeBuilder| node.access(rules.clone()).api_keys();

    let whole = || known(Node::enterprise(config(safe(), eu)).seal(keys()).audit(signer.clone()));
    let (a, b) = (whole().open().await.unwrap(), whole().open().await.unwrap());
    let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann")).unwrap();
    let (_, secret) = a.api_keys().create(NewApiKey::new(ann, "laptop")).await.unwrap();
    let cx = b.admission().admit(&secret, "here").await.unwrap();
    b.desk().call(&cx, PutValue::new("plans/spring", "hush")).await.unwrap();
    assert!(b.desk().call(&cx, PutValue::new("secrets/1", 1)).await.is_err());
    let cx = a.admission().admit(&secret, "there").await.unwrap();
    assert_eq!(a.desk().call(&cx, GetValue::new("plans/spring")).await.unwrap().value, "hush");
    let report = verify(a.state(), &AuditKeys::of(&signer), &[]).await.unwrap();
    assert!(report.fault.is_none() && report.records >= 3, "{report:?}");
    for node in [a, b] {
        node.close().await.unwrap();
    }

    let refusals: [(NodeBuilder, &[&str]); 6] = [
        (known(Node::enterprise(config(safe(), eu)).audit(signer.clone())), &["encryption at rest"]),
        (known(Node::enterprise(config(safe(), eu)).seal(keys())), &["an audit"]),
        (
            known(Node::enterprise(config(team().plain(), eu)).seal(keys()).audit(signer.clone())),
            &["TLS: the connection to the database"],
        ),
        (
            known(Node::enterprise(config(safe(), us)).seal(keys()).audit(signer.clone())),
            &["the node is in us"],
        ),
        (
            known(Node::enterprise(config(safe().region(us), eu)).seal(keys()).audit(signer.clone())),
            &["the store is in us"],
        ),
        (
            Node::enterprise(config(safe().retention_days(30), eu)).seal(keys()).audit(signer.clone()),
            &["authenticators", "roles", "less than 365 days"],
        ),
    ];
    for (node, missing) in refusals {
        let refused = node.open().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert_eq!(refused.message().matches("; ").count() + 1, missing.len(), "{refused}");
        assert!(missing.iter().all(|missing| refused.message().contains(missing)), "{refused}");
    }
}

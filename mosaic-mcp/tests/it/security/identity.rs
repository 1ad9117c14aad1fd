//! Tokens of a real identity provider.

use std::path::Path;
use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::error::ErrorKind;
use mosaic_core::types::{Effect, Secret};
use mosaic_mcp::function::Permission;
use mosaic_mcp::security::access::Access;
use mosaic_mcp::security::token::{IdentityProvider, Jwt, RemoteKeys};
use mosaic_mcp::security::{Authenticator as _, Authenticators};

use crate::servers::program;
use crate::servers::program::{Program, free_port};

const AUDIENCE: &str = "https://mosaic.example/mcp";

struct Provider {
    address: String,
    http: reqwest::Client,
    _running: Program,
}

impl Provider {
    fn start() -> Option<Self> {
        let (modules, node) = (program("MOSAIC_OIDC")?, program("MOSAIC_NODE22")?);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/security/provider.mjs");
        let mut why = String::new();
        // The port may be taken in the meantime.
        for _ in 0..5 {
            let port = free_port().to_string();
            let args = [script.to_str().unwrap(), modules.to_str().unwrap(), &port];
            match Program::start_here(&node, &args, "the identity provider listens") {
                Ok(running) => {
                    let address = format!("http://127.0.0.1:{port}");
                    return Some(Self { address, http: reqwest::Client::new(), _running: running });
                }
                Err(error) => why = error,
            }
        }
        panic!("the identity provider does not start: {why}");
    }

    async fn tell(&self, what: &str) -> String {
        let answer = self.http.post(format!("{}/{what}", self.address)).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    }

    /// A token, as an agent gets it.
    async fn token(&self, audience: &str) -> Secret {
        let body = format!("grant_type=client_credentials&scope=mcp&resource={audience}");
        let request = self
            .http
            .post(format!("{}/token", self.address))
            .basic_auth("builder", Some("no-secret-at-all"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        Secret::new(answer["access_token"].as_str().unwrap())
    }
}

#[tokio::test]
async fn an_agent_comes_with_a_token_of_an_identity_provider() {
    let Some(provider) = Provider::start() else { return };
    let keys = RemoteKeys::new(IdentityProvider::discover(&provider.address).unwrap())
        .pause(Duration::ZERO)
        .refresh(Duration::ZERO);
    let jwt = Jwt::published(provider.address.as_str(), AUDIENCE, keys).unwrap();
    let chain = Authenticators::new().with(jwt.clone());
    let token = provider.token(AUDIENCE).await;
    let builder = chain.authenticate(&token).await.unwrap();
    assert_eq!((builder.tenant().as_str(), builder.principal()), ("acme", &Principal::agent("builder")));

    // From the token to the check.
    let rules = r#"{ "roles": { "worker": { "allow": ["state:@read:*"] } } }"#;
    let access = Access::new(&serde_json::from_str(rules).unwrap()).unwrap();
    let cx = access.admit(&builder);
    assert!(access.check(&cx, Permission::new("state", "get_value", "x", Effect::Read)).is_ok());
    assert!(access.check(&cx, Permission::new("state", "put_value", "x", Effect::Create)).is_err());

    let other = provider.token("https://other.example").await;
    assert!(jwt.authenticate(&other).await.unwrap_err().message().contains("audience"));
    let mut changed = token.expose().to_owned();
    changed.replace_range(changed.len() - 9..changed.len() - 5, "AAAA");
    assert!(jwt.authenticate(&Secret::new(changed)).await.unwrap_err().message().contains("signature"));

    // Another key: the next token is known at once, and those of the old key are not any more.
    provider.tell("rotate").await;
    let new = provider.token(AUDIENCE).await;
    assert!(jwt.authenticate(&new).await.is_ok());
    assert_eq!(jwt.authenticate(&token).await.unwrap_err().kind(), ErrorKind::Unauthenticated);

    // It goes away: what is known serves on.
    provider.tell("down").await;
    assert!(jwt.authenticate(&new).await.is_ok());
    assert_eq!(jwt.authenticate(&token).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_identity_provider_is_asked_once() {
    let Some(provider) = Provider::start() else { return };
    let keys = RemoteKeys::new(IdentityProvider::at(&format!("{}/jwks", provider.address)).unwrap());
    let jwt = Jwt::published(provider.address.as_str(), AUDIENCE, keys).unwrap();
    let token = provider.token(AUDIENCE).await;
    for found in futures_util::future::join_all((0..50).map(|_| jwt.authenticate(&token))).await {
        assert!(found.unwrap().is_some());
    }
    assert_eq!(provider.tell("fetches").await, "1");
}

#[tokio::test]
async fn a_provider_that_is_down_or_another_is_told_apart() {
    let Some(provider) = Provider::start() else { return };
    let token = provider.token(AUDIENCE).await;
    provider.tell("down").await;
    let jwt = |source| Jwt::published(provider.address.as_str(), AUDIENCE, RemoteKeys::new(source)).unwrap();
    let error =
        jwt(IdentityProvider::discover(&provider.address).unwrap()).authenticate(&token).await.unwrap_err();
    assert_eq!((error.kind(), error.status_code()), (ErrorKind::Provider, Some(503)));
    provider.tell("up").await;
    // The document is of another issuer than was asked for.
    let alias = provider.address.replace("127.0.0.1", "localhost");
    let error = jwt(IdentityProvider::discover(&alias).unwrap()).authenticate(&token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    // No key set at all.
    let page = format!("{}/.well-known/openid-configuration", provider.address);
    let error = jwt(IdentityProvider::at(&page).unwrap()).authenticate(&token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

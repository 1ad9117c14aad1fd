use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_providers::http::{Auth, HttpConfig};
use serde_json::{Value, json};

use super::{Count, DIALECT, ask, client_with, cx, local, things};
use crate::support::serve::Server;

/// A server that accepts the tokens that begin so.
fn accepting(prefix: &'static str) -> Router {
    Router::new().route(
        "/things",
        get(move |headers: HeaderMap| async move {
            let shown =
                headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let code = if shown.starts_with(prefix) { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
            (code, r#"{"message":"Bad credentials"}"#)
        }),
    )
}

#[tokio::test]
async fn principals_come_with_credentials_of_their_own() {
    let server = Server::start(accepting("Bearer ")).await;
    let identities = HashMap::from([("ann".to_owned(), Auth::token("of-ann"))]);
    let client = client_with(&server.url(), &Auth::token("own"), &identities);
    let ann = cx().principal(Principal::user("ann").with_credential("ann"));
    client.get(things()).send::<Value>(&ann).await.unwrap();
    assert_eq!(server.last().header("authorization"), "Bearer of-ann");
    assert_eq!(server.last().header("x-forge-version"), "7");
    let eve = cx().principal(Principal::user("eve").with_credential("eve"));
    let error = client.get(things()).send::<Value>(&eve).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(server.count(), 1, "who has no credential does not act with that of the provider");
}

#[tokio::test]
async fn a_token_that_is_refused_leaves_its_pool() {
    let server = Server::start(accepting("Bearer good")).await;
    let client = client_with(&server.url(), &Auth::tokens(["bad", "good"]), &HashMap::new());
    let results = [ask(&client).await, ask(&client).await];
    let refused: Vec<_> =
        results.iter().filter_map(|result| result.as_ref().err()).map(mosaic_core::Error::kind).collect();
    assert_eq!(refused, [ErrorKind::Unauthenticated]);
    client.renew().await.unwrap();
    for _ in 0..3 {
        ask(&client).await.unwrap();
    }
    assert_eq!(server.seen().iter().filter(|seen| seen.header("authorization") == "Bearer bad").count(), 1);
}

#[tokio::test]
async fn one_fixed_token_cannot_be_renewed() {
    let server = Server::start(accepting("Bearer good")).await;
    let client = client_with(&server.url(), &Auth::token("bad"), &HashMap::new());
    assert_eq!(ask(&client).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(client.renew().await.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// Gives tokens that hold for an hour; each is accepted until `revoked` is moved past it.
fn giving(given: Count, revoked: Count) -> Router {
    let accepted = Arc::clone(&revoked);
    Router::new()
        .route(
            "/token",
            post(move |body: String| async move {
                let number = given.fetch_add(1, Ordering::SeqCst);
                let known = format!("refresh_token=refresh-{number}");
                if !body.contains(&known) {
                    let denied = json!({ "error": "invalid_grant", "error_description": format!("not {known}, but {body}") });
                    return (StatusCode::BAD_REQUEST, denied.to_string());
                }
                let next = format!("refresh-{}", number + 1);
                (StatusCode::OK, json!({ "access_token": format!("access-{number}"), "expires_in": 3600, "refresh_token": next }).to_string())
            }),
        )
        .route(
            "/things",
            get(move |headers: HeaderMap| async move {
                let shown = headers["authorization"].to_str().unwrap().to_owned();
                let number: usize = shown.trim_start_matches("Bearer access-").parse().unwrap();
                let response: Response = if number < accepted.load(Ordering::SeqCst) {
                    StatusCode::UNAUTHORIZED.into_response()
                } else {
                    "{}".into_response()
                };
                response
            }),
        )
}

fn oauth(url: &str) -> Auth {
    serde_json::from_value(json!({
        "type": "oauth2", "tokenUrl": format!("{url}/token"), "clientId": "mosaic", "clientSecret": "cl1ent",
        "refreshToken": "refresh-0",
    }))
    .unwrap()
}

#[tokio::test]
async fn access_tokens_are_renewed_once_for_all() {
    let (given, revoked) = (Count::default(), Count::default());
    let server = Server::start(giving(Arc::clone(&given), Arc::clone(&revoked))).await;
    let client = client_with(&server.url(), &oauth(&server.url()), &HashMap::new());
    let all = futures_util::future::join_all((0..20).map(|_| ask(&client))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(given.load(Ordering::SeqCst), 1);
    revoked.store(1, Ordering::SeqCst);
    assert_eq!(ask(&client).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    client.renew().await.unwrap();
    ask(&client).await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 2, "the new refresh token was used");
}

#[tokio::test]
async fn a_refused_renewal_says_so_without_secrets() {
    let server = Server::start(giving(Count::new(5.into()), Count::default())).await;
    let client = client_with(&server.url(), &oauth(&server.url()), &HashMap::new());
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let text = format!("{error} {error:?} {client:?}");
    assert!(text.contains("invalid_grant"), "{text}");
    for secret in ["cl1ent", "refresh-0"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_given_now_is_no_refusal_of_the_credentials() {
    for (status, kind) in [
        (429, ErrorKind::RateLimited),
        (408, ErrorKind::Provider),
        (503, ErrorKind::Provider),
        (400, ErrorKind::Unauthenticated),
    ] {
        let answer = move || async move { (StatusCode::from_u16(status).unwrap(), [("retry-after", "7")]) };
        let server = Server::start(Router::new().route("/token", post(answer))).await;
        let client = client_with(&server.url(), &oauth(&server.url()), &HashMap::new());
        let error = ask(&client).await.unwrap_err();
        let wait = (kind != ErrorKind::Unauthenticated).then_some(Duration::from_secs(7));
        assert_eq!((error.kind(), error.wait(), error.status_code()), (kind, wait, Some(status)));
        assert_eq!((error.delivered(), server.count()), (Delivery::NotSent, 1), "{status}");
    }
}

#[tokio::test]
async fn what_the_vendor_says_is_used_up_is_not_asked_for() {
    let limited = || async {
        ([("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60"), ("x-ratelimit-limit", "60")], "{}")
    };
    let server = Server::start(Router::new().route("/things", get(limited))).await;
    let client = client_with(&server.url(), &Auth::None, &HashMap::new());
    ask(&client).await.unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.wait().is_some_and(|wait| wait > Duration::from_secs(50)), "{error:?}");
    assert_eq!(server.count(), 1);
    let other = client.get(things()).budget("search").send::<Value>(&CallContext::new()).await;
    assert!(other.is_ok(), "another budget of the vendor pays");
}

#[tokio::test]
async fn bad_configurations_say_which_field_is_wrong() {
    let make = |url: &str, auth: &Auth, http: &HttpConfig| {
        let access =
            mosaic_providers::http::Access { base_url: url, auth, identities: &HashMap::new(), http };
        mosaic_providers::http::Client::new(&DIALECT, &access, &|_, _, _| Ok(None))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let good = "https://git.example.org";
    let http = |text: &str| serde_json::from_str::<HttpConfig>(text).unwrap();
    let auth = |value: Value| serde_json::from_value::<Auth>(value).unwrap();
    for (error, told) in [
        (make("git.example.org", &Auth::None, &local()), "baseUrl"),
        (make("ftp://git.example.org", &Auth::None, &local()), "https://"),
        (make("https://ann:pw@git.example.org", &Auth::None, &local()), "credentials belong into `auth`"),
        (make(good, &Auth::token(" "), &local()), "token is empty"),
        (make(good, &Auth::tokens(Vec::<String>::new()), &local()), "token is empty"),
        (make(good, &Auth::token("a\nb"), &local()), "auth.token"),
        (make(good, &Auth::basic("a:b", "c"), &local()), "auth.user"),
        (
            make(good, &auth(json!({ "type": "app", "appId": "1", "installationId": 2 })), &local()),
            "knows no apps",
        ),
        (
            make(good, &auth(json!({ "type": "oauth2", "tokenUrl": good, "clientId": "a" })), &local()),
            "auth.refreshToken",
        ),
        (make(good, &Auth::None, &http(r#"{ "tls": { "ca": "no/such/file.pem" } }"#)), "tls.ca"),
        (make(good, &Auth::None, &http(r#"{ "tls": { "caOnly": true } }"#)), "tls.caOnly"),
        (make(good, &Auth::None, &http(r#"{ "tls": { "key": "key.pem" } }"#)), "tls.key"),
        (make(good, &Auth::None, &http(r#"{ "proxy": { "url": "http://ann:pw@proxy" } }"#)), "proxy.url"),
    ] {
        assert!(error.contains(told), "{error} should say {told}");
        assert!(!error.contains("pw"), "{error}");
    }
}

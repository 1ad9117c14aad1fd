//! The tests of the ground itself: that a wrong request is found, and a right one is not.

use axum::http::Method;
use serde_json::Value;

use super::{Document, Prism};

#[tokio::test]
async fn prism_finds_wrong_requests_and_lets_right_ones_pass() {
    let document =
        Document::new("gitea/swagger.v1.pruned.json").below("/api/v1").rehost("https://gitea.example");
    let Some(prism) = Prism::boot(document).await else { return };
    let client = reqwest::Client::new();
    let ask = |method: Method, path: &str, body: &str| {
        let request = client.request(method, format!("{}{path}", prism.url()));
        let request =
            request.header("authorization", "token t0ken").header("content-type", "application/json");
        let request = if body.is_empty() { request } else { request.body(body.to_owned()) };
        async { request.send().await.unwrap() }
    };

    let answer = ask(Method::POST, "/api/v1/user/repos", r#"{"name":"demo"}"#).await;
    assert_eq!(answer.status(), 201);
    let repository: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(repository["full_name"].is_string(), "{repository}");
    assert_eq!(ask(Method::GET, "/api/v1/repos/a/b/branches/feature%2Fone", "").await.status(), 200);
    prism.assert_clean();

    let answer = ask(Method::POST, "/api/v1/user/repos", r#"{"private":true}"#).await;
    assert_eq!(answer.status(), 422);
    let found = prism.take_violations();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("name") && found[0].request.contains("private"), "{found:?}");

    ask(Method::GET, "/api/v1/no/such/thing", "").await;
    ask(Method::GET, "/repos/a/b", "").await;
    let anonymous = client.get(format!("{}/api/v1/user", prism.url())).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let found = prism.take_violations();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[1].message.contains("/api/v1"), "{found:?}");

    prism.prefer(Some(404));
    assert_eq!(ask(Method::GET, "/api/v1/repos/a/b", "").await.status(), 404);
    prism.prefer(None);
    prism.assert_clean();

    let hits: Vec<String> = prism.hits().iter().map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        "GET /api/v1/repos/{owner}/{repo}",
        "GET /api/v1/repos/{owner}/{repo}/branches/{branch}",
        "GET /api/v1/user",
        "POST /api/v1/user/repos",
    ];
    assert_eq!(hits, expected);
    assert_eq!(prism.seen().len(), 7);
}

//! What this server does, asked as a client asks: above all what surprises.

use axum::http::Method;
use reqwest::Response;
use serde_json::{Value, json};

use super::GitHub;
use crate::fake::document::Watch;
use crate::fake::forge::Forge;
use crate::support::serve::Server;

/// A server with Ada, Bob and Eve, and the organisation `acme` of the first two; asked as Ada.
pub(super) struct Hub {
    pub(super) hub: std::sync::Arc<GitHub>,
    pub(super) server: Server,
    client: reqwest::Client,
}

impl Hub {
    async fn new() -> Self {
        Self::with(|router| router).await
    }

    pub(super) async fn watched(watch: &Watch) -> Self {
        Self::with(|router| watch.before(router)).await
    }

    /// The people and the organisation of the recordings of Octokit.
    pub(super) async fn recorded() -> Self {
        let hub = Self::new().await;
        let forge = hub.hub.forge();
        for login in ["octokit-fixture-user-a", "octokit-fixture-user-b"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("octokit-fixture-org", &["octokit-fixture-user-a", "octokit-fixture-user-b"]);
        hub
    }

    /// As the person of the recordings.
    pub(super) async fn as_recorded(&self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let what = format!("{method} {path}");
        Self::value(self.send("token-of-octokit-fixture-user-a", method, path, body).await, &what, status)
            .await
    }

    async fn with(wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let forge = Forge::open().await;
        for login in ["ada", "bob", "eve"] {
            forge.add_user(login, &format!("token-of-{login}"));
        }
        forge.add_org("acme", &["ada", "bob"]);
        let hub = GitHub::new(forge);
        let server = Server::start(wrap(hub.router())).await;
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(policy).user_agent("tests").build().unwrap();
        Self { hub, server, client }
    }

    async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> Response {
        let request = self.client.request(method, format!("{}{path}", self.server.url())).bearer_auth(token);
        let request = if body.is_null() {
            request
        } else {
            request.header("content-type", "application/json").body(body.to_string())
        };
        request.send().await.unwrap()
    }

    async fn value(response: Response, what: &str, status: u16) -> Value {
        let got = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert_eq!(got, status, "{what}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// As Ada; the answer must have this status.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let what = format!("{method} {path}");
        Self::value(self.send("token-of-ada", method, path, body).await, &what, status).await
    }

    /// The same as Bob.
    pub(super) async fn bob(&self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let what = format!("{method} {path}");
        Self::value(self.send("token-of-bob", method, path, body).await, &what, status).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null, 200).await
    }

    /// A repository with one file.
    async fn seeded(&self) {
        self.ask(Method::POST, "/orgs/acme/repos", json!({ "name": "widget" }), 201).await;
        let file = json!({ "message": "Begin", "content": "b25lCg==" });
        self.ask(Method::PUT, "/repos/acme/widget/contents/README.md", file, 201).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_need_the_version_that_is_there() {
    let hub = Hub::new().await;
    hub.seeded().await;
    let path = "/repos/acme/widget/contents/README.md";
    let there = hub.get(path).await;
    assert_eq!((there["content"].as_str(), there["encoding"].as_str()), (Some("b25lCg==\n"), Some("base64")));
    let put = |sha: Value| json!({ "message": "m", "content": "dHdvCg==", "sha": sha });
    hub.ask(Method::PUT, path, json!({ "message": "m", "content": "dHdvCg==" }), 422).await;
    let stale = hub.ask(Method::PUT, path, put(json!("0".repeat(40))), 409).await;
    assert_eq!(stale["message"], format!("README.md does not match {}", "0".repeat(40)));
    let two = hub.ask(Method::PUT, path, put(there["sha"].clone()), 200).await;
    let same = hub.ask(Method::PUT, path, put(two["content"]["sha"].clone()), 200).await;
    assert_ne!(two["commit"]["sha"], same["commit"]["sha"], "the same content makes a commit all the same");
    hub.ask(Method::PUT, path, json!({ "content": "" }), 422).await;
    let other = json!({ "message": "m", "content": "eA==", "branch": "none" });
    hub.ask(Method::PUT, "/repos/acme/widget/contents/x", other, 404).await;
    hub.ask(Method::DELETE, path, json!({ "message": "m" }), 422).await;
    let gone = json!({ "message": "m", "sha": same["content"]["sha"] });
    assert_eq!(hub.ask(Method::DELETE, path, gone, 200).await["content"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_link_by_the_id_of_the_repository() {
    let hub = Hub::new().await;
    hub.seeded().await;
    for at in 1..=5 {
        hub.ask(Method::POST, "/repos/acme/widget/issues", json!({ "title": format!("Issue {at}") }), 201)
            .await;
    }
    let id = hub.get("/repos/acme/widget").await["id"].clone();
    let path = "/repos/acme/widget/issues?per_page=2&page=2&state=all";
    let answer = hub.send("token-of-ada", Method::GET, path, Value::Null).await;
    let link = answer.headers()["link"].to_str().unwrap().to_owned();
    let next =
        format!("<{}/repositories/{id}/issues?state=all&per_page=2&page=3>; rel=\"next\"", hub.server.url());
    assert!(link.contains(&next), "{link}");
    let url = format!("/repositories/{id}/issues?state=all&per_page=2&page=3");
    let last = hub.get(&url).await;
    let titles: Vec<_> = last.as_array().unwrap().iter().map(|issue| issue["title"].clone()).collect();
    assert_eq!(titles, ["Issue 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_has_costs_nothing() {
    let hub = Hub::new().await;
    hub.seeded().await;
    let url = format!("{}/repos/acme/widget", hub.server.url());
    let first = hub.client.get(&url).bearer_auth("token-of-ada").send().await.unwrap();
    let (tag, left) = (first.headers()["etag"].clone(), first.headers()["x-ratelimit-remaining"].clone());
    let again =
        || hub.client.get(&url).bearer_auth("token-of-ada").header("if-none-match", tag.clone()).send();
    let second = again().await.unwrap();
    assert_eq!((second.status().as_u16(), &second.headers()["x-ratelimit-remaining"]), (304, &left));
    hub.hub.meter().set_remaining(0);
    assert_eq!(again().await.unwrap().status(), 304, "a 304 is given also where nothing is left");
    let charged = hub.hub.meter().charged();
    let refused = hub.send("token-of-ada", Method::GET, "/repos/acme/widget", Value::Null).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["x-ratelimit-remaining"]),
        (403, &"0".parse().unwrap())
    );
    hub.ask(Method::DELETE, "/repos/acme/widget", Value::Null, 403).await;
    assert_eq!(hub.hub.meter().charged(), charged);
    hub.hub.meter().set_remaining(10);
    hub.get("/repos/acme/widget").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_and_do_what_they_may() {
    let hub = Hub::new().await;
    hub.ask(Method::POST, "/orgs/acme/repos", json!({ "name": "secret", "private": true }), 201).await;
    let ask = async |token: &str, method: Method, path: &str, body: Value| {
        hub.send(token, method, path, body).await.status().as_u16()
    };
    let path = "/repos/acme/secret";
    assert_eq!(ask("token-of-bob", Method::GET, path, Value::Null).await, 200);
    assert_eq!(ask("token-of-eve", Method::GET, path, Value::Null).await, 404);
    assert_eq!(ask("wrong", Method::GET, path, Value::Null).await, 401);
    let anonymous = hub.client.get(format!("{}{path}", hub.server.url())).send().await.unwrap();
    assert_eq!(anonymous.status(), 404);
    hub.ask(Method::PATCH, path, json!({ "private": false }), 200).await;
    assert_eq!(ask("token-of-eve", Method::GET, path, Value::Null).await, 200);
    assert_eq!(ask("token-of-eve", Method::DELETE, path, Value::Null).await, 403);
    assert_eq!(
        ask("token-of-eve", Method::POST, &format!("{path}/issues"), json!({ "title": "x" })).await,
        201
    );
    hub.hub.forge().revoke("token-of-eve");
    assert_eq!(ask("token-of-eve", Method::GET, path, Value::Null).await, 401);
    let nameless = reqwest::Client::new().get(format!("{}{path}", hub.server.url())).send().await.unwrap();
    assert_eq!(nameless.status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renamed_repositories_redirect() {
    let hub = Hub::new().await;
    hub.seeded().await;
    hub.ask(Method::PATCH, "/repos/acme/widget", json!({ "name": "ga dget" }), 200).await;
    let moved =
        hub.send("token-of-ada", Method::GET, "/repos/acme/widget/branches?per_page=1", Value::Null).await;
    assert_eq!(moved.status(), 301);
    let to = moved.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with(&hub.server.url()) && to.ends_with("/branches"), "{to}");
    assert_eq!(hub.get("/repos/acme/ga-dget").await["name"], "ga-dget");
    hub.ask(Method::PATCH, "/repos/acme/widget", json!({}), 307).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_and_moved_heads_are_not_merged() {
    let hub = Hub::new().await;
    hub.seeded().await;
    let repo = "/repos/acme/widget";
    let at = |rest: &str| format!("{repo}{rest}");
    let main = hub.get(&at("/git/ref/heads/main")).await["object"]["sha"].clone();
    hub.ask(Method::POST, &at("/git/refs"), json!({ "ref": "refs/heads/lid", "sha": main }), 201).await;
    let blob = hub.get(&at("/contents/README.md")).await["sha"].clone();
    for (branch, content) in [("lid", "bGlkCg=="), ("main", "Ym94Cg==")] {
        let put = json!({ "message": "m", "content": content, "sha": blob, "branch": branch });
        hub.ask(Method::PUT, &at("/contents/README.md"), put, 200).await;
    }
    let pull = json!({ "title": "t", "head": "acme:lid", "base": "main" });
    let pull = hub.ask(Method::POST, &at("/pulls"), pull, 201).await;
    assert_eq!((&pull["mergeable"], &pull["mergeable_state"]), (&json!(false), &json!("dirty")));
    hub.ask(Method::PUT, &at("/pulls/1/merge"), json!({}), 405).await;
    let merge = json!({ "base": "main", "head": "lid" });
    assert_eq!(hub.ask(Method::POST, &at("/merges"), merge, 409).await["message"], "Merge conflict");
    let none = json!({ "title": "t", "head": "none", "base": "main" });
    assert_eq!(hub.ask(Method::POST, &at("/pulls"), none, 422).await["errors"][0]["field"], "head");
    hub.ask(Method::DELETE, &at("/git/refs/heads/lid"), Value::Null, 204).await;
    assert_eq!(hub.get(&at("/pulls/1")).await["state"], "closed");
    let open = hub.ask(Method::PATCH, &at("/pulls/1"), json!({ "state": "open" }), 422).await;
    assert_eq!(open["errors"][0]["message"], "state cannot be changed. The lid branch has been deleted.");
    hub.ask(Method::DELETE, &at("/git/refs/heads/main"), Value::Null, 422).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_take_words_and_qualifiers() {
    let hub = Hub::new().await;
    hub.seeded().await;
    for (title, body) in [("The lid leaks", "Badly"), ("A box", "with a LID"), ("Other", "")] {
        hub.ask(
            Method::POST,
            "/repos/acme/widget/issues",
            json!({ "title": title, "body": body, "labels": ["a b"] }),
            201,
        )
        .await;
    }
    hub.ask(Method::PATCH, "/repos/acme/widget/issues/1", json!({ "state": "closed" }), 200).await;
    let found = async |q: &str| {
        let query: String = q.chars().map(|c| if c == ' ' { '+' } else { c }).collect();
        let got = hub.get(&format!("/search/issues?q={query}&sort=created&order=asc")).await;
        got["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("lid repo:acme/widget").await, [1, 2]);
    assert_eq!(found("lid repo:acme/widget in:title").await, [1]);
    assert_eq!(found("lid repo:acme/widget is:open type:issue").await, [2]);
    assert_eq!(found("repo:acme/widget label:%22a b%22 -is:closed").await, [2, 3]);
    assert_eq!(found("%22the lid%22 org:acme").await, [1]);
    hub.ask(Method::GET, "/search/issues?q=x+repo:acme/none", Value::Null, 422).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_get_tokens_that_are_good_for_an_hour() {
    use base64::Engine as _;
    let hub = Hub::new().await;
    hub.hub.install(7, "ada");
    let statement = |seconds: i64| {
        let now = mosaic_core::types::Timestamp::now().as_second();
        let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "iat": now - 60, "exp": now + seconds, "iss": "12345" });
        format!("{}.{}.c2ln", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims))
    };
    let path = "/app/installations/7/access_tokens";
    let ask = async |token: &str, path: &str| hub.send(token, Method::POST, path, Value::Null).await;
    for (token, path, status) in [
        ("no statement".to_owned(), path, 401),
        (statement(-1), path, 401),
        (statement(3_600), path, 401),
        (statement(540), "/app/installations/8/access_tokens", 404),
        (statement(540), path, 201),
    ] {
        assert_eq!(ask(&token, path).await.status().as_u16(), status, "{path}");
    }
    let token = hub.hub.given().pop().unwrap();
    assert_eq!(hub.send(&token, Method::GET, "/user", Value::Null).await.status(), 200);
    hub.hub.forge().revoke(&token);
    assert_eq!(hub.send(&token, Method::GET, "/user", Value::Null).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enterprise_server_answers_below_its_prefix() {
    let forge = Forge::open().await;
    forge.add_user("ada", "token-of-ada");
    let server = Server::start(GitHub::enterprise(forge).router()).await;
    let client = reqwest::Client::builder().user_agent("tests").build().unwrap();
    let get = async |path: &str| {
        client.get(format!("{}{path}", server.url())).bearer_auth("token-of-ada").send().await.unwrap()
    };
    assert_eq!(get("/user").await.status(), 404);
    let text = get("/api/v3/user").await.text().await.unwrap();
    let user: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(user["url"], format!("{}/api/v3/users/ada", server.url()));
}

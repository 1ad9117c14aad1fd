//! A provider on the client that all vendors share bears everything: a read, writes, a download, a renewed credential.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{Cicd, CicdService, JobLog};
use mosaic_core::op::git::{CreateRepository, DeleteRepository, GetRepository, Git, GitService};
use mosaic_core::op::{ItemStream, OpSet, Operation as _, StreamOperation as _};
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Chunk, RepoRef};
use mosaic_providers::http::{Access, Auth, Client, Dialect, HttpConfig, Path, Reach, TokenHeader};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, run};
use crate::support::secrets::{self, MARK, Watch};

static DIALECT: Dialect = Dialect {
    product: "Forge",
    accept: "application/json",
    headers: &[],
    token: TokenHeader::BEARER,
    message: |body| body.get("message")?.as_str().map(str::to_owned),
    kind: |_| None,
};

struct Careful {
    info: PluginInfo,
    client: Client,
}

#[derive(Deserialize)]
struct Wire {
    default_branch: String,
}

impl GitService for Careful {
    async fn get_repository(&self, cx: &CallContext, op: GetRepository) -> Result<Repository> {
        let wire: Wire = self.client.get(repository(&op.repo)).send(cx).await?;
        Ok(Repository::of(op.repo, wire.default_branch))
    }
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        let body = json!({ "name": op.repo.name });
        let wire: Wire = self.client.post(Path::root().part("repos")).json(&body).send(cx).await?;
        Ok(Repository::of(op.repo, wire.default_branch))
    }
    async fn delete_repository(&self, cx: &CallContext, op: DeleteRepository) -> Result<()> {
        self.client.delete(repository(&op.repo)).done(cx).await.map(|_| ())
    }
}

impl CicdService for Careful {
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        let path = Path::root().part("jobs").part(&op.job).part("log");
        Ok(self.client.get(path).stream(cx).await?.value)
    }
}

#[async_trait]
impl Plugin for Careful {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(Arc::clone(&self))).with(Cicd::handlers(self))
    }
    async fn refresh(&self) -> Result<()> {
        self.client.renew().await
    }
}

fn repository(repo: &RepoRef) -> Path {
    Path::root().part("repos").part(&repo.owner).part(&repo.name)
}

fn plugin(origin: &str, auth: &Auth) -> Arc<dyn Plugin> {
    let operations =
        OpSet::of(&[GetRepository::META, CreateRepository::META, DeleteRepository::META, JobLog::META]);
    let http = HttpConfig::default().reach(Reach::Loopback);
    let access = Access { base_url: origin, auth, identities: &HashMap::new(), http: &http };
    let client = Client::new(&DIALECT, &access, &|_, _, _| Ok(None)).unwrap();
    secrets::assert_debug_hidden("a client", &client);
    Arc::new(Careful { info: PluginInfo::new("careful", "1.0.0", operations).reports_delivery(true), client })
}

async fn bears(call: Call) {
    let watch = Watch::begin();
    let errors = run(async |origin: String| plugin(&origin, &Auth::token(MARK)), call).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

fn widget() -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" } })
}

async fn good() -> &'static str {
    r#"{"default_branch":"dev"}"#
}

#[tokio::test]
async fn a_read_bears_everything() {
    let vendor = Router::new().route("/repos/acme/widget", get(good));
    bears(Call::new("git.get_repository", widget(), vendor)).await;
}

#[tokio::test]
async fn a_write_bears_everything() {
    let vendor = Router::new().route("/repos", post(async || (StatusCode::CREATED, good().await)));
    bears(Call::new("git.create_repository", widget(), vendor)).await;
}

#[tokio::test]
async fn a_write_without_an_answer_bears_everything() {
    let vendor = Router::new().route("/repos/acme/widget", any(async || StatusCode::NO_CONTENT));
    bears(Call::new("git.delete_repository", widget(), vendor).without_body()).await;
}

#[tokio::test]
async fn a_download_bears_everything() {
    let vendor = Router::new().route("/jobs/test/log", get(async || "one\ntwo\nthree\n"));
    let mut params = widget();
    params["run"] = json!("17");
    params["job"] = json!("test");
    bears(Call::new("cicd.job_log", params, vendor).downloads()).await;
}

#[tokio::test]
async fn a_credential_is_renewed() {
    let given = AtomicU64::new(0);
    let token = move || {
        let number = given.fetch_add(1, Ordering::Relaxed);
        let body =
            json!({ "access_token": format!("{MARK}-{number}"), "token_type": "bearer", "expires_in": 3600 });
        async move { body.to_string() }
    };
    let token = Arc::new(token);
    let vendor =
        Router::new().route("/repos/acme/widget", get(good)).route("/oauth/token", post(move || token()));
    let make = async |origin: String| {
        let auth = json!({ "type": "oauth2", "tokenUrl": format!("{origin}/oauth/token"), "clientId": "mosaic",
            "clientSecret": MARK, "grant": "clientCredentials" });
        plugin(&origin, &serde_json::from_value(auth).unwrap())
    };
    let errors = run(make, Call::new("git.get_repository", widget(), vendor).renews()).await;
    secrets::assert_errors_hidden(&errors);
}

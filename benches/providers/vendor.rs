//! The vendor: a server that answers as GitHub does, from bytes made beforehand.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::header::{CONTENT_TYPE, LINK};
use axum::routing::get;
use mosaic_benches::{Fault, Result};
use serde::Deserialize;
use serde_json::{Value, json};

/// How many repositories the list has.
pub(crate) const REPOSITORIES: usize = 10_000;

/// The server in a process of its own; it ends with this value.
pub(crate) struct Vendor {
    child: Child,
    url: String,
}

impl Vendor {
    /// Starts this program once more, as the server.
    pub(crate) fn start() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child =
            Command::new(program).arg("--serve").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Part {
    page: usize,
    per_page: usize,
}

/// Serves until the process ends.
pub(crate) async fn serve() -> Result {
    let one = Bytes::from(repository(0).to_string());
    let all: Arc<Vec<Value>> = Arc::new((0..REPOSITORIES).map(repository).collect());
    let repo = move || async move { ([(CONTENT_TYPE, "application/json")], one) };
    let router = Router::new()
        .route("/repos/acme/{name}", get(repo.clone()).patch(repo))
        .route("/user/repos", get(move |part: Query<Part>| async move { page(&all, &part) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await.map_err(Fault::from)
}

fn page(all: &[Value], part: &Part) -> ([(axum::http::HeaderName, String); 2], String) {
    let begin = (part.page.saturating_sub(1) * part.per_page).min(all.len());
    let end = (begin + part.per_page).min(all.len());
    let link = if end < all.len() {
        format!("</user/repos?page={}>; rel=\"next\"", part.page + 1)
    } else {
        String::new()
    };
    let body = serde_json::to_string(&all[begin..end]).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json".to_owned()), (LINK, link)], body)
}

/// A repository with as many fields as GitHub gives: most of them are of no use to the one who reads it.
fn repository(number: usize) -> Value {
    let name = format!("widget-{number:05}");
    let api = format!("https://api.example.org/repos/acme/{name}");
    let mut repository = json!({
        "id": 1_000_000 + number, "node_id": format!("R_{number:016x}"), "name": name, "full_name": format!("acme/{name}"),
        "private": number.is_multiple_of(3), "description": "A widget with a lid, a hinge and a spring",
        "owner": {
            "login": "acme", "id": 7, "node_id": "O_7", "avatar_url": "https://avatars.example.org/u/7?v=4", "gravatar_id": "",
            "type": "Organization", "user_view_type": "public", "site_admin": false,
        },
        "html_url": format!("https://example.org/acme/{name}"), "clone_url": format!("https://example.org/acme/{name}.git"),
        "default_branch": "main", "archived": false, "fork": false, "disabled": false, "visibility": "public",
        "created_at": "2024-01-26T19:01:12Z", "updated_at": "2026-01-26T19:14:43Z", "pushed_at": "2026-01-26T19:06:43Z",
        "size": 1080, "stargazers_count": 80, "watchers_count": 80, "forks_count": 9, "open_issues_count": 3, "language": "Rust",
        "topics": ["widget", "lid", "hinge"], "has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false,
        "license": { "key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": "https://api.example.org/licenses/mit", "node_id": "L_1" },
        "permissions": { "admin": false, "maintain": false, "push": true, "triage": true, "pull": true },
    });
    for noun in [
        "assignees",
        "blobs",
        "branches",
        "collaborators",
        "comments",
        "commits",
        "compare",
        "contents",
        "contributors",
        "deployments",
        "downloads",
        "events",
        "forks",
        "hooks",
        "issues",
        "keys",
        "labels",
        "languages",
        "merges",
        "milestones",
        "notifications",
        "pulls",
        "releases",
        "stargazers",
        "statuses",
        "subscribers",
        "tags",
        "teams",
        "trees",
    ] {
        repository[format!("{noun}_url")] = format!("{api}/{noun}{{/number}}").into();
    }
    repository
}

//! The REST API of Bitbucket Cloud over the state of the forge, as its document and recordings say.
//!
//! Faithful in paths, status codes, field names and nesting, and in what surprises: pages name the address of the next one in the
//! body, what is taken or missing is a bad request told in words, a repository is empty until its main branch has a commit and
//! that branch becomes the main one, commits are made by forms and answer nothing but an address, the ids of commits in pull
//! requests are shortened, a second pull request for the same branches changes the first, only open ones can be changed, whoever
//! is not named among the reviewers is taken off, an approval is given once, a plain tag gets a text, and there are no releases.
//!
//! Left out: forks, projects, branch restrictions, default reviewers, tasks, deployments, snippets, the issue tracker.

mod commits;
mod fault;
mod form;
mod hooks;
mod pipelines;
mod pulls;
mod refs;
mod remarks;
mod repos;
mod routes;
mod source;
mod statuses;
mod wire;

use std::sync::Arc;

use serde_json::{Value, json};

use super::forge::{Forge, Found, Repo, User};
use super::http::{Ask, Cut, Dialect, Paging, Reply, encode, router};
use fault::{error, forbidden, not_found, unauthorized};

/// An answer, or the error of the API that is the answer.
pub(super) type Answer = Result<Reply, Reply>;

/// Where the API begins.
pub(crate) const BASE: &str = "/2.0";

/// The API.
///
/// ```text
/// let bucket = Bitbucket::new(forge);
/// let server = Server::start(bucket.router()).await;
/// ```
#[derive(Debug)]
pub(crate) struct Bitbucket {
    forge: Arc<Forge>,
    /// Commits and merges are made one after the other.
    pub(super) writing: tokio::sync::Mutex<()>,
}

/// One request: whose it is and what it says.
pub(super) struct Cx<'a> {
    pub(super) bucket: &'a Bitbucket,
    pub(super) ask: &'a Ask,
    pub(super) user: Option<User>,
    /// The body where it is JSON, else null.
    pub(super) body: Value,
}

impl Bitbucket {
    pub(crate) fn new(forge: Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge, writing: tokio::sync::Mutex::default() })
    }

    /// The whole API, to be put behind a server.
    pub(crate) fn router(self: &Arc<Self>) -> axum::Router {
        router(Arc::clone(self))
    }

    /// The state.
    pub(crate) fn forge(&self) -> &Arc<Forge> {
        &self.forge
    }
}

impl Dialect for Bitbucket {
    async fn answer(&self, ask: Ask) -> Reply {
        if let ["logs", rest @ ..] = ask.parts().as_slice() {
            let cx = Cx { bucket: self, ask: &ask, user: None, body: Value::Null };
            return pipelines::elsewhere(&cx, rest).unwrap_or_else(|error| error);
        }
        if !ask.path.starts_with(BASE) {
            return Reply::text(404, "Not found");
        }
        let token = ask.token(&["Bearer"]).map(str::to_owned);
        let token = token.or_else(|| ask.basic().map(|(_, password)| password));
        let user = match &token {
            Some(token) => match self.forge.whose(token) {
                Some(user) => Some(user),
                None => return unauthorized(),
            },
            None => None,
        };
        let json = ask.header("content-type").is_some_and(|kind| kind.contains("json"));
        let body = match ask.json() {
            _ if ask.body.is_empty() || !json => Value::Null,
            Some(body) => body,
            None => return error(400, "Bad request"),
        };
        let cx = Cx { bucket: self, ask: &ask, user, body };
        let parts = ask.parts();
        routes::route(&cx, parts.get(1..).unwrap_or_default()).await.unwrap_or_else(|error| error)
    }
}

impl Cx<'_> {
    pub(super) fn forge(&self) -> &Forge {
        &self.bucket.forge
    }

    /// Where the API begins.
    pub(super) fn api(&self) -> String {
        format!("{}{BASE}", self.ask.origin())
    }

    /// Who asks.
    pub(super) fn me(&self) -> Result<&User, Reply> {
        self.user.as_ref().ok_or_else(unauthorized)
    }

    /// Whether whoever asks may write to a repository.
    pub(super) fn writes(&self, repo: &Repo) -> bool {
        self.user.as_ref().is_some_and(|user| {
            repo.collaborators.contains(&user.login) || self.forge().may_write(&user.login, &repo.owner)
        })
    }

    /// Who asks, where that is somebody who may write.
    pub(super) fn writer(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if self.writes(repo) { Ok(me) } else { Err(forbidden()) }
    }

    /// The repository of a name; a redirect where it has another one now.
    pub(super) fn repo(&self, owner: &str, name: &str) -> Result<Repo, Reply> {
        let missing = || {
            not_found(&format!(
                "You may not have access to this repository or it no longer exists in this workspace: {owner}/{name}"
            ))
        };
        let (id, moved) = match self.forge().find(owner, name) {
            Found::Here(id) => (id, false),
            Found::Moved(id) => (id, true),
            Found::Nowhere => return Err(missing()),
        };
        let repo = self.forge().repo(id).ok_or_else(missing)?;
        if repo.private && !self.writes(&repo) {
            return Err(missing());
        }
        if !moved {
            return Ok(repo);
        }
        let rest: String = self.ask.path.split('/').skip(5).map(|part| format!("/{part}")).collect();
        let query: Vec<_> =
            self.ask.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let place = format!("{BASE}/repositories/{}{rest}{query}", repo.full_name());
        Err(Reply::empty(301).header("location", place))
    }

    /// A text within the body; none where it is absent, null or empty.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A page of a list.
    pub(super) fn page<T>(&self, all: Vec<T>, most: usize) -> Cut<T> {
        Paging::read(self.ask, "pagelen", 10, most).cut(all)
    }

    /// The answer for a page, with the address of the next one.
    pub(super) fn listed(&self, cut: &Cut<Value>) -> Reply {
        let base = format!("{}{}", self.ask.origin(), self.ask.path);
        let mut body = json!({
            "values": cut.items, "pagelen": cut.paging.size, "page": cut.paging.page, "size": cut.total,
        });
        if let Some(next) = self.next_url(cut, &base) {
            body["next"] = next.into();
        }
        Reply::json(200, &body)
    }

    /// Parameters that are given more than once stay so.
    fn next_url(&self, cut: &Cut<Value>, base: &str) -> Option<String> {
        cut.next_url(self.ask, base, "pagelen")
    }
}

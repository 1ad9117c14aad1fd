//! The REST API of Gitea and Forgejo over the state of the forge, as their documents, sources and recordings say.
//!
//! Faithful in paths, status codes, field names and nesting, and in what surprises: what is absent comes as null, pages are
//! told by `Link` and `X-Total-Count`, a missing ref to begin a branch at is a failure of the server, the default branch cannot
//! be deleted (403), another version of a file is a 422, a closed pull request cannot be merged (404), one that cannot be merged
//! is "Please try again later" (405), a merge answers nothing, branches and tags come newest first, history of a path that was
//! never touched is a 404, archived repositories refuse with 423, empty ones with 409, labels are given by their numbers.
//!
//! The products differ: Gitea gives a diff of a comparison, Forgejo the names of its files; Gitea says in a wiki what is
//! missing by 404, and so on where the code says `product`.
//!
//! Left out: forks, teams, protection of branches, pending reviews, reactions, assets, mirrors, packages, Actions.

mod commits;
mod contents;
mod fault;
mod hooks;
mod issues;
mod labels;
mod people;
mod pulls;
mod refs;
mod releases;
mod repos;
mod reviews;
mod routes;
mod statuses;
mod wiki;
mod wire;

use std::sync::Arc;

use mosaic_providers::gitea::Product;
use serde_json::Value;

use super::forge::{Forge, Found, Repo, User};
use super::http::{Ask, Cut, Dialect, Paging, Reply, router};
use fault::{archived, error, not_found, unauthorized};

/// An answer, or the error of the API that is the answer.
pub(super) type Answer = Result<Reply, Reply>;

/// Where the API begins.
pub(crate) const BASE: &str = "/api/v1";

/// A server of either product.
///
/// ```text
/// let tea = Gitea::new(forge, Product::Forgejo);
/// let server = Server::start(tea.router()).await;
/// ```
#[derive(Debug)]
pub(crate) struct Gitea {
    forge: Arc<Forge>,
    product: Product,
}

/// One request: whose it is and what it says.
pub(super) struct Cx<'a> {
    pub(super) tea: &'a Gitea,
    pub(super) ask: &'a Ask,
    pub(super) user: Option<User>,
    /// The body; null where there is none.
    pub(super) body: Value,
}

impl Gitea {
    pub(crate) fn new(forge: Arc<Forge>, product: Product) -> Arc<Self> {
        Arc::new(Self { forge, product })
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

impl Dialect for Gitea {
    async fn answer(&self, ask: Ask) -> Reply {
        if !ask.path.starts_with(BASE) {
            return Reply::text(404, "Not found.\n");
        }
        let token = ask.token(&["token", "Bearer"]).map(str::to_owned);
        let token = token.or_else(|| ask.basic().map(|(_, password)| password));
        let user = match &token {
            Some(token) => match self.forge.whose(token) {
                Some(user) => Some(user),
                None => return unauthorized("invalid username, password or token"),
            },
            None => None,
        };
        let body = match ask.json() {
            _ if ask.body.is_empty() => Value::Null,
            Some(body) => body,
            None => return error(422, "invalid character in the body"),
        };
        let cx = Cx { tea: self, ask: &ask, user, body };
        let parts = ask.parts();
        routes::route(&cx, parts.get(2..).unwrap_or_default()).await.unwrap_or_else(|error| error)
    }
}

impl Cx<'_> {
    pub(super) fn forge(&self) -> &Forge {
        &self.tea.forge
    }

    pub(super) fn product(&self) -> Product {
        self.tea.product
    }

    /// Where the API begins.
    pub(super) fn api(&self) -> String {
        format!("{}{BASE}", self.ask.origin())
    }

    /// Where people look at things.
    pub(super) fn web(&self) -> String {
        self.ask.origin()
    }

    /// Who asks.
    pub(super) fn me(&self) -> Result<&User, Reply> {
        self.user.as_ref().ok_or_else(|| unauthorized("token is required"))
    }

    /// Whether whoever asks may write to a repository.
    pub(super) fn writes(&self, repo: &Repo) -> bool {
        self.user.as_ref().is_some_and(|user| {
            repo.collaborators.contains(&user.login) || self.forge().may_write(&user.login, &repo.owner)
        })
    }

    /// Who asks, where that is somebody who may write and the repository takes changes.
    pub(super) fn writer(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if !self.writes(repo) {
            return Err(error(403, "user should have a permission to write to the repository"));
        }
        if repo.archived { Err(archived(repo)) } else { Ok(me) }
    }

    /// Who asks, where the repository takes changes: for what everybody may write who sees it.
    pub(super) fn visitor(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if repo.archived { Err(archived(repo)) } else { Ok(me) }
    }

    /// The repository of a name; a redirect where it has another one now.
    pub(super) fn repo(&self, owner: &str, name: &str) -> Result<Repo, Reply> {
        let (id, moved) = match self.forge().find(owner, name) {
            Found::Here(id) => (id, false),
            Found::Moved(id) => (id, true),
            Found::Nowhere => return Err(not_found(self)),
        };
        let repo = self.forge().repo(id).ok_or_else(|| not_found(self))?;
        if repo.private && !self.writes(&repo) {
            return Err(not_found(self));
        }
        if !moved {
            return Ok(repo);
        }
        let rest: Vec<_> = self.ask.path.split('/').skip(6).collect();
        let rest = if rest.is_empty() { String::new() } else { format!("/{}", rest.join("/")) };
        let query: Vec<_> = self
            .ask
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", super::http::encode(value)))
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let place = format!("{BASE}/repos/{}{rest}{query}", repo.full_name());
        Err(Reply::empty(307).header("location", place))
    }

    /// A text of the body; none where it is absent or null.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }

    /// The same; an empty one counts as none.
    pub(super) fn filled(&self, field: &str) -> Option<&str> {
        self.text(field).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        self.body.get(field)?.as_bool()
    }

    pub(super) fn number(&self, field: &str) -> Option<u64> {
        self.body.get(field)?.as_u64()
    }

    /// A page of a list.
    pub(super) fn page<T>(&self, all: Vec<T>) -> Cut<T> {
        Paging::read(self.ask, "limit", 30, 50).cut(all)
    }

    /// The answer for a page, with what tells of the others.
    pub(super) fn listed(&self, cut: &Cut<Value>) -> Reply {
        let base = format!("{}{}", self.ask.origin(), self.ask.path);
        let link = cut.link(self.ask, &base, "limit");
        self.counted(cut).maybe_header("link", link)
    }

    /// The same without a link, as some lists have it.
    pub(super) fn counted(&self, cut: &Cut<Value>) -> Reply {
        Reply::json(200, &Value::Array(cut.items.clone())).header("x-total-count", cut.total.to_string())
    }
}

//! GitHub's REST API over the state of the forge, as its document and recordings say.
//!
//! Faithful in paths, status codes, field names and nesting, and in what surprises: lists of issues hold pull requests, `Link`
//! goes by the id of the repository, renamed repositories answer 301 to reads and 307 to writes, empty ones 409, a review
//! without a text has an empty one, a comment on a line makes a review of its own, tags are listed backwards, a new repository has labels, a write with the
//! same content makes a commit, `merge_commit_sha` of an open pull request is that of a trial merge.
//!
//! A 422 of this server has the words that the document, the recordings or common knowledge have; not every word is
//! confirmed, so clients should go by status, `code` and `field`.
//!
//! Left out: forks and pull requests between them, protection of branches, checks, reactions, discussions, sub-issues, teams,
//! invitations, assets of releases, archives, `git/trees` and `git/commits` as writes, organisations' settings, GraphQL.
//! `mergeable` is known at once, where GitHub may answer `null` first. Actions are in `actions`.

pub(crate) mod actions;
mod app;
mod commits;
mod contents;
mod fault;
mod hooks;
mod issues;
mod labels;
mod milestones;
mod people;
mod pulls;
mod refs;
mod releases;
mod remarks;
mod repos;
mod reviews;
mod routes;
mod search;
mod statuses;
mod wire;

#[cfg(test)]
mod check;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::forge::{Forge, Found, Repo, User};
use super::http::{Ask, Cut, Dialect, Meter, Paging, Reply, Standing, router};
use fault::{bad_credentials, error, not_found, rate_limited};

/// An answer, or the error of the API that is the answer.
pub(super) type Answer = Result<Reply, Reply>;

/// A server of GitHub's API.
///
/// ```text
/// let hub = GitHub::new(forge);
/// let server = Server::start(hub.router()).await;
/// hub.meter().set_remaining(0);
/// ```
#[derive(Debug)]
pub(crate) struct GitHub {
    forge: Arc<Forge>,
    meter: Meter,
    prefix: &'static str,
    own_reviews: AtomicBool,
    /// Installations of apps, and whom they act as.
    installed: Mutex<BTreeMap<u64, String>>,
    tokens: Mutex<Vec<String>>,
    /// Whether dispatches are answered with nothing.
    silent: AtomicBool,
    /// How often lists leave a new run out, and how often they did.
    late: Mutex<(u64, BTreeMap<u64, u64>)>,
    /// The titles of runs that have one of their own.
    titles: Mutex<BTreeMap<u64, String>>,
}

/// One request: whose it is and what it says.
pub(super) struct Cx<'a> {
    pub(super) hub: &'a GitHub,
    pub(super) ask: &'a Ask,
    pub(super) user: Option<User>,
    /// The body; null where there is none.
    pub(super) body: Value,
}

impl GitHub {
    /// As `api.github.com`: 5,000 requests an hour, paths from the root.
    pub(crate) fn new(forge: Arc<Forge>) -> Arc<Self> {
        Self::at(forge, "")
    }

    /// As an Enterprise server: paths below `/api/v3`.
    pub(crate) fn enterprise(forge: Arc<Forge>) -> Arc<Self> {
        Self::at(forge, "/api/v3")
    }

    fn at(forge: Arc<Forge>, prefix: &'static str) -> Arc<Self> {
        Arc::new(Self {
            forge,
            meter: Meter::new(5_000),
            prefix,
            own_reviews: AtomicBool::new(false),
            installed: Mutex::default(),
            tokens: Mutex::default(),
            silent: AtomicBool::new(false),
            late: Mutex::default(),
            titles: Mutex::default(),
        })
    }

    /// The whole API, to be put behind a server.
    pub(crate) fn router(self: &Arc<Self>) -> axum::Router {
        router(Arc::clone(self))
    }

    /// The rate limit.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The state.
    pub(crate) fn forge(&self) -> &Arc<Forge> {
        &self.forge
    }

    /// Lets people approve their own pull requests, which GitHub does not: for suites that work as one person.
    pub(crate) fn allow_own_reviews(&self) {
        self.own_reviews.store(true, Ordering::Release);
    }

    fn installed(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.installed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn titles(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.titles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<String>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn own_reviews(&self) -> bool {
        self.own_reviews.load(Ordering::Acquire)
    }
}

impl Dialect for GitHub {
    async fn answer(&self, ask: Ask) -> Reply {
        let reply = self.limited(&ask).await;
        let Standing { limit, remaining, used, reset } = self.meter.standing();
        let resource = if ask.parts().contains(&"search") { "search" } else { "core" };
        reply
            .header("x-ratelimit-limit", limit.to_string())
            .header("x-ratelimit-remaining", remaining.to_string())
            .header("x-ratelimit-used", used.to_string())
            .header("x-ratelimit-reset", reset.to_string())
            .header("x-ratelimit-resource", resource)
            .header("x-github-media-type", "github.v3; format=json")
            .header(
                "x-github-api-version-selected",
                ask.header("x-github-api-version").unwrap_or("2022-11-28"),
            )
            .header("x-github-request-id", format!("FAKE:{:X}", self.meter.charged()))
    }
}

impl GitHub {
    /// The answer within the rate limit: a 304 costs nothing.
    async fn limited(&self, ask: &Ask) -> Reply {
        if ask.header("user-agent").is_none_or(str::is_empty) {
            let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Reply::text(403, text);
        }
        if let Some(reply) = app::answer(self, ask, &self.below(ask)) {
            return reply;
        }
        let token = ask.token(&["Bearer", "token"]).map(str::to_owned);
        let token = token.or_else(|| ask.basic().map(|(_, password)| password));
        let user = match &token {
            Some(token) => match self.forge.whose(token) {
                Some(user) => Some(user),
                None => return bad_credentials(),
            },
            None if ask.header("authorization").is_some() => return bad_credentials(),
            None => None,
        };
        if ask.path.ends_with("/rate_limit") {
            self.meter.spare();
            return self.whole(ask, user).await;
        }
        // What changes something must not happen when nothing is left.
        if !ask.is("GET") && self.meter.is_spent() {
            return rate_limited(user.as_ref());
        }
        let reply = self.whole(ask, user.clone()).await.conditional(ask, true);
        if reply.status == 304 {
            self.meter.spare();
        } else if !self.meter.charge() {
            return rate_limited(user.as_ref());
        }
        reply
    }

    /// The parts of the path below the prefix; none where it is not below it.
    fn below<'a>(&self, ask: &'a Ask) -> Vec<&'a str> {
        let prefix: Vec<_> = self.prefix.split('/').skip(1).collect();
        let mut parts = ask.parts();
        // The root of the API has no parts; a path outside of it is one that nothing has.
        if parts.starts_with(&prefix) { parts.split_off(prefix.len()) } else { vec!["outside"] }
    }

    async fn whole(&self, ask: &Ask, user: Option<User>) -> Reply {
        let parts = self.below(ask);
        let body = if ask.is("GET") || ask.body.is_empty() {
            Value::Null
        } else {
            match ask.json() {
                Some(body @ (Value::Object(_) | Value::Array(_))) => body,
                Some(_) => return error(400, "Body should be a JSON object"),
                None => return error(400, "Problems parsing JSON"),
            }
        };
        let cx = Cx { hub: self, ask, user, body };
        routes::route(&cx, &parts).await.unwrap_or_else(|error| error)
    }
}

impl Cx<'_> {
    pub(super) fn forge(&self) -> &Forge {
        &self.hub.forge
    }

    /// Where the API begins.
    pub(super) fn api(&self) -> String {
        format!("{}{}", self.ask.origin(), self.hub.prefix)
    }

    /// Where people look at things.
    pub(super) fn web(&self) -> String {
        self.ask.origin()
    }

    /// Who asks.
    pub(super) fn me(&self) -> Result<&User, Reply> {
        self.user.as_ref().ok_or_else(|| error(401, "Requires authentication"))
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
            return Err(error(403, "Must have admin rights to Repository."));
        }
        if repo.archived {
            return Err(error(403, "Repository was archived so is read-only."));
        }
        Ok(me)
    }

    /// Who asks, where the repository takes changes: for issues, comments and reviews, which everybody may write who sees it.
    pub(super) fn visitor(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if repo.archived {
            return Err(error(403, "Repository was archived so is read-only."));
        }
        Ok(me)
    }

    /// The repository of a name; a redirect where it has another one now.
    pub(super) fn repo(&self, owner: &str, name: &str) -> Result<Repo, Reply> {
        match self.forge().find(owner, name) {
            Found::Here(id) => self.seen(id),
            Found::Moved(id) => {
                self.seen(id)?;
                let rest: Vec<_> =
                    self.ask.path.strip_prefix(self.hub.prefix).unwrap_or("").split('/').skip(4).collect();
                let rest = if rest.is_empty() { String::new() } else { format!("/{}", rest.join("/")) };
                let url = format!("{}/repositories/{id}{rest}", self.api());
                let status = if self.ask.is("GET") { 301 } else { 307 };
                let body = serde_json::json!({
                    "message": "Moved Permanently",
                    "url": url,
                    "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
                });
                Err(Reply::json(status, &body).header("location", url))
            }
            Found::Nowhere => Err(not_found()),
        }
    }

    /// The repository of an id; private ones are not there for those who may not see them.
    pub(super) fn seen(&self, id: u64) -> Result<Repo, Reply> {
        let repo = self.forge().repo(id).ok_or_else(not_found)?;
        if repo.private && !self.writes(&repo) { Err(not_found()) } else { Ok(repo) }
    }

    /// A text of the body; none where it is absent or null.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        self.body.get(field)?.as_bool()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.body.get(field).is_some()
    }

    /// A page of a list, with its `Link`, which goes by the id of the repository.
    pub(super) fn page<T>(&self, all: Vec<T>) -> Cut<T> {
        Paging::read(self.ask, "per_page", 30, 100).cut(all)
    }

    /// The answer for a page.
    pub(super) fn listed(&self, cut: &Cut<Value>) -> Reply {
        let items: Vec<_> = cut.items.clone();
        let path = self.ask.path.strip_prefix(self.hub.prefix).unwrap_or(&self.ask.path);
        let mut parts = path.split('/').skip(1);
        let base = match (parts.next(), parts.next(), parts.next()) {
            (Some("repos"), Some(owner), Some(name)) => match self.forge().find(owner, name) {
                Found::Here(id) | Found::Moved(id) => {
                    let rest: String = parts.map(|part| format!("/{part}")).collect();
                    format!("{}/repositories/{id}{rest}", self.api())
                }
                Found::Nowhere => format!("{}{path}", self.api()),
            },
            _ => format!("{}{path}", self.api()),
        };
        Reply::json(200, &Value::Array(items)).maybe_header("link", cut.link(self.ask, &base, "per_page"))
    }
}

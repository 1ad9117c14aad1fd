//! GitLab's REST API over the state of the forge, as its document and recordings say.
//!
//! Faithful in paths, status codes, field names and nesting, and in what surprises: projects are one encoded segment, merge
//! requests and issues are numbered apart, a file that is written is a commit whose answer names no blob, a merge goes by the
//! project's own way of merging, a status that has not ended cannot be said twice, deleted projects stay for a while, renamed
//! ones answer 301 to reads and 405 to writes, an archived one answers 403, errors have a `message` of many shapes.
//!
//! Left out: forks and merge requests between them, protection of branches, rules for approvals, groups' own issues and milestones, events, commands in
//! texts,
//! runners, packages. The words for a file where a directory is are an assumption.

mod branches;
mod ci;
mod commits;
mod files;
mod hooks;
mod issues;
mod links;
mod merge_requests;
mod merges;
mod milestones;
mod notes;
mod projects;
mod releases;
mod routes;
mod statuses;
mod tags;
mod wiki;
mod wire;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::forge::{Forge, Found, Reason, Refusal, Repo, User};
use super::http::{Ask, Cut, Dialect, Meter, Paging, Reply, Standing, router};

/// An answer, or the error of the API that is the answer.
pub(super) type Answer = Result<Reply, Reply>;

/// A server of GitLab's API.
///
/// ```text
/// let lab = GitLab::new(forge);
/// let server = Server::start(lab.router()).await;
/// lab.set_merge_method(repo.id, "ff");
/// ```
#[derive(Debug)]
pub(crate) struct GitLab {
    forge: Arc<Forge>,
    meter: Meter,
    extra: Mutex<Extra>,
}

/// What the state of the forge has no place for.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// Of projects that do not make merge commits.
    pub(super) merge_methods: HashMap<u64, String>,
    /// The ids of merge requests that bring a branch of a fork.
    pub(super) foreign: Vec<u64>,
    pub(super) deleting: HashSet<u64>,
    /// For how many looks GitLab says that it is still finding out whether a merge is possible.
    pub(super) checking: u32,
    /// Whether the server has no more than is free: no issue blocks another.
    pub(super) free: bool,
}

/// One request: whose it is and what it says.
pub(super) struct Cx<'a> {
    pub(super) lab: &'a GitLab,
    pub(super) ask: &'a Ask,
    pub(super) user: Option<User>,
    /// The body; null where there is none.
    pub(super) body: Value,
}

impl GitLab {
    pub(crate) fn new(forge: Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge, meter: Meter::new(2_000), extra: Mutex::default() })
    }

    /// The whole API, to be put behind a server.
    pub(crate) fn router(self: &Arc<Self>) -> axum::Router {
        router(Arc::clone(self))
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) fn forge(&self) -> &Arc<Forge> {
        &self.forge
    }

    /// How a project merges: `merge`, `rebase_merge` or `ff`.
    pub(crate) fn set_merge_method(&self, repo: u64, method: &str) {
        self.extra().merge_methods.insert(repo, method.to_owned());
    }

    /// A merge request becomes one of a fork, whose branch has the same name.
    pub(crate) fn make_foreign(&self, repo: u64, number: u64) {
        let id = self.forge().with(repo, |repo| repo.items[&number].id);
        self.extra().foreign.extend(id);
    }

    /// For so many looks it is not known whether a merge request can be merged.
    pub(crate) fn check_for(&self, looks: u32) {
        self.extra().checking = looks;
    }

    /// The server has no more than is free.
    pub(crate) fn set_free(&self) {
        self.extra().free = true;
    }

    pub(super) fn extra(&self) -> MutexGuard<'_, Extra> {
        self.extra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dialect for GitLab {
    async fn answer(&self, ask: Ask) -> Reply {
        let reply = self.limited(&ask).await;
        let Standing { limit, remaining, used, reset } = self.meter.standing();
        reply
            .header("ratelimit-limit", limit.to_string())
            .header("ratelimit-observed", used.to_string())
            .header("ratelimit-remaining", remaining.to_string())
            .header("ratelimit-reset", reset.to_string())
            .header("x-gitlab-meta", r#"{"correlation_id":"fake","version":"1"}"#)
            .header("x-request-id", format!("FAKE{:X}", self.meter.charged()))
    }
}

impl GitLab {
    async fn limited(&self, ask: &Ask) -> Reply {
        if !self.meter.charge() {
            return Reply::text(429, "Retry later\n").header("retry-after", "60");
        }
        let bearer = ask.token(&["Bearer"]).map(str::to_owned);
        let token = ask.header("private-token").map(str::to_owned).or(bearer);
        let user = match &token {
            Some(token) => match self.forge.whose(token) {
                Some(user) => Some(user),
                None => return message(401, "401 Unauthorized"),
            },
            None => None,
        };
        let parts = ask.parts();
        let Some(parts) = parts.strip_prefix(&["api", "v4"]) else { return missing("") };
        let body = if ask.is("GET") || ask.body.is_empty() {
            Value::Null
        } else {
            match ask.json() {
                Some(body) => body,
                None => {
                    return Reply::json(
                        400,
                        &json!({ "error": "The provided content-type is not supported." }),
                    );
                }
            }
        };
        let cx = Cx { lab: self, ask, user, body };
        let reply = routes::route(&cx, parts).await.unwrap_or_else(|error| error);
        reply.conditional(ask, true)
    }
}

/// An error as GitLab tells it.
pub(super) fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({ "message": text }))
}

/// `404 Branch Not Found`, or `404 Not found` where nothing is named.
pub(super) fn missing(what: &str) -> Reply {
    match what {
        "" => message(404, "404 Not found"),
        what => message(404, &format!("404 {what} Not Found")),
    }
}

pub(super) fn forbidden() -> Reply {
    message(403, "403 Forbidden")
}

/// A parameter that is needed and absent, as the API's own checks say it.
pub(super) fn absent(name: &str) -> Reply {
    Reply::json(400, &json!({ "error": format!("{name} is missing") }))
}

/// The state's refusals where an endpoint has no words of its own.
pub(super) fn refused(refusal: &Refusal) -> Reply {
    match refusal.reason {
        Reason::Missing => missing(""),
        Reason::Exists | Reason::Stale => message(409, &refusal.message),
        Reason::State | Reason::Conflict => message(405, "405 Method Not Allowed"),
        Reason::Invalid => message(400, &refusal.message),
    }
}

impl Cx<'_> {
    pub(super) fn forge(&self) -> &Forge {
        &self.lab.forge
    }

    /// Where people look at things.
    pub(super) fn web(&self) -> String {
        self.ask.origin()
    }

    pub(super) fn me(&self) -> Result<&User, Reply> {
        self.user.as_ref().ok_or_else(|| message(401, "401 Unauthorized"))
    }

    pub(super) fn writes(&self, repo: &Repo) -> bool {
        self.user.as_ref().is_some_and(|user| {
            repo.collaborators.contains(&user.login) || self.forge().may_write(&user.login, &repo.owner)
        })
    }

    /// Who asks, where that is somebody who may write to the project.
    pub(super) fn writer(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if repo.archived || !self.writes(repo) { Err(forbidden()) } else { Ok(me) }
    }

    /// Who asks, where the project takes changes: for issues and notes, which everybody may write who sees it.
    pub(super) fn visitor(&self, repo: &Repo) -> Result<&User, Reply> {
        let me = self.me()?;
        if repo.archived { Err(forbidden()) } else { Ok(me) }
    }

    /// The project of an id or a path.
    pub(super) fn repo(&self, id: &str) -> Result<Repo, Reply> {
        let gone = || missing("Project");
        let found = match id.parse() {
            Ok(id) => Found::Here(id),
            Err(_) => {
                let (owner, name) = id.rsplit_once('/').ok_or_else(gone)?;
                self.forge().find(owner, name)
            }
        };
        match found {
            Found::Here(id) => self.seen(id),
            Found::Moved(id) => {
                let repo = self.seen(id)?;
                if !self.ask.is("GET") {
                    return Err(message(405, "Non GET methods are not allowed for moved projects"));
                }
                let old = self.ask.path.split('/').nth(4).unwrap_or_default();
                let path = self.ask.path.replacen(old, &repo.id.to_string(), 1);
                let query: Vec<_> = self
                    .ask
                    .query
                    .iter()
                    .map(|(n, v)| format!("{}={}", super::http::encode(n), super::http::encode(v)))
                    .collect();
                let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
                let url = format!("{}{path}{query}", self.web());
                let body = json!({ "message": "This resource has been moved permanently to the URL in the Location header" });
                Err(Reply::json(301, &body).header("location", url))
            }
            Found::Nowhere => Err(gone()),
        }
    }

    fn seen(&self, id: u64) -> Result<Repo, Reply> {
        let repo = self.forge().repo(id).ok_or_else(|| missing("Project"))?;
        if repo.private && !self.writes(&repo) { Err(missing("Project")) } else { Ok(repo) }
    }

    /// A parameter, of the body or of the query: GitLab takes both.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str).or_else(|| self.ask.query(field))
    }

    /// One that must be there and say something.
    pub(super) fn need(&self, field: &str) -> Result<&str, Reply> {
        self.text(field).ok_or_else(|| absent(field))
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        self.body
            .get(field)
            .and_then(Value::as_bool)
            .or_else(|| self.ask.query(field).map(|text| text == "true"))
    }

    pub(super) fn page<T>(&self, all: Vec<T>) -> Cut<T> {
        Paging::read(self.ask, "per_page", 20, 100).cut(all)
    }

    /// The answer for a page, with `Link` and the `X-` family.
    pub(super) fn listed(&self, cut: &Cut<Value>) -> Reply {
        let base = format!("{}{}", self.web(), self.ask.path);
        let reply = Reply::json(200, &Value::Array(cut.items.clone()));
        cut.page_headers(reply).maybe_header("link", cut.link(self.ask, &base, "per_page"))
    }

    /// A whole list, a page of it at a time.
    pub(super) fn list(&self, all: Vec<Value>) -> Answer {
        Ok(self.listed(&self.page(all)))
    }
}

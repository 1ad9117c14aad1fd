//! Woodpecker's API over the state of the forge.
//!
//! Faithful: paths, status codes, plain-text and empty errors, an empty 500 for a branch that is not there, 204 where no
//! workflow takes the event, pages without totals, filters, restarts of runs that go on, log lines in Base64, streams of
//! events that refuse a step that is not running. Workflows are the files of `.woodpecker` on the branch, ordered by
//! name; each has a clone step and one of commands.
//!
//! Left out: repositories that are not active, approvals, crons, secrets, other events than `manual`. A stream of events
//! ends without its last event after what there is, as through a proxy that cuts it.

mod logs;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use mosaic_core::testkit::suite::cicd::Draft;
use serde_json::{Value, json};

use super::forge::{Forge, Found, Refusal, Repo, Run, Trigger, User, read_program};
use super::http::{Ask, Dialect, Paging, Reply};

/// The server. Its repositories have the ids of the forge's.
#[derive(Debug)]
pub(crate) struct Woodpecker {
    forge: Arc<Forge>,
}

impl Woodpecker {
    pub(crate) fn new(forge: &Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge: Arc::clone(forge) })
    }

    async fn route(&self, ask: &Ask, user: &User) -> Reply {
        let parts = ask.parts();
        match (ask.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "user"]) => Reply::json(200, &shape::user(user)),
            ("GET", ["api", "repos", "lookup", name @ ..]) => self.look_up(&name.join("/")),
            (_, ["api", "repos", id, rest @ ..]) => match self.repo(id) {
                Some(repo) => self.within(ask, user, &repo, rest).await,
                None => Reply::empty(404),
            },
            ("GET", ["api", "stream", "logs", id, number, step]) => match self.repo(id) {
                Some(repo) => logs::stream(&self.forge.runs(repo.id), number, step),
                None => Reply::empty(404),
            },
            _ => Reply::text(404, "404 page not found"),
        }
    }

    async fn within(&self, ask: &Ask, user: &User, repo: &Repo, rest: &[&str]) -> Reply {
        match (ask.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &shape::repository(repo)),
            ("GET", ["branches"]) => {
                let branches = self.forge.git(repo.id).branches().await;
                page(ask, branches.iter().map(|branch| json!(branch.short())).collect())
            }
            ("GET", ["pipelines"]) => self.list(ask, repo),
            ("POST", ["pipelines"]) => self.trigger(ask, user, repo).await,
            (method, ["pipelines", number, rest @ ..]) => {
                if number.parse::<u64>().is_err() {
                    return Reply::empty(400);
                }
                match (method, rest, self.find(repo, number)) {
                    (_, _, None) => Reply::empty(404),
                    ("GET", [], Some(run)) => Reply::json(200, &shape::run(&run, true)),
                    ("POST", [], Some(run)) => Reply::json(200, &shape::run(&self.restart(run), false)),
                    ("POST", ["cancel"], Some(run)) => self.cancel(repo, &run),
                    _ => Reply::text(404, "404 page not found"),
                }
            }
            ("GET", ["logs", number, step]) => logs::stored(&self.forge.runs(repo.id), number, step),
            _ => Reply::text(404, "404 page not found"),
        }
    }

    fn repo(&self, id: &str) -> Option<Repo> {
        self.forge.repo(id.parse().ok()?)
    }

    fn look_up(&self, name: &str) -> Reply {
        let Some((owner, name)) = name.split_once('/') else { return Reply::empty(404) };
        let repo = match self.forge.find(owner, name) {
            Found::Here(id) | Found::Moved(id) => self.forge.repo(id),
            Found::Nowhere => None,
        };
        repo.map_or_else(|| Reply::empty(404), |repo| Reply::json(200, &shape::repository(&repo)))
    }

    fn find(&self, repo: &Repo, number: &str) -> Option<Run> {
        let number: u64 = number.parse().ok()?;
        self.forge.runs(repo.id).into_iter().find(|run| run.number == number)
    }

    fn list(&self, ask: &Ask, repo: &Repo) -> Reply {
        let (branch, part, status) = (ask.query("branch"), ask.query("ref"), ask.query("status"));
        if status.is_some_and(|status| !shape::WORDS.contains(&status)) {
            return Reply::empty(400);
        }
        let fits = |run: &Run| {
            branch.is_none_or(|branch| run.reference == branch)
                && part.is_none_or(|part| format!("refs/heads/{}", run.reference).contains(part))
                && status.is_none_or(|status| shape::status(run) == status)
        };
        let runs = self.forge.runs(repo.id).into_iter().filter(fits);
        page(ask, runs.map(|run| shape::run(&run, false)).collect())
    }

    async fn trigger(&self, ask: &Ask, user: &User, repo: &Repo) -> Reply {
        let Some(options) = ask.json() else { return Reply::empty(400) };
        let branch = options["branch"].as_str().unwrap_or_default();
        let Some(commit) = self.forge.git(repo.id).tip(branch).await else { return Reply::empty(500) };
        let Some(program) = self.program(repo, &commit).await else {
            return Reply::empty(204).header("pipeline-filtered", "true");
        };
        let variables = options["variables"].as_object().cloned().unwrap_or_default();
        let text = |(name, value): (String, Value)| (name, value.as_str().unwrap_or_default().to_owned());
        let inputs: BTreeMap<_, _> = variables.into_iter().map(text).collect();
        let run = self.forge.trigger_run(
            repo.id,
            Trigger {
                pipeline: "woodpecker".to_owned(),
                reference: branch.to_owned(),
                commit,
                event: "manual".to_owned(),
                actor: user.login.clone(),
                inputs,
                program,
            },
        );
        Reply::json(200, &shape::run(&run, false))
    }

    /// The workflows of a commit, ordered by the names of their files.
    async fn program(&self, repo: &Repo, commit: &str) -> Option<Draft> {
        let git = self.forge.git(repo.id);
        let mut files = Vec::new();
        for entry in git.tree(commit, ".woodpecker", false).await? {
            files.push((entry.path, git.blob(&entry.sha).await?));
        }
        files.sort();
        let read = |(_, text): (String, Vec<u8>)| read_program(&String::from_utf8_lossy(&text));
        let jobs = files.into_iter().filter_map(read).flat_map(|draft| draft.jobs).collect::<Vec<_>>();
        (!jobs.is_empty()).then_some(Draft { jobs })
    }

    /// A new run of the same; whether the old one has ended is not asked.
    fn restart(&self, run: Run) -> Run {
        self.forge.trigger_run(
            run.repo,
            Trigger {
                pipeline: run.pipeline,
                reference: run.reference,
                commit: run.commit,
                event: run.event,
                actor: run.actor,
                inputs: run.inputs,
                program: run.program,
            },
        )
    }

    fn cancel(&self, repo: &Repo, run: &Run) -> Reply {
        match self.forge.cancel_run(repo.id, run.id) {
            Ok(()) => Reply::empty(204),
            Err(Refusal { .. }) => {
                Reply::text(400, "Cannot cancel a non-running or non-pending or non-blocked pipeline")
            }
        }
    }
}

impl Dialect for Woodpecker {
    async fn answer(&self, ask: Ask) -> Reply {
        match ask.token(&["Bearer"]).and_then(|token| self.forge.whose(token)) {
            Some(user) => self.route(&ask, &user).await,
            None => Reply::text(401, "User not authorized"),
        }
    }
}

/// A page without a word on whether there is another.
fn page(ask: &Ask, all: Vec<Value>) -> Reply {
    Reply::json(200, &Value::Array(Paging::read(ask, "perPage", 50, 50).cut(all).items))
}

/// The workflows of a draft as files: path and content.
pub(crate) fn workflows(draft: &Draft) -> Vec<(String, String)> {
    draft.jobs.iter().map(|job| (format!(".woodpecker/{}.yaml", job.name), shape::workflow(job))).collect()
}

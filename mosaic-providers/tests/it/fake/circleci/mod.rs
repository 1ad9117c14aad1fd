//! CircleCI's API over the state of the forge.
//!
//! Faithful: paths, status codes and messages, the token's header, projects as one segment or three, pages by tokens, pipelines
//! without workflows while they wait and for ever where their definition is missing, workflows that are repeated beside the one before, job numbers only of
//! what has begun, parameters that are declared with their types, artifacts and logs at a store beside it, of which only the
//! first is asked with the token.
//!
//! Left out: approvals, setup workflows, several workflows at once, parallel jobs, contexts, schedules, insights.

mod shape;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use mosaic_core::testkit::suite::cicd::{Draft, Step};
use serde_json::{Value, json};

use super::forge::{Forge, Found, Repo, Run, Trigger, User, program_lines, read_program};
use super::http::{Ask, Dialect, Reply};
pub(crate) use store::Store;

/// How many items a page of a list has.
const PAGE: usize = 5;

/// The service. `gh/owner/name` is the forge's `owner/name`.
#[derive(Debug)]
pub(crate) struct CircleCi {
    forge: Arc<Forge>,
    /// Where the store is.
    store: OnceLock<String>,
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

fn not_found() -> Reply {
    refused(404, "Not found")
}

impl CircleCi {
    pub(crate) fn new(forge: &Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge: Arc::clone(forge), store: OnceLock::new() })
    }

    /// Says where the store is.
    pub(crate) fn keeps_at(&self, origin: String) {
        self.store.set(origin).unwrap();
    }

    fn whose(&self, ask: &Ask) -> Option<User> {
        self.forge.whose(ask.header("circle-token")?)
    }

    async fn route(&self, ask: &Ask, user: &User, version: &str, parts: &[&str]) -> Reply {
        match (ask.method.as_str(), version, parts) {
            ("GET", "v2", ["me"]) => Reply::json(
                200,
                &json!({ "id": shape::uuid(9, user.id), "login": user.login, "name": user.login }),
            ),
            (_, "v2", ["project", project, rest @ ..]) if project.contains('/') => {
                match self.project(&project.split('/').collect::<Vec<_>>()) {
                    Some(repo) => self.of_project(ask, user, &repo, rest).await,
                    None => refused(404, "Project not found"),
                }
            }
            ("GET", "v1.1", ["project", vendor, owner, name, job]) => {
                let found = self.project(&[vendor, owner, name]).zip(job.parse().ok());
                let job = found.and_then(|(repo, job): (_, u64)| self.forge.job(repo.id, job));
                job.map_or_else(not_found, |(run, job)| {
                    Reply::json(200, &shape::build(&run, &job, &self.origin()))
                })
            }
            ("GET", "v2", ["pipeline", id, rest @ ..]) => match (self.run(1, id), rest) {
                (Some((repo, run)), []) => Reply::json(200, &shape::pipeline(&repo, &run)),
                (Some((repo, run)), ["workflow"]) => page(ask, shape::workflows(&repo, &run)),
                _ => refused(404, "Pipeline not found"),
            },
            (method, "v2", ["workflow", id, rest @ ..]) => match self.workflow(id) {
                Some((repo, run, attempt)) => self.of_workflow(ask, method, &repo, &run, attempt, rest),
                None => refused(404, "Workflow not found"),
            },
            _ => not_found(),
        }
    }

    fn origin(&self) -> String {
        self.store.get().cloned().unwrap_or_default()
    }

    fn project(&self, parts: &[&str]) -> Option<Repo> {
        let ["gh" | "github", owner, name] = parts else { return None };
        match self.forge.find(owner, name) {
            Found::Here(id) => self.forge.repo(id),
            _ => None,
        }
    }

    /// The run behind an id of a kind.
    fn run(&self, kind: u64, id: &str) -> Option<(Repo, Run)> {
        let (found, run) = shape::read_uuid(id)?;
        let every = self.forge.repos().into_iter();
        (found == kind).then_some(())?;
        every.filter_map(|repo| Some((repo.clone(), self.forge.run(repo.id, run)?))).next()
    }

    fn workflow(&self, id: &str) -> Option<(Repo, Run, u64)> {
        let (kind, _) = shape::read_uuid(id)?;
        let attempt = kind.checked_sub(shape::WORKFLOW)?;
        let (repo, run) = self.run(kind, id)?;
        (1..=run.attempt).contains(&attempt).then_some((repo, run, attempt))
    }

    async fn of_project(&self, ask: &Ask, user: &User, repo: &Repo, rest: &[&str]) -> Reply {
        match (ask.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &shape::project(repo)),
            ("GET", ["pipeline"]) => {
                let branch = ask.query("branch");
                let runs = self.forge.runs(repo.id).into_iter();
                let runs = runs.filter(|run| branch.is_none_or(|branch| run.reference == branch));
                page(ask, runs.map(|run| shape::pipeline(repo, &run)).collect())
            }
            ("POST", ["pipeline"]) => self.trigger(ask, user, repo).await,
            ("GET", [job, "artifacts"]) => {
                match job.parse().ok().and_then(|job| self.forge.job(repo.id, job)) {
                    Some((run, job)) => page(ask, shape::artifacts(&run, &job, &self.origin())),
                    None => refused(404, "Job not found"),
                }
            }
            _ => not_found(),
        }
    }

    async fn trigger(&self, ask: &Ask, user: &User, repo: &Repo) -> Reply {
        let Some(body) = ask.json() else { return refused(400, "Malformed JSON") };
        let (branch, tag) = (body["branch"].as_str(), body["tag"].as_str());
        if branch.is_some() && tag.is_some() {
            return refused(400, "Only one of branch and tag may be given");
        }
        let git = self.forge.git(repo.id);
        let reference = tag.or(branch).unwrap_or(&repo.default_branch);
        let whole = format!("refs/{}/{reference}", if tag.is_some() { "tags" } else { "heads" });
        let commit = git.commit_of(&whole).await.unwrap_or_default();
        let text = self.definition(repo, &commit).await.unwrap_or_default();
        let given = body["parameters"].as_object().cloned().unwrap_or_default();
        let inputs = match parameters(&text, given) {
            Ok(inputs) => inputs,
            Err(message) => return refused(400, &message),
        };
        let run = self.forge.trigger_run(
            repo.id,
            Trigger {
                pipeline: "circleci".to_owned(),
                reference: tag.map_or_else(|| reference.to_owned(), |tag| format!("refs/tags/{tag}")),
                commit,
                event: "api".to_owned(),
                actor: user.login.clone(),
                inputs,
                program: read_program(&text).unwrap_or(Draft { jobs: Vec::new() }),
            },
        );
        if run.program.jobs.is_empty() {
            self.forge.cancel_run(repo.id, run.id).unwrap();
        }
        Reply::json(201, &shape::begun(&run))
    }

    async fn definition(&self, repo: &Repo, commit: &str) -> Option<String> {
        let git = self.forge.git(repo.id);
        let files = git.tree(commit, ".circleci", false).await?;
        let file = files.into_iter().find(|file| file.path == ".circleci/config.yml")?;
        Some(String::from_utf8_lossy(&git.blob(&file.sha).await?).into_owned())
    }

    fn of_workflow(
        &self,
        ask: &Ask,
        method: &str,
        repo: &Repo,
        run: &Run,
        attempt: u64,
        rest: &[&str],
    ) -> Reply {
        let accepted = || refused(202, "Accepted.");
        match (method, rest) {
            ("GET", []) => Reply::json(200, &shape::workflow(repo, run, attempt)),
            ("GET", ["job"]) => page(ask, shape::jobs(repo, run, attempt)),
            // One that has ended is left alone without a word.
            ("POST", ["cancel"]) if attempt != run.attempt => accepted(),
            ("POST", ["cancel"]) => {
                drop(self.forge.cancel_run(repo.id, run.id));
                accepted()
            }
            ("POST", ["rerun"]) => {
                let failed = ask.json().unwrap_or_default()["from_failed"] == true;
                match self.forge.rerun(repo.id, run.id, failed) {
                    Ok(run) => Reply::json(
                        202,
                        &json!({ "workflow_id": shape::uuid(shape::WORKFLOW + run.attempt, run.id) }),
                    ),
                    Err(refusal) => refused(400, &refusal.message),
                }
            }
            _ => not_found(),
        }
    }
}

impl Dialect for CircleCi {
    async fn answer(&self, ask: Ask) -> Reply {
        let parts = ask.parts();
        let ["api", version, rest @ ..] = parts.as_slice() else { return not_found() };
        match self.whose(&ask) {
            Some(user) => self.route(&ask, &user, version, rest).await,
            None => refused(401, "You must log in first."),
        }
    }
}

/// A page by its token, which is the place of its first item in disguise.
fn page(ask: &Ask, all: Vec<Value>) -> Reply {
    let place =
        ask.query("page-token").map(|token| token.strip_prefix("AARL~").and_then(|at| at.parse().ok()));
    let begin: usize = match place {
        None => 0,
        Some(Some(begin)) => begin,
        Some(None) => return refused(400, "Invalid page token"),
    };
    let next = (begin + PAGE < all.len()).then(|| format!("AARL~{}", begin + PAGE));
    let items: Vec<_> = all.into_iter().skip(begin).take(PAGE).collect();
    Reply::json(200, &json!({ "items": items, "next_page_token": next }))
}

/// The parameters of a run, which a definition has to declare.
fn parameters(text: &str, given: serde_json::Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let config: Value =
        text.find('{').and_then(|at| serde_json::from_str(&text[at..]).ok()).unwrap_or_default();
    let declared = &config["parameters"];
    let mut inputs = BTreeMap::new();
    for (name, value) in given {
        let text = match (declared[&name]["type"].as_str(), &value) {
            (Some("string"), Value::String(text)) => text.clone(),
            (Some("boolean"), Value::Bool(_)) | (Some("integer"), Value::Number(_)) => value.to_string(),
            (Some(kind), _) => return Err(format!("Type error for argument {name}: expected type: {kind}")),
            (None, _) => return Err(format!("Unexpected argument(s): {name}")),
        };
        inputs.insert(name, text);
    }
    Ok(inputs)
}

/// A draft as `.circleci/config.yml`: lines that the forge follows, and JSON, which is YAML.
pub(crate) fn config_yml(draft: &Draft) -> String {
    let command = |step: &Step| match step {
        Step::Print(text) => json!({ "run": format!("echo '{text}'") }),
        Step::PrintInput(name) => {
            json!({ "run": format!("printf '%s\\n' '<< pipeline.parameters.{name} >>'") })
        }
        Step::LeaveFile { path, content } => {
            json!({ "run": format!("printf %s '{content}' > '{path}'") })
        }
        Step::Exit(status) => json!({ "run": format!("exit {status}") }),
        Step::WaitForEver => json!({ "run": "sleep 86400" }),
    };
    let (mut jobs, mut order, mut declared) = (json!({}), Vec::new(), json!({}));
    for job in &draft.jobs {
        let mut steps: Vec<Value> = job.steps.iter().map(command).collect();
        for step in &job.steps {
            match step {
                Step::LeaveFile { path, .. } => steps.push(json!({ "store_artifacts": { "path": path } })),
                Step::PrintInput(name) => declared[name] = json!({ "type": "string", "default": "" }),
                _ => {}
            }
        }
        jobs[&job.name] = json!({ "docker": [{ "image": "cimg/base:stable" }], "steps": steps });
        order.push(json!({ &job.name: { "requires": job.needs } }));
    }
    let config = json!({ "version": 2.1, "parameters": declared, "jobs": jobs, "workflows": { "main": { "jobs": order } } });
    format!("{}{config}\n", program_lines(draft, "#"))
}

//! Jenkins' remote access API over the state of the forge: one folder per repository, freestyle jobs in it.
//!
//! Faithful: nested `/job/` paths, 201 with the place in the queue, items without a number while they wait, ranges of `tree`,
//! `X-Error` beside error pages, redirects after a stop, dropped unknown parameters, consoles with `X-Text-Size` and
//! `X-More-Data`, crumbs bound to a session for everybody who shows a password in the place of an API token. Left out: folders in
//! folders, what `tree` leaves out of a build is sent all the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mosaic_core::testkit::suite::cicd::{Draft, Step};
use mosaic_core::types::cicd::RunState;
use serde_json::{Value, json};

use super::forge::{Forge, Found, Run, Trigger, program_lines, read_program};
use super::http::{Ask, Dialect, Reply};

#[derive(Debug)]
pub(crate) struct Jenkins {
    forge: Arc<Forge>,
    /// The definitions, by repository and name.
    jobs: Mutex<BTreeMap<(u64, String), String>>,
    sessions: Mutex<Sessions>,
}

/// The sessions that crumbs belong to, by number.
#[derive(Debug, Default)]
struct Sessions {
    begun: u64,
    /// All before this one have ended.
    oldest: u64,
}

impl Jenkins {
    pub(crate) fn new(forge: &Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge: Arc::clone(forge), jobs: Mutex::default(), sessions: Mutex::default() })
    }

    /// Ends every session, as a restart does.
    pub(crate) fn end_sessions(&self) {
        let mut sessions = self.sessions.lock().unwrap();
        sessions.oldest = sessions.begun + 1;
    }

    /// A crumb and the session that it belongs to.
    fn crumb(&self) -> Reply {
        let mut sessions = self.sessions.lock().unwrap();
        sessions.begun += 1;
        let body = json!({
            "_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumb": format!("crumb-{}", sessions.begun),
            "crumbRequestField": "Jenkins-Crumb",
        });
        let cookie = format!("JSESSIONID.1a2b=node0{}; Path=/; HttpOnly", sessions.begun);
        Reply::json(200, &body).header("set-cookie", cookie)
    }

    /// Whether a write has a crumb of its session.
    fn has_crumb(&self, ask: &Ask) -> bool {
        let session = ask.header("cookie").and_then(|cookie| cookie.strip_prefix("JSESSIONID.1a2b=node0"));
        let Some(session) = session.and_then(|session| session.parse::<u64>().ok()) else { return false };
        let sessions = self.sessions.lock().unwrap();
        let alive = (sessions.oldest..=sessions.begun).contains(&session);
        alive && ask.header("jenkins-crumb") == Some(format!("crumb-{session}").as_str())
    }

    fn route(&self, ask: &Ask, repo: u64, rest: &[&str]) -> Reply {
        let definition = |name: &str| self.jobs.lock().unwrap().get(&(repo, name.to_owned())).cloned();
        match (ask.method.as_str(), rest) {
            ("GET", ["api", "json"]) => {
                let names: Vec<_> =
                    self.jobs.lock().unwrap().keys().filter(|key| key.0 == repo).cloned().collect();
                let runs = self.forge.runs(repo);
                let jobs: Vec<_> = names.iter().map(|(_, name)| job(ask, name, "", &runs)).collect();
                Reply::json(
                    200,
                    &json!({ "_class": "com.cloudbees.hudson.plugins.folder.Folder", "jobs": jobs }),
                )
            }
            ("POST", ["createItem"]) => {
                let name = ask.query("name").unwrap_or_default().to_owned();
                if definition(&name).is_some() {
                    let reason =
                        format!("A job already exists with the name ‘{name}’").replace(['‘', '’'], "'");
                    return Reply::bytes(400, "text/html", "<html>").header("x-error", reason);
                }
                let text = String::from_utf8(ask.body.to_vec()).unwrap();
                self.jobs.lock().unwrap().insert((repo, name), text);
                Reply::empty(200)
            }
            (method, ["job", name, rest @ ..]) => match definition(name) {
                Some(text) => self.job(ask, repo, method, name, &text, rest),
                None => gone(),
            },
            _ => gone(),
        }
    }

    fn job(&self, ask: &Ask, repo: u64, method: &str, name: &str, text: &str, rest: &[&str]) -> Reply {
        let runs = || self.forge.runs(repo);
        match (method, rest) {
            ("GET", ["api", "json"]) => Reply::json(200, &job(ask, name, text, &runs())),
            ("POST", ["build" | "buildWithParameters"]) => {
                let given: BTreeMap<_, _> = url::form_urlencoded::parse(&ask.body).into_owned().collect();
                let names = parameters(text);
                if (rest == ["build"]) != names.is_empty() {
                    return Reply::bytes(400, "text/html", "<html>")
                        .header("x-error", "Nothing is submitted");
                }
                let inputs: BTreeMap<_, _> =
                    given.into_iter().filter(|(name, _)| names.contains(name)).collect();
                let follows = text.contains("hudson.plugins.git.GitSCM");
                let commit = inputs.get("COMMIT").cloned().unwrap_or_else(|| "c0ffee".repeat(6) + "c0ff");
                let run = self.forge.trigger_run(
                    repo,
                    Trigger {
                        pipeline: name.to_owned(),
                        reference: String::new(),
                        commit: if follows { commit } else { String::new() },
                        event: "manual".to_owned(),
                        actor: "ada".to_owned(),
                        inputs,
                        program: read_program(text).unwrap(),
                    },
                );
                Reply::empty(201).header("location", format!("{}/queue/item/{}/", ask.origin(), run.id))
            }
            (method, [number, rest @ ..]) => {
                let all = runs();
                let run = all.iter().find(|run| {
                    run.pipeline == name
                        && run.state != RunState::Queued
                        && number_of(run, &all).to_string() == *number
                });
                run.map_or_else(gone, |run| self.build(ask, method, run, &all, rest))
            }
            _ => gone(),
        }
    }

    fn build(&self, ask: &Ask, method: &str, run: &Run, all: &[Run], rest: &[&str]) -> Reply {
        match (method, rest) {
            ("GET", ["api", "json"]) => Reply::json(200, &build(run, all)),
            ("POST", ["stop"]) => {
                // One that has ended is left alone without a word.
                drop(self.forge.cancel_run(run.repo, run.id));
                Reply::empty(302).header("location", ask.origin())
            }
            ("GET", ["logText", "progressiveText"]) => {
                let start: usize = ask.query("start").unwrap_or("0").parse().unwrap();
                let text: String = run.jobs.iter().map(|job| job.log.as_str()).collect();
                let rest = text.get(start..).unwrap_or_default().to_owned();
                let more = (!run.state.is_final()).then(|| "true".to_owned());
                Reply::text(200, rest)
                    .header("x-text-size", text.len().to_string())
                    .maybe_header("x-more-data", more)
            }
            ("GET", ["artifact", path @ ..]) => {
                let found = run.artifacts.iter().find(|file| file.path == path.join("/"));
                found.map_or_else(gone, |file| {
                    Reply::bytes(200, "application/octet-stream", file.content.clone())
                })
            }
            _ => gone(),
        }
    }

    /// A place in the queue, whosever it is.
    fn item(&self, ask: &Ask, id: &str) -> Reply {
        // Each look moves the runs on, so only repositories with jobs are looked at.
        let mut repos: Vec<_> = self.jobs.lock().unwrap().keys().map(|key| key.0).collect();
        repos.dedup();
        for repo in repos.into_iter().filter_map(|id| self.forge.repo(id)) {
            let all = self.forge.runs(repo.id);
            let Some(run) = all.iter().find(|run| run.id.to_string() == id) else { continue };
            let url = format!("{}/job/{}/job/{}/job/{}/", ask.origin(), repo.owner, repo.name, run.pipeline);
            let mut item = json!({ "why": null, "cancelled": false, "task": { "url": url } });
            match run.state {
                RunState::Queued => item["why"] = "In the quiet period".into(),
                _ => item["executable"] = json!({ "number": number_of(run, &all) }),
            }
            return Reply::json(200, &item);
        }
        gone()
    }
}

fn gone() -> Reply {
    Reply::bytes(404, "text/html;charset=utf-8", "<html><title>Error 404 Not Found</title></html>")
}

/// Its number among the builds of its job.
fn number_of(run: &Run, all: &[Run]) -> usize {
    all.iter().filter(|other| other.pipeline == run.pipeline && other.id <= run.id).count()
}

fn build(run: &Run, all: &[Run]) -> Value {
    let result = match run.state {
        RunState::Succeeded => Some("SUCCESS"),
        RunState::Failed => Some("FAILURE"),
        RunState::Cancelled => Some("ABORTED"),
        _ => None,
    };
    let begun = run.created_at.as_millisecond();
    let given = run.inputs.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let mut actions = vec![json!({}), json!({ "parameters": given.collect::<Vec<_>>() })];
    if !run.commit.is_empty() {
        actions.push(json!({ "lastBuiltRevision": { "SHA1": run.commit } }));
    }
    json!({
        "_class": "hudson.model.FreeStyleBuild", "actions": actions, "number": number_of(run, all), "building": result.is_none(),
        "result": result, "timestamp": begun, "queueId": run.id, "url": format!("http://ci/{}", run.id),
        "duration": run.ended_at.map_or(0, |end| end.as_millisecond() - begun),
        "artifacts": run.artifacts.iter().map(|file| json!({ "relativePath": file.path })).collect::<Vec<_>>(),
    })
}

/// A job with the builds that the range of `tree` asks for.
fn job(ask: &Ask, name: &str, text: &str, all: &[Run]) -> Value {
    let range = ask.query("tree").and_then(|tree| tree.split_once('{')?.1.split_once('}')?.0.split_once(','));
    let (from, to) = range.map_or((0, 0), |(from, to)| (from.parse().unwrap(), to.parse::<usize>().unwrap()));
    let builds = all.iter().filter(|run| run.pipeline == name && run.state != RunState::Queued);
    let builds: Vec<_> = builds.skip(from).take(to - from).map(|run| build(run, all)).collect();
    let parameters: Vec<_> = parameters(text).iter().map(|name| json!({ "name": name })).collect();
    let property =
        if parameters.is_empty() { json!([{}]) } else { json!([{ "parameterDefinitions": parameters }]) };
    json!({
        "_class": "hudson.model.FreeStyleProject", "name": name, "buildable": true, "allBuilds": builds,
        "property": property, "url": format!("http://ci/{name}"),
    })
}

fn parameters(text: &str) -> Vec<String> {
    text.split("<name>").skip(1).filter_map(|rest| Some(rest.split_once("</name>")?.0.to_owned())).collect()
}

/// A draft as `config.xml`.
pub(crate) fn config_xml(draft: &Draft) -> String {
    let steps = draft.jobs.iter().flat_map(|job| &job.steps);
    let inputs = steps.filter_map(|step| match step {
        Step::PrintInput(name) => Some(name),
        _ => None,
    });
    let definitions: String = inputs
        .map(|name| format!("<hudson.model.StringParameterDefinition><name>{name}</name></hudson.model.StringParameterDefinition>"))
        .collect();
    let script = program_lines(draft, "#");
    format!(
        "<?xml version='1.1' encoding='UTF-8'?>\n<project><properties><hudson.model.ParametersDefinitionProperty>\
         <parameterDefinitions>{definitions}</parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties>\
         <builders><hudson.tasks.Shell><command><![CDATA[\n{script}]]></command></hudson.tasks.Shell></builders></project>"
    )
}

impl Dialect for Jenkins {
    async fn answer(&self, ask: Ask) -> Reply {
        let known =
            ask.basic().is_some_and(|(user, token)| user == "ada" && self.forge.whose(&token).is_some());
        if !known {
            return Reply::bytes(401, "text/html", "<html>");
        }
        let by_password = ask.basic().is_some_and(|(_, secret)| secret.starts_with("password"));
        if ask.is("POST") && by_password && !self.has_crumb(&ask) {
            let page = "<html><title>Error 403 No valid crumb was included in the request</title></html>";
            return Reply::bytes(403, "text/html;charset=iso-8859-1", page);
        }
        match ask.parts().as_slice() {
            ["crumbIssuer", "api", "json"] => self.crumb(),
            ["me", "api", "json"] => Reply::json(200, &json!({ "id": "ada" })),
            ["queue", "item", id, "api", "json"] => self.item(&ask, id),
            ["job", owner, "job", name, rest @ ..] => match self.forge.find(owner, name) {
                Found::Here(repo) => self.route(&ask, repo, rest),
                _ => gone(),
            },
            _ => gone(),
        }
    }
}

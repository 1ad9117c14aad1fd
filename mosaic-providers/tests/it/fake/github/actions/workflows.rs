//! Workflows and dispatches.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use mosaic_core::testkit::suite::cicd::{Draft, Step};
use serde_json::{Map, Value, json};

use super::shape;
use crate::fake::forge::{Repo, Trigger, program_lines, read_program};
use crate::fake::github::fault::{error, not_found};
use crate::fake::github::{Answer, Cx};
use crate::fake::http::Reply;

/// Where workflows are.
const DIRECTORY: &str = ".github/workflows";

/// A file of a workflow on the default branch.
pub(super) struct Workflow {
    pub(super) id: u64,
    pub(super) path: String,
    pub(super) name: String,
}

async fn all(cx: &Cx<'_>, repo: &Repo) -> Vec<Workflow> {
    let git = cx.forge().git(repo.id);
    let mut all = Vec::new();
    for entry in git.tree(&repo.default_branch, DIRECTORY, false).await.unwrap_or_default() {
        let text = git.blob(&entry.sha).await.unwrap_or_default();
        let name = read(&text).and_then(|value| Some(value.get("name")?.as_str()?.to_owned()));
        let name = name.unwrap_or_else(|| entry.path.clone());
        all.push(Workflow { id: number(repo, &entry.path), path: entry.path, name });
    }
    all.sort_by_key(|workflow| workflow.id);
    all
}

/// A number that a workflow keeps.
pub(super) fn number(repo: &Repo, path: &str) -> u64 {
    path.bytes().fold(repo.id + 7, |hash, byte| (hash * 131 + u64::from(byte)) % 1_000_000_007)
}

/// The definition, where it can be read.
fn read(text: &[u8]) -> Option<Map<String, Value>> {
    let text = String::from_utf8_lossy(text);
    let plain: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    serde_json::from_str(&plain).ok()
}

/// By number or name of file.
pub(super) async fn find(cx: &Cx<'_>, repo: &Repo, name: &str) -> Result<Workflow, Reply> {
    let is = |workflow: &Workflow| {
        workflow.id.to_string() == name || workflow.path.strip_prefix(DIRECTORY) == Some(&format!("/{name}"))
    };
    all(cx, repo).await.into_iter().find(is).ok_or_else(not_found)
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let cut = cx.page(all(cx, repo).await).map(|workflow| shape::workflow(cx, repo, &workflow));
    Ok(shape::counted(cx, "workflows", &cut))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    Ok(Reply::json(200, &shape::workflow(cx, repo, &find(cx, repo, name).await?)))
}

pub(super) async fn dispatch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let me = cx.writer(repo)?;
    let workflow = find(cx, repo, name).await?;
    let silent = cx.hub.silent.load(Ordering::Acquire);
    let allowed: &[&str] = if silent { &["ref", "inputs"] } else { &["ref", "inputs", "return_run_details"] };
    let mut keys = cx.body.as_object().into_iter().flat_map(Map::keys);
    if let Some(odd) = keys.find(|key| !allowed.contains(&key.as_str())) {
        return Err(error(422, &format!("Invalid request.\n\n\"{odd}\" is not a permitted key.")));
    }
    let Some(asked) = cx.text("ref") else {
        return Err(error(422, "Invalid request.\n\n\"ref\" wasn't supplied."));
    };
    let git = cx.forge().git(repo.id);
    let short =
        asked.strip_prefix("refs/heads/").or_else(|| asked.strip_prefix("refs/tags/")).unwrap_or(asked);
    let found = [
        git.reference(&format!("refs/heads/{short}")).await,
        git.reference(&format!("refs/tags/{short}")).await,
    ];
    let Some(commit) = found.into_iter().flatten().find_map(|found| found.commit) else {
        return Err(error(422, &format!("No ref found for: {asked}")));
    };
    let no_trigger = || error(422, "Workflow does not have 'workflow_dispatch' trigger");
    let there = git.object(&format!("{commit}:{}", workflow.path)).await;
    let text = git.blob(&there.ok_or_else(not_found)?.1).await.unwrap_or_default();
    let definition = read(&text).ok_or_else(no_trigger)?;
    let trigger = definition.get("on").and_then(|on| on.get("workflow_dispatch")).ok_or_else(no_trigger)?;
    let inputs = inputs(trigger, &cx.body["inputs"])?;
    let program = read_program(&String::from_utf8_lossy(&text)).ok_or_else(no_trigger)?;
    let run = cx.forge().trigger_run(
        repo.id,
        Trigger {
            pipeline: workflow.path,
            reference: short.to_owned(),
            commit,
            event: "workflow_dispatch".to_owned(),
            actor: me.login.clone(),
            inputs,
            program,
        },
    );
    if let Some(title) = definition.get("run-name").and_then(Value::as_str) {
        let title = run.inputs.iter().fold(title.to_owned(), |title, (name, value)| {
            title.replace(&format!("${{{{ inputs.{name} }}}}"), value)
        });
        cx.hub.titles().insert(run.id, title);
    }
    if cx.flag("return_run_details") != Some(true) {
        return Ok(Reply::empty(204));
    }
    let url = format!("{}/actions/runs/{}", cx.repo_url(repo), run.id);
    let page = format!("{}/actions/runs/{}", cx.repo_page(repo), run.id);
    Ok(Reply::json(200, &json!({ "workflow_run_id": run.id, "run_url": url, "html_url": page })))
}

/// The inputs of a run: those that were given, all of which must be declared.
fn inputs(trigger: &Value, given: &Value) -> Result<BTreeMap<String, String>, Reply> {
    let given = given.as_object().cloned().unwrap_or_default();
    let odd: Vec<_> = given.keys().filter(|name| trigger["inputs"].get(name.as_str()).is_none()).collect();
    if !odd.is_empty() {
        return Err(error(422, &format!("Unexpected inputs provided: {odd:?}")));
    }
    let text = |(name, value): (String, Value)| {
        (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    Ok(given.into_iter().map(text).collect())
}

/// A program in GitHub's language, with the lines that the forge follows.
pub(crate) fn definition(draft: &Draft) -> String {
    let mut inputs = Map::new();
    let mut jobs = Map::new();
    for job in &draft.jobs {
        let steps = job.steps.iter().map(|step| match step {
            Step::Print(text) => json!({ "run": format!("echo '{text}'") }),
            Step::PrintInput(name) => {
                inputs.insert(name.clone(), json!({ "type": "string" }));
                json!({ "run": "printf '%s\\n' \"$VALUE\"", "env": { "VALUE": format!("${{{{ inputs.{name} }}}}") } })
            }
            Step::LeaveFile { path, content } => json!({
                "run": format!("printf %s '{content}' > '{path}'"), "uses": "actions/upload-artifact@v4",
                "with": { "name": path, "path": path },
            }),
            Step::Exit(status) => json!({ "run": format!("exit {status}") }),
            Step::WaitForEver => json!({ "run": "sleep 86400" }),
        });
        let steps: Vec<_> = steps.collect();
        jobs.insert(
            job.name.clone(),
            json!({ "runs-on": "ubuntu-latest", "needs": job.needs, "steps": steps }),
        );
    }
    let file = json!({ "on": { "workflow_dispatch": { "inputs": inputs } }, "jobs": jobs });
    format!("{}{file}\n", program_lines(draft, "#"))
}

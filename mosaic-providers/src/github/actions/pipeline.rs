//! Workflows: files of the repository in `.github/workflows`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CreatePipeline, ListPipelines};
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::{Page, RepoRef};

use super::hub::{Hub, at_actions};
use super::wire;
use crate::github::client::{MOST, at_repo};
use crate::http::{List, Numbered};

/// Where workflows are.
const DIRECTORY: &str = ".github/workflows";

/// How many pages of workflows are read at most.
const PAGES: usize = 20;

/// How often a new workflow is looked for until GitHub knows it.
const LOOKS: usize = 4;

pub(super) async fn create(hub: &Hub, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
    let file = file(&op.pipeline)?;
    let path = format!("{DIRECTORY}/{file}");
    let body = wire::File {
        message: format!("Add workflow {file}"),
        content: STANDARD.encode(&op.definition),
        branch: op.branch.as_deref(),
    };
    let request = hub.client.put(at_repo(&op.repo).part("contents").part(&path)).json(&body);
    if let Err(error) = request.done(cx).await {
        // A file that is there wants its own version named.
        let there = error.kind() == ErrorKind::Invalid && error.message().contains("\"sha\" wasn't supplied");
        return Err(if there { exists(&op.pipeline) } else { error });
    }
    let mut pace = hub.pace();
    for left in (0..LOOKS).rev() {
        let look = hub.client.get(at_actions(&op.repo, "workflows").part(&file));
        // The file is committed; whoever cannot see the workflow yet can do so later.
        if let Ok(Some(found)) = look.find::<wire::Workflow>(cx).await {
            return Ok(read(&op.repo, found));
        }
        if left > 0 {
            pace.rest().await;
        }
    }
    Ok(Pipeline::new(file.as_str(), op.repo, stem(&file)).path(path))
}

fn exists(pipeline: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("there is a workflow `{pipeline}` already"))
        .delivery(Delivery::Answered)
}

/// The name of the file of a pipeline.
///
/// # Errors
/// `Invalid` where no file of workflows can have the name.
fn file(pipeline: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if pipeline.is_empty()
        || pipeline.len() > 100
        || pipeline.starts_with('.')
        || !pipeline.chars().all(plain)
    {
        let text = "pipeline: give 1 to 100 letters, digits, `.`, `_` or `-`: it names a file of `.github/workflows`";
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    let whole = pipeline.ends_with(".yml") || pipeline.ends_with(".yaml");
    Ok(if whole { pipeline.to_owned() } else { format!("{pipeline}.yml") })
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".yml").or_else(|| file.strip_suffix(".yaml")).unwrap_or(file)
}

/// What a workflow is triggered by: the name of its file; of those that GitHub brings, the number.
pub(super) fn id(path: &str, number: i64) -> String {
    // A run says on what: `.github/workflows/build.yml@main`.
    let path = path.split_once('@').map_or(path, |(path, _)| path);
    match path.strip_prefix(DIRECTORY).and_then(|rest| rest.strip_prefix('/')) {
        Some(file) => file.to_owned(),
        None => number.to_string(),
    }
}

pub(super) async fn list(hub: &Hub, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    let list = List(("cicd.list_pipelines", &op.repo, &op.at));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let mut all: Vec<_> =
        known(hub, cx, &op.repo).await?.into_iter().map(|found| read(&op.repo, found)).collect();
    if let Some(at) = &op.at {
        let there = defined(hub, cx, &op.repo, at).await?;
        let named = |entry: wire::Entry| match all
            .iter()
            .find(|pipeline| pipeline.path.as_ref() == Some(&entry.path))
        {
            Some(pipeline) => pipeline.clone(),
            None => {
                let mut pipeline = Pipeline::new(entry.name.as_str(), op.repo.clone(), stem(&entry.name));
                (pipeline.path, pipeline.web_url) = (Some(entry.path), entry.html_url);
                pipeline
            }
        };
        all = there.into_iter().map(named).collect();
    }
    all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(part.cut(&list, all))
}

/// Every workflow that GitHub knows: those of the default branch, and those that ever ran.
async fn known(hub: &Hub, cx: &CallContext, repo: &RepoRef) -> Result<Vec<wire::Workflow>> {
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let request =
            hub.client.get(at_actions(repo, "workflows")).query("per_page", MOST).query("page", page);
        let read: wire::Workflows = request.send(cx).await?;
        let full = read.workflows.len() >= MOST;
        all.extend(read.workflows.into_iter().filter(|workflow| workflow.state != "deleted"));
        if !full {
            return Ok(all);
        }
    }
    let text = format!("a repository with more than {} workflows cannot be listed by name", PAGES * MOST);
    Err(Error::new(ErrorKind::Unsupported, text))
}

/// The files of workflows at a branch, tag or commit.
async fn defined(hub: &Hub, cx: &CallContext, repo: &RepoRef, at: &str) -> Result<Vec<wire::Entry>> {
    let request = hub.client.get(at_repo(repo).part("contents").part(DIRECTORY)).query("ref", at);
    let Some(entries) = request.find::<Vec<wire::Entry>>(cx).await? else {
        // A missing directory and a missing branch look alike.
        hub.client.get(at_repo(repo).part("commits").part(at)).done(cx).await?;
        return Ok(Vec::new());
    };
    let workflow = |entry: &wire::Entry| {
        entry.kind == "file" && (entry.name.ends_with(".yml") || entry.name.ends_with(".yaml"))
    };
    Ok(entries.into_iter().filter(workflow).collect())
}

fn read(repo: &RepoRef, wire: wire::Workflow) -> Pipeline {
    let id = id(&wire.path, wire.id);
    // Without a name of its own a workflow is called after its path.
    let name = if wire.name == wire.path { stem(&id).to_owned() } else { wire.name };
    let mut pipeline = Pipeline::new(id, repo.clone(), name);
    pipeline.path = Some(wire.path).filter(|path| path.starts_with(DIRECTORY));
    pipeline.web_url = wire.html_url;
    pipeline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_are_named_by_their_files() {
        assert_eq!(file("build").unwrap(), "build.yml");
        assert_eq!(file("build.yaml").unwrap(), "build.yaml");
        for bad in ["", "a/b", "..", ".hidden", "a b", "ü"] {
            assert_eq!(file(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
        assert_eq!(id(".github/workflows/build.yml@main", 7), "build.yml");
        assert_eq!(id(".github/workflows/build.yml", 7), "build.yml");
        assert_eq!(id("dynamic/pages/pages-build-deployment", 7), "7");
    }
}

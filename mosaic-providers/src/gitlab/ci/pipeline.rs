//! Pipelines: the one definition that a project has at each of its commits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CreatePipeline, ListPipelines};
use mosaic_core::types::Page;
use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::Pipeline;
use serde::Deserialize;
use serde_json::json;

use super::super::client::{GitLab, PAGE, project};
use super::super::wire::{Project, or_default};
use crate::forge::names::{BranchName, Revision, shown, text};
use crate::http::{List, Numbered};

/// The file that defines the pipeline of a project, and its name.
pub(super) fn definition(project: &Project) -> String {
    let named = project.ci_config_path.as_deref().filter(|path| !path.is_empty());
    named.unwrap_or(".gitlab-ci.yml").to_owned()
}

fn pipeline(repo: &RepoRef, file: &str) -> Pipeline {
    Pipeline::new(file, repo, file).path(file)
}

#[derive(Debug, Deserialize)]
struct Lint {
    valid: bool,
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<String>,
}

/// Checked by GitLab first, and committed as the file that defines the pipeline.
pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
    let branch = op.branch.as_deref().map(|branch| BranchName::parse("branch", branch)).transpose()?;
    text("definition", &op.definition)?;
    let path = project(&op.repo)?;
    let invalid = |text: String| Error::new(ErrorKind::Invalid, text).delivery(Delivery::Answered);
    let now = lab.project(cx, &op.repo).await?;
    let file = definition(&now);
    if op.pipeline != file {
        let text = format!(
            "pipeline: a project of GitLab has one, and this one's is called {file}, not {}",
            shown(&op.pipeline)
        );
        return Err(invalid(text));
    }
    let lint = lab.post(path.clone().part("ci").part("lint")).json(&json!({ "content": op.definition }));
    let lint: Lint = lint.send(cx).await?;
    if !lint.valid {
        return Err(invalid(format!("definition: GitLab says: {}", lint.errors.join("; "))));
    }
    let branch = branch.map_or_else(|| now.default_branch(), |branch| branch.to_string());
    let body = json!({
        "branch": branch, "commit_message": format!("Write {file}"),
        "actions": [{ "action": "create", "file_path": file, "encoding": "base64", "content": STANDARD.encode(&op.definition) }],
    });
    let made = lab.post(path.part("repository").part("commits")).json(&body).done(cx).await;
    lab.told(cx, &op.repo, made).await?;
    Ok(pipeline(&op.repo, &file))
}

/// None or one: whether the file is there. A definition of another project's is taken to be there.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let list = List(("pipelines", &op.repo, &op.at));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let file = definition(&lab.project(cx, &op.repo).await?);
    let path = project(&op.repo)?.part("repository");
    let at = at.map_or_else(|| "HEAD".to_owned(), |at| at.to_string());
    let elsewhere = file.contains('@') || file.contains("://");
    let there = elsewhere
        || match lab.head(path.clone().part("files").part(&file)).query("ref", &at).done(cx).await {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // A branch that is not there is another matter than one without the file.
                if op.at.is_some() {
                    lab.get(path.part("commits").part(&at)).done(cx).await?;
                }
                false
            }
            Err(error) => return Err(error),
        };
    let items = if there && page.offset == 0 { vec![pipeline(&op.repo, &file)] } else { Vec::new() };
    Ok(page.page(&list, items, false))
}

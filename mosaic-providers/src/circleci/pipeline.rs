//! What can be run: the definition of a project, with one name or with those that a parameter carries.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::cicd::ListPipelines;
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::{Page, RepoRef};

use super::client::Server;
use super::wire;
use crate::http::{List, Numbered};

/// The one pipeline of a repository, unless a parameter carries other names.
pub(super) const WHOLE: &str = "circleci";

/// The file that defines it.
const FILE: &str = ".circleci/config.yml";

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    if server.parameter.is_some() {
        let text =
            "any name is a pipeline where a parameter carries it (pipelineParameter): they are not listed";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let list = List(("cicd.list_pipelines", &op.repo, &op.at));
    let part = Numbered::of(&list, &op.page, 100)?;
    project(server, cx, &op.repo).await?;
    let mut pipeline = Pipeline::new(WHOLE, op.repo.clone(), WHOLE);
    pipeline.path = Some(FILE.to_owned());
    Ok(part.cut(&list, vec![pipeline]))
}

/// The project of a repository, which must be there.
async fn project(server: &Server, cx: &CallContext, repo: &RepoRef) -> Result<wire::Project> {
    server.client.get(server.at_project(repo)?).send(cx).await
}

/// Refuses a name that nothing here has.
///
/// # Errors
/// `NotFound`, of the project or of the pipeline.
pub(super) async fn check(server: &Server, cx: &CallContext, repo: &RepoRef, pipeline: &str) -> Result<()> {
    if server.parameter.is_some() || pipeline == WHOLE {
        return Ok(());
    }
    // Only a read: nothing is run.
    let project = project(server, &cx.clone().for_attempt(None), repo).await.map_err(Error::refused)?;
    let text = format!(
        "{} has no pipeline `{pipeline}`: a project has one, `{WHOLE}`, unless pipelineParameter says which parameter carries \
         the name",
        project.slug
    );
    Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered))
}

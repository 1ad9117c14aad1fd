//! What can be run: the workflows of a repository, all together.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::ListPipelines;
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::{Page, RepoRef};

use super::client::{Place, Server};
use crate::http::{List, Numbered};

/// The one pipeline of a repository, unless a variable carries other names.
pub(super) const WHOLE: &str = "woodpecker";

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    if let Some(variable) = &server.variable {
        let text = format!(
            "pipelines have the names that the variable `{variable}` is given: there is no list of them"
        );
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let list = List(("cicd.list_pipelines", &op.repo, &op.at));
    let part = Numbered::of(&list, &op.page, 100)?;
    let (op, list) = (&op, &list);
    server
        .within(cx, &op.repo, |place| async move {
            let all = if place.active { vec![whole(&op.repo, &place)] } else { Vec::new() };
            Ok(part.cut(list, all))
        })
        .await
}

fn whole(repo: &RepoRef, place: &Place) -> Pipeline {
    let mut pipeline = Pipeline::new(WHOLE, repo.clone(), WHOLE);
    pipeline.path = Some(place.config_file.clone()).filter(|path| !path.is_empty());
    pipeline
}

/// Refuses a name that nothing here has.
pub(super) fn check(server: &Server, pipeline: &str) -> Result<()> {
    if server.variable.is_some() || pipeline == WHOLE {
        return Ok(());
    }
    let text = format!(
        "there is no pipeline `{pipeline}`: a repository has one, `{WHOLE}`, unless pipelineVariable says which variable carries \
         the name"
    );
    Err(Error::new(ErrorKind::NotFound, text))
}

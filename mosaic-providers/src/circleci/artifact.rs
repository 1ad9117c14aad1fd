//! Files that the jobs of a run left behind.

use std::collections::HashMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{DownloadArtifact, ListArtifacts};
use mosaic_core::types::cicd::Artifact;
use mosaic_core::types::{Chunk, Page, RepoRef};

use super::client::Server;
use super::job;
use super::wire;
use crate::http::{List, Numbered};

/// A file, and the name that it has nobody else has in its run.
struct Named {
    name: String,
    url: String,
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
    let list = List(("cicd.list_artifacts", &op.repo, &op.run));
    let part = Numbered::of(&list, &op.page, 100)?;
    let all = all(server, cx, &op.repo, &op.run).await?;
    Ok(part.cut(&list, all.into_iter().map(|file| Artifact::new(file.name)).collect()))
}

pub(super) async fn download(
    server: &Server,
    cx: &CallContext,
    op: DownloadArtifact,
) -> Result<ItemStream<Chunk>> {
    let found = all(server, cx, &op.repo, &op.run).await?.into_iter().find(|file| file.name == op.file);
    let file = found.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("run {} left no file `{}`", op.run, op.file))
    })?;
    let request = server.client.fetch(&file.url, server.trusts(&file.url))?.accept("*/*");
    Ok(request.stream(cx).await?.value)
}

/// The files of all jobs, ordered by name.
async fn all(server: &Server, cx: &CallContext, repo: &RepoRef, run: &str) -> Result<Vec<Named>> {
    let mut files = Vec::new();
    for found in job::all(server, cx, repo, run).await? {
        let Some(number) = found.wire.job_number else { continue };
        let path = server.at_project(repo)?.part(number).part("artifacts");
        let left: Vec<wire::Artifact> = server.all(cx, &path).await?;
        let place = format!("{}/{}", found.workflow.name, found.wire.name);
        files.extend(left.into_iter().map(|file| (place.clone(), file)));
    }
    Ok(named(files))
}

/// A file is named by its path; where several jobs left the same, by workflow, job and part of the job before it.
fn named(files: Vec<(String, wire::Artifact)>) -> Vec<Named> {
    let mut times: HashMap<String, usize> = HashMap::new();
    for (_, file) in &files {
        *times.entry(file.path.clone()).or_default() += 1;
    }
    let name = |(place, file): (String, wire::Artifact)| Named {
        name: match times.get(&file.path) {
            Some(2..) => format!("{place}/{}/{}", file.node_index, file.path),
            _ => file.path,
        },
        url: file.url,
    };
    let mut all: Vec<_> = files.into_iter().map(name).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_same_path_are_told_apart() {
        let file = |path: &str, node_index| wire::Artifact { path: path.into(), url: "u".into(), node_index };
        let place = |job: &str| format!("main/{job}");
        let files = vec![
            (place("test"), file("report.xml", 0)),
            (place("test"), file("report.xml", 1)),
            (place("build"), file("app.tar", 0)),
        ];
        let names: Vec<_> = named(files).into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["app.tar", "main/test/0/report.xml", "main/test/1/report.xml"]);
    }
}

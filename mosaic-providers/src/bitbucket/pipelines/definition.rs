//! The definition of a repository's pipelines: one file, with a name for each pipeline that is asked for by name.

use std::collections::BTreeMap;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::ListPipelines;
use mosaic_core::types::cicd::Pipeline;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::cloud::{Cloud, repo, revision, unclear};
use super::super::git::commit;
use crate::http::{List, Numbered};

/// The file.
pub(super) const FILE: &str = "bitbucket-pipelines.yml";
/// What is run for a branch or tag where no pipeline is asked for by its name.
pub(super) const DEFAULT: &str = "default";
/// Larger definitions are not read.
const LARGEST: usize = 1024 * 1024;
/// The most pipelines at once.
const MOST: usize = 100;

#[derive(Debug, Deserialize)]
struct Definition {
    #[serde(default)]
    pipelines: Option<Pipelines>,
}

#[derive(Debug, Default, Deserialize)]
struct Pipelines {
    #[serde(default)]
    default: Option<IgnoredAny>,
    #[serde(default)]
    branches: Option<IgnoredAny>,
    #[serde(default)]
    tags: Option<IgnoredAny>,
    #[serde(default)]
    custom: Option<BTreeMap<String, IgnoredAny>>,
}

/// The names of the pipelines that a definition has, in order; none where it cannot be read.
fn names(text: &str) -> Option<Vec<String>> {
    let definition: Definition =
        serde_saphyr::from_str_with_options(text, serde_saphyr::options! { with_snippet: false }).ok()?;
    let pipelines = definition.pipelines.unwrap_or_default();
    let by_ref = [pipelines.default, pipelines.branches, pipelines.tags].iter().any(Option::is_some);
    let mut names: Vec<_> = pipelines.custom.unwrap_or_default().into_keys().collect();
    names.extend(by_ref.then(|| DEFAULT.to_owned()));
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// The names of the pipelines that are defined at a commit.
///
/// # Errors
/// `Protocol` where the definition cannot be read; those of a request.
pub(super) async fn defined(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    commit: &str,
) -> Result<Vec<String>> {
    let request = cloud.client.get(repo(of)?.part("src").part(commit).part(FILE)).accept("*/*");
    let answer = match request.raw(cx).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == mosaic_core::error::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let text = std::str::from_utf8(&answer.value).ok().filter(|text| text.len() <= LARGEST);
    text.and_then(names).ok_or_else(|| unclear(format!("{FILE} in {of} at {commit} cannot be read")))
}

pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let list = List(("pipelines", &op.repo, &op.at));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let commit = match commit::resolve(cloud, cx, &op.repo, at).await {
        Ok(commit) => commit,
        // Before the first commit nothing is defined.
        Err(error) if at.is_none() && error.status_code().is_none() => {
            return match error.kind() {
                mosaic_core::error::ErrorKind::NotFound => Ok(Page::last(Vec::new())),
                _ => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    let names = defined(cloud, cx, &op.repo, &commit).await?;
    let pipeline = |name: String| Pipeline::new(name.as_str(), &op.repo, name.as_str()).path(FILE);
    Ok(part.cut(&list, names.into_iter().map(pipeline).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pipelines_are_named_as_they_are_asked_for() {
        let text = "image: rust\npipelines:\n  default:\n    - step: { script: [make] }\n  custom:\n    deploy:\n      \
                    - variables:\n          - name: LEVEL\n      - step: { script: [make deploy] }\n    check all: []\n";
        assert_eq!(names(text).unwrap(), ["check all", "default", "deploy"]);
        assert_eq!(names("pipelines:\n  branches:\n    main: []\n").unwrap(), ["default"]);
        assert_eq!(names("pipelines:\n  pull-requests:\n    '**': []\n").unwrap(), Vec::<String>::new());
        assert!(names("pipelines: [").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_in_peace(text in "\\PC*|pipelines:\\n  custom:\\n    [a-z]: \\PC*") {
            let _ = names(&text);
        }
    }
}

//! Runs in lists: a page of CircleCI's, and the workflows of each run that is shown.

use std::fmt;
use std::str::FromStr;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::ListRuns;
use mosaic_core::types::Page;
use mosaic_core::types::cicd::PipelineRun;

use super::client::Server;
use super::run::shown;
use super::{pipeline, wire};
use crate::http::{List, at, limit_of};
use crate::object_id::is_object_id;

/// The most runs that are shown at once: each costs a request.
const MOST: usize = 50;

/// How many pages of CircleCI's are read at most for one of ours.
const PAGES: usize = 10;

/// How many runs are looked at beside each other.
const BESIDE: usize = 4;

/// Where a list goes on: in which page of CircleCI's, and below which number of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    below: i64,
    token: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.below, self.token.as_deref().unwrap_or_default())
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (below, token) = text.split_once('~').ok_or(())?;
        let token = Some(token.to_owned()).filter(|token| !token.is_empty());
        Ok(Self { below: below.parse().map_err(drop)?, token })
    }
}

/// What of a reference CircleCI cannot filter by.
enum Reference<'a> {
    Any,
    Commit(&'a str),
    Tag(&'a str),
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let list = List(("cicd.list_runs", &op.repo, &op.pipeline, &op.reference, &op.state));
    let mut place = list.after(&op.page)?.unwrap_or(Place { below: i64::MAX, token: None });
    if let Some(name) = &op.pipeline {
        if server.parameter.is_some() {
            let text = "CircleCI does not tell the parameters of a run: its runs are not listed by pipeline";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        pipeline::check(server, cx, &op.repo, name).await?;
    }
    let (branch, reference) = match op.reference.as_deref() {
        None => (None, Reference::Any),
        Some(name) => match (name.strip_prefix("refs/tags/"), name.strip_prefix("refs/heads/")) {
            (Some(tag), _) => (None, Reference::Tag(tag)),
            (_, Some(branch)) => (Some(branch), Reference::Any),
            _ if is_object_id(name) => (None, Reference::Commit(name)),
            _ => (Some(name), Reference::Any),
        },
    };
    let limit = limit_of(&op.page, MOST);
    let mut runs: Vec<PipelineRun> = Vec::new();
    for _ in 0..PAGES {
        let request = server.client.get(server.at_project(&op.repo)?.part("pipeline"));
        let request = request.maybe("branch", branch).maybe("page-token", place.token.as_ref());
        let page: wire::Items<wire::Pipeline> = request.send(cx).await?;
        let mut fitting: Vec<_> = page
            .items
            .into_iter()
            .filter(|pipeline| pipeline.number < place.below && reference.fits(pipeline))
            .collect();
        // One more than there is room for says that the list goes on.
        let cut = op.state.is_none() && fitting.len() > limit - runs.len();
        if cut {
            fitting.truncate(limit - runs.len());
        }
        let looks = fitting.into_iter().map(|pipeline| look(server, cx, &op, pipeline));
        let mut looks = iter(looks).buffered(BESIDE);
        while let Some(look) = looks.next().await {
            let (number, run) = look?;
            let wanted = op.state.is_none_or(|state| run.state == state);
            if wanted && runs.len() == limit {
                let next = list.cursor(&place);
                return Ok(Page::new(runs, Some(next)));
            }
            place.below = number;
            if wanted {
                runs.push(run);
            }
        }
        if cut {
            let next = list.cursor(&place);
            return Ok(Page::new(runs, Some(next)));
        }
        place.token = page.next_page_token.filter(|token| !token.is_empty());
        if place.token.is_none() {
            return Ok(Page::last(runs));
        }
    }
    let next = list.cursor(&place);
    Ok(Page::new(runs, Some(next)))
}

impl Reference<'_> {
    fn fits(&self, pipeline: &wire::Pipeline) -> bool {
        let vcs = pipeline.vcs.as_ref();
        match self {
            Self::Any => true,
            Self::Commit(commit) => vcs.and_then(|vcs| vcs.revision.as_deref()) == Some(commit),
            Self::Tag(tag) => vcs.and_then(|vcs| vcs.tag.as_deref()) == Some(tag),
        }
    }
}

async fn look(
    server: &Server,
    cx: &CallContext,
    op: &ListRuns,
    pipeline: wire::Pipeline,
) -> Result<(i64, PipelineRun)> {
    let workflows = server.all(cx, &at!["v2", "pipeline", &pipeline.id, "workflow"]).await?;
    Ok((pipeline.number, shown(server, op.repo.clone(), pipeline, &workflows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        for place in [
            Place { below: i64::MAX, token: None },
            Place { below: -7, token: Some("AARLwwV6~YUPQ==".into()) },
        ] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "7", "x~y", "~"] {
            assert_eq!(bad.parse::<Place>(), Err(()), "{bad}");
        }
    }
}

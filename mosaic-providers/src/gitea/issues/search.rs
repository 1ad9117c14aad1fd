//! Search for words in issues.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::SearchIssues;
use mosaic_core::types::Page;
use mosaic_core::types::project::{Issue, IssueState};

use super::super::git::repository;
use super::super::server::{Server, invalid, page, repo};
use super::super::wire::Many;
use super::issue::Wire;
use crate::forge::{tracker, words};
use crate::http::{List, Numbered, at, limit_of};

/// The longest query, in characters.
const QUERY_MAX: usize = 512;
/// How many pages of the server are read for one of ours, where most of what it finds does not fit.
const PAGES: usize = 20;

/// What several words mean, and whether parts of words count, differs from server to server. So it is asked for the longest word
/// alone, and what it finds is looked at again.
pub(super) async fn search(server: &Server, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
    if op.query.chars().count() > QUERY_MAX {
        return Err(invalid(format!("query: use at most {QUERY_MAX} characters")));
    }
    let wanted: Vec<_> = words::words(&op.query).collect();
    let Some(longest) = wanted.iter().max_by_key(|word| word.chars().count()) else {
        return Err(invalid("query: give a word to search for"));
    };
    let list = List(("search", &op.query, &op.project, op.state));
    let mut offset = list.after::<u64>(&op.page)?.unwrap_or(0);
    let reference = op.project.as_ref().map(tracker::repository).transpose()?;
    let path = match &reference {
        Some(reference) => repo(reference)?.part("issues"),
        None => at!["repos", "issues", "search"],
    };
    let state = match op.state {
        None => "all",
        Some(IssueState::Open) => "open",
        Some(IssueState::Closed) => "closed",
        Some(IssueState::InProgress) => {
            if let Some(reference) = &reference {
                repository::fetch(server, cx, reference).await?;
            }
            return Ok(Page::last(Vec::new()));
        }
    };
    for turn in 1.. {
        let part = Numbered::at(offset, limit_of(&op.page, server.most))?;
        let request = server
            .client
            .get(path.clone())
            .query("type", "issues")
            .query("state", state)
            .query("q", longest)
            .query("page", part.number())
            .query("limit", part.size);
        let answer = request.full::<Many<Wire>>(cx).await?;
        let received = answer.value.0.len();
        let found = answer.value.0.into_iter().filter(|wire| !wire.is_pull_request());
        let items: Vec<_> = found
            .filter_map(|wire| {
                let of = reference.clone().or_else(|| wire.repository())?;
                Some(wire.issue(&of))
            })
            .filter(|issue| words::has_all(issue, &wanted))
            .collect();
        let page = page(&list, part, items, received, &answer.headers);
        if !page.items.is_empty() || page.next.is_none() || turn == PAGES {
            return Ok(page);
        }
        offset = part.offset + part.size;
    }
    Ok(Page::last(Vec::new()))
}

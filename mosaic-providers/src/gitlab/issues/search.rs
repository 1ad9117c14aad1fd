//! Search for words in issues.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::SearchIssues;
use mosaic_core::types::Page;
use mosaic_core::types::project::{Issue, IssueState};

use super::super::client::{GitLab, PAGE, project};
use super::issue::repository;
use super::wire::WireIssue;
use crate::forge::words;
use crate::http::{List, Numbered, at, limit_of};

/// The longest query, in characters.
const QUERY_MAX: usize = 512;
/// How many pages of GitLab's are read for one of ours, where most of what it finds does not fit.
const PAGES: usize = 20;

/// GitLab finds parts of words too. So it is asked for the longest word alone, and what it finds is looked at again.
pub(super) async fn search(lab: &GitLab, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
    let invalid = |text: String| Err(Error::new(ErrorKind::Invalid, text));
    if op.query.chars().count() > QUERY_MAX {
        return invalid(format!("query: use at most {QUERY_MAX} characters"));
    }
    let wanted: Vec<_> = words::words(&op.query).collect();
    let Some(longest) = wanted.iter().max_by_key(|word| word.chars().count()) else {
        return invalid("query: give a word to search for".to_owned());
    };
    let list = List(("search", &op.query, &op.project, op.state));
    let mut offset = list.after::<u64>(&op.page)?.unwrap_or(0);
    let repo = op.project.as_ref().map(repository).transpose()?;
    let path = match &repo {
        Some(repo) => project(repo)?.part("issues"),
        None => at!["issues"],
    };
    let state = match op.state {
        None => "all",
        Some(IssueState::Open) => "opened",
        Some(IssueState::Closed) => "closed",
        Some(IssueState::InProgress) => {
            if let Some(repo) = &repo {
                lab.project(cx, repo).await?;
            }
            return Ok(Page::last(Vec::new()));
        }
    };
    for turn in 1.. {
        let part = Numbered::at(offset, limit_of(&op.page, PAGE))?;
        let request = lab
            .get(path.clone())
            .maybe("scope", repo.is_none().then_some("all"))
            .query("state", state)
            .query("search", longest)
            .query("in", "title,description")
            .query("order_by", "created_at")
            .query("sort", "desc")
            .query("page", part.number())
            .query("per_page", part.size);
        let answer = request.full::<Vec<WireIssue>>(cx).await?;
        let whose = |wire: &WireIssue| repo.clone().or_else(|| wire.repository());
        let issues = answer.value.into_iter().filter_map(|wire| whose(&wire).map(|repo| wire.issue(&repo)));
        let items = issues.filter(|issue| words::has_all(issue, &wanted)).collect();
        let page = part.linked(&list, items, &answer.headers);
        if !page.items.is_empty() || page.next.is_none() || turn == PAGES {
            return Ok(page);
        }
        offset = part.offset + part.size;
    }
    Ok(Page::last(Vec::new()))
}

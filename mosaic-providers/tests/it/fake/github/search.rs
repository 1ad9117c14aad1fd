//! Search of issues: words and the qualifiers `repo:`, `user:`, `org:`, `is:`, `type:`, `state:`, `label:`, `author:`,
//! `assignee:` and `in:`.

use serde_json::json;

use super::fault::{custom_field, failed, field};
use super::wire::with;
use super::{Answer, Cx};
use crate::fake::forge::{Found, Item, Repo};
use crate::fake::http::{Paging, Reply};

/// Nobody gets further than this into what was found.
const REACH: usize = 1_000;

/// What a query asks for.
#[derive(Debug, Default)]
struct Query {
    words: Vec<String>,
    qualifiers: Vec<(String, String, bool)>,
}

/// Takes a query apart: words, phrases in quotes, and `name:value` with or without a `-` before it.
fn parse(text: &str) -> Query {
    let mut query = Query::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest.find(|c: char| {
            quoted ^= c == '"';
            c.is_whitespace() && !quoted
        });
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.trim_start();
        let (not, bare) = token.strip_prefix('-').map_or((false, token), |bare| (true, bare));
        let plain = |text: &str| text.replace('"', "");
        const KNOWN: [&str; 10] =
            ["repo", "user", "org", "is", "type", "state", "label", "author", "assignee", "in"];
        match bare.split_once(':').filter(|(name, _)| KNOWN.contains(name)) {
            Some((name, value)) => query.qualifiers.push((name.to_owned(), plain(value), not)),
            None => query.words.push(plain(token).to_lowercase()),
        }
    }
    query.words.retain(|word| !word.trim().is_empty());
    query
}

impl Query {
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.qualifiers.iter().filter(move |(other, _, not)| other == name && !not);
        named.map(|(_, value, _)| value.as_str())
    }

    fn finds(&self, item: &Item) -> bool {
        let within: Vec<_> = self.values("in").flat_map(|value| value.split(',')).collect();
        let part = |name: &str| within.is_empty() || within.contains(&name);
        let mut text = String::new();
        if part("title") {
            text.push_str(&item.title.to_lowercase());
        }
        if part("body") {
            text.push('\n');
            text.push_str(&item.body.as_deref().unwrap_or_default().to_lowercase());
        }
        if part("comments") {
            for comment in &item.comments {
                text.push('\n');
                text.push_str(&comment.body.to_lowercase());
            }
        }
        self.words.iter().all(|word| text.contains(word.as_str()))
            && self.qualifiers.iter().all(|(name, value, not)| holds(item, name, value) != *not)
    }
}

/// Whether a qualifier holds for an item; those about the repository are looked at elsewhere.
fn holds(item: &Item, name: &str, value: &str) -> bool {
    let pull = item.pull.is_some();
    match (name, value) {
        ("is" | "type", "issue") => !pull,
        ("is" | "type", "pr" | "pull-request") => pull,
        ("is" | "state", "open") => item.open,
        ("is" | "state", "closed") => !item.open,
        ("is", "merged") => item.pull.as_ref().is_some_and(|pull| pull.merged.is_some()),
        ("label", label) => item.labels.iter().any(|other| other.eq_ignore_ascii_case(label)),
        ("author", login) => item.author.eq_ignore_ascii_case(login),
        ("assignee", login) => item.assignees.iter().any(|other| other.eq_ignore_ascii_case(login)),
        _ => true,
    }
}

pub(super) fn issues(cx: &Cx<'_>) -> Answer {
    let text = cx.ask.query("q").ok_or_else(|| field("Search", "q", "missing"))?;
    let query = parse(text);
    let words: usize = query.words.iter().map(|word| word.chars().count()).sum();
    if words > 256 {
        return Err(custom_field("Search", "q", "The search is longer than 256 characters."));
    }
    let unseen = || {
        let message = "The listed users and repositories cannot be searched either because the resources do not exist or you do not have permission to view them.";
        failed(json!([{ "message": message, "resource": "Search", "field": "q", "code": "invalid" }]))
    };
    let mut wanted = Vec::new();
    for name in query.values("repo") {
        let (owner, name) = name.split_once('/').ok_or_else(unseen)?;
        match cx.forge().find(owner, name) {
            Found::Here(id) | Found::Moved(id) => wanted.push(cx.seen(id).map_err(|_| unseen())?.id),
            Found::Nowhere => return Err(unseen()),
        }
    }
    let owners: Vec<_> = query.values("user").chain(query.values("org")).collect();
    let searched = |repo: &Repo| {
        let everywhere = wanted.is_empty() && owners.is_empty();
        (everywhere
            || wanted.contains(&repo.id)
            || owners.iter().any(|owner| repo.owner.eq_ignore_ascii_case(owner)))
            && (!repo.private || cx.writes(repo))
    };
    let mut found = Vec::new();
    for repo in cx.forge().repos().into_iter().filter(searched) {
        let items: Vec<_> = repo.items.values().filter(|item| query.finds(item)).cloned().collect();
        found.extend(items.into_iter().map(|item| (repo.clone(), item)));
    }
    match cx.ask.query("sort") {
        Some("updated") => found.sort_by_key(|(_, item)| (item.updated_at, item.id)),
        Some("comments") => found.sort_by_key(|(_, item)| (item.comments.len(), item.id)),
        _ => found.sort_by_key(|(_, item)| item.id),
    }
    if cx.ask.query("order") != Some("asc") {
        found.reverse();
    }
    let total = found.len();
    found.truncate(REACH);
    let paging = Paging::read(cx.ask, "per_page", 30, 100);
    if paging.offset() >= REACH {
        return Err(super::fault::error(422, "Only the first 1000 search results are available"));
    }
    let cut = paging.cut(found).map(|(repo, item)| with(cx.issue(&repo, &item), json!({ "score": 1.0 })));
    let base = format!("{}/search/issues", cx.api());
    let shape = json!({
        "total_count": total, "incomplete_results": false, "search_type": "lexical", "items": cut.items,
    });
    Ok(Reply::json(200, &shape).maybe_header("link", cut.link(cx.ask, &base, "per_page")))
}

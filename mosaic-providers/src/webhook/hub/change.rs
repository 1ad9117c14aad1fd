//! Pushes, branches, tags, releases, the wiki and the repository itself.

use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{Commit, Release, Signature};
use serde::Deserialize;

use super::{Payload, User, login};
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{
    Event, Push, RefAction, RefChange, RefKind, ReleaseAction, ReleaseEvent, RepositoryAction,
    RepositoryEvent, WikiAction, WikiEvent, WikiPage, fault,
};

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    reference: String,
    before: String,
    after: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    forced: bool,
    #[serde(default, deserialize_with = "wire::or_default")]
    commits: Vec<CommitBody>,
    head_commit: Option<Head>,
    total_commits: Option<u64>,
}

#[derive(Deserialize)]
struct Head {
    id: String,
}

#[derive(Deserialize)]
struct CommitBody {
    id: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    message: String,
    #[serde(default)]
    timestamp: Time,
    #[serde(default, deserialize_with = "wire::or_default")]
    author: Author,
}

#[derive(Default, Deserialize)]
struct Author {
    #[serde(default, deserialize_with = "wire::or_default")]
    name: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    email: String,
}

impl From<CommitBody> for Commit {
    fn from(body: CommitBody) -> Self {
        let mut author = Signature::new(body.author.name, body.author.email);
        author.at = body.timestamp.0;
        Commit::new(body.id, body.message, author)
    }
}

/// A push. `newest_first` is how the vendor orders the commits.
pub(in crate::webhook) fn push(payload: &Payload<'_>, newest_first: bool) -> Result<Event> {
    let body: PushBody = wire::read(payload.body)?;
    let Some((kind, name)) = split(&body.reference) else {
        // Notes and the like are neither branch nor tag.
        return Ok(Event::Other);
    };
    let (before, after) = (wire::commit_id(&body.before), wire::commit_id(&body.after));
    let action = match (&before, &after) {
        (_, None) => RefAction::Deleted,
        (None, _) => RefAction::Created,
        _ => RefAction::Moved,
    };
    let mut change = RefChange::new(kind, name, action).forced(body.forced);
    // Of an annotated tag `after` is the tag itself; the head is the commit it stands for.
    change.after = match (kind, body.head_commit) {
        (RefKind::Tag, Some(head)) if after.is_some() => Some(head.id),
        _ => after,
    };
    change.before = before;
    change.truncated = body.total_commits.is_some_and(|total| total > body.commits.len() as u64);
    change.commits = body.commits.into_iter().map(Commit::from).collect();
    if newest_first {
        change.commits.reverse();
    }
    Ok(Event::Push(Push::new(vec![change])))
}

fn split(reference: &str) -> Option<(RefKind, &str)> {
    let branch = reference.strip_prefix("refs/heads/").map(|name| (RefKind::Branch, name));
    branch.or_else(|| reference.strip_prefix("refs/tags/").map(|name| (RefKind::Tag, name)))
}

#[derive(Deserialize)]
struct RefBody {
    #[serde(rename = "ref")]
    reference: String,
    ref_type: String,
    sha: Option<String>,
}

impl RefBody {
    fn change(self, action: RefAction) -> Option<RefChange> {
        let kind = match self.ref_type.as_str() {
            "branch" => RefKind::Branch,
            "tag" => RefKind::Tag,
            _ => return None,
        };
        // Gitea writes the whole name where the branch was made by a push.
        let name = split(&self.reference).map_or(self.reference.as_str(), |(_, name)| name);
        let mut change = RefChange::new(kind, name, action);
        change.after = self.sha.as_deref().and_then(wire::commit_id).filter(|_| action == RefAction::Created);
        Some(change)
    }
}

/// A branch or tag that was made.
pub(in crate::webhook) fn created(payload: &Payload<'_>) -> Result<Event> {
    let body: RefBody = wire::read(payload.body)?;
    Ok(body.change(RefAction::Created).map_or(Event::Other, Event::Created))
}

/// A branch or tag that is gone.
pub(in crate::webhook) fn deleted(payload: &Payload<'_>) -> Result<Event> {
    let body: RefBody = wire::read(payload.body)?;
    Ok(body.change(RefAction::Deleted).map_or(Event::Other, Event::Deleted))
}

#[derive(Deserialize)]
struct ReleaseBody {
    release: ReleaseWire,
}

#[derive(Deserialize)]
struct ReleaseWire {
    id: Id,
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    author: Option<User>,
    html_url: Option<String>,
    #[serde(default)]
    created_at: Time,
    #[serde(default, deserialize_with = "wire::or_default")]
    draft: bool,
    #[serde(default, deserialize_with = "wire::or_default")]
    prerelease: bool,
}

/// Something happened to a release.
pub(in crate::webhook) fn release(payload: &Payload<'_>) -> Result<Event> {
    let ReleaseBody { release: wire } = wire::read(payload.body)?;
    let mut release =
        Release::new(wire.id.to_string(), wire.tag_name).draft(wire.draft).prerelease(wire.prerelease);
    release.name = wire::said(wire.name);
    release.body = wire::said(wire.body);
    release.author = login(wire.author);
    release.web_url = wire.html_url;
    release.created_at = wire.created_at.0;
    let action = match payload.action.as_str() {
        "published" => ReleaseAction::Published,
        "deleted" => ReleaseAction::Deleted,
        _ => ReleaseAction::Updated,
    };
    Ok(Event::Release(ReleaseEvent::new(action, release)))
}

#[derive(Deserialize)]
struct RepositoryBody {
    changes: Option<Changes>,
}

#[derive(Deserialize)]
struct Changes {
    repository: Option<Renamed>,
    owner: Option<Moved>,
}

#[derive(Deserialize)]
struct Renamed {
    name: From_<String>,
}

#[derive(Deserialize)]
struct Moved {
    from: Owner,
}

#[derive(Deserialize)]
struct From_<T> {
    from: T,
}

#[derive(Deserialize)]
struct Owner {
    user: Option<User>,
    organization: Option<User>,
}

/// Something happened to the repository itself.
pub(in crate::webhook) fn repository(payload: &Payload<'_>) -> Result<Event> {
    let body: RepositoryBody = wire::read(payload.body)?;
    let repo = payload.repo()?;
    let action = match payload.action.as_str() {
        "created" => RepositoryAction::Created,
        "deleted" => RepositoryAction::Deleted,
        "renamed" | "transferred" => RepositoryAction::Renamed,
        _ => RepositoryAction::Updated,
    };
    let mut event = RepositoryEvent::of(repo, action);
    if action == RepositoryAction::Renamed {
        let changes = body.changes.ok_or_else(|| fault::lacking("changes"))?;
        let name = changes.repository.map(|renamed| renamed.name.from);
        let owner = changes.owner.and_then(|moved| login(moved.from.user.or(moved.from.organization)));
        event.previous = Some(RepoRef::new(
            owner.unwrap_or_else(|| repo.owner.clone()),
            name.unwrap_or_else(|| repo.name.clone()),
        ));
    }
    Ok(Event::Repository(event))
}

#[derive(Deserialize)]
struct Pages {
    pages: Vec<Page>,
}

#[derive(Deserialize)]
struct Page {
    title: String,
    page_name: Option<String>,
    action: String,
    html_url: Option<String>,
}

/// Pages of the wiki, as GitHub tells them.
pub(in crate::webhook) fn wiki_pages(payload: &Payload<'_>) -> Result<Event> {
    let Pages { pages } = wire::read(payload.body)?;
    let pages = pages.into_iter().map(|wire| {
        let mut page = WikiPage::new(wire.title, wiki_action(&wire.action));
        page.slug = wire.page_name;
        page.web_url = wire.html_url;
        page
    });
    Ok(Event::Wiki(WikiEvent::new(pages.collect::<Vec<_>>())))
}

#[derive(Deserialize)]
struct OnePage {
    page: String,
}

/// A page of the wiki, as Gitea tells it.
pub(in crate::webhook) fn wiki_page(payload: &Payload<'_>) -> Result<Event> {
    let OnePage { page } = wire::read(payload.body)?;
    Ok(Event::Wiki(WikiEvent::new(vec![WikiPage::new(page, wiki_action(&payload.action))])))
}

fn wiki_action(word: &str) -> WikiAction {
    match word {
        "created" => WikiAction::Created,
        "deleted" => WikiAction::Deleted,
        _ => WikiAction::Edited,
    }
}

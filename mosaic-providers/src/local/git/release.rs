//! Releases: records beside the repository, each about a tag.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateRelease, ListReleases};
use mosaic_core::types::git::Release;
use mosaic_core::types::{Cursor, Page, Timestamp};
use serde::{Deserialize, Serialize};

use super::fault;
use super::names::{self, Revision, TagName};
use super::object::{ObjectId, Reader};
use super::refs::Swap;
use super::store::{Repo, Store};

/// What is stored of a release.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    number: u64,
    tag: String,
    name: Option<String>,
    body: Option<String>,
    author: String,
    draft: bool,
    prerelease: bool,
    created_at: Timestamp,
    /// Where the tag is to stand that is not there yet: of a draft, the tag is made when it is published. Any other release
    /// counts once its tag stands there: so the record and the tag appear together although they cannot be made in one step.
    at: Option<String>,
}

impl Record {
    fn file(number: u64) -> String {
        format!("releases/{number}.json")
    }

    /// Whether the release was really made.
    async fn counts(&self, reader: &mut Reader) -> Result<bool> {
        match &self.at {
            Some(commit) if !self.draft => {
                let tag = reader.tag(&self.tag).await?;
                Ok(tag.is_some_and(|tag| tag.commit == *commit))
            }
            _ => Ok(true),
        }
    }

    fn show(self) -> Release {
        let mut release = Release::new(self.number.to_string(), self.tag)
            .author(self.author)
            .created_at(self.created_at)
            .draft(self.draft)
            .prerelease(self.prerelease);
        (release.name, release.body) = (self.name, self.body);
        release
    }
}

/// Makes a release. Where its tag is there already, or is not to be there yet, one record appears, whole. Else the record first
/// says which tag is about to be made; making the tag is the step that counts.
pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateRelease) -> Result<Release> {
    let tag = TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    if let Some(name) = &op.name {
        names::line("name", name)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let repo = store.writable(&op.repo).await?;
    let numbers = repo.numbers("releases").await?;
    let mut reader = Reader::start(&repo)?;
    for number in &numbers {
        let other = repo.release(*number).await?.filter(|other| other.tag == op.tag);
        if let Some(other) = other {
            if other.counts(&mut reader).await? {
                return Err(fault::conflict(format!("tag {tag} of {} has a release already", op.repo)));
            }
            repo.remove(&Record::file(*number)).await?;
        }
    }
    let commit = match reader.tag(tag.as_str()).await? {
        Some(_) => None,
        None if reader.info(&tag.reference()).await?.is_some() => {
            return Err(fault::conflict(format!("tag {tag} of {} stands for no commit", op.repo)));
        }
        None => Some(reader.commit(&op.repo, &repo.or_default(at).await?).await?),
    };
    let mut record = Record {
        number: numbers.last().map_or(1, |last| last + 1),
        tag: op.tag,
        name: op.name,
        body: op.body,
        author: cx.caller().name().to_owned(),
        draft: op.draft,
        prerelease: op.prerelease,
        created_at: Timestamp::now(),
        at: commit.as_ref().map(ObjectId::to_string),
    };
    let making = commit.filter(|_| !op.draft);
    if making.is_none() {
        cx.mark_sent();
    }
    while !repo.publish(&Record::file(record.number), &record).await? {
        record.number += 1;
    }
    let Some(commit) = making else { return Ok(record.show()) };
    match repo.swap(cx, &tag, None, Some(&commit)).await {
        // Whoever pushed the tag meanwhile made it one that was there.
        Ok(Swap::Done | Swap::Moved) => {
            record.at = None;
            repo.write(&Record::file(record.number), &record).await?;
            Ok(record.show())
        }
        Err(error) => {
            repo.remove(&Record::file(record.number)).await?;
            Err(error)
        }
    }
}

/// Lists releases; the cursor is the last number, so that new ones do not shift the pages.
pub(super) async fn list(store: &Store, op: ListReleases) -> Result<Page<Release>> {
    let before = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<u64>()).transpose();
    let before = before.map_err(|_| fault::invalid("page.cursor: it was not made by this provider"))?;
    let repo = store.repo(&op.repo).await?;
    let mut reader = Reader::start(&repo)?;
    let (limit, mut items, mut last) = (op.page.limit(), Vec::new(), None);
    let numbers = repo.numbers("releases").await?;
    for number in numbers.into_iter().rev().filter(|number| before.is_none_or(|before| *number < before)) {
        // One that was never made may be cleared away meanwhile.
        let Some(record) = repo.release(number).await? else { continue };
        if !record.counts(&mut reader).await? {
            continue;
        }
        if items.len() == limit {
            return Ok(Page::new(items, last));
        }
        last = Some(Cursor::new(number.to_string()));
        items.push(record.show());
    }
    Ok(Page::last(items))
}

/// Removes the record of a release whose making ended before its tag was made: the tag that is about to be made by itself is not
/// meant by it.
pub(super) async fn forget_unmade(repo: &Repo<'_>, tag: &TagName) -> Result<()> {
    let mut reader = Reader::start(repo)?;
    for number in repo.numbers("releases").await? {
        let of_tag = repo.release(number).await?.filter(|record| record.tag == tag.as_str());
        if let Some(record) = of_tag
            && !record.counts(&mut reader).await?
        {
            repo.remove(&Record::file(number)).await?;
        }
    }
    Ok(())
}

impl Repo<'_> {
    async fn release(&self, number: u64) -> Result<Option<Record>> {
        self.read(&Record::file(number)).await
    }
}

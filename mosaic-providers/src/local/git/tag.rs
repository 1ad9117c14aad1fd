//! Tags: made as references, plain or annotated, and listed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::{CreateTag, ListTags};
use mosaic_core::types::git::Tag;
use mosaic_core::types::{Cursor, Page, RepoRef};

use super::commit::caller;
use super::fault;
use super::names::{self, Revision, TagName, Tags};
use super::object::{ObjectId, Reader};
use super::refs::Swap;
use super::release;
use super::store::{Repo, Store};

/// Makes a tag. The object of an annotated one is stored first, where nobody sees it; the reference is the one step that counts.
pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateTag) -> Result<Tag> {
    let tag = TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let message = op.message.as_deref().map(|text| names::text("message", text)).transpose()?;
    let message = message.filter(|text| !text.trim().is_empty());
    let repo = store.writable(&op.repo).await?;
    let at = repo.or_default(at).await?;
    let mut reader = Reader::start(&repo)?;
    if reader.info(&tag.reference()).await?.is_some() {
        return Err(exists(&op.repo, &tag));
    }
    let commit = reader.commit(&op.repo, &at).await?;
    let target = match message {
        Some(message) => repo.write_tag(cx, &tag, &commit, message).await?,
        None => commit.clone(),
    };
    release::forget_unmade(&repo, &tag).await?;
    match repo.swap(cx, &tag, None, Some(&target)).await? {
        Swap::Done => {
            let mut made = Tag::new(tag.as_str(), commit.as_str());
            made.message = message.map(|text| text.trim_end_matches('\n').to_owned());
            Ok(made)
        }
        Swap::Moved => Err(exists(&op.repo, &tag)),
    }
}

/// Lists tags. Those that stand for no commit, such as one of a file, are left out.
pub(super) async fn list(store: &Store, op: ListTags) -> Result<Page<Tag>> {
    let after = op.page.cursor.as_ref().map(|cursor| names::cursor(cursor.as_str())).transpose()?;
    let repo = store.repo(&op.repo).await?;
    let names = repo.names::<Tags>().await?;
    let mut reader = Reader::start(&repo)?;
    let (limit, mut items) = (op.page.limit(), Vec::<Tag>::new());
    for name in names.into_iter().filter(|name| after.is_none_or(|after| name.as_str() > after)) {
        let Some(tag) = reader.tag(&name).await? else { continue };
        if items.len() == limit {
            let next = items.last().map(|last| Cursor::new(&last.name));
            return Ok(Page::new(items, next));
        }
        items.push(tag);
    }
    Ok(Page::last(items))
}

fn exists(repo: &RepoRef, tag: &TagName) -> Error {
    fault::conflict(format!("there is a tag {tag} in {repo} already"))
}

impl Reader {
    /// The tag of this name, where there is one that stands for a commit.
    pub(super) async fn tag(&mut self, name: &str) -> Result<Option<Tag>> {
        let reference = format!("refs/tags/{name}");
        let Some(commit) = self.info(&format!("{reference}^{{commit}}")).await? else { return Ok(None) };
        let mut tag = Tag::new(name, commit.id.as_str());
        if self.info(&reference).await?.is_some_and(|header| header.kind == "tag") {
            let object = self.contents(&reference).await?;
            tag.message = object.map(|(_, raw)| message(&raw));
        }
        Ok(Some(tag))
    }
}

/// The text of a tag object: what follows the first empty line.
fn message(raw: &[u8]) -> String {
    let text = raw.windows(2).position(|pair| pair == b"\n\n").map_or(&[][..], |at| &raw[at + 2..]);
    String::from_utf8_lossy(text).trim_end_matches('\n').to_owned()
}

impl Repo<'_> {
    /// Stores the object of an annotated tag.
    async fn write_tag(
        &self,
        cx: &CallContext,
        tag: &TagName,
        commit: &ObjectId,
        message: &str,
    ) -> Result<ObjectId> {
        let me = caller(cx);
        let text = message.trim_end_matches('\n');
        let object = format!(
            "object {commit}\ntype commit\ntag {tag}\ntagger {} <{}> {}\n\n{text}\n",
            me.name, me.email, me.date
        );
        ObjectId::parse_line(&self.git("mktag").input(object).stdout().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_message_is_what_follows_the_first_empty_line() {
        assert_eq!(message(b"object x\ntype commit\n\nOne\n\nTwo\n\n"), "One\n\nTwo");
        assert_eq!(message(b"object x\n\n"), "");
        assert_eq!(message(b"object x\n"), "");
    }
}

//! Pages of the wiki of a repository.

use super::{Forge, WikiPage, now};

impl Forge {
    /// Writes a page, over the one of this name where there is one; none where the repository is gone.
    pub(crate) fn put_page(&self, repo: u64, name: &str, page: WikiPage) -> Option<WikiPage> {
        self.with(repo, |repo| {
            let version = repo.wiki.get(name).map_or(1, |old| old.version + 1);
            let page = WikiPage { version, updated_at: now(), ..page };
            repo.wiki.insert(name.to_owned(), page.clone());
            page
        })
    }

    /// Takes a page away; says whether it was there.
    pub(crate) fn delete_page(&self, repo: u64, name: &str) -> bool {
        self.with(repo, |repo| repo.wiki.remove(name).is_some()).unwrap_or_default()
    }
}

impl WikiPage {
    /// A page to be written.
    pub(crate) fn new(title: &str, content: &str, author: &str) -> Self {
        Self {
            title: title.to_owned(),
            content: content.to_owned(),
            author: author.to_owned(),
            message: String::new(),
            version: 1,
            updated_at: now(),
        }
    }
}

//! The wiki of a repository as documents.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{
    CreateDocument, DeleteDocument, DocsService as _, GetDocument, GetSpace, ListDocuments, ListSpaces,
    UpdateDocument,
};
use mosaic_core::types::PageRequest;
use mosaic_providers::gitea::{GiteaWiki, Product};

use super::Tea;
use crate::fake::forge::NewRepo;

const SPACE: &str = "acme/widget";

async fn wiki(product: Product) -> (Tea, GiteaWiki) {
    let tea = Tea::pour(product).await;
    tea.tea.forge().create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    let wiki = GiteaWiki::new(tea.config("token-of-ada")).unwrap();
    (tea, wiki)
}

#[tokio::test]
async fn pages_come_change_and_go() {
    for product in [Product::Gitea, Product::Forgejo] {
        let (_tea, wiki) = wiki(product).await;
        let cx = CallContext::new();
        let list = || ListDocuments::new(SPACE);
        assert!(wiki.list_documents(&cx, list()).await.unwrap().items.is_empty());
        let text = "Read *this*: ‘ü’ 漢字\r\n\n- x";
        let made = wiki.create_document(&cx, CreateDocument::new(SPACE, "How it fits", text)).await.unwrap();
        assert_eq!((made.title.as_str(), made.body.as_str()), ("How it fits", text));
        assert!(made.version.is_some() && made.updated_at.is_some());
        let get = |id: &str| GetDocument::new(SPACE, id);
        assert_eq!(wiki.get_document(&cx, get(&made.id)).await.unwrap(), made);
        let twice = wiki.create_document(&cx, CreateDocument::new(SPACE, "How it fits", "other")).await;
        assert_eq!(twice.unwrap_err().kind(), ErrorKind::Conflict);

        let update = |id: &str| UpdateDocument::new(SPACE, id);
        let same = wiki.update_document(&cx, update(&made.id).body(text)).await.unwrap();
        assert_eq!(same, made, "nothing changes, and no version is made");
        let changed = wiki.update_document(&cx, update(&made.id).body("Shorter")).await.unwrap();
        assert_eq!((changed.id.as_str(), changed.body.as_str()), (made.id.as_str(), "Shorter"));
        assert_ne!(changed.version, made.version);
        let moved = wiki.update_document(&cx, update(&made.id).title("a/b ü?")).await.unwrap();
        assert_eq!((moved.title.as_str(), moved.body.as_str()), ("a/b ü?", "Shorter"));
        assert_eq!(wiki.get_document(&cx, get(&moved.id)).await.unwrap(), moved);
        let gone = wiki.get_document(&cx, get(&made.id)).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);

        wiki.delete_document(&cx, DeleteDocument::new(SPACE, moved.id.as_str())).await.unwrap();
        for id in [moved.id.as_str(), "", "..", "none such"] {
            let got = wiki.delete_document(&cx, DeleteDocument::new(SPACE, id)).await;
            assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound, "{id:?}");
        }
    }
}

#[tokio::test]
async fn lists_hold_every_page_once() {
    let (_tea, wiki) = wiki(Product::Gitea).await;
    let cx = CallContext::new();
    let mut made = Vec::new();
    for at in 0..7 {
        let op = CreateDocument::new(SPACE, format!("Page {at}"), "");
        made.push(wiki.create_document(&cx, op).await.unwrap().id);
    }
    for limit in [1, 2, 3, 7, 8] {
        let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
        loop {
            let page = wiki.list_documents(&cx, ListDocuments::new(SPACE).page(request)).await.unwrap();
            seen.extend(page.items.into_iter().map(|entry| entry.id));
            let Some(next) = page.next else { break };
            request = PageRequest::first(limit).at(next);
        }
        assert_eq!(seen, made, "by pages of {limit}");
    }
}

#[tokio::test]
async fn what_a_wiki_has_no_place_for_is_unsupported() {
    let (tea, wiki) = wiki(Product::Gitea).await;
    let cx = CallContext::new();
    let page = || CreateDocument::new(SPACE, "Page", "");
    let kind = |result: mosaic_core::Result<()>| result.unwrap_err().kind();
    let below = wiki.create_document(&cx, page().parent("Home")).await.map(drop);
    let labelled = wiki.create_document(&cx, page().labels(vec!["a".to_owned()])).await.map(drop);
    let update = UpdateDocument::new(SPACE, "Page").body("x").expected("1");
    let guarded = wiki.update_document(&cx, update).await.map(drop);
    for result in [below, labelled, guarded] {
        assert_eq!(kind(result), ErrorKind::Unsupported);
    }
    assert_eq!(tea.server.count(), 0, "nothing was sent");
    let odd = wiki.get_document(&cx, GetDocument::new("handbook", "Page")).await.map(drop);
    assert_eq!(kind(odd), ErrorKind::Invalid);
}

#[tokio::test]
async fn spaces_are_repositories() {
    let (tea, wiki) = wiki(Product::Forgejo).await;
    let cx = CallContext::new();
    tea.tea.forge().create_repo(NewRepo::new("ada", "gadget")).await.unwrap();
    let space = wiki.get_space(&cx, GetSpace::new(SPACE)).await.unwrap();
    assert_eq!((space.key.as_str(), space.name.as_str()), (SPACE, "widget"));
    let keys = wiki.list_spaces(&cx, ListSpaces::new()).await.unwrap().items;
    assert_eq!(keys.iter().map(|space| space.key.as_str()).collect::<Vec<_>>(), [SPACE, "ada/gadget"]);
    let got = wiki.get_space(&cx, GetSpace::new("acme/none-such")).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
    let nowhere = wiki.list_documents(&cx, ListDocuments::new("acme/none-such")).await;
    assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::NotFound);
}

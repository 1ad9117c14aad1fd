//! Wikis: the behaviour suite, and what is GitLab's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{
    CreateDocument, DocsService as _, GetDocument, GetSpace, ListDocuments, ListSpaces, UpdateDocument,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::document::{self, Trait, World};
use mosaic_providers::gitlab::GitLabWiki;

use super::{Bench, assert_faithful, document as watched};
use crate::fake::forge::{NewRepo, WikiPage};

fn wiki(bench: &Bench) -> GitLabWiki {
    GitLabWiki::new(bench.config()).unwrap()
}

fn world(bench: &Bench) -> World {
    let (forge, count) = (Arc::clone(bench.lab.forge()), Arc::new(AtomicU64::new(0)));
    let prepare = move || {
        let (forge, count) = (Arc::clone(&forge), Arc::clone(&count));
        async move {
            let name = format!("widget-{}", count.fetch_add(1, Ordering::Relaxed));
            Ok(forge.create_repo(NewRepo::new("acme", &name)).await.unwrap().full_name())
        }
    };
    World::prepared_by(wiki(bench).info().operations, prepare)
        .nowhere("acme/none-such")
        .without(Trait::Labels, "pages of a wiki have none")
        .without(Trait::Parents, "pages of a wiki stand beside each other")
        .without(Trait::SharesTitles, "a title is the path of a page")
        .without(Trait::AnyTitle, "a title is the path of a page")
        .without(Trait::IdsStay, "a title is the path of a page")
        .without(Trait::Versions, "the API tells no versions")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_docs_service_behaves() {
    let watch = watched();
    let bench = Bench::watched(watch.as_ref()).await;
    document::run(&wiki(&bench), &world(&bench)).await.unwrap();
    if let Some(watch) = watch {
        assert_faithful(&watch, 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let bench = Bench::new().await;
    document::lacks_are_needed(&wiki(&bench), &world(&bench)).await.unwrap();
}

#[tokio::test]
async fn pages_stay_in_their_directories() {
    let bench = Bench::new().await;
    let repo = bench.lab.forge().create_repo(NewRepo::new("acme/tools", "saw")).await.unwrap();
    let page = WikiPage::new("care/How-to-oil", "Sparingly.", "ada");
    bench.lab.forge().put_page(repo.id, "care/How-to-oil", page).unwrap();
    let (wiki, cx, space) = (wiki(&bench), &bench.cx, "acme/tools/saw");
    let list = async || wiki.list_documents(cx, ListDocuments::new(space)).await.unwrap().items;
    let listed = list().await;
    assert_eq!((listed[0].id.as_str(), listed[0].title.as_str()), ("care/How-to-oil", "How to oil"));
    let moved = UpdateDocument::new(space, "care/How-to-oil").title("Oil");
    assert_eq!(wiki.update_document(cx, moved).await.unwrap().id, "care/Oil");
    wiki.create_document(cx, CreateDocument::new(space, "Oil", "")).await.unwrap();
    assert_eq!(list().await.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["Oil", "care/Oil"]);
    let taken = UpdateDocument::new(space, "care/Oil").title("care/Oil");
    assert_eq!(wiki.update_document(cx, taken).await.unwrap_err().kind(), ErrorKind::Invalid);
    wiki.create_document(cx, CreateDocument::new(space, "Grease", "")).await.unwrap();
    let taken = UpdateDocument::new(space, "Grease").title("Oil");
    assert_eq!(wiki.update_document(cx, taken).await.unwrap_err().kind(), ErrorKind::Conflict);
    let dashed = wiki.create_document(cx, CreateDocument::new(space, "Spare-parts", "")).await.unwrap();
    assert_eq!(dashed.title, "Spare parts", "GitLab reads titles off paths");
}

#[tokio::test]
async fn spaces_are_projects() {
    let bench = Bench::new().await;
    bench.lab.forge().create_repo(NewRepo::new("acme/tools", "saw")).await.unwrap();
    let (wiki, cx) = (wiki(&bench), &bench.cx);
    let space = wiki.get_space(cx, GetSpace::new("acme/tools/saw")).await.unwrap();
    assert_eq!((space.key.as_str(), space.name.as_str()), ("acme/tools/saw", "saw"));
    assert!(space.web_url.as_deref().is_some_and(|url| url.ends_with("/acme/tools/saw/-/wikis")));
    assert_eq!(wiki.list_spaces(cx, ListSpaces::new()).await.unwrap().items, vec![space]);
    let odd = wiki.get_document(cx, GetDocument::new("handbook", "Page")).await;
    assert_eq!(odd.unwrap_err().kind(), ErrorKind::Invalid);
}

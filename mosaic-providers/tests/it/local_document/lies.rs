//! The suite catches what is wrong: over honest documents, one lie at a time, each by the behaviour that is about it.

use std::collections::HashMap;
use std::sync::Mutex;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, DocsService, GetDocument, GetSpace, ListDocuments,
    ListSpaces, OrganizeContent, SearchDocuments, UpdateDocument,
};
use mosaic_core::op::{OpSet, Operation as _};
use mosaic_core::testkit::suite::document;
use mosaic_core::types::document::{Document, DocumentEntry, SearchHit, Space, Structure};
use mosaic_core::types::{Page, PageRequest, ServiceKind};
use mosaic_providers::local::document::LocalDocs;

use super::docs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    TrimsTexts,
    TrimsTitles,
    ForgetsLabels,
    HidesTheVersion,
    HidesTheParent,
    FindsEveryDocument,
    DeletesParents,
    DeletesNothing,
    KeepsTheVersion,
    IgnoresExpected,
    TakesEveryTitle,
    TakesEveryKey,
    TakesAKeyTwice,
    ForgetsTheDescription,
    ListsSpacesBackwards,
    ListsBackwards,
    RepeatsTheLastOfAPage,
    TakesEveryCursor,
    IgnoresLabels,
    IgnoresTheLimit,
    MovesNothing,
    MovesOnlyTheFirst,
    MovesWhatItCan,
    FindsNothing,
    FindsOnlyBefore,
    FindsInEverySpace,
    FindsAnyWord,
    RanksBackwards,
    ShowsNoWords,
    BreaksOnSigns,
    SearchesWithAnyCursor,
}

struct Liar {
    docs: LocalDocs,
    lie: Lie,
    found: Mutex<HashMap<String, Page<SearchHit>>>,
}

impl Liar {
    fn tells(&self, lie: Lie) -> bool {
        self.lie == lie
    }

    fn shown(&self, mut document: Document) -> Document {
        match self.lie {
            Lie::TrimsTexts => document.body = document.body.trim_end().into(),
            Lie::TrimsTitles => {
                document.title = document.title.trim_matches(|c: char| c.is_ascii_punctuation()).into();
            }
            Lie::ForgetsLabels => document.labels.clear(),
            Lie::HidesTheVersion => document.version = None,
            Lie::HidesTheParent => document.parent = None,
            Lie::KeepsTheVersion => document.version = Some("1".into()),
            _ => {}
        }
        document
    }
}

fn last_again<T: Clone>(page: &mut Page<T>) {
    if page.next.is_some() {
        page.items.extend(page.items.last().cloned());
        page.items.remove(0);
    }
}

impl DocsService for Liar {
    async fn create_space(&self, cx: &CallContext, mut op: CreateSpace) -> Result<Space> {
        if self.tells(Lie::ForgetsTheDescription) {
            op.description = None;
        }
        let (key, name) = (op.space.clone(), op.name.clone());
        match self.docs.create_space(cx, op).await {
            Err(error) if self.tells(Lie::TakesEveryKey) && error.kind() == ErrorKind::Invalid => {
                Ok(Space::new(key, name))
            }
            Err(error) if self.tells(Lie::TakesAKeyTwice) && error.kind() == ErrorKind::Conflict => {
                Ok(Space::new(key, name))
            }
            made => made,
        }
    }
    async fn get_space(&self, cx: &CallContext, op: GetSpace) -> Result<Space> {
        self.docs.get_space(cx, op).await
    }
    async fn list_spaces(&self, cx: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
        let mut page = self.docs.list_spaces(cx, op).await?;
        if self.tells(Lie::ListsSpacesBackwards) {
            page.items.reverse();
        }
        Ok(page)
    }
    async fn create_document(&self, cx: &CallContext, mut op: CreateDocument) -> Result<Document> {
        if self.tells(Lie::TakesEveryTitle) && op.title.trim().is_empty() {
            op.title = "Untitled".into();
        }
        self.docs.create_document(cx, op).await.map(|document| self.shown(document))
    }
    async fn get_document(&self, cx: &CallContext, op: GetDocument) -> Result<Document> {
        let (space, id) = (op.space.clone(), op.document.clone());
        match self.docs.get_document(cx, op).await {
            Err(_) if self.tells(Lie::FindsEveryDocument) => Ok(Document::new(id, space, "Found", "")),
            got => got.map(|document| self.shown(document)),
        }
    }
    async fn update_document(&self, cx: &CallContext, mut op: UpdateDocument) -> Result<Document> {
        if self.tells(Lie::IgnoresExpected) || self.tells(Lie::KeepsTheVersion) {
            op.expected = None;
        }
        self.docs.update_document(cx, op).await.map(|document| self.shown(document))
    }
    async fn delete_document(&self, cx: &CallContext, op: DeleteDocument) -> Result<()> {
        match self.docs.get_document(cx, GetDocument::new(op.space.as_str(), op.document.as_str())).await {
            Ok(_) if self.tells(Lie::DeletesNothing) => Ok(()),
            _ => match self.docs.delete_document(cx, op).await {
                Err(error) if self.tells(Lie::DeletesParents) && error.kind() == ErrorKind::Conflict => {
                    Ok(())
                }
                done => done,
            },
        }
    }
    async fn list_documents(&self, cx: &CallContext, mut op: ListDocuments) -> Result<Page<DocumentEntry>> {
        match self.lie {
            Lie::IgnoresLabels => op.label = None,
            Lie::IgnoresTheLimit => op.page.limit = Some(100),
            _ => {}
        }
        let again = op.clone();
        let mut page = match self.docs.list_documents(cx, op).await {
            Err(error) if self.tells(Lie::TakesEveryCursor) && error.message().contains("cursor") => {
                let op = again.page(PageRequest::default());
                self.docs.list_documents(cx, op).await?
            }
            page => page?,
        };
        match self.lie {
            Lie::ListsBackwards => page.items.reverse(),
            Lie::RepeatsTheLastOfAPage => last_again(&mut page),
            _ => {}
        }
        Ok(page)
    }
    async fn organize_content(&self, cx: &CallContext, mut op: OrganizeContent) -> Result<Structure> {
        match self.lie {
            Lie::MovesNothing => {
                for placement in std::mem::take(&mut op.placements) {
                    let op = GetDocument::new(op.space.as_str(), placement.document);
                    self.docs.get_document(cx, op).await?;
                }
            }
            Lie::MovesOnlyTheFirst => op.placements.truncate(1),
            Lie::MovesWhatItCan => {
                let mut done = Ok(Structure::new(op.space.as_str(), Vec::new()));
                for placement in op.placements {
                    done = self
                        .docs
                        .organize_content(cx, OrganizeContent::new(op.space.as_str(), vec![placement]))
                        .await;
                }
                return match done {
                    Ok(structure) if structure.documents.is_empty() => {
                        self.docs.organize_content(cx, OrganizeContent::new(op.space, Vec::new())).await
                    }
                    done => done,
                };
            }
            _ => {}
        }
        self.docs.organize_content(cx, op).await
    }
    async fn search_documents(&self, cx: &CallContext, mut op: SearchDocuments) -> Result<Page<SearchHit>> {
        let key = format!("{op:?}");
        match self.lie {
            Lie::FindsInEverySpace => {
                self.docs.search_documents(cx, op.clone()).await?;
                op.space = None;
            }
            Lie::FindsAnyWord => op.query = op.query.split(' ').next_back().unwrap_or_default().into(),
            Lie::BreaksOnSigns if op.query.contains('*') => {
                return Err(Error::new(ErrorKind::Provider, "a syntax error near *"));
            }
            _ => {}
        }
        let again = op.clone();
        let mut page = match self.docs.search_documents(cx, op).await {
            Err(error) if self.tells(Lie::SearchesWithAnyCursor) && error.message().contains("cursor") => {
                let op = again.page(PageRequest::default());
                self.docs.search_documents(cx, op).await?
            }
            page => page?,
        };
        match self.lie {
            Lie::FindsNothing => page = Page::last(Vec::new()),
            Lie::RanksBackwards => page.items.reverse(),
            Lie::ShowsNoWords => {
                page.items.iter_mut().for_each(|hit| hit.snippet = Some("A text about something.".into()));
            }
            Lie::FindsOnlyBefore => {
                return Ok(self.found.lock().unwrap().entry(key).or_insert(page).clone());
            }
            _ => {}
        }
        Ok(page)
    }
}

/// Each lie is caught by its behaviour, where these operations are declared.
async fn caught(operations: OpSet, lies: &[(Lie, &str)]) {
    let (_folder, mut honest) = docs().await;
    for (lie, behaviour) in lies {
        let liar = Liar { docs: honest, lie: *lie, found: Mutex::default() };
        let failure =
            document::run(&liar, &document::World::new(operations)).await.expect_err(&format!("{lie:?}"));
        assert_eq!(failure.behaviour(), format!("docs/{behaviour}"), "{lie:?}: {failure}");
        honest = liar.docs;
    }
}

#[tokio::test]
async fn lies_about_documents_are_caught() {
    let operations =
        OpSet::service(ServiceKind::Docs).without(ListDocuments::META).without(SearchDocuments::META);
    caught(
        operations,
        &[
            (Lie::FindsEveryDocument, "missing_things_are_not_found"),
            (Lie::TakesEveryTitle, "limits_are_kept"),
            (Lie::ForgetsLabels, "documents_are_created_and_fetched"),
            (Lie::HidesTheVersion, "documents_are_created_and_fetched"),
            (Lie::HidesTheParent, "documents_are_created_and_fetched"),
            (Lie::TrimsTexts, "documents_are_created_and_fetched"),
            (Lie::TrimsTitles, "texts_come_back_as_written"),
            (Lie::DeletesParents, "documents_are_deleted"),
            (Lie::DeletesNothing, "documents_are_deleted"),
            (Lie::KeepsTheVersion, "updates_change_what_they_name"),
            (Lie::IgnoresExpected, "versions_guard_updates"),
        ],
    )
    .await;
}

#[tokio::test]
async fn lies_about_spaces_and_lists_are_caught() {
    let operations =
        OpSet::service(ServiceKind::Docs).without(GetDocument::META).without(SearchDocuments::META);
    caught(
        operations,
        &[
            (Lie::ForgetsTheDescription, "spaces_are_created_and_fetched"),
            (Lie::TakesEveryKey, "keys_are_checked"),
            (Lie::TakesAKeyTwice, "keys_are_unique"),
            (Lie::ListsSpacesBackwards, "spaces_are_listed_by_key"),
            (Lie::ListsBackwards, "documents_are_listed_as_read"),
            (Lie::IgnoresLabels, "lists_are_filtered"),
            (Lie::IgnoresTheLimit, "lists_are_filtered"),
            (Lie::RepeatsTheLastOfAPage, "lists_are_filtered"),
            (Lie::TakesEveryCursor, "bad_cursors_are_refused"),
            (Lie::MovesNothing, "documents_are_moved"),
            (Lie::MovesOnlyTheFirst, "documents_are_reordered"),
            (Lie::MovesWhatItCan, "all_placements_or_none"),
        ],
    )
    .await;
}

#[tokio::test]
async fn lies_about_search_are_caught() {
    let operations = [
        SearchDocuments::META,
        UpdateDocument::META,
        DeleteDocument::META,
        CreateDocument::META,
        CreateSpace::META,
    ];
    caught(
        OpSet::of(&operations),
        &[
            (Lie::FindsNothing, "search_finds_words"),
            (Lie::FindsAnyWord, "search_finds_words"),
            (Lie::RanksBackwards, "titles_come_first"),
            (Lie::ShowsNoWords, "snippets_show_the_words"),
            (Lie::FindsInEverySpace, "search_finds_words"),
            (Lie::BreaksOnSigns, "any_query_is_answered"),
            (Lie::SearchesWithAnyCursor, "bad_search_cursors_are_refused"),
            (Lie::FindsOnlyBefore, "search_follows_changes"),
        ],
    )
    .await;
}

/// What is not declared is not asked for.
#[tokio::test]
async fn lies_about_what_is_not_declared_are_not_looked_for() {
    let (_folder, honest) = docs().await;
    let liar = Liar { docs: honest, lie: Lie::FindsNothing, found: Mutex::default() };
    let declared =
        OpSet::of(&[CreateSpace::META, CreateDocument::META, UpdateDocument::META, GetSpace::META]);
    document::run(&liar, &document::World::new(declared)).await.unwrap();
}

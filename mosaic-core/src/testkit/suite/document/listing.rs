//! Behaviours of lists of documents: order, filters, pages.

use super::super::pages::walk;
use super::super::{Failure, done, ensure, equal};
use super::{Trait, World};
use crate::error::ErrorKind;
use crate::op::document::{CreateDocument, DocsService, ListDocuments};
use crate::types::document::DocumentEntry;
use crate::types::{Cursor, PageRequest};

/// Documents are listed as a reader meets them: each before those below it, siblings as they were made.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_listed_as_read(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/documents_are_listed_as_read";
    let space = world.space(service, B).await?;
    let other = world.space(service, B).await?;
    world.document(service, B, &other, None, "Elsewhere", "").await?;
    let one = world.document(service, B, &space, None, "1", "").await?;
    let two = world.document(service, B, &space, None, "2", "").await?;
    let first = world.document(service, B, &space, Some(&one), "1.1", "").await?;
    world.document(service, B, &space, Some(&two), "2.1", "").await?;
    world.document(service, B, &space, Some(&one), "1.2", "").await?;
    world.document(service, B, &space, Some(&first), "1.1.1", "").await?;
    let listed = pages(service, world, B, &ListDocuments::new(space.as_str()), 100).await?;
    if !(world.shows(Trait::ListsAsRead) && world.shows(Trait::Parents)) {
        let titles = sorted(listed.iter().map(|entry| entry.title.as_str()).collect());
        return equal(B, "titles", &titles, &["1", "1.1", "1.1.1", "1.2", "2", "2.1"]);
    }
    let shown: Vec<_> = listed.iter().map(|entry| (entry.title.as_str(), entry.position)).collect();
    let expected = [
        ("1", Some(0)),
        ("1.1", Some(0)),
        ("1.1.1", Some(0)),
        ("1.2", Some(1)),
        ("2", Some(1)),
        ("2.1", Some(0)),
    ];
    equal(B, "the list", &shown, &expected)?;
    for (at, made) in [(0, &one), (1, &first), (4, &two)] {
        let entry = &listed[at];
        equal(B, "id", &entry.id, &made.id)?;
        equal(B, "space", &entry.space, &made.space)?;
        equal(B, "parent", &entry.parent, &made.parent)?;
        let known = |absent: bool| world.shows(Trait::ListsFacts) || !absent;
        if known(entry.version.is_none()) {
            equal(B, "version", &entry.version, &made.version)?;
        }
        if known(entry.updated_at.is_none()) {
            equal(B, "time of the last change", &entry.updated_at, &made.updated_at)?;
        }
    }
    Ok(())
}

/// Filters by label and by the document above, alone and together.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn lists_are_filtered(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/lists_are_filtered";
    let space = world.space(service, B).await?;
    let above = world.document(service, B, &space, None, "above", "").await?;
    for (title, labels, below) in [
        ("a", "red", true),
        ("b", "red blue", false),
        ("c", "blue", true),
        ("d", "", true),
        ("e", "red", true),
    ] {
        let labels: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
        let mut op = CreateDocument::new(space.as_str(), title, "");
        op.labels = labels.into_iter().filter(|_| world.shows(Trait::Labels)).collect();
        op.parent = (below && world.shows(Trait::Parents)).then(|| above.id.clone());
        done(B, "create_document", service.create_document(world.cx(), op).await)?;
    }
    let of = || ListDocuments::new(space.as_str());
    let below = || of().parent(above.id.as_str());
    for (what, op, expected) in [
        ("everything", of(), vec!["above", "a", "c", "d", "e", "b"]),
        ("red", of().label("red"), vec!["a", "e", "b"]),
        ("blue", of().label("blue"), vec!["c", "b"]),
        ("a label that nothing has", of().label("green"), vec![]),
        ("a part of a label", of().label("re"), vec![]),
        ("below one", below(), vec!["a", "c", "d", "e"]),
        ("red below one", below().label("red"), vec!["a", "e"]),
    ] {
        let lacks = (op.label.is_some() && !world.shows(Trait::Labels))
            || (op.parent.is_some() && !world.shows(Trait::Parents));
        if lacks {
            let got = service.list_documents(world.cx(), op).await;
            world.refused(B, &format!("list_documents of {what}"), got, ErrorKind::Unsupported)?;
            continue;
        }
        let ordered = world.shows(Trait::ListsAsRead) && world.shows(Trait::Parents);
        let expected = if ordered { expected } else { sorted(expected) };
        for limit in [1, 2, 100] {
            let listed = pages(service, world, B, &op, limit).await?;
            let mut titles: Vec<&str> = listed.iter().map(|entry| entry.title.as_str()).collect();
            if !ordered {
                titles = sorted(titles);
            }
            equal(B, &format!("{what}, in pages of {limit}"), &titles, &expected)?;
        }
    }
    Ok(())
}

/// Pages of every size hold every document once.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn pages_cover_everything_once(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/pages_cover_everything_once";
    let space = world.space(service, B).await?;
    let all: Vec<String> = (1..=7).map(|at| format!("Document {at}")).collect();
    for title in &all {
        world.document(service, B, &space, None, title, "").await?;
    }
    for limit in 1..=8 {
        let listed = pages(service, world, B, &ListDocuments::new(space.as_str()), limit).await?;
        let mut titles: Vec<&String> = listed.iter().map(|entry| &entry.title).collect();
        if !world.shows(Trait::ListsAsRead) {
            titles = sorted(titles);
        }
        equal(B, &format!("documents in pages of {limit}"), &titles, &all.iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Documents that are created between two pages make none come twice and lose none that was there. Left out where pages are
/// numbered, and where new documents may come anywhere.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn pages_hold_still_while_documents_are_created(
    service: &impl DocsService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "docs/pages_hold_still_while_documents_are_created";
    if !(world.shows(Trait::PagesHoldStill) && world.shows(Trait::ListsAsRead)) {
        return Ok(());
    }
    let space = world.space(service, B).await?;
    let mut old = Vec::new();
    for at in 0..6 {
        old.push(world.document(service, B, &space, None, &format!("Old {at}"), "").await?);
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    // One more below the first of each page: as many as there are pages.
    for _ in 0..20 {
        let op = ListDocuments::new(space.as_str()).page(PageRequest { cursor, limit: Some(2) });
        let page = done(B, "list_documents", service.list_documents(world.cx(), op).await)?;
        seen.extend(page.items.iter().map(|entry| entry.id.clone()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        let title =
            if world.shows(Trait::SharesTitles) { "New".to_owned() } else { format!("New {}", seen.len()) };
        world.document(service, B, &space, old.first(), &title, "").await?;
    }
    ensure(B, cursor.is_none(), || "expected the list to end")?;
    let known: Vec<&String> = seen.iter().filter(|id| old.iter().any(|made| made.id == **id)).collect();
    equal(
        B,
        "documents that were there at first",
        &known,
        &old.iter().map(|made| &made.id).collect::<Vec<_>>(),
    )?;
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    equal(B, "documents that came (each once)", &seen.len(), &count)
}

/// A cursor that the provider did not make for this list is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn bad_cursors_are_refused(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/bad_cursors_are_refused";
    let space = world.space(service, B).await?;
    world.document(service, B, &space, None, "1", "").await?;
    world.document(service, B, &space, None, "2", "").await?;
    let first = ListDocuments::new(space.as_str()).page(PageRequest::first(1));
    let page = done(B, "list_documents", service.list_documents(world.cx(), first).await)?;
    let Some(good) = page.next else {
        return Err(Failure::new(B, "expected a cursor to the second of two pages, got none"));
    };
    for bad in bad_cursors(good.as_str()) {
        let shown: String = bad.chars().take(40).collect();
        let op = ListDocuments::new(space.as_str()).page(PageRequest::first(1).at(Cursor::new(bad)));
        let got = service.list_documents(world.cx(), op).await;
        world.refused(B, &format!("list_documents at the cursor {shown:?}"), got, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// What could be taken for a cursor, made from a good one.
pub(super) fn bad_cursors(good: &str) -> Vec<String> {
    let cut: String = good.chars().skip(1).collect();
    let bad = ["", "nonsense", "0", "-1", "\u{0}", "漢字"].map(str::to_owned);
    bad.into_iter().chain([cut, "9".repeat(10_000)]).collect()
}

fn sorted<T: Ord>(mut titles: Vec<T>) -> Vec<T> {
    titles.sort();
    titles
}

/// All documents of a list, page after page, each once.
pub(super) async fn pages(
    service: &impl DocsService,
    world: &World,
    b: &'static str,
    op: &ListDocuments,
    limit: u32,
) -> Result<Vec<DocumentEntry>, Failure> {
    let cx = world.cx();
    let listed = walk(b, op, limit, |op| service.list_documents(cx, op)).await?;
    let mut ids: Vec<&str> = listed.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    equal(b, &format!("documents in pages of {limit} (each once)"), &ids.len(), &listed.len())?;
    Ok(listed)
}

//! Behaviours of single documents: what is written is what is fetched.

use super::super::{Failure, done, ensure, equal, refused};
use super::{BODY_MAX, TITLE_MAX, cx, document, space, unused};
use crate::error::ErrorKind;
use crate::op::document::{
    CreateDocument, DeleteDocument, DocsService, GetDocument, GetSpace, ListDocuments, OrganizeContent,
    Placement, SearchDocuments, UpdateDocument,
};
use crate::op::{OpSet, Operation as _};

/// What is created can be fetched, and is the same; ids differ.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_created_and_fetched(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/documents_are_created_and_fetched";
    let space = space(service, B).await?;
    let op = CreateDocument::new(space.as_str(), "Welcome", "Read *this*.\n").labels(vec![
        "start".to_string(),
        "all hands".to_string(),
        "start".to_string(),
    ]);
    let first = done(B, "create_document", service.create_document(&cx(), op).await)?;
    equal(B, "space", &first.space, &space)?;
    equal(B, "title", first.title.as_str(), "Welcome")?;
    equal(B, "body", first.body.as_str(), "Read *this*.\n")?;
    equal(B, "labels, in order and each once", &first.labels, &["all hands", "start"])?;
    equal(B, "parent", &first.parent, &None)?;
    ensure(B, first.version.is_some(), || "expected a version")?;
    let second = document(service, B, &space, Some(&first), "Welcome", "").await?;
    equal(B, "parent of the one below", &second.parent, &Some(first.id.clone()))?;
    equal(B, "an empty body", second.body.as_str(), "")?;
    ensure(B, second.id != first.id, || "expected an id of its own for each document")?;
    for made in [first, second] {
        let op = GetDocument::new(space.as_str(), made.id.as_str());
        let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
        equal(B, "the document that was fetched", &got, &made)?;
    }
    Ok(())
}

/// Texts and titles come back as they were written, whatever they look like.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn texts_come_back_as_written(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/texts_come_back_as_written";
    let space = space(service, B).await?;
    let long = "Long line. ".repeat(10_000);
    for body in [
        "\n",
        " ",
        "no end of line",
        "\n\nblank lines\n\n\n",
        "a\r\nb\r\n",
        "a\rb",
        "---\n",
        "---\ntitle: no\n---\nbody\n",
        "--- \n",
        "text\n---\nmore\n...\n",
        "\u{feff}a mark",
        "ÄÖÜ — 漢字 😀 e\u{301}",
        "trailing  \n\ttab\t",
        "<!-- hidden -->\n<script>x</script>",
        "\\ \" ' ` * _ # [x](y) | ~",
        long.as_str(),
    ] {
        let shown: String = body.chars().take(40).collect();
        let made = document(service, B, &space, None, "Text", body).await?;
        ensure(B, made.body == body, || {
            format!("create_document with the body {shown:?}: it came back otherwise")
        })?;
        let op = GetDocument::new(space.as_str(), made.id);
        let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
        ensure(B, got.body == body, || {
            let got: String = got.body.chars().take(40).collect();
            format!("the body {shown:?} was fetched as {got:?}")
        })?;
    }
    let longest = "ä".repeat(TITLE_MAX);
    for title in [
        "yes",
        "null",
        "~",
        "7",
        "1e3",
        "a: b",
        "# a",
        "- a",
        "\"a\"",
        "'a",
        "[a]",
        "{a}",
        "& *a",
        "../a",
        "con",
        ".a",
        "a/b\\c",
        "%",
        "@a",
        "`a`",
        "2024-05-06",
        "漢字",
        "a  b",
        longest.as_str(),
    ] {
        let made = document(service, B, &space, None, title, "").await?;
        equal(B, "title", made.title.as_str(), title)?;
        let op = GetDocument::new(space.as_str(), made.id);
        let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
        equal(B, "title that was fetched", got.title.as_str(), title)?;
    }
    Ok(())
}

/// A deleted document is gone, its sibling is not, and one with others below it stays.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_deleted(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/documents_are_deleted";
    let space = space(service, B).await?;
    let above = document(service, B, &space, None, "Above", "").await?;
    let below = document(service, B, &space, Some(&above), "Below", "").await?;
    let other = document(service, B, &space, None, "Other", "").await?;
    let delete = |id: &str| DeleteDocument::new(space.as_str(), id);
    let get = |id: &str| GetDocument::new(space.as_str(), id);
    let early = service.delete_document(&cx(), delete(&above.id)).await;
    refused(B, "delete_document with one below it", early, ErrorKind::Conflict)?;
    done(B, "get_document after that", service.get_document(&cx(), get(&above.id)).await)?;
    for gone in [below, above] {
        done(B, "delete_document", service.delete_document(&cx(), delete(&gone.id)).await)?;
        let got = service.get_document(&cx(), get(&gone.id)).await;
        refused(B, "get_document of what was deleted", got, ErrorKind::NotFound)?;
        let again = service.delete_document(&cx(), delete(&gone.id)).await;
        refused(B, "delete_document a second time", again, ErrorKind::NotFound)?;
    }
    let got = done(B, "get_document of another", service.get_document(&cx(), get(&other.id)).await)?;
    equal(B, "the other document", &got, &other)
}

/// Titles, texts and labels have bounds: what is beyond is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn limits_are_kept(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/limits_are_kept";
    let space = space(service, B).await?;
    let of = |title: &str| CreateDocument::new(space.as_str(), title, "");
    let labels = |label: &str| of("T").labels(vec![label.to_string()]);
    let mut overlong = of("T");
    overlong.body = "b".repeat(BODY_MAX + 1);
    for (what, op) in [
        ("an empty title", of("")),
        ("a blank title", of(" \t ")),
        ("a title of two lines", of("a\nb")),
        ("an overlong title", of(&"t".repeat(TITLE_MAX + 1))),
        ("an overlong body", overlong),
        ("an empty label", labels("")),
        ("a blank label", labels(" ")),
        ("a label of two lines", labels("a\nb")),
    ] {
        let made = service.create_document(&cx(), op).await;
        refused(B, &format!("create_document with {what}"), made, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// Whatever names a space or a document that does not exist is `NotFound`, and makes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn missing_things_are_not_found(
    service: &impl DocsService,
    operations: OpSet,
) -> Result<(), Failure> {
    const B: &str = "docs/missing_things_are_not_found";
    let (nowhere, empty) = (unused('n'), space(service, B).await?);
    let kind = ErrorKind::NotFound;
    if operations.has(GetSpace::META) {
        let got = service.get_space(&cx(), GetSpace::new(nowhere.as_str())).await;
        refused(B, "get_space", got, kind)?;
    }
    if operations.has(SearchDocuments::META) {
        let op = SearchDocuments::new("word").space(nowhere.as_str());
        refused(B, "search_documents", service.search_documents(&cx(), op).await, kind)?;
    }
    if operations.has(CreateDocument::META) {
        let op = CreateDocument::new(nowhere.as_str(), "Lost", "");
        refused(B, "create_document", service.create_document(&cx(), op).await, kind)?;
        let op = CreateDocument::new(empty.as_str(), "Lost", "").parent("missing");
        let made = service.create_document(&cx(), op).await;
        refused(B, "create_document below one that is missing", made, kind)?;
    }
    let traversal = "../".repeat(3);
    for (space, id) in [(&nowhere, "missing"), (&empty, "missing"), (&empty, ""), (&empty, &traversal)] {
        let what = |operation: &str| format!("{operation} of {id:?}");
        if operations.has(GetDocument::META) {
            let got = service.get_document(&cx(), GetDocument::new(space.as_str(), id)).await;
            refused(B, &what("get_document"), got, kind)?;
        }
        if operations.has(UpdateDocument::META) {
            for op in [
                UpdateDocument::new(space.as_str(), id),
                UpdateDocument::new(space.as_str(), id).title("Lost"),
            ] {
                refused(B, &what("update_document"), service.update_document(&cx(), op).await, kind)?;
            }
        }
        if operations.has(DeleteDocument::META) {
            let got = service.delete_document(&cx(), DeleteDocument::new(space.as_str(), id)).await;
            refused(B, &what("delete_document"), got, kind)?;
        }
        if operations.has(OrganizeContent::META) {
            let op = OrganizeContent::new(space.as_str(), vec![Placement::new(id, 0)]);
            refused(B, &what("organize_content"), service.organize_content(&cx(), op).await, kind)?;
        }
    }
    if operations.has(ListDocuments::META) {
        let op = ListDocuments::new(nowhere.as_str());
        refused(B, "list_documents", service.list_documents(&cx(), op).await, kind)?;
        let op = ListDocuments::new(empty.as_str()).parent("missing");
        refused(
            B,
            "list_documents below one that is missing",
            service.list_documents(&cx(), op).await,
            kind,
        )?;
        let op = ListDocuments::new(empty.as_str());
        let page = done(B, "list_documents", service.list_documents(&cx(), op).await)?;
        equal(B, "documents of an empty space", &page.items.len(), &0)?;
        ensure(B, page.next.is_none(), || "expected no page after an empty one")?;
    }
    Ok(())
}

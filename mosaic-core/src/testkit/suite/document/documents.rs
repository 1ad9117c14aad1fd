//! Behaviours of single documents: what is written is what is fetched.

use super::super::{Failure, done, ensure, equal, refused_as};
use super::{BODY_MAX, TITLE_MAX, Trait, World};
use crate::error::ErrorKind;
use crate::op::Operation as _;
use crate::op::document::{
    CreateDocument, DeleteDocument, DocsService, GetDocument, GetSpace, ListDocuments, OrganizeContent,
    Placement, SearchDocuments, UpdateDocument,
};

/// What is created can be fetched, and is the same; ids differ.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_created_and_fetched(
    service: &impl DocsService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "docs/documents_are_created_and_fetched";
    let space = world.space(service, B).await?;
    let mut op = CreateDocument::new(space.as_str(), "Welcome", "Read *this*.\n");
    let labels = ["start", "all hands", "start"].map(str::to_owned).to_vec();
    let mut expected = vec!["all hands", "start"];
    if world.shows(Trait::Labels) {
        op = op.labels(labels);
    } else {
        let got = service.create_document(world.cx(), op.clone().labels(labels)).await;
        world.refused(B, "create_document with labels", got, ErrorKind::Unsupported)?;
        expected.clear();
    }
    let first = done(B, "create_document", service.create_document(world.cx(), op).await)?;
    equal(B, "space", &first.space, &space)?;
    equal(B, "title", first.title.as_str(), "Welcome")?;
    ensure(B, world.same_text(&first.body, "Read *this*.\n"), || {
        format!("body: it came back as {:?}", first.body)
    })?;
    equal(B, "labels, in order and each once", &first.labels, &expected)?;
    equal(B, "parent", &first.parent, &None)?;
    ensure(B, first.version.is_some() || !world.shows(Trait::Versions), || "expected a version")?;
    let title = if world.shows(Trait::SharesTitles) {
        "Welcome"
    } else {
        let op = CreateDocument::new(space.as_str(), "Welcome", "Once more");
        let got = service.create_document(world.cx(), op).await;
        world.refused(B, "create_document with a title that is taken", got, ErrorKind::Conflict)?;
        "Welcome too"
    };
    let below = world.shows(Trait::Parents).then(|| first.id.clone());
    if below.is_none() {
        let op = CreateDocument::new(space.as_str(), "Below", "").parent(first.id.as_str());
        let got = service.create_document(world.cx(), op).await;
        world.refused(B, "create_document below another", got, ErrorKind::Unsupported)?;
    }
    let second = world.document(service, B, &space, Some(&first), title, "").await?;
    equal(B, "parent of the one below", &second.parent, &below)?;
    equal(B, "an empty body", second.body.as_str(), "")?;
    ensure(B, second.id != first.id, || "expected an id of its own for each document")?;
    for made in [first, second] {
        let op = GetDocument::new(space.as_str(), made.id.as_str());
        let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
        equal(B, "the document that was fetched", &got, &made)?;
    }
    Ok(())
}

/// Texts and titles come back as they were written, whatever they look like.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn texts_come_back_as_written(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/texts_come_back_as_written";
    let space = world.space(service, B).await?;
    let (long, mut at) = ("Long line. ".repeat(10_000), 0);
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
        at += 1;
        let title = if world.shows(Trait::SharesTitles) { "Text".to_owned() } else { format!("Text {at}") };
        let made = world.document(service, B, &space, None, &title, body).await?;
        ensure(B, world.same_text(&made.body, body), || {
            format!("create_document with the body {shown:?}: it came back otherwise")
        })?;
        let op = GetDocument::new(space.as_str(), made.id);
        let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
        ensure(B, world.same_text(&got.body, body), || {
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
        if !world.shows(Trait::AnyTitle) {
            break;
        }
        let made = world.document(service, B, &space, None, title, "").await?;
        equal(B, "title", made.title.as_str(), title)?;
        let op = GetDocument::new(space.as_str(), made.id);
        let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
        equal(B, "title that was fetched", got.title.as_str(), title)?;
    }
    Ok(())
}

/// A deleted document is gone, its sibling is not, and one with others below it stays.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_deleted(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/documents_are_deleted";
    let space = world.space(service, B).await?;
    let above = world.document(service, B, &space, None, "Above", "").await?;
    let below = world.document(service, B, &space, Some(&above), "Below", "").await?;
    let other = world.document(service, B, &space, None, "Other", "").await?;
    let delete = |id: &str| DeleteDocument::new(space.as_str(), id);
    let get = |id: &str| GetDocument::new(space.as_str(), id);
    if world.shows(Trait::Parents) {
        let early = service.delete_document(world.cx(), delete(&above.id)).await;
        world.refused(B, "delete_document with one below it", early, ErrorKind::Conflict)?;
        done(B, "get_document after that", service.get_document(world.cx(), get(&above.id)).await)?;
    }
    for gone in [below, above] {
        done(B, "delete_document", service.delete_document(world.cx(), delete(&gone.id)).await)?;
        let got = service.get_document(world.cx(), get(&gone.id)).await;
        world.refused(B, "get_document of what was deleted", got, ErrorKind::NotFound)?;
        let again = service.delete_document(world.cx(), delete(&gone.id)).await;
        world.refused(B, "delete_document a second time", again, ErrorKind::NotFound)?;
    }
    let got = done(B, "get_document of another", service.get_document(world.cx(), get(&other.id)).await)?;
    equal(B, "the other document", &got, &other)
}

/// Titles, texts and labels have bounds: what is beyond is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn limits_are_kept(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/limits_are_kept";
    let space = world.space(service, B).await?;
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
        let labelled = !op.labels.is_empty();
        let made = service.create_document(world.cx(), op).await;
        let what = format!("create_document with {what}");
        if labelled && !world.shows(Trait::Labels) {
            refused_as(B, &what, made, &[ErrorKind::Invalid, ErrorKind::Unsupported])?;
        } else {
            world.refused(B, &what, made, ErrorKind::Invalid)?;
        }
    }
    Ok(())
}

/// Whatever names a space or a document that does not exist is `NotFound`, and makes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn missing_things_are_not_found(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/missing_things_are_not_found";
    let (nowhere, empty) = (world.missing(), world.space(service, B).await?);
    let kind = ErrorKind::NotFound;
    if world.operations().has(GetSpace::META) {
        let got = service.get_space(world.cx(), GetSpace::new(nowhere.as_str())).await;
        world.refused(B, "get_space", got, kind)?;
    }
    if world.operations().has(SearchDocuments::META) {
        let op = SearchDocuments::new("word").space(nowhere.as_str());
        world.refused(B, "search_documents", service.search_documents(world.cx(), op).await, kind)?;
    }
    if world.operations().has(CreateDocument::META) {
        let op = CreateDocument::new(nowhere.as_str(), "Lost", "");
        world.refused(B, "create_document", service.create_document(world.cx(), op).await, kind)?;
        let op = CreateDocument::new(empty.as_str(), "Lost", "").parent("missing");
        let made = service.create_document(world.cx(), op).await;
        if world.shows(Trait::Parents) {
            world.refused(B, "create_document below one that is missing", made, kind)?;
        } else {
            world.refused(B, "create_document below another", made, ErrorKind::Unsupported)?;
        }
    }
    let traversal = "../".repeat(3);
    for (space, id) in [(&nowhere, "missing"), (&empty, "missing"), (&empty, ""), (&empty, &traversal)] {
        let what = |operation: &str| format!("{operation} of {id:?}");
        if world.operations().has(GetDocument::META) {
            let got = service.get_document(world.cx(), GetDocument::new(space.as_str(), id)).await;
            world.refused(B, &what("get_document"), got, kind)?;
        }
        if world.operations().has(UpdateDocument::META) {
            for op in [
                UpdateDocument::new(space.as_str(), id),
                UpdateDocument::new(space.as_str(), id).title("Lost"),
            ] {
                world.refused(
                    B,
                    &what("update_document"),
                    service.update_document(world.cx(), op).await,
                    kind,
                )?;
            }
        }
        if world.operations().has(DeleteDocument::META) {
            let got = service.delete_document(world.cx(), DeleteDocument::new(space.as_str(), id)).await;
            world.refused(B, &what("delete_document"), got, kind)?;
        }
        if world.operations().has(OrganizeContent::META) {
            let op = OrganizeContent::new(space.as_str(), vec![Placement::new(id, 0)]);
            world.refused(
                B,
                &what("organize_content"),
                service.organize_content(world.cx(), op).await,
                kind,
            )?;
        }
    }
    if world.operations().has(ListDocuments::META) {
        let op = ListDocuments::new(nowhere.as_str());
        world.refused(B, "list_documents", service.list_documents(world.cx(), op).await, kind)?;
        let op = ListDocuments::new(empty.as_str()).parent("missing");
        let got = service.list_documents(world.cx(), op).await;
        let kind = if world.shows(Trait::Parents) { kind } else { ErrorKind::Unsupported };
        world.refused(B, "list_documents below one that is missing", got, kind)?;
        let op = ListDocuments::new(empty.as_str());
        let page = done(B, "list_documents", service.list_documents(world.cx(), op).await)?;
        equal(B, "documents of an empty space", &page.items.len(), &0)?;
        ensure(B, page.next.is_none(), || "expected no page after an empty one")?;
    }
    Ok(())
}

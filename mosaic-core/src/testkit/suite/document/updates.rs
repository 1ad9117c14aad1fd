//! Behaviours of changes: what they name changes, the rest stays, and versions guard them.

use super::super::{Failure, done, ensure, equal, refused};
use super::{TITLE_MAX, cx, document, space};
use crate::error::ErrorKind;
use crate::op::document::{CreateDocument, DocsService, GetDocument, UpdateDocument};

/// An update changes what it names and nothing else, and the version with it; one without a change changes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn updates_change_what_they_name(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/updates_change_what_they_name";
    let space = space(service, B).await?;
    let above = document(service, B, &space, None, "Above", "").await?;
    let op = CreateDocument::new(space.as_str(), "Title", "Body").labels(vec!["a".to_string()]);
    let op = op.parent(above.id.as_str());
    let mut last = done(B, "create_document", service.create_document(&cx(), op).await)?;
    let of = || UpdateDocument::new(space.as_str(), last.id.as_str());
    let changes = [
        ("the title", of().title("New title")),
        ("the body", of().body("New body\n")),
        ("the labels", of().labels(vec!["c".to_string(), "b".to_string()])),
        ("everything", of().title("Last").body("").labels(Vec::new())),
    ];
    for (what, op) in changes {
        let mut expected = last.clone();
        expected.title = op.title.clone().unwrap_or(expected.title);
        expected.body = op.body.clone().unwrap_or(expected.body);
        expected.labels = op.labels.clone().unwrap_or(expected.labels);
        expected.labels.sort();
        let changed =
            done(B, &format!("update_document of {what}"), service.update_document(&cx(), op).await)?;
        ensure(B, changed.version.is_some() && changed.version != last.version, || {
            format!("update_document of {what}: expected another version than {:?}", last.version)
        })?;
        (expected.version, expected.updated_at) = (changed.version.clone(), changed.updated_at);
        equal(B, &format!("the document after an update of {what}"), &changed, &expected)?;
        let op = GetDocument::new(space.as_str(), changed.id.as_str());
        let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
        equal(B, "the document that was fetched", &got, &changed)?;
        last = changed;
    }
    let of = || UpdateDocument::new(space.as_str(), last.id.as_str());
    for (what, op) in [("without a field", of()), ("to what it is", of().title("Last").body(""))] {
        let same = done(B, &format!("update_document {what}"), service.update_document(&cx(), op).await)?;
        equal(B, &format!("the document after an update {what}"), &same, &last)?;
    }
    for (what, op) in [
        ("an empty title", of().title(" ")),
        ("an overlong title", of().title("t".repeat(TITLE_MAX + 1))),
        ("an empty label", of().labels(vec![String::new()])),
    ] {
        let got = service.update_document(&cx(), op).await;
        refused(B, &format!("update_document to {what}"), got, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// Labels are a set: in order, each once, replaced as a whole.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn labels_are_replaced(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/labels_are_replaced";
    let space = space(service, B).await?;
    let made = document(service, B, &space, None, "Labelled", "").await?;
    for (labels, expected) in [
        (vec!["b", "a", "b"], vec!["a", "b"]),
        (vec!["true", "a: b", "7"], vec!["7", "a: b", "true"]),
        (vec!["Ä ö", "漢字"], vec!["Ä ö", "漢字"]),
        (vec![], vec![]),
    ] {
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let op = UpdateDocument::new(space.as_str(), made.id.as_str()).labels(labels);
        let changed = done(B, "update_document", service.update_document(&cx(), op).await)?;
        equal(B, "labels", &changed.labels, &expected)?;
        let op = GetDocument::new(space.as_str(), made.id.as_str());
        let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
        equal(B, "labels that were fetched", &got.labels, &expected)?;
    }
    Ok(())
}

/// An update of a version that is not the present one is `Conflict` and changes nothing, unless the document has all that it
/// asks for.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn versions_guard_updates(service: &impl DocsService) -> Result<(), Failure> {
    const B: &str = "docs/versions_guard_updates";
    let space = space(service, B).await?;
    let first = document(service, B, &space, None, "First", "one").await?;
    let version = |of: &Option<String>| of.clone().ok_or_else(|| Failure::new(B, "expected a version"));
    let of = |version: String| UpdateDocument::new(space.as_str(), first.id.as_str()).expected(version);
    let op = of(version(&first.version)?).body("two");
    let second = done(B, "update_document", service.update_document(&cx(), op).await)?;
    let repeat = service.update_document(&cx(), of(version(&first.version)?).body("two")).await;
    let repeat = done(B, "update_document to what it is already", repeat)?;
    equal(B, "the document after a repetition", &repeat, &second)?;
    for stale in [version(&first.version)?, "no such version".to_string()] {
        for op in [of(stale.clone()).body("three"), of(stale).title("Third").body("two")] {
            let late = service.update_document(&cx(), op).await;
            refused(B, "update_document of an older version", late, ErrorKind::Conflict)?;
        }
    }
    let op = GetDocument::new(space.as_str(), first.id.as_str());
    let got = done(B, "get_document", service.get_document(&cx(), op).await)?;
    equal(B, "the document after what was refused", &got, &second)?;
    let op = of(version(&second.version)?).title("Third");
    let third = done(B, "update_document", service.update_document(&cx(), op).await)?;
    equal(B, "title", third.title.as_str(), "Third")
}

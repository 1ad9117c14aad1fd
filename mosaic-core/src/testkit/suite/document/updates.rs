//! Behaviours of changes: what they name changes, the rest stays, and versions guard them.

use super::super::{Failure, done, ensure, equal};
use super::{TITLE_MAX, Trait, World};
use crate::error::ErrorKind;
use crate::op::document::{CreateDocument, DocsService, GetDocument, UpdateDocument};

/// An update changes what it names and nothing else, and the version with it; one without a change changes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn updates_change_what_they_name(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/updates_change_what_they_name";
    let space = world.space(service, B).await?;
    let above = world.document(service, B, &space, None, "Above", "").await?;
    let labelled = world.shows(Trait::Labels);
    let labels = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut op = CreateDocument::new(space.as_str(), "Title", "Body");
    op.parent = world.shows(Trait::Parents).then(|| above.id.clone());
    if labelled {
        op = op.labels(labels(&["a"]));
    }
    let mut last = done(B, "create_document", service.create_document(world.cx(), op).await)?;
    let of = |id: &str| UpdateDocument::new(space.as_str(), id);
    type Change = fn(UpdateDocument) -> UpdateDocument;
    let changes: [(&str, Change); 4] = [
        ("the title", |op| op.title("New title")),
        ("the body", |op| op.body("New body\n")),
        ("the labels", |op| op.labels(vec!["c".to_string(), "b".to_string()])),
        ("everything", |op| op.title("Last").body("").labels(Vec::new())),
    ];
    for (what, change) in changes {
        let mut op = change(of(&last.id));
        if !labelled {
            if what == "the labels" {
                let got = service.update_document(world.cx(), op).await;
                world.refused(B, "update_document of the labels", got, ErrorKind::Unsupported)?;
                continue;
            }
            op.labels = None;
        }
        let mut expected = last.clone();
        expected.title = op.title.clone().unwrap_or(expected.title);
        expected.body = op.body.clone().unwrap_or(expected.body);
        expected.labels = op.labels.clone().unwrap_or(expected.labels);
        expected.labels.sort();
        let changed =
            done(B, &format!("update_document of {what}"), service.update_document(world.cx(), op).await)?;
        let guarded = changed.version.is_some() && changed.version != last.version;
        ensure(B, guarded || !world.shows(Trait::Versions), || {
            format!("update_document of {what}: expected another version than {:?}", last.version)
        })?;
        if !world.shows(Trait::IdsStay) {
            expected.id.clone_from(&changed.id);
        }
        if world.same_text(&changed.body, &expected.body) {
            expected.body.clone_from(&changed.body);
        }
        (expected.version, expected.updated_at) = (changed.version.clone(), changed.updated_at);
        equal(B, &format!("the document after an update of {what}"), &changed, &expected)?;
        let op = GetDocument::new(space.as_str(), changed.id.as_str());
        let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
        equal(B, "the document that was fetched", &got, &changed)?;
        last = changed;
    }
    let of = || of(&last.id);
    for (what, op) in [("without a field", of()), ("to what it is", of().title("Last").body(""))] {
        if !world.shows(Trait::SameContentMakesNoVersion) {
            break;
        }
        let same =
            done(B, &format!("update_document {what}"), service.update_document(world.cx(), op).await)?;
        equal(B, &format!("the document after an update {what}"), &same, &last)?;
    }
    for (what, op) in [
        ("an empty title", of().title(" ")),
        ("an overlong title", of().title("t".repeat(TITLE_MAX + 1))),
        ("an empty label", of().labels(vec![String::new()])),
    ] {
        if op.labels.is_some() && !labelled {
            continue;
        }
        let got = service.update_document(world.cx(), op).await;
        world.refused(B, &format!("update_document to {what}"), got, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// Labels are a set: in order, each once, replaced as a whole. Left out where documents have none.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn labels_are_replaced(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/labels_are_replaced";
    if !world.shows(Trait::Labels) {
        return Ok(());
    }
    let space = world.space(service, B).await?;
    let made = world.document(service, B, &space, None, "Labelled", "").await?;
    for (labels, expected) in [
        (vec!["b", "a", "b"], vec!["a", "b"]),
        (vec!["true", "a: b", "7"], vec!["7", "a: b", "true"]),
        (vec!["Ä ö", "漢字"], vec!["Ä ö", "漢字"]),
        (vec![], vec![]),
    ] {
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let op = UpdateDocument::new(space.as_str(), made.id.as_str()).labels(labels);
        let changed = done(B, "update_document", service.update_document(world.cx(), op).await)?;
        equal(B, "labels", &changed.labels, &expected)?;
        let op = GetDocument::new(space.as_str(), made.id.as_str());
        let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
        equal(B, "labels that were fetched", &got.labels, &expected)?;
    }
    Ok(())
}

/// An update of a version that is not the present one is `Conflict` and changes nothing, unless the document has all that it
/// asks for. Expecting one is `Unsupported` where there are none.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn versions_guard_updates(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/versions_guard_updates";
    let space = world.space(service, B).await?;
    let first = world.document(service, B, &space, None, "First", "one").await?;
    if !world.shows(Trait::Versions) {
        let op = UpdateDocument::new(space.as_str(), first.id.as_str()).body("two").expected("any");
        let got = service.update_document(world.cx(), op).await;
        return world.refused(B, "update_document, expecting a version", got, ErrorKind::Unsupported);
    }
    let version = |of: &Option<String>| of.clone().ok_or_else(|| Failure::new(B, "expected a version"));
    let of = |version: String| UpdateDocument::new(space.as_str(), first.id.as_str()).expected(version);
    let op = of(version(&first.version)?).body("two");
    let second = done(B, "update_document", service.update_document(world.cx(), op).await)?;
    if world.shows(Trait::SameContentMakesNoVersion) {
        let repeat = service.update_document(world.cx(), of(version(&first.version)?).body("two")).await;
        let repeat = done(B, "update_document to what it is already", repeat)?;
        equal(B, "the document after a repetition", &repeat, &second)?;
    }
    for stale in [version(&first.version)?, "no such version".to_string()] {
        for op in [of(stale.clone()).body("three"), of(stale).title("Third").body("two")] {
            let late = service.update_document(world.cx(), op).await;
            world.refused(B, "update_document of an older version", late, ErrorKind::Conflict)?;
        }
    }
    let op = GetDocument::new(space.as_str(), first.id.as_str());
    let got = done(B, "get_document", service.get_document(world.cx(), op).await)?;
    equal(B, "the document after what was refused", &got, &second)?;
    let op = of(version(&second.version)?).title("Third");
    let third = done(B, "update_document", service.update_document(world.cx(), op).await)?;
    equal(B, "title", third.title.as_str(), "Third")
}

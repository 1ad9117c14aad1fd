//! Calls at the same time: none is lost, and of those that exclude each other one wins.

use futures_util::future::join_all;

use super::super::{Failure, done, ensure, equal};
use super::{Trait, World};
use crate::error::ErrorKind;
use crate::op::document::{CreateDocument, DocsService, GetDocument, UpdateDocument};

/// Documents that are created at the same time are all made, each with an id of its own.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn concurrent_creates_all_land(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/concurrent_creates_all_land";
    let space = world.space(service, B).await?;
    let cx = world.cx();
    let title = |at| match world.shows(Trait::SharesTitles) {
        true => "Same title".to_owned(),
        false => format!("Title {at}"),
    };
    let calls = (0..8).map(|at| {
        service.create_document(cx, CreateDocument::new(space.as_str(), title(at), format!("Body {at}")))
    });
    let mut ids = Vec::new();
    for made in join_all(calls).await {
        ids.push(done(B, "create_document beside seven others", made)?.id);
    }
    ids.sort_unstable();
    ids.dedup();
    equal(B, "number of ids", &ids.len(), &8)
}

/// Of updates of one version at the same time exactly one is made; the others are `Conflict`. Left out where there are no
/// versions.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn one_of_concurrent_updates_wins(
    service: &impl DocsService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "docs/one_of_concurrent_updates_wins";
    if !world.shows(Trait::Versions) {
        return Ok(());
    }
    let space = world.space(service, B).await?;
    let first = world.document(service, B, &space, None, "Contended", "before").await?;
    let Some(version) = first.version.clone() else {
        return Err(Failure::new(B, "expected a version"));
    };
    let cx = world.cx();
    let calls = (0..8).map(|at| {
        let op = UpdateDocument::new(space.as_str(), first.id.as_str()).body(format!("Body {at}"));
        service.update_document(cx, op.expected(version.as_str()))
    });
    let mut won = Vec::new();
    for result in join_all(calls).await {
        match result {
            Ok(document) => won.push(document),
            refusal => {
                world.refused(B, "update_document of a version that is gone", refusal, ErrorKind::Conflict)?
            }
        }
    }
    equal(B, "number of updates that were made", &won.len(), &1)?;
    let op = GetDocument::new(space.as_str(), first.id.as_str());
    let got = done(B, "get_document", service.get_document(cx, op).await)?;
    ensure(B, got == won[0], || format!("expected what the winner was answered, got {got:?}"))
}

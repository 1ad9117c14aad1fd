//! Behaviours of spaces and their keys.

use super::super::pages::walk;
use super::super::{Failure, done, ensure, equal};
use super::{BODY_MAX, TITLE_MAX, World, unused};
use crate::error::ErrorKind;
use crate::op::document::{CreateSpace, DocsService, GetSpace, ListSpaces};

/// What is created can be fetched, and is the same.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn spaces_are_created_and_fetched(
    service: &impl DocsService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "docs/spaces_are_created_and_fetched";
    for (letter, name, description) in [
        ('a', "The handbook", None),
        ('b', "yes: \"quoted\" # — ÄÖ 漢字", Some("---\nHow we work.\r\n\n  - and why\n---\n")),
    ] {
        let key = unused(letter);
        let mut op = CreateSpace::new(key.as_str(), name);
        op.description = description.map(str::to_owned);
        let made = done(B, "create_space", service.create_space(world.cx(), op).await)?;
        equal(B, "key", &made.key, &key)?;
        equal(B, "name", made.name.as_str(), name)?;
        equal(B, "description", &made.description.as_deref(), &description)?;
        let got = done(B, "get_space", service.get_space(world.cx(), GetSpace::new(key)).await)?;
        equal(B, "the space that was fetched", &got, &made)?;
    }
    Ok(())
}

/// A key names one space: a second one is `Conflict`, and the first stays as it is.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn keys_are_unique(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/keys_are_unique";
    let key = unused('u');
    let op = |name: &str| CreateSpace::new(key.as_str(), name);
    let first = done(B, "create_space", service.create_space(world.cx(), op("First")).await)?;
    let second = service.create_space(world.cx(), op("Second")).await;
    world.refused(B, "create_space with a key that is taken", second, ErrorKind::Conflict)?;
    let got = done(B, "get_space", service.get_space(world.cx(), GetSpace::new(key)).await)?;
    equal(B, "the first space", &got, &first)
}

/// Keys that are none, and spaces without a name, are `Invalid`, and nothing is made.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn keys_are_checked(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/keys_are_checked";
    let longest = format!("{:k<64}", unused('l'));
    let overlong = format!("{longest}k");
    let bad = [
        "", " ", "a b", " a", "/", "a/b", "..", "../a", ".a", "a.b", "A", "a\n", "a\0", "7a", "-a", "_a", "ä",
    ];
    for bad in bad.into_iter().chain([overlong.as_str()]) {
        let made = service.create_space(world.cx(), CreateSpace::new(bad, "Bad")).await;
        world.refused(B, &format!("create_space with the key {bad:?}"), made, ErrorKind::Invalid)?;
        let got = service.get_space(world.cx(), GetSpace::new(bad)).await;
        ensure(
            B,
            matches!(&got, Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid)),
            || format!("get_space of the key {bad:?}: expected no space, got {got:?}"),
        )?;
    }
    done(
        B,
        "create_space with 64 characters",
        service.create_space(world.cx(), CreateSpace::new(longest, "L")).await,
    )?;
    let key = unused('c');
    let overlong = "n".repeat(TITLE_MAX + 1);
    for (what, op) in [
        ("an empty name", CreateSpace::new(key.as_str(), "")),
        ("a blank name", CreateSpace::new(key.as_str(), " \t")),
        ("an overlong name", CreateSpace::new(key.as_str(), overlong)),
        (
            "an overlong description",
            CreateSpace::new(key.as_str(), "A").description("x".repeat(BODY_MAX + 1)),
        ),
    ] {
        let made = service.create_space(world.cx(), op).await;
        world.refused(B, &format!("create_space with {what}"), made, ErrorKind::Invalid)?;
        let got = service.get_space(world.cx(), GetSpace::new(key.as_str())).await;
        world.refused(B, &format!("get_space after {what}"), got, ErrorKind::NotFound)?;
    }
    Ok(())
}

/// Pages of every size list all spaces once, ordered by key.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn spaces_are_listed_by_key(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/spaces_are_listed_by_key";
    let mut made = Vec::new();
    for letter in ['z', 'l', 'b'] {
        let op = CreateSpace::new(unused(letter), "Listed");
        made.push(done(B, "create_space", service.create_space(world.cx(), op).await)?);
    }
    // Others may make spaces meanwhile: only what this run made is compared.
    for limit in [1, 2, 100] {
        let cx = world.cx();
        let seen = walk(B, &ListSpaces::new(), limit, |op| service.list_spaces(cx, op)).await?;
        ensure(B, seen.is_sorted_by(|a, b| a.key < b.key), || {
            format!("pages of {limit}: expected each space once and in order, got {seen:?}")
        })?;
        for space in &made {
            ensure(B, seen.contains(space), || format!("pages of {limit}: expected {space:?} in {seen:?}"))?;
        }
    }
    Ok(())
}

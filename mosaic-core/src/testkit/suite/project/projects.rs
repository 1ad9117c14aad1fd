//! Behaviours of projects and their keys.

use super::super::{Failure, done, ensure, equal};
use super::{BODY_MAX, KEY_MAX, World, unused_key};
use crate::error::ErrorKind;
use crate::op::project::{CreateProject, GetProject, ListProjects, ProjectService, UpdateProject};
use crate::types::{PageRequest, ProjectKey};

/// What is created can be fetched, and is the same.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn projects_are_created_and_fetched(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/projects_are_created_and_fetched";
    let key = unused_key('A');
    let op = CreateProject::of(&key, "Operations").description("Keeps the lights on.");
    let made = done(B, "create_project", service.create_project(world.cx(), op).await)?;
    equal(B, "key", &made.key, &key)?;
    equal(B, "name", made.name.as_str(), "Operations")?;
    equal(B, "description", &made.description.as_deref(), &Some("Keeps the lights on."))?;
    let got = done(B, "get_project", service.get_project(world.cx(), GetProject::of(&key)).await)?;
    equal(B, "the project that was fetched", &got, &made)
}

/// A key names one project: a second one is `Conflict`, and the first stays as it is.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn keys_are_unique(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/keys_are_unique";
    let key = unused_key('U');
    let first = service.create_project(world.cx(), CreateProject::of(&key, "First")).await;
    let first = done(B, "create_project", first)?;
    let second = service.create_project(world.cx(), CreateProject::of(&key, "Second")).await;
    world.refused(B, "create_project with a key that is taken", second, ErrorKind::Conflict)?;
    let got = done(B, "get_project", service.get_project(world.cx(), GetProject::of(&key)).await)?;
    equal(B, "the first project", &got, &first)
}

/// Keys that are none, and projects without a name, are `Invalid`, and nothing is made.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn keys_are_checked(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/keys_are_checked";
    let overlong = "K".repeat(KEY_MAX + 1);
    for bad in ["", " ", "A B", " A", "/", "//", "A/", "/A", "A\nB", "A\u{0}B", "7A", "-A", "_A", &overlong] {
        let made = service.create_project(world.cx(), CreateProject::new(bad, "Operations")).await;
        world.refused(B, &format!("create_project with the key {bad:?}"), made, ErrorKind::Invalid)?;
        let got = service.get_project(world.cx(), GetProject::new(bad)).await;
        ensure(
            B,
            matches!(&got, Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid)),
            || format!("get_project of the key {bad:?}: expected no project, got {got:?}"),
        )?;
    }
    let key = unused_key('C');
    for (what, op) in [
        ("an empty name", CreateProject::of(&key, "")),
        ("a blank name", CreateProject::of(&key, " \t")),
        ("an overlong description", CreateProject::of(&key, "A").description("x".repeat(BODY_MAX + 1))),
    ] {
        let made = service.create_project(world.cx(), op).await;
        world.refused(B, &format!("create_project with {what}"), made, ErrorKind::Invalid)?;
        let got = service.get_project(world.cx(), GetProject::of(&key)).await;
        world.refused(B, &format!("get_project after {what}"), got, ErrorKind::NotFound)?;
    }
    Ok(())
}

/// Pages of every size list all projects once, ordered by key.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn projects_are_listed_by_key(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/projects_are_listed_by_key";
    let mut made = Vec::new();
    for letter in ['Z', 'L', 'B'] {
        let op = CreateProject::of(unused_key(letter), "Listed");
        made.push(done(B, "create_project", service.create_project(world.cx(), op).await)?.key);
    }
    // Others may make projects meanwhile: only what this run made is compared.
    for limit in [1, 2, 100] {
        let (mut seen, mut cursor) = (Vec::<ProjectKey>::new(), None);
        loop {
            let page = PageRequest { cursor, limit: Some(limit) };
            let op = ListProjects::new().page(page);
            let page = done(B, "list_projects", service.list_projects(world.cx(), op).await)?;
            ensure(B, page.items.len() <= limit as usize, || {
                format!("expected at most {limit} projects a page, got {}", page.items.len())
            })?;
            // An empty page with another after it, or a page that goes back, would be a way to never end.
            ensure(
                B,
                !page.items.is_empty() || page.next.is_none(),
                || "expected no page after an empty one",
            )?;
            seen.extend(page.items.into_iter().map(|project| project.key));
            ensure(B, seen.is_sorted_by(|a, b| a < b), || {
                format!("pages of {limit}: expected each key once and in order, got {seen:?}")
            })?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        for key in &made {
            ensure(B, seen.contains(key), || format!("pages of {limit}: expected {key}, got {seen:?}"))?;
        }
    }
    Ok(())
}

/// A change touches what it names; an empty description is none. Bounds are kept, and what is refused changes nothing.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn projects_change_what_they_name(
    service: &impl ProjectService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "project/projects_change_what_they_name";
    let key = unused_key('D');
    let op = CreateProject::of(&key, "Before").description("Text");
    done(B, "create_project", service.create_project(world.cx(), op).await)?;
    let of = || UpdateProject::of(&key);
    for (what, op, name, description) in [
        ("nothing", of(), "Before", Some("Text")),
        ("the name", of().name("After"), "After", Some("Text")),
        ("the description", of().description("New"), "After", Some("New")),
        ("the description to nothing", of().description(""), "After", None),
    ] {
        let got = done(B, "update_project", service.update_project(world.cx(), op).await)?;
        equal(B, &format!("key after a change of {what}"), &got.key, &key)?;
        equal(B, &format!("name after a change of {what}"), got.name.as_str(), name)?;
        equal(
            B,
            &format!("description after a change of {what}"),
            &got.description.as_deref(),
            &description,
        )?;
        let fetched = done(B, "get_project", service.get_project(world.cx(), GetProject::of(&key)).await)?;
        equal(B, "the project that was fetched", &fetched, &got)?;
    }
    let before = done(B, "get_project", service.get_project(world.cx(), GetProject::of(&key)).await)?;
    for (what, op) in [
        ("an empty name", of().name("").description("Not kept")),
        ("a blank name", of().name(" \t").description("Not kept")),
        ("an overlong description", of().name("Not kept").description("x".repeat(BODY_MAX + 1))),
    ] {
        let got = service.update_project(world.cx(), op).await;
        world.refused(B, &format!("update_project with {what}"), got, ErrorKind::Invalid)?;
        let after = done(B, "get_project", service.get_project(world.cx(), GetProject::of(&key)).await)?;
        equal(B, &format!("the project after {what}"), &after, &before)?;
    }
    Ok(())
}

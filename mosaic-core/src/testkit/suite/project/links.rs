//! Behaviours of links between issues.

use super::super::{Failure, done, ensure, equal, refused_as};
use super::{Trait, World, issues};
use crate::error::ErrorKind;
use crate::op::project::{GetIssue, LinkIssues, ProjectService, UnlinkIssues};
use crate::types::IssueRef;
use crate::types::project::{Link, LinkKind};

/// Whether issues are linked by this kind.
fn knows(world: &World, kind: LinkKind) -> bool {
    match kind {
        LinkKind::Blocks => true,
        LinkKind::RelatesTo => world.shows(Trait::RelatesIssues),
        _ => world.shows(Trait::LinksByEveryKind),
    }
}

/// Linking twice is linking once; both ends show the link as it was made, from the first to the second. A kind that is not
/// there is `Unsupported`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn links_are_kept_once(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/links_are_kept_once";
    let key = world.project(service, B).await?;
    let other = world.project(service, B).await?;
    let mut made = issues(service, world, B, &key, 3).await?;
    made.extend(issues(service, world, B, &other, 1).await?);
    let first = &made[0].issue;
    for (kind, to) in [
        (LinkKind::Blocks, &made[1].issue),
        (LinkKind::ParentOf, &made[1].issue),
        (LinkKind::RelatesTo, &made[3].issue),
    ] {
        let link = Link::new(first, kind, to);
        for _ in 0..2 {
            let op = LinkIssues::of(first, to).kind(kind);
            if !knows(world, kind) {
                let got = service.link_issues(world.cx(), op).await;
                refused_as(B, &format!("link_issues by {kind:?}"), got, &[ErrorKind::Unsupported])?;
                continue;
            }
            let answer = done(B, "link_issues", service.link_issues(world.cx(), op).await)?;
            equal(B, "the answer", &answer, &link)?;
        }
    }
    let link = |kind, to: usize| Link::new(first, kind, &made[to].issue);
    for (at, expected) in [
        (0, vec![link(LinkKind::Blocks, 1), link(LinkKind::ParentOf, 1), link(LinkKind::RelatesTo, 3)]),
        (1, vec![link(LinkKind::Blocks, 1), link(LinkKind::ParentOf, 1)]),
        (2, vec![]),
        (3, vec![link(LinkKind::RelatesTo, 3)]),
    ] {
        let issue = &made[at].issue;
        let mut got = done(B, "get_issue", service.get_issue(world.cx(), GetIssue::of(issue)).await)?.links;
        // The order of links is the provider's own.
        got.sort_by_key(|link| (link.to.clone(), format!("{:?}", link.kind)));
        let mut expected = expected;
        expected.retain(|link| knows(world, link.kind));
        expected.sort_by_key(|link| (link.to.clone(), format!("{:?}", link.kind)));
        equal(B, &format!("links of {issue}"), &got, &expected)?;
    }
    Ok(())
}

/// An issue is not linked to itself (`Invalid`), nor to one that does not exist (`NotFound`).
///
/// # Errors
/// Where the provider does otherwise.
pub async fn links_need_two_issues(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/links_need_two_issues";
    let key = world.project(service, B).await?;
    let made = issues(service, world, B, &key, 1).await?;
    let (here, gone) = (&made[0].issue, IssueRef::new(&key, 99u64));
    let nowhere = IssueRef::new(world.missing(), 1u64);
    let refusal = service.link_issues(world.cx(), LinkIssues::of(here, here)).await;
    world.refused(B, "link_issues of an issue with itself", refusal, ErrorKind::Invalid)?;
    for (from, to) in [(here, &gone), (&gone, here), (here, &nowhere), (&nowhere, here)] {
        let refusal = service.link_issues(world.cx(), LinkIssues::of(from, to)).await;
        world.refused(B, &format!("link_issues from {from} to {to}"), refusal, ErrorKind::NotFound)?;
    }
    let got = done(B, "get_issue", service.get_issue(world.cx(), GetIssue::of(here)).await)?;
    equal(B, "links after refused ones", &got.links.len(), &0)
}

/// Taking a link away removes it from both ends, and no other: not that of another kind, nor the same the other way round.
/// Where there is none, nothing changes.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn links_are_taken_away(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/links_are_taken_away";
    let key = world.project(service, B).await?;
    let made = issues(service, world, B, &key, 2).await?;
    let (one, two) = (&made[0].issue, &made[1].issue);
    let all = [
        Link::new(one, LinkKind::Blocks, two),
        Link::new(one, LinkKind::Duplicates, two),
        Link::new(two, LinkKind::Duplicates, one),
    ];
    for link in all.iter().filter(|link| knows(world, link.kind)) {
        let op = LinkIssues::of(&link.from, &link.to).kind(link.kind);
        done(B, "link_issues", service.link_issues(world.cx(), op).await)?;
    }
    for (what, from, kind, to, rest) in [
        ("a kind that is not there", one, LinkKind::ParentOf, two, &all[..]),
        ("a link seen from its end", two, LinkKind::Blocks, one, &all),
        ("a link", one, LinkKind::Blocks, two, &all[1..]),
        ("one of two that go both ways", one, LinkKind::Duplicates, two, &all[2..]),
        ("the other", two, LinkKind::Duplicates, one, &[]),
    ] {
        let rest: Vec<_> = rest.iter().filter(|link| knows(world, link.kind)).collect();
        for _ in 0..2 {
            let op = UnlinkIssues::of(from, to).kind(kind);
            done(B, "unlink_issues", service.unlink_issues(world.cx(), op).await)?;
            for end in [one, two] {
                let got = done(B, "get_issue", service.get_issue(world.cx(), GetIssue::of(end)).await)?.links;
                let same = got.len() == rest.len() && rest.iter().all(|link| got.contains(*link));
                ensure(B, same, || {
                    format!("{end} without {what}: expected the links {rest:?}, got {got:?}")
                })?;
            }
        }
    }
    Ok(())
}

//! Whole lists: every page once, from one provider, within a limit.

use futures_util::StreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::ListBranches;
use mosaic_core::testkit::{Double, Fault};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Cursor, Page, PageRequest, ProviderId};

use crate::support::{config, pair, single};

/// Branches `0..count` of a forge, whose cursors nobody else understands.
fn forge(name: &'static str, count: usize) -> Double {
    Double::new().answer(move |op: &ListBranches| {
        let from = match &op.page.cursor {
            None => 0,
            Some(cursor) => match cursor.as_str().strip_prefix(name).and_then(|at| at.parse().ok()) {
                Some(at) => at,
                None => return Err(Error::new(ErrorKind::Invalid, "a cursor of somebody else")),
            },
        };
        let to = count.min(from + op.page.limit());
        let items = (from..to).map(|at| Branch::new(format!("{name}-{at}"), "3f2a")).collect();
        Ok(Page::new(items, (to < count).then(|| Cursor::new(format!("{name}{to}")))))
    })
}

fn list() -> ListBranches {
    ListBranches::new("acme", "widget")
}

fn names(branches: &[Branch]) -> Vec<&str> {
    branches.iter().map(|branch| branch.name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_item_comes_once_in_order_and_pages_are_large() {
    let forge = forge("a", 250);
    let git = single(&forge, config()).build().await.unwrap().git();
    let all = git.all(list(), 1_000).collect().await.unwrap();
    assert_eq!(all.len(), 250);
    assert!(all.iter().enumerate().all(|(at, branch)| branch.name == format!("a-{at}")));
    assert_eq!(forge.seen(), 3);
    let small = git.all(list().page(PageRequest::first(2)), 5).collect().await.unwrap();
    assert_eq!(names(&small), ["a-0", "a-1", "a-2", "a-3", "a-4"]);
    assert_eq!(forge.seen(), 6, "three pages of two hold five items");
    assert!(git.all(list(), 0).collect().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_stays_with_the_provider_that_began_it() {
    let (a, b) = (forge("a", 6), forge("b", 6));
    let git = pair(&a, &b).build().await.unwrap().git();
    let down = |double: &Double| {
        double.plan(|_, _| Some(Fault::DisconnectBefore));
    };
    down(&a);
    let mut pages = git.all(list().page(PageRequest::first(2)), 100);
    assert_eq!(pages.next().await.unwrap().unwrap().name, "b-0");
    // The first choice is back: the rest still comes from the one that began.
    a.heal();
    let rest: Vec<_> = pages.map(Result::unwrap).collect().await;
    assert_eq!(names(&rest), ["b-1", "b-2", "b-3", "b-4", "b-5"]);

    let mut pages = git.all(list().page(PageRequest::first(2)), 100);
    assert_eq!(pages.next().await.unwrap().unwrap().name, "b-0", "from the cache, as b answered it");
    drop(pages);
    let git = pair(&a, &b).build().await.unwrap().git();
    let mut pages = git.all(list().page(PageRequest::first(3)), 100);
    for expected in ["a-0", "a-1", "a-2"] {
        assert_eq!(pages.next().await.unwrap().unwrap().name, expected);
    }
    down(&a);
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "nobody else is asked for the rest: {error}");
    assert!(pages.next().await.is_none(), "an error is the end");
}

#[tokio::test(start_paused = true)]
async fn a_pin_narrows_the_rules_and_never_widens_them() {
    let (a, b) = (forge("a", 1), forge("b", 1));
    let mosaic = pair(&a, &b).build().await.unwrap();
    let pinned = |name: &str| mosaic.git().with(CallContext::new().pinned_to(ProviderId::new(name).unwrap()));
    assert_eq!(pinned("b").list_branches(list()).await.unwrap().items[0].name, "b-0");
    assert_eq!(
        pinned("a").list_branches(list()).await.unwrap().items[0].name,
        "a-0",
        "not b's from the cache"
    );
    let error = pinned("c").list_branches(list()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRoute);
    assert!(error.message().contains("pinned to c"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn cursors_that_go_round_in_circles_are_found_out() {
    let circle = Double::new().answer(|op: &ListBranches| {
        let next = if op.page.cursor.as_ref().is_some_and(|at| at.as_str() == "1") { "2" } else { "1" };
        Ok(Page::new(vec![Branch::new("main", "3f2a")], Some(Cursor::new(next))))
    });
    let git = single(&circle, config()).build().await.unwrap().git();
    let error = git.all(list(), 1_000).collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(circle.seen() <= 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_has_an_item_ends_all_the_same() {
    let hollow = Double::new().answer(|op: &ListBranches| {
        let at: u64 = op.page.cursor.as_ref().map_or(0, |at| at.as_str().parse().unwrap());
        Ok(Page::new(Vec::new(), Some(Cursor::new((at + 1).to_string()))))
    });
    let git = single(&hollow, config()).build().await.unwrap().git();
    let error = git.all(list(), 5).collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(hollow.seen(), 100);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_more_than_is_wanted() {
    let forge = forge("a", 50);
    let git = single(&forge, config()).build().await.unwrap().git();
    assert_eq!(git.all(list(), 5).collect().await.unwrap().len(), 5);
    let asked = forge.log()[0].payload.get::<ListBranches>().unwrap().page.limit;
    assert_eq!((asked, forge.seen()), (Some(5), 1));
}

#[tokio::test(start_paused = true)]
async fn an_explanation_knows_the_pin() {
    let (a, b) = (forge("a", 1), forge("b", 1));
    let mosaic = pair(&a, &b).build().await.unwrap();
    let cx = CallContext::new().pinned_to(ProviderId::new("b").unwrap());
    let explained = mosaic.explain(&cx, &list());
    assert_eq!(explained.pinned.as_ref().map(ProviderId::as_str), Some("b"));
    let ranks: Vec<_> = explained.candidates.iter().map(|note| (note.provider.as_str(), note.rank)).collect();
    assert_eq!(ranks, [("b", Some(1)), ("a", None)]);
    assert!(explained.to_string().contains("the call is pinned to b"), "{explained}");
}

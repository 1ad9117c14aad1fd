//! The state over the store in memory.

use futures_util::future::join_all;
use mosaic_core::error::ErrorKind;
use mosaic_mcp::state::{Expect, Key, KeyRange, MemoryStore, State, Topic, TopicFilter};

fn key(parts: &[&str]) -> Key {
    Key::of(parts).unwrap()
}

#[tokio::test]
async fn concurrent_transactions_are_one_after_the_other() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let adds = (0..200).map(|_| {
        state.run(|tx| {
            Box::pin(async move {
                let counter = key(&["counter"]);
                let next = tx.read::<u64>(&counter).await?.unwrap_or(0) + 1;
                tx.write(&counter, &next)?;
                tx.emit(Topic::new("counter.moved")?, "moved", &next)?;
                Ok(next)
            })
        })
    });
    let mut seen: Vec<u64> = join_all(adds).await.into_iter().map(Result::unwrap).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
    let events = state.events(&TopicFilter::new("counter.>").unwrap(), 0, 1_000).await.unwrap();
    assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), seen);
    assert_eq!(state.head().offset, 200);
    state.close().await.unwrap();
    assert_eq!(state.put(key(&["x"]), "y").await.unwrap_err().kind(), ErrorKind::Lifecycle);
}

#[tokio::test]
async fn one_that_fails_or_panics_takes_nothing_with_it() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let good = state.put(key(&["good"]), "1");
    let fails = state.run::<(), _>(|tx| {
        Box::pin(async move {
            tx.put(key(&["bad"]), "1")?;
            tx.expect(&key(&["good"]), Expect::Version(77)).await
        })
    });
    let panics = state.run::<(), _>(|tx| {
        Box::pin(async move {
            tx.put(key(&["worse"]), "1")?;
            panic!("on purpose")
        })
    });
    let (good, fails, panics) = tokio::join!(good, fails, panics);
    good.unwrap();
    assert_eq!(fails.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(panics.unwrap_err().kind(), ErrorKind::Internal);
    let all = state.range(&KeyRange::all(), 10).await.unwrap();
    assert_eq!(all.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["good"]);
}

#[tokio::test]
async fn a_range_within_a_transaction_sees_what_was_written_before() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    for n in ["1", "3", "5", "7"] {
        state.put(key(&["n", n]), n).await.unwrap();
    }
    let seen = state
        .run(|tx| {
            Box::pin(async move {
                tx.put(key(&["n", "2"]), "2")?;
                tx.delete(key(&["n", "3"]))?;
                tx.delete(key(&["n", "1"]))?;
                let range = KeyRange::below(&["n"])?;
                let some = tx.range(&range, 2).await?;
                let rest = tx.range(&range.after(&some[1].key), 9).await?;
                Ok([some, rest])
            })
        })
        .await
        .unwrap();
    let names = seen.map(|found| found.iter().map(|entry| entry.key.last_part()).collect::<Vec<_>>());
    assert_eq!(names, [vec!["2", "5"], vec!["7"]]);
}

//! Transactions: one after the other, as a whole or not at all.

use futures_util::future::join_all;
use mosaic_core::error::{Error, ErrorKind};

use super::failure::{Outcome, equal, refused};
use super::ground::{Stores, filter, key, names, node, offsets, topic};
use crate::state::{Expect, Head, KeyRange, limits};

/// Many at once, each reading what the one before has written.
///
/// # Errors
/// What the store does otherwise.
pub async fn transactions_are_one_after_the_other(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "transactions_serial").await?;
    let adds = (0..200).map(|_| {
        state.run(|tx| {
            Box::pin(async move {
                let counter = key(&["counter"])?;
                let next = tx.read::<u64>(&counter).await?.unwrap_or(0) + 1;
                tx.write(&counter, &next)?;
                let offset = tx.emit(topic("counter.moved")?, "moved", &next)?;
                Ok((next, offset))
            })
        })
    });
    let seen = join_all(adds).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (mut numbers, mut places): (Vec<u64>, Vec<u64>) = seen.into_iter().unzip();
    numbers.sort_unstable();
    places.sort_unstable();
    equal("what they counted", &numbers, &(1..=200).collect::<Vec<_>>())?;
    equal("where they appended", &places, &numbers)?;
    let events = state.events(&filter("counter.>")?, 0, 1_000).await?;
    equal("the log", offsets(&events), numbers)?;
    equal("the counter", state.read::<u64>(&key(&["counter"])?).await?, Some(200))?;
    Ok(state.close().await?)
}

/// One that gives an error or panics is not written, and those that wait beside it are.
///
/// # Errors
/// What the store does otherwise.
pub async fn failing_transactions_take_nothing_with_them(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "transactions_failing").await?;
    let good = (0..4).map(|n: u32| {
        let state = &state;
        async move { state.put(key(&["good", &n.to_string()])?, "1").await }
    });
    let fails = state.run::<(), _>(|tx| {
        Box::pin(async move {
            tx.put(key(&["bad"])?, "1")?;
            tx.append(topic("bad")?, "bad", "")?;
            tx.delete(key(&["good", "0"])?)?;
            tx.expect(&key(&["nothing"])?, Expect::Present).await
        })
    });
    let panics = state.run::<(), _>(|tx| {
        Box::pin(async move {
            tx.put(key(&["worse"])?, "1")?;
            #[expect(clippy::panic, reason = "what is tried here")]
            {
                panic!("on purpose")
            }
        })
    });
    let (good, fails, panics) = tokio::join!(join_all(good), fails, panics);
    good.into_iter().collect::<Result<Vec<_>, _>>()?;
    refused("one that fails", fails, ErrorKind::Conflict)?;
    refused("one that panics", panics, ErrorKind::Internal)?;
    let all = state.range(&KeyRange::all(), 10).await?;
    equal("what is there", names(&all), ["good/0", "good/1", "good/2", "good/3"])?;
    equal("the log", state.events(&filter(">")?, 0, 10).await?, Vec::new())?;
    Ok(state.close().await?)
}

/// Reads see the transaction's own writes and those of the transactions before it, also of the same group.
///
/// # Errors
/// What the store does otherwise.
pub async fn transactions_see_what_was_written_before(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "transactions_see").await?;
    state.put(key(&["a"])?, "stored").await?;
    let first = state.run(|tx| {
        Box::pin(async move {
            let before = tx.get(&key(&["a"])?).await?.map(|entry| entry.value);
            tx.delete(key(&["a"])?)?;
            let deleted = tx.get(&key(&["a"])?).await?;
            tx.put(key(&["b"])?, "first")?;
            let own = tx.get(&key(&["b"])?).await?.map(|entry| (entry.value, entry.version == tx.revision()));
            Ok((before, deleted, own))
        })
    });
    let second = state.run(|tx| {
        Box::pin(async move {
            let [a, b] = &tx.get_many(&[key(&["a"])?, key(&["b"])?]).await?[..] else {
                return Err(Error::new(ErrorKind::Internal, "two keys are two answers"));
            };
            Ok((a.clone(), b.as_ref().map(|entry| entry.value.clone())))
        })
    });
    let (first, second) = tokio::join!(first, second);
    equal("the first", first?, (Some("stored".into()), None, Some(("first".into(), true))))?;
    equal("the second", second?, (None, Some("first".into())))?;
    Ok(state.close().await?)
}

/// Values and events of a transaction are both there or neither is.
///
/// # Errors
/// What the store does otherwise.
pub async fn values_and_events_stand_or_fall_together(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "values_and_events").await?;
    let runs = (0..60_u64).map(|n| {
        state.run(move |tx| {
            Box::pin(async move {
                tx.write(&key(&["order", &n.to_string()])?, &n)?;
                tx.emit(topic("order.placed")?, "order", &n)?;
                if n % 3 == 0 {
                    return Err(Error::new(ErrorKind::Invalid, "on purpose"));
                }
                Ok(tx.revision())
            })
        })
    });
    let ended = join_all(runs).await;
    let kept: Vec<u64> = (0..60).filter(|n| n % 3 != 0).collect();
    equal("how many were written", ended.iter().filter(|end| end.is_ok()).count(), kept.len())?;
    let read = |data: &[u8]| serde_json::from_slice::<u64>(data).unwrap_or(u64::MAX);
    let values = state.range(&KeyRange::below(&["order"])?, 100).await?;
    let mut values: Vec<u64> = values.iter().map(|entry| read(&entry.value)).collect();
    values.sort_unstable();
    equal("the values", &values, &kept)?;
    let events = state.events(&filter("order.*")?, 0, 100).await?;
    let mut told: Vec<u64> = events.iter().map(|event| read(&event.data)).collect();
    told.sort_unstable();
    equal("the events", told, kept)?;
    Ok(state.close().await?)
}

/// A transaction up to the limit is written, one beyond it is refused as a whole.
///
/// # Errors
/// What the store does otherwise.
pub async fn large_transactions_are_written_and_larger_refused(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "transactions_large").await?;
    for (values, fits) in [(15_u8, true), (17, false)] {
        let written = state
            .run(move |tx| {
                Box::pin(async move {
                    for n in 0..values {
                        let value = vec![n; limits::VALUE_BYTES];
                        tx.put(key(&["large", &format!("{values}-{n:02}")])?, value)?;
                    }
                    tx.append(topic("large")?, "large", vec![1; limits::VALUE_BYTES / 2])?;
                    Ok(())
                })
            })
            .await;
        if fits {
            written?;
        } else {
            refused("a larger one", written, ErrorKind::Invalid)?;
        }
    }
    let found = state.range(&KeyRange::all(), 100).await?;
    let sizes: Vec<_> = found.iter().map(|entry| (entry.value.len(), entry.value.first().copied())).collect();
    let expected: Vec<_> = (0..15).map(|n| (limits::VALUE_BYTES, Some(n))).collect();
    equal("the values", sizes, expected)?;
    equal("the log", state.events(&filter("large")?, 0, 9).await?.len(), 1)?;
    Ok(state.close().await?)
}

/// The head counts the transactions that changed something, and the events.
///
/// # Errors
/// What the store does otherwise.
pub async fn heads_move_with_what_is_written(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "heads").await?;
    equal("of an empty store", state.store().head().await?, Head::default())?;
    let revision = state.put(key(&["a"])?, "1").await?;
    equal("after a value", (state.head(), revision), (Head { revision: 1, offset: 0 }, 1))?;
    state.run(|tx| Box::pin(async move { tx.get(&key(&["a"])?).await })).await?;
    equal("after a read", state.store().head().await?, Head { revision: 1, offset: 0 })?;
    let two = state.run(|tx| {
        Box::pin(async move {
            tx.append(topic("t")?, "k", "")?;
            tx.append(topic("t")?, "k", "")
        })
    });
    equal("the offset", two.await?, 2)?;
    let expected = Head { revision: 2, offset: 2 };
    equal("after events", (state.head(), state.store().head().await?), (expected, expected))?;
    Ok(state.close().await?)
}

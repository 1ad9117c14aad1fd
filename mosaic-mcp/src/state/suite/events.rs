//! Events: a log without gaps, read through filters.

use bytes::Bytes;
use futures_util::future::join_all;
use mosaic_core::error::{Error, ErrorKind};

use super::failure::{Outcome, equal, refused};
use super::ground::{Stores, append, filter, node, offsets, topic};
use crate::state::State;

/// Offsets begin at 1 and rise by one, also beside transactions that fail.
///
/// # Errors
/// What the store does otherwise.
pub async fn offsets_have_no_gaps(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "offsets").await?;
    let runs = (0..90_u32).map(|n| {
        state.run(move |tx| {
            Box::pin(async move {
                for _ in 0..=n % 3 {
                    tx.append(topic("t")?, "k", n.to_string())?;
                }
                if n % 5 == 0 { Err(Error::new(ErrorKind::Invalid, "on purpose")) } else { Ok(()) }
            })
        })
    });
    let written = join_all(runs).await.into_iter().filter(Result::is_ok).count();
    equal("how many were written", written, 72)?;
    let events = state.events(&filter(">")?, 0, 1_000).await?;
    equal("the offsets", offsets(&events), (1..=state.head().offset).collect::<Vec<_>>())?;
    let rest = state.events(&filter(">")?, 100, 7).await?;
    equal("a page", offsets(&rest), (101..=107).collect::<Vec<_>>())?;
    equal("after the end", state.events(&filter(">")?, state.head().offset, 7).await?, Vec::new())?;
    Ok(state.close().await?)
}

/// An event comes back with what it was appended with, and with the time.
///
/// # Errors
/// What the store does otherwise.
pub async fn events_come_back_as_they_are(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "events_as_they_are").await?;
    let longest = topic(&["abcdefghijklmno"; 15].join("."))?;
    let kind = "ü".repeat(32);
    let data: Vec<u8> = (0..=255).collect();
    let (to, of, with) = (longest.clone(), kind.clone(), data.clone());
    let now = state
        .run(move |tx| {
            Box::pin(async move {
                tx.append(to, of, with)?;
                tx.append(topic("empty")?, "k", "")?;
                Ok(tx.now())
            })
        })
        .await?;
    let events = state.events(&filter(">")?, 0, 10).await?;
    let found: Vec<_> =
        events.into_iter().map(|event| (event.topic, event.kind, event.data, event.at)).collect();
    let expected = vec![
        (longest, kind.into_boxed_str(), Bytes::from(data), now),
        (topic("empty")?, "k".into(), Bytes::new(), now),
    ];
    equal("the events", found, expected)?;
    Ok(state.close().await?)
}

async fn append_all(state: &State, topics: &'static [&'static str]) -> mosaic_core::Result<()> {
    state
        .run(move |tx| {
            Box::pin(
                async move { topics.iter().try_for_each(|text| tx.append(topic(text)?, "k", "").map(drop)) },
            )
        })
        .await
}

/// A filter chooses by segments, wherever its wildcards are.
///
/// # Errors
/// What the store does otherwise.
pub async fn events_are_chosen_by_filters(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "events_filtered").await?;
    let topics = &[
        "task",
        "task.a",
        "task.a.1",
        "task.b.1",
        "tasks.a",
        "Task.a",
        "task-a",
        "task.a.1.x",
        "task:a",
        "a.task",
    ];
    append_all(&state, topics).await?;
    let cases: [(&str, &[u64]); 11] = [
        (">", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("task", &[1]),
        ("task.*", &[2]),
        ("task.>", &[2, 3, 4, 8]),
        ("task.*.1", &[3, 4]),
        ("task.a.>", &[3, 8]),
        ("*.a", &[2, 5, 6]),
        ("*", &[1, 7, 9]),
        ("*.>", &[2, 3, 4, 5, 6, 8, 10]),
        ("task.a.1", &[3]),
        ("none.>", &[]),
    ];
    for (text, expected) in cases {
        equal(text, offsets(&state.events(&filter(text)?, 0, 100).await?), expected)?;
        let later: Vec<u64> = expected.iter().copied().filter(|offset| *offset > 3).take(2).collect();
        equal(text, offsets(&state.events(&filter(text)?, 3, 2).await?), later)?;
    }
    Ok(state.close().await?)
}

/// A page is full where there is enough, however far apart the events lie.
///
/// # Errors
/// What the store does otherwise.
pub async fn sparse_events_fill_their_pages(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "events_sparse").await?;
    for _ in 0..5 {
        let many = state.run(|tx| {
            Box::pin(async move {
                for n in 0..300 {
                    tx.append(topic(&format!("job.{n}.noise"))?, "k", "")?;
                }
                tx.append(topic("job.7.signal")?, "k", "")
            })
        });
        many.await?;
    }
    let signals: Vec<u64> = (1..=5).map(|n| n * 301).collect();
    let found = state.events(&filter("job.*.signal")?, 0, 5).await?;
    equal("all", offsets(&found), &signals[..])?;
    let found = state.events(&filter("job.*.signal")?, 301, 3).await?;
    equal("a page", offsets(&found), &signals[1..4])?;
    let found = state.events(&filter("job.7.signal")?, 302, 9).await?;
    equal("one topic", offsets(&found), &signals[2 - 1..])?;
    Ok(state.close().await?)
}

/// The offset of the last event of a topic is known, so that an append can expect its place.
///
/// # Errors
/// What the store does otherwise.
pub async fn events_are_appended_at_expected_places(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "events_expected").await?;
    let append_after = |expected: u64| {
        state.run(move |tx| {
            Box::pin(async move {
                let last = tx.last_offset(&topic("stream.1")?).await?;
                if last != expected {
                    let message = format!("{expected} was expected, and the last is {last}");
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
                let offset = tx.append(topic("stream.1")?, "k", "")?;
                if tx.last_offset(&topic("stream.1")?).await? != offset {
                    return Err(Error::new(ErrorKind::Internal, "its own event is not seen"));
                }
                Ok(offset)
            })
        })
    };
    let (first, second) = tokio::join!(append_after(0), append_after(0));
    equal("the first", first?, 1)?;
    refused("a second at the same place", second, ErrorKind::Conflict)?;
    append(&state, "stream.2", "k").await?;
    append(&state, "stream", "k").await?;
    equal("the next", append_after(1).await?, 4)?;
    refused("an old place", append_after(1).await, ErrorKind::Conflict)?;
    Ok(state.close().await?)
}

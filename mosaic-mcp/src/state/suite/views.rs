//! Views for backups, and transactions in parts for restores.

use mosaic_core::types::Timestamp;

use super::failure::{Outcome, equal};
use super::ground::{Stores, append, key, names, node, offsets, topic};
use crate::state::{Entry, Event, Expect, Head, KeyRange, Topic, TopicFilter, Writes};

/// A view shows everything as it was when it was made, whatever is written meanwhile.
///
/// # Errors
/// What the store does otherwise.
pub async fn views_are_of_one_moment(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "views").await?;
    for n in 0..7 {
        state.put(key(&["k", &format!("{n}ü")])?, n.to_string()).await?;
        append(&state, &format!("log.{}", n % 3), "k").await?;
    }
    let trim = state.run(|tx| {
        Box::pin(async move {
            tx.trim(Some(topic("log.1")?), 5);
            tx.trim(None, 2);
            Ok(())
        })
    });
    trim.await?;
    let (head, entries) = (state.head(), state.range(&KeyRange::all(), 99).await?);
    let mut view = state.store().view().await?;
    state.delete_if(key(&["k", "0ü"])?, Expect::Present).await?;
    state.put(key(&["k", "1ü"])?, "later").await?;
    append(&state, "log.0", "later").await?;
    equal("the head", view.head(), head)?;
    let marks = view.trimmed().clone();
    equal("the marks", (marks.all, marks.topics.get(&topic("log.1")?)), (2, Some(&5)))?;
    let mut seen: Vec<Entry> = Vec::new();
    loop {
        let after = seen.last().map(|entry| entry.key.clone());
        let page = view.entries(after.as_ref(), 3).await?;
        let ended = page.len() < 3;
        seen.extend(page);
        if ended {
            break;
        }
    }
    equal("the values", seen, entries)?;
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let page = view.events(seen.last().map_or(0, |event| event.offset), 2).await?;
        let ended = page.len() < 2;
        seen.extend(page);
        if ended {
            break;
        }
    }
    equal("the events", offsets(&seen), [3, 4, 6, 7])?;
    let mut places: Vec<(Topic, u64)> = Vec::new();
    loop {
        let after = places.last().map(|(topic, _)| topic.clone());
        let page = view.last_offsets(after.as_ref(), 1).await?;
        if page.is_empty() {
            break;
        }
        places.extend(page);
    }
    let lost = places.iter().find(|(topic, _)| topic.as_str() == "log.1").map(|(_, offset)| *offset);
    equal("the place of a topic without events", lost, Some(5))?;
    drop(view);
    let now = state.range(&KeyRange::all(), 99).await?;
    equal("what is there now", names(&now)[0], "k/1ü")?;
    Ok(state.close().await?)
}

/// Parts of a transaction are there with its commit, and not without.
///
/// # Errors
/// What the store does otherwise.
pub async fn parts_stand_or_fall_together(stores: &dyn Stores) -> Outcome {
    let store = stores.open("parts").await?;
    let now = Timestamp::from_second(1_800_000_000).unwrap_or_default();
    let part = |n: u64| -> mosaic_core::Result<Writes> {
        let entry = Entry::new(key(&["k", &n.to_string()])?, n.to_string().into(), n, None);
        let event = Event::new(n, topic("log")?, "k", "".into(), now);
        Ok(Writes { puts: vec![entry], events: vec![event], ..Writes::default() })
    };
    for kept in [false, true] {
        let mut tx = store.begin(now).await?;
        for n in [3, 5, 9] {
            tx.write(part(n)?).await?;
        }
        let last = Writes {
            last_offsets: vec![(topic("gone")?, 8)],
            head: Head { revision: 12, offset: 10 },
            ..part(10)?
        };
        if kept {
            tx.commit(last).await?;
        } else {
            tx.write(last).await?;
            drop(tx);
            equal("what was dropped", store.range(&KeyRange::all(), 9).await?, Vec::new())?;
            equal("its head", store.head().await?, Head::default())?;
        }
    }
    let entries = store.range(&KeyRange::all(), 9).await?;
    equal("the values", names(&entries), ["k/10", "k/3", "k/5", "k/9"])?;
    equal("their versions", entries.iter().map(|entry| entry.version).collect::<Vec<_>>(), [10, 3, 5, 9])?;
    equal("the events", offsets(&store.events(&TopicFilter::all(), 0, 9).await?), [3, 5, 9, 10])?;
    equal("the head", store.head().await?, Head { revision: 12, offset: 10 })?;
    let mut tx = store.begin(now).await?;
    let places = tx.last_offsets(&[topic("gone")?, topic("log")?, topic("never")?]).await?;
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort();
    equal("the places", places, [(topic("gone")?, 8), (topic("log")?, 10)])?;
    drop(tx);
    Ok(store.close().await?)
}

//! Backups: from each kind of store, and into it.

use super::failure::{Outcome, equal};
use super::ground::{Stores, append, filter, key, node, topic};
use crate::state::{Expect, KeyRange, MemoryStore, State, backup};

/// What a store holds comes back in another of its kind, and in one in memory.
///
/// # Errors
/// What the store does otherwise.
pub async fn backups_come_back(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "backup_from").await?;
    for n in 0..150_u8 {
        let put = state.run(move |tx| {
            Box::pin(async move {
                let end = (n % 9 == 0).then(|| tx.now() + std::time::Duration::from_secs(9_000));
                let place = key(&["k", &format!("{n}ü/")])?;
                if n % 5 == 0 {
                    tx.put_untracked(place, vec![n; usize::from(n)], end)?;
                } else {
                    tx.put_until(place, vec![n; usize::from(n)], end)?;
                }
                tx.append(topic(&format!("log.{}", n % 3))?, "ü", vec![n; usize::from(n % 4)])
            })
        });
        put.await?;
    }
    state.delete_if(key(&["k", "7ü/"])?, Expect::Present).await?;
    let trim = state.run(|tx| {
        Box::pin(async move {
            tx.trim(Some(topic("log.1")?), u64::MAX);
            tx.trim(None, 2);
            Ok(())
        })
    });
    trim.await?;
    let mut file = Vec::new();
    let summary = state.backup(&mut file).await?;
    equal("how much it is", (summary.values, summary.events, summary.head), (149, 99, state.head()))?;

    let (memory, store) = (MemoryStore::new(), stores.open("backup_to").await?);
    equal("what was restored", backup::restore(store.as_ref(), &file[..]).await?, summary)?;
    // A store of another kind has it opened.
    let mut opened = Vec::new();
    state.backup_opened(&mut opened).await?;
    backup::restore(&memory, &opened[..]).await?;
    store.close().await?;
    for other in [node(stores, "backup_to").await?, State::open(memory).await?] {
        equal("the head", other.head(), state.head())?;
        let all = KeyRange::all();
        equal("the values", other.range(&all, 999).await?, state.range(&all, 999).await?)?;
        let events = |of: State| async move { of.store().events(&filter(">")?, 0, 999).await };
        equal("the events", events(other.clone()).await?, events(state.clone()).await?)?;
        let marks = (other.trimmed().await?, state.trimmed().await?);
        equal("the marks", (marks.0.all, marks.0.topics), (marks.1.all, marks.1.topics))?;
        equal("of deletions", marks.0.deletions, summary.head.revision)?;
        let last = other.run(|tx| Box::pin(async move { tx.last_offset(&topic("log.1")?).await }));
        equal("the place of a topic without events", last.await?, 149)?;
        equal("the next event", append(&other, "log.1", "k").await?, 151)?;
        other.close().await?;
    }
    Ok(state.close().await?)
}

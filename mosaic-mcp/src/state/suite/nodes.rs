//! Several nodes on one store, and a store that is opened again.

use futures_util::future::join_all;
use mosaic_core::error::ErrorKind;

use super::failure::{Failure, Outcome, equal, refused};
use super::ground::{Stores, append, filter, key, node, offsets, topic};
use crate::state::{Expect, KeyRange, Writes};

/// Transactions of two nodes see what was written before, whichever wrote it.
///
/// # Errors
/// What the store does otherwise.
pub async fn nodes_write_one_after_the_other(stores: &dyn Stores) -> Outcome {
    let nodes = [node(stores, "nodes_serial").await?, node(stores, "nodes_serial").await?];
    let adds = (0..80_usize).map(|n| {
        nodes[n % 2].run(|tx| {
            Box::pin(async move {
                let counter = key(&["counter"])?;
                let next = tx.read::<u64>(&counter).await?.unwrap_or(0) + 1;
                tx.write(&counter, &next)?;
                tx.emit(topic("counter")?, "moved", &next)
            })
        })
    });
    let mut seen = join_all(adds).await.into_iter().collect::<Result<Vec<u64>, _>>()?;
    seen.sort_unstable();
    equal("where they appended", &seen, &(1..=80).collect::<Vec<_>>())?;
    for node in &nodes {
        equal("the counter", node.read::<u64>(&key(&["counter"])?).await?, Some(80))?;
        equal("the log", offsets(&node.events(&filter("counter")?, 0, 100).await?), &seen[..])?;
        node.close().await?;
    }
    Ok(())
}

/// A node hears of what another writes, without asking.
///
/// # Errors
/// What the store does otherwise.
pub async fn nodes_hear_of_each_other(stores: &dyn Stores) -> Outcome {
    let (one, other) = (node(stores, "nodes_hear").await?, node(stores, "nodes_hear").await?);
    for (from, to) in [(&one, &other), (&other, &one)] {
        let mut heads = to.heads();
        append(from, "news", "k").await?;
        let expected = from.head();
        let heard = heads.wait_for(|head| *head >= expected).await;
        heard.map_err(|_| Failure::new("the other node has stopped"))?;
    }
    one.close().await?;
    equal("the other goes on", append(&other, "news", "k").await?, 3)?;
    Ok(other.close().await?)
}

/// A write transaction that is dropped leaves nothing and makes room for the next, of any node.
///
/// # Errors
/// What the store does otherwise.
pub async fn dropped_transactions_let_others_in(stores: &dyn Stores) -> Outcome {
    let (one, other) = (stores.open("nodes_dropped").await?, stores.open("nodes_dropped").await?);
    let now = mosaic_core::types::Timestamp::now();
    for _ in 0..3 {
        let mut held = one.begin(now).await?;
        held.get_many(&[key(&["a"])?]).await?;
        drop(held);
        let mut held = other.begin(now).await?;
        held.range(&KeyRange::all(), 1).await?;
        drop(held);
    }
    let first = one.begin(now).await?;
    let second = other.begin(now);
    let commit = async {
        let mut writes = Writes { head: first.head(), ..Writes::default() };
        writes.head.revision += 1;
        first.commit(writes).await
    };
    let (second, committed) = tokio::join!(second, commit);
    committed?;
    equal("what the one that waited sees", second?.head().revision, 1)?;
    one.close().await?;
    Ok(other.close().await?)
}

/// What was written is there when the store is closed and opened again; what is closed refuses.
///
/// # Errors
/// What the store does otherwise.
pub async fn stores_keep_what_was_written(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "kept").await?;
    let version = state.put(key(&["a"])?, "1").await?;
    state.put(key(&["b"])?, "1").await?;
    append(&state, "log.1", "k").await?;
    append(&state, "log.2", "k").await?;
    state.delete_if(key(&["b"])?, Expect::Any).await?;
    let trim = state.run(|tx| {
        Box::pin(async move {
            tx.trim(Some(topic("log.1")?), 1);
            Ok(())
        })
    });
    trim.await?;
    let head = state.head();
    state.close().await?;
    refused("after it was closed", state.put(key(&["c"])?, "1").await, ErrorKind::Lifecycle)?;

    let state = node(stores, "kept").await?;
    equal("the head", state.head(), head)?;
    equal("the value", state.get(&key(&["a"])?).await?.map(|entry| entry.version), Some(version))?;
    let changes = state.changes(&KeyRange::all(), version, 9).await?;
    let changes: Vec<_> =
        changes.iter().map(|change| (change.key.as_str(), change.value.is_none())).collect();
    equal("the deletion", changes, [("b", true)])?;
    refused("what was removed", state.events(&filter("log.1")?, 0, 9).await, ErrorKind::NotFound)?;
    equal("the log", offsets(&state.events(&filter("log.2")?, 0, 9).await?), [2])?;
    state.put_if(key(&["a"])?, "2", Expect::Version(version)).await?;
    equal("the revision", state.head().revision, head.revision + 1)?;
    Ok(state.close().await?)
}

//! Values: what is put comes back, and versions tell one write from another.

use bytes::Bytes;
use mosaic_core::error::ErrorKind;

use super::failure::{Outcome, equal, holds, refused};
use super::ground::{Stores, key, node};
use crate::state::{Expect, Key, limits};

/// Any bytes come back from any key, the smallest and the largest.
///
/// # Errors
/// What the store does otherwise.
pub async fn values_come_back_as_they_are(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "values_come_back").await?;
    let all: Vec<u8> = (0..=255).collect();
    let largest = vec![7; limits::VALUE_BYTES];
    let longest = Key::new("k".repeat(512))?;
    let values = [
        (key(&["empty"])?, Vec::new()),
        (key(&["bytes"])?, all),
        (key(&["nul"])?, vec![0]),
        (key(&["schlüssel", "鍵/🔑", "'\"\\%_"])?, "ü🔑\u{10fffe}".into()),
        (longest, b"long".to_vec()),
        (key(&["largest"])?, largest),
    ];
    for (key, value) in &values {
        state.put(key.clone(), value.clone()).await?;
    }
    for (key, value) in &values {
        let found = state.get(key).await?;
        let found = found.map(|entry| (entry.key, entry.value, entry.expires));
        equal("a value", found, Some((key.clone(), Bytes::from(value.clone()), None)))?;
    }
    let bytes = key(&["bytes"])?;
    state.put(bytes.clone(), "shorter").await?;
    equal("what was put last", state.get(&bytes).await?.map(|entry| entry.value), Some("shorter".into()))?;
    state.delete_if(bytes.clone(), Expect::Any).await?;
    equal("what was deleted", state.get(&bytes).await?, None)?;
    state.delete_if(bytes, Expect::Any).await?;
    let too_large = vec![7; limits::VALUE_BYTES + 1];
    refused("a larger value", state.put(key(&["larger"])?, too_large).await, ErrorKind::Invalid)?;
    Ok(state.close().await?)
}

/// No two writes share a version, also not those of a key that was deleted and made again.
///
/// # Errors
/// What the store does otherwise.
pub async fn versions_are_never_shared(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "versions").await?;
    let name = key(&["name"])?;
    let mut versions = Vec::new();
    for round in 0..3 {
        versions.push(state.put_if(name.clone(), "one", Expect::Absent).await?);
        let now = state.get(&name).await?.map(|entry| entry.version);
        equal("the version of what is stored", now, versions.last().copied())?;
        versions.push(state.put(name.clone(), "one").await?);
        state.delete_if(name.clone(), Expect::Present).await?;
        let deleted = state.get(&name).await?;
        equal("what was deleted", deleted, None)?;
        if round == 1 {
            state
                .run(|tx| {
                    Box::pin(async move {
                        tx.forget_deletions(u64::MAX);
                        Ok(())
                    })
                })
                .await?;
        }
    }
    holds("versions rise", versions.is_sorted_by(|a, b| a < b))?;
    let last = state.put(name.clone(), "last").await?;
    for old in versions {
        let taken = state.put_if(name.clone(), "stale", Expect::Version(old)).await;
        refused("an older version", taken, ErrorKind::Conflict)?;
    }
    state.put_if(name, "fresh", Expect::Version(last)).await?;
    Ok(state.close().await?)
}

/// What is expected of a key is checked with what is committed.
///
/// # Errors
/// What the store does otherwise.
pub async fn expectations_are_kept(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "expectations").await?;
    let name = key(&["name"])?;
    for expected in [Expect::Present, Expect::Version(1)] {
        let early = state.put_if(name.clone(), "early", expected).await;
        refused("what is not there", early, ErrorKind::Conflict)?;
        refused("its deletion", state.delete_if(name.clone(), expected).await, ErrorKind::Conflict)?;
    }
    let version = state.put_if(name.clone(), "one", Expect::Absent).await?;
    refused("a second", state.put_if(name.clone(), "two", Expect::Absent).await, ErrorKind::Conflict)?;
    let wrong = state.delete_if(name.clone(), Expect::Version(version + 1)).await;
    refused("another version", wrong, ErrorKind::Conflict)?;
    equal("the value", state.get(&name).await?.map(|entry| entry.value), Some("one".into()))?;
    let newer = state.put_if(name.clone(), "two", Expect::Version(version)).await?;
    holds("the version rises", newer > version)?;
    state.delete_if(name.clone(), Expect::Version(newer)).await?;
    state.put_if(name, "again", Expect::Absent).await?;
    Ok(state.close().await?)
}

/// Many keys are one question, answered in their order.
///
/// # Errors
/// What the store does otherwise.
pub async fn many_values_are_read_at_once(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "many_values").await?;
    let keys = (0..700).map(|n| key(&["n", &n.to_string()])).collect::<Result<Vec<_>, _>>()?;
    let even: Vec<Key> = keys.iter().step_by(2).cloned().collect();
    state
        .run(move |tx| {
            Box::pin(async move { even.into_iter().try_for_each(|key| tx.put(key.clone(), key.to_string())) })
        })
        .await?;
    let mut asked: Vec<Key> = keys.into_iter().rev().collect();
    asked.push(asked[1].clone());
    let expected: Vec<Option<Bytes>> = asked
        .iter()
        .map(|key| {
            let even = key.last_part().parse::<u32>().is_ok_and(|n| n % 2 == 0);
            even.then(|| key.to_string().into())
        })
        .collect();
    let found = state.get_many(&asked).await?;
    let values = |found: Vec<Option<crate::state::Entry>>| {
        found.into_iter().map(|entry| entry.map(|entry| entry.value)).collect::<Vec<_>>()
    };
    equal("the values", values(found), &expected[..])?;
    let within = asked.clone();
    let found = state.run(move |tx| Box::pin(async move { tx.get_many(&within).await })).await?;
    equal("the values in a transaction", values(found), &expected[..])?;
    equal("of no keys", state.get_many(&[]).await?, Vec::new())?;
    Ok(state.close().await?)
}

//! Values that cease to be.

use std::time::Duration;

use mosaic_core::types::Timestamp;

use super::failure::{Outcome, equal};
use super::ground::{Stores, key, names, node};
use crate::state::{Expect, KeyRange, State, StateOptions};

/// Puts a value that ceases to be some seconds from the time of the transaction; gives when.
async fn put_for(state: &State, name: &'static str, seconds: i64) -> mosaic_core::Result<Timestamp> {
    state
        .run(move |tx| {
            Box::pin(async move {
                let end = Timestamp::from_second(tx.now().as_second() + seconds).unwrap_or_default();
                tx.put_until(key(&[name])?, name, Some(end))?;
                Ok(end)
            })
        })
        .await
}

/// An expired value is not there for any read, and its key is free.
///
/// # Errors
/// What the store does otherwise.
pub async fn expired_values_are_not_there(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "expired").await?;
    let end = put_for(&state, "b", 3_600).await?;
    for name in ["a", "c", "d", "f"] {
        put_for(&state, name, -60).await?;
    }
    state.put(key(&["e"])?, "for ever").await?;
    state.put(key(&["g"])?, "for ever").await?;
    equal("a value", state.get(&key(&["a"])?).await?, None)?;
    equal("when it ends", state.get(&key(&["b"])?).await?.and_then(|entry| entry.expires), Some(end))?;
    let all = KeyRange::all();
    equal("a range", names(&state.range(&all, 9).await?), ["b", "e", "g"])?;
    equal("a page", names(&state.range(&all, 2).await?), ["b", "e"])?;
    let (one, page) = state
        .run(|tx| {
            Box::pin(async move { Ok((tx.get(&key(&["c"])?).await?, tx.range(&KeyRange::all(), 2).await?)) })
        })
        .await?;
    equal("in a transaction", (one, names(&page)), (None, vec!["b", "e"]))?;
    state.put_if(key(&["a"])?, "new", Expect::Absent).await?;
    equal(
        "what took its place",
        state.get(&key(&["a"])?).await?.map(|entry| entry.value),
        Some("new".into()),
    )?;
    Ok(state.close().await?)
}

/// The store knows which values cease to be next.
///
/// # Errors
/// What the store does otherwise.
pub async fn values_that_will_expire_are_known(stores: &dyn Stores) -> Outcome {
    // Nobody sweeps the one that has expired meanwhile, however slow the store is.
    let unswept = StateOptions::new().sweep_every(Duration::from_secs(3_600));
    let state = unswept.open_shared(stores.open("expiring").await?).await?;
    let mut ends = Vec::new();
    for (name, seconds) in
        [("late", 9_000), ("soon", 3_600), ("past", -60), ("deleted", 1_800), ("kept", 900)]
    {
        ends.push((key(&[name])?, put_for(&state, name, seconds).await?));
    }
    state.delete_if(key(&["deleted"])?, Expect::Any).await?;
    state.put(key(&["kept"])?, "for ever").await?;
    let moved = put_for(&state, "soon", 4_000).await?;
    let expected = [ends[2].clone(), (key(&["soon"])?, moved), ends[0].clone()];
    equal("all", state.store().expiring(9).await?, &expected[..])?;
    equal("the first", state.store().expiring(2).await?, &expected[..2])?;
    Ok(state.close().await?)
}

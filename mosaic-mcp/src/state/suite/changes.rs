//! Changes: what a watcher that comes back is told.

use mosaic_core::error::{Error, ErrorKind};

use super::failure::{Outcome, equal, holds, refused};
use super::ground::{Stores, key, node};
use crate::state::{Change, Expect, KeyRange};

/// A change, short: its key, its value, its revision.
fn short(changes: &[Change]) -> Vec<(&str, Option<&[u8]>, u64)> {
    changes.iter().map(|change| (change.key.as_str(), change.value.as_deref(), change.version)).collect()
}

/// Each key is told once, with its value now or its deletion, in the order of the last changes.
///
/// # Errors
/// What the store does otherwise.
pub async fn changes_are_coalesced_in_order(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "changes_coalesced").await?;
    let all = KeyRange::all();
    equal("of nothing", state.changes(&all, 0, 10).await?, Vec::new())?;
    let a = state.put(key(&["a"])?, "1").await?;
    let b = state.put(key(&["b"])?, "1").await?;
    state.put(key(&["c"])?, "1").await?;
    let a2 = state.put(key(&["a"])?, "2").await?;
    state.delete_if(key(&["c"])?, Expect::Any).await?;
    let gone = state.head().revision;
    let d = state.put(key(&["d"])?, "").await?;
    state.delete_if(key(&["never"])?, Expect::Any).await?;
    let expected = [("b", Some(&b"1"[..]), b), ("a", Some(b"2"), a2), ("c", None, gone), ("d", Some(b""), d)];
    equal("from the beginning", short(&state.changes(&all, 0, 10).await?), expected)?;
    equal("from the first", short(&state.changes(&all, a, 10).await?), expected)?;
    equal("from later", short(&state.changes(&all, a2, 10).await?), &expected[2..])?;
    equal("a page", short(&state.changes(&all, a, 2).await?), &expected[..2])?;
    let again = state.put(key(&["c"])?, "3").await?;
    let last = state.changes(&all, a2, 10).await?;
    equal("made again", short(&last), [expected[3], ("c", Some(b"3"), again)])?;
    equal("after the end", state.changes(&all, state.head().revision, 10).await?, Vec::new())?;
    Ok(state.close().await?)
}

/// No change tells of a value that is not tracked: not as it is put, nor put again, nor deleted. It is read as any other.
///
/// # Errors
/// What the store does otherwise.
pub async fn untracked_values_leave_no_trace(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "untracked").await?;
    let all = KeyRange::all();
    let put = |name: &'static str, value: &'static str| {
        state.run(move |tx| {
            Box::pin(async move {
                tx.put_untracked(key(&[name])?, value, None)?;
                Ok(tx.revision())
            })
        })
    };
    put("a", "1").await?;
    let b = state.put(key(&["b"])?, "1").await?;
    let a = put("a", "2").await?;
    put("c", "1").await?;
    let entry = state.get(&key(&["a"])?).await?;
    let entry = entry.map(|entry| (entry.value.to_vec(), entry.version, entry.tracked));
    equal("a value", entry, Some((b"2".to_vec(), a, false)))?;
    equal("values", state.get_many(&[key(&["a"])?, key(&["b"])?]).await?.iter().flatten().count(), 2)?;
    let range = state.range(&all, 10).await?.into_iter().map(|entry| entry.tracked).collect::<Vec<_>>();
    equal("a range", range, [false, true, false])?;
    equal("changes", short(&state.changes(&all, 0, 10).await?), [("b", Some(&b"1"[..]), b)])?;
    let deleted = state.run(|tx| {
        Box::pin(async move {
            for name in ["a", "b", "c", "never"] {
                tx.delete(key(&[name])?)?;
                if let Some(entry) = tx.get(&key(&[name])?).await? {
                    return Err(Error::new(ErrorKind::Internal, format!("{entry:?} is still there")));
                }
            }
            tx.put(key(&["d"])?, "1")?;
            Ok(tx.range(&KeyRange::all(), 10).await?.len())
        })
    });
    equal("within the transaction", deleted.await?, 1)?;
    let d = state.head().revision;
    equal("what is left", state.range(&all, 10).await?.len(), 1)?;
    let expected = [("b", None, d), ("d", Some(&b"1"[..]), d)];
    equal("changes after the deletion", short(&state.changes(&all, 0, 10).await?), expected)?;
    // One that changes sides is told from then on, and what was told of it before is told no more.
    let again = state.put(key(&["a"])?, "3").await?;
    equal("tracked now", short(&state.changes(&all, d, 10).await?), [("a", Some(&b"3"[..]), again)])?;
    put("b", "4").await?;
    put("d", "4").await?;
    let last = state.changes(&all, 0, 10).await?;
    equal("tracked no more", short(&last), [("a", Some(&b"3"[..]), again)])?;
    Ok(state.close().await?)
}

/// What one transaction changed is told whole, also where more than the limit come then: who goes on after it misses nothing.
///
/// # Errors
/// What the store does otherwise.
pub async fn changes_of_a_revision_come_together(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "changes_together").await?;
    for round in 0..4 {
        let five = state.run(move |tx| {
            Box::pin(
                async move { (0..5).try_for_each(|n| tx.put(key(&["k", &format!("{round}-{n}")])?, "x")) },
            )
        });
        five.await?;
    }
    let range = KeyRange::below(&["k"])?;
    for limit in 1..=12 {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = state.changes(&range, after, limit).await?;
            let Some(last) = page.last() else { break };
            holds(
                "a page has as many as were asked for",
                page.len() >= limit || seen.len() + page.len() == 20,
            )?;
            after = last.version;
            seen.extend(page.into_iter().map(|change| change.key));
        }
        let whole = state.range(&range, 100).await?;
        let mut all: Vec<_> = whole.into_iter().map(|entry| entry.key).collect();
        seen.sort();
        all.sort();
        equal(&format!("in pages of {limit}"), seen, all)?;
    }
    Ok(state.close().await?)
}

/// Only the keys of the range are told.
///
/// # Errors
/// What the store does otherwise.
pub async fn changes_stay_in_their_range(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "changes_in_range").await?;
    for n in 0..30 {
        let parts = if n % 10 == 9 { ["ours", "x"] } else { ["theirs", "y"] };
        state.put(key(&[parts[0], &format!("{}{n}", parts[1])])?, "v").await?;
    }
    let ours = state.changes(&KeyRange::below(&["ours"])?, 5, 2).await?;
    equal("ours", short(&ours), [("ours/x9", Some(&b"v"[..]), 10), ("ours/x19", Some(b"v"), 20)])?;
    equal("none", state.changes(&KeyRange::prefix("none"), 0, 9).await?, Vec::new())?;
    Ok(state.close().await?)
}

/// Who was away for longer than deletions are kept is told so.
///
/// # Errors
/// What the store does otherwise.
pub async fn forgotten_deletions_are_told(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "deletions_forgotten").await?;
    let all = KeyRange::all();
    state.put(key(&["a"])?, "1").await?;
    state.put(key(&["b"])?, "1").await?;
    state.delete_if(key(&["a"])?, Expect::Any).await?;
    let first = state.head().revision;
    state.delete_if(key(&["b"])?, Expect::Any).await?;
    let second = state.head().revision;
    equal("before", short(&state.changes(&all, 0, 9).await?), [("a", None, first), ("b", None, second)])?;
    let forget = state.run(move |tx| {
        Box::pin(async move {
            tx.forget_deletions(first);
            Ok(())
        })
    });
    forget.await?;
    equal("what was removed", state.trimmed().await?.deletions, first)?;
    refused("from before", state.changes(&all, first - 1, 9).await, ErrorKind::NotFound)?;
    equal("from there on", short(&state.changes(&all, first, 9).await?), [("b", None, second)])?;
    equal("what is there", state.range(&all, 9).await?, Vec::new())?;
    Ok(state.close().await?)
}

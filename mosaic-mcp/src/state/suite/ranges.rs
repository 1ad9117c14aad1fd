//! Ranges: the order of keys, pages, and what a transaction sees of them.

use super::failure::{Outcome, equal};
use super::ground::{Stores, key, names, node};
use crate::state::{Key, KeyRange, State};

async fn put_all(state: &State, keys: Vec<Key>) -> mosaic_core::Result<()> {
    let put = move |tx: &mut crate::state::Tx<'_>| keys.into_iter().try_for_each(|key| tx.put(key, "x"));
    state.run(move |tx| Box::pin(async move { put(tx) })).await
}

/// Keys sort by their bytes, whatever language they are of, and a range takes what lies between its ends.
///
/// # Errors
/// What the store does otherwise.
pub async fn ranges_are_ordered_by_bytes(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "ranges_ordered").await?;
    let words = [
        "a",
        "B",
        "aa",
        "ä",
        "z",
        "Z",
        "a/b",
        "a/b/c",
        "a-b",
        "a0",
        "ab",
        "_",
        "%2F",
        "é",
        "e\u{301}",
        "ß",
        "ss",
        "日本",
        "\u{ffff}",
        "𝄞",
        "\u{10fffe}",
        "I",
        "i",
        "ı",
        "ａ",
    ];
    let mut keys = words.iter().map(Key::new).collect::<Result<Vec<_>, _>>()?;
    put_all(&state, keys.clone()).await?;
    keys.sort();
    let sorted: Vec<&str> = keys.iter().map(Key::as_str).collect();
    equal("the order", names(&state.range(&KeyRange::all(), 100).await?), &sorted[..])?;
    let ranges = [
        KeyRange::below(&["a"])?,
        KeyRange::prefix("a"),
        KeyRange::prefix(""),
        KeyRange::prefix("日"),
        KeyRange::all().before("a"),
        KeyRange::all().after(&key(&["z"])?),
        KeyRange::all().after(&key(&["\u{ffff}"])?),
        KeyRange::prefix("none"),
        KeyRange::prefix("b").before("a"),
    ];
    for range in ranges {
        let expected: Vec<&str> = keys.iter().filter(|key| range.contains(key)).map(Key::as_str).collect();
        let what = format!("{range:?}");
        equal(&what, names(&state.range(&range, 100).await?), &expected[..])?;
        let within = range.clone();
        let found = state.run(move |tx| Box::pin(async move { tx.range(&within, 100).await })).await?;
        equal(&what, names(&found), &expected[..])?;
    }
    Ok(state.close().await?)
}

/// Pages give every key once.
///
/// # Errors
/// What the store does otherwise.
pub async fn ranges_are_paged(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "ranges_paged").await?;
    let keys = (0..25).map(|n| key(&["page", &format!("{n:02}ü")])).collect::<Result<Vec<_>, _>>()?;
    put_all(&state, keys.clone()).await?;
    put_all(&state, vec![key(&["pagf"])?, key(&["pag"])?]).await?;
    let mut rest = KeyRange::below(&["page"])?;
    let mut seen = Vec::new();
    loop {
        let page = state.range(&rest, 10).await?;
        let Some(last) = page.last() else { break };
        rest = rest.after(&last.key);
        seen.extend(page.into_iter().map(|entry| entry.key));
    }
    equal("the pages", seen, keys)?;
    equal("a page of none", state.range(&KeyRange::all(), 0).await?, Vec::new())?;
    Ok(state.close().await?)
}

/// A range within a transaction sees what the transaction has written and deleted, and what those before it have.
///
/// # Errors
/// What the store does otherwise.
pub async fn ranges_see_what_was_written_before(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "ranges_see").await?;
    let keys = ["1", "3", "5", "7"].map(|n| key(&["n", n]));
    put_all(&state, keys.into_iter().collect::<Result<Vec<_>, _>>()?).await?;
    let [some, rest, all] = state
        .run(|tx| {
            Box::pin(async move {
                tx.put(key(&["n", "2"])?, "2")?;
                tx.delete(key(&["n", "3"])?)?;
                tx.delete(key(&["n", "1"])?)?;
                tx.put(key(&["n", "9"])?, "9")?;
                let range = KeyRange::below(&["n"])?;
                let some = tx.range(&range, 2).await?;
                let last = some.last().map_or(key(&["n", "0"]), |entry| Ok(entry.key.clone()))?;
                let rest = tx.range(&range.clone().after(&last), 9).await?;
                Ok([some, rest, tx.range(&range, 9).await?])
            })
        })
        .await?;
    equal("the first", names(&some), ["n/2", "n/5"])?;
    equal("the rest", names(&rest), ["n/7", "n/9"])?;
    equal("all", names(&all), ["n/2", "n/5", "n/7", "n/9"])?;
    equal("afterwards", state.range(&KeyRange::below(&["n"])?, 9).await?, all)?;
    Ok(state.close().await?)
}

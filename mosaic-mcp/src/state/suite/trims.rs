//! Trims: old events are removed, and whoever needed them is told.

use mosaic_core::error::ErrorKind;

use super::failure::{Outcome, equal, refused};
use super::ground::{Stores, append, filter, node, offsets, topic};
use crate::state::{State, Topic};

async fn trim(state: &State, of: Option<Topic>, through: u64) -> mosaic_core::Result<()> {
    state
        .run(move |tx| {
            Box::pin(async move {
                tx.trim(of, through);
                Ok(())
            })
        })
        .await
}

async fn six(state: &State) -> mosaic_core::Result<()> {
    for n in 0..6 {
        append(state, if n % 2 == 0 { "even.1" } else { "odd.1" }, "k").await?;
    }
    Ok(())
}

/// The events of one topic are removed; who follows it from before is told, who follows others is not.
///
/// # Errors
/// What the store does otherwise.
pub async fn trims_are_told(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "trims_topic").await?;
    six(&state).await?;
    trim(&state, Some(topic("even.1")?), 3).await?;
    refused("from before", state.events(&filter("even.*")?, 0, 9).await, ErrorKind::NotFound)?;
    refused("of all, from before", state.events(&filter(">")?, 2, 9).await, ErrorKind::NotFound)?;
    equal("from there on", offsets(&state.events(&filter("even.*")?, 3, 9).await?), [5])?;
    equal("of all, from there on", offsets(&state.events(&filter(">")?, 3, 9).await?), [4, 5, 6])?;
    equal("of others", offsets(&state.events(&filter("odd.*")?, 0, 9).await?), [2, 4, 6])?;
    trim(&state, Some(topic("even.1")?), 1).await?;
    let marks = state.trimmed().await?;
    equal("the mark", (marks.all, marks.topics.get(&topic("even.1")?)), (0, Some(&3)))?;
    let lost = async |text: &str, after| state.store().lost(&filter(text)?, after).await;
    equal("what was lost", (lost("even.1", 0).await?, lost("*.1", 2).await?), (3, 3))?;
    equal("what was not", (lost("even", 0).await?, lost("odd.1", 0).await?, lost(">", 3).await?), (0, 0, 0))?;
    let stored = state.store().events(&filter(">")?, 0, 9).await?;
    equal("what is stored", offsets(&stored), [2, 4, 5, 6])?;
    Ok(state.close().await?)
}

/// The events of all topics are removed.
///
/// # Errors
/// What the store does otherwise.
pub async fn trims_of_all_are_told(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "trims_all").await?;
    six(&state).await?;
    trim(&state, None, 4).await?;
    for text in [">", "odd.1", "none"] {
        refused(text, state.events(&filter(text)?, 3, 9).await, ErrorKind::NotFound)?;
    }
    equal("from there on", offsets(&state.events(&filter(">")?, 4, 9).await?), [5, 6])?;
    trim(&state, None, u64::MAX).await?;
    equal("the mark", state.trimmed().await?.all, 6)?;
    equal("what was lost", state.store().lost(&filter("none")?, 5).await?, 6)?;
    equal("after the end", state.events(&filter(">")?, 6, 9).await?, Vec::new())?;
    equal("the next", append(&state, "even.1", "k").await?, 7)?;
    equal("is told", offsets(&state.events(&filter(">")?, 6, 9).await?), [7])?;
    Ok(state.close().await?)
}

/// What is below `audit` stays when the events of all topics are removed, and goes by its topic.
///
/// # Errors
/// What the store does otherwise.
pub async fn trims_of_all_leave_the_audit(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "trims_audit").await?;
    for of in ["audit.a", "b", "audit", "audit.a", "audits.b"] {
        append(&state, of, "k").await?;
    }
    trim(&state, None, 5).await?;
    let stored = state.store().events(&filter(">")?, 0, 9).await?;
    equal("what is stored", offsets(&stored), [1, 4])?;
    equal("the audit is whole", offsets(&state.events(&filter("audit.>")?, 0, 9).await?), [1, 4])?;
    for text in [">", "*.a", "audit", "audits.>"] {
        refused(text, state.events(&filter(text)?, 0, 9).await, ErrorKind::NotFound)?;
    }
    let marks = state.trimmed().await?;
    equal("the marks", (marks.all, marks.before(&filter("audit.a")?)), (5, 0))?;
    trim(&state, Some(topic("audit.a")?), 1).await?;
    refused("by its topic", state.events(&filter("audit.>")?, 0, 9).await, ErrorKind::NotFound)?;
    equal("the rest", offsets(&state.events(&filter("audit.>")?, 1, 9).await?), [4])?;
    Ok(state.close().await?)
}

/// Where a topic's last event was is known after the event was removed.
///
/// # Errors
/// What the store does otherwise.
pub async fn trims_keep_the_places_of_topics(stores: &dyn Stores) -> Outcome {
    let state = node(stores, "trims_places").await?;
    six(&state).await?;
    append(&state, "late", "k").await?;
    trim(&state, Some(topic("odd.1")?), 6).await?;
    trim(&state, None, 5).await?;
    let last = |text: &'static str| {
        state.run(move |tx| Box::pin(async move { tx.last_offset(&topic(text)?).await }))
    };
    equal("of one topic", last("odd.1").await?, 6)?;
    equal("of all", last("even.1").await?, 5)?;
    equal("what is left", last("late").await?, 7)?;
    equal("nothing", last("never").await?, 0)?;
    append(&state, "even.1", "k").await?;
    equal("what came since", last("even.1").await?, 8)?;
    Ok(state.close().await?)
}

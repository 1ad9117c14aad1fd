//! Which mailboxes follow a topic.
//!
//! Filters that have their wildcards at the same places have one shape, and for a topic only one filter of a shape can choose it. So
//! the filters to look up are as many as there are shapes, however many filters there are.

use std::collections::{BTreeMap, BTreeSet};

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;

use super::{key, limit};
use crate::coordination::untracked;
use crate::state::{Entry, Topic, TopicFilter, Tx};

/// How many filters have a shape.
type Shapes = BTreeMap<String, u64>;
/// The mailboxes that follow a filter.
type Followers = BTreeSet<String>;

/// Where a filter has wildcards: a letter for each segment.
fn shape(filter: &TopicFilter) -> String {
    let letter = |segment| match segment {
        "*" => '*',
        ">" => '>',
        _ => 'l',
    };
    filter.as_str().split('.').map(letter).collect()
}

/// The one filter of a shape that may choose a topic.
fn candidate(shape: &str, topic: &Topic) -> Option<TopicFilter> {
    let segments: Vec<&str> = topic.as_str().split('.').collect();
    let plain = shape.strip_suffix('>').unwrap_or(shape);
    let fits =
        if plain.len() < shape.len() { segments.len() > plain.len() } else { segments.len() == plain.len() };
    if !fits {
        return None;
    }
    let mut text: Vec<&str> = plain
        .chars()
        .zip(&segments)
        .map(|(place, segment)| if place == '*' { "*" } else { *segment })
        .collect();
    if plain.len() < shape.len() {
        text.push(">");
    }
    TopicFilter::new(text.join(".")).ok()
}

/// Has a mailbox follow a filter.
pub(super) async fn add(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &TopicFilter,
    mailbox: &str,
) -> Result<()> {
    let (route, all) = (key::route(tenant, filter)?, key::shapes(tenant)?);
    tx.get_many(&[route.clone(), all.clone()]).await?;
    let mut followers: Followers = tx.read(&route).await?.unwrap_or_default();
    if followers.is_empty() {
        let mut shapes: Shapes = tx.read(&all).await?.unwrap_or_default();
        *shapes.entry(shape(filter)).or_default() += 1;
        if shapes.len() > limit::SHAPES {
            let text = format!(
                "{filter}: filters with wildcards at {} different places are followed already",
                limit::SHAPES
            );
            return Err(Error::new(ErrorKind::QuotaExceeded, text).refused());
        }
        untracked::write(tx, &all, &shapes)?;
    }
    followers.insert(mailbox.to_owned());
    if followers.len() > limit::FANOUT {
        let text = format!("{filter}: {} mailboxes follow it already", limit::FANOUT);
        return Err(Error::new(ErrorKind::QuotaExceeded, text).refused());
    }
    untracked::write(tx, &route, &followers)
}

/// Has a mailbox follow a filter no longer.
pub(super) async fn remove(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &TopicFilter,
    mailbox: &str,
) -> Result<()> {
    let (route, all) = (key::route(tenant, filter)?, key::shapes(tenant)?);
    tx.get_many(&[route.clone(), all.clone()]).await?;
    let mut followers: Followers = tx.read(&route).await?.unwrap_or_default();
    if !followers.remove(mailbox) {
        return Ok(());
    }
    if !followers.is_empty() {
        return untracked::write(tx, &route, &followers);
    }
    tx.delete(route)?;
    let mut shapes: Shapes = tx.read(&all).await?.unwrap_or_default();
    let shape = shape(filter);
    let left = shapes.remove(&shape).unwrap_or(1) - 1;
    if left > 0 {
        shapes.insert(shape, left);
    }
    if shapes.is_empty() { tx.delete(all) } else { untracked::write(tx, &all, &shapes) }
}

/// The mailboxes that follow a topic: two questions, whatever is followed.
pub(super) async fn followers(tx: &mut Tx<'_>, tenant: &TenantId, topic: &Topic) -> Result<Followers> {
    let shapes: Shapes = tx.read(&key::shapes(tenant)?).await?.unwrap_or_default();
    let candidates = shapes.keys().filter_map(|shape| candidate(shape, topic));
    let routes = candidates.map(|filter| key::route(tenant, &filter)).collect::<Result<Vec<_>>>()?;
    let mut all = Followers::new();
    for route in tx.get_many(&routes).await?.iter().flatten() {
        all.append(&mut Entry::read::<Followers>(route)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segments(wild: &'static str) -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(wild, 1..6)
    }

    proptest! {
        #[test]
        fn the_candidate_of_its_shape_is_the_filter_exactly_where_it_chooses_the_topic(
            mut filter in segments("[ab*]"),
            rest in any::<bool>(),
            topic in segments("[ab]"),
        ) {
            if rest {
                filter.push(">".to_owned());
            }
            let filter = TopicFilter::new(filter.join(".")).unwrap();
            let topic = Topic::new(topic.join(".")).unwrap();
            let found = candidate(&shape(&filter), &topic);
            prop_assert_eq!(found.as_ref() == Some(&filter), filter.matches(&topic));
            if let Some(found) = found {
                prop_assert!(found.matches(&topic));
                prop_assert_eq!(shape(&found), shape(&filter));
            }
        }
    }
}

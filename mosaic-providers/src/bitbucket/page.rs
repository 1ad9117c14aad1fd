//! Lists of Bitbucket: each page names the address of the next one, and only that leads on.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::{Page, PageRequest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::cloud::Cloud;
use super::wire;
use crate::http::{List, Path};

/// The most items of a page, and for pull requests.
pub(super) const MOST: usize = 100;
pub(super) const MOST_PULL_REQUESTS: usize = 50;

/// A page as Bitbucket sends it.
#[derive(Debug, Deserialize)]
struct Part<T: DeserializeOwned> {
    #[serde(deserialize_with = "wire::list")]
    values: Vec<T>,
    #[serde(default)]
    next: Option<String>,
}

/// Where a page of ours begins: in the page of this query, after so many items. So a call may want fewer items at a time than the
/// page holds that an earlier call began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) skip: usize,
    pub(super) query: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.skip, self.query)
    }
}

/// Says that a text is no place.
#[derive(Debug)]
pub(super) struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (skip, query) = text.split_once('~').ok_or(NoPlace)?;
        Ok(Self { skip: skip.parse().map_err(|_| NoPlace)?, query: query.to_owned() })
    }
}

/// The query of a first page.
pub(super) fn first(filters: &[(&str, &str)], size: usize) -> String {
    let size = size.to_string();
    let pairs = filters.iter().copied().chain([("pagelen", size.as_str())]);
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Up to `limit` items from a place on, and the place that comes after them.
pub(super) async fn read<W: DeserializeOwned>(
    cloud: &Cloud,
    cx: &CallContext,
    path: Path,
    place: Place,
    limit: usize,
) -> Result<(Vec<W>, Option<Place>)> {
    let part: Part<W> = cloud.client.get(path).raw_query(place.query.as_str()).send(cx).await?;
    let left = part.values.len().saturating_sub(place.skip);
    let next = if left > limit {
        Some(Place { skip: place.skip + limit, query: place.query })
    } else {
        let next = part.next.filter(|next| !next.is_empty());
        let query = next.map(|next| cloud.client.query_of(&next)).transpose()?;
        query.map(|query| Place { skip: 0, query })
    };
    Ok((part.values.into_iter().skip(place.skip).take(limit).collect(), next))
}

/// A list and where it lies.
pub(super) struct Listing<'a, S> {
    pub(super) list: List<S>,
    pub(super) path: Path,
    pub(super) filters: &'a [(&'a str, &'a str)],
    /// The most items of a page.
    pub(super) most: usize,
}

impl<S: Serialize> Listing<'_, S> {
    /// The page that a call asks for. What `keep` leaves out makes a page shorter.
    ///
    /// # Errors
    /// `Invalid` where the cursor is not one of this list; those of a request.
    pub(super) async fn page<W: DeserializeOwned, T>(
        self,
        cloud: &Cloud,
        cx: &CallContext,
        request: &PageRequest,
        keep: impl FnMut(W) -> Option<T>,
    ) -> Result<Page<T>> {
        let limit = request.limit().min(self.most);
        let place = match self.list.after::<Place>(request)? {
            Some(place) => place,
            None => Place { skip: 0, query: first(self.filters, limit) },
        };
        let (items, next) = read(cloud, cx, self.path, place, limit).await?;
        let next = next.map(|place| self.list.cursor(place));
        Ok(Page::new(items.into_iter().filter_map(keep).collect(), next))
    }
}

/// A whole list, in pages of the largest size; none where it has more than so many pages.
pub(super) async fn all<W: DeserializeOwned>(
    cloud: &Cloud,
    cx: &CallContext,
    path: &Path,
    filters: &[(&str, &str)],
    pages: usize,
) -> Result<Option<Vec<W>>> {
    let mut place = Place { skip: 0, query: first(filters, MOST) };
    let mut whole = Vec::new();
    for _ in 0..pages {
        let (items, next) = read(cloud, cx, path.clone(), place, usize::MAX).await?;
        whole.extend(items);
        match next {
            Some(next) => place = next,
            None => return Ok(Some(whole)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_first_query_is_encoded() {
        let query = first(&[("q", "name = \"a b\""), ("sort", "-created_on")], 30);
        assert_eq!(query, "q=name+%3D+%22a+b%22&sort=-created_on&pagelen=30");
    }

    proptest! {
        #[test]
        fn a_place_comes_back(skip in any::<usize>(), query in "\\PC*") {
            let place = Place { skip, query };
            prop_assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        }

        #[test]
        fn other_texts_are_read_in_peace(text in "\\PC*") {
            let _ = text.parse::<Place>();
        }
    }
}

//! Answers with an `ETag`, kept to ask whether they still hold.
//!
//! An answer of the cache that grew old is asked for again by the engine; where the vendor answers 304, the bytes from here
//! are read once more, and most vendors do not count that against the limit.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use moka::sync::Cache;

/// The largest body that is kept: one of them must not push out all the others.
const LARGEST: usize = 1 << 20;

/// A whole answer and the tag it has.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) tag: HeaderValue,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The answers of one client, bounded in bytes.
#[derive(Debug)]
pub(super) struct Conditional(Option<Cache<Box<str>, Arc<Known>>>);

/// What an answer takes. Headers are counted roughly: they are a page at most.
#[expect(clippy::borrowed_box, reason = "the cache hands out its key as it is")]
fn weigh(key: &Box<str>, known: &Arc<Known>) -> u32 {
    u32::try_from(key.len() + known.body.len() + 64 * known.headers.len()).unwrap_or(u32::MAX)
}

impl Conditional {
    /// A store of at most so many bytes; none at all for 0.
    pub(super) fn new(bytes: u64) -> Self {
        let build = || Cache::builder().max_capacity(bytes).weigher(weigh).build();
        Self((bytes > 0).then(build))
    }

    /// The key of what one identity is answered under a URL, where anything is kept.
    pub(super) fn key(&self, identity: &str, url: &str, accept: &str) -> Option<Box<str>> {
        self.0.as_ref().map(|_| format!("{identity}\n{accept}\n{url}").into())
    }

    /// The answer that is known under a key.
    pub(super) fn get(&self, key: &str) -> Option<Arc<Known>> {
        self.0.as_ref()?.get(key)
    }

    /// Keeps an answer, where it has a tag and is not too large.
    pub(super) fn keep(&self, key: Box<str>, headers: &HeaderMap, body: &Bytes) {
        let Some(cache) = &self.0 else { return };
        let Some(tag) = headers.get(http::header::ETAG) else { return };
        if body.len() <= LARGEST {
            cache.insert(
                key,
                Arc::new(Known { tag: tag.clone(), headers: headers.clone(), body: body.clone() }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_tag_and_a_size_is_kept() {
        let store = Conditional::new(10 << 20);
        let mut headers = HeaderMap::new();
        let key = || store.key("", "http://host/a", "json").unwrap();
        store.keep(key(), &headers, &Bytes::from_static(b"{}"));
        assert!(store.get(&key()).is_none());
        headers.insert("etag", HeaderValue::from_static("W/\"1\""));
        store.keep(key(), &headers, &Bytes::from(vec![0; LARGEST + 1]));
        assert!(store.get(&key()).is_none());
        store.keep(key(), &headers, &Bytes::from_static(b"{}"));
        assert_eq!(store.get(&key()).unwrap().body, "{}");
        assert!(
            store.get(&store.key("ann", "http://host/a", "json").unwrap()).is_none(),
            "others have answers of their own"
        );
        assert!(Conditional::new(0).key("", "http://host/a", "json").is_none());
    }
}

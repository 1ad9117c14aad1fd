//! Several credentials of the same rights, and which of them pays for a request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::Credential;
use crate::http::rate::{Gauge, Taken};

/// The credentials of one identity.
#[derive(Debug)]
pub(in crate::http) struct Pool {
    entries: Box<[Entry]>,
    turn: AtomicUsize,
}

/// One credential and what is known of it.
#[derive(Debug)]
pub(in crate::http) struct Entry {
    pub(in crate::http) credential: Credential,
    pub(in crate::http) gauge: Gauge,
    refused: AtomicBool,
}

impl Entry {
    /// Says that the vendor does not accept it.
    pub(in crate::http) fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    fn usable(&self) -> bool {
        !self.refused.load(Ordering::Acquire)
    }
}

impl Pool {
    pub(in crate::http) fn new(credentials: Vec<Credential>) -> Self {
        let entry =
            |credential| Entry { credential, gauge: Gauge::default(), refused: AtomicBool::new(false) };
        Self { entries: credentials.into_iter().map(entry).collect(), turn: AtomicUsize::new(0) }
    }

    /// The credential with most left of a budget; they take turns where they are equal. Those that the vendor refused come
    /// only where there is no other.
    ///
    /// # Errors
    /// `Throttled`, with the time to wait, where none has anything left; nothing was sent then.
    pub(in crate::http) fn choose<'a>(&'a self, budget: &'a str) -> Result<(&'a Entry, Taken<'a>)> {
        let now = Instant::now();
        if let [only] = &*self.entries {
            only.gauge.left(budget, now).map_err(|wait| used_up(budget, wait, 1))?;
            return Ok((only, only.gauge.take(budget, now)));
        }
        let begin = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut shortest: Option<Duration> = None;
        let mut best: Option<((bool, u64), &Entry)> = None;
        for at in 0..self.entries.len() {
            let entry = &self.entries[(begin.wrapping_add(at)) % self.entries.len()];
            match entry.gauge.left(budget, now) {
                Ok(left) => {
                    let rank = (entry.usable(), left);
                    if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                        best = Some((rank, entry));
                    }
                }
                Err(wait) => shortest = Some(shortest.map_or(wait, |known| known.min(wait))),
            }
        }
        match best {
            // A refused credential is no better than a little patience.
            Some(((usable, _), entry)) if usable || shortest.is_none() => {
                Ok((entry, entry.gauge.take(budget, now)))
            }
            _ => Err(used_up(budget, shortest.unwrap_or_default(), self.entries.len())),
        }
    }

    /// Makes the refused credentials usable again: new tokens where there is a source, the other tokens of a pool otherwise.
    ///
    /// # Errors
    /// `Unsupported` where nothing can be renewed; what the source says where it gives nothing.
    pub(in crate::http) async fn renew(&self) -> Result<()> {
        let mut renewed = false;
        for entry in &self.entries {
            if let Credential::Leased(lease) = &entry.credential
                && !entry.usable()
            {
                lease.renew().await?;
                entry.refused.store(false, Ordering::Release);
                renewed = true;
            }
        }
        if renewed || self.entries.iter().any(Entry::usable) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "the token is fixed and cannot be renewed: give another one"))
    }

    /// The tightest budget over all credentials: the share that is used up, and what is left.
    pub(in crate::http) fn tightest(&self, now: Instant) -> Option<(f64, u64)> {
        self.entries.iter().filter_map(|entry| entry.gauge.tightest(now)).max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

fn used_up(budget: &str, wait: Duration, credentials: usize) -> Error {
    let whose = if credentials == 1 { "the limit of the vendor is" } else { "the limits of the vendor are" };
    let text =
        format!("{whose} used up ({budget}): nothing was sent, more is there in {} s", wait.as_secs() + 1);
    Error::new(ErrorKind::Throttled, text).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Proof;
    use crate::http::dialect::TokenHeader;
    use http::HeaderMap;
    use mosaic_core::types::Secret;

    fn pool(count: usize) -> Pool {
        let fixed =
            |n| Credential::Fixed(Proof::token(TokenHeader::BEARER, &Secret::new(format!("t{n}"))).unwrap());
        Pool::new((0..count).map(fixed).collect())
    }

    fn index(pool: &Pool, entry: &Entry) -> usize {
        pool.entries.iter().position(|known| std::ptr::eq(known, entry)).unwrap()
    }

    fn told(remaining: u64) -> HeaderMap {
        let pairs =
            [("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", 60), ("x-ratelimit-limit", 100)];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.into())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn equal_ones_take_turns_and_the_fullest_comes_first() {
        let pool = pool(2);
        let first = index(&pool, pool.choose("core").unwrap().0);
        let second = index(&pool, pool.choose("core").unwrap().0);
        assert_ne!(first, second);
        let now = Instant::now();
        pool.entries[0].gauge.learn("core", &told(5), false, now);
        pool.entries[1].gauge.learn("core", &told(50), false, now);
        assert!((0..10).all(|_| index(&pool, pool.choose("core").unwrap().0) == 1));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_used_up_the_shortest_wait_is_told() {
        let pool = pool(2);
        let now = Instant::now();
        for entry in &pool.entries {
            entry.gauge.learn("core", &told(1), false, now);
        }
        let _on_their_way = [pool.choose("core").unwrap(), pool.choose("core").unwrap()];
        let error = pool.choose("core").unwrap_err();
        assert_eq!((error.kind(), error.wait()), (ErrorKind::Throttled, Some(Duration::from_secs(60))));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(pool.choose("core").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn refused_ones_are_left_out_while_there_is_another() {
        let pool = pool(2);
        pool.entries[0].refuse();
        assert!((0..4).all(|_| index(&pool, pool.choose("core").unwrap().0) == 1));
        pool.renew().await.unwrap();
        pool.entries[1].refuse();
        assert!(pool.choose("core").is_ok(), "with none left the vendor may say so again");
        assert_eq!(pool.renew().await.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

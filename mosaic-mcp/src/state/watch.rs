//! Watching keys: what changed since a revision, and what changes from then on.

use mosaic_core::error::Result;
use tokio::sync::watch;

use super::writer::closed;
use super::{Change, Head, KeyRange, State, limits};

/// Follows the changes of a range of keys. Whoever watches asks for them at its own pace; what changes several times meanwhile is
/// told once, as it is then. Values that were put untracked ([`Tx::put_untracked`](super::Tx::put_untracked)) are not told.
///
/// To know a range and follow it without a gap: take the revision of [`State::head`], list the range, watch from the revision.
///
/// ```
/// use mosaic_mcp::state::{Key, KeyRange, MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let mut watch = state.watch(KeyRange::below(&["lamp"])?, state.head().revision);
/// state.put(Key::of(&["lamp", "1"])?, "on").await?;
/// let changes = watch.next().await?;
/// assert_eq!(changes[0].value, Some("on".into()));
/// # state.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct Watch {
    state: State,
    heads: watch::Receiver<Head>,
    range: KeyRange,
    after: u64,
    batch: usize,
}

impl Watch {
    /// At most so many changes at once, 1,000 where nothing is said; what one transaction changed comes whole nevertheless.
    #[must_use]
    pub fn batch(mut self, most: usize) -> Self {
        self.batch = most.clamp(1, limits::READ);
        self
    }

    /// The revision up to which everything was told: where to go on from after a break.
    pub fn revision(&self) -> u64 {
        self.after
    }

    /// The next changes, in their order; waits until there are some. Dropping the future loses nothing.
    ///
    /// A value that has expired is told as deleted within the time of
    /// [`StateOptions::sweep_every`](super::StateOptions::sweep_every).
    ///
    /// # Errors
    /// `NotFound` where deletions since the last call, or since where it began, were forgotten: list the range again and watch
    /// anew. `Lifecycle` once the state is closed. Those of the store; the next call goes on from the same place.
    pub async fn next(&mut self) -> Result<Vec<Change>> {
        loop {
            let head = self.heads.borrow_and_update().revision;
            if head > self.after {
                let found = self.state.changes(&self.range, self.after, self.batch).await?;
                let told = found.last().map_or(self.after, |last| last.version);
                // With less than a batch nothing else has changed up to the head.
                self.after = if found.len() < self.batch { told.max(head) } else { told };
                if !found.is_empty() {
                    return Ok(found);
                }
                continue;
            }
            self.heads.changed().await.map_err(|_| closed())?;
        }
    }
}

impl State {
    /// Watches a range of keys: what changed after a revision, and then what changes.
    pub fn watch(&self, range: KeyRange, after: u64) -> Watch {
        Watch { state: self.clone(), heads: self.heads(), range, after, batch: 1_000 }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use mosaic_core::error::ErrorKind;

    use super::*;
    use crate::state::{Expect, Key, MemoryStore};

    fn key(parts: &[&str]) -> Key {
        Key::of(parts).unwrap()
    }

    fn texts(changes: Vec<Change>) -> Vec<String> {
        let value = |value: &bytes::Bytes| String::from_utf8_lossy(value).into_owned();
        let text = |change: Change| {
            format!("{}={}", change.key, change.value.as_ref().map_or("-".to_owned(), value))
        };
        changes.into_iter().map(text).collect()
    }

    #[tokio::test]
    async fn it_catches_up_and_goes_on() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        for n in 0..5 {
            state.put(key(&["a", &n.to_string()]), "1").await.unwrap();
        }
        let mut watch = state.watch(KeyRange::below(&["a"]).unwrap(), 2).batch(2);
        assert_eq!(texts(watch.next().await.unwrap()), ["a/2=1", "a/3=1"]);
        assert_eq!(texts(watch.next().await.unwrap()), ["a/4=1"]);
        assert!(watch.next().now_or_never().is_none(), "there is nothing");
        state.put(key(&["b"]), "1").await.unwrap();
        assert!(watch.next().now_or_never().is_none(), "not of its range");
        assert_eq!(watch.revision(), 6);
        state.put(key(&["a", "1"]), "2").await.unwrap();
        state.put(key(&["a", "1"]), "3").await.unwrap();
        state.delete_if(key(&["a", "0"]), Expect::Any).await.unwrap();
        assert_eq!(texts(watch.next().await.unwrap()), ["a/1=3", "a/0=-"]);
        state.close().await.unwrap();
        assert_eq!(watch.next().await.unwrap_err().kind(), ErrorKind::Lifecycle);
    }

    #[tokio::test]
    async fn who_is_too_late_is_told_and_who_waits_is_not() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        state.put(key(&["a"]), "1").await.unwrap();
        let mut late = state.watch(KeyRange::all(), 1);
        let mut waits = state.watch(KeyRange::prefix("other"), 1);
        state.delete_if(key(&["a"]), Expect::Any).await.unwrap();
        assert!(waits.next().now_or_never().is_none());
        let forget = state.run(|tx| {
            Box::pin(async move {
                tx.forget_deletions(u64::MAX);
                Ok(())
            })
        });
        forget.await.unwrap();
        assert_eq!(late.next().await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(late.next().await.unwrap_err().kind(), ErrorKind::NotFound, "it stays so");
        state.put(key(&["other"]), "1").await.unwrap();
        assert_eq!(texts(waits.next().await.unwrap()), ["other=1"]);
        state.close().await.unwrap();
    }
}

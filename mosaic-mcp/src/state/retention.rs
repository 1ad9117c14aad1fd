//! Old events are removed, the oldest first.

use std::time::Duration;

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use super::{Event, State, TopicFilter};

/// How many events are looked at for one removal: it keeps others from writing for a moment only.
const AT_ONCE: usize = 256;
/// Whatever is from so much later than now was written while a clock was ahead: when it was, only what follows it tells.
const AHEAD: Duration = Duration::from_secs(3_600);

impl State {
    /// Removes the events from before a time, the oldest first, until one is met that is not; gives the offset up to which events
    /// were removed, now or before. Those of the audit stay: it has its own retention. Whoever follows the log from before is told.
    ///
    /// Others write in between. Dropping the future leaves the rest for the next time.
    ///
    /// ```
    /// use mosaic_mcp::state::{MemoryStore, State, Topic, TopicFilter};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> mosaic_core::Result<()> {
    /// let state = State::open(MemoryStore::new()).await?;
    /// state.run(|tx| Box::pin(async move { tx.append(Topic::new("build.1")?, "build.ended", "") })).await?;
    /// let month = std::time::Duration::from_secs(30 * 86_400);
    /// assert_eq!(state.trim_before(state.now() - month).await?, 0);
    /// assert_eq!(state.trim_before(state.now() + month).await?, 1);
    /// assert!(state.events(&TopicFilter::all(), 1, 10).await?.is_empty());
    /// # state.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`State::run`].
    pub async fn trim_before(&self, time: Timestamp) -> Result<u64> {
        let mut removed = self.trimmed().await?.all;
        loop {
            let page = self.store().events(&TopicFilter::all(), removed, AT_ONCE).await?;
            let Some(through) = last_old(&page, time, self.now()) else { return Ok(removed) };
            let trim = self.run(move |tx| {
                Box::pin(async move {
                    tx.trim(None, through);
                    Ok(())
                })
            });
            trim.await?;
            removed = through;
        }
    }
}

/// The last event from before a time, of those that no younger one stands before.
fn last_old(page: &[Event], time: Timestamp, now: Timestamp) -> Option<u64> {
    let ahead = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let old = |event: &&Event| event.at < time;
    let passed = page.iter().take_while(|event| old(event) || event.at > ahead);
    passed.filter(old).last().map(|event| event.offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;
    use crate::state::{Clock, MemoryStore, Since, StateOptions, Topic};

    const DAY: Duration = Duration::from_secs(86_400);

    #[tokio::test(start_paused = true)]
    async fn old_events_go_and_young_ones_and_the_audit_stay() {
        let clock = Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
        let state = StateOptions::new().clock(clock).open(MemoryStore::new()).await.unwrap();
        let append = async |topic: &'static str, count: usize| {
            for _ in 0..count {
                let append = state
                    .run(move |tx| Box::pin(async move { tx.append(Topic::new(topic)?, "k", "").map(drop) }));
                append.await.unwrap();
            }
        };
        append("a", 600).await;
        append("audit.a", 1).await;
        advance(DAY).await;
        append("a", 300).await;
        let mut behind = state.subscribe(TopicFilter::all(), Since::After(10));
        assert_eq!(state.trim_before(state.now() - 2 * DAY).await.unwrap(), 0);
        assert_eq!(state.trim_before(state.now() - DAY / 2).await.unwrap(), 601);
        assert_eq!(state.trim_before(state.now() - DAY / 2).await.unwrap(), 601);
        let all = TopicFilter::all();
        assert_eq!(state.store().events(&all, 0, 999).await.unwrap().len(), 301);
        let audit = TopicFilter::new("audit.>").unwrap();
        assert_eq!(state.events(&audit, 0, 9).await.unwrap().len(), 1);
        assert_eq!(state.events(&all, 601, 999).await.unwrap().len(), 300);
        let told = futures_util::StreamExt::next(&mut behind).await.unwrap().unwrap_err();
        assert!(told.message().contains("were removed before they were read"), "{told}");
        state.close().await.unwrap();
    }

    fn event(offset: usize, at: i64) -> Event {
        let at = Timestamp::from_second(at).unwrap();
        Event::new(offset as u64 + 1, Topic::new("a").unwrap(), "k", bytes::Bytes::new(), at)
    }

    proptest! {
        /// However clocks jump, what goes is from before the time or stands before something that is.
        #[test]
        fn nothing_that_may_be_young_goes(times in prop::collection::vec(0_i64..40_000, 0..40), limit in 0_i64..20_000) {
            let now = Timestamp::from_second(20_000).unwrap();
            let page: Vec<_> = times.iter().enumerate().map(|(n, at)| event(n, *at)).collect();
            let through = last_old(&page, Timestamp::from_second(limit).unwrap(), now);
            let through = usize::try_from(through.unwrap_or(0)).unwrap();
            for (at, time) in times.iter().enumerate().take(through) {
                prop_assert!(*time < limit || *time > 23_600, "{at}");
            }
            prop_assert!(through == 0 || times[through - 1] < limit);
            prop_assert!(through > 0 || times.first().is_none_or(|first| *first >= limit));
        }
    }
}

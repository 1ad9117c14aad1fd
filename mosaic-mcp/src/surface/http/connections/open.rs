//! Which connections are open, and what each is doing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The connections that are open. Clones share them.
#[derive(Clone, Default)]
pub(in crate::surface::http) struct Open(Arc<Mutex<Register>>);

#[derive(Default)]
struct Register {
    last: u64,
    open: HashMap<u64, Arc<Activity>>,
}

impl Open {
    /// A place for one more; none where there are as many as there may be and none of them is idle.
    pub(super) fn admit(&self, most: usize) -> Option<Place> {
        let mut register = self.0.lock();
        if register.open.len() >= most {
            let longest = register.open.iter().filter_map(|(id, one)| Some((one.idle_since()?, *id))).min();
            let (_, id) = longest?;
            if let Some(one) = register.open.remove(&id) {
                one.cut.cancel();
            }
        }
        register.last += 1;
        let (id, activity) = (register.last, Arc::new(Activity::new()));
        register.open.insert(id, Arc::clone(&activity));
        Some(Place { open: self.clone(), id, activity })
    }

    /// Ends all of them.
    pub(super) fn cut(&self) {
        self.0.lock().open.values().for_each(|one| one.cut.cancel());
    }

    /// How many there are.
    pub(in crate::surface::http) fn count(&self) -> usize {
        self.0.lock().open.len()
    }
}

/// The place of a connection, until it is dropped.
pub(super) struct Place {
    open: Open,
    id: u64,
    activity: Arc<Activity>,
}

impl Place {
    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.0.lock().open.remove(&self.id);
    }
}

/// What a connection is doing.
pub(super) struct Activity {
    doing: Mutex<Doing>,
    /// Ends the connection at once.
    pub(super) cut: CancellationToken,
}

struct Doing {
    under_way: usize,
    /// Since when there is no request under way.
    idle: Instant,
    /// When the first byte came after that; the connection itself is that of the first request.
    begun: Option<Instant>,
    /// Whether requests share the connection, as those of HTTP/2 do: what comes then may be about none.
    shared: bool,
}

impl Activity {
    fn new() -> Self {
        let now = Instant::now();
        let doing = Doing { under_way: 0, idle: now, begun: Some(now), shared: false };
        Self { doing: Mutex::new(doing), cut: CancellationToken::new() }
    }

    fn idle_since(&self) -> Option<Instant> {
        let doing = self.doing.lock();
        (doing.under_way == 0).then_some(doing.idle)
    }

    /// Something has come.
    pub(super) fn heard(&self) {
        let mut doing = self.doing.lock();
        // The answers to pings are heard, too, and begin no request.
        if doing.under_way == 0 && doing.begun.is_none() && !doing.shared {
            doing.begun = Some(Instant::now());
        }
    }

    /// A request is under way until what is returned is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> UnderWay {
        let mut doing = self.doing.lock();
        doing.under_way += 1;
        doing.begun = None;
        UnderWay(Some(Arc::clone(self)))
    }

    /// Says that requests share the connection.
    pub(super) fn share(&self) {
        self.doing.lock().shared = true;
    }

    /// Whether requests share the connection.
    pub(super) fn is_shared(&self) -> bool {
        self.doing.lock().shared
    }

    /// Whether it has been silent, or has left a request half sent, for too long.
    pub(super) fn is_overdue(&self, head_time: Duration, idle: Duration) -> bool {
        let doing = self.doing.lock();
        doing.under_way == 0
            && (doing.idle.elapsed() >= idle || doing.begun.is_some_and(|begun| begun.elapsed() >= head_time))
    }
}

/// A request that is under way.
pub(super) struct UnderWay(Option<Arc<Activity>>);

impl UnderWay {
    /// Says that the connection is another protocol's from now on: it is never idle again.
    pub(super) fn stays(mut self) {
        self.0 = None;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(activity) = &self.0 else { return };
        let mut doing = activity.doing.lock();
        doing.under_way -= 1;
        if doing.under_way == 0 {
            (doing.idle, doing.begun) = (Instant::now(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_idle_longest_makes_room() {
        let open = Open::default();
        let second = Duration::from_secs(1);
        let first = open.admit(3).unwrap();
        tokio::time::advance(second).await;
        let others = [open.admit(3).unwrap(), open.admit(3).unwrap()];
        tokio::time::advance(second).await;
        let request = first.activity.enter();
        let working = others[1].activity.enter();
        // The first is at work, and idle since later when it is done.
        drop(request);
        let _fourth = open.admit(3).unwrap();
        assert!(others[0].activity.cut.is_cancelled());
        assert_eq!(open.count(), 3);
        drop(others);
        assert_eq!(open.count(), 2, "one that was closed frees no second place");
        drop(working);
    }

    #[tokio::test(start_paused = true)]
    async fn none_is_closed_while_it_works() {
        let open = Open::default();
        let place = open.admit(1).unwrap();
        let request = place.activity.enter();
        assert!(open.admit(1).is_none());
        tokio::time::advance(Duration::from_secs(1_000)).await;
        assert!(!place.activity.is_overdue(Duration::ZERO, Duration::ZERO));
        request.stays();
        assert!(open.admit(1).is_none(), "another protocol's connection stays");
        drop(place);
        assert!(open.admit(1).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_half_a_request_are_overdue() {
        let (head, idle) = (Duration::from_secs(10), Duration::from_secs(60));
        let place = Open::default().admit(1).unwrap();
        let activity = place.activity();
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(!activity.is_overdue(head, idle));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(activity.is_overdue(head, idle), "the first request does not come");
        drop(activity.enter());
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!activity.is_overdue(head, idle), "the silence begins anew");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(activity.is_overdue(head, idle));
        drop(activity.enter());
        activity.heard();
        tokio::time::advance(Duration::from_secs(9)).await;
        activity.heard();
        assert!(!activity.is_overdue(head, idle));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(activity.is_overdue(head, idle), "one byte after the other does not help");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_heard_on_a_shared_connection_begins_no_request() {
        let (head, idle) = (Duration::from_secs(10), Duration::from_secs(60));
        let place = Open::default().admit(1).unwrap();
        let activity = place.activity();
        activity.share();
        drop(activity.enter());
        activity.heard();
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!activity.is_overdue(head, idle), "answers to pings are heard of an idle one");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(activity.is_overdue(head, idle));
    }
}

//! How often and how many at a time: limits by address and by principal.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use parking_lot::Mutex;

/// How many keys are remembered before those that are silent are forgotten.
const KEYS: usize = 10_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// An address, before anybody is known.
    Address(IpAddr),
    /// A principal of a tenant.
    Principal(TenantId, Principal),
}

/// How often.
pub(crate) struct Rate {
    limiter: RateLimiter<Who, HashMapStateStore<Who>, DefaultClock>,
    clock: DefaultClock,
}

impl Rate {
    pub(crate) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::hashmap(quota), clock: DefaultClock::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The time to wait where it is one too many.
    pub(crate) fn check(&self, who: &Who) -> Result<(), Duration> {
        if self.limiter.len() >= KEYS {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(who).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// How many at a time.
#[derive(Debug, Clone)]
pub(crate) struct AtOnce {
    most: usize,
    under_way: Arc<Mutex<HashMap<Who, usize>>>,
}

impl AtOnce {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, under_way: Arc::default() }
    }

    /// Lets a request in, until what is returned is dropped; none where it is one too many.
    pub(crate) fn enter(&self, who: Who) -> Option<Inside> {
        let mut under_way = self.under_way.lock();
        let count = under_way.get(&who).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        under_way.insert(who.clone(), count + 1);
        Some(Inside { who, under_way: Arc::clone(&self.under_way) })
    }

    /// How many are in.
    #[cfg(feature = "http")]
    pub(crate) fn count(&self) -> usize {
        self.under_way.lock().values().sum()
    }
}

/// A request that is under way.
pub(crate) struct Inside {
    who: Who,
    under_way: Arc<Mutex<HashMap<Who, usize>>>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        match under_way.get_mut(&self.who) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                under_way.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Who {
        Who::Principal(TenantId::default_tenant(), Principal::user(name))
    }

    #[test]
    fn one_who_sends_too_much_does_not_slow_the_others() {
        let one = NonZeroU32::MIN;
        let rate = Rate::new(one, one.saturating_add(2));
        for _ in 0..3 {
            rate.check(&user("ann")).unwrap();
        }
        let wait = rate.check(&user("ann")).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        rate.check(&user("bob")).unwrap();
        rate.check(&Who::Address(IpAddr::from([127, 0, 0, 1]))).unwrap();
    }

    #[test]
    fn who_leaves_makes_room() {
        let at_once = AtOnce::new(2);
        let first = at_once.enter(user("ann")).unwrap();
        let second = at_once.enter(user("ann")).unwrap();
        assert!(at_once.enter(user("ann")).is_none());
        assert!(at_once.enter(user("bob")).is_some());
        drop(first);
        let third = at_once.enter(user("ann")).unwrap();
        drop((second, third));
        assert!(at_once.under_way.lock().is_empty());
    }
}

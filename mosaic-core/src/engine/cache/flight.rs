//! Single flight: of calls that ask for the same at the same time, one goes and the others wait for its answer.
//!
//! Who goes is not in charge of the others: when it is dropped, the next of those who wait goes in its place, with its own
//! time limit; and an error that its short time brought about is not passed on to those who have more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::memory::Spread;
use super::tags::Noted;
use crate::error::{Error, ErrorKind};
use crate::op::Shared;
use crate::types::ProviderId;

/// What the one that went brought back.
pub type Landed = Result<(Shared, Option<ProviderId>), Error>;

/// All flights under way.
pub struct Flights(Box<[Shard]>);

type Shard = Mutex<HashMap<u128, Arc<Flight>, Spread>>;

const SHARDS: usize = 64;

impl Default for Flights {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

struct Flight {
    /// The counters that the first one noted: whoever notes others asks for something newer.
    noted: Noted,
    landed: OnceLock<(Landed, Option<Instant>)>,
    /// Callers with a seat; changed under the lock of the shard.
    seats: AtomicUsize,
    /// Holds one permit exactly while nobody is going; closed when the flight landed.
    going: Semaphore,
}

/// One caller's place in a flight.
pub struct Seat<'a> {
    flights: &'a Flights,
    key: u128,
    flight: Arc<Flight>,
    leads: bool,
}

impl Flights {
    /// Takes a seat: the first to come for a key leads, whoever comes later waits.
    pub fn join(&self, key: u128, noted: &Noted) -> Seat<'_> {
        let mut shard = self.shard(key).lock();
        if let Some(flight) = shard.get(&key)
            && flight.noted == *noted
        {
            flight.seats.fetch_add(1, Ordering::Relaxed);
            return Seat { flights: self, key, flight: Arc::clone(flight), leads: false };
        }
        let flight = Arc::new(Flight {
            noted: noted.clone(),
            landed: OnceLock::new(),
            seats: AtomicUsize::new(1),
            going: Semaphore::new(0),
        });
        shard.insert(key, Arc::clone(&flight));
        Seat { flights: self, key, flight, leads: true }
    }

    /// How many flights are under way.
    pub fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: u128) -> &Shard {
        &self.0[(key >> 96) as usize % SHARDS]
    }
}

impl Seat<'_> {
    /// Whether this caller goes.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// Waits until the flight landed, or until this caller is to go itself, which is `None`. Dropping the future leaves.
    pub async fn wait(&mut self) -> Option<&(Landed, Option<Instant>)> {
        match self.flight.going.acquire().await {
            Ok(permit) => {
                permit.forget();
                self.leads = true;
                None
            }
            Err(_) => self.flight.landed.get(),
        }
    }

    /// Hands the answer to those who wait. `deadline` is what the one that went had for its call.
    pub fn land(self, landed: Landed, deadline: Option<Instant>) {
        // Only who leads lands, so nobody can have landed before.
        let _ = self.flight.landed.set((landed, deadline));
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut shard = self.flights.shard(self.key).lock();
        let landed = self.flight.landed.get().is_some();
        let known = shard.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight));
        // Seats are taken and given up under this lock, so nobody can join between the count and the removal.
        let alone = self.flight.seats.fetch_sub(1, Ordering::Relaxed) == 1;
        if known && (landed || alone) {
            shard.remove(&self.key);
        }
        drop(shard);
        if self.leads {
            if landed {
                self.flight.going.close();
            } else {
                self.flight.going.add_permits(1);
            }
        }
    }
}

/// Whether a caller whose time ends at `mine` may take over an error of one whose time ended at `theirs`: not what its own
/// time brought about, and not a wait that was too long for it alone.
pub fn inherits(error: &Error, theirs: Option<Instant>, mine: Option<Instant>) -> bool {
    match error.kind() {
        ErrorKind::Cancelled | ErrorKind::DeadlineExceeded => false,
        ErrorKind::RateLimited | ErrorKind::Throttled => match (error.wait(), theirs, mine) {
            (Some(wait), Some(theirs), Some(mine)) => mine < theirs + wait,
            _ => true,
        },
        _ => true,
    }
}

impl std::fmt::Debug for Flights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flights({})", self.len())
    }
}
impl std::fmt::Debug for Seat<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("leads", &self.leads).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(n: u32) -> Landed {
        Ok((Arc::new(n), None))
    }

    #[tokio::test]
    async fn who_waits_gets_the_answer() {
        let flights = Flights::default();
        let leader = flights.join(1, &Noted::default());
        let mut waiter = flights.join(1, &Noted::default());
        assert!(leader.leads() && !waiter.leads());
        leader.land(answer(7), None);
        let (landed, _) = waiter.wait().await.unwrap();
        assert_eq!(landed.as_ref().unwrap().0.downcast_ref(), Some(&7u32));
        drop(waiter);
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn when_the_leader_is_dropped_the_next_goes() {
        let flights = Flights::default();
        let leader = flights.join(1, &Noted::default());
        let mut first = flights.join(1, &Noted::default());
        let mut second = flights.join(1, &Noted::default());
        drop(leader);
        assert!(first.wait().await.is_none() && first.leads());
        first.land(answer(1), None);
        assert!(second.wait().await.is_some());
        drop(second);
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn who_leaves_while_waiting_leaves_nothing_behind() {
        let flights = Flights::default();
        let leader = flights.join(1, &Noted::default());
        let waiter = flights.join(1, &Noted::default());
        drop(leader);
        drop(waiter);
        assert!(flights.is_empty());
        assert!(flights.join(1, &Noted::default()).leads());
    }

    #[test]
    fn what_a_shorter_time_brought_about_is_not_inherited() {
        let now = Instant::now();
        let later = now + std::time::Duration::from_secs(10);
        let of = |kind| Error::new(kind, "");
        assert!(inherits(&of(ErrorKind::Provider), Some(now), Some(later)));
        assert!(inherits(&of(ErrorKind::Timeout), Some(now), Some(later)));
        assert!(!inherits(&of(ErrorKind::DeadlineExceeded), Some(later), Some(now)));
        let limited = of(ErrorKind::RateLimited).retry_after(std::time::Duration::from_secs(5));
        assert!(!inherits(&limited, Some(now), Some(later)), "it can wait for what the other could not");
        assert!(inherits(&limited, Some(later), Some(later)));
    }
}

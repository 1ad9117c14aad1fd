//! A mailbox within a transaction: its lanes, and which letters are ready, given out, expired or dead.
//!
//! Only the oldest letter of a lane is ever ready or given out, so that order holds without looking at what lies behind it, and
//! what is ready is found however much waits. Whatever becomes of a letter is one of the steps here; each keeps the counters.

use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};
use serde::Serialize;

use super::key::{self, Shelf, number};
use super::record::{Dead, Given, Kept, Lane, Letter};
use super::{Overflow, limit};
use crate::coordination::untracked;
use crate::state::{Entry, Key, Topic, Tx};

/// A mailbox that a transaction works on. What changes is written by [`Opened::save`].
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) kept: Kept,
    pub(super) shelf: Shelf,
    key: Key,
    topic: Topic,
}

/// What an event tells of a letter.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    from: &'a str,
}

/// The topic under which the log tells of a mailbox.
pub(super) fn topic(tenant: &TenantId, mailbox: &str) -> Result<Topic> {
    Topic::of_tenant(tenant, &["message", mailbox])
}

/// Decodes what is stored of a mailbox.
pub(super) fn opened(tenant: &TenantId, name: &str, kept: Kept) -> Result<Opened> {
    Ok(Opened {
        key: key::mailbox(tenant, name)?,
        topic: topic(tenant, name)?,
        shelf: Shelf::new(tenant, &kept.id),
        name: name.to_owned(),
        kept,
    })
}

/// A mailbox that must be there.
pub(super) async fn load(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Opened> {
    let kept = tx.read::<Kept>(&key::mailbox(tenant, name)?).await?.ok_or_else(|| missing(name))?;
    opened(tenant, name, kept)
}

pub(super) fn missing(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no mailbox {name:?}: open it first")).refused()
}

impl Opened {
    /// Writes what changed.
    pub(super) fn save(&self, tx: &mut Tx<'_>) -> Result<()> {
        untracked::write(tx, &self.key, &self.kept)
    }

    /// Tells the log.
    pub(super) fn tell<T: Serialize>(&self, tx: &mut Tx<'_>, kind: &'static str, what: &T) -> Result<()> {
        tx.emit(self.topic.clone(), kind, what).map(drop)
    }

    pub(super) fn tell_of(&self, tx: &mut Tx<'_>, kind: &'static str, letter: &Letter) -> Result<()> {
        self.tell(tx, kind, &Told { id: &letter.id, from: &letter.from })
    }

    pub(super) async fn lane(&self, tx: &mut Tx<'_>, lane: &str) -> Result<Option<Lane>> {
        tx.read(&self.shelf.lane(lane)?).await
    }

    /// Where the lane of a letter lies, where it may be there already.
    pub(super) fn lane_behind(&self, letter: &Letter) -> Result<Option<Key>> {
        if letter.unordered { Ok(None) } else { self.shelf.lane(&lane_of(letter, 0)).map(Some) }
    }

    fn keep(&self, tx: &mut Tx<'_>, name: &str, lane: &Lane) -> Result<()> {
        untracked::write(tx, &self.shelf.lane(name)?, lane)
    }

    /// Puts a letter at the end of its lane. There must be room.
    pub(super) async fn put(&mut self, tx: &mut Tx<'_>, letter: &Letter) -> Result<()> {
        self.kept.last += 1;
        let at = self.kept.last;
        let name = lane_of(letter, at);
        // The lane of one that may go out of turn is its own, and so is not there yet.
        let behind = if letter.unordered { None } else { self.lane(tx, &name).await? };
        let lane = match behind {
            Some(lane) => Lane { count: lane.count + 1, ..lane },
            None => {
                untracked::put(tx, self.shelf.ready(at)?, name.clone())?;
                self.kept.ready += 1;
                Lane { head: at, count: 1, deliveries: 0, given: None, expires: letter.expires }
            }
        };
        self.keep(tx, &name, &lane)?;
        untracked::write(tx, &self.shelf.letter(&name, at)?, letter)?;
        self.shelve(tx, &name, at, letter.expires)?;
        self.kept.held += 1;
        self.tell_of(tx, "message.sent", letter)
    }

    /// Notes that a letter is not given out.
    fn shelve(&mut self, tx: &mut Tx<'_>, lane: &str, at: u64, expires: Option<Timestamp>) -> Result<()> {
        if let Some(expires) = expires {
            untracked::put(tx, self.shelf.expiry(expires, at)?, lane.to_owned())?;
            self.kept.expiring += 1;
        }
        if self.kept.overflow == Overflow::DropOldest {
            untracked::put(tx, self.shelf.waiting(at)?, lane.to_owned())?;
        }
        Ok(())
    }

    fn unshelve(&mut self, tx: &mut Tx<'_>, at: u64, expires: Option<Timestamp>) -> Result<()> {
        if let Some(expires) = expires {
            tx.delete(self.shelf.expiry(expires, at)?)?;
            self.kept.expiring -= 1;
        }
        if self.kept.overflow == Overflow::DropOldest {
            tx.delete(self.shelf.waiting(at)?)?;
        }
        Ok(())
    }

    /// Gives the head of a lane, which is ready, out.
    pub(super) fn give(&mut self, tx: &mut Tx<'_>, name: &str, lane: &mut Lane, given: Given) -> Result<()> {
        tx.delete(self.shelf.ready(lane.head)?)?;
        self.kept.ready -= 1;
        self.unshelve(tx, lane.head, lane.expires)?;
        untracked::put(tx, self.shelf.given(given.until, lane.head)?, name.to_owned())?;
        self.kept.given += 1;
        lane.given = Some(given);
        lane.deliveries += 1;
        self.keep(tx, name, lane)
    }

    /// Has the head of a lane, which is given out, wait until a time for nobody.
    pub(super) fn put_off(
        &mut self,
        tx: &mut Tx<'_>,
        name: &str,
        mut lane: Lane,
        until: Timestamp,
    ) -> Result<()> {
        if let Some(given) = lane.given {
            tx.delete(self.shelf.given(given.until, lane.head)?)?;
        }
        untracked::put(tx, self.shelf.given(until, lane.head)?, name.to_owned())?;
        lane.given = Some(Given { token: 0, until });
        self.keep(tx, name, &lane)
    }

    /// Ends the time for which the head of a lane was given out: it is ready again, or dead, or worth nothing any more.
    pub(super) async fn lapse(&mut self, tx: &mut Tx<'_>, name: &str, mut lane: Lane) -> Result<()> {
        if lane.deliveries >= self.kept.attempts {
            return self.bury(tx, name, lane).await;
        }
        if lane.expires.is_some_and(|end| end <= tx.now()) {
            return self.expire(tx, name, lane).await;
        }
        if let Some(given) = lane.given.take() {
            tx.delete(self.shelf.given(given.until, lane.head)?)?;
            self.kept.given -= 1;
        }
        untracked::put(tx, self.shelf.ready(lane.head)?, name.to_owned())?;
        self.kept.ready += 1;
        self.shelve(tx, name, lane.head, lane.expires)?;
        self.keep(tx, name, &lane)
    }

    async fn bury(&mut self, tx: &mut Tx<'_>, name: &str, lane: Lane) -> Result<()> {
        let at = lane.head;
        let deliveries = lane.deliveries;
        let letter = self.take_head(tx, name, lane).await?;
        self.tell_of(tx, "message.dead", &letter)?;
        untracked::write(tx, &self.shelf.dead(at)?, &Dead { letter, died: tx.now(), deliveries })?;
        self.kept.dead += 1;
        if self.kept.dead > limit::DEAD
            && let Some(oldest) = tx.range(&self.shelf.all_dead()?, 1).await?.pop()
        {
            tx.delete(oldest.key)?;
            self.kept.dead -= 1;
        }
        Ok(())
    }

    async fn expire(&mut self, tx: &mut Tx<'_>, name: &str, lane: Lane) -> Result<()> {
        let letter = self.take_head(tx, name, lane).await?;
        self.kept.expired += 1;
        self.tell_of(tx, "message.expired", &letter)
    }

    /// Takes the head of a lane out; the next of the lane is ready then.
    pub(super) async fn take_head(&mut self, tx: &mut Tx<'_>, name: &str, lane: Lane) -> Result<Letter> {
        match lane.given {
            Some(given) => {
                tx.delete(self.shelf.given(given.until, lane.head)?)?;
                self.kept.given -= 1;
            }
            None => {
                tx.delete(self.shelf.ready(lane.head)?)?;
                self.kept.ready -= 1;
                self.unshelve(tx, lane.head, lane.expires)?;
            }
        }
        let taken = self.remove(tx, name, lane.head).await?;
        let next = if lane.count > 1 {
            tx.range(&self.shelf.letters_after(name, lane.head)?, 1).await?.pop()
        } else {
            None
        };
        let Some(next) = next else {
            tx.delete(self.shelf.lane(name)?)?;
            return Ok(taken);
        };
        let head = number(&next.key);
        let expires = next.read::<Letter>()?.expires;
        untracked::put(tx, self.shelf.ready(head)?, name.to_owned())?;
        self.kept.ready += 1;
        self.keep(tx, name, &Lane { head, count: lane.count - 1, deliveries: 0, given: None, expires })?;
        Ok(taken)
    }

    /// Takes a letter that is not given out from wherever it is in its lane.
    async fn take_any(&mut self, tx: &mut Tx<'_>, name: &str, at: u64) -> Result<Letter> {
        let lane = self.lane(tx, name).await?.ok_or_else(|| lost(name))?;
        if lane.head == at {
            return self.take_head(tx, name, lane).await;
        }
        let taken = self.remove(tx, name, at).await?;
        self.unshelve(tx, at, taken.expires)?;
        self.keep(tx, name, &Lane { count: lane.count - 1, ..lane })?;
        Ok(taken)
    }

    async fn remove(&mut self, tx: &mut Tx<'_>, name: &str, at: u64) -> Result<Letter> {
        let place = self.shelf.letter(name, at)?;
        let letter = tx.read(&place).await?.ok_or_else(|| lost(name))?;
        tx.delete(place)?;
        self.kept.held -= 1;
        Ok(letter)
    }

    /// Ends what was given out for too long: so many at most. Gives how long it is until the next, where there is one.
    pub(super) async fn lapse_due(&mut self, tx: &mut Tx<'_>) -> Result<Option<Duration>> {
        if self.kept.given == 0 {
            return Ok(None);
        }
        let found = tx.range(&self.shelf.all_given()?, limit::STEP + 1).await?;
        let lanes = found.iter().map(|entry| self.shelf.lane(&text(entry))).collect::<Result<Vec<_>>>()?;
        tx.get_many(&lanes).await?;
        for (done, entry) in found.iter().enumerate() {
            let name = text(entry);
            let lane = self.lane(tx, &name).await?.ok_or_else(|| lost(&name))?;
            let until = lane.given.map_or(tx.now(), |given| given.until);
            if until > tx.now() || done == limit::STEP {
                return Ok(Some(Duration::try_from(until.duration_since(tx.now())).unwrap_or_default()));
            }
            self.lapse(tx, &name, lane).await?;
        }
        Ok(None)
    }

    /// Drops what is worth nothing any more: so many at most. Tells whether there may be more.
    pub(super) async fn drop_expired(&mut self, tx: &mut Tx<'_>) -> Result<bool> {
        if self.kept.expiring == 0 {
            return Ok(false);
        }
        let found = tx.range(&self.shelf.expired(tx.now())?, limit::STEP).await?;
        let mut places = Vec::with_capacity(found.len() * 2);
        for entry in &found {
            let name = text(entry);
            places.push(self.shelf.lane(&name)?);
            places.push(self.shelf.letter(&name, number(&entry.key))?);
        }
        tx.get_many(&places).await?;
        for entry in &found {
            let letter = self.take_any(tx, &text(entry), number(&entry.key)).await?;
            self.kept.expired += 1;
            self.tell_of(tx, "message.expired", &letter)?;
        }
        Ok(found.len() == limit::STEP)
    }

    /// Makes room for a letter.
    ///
    /// # Errors
    /// `QuotaExceeded` where there is none.
    pub(super) async fn make_room(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        if self.kept.held >= self.kept.limit {
            self.drop_expired(tx).await?;
        }
        for _ in 0..limit::STEP {
            if self.kept.held < self.kept.limit {
                return Ok(());
            }
            let oldest = match self.kept.overflow {
                Overflow::Reject => None,
                Overflow::DropOldest => tx.range(&self.shelf.all_waiting()?, 1).await?.pop(),
            };
            let Some(oldest) = oldest else { return self.full() };
            let letter = self.take_any(tx, &text(&oldest), number(&oldest.key)).await?;
            self.kept.dropped += 1;
            self.tell_of(tx, "message.dropped", &letter)?;
        }
        // The limit was lowered meanwhile: each letter that comes takes some away, until the mailbox is down to it.
        Ok(())
    }

    fn full(&self) -> Result<()> {
        let (name, held) = (&self.name, self.kept.held);
        Err(Error::new(
            ErrorKind::QuotaExceeded,
            format!("the mailbox {name:?} is full: it holds {held} messages; send it again later"),
        )
        .retry_after(limit::COME_AGAIN)
        .refused())
    }
}

/// The lane of a letter: that of its sender and conversation; its own where it may be given out of turn.
fn lane_of(letter: &Letter, at: u64) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(letter.from.as_bytes());
    match (&letter.conversation, letter.unordered) {
        (_, true) => hash.update(&[0, 2]).update(&at.to_be_bytes()),
        (Some(conversation), _) => hash.update(&[0, 1]).update(conversation.as_bytes()),
        (None, _) => hash.update(&[0, 0]),
    };
    hash.finalize().to_hex().chars().take(limit::LANE).collect()
}

/// The lane that an index tells.
pub(super) fn text(entry: &Entry) -> String {
    String::from_utf8_lossy(&entry.value).into_owned()
}

pub(super) fn lost(lane: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("a message of the lane {lane} is not where the mailbox has it"))
}

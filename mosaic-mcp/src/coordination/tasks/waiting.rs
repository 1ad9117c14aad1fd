//! The waiting room of claims: those of one node that wait at the same moment are tried together, in one transaction.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::time::Duration;
use std::vec::IntoIter;

use futures_util::future::join_all;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::claim::{Ask, Given, claim};
use super::queue::{self, Sets};
use super::{Claim, Claimed, TaskId, report};
use crate::coordination::agents::Offer;
use crate::coordination::slate::{Rules, Slate};
use crate::state::State;

/// After which time they look again where the state did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// How many claims are tried in one transaction.
const AT_ONCE: usize = 256;
/// How many tasks they ask for together: what is written for them stays well below what a transaction may write.
const TASKS_AT_ONCE: usize = 512;

/// A claim that waits for its answer.
pub(super) struct Waiting {
    pub(super) tenant: TenantId,
    pub(super) ask: Ask,
    /// Until when it waits for a task.
    pub(super) until: Instant,
    pub(super) reply: oneshot::Sender<Result<Claimed>>,
    /// What the agent offered when it was tried last.
    pub(super) offer: Option<Offer>,
}

impl Waiting {
    fn answer(self, answer: Result<Vec<Claim>>) -> Result<(), Vec<Claim>> {
        let answer = answer.map(|tasks| Claimed { tasks });
        self.reply.send(answer).map_err(|unheard| unheard.map(|claimed| claimed.tasks).unwrap_or_default())
    }
}

/// Tasks that were given to one who went before reading so.
pub(super) type Unread = (TenantId, Vec<Claim>);

/// The answer of a claim, on its way to whoever asked. Where it is dropped before it is read, what is in it goes back.
pub(super) struct Answer {
    pub(super) tenant: TenantId,
    pub(super) reply: oneshot::Receiver<Result<Claimed>>,
    /// As many are on their way as claims are.
    pub(super) unread: mpsc::UnboundedSender<Unread>,
}

impl Answer {
    pub(super) async fn read(mut self) -> Result<Claimed> {
        (&mut self.reply).await.map_err(|_| closed())?
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.reply.close();
        // One that was read is there no more.
        if let Ok(Ok(Claimed { tasks })) = self.reply.try_recv()
            && !tasks.is_empty()
        {
            // Where coordination was closed meanwhile, their leases end.
            let _ = self.unread.send((self.tenant.clone(), tasks));
        }
    }
}

/// Serves claims until it is stopped.
pub(super) async fn serve(
    state: State,
    rules: Rules,
    mut inbox: mpsc::Receiver<Waiting>,
    mut unread: mpsc::UnboundedReceiver<Unread>,
    stop: CancellationToken,
) {
    let room = Room { state: state.clone(), rules };
    let mut heads = state.heads();
    let mut parked: Vec<Waiting> = Vec::new();
    // When to look again where the state could not be read.
    let mut again: Option<Instant> = None;
    loop {
        let mut fresh = Vec::new();
        let end = parked.iter().map(|waiting| waiting.until).min();
        tokio::select! {
            () = stop.cancelled() => break,
            came = inbox.recv_many(&mut fresh, AT_ONCE) => if came == 0 { break },
            moved = heads.changed(), if end.is_some() => {
                if moved.is_err() { break }
                (parked, again) = room.wake(parked).await;
            }
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {
                (parked, again) = room.wake(parked).await;
            }
            Some((tenant, claims)) = unread.recv() => room.take_back(tenant, claims).await,
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => {}
        }
        if !fresh.is_empty() {
            parked.extend(room.try_all(fresh).await.1);
        }
        let now = Instant::now();
        let (over, rest) =
            parked.into_iter().partition(|waiting| waiting.until <= now || waiting.reply.is_closed());
        parked = rest;
        for waiting in over {
            // Whoever asked has its answer, or has gone.
            let _ = waiting.answer(Ok(Vec::new()));
        }
    }
    inbox.close();
    while let Ok(waiting) = inbox.try_recv() {
        parked.push(waiting);
    }
    for waiting in parked {
        let _ = waiting.answer(Err(closed()));
    }
    unread.close();
    while let Ok((tenant, claims)) = unread.try_recv() {
        room.take_back(tenant, claims).await;
    }
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Lifecycle, "coordination is closed on this node: ask another one").refused()
}

/// The next ones that are tried in one transaction: at least one, where there is one.
fn take_some(waiting: &mut Peekable<IntoIter<Waiting>>, most: usize) -> Vec<Waiting> {
    let (mut some, mut tasks) = (Vec::new(), 0);
    while let Some(next) = waiting
        .next_if(|next| some.is_empty() || (some.len() < most && tasks + next.ask.limit <= TASKS_AT_ONCE))
    {
        tasks += next.ask.limit;
        some.push(next);
    }
    some
}

struct Room {
    state: State,
    rules: Rules,
}

impl Room {
    /// Tries those that may have something to do now; gives those that wait on, and when to try again where that failed.
    async fn wake(&self, parked: Vec<Waiting>) -> (Vec<Waiting>, Option<Instant>) {
        let mut tenants: BTreeMap<TenantId, Vec<Waiting>> = BTreeMap::new();
        for waiting in parked {
            tenants.entry(waiting.tenant.clone()).or_default().push(waiting);
        }
        let woken = tenants.into_iter().map(|(tenant, parked)| self.wake_tenant(tenant, parked));
        let (mut parked, mut again) = (Vec::new(), None);
        for (rest, failed) in join_all(woken).await {
            parked.extend(rest);
            if failed {
                again = Some(Instant::now() + AGAIN);
            }
        }
        (parked, again)
    }

    /// The same for one tenant; gives whether it failed.
    async fn wake_tenant(&self, tenant: TenantId, parked: Vec<Waiting>) -> (Vec<Waiting>, bool) {
        let sets = match queue::sets_key(&tenant) {
            Ok(key) => self.state.read::<Sets>(&key).await,
            Err(error) => Err(error),
        };
        let sets = match sets {
            Ok(sets) => sets.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "waiting claims could not look for tasks; they look again in a second");
                return (parked, true);
            }
        };
        let ready: Vec<_> = sets.sets.values().filter(|set| set.ready > 0).collect();
        if ready.is_empty() {
            return (parked, false);
        }
        let mut left: u64 = ready.iter().map(|set| set.ready).sum();
        let fits = |waiting: &Waiting| {
            let meets = |offer: &Offer| ready.iter().any(|set| offer.meets(&set.requires));
            waiting.offer.as_ref().is_none_or(meets)
        };
        let (fitting, mut waits_on): (Vec<_>, Vec<_>) = parked.into_iter().partition(fits);
        let mut fitting = fitting.into_iter().peekable();
        // Some may have no room, so that others have to be tried.
        while left > 0 {
            let most = usize::try_from(left.saturating_add(4)).unwrap_or(AT_ONCE).min(AT_ONCE);
            let some = take_some(&mut fitting, most);
            if some.is_empty() {
                break;
            }
            let (given, rest) = self.try_tenant(tenant.clone(), some).await;
            waits_on.extend(rest);
            left = left.saturating_sub(given);
        }
        waits_on.extend(fitting);
        (waits_on, false)
    }

    /// Tries claims; gives how many tasks were given, and those that wait on.
    async fn try_all(&self, fresh: Vec<Waiting>) -> (u64, Vec<Waiting>) {
        let mut tenants: BTreeMap<TenantId, Vec<Waiting>> = BTreeMap::new();
        for waiting in fresh {
            tenants.entry(waiting.tenant.clone()).or_default().push(waiting);
        }
        let tried = tenants.into_iter().flat_map(|(tenant, fresh)| {
            let mut fresh = fresh.into_iter().peekable();
            let mut tried = Vec::new();
            while fresh.peek().is_some() {
                tried.push(self.try_tenant(tenant.clone(), take_some(&mut fresh, AT_ONCE)));
            }
            tried
        });
        let mut all = (0, Vec::new());
        for (given, rest) in join_all(tried).await {
            all.0 += given;
            all.1.extend(rest);
        }
        all
    }

    async fn try_tenant(&self, tenant: TenantId, mut waiting: Vec<Waiting>) -> (u64, Vec<Waiting>) {
        waiting.retain(|waiting| !waiting.reply.is_closed());
        let (asks, rules): (Vec<Ask>, _) =
            (waiting.iter().map(|waiting| waiting.ask.clone()).collect(), self.rules);
        let given = {
            let tenant = tenant.clone();
            self.state.run(move |tx| {
                Box::pin(async move {
                    let mut slate = Slate::new(tx, &tenant, rules);
                    let given = claim(&mut slate, &asks).await?;
                    slate.put_back().await?;
                    Ok(given)
                })
            })
        };
        let given = match given.await {
            Ok(given) => given,
            Err(error) => {
                for waiting in waiting {
                    let _ = waiting.answer(Err(error.clone()));
                }
                return (0, Vec::new());
            }
        };
        let (mut count, mut rest, mut unheard) = (0, Vec::new(), Vec::new());
        for (mut waiting, given) in waiting.into_iter().zip(given) {
            let answer = match given {
                Ok(Given { claims, offer }) if claims.is_empty() && Instant::now() < waiting.until => {
                    waiting.offer = Some(offer);
                    rest.push(waiting);
                    continue;
                }
                Ok(Given { claims, .. }) => {
                    count += u64::try_from(claims.len()).unwrap_or(0);
                    waiting.answer(Ok(claims))
                }
                Err(error) => waiting.answer(Err(error)),
            };
            unheard.extend(answer.err().into_iter().flatten());
        }
        if !unheard.is_empty() {
            self.take_back(tenant, unheard).await;
        }
        (count, rest)
    }

    /// Gives back what was claimed for somebody who has gone meanwhile.
    async fn take_back(&self, tenant: TenantId, unheard: Vec<Claim>) {
        let rules = self.rules;
        let done = self.state.run(move |tx| {
            Box::pin(async move {
                let mut slate = Slate::new(tx, &tenant, rules);
                let ids: Vec<TaskId> = unheard.iter().map(|claim| claim.task.task.clone()).collect();
                report::take_out(&mut slate, &ids).await?;
                for claim in &unheard {
                    let id = &claim.task.task;
                    if slate.task(id).is_ok_and(|task| task.holds(claim.token)) {
                        slate.uncount(id)?;
                    }
                }
                slate.settle().await?;
                slate.put_back().await.map(drop)
            })
        });
        if let Err(error) = done.await {
            tracing::warn!(%error, "tasks claimed for one who has gone were not given back; their leases end");
        }
    }
}

//! Claiming: which ready tasks go to which agents. What it costs does not grow with what waits.
//!
//! The questions to the store are: agents and sets; for each of the sets of requirements that fit and are next, a bounded number of
//! them, the queues in the order of their turns; the queues that have one; the first tasks of each; the tasks themselves; their
//! inputs, where they were given one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mosaic_core::context::Principal;
use mosaic_core::error::Result;
use serde_json::Value;

use super::record::{self, Lease, TaskRecord};
use super::submit::DAY;
use super::{Claim, ClaimTasks, TaskEvent, TaskId, TaskState, queue};
use crate::coordination::agents::{AgentRecord, Offer};
use crate::coordination::names::{later, within};
use crate::coordination::slate::{Slate, no_agent, read};
use crate::coordination::{AgentId, ProjectId, index};
use crate::state::{Key, KeyRange};

/// The most tasks of one claim.
const TASKS: u32 = 256;
/// The most queues that are looked at in one question.
const QUEUES: usize = 256;
/// The most sets of requirements whose queues are looked at for one claim, as each is a question.
const SETS: usize = 32;

/// A claim that was checked by itself.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) agent: AgentId,
    caller: Principal,
    incarnation: u64,
    pub(super) limit: usize,
    lease_seconds: Option<u64>,
}

impl Ask {
    pub(super) fn new(op: &ClaimTasks, caller: &Principal) -> Result<Self> {
        within("lease_seconds", op.lease_seconds, 1, 1..=DAY)?;
        let limit = within("limit", op.limit, 1, 1..=TASKS)?;
        Ok(Self {
            agent: op.agent.clone(),
            caller: caller.clone(),
            incarnation: op.incarnation,
            limit: usize::try_from(limit).unwrap_or(1),
            lease_seconds: op.lease_seconds,
        })
    }
}

/// What a claim is given, and what its agent offers, for whoever keeps it waiting.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) claims: Vec<Claim>,
    pub(super) offer: Offer,
}

/// The queues of a set in the order of their turns, as far as they were read.
struct Turns {
    heads: BTreeSet<(u64, ProjectId)>,
    rest: KeyRange,
    /// The last queue that was read; none once all were.
    read: Option<(u64, ProjectId)>,
    whole: bool,
}

/// What was taken from each queue, and for which of the asks.
type Taken = BTreeMap<(u64, ProjectId), Vec<usize>>;

/// Gives ready tasks to those who ask, one to each in turn until nothing is left that fits. An ask that is refused does not
/// stand in the way of the others.
pub(super) async fn claim(slate: &mut Slate<'_, '_>, asks: &[Ask]) -> Result<Vec<Result<Given>>> {
    // One question for both.
    let mut keys = vec![queue::sets_key(&slate.tenant)?];
    for ask in asks {
        keys.push(AgentRecord::key(&slate.tenant, &ask.agent)?);
    }
    slate.tx.get_many(&keys).await?;
    slate.take_agents(asks.iter().map(|ask| &ask.agent)).await?;
    let mut given = Vec::with_capacity(asks.len());
    for ask in asks {
        let agent = slate.agent(&ask.agent).and_then(|agent| {
            agent.check(ask.incarnation, &ask.caller, slate.now)?;
            Ok(agent.offer())
        });
        given.push(agent.map(|offer| Given { claims: Vec::new(), offer }));
    }
    let taken = deal(slate, asks, &given).await?;
    if !taken.is_empty() {
        hand_out(slate, asks, taken, &mut given).await?;
    }
    Ok(given)
}

/// Chooses queues: what it decides depends on turns and counts alone.
async fn deal(slate: &mut Slate<'_, '_>, asks: &[Ask], given: &[Result<Given>]) -> Result<Taken> {
    // Two asks of one agent share its room.
    let mut room: BTreeMap<&AgentId, usize> = BTreeMap::new();
    for (ask, given) in asks.iter().zip(given) {
        if let Ok(agent) = slate.agent(&ask.agent)
            && given.is_ok()
            && agent.state.takes_tasks()
        {
            room.insert(&ask.agent, agent.room());
        }
    }
    let sets = slate.sets().await?;
    let mut wants: Vec<(usize, Vec<u64>)> = Vec::with_capacity(asks.len());
    for (ask, given) in asks.iter().zip(given) {
        wants.push(match given {
            Ok(Given { offer, .. }) if room.contains_key(&ask.agent) => {
                (ask.limit, sets.fitting(SETS, |requires| offer.meets(requires)))
            }
            _ => (0, Vec::new()),
        });
    }
    let wanted: usize = wants.iter().map(|(limit, _)| *limit).sum();
    let mut turns: BTreeMap<u64, Turns> = BTreeMap::new();
    for set in wants.iter().flat_map(|(_, sets)| sets) {
        let rest = queue::turns(&slate.tenant, *set)?;
        turns.insert(*set, Turns { heads: BTreeSet::new(), rest, read: None, whole: false });
    }
    let mut taken = Taken::new();
    let mut open: Vec<usize> = (0..asks.len()).collect();
    while !open.is_empty() {
        let mut next = Vec::with_capacity(open.len());
        for at in open {
            let (limit, sets) = &mut wants[at];
            let Some(room) = room.get_mut(&asks[at].agent) else { continue };
            if *limit == 0 || *room == 0 {
                continue;
            }
            if let Some(queue) = first(slate, &mut turns, sets, &taken, wanted).await? {
                taken.entry(queue).or_default().push(at);
                *limit -= 1;
                *room -= 1;
                next.push(at);
            }
        }
        open = next;
    }
    Ok(taken)
}

/// The queue that has the first turn among those of some sets; it has had it then.
async fn first(
    slate: &mut Slate<'_, '_>,
    turns: &mut BTreeMap<u64, Turns>,
    sets: &[u64],
    taken: &Taken,
    wanted: usize,
) -> Result<Option<(u64, ProjectId)>> {
    let mut best: Option<(u64, u64)> = None;
    for set in sets {
        let Some(turns) = turns.get_mut(set) else { continue };
        read_on(slate, *set, turns, wanted).await?;
        if let Some((tag, _)) = turns.heads.first() {
            let rank = (slate.sets().await?.rank(*set, *tag), *set);
            best = Some(best.map_or(rank, |best| best.min(rank)));
        }
    }
    let Some((_, set)) = best else { return Ok(None) };
    let Some(turns) = turns.get_mut(&set) else { return Ok(None) };
    let Some((tag, project)) = turns.heads.pop_first() else { return Ok(None) };
    let wanted = (set, project);
    let (queue, weight) = slate.queue(&wanted);
    let tag = slate.sets().await?.turn(set, tag, weight);
    slate.tag_queue(&wanted, tag);
    let before = taken.get(&wanted).map_or(0, Vec::len);
    if u64::try_from(before + 1).is_ok_and(|taken| taken < queue.ready) {
        turns.heads.insert((tag, wanted.1.clone()));
    }
    Ok(Some(wanted))
}

/// Reads queues until the first turn is certain.
async fn read_on(slate: &mut Slate<'_, '_>, set: u64, turns: &mut Turns, wanted: usize) -> Result<()> {
    while !turns.whole && turns.heads.first().is_none_or(|first| turns.read.as_ref() < Some(first)) {
        let limit = wanted.clamp(1, QUEUES);
        let found = slate.tx.range(&turns.rest, limit).await?;
        turns.whole = found.len() < limit;
        let mut queues = Vec::with_capacity(found.len());
        for entry in &found {
            let (tag, project) = turn_of(&entry.key)?;
            turns.heads.insert((tag, project.clone()));
            turns.read = Some((tag, project.clone()));
            queues.push((set, project));
        }
        if let Some(last) = found.last() {
            turns.rest = turns.rest.clone().after(&last.key);
        }
        slate.take_queues(&queues).await?;
    }
    Ok(())
}

fn turn_of(key: &Key) -> Result<(u64, ProjectId)> {
    let mut parts = key.parts().collect::<Vec<_>>().into_iter().rev();
    let project = parts.next().and_then(|project| ProjectId::new(project).ok());
    let tag = parts.next().and_then(|tag| u64::from_str_radix(&tag, 16).ok());
    tag.zip(project).ok_or_else(|| index::unreadable(key))
}

/// Takes the first tasks out of the chosen queues, and leases them.
async fn hand_out(
    slate: &mut Slate<'_, '_>,
    asks: &[Ask],
    taken: Taken,
    given: &mut [Result<Given>],
) -> Result<()> {
    let mut leases: Vec<(TaskId, usize)> = Vec::new();
    for (wanted, takers) in taken {
        let (queue, _) = slate.queue(&wanted);
        let (set, project) = &wanted;
        let range = queue::ready_from(&slate.tenant, *set, project, &queue.first)?;
        let ready = slate.tx.range(&range, takers.len()).await?;
        if let Some(last) = ready.last() {
            slate.first_of_queue(&wanted, queue::place_in_queue(&last.key));
        }
        for (entry, taker) in ready.iter().zip(takers) {
            let id = index::task_of(project.as_str(), &entry.key.last_part());
            leases.push((id.ok_or_else(|| index::unreadable(&entry.key))?, taker));
        }
    }
    slate.take_tasks(leases.iter().map(|(id, _)| id)).await?;
    let mut inputs = inputs(slate, &leases).await?;
    for (id, taker) in leases {
        if slate.task(&id)?.is_late(slate.now) {
            slate.end_task(&id, TaskEvent::GaveUp, Some("its deadline is over".to_owned()))?;
            continue;
        }
        let token = slate.tx.revision();
        lease(slate, &asks[taker], &id, token)?;
        let (task, input) = (slate.task(&id)?.view(), inputs.remove(&id));
        if let Some(Ok(given)) = given.get_mut(taker) {
            given.claims.push(Claim { task, token, input });
        }
    }
    slate.settle().await
}

/// What the tasks that have an input were given.
async fn inputs(slate: &mut Slate<'_, '_>, leases: &[(TaskId, usize)]) -> Result<HashMap<TaskId, Value>> {
    let mut given = Vec::new();
    for (id, _) in leases {
        if !slate.task(id)?.bare {
            given.push((id.clone(), record::key("task-input", &slate.tenant, id)?));
        }
    }
    let (ids, keys): (Vec<TaskId>, Vec<Key>) = given.into_iter().unzip();
    let found = slate.tx.get_many(&keys).await?;
    let inputs = ids.into_iter().zip(found).filter_map(|(id, input)| Some((id, input?)));
    inputs.map(|(id, input)| Ok((id, read(&input)?))).collect()
}

fn lease(slate: &mut Slate<'_, '_>, ask: &Ask, id: &TaskId, token: u64) -> Result<()> {
    let now = slate.now;
    slate.agent_mut(&ask.agent).map_err(|_| no_agent(&ask.agent))?.hold(id, token)?;
    let task: &mut TaskRecord = slate.task_mut(id)?;
    task.take(TaskEvent::Claimed, now)?;
    debug_assert_eq!(task.state, TaskState::Running);
    task.attempt += 1;
    task.lease = Some(Lease {
        agent: ask.agent.clone(),
        by: ask.caller.to_string(),
        token,
        until: ask.lease_seconds.map(|seconds| (later(now, seconds), seconds)),
        over_at: task.attempt_seconds.map(|seconds| later(now, seconds)),
    });
    slate.tell_task("task.claimed", id)
}

//! A slate: what a transaction of coordination has taken out, and puts back together with everything derived from it.
//!
//! Records are changed by pure functions; the keys that lead to them, the queues, and the counters follow from the difference
//! between what a record was and what it is, in [`Slate::put_back`], and nowhere else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::agents::AgentRecord;
use super::names::{later, topic};
use super::tasks::queue::{self, Queue, Sets, Weight};
use super::tasks::{TaskId, TaskRecord, TaskState, record};
use super::{AgentId, ProjectId, untracked};
use crate::state::{Entry, Key, Tx};

/// How long the tag of a queue that is empty is kept: after a day nobody is owed anything.
const QUEUE_KEPT_SECONDS: u64 = 86_400;

/// What was taken out of the store, as it was and as it is.
#[derive(Debug)]
struct Out<T> {
    was: Option<T>,
    is: Option<T>,
}

impl<T: Clone> Out<T> {
    fn new(found: Option<T>) -> Self {
        Self { was: found.clone(), is: found }
    }
}

/// What holds for every transaction of coordination.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// How long a task that ended is kept.
    pub(crate) keep_seconds: u64,
    /// What spreads the waits between attempts.
    pub(crate) seed: u64,
}

/// What a transaction works on, for one tenant.
pub(crate) struct Slate<'a, 't> {
    pub(crate) tx: &'a mut Tx<'t>,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) rules: Rules,
    tasks: BTreeMap<TaskId, Out<TaskRecord>>,
    agents: BTreeMap<AgentId, Out<AgentRecord>>,
    queues: BTreeMap<(u64, ProjectId), Out<Queue>>,
    weights: BTreeMap<ProjectId, u32>,
    sets: Option<Out<Sets>>,
    /// Tasks that ended, and whose dependants are to be told.
    pub(crate) ended: VecDeque<TaskId>,
}

impl<'a, 't> Slate<'a, 't> {
    pub(crate) fn new(tx: &'a mut Tx<'t>, tenant: &TenantId, rules: Rules) -> Self {
        let now = tx.now();
        Self {
            tx,
            tenant: tenant.clone(),
            now,
            rules,
            tasks: BTreeMap::new(),
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            weights: BTreeMap::new(),
            sets: None,
            ended: VecDeque::new(),
        }
    }

    /// Takes tasks out: one question.
    pub(crate) async fn take_tasks<'i>(&mut self, ids: impl IntoIterator<Item = &'i TaskId>) -> Result<()> {
        let ids: BTreeSet<&TaskId> = ids.into_iter().filter(|id| !self.tasks.contains_key(id)).collect();
        let keys: Vec<Key> =
            ids.iter().map(|id| record::key("task", &self.tenant, id)).collect::<Result<_>>()?;
        for (id, found) in ids.into_iter().zip(self.tx.get_many(&keys).await?) {
            self.tasks.insert(id.clone(), Out::new(found.as_ref().map(read).transpose()?));
        }
        Ok(())
    }

    /// Takes agents out: one question.
    pub(crate) async fn take_agents<'i>(&mut self, ids: impl IntoIterator<Item = &'i AgentId>) -> Result<()> {
        let ids: BTreeSet<&AgentId> = ids.into_iter().filter(|id| !self.agents.contains_key(*id)).collect();
        let keys: Vec<Key> =
            ids.iter().map(|id| AgentRecord::key(&self.tenant, id)).collect::<Result<_>>()?;
        for (id, found) in ids.into_iter().zip(self.tx.get_many(&keys).await?) {
            self.agents.insert(id.clone(), Out::new(found.as_ref().map(read).transpose()?));
        }
        Ok(())
    }

    /// Takes the agents of tasks that are out: one question.
    pub(crate) async fn take_holders(&mut self) -> Result<()> {
        let held = self.tasks.values().filter_map(|out| out.is.as_ref()?.lease.as_ref());
        let agents: Vec<AgentId> = held.map(|lease| lease.agent.clone()).collect();
        self.take_agents(&agents).await
    }

    /// A task that is out.
    pub(crate) fn task(&self, id: &TaskId) -> Result<&TaskRecord> {
        self.tasks.get(id).and_then(|out| out.is.as_ref()).ok_or_else(|| no_task(id))
    }

    /// A task that is out, to be changed.
    pub(crate) fn task_mut(&mut self, id: &TaskId) -> Result<&mut TaskRecord> {
        self.tasks.get_mut(id).and_then(|out| out.is.as_mut()).ok_or_else(|| no_task(id))
    }

    /// Whether a task that is out is there.
    pub(crate) fn has_task(&self, id: &TaskId) -> bool {
        self.tasks.get(id).is_some_and(|out| out.is.is_some())
    }

    /// Puts a new task onto the slate.
    pub(crate) fn add_task(&mut self, task: TaskRecord) {
        self.tasks.insert(task.id.clone(), Out { was: None, is: Some(task) });
    }

    /// Removes a task that is out.
    pub(crate) fn remove_task(&mut self, id: &TaskId) {
        if let Some(out) = self.tasks.get_mut(id) {
            out.is = None;
        }
    }

    /// An agent that is out.
    pub(crate) fn agent(&self, id: &AgentId) -> Result<&AgentRecord> {
        self.agents.get(id).and_then(|out| out.is.as_ref()).ok_or_else(|| no_agent(id))
    }

    /// An agent that is out, to be changed.
    pub(crate) fn agent_mut(&mut self, id: &AgentId) -> Result<&mut AgentRecord> {
        self.agents.get_mut(id).and_then(|out| out.is.as_mut()).ok_or_else(|| no_agent(id))
    }

    /// Puts an agent onto the slate that was taken out, or was not there.
    pub(crate) fn set_agent(&mut self, agent: AgentRecord) {
        let id = agent.agent.clone();
        self.agents.entry(id).or_insert_with(|| Out::new(None)).is = Some(agent);
    }

    /// Removes an agent that is out.
    pub(crate) fn remove_agent(&mut self, id: &AgentId) {
        if let Some(out) = self.agents.get_mut(id) {
            out.is = None;
        }
    }

    /// The sets of requirements: one question at first.
    pub(crate) async fn sets(&mut self) -> Result<&mut Sets> {
        if self.sets.is_none() {
            let found = self.tx.read(&queue::sets_key(&self.tenant)?).await?;
            self.sets = Some(Out::new(found));
        }
        let out = self.sets.get_or_insert_with(|| Out::new(None));
        Ok(out.is.get_or_insert_default())
    }

    /// Takes queues out, with the weights of their projects: one question.
    pub(crate) async fn take_queues(&mut self, wanted: &[(u64, ProjectId)]) -> Result<()> {
        let missing: BTreeSet<&(u64, ProjectId)> =
            wanted.iter().filter(|queue| !self.queues.contains_key(queue)).collect();
        let mut keys = Vec::with_capacity(missing.len() * 2);
        for (set, project) in &missing {
            keys.push(queue::queue_key(&self.tenant, *set, project)?);
            keys.push(queue::weight_key(&self.tenant, project)?);
        }
        let found = self.tx.get_many(&keys).await?;
        for (wanted, found) in missing.into_iter().zip(found.chunks(2)) {
            let [queue, weight] = found else { continue };
            let weight: Option<Weight> = weight.as_ref().map(read).transpose()?;
            self.weights.insert(wanted.1.clone(), weight.map_or(1, |found| found.weight));
            self.queues.insert(wanted.clone(), Out::new(queue.as_ref().map(read).transpose()?));
        }
        Ok(())
    }

    /// A queue that is out, and the weight of its project.
    pub(crate) fn queue(&self, wanted: &(u64, ProjectId)) -> (Queue, u32) {
        let queue = self.queues.get(wanted).and_then(|out| out.is.clone()).unwrap_or_default();
        (queue, self.weights.get(&wanted.1).copied().unwrap_or(1))
    }

    /// Notes the place of a queue that is out from which on its tasks stand.
    pub(crate) fn first_of_queue(&mut self, wanted: &(u64, ProjectId), place: &str) {
        if let Some(queue) = self.queues.get_mut(wanted).and_then(|out| out.is.as_mut()) {
            place.clone_into(&mut queue.first);
        }
    }

    /// Moves the tag of a queue that is out.
    pub(crate) fn tag_queue(&mut self, wanted: &(u64, ProjectId), tag: u64) {
        if let Some(queue) = self.queues.get_mut(wanted).and_then(|out| out.is.as_mut()) {
            queue.tag = tag;
        }
    }

    /// Appends an event about a task that is out.
    pub(crate) fn tell_task(&mut self, kind: &'static str, id: &TaskId) -> Result<()> {
        let topic = topic("task", &self.tenant, &[id.project().as_str(), &id.to_string()])?;
        let task = self.task(id)?;
        let lease = task.lease.as_ref();
        let data = TaskTold {
            task: id,
            project: id.project(),
            state: task.state,
            attempt: task.attempt,
            agent: lease.map(|lease| &lease.agent),
            token: lease.map(|lease| lease.token),
            percent: task.percent.filter(|_| kind == "task.progress"),
            note: task.note.as_deref().filter(|_| kind == "task.progress"),
            error: task.error.as_deref(),
        };
        let data = encode(&data)?;
        self.tx.append(topic, kind, data)?;
        Ok(())
    }

    /// Appends an event about an agent that is out.
    pub(crate) fn tell_agent(&mut self, kind: &'static str, id: &AgentId) -> Result<()> {
        let topic = topic("agent", &self.tenant, &[id.as_str()])?;
        let agent = self.agent(id)?;
        let data = AgentTold { agent: id, state: agent.state, incarnation: agent.incarnation };
        let data = encode(&data)?;
        self.tx.append(topic, kind, data)?;
        Ok(())
    }

    /// Writes what has changed, with what is derived from it. Gives whether tasks became ready.
    pub(crate) async fn put_back(mut self) -> Result<bool> {
        let ready = self.queue_up().await?;
        let (tenant, tx) = (&self.tenant, self.tx);
        for (id, out) in &self.tasks {
            if out.was == out.is {
                continue;
            }
            let old = out.was.as_ref().map(|task| task.index(tenant)).transpose()?.unwrap_or_default();
            let new = out.is.as_ref().map(|task| task.index(tenant)).transpose()?.unwrap_or_default();
            put_record(tx, record::key("task", tenant, id)?, out.is.as_ref(), None)?;
            put_index(tx, old, new)?;
        }
        for (id, out) in &self.agents {
            if out.was == out.is {
                continue;
            }
            let old = out.was.as_ref().map(|agent| agent.index(tenant)).transpose()?.unwrap_or_default();
            let new = out.is.as_ref().map(|agent| agent.index(tenant)).transpose()?.unwrap_or_default();
            let expires = out.is.as_ref().and_then(AgentRecord::expires);
            put_record(tx, AgentRecord::key(tenant, id)?, out.is.as_ref(), expires)?;
            put_index(tx, old, new)?;
        }
        for ((set, project), out) in &self.queues {
            if out.was == out.is {
                continue;
            }
            let turn = |queue: &Option<Queue>| match queue {
                Some(queue) if queue.ready > 0 => {
                    Ok(vec![queue::turn_key(tenant, *set, queue.tag, project)?])
                }
                _ => Ok::<_, Error>(Vec::new()),
            };
            let empty = out.is.as_ref().is_none_or(|queue| queue.ready == 0);
            let expires = empty.then(|| later(self.now, QUEUE_KEPT_SECONDS));
            put_record(tx, queue::queue_key(tenant, *set, project)?, out.is.as_ref(), expires)?;
            put_index(tx, turn(&out.was)?, turn(&out.is)?)?;
        }
        if let Some(sets) = self.sets.filter(|sets| sets.was != sets.is) {
            put_record(tx, queue::sets_key(tenant)?, sets.is.as_ref(), None)?;
        }
        Ok(ready)
    }

    /// Puts tasks that became ready into their queues, and takes out those that are ready no more. Only a task that comes, or comes
    /// back after it had ended, may be refused: every other one has its queue already.
    async fn queue_up(&mut self) -> Result<bool> {
        let moved: Vec<(TaskId, Place, Place)> = self
            .tasks
            .iter()
            .map(|(id, out)| (id.clone(), Place::of(out.was.as_ref()), Place::of(out.is.as_ref())))
            .filter(|(_, was, is)| was != is)
            .collect();
        if moved.is_empty() {
            return Ok(false);
        }
        let mut wanted = Vec::with_capacity(moved.len());
        for (id, was, is) in &moved {
            let known = self.tasks.get(id).and_then(|out| out.was.as_ref()?.queue);
            let number = match known {
                Some(number) => number,
                None => {
                    let requires = self.task(id)?.requires.clone();
                    self.sets().await?.enter(&requires)?
                }
            };
            if *is == Place::Nowhere {
                self.sets().await?.leave(number);
            }
            if let Some(task) = self.tasks.get_mut(id).and_then(|out| out.is.as_mut()) {
                task.queue = (*is != Place::Nowhere).then_some(number);
            }
            let place = match (was, is) {
                (_, Place::Queue) => Some(queue::ready_place(id, self.task(id)?.priority)),
                (Place::Queue, _) => None,
                _ => continue,
            };
            wanted.push(((number, id.project().clone()), place));
        }
        let queues: Vec<_> = wanted.iter().map(|(queue, _)| queue.clone()).collect();
        self.take_queues(&queues).await?;
        self.sets().await?;
        let mut ready = false;
        for (wanted, place) in wanted {
            let (Some(sets), Some(out)) = (self.sets.as_mut(), self.queues.get_mut(&wanted)) else {
                continue;
            };
            let (sets, queue) = (sets.is.get_or_insert_default(), out.is.get_or_insert_default());
            ready |= place.is_some();
            match place {
                Some(place) => sets.push(wanted.0, queue, place),
                None => sets.pop(wanted.0, queue),
            }
        }
        Ok(ready)
    }
}

/// Where a task is, as far as queues are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is not there, or it has ended.
    Nowhere,
    /// It waits for its time, or somebody has it.
    Beside,
    /// It is ready.
    Queue,
}

impl Place {
    fn of(task: Option<&TaskRecord>) -> Self {
        match task.map(|task| task.state) {
            None => Self::Nowhere,
            Some(TaskState::Ready) => Self::Queue,
            Some(state) if state.is_ended() => Self::Nowhere,
            Some(_) => Self::Beside,
        }
    }
}

/// What an event about a task says.
#[derive(Serialize)]
struct TaskTold<'a> {
    task: &'a TaskId,
    project: &'a ProjectId,
    state: TaskState,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// What an event about an agent says.
#[derive(Serialize)]
struct AgentTold<'a> {
    agent: &'a AgentId,
    state: super::agents::AgentState,
    incarnation: u64,
}

fn put_record<T: Serialize>(
    tx: &mut Tx<'_>,
    key: Key,
    is: Option<&T>,
    expires: Option<Timestamp>,
) -> Result<()> {
    match is {
        Some(is) => tx.put_untracked(key, encode(is)?, expires),
        None => tx.delete(key),
    }
}

/// Writes the difference between two sets of keys that lead somewhere. Nobody watches those.
fn put_index(tx: &mut Tx<'_>, old: Vec<Key>, new: Vec<Key>) -> Result<()> {
    for key in &old {
        if !new.contains(key) {
            tx.delete(key.clone())?;
        }
    }
    for key in new {
        if !old.contains(&key) {
            untracked::put(tx, key, "")?;
        }
    }
    Ok(())
}

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorKind::Internal, "a record of coordination has no JSON form").source(error)
    })
}

pub(crate) fn read<T: DeserializeOwned>(entry: &Entry) -> Result<T> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("{}: what is stored is not what is read: {error}", entry.key))
    })
}

pub(crate) fn no_task(id: &TaskId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no task {id}")).refused()
}

pub(crate) fn no_agent(id: &AgentId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no agent {id}: register it")).refused()
}

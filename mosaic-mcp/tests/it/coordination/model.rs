//! Random courses of agents and tasks, checked after every step against what must always hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::agents::*;
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{AgentId, CoordinationOptions};
use mosaic_mcp::state::KeyRange;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::{Rig, agent, origin, task, texts};
use crate::ground::Ground;

const AGENTS: usize = 3;
const CAPABILITIES: [&str; 2] = ["rust", "gpu"];

#[derive(Debug, Clone)]
enum Step {
    Submit {
        after: Vec<usize>,
        rule: Rule,
        requires: usize,
        priority: i32,
        not_before: Option<u8>,
        deadline: Option<u8>,
    },
    Claim {
        agent: usize,
        limit: u32,
        lease: Option<u64>,
    },
    Report {
        held: usize,
        how: usize,
    },
    Cancel(usize),
    Replay(usize),
    Register {
        agent: usize,
        slots: u32,
    },
    Deregister(usize),
    Heartbeat(usize),
    Drain {
        agent: usize,
        resume: bool,
    },
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let submit = (
        prop::collection::vec(0_usize..40, 0..3),
        prop::sample::select(vec![Rule::All, Rule::Any, Rule::Failure]),
        0_usize..4,
        -2_i32..3,
        prop::option::weighted(0.2, 0_u8..40),
        prop::option::weighted(0.2, 1_u8..60),
    );
    let submit = submit.prop_map(|(after, rule, requires, priority, not_before, deadline)| Step::Submit {
        after,
        rule,
        requires,
        priority,
        not_before,
        deadline,
    });
    prop_oneof![
        5 => submit,
        6 => (0..AGENTS, 1_u32..4, prop::option::weighted(0.3, 5_u64..30))
            .prop_map(|(agent, limit, lease)| Step::Claim { agent, limit, lease }),
        8 => (0_usize..40, 0_usize..8).prop_map(|(held, how)| Step::Report { held, how }),
        1 => (0_usize..40).prop_map(Step::Cancel),
        1 => (0_usize..40).prop_map(Step::Replay),
        1 => (0..AGENTS, 1_u32..5).prop_map(|(agent, slots)| Step::Register { agent, slots }),
        1 => (0..AGENTS).prop_map(Step::Deregister),
        3 => (0..AGENTS).prop_map(Step::Heartbeat),
        1 => (0..AGENTS, any::<bool>()).prop_map(|(agent, resume)| Step::Drain { agent, resume }),
        3 => (0_u64..25).prop_map(Step::Pass),
    ]
}

/// What the model knows of a task.
struct Known {
    id: TaskId,
    after: Vec<usize>,
    rule: Rule,
    last_token: u64,
    /// How it was seen to have ended.
    ends: HashSet<TaskState>,
}

struct Model {
    rig: Rig,
    agents: Vec<Agent>,
    tasks: Vec<Known>,
    /// Everything that was ever claimed, with what was reported.
    held: Vec<(TaskId, u64, Option<usize>)>,
}

fn name(at: usize) -> String {
    format!("agent-{at}")
}

fn offers(at: usize) -> Vec<String> {
    texts(&CAPABILITIES[..at])
}

impl Model {
    async fn open(on: &Ground) -> Self {
        let rig = Rig::with(on, CoordinationOptions::new().tick_every(None).seed(7)).await;
        let mut agents = Vec::new();
        for at in 0..AGENTS {
            agents.push(rig.agent(agent(&name(at)).offers(offers(at)).slots(2u32)).await);
        }
        Self { rig, agents, tasks: Vec::new(), held: Vec::new() }
    }

    async fn record(&self, id: &TaskId) -> Value {
        let all = self.all("task").await;
        all.into_values().find(|task| task["id"] == id.to_string()).unwrap()
    }

    /// Every record of a room.
    async fn all(&self, room: &str) -> BTreeMap<String, Value> {
        let found = self.rig.state.range(&KeyRange::below(&[room]).unwrap(), 10_000).await.unwrap();
        found
            .into_iter()
            .map(|entry| (entry.key.to_string(), serde_json::from_slice(&entry.value).unwrap_or(Value::Null)))
            .collect()
    }

    async fn take(&mut self, step: Step) {
        let (tasks, agents, cx) = (self.rig.tasks.clone(), self.rig.agents.clone(), self.rig.cx.clone());
        let at = |seconds: u8| {
            origin()
                + self.rig.state.now().duration_since(origin())
                + jiff::SignedDuration::from_secs(seconds.into())
        };
        match step {
            Step::Submit { after, rule, requires, priority, not_before, deadline } => {
                let known = self.tasks.len();
                let after: BTreeSet<usize> = after.into_iter().filter(|at| *at < known).collect();
                let ids = after.iter().map(|at| self.tasks[*at].id.to_string()).collect::<Vec<_>>();
                let requires = match requires {
                    3 => texts(&["agent:agent-1"]),
                    requires => offers(requires.min(CAPABILITIES.len())),
                };
                let retry = Retry::new().attempts(2u32).first_seconds(3u64);
                let mut op = task(["p", "q"][known % 2], "T").after(ids).rule(rule).requires(requires);
                op = op.priority(priority).retry(retry);
                op.not_before = not_before.map(at);
                op.deadline = deadline.map(at);
                let task = self.rig.submit(op).await;
                let after = after.into_iter().collect();
                self.tasks.push(Known { id: task.task, after, rule, last_token: 0, ends: HashSet::new() });
            }
            Step::Claim { agent, limit, lease } => {
                let agent = &self.agents[agent];
                let mut op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(limit);
                op.lease_seconds = lease;
                match tasks.claim_tasks(&cx, op).await {
                    Ok(claimed) => self.check_claims(claimed),
                    Err(error) => {
                        assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound), "{error}")
                    }
                }
            }
            Step::Report { held, how } if !self.held.is_empty() => {
                let at = held % self.held.len();
                self.report(at, how).await;
            }
            Step::Cancel(at) if !self.tasks.is_empty() => {
                let id = self.tasks[at % self.tasks.len()].id.clone();
                let before = self.rig.task(&id).await.state;
                let done = tasks.cancel_task(&cx, CancelTask::new(id)).await;
                let ended = before.is_ended() && before != TaskState::Cancelled;
                assert_eq!(done.is_err(), ended, "{before}");
            }
            Step::Replay(at) if !self.tasks.is_empty() => {
                let id = self.tasks[at % self.tasks.len()].id.clone();
                let before = self.record(&id).await;
                let done = tasks.replay_task(&cx, ReplayTask::new(id)).await;
                let may = before["state"] == "dead" && before["lost"].is_null();
                assert_eq!(done.is_ok(), may, "{before}");
            }
            Step::Register { agent: at, slots } => {
                let old = self.agents[at].incarnation;
                self.agents[at] = self.rig.agent(agent(&name(at)).offers(offers(at)).slots(slots)).await;
                assert!(self.agents[at].incarnation > old);
            }
            Step::Deregister(at) => {
                let op = DeregisterAgent::new(AgentId::new(name(at)).unwrap());
                let done = agents.deregister_agent(&cx, op).await;
                assert!(
                    done.is_ok_and(|gone| gone.tasks.is_empty())
                        || self.state_of(at).await == AgentState::Gone
                );
            }
            Step::Heartbeat(at) => {
                let before = agents.get_agent(&cx, GetAgent::new(AgentId::new(name(at)).unwrap())).await;
                let op = HeartbeatAgent::new(self.agents[at].agent.clone(), self.agents[at].incarnation);
                let done = agents.heartbeat_agent(&cx, op).await;
                let lives = before
                    .is_ok_and(|agent| agent.state.is_live() && agent.lease_until > self.rig.state.now());
                assert_eq!(done.is_ok(), lives);
            }
            Step::Drain { agent, resume } => {
                let before = self.state_of(agent).await;
                let op = DrainAgent::new(AgentId::new(name(agent)).unwrap()).resume(resume);
                assert_eq!(agents.drain_agent(&cx, op).await.is_ok(), before.is_live());
            }
            Step::Pass(seconds) => self.rig.pass(seconds).await,
            _ => {}
        }
    }

    async fn state_of(&self, at: usize) -> AgentState {
        let op = GetAgent::new(AgentId::new(name(at)).unwrap());
        self.rig.agents.get_agent(&self.rig.cx, op).await.map_or(AgentState::Gone, |agent| agent.state)
    }

    fn check_claims(&mut self, claimed: Claimed) {
        for claim in claimed.tasks {
            let at = self.tasks.iter().position(|known| known.id == claim.task.task).unwrap();
            let ended = |how: TaskState| {
                self.tasks[at].after.iter().filter(|on| self.tasks[**on].ends.contains(&how)).count()
            };
            let may = match (self.tasks[at].after.len(), self.tasks[at].rule) {
                (0, _) => true,
                (all, Rule::All) => ended(TaskState::Completed) == all,
                (_, Rule::Any) => ended(TaskState::Completed) > 0,
                (_, Rule::Failure) => ended(TaskState::Dead) > 0,
            };
            assert!(may, "{} began too early", claim.task.task);
            assert!(claim.token > self.tasks[at].last_token, "tokens of a task only grow");
            assert!(claim.task.attempt <= claim.task.attempts);
            self.tasks[at].last_token = claim.token;
            self.held.push((claim.task.task, claim.token, None));
        }
    }

    async fn report(&mut self, at: usize, how: usize) {
        let (id, token, reported) = self.held[at].clone();
        let before = self.record(&id).await;
        let current = before["lease"]["token"] == token;
        let (tasks, cx) = (self.rig.tasks.clone(), self.rig.cx.clone());
        let done = match how {
            0..4 => tasks.complete_task(&cx, CompleteTask::new(id.clone(), token)).await,
            4 | 5 => tasks.fail_task(&cx, FailTask::new(id.clone(), token, "no").for_good(how == 5)).await,
            6 => tasks.return_task(&cx, ReturnTask::new(id.clone(), token)).await,
            _ => tasks.report_progress(&cx, ReportProgress::new(id.clone(), token).log(texts(&["x"]))).await,
        };
        let how = if how < 4 { 0 } else { how };
        if current {
            let after = done.unwrap();
            if how != 7 {
                self.held[at].2 = Some(how);
                let stopping = before["state"] == "stopping";
                assert_eq!(after.state == TaskState::Completed, how == 0 && !stopping);
            }
        } else if reported == Some(how) && before["reported"]["token"] == token {
            assert_eq!(
                serde_json::to_value(done.unwrap().state).unwrap(),
                before["state"],
                "nothing changes"
            );
        } else {
            assert_eq!(done.unwrap_err().kind(), ErrorKind::Conflict);
            assert_eq!(self.record(&id).await, before);
        }
    }

    /// What must hold at any time.
    async fn check(&mut self) {
        let tasks = self.all("task").await;
        assert_eq!(tasks.len(), self.tasks.len(), "no task is lost, none invented");
        let by_state: BTreeSet<String> = self.all("task-state").await.into_keys().collect();
        // Those that are held are found by their agents, and those that are ready in their queues.
        let beside = tasks.iter().filter(|(_, task)| !task["lease"].is_object() && task["state"] != "ready");
        let expected = beside.map(|(key, task)| {
            let mut parts: Vec<&str> = key.split('/').collect();
            parts.insert(2, task["state"].as_str().unwrap());
            parts[0] = "task-state";
            parts.join("/")
        });
        assert_eq!(by_state, expected.collect());
        // The ready ones wait in the queues, which count them.
        let mut waiting: BTreeMap<(u64, String), u64> = BTreeMap::new();
        for task in tasks.values().filter(|task| task["state"] == "ready") {
            let project = task["id"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
            *waiting.entry((task["queue"].as_u64().unwrap(), project)).or_default() += 1;
        }
        let ready = self.all("task-ready").await;
        assert_eq!(ready.len() as u64, waiting.values().sum::<u64>());
        let queues = self.all("task-queue").await;
        for (key, queue) in &queues {
            // Nothing stands before the place from which on a queue is read.
            let below = format!("{}/", key.replacen("task-queue", "task-ready", 1));
            let first = ready.range(below.clone()..).next().filter(|(key, _)| key.starts_with(&below));
            let place = queue["first"].as_str().unwrap_or_default();
            assert!(first.is_none_or(|(key, _)| key[below.len()..] >= *place), "{queue}: {first:?}");
        }
        let queues: BTreeMap<(u64, String), u64> = queues
            .into_iter()
            .map(|(key, queue)| {
                let parts: Vec<&str> = key.split('/').collect();
                (
                    (u64::from_str_radix(parts[2], 16).unwrap(), parts[3].to_owned()),
                    queue["ready"].as_u64().unwrap(),
                )
            })
            .filter(|(_, ready)| *ready > 0)
            .collect();
        assert_eq!(queues, waiting);
        assert_eq!(self.all("task-turn").await.len(), waiting.len());
        let sets = self.all("task-sets").await.into_values().next().unwrap_or(Value::Null);
        let counted: u64 = sets["sets"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, set)| set["ready"].as_u64().unwrap())
            .sum();
        assert_eq!(counted, ready.len() as u64);
        // Agents hold exactly what tasks say that they hold.
        let mut held = HashMap::new();
        for agent in self.all("agent").await.values() {
            let running = agent["running"].as_object().unwrap();
            assert!(running.len() as u64 <= agent["slots"].as_u64().unwrap());
            assert_eq!(
                agent["state"] == "busy",
                !running.is_empty() && agent["state"] != "draining",
                "{agent}"
            );
            for (task, entry) in running {
                held.insert(task.clone(), entry["token"].as_u64().unwrap());
            }
        }
        let leased = tasks.values().filter(|task| task["lease"].is_object());
        let leased: HashMap<String, u64> = leased
            .map(|task| (task["id"].as_str().unwrap().to_owned(), task["lease"]["token"].as_u64().unwrap()))
            .collect();
        assert_eq!(held, leased);
        for (known, at) in self.tasks.iter_mut().zip(0..) {
            let task = tasks.values().find(|task| task["id"] == known.id.to_string()).unwrap();
            let state: TaskState = serde_json::from_value(task["state"].clone()).unwrap();
            assert!(
                !known.ends.contains(&TaskState::Completed) || state == TaskState::Completed,
                "{at} was completed"
            );
            assert_eq!(state.is_held(), task["lease"].is_object());
            assert!(task["lost"].is_null() || known.last_token == 0, "{at} has begun");
            if state.is_ended() {
                known.ends.insert(state);
            }
        }
    }

    /// Everything comes to an end where agents do their work.
    async fn finish(mut self) {
        for at in 0..AGENTS {
            self.take(Step::Register { agent: at, slots: 4 }).await;
            self.check().await;
        }
        for _ in 0..200 {
            for at in 0..AGENTS {
                self.take(Step::Heartbeat(at)).await;
                self.take(Step::Claim { agent: at, limit: 4, lease: None }).await;
            }
            for at in 0..self.held.len() {
                if self.held[at].2.is_none() {
                    self.report(at, 0).await;
                }
            }
            self.rig.pass(5).await;
            self.check().await;
            let tasks = self.all("task").await;
            if tasks.values().all(|task| task["ended_at"].is_string()) {
                return self.rig.close().await;
            }
        }
        panic!("some tasks never ended: {:?}", self.all("task").await);
    }
}

/// A course of steps over a store of its own.
fn course(on: &Ground, steps: Vec<Step>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut model = Model::open(on).await;
        for step in steps {
            model.take(step).await;
            model.check().await;
        }
        model.finish().await;
    });
}

fn courses(on: &Ground, cases: u32) {
    let mut runner = TestRunner::new(crate::support::cases(cases));
    let steps = prop::collection::vec(step(), 1..70);
    let ended = runner.run(&steps, |steps| {
        course(on, steps);
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn whatever_happens_nothing_is_lost_or_done_twice() {
    courses(&Ground::memory(), 400);
}

#[cfg(feature = "sqlite")]
#[test]
fn whatever_happens_in_files_nothing_is_lost_or_done_twice() {
    courses(&Ground::folder(), 4);
}

#[cfg(feature = "postgres")]
#[test]
fn whatever_happens_on_a_server_nothing_is_lost_or_done_twice() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 4);
}

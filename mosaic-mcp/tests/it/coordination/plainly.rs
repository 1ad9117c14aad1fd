//! Agents and tasks on two nodes against what people are told: after every step, each task and each agent is what it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::types::PageRequest;
use mosaic_mcp::coordination::agents::*;
use mosaic_mcp::coordination::tasks::*;
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::{Clock, State, StateOptions};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::advance;

use super::plain::{No, Plain, Report, Spec};
use super::{agent, origin, task, texts};
use crate::ground::Ground;

const AGENTS: usize = 3;
/// An agent offers as many as its number says.
const CAPABILITIES: [&str; 2] = ["gpu", "rust"];
const PROJECTS: [&str; 2] = ["p", "q"];

/// A task to be submitted: numbers are brought into range where they are used.
#[derive(Debug, Clone)]
struct Ask {
    key: Option<u8>,
    after: Vec<usize>,
    /// Of the same batch.
    within: Vec<usize>,
    rule: Rule,
    requires: usize,
    priority: i32,
    not_before: Option<u64>,
    deadline: Option<u64>,
    attempts: u32,
    attempt_seconds: Option<u64>,
}

#[derive(Debug, Clone)]
enum Step {
    Submit {
        project: usize,
        asks: Vec<Ask>,
    },
    Claim {
        agent: usize,
        limit: u32,
        lease: Option<u64>,
        old: bool,
    },
    Report {
        held: usize,
        report: Report,
    },
    Together {
        held: Vec<usize>,
    },
    Progress {
        held: usize,
    },
    Cancel(usize),
    /// One that somebody has, or had.
    Stop(usize),
    Replay(usize),
    Register {
        agent: usize,
        slots: u32,
        seconds: u64,
    },
    Deregister(usize),
    Heartbeat(usize),
    Drain {
        agent: usize,
        resume: bool,
    },
    Weigh {
        project: usize,
        weight: u32,
    },
    Pass(u64),
}

fn ask() -> impl Strategy<Value = Ask> {
    let needs = (
        prop::option::weighted(0.2, 0u8..4),
        prop::collection::vec(0usize..12, 0..3),
        prop::collection::vec(0usize..4, 0..2),
    );
    let when = (prop::option::weighted(0.2, 0u64..20), prop::option::weighted(0.5, 1u64..15));
    let how = (prop::sample::select(vec![Rule::All, Rule::Any, Rule::Failure]), 0usize..4, -1i32..2);
    (needs, when, how, 1u32..4, prop::option::weighted(0.2, 1u64..12)).prop_map(
        |(
            (key, after, within),
            (not_before, deadline),
            (rule, requires, priority),
            attempts,
            attempt_seconds,
        )| {
            Ask {
                key,
                after,
                within,
                rule,
                requires,
                priority,
                not_before,
                deadline,
                attempts,
                attempt_seconds,
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let report = prop_oneof![
        6 => Just(Report::Complete),
        3 => Just(Report::Fail),
        1 => Just(Report::ForGood),
        1 => (0u64..5).prop_map(Report::After),
        2 => Just(Report::Return),
    ];
    prop_oneof![
        6 => (0..PROJECTS.len(), prop::collection::vec(ask(), 1..4)).prop_map(|(project, asks)| Step::Submit { project, asks }),
        7 => (0..AGENTS, 1u32..4, prop::option::weighted(0.3, 1u64..15), prop::bool::weighted(0.1))
            .prop_map(|(agent, limit, lease, old)| Step::Claim { agent, limit, lease, old }),
        8 => (0usize..6, report).prop_map(|(held, report)| Step::Report { held, report }),
        1 => prop::collection::vec(0usize..6, 1..4).prop_map(|held| Step::Together { held }),
        1 => (0usize..6).prop_map(|held| Step::Progress { held }),
        1 => (0usize..12).prop_map(Step::Cancel),
        3 => (0usize..4).prop_map(Step::Stop),
        2 => (0usize..12).prop_map(Step::Replay),
        2 => (0..AGENTS, 1u32..5, 5u64..60).prop_map(|(agent, slots, seconds)| Step::Register { agent, slots, seconds }),
        1 => (0..AGENTS).prop_map(Step::Deregister),
        2 => (0..AGENTS).prop_map(Step::Heartbeat),
        1 => (0..AGENTS, any::<bool>()).prop_map(|(agent, resume)| Step::Drain { agent, resume }),
        1 => (0..PROJECTS.len(), 1u32..4).prop_map(|(project, weight)| Step::Weigh { project, weight }),
        3 => (1u64..10).prop_map(Step::Pass),
    ]
}

fn name(at: usize) -> AgentId {
    AgentId::new(format!("agent-{at}")).unwrap()
}

/// Whether a call did what it must.
#[track_caller]
fn same<T>(done: &Result<T, Error>, expected: Result<(), No>) {
    let done = done.as_ref().map(drop).map_err(|error| match error.kind() {
        ErrorKind::NotFound => No::NotFound,
        ErrorKind::Conflict => No::Conflict,
        _ => panic!("{error}"),
    });
    assert_eq!(done, expected);
}

struct Course {
    nodes: Vec<(State, Coordination)>,
    cx: CallContext,
    plain: Plain,
    ids: Vec<TaskId>,
    /// What was submitted under a key of a project.
    keys: BTreeMap<(usize, u8), (SubmitTask, usize)>,
    /// What was ever claimed.
    held: Vec<(usize, u64)>,
    turn: usize,
}

impl Course {
    fn tasks(&self) -> Tasks {
        self.nodes[self.turn % 2].1.tasks()
    }

    fn agents(&self) -> Agents {
        self.nodes[self.turn % 2].1.agents()
    }

    fn held(&self, back: usize) -> Option<(usize, u64)> {
        self.held.iter().rev().nth(back).copied()
    }

    /// The number of a task, counted from the last.
    fn job(&self, back: usize) -> Option<usize> {
        self.ids.len().checked_sub(back + 1)
    }

    async fn take(&mut self, step: Step) {
        self.turn += 1;
        let (tasks, agents, cx) = (self.tasks(), self.agents(), self.cx.clone());
        match step {
            Step::Submit { project, asks } => self.submit(project, asks).await,
            Step::Claim { agent, limit, lease, old } => self.claim(agent, limit, lease, old).await,
            Step::Report { held, report } => {
                let Some((at, token)) = self.held(held) else { return };
                let (id, fail) = (self.ids[at].clone(), |id| FailTask::new(id, token, "no"));
                let done = match report {
                    Report::Complete => tasks.complete_task(&cx, CompleteTask::new(id, token)).await,
                    Report::Fail => tasks.fail_task(&cx, fail(id)).await,
                    Report::ForGood => tasks.fail_task(&cx, fail(id).for_good(true)).await,
                    Report::After(seconds) => tasks.fail_task(&cx, fail(id).after_seconds(seconds)).await,
                    Report::Return => tasks.return_task(&cx, ReturnTask::new(id, token)).await,
                };
                same(&done, self.plain.report(at, token, report));
            }
            Step::Together { held } => {
                let held: Vec<_> = held.into_iter().filter_map(|back| self.held(back)).collect();
                let Some((first, _)) = held.first() else { return };
                let project = self.plain.jobs[*first].spec.project;
                let held: Vec<_> =
                    held.into_iter().filter(|(at, _)| self.plain.jobs[*at].spec.project == project).collect();
                let reports: Vec<_> =
                    held.iter().map(|(at, token)| CompleteTask::new(self.ids[*at].clone(), *token)).collect();
                let done = tasks.complete_tasks(&cx, CompleteTasks::new(reports)).await.unwrap();
                let (mut completed, mut refused) = (Vec::new(), Vec::new());
                for (at, token) in held {
                    match self.plain.report(at, token, Report::Complete) {
                        Ok(()) => completed.push(self.ids[at].clone()),
                        Err(_) => refused.push(self.ids[at].clone()),
                    }
                }
                assert_eq!(done.tasks.into_iter().map(|task| task.task).collect::<Vec<_>>(), completed);
                assert_eq!(done.refused.into_iter().map(|no| no.task).collect::<Vec<_>>(), refused);
            }
            Step::Progress { held } => {
                let Some((at, token)) = self.held(held) else { return };
                let done = tasks.report_progress(&cx, ReportProgress::new(self.ids[at].clone(), token)).await;
                same(&done, self.plain.progress(at, token));
            }
            Step::Cancel(_) | Step::Stop(_) => {
                let at = match step {
                    Step::Cancel(back) => self.job(back),
                    Step::Stop(back) => self.held(back).map(|(at, _)| at),
                    _ => None,
                };
                let Some(at) = at else { return };
                let done = tasks.cancel_task(&cx, CancelTask::new(self.ids[at].clone())).await;
                same(&done, self.plain.cancel(at));
            }
            Step::Replay(back) => {
                let Some(at) = self.job(back) else { return };
                let done = tasks.replay_task(&cx, ReplayTask::new(self.ids[at].clone())).await;
                same(&done, self.plain.replay(at));
            }
            Step::Register { agent: at, slots, seconds } => {
                let offers = texts(&CAPABILITIES[..at.min(CAPABILITIES.len())]);
                let op = agent(name(at).as_str()).offers(offers).slots(slots).lease_seconds(seconds);
                let found = agents.register_agent(&cx, op).await.unwrap();
                self.plain.register(at, found.incarnation, slots, seconds);
            }
            Step::Deregister(at) => {
                let done = agents.deregister_agent(&cx, DeregisterAgent::new(name(at))).await;
                same(&done, self.plain.deregister(at));
            }
            Step::Heartbeat(at) => {
                let incarnation = self.plain.workers.get(&at).map_or(0, |worker| worker.incarnation);
                let done = agents.heartbeat_agent(&cx, HeartbeatAgent::new(name(at), incarnation)).await;
                let now = self.plain.now;
                let beat =
                    self.plain.worker(at, None).map(|worker| worker.until = now + worker.seconds * 1_000);
                same(&done, beat);
            }
            Step::Drain { agent: at, resume } => {
                let done = agents.drain_agent(&cx, DrainAgent::new(name(at)).resume(resume)).await;
                same(&done, self.plain.worker(at, None).map(|worker| worker.draining = !resume));
            }
            Step::Weigh { project, weight } => {
                let project = ProjectId::new(PROJECTS[project]).unwrap();
                tasks.set_project(&cx, SetProject::new(project, weight)).await.unwrap();
            }
            Step::Pass(seconds) => {
                for _ in 0..seconds * 2 {
                    advance(Duration::from_millis(500)).await;
                    self.plain.now += 500;
                    self.plain.tick();
                    // Until nothing is due any more.
                    let now = self.nodes[0].0.now();
                    loop {
                        let ticked = tasks.tick().await.unwrap();
                        if !ticked.more && ticked.next.is_none_or(|next| next > now) {
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn submit(&mut self, project: usize, asks: Vec<Ask>) {
        let (first, count) = (self.ids.len(), asks.len());
        let at = |millis: u64| origin() + Duration::from_millis(millis);
        let (mut ops, mut specs, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (place, ask) in asks.into_iter().enumerate() {
            let after: BTreeSet<usize> = ask.after.iter().filter_map(|back| self.job(*back)).collect();
            let within: BTreeSet<usize> = ask.within.iter().map(|within| within % count).collect();
            let mut names: Vec<String> = after.iter().map(|at| self.ids[*at].to_string()).collect();
            names.extend(within.iter().map(|within| format!("n{within}")));
            // Deadlines lie between the moments in which anything is done, and no two together.
            let mut deadline = ask.deadline.map(|seconds| self.plain.now + seconds * 1_000 + 500);
            let known = |specs: &[Spec], deadline| {
                let jobs = self.plain.jobs.iter().map(|job| &job.spec);
                jobs.chain(specs).any(|spec| spec.deadline == deadline)
            };
            while deadline.is_some() && known(&specs, deadline) {
                deadline = deadline.map(|deadline| deadline + 1_000);
            }
            let not_before = ask.not_before.map(|seconds| self.plain.now + seconds * 1_000);
            let requires = match ask.requires {
                3 => texts(&["agent:agent-1"]),
                requires => texts(&CAPABILITIES[..requires]),
            };
            let mut op = task(PROJECTS[project], "T").name(format!("n{place}")).after(names).rule(ask.rule);
            op = op.requires(requires).priority(ask.priority);
            op = op.retry(Retry::new().attempts(ask.attempts).first_seconds(0u64));
            op.not_before = not_before.map(at);
            op.deadline = deadline.map(at);
            op.attempt_seconds = ask.attempt_seconds;
            op.idempotency_key = ask.key.map(|key| format!("key-{key}"));
            // The same again, now and then.
            if let Some((known, _)) = ask.key.and_then(|key| self.keys.get(&(project, key)))
                && place % 2 == 0
                && within.is_empty()
            {
                let name = op.name.take();
                op = known.clone();
                op.name = name;
            }
            specs.push(Spec {
                project,
                requires: ask.requires,
                priority: ask.priority,
                after: after.into_iter().chain(within.into_iter().map(|within| first + within)).collect(),
                rule: ask.rule,
                not_before,
                deadline,
                attempts: ask.attempts,
                attempt_seconds: ask.attempt_seconds,
            });
            keys.push(ask.key);
            ops.push(op);
        }
        let there: Vec<Option<usize>> = keys
            .iter()
            .map(|key| {
                let (_, at) = self.keys.get(&(project, (*key)?))?;
                (!self.plain.jobs[*at].gone).then_some(*at)
            })
            .collect();
        let expected = self.expected(project, &keys, &ops, &specs, &there, first);
        let done = self.tasks().submit_tasks(&self.cx, SubmitTasks::new(ops.clone())).await;
        let done = match done {
            Ok(done) => done.tasks,
            Err(error) => {
                assert_eq!(expected, Some(error.kind()), "{error}");
                return;
            }
        };
        assert_eq!(expected, None, "{ops:#?}");
        // Those that are there stay; the others come in their order.
        let mut number = BTreeMap::new();
        let mut new = Vec::new();
        for (place, (there, spec)) in there.iter().zip(specs).enumerate() {
            number.insert(first + place, there.unwrap_or(first + new.len()));
            if there.is_none() {
                new.push((place, spec));
            }
        }
        let specs = new.iter().map(|(_, spec)| Spec {
            after: spec.after.iter().map(|at| number.get(at).copied().unwrap_or(*at)).collect(),
            ..spec.clone()
        });
        self.plain.submit(specs.collect());
        for (place, found) in done.into_iter().enumerate() {
            let at = number[&(first + place)];
            match self.ids.get(at) {
                Some(known) => assert_eq!(found.task, *known),
                None => self.ids.push(found.task),
            }
            if let Some(key) = keys[place] {
                self.keys.insert((project, key), (ops[place].clone(), at));
            }
        }
    }

    /// Why a batch is refused, where it must be.
    fn expected(
        &self,
        project: usize,
        keys: &[Option<u8>],
        ops: &[SubmitTask],
        specs: &[Spec],
        there: &[Option<usize>],
        first: usize,
    ) -> Option<ErrorKind> {
        let given: Vec<u8> = keys.iter().flatten().copied().collect();
        if given.iter().collect::<BTreeSet<_>>().len() < given.len() {
            return Some(ErrorKind::Invalid);
        }
        // Whoever waits for nothing else of the batch is taken out, until nobody is left.
        let names = |op: &SubmitTask| {
            op.after.iter().filter_map(|name| name.strip_prefix('n')?.parse().ok()).collect()
        };
        let mut waits: BTreeMap<usize, BTreeSet<usize>> = ops.iter().map(names).enumerate().collect();
        while let Some(free) = waits.iter().find(|(_, on)| on.is_empty()).map(|(at, _)| *at) {
            waits.remove(&free);
            waits.values_mut().for_each(|on| {
                on.remove(&free);
            });
        }
        if !waits.is_empty() {
            return Some(ErrorKind::Invalid);
        }
        for ((key, op), there) in keys.iter().zip(ops).zip(there) {
            if let (Some(key), Some(_)) = (key, there)
                && self.keys[&(project, *key)].0 != *op
            {
                return Some(ErrorKind::Conflict);
            }
        }
        let gone = |at: &usize| *at < first && self.plain.jobs[*at].gone;
        let new = || specs.iter().zip(ops).zip(there).filter(|(_, there)| there.is_none());
        if new().any(|((spec, _), _)| spec.after.iter().any(gone)) {
            return Some(ErrorKind::NotFound);
        }
        None
    }

    async fn claim(&mut self, agent: usize, limit: u32, lease: Option<u64>, old: bool) {
        let incarnation = self.plain.workers.get(&agent).map_or(0, |worker| worker.incarnation)
            - u64::from(old && self.plain.workers.contains_key(&agent));
        let mut op = ClaimTasks::new(name(agent), incarnation).limit(limit);
        op.lease_seconds = lease;
        let done = self.tasks().claim_tasks(&self.cx, op).await;
        let worker = self.plain.worker(agent, Some(incarnation)).map(|worker| worker.clone());
        same(&done, worker.as_ref().map(drop).map_err(|no| *no));
        let (Ok(done), Ok(worker)) = (done, worker) else { return };
        let room = worker.slots as usize - self.plain.holds(agent).len();
        let most = if worker.draining { 0 } else { room.min(limit as usize) };
        let suits = |at: &usize| self.plain.suits(*at, agent, CAPABILITIES.len());
        let ready: BTreeSet<usize> = (0..self.ids.len()).filter(suits).collect();
        let taken: Vec<usize> = done
            .tasks
            .iter()
            .map(|claim| self.ids.iter().position(|id| *id == claim.task.task).unwrap())
            .collect();
        let set: BTreeSet<usize> = taken.iter().copied().collect();
        assert_eq!(
            (set.len(), taken.len()),
            (most.min(ready.len()), most.min(ready.len())),
            "{:#?}",
            self.plain
        );
        assert!(set.is_subset(&ready));
        // Nobody of the same project and requirements comes before.
        let rank = |at: usize| (-self.plain.jobs[at].spec.priority, at);
        for left in ready.difference(&set) {
            let spec = &self.plain.jobs[*left].spec;
            let queue = |at: &&usize| {
                let other = &self.plain.jobs[**at].spec;
                (other.project, other.requires) == (spec.project, spec.requires)
            };
            assert!(set.iter().filter(queue).all(|at| rank(*at) < rank(*left)), "{left} of {set:?}");
        }
        for (at, claim) in taken.into_iter().zip(done.tasks) {
            assert!(self.held.iter().all(|(known, token)| *known != at || *token < claim.token));
            self.plain.claim(at, agent, claim.token, lease);
            self.held.push((at, claim.token));
        }
    }

    async fn check(&self) {
        let (tasks, agents) = (self.tasks(), self.agents());
        let mut found = BTreeMap::new();
        let mut page = PageRequest::first(7);
        loop {
            let mut op = ListTasks::new();
            op.page = page.clone();
            let listed = tasks.list_tasks(&self.cx, op).await.unwrap();
            found.extend(listed.items.into_iter().map(|task| (task.task.clone(), task)));
            let Some(next) = listed.next else { break };
            page = PageRequest::first(7).at(next);
        }
        let there = (0..self.ids.len()).filter(|at| !self.plain.jobs[*at].gone);
        assert_eq!(found.len(), there.clone().count());
        for at in there {
            let (job, found) = (&self.plain.jobs[at], &found[&self.ids[at]]);
            let holder = job.lease.map(|lease| name(lease.agent));
            assert_eq!(
                (found.state, found.attempt, &found.agent, found.ended_at.is_some()),
                (job.state, job.attempt, &holder, job.state.is_ended()),
                "{at}: {job:#?}\n{found:#?}"
            );
        }
        for (at, project) in PROJECTS.iter().enumerate() {
            let op = GetProject::new(ProjectId::new(*project).unwrap());
            let ready = tasks.get_project(&self.cx, op).await.unwrap().ready;
            let expected =
                self.plain.jobs.iter().filter(|job| job.spec.project == at && job.state == TaskState::Ready);
            assert_eq!(ready, expected.count() as u64);
        }
        for agent in self.plain.workers.keys() {
            let found = agents.get_agent(&self.cx, GetAgent::new(name(*agent))).await.unwrap();
            assert_eq!(found.state, self.plain.state_of(*agent), "agent {agent}");
            let mut held: Vec<_> =
                found.tasks.into_iter().map(|held| (held.task, held.token, held.stop)).collect();
            let mut expected: Vec<_> = self
                .plain
                .holds(*agent)
                .into_iter()
                .map(|at| {
                    let job = &self.plain.jobs[at];
                    (self.ids[at].clone(), job.lease.unwrap().token, job.state == TaskState::Stopping)
                })
                .collect();
            held.sort();
            expected.sort();
            assert_eq!(held, expected, "agent {agent}");
        }
    }
}

async fn play(on: &Ground, keep: u64, steps: Vec<Step>) {
    let spot = on.spot();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let options = StateOptions::new().clock(Clock::tokio(origin()));
        let state = options.open_shared(spot.open().await).await.unwrap();
        let options = CoordinationOptions::new().tick_every(None).keep(Duration::from_secs(keep));
        nodes.push((state.clone(), Coordination::open(state, options)));
    }
    let plain = Plain { keep: keep * 1_000, ..Plain::default() };
    let (ids, keys, held) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut course = Course { nodes, cx: CallContext::new(), plain, ids, keys, held, turn: 0 };
    for step in steps {
        course.take(step).await;
        course.check().await;
    }
    for (state, node) in course.nodes {
        node.close().await;
        state.close().await.unwrap();
    }
}

fn courses(on: &Ground, few: u32) {
    let mut runner = TestRunner::new(crate::support::cases(few));
    let keep = prop_oneof![Just(1_000_000u64), 1u64..40];
    let ended = runner.run(&(keep, prop::collection::vec(step(), 1..60)), |(keep, steps)| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(on, keep, steps));
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn tasks_and_agents_are_what_people_are_told() {
    courses(&Ground::memory(), 200);
}

#[cfg(feature = "sqlite")]
#[test]
fn tasks_and_agents_in_files_are_what_people_are_told() {
    courses(&Ground::folder(), 3);
}

#[cfg(feature = "postgres")]
#[test]
fn tasks_and_agents_on_a_server_are_what_people_are_told() {
    let Some(on) = Ground::server() else { return };
    courses(&on, 2);
}

//! What agents and tasks do, as people are told it: plainly, without a store. Times are milliseconds of a course.

use std::collections::{BTreeMap, BTreeSet};

use mosaic_mcp::coordination::agents::AgentState;
use mosaic_mcp::coordination::tasks::{Rule, TaskState};

/// What is asked of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spec {
    pub(super) project: usize,
    /// How many of the capabilities, in order; one more than there are for one certain agent.
    pub(super) requires: usize,
    pub(super) priority: i32,
    pub(super) after: BTreeSet<usize>,
    pub(super) rule: Rule,
    pub(super) not_before: Option<u64>,
    pub(super) deadline: Option<u64>,
    pub(super) attempts: u32,
    pub(super) attempt_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Report {
    Complete,
    Fail,
    ForGood,
    After(u64),
    Return,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub(super) agent: usize,
    pub(super) token: u64,
    until: Option<(u64, u64)>,
    over: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) spec: Spec,
    pub(super) state: TaskState,
    pub(super) attempt: u32,
    pub(super) lease: Option<Lease>,
    pub(super) gone: bool,
    /// How those that it waits for ended, as far as that matters.
    heard: BTreeMap<usize, TaskState>,
    /// Whether it may begin, once that is certain.
    may: Option<bool>,
    due: u64,
    deadline: Option<u64>,
    doom: Option<TaskState>,
    reported: Option<(u64, Report)>,
    ended: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) incarnation: u64,
    pub(super) slots: u32,
    pub(super) seconds: u64,
    pub(super) until: u64,
    /// None while it is there.
    pub(super) away: Option<AgentState>,
    pub(super) draining: bool,
}

#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) now: u64,
    /// For how long what has ended is kept.
    pub(super) keep: u64,
    pub(super) jobs: Vec<Job>,
    pub(super) workers: BTreeMap<usize, Worker>,
}

/// A call that is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum No {
    NotFound,
    Conflict,
}

impl Plain {
    pub(super) fn submit(&mut self, specs: Vec<Spec>) {
        let first = self.jobs.len();
        for spec in specs {
            self.jobs.push(Job {
                state: TaskState::Blocked,
                attempt: 0,
                lease: None,
                gone: false,
                heard: BTreeMap::new(),
                may: None,
                due: 0,
                deadline: spec.deadline,
                doom: None,
                reported: None,
                ended: None,
                spec,
            });
        }
        for at in first..self.jobs.len() {
            for on in self.jobs[at].spec.after.clone() {
                if self.jobs[on].state.is_ended() {
                    self.hear(at, on);
                }
            }
            self.decide(at);
        }
    }

    fn hear(&mut self, at: usize, on: usize) {
        let how = self.jobs[on].state;
        let job = &mut self.jobs[at];
        if job.may.is_none() && matches!(job.state, TaskState::Blocked | TaskState::Dead) {
            job.heard.entry(on).or_insert(how);
            self.decide(at);
        }
    }

    fn decide(&mut self, at: usize) {
        let job = &self.jobs[at];
        if job.may.is_some() {
            return;
        }
        let all = job.heard.len() == job.spec.after.len();
        let any = |how: TaskState| job.heard.values().any(|heard| *heard == how);
        let may = match job.spec.rule {
            _ if job.spec.after.is_empty() => Some(true),
            Rule::All if job.heard.values().any(|heard| *heard != TaskState::Completed) => Some(false),
            Rule::All => all.then_some(true),
            Rule::Any if any(TaskState::Completed) => Some(true),
            Rule::Failure if any(TaskState::Dead) => Some(true),
            Rule::Any | Rule::Failure => all.then_some(false),
        };
        self.jobs[at].may = may;
        if self.jobs[at].state == TaskState::Blocked {
            match may {
                Some(true) => self.schedule(at, 0),
                Some(false) => self.end(at, TaskState::Skipped),
                None => {}
            }
        }
    }

    fn schedule(&mut self, at: usize, due: u64) {
        let now = self.now;
        let job = &mut self.jobs[at];
        job.due = due.max(job.spec.not_before.unwrap_or(0));
        job.state = if now < job.due { TaskState::Scheduled } else { TaskState::Ready };
    }

    fn end(&mut self, at: usize, how: TaskState) {
        let now = self.now;
        let job = &mut self.jobs[at];
        (job.state, job.ended, job.lease, job.doom) = (how, Some(now), None, None);
        for waits in 0..self.jobs.len() {
            let job = &self.jobs[waits];
            if job.spec.after.contains(&at) && !job.heard.contains_key(&at) {
                self.hear(waits, at);
            }
        }
    }

    /// Ends an attempt that came to nothing; it is tried again after so many seconds, where at all.
    fn fail(&mut self, at: usize, again: Option<u64>) {
        let (now, job) = (self.now, &mut self.jobs[at]);
        match (job.doom, again) {
            (Some(doom), _) => self.end(at, doom),
            (None, Some(seconds)) if job.attempt < job.spec.attempts => {
                job.lease = None;
                self.schedule(at, now + seconds * 1_000);
            }
            _ => self.end(at, TaskState::Dead),
        }
    }

    fn give_back(&mut self, at: usize) {
        let job = &mut self.jobs[at];
        match job.doom {
            Some(doom) => self.end(at, doom),
            None => {
                job.attempt -= 1;
                job.lease = None;
                self.schedule(at, 0);
            }
        }
    }

    pub(super) fn holds(&self, agent: usize) -> Vec<usize> {
        let holds = |at: &usize| self.jobs[*at].lease.is_some_and(|lease| lease.agent == agent);
        (0..self.jobs.len()).filter(holds).collect()
    }

    /// Time goes on, to where it is now.
    pub(super) fn tick(&mut self) {
        let now = self.now;
        for agent in self.workers.keys().copied().collect::<Vec<_>>() {
            let worker = self.workers.get_mut(&agent).unwrap();
            if worker.away.is_none() && worker.until <= now {
                worker.away = Some(AgentState::Lost);
                for at in self.holds(agent) {
                    self.fail(at, Some(0));
                }
            }
        }
        for at in 0..self.jobs.len() {
            let lease = self.jobs[at].lease;
            let over = |lease: Lease| {
                lease.over.is_some_and(|over| over <= now)
                    || lease.until.is_some_and(|(until, _)| until <= now)
            };
            if lease.is_some_and(over) {
                self.fail(at, Some(0));
            }
        }
        for at in 0..self.jobs.len() {
            let job = &mut self.jobs[at];
            let late = job.deadline.is_some_and(|deadline| deadline <= now);
            match job.state {
                TaskState::Blocked | TaskState::Scheduled | TaskState::Ready if late => {
                    self.end(at, TaskState::Dead)
                }
                TaskState::Scheduled if job.due <= now => job.state = TaskState::Ready,
                TaskState::Running if late => {
                    (job.state, job.doom) = (TaskState::Stopping, Some(TaskState::Dead))
                }
                state if state.is_ended() => job.gone |= job.ended.unwrap() + self.keep <= now,
                _ => {}
            }
        }
    }

    pub(super) fn claim(&mut self, at: usize, agent: usize, token: u64, seconds: Option<u64>) {
        let now = self.now;
        let job = &mut self.jobs[at];
        job.state = TaskState::Running;
        job.attempt += 1;
        let until = seconds.map(|seconds| (now + seconds * 1_000, seconds));
        let over = job.spec.attempt_seconds.map(|seconds| now + seconds * 1_000);
        job.lease = Some(Lease { agent, token, until, over });
    }

    pub(super) fn report(&mut self, at: usize, token: u64, report: Report) -> Result<(), No> {
        let job = &mut self.jobs[at];
        if job.gone {
            return Err(No::NotFound);
        }
        match job.reported {
            Some((told, same)) if told == token => {
                return if same == report { Ok(()) } else { Err(No::Conflict) };
            }
            _ if job.lease.is_none_or(|lease| lease.token != token) => return Err(No::Conflict),
            _ => job.reported = Some((token, report)),
        }
        match report {
            Report::Complete => {
                let how = job.doom.unwrap_or(TaskState::Completed);
                self.end(at, how);
            }
            Report::Fail => self.fail(at, Some(0)),
            Report::ForGood => self.fail(at, None),
            Report::After(seconds) => self.fail(at, Some(seconds)),
            Report::Return => self.give_back(at),
        }
        Ok(())
    }

    pub(super) fn progress(&mut self, at: usize, token: u64) -> Result<(), No> {
        let (now, job) = (self.now, &mut self.jobs[at]);
        match &mut job.lease {
            _ if job.gone => Err(No::NotFound),
            Some(lease) if lease.token == token => {
                lease.until = lease.until.map(|(_, seconds)| (now + seconds * 1_000, seconds));
                Ok(())
            }
            _ => Err(No::Conflict),
        }
    }

    pub(super) fn cancel(&mut self, at: usize) -> Result<(), No> {
        let job = &mut self.jobs[at];
        match job.state {
            _ if job.gone => return Err(No::NotFound),
            TaskState::Cancelled => {}
            TaskState::Running | TaskState::Stopping => {
                (job.state, job.doom) = (TaskState::Stopping, Some(TaskState::Cancelled));
            }
            state if state.is_ended() => return Err(No::Conflict),
            _ => self.end(at, TaskState::Cancelled),
        }
        Ok(())
    }

    pub(super) fn replay(&mut self, at: usize) -> Result<(), No> {
        let (now, job) = (self.now, &mut self.jobs[at]);
        match job.state {
            _ if job.gone => return Err(No::NotFound),
            TaskState::Dead if job.may != Some(false) => {}
            _ => return Err(No::Conflict),
        }
        job.deadline = job.deadline.filter(|deadline| now < *deadline);
        (job.state, job.attempt, job.ended) = (TaskState::Blocked, 0, None);
        if job.may == Some(true) {
            self.schedule(at, 0);
        }
        Ok(())
    }

    /// The attempts of an agent that registers anew have failed.
    pub(super) fn register(&mut self, agent: usize, incarnation: u64, slots: u32, seconds: u64) {
        for at in self.holds(agent) {
            self.fail(at, Some(0));
        }
        let until = self.now + seconds * 1_000;
        let worker = Worker { incarnation, slots, seconds, until, away: None, draining: false };
        self.workers.insert(agent, worker);
    }

    pub(super) fn deregister(&mut self, agent: usize) -> Result<(), No> {
        match self.workers.get_mut(&agent) {
            None => return Err(No::NotFound),
            Some(worker) if worker.away == Some(AgentState::Gone) => return Err(No::Conflict),
            Some(worker) => worker.away = Some(AgentState::Gone),
        }
        for at in self.holds(agent) {
            self.give_back(at);
        }
        Ok(())
    }

    /// One that is there under that incarnation.
    pub(super) fn worker(&mut self, agent: usize, incarnation: Option<u64>) -> Result<&mut Worker, No> {
        let worker = self.workers.get_mut(&agent).ok_or(No::NotFound)?;
        let known = incarnation.is_none_or(|incarnation| incarnation == worker.incarnation);
        if known && worker.away.is_none() { Ok(worker) } else { Err(No::Conflict) }
    }

    pub(super) fn state_of(&self, agent: usize) -> AgentState {
        let worker = &self.workers[&agent];
        match worker.away {
            Some(away) => away,
            None if worker.draining => AgentState::Draining,
            None if self.holds(agent).is_empty() => AgentState::Idle,
            None => AgentState::Busy,
        }
    }

    /// Whether a task is ready, and an agent can do it.
    pub(super) fn suits(&self, at: usize, agent: usize, capabilities: usize) -> bool {
        let job = &self.jobs[at];
        let able = if job.spec.requires > capabilities { agent == 1 } else { job.spec.requires <= agent };
        !job.gone && job.state == TaskState::Ready && able
    }
}

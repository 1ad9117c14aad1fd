//! Rows 25 and 26: tasks that wait, and the agents that take them.
//!
//! Row 25: ours is `Tasks::claim_tasks`: agents that are known, what they offer, turns of projects, leases with tokens, events in the log.
//! Sixteen agents claim at the same time: batches of 32 in the row with the bar, one task each in the other. The peers set a state in a table of tasks
//! with an index by priority and nothing else: `sqlx` on SQLite with one writer connection, a task a transaction; on PostgreSQL 16 connections
//! with `FOR UPDATE SKIP LOCKED`, a task a statement. There how many are wanted is a parameter, as in a queue that is asked for some; a row
//! without a bar has it written out, for which the server finds a better plan. Both sides are synced as they are by default. What was
//! claimed in a round is completed, and the next is submitted, outside of the figures.
//!
//! Row 26: an agent waits for a task with an open claim; the figure is the time from the submission until it has the task. On the store in
//! memory that is the dispatch alone; on SQLite two commits are inside.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use mosaic_benches::{Fault, Figure, Goal, Options, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::agents::{Agent, RegisterAgent};
use mosaic_mcp::coordination::tasks::{
    Claim, ClaimTasks, CompleteTask, CompleteTasks, SubmitTask, SubmitTasks, Tasks,
};
use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions, ProjectId};
use mosaic_mcp::state::{Durability, MemoryStore, PostgresOptions, State};
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use tokio::runtime::Runtime;

use crate::Bench;
use crate::server::Postgres;
use crate::sqlite::{open, pool, wall};

const AGENTS: usize = 16;
const BATCH: usize = 32;
/// The tasks that the peers' tables hold, and that wait on our side all the time.
const BACKLOG: usize = 20_000;
const BACKLOG_ON_POSTGRES: usize = 100_000;

/// Tasks, and agents that are registered.
struct Rig {
    state: State,
    node: Coordination,
    tasks: Tasks,
    agents: Vec<Agent>,
    cx: CallContext,
}

impl Rig {
    async fn open(state: State, backlog: usize) -> Result<Self> {
        let node = Coordination::open(state.clone(), CoordinationOptions::new());
        let (tasks, cx, mut agents) = (node.tasks(), CallContext::new(), Vec::new());
        for number in 0..AGENTS {
            let agent = RegisterAgent::new(AgentId::new(format!("agent-{number}"))?).slots(256_u32);
            agents.push(node.agents().register_agent(&cx, agent.lease_seconds(3_600_u64)).await?);
        }
        let rig = Self { state, node, tasks, agents, cx };
        rig.submit(backlog).await?;
        Ok(rig)
    }

    async fn submit(&self, count: usize) -> Result {
        let project = ProjectId::new("widget")?;
        for begun in (0..count).step_by(1_000) {
            let some = (begun..count.min(begun + 1_000)).map(|at| {
                SubmitTask::new(project.clone(), "Review").priority(i32::try_from(at % 10).unwrap_or(0))
            });
            self.tasks.submit_tasks(&self.cx, SubmitTasks::new(some.collect::<Vec<_>>())).await?;
        }
        Ok(())
    }

    /// All agents claim at the same time, so many tasks at a time, until so many are claimed.
    async fn claim(&self, calls: usize, at_once: usize) -> Result<Vec<Claim>> {
        let each = calls / AGENTS;
        let all = try_join_all(self.agents.iter().map(|agent| async move {
            let mut claimed: Vec<Claim> = Vec::with_capacity(each);
            while claimed.len() < each {
                let limit = u32::try_from(at_once.min(each - claimed.len()))?;
                let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).limit(limit);
                let found = self.tasks.claim_tasks(&self.cx, op).await?.tasks;
                if found.is_empty() {
                    return Err(Fault::from("no task was left"));
                }
                claimed.extend(found);
            }
            Ok(claimed)
        }));
        Ok(all.await?.into_iter().flatten().collect())
    }

    async fn complete(&self, claims: Vec<Claim>) -> Result {
        for some in claims.chunks(256) {
            let reports = some.iter().map(|claim| CompleteTask::new(claim.task.task.clone(), claim.token));
            let done =
                self.tasks.complete_tasks(&self.cx, CompleteTasks::new(reports.collect::<Vec<_>>())).await?;
            if !done.refused.is_empty() {
                return Err(format!("a report was refused: {:?}", done.refused[0]).into());
            }
        }
        Ok(())
    }

    fn claims<'a>(&'a self, runtime: &'a Runtime, calls: usize, at_once: usize) -> Side<'a> {
        Side::prepared(calls, move |calls| {
            // As many for each agent.
            let claimed = (calls / AGENTS).max(1) * AGENTS;
            let began = Instant::now();
            let claims = runtime.block_on(self.claim(claimed, at_once))?;
            let took = began.elapsed();
            runtime.block_on(async {
                self.complete(claims).await?;
                self.submit(claimed).await
            })?;
            Ok(took.mul_f64(calls as f64 / claimed as f64))
        })
    }

    async fn close(self) -> Result {
        self.node.close().await;
        Ok(self.state.close().await?)
    }
}

/// Row 25.
pub(crate) fn claims(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let folder = tempfile::tempdir()?;
    let [batches, ones, peer] = on_sqlite(options, runtime, folder.path())?;
    let name = "claim in batches of 32, SQLite / sqlx, a task a transaction";
    report.ratio("25", name, batches.median, peer.median, Goal::must(1.0 / 3.0));
    report.moon("25 moon", "claim in batches of 32, SQLite / 50,000 a second", batches.median, 20_000.0);
    let name = "claim one by one, 16 agents, SQLite / the same";
    report.ratio("25 one", name, ones.median, peer.median, Goal::NONE);
    let Some(server) = Postgres::start()? else {
        println!("25 pg        skipped: MOSAIC_POSTGRES names no folder of the programs of PostgreSQL");
        return Ok(());
    };
    let [batches, ones, peer, tuned] = on_postgres(options, runtime, &server)?;
    let name = "claim in batches of 32, PostgreSQL / SKIP LOCKED, 16 workers";
    report.ratio("25 pg", name, batches.median, peer.median, Goal::must(0.2));
    let name = "the same / SKIP LOCKED, the limit written out";
    report.ratio("25 pg plan", name, batches.median, tuned.median, Goal::NONE);
    let name = "claim in batches of 32, PostgreSQL / 25,000 a second";
    report.moon("25 pg moon", name, batches.median, 40_000.0);
    let name = "claim one by one, 16 agents, PostgreSQL / the same";
    report.ratio("25 pg one", name, ones.median, peer.median, Goal::NONE);
    Ok(())
}

fn on_sqlite(options: &Options, runtime: &Runtime, folder: &Path) -> Result<[Figure; 3]> {
    let state = open(runtime, &folder.join("state.db"), Durability::Full)?;
    let rig = runtime.block_on(Rig::open(state, BACKLOG))?;
    let pool = runtime.block_on(async {
        let pool = pool(&folder.join("sqlx.db"), Durability::Full).await?;
        let fill = "CREATE TABLE task (id INTEGER PRIMARY KEY, state INTEGER NOT NULL DEFAULT 0, priority INTEGER NOT NULL, title TEXT);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO task (priority, title) SELECT i % 10, 'Review' FROM n;
            CREATE INDEX waiting ON task (priority, id) WHERE state = 0";
        sqlx::raw_sql(fill).execute(&pool).await?;
        Ok::<_, Fault>(pool)
    })?;
    let figures = measure(
        options,
        [
            rig.claims(runtime, AGENTS * BATCH * 4, BATCH),
            rig.claims(runtime, AGENTS * 8, 1),
            one_by_one(runtime, &pool),
        ],
    )?;
    runtime.block_on(async {
        pool.close().await;
        rig.close().await
    })?;
    Ok(figures)
}

fn one_by_one<'a>(runtime: &'a Runtime, pool: &'a SqlitePool) -> Side<'a> {
    Side::prepared(AGENTS * 4, move |calls| {
        wall(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    let claim = "UPDATE task SET state = 1 WHERE id =
                        (SELECT id FROM task WHERE state = 0 ORDER BY priority, id LIMIT 1) RETURNING id";
                    let _: i64 = sqlx::query_scalar(claim).fetch_one(pool).await?;
                }
                Ok(())
            })
        })
    })
}

fn on_postgres(options: &Options, runtime: &Runtime, server: &Postgres) -> Result<[Figure; 4]> {
    let (rig, pool) = runtime.block_on(async {
        let mut connection = server.ready().await?;
        let fill = "CREATE TABLE task (id BIGSERIAL PRIMARY KEY, state SMALLINT NOT NULL DEFAULT 0, priority INT NOT NULL, payload TEXT);
            INSERT INTO task (priority, payload) SELECT i % 10, repeat('x', 200) FROM generate_series(1, 100000) AS i;
            CREATE INDEX waiting ON task (priority, id) WHERE state = 0; ANALYZE task";
        sqlx::raw_sql(fill).execute(&mut connection).await?;
        let store = PostgresOptions::new(server.url()).namespace("tasks").open().await?;
        let rig = Rig::open(State::open(store).await?, BACKLOG_ON_POSTGRES).await?;
        Ok::<_, Fault>((rig, server.pool(16).await?))
    })?;
    let figures = measure(
        options,
        [
            rig.claims(runtime, AGENTS * BATCH * 4, BATCH),
            rig.claims(runtime, AGENTS * 8, 1),
            skip_locked(runtime, &pool, Some(1)),
            skip_locked(runtime, &pool, None),
        ],
    )?;
    runtime.block_on(async {
        pool.close().await;
        rig.close().await
    })?;
    Ok(figures)
}

/// Each worker claims one after the other, as often as one of our agents at least.
fn skip_locked<'a>(runtime: &'a Runtime, pool: &'a PgPool, limit: Option<i64>) -> Side<'a> {
    let claim = match limit {
        Some(_) => {
            "UPDATE task SET state = 1 WHERE id IN (SELECT id FROM task WHERE state = 0
            ORDER BY priority, id FOR UPDATE SKIP LOCKED LIMIT $1) RETURNING id"
        }
        None => {
            "UPDATE task SET state = 1 WHERE id IN (SELECT id FROM task WHERE state = 0
            ORDER BY priority, id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id"
        }
    };
    Side::prepared(AGENTS * 16, move |calls| {
        wall(|| {
            runtime.block_on(try_join_all((0..AGENTS).map(|worker| async move {
                let mut connection = pool.acquire().await?;
                for _ in (worker..calls).step_by(AGENTS) {
                    let question =
                        limit.iter().fold(sqlx::query_scalar(claim), |ask, limit| ask.bind(*limit));
                    let _: i64 = question.fetch_one(&mut *connection).await?;
                }
                Ok::<_, Fault>(())
            })))?;
            Ok(())
        })
    })
}

/// Row 26.
pub(crate) fn dispatch(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let folder = tempfile::tempdir()?;
    let memory = runtime.block_on(async { Rig::open(State::open(MemoryStore::new()).await?, 0).await })?;
    let open = |name: &str, durability| -> Result<Rig> {
        let state = open(runtime, &folder.path().join(name), durability)?;
        runtime.block_on(Rig::open(state, 0))
    };
    let (normal, full) = (open("normal.db", Durability::Normal)?, open("full.db", Durability::Full)?);
    let [in_memory, not_synced, synced] = measure(
        options,
        [dispatched(runtime, &memory), dispatched(runtime, &normal), dispatched(runtime, &full)],
    )?;
    let (must, moon) = (1_000_000.0, 100_000.0);
    report.absolute("26", "dispatch to an idle agent, in memory / 1 ms", in_memory.median, must, moon);
    report.absolute("26 sqlite", "dispatch, SQLite, not synced / 1 ms", not_synced.median, must, moon);
    report.ratio("26 synced", "dispatch, SQLite, two synced commits / 1 ms", synced.median, must, Goal::NONE);
    runtime.block_on(async {
        memory.close().await?;
        normal.close().await?;
        full.close().await
    })
}

/// One submission after the other, each while the first agent waits.
fn dispatched<'a>(runtime: &'a Runtime, rig: &'a Rig) -> Side<'a> {
    Side::prepared(64, move |calls| {
        let took = Cell::new(Duration::ZERO);
        runtime.block_on(async {
            for _ in 0..calls {
                let agent = &rig.agents[0];
                let op = ClaimTasks::new(agent.agent.clone(), agent.incarnation).wait_seconds(60_u64);
                let waiting = tokio::spawn({
                    let (tasks, cx) = (rig.tasks.clone(), rig.cx.clone());
                    async move {
                        let claimed = tasks.claim_tasks(&cx, op).await;
                        (Instant::now(), claimed)
                    }
                });
                // Until the claim has found nothing and waits.
                tokio::time::sleep(Duration::from_millis(3)).await;
                let began = Instant::now();
                rig.tasks.submit_task(&rig.cx, SubmitTask::new(ProjectId::new("widget")?, "Review")).await?;
                let (arrived, claimed) = waiting.await?;
                took.set(took.get() + arrived.saturating_duration_since(began));
                rig.complete(claimed?.tasks).await?;
            }
            Ok::<_, Fault>(())
        })?;
        Ok(took.get())
    })
}

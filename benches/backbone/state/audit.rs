//! Rows 13 to 15: the audit.
//!
//! Ours is `Audit::record` with everything: a record of JSON, a chain of hashes, a signed head with every batch, on the state in a file.
//! The peers are those of row 16, which insert rows of 450 bytes and nothing else. What the caller pays is the time of `record`
//! alone, on a thread that the writer shares. Row 15 is CPU time: hashes and signatures of records that are in memory.

use std::time::Instant;

use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink as _};
use mosaic_core::types::TenantId;
use mosaic_mcp::security::audit::{Audit, AuditKeys, AuditOptions, AuditSigner, Verifier};
use mosaic_mcp::state::{Durability, Event, MemoryStore, State, TopicFilter};
use tokio::runtime::Runtime;

use crate::Bench;
use crate::sqlite::{connection, open, pool, rusqlite_batch, sqlx_single, wall};

/// As many as are told between two flushes: they fit into the queue.
const RECORDS: usize = 8_192;
/// As many as are verified in a round.
const CHAIN: usize = 100_000;

/// The rows.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    appends(bench, Durability::Normal)?;
    appends(bench, Durability::Full)?;
    verifies(bench)
}

fn appends(bench: &mut Bench, durability: Durability) -> Result {
    let Bench { options, report, runtime } = bench;
    let folder = tempfile::tempdir()?;
    let state = open(runtime, &folder.path().join("audit.db"), durability)?;
    let audit = runtime.block_on(Audit::open(&state, AuditOptions::new(AuditSigner::generate()?)))?;
    let pool = runtime.block_on(pool(&folder.path().join("sqlx.db"), durability))?;
    let conn = connection(&folder.path().join("rusqlite.db"), durability)?;
    let [ours, told, single, batch] = measure(
        options,
        [append(runtime, &audit), tell(runtime, &audit), sqlx_single(runtime, &pool), rusqlite_batch(conn)],
    )?;
    if durability == Durability::Full {
        report.ratio(
            "14",
            "audit, synced / sqlx, a row a transaction",
            ours.median,
            single.median,
            Goal::must(0.05),
        );
        let moon = Goal { must: None, moon: Some(2.5) };
        report.ratio(
            "14 batch",
            "audit, synced / rusqlite, 1,000 rows a transaction",
            ours.median,
            batch.median,
            moon,
        );
    } else {
        let goal = Goal::new(1.0 / 0.3, 2.0);
        report.ratio("13", "audit / rusqlite, 1,000 rows a transaction", ours.median, batch.median, goal);
        report.ratio(
            "13 single",
            "audit / sqlx, a row a transaction",
            ours.median,
            single.median,
            Goal::must(0.2),
        );
        report.moon("13 caller", "what the caller pays / 600 ns", told.median, 600.0);
    }
    runtime.block_on(async {
        audit.close().await?;
        state.close().await?;
        pool.close().await;
        Ok(())
    })
}

/// Records until all of them are in the file.
fn append<'a>(runtime: &'a Runtime, audit: &'a Audit) -> Side<'a> {
    Side::prepared(RECORDS, move |calls| {
        let records = records(calls)?;
        wall(|| {
            records.into_iter().for_each(|record| audit.record(record));
            Ok(runtime.block_on(audit.flush())?)
        })
    })
}

/// Records until the queue has them.
fn tell<'a>(runtime: &'a Runtime, audit: &'a Audit) -> Side<'a> {
    Side::prepared(RECORDS, move |calls| {
        let records = records(calls)?;
        let began = Instant::now();
        records.into_iter().for_each(|record| audit.record(record));
        let took = began.elapsed();
        runtime.block_on(audit.flush())?;
        Ok(took)
    })
}

fn verifies(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let signer = AuditSigner::generate()?;
    let (events, log) = runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await?;
        let audit = Audit::open(&state, AuditOptions::new(signer.clone())).await?;
        let mut written = 0;
        while written < CHAIN {
            records(RECORDS)?.into_iter().for_each(|record| audit.record(record));
            audit.flush().await?;
            written += RECORDS;
        }
        let log = audit.head().ok_or("the audit has no head")?.log;
        audit.close().await?;
        let (filter, mut events) = (TopicFilter::new("audit.>")?, Vec::<Event>::new());
        loop {
            let page = state.events(&filter, events.last().map_or(0, |event| event.offset), 10_000).await?;
            if page.is_empty() {
                break;
            }
            events.extend(page);
        }
        state.close().await?;
        Ok::<_, Fault>((events, log))
    })?;
    let verify = |calls: usize| {
        let mut verifier = Verifier::begin(&log, AuditKeys::of(&signer));
        for event in events.iter().take(calls) {
            verifier
                .record(event.offset, &event.topic, &event.kind, &event.data)
                .map_err(|fault| fault.to_string())?;
        }
        Ok(())
    };
    let [ours] = measure(options, [Side::new(CHAIN, verify)])?;
    report.absolute("15", "verify a record / 1 us", ours.median, 1_000.0, 400.0);
    Ok(())
}

fn records(count: usize) -> Result<Vec<AuditRecord>> {
    let cx = CallContext::new().tenant(TenantId::new("acme")?).principal(Principal::agent("builder"));
    let record =
        |at: usize| AuditRecord::new(&cx, "git.write_file", format!("acme/widget:{at}"), AuditOutcome::Made);
    Ok((0..count).map(record).collect())
}

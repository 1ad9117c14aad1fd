//! Failover never repeats a write: very many creates under faults before and after sending, hangs and dropped callers, over
//! two providers. Each is made at most once, and what is reported of it is true.
//!
//! 100,000 calls; `MOSAIC_SOAK=full` raises it to 1,000,000.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::engine::breaker::BreakerConfig;
use mosaic_core::engine::limit::{BackoffConfig, RetryBudgetConfig};
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::git::CreateRepository;
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use mosaic_core::testkit::{Double, Fault, Place};
use mosaic_core::types::git::Repository;

use crate::layers::impatient;
use crate::support::pair_with;

/// How often each name was made, over both providers.
type Made = Arc<Mutex<HashMap<String, u32>>>;

fn forge(made: &Made, seed: u64, reports: bool) -> Double {
    let made = Arc::clone(made);
    let double = Double::forgetful(reports).answer(move |op: &CreateRepository| {
        *made.lock().unwrap().entry(op.repo.name.clone()).or_default() += 1;
        Ok(Repository::of(&op.repo, "main"))
    });
    let mut rng = fastrand::Rng::with_seed(seed);
    double.plan(move |_, _| {
        Some(match rng.u32(..100) {
            0..8 => Fault::DisconnectBefore,
            8..14 => Fault::DisconnectDuring,
            14..20 => Fault::DisconnectAfter,
            20..24 => Fault::Hang(Place::BeforeSending),
            24..27 => Fault::Hang(Place::AfterSending),
            27..30 => Fault::Hang(Place::AfterExecution),
            30..35 => Fault::error(ErrorKind::RateLimited),
            35..39 => Fault::refusal(ErrorKind::Provider),
            39..42 => Fault::error(ErrorKind::Provider),
            42..45 => Fault::error_after(ErrorKind::Provider),
            45..47 => Fault::error_after(ErrorKind::Protocol),
            47..49 => Fault::error(ErrorKind::Conflict),
            49..60 => Fault::Delay(Duration::from_millis(rng.u64(..200))),
            _ => return None,
        })
    });
    double
}

/// What the audit said of each name.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<HashMap<String, Vec<AuditOutcome>>>>);

impl AuditSink for Said {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().entry(record.subject).or_default().push(record.outcome);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Report {
    Made,
    NotMade,
    Unknown,
    Dropped,
}

#[tokio::test(start_paused = true)]
async fn a_write_happens_at_most_once_and_the_report_is_true() {
    soak(true, false).await;
}

/// The same where one provider does not say what it sent, and a layer of the application gives up in the middle.
#[tokio::test(start_paused = true)]
async fn so_it_is_with_silent_providers_and_impatient_layers_in_the_soak() {
    soak(false, true).await;
}

async fn soak(reports: bool, layered: bool) {
    let calls: usize =
        if std::env::var("MOSAIC_SOAK").is_ok_and(|v| v == "full") { 1_000_000 } else { 100_000 };
    let (made, said) = (Made::default(), Said::default());
    let (a, b) = (forge(&made, 1, true), forge(&made, 2, reports));
    let config = ProviderConfig {
        timeout: Duration::from_millis(500),
        // Open now and then, so that open breakers are a part of it, but not most of the time.
        breaker: BreakerConfig {
            failures_in_a_row: 9,
            failure_percent: 101,
            open_for: Duration::from_millis(50),
            ..BreakerConfig::default()
        },
        retry: RetryConfig {
            backoff: BackoffConfig { first: Duration::from_millis(5), ..BackoffConfig::default() },
            budget: RetryBudgetConfig { percent: 100, reserve: 1000, most: 100_000 },
            ..RetryConfig::default()
        },
        ..ProviderConfig::default()
    };
    let mut builder = pair_with(&a, &b, config).audit(said.clone());
    if layered {
        builder = builder.layer_around_provider(impatient(Duration::from_millis(350)));
    }
    let mosaic = builder.build().await.unwrap();

    let mut reports: HashMap<Report, usize> = HashMap::new();
    let mut rng = fastrand::Rng::with_seed(3);
    for batch in 0..calls / 1000 {
        let running: Vec<_> = (0..1000)
            .map(|n| {
                let name = format!("r{batch}-{n}");
                let limit = Duration::from_millis(rng.u64(100..3000));
                // Some callers lose patience in the middle.
                let patience = if rng.u32(..10) == 0 { rng.u64(..300) } else { 10_000 };
                let begin = Duration::from_millis(rng.u64(..2000));
                let git = mosaic.with(CallContext::new().time_limit(limit)).git();
                tokio::spawn(async move {
                    tokio::time::sleep(begin).await;
                    let call = git.create_repository(CreateRepository::new("acme", name.clone()));
                    let report = match tokio::time::timeout(Duration::from_millis(patience), call).await {
                        Err(_) => Report::Dropped,
                        Ok(Ok(_)) => Report::Made,
                        Ok(Err(error)) if error.outcome() == Outcome::NotMade => Report::NotMade,
                        Ok(Err(_)) => Report::Unknown,
                    };
                    (name, report)
                })
            })
            .collect();
        for call in running {
            let (name, report) = call.await.unwrap();
            let times = made.lock().unwrap().remove(&name).unwrap_or(0);
            assert!(times <= 1, "{name} was made {times} times");
            match report {
                Report::Made => assert_eq!(times, 1, "{name} is reported as made and is not there"),
                Report::NotMade => assert_eq!(times, 0, "{name} is reported as not made and is there"),
                Report::Unknown | Report::Dropped => {}
            }
            let said = said.0.lock().unwrap().remove(&format!("acme/{name}")).unwrap_or_default();
            let [outcome] = said[..] else { panic!("{name} was recorded {} times", said.len()) };
            match outcome {
                AuditOutcome::Made => assert_eq!(times, 1, "{name}"),
                AuditOutcome::Failed { outcome: Outcome::NotMade, .. }
                | AuditOutcome::Dropped { outcome: Outcome::NotMade }
                | AuditOutcome::Denied => assert_eq!(times, 0, "{name}: {outcome:?}"),
                AuditOutcome::Failed { .. } | AuditOutcome::Dropped { .. } => {}
            }
            *reports.entry(report).or_default() += 1;
        }
    }
    println!("{calls} creates: {reports:?}");
    // Every kind of ending was met often, or the run would prove little.
    for report in [Report::Made, Report::NotMade, Report::Unknown, Report::Dropped] {
        let times = reports.get(&report).copied().unwrap_or_default();
        assert!(times > calls / 500, "{report:?} came up {times} times only");
    }
    assert_eq!((a.under_way(), b.under_way()), (0, 0));
}

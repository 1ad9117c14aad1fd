//! One call on every CI system, six of them: the same code starts a run, follows its log, takes what it leaves behind and says how it ended, in
//! our words and in those of the vendor.
//!
//! `cargo run --features vendors --example ci_anywhere`. Without an account it runs against servers on loopback that stand in for
//! all of them. Against a real one:
//!
//! ```sh
//! export MOSAIC_CI_PROVIDER=woodpecker         # a provider of examples/config/ci_anywhere.yaml
//! export WOODPECKER_URL=.. WOODPECKER_TOKEN=.. # what its `config` there asks for; what is missing is reported
//! export MOSAIC_CI_REPO=acme/widget MOSAIC_CI_PIPELINE=woodpecker
//! export MOSAIC_CI_AT=main                     # a branch or tag, where the system has them
//! ```

mod builders;
#[path = "../stand_in/mod.rs"]
mod stand_in;

use std::collections::HashSet;
use std::env::var;
use std::error::Error as StdError;
use std::time::Duration;

use builders::StandIns;
use futures_util::TryStreamExt as _;
use mosaic::config::{Config, Loader};
use mosaic::prelude::*;
use mosaic::types::cicd::{PipelineRun, RunState};
use stand_in::{fake, support};

type Done<T = ()> = Result<T, Box<dyn StdError>>;

/// Where something is to be run, and what.
struct Job {
    provider: String,
    order: TriggerRun,
}

#[tokio::main]
async fn main() -> Done {
    match var("MOSAIC_CI_PROVIDER") {
        Ok(provider) => on_a_real_one(provider).await,
        Err(_) => on_stand_ins().await,
    }
}

async fn on_a_real_one(provider: String) -> Done {
    let need = |name: &str| var(name).map_err(|_| format!("set {name}; the head of this example says how"));
    let (repo, pipeline) = (need("MOSAIC_CI_REPO")?, need("MOSAIC_CI_PIPELINE")?);
    let (owner, name) = repo.rsplit_once('/').ok_or("MOSAIC_CI_REPO is OWNER/NAME")?;
    let mut order = TriggerRun::new(owner, name, pipeline);
    order.at = var("MOSAIC_CI_AT").ok();
    let switch = format!("CI_{}", provider.to_uppercase());
    let mosaic =
        assemble(move |name| if name == switch { Some("true".to_owned()) } else { var(name).ok() }).await?;
    let result = deliver(&mosaic, &Job { provider, order }, Duration::from_secs(2)).await;
    mosaic.shutdown().await;
    result.map(drop)
}

async fn on_stand_ins() -> Done {
    let stand_ins = StandIns::start().await?;
    let variables = stand_ins.variables();
    let mosaic = assemble(move |name| variables.get(name).cloned()).await?;
    stand_ins.define(&mosaic).await?;
    let look = Duration::from_millis(5);
    let mut ends = Vec::new();
    for mut job in stand_ins.ending() {
        job.order.inputs.insert("level".to_owned(), "full".to_owned());
        let ended = deliver(&mosaic, &job, look).await?;
        assert_eq!(ended.state, RunState::Succeeded);
        ends.push((job.provider, ended));
    }
    for job in stand_ins.endless() {
        let ended = stop(&mosaic, &job, look).await?;
        assert_eq!(ended.state, RunState::Cancelled);
        ends.push((job.provider, ended));
    }
    println!("\n{:<12} {:<12} in the vendor's words", "provider", "state");
    for (provider, run) in &ends {
        println!(
            "{provider:<12} {:<12} {}",
            format!("{:?}", run.state),
            run.vendor_state.as_deref().unwrap_or("-")
        );
    }
    mosaic.shutdown().await;
    Ok(())
}

/// Every provider that is switched on, each for the calls whose attribute names it.
async fn assemble(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Done<Mosaic> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/config/ci_anywhere.yaml");
    let config: Config = Loader::new().environment(variables).load(file).unwrap_or_else(|report| {
        eprintln!("{report}");
        std::process::exit(1)
    });
    let providers: Vec<_> = config.provider_ids().cloned().collect();
    let builder = config.builder(mosaic::factories())?;
    let builder = providers.iter().fold(builder, |builder, id| {
        builder.rule(Rule::any().condition(format!("ci == '{id}'")).to(id.as_str()))
    });
    Ok(builder.build().await?)
}

/// Nothing in here knows which system it is on.
async fn deliver(mosaic: &Mosaic, job: &Job, look: Duration) -> Done<PipelineRun> {
    let ci = of(mosaic, &job.provider);
    let repo = &job.order.repo;
    println!("\n{}: {} of {repo}", job.provider, job.order.pipeline);
    let id = ci.trigger_run(job.order.clone()).await?.id.clone();
    let mut followed = HashSet::new();
    let run = loop {
        // Whether it has ended is asked first, so that no job is missed.
        let run = ci.get_run(GetRun::of(repo, &*id)).await?.into_inner();
        for job in ci.list_jobs(ListJobs::of(repo, &*id)).await?.items.iter() {
            if job.state == RunState::Skipped || !followed.insert(job.id.clone()) {
                continue;
            }
            let mut log = ci.job_log(JobLog::of(repo, &*id, &*job.id)).await?;
            while let Some(chunk) = log.try_next().await? {
                chunk
                    .as_text()
                    .unwrap_or_default()
                    .lines()
                    .for_each(|line| println!("  {}: {line}", job.name));
            }
        }
        if run.state.is_final() {
            break run;
        }
        tokio::time::sleep(look).await;
    };
    match ci.list_artifacts(ListArtifacts::of(repo, &*id)).await {
        Ok(left) => left.items.iter().for_each(|artifact| println!("  left behind: {}", artifact.name)),
        Err(error) if error.kind() == ErrorKind::Unsupported => println!("  keeps no artifacts"),
        Err(error) => return Err(error.into()),
    }
    println!("  {:?}", run.state);
    Ok(run)
}

/// Starts a run, and cancels it when it is at work.
async fn stop(mosaic: &Mosaic, job: &Job, look: Duration) -> Done<PipelineRun> {
    let ci = of(mosaic, &job.provider);
    let repo = &job.order.repo;
    let id = ci.trigger_run(job.order.clone()).await?.id.clone();
    while ci.get_run(GetRun::of(repo, &*id)).await?.state == RunState::Queued {
        tokio::time::sleep(look).await;
    }
    ci.cancel_run(CancelRun::of(repo, &*id)).await?;
    loop {
        let run = ci.get_run(GetRun::of(repo, &*id)).await?;
        if run.state.is_final() {
            return Ok(run.into_inner());
        }
        tokio::time::sleep(look).await;
    }
}

/// Calls for one of them, past the cache: runs change by themselves.
fn of(mosaic: &Mosaic, provider: &str) -> Cicd<Mosaic> {
    mosaic.with(CallContext::new().attribute("ci", provider).cache(CacheUse::Bypass)).cicd()
}

//! One job: from its turn in the queue to its last record.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;
use std::os::unix::process::ExitStatusExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep_until, timeout};

use super::artifact::{Collected, add, collect};
use super::definition::{JobDefinition, shown_duration};
use super::disk::{blocking, remove_tree};
use super::fault;
use super::log::LogWriter;
use super::names::input_variables;
use super::process::{Shell, Spec, shown_signal};
use super::queue::Ticket;
use super::root::Root;
use super::run::{Run, Stop};

/// What a job finds its programs by, where the configuration does not pass the variable on.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long the last of a job's output may take to come after all of the job is gone.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How a job ended.
#[derive(Debug)]
struct Outcome {
    state: RunState,
    exit_code: Option<i64>,
    reason: Option<String>,
}

impl Outcome {
    fn failed(reason: impl Into<String>) -> Self {
        Self { state: RunState::Failed, exit_code: None, reason: Some(reason.into()) }
    }

    fn stopped(why: Stop) -> Self {
        match why {
            Stop::Cancelled => Self {
                state: RunState::Cancelled,
                exit_code: None,
                reason: Some("the run was cancelled".into()),
            },
            Stop::TimeLimit(limit) => {
                Self::failed(format!("time limit of {} for the whole run", shown_duration(limit)))
            }
            Stop::Closed => Self::failed("the provider was stopped"),
        }
    }

    fn exited(status: ExitStatus, root: &Root) -> Self {
        let code = status.code().map(i64::from);
        let limits = &root.config.limits;
        match (code, status.signal()) {
            (Some(0), _) => Self { state: RunState::Succeeded, exit_code: code, reason: None },
            (Some(code), _) => {
                // A shell says so of a program that a signal ended.
                let signal = i32::try_from(code - 128).ok().filter(|signal| (1..=64).contains(signal));
                let more = signal.map(|signal| format!(": a program was {}", shown_signal(signal, limits)));
                let reason = format!("exit status {code}{}", more.unwrap_or_default());
                Self { state: RunState::Failed, exit_code: Some(code), reason: Some(reason) }
            }
            (None, signal) => Self::failed(shown_signal(signal.unwrap_or_default(), limits)),
        }
    }
}

/// Why a shell is not waited for any more.
enum Ending {
    Exit(ExitStatus),
    Stop(Stop),
    TimeLimit,
    Fault(Error),
}

/// What a job has of the disk while it is at work.
struct Workshop {
    /// All of it; removed at the end.
    directory: PathBuf,
}

impl Workshop {
    fn checkout(&self) -> PathBuf {
        self.directory.join("checkout")
    }
    fn temporary(&self) -> PathBuf {
        self.directory.join("tmp")
    }
    fn script(&self) -> PathBuf {
        self.directory.join("script")
    }
}

/// Runs a job when its turn comes. Gives how it ended; an error is one of writing that down.
pub(super) async fn run_job(
    root: Arc<Root>,
    run: Arc<Run>,
    job: JobDefinition,
    ticket: Ticket,
) -> Result<RunState> {
    let place = tokio::select! {
        biased;
        why = run.stopped() => {
            let reason = Outcome::stopped(why).reason;
            let state = if why == Stop::Cancelled { RunState::Cancelled } else { RunState::Skipped };
            return end(&run, &job.name, Outcome { state, exit_code: None, reason }).await;
        }
        place = ticket.wait() => place?,
    };
    let name = job.name.clone();
    run.update(move |record| {
        let now = Timestamp::now();
        if record.state == RunState::Queued {
            record.state = RunState::Running;
            record.started_at = Some(now);
        }
        if let Some(job) = record.job_mut(&name) {
            job.state = RunState::Running;
            job.started_at = Some(now);
        }
    })
    .await?;
    let workshop = Workshop { directory: root.fresh(&format!("{}.{}", run.id, job.name)) };
    let outcome = attempt(&root, &run, &job, &workshop).await;
    let outcome = outcome.unwrap_or_else(|error| Outcome::failed(error.message().to_owned()));
    let swept = blocking(move || {
        remove_tree(&workshop.directory).map_err(|e| fault::disk("remove the checkout of a job", e))
    });
    if let Err(error) = swept.await {
        tracing::warn!(run = run.id, job = job.name, %error, "a checkout stays until the root is opened again");
    }
    drop(place);
    end(&run, &job.name, outcome).await
}

/// Writes the end of a job down, and then ends its log.
async fn end(run: &Arc<Run>, job: &str, outcome: Outcome) -> Result<RunState> {
    let (name, state) = (job.to_owned(), outcome.state);
    let written = run
        .update(move |record| {
            if let Some(job) = record.job_mut(&name) {
                job.exit_code = outcome.exit_code;
                job.end(outcome.state, outcome.reason);
            }
        })
        .await;
    run.end_log(job);
    written.map(|()| state)
}

async fn attempt(root: &Root, run: &Arc<Run>, job: &JobDefinition, workshop: &Workshop) -> Result<Outcome> {
    let limits = &root.config.limits;
    let limit = job.timeout.map_or(limits.job_timeout(), |wanted| wanted.min(limits.job_timeout()));
    let deadline = Instant::now() + limit;
    let Some(progress) = run.log(&job.name) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a job of the definition is not in the record of its run",
        ));
    };
    let mut log = LogWriter::create(&run.log_path(&job.name), limits.log_bytes, progress.clone()).await?;
    let time_is_up = || Outcome::failed(format!("time limit of {}", shown_duration(limit)));
    let prepared = tokio::select! {
        biased;
        why = run.stopped() => return Ok(Outcome::stopped(why)),
        () = sleep_until(deadline) => return Ok(time_is_up()),
        prepared = prepare(root, run, job, workshop) => prepared,
    };
    let (directory, environment) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            log.note(error.message()).await?;
            return Err(error);
        }
    };
    let script = workshop.script();
    let (mut shell, output) =
        Shell::start(Spec { script: &script, directory: &directory, environment, limits })?;
    let (name, mark) = (job.name.clone(), shell.mark().clone());
    let written = run.update(move |record| {
        if let Some(job) = record.job_mut(&name) {
            job.process = Some(mark);
        }
    });
    written.await?;
    shell.open_gate().await?;
    let (ending, ended) = supervise(run, shell, output, &mut log, deadline, limits.grace()).await;
    let outcome = match ending {
        Ending::Exit(status) => Outcome::exited(status, root),
        Ending::Stop(why) => Outcome::stopped(why),
        Ending::TimeLimit => time_is_up(),
        Ending::Fault(error) => return Err(error),
    };
    ended?;
    let outcome = if outcome.exit_code.is_some() {
        keep(root, run, job, workshop, &mut log, outcome).await?
    } else {
        outcome
    };
    if let Some(reason) = &outcome.reason {
        log.note(reason).await?;
    }
    log.sync().await?;
    Ok(outcome)
}

/// The checkout and the script on the disk; gives where the shell begins and what it sees of an environment.
async fn prepare(
    root: &Root,
    run: &Arc<Run>,
    job: &JobDefinition,
    workshop: &Workshop,
) -> Result<(PathBuf, BTreeMap<OsString, OsString>)> {
    let record = run.record();
    let (checkout, temporary, script) = (workshop.checkout(), workshop.temporary(), workshop.script());
    let text = job.script.clone();
    let (to, tmp) = (checkout.clone(), temporary.clone());
    blocking(move || {
        let make = || {
            fs::create_dir_all(&to)?;
            fs::create_dir(&tmp)?;
            fs::write(&script, text)
        };
        make().map_err(|e| fault::disk("make the directory of a job", e))
    })
    .await?;
    let index = workshop.directory.join("index");
    root.forge.check_out(&record.repo, &record.commit, &checkout, &index).await?;
    let directory = match &job.directory {
        None => checkout.clone(),
        Some(wanted) => inside(&checkout, wanted).await?,
    };
    let mut environment: BTreeMap<OsString, OsString> = BTreeMap::from([("PATH".into(), PATH.into())]);
    environment.extend(root.environment.clone());
    let mut set = |name: &str, value: OsString| environment.insert(name.into(), value);
    for (name, value) in input_variables(&record.inputs)?.into_iter().chain(job.env.clone()) {
        set(&name, value.into());
    }
    for (name, value) in [
        ("CI", "true".to_owned()),
        ("MOSAIC_RUN", record.id.to_string()),
        ("MOSAIC_JOB", job.name.clone()),
        ("MOSAIC_PIPELINE", record.pipeline.clone()),
        ("MOSAIC_REPOSITORY", record.repo.to_string()),
        ("MOSAIC_REFERENCE", record.reference.clone()),
        ("MOSAIC_COMMIT", record.commit.clone()),
    ] {
        set(name, value.into());
    }
    set("HOME", checkout.into());
    set("TMPDIR", temporary.into());
    Ok((directory, environment))
}

/// A directory of the checkout, also where links lead to it; none that is outside.
async fn inside(checkout: &Path, wanted: &str) -> Result<PathBuf> {
    let (checkout, path) = (checkout.to_path_buf(), checkout.join(wanted));
    let found = blocking(move || {
        let real = fs::canonicalize(&checkout).and_then(|base| Ok((base, fs::canonicalize(&path)?)));
        Ok(real.ok().filter(|(base, path)| path.starts_with(base) && path.is_dir()).map(|(_, path)| path))
    });
    let missing =
        || fault::not_found(format!("directory: {} is no directory of the commit", fault::shown(wanted)));
    found.await?.ok_or_else(missing)
}

/// Waits for the shell while its output is written down; then ends all of the job.
async fn supervise(
    run: &Arc<Run>,
    mut shell: Shell,
    output: Receiver,
    log: &mut LogWriter,
    deadline: Instant,
    grace: Duration,
) -> (Ending, Result<()>) {
    let mut pump = pin!(log.pump(output));
    let mut pumped = false;
    let ending = loop {
        tokio::select! {
            biased;
            why = run.stopped() => break Ending::Stop(why),
            () = sleep_until(deadline) => break Ending::TimeLimit,
            status = shell.wait() => break status.map_or_else(Ending::Fault, Ending::Exit),
            done = &mut pump, if !pumped => match done {
                Ok(()) => pumped = true,
                Err(error) => {
                    pumped = true;
                    break Ending::Fault(error);
                }
            },
        }
    };
    let asked = matches!(ending, Ending::Stop(_) | Ending::TimeLimit);
    let mut winding_down = pin!(async move {
        if asked {
            shell.ask_to_end(grace).await;
        }
        shell.end().await
    });
    // What still writes must not wait for us while it is to end.
    let ended = loop {
        tokio::select! {
            ended = &mut winding_down => break ended,
            done = &mut pump, if !pumped => {
                pumped = true;
                if let Err(error) = done {
                    tracing::warn!(run = run.id, %error, "the last of a job's output is lost");
                }
            }
        }
    };
    if !pumped && !matches!(timeout(LAST_WORDS, pump).await, Ok(Ok(()))) {
        tracing::warn!(run = run.id, "the last of a job's output is lost");
    }
    (ending, ended)
}

/// Keeps the artifacts of a job whose shell ended by itself.
async fn keep(
    root: &Root,
    run: &Arc<Run>,
    job: &JobDefinition,
    workshop: &Workshop,
    log: &mut LogWriter,
    outcome: Outcome,
) -> Result<Outcome> {
    let Some(globs) = job.artifacts.clone() else { return Ok(outcome) };
    let (checkout, into, limits) = (workshop.checkout(), run.artifacts_path(), root.config.limits.clone());
    let (collected, left_out): (Collected, _) = blocking(move || {
        let mut left_out = Vec::new();
        let collected = collect(&checkout, &globs, &into, &limits, &mut left_out)?;
        Ok((collected, left_out))
    })
    .await?;
    for line in left_out.iter().take(20) {
        log.note(&format!("not kept as an artifact: {line}")).await?;
    }
    let limits = root.config.limits.clone();
    let added = match collected {
        Ok(new) => {
            if new.is_empty() {
                log.note("no file matches the artifacts of this job").await?;
            }
            run.update(move |record| add(record, new, false, &limits)).await?
        }
        Err(reason) => Err(reason),
    };
    Ok(match added {
        Err(reason) if outcome.state == RunState::Succeeded => {
            Outcome { state: RunState::Failed, reason: Some(reason), ..outcome }
        }
        Err(reason) => {
            log.note(&reason).await?;
            outcome
        }
        Ok(()) => outcome,
    })
}

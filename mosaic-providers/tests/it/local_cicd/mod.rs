//! Local cicd: the behaviour suite, what jobs see and may use, how they end, restarts and kills.

mod artifacts;
mod ends;
mod environment;
mod faults;
mod kill;
mod lacks;
mod logs;
mod plugin;
mod queue;
mod restart;

use std::fmt::Write as _;
use std::path::Path;

use futures_util::StreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{CicdService, GetRun, JobLog, ListJobs, TriggerRun};
use mosaic_core::op::git::{CreateRepository, GitService, WriteFile};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, Step, World, run};
use mosaic_core::types::cicd::{Job, PipelineRun, RunState};
use mosaic_core::types::{Chunk, RepoRef};
use mosaic_providers::local::cicd::{LocalCicd, LocalCicdConfig};
use mosaic_providers::local::git::LocalGit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_ci() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config.parallel_jobs(4)).await;
    let world =
        World::new(RepoRef::new("acme", "widget"), ci.info().operations, write).broken("jobs:\n  a: {}\n");
    run(&ci, &world).await.unwrap();
    ci.stop().await.unwrap();
    assert!(names(&root.path().join("ci/checkouts")).is_empty(), "nothing is left of the jobs");
}

/// A pipeline of the suite in the language of this provider.
fn write(draft: &Draft) -> String {
    let mut text = String::from("jobs:\n");
    for job in &draft.jobs {
        let mut lines = vec![":".to_owned()];
        let mut artifacts = Vec::new();
        for step in &job.steps {
            lines.push(match step {
                Step::Print(line) => format!("echo '{line}'"),
                Step::PrintInput(name) => format!("printf '%s\\n' \"$INPUT_{}\"", name.to_uppercase()),
                Step::LeaveFile { path, content } => {
                    artifacts.push(path.clone());
                    format!("mkdir -p \"$(dirname '{path}')\" && printf %s '{content}' > '{path}'")
                }
                Step::Exit(status) => format!("exit {status}"),
                Step::WaitForEver => "sleep 86400".to_owned(),
            });
        }
        // JSON is YAML, with everything quoted.
        writeln!(text, "  {}:", job.name).unwrap();
        writeln!(text, "    needs: {}", serde_json::json!(job.needs)).unwrap();
        writeln!(text, "    run: {}", serde_json::json!(lines)).unwrap();
        writeln!(text, "    artifacts: {}", serde_json::json!(artifacts)).unwrap();
    }
    text
}

/// A forge with `acme/widget`, and a place for runs beside it.
struct Place {
    config: LocalCicdConfig,
    forge: LocalGit,
    cx: CallContext,
}

impl Place {
    async fn new(root: &Path) -> Self {
        let forge = LocalGit::open(root.join("forge")).await.unwrap();
        let place = Self {
            config: LocalCicdConfig::new(root.join("ci"), root.join("forge"))
                .run_commands(true)
                .limits(|limits| limits.grace_ms = 200),
            forge,
            cx: CallContext::new(),
        };
        place.forge.create_repository(&place.cx, CreateRepository::new("acme", "widget")).await.unwrap();
        place.write("README.md", "# Widget\n").await;
        place
    }

    async fn open(&self, change: impl FnOnce(LocalCicdConfig) -> LocalCicdConfig) -> LocalCicd {
        LocalCicd::open(change(self.config.clone())).await.unwrap()
    }

    async fn write(&self, path: &str, text: &str) {
        self.forge.write_file(&self.cx, WriteFile::new("acme", "widget", path, text)).await.unwrap();
    }

    /// Puts a pipeline into the repository.
    async fn pipeline(&self, name: &str, text: &str) {
        self.write(&format!(".mosaic/pipelines/{name}.yml"), text).await;
    }

    /// Starts a pipeline that is put into the repository first.
    async fn trigger(&self, ci: &LocalCicd, name: &str, text: &str) -> PipelineRun {
        self.pipeline(name, text).await;
        ci.trigger_run(&self.cx, TriggerRun::new("acme", "widget", name)).await.unwrap()
    }

    /// Runs a pipeline of one job `a` with these lines to its end; gives the run, the job and its log.
    async fn script(&self, ci: &LocalCicd, name: &str, script: &str) -> (PipelineRun, Job, String) {
        let run = self.trigger(ci, name, &one_job(script)).await;
        let log = text(open_log(ci, &run, "a").await).await;
        let run = ended(ci, &run).await;
        let job = job(ci, &run, "a").await;
        (run, job, log)
    }
}

/// A pipeline of one job `a`.
fn one_job(script: &str) -> String {
    format!("jobs:\n  a:\n    run: {}\n", serde_json::json!(script))
}

async fn open_log(ci: &LocalCicd, run: &PipelineRun, job: &str) -> ItemStream<Chunk> {
    ci.job_log(&CallContext::new(), JobLog::new("acme", "widget", run.id.as_str(), job)).await.unwrap()
}

/// Everything that a stream gives until it ends.
async fn text(stream: ItemStream<Chunk>) -> String {
    let chunks: Vec<_> = stream.map(|chunk| chunk.unwrap().bytes().to_vec()).collect().await;
    String::from_utf8(chunks.concat()).unwrap()
}

/// Reads a log on until this has come.
async fn until(log: &mut ItemStream<Chunk>, part: &str) {
    let mut seen = String::new();
    while !seen.contains(part) {
        let chunk =
            log.next().await.unwrap_or_else(|| panic!("the log ended without {part:?}: {seen:?}")).unwrap();
        seen.push_str(chunk.as_text().unwrap());
    }
}

async fn get(ci: &LocalCicd, run: &PipelineRun) -> PipelineRun {
    ci.get_run(&CallContext::new(), GetRun::new("acme", "widget", run.id.as_str())).await.unwrap()
}

/// Waits for the end of a run.
async fn ended(ci: &LocalCicd, run: &PipelineRun) -> PipelineRun {
    loop {
        let now = get(ci, run).await;
        if now.state.is_final() {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

async fn job(ci: &LocalCicd, run: &PipelineRun, name: &str) -> Job {
    let op = ListJobs::new("acme", "widget", run.id.as_str());
    let jobs = ci.list_jobs(&CallContext::new(), op).await.unwrap().items;
    jobs.into_iter().find(|job| job.name == name).unwrap()
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The numbers of the living processes that were started with this in their environment or command line.
fn living(mark: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let Some(pid) = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let holds = |file: &str| {
            let bytes = std::fs::read(path.join(file)).unwrap_or_default();
            bytes.windows(mark.len()).any(|window| window == mark.as_bytes())
        };
        let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        let dead =
            stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']));
        if !dead && (holds("environ") || holds("cmdline")) && pid != std::process::id().cast_signed() {
            found.push(pid);
        }
    }
    found
}

fn succeeded(run: &PipelineRun, log: &str) {
    assert_eq!(run.state, RunState::Succeeded, "{run:?}\n{log}");
}

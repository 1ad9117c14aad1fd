//! How Woodpecker is spoken to, and where its repositories are.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use moka::future::Cache;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::types::{RepoRef, cicd::RunState};

use super::config::WoodpeckerConfig;
use super::wire;
use crate::http::{Access, Auth, Client, Dialect, Pace, Refusal, TokenHeader, at};
use crate::run_state::woodpecker::WORDS;

/// How many repositories are remembered.
const REPOSITORIES: u64 = 10_000;

/// How long a repository is taken to be where it was.
const REMEMBERED: Duration = Duration::from_secs(300);

static DIALECT: Dialect = Dialect {
    product: "Woodpecker",
    accept: "application/json",
    headers: &[],
    token: TokenHeader::BEARER,
    // Errors are plain text, or nothing at all.
    message: |_| None,
    kind,
};

fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let said = refusal.message;
    let state =
        said.starts_with("Cannot cancel") || said.starts_with("cannot restart a pipeline with status");
    (refusal.status == StatusCode::BAD_REQUEST && state).then_some(ErrorKind::Conflict)
}

/// The server, and what is known of it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) client: Client,
    /// The variable that carries the name of the pipeline, where one does.
    pub(super) variable: Option<String>,
    /// Where a person looks, without a slash at the end.
    web: Option<String>,
    poll: Duration,
    /// Whether it is asked without credentials.
    pub(super) anonymous: bool,
    /// By who asks and what for.
    repositories: Cache<(Option<String>, String), Arc<Place>>,
}

/// A repository on the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: i64,
    pub(super) default_branch: String,
    pub(super) active: bool,
    pub(super) config_file: String,
}

impl Server {
    pub(super) fn connect(config: &WoodpeckerConfig) -> Result<Self> {
        if config.pipeline_variable.as_deref().is_some_and(str::is_empty) {
            return Err(Error::new(ErrorKind::Config, "pipelineVariable: give the name of a variable"));
        }
        if config.poll_ms == 0 {
            return Err(Error::new(ErrorKind::Config, "pollMs: give at least one millisecond"));
        }
        let access = Access {
            base_url: &config.base_url,
            auth: &config.auth,
            identities: &config.identities,
            http: &config.http,
        };
        Ok(Self {
            client: Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?.vendor_calls(config.vendor_calls),
            variable: config.pipeline_variable.clone(),
            web: config.base_url.trim_end_matches('/').strip_suffix("/api").map(str::to_owned),
            poll: Duration::from_millis(config.poll_ms),
            anonymous: config.auth == Auth::None,
            repositories: Cache::builder().max_capacity(REPOSITORIES).time_to_live(REMEMBERED).build(),
        })
    }

    /// The pauses between looks at a job.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.poll)
    }

    /// Calls with the repository's place. Where the place was remembered and is gone, it is looked up, and the call is made at
    /// the new one, unless something may have been done before.
    ///
    /// # Errors
    /// `NotFound` where the server does not know the repository; those of the call.
    pub(super) async fn within<T, F>(
        &self,
        cx: &CallContext,
        repo: &RepoRef,
        call: impl Fn(Arc<Place>) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let name = format!("{}/{}", repo.owner, repo.name);
        let key = (cx.caller().credential().map(str::to_owned), name);
        let Some(known) = self.repositories.get(&key).await else {
            return call(self.look_up_once(cx, key).await?).await;
        };
        match call(Arc::clone(&known)).await {
            Err(error) if error.kind() == ErrorKind::NotFound && error.outcome() == Outcome::NotMade => {
                // Only by whoever comes first: what was found since then is not forgotten.
                if self.repositories.get(&key).await.is_some_and(|there| there.id == known.id) {
                    self.repositories.invalidate(&key).await;
                }
                let found = self.look_up_once(cx, key).await?;
                if found.id == known.id { Err(error) } else { call(found).await }
            }
            other => other,
        }
    }

    /// Looks a repository up; whoever asks for it meanwhile waits for the same answer.
    async fn look_up_once(&self, cx: &CallContext, key: (Option<String>, String)) -> Result<Arc<Place>> {
        let found = self.repositories.try_get_with_by_ref(&key, self.look_up(cx, &key.1)).await;
        found.map_err(|error| Error::clone(&error))
    }

    async fn look_up(&self, cx: &CallContext, name: &str) -> Result<Arc<Place>> {
        // Only a read: a time limit that strikes meanwhile has made no run.
        let cx = &cx.clone().for_attempt(None);
        let found: Result<wire::Repository> = self.client.get(at!["repos", "lookup", name]).send(cx).await;
        let wire = found.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let text = format!("Woodpecker knows no repository {name}, or does not show it");
                Error::new(ErrorKind::NotFound, text).status(404).delivery(error.delivered())
            }
            _ => error.refused(),
        })?;
        Ok(Arc::new(Place {
            id: wire.id,
            default_branch: wire.default_branch,
            active: wire.active,
            config_file: wire.config_file,
        }))
    }

    /// Where a person sees a run.
    pub(super) fn page_of(&self, place: &Place, number: i64) -> Option<String> {
        let web = self.web.as_deref()?;
        Some(format!("{web}/repos/{}/pipeline/{number}", place.id))
    }

    /// A run with its workflows.
    pub(super) async fn run(&self, cx: &CallContext, place: &Place, number: u64) -> Result<wire::Run> {
        self.client.get(at!["repos", place.id, "pipelines", number]).send(cx).await
    }
}

/// The number of a run.
///
/// # Errors
/// `Invalid` where it is none.
pub(super) fn number(run: &str) -> Result<u64> {
    let number = run.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("run: `{run}` is no number, and runs have numbers"))
    })
}

impl wire::Run {
    pub(super) fn state(&self) -> RunState {
        WORDS.read(&self.status, self.finished > 0)
    }
}

//! What all operations of Actions share: the client, and where things are.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::RepoRef;

use super::turn::Turns;
use crate::github::client::{self, at_repo};
use crate::github::config::GitHubConfig;
use crate::http::{Client, Pace, Path};

/// GitHub, as Actions needs it.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) client: Client,
    pub(super) correlation: Option<String>,
    /// Whether the server does not know that a dispatch may tell of its run.
    pub(super) silent: AtomicBool,
    /// Whether it told of one.
    pub(super) tells: AtomicBool,
    pub(super) turns: Turns,
    poll: Duration,
}

impl Hub {
    pub(super) fn connect(config: &GitHubConfig) -> Result<Self> {
        let actions = &config.actions;
        if actions.correlation_input.as_deref().is_some_and(str::is_empty) {
            return Err(Error::new(ErrorKind::Config, "actions.correlationInput: give the name of an input"));
        }
        if actions.poll_ms == 0 {
            return Err(Error::new(ErrorKind::Config, "actions.pollMs: give at least one millisecond"));
        }
        Ok(Self {
            client: client::connect(config)?,
            correlation: actions.correlation_input.clone(),
            silent: AtomicBool::new(false),
            tells: AtomicBool::new(false),
            turns: Turns::new(),
            poll: Duration::from_millis(actions.poll_ms),
        })
    }

    /// The pauses between looks at something that goes on.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.poll)
    }
}

/// Where Actions of a repository is.
pub(super) fn at_actions(repo: &RepoRef, room: &str) -> Path {
    at_repo(repo).part("actions").part(room)
}

/// The number of a run.
///
/// # Errors
/// `Invalid` where it is none.
pub(super) fn number(run: &str) -> Result<u64> {
    run.parse().map_err(|_| {
        Error::new(ErrorKind::Invalid, format!("run: `{run}` is no number, and runs have numbers"))
    })
}

//! Where the state of a test lies, so that a worker finds it.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::types::{Secret, Timestamp};
use mosaic_mcp::state::{
    Clock, Event, PostgresOptions, SqliteOptions, State, StateOptions, StateStore, TopicFilter,
};

use crate::timed::Timed;

/// A store that survives its processes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// A file.
    Sqlite(String),
    /// A server, by its address.
    Postgres(String),
}

impl Place {
    /// A file in a folder.
    pub(super) fn file(folder: &tempfile::TempDir) -> Self {
        Self::Sqlite(folder.path().join("state.db").to_str().unwrap().to_owned())
    }

    /// As a text for the environment of a worker.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite {path}"),
            Self::Postgres(url) => format!("postgres {url}"),
        }
    }

    pub(super) fn of_text(text: &str) -> Self {
        match text.split_once(' ') {
            Some(("sqlite", path)) => Self::Sqlite(path.to_owned()),
            Some(("postgres", url)) => Self::Postgres(url.to_owned()),
            _ => panic!("{text:?} is no place"),
        }
    }

    pub(super) async fn store(&self) -> Arc<dyn StateStore> {
        match self {
            Self::Sqlite(path) => {
                // SQLite's lock is not fair, and what is refused for want of it would end a worker.
                let options = SqliteOptions::new().busy_timeout(Duration::from_secs(60));
                Arc::new(options.open(path).await.unwrap())
            }
            Self::Postgres(url) => {
                let options = PostgresOptions::new(Secret::new(url.clone())).namespace("crash").readers(2);
                Arc::new(options.open().await.unwrap())
            }
        }
    }

    /// Opens it.
    pub(super) async fn open(&self) -> State {
        StateOptions::new().open_shared(self.store().await).await.unwrap()
    }

    /// Opens it an hour later: every lease is over.
    pub(super) async fn open_later(&self) -> State {
        let later = Timestamp::now() + Duration::from_secs(3_600);
        let store = Timed::over(self.store().await);
        StateOptions::new().clock(Clock::tokio(later)).open(store).await.unwrap()
    }
}

/// All events that a filter chooses.
pub(super) async fn events(state: &State, filter: &str) -> Vec<Event> {
    let (filter, mut all) = (TopicFilter::new(filter).unwrap(), Vec::<Event>::new());
    loop {
        let after = all.last().map_or(0, |event| event.offset);
        let more = state.events(&filter, after, 1_000).await.unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

//! Where the state of a test lies, so that a worker finds it.

use mosaic_mcp::state::{SqliteOptions, State};

/// A store that survives its processes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// A file.
    Sqlite(String),
}

impl Place {
    /// As a text for the environment of a worker.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite {path}"),
        }
    }

    pub(super) fn of_text(text: &str) -> Self {
        match text.split_once(' ') {
            Some(("sqlite", path)) => Self::Sqlite(path.to_owned()),
            _ => panic!("{text:?} is no place"),
        }
    }

    /// Opens it.
    pub(super) async fn open(&self) -> State {
        match self {
            Self::Sqlite(path) => State::open(SqliteOptions::new().open(path).await.unwrap()).await.unwrap(),
        }
    }
}

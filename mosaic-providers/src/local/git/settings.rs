//! The record of a repository beside what git keeps of it.

use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};

/// What a repository has beside what git keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub(super) description: Option<String>,
    pub(super) private: bool,
    pub(super) archived: bool,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
}

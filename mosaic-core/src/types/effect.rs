//! What an operation does to the world, which decides what may be cached, repeated and moved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The effect of an operation.
///
/// ```
/// use mosaic_core::types::Effect;
///
/// assert!(Effect::Read.is_read() && !Effect::Create.is_read());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Doing it twice on one provider is the same as doing it once.
    Idempotent,
    /// Makes something new each time.
    Create,
    /// Cannot be taken back: deletes, merges.
    Irreversible,
}

impl Effect {
    /// Whether it changes nothing.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Read)
    }

    /// The name used in documents and schemas.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Idempotent => "idempotent",
            Self::Create => "create",
            Self::Irreversible => "irreversible",
        }
    }
}

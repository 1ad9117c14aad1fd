//! Where calls are kept: in this process, or in a state that several nodes share.

use std::collections::BTreeMap;
use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::error::Result;
use mosaic_core::types::{TenantId, Timestamp};
use serde_json::Value;

use super::memory::Memory;
use super::record::{Called, Record};
use super::stored::Stored;
use crate::surface::lasting::Lasting;

/// The most calls of all callers.
pub(super) const ALL: usize = 1_024;
/// The most calls of one tenant.
pub(super) const EACH: usize = ALL / 2;

pub(super) type Owner = (TenantId, Principal);

/// A call by its id, as its owner asks for it: whoever asks for one of another finds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) owner: Owner,
    pub(super) id: String,
}

impl Name {
    pub(super) fn new(owner: &Owner) -> Self {
        Self { owner: owner.clone(), id: uuid::Uuid::now_v7().to_string() }
    }

    /// None where the text is no id that is ever given out.
    pub(super) fn of(owner: Owner, id: &str) -> Option<Self> {
        let id = uuid::Uuid::parse_str(id).ok()?.to_string();
        Some(Self { owner, id })
    }
}

/// What became of a call that was changed.
pub(super) struct Changed<T> {
    /// What the change gave; none where nothing was changed.
    pub(super) what: Option<T>,
    pub(super) record: Record,
    /// How long it is kept from now on.
    pub(super) left: Duration,
}

/// Where calls are kept.
pub(super) enum Shelf {
    Memory(Memory),
    Stored(Stored),
}

impl Shelf {
    /// Keeps a call that this node runs; none where there is no room.
    ///
    /// # Errors
    /// Those of the state.
    pub(super) async fn add(
        &self,
        owner: &Owner,
        called: Called,
        answers: BTreeMap<String, Value>,
        node: &str,
        options: &Lasting,
    ) -> Result<Option<(Name, Record)>> {
        match self {
            Self::Memory(memory) => Ok(memory.add(owner, called, answers, node, options)),
            Self::Stored(stored) => stored.add(owner, called, answers, options).await,
        }
    }

    /// A call with its result.
    ///
    /// # Errors
    /// Those of the state.
    pub(super) async fn get(&self, name: &Name) -> Result<Option<Record>> {
        match self {
            Self::Memory(memory) => Ok(memory.get(name)),
            Self::Stored(stored) => stored.get(name).await,
        }
    }

    /// Changes a call as a whole or not at all. What gives none must have changed nothing.
    ///
    /// # Errors
    /// Those of the state; `Invalid` where it would be too large.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        name: &Name,
        change: impl FnOnce(&mut Record, Timestamp) -> Option<T> + Send + 'static,
    ) -> Result<Option<Changed<T>>> {
        match self {
            Self::Memory(memory) => Ok(memory.change(name, change)),
            Self::Stored(stored) => stored.change(name, change).await,
        }
    }
}

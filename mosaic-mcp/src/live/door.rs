//! Who comes in: the caller of a connection, from its headers.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;

use crate::function::Desk;
use crate::security::{Admission, Identity, bearer};
use crate::state::State;

/// Admits callers to a desk and to the events of their tenant. Clones share it.
///
/// ```
/// use mosaic_core::{context::Principal, types::TenantId};
/// use mosaic_mcp::function::Desk;
/// use mosaic_mcp::live::Door;
/// use mosaic_mcp::security::{Admission, Identity};
/// use mosaic_mcp::state::State;
///
/// fn for_agents(desk: Desk, state: State, admission: Admission) -> Door {
///     Door::admitting(desk, state, admission)
/// }
/// fn for_one_on_this_machine(desk: Desk, state: State) -> mosaic_core::Result<Door> {
///     Ok(Door::for_one(desk, state, Identity::new(TenantId::default_tenant(), Principal::agent("helper"))?))
/// }
/// ```
#[derive(Clone)]
pub struct Door(Arc<Inside>);

struct Inside {
    desk: Desk,
    state: State,
    entry: Entry,
}

enum Entry {
    Admission(Admission),
    /// Whoever connects is this one: the transport admits nobody else.
    One(Identity),
}

/// A caller that was admitted.
pub(super) struct Guest {
    pub(super) cx: CallContext,
    /// Until when.
    pub(super) expires: Option<Timestamp>,
}

impl Door {
    /// A door behind which everybody is one and the same: only for a transport that nobody else can reach.
    pub fn for_one(desk: Desk, state: State, identity: Identity) -> Self {
        Self(Arc::new(Inside { desk, state, entry: Entry::One(identity) }))
    }

    /// A door for whoever an admission lets in, by `authorization: Bearer TOKEN`: with the roles of the proof, and told to the audit
    /// where the admission does that.
    pub fn admitting(desk: Desk, state: State, admission: Admission) -> Self {
        Self(Arc::new(Inside { desk, state, entry: Entry::Admission(admission) }))
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(super) fn state(&self) -> &State {
        &self.0.state
    }

    /// Who calls.
    ///
    /// # Errors
    /// `Unauthenticated` where nothing is proved.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<Guest> {
        let identity = match &self.0.entry {
            Entry::One(identity) => identity.clone(),
            Entry::Admission(admission) => {
                let (cx, expires) = admission.admit_until(&bearer(headers)?, "a live connection").await?;
                return Ok(Guest { cx, expires });
            }
        };
        if !identity.is_valid(self.0.state.now()) {
            return Err(Error::new(ErrorKind::Unauthenticated, "the proof has expired").refused());
        }
        let cx = identity.context();
        Ok(Guest { cx, expires: identity.expires() })
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("desk", &self.0.desk).finish_non_exhaustive()
    }
}

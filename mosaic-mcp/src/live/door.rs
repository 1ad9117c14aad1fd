//! Who comes in: the caller of a connection, from its headers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{Extensions, HeaderMap};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};

use super::guest::Guest;
use crate::function::Desk;
use crate::security::limits::{self, AtOnce, Rate, Who};
use crate::security::{Admission, Identity, bearer};
use crate::state::State;

/// Admits callers to a desk and to the events of their tenant, and no more of them, and no more often, than one may have. Clones share
/// it: what is counted, is counted over gRPC and WebSocket together.
///
/// The address of a caller counts only where the request has it among its extensions, as `axum::extract::ConnectInfo<SocketAddr>` or as
/// a `SocketAddr`.
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

#[derive(Clone)]
struct Inside {
    desk: Desk,
    state: State,
    entry: Entry,
    by_address: Arc<Rate>,
    by_principal: Arc<Rate>,
    at_once: AtOnce,
}

#[derive(Clone)]
enum Entry {
    Admission(Admission),
    /// Whoever connects is this one: the transport admits nobody else.
    One(Identity),
}

impl Door {
    /// A door behind which everybody is one and the same: only for a transport that nobody else can reach.
    pub fn for_one(desk: Desk, state: State, identity: Identity) -> Self {
        Self::new(desk, state, Entry::One(identity))
    }

    /// A door for whoever an admission lets in, by `authorization: Bearer TOKEN`: with the roles of the proof, and told to the audit
    /// where the admission does that.
    pub fn admitting(desk: Desk, state: State, admission: Admission) -> Self {
        Self::new(desk, state, Entry::Admission(admission))
    }

    fn new(desk: Desk, state: State, entry: Entry) -> Self {
        let (per_second, burst) =
            (NonZeroU32::MIN.saturating_add(999), NonZeroU32::MIN.saturating_add(1_999));
        let rate = || Arc::new(Rate::new(per_second, burst));
        let (by_address, by_principal) = (rate(), rate());
        Self(Arc::new(Inside { desk, state, entry, by_address, by_principal, at_once: AtOnce::new(256) }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inside)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// How many requests, connections and frames a second one principal, and one address, may send in the long run, and how many at
    /// once after a silence; 1,000 and 2,000 at first. More is 429, or `RESOURCE_EXHAUSTED`. To be set before it is shared.
    #[must_use]
    pub fn rate(self, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        self.with(|inside| {
            inside.by_address = Arc::new(Rate::new(per_second, burst));
            inside.by_principal = Arc::new(Rate::new(per_second, burst));
        })
    }

    /// How many calls and followings of one principal are under way at a time, over all its connections; 256 at first. One more is
    /// refused as above. To be set before it is shared.
    #[must_use]
    pub fn at_once(self, most: usize) -> Self {
        self.with(|inside| inside.at_once = AtOnce::new(most))
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(super) fn state(&self) -> &State {
        &self.0.state
    }

    /// Counts a request of an address, before anybody looks at it.
    ///
    /// # Errors
    /// `Throttled`.
    pub(super) fn knock(&self, from: Option<IpAddr>) -> Result<()> {
        match from {
            Some(address) => self.0.by_address.check(&Who::Address(address)).map_err(too_often),
            None => Ok(()),
        }
    }

    /// Who calls.
    ///
    /// # Errors
    /// `Unauthenticated` where nothing is proved.
    pub(super) async fn admit(&self, headers: &HeaderMap, from: Option<IpAddr>) -> Result<Arc<Guest>> {
        let identity = match &self.0.entry {
            Entry::One(identity) => identity.clone(),
            Entry::Admission(admission) => {
                let token = bearer(headers)?;
                let from = from.map_or_else(|| "a live connection".to_owned(), |address| address.to_string());
                let (cx, expires) = admission.admit_until(&token, &from).await?;
                return Ok(Guest::new(cx, expires, Some((token, from))));
            }
        };
        if !identity.is_valid(self.0.state.now()) {
            return Err(Error::new(ErrorKind::Unauthenticated, "the proof has expired").refused());
        }
        Ok(Guest::new(identity.context(), identity.expires(), None))
    }

    /// As whom a guest acts now, by the proof that it came with.
    ///
    /// # Errors
    /// `Unauthenticated` where it does not hold any more.
    pub(super) async fn again(&self, guest: &Guest) -> Result<CallContext> {
        let (Entry::Admission(admission), Some((token, from))) = (&self.0.entry, &guest.proof) else {
            return Ok(guest.cx());
        };
        let (cx, _) = admission.admit_until(token, from).await?;
        guest.renew(&cx)?;
        Ok(cx)
    }

    /// Counts something that a guest asks for.
    ///
    /// # Errors
    /// `Throttled`.
    pub(super) fn count(&self, guest: &Guest) -> Result<()> {
        self.0.by_principal.check(&guest.who()).map_err(too_often)
    }

    /// Lets a call or a following of a guest begin; it is under way until what is returned is dropped.
    ///
    /// # Errors
    /// `Throttled`.
    pub(super) fn begin(&self, guest: &Guest) -> Result<limits::Inside> {
        self.0.at_once.enter(guest.who()).ok_or_else(|| {
            let message = "too many calls and followings of this principal are under way";
            Error::new(ErrorKind::Throttled, message).retry_after(Duration::from_secs(1)).refused()
        })
    }
}

fn too_often(wait: Duration) -> Error {
    Error::new(ErrorKind::Throttled, "too many requests; wait before the next one")
        .retry_after(wait)
        .refused()
}

/// The address that a request comes from, where its extensions tell.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    #[cfg(feature = "http")]
    if let Some(axum::extract::ConnectInfo(address)) =
        extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()
    {
        return Some(address.ip());
    }
    extensions.get::<SocketAddr>().map(SocketAddr::ip)
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("desk", &self.0.desk).finish_non_exhaustive()
    }
}

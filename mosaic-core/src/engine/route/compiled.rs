//! What rules are compiled to: providers and groups by position, patterns parsed, the services that they speak about.

use std::sync::Arc;

use super::clause::Clause;
use super::fault::Place;
use super::rank::Term;
use crate::engine::balance::Balancer;
use crate::op::OpSet;
use crate::types::{Price, ProviderId, Region, ServiceKind};

/// A provider as routing sees it. Beside name and offer: the usual weight, no region, free, no limit.
///
/// ```
/// use mosaic_core::engine::route::Member;
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::{ProviderId, ServiceKind};
///
/// let member = Member::new(ProviderId::new("forge-a")?, OpSet::service(ServiceKind::Git));
/// assert!(member.operations.serves(ServiceKind::Git));
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub id: ProviderId,
    /// What it offers.
    pub operations: OpSet,
    /// Its share among the members of a group; 0 where it is drained.
    pub weight: u32,
    /// Where it stands.
    pub region: Option<Region>,
    /// What one unit of an operation costs there.
    pub cost: Price,
    /// The calls at once that it is asked for at most.
    pub concurrency: Option<u32>,
}

impl Member {
    /// A provider by name and offer.
    pub fn new(id: ProviderId, operations: OpSet) -> Self {
        Self { id, operations, weight: 1, region: None, cost: Price::FREE, concurrency: None }
    }
}

/// A group: its name, the positions of its members, and what orders them.
pub(super) struct Members {
    pub(super) name: Box<str>,
    pub(super) positions: Vec<u16>,
    /// The terms that its author gave; none where calls say what they need.
    pub(super) rank: Box<[Term]>,
    /// Whether any member's region is known.
    pub(super) regional: bool,
    pub(super) balancer: Box<dyn Balancer>,
}

/// Where a rule sends calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Provider(u16),
    Group(u16),
}

#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) label: Arc<str>,
    /// Which of the rules it is as they were written; none where nobody wrote it.
    pub(super) place: Option<Place>,
    /// What a call must meet, in full.
    pub(super) clauses: Box<[Clause]>,
    pub(super) targets: Box<[Target]>,
    pub(super) priority: i32,
    /// The services that any of its targets serves; it says nothing about calls of another service.
    pub(super) serves: [bool; ServiceKind::ALL.len()],
}

impl Compiled {
    pub(super) fn only(service: ServiceKind, at: u16, id: &ProviderId) -> Self {
        let mut serves = [false; ServiceKind::ALL.len()];
        serves[service.index()] = true;
        Self {
            label: format!("{id} is the only provider of {service}").into(),
            place: None,
            clauses: Box::default(),
            targets: Box::new([Target::Provider(at)]),
            priority: 0,
            serves,
        }
    }
}

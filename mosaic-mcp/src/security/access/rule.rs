//! One permission or denial, compiled.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{OpMeta, OpSet, catalogue};
use mosaic_core::types::ServiceKind;

use super::pattern::{Pattern, Resource, ResourcePattern};
use crate::function::{self, Extent, Permission};

/// The longest permission.
const LONGEST: usize = 512;

/// Permissions, or denials, for one pattern of resources.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Operations of the catalogue.
    operations: OpSet,
    /// What is not in the catalogue: functions, and what an application asks about.
    others: Vec<Other>,
    pub(super) resource: ResourcePattern,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    service: Pattern,
    operation: Operations,
}

/// Which operations of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Operations {
    Reads,
    Writes,
    Named(Pattern),
}

impl Operations {
    fn new(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            None => Some(Self::Named(Pattern::new(text))),
            Some("read") => Some(Self::Reads),
            Some("write") => Some(Self::Writes),
            Some(_) => None,
        }
    }

    fn has(&self, name: &str, read: bool) -> bool {
        match self {
            Self::Reads => read,
            Self::Writes => !read,
            Self::Named(pattern) => pattern.fits(name, false),
        }
    }

    /// Whether it is meant for the operation, of which nobody can tell what it is about.
    fn names(&self, name: &str) -> bool {
        matches!(self, Self::Named(pattern) if pattern.is_exact() && pattern.as_str() == name)
    }
}

impl Rule {
    /// Compiles `service:operation:resource`.
    ///
    /// # Errors
    /// `Config`, with what does not fit: also a service or an operation that nobody has, as it would silently rule nothing.
    pub(super) fn new(text: &str, denial: bool, more: &[String]) -> Result<Self> {
        let mut parts = text.splitn(3, ':');
        let (Some(service), Some(operation), Some(resource)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad(text, "it is written service:operation:resource"));
        };
        if text.len() > LONGEST || text.contains(|c: char| c.is_control() || c == ' ') {
            return Err(bad(text, "it has 512 bytes at most, and neither spaces nor control characters"));
        }
        if service.is_empty() || operation.is_empty() || resource.is_empty() {
            return Err(bad(text, "no part is empty: write * for anything"));
        }
        let service = Pattern::new(service);
        let operation = Operations::new(operation)
            .ok_or_else(|| bad(text, "@read and @write are the kinds of operations that there are"))?;
        let mut operations = OpSet::EMPTY;
        let (mut served, mut done) = (false, false);
        for kind in ServiceKind::ALL.into_iter().filter(|kind| service.fits(kind.as_str(), false)) {
            served = true;
            for def in catalogue().service(kind) {
                let meta = def.meta;
                let meant = !meta.vendor || denial || operation.names(meta.method);
                if meant && operation.has(meta.method, meta.effect.is_read()) {
                    if meta.vendor && !denial && resource != "*" {
                        let why = "what such a call is about is only what its caller says: write * for the resource";
                        return Err(bad(text, why));
                    }
                    operations = operations.with(meta);
                    done = true;
                }
            }
        }
        for def in function::Catalogue::all().iter().filter(|def| service.fits(def.meta.room, false)) {
            served = true;
            done |= operation.has(def.meta.method, def.meta.effect.is_read());
        }
        for (_, method) in function::SURFACES.iter().filter(|(of, _)| service.fits(of, false)) {
            served = true;
            // Calling a tool may be either.
            let writes = *method == "call_tool" && operation.has(method, false);
            done |= operation.has(method, true) || writes;
        }
        let (of, method) = function::JOIN;
        if service.fits(of, false) {
            served = true;
            done |= operation.has(method, false);
        }
        // What others ask about is known to them alone.
        let theirs = more.iter().any(|name| service.fits(name, false));
        if !theirs && !served {
            return Err(bad(text, "there is no such service"));
        }
        if !theirs && !done {
            return Err(bad(text, "the service has no such operation"));
        }
        Ok(Self {
            operations,
            others: vec![Other { service, operation }],
            resource: ResourcePattern::new(resource),
        })
    }

    /// Takes over another rule for the same resources.
    pub(super) fn merge(&mut self, other: &Self) {
        self.operations = self.operations.and(other.operations);
        for more in &other.others {
            if !self.others.contains(more) {
                self.others.push(more.clone());
            }
        }
    }

    pub(super) fn has(&self, asked: &Asked<'_>) -> bool {
        match asked.what {
            What::Operation(meta) => self.operations.has(meta),
            What::Other(needed) => {
                let read = needed.effect.is_read();
                let fits = |other: &Other| {
                    other.service.fits(needed.service, false) && other.operation.has(needed.operation, read)
                };
                self.others.iter().any(fits)
            }
        }
    }
}

/// What a caller asks for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) what: What<'a>,
    pub(super) resource: Resource<'a>,
    pub(super) extent: Extent,
}

impl<'a> Asked<'a> {
    /// What a permission is about. Patterns of operations are compiled for the catalogue.
    pub(super) fn of(needed: Permission<'a>) -> Self {
        let kind = ServiceKind::ALL.into_iter().find(|kind| kind.as_str() == needed.service);
        let mut rows = kind.into_iter().flat_map(|kind| catalogue().service(kind)).map(|def| def.meta);
        let known = rows.find(|meta| meta.method == needed.operation);
        let what = known.map_or(What::Other(needed), What::Operation);
        let extent = match what {
            What::Operation(_) => Extent::One,
            What::Other(_) => function::Catalogue::all().extent(needed.service, needed.operation),
        };
        Self { what, resource: Resource::text(needed.resource), extent }
    }
}

impl Asked<'_> {
    /// Whether nobody can tell what it is about: every denial of the operation is then one of it.
    pub(super) fn is_vague(&self) -> bool {
        matches!(self.what, What::Operation(meta) if meta.vendor)
    }
}

#[derive(Debug)]
pub(super) enum What<'a> {
    /// An operation of the catalogue.
    Operation(&'a OpMeta),
    /// Anything else.
    Other(Permission<'a>),
}

fn bad(text: &str, why: &str) -> Error {
    let shown: String = text.chars().take(80).collect();
    Error::new(ErrorKind::Config, format!("the permission {shown:?} rules nothing: {why}"))
}

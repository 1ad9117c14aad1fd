//! What every provider must bear: bad answers, broken connections and wrong turns, and what it has to make of each.

mod bodies;
mod statuses;
mod tokens;
mod trial;

#[cfg(test)]
mod careful;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use mosaic_core::error::Error;
use mosaic_core::op::{OpDef, Payload, catalogue};
use mosaic_core::plugin::Plugin;
use serde_json::Value;

use self::trial::Trial;

/// The call that a provider is driven through hardship with.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    operation: &'static str,
    params: Value,
    vendor: Router,
    renews: bool,
    empty: bool,
    downloads: bool,
    place: String,
    patient: bool,
}

impl Call {
    /// An operation with parameters, and a vendor that answers it well any number of times.
    ///
    /// The first request of the operation is the one that meets trouble, so its answer should be one that the operation
    /// cannot do without; see [`Call::at`] for a later one.
    pub(crate) fn new(operation: &'static str, params: Value, vendor: Router) -> Self {
        Self {
            operation,
            params,
            vendor,
            renews: false,
            empty: false,
            downloads: false,
            place: String::new(),
            patient: false,
        }
    }

    /// Says that the credential can be renewed, at the same vendor: `refresh` must then give another one.
    pub(crate) fn renews(mut self) -> Self {
        self.renews = true;
        self
    }

    /// Says that the vendor's good answer has no body, so that nothing can be wrong with it.
    pub(crate) fn without_body(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Says that the answer may lie elsewhere, as artifacts do: a redirect may be followed, without the credential.
    pub(crate) fn downloads(mut self) -> Self {
        self.downloads = true;
        self
    }

    /// Says that the requests whose path begins so are the ones that meet trouble, as where something is looked up before.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Says that what is not there is looked for again, as a log that is yet to come.
    pub(crate) fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    fn def(&self) -> &'static OpDef {
        catalogue().find(self.operation).unwrap_or_else(|error| panic!("{}: {error}", self.operation))
    }

    fn payload(&self) -> Payload {
        let params = self.params.clone();
        self.def().decode(params).unwrap_or_else(|error| panic!("{}: {error}", self.operation))
    }

    /// Whether the answer is taken in whole and read, so that garbage shows.
    fn has_document(&self) -> bool {
        !self.empty && !self.def().meta.stream
    }
}

/// Drives providers through every hardship, each with a fresh provider and a fresh server, and gives every error that came,
/// for [secrets](super::secrets) to look at. `make` gets the origin and makes a provider whose credential has the
/// [mark](super::secrets::MARK); it is initialized and started here. Needs a runtime of one thread, whose clock it pauses.
///
/// # Panics
/// With every hardship that was borne otherwise than it should be.
pub(crate) async fn run<M>(make: M, call: Call) -> Vec<Error>
where
    M: AsyncFn(String) -> Arc<dyn Plugin>,
{
    let (errors, faults) = attempt(make, call).await;
    assert!(faults.is_empty(), "{} hardships were not borne:\n{}", faults.len(), faults.join("\n"));
    errors
}

/// Every error that came, and every hardship that was borne otherwise than it should be.
async fn attempt<M>(make: M, call: Call) -> (Vec<Error>, Vec<String>)
where
    M: AsyncFn(String) -> Arc<dyn Plugin>,
{
    let mut trial = Trial::new(&make, call);
    trial.good().await;
    statuses::run(&mut trial).await;
    bodies::run(&mut trial).await;
    if trial.call.renews {
        tokens::run(&mut trial).await;
    }
    trial.end()
}

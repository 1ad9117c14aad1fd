//! What came of the calls that a document's server answered.

use std::fmt::Debug;

use mosaic_core::error::{ErrorKind, Result};

/// The answers that were not read.
///
/// Requests are what counts: the examples of answers need not fit together, so some calls find that something is not there.
/// But each answer must be readable.
#[derive(Default)]
pub(crate) struct Told(Vec<String>);

impl Told {
    /// Takes what came of a call: a value, or an error of the kind that the examples make of it.
    pub(crate) fn take<T: Debug>(&mut self, what: &str, got: Result<T>, expected: Option<ErrorKind>) {
        match got {
            Ok(_) if expected.is_none() => {}
            Err(error) if Some(error.kind()) == expected => {}
            got => self.0.push(format!("{what}: expected {expected:?}, got {got:?}")),
        }
    }

    /// Fails where anything else came of a call.
    pub(crate) fn assert_read(&self) {
        assert!(self.0.is_empty(), "{} answers:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// Calls operations one after the other: `told! { told, service, cx: get_run(GetRun::new(..)) => NotFound; .. }`.
macro_rules! told {
    ($told:ident, $service:ident, $cx:ident: $($method:ident($op:expr) $(=> $kind:ident)?;)*) => {
        $({
            let expected = None::<mosaic_core::error::ErrorKind>$(.or(Some(mosaic_core::error::ErrorKind::$kind)))?;
            $told.take(stringify!($method), $service.$method(&$cx, $op).await, expected);
        })*
    };
}
pub(crate) use told;

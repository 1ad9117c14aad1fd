//! One exception per kind of error, all below `mosaic.Error`, made from the table of kinds.

use std::ffi::CString;

use mosaic_core::error::{Error, ErrorKind, Outcome};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The name of the base class.
const BASE: &str = "Error";

/// What every exception has, `None` where it is not known.
const FACTS: [&str; 7] = ["kind", "message", "operation", "provider", "outcome", "retry_after", "status"];

/// Adds the base class and a subclass for each kind to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let exception = py.get_type::<PyException>();
    let base = class(BASE, "What every failed operation raises.", &exception)?;
    // Also for instances that Python makes itself.
    for fact in FACTS {
        base.setattr(fact, py.None())?;
    }
    module.add(BASE, &base)?;
    for kind in ErrorKind::ALL {
        let name = class_name(kind);
        let doc = format!("A failed operation of the kind `{kind}`.");
        let subclass = class(&name, &doc, &base)?;
        subclass.setattr("kind", kind.code())?;
        module.add(name.as_str(), subclass)?;
    }
    Ok(())
}

fn class<'py>(name: &str, doc: &str, base: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    let py = base.py();
    let qualified = CString::new(format!("mosaic.{name}"))?;
    let doc = CString::new(doc)?;
    Ok(PyErr::new_type(py, &qualified, Some(&doc), Some(base), None)?.into_bound(py))
}

/// The exception for an error: an instance of the class of its kind, with what is known about it as attributes.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|failure| failure)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    // The module holds the classes, so that each interpreter has its own and nothing here is global.
    let class = py.import("mosaic._mosaic")?.getattr(class_name(error.kind()))?;
    let value = class.call1((error.to_string(),))?;
    value.setattr("message", error.message())?;
    value.setattr("operation", error.operation_name())?;
    value.setattr("provider", error.provider_id().map(ToString::to_string))?;
    value.setattr("retry_after", error.wait().map(|wait| wait.as_secs_f64()))?;
    value.setattr("status", error.status_code())?;
    let outcome = match error.outcome() {
        Outcome::NotMade => "not_made",
        Outcome::Unknown => "unknown",
    };
    value.setattr("outcome", outcome)?;
    Ok(PyErr::from_value(value))
}

/// The name of the class of a kind: `not_found` is `NotFound`.
fn class_name(kind: ErrorKind) -> String {
    let words = kind.code().split('_');
    words
        .flat_map(|word| word[..1].to_uppercase().chars().chain(word[1..].chars()).collect::<Vec<_>>())
        .collect()
}

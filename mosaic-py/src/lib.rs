//! The native half of the Python package `mosaic`: the catalogue of operations, their schemas, and the exceptions.
//!
//! The Python half, in `python/mosaic`, shows what is here under the name of the package and adds nothing. Calls are not
//! here yet: nothing in this module talks to a provider.

mod convert;
mod errors;
mod operations;

use pyo3::prelude::*;

/// The module `mosaic._mosaic`.
#[pymodule]
fn _mosaic(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::register(module)?;
    operations::register(module)
}

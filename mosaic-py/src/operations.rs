//! The catalogue for Python: the facts of every operation, and its schemas.

use mosaic_core::op::{OpDef, OpMeta, catalogue};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::to_python;
use crate::errors::raised;

/// Adds the class and the functions of this file to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Operation>()?;
    module.add_function(wrap_pyfunction!(operations, module)?)?;
    module.add_function(wrap_pyfunction!(schema, module)?)
}

/// The facts of one operation.
#[pyclass(frozen, get_all, module = "mosaic")]
#[derive(Debug)]
struct Operation {
    /// The dotted name, such as `git.get_repository`.
    name: &'static str,
    /// The service, such as `git`.
    service: &'static str,
    /// The part of the name after the dot.
    method: &'static str,
    /// What it does to the world: `read`, `idempotent`, `create` or `irreversible`.
    effect: &'static str,
    /// Whether the answer is a stream.
    stream: bool,
    /// How long an answer stays fresh, in seconds; 0 where it is not cached.
    ttl: u32,
    /// What it costs in units of quota.
    cost: u32,
    /// What it does, in Markdown.
    doc: String,
}

#[pymethods]
impl Operation {
    fn __repr__(&self) -> String {
        format!("Operation('{}', effect='{}')", self.name, self.effect)
    }
}

impl Operation {
    fn of(def: &OpDef) -> Self {
        let OpMeta { name, service, method, effect, stream, ttl, cost, doc, .. } = *def.meta;
        let doc = doc.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_string();
        Self { name, service: service.as_str(), method, effect: effect.as_str(), stream, ttl, cost, doc }
    }
}

/// The facts of every operation, in the order of the catalogue.
#[pyfunction]
fn operations() -> Vec<Operation> {
    catalogue().all().map(Operation::of).collect()
}

/// The JSON Schemas of an operation: a dict with `params` and `output`; of a stream, `output` is that of one item.
///
/// Raises `mosaic.Invalid`, naming the nearest name, where there is no such operation.
#[pyfunction]
fn schema<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
    let def = catalogue().find(name).map_err(|error| raised(py, &error))?;
    let schemas = PyDict::new(py);
    schemas.set_item("params", to_python(py, &def.params_schema().to_value())?)?;
    schemas.set_item("output", to_python(py, &def.output_schema().to_value())?)?;
    Ok(schemas)
}

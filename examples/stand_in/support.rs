//! What answers on loopback, and what goes wrong with it.

#[path = "../../mosaic-providers/tests/it/support/faults.rs"]
pub(crate) mod faults;
#[path = "../../mosaic-providers/tests/it/support/line.rs"]
pub(crate) mod line;
#[path = "../../mosaic-providers/tests/it/support/serve.rs"]
pub(crate) mod serve;

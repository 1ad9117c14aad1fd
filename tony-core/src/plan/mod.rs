//! The plan tree: six levels, from epics down to atomic steps.

mod id;
mod level;

pub use id::{PlanId, PlanIdError};
pub use level::Level;

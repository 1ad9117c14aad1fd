//! Plans by the Ultrathink Planning Protocol: a goal is broken down through six levels, until each leaf is at
//! most thirty minutes of one agent's work with an end that can be checked.
//!
//! # Map
//!
//! Today this crate names the nodes of a plan; it does not make plans yet.
//!
//! - [`plan`]: [`Level`](plan::Level), the six levels, and [`PlanId`](plan::PlanId), the id of a node in the
//!   tree.
//!
//! ```
//! use tony_core::plan::{Level, PlanId};
//!
//! let story: PlanId = "S.001.02.03".parse()?;
//! let task = story.child(4)?;
//! assert_eq!(task.to_string(), "T.001.02.03.04");
//! assert_eq!(task.level(), Level::Task);
//! assert_eq!(task.parent(), Some(story));
//! # Ok::<(), tony_core::plan::PlanIdError>(())
//! ```

pub mod plan;

//! Circuit breakers: a pure state machine, and one of them for each provider and service.

pub mod board;
pub mod machine;

pub use board::{BreakerCell, BreakerState, Permit};
pub use machine::{Ask, BreakerConfig, Machine, Ticket};

//! The engine: what happens around every call.
pub mod balance;
pub mod breaker;
pub mod limit;
pub mod route;

//! The engine from outside: an orchestrator over scripted providers, on a paused clock.

mod allocations;
mod audit;
mod cache;
mod failover;
mod layers;
mod lifecycle;
mod limits;
mod retry;
mod soak;
mod streams;
mod support;
mod tenants;

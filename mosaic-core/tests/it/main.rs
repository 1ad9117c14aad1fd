//! The engine from outside: an orchestrator over scripted providers, on a paused clock.

#[cfg(test)]
mod ai_suite;
#[cfg(test)]
mod allocations;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod changes;
#[cfg(feature = "config")]
#[cfg(test)]
mod config;
#[cfg(test)]
mod equal;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod phases;
#[cfg(test)]
mod ranking;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod retry;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod supervision;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod vendor;
#[cfg(test)]
mod versions;

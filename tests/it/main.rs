//! The facade from outside: what a person reads first must be true.

#[cfg(feature = "config")]
#[cfg(test)]
mod config;
#[cfg(feature = "local")]
#[cfg(test)]
mod embedded;
#[cfg(all(feature = "config", feature = "local", feature = "vendors", target_os = "linux"))]
#[cfg(test)]
mod files;
#[cfg(all(feature = "local", feature = "mcp"))]
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod readme;

//! The facade from outside: what a person reads first must be true.

#[cfg(feature = "config")]
#[cfg(test)]
mod config;
#[cfg(feature = "local")]
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod readme;

//! The facade from outside: what a person reads first must be true.

#[cfg(all(test, feature = "local"))]
mod embedded;
#[cfg(test)]
mod readme;

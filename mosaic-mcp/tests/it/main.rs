//! What the rooms of this crate do together.

#[cfg(test)]
mod audit;
#[cfg(test)]
#[cfg(all(feature = "http", feature = "stdio"))]
mod client;
#[cfg(test)]
mod coordination;
#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "sqlite"))]
mod crash;
#[cfg(test)]
mod ground;
#[cfg(test)]
mod idle;
#[cfg(test)]
#[cfg(all(feature = "http", feature = "sqlite"))]
mod load;
#[cfg(test)]
mod messages;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "redis"))]
mod redis;
#[cfg(test)]
#[cfg(all(feature = "http", feature = "pkcs11", feature = "postgres", feature = "vault"))]
mod security;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod servers;
#[cfg(test)]
mod state;
#[cfg(test)]
mod subscribe;
#[cfg(test)]
mod support;
#[cfg(test)]
mod surface;
#[cfg(test)]
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod timed;
#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "redis"))]
mod tls;

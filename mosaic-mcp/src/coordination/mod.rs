//! What agents share: values and events, and rooms to work together in.

pub mod shared;

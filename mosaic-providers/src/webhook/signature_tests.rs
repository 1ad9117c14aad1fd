//! The published vectors, and what is refused.
use super::*;

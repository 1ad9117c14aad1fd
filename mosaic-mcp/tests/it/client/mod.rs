//! Remote servers as plugins, and another Mosaic as a caller.

mod child;
mod play;

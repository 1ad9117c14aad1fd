//! Configuration files: what loads, what is reported, and what is shown nowhere.

mod broken;
mod build;
mod good;
mod replace;
mod secrets;

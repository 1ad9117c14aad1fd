//! What all forges share, the embedded one and those of vendors: names that are safe to ask for, how the issues of a
//! repository are addressed, and words that are searched for.
#![allow(dead_code, unused_imports, reason = "each forge uses a part, and each is compiled alone too")]

pub(crate) mod fault;
pub(crate) mod names;
pub(crate) mod pin;
pub(crate) mod tracker;
pub(crate) mod words;

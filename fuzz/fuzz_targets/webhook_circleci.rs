//! Any bytes as an event of CircleCI, whose kind is in the body.
#![no_main]

mod webhook;

use libfuzzer_sys::fuzz_target;
use mosaic_providers::webhook::Vendor;

fuzz_target!(|input: (u8, &[u8])| webhook::receive(
    Vendor::CircleCi,
    "circleci-event-type",
    &["event"],
    input
));

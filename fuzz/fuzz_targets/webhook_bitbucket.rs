//! Any bytes as an event of Bitbucket.
#![no_main]

mod webhook;

use libfuzzer_sys::fuzz_target;
use mosaic_providers::webhook::Vendor;

const NAMES: &[&str] = &[
    "repo:push",
    "repo:updated",
    "repo:commit_status_updated",
    "repo:commit_comment_created",
    "pullrequest:created",
    "pullrequest:approved",
    "pullrequest:unapproved",
    "pullrequest:comment_created",
    "issue:created",
    "issue:updated",
    "issue:comment_created",
    "repo:fork",
];

fuzz_target!(|input: (u8, &[u8])| {
    webhook::receive(Vendor::Bitbucket, "x-event-key", NAMES, input);
});

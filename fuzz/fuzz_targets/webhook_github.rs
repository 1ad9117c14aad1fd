//! Any bytes as an event of GitHub.
#![no_main]

mod webhook;

use libfuzzer_sys::fuzz_target;
use mosaic_providers::webhook::Vendor;

const NAMES: &[&str] = &[
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issues",
    "issue_comment",
    "commit_comment",
    "release",
    "workflow_run",
    "workflow_job",
    "status",
    "check_run",
    "gollum",
    "repository",
    "ping",
    "star",
];

fuzz_target!(|input: (u8, &[u8])| {
    webhook::receive(Vendor::GitHub, "x-github-event", NAMES, input);
});

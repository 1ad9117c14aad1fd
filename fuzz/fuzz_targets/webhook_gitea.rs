//! Any bytes as an event of Gitea and Forgejo.
#![no_main]

mod webhook;

use libfuzzer_sys::fuzz_target;
use mosaic_providers::webhook::Vendor;

const NAMES: &[&str] = &[
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_approved",
    "pull_request_comment",
    "issues",
    "issue_comment",
    "release",
    "workflow_run",
    "workflow_job",
    "action_run_failure",
    "status",
    "wiki",
    "repository",
    "package",
];

fuzz_target!(|input: (u8, &[u8])| {
    webhook::receive(Vendor::Gitea, "x-gitea-event", NAMES, input);
});

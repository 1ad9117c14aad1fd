//! Local git: the behaviour suite, ordinary git beside it, restarts, kills and dropped calls.

mod drops;
mod forge;
mod history;
mod kill;
mod labels;
mod lacks;
mod lies;
mod ordinary;
mod plugin;
mod restart;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::op::git::{
    CreateRepository, CreateWebhook, DeleteWebhook, GitService, ListWebhooks, WriteFile,
};
use mosaic_core::op::{Operation as _, catalogue};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::git::{World, run};
use mosaic_core::types::ServiceKind;
use mosaic_providers::local::git::LocalGit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_behaves_like_every_forge() {
    let root = tempfile::tempdir().unwrap();
    let forge = LocalGit::open(root.path()).await.unwrap();
    run(&forge, &World::new("acme", forge.info().operations)).await.unwrap();
    // The suite deletes what it made, and nothing else is left of it.
    assert_eq!(names(root.path()), [".mosaic"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_declares_what_it_does() {
    let root = tempfile::tempdir().unwrap();
    let forge = LocalGit::open(root.path()).await.unwrap();
    let left_out = [CreateWebhook::META, ListWebhooks::META, DeleteWebhook::META];
    for def in catalogue().service(ServiceKind::Git) {
        let offered = forge.info().operations.has(def.meta);
        let absent = def.meta.vendor || left_out.iter().any(|meta| meta.name == def.meta.name);
        assert_ne!(offered, absent, "{}", def.meta.name);
    }
    honesty(Arc::new(forge), || 0).await.unwrap();
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An ordinary git, as a person would run it; gives what it prints.
fn git(directory: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A forge with `acme/widget` and one commit.
async fn widget(root: &Path) -> (LocalGit, CallContext) {
    let (forge, cx) = (LocalGit::open(root).await.unwrap(), CallContext::new());
    forge
        .create_repository(&cx, CreateRepository::new("acme", "widget").description("A widget"))
        .await
        .unwrap();
    forge.write_file(&cx, WriteFile::new("acme", "widget", "README.md", "# Widget\n")).await.unwrap();
    (forge, cx)
}

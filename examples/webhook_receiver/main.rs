//! A server that receives webhooks of two forges, and a cache that learns of them.
//!
//! `cargo run --example webhook_receiver --features webhook`. A forge, a server and the sender of the deliveries are all in this
//! program, on loopback; it ends by itself. What it shows it asserts.

mod sender;
mod server;

use std::sync::{Arc, Mutex};

use mosaic::prelude::*;
use mosaic::types::Secret;
use mosaic::webhook::{Deduplicator, Receiver};
use sender::Sender;
use serde_json::json;
use server::Hooks;

const SECRET: &str = "only for this example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mosaic = Mosaic::builder().provider("forge", LocalGit::open(folder.path()).await?).build().await?;
    mosaic.git().create_repository(CreateRepository::new("acme", "widget")).await?;
    mosaic.git().write_file(WriteFile::new("acme", "widget", "README.md", "# Widget")).await?;

    let told = Arc::new(Mutex::new(Vec::new()));
    let hooks = Hooks {
        mosaic: mosaic.clone(),
        github: Receiver::github(Secret::new(SECRET)),
        gitea: Receiver::gitea(Secret::new(SECRET)),
        seen: Deduplicator::new(),
        told: Arc::clone(&told),
    };
    let (address, serving) = server::start(hooks).await?;
    let sender = Sender { address, secret: SECRET };

    // What is read twice is read once, and the cache cannot know that somebody else pushes.
    let head = || async { mosaic.git().get_branch(GetBranch::new("acme", "widget", "main")).await };
    let before = head().await?;
    assert_eq!(head().await?.cache(), CacheState::Hit);
    somebody_else_writes(folder.path()).await?;
    assert_eq!(head().await?.commit, before.commit, "an old answer");

    // The forge tells of it: the old answer is not given any more.
    let push = json!({
        "ref": "refs/heads/main", "before": before.commit, "after": "3f2a", "commits": [],
        "repository": {"full_name": "acme/widget"}, "sender": {"login": "ada"},
    });
    assert_eq!(sender.github("push", "delivery-1", &push).await?, 200);
    let after = head().await?;
    assert_eq!(after.cache(), CacheState::Miss);
    assert_ne!(after.commit, before.commit);
    println!("main was {}, and after the delivery it is {}", &before.commit[..8], &after.commit[..8]);

    // The same delivery once more is not handled again; it is not an error either.
    assert_eq!(sender.github("push", "delivery-1", &push).await?, 200);
    assert_eq!(head().await?.cache(), CacheState::Hit);

    // What tells of something else leaves the branch alone.
    let issue = json!({
        "action": "opened", "issue": {"number": 7, "title": "The lid leaks", "state": "open"},
        "repository": {"full_name": "acme/widget"}, "sender": {"login": "bob"},
    });
    assert_eq!(sender.gitea("issues", "delivery-2", &issue).await?, 200);
    assert_eq!(head().await?.cache(), CacheState::Hit);

    // Who does not know the secret is told which header it is about, and changes nothing.
    let stranger = Sender { address, secret: "a guess" };
    assert_eq!(stranger.github("push", "delivery-3", &push).await?, 401);
    assert_eq!(head().await?.cache(), CacheState::Hit);

    let told = told.lock().map_err(|_| "a handler panicked")?.clone();
    assert_eq!(told, ["GitHub: main moved in acme/widget", "Gitea: issue acme/widget#7 Opened"]);
    serving.abort();
    assert!(serving.await.is_err_and(|end| end.is_cancelled()), "the server ran until it was told to end");
    mosaic.shutdown().await;
    Ok(())
}

/// Writes where the forge keeps its repositories, behind the back of the first one.
async fn somebody_else_writes(folder: &std::path::Path) -> mosaic::Result<()> {
    let other = Mosaic::builder().provider("forge", LocalGit::open(folder).await?).build().await?;
    other.git().write_file(WriteFile::new("acme", "widget", "lid.txt", "It fits.")).await?;
    other.shutdown().await;
    Ok(())
}

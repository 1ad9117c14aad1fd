//! What the tests share: doubles that keep repositories, and an orchestrator that does not wait long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mosaic_core::engine::limit::BackoffConfig;
use mosaic_core::engine::route::Rule;
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::op::git::{CreateRepository, GetRepository, UpdateRepository};
use mosaic_core::orchestrator::{Builder, Orchestrator};
use mosaic_core::testkit::Double;
use mosaic_core::types::git::Repository;

/// Repositories that a double keeps, with their descriptions.
pub(crate) type Kept = Arc<Mutex<BTreeMap<String, Option<String>>>>;

/// A forge that keeps what it is given.
pub(crate) fn forge() -> (Double, Kept) {
    let kept = Kept::default();
    let (read, made, changed) = (kept.clone(), kept.clone(), kept.clone());
    let missing = || Error::new(ErrorKind::NotFound, "there is no such repository");
    let double = Double::new()
        .answer(move |op: &GetRepository| {
            let kept = read.lock().unwrap();
            let description = kept.get(&op.repo.name).ok_or_else(missing)?.clone();
            let mut repository = Repository::of(&op.repo, "main");
            repository.description = description;
            Ok(repository)
        })
        .answer(move |op: &CreateRepository| {
            let mut kept = made.lock().unwrap();
            if kept.contains_key(&op.repo.name) {
                return Err(Error::new(ErrorKind::Conflict, "it exists"));
            }
            kept.insert(op.repo.name.clone(), op.description.clone());
            Ok(Repository::of(&op.repo, "main"))
        })
        .answer(move |op: &UpdateRepository| {
            let mut kept = changed.lock().unwrap();
            *kept.get_mut(&op.repo.name).ok_or_else(missing)? = op.description.clone();
            Ok(Repository::of(&op.repo, "main"))
        });
    (double, kept)
}

/// A forge that has `widget`.
pub(crate) fn forge_with_widget() -> (Double, Kept) {
    let (double, kept) = forge();
    kept.lock().unwrap().insert("widget".into(), None);
    (double, kept)
}

pub(crate) fn get() -> GetRepository {
    GetRepository::new("acme", "widget")
}

pub(crate) fn create(name: &str) -> CreateRepository {
    CreateRepository::new("acme", name)
}

/// One second per attempt, no jitter.
pub(crate) fn config() -> ProviderConfig {
    ProviderConfig {
        timeout: Duration::from_secs(1),
        retry: RetryConfig {
            backoff: BackoffConfig { jitter: false, ..BackoffConfig::default() },
            ..RetryConfig::default()
        },
        ..ProviderConfig::default()
    }
}

/// `a`, with `b` as its declared fallback.
pub(crate) fn pair(a: &Double, b: &Double) -> Builder {
    pair_with(a, b, config())
}

pub(crate) fn pair_with(a: &Double, b: &Double, config: ProviderConfig) -> Builder {
    Orchestrator::builder()
        .provider_with("a", Arc::new(a.clone()), config)
        .provider_with("b", Arc::new(b.clone()), config)
        .default_rule(Rule::any().to("a").fallback(["b"]))
}

/// `a` alone.
pub(crate) fn single(a: &Double, config: ProviderConfig) -> Builder {
    Orchestrator::builder().provider_with("a", Arc::new(a.clone()), config)
}

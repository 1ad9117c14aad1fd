//! The configuration files of the examples: they load, they build, and calls go where they say.

use std::path::{Path, PathBuf};

use mosaic::config::{Config, Loader};
use mosaic::context::CallContext;
use mosaic::types::Subject;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/config").join(name)
}

fn load(name: &str) -> Config {
    Loader::new().environment(|_| None).load(file(name)).unwrap_or_else(|report| panic!("{report}"))
}

fn first(config: &Config, operation: &str, subject: Subject<'_>, cx: &CallContext) -> String {
    config.explain(operation, subject, cx).unwrap().candidates[0].provider.to_string()
}

#[test]
fn the_hybrid_file_sends_calls_where_it_says() {
    let config = load("hybrid.yaml");
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
    let none = CallContext::new();
    let repository = |org: &str| first(&config, "git.get_repository", Subject::item(org, "y"), &none);
    assert_eq!(repository("internal-x"), "gitea-git");
    assert_eq!(repository("opensource-x"), "github-git");
    assert_eq!(repository("other"), "github-git");
    let young = CallContext::new().attribute("repo.age", "3d");
    assert_eq!(first(&config, "git.get_repository", Subject::item("acme", "new"), &young), "gitea-git");

    let build = |cx: &CallContext| first(&config, "cicd.trigger_run", Subject::item("acme", "widget"), cx);
    assert_eq!(build(&CallContext::new().attribute("build.size", "20GB")), "self-hosted-jenkins");
    assert_eq!(build(&CallContext::new().attribute("region", "us")), "woodpecker-b");
}

#[cfg(all(feature = "local-git", feature = "local-project"))]
#[tokio::test]
async fn the_embedded_file_becomes_an_orchestrator_at_work() {
    use mosaic::prelude::*;

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let loader = Loader::new().environment(move |name| (name == "MOSAIC_DATA").then(|| data.clone()));
    let config = loader.load(file("embedded.yaml")).unwrap();
    assert!(!format!("{config} {config:?}").contains(&folder.path().display().to_string()));
    let mosaic = config.builder(mosaic::factories()).unwrap().build().await.unwrap();
    for (org, provider) in [("internal-x", "forge-a"), ("acme", "forge-b")] {
        let made = mosaic.git().create_repository(CreateRepository::new(org, "widget")).await.unwrap();
        assert_eq!(made.provider().map(ProviderId::as_str), Some(provider));
    }
    mosaic.shutdown().await;
}

//! The plugin around it: factory, configuration, health, and what it says of delivery.

use std::sync::Arc;

use mosaic_core::ErrorKind;
use mosaic_core::context::{CallContext, Sent};
use mosaic_core::op::Direct;
use mosaic_core::op::git::{CreateRepository, GetRepository, Git, GitService, WriteFile};
use mosaic_core::plugin::{Factory as _, FactoryInput, HealthStatus, Plugin as _};
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::local::git::{LocalGit, LocalGitConfig, LocalGitFactory};

use super::{names, widget};

fn input(config: serde_json::Value) -> FactoryInput {
    FactoryInput::new(ProviderId::new("forge").unwrap(), config)
}

#[tokio::test]
async fn the_factory_makes_a_plugin_that_answers() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("deep/forge");
    let factories = mosaic_providers::factories();
    let factory =
        factories.iter().find(|f| (f.provider(), f.service()) == ("local", ServiceKind::Git)).unwrap();
    let plugin = factory.create(input(serde_json::json!({ "path": path }))).await.unwrap();
    assert!(!path.exists(), "nothing is touched before it is initialized");
    assert_eq!(plugin.health().await.status, HealthStatus::Unhealthy);
    plugin.initialize().await.unwrap();
    assert_eq!(plugin.health().await.status, HealthStatus::Healthy);
    assert!(plugin.info().reports_delivery && plugin.info().operations.serves(ServiceKind::Git));
    let client = Git::new(Arc::new(Direct::new(plugin)));
    client.create_repository(CreateRepository::new("acme", "widget")).await.unwrap();
    assert_eq!(
        client.get_repository(GetRepository::new("acme", "widget")).await.unwrap().default_branch,
        "main"
    );
}

#[tokio::test]
async fn wrong_configuration_is_named() {
    for (config, part) in [
        (serde_json::json!({}), "path"),
        (serde_json::json!({ "path": 3 }), "path"),
        (serde_json::json!({ "path": "" }), "path"),
        (serde_json::json!({ "path": "x", "pth": "y" }), "pth"),
        (serde_json::json!([]), "path"),
    ] {
        let Err(error) = LocalGitFactory.create(input(config.clone())).await else {
            panic!("{config} passed")
        };
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(part), "{error}");
    }
    let schema = serde_json::to_value(LocalGitFactory.config_schema()).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["path"]));
    assert_eq!(schema["additionalProperties"], serde_json::json!(false));

    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = LocalGit::open(&file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("path") && !error.to_string().contains("file\""), "{error}");
}

#[tokio::test]
async fn it_must_be_initialized() {
    let root = tempfile::tempdir().unwrap();
    let forge = LocalGit::new(LocalGitConfig::new(root.path()));
    let error =
        forge.get_repository(&CallContext::new(), GetRepository::new("acme", "widget")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lifecycle);
}

#[tokio::test]
async fn health_notices_a_root_that_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let (forge, _) = widget(root.path()).await;
    assert_eq!(forge.health().await.status, HealthStatus::Healthy);
    std::fs::remove_dir_all(root.path()).unwrap();
    assert_eq!(forge.health().await.status, HealthStatus::Unhealthy);
}

#[tokio::test]
async fn only_what_may_have_changed_something_is_marked_as_sent() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let write = async |op: WriteFile| {
        let sent = Sent::new();
        let done = forge.write_file(&cx.clone().for_attempt(Some(sent.clone())), op).await;
        (done.is_ok(), sent.marked())
    };
    assert_eq!(write(WriteFile::new("acme", "widget", "a", "x")).await, (true, true));
    assert_eq!(write(WriteFile::new("acme", "widget", "a", "x")).await, (true, false));
    assert_eq!(write(WriteFile::new("acme", "widget", "a", "y").expected("")).await, (false, false));
    assert_eq!(write(WriteFile::new("acme", "widget", "../a", "x")).await, (false, false));
    assert_eq!(write(WriteFile::new("acme", "missing", "a", "x")).await, (false, false));
}

#[tokio::test]
async fn messages_name_no_path_of_this_machine() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    std::fs::write(bare.join("mosaic/repository.json"), "{").unwrap();
    let damaged = forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap_err();
    assert_eq!(damaged.kind(), ErrorKind::Protocol);
    std::fs::remove_file(bare.join("mosaic/repository.json")).unwrap();
    std::fs::remove_dir_all(bare.join("objects")).unwrap();
    std::fs::write(bare.join("objects"), "").unwrap();
    let broken = forge.write_file(&cx, WriteFile::new("acme", "widget", "a", "x")).await.unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Provider);
    let path = root.path().to_string_lossy().into_owned();
    for error in [damaged, broken] {
        assert!(!error.to_string().contains(&path), "{error}");
        assert!(!format!("{error:?}").contains(&path), "{error:?}");
    }
    assert_eq!(names(&root.path().join(".mosaic/work")).len(), 1);
}

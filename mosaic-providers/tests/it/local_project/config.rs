//! The factory: from a configuration to a tracker, with faults that name the field.

use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{CreateProject, Projects};
use mosaic_core::op::{Direct, OpSet};
use mosaic_core::plugin::{Factory as _, FactoryInput};
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::local::project::{LocalProjectConfig, LocalProjectFactory};
use serde_json::{Value, json};
use std::sync::Arc;

fn input(config: Value) -> FactoryInput {
    FactoryInput::new(ProviderId::new("tracker").unwrap(), config)
}

#[tokio::test]
async fn faults_name_the_field() {
    for bad in [json!({}), json!({ "path": 7 }), json!({ "path": "" }), json!({ "path": null }), json!(null)]
    {
        let Err(error) = LocalProjectFactory.create(input(bad.clone())).await else {
            panic!("{bad} was taken")
        };
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(bad.is_null() || error.message().contains("path"), "{bad}: {error}");
    }
    let Err(error) = LocalProjectFactory.create(input(json!({ "path": "a", "pth": 1 }))).await else {
        panic!("an unknown field was taken")
    };
    assert!(error.message().contains("pth"), "{error}");
}

#[tokio::test]
async fn nothing_is_touched_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/tracker.db");
    let config = LocalProjectConfig::new(path.to_str().unwrap());
    let plugin = LocalProjectFactory.create(input(json!(config))).await.unwrap();
    assert_eq!(plugin.info().operations, OpSet::service(ServiceKind::Project));
    plugin.initialize().await.unwrap();
    assert!(!folder.path().join("new").exists());
    let client = Projects::new(Arc::new(Direct::new(Arc::clone(&plugin))));
    let op = || CreateProject::new("OPS", "Operations");
    assert_eq!(client.create_project(op()).await.unwrap_err().kind(), ErrorKind::Lifecycle);
    plugin.start().await.unwrap();
    assert_eq!(client.create_project(op()).await.unwrap().name, "Operations");
    plugin.stop().await.unwrap();
    assert!(path.exists());
}

#[test]
fn the_schema_says_what_is_needed() {
    let schema = LocalProjectFactory.config_schema().to_value();
    assert_eq!(schema["required"], json!(["path"]));
    assert_eq!(schema["additionalProperties"], json!(false));
}

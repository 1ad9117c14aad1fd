//! The factory and the folder: faults name the field, and nothing is touched before the start.

use std::fs;
use std::sync::Arc;

use mosaic_core::error::ErrorKind;
use mosaic_core::op::Direct;
use mosaic_core::op::document::{CreateSpace, Docs};
use mosaic_core::plugin::{Factory as _, FactoryInput};
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::local::document::{LocalDocs, LocalDocsConfig, LocalDocsFactory};
use serde_json::{Value, json};

fn input(config: Value) -> FactoryInput {
    FactoryInput::new(ProviderId::new("docs").unwrap(), config)
}

#[tokio::test]
async fn faults_name_the_field() {
    for bad in [json!({}), json!({ "path": 7 }), json!({ "path": "" }), json!({ "path": null }), json!(null)]
    {
        let Err(error) = LocalDocsFactory.create(input(bad.clone())).await else { panic!("{bad} was taken") };
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(bad.is_null() || error.message().contains("path"), "{bad}: {error}");
    }
    let Err(error) = LocalDocsFactory.create(input(json!({ "path": "a", "pth": 1 }))).await else {
        panic!("an unknown field was taken")
    };
    assert!(error.message().contains("pth"), "{error}");
}

#[tokio::test]
async fn nothing_is_touched_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/docs");
    let config = LocalDocsConfig::new(path.to_str().unwrap());
    let plugin = LocalDocsFactory.create(input(json!(config))).await.unwrap();
    assert!(plugin.info().operations.serves(ServiceKind::Docs));
    plugin.initialize().await.unwrap();
    assert!(!folder.path().join("new").exists());
    let client = Docs::new(Arc::new(Direct::new(Arc::clone(&plugin))));
    let op = || CreateSpace::new("handbook", "The handbook");
    assert_eq!(client.create_space(op()).await.unwrap_err().kind(), ErrorKind::Lifecycle);
    plugin.start().await.unwrap();
    assert_eq!(client.create_space(op()).await.unwrap().name, "The handbook");
    plugin.stop().await.unwrap();
    assert!(path.join("handbook/_space.md").exists());
}

#[test]
fn the_schema_says_what_is_needed() {
    let schema = LocalDocsFactory.config_schema().to_value();
    assert_eq!(schema["required"], json!(["path"]));
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[tokio::test]
async fn what_is_no_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    fs::write(&path, "Dear docs").unwrap();
    for path in [path.clone(), path.join("docs")] {
        let error = LocalDocs::open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.message().contains("path"), "{error}");
        assert!(!error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "Dear docs");
    assert!(LocalDocs::open("").await.unwrap_err().message().contains("path"));
}

#[cfg(unix)]
#[tokio::test]
async fn an_inner_folder_that_is_a_link_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(other.path(), folder.path().join(".mosaic")).unwrap();
    let error = LocalDocs::open(folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("link"), "{error}");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}

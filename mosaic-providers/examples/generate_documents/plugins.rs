//! What the plugins that are compiled in declare, and where their documents are.

use std::path::PathBuf;

use mosaic_core::error::Result;
use mosaic_core::op::OpSet;
use mosaic_core::plugin::{Factory, FactoryInput};
use mosaic_core::types::ProviderId;
use serde_json::{Map, Value, json};

use super::tables::Declared;

/// The document of a provider, from the root of the repository.
pub(crate) fn document(provider: &str) -> PathBuf {
    // Forgejo speaks the dialect of Gitea, and is told of in the same place.
    let folder = if provider == "forgejo" { "gitea" } else { provider };
    PathBuf::from(format!("mosaic-providers/src/{folder}/docs.md"))
}

/// What a plugin of this factory declares.
pub(crate) async fn declared(factory: &dyn Factory) -> Result<Declared> {
    let plain = operations(factory, false).await?;
    let allowed = if takes(factory, "vendorCalls") { operations(factory, true).await? } else { plain };
    Ok(Declared { service: factory.service(), plain, allowed })
}

async fn operations(factory: &dyn Factory, vendor_calls: bool) -> Result<OpSet> {
    let mut config = Map::new();
    for (name, value) in [
        ("baseUrl", json!("https://vendor.example.org")),
        ("auth", json!({ "type": "token", "token": "s3cr3t" })),
        ("path", json!("nowhere/a")),
        ("forge", json!("nowhere/b")),
        ("vendorCalls", json!(vendor_calls)),
    ] {
        if takes(factory, name) {
            config.insert(name.to_owned(), value);
        }
    }
    let input = FactoryInput::new(ProviderId::new("one")?, Value::Object(config));
    Ok(factory.create(input).await?.info().operations)
}

fn takes(factory: &dyn Factory, field: &str) -> bool {
    let schema = factory.config_schema().to_value();
    schema.pointer(&format!("/properties/{field}")).is_some()
}

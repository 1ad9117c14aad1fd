//! Every configuration that the repository shows is true: the files of the examples make their providers, and the blocks in the
//! documents are accepted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mosaic::config::{Config, Loader};
use mosaic::plugin::{Factory, FactoryInput, HandlerTable, Plugin, PluginInfo};
use mosaic::types::ServiceKind;
use schemars::Schema;

/// What stands in for variables that have no default.
fn stand_in(name: &str, folder: &Path) -> String {
    match name {
        _ if name.ends_with("_URL") => "https://vendor.example.org/api".to_owned(),
        "MOSAIC_DATA" => folder.display().to_string(),
        _ => format!("stand-in-for-{}", name.to_lowercase()),
    }
}

/// The variables of a text that have no default, or an empty one.
fn open_variables(text: &str) -> BTreeSet<String> {
    let inner = text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let open = inner.filter_map(|inner| match inner.split_once(":-") {
        None | Some((_, "")) => Some(inner.split(":-").next().unwrap().to_owned()),
        Some(_) => None,
    });
    open.collect()
}

fn load(name: &str, text: &str, folder: &Path) -> Config {
    let (open, folder) = (open_variables(text), folder.to_owned());
    let variables = move |name: &str| match name.strip_prefix("CI_") {
        Some(_) => Some("true".to_owned()),
        None => (open.contains(name) || name == "MOSAIC_DATA").then(|| stand_in(name, &folder)),
    };
    Loader::new().environment(variables).parse(name, text).unwrap_or_else(|report| panic!("{report}"))
}

/// A factory whose plugins are made and then left alone: nothing asks a vendor how it is.
struct Quiet {
    inner: Box<dyn Factory>,
    made: Arc<Mutex<Vec<String>>>,
}

struct Still(Arc<dyn Plugin>);

#[async_trait]
impl Factory for Quiet {
    fn provider(&self) -> &str {
        self.inner.provider()
    }

    fn service(&self) -> ServiceKind {
        self.inner.service()
    }

    fn config_schema(&self) -> Schema {
        self.inner.config_schema()
    }

    async fn create(&self, input: FactoryInput) -> mosaic::Result<Arc<dyn Plugin>> {
        self.made.lock().unwrap().push(input.id.to_string());
        Ok(Arc::new(Still(self.inner.create(input).await?)))
    }
}

impl Plugin for Still {
    fn info(&self) -> &PluginInfo {
        self.0.info()
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        Arc::clone(&self.0).handlers()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn every_example_file_makes_its_providers() {
    let folder = tempfile::tempdir().unwrap();
    let mut products = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("examples/config")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let config = load(&name, &std::fs::read_to_string(&path).unwrap(), folder.path());
        assert!(config.warnings().is_empty(), "{name}: {:?}", config.warnings());
        products.extend(config.plugins().map(|plugin| plugin.product.to_owned()));
        let made = Arc::new(Mutex::new(Vec::new()));
        let quiet = |inner| Box::new(Quiet { inner, made: Arc::clone(&made) }) as Box<dyn Factory>;
        let builder = config.builder(mosaic::factories().into_iter().map(quiet));
        let builder = builder.unwrap_or_else(|report| panic!("{report}"));
        let mosaic = builder.build().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        mosaic.shutdown().await;
        let mut wanted: Vec<_> = config.provider_ids().map(ToString::to_string).collect();
        let mut made = std::mem::take(&mut *made.lock().unwrap());
        wanted.sort();
        made.sort();
        assert_eq!(made, wanted, "{name}");
    }
    let compiled: BTreeSet<_> = mosaic::factories().iter().map(|made| made.provider().to_owned()).collect();
    assert_eq!(products, compiled, "every product has an example file");
}

#[test]
fn every_configuration_in_a_document_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let mut documents: Vec<_> =
        ["docs/guide/vendors.md", "docs/guide/configuration.md"].map(|path| root().join(path)).into();
    for entry in std::fs::read_dir(root().join("mosaic-providers/src")).unwrap() {
        documents.push(entry.unwrap().path().join("docs.md"));
    }
    let mut seen = 0;
    for path in documents.iter().filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(path).unwrap();
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
        for block in blocks.filter(|block| block.starts_with("plugins:")) {
            let config = load(&path.display().to_string(), block, folder.path());
            config.builder(mosaic::factories()).map(drop).unwrap_or_else(|report| panic!("{report}"));
            seen += 1;
        }
    }
    assert!(seen >= 7, "only {seen} were found");
}

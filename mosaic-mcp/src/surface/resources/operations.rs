//! The documentation of every operation as a resource.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{OpDef, OpSet, catalogue};
use mosaic_core::types::Effect;

use super::{Resource, ResourceContent, ResourceSource, ResourceTemplate};
use crate::surface::{Sight, tool_name};

const INDEX: &str = "mosaic://operations";
const ONE: &str = "mosaic://operations/";
const TEMPLATE: &str = "mosaic://operations/{name}";

/// `mosaic://operations`, the list, and `mosaic://operations/git.get_repository`, what one does and takes and gives.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::ServiceKind;
/// use mosaic_mcp::surface::{OperationDocs, ResourceSource};
///
/// # async fn read() -> mosaic_core::Result<()> {
/// let docs = OperationDocs::new(OpSet::service(ServiceKind::Git));
/// let page = docs.read(&CallContext::new(), "mosaic://operations/git.get_repository").await?;
/// assert!(page.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OperationDocs {
    offered: OpSet,
}

impl OperationDocs {
    /// The documentation of exactly these.
    pub const fn new(offered: OpSet) -> Self {
        Self { offered }
    }

    fn defs(self) -> impl Iterator<Item = &'static OpDef> {
        catalogue().all().filter(move |def| self.offered.has(def.meta))
    }
}

#[async_trait]
impl ResourceSource for OperationDocs {
    async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
        let index = Resource::new(INDEX, "operations")
            .described("Every operation of this server, with what it does in a line.")
            .media_type("text/markdown");
        Ok(vec![index])
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        let one = ResourceTemplate::new(TEMPLATE, "operation")
            .described("What an operation does, takes and gives, such as `git.get_repository`.")
            .media_type("text/markdown");
        vec![one]
    }

    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        if uri == INDEX {
            return Ok(Some(index(self.defs())));
        }
        let Some(name) = uri.strip_prefix(ONE) else { return Ok(None) };
        let def = self.defs().find(|def| def.meta.name == name).ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            Error::new(
                ErrorKind::NotFound,
                format!("there is no operation {shown:?}; {INDEX} lists those there are"),
            )
        })?;
        Ok(Some(vec![ResourceContent::text(uri, "text/markdown", page(def))]))
    }

    async fn read_for(
        &self,
        cx: &CallContext,
        uri: &str,
        sight: &Sight<'_>,
    ) -> Result<Option<Vec<ResourceContent>>> {
        if uri != INDEX {
            return self.read(cx, uri).await;
        }
        let mut seen = Vec::new();
        for def in self.defs() {
            if sight.reads(&format!("{ONE}{}", def.meta.name)).await {
                seen.push(def);
            }
        }
        Ok(Some(index(seen.into_iter())))
    }

    async fn complete(
        &self,
        _: &CallContext,
        template: &str,
        argument: &str,
        typed: &str,
        _: &BTreeMap<String, String>,
    ) -> Result<Vec<String>> {
        if (template, argument) != (TEMPLATE, "name") {
            return Ok(Vec::new());
        }
        let names = self.defs().map(|def| def.meta.name).filter(|name| name.starts_with(typed));
        Ok(names.map(ToOwned::to_owned).collect())
    }
}

fn index(defs: impl Iterator<Item = &'static OpDef>) -> Vec<ResourceContent> {
    let lines = defs.map(|def| format!("- `{}`: {}\n", def.meta.name, first_line(def)));
    let text = format!("# Operations\n\n{}", lines.collect::<String>());
    vec![ResourceContent::text(INDEX, "text/markdown", text)]
}

fn first_line(def: &OpDef) -> &'static str {
    def.meta.doc.trim().lines().next().unwrap_or_default().trim()
}

fn page(def: &'static OpDef) -> String {
    let meta = def.meta;
    let effect = match meta.effect {
        Effect::Read => "It changes nothing.",
        Effect::Idempotent => "Calling it again with the same arguments changes nothing more.",
        Effect::Create => "It adds something each time it is called.",
        Effect::Irreversible => "It cannot be undone.",
    };
    let doc: Vec<&str> = meta.doc.trim().lines().map(str::trim).collect();
    let mut text =
        format!("# {}\n\n{}\n\n{effect} As a tool: `{}`.\n", meta.name, doc.join("\n"), tool_name(meta.name));
    let output = if meta.stream { "One item of the stream" } else { "Answer" };
    let schemas = [("Parameters", def.params_schema()), (output, def.output_schema())];
    for (title, schema) in schemas {
        // Writing into a text does not fail; a value always has a JSON form.
        let json = serde_json::to_string_pretty(&schema.to_value()).unwrap_or_default();
        let _ = write!(text, "\n## {title}\n\n```json\n{json}\n```\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use mosaic_core::op::Operation as _;
    use mosaic_core::op::git::{DeleteBranch, GetRepository};

    use super::*;

    fn text(content: Option<Vec<ResourceContent>>) -> String {
        match content.unwrap().remove(0) {
            ResourceContent::Text { text, .. } => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_page_has_what_it_does_takes_and_gives() {
        let docs = OperationDocs::new(OpSet::of(&[GetRepository::META, DeleteBranch::META]));
        let cx = CallContext::new();
        let page = text(docs.read(&cx, "mosaic://operations/git.delete_branch").await.unwrap());
        for part in
            ["# git.delete_branch", "cannot be undone", "`git_delete_branch`", "## Parameters", "\"branch\""]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        let index = text(docs.read(&cx, "mosaic://operations").await.unwrap());
        assert_eq!(index.lines().filter(|line| line.starts_with("- `git.")).count(), 2);
        assert_eq!(docs.read(&cx, "mosaic://elsewhere").await.unwrap(), None);
        let hidden = docs.read(&cx, "mosaic://operations/git.get_file").await.unwrap_err();
        assert_eq!(hidden.kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn names_are_completed() {
        let docs = OperationDocs::new(OpSet::of(&[GetRepository::META, DeleteBranch::META]));
        let complete = |argument: &'static str, typed: &'static str| async move {
            docs.complete(&CallContext::new(), TEMPLATE, argument, typed, &BTreeMap::new()).await.unwrap()
        };
        assert_eq!(complete("name", "git.d").await, ["git.delete_branch"]);
        assert_eq!(complete("name", "git.").await.len(), 2);
        assert_eq!(complete("other", "git.").await.len(), 0);
    }
}

//! JSON Schemas for readers who do not write Rust: the prose of the doc comments without their examples and links.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// A generator of schemas whose descriptions are prose.
pub(super) fn generator() -> SchemaGenerator {
    SchemaSettings::default().with_transform(RecursiveTransform(describe)).into_generator()
}

/// The schema of a type as remote readers see it: descriptions are prose, without examples and links.
///
/// ```
/// use mosaic_core::op::schema_of;
/// use mosaic_core::types::RepoRef;
///
/// assert_eq!(schema_of::<RepoRef>().to_value()["type"], "object");
/// ```
pub fn schema_of<T: JsonSchema>() -> Schema {
    generator().into_root_schema_for::<T>()
}

fn describe(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = prose(text);
    }
}

/// A doc comment without code blocks, with ``[`Name`]`` and ``[`Name`](path)`` as `` `Name` ``.
fn prose(doc: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in doc.lines() {
        let fence = line.trim_start().starts_with("```");
        if !fence && !inside {
            kept.push(line);
        }
        inside ^= fence;
    }
    // What a block leaves behind is one empty line too many.
    without_links(kept.join("\n").replace("\n\n\n", "\n\n").trim())
}

fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        out.push_str(before);
        out.push('`');
        let Some((name, after)) = after.split_once("`]") else {
            rest = after;
            continue;
        };
        out.push_str(name);
        out.push('`');
        rest =
            after.strip_prefix('(').and_then(|path| path.split_once(')')).map_or(after, |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::catalogue;

    #[test]
    fn examples_and_links_go() {
        let doc =
            "A page, see [`Cursor`] and [`limit`](Self::limit).\n\n```\nlet page = [1];\n```\n\nOpaque.";
        assert_eq!(prose(doc), "A page, see `Cursor` and `limit`.\n\nOpaque.");
        assert_eq!(without_links("a [`b c"), "a `b c");
        assert_eq!(prose("One line."), "One line.");
    }

    #[test]
    fn no_schema_holds_rust() {
        for def in catalogue().all() {
            for schema in [def.params_schema(), def.output_schema()] {
                let text = schema.to_value().to_string();
                assert!(!text.contains("```") && !text.contains("::") && !text.contains("[`"), "{text}");
            }
        }
    }
}

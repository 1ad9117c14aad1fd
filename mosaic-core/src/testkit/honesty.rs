//! Proves what a plugin declares: it does the operations it names, and leaves the others alone.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::suite::{Failure, ensure};
use crate::context::CallContext;
use crate::error::ErrorKind;
use crate::op::{OpDef, Payload, catalogue};
use crate::plugin::Plugin;

/// Calls every operation of the catalogue on a plugin that has been started, with [`sample`] parameters, and compares what
/// happens with what it declares. Declared writes are really made: give it an empty backend.
///
/// - An operation that is not declared answers `Unsupported`, and `touched` does not move.
/// - A declared one answers anything else: a value, or an error such as `NotFound`.
/// - `touched` counts the requests that reached the backend. Where it moves at all, each declared operation must move it,
///   unless the plugin refuses the sample as `Invalid` by itself. An embedded provider, which has nothing to count, gives
///   `|| 0`.
///
/// ```
/// use std::sync::Arc;
/// use mosaic_core::plugin::Plugin;
/// use mosaic_core::testkit::{honesty, suite::Failure};
///
/// async fn check(embedded: Arc<dyn Plugin>) -> Result<(), Failure> {
///     honesty::honesty(embedded, || 0).await
/// }
/// ```
///
/// # Errors
/// The first operation that is otherwise than declared.
pub async fn honesty(plugin: Arc<dyn Plugin>, touched: impl Fn() -> u64) -> Result<(), Failure> {
    let declared = plugin.info().operations;
    let handlers = plugin.handlers();
    let cx = CallContext::new();
    let begin = touched();
    let mut silent = Vec::new();
    for def in catalogue().all() {
        let name = def.meta.name;
        let params = parameters(def)?;
        let before = touched();
        let result = handlers.call(&cx, &params).await;
        let moved = touched() != before;
        let unsupported = matches!(&result, Err(error) if error.kind() == ErrorKind::Unsupported);
        if declared.has(def.meta) {
            ensure(name, !unsupported, || "declared, but answers unsupported")?;
            let refused = matches!(&result, Err(error) if error.kind() == ErrorKind::Invalid);
            if !moved && !refused {
                silent.push(name);
            }
        } else {
            ensure(name, !moved, || "not declared, but reaches the backend")?;
            ensure(name, unsupported, || match result {
                Ok(_) => "not declared: expected unsupported, got an answer".to_string(),
                Err(error) => format!("not declared: expected unsupported, got {error}"),
            })?;
        }
    }
    match silent.first() {
        Some(name) if touched() != begin => {
            Err(Failure::new(name, "declared, but answers without reaching the backend"))
        }
        _ => Ok(()),
    }
}

fn parameters(def: &'static OpDef) -> Result<Payload, Failure> {
    let sample = sample(def);
    def.decode(sample.clone())
        .map_err(|error| Failure::new(def.meta.name, format!("the sample {sample} does not decode: {error}")))
}

/// Parameters that fit an operation, made from its schema: what is required and nothing else; texts say `sample`, numbers
/// are 1, lists are empty, choices take the first. Where a schema gives examples, a text is the first of them.
///
/// ```
/// use mosaic_core::op::catalogue;
/// use mosaic_core::testkit::honesty::sample;
///
/// let def = catalogue().find("project.get_issue")?;
/// assert_eq!(sample(def), serde_json::json!({ "issue": { "project": "sample", "number": 1 } }));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub fn sample(def: &OpDef) -> Value {
    let root = def.params_schema().to_value();
    Sampler { root: &root, open: Vec::new() }.value(&root)
}

/// Walks a schema; `open` holds the references it is inside of, so that a type that contains itself ends.
struct Sampler<'a> {
    root: &'a Value,
    open: Vec<&'a str>,
}

impl<'a> Sampler<'a> {
    fn value(&mut self, schema: &'a Value) -> Value {
        // `true` allows anything.
        let Some(facts) = schema.as_object() else { return Value::Null };
        if let Some(value) = facts.get("const") {
            return value.clone();
        }
        if let Some(first) = list(facts, "enum").first() {
            return first.clone();
        }
        if let Some(reference) = facts.get("$ref").and_then(Value::as_str) {
            return self.reference(reference);
        }
        if let Some(choice) = choice(facts) {
            let chosen = self.value(choice);
            return merged(self.plain(facts), chosen);
        }
        self.plain(facts)
    }

    fn reference(&mut self, reference: &'a str) -> Value {
        if self.open.contains(&reference) {
            return Value::Null;
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        self.open.push(reference);
        let value = target.map_or(Value::Null, |schema| self.value(schema));
        self.open.pop();
        value
    }

    /// A value of the type that the schema names itself.
    fn plain(&mut self, facts: &'a Map<String, Value>) -> Value {
        let parts = list(facts, "allOf");
        let whole = parts.iter().fold(Value::Null, |whole, part| merged(whole, self.value(part)));
        let own = match type_of(facts) {
            Some("string") => json!(text(facts)),
            Some("integer") => json!(number(facts).unwrap_or(1)),
            Some("number") => json!(number(facts).unwrap_or(1) as f64),
            Some("boolean") => json!(false),
            Some("array") => self.array(facts),
            Some("object") => self.object(facts),
            _ => Value::Null,
        };
        merged(whole, own)
    }

    fn array(&mut self, facts: &'a Map<String, Value>) -> Value {
        let least = facts.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let items = facts.get("items");
        (0..least).map(|_| items.map_or(Value::Null, |items| self.value(items))).collect()
    }

    fn object(&mut self, facts: &'a Map<String, Value>) -> Value {
        let Some(properties) = facts.get("properties").and_then(Value::as_object) else {
            return json!({});
        };
        let required = list(facts, "required").iter().filter_map(Value::as_str);
        required
            .filter_map(|name| Some((name.to_string(), self.value(properties.get(name)?))))
            .collect::<Map<_, _>>()
            .into()
    }
}

/// The first alternative that is not "nothing".
fn choice(facts: &Map<String, Value>) -> Option<&Value> {
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|word| facts.get(*word)?.as_array())?;
    alternatives.iter().find(|schema| schema.get("type").and_then(Value::as_str) != Some("null"))
}

/// The first type that is not "nothing".
fn type_of(facts: &Map<String, Value>) -> Option<&str> {
    match facts.get("type") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        // A schema may leave the type out where the properties say it.
        _ => facts.contains_key("properties").then_some("object"),
    }
}

fn text(facts: &Map<String, Value>) -> String {
    if let Some(example) = list(facts, "examples").first().and_then(Value::as_str) {
        return example.into();
    }
    match facts.get("format").and_then(Value::as_str) {
        Some("date-time") => return "2024-01-01T00:00:00Z".into(),
        Some("date") => return "2024-01-01".into(),
        Some("uri") => return "http://127.0.0.1/".into(),
        _ => {}
    }
    let mut text = String::from("sample");
    let length =
        |word| facts.get(word).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
    while length("minLength").is_some_and(|least| text.len() < least) {
        text.push('e');
    }
    text.truncate(length("maxLength").unwrap_or(text.len()));
    text
}

/// 1, or the bound next to it.
fn number(facts: &Map<String, Value>) -> Option<i64> {
    let bound = |word| facts.get(word).and_then(Value::as_f64).map(|bound| bound as i64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|least| least + 1));
    Some(1.max(least?).min(bound("maximum").unwrap_or(i64::MAX)))
}

fn list<'a>(facts: &'a Map<String, Value>, word: &str) -> &'a [Value] {
    facts.get(word).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Two objects as one; of anything else the second, unless it is nothing.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            Value::Object(first)
        }
        (first, Value::Null) => first,
        (_, second) => second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::CallContext;
    use crate::error::Result;
    use crate::op::project::{CreateProject, GetProject, ProjectService, Projects};
    use crate::op::{OpSet, Operation as _};
    use crate::plugin::{HandlerTable, PluginInfo};
    use crate::types::ServiceKind;
    use crate::types::project::Project;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn every_operation_has_a_sample_that_decodes() {
        for def in catalogue().all() {
            let payload = parameters(def).unwrap();
            assert_eq!(payload.meta().name, def.meta.name);
            payload.to_json().unwrap();
        }
    }

    #[test]
    fn schemas_of_every_shape_have_a_sample() {
        let root = json!({
            "$defs": { "Id": { "type": "string", "maxLength": 3 }, "Tree": {
                "type": "object", "required": ["child"], "properties": { "child": { "$ref": "#/$defs/Tree" } } } },
            "type": "object",
            "required": ["id", "when", "many", "maybe", "kind", "size", "tagged", "tree", "ratio", "flag", "free"],
            "properties": {
                "id": { "$ref": "#/$defs/Id" },
                "when": { "type": "string", "format": "date-time" },
                "many": { "type": "array", "minItems": 2, "items": { "type": "integer" } },
                "maybe": { "anyOf": [{ "type": "null" }, { "type": "integer", "minimum": 5 }] },
                "kind": { "enum": ["a", "b"] },
                "size": { "type": ["null", "integer"], "maximum": 0, "minimum": -4 },
                "tagged": { "required": ["x"], "properties": { "x": { "type": "string" } },
                    "oneOf": [{ "type": "object", "required": ["t"], "properties": { "t": { "const": "one" } } }] },
                "tree": { "$ref": "#/$defs/Tree" },
                "ratio": { "type": "number" },
                "flag": { "type": "boolean" },
                "free": true,
                "optional": { "type": "string" },
            },
        });
        let got = Sampler { root: &root, open: Vec::new() }.value(&root);
        let expected = json!({
            "id": "sam", "when": "2024-01-01T00:00:00Z", "many": [1, 1], "maybe": 5, "kind": "a", "size": 0,
            "tagged": { "t": "one", "x": "sample" }, "tree": { "child": null }, "ratio": 1.0, "flag": false, "free": null,
        });
        assert_eq!(got, expected);
    }

    /// Fetches projects through a backend that counts, and creates them without it.
    struct Liar {
        info: PluginInfo,
        asked: AtomicU64,
    }

    impl ProjectService for Liar {
        async fn get_project(&self, _: &CallContext, op: GetProject) -> Result<Project> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Ok(Project::new(op.project.as_str(), "Operations"))
        }
        async fn create_project(&self, _: &CallContext, op: CreateProject) -> Result<Project> {
            Ok(Project::new(op.project.as_str(), op.name))
        }
    }
    impl Plugin for Liar {
        fn info(&self) -> &PluginInfo {
            &self.info
        }
        fn handlers(self: Arc<Self>) -> HandlerTable {
            HandlerTable::new().with(Projects::handlers(self))
        }
    }

    async fn verdict(operations: OpSet, counts: bool) -> Result<(), Failure> {
        let liar =
            Arc::new(Liar { info: PluginInfo::new("liar", "1", operations), asked: AtomicU64::new(0) });
        let counter = Arc::clone(&liar);
        honesty(liar, move || if counts { counter.asked.load(Ordering::Relaxed) } else { 0 }).await
    }

    #[tokio::test]
    async fn lies_are_found() {
        let honest = OpSet::of(&[GetProject::META, CreateProject::META]);
        verdict(honest, false).await.unwrap();
        let silent = verdict(honest, true).await.unwrap_err();
        assert_eq!(silent.behaviour(), "project.create_project");
        assert!(silent.message().contains("without reaching"), "{silent}");
        let secret = verdict(honest.without(GetProject::META), true).await.unwrap_err();
        assert!(secret.to_string().contains("reaches the backend"), "{secret}");
        let answering = verdict(honest.without(CreateProject::META), true).await.unwrap_err();
        assert!(answering.to_string().contains("got an answer"), "{answering}");
        let boasting = verdict(OpSet::service(ServiceKind::Project), false).await.unwrap_err();
        assert!(boasting.to_string().contains("answers unsupported"), "{boasting}");
        assert!(verdict(honest.with(crate::op::git::GetRepository::META), false).await.is_err());
    }
}

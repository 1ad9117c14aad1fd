//! Operations of the catalogue, called as tools of another Mosaic.

use std::time::Duration;

use futures_util::stream::{StreamExt as _, iter};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::CreateWebhook;
use mosaic_core::op::{OpDef, Payload, Reply, Shared};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::answer::{Said, of_mosaic};
use super::link::Link;
use super::meta;
use crate::surface::tool_name;

/// Calls an operation.
///
/// # Errors
/// That which the other Mosaic tells, and those of the way there and back; `Protocol` for an answer of another form.
pub(super) async fn call(link: &Link, cx: &CallContext, payload: &Payload, limit: Duration) -> Result<Reply> {
    let def = payload.def();
    let tool = tool_name(def.meta.name);
    let result = link.call(cx, &tool, arguments(payload)?, meta::of(cx), limit).await?;
    match of_mosaic(result, def.meta.effect)? {
        Said::Value(value) if def.meta.stream => stream(def, value),
        Said::Value(value) => Ok(Reply::shared(decode(def, value)?)),
        Said::Broken(items, error) if def.meta.stream => opened(def, items, Some(error)),
        Said::Broken(_, error) => Err(error),
    }
}

/// The parameters as the arguments of the tool.
fn arguments(payload: &Payload) -> Result<JsonObject> {
    let Value::Object(mut arguments) = payload.to_json()? else {
        let text = "the parameters are no object";
        return Err(Error::new(ErrorKind::Internal, text).operation(payload.meta().name));
    };
    // The only parameter that does not show itself: it is on its way to who is to have it.
    if let Ok(CreateWebhook { secret: Some(secret), .. }) = payload.get() {
        arguments.insert("secret".to_owned(), secret.expose().into());
    }
    Ok(arguments)
}

/// A structured answer is an object: what is none stands in a field `value`.
fn decode(def: &OpDef, answer: Value) -> Result<Shared> {
    let bare = match answer.as_object() {
        Some(fields) if fields.len() == 1 => fields.get("value").cloned(),
        _ => None,
    };
    match (def.decode_output(answer), bare) {
        (Err(_), Some(bare)) => def.decode_output(bare),
        (decoded, _) => decoded,
    }
}

fn stream(def: &'static OpDef, mut answer: Value) -> Result<Reply> {
    let cut = answer.get("truncated").and_then(Value::as_bool).unwrap_or(false).then(|| {
        let text = "the other side gave the beginning of the stream and no more; raise its limit for answers";
        Error::new(ErrorKind::Provider, text).operation(def.meta.name)
    });
    match answer.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => opened(def, items, cut),
        _ => {
            let text = "the answer has another form than the operation promises";
            Err(Error::new(ErrorKind::Protocol, text).operation(def.meta.name))
        }
    }
}

/// The items, and what ended the stream after them.
fn opened(def: &'static OpDef, items: Vec<Value>, end: Option<Error>) -> Result<Reply> {
    let items: Vec<Shared> = items.into_iter().map(|item| decode(def, item)).collect::<Result<_>>()?;
    Ok(Reply::stream(iter(items).map(Ok).chain(iter(end.map(Err))).boxed()))
}

#[cfg(test)]
mod tests {
    use mosaic_core::op::catalogue;
    use mosaic_core::types::{RepoRef, Secret};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_secret_of_a_webhook_is_told_and_no_other_parameter_hides_itself() {
        let hidden: Vec<_> = catalogue()
            .all()
            .filter(|def| def.params_schema().to_value().to_string().contains("writeOnly"))
            .map(|def| def.meta.name)
            .collect();
        assert_eq!(hidden, ["git.create_webhook"]);
        let hook = json!({
            "repo": RepoRef::new("acme", "widget"), "url": "https://h/", "events": ["push"], "secret": "s3cr3t",
        });
        let payload = catalogue().find("git.create_webhook").unwrap().decode(hook).unwrap();
        assert_eq!(payload.get::<CreateWebhook>().unwrap().secret, Some(Secret::new("s3cr3t")));
        assert_eq!(arguments(&payload).unwrap()["secret"], "s3cr3t");
    }

    #[test]
    fn a_stream_that_was_cut_ends_with_an_error() {
        let def = catalogue().find("cicd.job_log").unwrap();
        assert!(stream(def, json!({ "items": [], "truncated": false })).is_ok());
        for answer in
            [json!({}), json!({ "items": 7 }), json!({ "items": [7], "truncated": false }), json!(null)]
        {
            assert_eq!(stream(def, answer).unwrap_err().kind(), ErrorKind::Protocol);
        }
    }
}

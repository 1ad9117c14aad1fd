//! From the result of a tool to a value, and from a tool that failed to an error.

use std::time::Duration;

use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::types::Effect;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Deserialize;
use serde_json::Value;

use super::text::told;

/// How another Mosaic tells an error in the result of a tool.
#[derive(Deserialize)]
struct Told {
    kind: ErrorKind,
    message: String,
    provider: Option<String>,
    outcome: Option<Outcome>,
    retry_after_seconds: Option<u64>,
}

/// What came before the error of a stream.
#[derive(Deserialize)]
struct Before {
    items_before_the_error: Vec<Value>,
}

/// What a tool of another Mosaic said.
pub(super) enum Said {
    /// The structured answer; null where there is none.
    Value(Value),
    /// Items of a stream, and the error after them.
    Broken(Vec<Value>, Error),
}

/// Reads the result of a tool of another Mosaic.
///
/// # Errors
/// The one that it tells.
pub(super) fn of_mosaic(mut result: CallToolResult, effect: Effect) -> Result<Said> {
    if result.is_error != Some(true) {
        return Ok(Said::Value(result.structured_content.take().unwrap_or_default()));
    }
    let mut texts = result.content.iter().filter_map(ContentBlock::as_text).map(|text| text.text.as_str());
    let error = match texts.next().map(serde_json::from_str::<Told>) {
        Some(Ok(said)) => error_of(said, effect),
        _ => of_foreign(&result),
    };
    match texts.next().map(serde_json::from_str::<Before>) {
        Some(Ok(before)) => Ok(Said::Broken(before.items_before_the_error, error)),
        _ => Err(error),
    }
}

fn error_of(said: Told, effect: Effect) -> Error {
    let mut error = Error::new(said.kind, told(&said.message)).delivery(Delivery::Answered);
    if let Some(provider) = said.provider {
        error = error.context("remote provider", told(&provider));
    }
    if let Some(seconds) = said.retry_after_seconds {
        error = error.retry_after(Duration::from_secs(seconds));
    }
    match said.outcome {
        Some(Outcome::NotMade) => error.refused(),
        Some(Outcome::Unknown) => error.worst(Delivery::Answered, true),
        // It is left out for reads.
        None if effect.is_read() => error,
        None => error.worst(Delivery::Answered, true),
    }
}

/// The error of a tool that says that it failed, in words of its own.
pub(super) fn of_foreign(result: &CallToolResult) -> Error {
    let texts: Vec<_> =
        result.content.iter().filter_map(ContentBlock::as_text).map(|text| text.text.as_str()).collect();
    let text = told(&texts.join(" "));
    let text = if text.is_empty() { "the tool failed without a word".to_owned() } else { text };
    Error::new(ErrorKind::Provider, text).delivery(Delivery::Answered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::surface::Fault;

    fn failed(texts: &[String]) -> CallToolResult {
        CallToolResult::error(texts.iter().map(ContentBlock::text).collect())
    }

    fn there_and_back(error: &Error, effect: Effect) -> Error {
        let fault = serde_json::to_string(&Fault::new(error, effect)).unwrap();
        of_mosaic(failed(&[fault]), effect).err().unwrap()
    }

    #[test]
    fn every_error_of_another_mosaic_comes_back_as_it_was() {
        for kind in ErrorKind::ALL {
            for effect in [Effect::Read, Effect::Idempotent, Effect::Create, Effect::Irreversible] {
                for delivery in [Delivery::NotSent, Delivery::Answered, Delivery::Unknown] {
                    let error =
                        Error::new(kind, "it failed").delivery(delivery).retry_after(Duration::from_secs(7));
                    for error in [error.clone(), error.clone().refused(), error.after_a_step()] {
                        let back = there_and_back(&error, effect);
                        assert_eq!(
                            (back.kind(), back.message(), back.wait()),
                            (kind, "it failed", error.wait())
                        );
                        if !effect.is_read() {
                            assert_eq!(back.outcome(), error.outcome(), "{kind} {effect:?} {delivery}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_came_before_the_error_of_a_stream_is_kept() {
        let fault = Fault::new(&Error::new(ErrorKind::Network, "cut"), Effect::Read);
        let texts =
            [serde_json::to_string(&fault).unwrap(), json!({ "items_before_the_error": [1, 2] }).to_string()];
        let Ok(Said::Broken(items, error)) = of_mosaic(failed(&texts), Effect::Read) else {
            panic!("not broken")
        };
        assert_eq!((items, error.kind()), (vec![json!(1), json!(2)], ErrorKind::Network));
    }

    #[test]
    fn words_of_others_are_bounded_and_may_have_run() {
        let long = format!("no\nsuch file {}", "x".repeat(5_000));
        for texts in [vec![long], vec![], vec![r#"{"kind":"not_a_kind","message":"x"}"#.to_owned()]] {
            let error = of_mosaic(failed(&texts), Effect::Create).err().unwrap();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Provider, Outcome::Unknown));
            assert!(error.message().chars().count() < 500 && !error.message().contains('\n'));
        }
    }
}

//! An error as a model reads it: what happened, whether it took effect, and what to do now.

use mosaic_core::error::{Error, ErrorKind, Outcome};
use mosaic_core::types::Effect;
use serde::Serialize;

/// An error as the result of a tool. It is text for the model, not structured content, which would have to follow the
/// schema of the answer.
///
/// ```
/// use mosaic_core::error::{Delivery, Error, ErrorKind};
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::surface::Fault;
///
/// let error = Error::new(ErrorKind::Timeout, "no answer in 5 s").delivery(Delivery::Unknown);
/// let fault = Fault::new(&error, Effect::Create);
/// assert!(fault.advice.contains("may have happened"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The kind of error.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// The operation, where the name of the tool led to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'static str>,
    /// The provider that gave the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What is known about the effect; nothing for a read, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What to do now.
    pub advice: String,
    /// How long the provider asks to wait, in seconds, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl Fault {
    /// The error of an operation with this effect.
    pub fn new(error: &Error, effect: Effect) -> Self {
        let wait = error.wait().map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        Self {
            kind: error.kind(),
            message: error.message().to_string(),
            operation: error.operation_name(),
            provider: error.provider_id().map(ToString::to_string),
            outcome: (!effect.is_read()).then(|| error.outcome()),
            advice: advice(error, effect, wait),
            retry_after_seconds: wait,
        }
    }

    /// The fault as the text of a tool's result.
    pub(super) fn to_text(&self) -> String {
        // All fields are texts and numbers, which have a JSON form; the message alone is the next best thing.
        serde_json::to_string(self).unwrap_or_else(|_| self.message.clone())
    }
}

fn advice(error: &Error, effect: Effect, wait: Option<u64>) -> String {
    if !effect.is_read() && error.outcome() == Outcome::Unknown {
        return "It may have happened. Look at the present state before calling it again.".into();
    }
    let again = match wait {
        Some(seconds) => format!("Wait {seconds} s, then call it again."),
        None => "Call it again later.".into(),
    };
    match error.kind() {
        ErrorKind::Invalid => {
            "Correct the arguments after the schema of the tool, then call it again.".into()
        }
        ErrorKind::NotFound => "Check the names; list what there is.".into(),
        ErrorKind::Conflict => "Nothing was changed. Read the present state, then decide.".into(),
        ErrorKind::PermissionDenied => "Calling it again does not help. Ask for the permission.".into(),
        ErrorKind::Unauthenticated => {
            "Calling it again does not help. Ask the operator to renew the credential of the provider.".into()
        }
        ErrorKind::Unsupported | ErrorKind::NoRoute => {
            "No provider may or can do this here. Find another way; calling it again does not help.".into()
        }
        ErrorKind::QuotaExceeded if wait.is_none() => {
            "The quota is used up. Ask the operator, or wait until it is filled again.".into()
        }
        ErrorKind::Config | ErrorKind::Lifecycle | ErrorKind::Internal | ErrorKind::Protocol => {
            "Calling it again does not help. Report this to the operator.".into()
        }
        _ => again,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mosaic_core::error::Delivery;

    use super::*;

    #[test]
    fn every_kind_has_advice_and_an_unknown_outcome_comes_first() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "it failed");
            assert!(!Fault::new(&error, Effect::Create).advice.is_empty());
            let lost = error.delivery(Delivery::Unknown);
            for effect in [Effect::Idempotent, Effect::Create, Effect::Irreversible] {
                let fault = Fault::new(&lost, effect);
                assert_eq!(fault.outcome, Some(Outcome::Unknown));
                assert!(fault.advice.starts_with("It may have happened."), "{kind}");
            }
            let read = Fault::new(&lost, Effect::Read);
            assert_eq!(read.outcome, None);
            assert!(!read.advice.contains("may have happened"), "{kind}");
        }
    }

    #[test]
    fn a_wait_is_named_in_whole_seconds() {
        let error = Error::new(ErrorKind::RateLimited, "slow down").retry_after(Duration::from_millis(1500));
        let fault = Fault::new(&error, Effect::Read);
        assert_eq!(
            (fault.advice.as_str(), fault.retry_after_seconds),
            ("Wait 2 s, then call it again.", Some(2))
        );
    }

    #[test]
    fn absent_facts_are_left_out_of_the_text() {
        let fault =
            Fault::new(&Error::new(ErrorKind::NotFound, "gone").operation("git.get_file"), Effect::Read);
        assert_eq!(
            fault.to_text(),
            r#"{"kind":"not_found","message":"gone","operation":"git.get_file","advice":"Check the names; list what there is."}"#
        );
    }
}

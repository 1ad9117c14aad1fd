//! What the two sides of a live connection say, as JSON.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::coordination::shared::SharedEvent;
use crate::surface::Fault;

/// The deepest nesting of a frame.
const DEEPEST: usize = 64;

/// What a client says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Said {
    /// Call a function.
    Call {
        /// What the answer is told by; chosen by the client.
        id: u64,
        /// The function.
        call: String,
        /// Its parameters.
        #[serde(default)]
        params: Value,
    },
    /// Follow events.
    Follow {
        /// What the events are told by.
        id: u64,
        /// Which topics.
        follow: String,
        /// Only events after this offset; from now on where absent.
        after: Option<u64>,
    },
    /// Give up a call, or end following.
    Stop {
        /// The call or the following.
        stop: u64,
    },
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Told {
    /// A function answered.
    Answer { id: u64, answer: Value },
    /// An event happened.
    Event { id: u64, event: SharedEvent, lag: u64 },
    /// Something failed: a call, following, or, where there is no id, the frame itself.
    Fault {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        fault: Fault,
    },
    /// Following, or a call that was given up, has ended.
    Ended { id: u64, ended: bool },
}

impl Told {
    pub(super) fn fault(id: Option<u64>, error: &Error, effect: Effect) -> Self {
        Self::Fault { id, fault: Fault::new(error, effect) }
    }
}

/// Reads a frame.
///
/// # Errors
/// `Invalid`, with what is expected.
pub(super) fn read(text: &str) -> Result<Said> {
    if depth(text) > DEEPEST {
        return Err(Error::new(ErrorKind::Invalid, format!("a frame is nested {DEEPEST} deep at most")));
    }
    serde_json::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::Invalid,
            r#"a frame is {"id", "call", "params"}, {"id", "follow", "after"} or {"stop"}, each id a number"#,
        )
    })
}

/// How deep brackets are nested, whatever stands between them; texts are passed over.
fn depth(text: &str) -> usize {
    let (mut deepest, mut now, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn frames_are_read() {
        let call = r#"{"id":1,"call":"state.get_value","params":{"key":"k"}}"#;
        let read_call = Said::Call { id: 1, call: "state.get_value".into(), params: json!({ "key": "k" }) };
        assert_eq!(read(call).unwrap(), read_call);
        let follow = r#"{"id":2,"follow":"task.>","after":7}"#;
        assert_eq!(read(follow).unwrap(), Said::Follow { id: 2, follow: "task.>".into(), after: Some(7) });
        assert_eq!(read(r#"{"stop":2}"#).unwrap(), Said::Stop { stop: 2 });
        let deep = format!(r#"{{"id":1,"call":"c","params":{}{}}}"#, "[".repeat(64), "]".repeat(64));
        for bad in ["", "[]", "{}", r#"{"id":1}"#, r#"{"id":"a","call":"c"}"#, r#"{"stop":1,"id":2}"#, &deep]
        {
            assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
        assert_eq!(depth(r#"{"a":"[[[\"[","b":[1]}"#), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_in_peace(text in r#"[\[\]{}":,a-z0-9\\ ]{0,60}"#) {
            let _ = read(&text);
        }
    }
}

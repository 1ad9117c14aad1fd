//! The body of a request: read within its bounds, before anybody parses it.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::future::poll_immediate;
use tokio::time::timeout;

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadBody {
    /// It is larger than it may be.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// Its arrays and objects stand too deep in each other.
    TooDeep,
    /// A part of it is there twice.
    Twice,
    /// The client went away, or broke the protocol below.
    Broken,
}

/// Reads a body of at most `most` bytes within `time`, whose JSON is at most `depth` deep.
pub(super) async fn read(body: Body, most: usize, time: Duration, depth: usize) -> Result<Bytes, BadBody> {
    // One byte more than allowed tells too large from broken.
    let mut reading = pin!(to_bytes(body, most.saturating_add(1)));
    // Most bodies came with their heads, and need no clock.
    let came = match poll_immediate(&mut reading).await {
        Some(came) => Ok(came),
        None => timeout(time, reading).await,
    };
    let bytes = match came {
        Err(_) => return Err(BadBody::TooSlow),
        Ok(Err(error)) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            let mut causes = std::iter::successors(Some(error), |error| error.source());
            let large = causes.any(|cause| cause.to_string().contains("length limit exceeded"));
            return Err(if large { BadBody::TooLarge } else { BadBody::Broken });
        }
        Ok(Ok(bytes)) if bytes.len() > most => return Err(BadBody::TooLarge),
        Ok(Ok(bytes)) => bytes,
    };
    if deeper_than(&bytes, depth) { Err(BadBody::TooDeep) } else { Ok(bytes) }
}

/// Whether the arrays and objects of a JSON text stand deeper in each other than that. What is no JSON may be counted wrong,
/// and is refused by who parses it.
fn deeper_than(json: &[u8], most: usize) -> bool {
    // As many as begin may stand in each other, and are counted many at a time.
    if json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= most {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    async fn bounded(body: Body) -> Result<Bytes, BadBody> {
        read(body, 10, Duration::from_secs(5), 2).await
    }

    #[tokio::test(start_paused = true)]
    async fn every_bound_is_named() {
        assert_eq!(bounded(Body::from("[[1,2,3]] ")).await, Ok(Bytes::from("[[1,2,3]] ")));
        assert_eq!(bounded(Body::from("[1,2,3,4,5]")).await, Err(BadBody::TooLarge));
        assert_eq!(bounded(Body::from("x".repeat(1_000))).await, Err(BadBody::TooLarge));
        let chunks = stream::iter(["[1,2", ",3,4", ",5]"].map(Ok::<_, std::io::Error>));
        assert_eq!(bounded(Body::from_stream(chunks)).await, Err(BadBody::TooLarge));
        assert_eq!(bounded(Body::from("[[[1]]]")).await, Err(BadBody::TooDeep));
        let silent = stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(bounded(Body::from_stream(silent)).await, Err(BadBody::TooSlow));
        let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("reset"))]);
        assert_eq!(bounded(Body::from_stream(broken)).await, Err(BadBody::Broken));
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<i32>().prop_map(|n| json!(n)),
            "[\\[{\"\\\\}a]{0,6}".prop_map(|s| json!(s))
        ];
        leaf.prop_recursive(6, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
                prop::collection::btree_map("[{\"\\\\]{0,3}", inner, 0..4).prop_map(|fields| json!(fields)),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_depth_of_json_is_counted_right(value in any_json(), most in 0_usize..8) {
            prop_assert_eq!(deeper_than(value.to_string().as_bytes(), most), depth(&value) > most);
        }

        #[test]
        fn anything_can_be_counted(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            deeper_than(&bytes, 3);
        }
    }
}

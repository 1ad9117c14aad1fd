//! Answers: read into memory within a bound, parsed, or handed on as a stream.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode};
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::types::{Chunk, Secret};
use serde::de::DeserializeOwned;

use super::redact::told;
use super::transport::network;

/// A whole answer and what was beside it.
///
/// ```
/// use mosaic_providers::http::Answer;
///
/// fn more(answer: &Answer<Vec<String>>) -> bool {
///     answer.header("x-next-page").is_some_and(|page| !page.is_empty())
/// }
/// ```
#[derive(Debug)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// The headers; those of the kept answer where the vendor said that it still holds.
    pub headers: HeaderMap,
    /// The status.
    pub status: StatusCode,
}

impl<T> Answer<T> {
    /// The text of a header; none where it is absent or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Reads a body to its end.
///
/// # Errors
/// `Protocol` where it is larger than `most`; `Network` where it ends too early.
pub(super) async fn read_bounded(response: reqwest::Response, most: usize) -> Result<Bytes> {
    let declared = response.content_length().and_then(|length| usize::try_from(length).ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let place = response.url().host_str().unwrap_or("the server").to_owned();
    let mut stream = Box::pin(response.bytes_stream());
    let mut next = async || match stream.next().await {
        None => Ok(None),
        Some(Ok(chunk)) => Ok(Some(chunk)),
        Some(Err(error)) => Err(cut_off(&place, &error)),
    };
    let Some(first) = next().await? else { return Ok(Bytes::new()) };
    if first.len() > most {
        return Err(too_large(most));
    }
    // Most answers are one piece, and are taken as they are.
    let Some(second) = next().await? else { return Ok(first) };
    let mut all = BytesMut::with_capacity(declared.unwrap_or(0).max(first.len() + second.len()));
    all.extend_from_slice(&first);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        if all.len() + bytes.len() > most {
            return Err(too_large(most));
        }
        all.extend_from_slice(&bytes);
        piece = next().await?;
    }
    Ok(all.freeze())
}

fn too_large(most: usize) -> Error {
    Error::new(ErrorKind::Protocol, format!("the answer is larger than {most} bytes (http.maxBodyBytes)"))
        .delivery(Delivery::Answered)
}

fn cut_off(place: &str, error: &reqwest::Error) -> Error {
    let error = network(place, error);
    Error::new(ErrorKind::Network, format!("the answer was cut off: {}", error.message()))
        .delivery(Delivery::Unknown)
}

/// Parses a body.
///
/// # Errors
/// `Protocol`, saying where it is otherwise than expected.
pub(super) fn parse<T: DeserializeOwned>(product: &str, body: &[u8], secrets: &[Secret]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let text = match body {
            [] => format!("the answer of {product} is empty"),
            _ => format!("the answer of {product} cannot be read: {}", told(&error.to_string(), secrets)),
        };
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    })
}

/// The body of an answer as it comes. Dropping the stream closes the connection.
pub(super) fn stream(response: reqwest::Response) -> ItemStream<Chunk> {
    let place = response.url().host_str().unwrap_or("the server").to_owned();
    Box::pin(response.bytes_stream().map(move |piece| match piece {
        Ok(bytes) => Ok(Chunk::new(bytes)),
        Err(error) => Err(cut_off(&place, &error)),
    }))
}

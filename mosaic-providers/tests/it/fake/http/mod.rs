//! What the dialects share: requests taken apart, answers put together, pages, rate limits and conditional requests.
//!
//! A dialect implements [`Dialect`] and matches on method and path itself:
//!
//! ```text
//! match (ask.method.as_str(), ask.parts().as_slice()) {
//!     ("GET", ["repos", owner, repo]) => ..,
//!     ("PUT", ["repos", owner, repo, "contents", path @ ..]) => ..,
//! }
//! ```
//! so that `%2F` and a plain slash in a path lead to the same place where the vendor says so. [`router`] makes it a
//! `Router` to be put behind the server of the tests.

mod ask;
mod meter;
mod page;
mod reply;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use mosaic_core::types::Timestamp;

pub(crate) use ask::Ask;
pub(crate) use meter::{Meter, Standing};
pub(crate) use page::{Cut, Paging};
pub(crate) use reply::Reply;

/// What a vendor answers.
pub(crate) trait Dialect: Send + Sync + 'static {
    /// The answer to a request.
    fn answer(&self, ask: Ask) -> impl Future<Output = Reply> + Send;
}

/// A router that gives every request to the dialect.
pub(crate) fn router<D: Dialect>(dialect: Arc<D>) -> Router {
    Router::new().fallback(handle::<D>).with_state(dialect)
}

async fn handle<D: Dialect>(State(dialect): State<Arc<D>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap_or_default();
    dialect.answer(Ask::new(parts, body)).await.into_response()
}

/// A time as vendors write it: RFC 3339 in whole seconds, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same where there may be none.
pub(crate) fn maybe_time(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// A text for use in the path of an address: everything but letters, digits, `-._~` is percent-encoded, slashes included.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The same for a path with slashes that stay.
pub(crate) fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

//! What one vendor does otherwise than the others, as data.

use http::{HeaderMap, StatusCode};
use mosaic_core::error::ErrorKind;
use serde_json::Value;

/// How a vendor wants to be spoken to; see [`Client`](super::Client).
#[derive(Debug)]
pub struct Dialect {
    /// The product, such as it stands in messages.
    pub product: &'static str,
    /// The media type that is asked for.
    pub accept: &'static str,
    /// Headers of every request.
    pub headers: &'static [(&'static str, &'static str)],
    /// Where a token goes.
    pub token: TokenHeader,
    /// What the body of an error says, for people.
    pub message: fn(&Value) -> Option<String>,
    /// The kind of an answer that the common table has otherwise; none leaves it to the table.
    pub kind: fn(&Refusal<'_>) -> Option<ErrorKind>,
}

/// The header that carries a token.
///
/// ```
/// use mosaic_providers::http::TokenHeader;
///
/// let header = TokenHeader { name: "private-token", prefix: "" };
/// assert_ne!(header.name, TokenHeader::BEARER.name);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokenHeader {
    /// Its name, in lower case.
    pub name: &'static str,
    /// What stands before the token, such as `Bearer `.
    pub prefix: &'static str,
}

impl TokenHeader {
    /// `Authorization: Bearer ..`.
    pub const BEARER: Self = Self { name: "authorization", prefix: "Bearer " };
}

/// An answer that is no success.
///
/// ```
/// use mosaic_core::ErrorKind;
/// use mosaic_providers::http::Refusal;
///
/// // For the field `kind` of a dialect: a vendor that says 422 where a name is taken.
/// fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
///     (refusal.status == 422 && refusal.message.contains("already exists")).then_some(ErrorKind::Conflict)
/// }
/// ```
#[derive(Debug)]
pub struct Refusal<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body where that is JSON, else null.
    pub body: &'a Value,
    /// What it says, as the dialect reads it; empty where it says nothing.
    pub message: &'a str,
}

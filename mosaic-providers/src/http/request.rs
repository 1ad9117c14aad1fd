//! A request as a provider builds it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::types::{Chunk, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::answer::{Answer, parse};
use super::client::{Client, Raw};
use super::events::{self, Events};
use super::path::Path;

/// A request to one client's vendor. What is wrong with it is said when it is sent.
///
/// ```
/// use mosaic_core::Result;
/// use mosaic_core::context::CallContext;
/// use mosaic_providers::http::{Client, Path};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Wire {
///     default_branch: String,
/// }
/// async fn default_branch(client: &Client, cx: &CallContext, owner: &str, name: &str) -> Result<String> {
///     let path = Path::root().part("repos").part(owner).part(name);
///     let wire: Wire = client.get(path).query("full", true).send(cx).await?;
///     Ok(wire.default_branch)
/// }
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    pub(super) client: &'a Client,
    pub(super) method: Method,
    pub(super) path: Path,
    /// Where it goes in the place of the path, and whether the credentials go there too.
    pub(super) address: Option<(Url, bool)>,
    /// Encoded, without the question mark.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) accept: &'static str,
    pub(super) body: Payload,
    /// The budget of the vendor's that pays.
    pub(super) budget: &'static str,
    pub(super) fault: Option<Error>,
    /// What else of the request nobody may see.
    pub(super) secrets: Vec<Secret>,
    /// What is to be told of a refusal.
    pub(super) hint: Option<Hint>,
}

/// What a provider reads in an answer that is no success, headers and body: a fact that its error is to have.
pub type Hint = fn(&HeaderMap, &[u8]) -> Option<&'static str>;

/// The name of the fact that a [`Hint`] gives.
pub const HINT: &str = "hint";

/// What a request carries.
pub(super) enum Payload {
    None,
    Bytes(HeaderValue, Bytes),
    /// Cannot be sent twice, so redirects are refused.
    Form(reqwest::multipart::Form),
}

impl<'a> Request<'a> {
    pub(super) fn new(client: &'a Client, method: Method, path: Path) -> Self {
        let accept = client.dialect().accept;
        Self {
            client,
            method,
            path,
            address: None,
            query: String::new(),
            headers: HeaderMap::new(),
            accept,
            body: Payload::None,
            budget: "core",
            fault: None,
            secrets: Vec::new(),
            hint: None,
        }
    }

    pub(super) fn to(mut self, url: Url, trusted: bool) -> Self {
        self.address = Some((url, trusted));
        self
    }

    /// One more parameter in the query.
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        let query = std::mem::take(&mut self.query);
        self.query = Serializer::for_suffix(query, 0).append_pair(name, &value.to_string()).finish();
        self
    }

    /// One more parameter in the query, where there is a value.
    pub fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The query as the vendor gave it, encoded; takes the place of all parameters so far.
    pub fn raw_query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// One more header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(HeaderName::from_static(name), value);
            }
            Err(_) => {
                self.fault =
                    Some(Error::new(ErrorKind::Invalid, format!("{name}: no header can carry this value")))
            }
        }
        self
    }

    /// One more header, with something in it that nobody may see.
    pub fn secret_header(mut self, name: HeaderName, value: &Secret) -> Self {
        match HeaderValue::from_str(value.expose()) {
            Ok(mut text) => {
                text.set_sensitive(true);
                self.headers.insert(name, text);
                self.secrets.push(value.clone());
            }
            Err(_) => {
                self.fault =
                    Some(Error::new(ErrorKind::Protocol, format!("{name}: no header can carry this value")))
            }
        }
        self
    }

    /// Lets this read a refusal; what it finds is the fact [`HINT`] of the error.
    pub fn hint(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Asks for another media type than the dialect does.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = media_type;
        self
    }

    /// Names the budget of the vendor's that pays; `core` unless said otherwise.
    pub fn budget(mut self, name: &'static str) -> Self {
        self.budget = name;
        self
    }

    /// Carries a value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.body = Payload::Bytes(HeaderValue::from_static("application/json"), bytes.into())
            }
            Err(error) => {
                self.fault =
                    Some(Error::new(ErrorKind::Internal, format!("the request cannot be written: {error}")))
            }
        }
        self
    }

    /// Carries name and value pairs as a form.
    pub fn form<'b>(mut self, pairs: impl IntoIterator<Item = (&'b str, &'b str)>) -> Self {
        let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body =
            Payload::Bytes(HeaderValue::from_static("application/x-www-form-urlencoded"), form.into());
        self
    }

    /// Carries bytes of a media type.
    pub fn bytes(mut self, media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.body = Payload::Bytes(HeaderValue::from_static(media_type), bytes.into());
        self
    }

    /// The same, of a media type that is made for them.
    pub fn typed(mut self, media_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        self.body = Payload::Bytes(media_type, bytes.into());
        self
    }

    /// Carries a form of several parts.
    pub fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        self.body = Payload::Form(form);
        self
    }

    /// Sends it, and reads the answer as JSON.
    ///
    /// # Errors
    /// See [`Client`]; `Protocol` where the answer is not as expected. Dropping the future gives the request up; whether the
    /// vendor got it is then unknown.
    pub async fn send<T: DeserializeOwned>(self, cx: &CallContext) -> Result<T> {
        Ok(self.full(cx).await?.value)
    }

    /// The same, with status and headers.
    pub async fn full<T: DeserializeOwned>(self, cx: &CallContext) -> Result<Answer<T>> {
        let client = self.client;
        let Raw { status, headers, body, secrets } = client.run(cx, self).await?;
        let value = parse(client.dialect().product, &body, &secrets)?;
        Ok(Answer { value, headers, status })
    }

    /// The same; a thing that does not exist is none.
    pub async fn find<T: DeserializeOwned>(self, cx: &CallContext) -> Result<Option<T>> {
        match self.send(cx).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same; an answer without content (204) is none.
    pub async fn content<T: DeserializeOwned>(self, cx: &CallContext) -> Result<Option<T>> {
        let client = self.client;
        let Raw { status, body, secrets, .. } = client.run(cx, self).await?;
        if status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        parse(client.dialect().product, &body, &secrets).map(Some)
    }

    /// Sends it, and leaves the body of the answer alone.
    pub async fn done(self, cx: &CallContext) -> Result<Answer<()>> {
        let client = self.client;
        let Raw { status, headers, .. } = client.run(cx, self).await?;
        Ok(Answer { value: (), headers, status })
    }

    /// Sends it, and gives the body as it is.
    pub async fn raw(self, cx: &CallContext) -> Result<Answer<Bytes>> {
        let client = self.client;
        let Raw { status, headers, body, .. } = client.run(cx, self).await?;
        Ok(Answer { value: body, headers, status })
    }

    /// Sends it, and gives the body as a text.
    ///
    /// # Errors
    /// `Protocol` where it is not UTF-8.
    pub async fn text(self, cx: &CallContext) -> Result<Answer<String>> {
        let product = self.client.dialect().product;
        let Answer { value, headers, status } = self.raw(cx).await?;
        let value = String::from_utf8(value.into()).map_err(|_| {
            Error::new(ErrorKind::Protocol, format!("the answer of {product} is no text in UTF-8"))
                .delivery(Delivery::Answered)
        })?;
        Ok(Answer { value, headers, status })
    }

    /// Sends a read, and gives the body as it comes. It may be redirected to another host, which gets no credentials.
    pub async fn stream(self, cx: &CallContext) -> Result<Answer<ItemStream<Chunk>>> {
        let client = self.client;
        client.open(cx, self).await
    }

    /// Sends a read, and gives the events that the server sends from then on.
    pub async fn events(self, cx: &CallContext) -> Result<Events> {
        let answer = self.accept("text/event-stream").stream(cx).await?;
        Ok(events::read(answer.value))
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Query, headers and body may hold anything.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An object without the fields that say nothing, as a body for vendors that take `null` for a wish.
pub(crate) fn without_nulls(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::http::{Access, Auth, Dialect, HttpConfig, TokenHeader};

    static DIALECT: Dialect = Dialect {
        product: "Forge",
        accept: "application/json",
        headers: &[],
        token: TokenHeader::BEARER,
        message: |_| None,
        kind: |_| None,
    };

    #[test]
    fn parameters_stand_beside_each_other() {
        let (auth, identities, http) = (Auth::None, HashMap::new(), HttpConfig::default());
        let access =
            Access { base_url: "http://127.0.0.1", auth: &auth, identities: &identities, http: &http };
        let client = Client::new(&DIALECT, &access, &|_, _, _| Ok(None)).unwrap();
        let request = client.get(Path::root()).query("page", 2).maybe("sha", None::<u8>).query("q", "a b&c");
        assert_eq!(request.query, "page=2&q=a+b%26c");
        assert_eq!(request.raw_query("after=x%3D").query("limit", 5).query, "after=x%3D&limit=5");
    }
}

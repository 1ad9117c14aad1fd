//! Calls in a vendor's own words, as every provider answers them.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{VendorRead, VendorWrite};
use mosaic_core::types::vendor::{ApiPath, VendorAnswer, VendorMethod};
use serde_json::Value;

use super::answer::Answer;
use super::client::Client;
use super::path::Path;
use super::request::Request;

/// The headers that say something of an answer and nothing of who asked.
const TOLD: [&str; 12] = [
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "x-next-page",
    "x-page",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-total",
    "x-total-count",
];

impl Client {
    /// Fetches what a path of the vendor's own holds. A list is one page of it; `link` among the headers says whether there
    /// is another.
    ///
    /// # Errors
    /// `Unsupported` where such calls are [refused](Client::vendor_calls), `Invalid` where it has a body, and those of any
    /// request.
    pub async fn vendor_read<F>(&self, cx: &CallContext, op: VendorRead<F>) -> Result<VendorAnswer> {
        self.may_be_called()?;
        if op.body.is_some() {
            let text = "reads of this provider take no body: say in the path and the query what is asked for";
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        let request = self.get(Path::of_api(&op.path));
        told(self, with(request, op.query).raw(cx).await?)
    }

    /// Changes something by a path of the vendor's own.
    ///
    /// # Errors
    /// `Unsupported` where such calls are [refused](Client::vendor_calls), and those of any request.
    pub async fn vendor_write<F>(&self, cx: &CallContext, op: VendorWrite<F>) -> Result<VendorAnswer> {
        self.may_be_called()?;
        self.vendor_answer(self.vendor_request(&op).raw(cx).await?)
    }

    /// The request of such a change, for vendors that want something beside it. Whether it [may](Self::may_be_called) be made is
    /// not asked here.
    pub fn vendor_request<F>(&self, op: &VendorWrite<F>) -> Request<'_> {
        let method = match op.method {
            VendorMethod::Post => Method::POST,
            VendorMethod::Put => Method::PUT,
            VendorMethod::Patch => Method::PATCH,
            VendorMethod::Delete => Method::DELETE,
        };
        let request = with(self.request(method, Path::of_api(&op.path)), op.query.clone());
        match &op.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// What a caller is told of its answer.
    ///
    /// # Errors
    /// `Protocol` where it says that it is JSON and is not.
    pub fn vendor_answer(&self, answer: Answer<bytes::Bytes>) -> Result<VendorAnswer> {
        told(self, answer)
    }

    /// Whether calls in the vendor's own words are allowed.
    ///
    /// # Errors
    /// `Unsupported` where they are [refused](Client::vendor_calls).
    pub fn may_be_called(&self) -> Result<()> {
        if self.refuses_vendor_calls() {
            let text = "calls in the vendor's own words are not allowed here: set `vendorCalls`";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(())
    }
}

impl Path {
    /// A path that a caller wrote; it was checked when it was made.
    fn of_api(path: &ApiPath) -> Self {
        Self::encoded_already(path.as_str())
    }
}

fn with(request: Request<'_>, query: BTreeMap<String, String>) -> Request<'_> {
    query.into_iter().fold(request, |request, (name, value)| request.query(&name, value))
}

/// JSON as it is; anything else is a text.
fn told(client: &Client, answer: Answer<bytes::Bytes>) -> Result<VendorAnswer> {
    let body = match &*answer.value {
        [] => Value::Null,
        bytes if is_json(&answer.headers) => super::answer::parse(client.dialect().product, bytes, &[])?,
        bytes => serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into()),
    };
    let mut told = VendorAnswer::new(answer.status.as_u16(), body);
    let header = |name: &str| Some((name.to_owned(), answer.headers.get(name)?.to_str().ok()?.to_owned()));
    told.headers = TOLD.into_iter().filter_map(header).collect();
    Ok(told)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

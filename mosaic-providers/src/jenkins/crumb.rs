//! Crumbs: what Jenkins wants beside every write of those who show a password in the place of an API token.
//!
//! A crumb is asked for when a write is refused for want of one, once for all who need it, and kept with the name of its header
//! and the session that it belongs to until it is refused.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use tokio::sync::Mutex;

use super::wire;
use crate::http::{Answer, Client, HINT, Request, at};

/// What is found in the page that refuses a write.
const MISSING: &str = "no valid crumb";

/// A crumb, its header and its session.
#[derive(Debug)]
struct Crumb {
    name: HeaderName,
    value: Secret,
    cookie: Option<Secret>,
}

type Slot = Mutex<Option<Arc<Crumb>>>;

/// The crumbs of all who have credentials.
#[derive(Debug)]
pub(super) struct Crumbs {
    /// By the label of a principal's credential; the provider's own by the empty one.
    slots: HashMap<String, Slot>,
}

impl Crumbs {
    pub(super) fn of<'a>(labels: impl Iterator<Item = &'a String>) -> Self {
        let labels = labels.cloned().chain([String::new()]);
        Self { slots: labels.map(|label| (label, Slot::default())).collect() }
    }

    /// Sends a write, and once more with a crumb where it was refused for want of one: the first did nothing then.
    pub(super) async fn write<'a>(
        &self,
        client: &Client,
        cx: &CallContext,
        make: impl Fn() -> Request<'a>,
    ) -> Result<Answer<Bytes>> {
        // Who has no credentials here is refused when the request is sent.
        let Some(slot) = self.slots.get(cx.caller().credential().unwrap_or_default()) else {
            return make().raw(cx).await;
        };
        let known = slot.lock().await.clone();
        let refused = match with(make(), known.as_deref()).raw(cx).await {
            Err(error) if lacks_crumb(&error) => error,
            other => return other,
        };
        let mut held = slot.lock().await;
        let fresh = match (&*held, &known) {
            (Some(newer), None) => Arc::clone(newer),
            (Some(newer), Some(known)) if !Arc::ptr_eq(newer, known) => Arc::clone(newer),
            _ => match fetch(client, cx).await {
                Ok(crumb) => Arc::clone(held.insert(Arc::new(crumb))),
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(refused),
                // The write was refused; what goes wrong here changes nothing of that.
                Err(error) => return Err(error.refused()),
            },
        };
        drop(held);
        with(make(), Some(&fresh)).raw(cx).await
    }
}

fn with<'a>(request: Request<'a>, crumb: Option<&Crumb>) -> Request<'a> {
    let request = request.hint(read);
    let Some(crumb) = crumb else { return request };
    let request = request.secret_header(crumb.name.clone(), &crumb.value);
    match &crumb.cookie {
        Some(cookie) => request.secret_header(COOKIE, cookie),
        None => request,
    }
}

/// Whether a page says that a crumb is missing. Jenkins has no other sign of it.
fn read(_: &HeaderMap, page: &[u8]) -> Option<&'static str> {
    String::from_utf8_lossy(page).contains("No valid crumb").then_some(MISSING)
}

fn lacks_crumb(error: &Error) -> bool {
    error.status_code() == Some(403) && error.facts().any(|fact| fact == (HINT, MISSING))
}

async fn fetch(client: &Client, cx: &CallContext) -> Result<Crumb> {
    let answer: Answer<wire::Crumb> = client.get(at!["crumbIssuer", "api", "json"]).full(cx).await?;
    let name = HeaderName::from_bytes(answer.value.field.as_bytes()).ok();
    let name = name.filter(|name| name.as_str().contains("crumb")).ok_or_else(|| {
        let text = "Jenkins names no header that can carry a crumb (crumbRequestField)";
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    })?;
    let pair = |value: &http::HeaderValue| Some(value.to_str().ok()?.split(';').next()?.trim().to_owned());
    let pairs: Vec<_> = answer.headers.get_all(SET_COOKIE).iter().filter_map(pair).collect();
    let cookie = (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")));
    Ok(Crumb { name, value: Secret::new(answer.value.crumb), cookie })
}

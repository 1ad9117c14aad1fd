//! The client of one vendor: one origin, one dialect, the credentials of each identity.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::{ItemStream, OpSet};
use mosaic_core::plugin::Measure;
use mosaic_core::types::{Chunk, Secret, ServiceKind};
use tokio::time::Instant;
use url::Url;

use super::answer::{Answer, read_bounded, stream};
use super::auth::{Auth, Credential, Lease, OAuthSource, Pool, Proof, TokenSource};
use super::classify::classify;
use super::conditional::{Conditional, Known};
use super::config::HttpConfig;
use super::dialect::Dialect;
use super::path::Path;
use super::request::{HINT, Payload, Request};
use super::transport::{Marking, Transport};

/// How many redirects are followed within the origin.
const REDIRECTS: usize = 5;

/// The largest answer that is read for what it says about a failure.
const LARGEST_ERROR: usize = 64 << 10;

/// Speaks to one vendor, for everybody who has credentials there.
///
/// ```
/// use std::collections::HashMap;
/// use mosaic_providers::http::{Access, Auth, Client, Dialect, HttpConfig, TokenHeader};
///
/// static DIALECT: Dialect = Dialect {
///     product: "Forge",
///     accept: "application/json",
///     headers: &[],
///     token: TokenHeader::BEARER,
///     message: |body| body.get("message")?.as_str().map(str::to_owned),
///     kind: |_| None,
/// };
/// let access = Access {
///     base_url: "https://git.example.org/api",
///     auth: &Auth::token("s3cr3t"),
///     identities: &HashMap::new(),
///     http: &HttpConfig::default(),
/// };
/// let client = Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?;
/// assert!(!format!("{client:?}").contains("s3cr3t"));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
///
/// # Errors
/// Requests fail with `Invalid` where they cannot be made (nothing was sent), `Throttled` where the vendor said that its
/// limits are used up (nothing was sent), `Network` with what is known of the delivery, `Protocol` where the answer cannot be
/// read or leads away from the origin, and with the kind that the status stands for where the answer is no success.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>, Vendor);

/// Whether calls in the vendor's own words may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vendor {
    Allowed,
    Refused,
}

#[derive(Debug)]
struct Inner {
    transport: Transport,
    dialect: &'static Dialect,
    base: Url,
    /// Those of the provider, for everybody without credentials of their own.
    own: Pool,
    /// By the label of a principal's credential.
    identities: HashMap<Box<str>, Pool>,
    known: Conditional,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    revalidated: AtomicU64,
}

/// What a client is made from; see [`Client`].
#[derive(Debug)]
pub struct Access<'a> {
    /// Where the API begins.
    pub base_url: &'a str,
    /// The credentials of the provider.
    pub auth: &'a Auth,
    /// The credentials of principals, by their label.
    pub identities: &'a HashMap<String, Auth>,
    /// How the vendor is connected to.
    pub http: &'a HttpConfig,
}

/// An answer in memory.
pub(super) struct Raw {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) secrets: Vec<Secret>,
}

/// From the credentials of an app to the tokens it asks for, which each vendor does in its own way.
pub type AppSource<'a> = &'a dyn Fn(&Auth, &Transport, &Url) -> Result<Option<Arc<dyn TokenSource>>>;

impl Client {
    /// A client; nothing is sent yet. `apps` makes the token source of an [`Auth::App`].
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(dialect: &'static Dialect, access: &Access<'_>, apps: AppSource<'_>) -> Result<Self> {
        let base = base(access.base_url)?;
        let transport = Transport::new(access.http)?;
        let pool = |auth: &Auth| pool(auth, dialect, &transport, &base, apps);
        let identity = |(label, auth): (&String, &Auth)| Ok((label.as_str().into(), pool(auth)?));
        let identities = access.identities.iter().map(identity).collect::<Result<_>>()?;
        let inner = Inner {
            own: pool(access.auth)?,
            identities,
            known: Conditional::new(access.http.revalidation_bytes),
            counters: Counters::default(),
            transport,
            dialect,
            base,
        };
        Ok(Self(Arc::new(inner), Vendor::Allowed))
    }

    /// The same, with calls in the vendor's own words refused unless they are allowed. They are allowed where nothing is said.
    #[must_use]
    pub fn vendor_calls(mut self, allowed: bool) -> Self {
        self.1 = if allowed { Vendor::Allowed } else { Vendor::Refused };
        self
    }

    /// What a plugin of a service declares that offers these operations: calls in the vendor's own words too, where they are
    /// allowed.
    pub fn declared(&self, service: ServiceKind, offered: OpSet) -> OpSet {
        if self.refuses_vendor_calls() { offered } else { offered.and(OpSet::vendor(service)) }
    }

    /// Whether calls in the vendor's own words are refused.
    pub(super) fn refuses_vendor_calls(&self) -> bool {
        self.1 == Vendor::Refused
    }

    /// How the vendor wants to be spoken to.
    pub fn dialect(&self) -> &'static Dialect {
        self.0.dialect
    }

    /// A read.
    pub fn get(&self, path: Path) -> Request<'_> {
        Request::new(self, Method::GET, path)
    }
    /// Something new.
    pub fn post(&self, path: Path) -> Request<'_> {
        Request::new(self, Method::POST, path)
    }
    /// Something in the place of what is there.
    pub fn put(&self, path: Path) -> Request<'_> {
        Request::new(self, Method::PUT, path)
    }
    /// A change of what is there.
    pub fn patch(&self, path: Path) -> Request<'_> {
        Request::new(self, Method::PATCH, path)
    }
    /// An end.
    pub fn delete(&self, path: Path) -> Request<'_> {
        Request::new(self, Method::DELETE, path)
    }
    /// Any request.
    pub fn request(&self, method: Method, path: Path) -> Request<'_> {
        Request::new(self, method, path)
    }

    /// The query of an address that the vendor gave, such as that of the next page, without the question mark.
    ///
    /// # Errors
    /// `Protocol` where the address is not at the vendor's origin.
    pub fn query_of(&self, address: &str) -> Result<String> {
        let url = self.0.base.join(address).map_err(|_| self.astray("an address that cannot be read"))?;
        if url.origin() != self.0.base.origin() {
            return Err(self.astray(url.host_str().unwrap_or("nowhere")));
        }
        Ok(url.query().unwrap_or_default().to_owned())
    }

    /// A read of an address that the vendor gave, such as that of a file in a store beside it. The vendor's own origin gets the
    /// credentials; another one only where it is `trusted`. Answers are not kept.
    ///
    /// # Errors
    /// `Protocol` where the address cannot be read, or is less safe than the origin.
    pub fn fetch(&self, address: &str, trusted: bool) -> Result<Request<'_>> {
        let fits = |url: &Url| url.scheme() == "https" || url.scheme() == self.0.base.scheme();
        let url = self.0.base.join(address).ok().filter(fits);
        let url = url.ok_or_else(|| self.astray("an address that cannot be read"))?;
        Ok(self.get(Path::root()).to(url, trusted))
    }

    /// Renews the credentials that were refused.
    ///
    /// # Errors
    /// `Unsupported` where none can be renewed.
    pub async fn renew(&self) -> Result<()> {
        let mut result = self.0.own.renew().await;
        for pool in self.0.identities.values() {
            // One who has no valid credential left is no reason to keep the renewal from the others.
            let one = pool.renew().await;
            if result.is_err() && one.is_ok() {
                result = one;
            }
        }
        result
    }

    /// Figures for [`Plugin::metrics`](mosaic_core::plugin::Plugin::metrics).
    pub fn measures(&self) -> Vec<Measure> {
        let counters = &self.0.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let mut measures = vec![
            Measure::new("http_requests_total", count(&counters.requests)),
            Measure::new("http_revalidated_total", count(&counters.revalidated)),
        ];
        if let Some((used, left)) = self.0.own.tightest(Instant::now()) {
            measures.push(Measure::new("vendor_limit_used_ratio", used));
            measures.push(Measure::new("vendor_limit_remaining", left as f64));
        }
        measures
    }

    /// Sends a request and reads the whole answer; a failure is an error.
    pub(super) async fn run(&self, cx: &CallContext, request: Request<'_>) -> Result<Raw> {
        let (identity, pool) = self.pool(cx)?;
        let url = self.url(&request)?;
        let key = (request.method == Method::GET && request.address.is_none())
            .then(|| self.0.known.key(identity, url.as_str(), request.accept))
            .flatten();
        let known = key.as_deref().and_then(|key| self.0.known.get(key));
        let (response, secrets) = self.exchange(cx, pool, request, url, known.as_deref(), false).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (status, known) {
            self.0.counters.revalidated.fetch_add(1, Ordering::Relaxed);
            let (headers, body) = (known.headers.clone(), known.body.clone());
            return Ok(Raw { status: StatusCode::OK, headers, body, secrets });
        }
        let body = read_bounded(response, self.0.transport.max_body).await?;
        if let (StatusCode::OK, Some(key)) = (status, key) {
            self.0.known.keep(key, &headers, &body);
        }
        Ok(Raw { status, headers, body, secrets })
    }

    /// Sends a read and hands the body on as it comes.
    pub(super) async fn open(
        &self,
        cx: &CallContext,
        request: Request<'_>,
    ) -> Result<Answer<ItemStream<Chunk>>> {
        let (_, pool) = self.pool(cx)?;
        let url = self.url(&request)?;
        let (response, _) = self.exchange(cx, pool, request, url, None, true).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { value: stream(response), headers, status })
    }

    fn pool(&self, cx: &CallContext) -> Result<(&str, &Pool)> {
        let Some(label) = cx.caller().credential() else { return Ok(("", &self.0.own)) };
        let found = self.0.identities.get_key_value(label);
        found.map(|(label, pool)| (&**label, pool)).ok_or_else(|| {
            let text = format!("there is no credential `{label}` at this provider: name it in `identities`");
            Error::new(ErrorKind::PermissionDenied, text)
        })
    }

    fn url(&self, request: &Request<'_>) -> Result<Url> {
        if let Some(fault) = &request.fault {
            return Err(fault.clone());
        }
        if let Some((url, _)) = &request.address {
            return Ok(url.clone());
        }
        let base = self.0.base.as_str().trim_end_matches('/');
        let mut text = format!("{base}{}", request.path.encoded()?);
        if !request.query.is_empty() {
            text.push('?');
            text.push_str(&request.query);
        }
        Url::parse(&text)
            .map_err(|_| Error::new(ErrorKind::Invalid, "the address of the request cannot be made"))
    }

    /// One request and the redirects that it leads to; the answer is a success, or a 304 where something is known.
    async fn exchange(
        &self,
        cx: &CallContext,
        pool: &Pool,
        request: Request<'_>,
        mut url: Url,
        known: Option<&Known>,
        may_leave: bool,
    ) -> Result<(reqwest::Response, Vec<Secret>)> {
        // It counts until the head of the answer told what is left.
        let (entry, _taken) = pool.choose(request.budget)?;
        // Whatever became of a request for a token, that of the call was not sent.
        let proof = entry.credential.proof().await.map_err(|error| error.delivery(Delivery::NotSent));
        let mut proof = proof?;
        let Request { method, headers, accept, mut body, budget, address, mut secrets, hint, .. } = request;
        secrets.extend(proof.iter().flat_map(|proof| proof.secrets.clone()));
        let home = &self.0.base;
        let trusted = address.is_some_and(|(_, trusted)| trusted);
        if url.origin() != home.origin() && !trusted {
            proof = None;
        }
        for _ in 0..=REDIRECTS {
            let mut sent = reqwest::Request::new(method.clone(), url.clone());
            *sent.headers_mut() = self.headers(&headers, accept, proof.as_ref(), known);
            let once = matches!(body, Payload::Form(_));
            attach(&mut sent, &mut body, cx)?;
            self.0.counters.requests.fetch_add(1, Ordering::Relaxed);
            let response = self.0.transport.execute(sent).await?;
            let status = response.status();
            tracing::debug!(target: "mosaic::http", product = self.0.dialect.product, %method, path = url.path(), status = status.as_u16(), "answered");
            // A server that was only redirected to knows nothing of the vendor's limits.
            if url.origin() == self.0.base.origin() {
                let refused = matches!(status.as_u16(), 403 | 429 | 503);
                entry.gauge.learn(budget, response.headers(), refused, Instant::now());
            }
            if status.is_success() || (status == StatusCode::NOT_MODIFIED && known.is_some()) {
                return Ok((response, secrets));
            }
            if let Some(next) = redirect(&method, status, response.headers(), &url).filter(|_| !once) {
                if next.origin() != self.0.base.origin() {
                    if !may_leave || (url.scheme() == "https" && next.scheme() != "https") {
                        return Err(self.astray(next.host_str().unwrap_or("nowhere")));
                    }
                    proof = None;
                }
                url = next;
                continue;
            }
            if status == StatusCode::UNAUTHORIZED && proof.is_some() {
                entry.refuse();
            }
            let head = response.headers().clone();
            // What cannot be read says nothing; the status says enough.
            let body = read_bounded(response, LARGEST_ERROR).await.unwrap_or_default();
            let error = classify(self.0.dialect, status, &head, &body, &secrets);
            return Err(match hint.and_then(|hint| hint(&head, &body)) {
                Some(found) => error.context(HINT, found),
                None => error,
            });
        }
        Err(self.astray("around in a circle"))
    }

    fn headers(
        &self,
        own: &HeaderMap,
        accept: &'static str,
        proof: Option<&Proof>,
        known: Option<&Known>,
    ) -> HeaderMap {
        let mut headers = own.clone();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        for (name, value) in self.0.dialect.headers {
            headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
        }
        if let Some(proof) = proof {
            headers.insert(proof.name.clone(), proof.value.clone());
        } else {
            headers.remove(AUTHORIZATION);
        }
        if let Some(known) = known {
            headers.insert(IF_NONE_MATCH, known.tag.clone());
        }
        headers
    }

    fn astray(&self, place: &str) -> Error {
        let text = format!(
            "{} leads to {place}, away from {}: not followed",
            self.0.dialect.product,
            self.0.base.host_str().unwrap_or_default()
        );
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    }
}

/// Puts the payload into a request. The moment of sending is marked when the body is asked for; without one, right now.
fn attach(sent: &mut reqwest::Request, body: &mut Payload, cx: &CallContext) -> Result<()> {
    match body {
        Payload::None => cx.mark_sent(),
        Payload::Bytes(kind, bytes) => {
            if bytes.is_empty() {
                // Nobody asks for a body without a byte.
                cx.mark_sent();
            }
            sent.headers_mut().insert(CONTENT_TYPE, kind.clone());
            *sent.body_mut() = Some(reqwest::Body::wrap(Marking::new(bytes.clone(), cx.clone())));
        }
        Payload::Form(_) => {
            cx.mark_sent();
            let Payload::Form(form) = std::mem::replace(body, Payload::None) else { return Ok(()) };
            let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={}", form.boundary()))
                .map_err(|_| {
                Error::new(ErrorKind::Internal, "the form has no boundary that a header can carry")
            })?;
            sent.headers_mut().insert(CONTENT_TYPE, kind);
            *sent.body_mut() = Some(reqwest::Body::wrap_stream(form.into_stream()));
        }
    }
    Ok(())
}

/// Where an answer redirects to, where it may be followed: a read anywhere, a write only where it stays the same write.
fn redirect(method: &Method, status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    let follows = match status.as_u16() {
        301..=303 => matches!(*method, Method::GET | Method::HEAD),
        307 | 308 => true,
        _ => false,
    };
    let target = headers.get(LOCATION).filter(|_| follows)?.to_str().ok()?;
    from.join(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn base(text: &str) -> Result<Url> {
    let fault = |why: &str| Error::new(ErrorKind::Config, format!("baseUrl: {why}"));
    let url = Url::parse(text).map_err(|_| fault("give a whole URL, such as https://git.example.org"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(fault("give a URL that begins with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("credentials belong into `auth`, not into the URL"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fault("a URL without query and fragment is needed"));
    }
    Ok(url)
}

fn pool(
    auth: &Auth,
    dialect: &Dialect,
    transport: &Transport,
    base: &Url,
    apps: AppSource<'_>,
) -> Result<Pool> {
    let token = |token: &Secret| Proof::token(dialect.token, token).map(Credential::Fixed);
    let leased = |source| Credential::Leased(Lease::new(source, super::TokenHeader::BEARER));
    let empty =
        || Error::new(ErrorKind::Config, "auth: the token is empty; take the type `none` to go without");
    let credentials = match auth {
        Auth::None => vec![Credential::Anonymous],
        Auth::Token { token: secret } if secret.expose().trim().is_empty() => return Err(empty()),
        Auth::Token { token: secret } => vec![token(secret)?],
        Auth::Tokens { tokens }
            if tokens.is_empty() || tokens.iter().any(|one| one.expose().trim().is_empty()) =>
        {
            return Err(empty());
        }
        Auth::Tokens { tokens } => tokens.iter().map(token).collect::<Result<_>>()?,
        Auth::Basic { user, password } => vec![Credential::Fixed(Proof::basic(user, password)?)],
        Auth::OAuth2(config) => vec![leased(Arc::new(OAuthSource::new(transport.clone(), config.clone())?))],
        Auth::App { .. } => match apps(auth, transport, base)? {
            Some(source) => vec![leased(source)],
            None => {
                let text = format!("auth: {} knows no apps; give a token", dialect.product);
                return Err(Error::new(ErrorKind::Config, text));
            }
        },
    };
    Ok(Pool::new(credentials))
}

//! Below the client: connections, TLS, the proxy, and which addresses may be reached.

use std::convert::Infallible;
use std::error::Error as _;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::config::{HttpConfig, ProxyConfig, Reach, TlsConfig};

/// Sends requests, each once and without following redirects.
///
/// ```
/// use mosaic_providers::http::{HttpConfig, Transport};
///
/// assert!(Transport::new(&HttpConfig::default()).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
    reach: Reach,
    /// The largest answer that is taken into memory.
    pub(super) max_body: usize,
}

impl Transport {
    /// Reads the certificates; nothing is connected to yet.
    ///
    /// # Errors
    /// `Config` where certificates or the proxy cannot be used.
    pub fn new(config: &HttpConfig) -> Result<Self> {
        let agent = match &config.user_agent {
            Some(agent) => format!("{agent} mosaic/{}", env!("CARGO_PKG_VERSION")),
            None => concat!("mosaic/", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .user_agent(agent)
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms.max(1)))
            .pool_max_idle_per_host(config.idle_connections);
        builder = trust(builder, &config.tls)?;
        if config.reach == Reach::Loopback {
            builder = builder.no_proxy().dns_resolver(Arc::new(Loopback));
        }
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(self::proxy(proxy, config.reach)?);
        }
        let client = builder.build().map_err(|error| fault("http", error.without_url()))?;
        let max_body = usize::try_from(config.max_body_bytes).unwrap_or(usize::MAX);
        Ok(Self { client, reach: config.reach, max_body })
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// `Network` with what is known of the delivery; `Config` where the address may not be reached.
    pub async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response> {
        let place = place(request.url());
        if self.reach == Reach::Loopback && !is_loopback_literal(request.url()) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("{place} is not on this machine, and nothing else may be reached"),
            ));
        }
        self.client.execute(request).await.map_err(|error| network(&place, &error))
    }
}

/// Host and port, for messages: never the path or the query.
fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or("the server").to_owned(),
    }
}

/// The error of a request without an answer.
pub(super) fn network(place: &str, error: &reqwest::Error) -> Error {
    // The chain is told from its end: the last cause is the one that people can do something about.
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(below) = cause.and_then(std::error::Error::source) {
        cause = Some(below);
    }
    let cause = cause.map_or_else(|| "no cause is known".to_owned(), ToString::to_string);
    let cause = super::redact::told(&cause, &[]);
    if error.is_connect() {
        Error::new(ErrorKind::Network, format!("cannot connect to {place}: {cause}"))
            .delivery(Delivery::NotSent)
    } else if error.is_builder() {
        Error::new(ErrorKind::Invalid, format!("the request to {place} cannot be made: {cause}"))
    } else {
        Error::new(ErrorKind::Network, format!("the connection to {place} broke: {cause}"))
            .delivery(Delivery::Unknown)
    }
}

/// Whether an address that needs no look-up is on this machine; names are looked up, and filtered then.
fn is_loopback_literal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

/// Finds addresses on this machine only.
#[derive(Debug)]
struct Loopback;

#[derive(Debug, thiserror::Error)]
#[error("{0} is not on this machine, and nothing else may be reached")]
struct Elsewhere(String);

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Only names of this machine are looked up: asking for others would leave it.
            let name = name.as_str();
            if !(name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost"))
            {
                return Err(Elsewhere(name.to_owned()).into());
            }
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name, 0)).await?.filter(|at| at.ip().is_loopback()).collect();
            if found.is_empty() {
                return Err(Elsewhere(name.to_owned()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn trust(mut builder: reqwest::ClientBuilder, tls: &TlsConfig) -> Result<reqwest::ClientBuilder> {
    if let Some(path) = &tls.ca {
        let certificates = reqwest::Certificate::from_pem_bundle(&read("tls.ca", path)?)
            .map_err(|error| fault("tls.ca", error.without_url()))?;
        if certificates.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("tls.ca: {} has no certificate", path.display()),
            ));
        }
        builder = if tls.ca_only {
            builder.tls_certs_only(certificates)
        } else {
            builder.tls_certs_merge(certificates)
        };
    } else if tls.ca_only {
        return Err(Error::new(ErrorKind::Config, "tls.caOnly: give the authorities in tls.ca"));
    }
    match (&tls.certificate, &tls.key) {
        (None, None) => Ok(builder),
        (None, Some(_)) => {
            Err(Error::new(ErrorKind::Config, "tls.key: give the certificate in tls.certificate"))
        }
        (Some(certificate), key) => {
            let mut pem = read("tls.certificate", certificate)?;
            if let Some(key) = key {
                pem.push(b'\n');
                pem.extend(read("tls.key", key)?);
            }
            let identity = reqwest::Identity::from_pem(&pem)
                .map_err(|error| fault("tls.certificate", error.without_url()))?;
            Ok(builder.identity(identity))
        }
    }
}

fn proxy(config: &ProxyConfig, reach: Reach) -> Result<reqwest::Proxy> {
    let url = Url::parse(&config.url).map_err(|error| fault("proxy.url", error))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(
            ErrorKind::Config,
            "proxy.url: give the user and the password in fields of their own",
        ));
    }
    if reach == Reach::Loopback && !is_loopback_literal(&url) {
        return Err(Error::new(ErrorKind::Config, "proxy.url: only this machine may be reached"));
    }
    let mut proxy = reqwest::Proxy::all(url).map_err(|error| fault("proxy.url", error.without_url()))?;
    if let Some(user) = &config.user {
        proxy = proxy.basic_auth(user, config.password.as_ref().map_or("", |password| password.expose()));
    }
    Ok(proxy.no_proxy(config.except.as_deref().and_then(reqwest::NoProxy::from_string)))
}

fn read(field: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{field}: {} cannot be read: {error}", path.display()))
    })
}

fn fault(field: &'static str, error: impl std::error::Error) -> Error {
    let mut text = format!("{field}: {error}");
    if let Some(cause) = error.source() {
        text = format!("{text}: {cause}");
    }
    Error::new(ErrorKind::Config, text)
}

/// A body that marks the moment in which it is asked for: a connection is there, and the first byte is about to leave.
#[derive(Debug)]
pub(super) struct Marking {
    bytes: Option<Bytes>,
    cx: CallContext,
}

impl Marking {
    pub(super) fn new(bytes: Bytes, cx: CallContext) -> Self {
        Self { bytes: Some(bytes), cx }
    }
}

impl Body for Marking {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        self.cx.mark_sent();
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

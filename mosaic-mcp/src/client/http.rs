//! The HTTP client under a connection, and what its failures mean.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, InsufficientScopeError, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use url::{Host, Url};

use super::config::{HttpServerConfig, config_error};

/// How many requests may be under way at once.
const AT_ONCE: usize = 64;

/// The transport to a server. Nothing is sent yet.
///
/// # Errors
/// `Config` where the configuration does not fit.
pub(super) fn transport(
    config: &HttpServerConfig,
    answer_bytes: usize,
) -> Result<StreamableHttpClientTransport<reqwest::Client>> {
    let url = address(config)?;
    let mut headers = HashMap::new();
    for (name, value) in &config.headers {
        let parsed = HeaderName::try_from(name.as_str()).map_err(|_| fault(name))?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| fault(name))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    let mut told = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .custom_headers(headers)
        .max_concurrent_requests(AT_ONCE)
        .max_sse_event_size(answer_bytes)
        .max_json_response_size(answer_bytes)
        .reinit_on_expired_session(true);
    if let Some(token) = &config.token {
        if HeaderValue::from_str(token.expose()).is_err() {
            return Err(config_error("token: it has characters that no header may have"));
        }
        told = told.auth_header(token.expose());
    }
    Ok(StreamableHttpClientTransport::with_client(client(config)?, told))
}

fn client(config: &HttpServerConfig) -> Result<reqwest::Client> {
    let mut client = reqwest::Client::builder()
        .user_agent(concat!("mosaic/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(config.connect_ms))
        .no_proxy();
    if let Some(proxy) = &config.proxy {
        let proxy =
            reqwest::Proxy::all(proxy).map_err(|_| config_error("proxy: it is no address of a proxy"))?;
        client = client.proxy(proxy);
    }
    if let Some(path) = &config.ca {
        let pem = std::fs::read(path).map_err(|error| config_error(format!("ca: {error}")))?;
        let authorities = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|_| config_error("ca: the file holds no certificates in PEM"))?;
        client = authorities.into_iter().fold(client, reqwest::ClientBuilder::add_root_certificate);
    }
    client.build().map_err(|error| config_error("the HTTP client cannot be made").source(error))
}

fn address(config: &HttpServerConfig) -> Result<Url> {
    let url = Url::parse(&config.url).map_err(|error| config_error(format!("url: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config_error("url: it holds credentials; give them as `token` or `headers`"));
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback || config.plaintext => Ok(url),
        "http" => Err(config_error(
            "url: without TLS only loopback is taken; set `plaintext` to take it all the same",
        )),
        _ => Err(config_error("url: it begins with https:// or http://")),
    }
}

fn fault(header: &str) -> Error {
    config_error(format!("headers: {header:?} or its value is none that a header may have"))
}

/// What an error of the transport means; nothing where it is of another kind.
pub(super) fn failure(error: &(dyn StdError + 'static)) -> Option<Error> {
    if error.is::<AuthRequiredError>() {
        return Some(unauthenticated());
    }
    if error.is::<InsufficientScopeError>() {
        let text = "the token does not allow this";
        return Some(Error::new(ErrorKind::PermissionDenied, text).delivery(Delivery::Answered));
    }
    let answered = |kind, text| Some(Error::new(kind, text).delivery(Delivery::Answered));
    match error.downcast_ref::<StreamableHttpError<reqwest::Error>>()? {
        // Neither of the two names its cause.
        StreamableHttpError::Client(error) => Some(of_client(error)),
        StreamableHttpError::HttpStatus(status) => {
            Some(of_status(status.status, status.retry_after.as_deref()))
        }
        StreamableHttpError::ResponseBodyTooLarge { max_size } => {
            let text = format!("the answer is larger than {max_size} bytes");
            Some(Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered))
        }
        StreamableHttpError::UnexpectedServerResponse(said) => Some(of_text(said)),
        StreamableHttpError::UnexpectedContentType(_) | StreamableHttpError::Deserialize(_) => {
            answered(ErrorKind::Protocol, "the server answered something else than MCP")
        }
        StreamableHttpError::SessionExpired => {
            Some(Error::new(ErrorKind::Network, "the server has forgotten the session").refused())
        }
        // The causes inside say more.
        _ => None,
    }
}

/// The status stands at the beginning of what the SDK says of an answer that it does not understand.
fn of_text(said: &str) -> Error {
    let status = said.strip_prefix("HTTP ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    match status {
        Some(status) => of_status(status, None),
        None => Error::new(ErrorKind::Protocol, "the server answered something else than MCP")
            .delivery(Delivery::Answered),
    }
}

fn of_client(error: &reqwest::Error) -> Error {
    if let Some(status) = error.status() {
        return of_status(status.as_u16(), None);
    }
    if error.is_connect() {
        // Nothing of a request leaves before there is a connection.
        return Error::new(ErrorKind::Network, "the server cannot be reached").refused();
    }
    let (kind, text) = match error.is_timeout() {
        true => (ErrorKind::Timeout, "the server did not answer in time"),
        false => (ErrorKind::Network, "the connection to the server broke"),
    };
    Error::new(kind, text).delivery(Delivery::Unknown)
}

fn of_status(status: u16, retry_after: Option<&str>) -> Error {
    let (kind, text) = match status {
        401 => return unauthenticated(),
        403 => (ErrorKind::PermissionDenied, "the server does not allow this"),
        404 | 405 | 410 => (ErrorKind::Config, "there is no MCP server at this address"),
        408 | 504 => (ErrorKind::Timeout, "the server did not answer in time"),
        413 => (ErrorKind::Invalid, "the request is larger than the server takes"),
        429 => (ErrorKind::RateLimited, "the server asks to slow down"),
        500.. => (ErrorKind::Provider, "the server failed"),
        _ => (ErrorKind::Protocol, "the server refused the request"),
    };
    let error = Error::new(kind, text).status(status).delivery(Delivery::Answered);
    match retry_after.and_then(|wait| wait.trim().parse().ok()) {
        Some(seconds) => error.retry_after(Duration::from_secs(seconds)),
        None => error,
    }
}

fn unauthenticated() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the server does not accept the token")
        .status(401)
        .delivery(Delivery::Answered)
}

#[cfg(test)]
mod tests {
    use mosaic_core::error::Outcome;
    use mosaic_core::types::Secret;

    use super::*;

    #[test]
    fn an_address_has_tls_or_is_loopback_and_holds_no_credentials() {
        for good in
            ["https://h.example.org/mcp", "http://127.0.0.1:1/", "http://localhost/x", "http://[::1]/"]
        {
            assert!(address(&HttpServerConfig::new(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://h.example.org/",
            "https://u:p@h.example.org/",
            "ftp://127.0.0.1/",
            "127.0.0.1",
            "http://10.0.0.1/",
        ] {
            let error = address(&HttpServerConfig::new(bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
        let mut plain = HttpServerConfig::new("http://h.example.org/");
        plain.plaintext = true;
        assert!(address(&plain).is_ok());
    }

    #[test]
    fn what_no_header_may_have_is_refused_without_being_shown() {
        let url = "https://h.example.org/";
        for config in [
            HttpServerConfig::new(url).token(Secret::new("s3c\nret")),
            HttpServerConfig::new(url).header("x y", Secret::new("s3c")),
            HttpServerConfig::new(url).header("x", Secret::new("s3c\n")),
        ] {
            let error = transport(&config, 1024).err().unwrap();
            assert!(error.kind() == ErrorKind::Config && !error.message().contains("s3c"), "{error}");
        }
    }

    #[test]
    fn a_status_says_whether_it_may_have_run() {
        for (status, kind, outcome) in [
            (401, ErrorKind::Unauthenticated, Outcome::NotMade),
            (403, ErrorKind::PermissionDenied, Outcome::NotMade),
            (404, ErrorKind::Config, Outcome::NotMade),
            (429, ErrorKind::RateLimited, Outcome::NotMade),
            (500, ErrorKind::Provider, Outcome::Unknown),
            (503, ErrorKind::Provider, Outcome::Unknown),
            (302, ErrorKind::Protocol, Outcome::Unknown),
        ] {
            let error = of_status(status, Some(" 7 "));
            assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{status}");
        }
        assert_eq!(of_status(429, Some("7")).wait(), Some(Duration::from_secs(7)));
        assert_eq!(of_text("HTTP 404 Not Found: x").kind(), ErrorKind::Config);
        assert_eq!(of_text("empty").kind(), ErrorKind::Protocol);
    }
}

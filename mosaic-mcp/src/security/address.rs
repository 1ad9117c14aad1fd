//! Addresses of servers that are trusted with keys.

use mosaic_core::error::{Error, ErrorKind, Result};
use url::Url;

/// An address that nobody in between can answer for.
pub(super) fn secure(address: &str) -> Result<Url> {
    let url = Url::parse(address)
        .map_err(|_| Error::new(ErrorKind::Config, "it is no address: give one that begins with https://"))?;
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => {
            Err(Error::new(ErrorKind::Config, "such a server is asked over HTTPS only: give such an address"))
        }
    }
}

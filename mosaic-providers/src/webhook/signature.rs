//! Proof that a delivery comes from who knows the secret; every comparison takes the same time whatever is compared.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use mosaic_core::types::Secret;
use mosaic_core::{Error, Result};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{fault, header};

type HmacSha256 = Hmac<Sha256>;

/// How a vendor proves that it sent a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `X-Hub-Signature-256: sha256=HEX`.
    GitHub,
    /// Hexadecimal digits without a prefix in a header of its own, Forgejo's before Gitea's, or as GitHub does it.
    Gitea,
    /// The secret itself in `X-Gitlab-Token`.
    Token,
    /// `webhook-signature: v1,BASE64` over id, time and body, after the Standard Webhooks convention.
    Standard,
    /// `X-Hub-Signature: sha256=HEX`.
    Bitbucket,
    /// `circleci-signature: v1=HEX`, one of several parted by commas.
    CircleCi,
}

const HUB_256: &str = "x-hub-signature-256";
const HUB: &str = "x-hub-signature";
const FORGEJO: &str = "x-forgejo-signature";
const GITEA: &str = "x-gitea-signature";
const GITLAB: &str = "x-gitlab-token";
const CIRCLECI: &str = "circleci-signature";
const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIME: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";

/// A secret as it enters the calculation.
#[derive(Clone)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    /// The key of a secret; nothing where the scheme cannot use it.
    pub(super) fn new(scheme: Scheme, secret: &Secret) -> Option<Self> {
        let bytes = match scheme {
            Scheme::Standard => {
                let text = secret.expose();
                STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?
            }
            _ => secret.expose().as_bytes().to_vec(),
        };
        (!bytes.is_empty()).then(|| Self(bytes.into()))
    }

    fn mac(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut mac = HmacSha256::new_from_slice(&self.0).ok()?;
        parts.iter().for_each(|part| mac.update(part));
        Some(mac.finalize().into_bytes().into())
    }
}

/// Checks that a delivery was made by who knows one of the keys.
///
/// # Errors
/// `Unauthenticated` where it was not; the header is named, the secret never.
pub(super) fn verify(
    scheme: Scheme,
    keys: &[Key],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<()> {
    match scheme {
        Scheme::GitHub => {
            let Some(text) = header::text(headers, HUB_256)? else {
                return Err(if headers.contains_key(HUB) {
                    fault::untrusted(
                        "the delivery is signed with SHA-1 alone, which is not accepted",
                        HUB_256,
                    )
                } else {
                    missing(HUB_256)
                });
            };
            fits(keys, &[body], &[prefixed(text)], HUB_256)
        }
        Scheme::Gitea => {
            for name in [FORGEJO, GITEA] {
                if let Some(text) = header::text(headers, name)? {
                    return fits(keys, &[body], &[hex(text)], name);
                }
            }
            let text = header::text(headers, HUB_256)?.ok_or_else(|| missing(GITEA))?;
            fits(keys, &[body], &[prefixed(text)], HUB_256)
        }
        Scheme::Bitbucket => {
            let text = header::text(headers, HUB)?.ok_or_else(|| missing(HUB))?;
            fits(keys, &[body], &[prefixed(text)], HUB)
        }
        Scheme::CircleCi => {
            let text = header::text(headers, CIRCLECI)?.ok_or_else(|| missing(CIRCLECI))?;
            let given = text.split(',').filter_map(|part| part.trim().strip_prefix("v1=")).map(hex);
            fits(keys, &[body], &given.collect::<Vec<_>>(), CIRCLECI)
        }
        Scheme::Token => {
            let given = header::text(headers, GITLAB)?.ok_or_else(|| missing(GITLAB))?;
            // Digests are compared, lest the time tell how long the secret is.
            let given = Sha256::digest(given);
            settle(keys.iter().map(|key| Sha256::digest(&key.0).ct_eq(&given)), GITLAB)
        }
        Scheme::Standard => standard(keys, headers, body, now, tolerance),
    }
}

fn standard(
    keys: &[Key],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<()> {
    let signature = header::text(headers, STANDARD_SIGNATURE)?.ok_or_else(|| missing(STANDARD_SIGNATURE))?;
    let id = header::text(headers, STANDARD_ID)?.ok_or_else(|| missing(STANDARD_ID))?;
    let time = header::text(headers, STANDARD_TIME)?.ok_or_else(|| missing(STANDARD_TIME))?;
    let given = signature
        .split(' ')
        .filter_map(|part| part.strip_prefix("v1,"))
        .map(|text| STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()));
    fits(
        keys,
        &[id.as_bytes(), b".", time.as_bytes(), b".", body],
        &given.collect::<Vec<_>>(),
        STANDARD_SIGNATURE,
    )?;
    let sent = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    match sent {
        Some(sent) if now.duration_since(sent).abs() <= tolerance => Ok(()),
        Some(_) => Err(fault::untrusted(
            "the delivery was signed too long ago, or the clocks of sender and receiver differ too much",
            STANDARD_TIME,
        )),
        None => Err(fault::untrusted("the time of the delivery is not a number of seconds", STANDARD_TIME)),
    }
}

/// Whether one of the signatures given is that of one of the keys. All are looked at.
fn fits(keys: &[Key], parts: &[&[u8]], given: &[Option<[u8; 32]>], header: &'static str) -> Result<()> {
    if given.iter().all(Option::is_none) {
        return Err(fault::untrusted("the signature is not of the form that the vendor documents", header));
    }
    let made = keys.iter().filter_map(|key| key.mac(parts));
    settle(made.flat_map(|mac| given.iter().flatten().map(move |given| mac.ct_eq(given))), header)
}

fn settle(choices: impl Iterator<Item = Choice>, header: &'static str) -> Result<()> {
    if choices.fold(Choice::from(0), |any, one| any | one).into() {
        return Ok(());
    }
    Err(fault::untrusted(
        "the signature does not fit: the sender has another secret, or the body was changed on its way",
        header,
    ))
}

fn missing(header: &'static str) -> Error {
    fault::untrusted("the delivery is not signed: give the webhook the secret that the receiver has", header)
}

fn prefixed(text: &str) -> Option<[u8; 32]> {
    hex(text.strip_prefix("sha256=")?)
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;

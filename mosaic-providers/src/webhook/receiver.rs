//! The receiver: headers and bytes in, a delivery out.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use mosaic_core::Result;
use mosaic_core::types::Secret;

use super::signature::{self, Key, Scheme};
use super::wire::Parsed;
use super::{Delivery, Vendor, bitbucket, circleci, fault, gitea, github, gitlab, header};

/// Receives what one vendor sends to one address: checks who sent it, and reads it. It opens nothing and waits for nothing; any
/// server can carry it. Share it behind an `Arc`.
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderMap;
/// use mosaic_core::types::Secret;
/// use mosaic_providers::webhook::{Event, Receiver};
///
/// let hooks = Receiver::github(Secret::new("It's a Secret to Everybody"));
/// let body = Bytes::from_static(b"{}");
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-github-event", "ping".parse()?);
/// let refused = hooks.receive(&headers, body.clone()).map_err(|error| error.status_code());
/// assert_eq!(refused, Err(Some(401)), "it is not signed");
///
/// let signature = "sha256=50b0123e6e44430d2c43ecca0ee520d961ffd326425c07859f70a57161c3ebcd";
/// headers.insert("x-hub-signature-256", signature.parse()?);
/// assert_eq!(hooks.receive(&headers, body)?.event, Event::Ping);
/// assert!(hooks.receive(&headers, Bytes::from_static(b"[]")).is_err(), "it is not the signature of this body");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Receiver {
    dialect: Dialect,
    /// Absent where anybody may send.
    check: Option<(Scheme, Vec<Key>)>,
    /// Whether a secret was given that cannot be used.
    unusable: bool,
    max_body: usize,
    tolerance: SignedDuration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    GitHub,
    Gitea,
    GitLab,
    Bitbucket,
    CircleCi,
}

impl Receiver {
    /// How large a body may be where nothing else is said: 25 MiB, which is what GitHub sends at most.
    pub const MAX_BODY: usize = 25 << 20;

    /// Receives from GitHub, signed with a secret.
    pub fn github(secret: Secret) -> Self {
        Self::new(Dialect::GitHub, Scheme::GitHub, &secret)
    }

    /// Receives from Gitea or Forgejo, signed with a secret.
    pub fn gitea(secret: Secret) -> Self {
        Self::new(Dialect::Gitea, Scheme::Gitea, &secret)
    }

    /// Receives from GitLab, which sends the secret along ("secret token"). Prefer [`gitlab_signed`](Self::gitlab_signed): this way
    /// whoever sees one delivery can make others, and bodies are not guarded.
    pub fn gitlab(secret: Secret) -> Self {
        Self::new(Dialect::GitLab, Scheme::Token, &secret)
    }

    /// Receives from GitLab, signed with a "signing token": `whsec_` and a key in base64. Deliveries that were signed more than
    /// five minutes ago are refused; see [`tolerance`](Self::tolerance). The secret that is sent along is not looked at.
    pub fn gitlab_signed(token: Secret) -> Self {
        Self::new(Dialect::GitLab, Scheme::Standard, &token)
    }

    /// Receives from Bitbucket Cloud, signed with a secret.
    pub fn bitbucket(secret: Secret) -> Self {
        Self::new(Dialect::Bitbucket, Scheme::Bitbucket, &secret)
    }

    /// Receives from CircleCI, signed with a secret.
    pub fn circleci(secret: Secret) -> Self {
        Self::new(Dialect::CircleCi, Scheme::CircleCi, &secret)
    }

    /// Receives from anybody who says that he is the vendor. Only for tests, and behind something that has checked the delivery:
    /// who reaches it makes the application believe anything.
    pub fn unsigned(vendor: Vendor) -> Self {
        let dialect = match vendor {
            Vendor::GitHub => Dialect::GitHub,
            Vendor::Gitea | Vendor::Forgejo => Dialect::Gitea,
            Vendor::GitLab => Dialect::GitLab,
            Vendor::Bitbucket => Dialect::Bitbucket,
            Vendor::CircleCi => Dialect::CircleCi,
        };
        Self::bare(dialect, None)
    }

    fn new(dialect: Dialect, scheme: Scheme, secret: &Secret) -> Self {
        Self::bare(dialect, Some((scheme, Vec::new()))).also(secret)
    }

    fn bare(dialect: Dialect, check: Option<(Scheme, Vec<Key>)>) -> Self {
        let tolerance = SignedDuration::from_mins(5);
        Self { dialect, check, unusable: false, max_body: Self::MAX_BODY, tolerance }
    }

    /// Accepts another secret too, as long as it is being replaced. Without effect on an unsigned receiver.
    #[must_use]
    pub fn or(self, secret: Secret) -> Self {
        self.also(&secret)
    }

    fn also(mut self, secret: &Secret) -> Self {
        if let Some((scheme, keys)) = &mut self.check {
            match Key::new(*scheme, secret) {
                Some(key) => keys.push(key),
                None => self.unusable = true,
            }
        }
        self
    }

    /// How large a body may be, in bytes. The server should stop reading there as well.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// How far the time in a delivery may be from the clock of this machine, for signatures that hold a time; five minutes unless
    /// said otherwise.
    #[must_use]
    pub fn tolerance(mut self, tolerance: std::time::Duration) -> Self {
        self.tolerance = SignedDuration::try_from(tolerance).unwrap_or(SignedDuration::MAX);
        self
    }

    /// Checks a delivery and reads it.
    ///
    /// # Errors
    /// Each has the status to answer with as [`status_code`](mosaic_core::Error::status_code). `Unauthenticated` (401): it is not
    /// signed, or not by who knows a secret. `Invalid` (400, 413): too large, not JSON, headers that say nothing or two things.
    /// `Protocol` (422): trusted, but not of the form that the vendor documents. `Config` (500): a secret is empty, or is no
    /// signing token. None shows the body or a secret.
    pub fn receive(&self, headers: &HeaderMap, body: Bytes) -> Result<Delivery> {
        self.receive_at(headers, body, Timestamp::now())
    }

    /// The same at another time than now, for signatures that hold a time.
    ///
    /// # Errors
    /// Those of [`receive`](Self::receive).
    pub fn receive_at(&self, headers: &HeaderMap, body: Bytes, now: Timestamp) -> Result<Delivery> {
        if self.unusable {
            return Err(fault::setup("a secret of this receiver is empty, or is not a signing token"));
        }
        if body.len() > self.max_body {
            return Err(fault::invalid("the body is too large").status(413).context("limit", self.max_body));
        }
        if let Some((scheme, keys)) = &self.check {
            signature::verify(*scheme, keys, headers, &body, now, self.tolerance)?;
        }
        let vendor = self.vendor(headers)?;
        let event = self.dialect.event_header(vendor);
        let Some(name) = header::text(headers, event)? else {
            return Err(fault::invalid("the header is missing that names the event").context("header", event));
        };
        let json = json_of(headers, &body)?;
        if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(fault::of(fault::invalid("the body is not an object of JSON"), vendor, name));
        }
        let read = || -> Result<(Parsed, Option<String>)> {
            let id = match self.dialect {
                Dialect::CircleCi => circleci::id(&json)?,
                other => header::first(headers, other.id_headers())?.map(str::to_owned),
            };
            Ok((self.dialect.parse(name, &json)?, id))
        };
        let (parsed, id) = read().map_err(|error| fault::of(error, vendor, name))?;
        Ok(Delivery {
            vendor,
            name: name.to_owned(),
            action: parsed.action,
            id,
            repo: parsed.repo,
            sender: parsed.sender,
            event: parsed.event,
            body,
        })
    }

    /// Who sent a delivery: the vendor of the receiver, or the one of two who speak alike.
    fn vendor(&self, headers: &HeaderMap) -> Result<Vendor> {
        let sender = Vendor::of(headers);
        match (self.dialect, sender) {
            (Dialect::Gitea, Some(Vendor::Forgejo)) => Ok(Vendor::Forgejo),
            (Dialect::Gitea, _) => Ok(Vendor::Gitea),
            (Dialect::GitHub, Some(other @ (Vendor::Gitea | Vendor::Forgejo))) => {
                Err(fault::invalid("the delivery comes from another product than the receiver is for")
                    .context("vendor", other))
            }
            (Dialect::GitHub, _) => Ok(Vendor::GitHub),
            (Dialect::GitLab, _) => Ok(Vendor::GitLab),
            (Dialect::Bitbucket, _) => Ok(Vendor::Bitbucket),
            (Dialect::CircleCi, _) => Ok(Vendor::CircleCi),
        }
    }
}

impl Dialect {
    fn event_header(self, vendor: Vendor) -> &'static str {
        match self {
            Self::GitHub => super::GITHUB_EVENT,
            Self::Gitea if vendor == Vendor::Forgejo => super::FORGEJO_EVENT,
            Self::Gitea => super::GITEA_EVENT,
            Self::GitLab => super::GITLAB_EVENT,
            Self::Bitbucket => super::BITBUCKET_EVENT,
            Self::CircleCi => super::CIRCLECI_EVENT,
        }
    }

    fn id_headers(self) -> &'static [&'static str] {
        match self {
            Self::GitHub => &["x-github-delivery"],
            Self::Gitea => &["x-forgejo-delivery", "x-gitea-delivery"],
            // The first is signed where anything is; the second is the same wherever it is there.
            Self::GitLab => &["webhook-id", "idempotency-key", "x-gitlab-event-uuid"],
            Self::Bitbucket => &["x-request-uuid"],
            Self::CircleCi => &[],
        }
    }

    fn parse(self, name: &str, json: &[u8]) -> Result<Parsed> {
        match self {
            Self::GitHub => github::parse(name, json),
            Self::Gitea => gitea::parse(name, json),
            Self::GitLab => gitlab::parse(json),
            Self::Bitbucket => bitbucket::parse(name, json),
            Self::CircleCi => circleci::parse(json),
        }
    }
}

/// The JSON of a body, which GitHub and Gitea can be told to send as the field `payload` of a form.
fn json_of<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Cow<'b, [u8]>> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Ok(Cow::Borrowed(body));
    }
    url::form_urlencoded::parse(body)
        .find_map(|(field, value)| (field == "payload").then(|| Cow::Owned(value.into_owned().into_bytes())))
        .ok_or_else(|| fault::invalid("the form has no field `payload`"))
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver")
            .field("dialect", &self.dialect)
            .field("scheme", &self.check.as_ref().map(|(scheme, _)| scheme))
            .field("secrets", &self.check.as_ref().map_or(0, |(_, keys)| keys.len()))
            .field("max_body", &self.max_body)
            .field("tolerance", &self.tolerance)
            .finish()
    }
}

//! What the payloads of all vendors share: fields that may be missing, null or of two types.

use jiff::Timestamp;
use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Event, fault};

/// What a dialect makes of a body.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) event: Event,
    pub(super) action: Option<String>,
    pub(super) repo: Option<RepoRef>,
    pub(super) sender: Option<String>,
}

/// Reads a body as one type.
///
/// # Errors
/// `Invalid` where it is not JSON, `Protocol` where it is of another form; neither shows the body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| fault::unreadable(&error))
}

/// A field that null means nothing for.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A field that is looked at in every event, also in those of another form: what cannot be read is absent.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(T::deserialize(value).ok())
}

/// An id, which some vendors write as a number and some as text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(u64),
    Text(String),
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A time in any of the forms in use: RFC 3339, `2026-01-31 12:00:00 UTC` or `+0100`, or seconds since 1970. Absent in any other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Time(pub(super) Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(from)? {
            Value::String(text) => written(&text),
            Value::Number(seconds) => {
                seconds.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok())
            }
            _ => None,
        }))
    }
}

fn written(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let (day, rest) = text.split_once(' ')?;
    let (clock, zone) = rest.split_once(' ')?;
    let offset = match zone {
        "UTC" => "Z".to_owned(),
        _ => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
    };
    format!("{day}T{clock}{offset}").parse().ok()
}

/// A repository by its full name; the owner may have parts of its own, as groups of GitLab do.
pub(super) fn repo(full_name: &str) -> Option<RepoRef> {
    let (owner, name) = full_name.rsplit_once('/')?;
    (!owner.is_empty() && !name.is_empty()).then(|| RepoRef::new(owner, name))
}

/// A commit id; nothing where it is empty or the one of zeros that stands for nothing.
pub(super) fn commit_id(id: &str) -> Option<String> {
    (!id.bytes().all(|digit| digit == b'0')).then(|| id.to_owned())
}

/// A text that says something.
pub(super) fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_in_use() {
        let read = |json: &str| serde_json::from_str::<Time>(json).unwrap().0.map(|time| time.to_string());
        let told = Some("2026-01-31T12:00:00Z".to_owned());
        assert_eq!(read(r#""2026-01-31T12:00:00Z""#), told);
        assert_eq!(read(r#""2026-01-31T13:00:00+01:00""#), told);
        assert_eq!(read(r#""2026-01-31 12:00:00 UTC""#), told);
        assert_eq!(read(r#""2026-01-31 13:00:00 +0100""#), told);
        assert_eq!(read("1769860800"), told);
        for other in [
            "null",
            "true",
            r#""soon""#,
            r#""2026-01-31 12:00:00 ümlaut""#,
            r#""a b c""#,
            "1e300",
            r#"{"at":1}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_split_at_their_last_part() {
        assert_eq!(repo("acme/widget"), Some(RepoRef::new("acme", "widget")));
        assert_eq!(repo("acme/tools/widget"), Some(RepoRef::new("acme/tools", "widget")));
        assert_eq!((repo("widget"), repo("/widget"), repo("acme/")), (None, None, None));
    }

    #[test]
    fn the_id_of_nothing_is_none() {
        assert_eq!(
            (commit_id(""), commit_id(&"0".repeat(40)), commit_id(&"0".repeat(64))),
            (None, None, None)
        );
        assert_eq!(commit_id("0a0"), Some("0a0".to_owned()));
    }
}

//! What both products send of people and times.

use mosaic_core::types::Timestamp;
use serde::{Deserialize, Deserializer};

/// Somebody. The forge answers null where an account is gone.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: i64,
    #[serde(default)]
    pub(super) login: String,
    #[serde(default)]
    pub(super) full_name: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
}

/// The name that others call somebody by.
pub(super) fn login(user: Option<User>) -> Option<String> {
    user.and_then(|user| text(user.login))
}

/// A text with something in it: what is not set comes as an empty one.
pub(super) fn text(text: impl Into<Option<String>>) -> Option<String> {
    text.into().filter(|text| !text.is_empty())
}

/// A number of the forge's, which counts from one.
pub(super) fn number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A time; what never happened comes as null, as an empty text, or as a time before all others.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let moment: Timestamp = text.parse().map_err(serde::de::Error::custom)?;
    Ok(Some(moment).filter(|moment| moment.as_second() > 0))
}

/// A time where it can be read as one.
pub(super) fn perhaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse::<Timestamp>().ok()).filter(|moment| moment.as_second() > 0))
}

/// A list; an empty one may come as null.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list as the whole answer.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Many<T: serde::de::DeserializeOwned>(#[serde(deserialize_with = "list")] pub(super) Vec<T>);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Wire {
        #[serde(default, deserialize_with = "moment")]
        at: Option<Timestamp>,
        #[serde(default, deserialize_with = "list")]
        labels: Vec<String>,
    }

    #[test]
    fn what_never_happened_and_what_is_not_there_is_none() {
        for nothing in [
            "{}",
            r#"{"at":null,"labels":null}"#,
            r#"{"at":"","labels":[]}"#,
            r#"{"at":"0001-01-01T00:00:00Z"}"#,
            r#"{"at":"1970-01-01T00:00:00Z"}"#,
        ] {
            let wire: Wire = serde_json::from_str(nothing).unwrap();
            assert!(wire.at.is_none() && wire.labels.is_empty(), "{nothing}");
        }
        let wire: Wire = serde_json::from_str(r#"{"at":"2025-03-20T22:40:15+01:00"}"#).unwrap();
        assert_eq!(wire.at, Some("2025-03-20T21:40:15Z".parse().unwrap()));
        assert!(serde_json::from_str::<Wire>(r#"{"at":"yesterday"}"#).is_err());
        assert!(serde_json::from_str::<Many<u8>>("null").unwrap().0.is_empty());
    }
}

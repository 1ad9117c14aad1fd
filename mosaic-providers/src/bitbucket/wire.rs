//! What Bitbucket sends of people, times and addresses.

use mosaic_core::types::{RepoRef, Timestamp};
use serde::{Deserialize, Deserializer};

/// Somebody. People have no name that they log in with any more; the nickname is what is shown for it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Account {
    #[serde(default)]
    pub(super) uuid: Option<String>,
    #[serde(default)]
    nickname: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
}

/// The name that others call somebody by.
pub(super) fn login(account: Option<Account>) -> Option<String> {
    let account = account?;
    text(account.nickname).or(text(account.username)).or(text(account.display_name))
}

/// A text with something in it.
pub(super) fn text(text: impl Into<Option<String>>) -> Option<String> {
    text.into().filter(|text| !text.is_empty())
}

/// A number of Bitbucket's, which counts from one.
pub(super) fn number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Owner and name from `workspace/slug`.
pub(super) fn reference(full_name: &str) -> RepoRef {
    let (owner, name) = full_name.split_once('/').unwrap_or(("", full_name));
    RepoRef::new(owner, name)
}

/// The address of something.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    pub(super) href: String,
    #[serde(default)]
    pub(super) name: String,
}

/// A time where it can be read as one: Git takes any text for one, and so does this.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse::<Timestamp>().ok()))
}

/// A list; an empty one may come as null.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Words, one or several: where there is one at most it may come without a list around it.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        Several(Vec<String>),
        One(String),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(Words::Several(words)) => words,
        Some(Words::One(word)) => vec![word],
        None => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Wire {
        #[serde(default, deserialize_with = "moment")]
        at: Option<Timestamp>,
        #[serde(default, deserialize_with = "list")]
        all: Vec<u8>,
    }

    #[test]
    fn what_is_not_there_is_none() {
        for nothing in ["{}", r#"{"at":null,"all":null}"#, r#"{"at":"yesterday","all":[]}"#] {
            let wire: Wire = serde_json::from_str(nothing).unwrap();
            assert!(wire.at.is_none() && wire.all.is_empty(), "{nothing}");
        }
        let wire: Wire = serde_json::from_str(r#"{"at":"2020-11-03T20:37:07.693412+00:00"}"#).unwrap();
        assert_eq!(wire.at, Some("2020-11-03T20:37:07.693412Z".parse().unwrap()));
        assert_eq!(reference("acme/widget"), RepoRef::new("acme", "widget"));
        let account: Account = serde_json::from_str(r#"{"nickname":"","display_name":"Ada"}"#).unwrap();
        assert_eq!(login(Some(account)).as_deref(), Some("Ada"));
    }
}

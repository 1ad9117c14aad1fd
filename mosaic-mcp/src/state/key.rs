//! Keys of the state store, and ranges of them.

use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind, Result};

/// The name of a value in the store: parts joined by `/`, 1 to 512 bytes in all. Keys sort by their bytes.
///
/// [`Key::of`] escapes each part, so that no part reaches out of its place; a part may hold any text.
///
/// ```
/// use mosaic_mcp::state::Key;
///
/// let key = Key::of(&["task", "acme/widget", "7"])?;
/// assert_eq!(key.as_str(), "task/acme%2Fwidget/7");
/// assert_eq!(key.parts().collect::<Vec<_>>(), ["task", "acme/widget", "7"]);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// The longest key, in bytes.
const LONGEST: usize = 512;
/// Above every character that a key may hold.
const ABOVE: char = char::MAX;

impl Key {
    /// A key as it was written by [`Key::as_str`].
    ///
    /// # Errors
    /// `Invalid` where it is empty, longer than 512 bytes, or holds a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self> {
        let text = text.as_ref();
        check_length(text)?;
        // Looking at bytes is several times as fast, and most keys have no others.
        let refused = |byte: u8| byte.is_ascii_control() || !byte.is_ascii();
        if text.bytes().any(refused) && text.contains(|c: char| c.is_control() || c == ABOVE) {
            return Err(Error::new(ErrorKind::Invalid, "a key holds no control characters"));
        }
        Ok(Self(text.into()))
    }

    /// A key of parts. `/`, `%` and control characters of a part are escaped.
    ///
    /// # Errors
    /// `Invalid` where there is no part, one is empty, or all together are too long.
    pub fn of<P: AsRef<str>>(parts: &[P]) -> Result<Self> {
        let mut text = String::with_capacity(64);
        for (at, part) in parts.iter().enumerate() {
            if part.as_ref().is_empty() {
                return Err(Error::new(ErrorKind::Invalid, format!("part {at} of a key is empty")));
            }
            if at > 0 {
                text.push('/');
            }
            escape(part.as_ref(), &mut text);
        }
        check_length(&text)?;
        Ok(Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts, as they were given to [`Key::of`].
    pub fn parts(&self) -> impl Iterator<Item = String> + '_ {
        self.0.split('/').map(unescape)
    }

    /// The last part.
    pub fn last_part(&self) -> String {
        unescape(self.0.rsplit('/').next().unwrap_or_default())
    }
}

fn check_length(text: &str) -> Result<()> {
    if (1..=LONGEST).contains(&text.len()) {
        return Ok(());
    }
    let message = format!("a key of {} bytes: keys have 1 to {LONGEST}", text.len());
    Err(Error::new(ErrorKind::Invalid, message))
}

fn escape(part: &str, text: &mut String) {
    if part.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'/' | b'%')) {
        text.push_str(part);
        return;
    }
    for c in part.chars() {
        if c == '/' || c == '%' || c.is_control() || c == ABOVE {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        } else {
            text.push(c);
        }
    }
}

fn unescape(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Keys sort as their texts.
impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A number as a part of a key: 16 hexadecimal digits, so that texts sort as the numbers do.
///
/// ```
/// use mosaic_mcp::state::ordered;
///
/// assert!(ordered(9) < ordered(10));
/// assert_eq!(ordered(255), "00000000000000ff");
/// ```
pub fn ordered(number: u64) -> String {
    let digits = number.to_be_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The keys from one text to another.
///
/// ```
/// use mosaic_mcp::state::{Key, KeyRange};
///
/// let tasks = KeyRange::below(&["task"])?;
/// assert!(tasks.contains(&Key::of(&["task", "7"])?));
/// assert!(!tasks.contains(&Key::of(&["tasks", "7"])?));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    pub(crate) from: Arc<str>,
    /// Exclusive.
    pub(crate) to: Arc<str>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { from: "".into(), to: ABOVE.to_string().into() }
    }

    /// The keys whose first parts are these, and that have more.
    ///
    /// # Errors
    /// As for [`Key::of`].
    pub fn below<P: AsRef<str>>(parts: &[P]) -> Result<Self> {
        let key = Key::of(parts)?;
        // `0` follows `/` in the order of bytes.
        Ok(Self { from: format!("{key}/").into(), to: format!("{key}0").into() })
    }

    /// The keys that begin with a text, which need not end at a part.
    pub fn prefix(text: &str) -> Self {
        Self { from: text.into(), to: format!("{text}{ABOVE}").into() }
    }

    /// The part of the range after a key: where a listing goes on.
    #[must_use]
    pub fn after(mut self, key: &Key) -> Self {
        let next = format!("{key}\0");
        if *next > *self.from {
            self.from = next.into();
        }
        self
    }

    /// The part of the range before a text, which is left out.
    #[must_use]
    pub fn before(mut self, text: &str) -> Self {
        if *text < *self.to {
            self.to = text.into();
        }
        self
    }

    /// Whether it holds the key.
    pub fn contains(&self, key: &Key) -> bool {
        *self.from <= *key.as_str() && *key.as_str() < *self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_come_back(parts in prop::collection::vec(".{1,12}", 1..5)) {
            if let Ok(key) = Key::of(&parts) {
                prop_assert_eq!(key.parts().collect::<Vec<_>>(), parts.clone());
                prop_assert_eq!(Key::new(key.as_str()).unwrap(), key.clone());
                prop_assert_eq!(key.as_str().matches('/').count(), parts.len() - 1);
                if parts.len() > 1 {
                    prop_assert!(KeyRange::below(&parts[..parts.len() - 1]).unwrap().contains(&key));
                    let first: String = key.as_str().chars().take(1).collect();
                    prop_assert!(KeyRange::prefix(&first).contains(&key));
                }
                prop_assert!(KeyRange::all().contains(&key));
                prop_assert!(!KeyRange::all().after(&key).contains(&key));
            }
        }

        #[test]
        fn numbers_sort(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(a.cmp(&b), ordered(a).cmp(&ordered(b)));
            prop_assert_eq!(ordered(a), format!("{a:016x}"));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in ["", "a\nb", "a\0", &"x".repeat(513)] {
            assert_eq!(Key::new(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
        assert!(Key::of::<&str>(&[]).is_err());
        assert!(Key::of(&["a", ""]).is_err());
    }
}

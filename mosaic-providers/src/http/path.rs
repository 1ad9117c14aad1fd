//! Paths of requests: the only place that percent-encodes.

use std::fmt::{self, Display, Write as _};

use mosaic_core::error::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path below the base URL, percent-encoded.
///
/// ```
/// use mosaic_providers::http::Path;
///
/// let path = Path::root().part("repos").part("acme").parts("src/main file.rs");
/// assert_eq!(path.encoded()?, "/repos/acme/src/main%20file.rs");
/// assert!(Path::root().part("..").encoded().is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
///
/// Each part is one segment, whatever is in it: a slash becomes `%2F`. A part that a URL would not keep as it is (an empty
/// one, `.` and `..`) makes the whole path `Invalid`, which the request says when it is sent.
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    fault: Option<Error>,
}

impl Path {
    /// The base URL itself.
    pub fn root() -> Self {
        Self { text: String::with_capacity(64), fault: None }
    }

    /// A path that is encoded already and leads nowhere but down.
    pub(super) fn encoded_already(path: &str) -> Self {
        let text = path.strip_suffix('/').filter(|rest| rest.is_empty()).unwrap_or(path);
        Self { text: text.to_owned(), fault: None }
    }

    /// The same path with one more segment.
    #[must_use]
    pub fn part(mut self, part: impl Display) -> Self {
        self.text.push('/');
        let begin = self.text.len();
        // Writing into a string cannot fail; what a value's own formatting says is kept.
        if write!(Encoder(&mut self.text), "{part}").is_err() {
            self.refuse("cannot be written as text");
        }
        match &self.text[begin..] {
            "" => self.refuse("is empty"),
            "." | ".." => self.refuse("is `.` or `..`"),
            _ => {}
        }
        self
    }

    /// The same path with the segments of a path of the vendor's, such as a file in a repository, slashes kept.
    #[must_use]
    pub fn parts(self, path: &str) -> Self {
        path.split('/').fold(self, Self::part)
    }

    /// The same path with a slash at its end, for vendors that tell directories by it.
    #[must_use]
    pub fn directory(mut self) -> Self {
        self.text.push('/');
        self
    }

    fn refuse(&mut self, why: &str) {
        self.fault.get_or_insert_with(|| {
            Error::new(ErrorKind::Invalid, format!("a name or path that {why} cannot be asked for"))
        });
    }

    /// The encoded text, with a slash before each segment.
    ///
    /// # Errors
    /// `Invalid` where a part cannot be a segment.
    pub fn encoded(&self) -> Result<&str> {
        match &self.fault {
            None => Ok(&self.text),
            Some(fault) => Err(fault.clone()),
        }
    }
}

struct Encoder<'a>(&'a mut String);

impl fmt::Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, ENCODED));
        Ok(())
    }
}

/// A [`Path`](crate::http::Path) of segments.
///
/// ```
/// let path = mosaic_providers::at!["repos", "acme", "a/b", "pulls", 7];
/// assert_eq!(path.encoded()?, "/repos/acme/a%2Fb/pulls/7");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[macro_export]
macro_rules! at {
    [$($part:expr),* $(,)?] => { $crate::http::Path::root()$(.part($part))* };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_part_is_one_segment() {
        let path = at!["repos", "a/b", "ü x", 7u64].parts("src/main file.rs");
        assert_eq!(path.encoded().unwrap(), "/repos/a%2Fb/%C3%BC%20x/7/src/main%20file.rs");
    }

    #[test]
    fn a_directory_ends_with_a_slash() {
        assert_eq!(at!["src", "main"].directory().encoded().unwrap(), "/src/main/");
        assert!(at!["src", ".."].directory().encoded().is_err());
    }

    #[test]
    fn what_a_url_would_fold_away_is_refused() {
        for path in [at!["repos", ".."], at!["."], at!["a", ""], at!["a"].parts("b//c"), at![].parts("../x")]
        {
            assert_eq!(path.encoded().unwrap_err().kind(), ErrorKind::Invalid);
        }
    }

    proptest! {
        #[test]
        fn a_url_keeps_every_part_as_it_was(parts in proptest::collection::vec("\\PC{1,12}", 1..5)) {
            prop_assume!(parts.iter().all(|part| part != "." && part != ".."));
            let path = parts.iter().fold(Path::root(), Path::part);
            let url = url::Url::parse(&format!("http://host/base{}", path.encoded().unwrap())).unwrap();
            let back: Vec<String> = url.path_segments().unwrap().skip(1)
                .map(|part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned()).collect();
            prop_assert_eq!(back, parts);
        }
    }
}

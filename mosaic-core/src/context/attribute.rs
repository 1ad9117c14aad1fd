//! Values of attributes: what an application says about a call beside its parameters.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// The value of an attribute of a call. Cheap to clone.
///
/// Numbers are exact up to 2^53. A size is a number of bytes; a text such as `10GB` is read as one where a rule compares
/// sizes, and likewise for durations, numbers and booleans.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::context::AttributeValue;
///
/// assert_eq!(AttributeValue::from("eu").to_string(), "eu");
/// assert_eq!(AttributeValue::from(12), AttributeValue::Number(12.0));
/// assert_eq!(AttributeValue::from(["a", "b"]).to_string(), "[a, b]");
/// assert_eq!(AttributeValue::from(Duration::from_millis(1500)).to_string(), "1.5s");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// A text.
    Text(Arc<str>),
    /// A number, or a size in bytes.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A length of time.
    Duration(Duration),
    /// A list of texts.
    List(Arc<[Arc<str>]>),
}

impl AttributeValue {
    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Duration(duration) => write!(f, "{duration:?}"),
            Self::List(texts) => write!(f, "[{}]", texts.join(", ")),
        }
    }
}

/// As JSON it is a text, a number, a boolean or a list; a duration is a text.
impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Duration(_) => serializer.collect_str(self),
            Self::List(texts) => serializer.collect_seq(texts.iter()),
        }
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$source> for AttributeValue {
            fn from($value: $source) -> Self {
                $make
            }
        }
    )*};
}

from! {
    &str => |text| Self::Text(text.into());
    &String => |text| Self::Text(text.as_str().into());
    String => |text| Self::Text(text.into());
    Cow<'_, str> => |text| Self::Text(text.into());
    Arc<str> => |text| Self::Text(text);
    bool => |boolean| Self::Boolean(boolean);
    f64 => |number| Self::Number(number);
    f32 => |number| Self::Number(number.into());
    u8 => |number| Self::Number(number.into());
    u16 => |number| Self::Number(number.into());
    u32 => |number| Self::Number(number.into());
    u64 => |number| Self::Number(number as f64);
    usize => |number| Self::Number(number as f64);
    i8 => |number| Self::Number(number.into());
    i16 => |number| Self::Number(number.into());
    i32 => |number| Self::Number(number.into());
    i64 => |number| Self::Number(number as f64);
    isize => |number| Self::Number(number as f64);
    Duration => |duration| Self::Duration(duration);
}

impl<T: Into<Arc<str>>> From<Vec<T>> for AttributeValue {
    fn from(texts: Vec<T>) -> Self {
        texts.into_iter().collect()
    }
}

impl<T: Into<Arc<str>>, const N: usize> From<[T; N]> for AttributeValue {
    fn from(texts: [T; N]) -> Self {
        texts.into_iter().collect()
    }
}

impl<T: Into<Arc<str>>> FromIterator<T> for AttributeValue {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self::List(texts.into_iter().map(Into::into).collect())
    }
}

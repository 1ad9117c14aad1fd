//! Where a budget stands in the tree.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::types::TenantId;

/// The deepest path.
const LEVELS: usize = 8;
/// The longest name of a level, and the longest path.
const LONGEST: (usize, usize) = (64, 240);

/// The names from the top of the tree to a budget, joined by `/`: 1 to 8 levels, each 1 to 64 characters of
/// `a-z A-Z 0-9 . _ - : @ +` that begin with a letter or a digit; 240 bytes in all. What is used at a path is used of every
/// budget on the way to it.
///
/// ```
/// use mosaic_core::types::budget::BudgetPath;
///
/// let task = BudgetPath::new("acme/team:web/task:17")?;
/// assert_eq!(task.upwards().collect::<Vec<_>>(), ["acme/team:web/task:17", "acme/team:web", "acme"]);
/// assert!(BudgetPath::new("acme//web").is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BudgetPath(Arc<str>);

impl BudgetPath {
    /// The most levels of a path.
    pub const LEVELS: usize = LEVELS;

    /// Checks a path.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    pub fn new(text: impl AsRef<str>) -> Result<Self, Error> {
        let text = text.as_ref();
        let levels = text.split('/').count();
        if text.len() > LONGEST.1 || levels > LEVELS || !text.split('/').all(is_name) {
            let shown: String = text.chars().take(80).collect();
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "{shown:?} is no path of a budget: use 1 to {LEVELS} names joined by `/`, each 1 to {} of \
                     a-z A-Z 0-9 . _ - : @ +, {} bytes in all",
                    LONGEST.0, LONGEST.1
                ),
            ));
        }
        Ok(Self(text.into()))
    }

    /// The budget of a tenant as a whole: the top of its tree.
    pub fn of_tenant(tenant: &TenantId) -> Self {
        Self(tenant.as_str().into())
    }

    /// The path of a name, or of several, below this one.
    ///
    /// # Errors
    /// `Invalid` where that is none.
    pub fn below(&self, names: &str) -> Result<Self, Error> {
        Self::new(format!("{self}/{names}"))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names, from the top.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The paths of every level, this one first and the top last.
    pub fn upwards(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(&*self.0), |path| path.rsplit_once('/').map(|(above, _)| above))
    }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST.0).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'@' | b'+'))
}

impl Borrow<str> for BudgetPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BudgetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BudgetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl FromStr for BudgetPath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for BudgetPath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<BudgetPath> for String {
    fn from(path: BudgetPath) -> Self {
        path.0.as_ref().into()
    }
}

impl JsonSchema for BudgetPath {
    fn schema_name() -> Cow<'static, str> {
        "BudgetPath".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": LONGEST.1,
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}){0,7}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_make_a_path() {
        for good in ["a", "a/b", "acme/team:web/a+b@c", &["x"; 8].join("/")] {
            assert_eq!(BudgetPath::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "/", "a/", "/a", "a//b", "a/ b", "a/%", "ä", &["x"; 9].join("/"), &"x".repeat(65)] {
            assert_eq!(BudgetPath::new(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
        assert!(
            BudgetPath::new(["x".repeat(64), "x".repeat(64), "x".repeat(64), "x".repeat(64)].join("/"))
                .is_err()
        );
    }
}

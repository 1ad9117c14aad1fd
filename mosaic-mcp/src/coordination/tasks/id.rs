//! What names a task: its project and a number that no other task of the store has.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use mosaic_core::error::{Error, ErrorKind};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::coordination::ProjectId;
use crate::function::AsResource;

/// Names a task within its tenant: `project-number`, the number in hexadecimal. Later tasks of a project have greater numbers.
///
/// ```
/// use mosaic_mcp::coordination::tasks::TaskId;
///
/// let id: TaskId = "widget-1a0000".parse()?;
/// assert_eq!(id.project().as_str(), "widget");
/// assert_eq!(id.to_string(), "widget-1a0000");
/// assert!("widget".parse::<TaskId>().is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    project: ProjectId,
    number: u64,
}

impl TaskId {
    pub(crate) fn from_parts(project: ProjectId, number: u64) -> Self {
        Self { project, number }
    }

    /// The project that it belongs to.
    pub fn project(&self) -> &ProjectId {
        &self.project
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl FromStr for TaskId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.rsplit_once('-').and_then(|(project, number)| {
            // One text for one task: no leading zeros, no other digits.
            let plain = number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                && (number == "0" || !number.starts_with('0'));
            let number = u64::from_str_radix(number, 16).ok().filter(|_| plain)?;
            Some(Self { project: ProjectId::new(project).ok()?, number })
        });
        parts.ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            Error::new(
                ErrorKind::Invalid,
                format!("{shown:?} is no task id: they look like `project-1a0000`"),
            )
        })
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}", self.project, self.number)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads an id from a text where that lies: records of agents have hundreds.
struct Text;

impl Visitor<'_> for Text {
    type Value = TaskId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TaskId, E> {
        text.parse().map_err(|error: Error| E::custom(error.message()))
    }
}

impl JsonSchema for TaskId {
    fn schema_name() -> Cow<'static, str> {
        "TaskId".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}-[0-9a-f]{1,16}$" })
    }
}

/// A permission on a task is one on its project.
impl AsResource for TaskId {
    fn as_resource(&self) -> String {
        self.project.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_come_back(project in "[a-z0-9][a-z0-9._-]{0,20}", number in any::<u64>()) {
            let id = TaskId::from_parts(ProjectId::new(project).unwrap(), number);
            prop_assert_eq!(id.to_string().parse::<TaskId>().unwrap(), id.clone());
            prop_assert_eq!(serde_json::from_value::<TaskId>(serde_json::to_value(&id).unwrap()).unwrap(), id);
        }

        #[test]
        fn a_text_that_parses_is_the_text_of_the_id(text in "[a-c+0-]{0,8}") {
            if let Ok(id) = text.parse::<TaskId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}

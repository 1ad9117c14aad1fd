//! What a function is about, as a text for permissions.

use mosaic_core::types::{ProjectKey, TenantId};

use crate::state::{Topic, TopicFilter};

/// A field that says what a function is about.
///
/// ```
/// use mosaic_mcp::function::AsResource;
///
/// assert_eq!("acme".to_owned().as_resource(), "acme");
/// assert_eq!(None::<String>.as_resource(), "");
/// ```
pub trait AsResource {
    /// As a text; empty where it says nothing.
    fn as_resource(&self) -> String;
}

macro_rules! shown {
    ($($type:ty),+) => {
        $(impl AsResource for $type {
            fn as_resource(&self) -> String {
                self.to_string()
            }
        })+
    };
}
shown!(String, u64, ProjectKey, TenantId, Topic, TopicFilter);

impl<T: AsResource> AsResource for Option<T> {
    fn as_resource(&self) -> String {
        self.as_ref().map(AsResource::as_resource).unwrap_or_default()
    }
}

/// The methods with the fields that say something.
pub(crate) fn besides(parts: &[(&'static str, &dyn AsResource)]) -> Vec<(&'static str, String)> {
    let said = parts.iter().map(|(method, part)| (*method, part.as_resource()));
    said.filter(|(_, text)| !text.is_empty()).collect()
}

/// The fields that say something, joined by `/`.
pub(crate) fn resource(parts: &[&dyn AsResource]) -> String {
    let said: Vec<String> =
        parts.iter().map(|part| part.as_resource()).filter(|text| !text.is_empty()).collect();
    said.join("/")
}

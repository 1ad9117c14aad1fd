//! Nouns of calls in a vendor's own words: where they go, what they are about, and what comes back.

mod api_path;

use std::collections::BTreeMap;

pub use api_path::ApiPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AsSubject, ProjectKey, RepoRef, Subject};
use crate::params;

/// How a call in a vendor's own words changes something.
///
/// ```
/// use mosaic_core::types::vendor::VendorMethod;
///
/// assert_eq!(serde_json::to_value(VendorMethod::Patch).ok(), Some("PATCH".into()));
/// assert_eq!(VendorMethod::Delete.as_str(), "DELETE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum VendorMethod {
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl VendorMethod {
    /// The method as it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a call in a vendor's own words is about: nothing in its path says so to the rules and to the cache.
///
/// ```
/// use mosaic_core::types::{AsSubject, RepoRef, vendor::About};
///
/// let about = About::from(RepoRef::new("acme", "widget"));
/// assert_eq!(Some(about).as_subject().to_string(), "acme/widget");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct About {
    /// The organisation, group, workspace or space that owns the thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// The name of the thing: a repository, a project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl About {
    /// An organisation, group, workspace or space, with everything in it.
    pub fn org(org: impl Into<String>) -> Self {
        Self { org: Some(org.into()), name: None }
    }
}

impl From<RepoRef> for About {
    fn from(repo: RepoRef) -> Self {
        Self { org: Some(repo.owner), name: Some(repo.name) }
    }
}
impl From<&RepoRef> for About {
    fn from(repo: &RepoRef) -> Self {
        repo.clone().into()
    }
}
impl From<&ProjectKey> for About {
    fn from(project: &ProjectKey) -> Self {
        let Subject { org, name, .. } = project.as_subject();
        Self { org: org.map(str::to_owned), name: name.map(str::to_owned) }
    }
}
impl From<ProjectKey> for About {
    fn from(project: ProjectKey) -> Self {
        Self::from(&project)
    }
}

impl AsSubject for Option<About> {
    fn as_subject(&self) -> Subject<'_> {
        match self.as_ref().map(|about| (about.org.as_deref(), about.name.as_deref())) {
            Some((Some(org), Some(name))) => Subject::item(org, name),
            Some((Some(org), None)) => Subject::org(org),
            Some((None, Some(name))) => Subject::name(name),
            Some((None, None)) | None => Subject::NOTHING,
        }
    }
}

params! {
    /// What a vendor answered to a call in its own words. An answer that says that the call failed is an error instead.
    ///
    /// ```
    /// use mosaic_core::types::vendor::VendorAnswer;
    ///
    /// let answer = VendorAnswer::new(200u16, serde_json::json!({ "names": ["tools"] }));
    /// assert_eq!(answer.body["names"][0], "tools");
    /// ```
    pub noun VendorAnswer {
        required {
            /// The status, from 200 to 399.
            status: u16,
            /// The body, as JSON; `null` where there is none. A body that is no JSON is a text.
            body: Value,
        }
        defaulted {
            /// The headers that say something of the answer, such as `etag`, `link` and `location`, in lower case. Others are
            /// left out: some hold what is secret.
            headers: BTreeMap<String, String>,
        }
    }
}

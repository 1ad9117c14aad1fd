//! The parameters of the two operations, written once for all families.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::vendor::{About, ApiPath, VendorMethod};

macro_rules! marks {
    ($($(#[doc = $doc:literal])* $mark:ident)*) => { $(
        $(#[doc = $doc])*
        ///
        /// ```
        #[doc = concat!("use mosaic_core::op::vendor::{", stringify!($mark), ", VendorRead};")]
        /// use mosaic_core::types::vendor::ApiPath;
        ///
        #[doc = concat!("let op = VendorRead::<", stringify!($mark), ">::new(ApiPath::new(\"/version\")?);")]
        /// assert_eq!(op.path.as_str(), "/version");
        /// # Ok::<(), mosaic_core::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $mark {}
    )* };
}
marks! {
    /// Marks the calls of the git service.
    OfGit
    /// Marks the calls of the cicd service.
    OfCicd
    /// Marks the calls of the docs service.
    OfDocs
    /// Marks the calls of the project service.
    OfProject
    /// Marks the calls of the ai service.
    OfAi
}

/// Fetch something by a path of the vendor's own.
///
/// ```
/// use mosaic_core::op::Operation;
/// use mosaic_core::op::vendor::{OfGit, VendorRead};
/// use mosaic_core::types::{RepoRef, vendor::ApiPath};
///
/// let op = VendorRead::<OfGit>::new(ApiPath::new("/repos/acme/widget/topics")?)
///     .query([("per_page".to_owned(), "100".to_owned())])
///     .about(RepoRef::new("acme", "widget"));
/// assert_eq!(op.subject().to_string(), "acme/widget:/repos/acme/widget/topics");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "VendorRead", bound = "")]
#[non_exhaustive]
pub struct VendorRead<F> {
    /// Where it is, below the root of the provider's API. Rules see it as the path of the call.
    pub path: ApiPath,
    /// The query, by name; encoded by the provider.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// What is asked, as JSON, of vendors whose reads take a body; others refuse it. Nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What it is about, for the rules; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    #[serde(skip)]
    family: PhantomData<fn() -> F>,
}

impl<F> VendorRead<F> {
    /// From the path.
    pub fn new(path: ApiPath) -> Self {
        Self { path, query: BTreeMap::new(), body: None, about: None, family: PhantomData }
    }

    /// What is asked, of vendors whose reads take a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The query, by name; encoded by the provider.
    #[must_use]
    pub fn query(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query = query.into_iter().collect();
        self
    }

    /// What it is about, for the rules.
    #[must_use]
    pub fn about(mut self, about: impl Into<About>) -> Self {
        self.about = Some(about.into());
        self
    }
}

impl<F> fmt::Debug for VendorRead<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorRead")
            .field("path", &self.path)
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

/// Change something by a path of the vendor's own.
///
/// ```
/// use mosaic_core::op::vendor::{OfGit, VendorWrite};
/// use mosaic_core::types::{RepoRef, vendor::{ApiPath, VendorMethod}};
///
/// let op = VendorWrite::<OfGit>::new(VendorMethod::Put, ApiPath::new("/repos/acme/widget/topics")?)
///     .body(serde_json::json!({ "names": ["tools"] }))
///     .about(RepoRef::new("acme", "widget"));
/// assert!(!format!("{op:?}").contains("tools"), "what is sent may be secret");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "VendorWrite", bound = "")]
#[non_exhaustive]
pub struct VendorWrite<F> {
    /// How.
    pub method: VendorMethod,
    /// Where it is, below the root of the provider's API. Rules see it as the path of the call.
    pub path: ApiPath,
    /// The query, by name; encoded by the provider.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// What is sent, as JSON; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What it changes, for the rules, and so that what the cache holds of it is old; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    #[serde(skip)]
    family: PhantomData<fn() -> F>,
}

impl<F> VendorWrite<F> {
    /// From the method and the path.
    pub fn new(method: VendorMethod, path: ApiPath) -> Self {
        Self { method, path, query: BTreeMap::new(), body: None, about: None, family: PhantomData }
    }

    /// The query, by name; encoded by the provider.
    #[must_use]
    pub fn query(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query = query.into_iter().collect();
        self
    }

    /// What is sent.
    #[must_use]
    pub fn body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// What it changes, for the rules, and so that what the cache holds of it is old.
    #[must_use]
    pub fn about(mut self, about: impl Into<About>) -> Self {
        self.about = Some(about.into());
        self
    }
}

impl<F> fmt::Debug for VendorWrite<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorWrite")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

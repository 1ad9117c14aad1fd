//! How people call a vendor in its own words.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::Value;

use super::{OfAi, OfCicd, OfDocs, OfGit, OfProject, VendorRead, VendorWrite};
use crate::context::CallContext;
use crate::error::Result;
use crate::op::{Answer, Caller, Operation};
use crate::types::ProviderId;
use crate::types::vendor::{About, ApiPath, VendorAnswer, VendorMethod};

/// One provider, to be called in its vendor's own words; a family is chosen first, as its limits and breaker count.
///
/// ```
/// use mosaic_core::op::{Caller, vendor::Vendor};
/// use mosaic_core::types::RepoRef;
/// use mosaic_core::Result;
///
/// async fn topics<C: Caller>(forge: &Vendor<C>) -> Result<usize> {
///     let repo = RepoRef::new("acme", "widget");
///     let answer = forge.git().about(&repo).read("/repos/acme/widget/topics").await?;
///     Ok(answer.body["names"].as_array().map_or(0, Vec::len))
/// }
/// async fn set_topics<C: Caller>(forge: &Vendor<C>) -> Result<()> {
///     let repo = RepoRef::new("acme", "widget");
///     forge.git().about(&repo).put("/repos/acme/widget/topics", serde_json::json!({ "names": ["tools"] })).await?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Vendor<C> {
    caller: C,
    cx: CallContext,
}

impl<C: Caller> Vendor<C> {
    /// Calls this provider and no other.
    pub fn new(caller: C, provider: ProviderId) -> Self {
        Self::with(caller, provider, CallContext::new())
    }

    /// The same in a context.
    pub fn with(caller: C, provider: ProviderId, cx: CallContext) -> Self {
        Self { caller, cx: cx.pinned_to(provider) }
    }

    fn family<F>(&self) -> VendorCall<C, F> {
        VendorCall {
            caller: self.caller.clone(),
            cx: self.cx.clone(),
            query: BTreeMap::new(),
            about: None,
            family: PhantomData,
        }
    }

    /// As the git service.
    pub fn git(&self) -> VendorCall<C, OfGit> {
        self.family()
    }

    /// As the cicd service.
    pub fn cicd(&self) -> VendorCall<C, OfCicd> {
        self.family()
    }

    /// As the docs service.
    pub fn docs(&self) -> VendorCall<C, OfDocs> {
        self.family()
    }

    /// As the project service.
    pub fn project(&self) -> VendorCall<C, OfProject> {
        self.family()
    }

    /// As the ai service.
    pub fn ai(&self) -> VendorCall<C, OfAi> {
        self.family()
    }
}

/// A call in a vendor's own words that is being made: what it is about and its query first, the method last.
///
/// ```
/// use mosaic_core::op::{Caller, vendor::Vendor};
/// use mosaic_core::Result;
///
/// async fn second_page<C: Caller>(forge: &Vendor<C>) -> Result<u16> {
///     Ok(forge.git().query("page", 2).query("per_page", 50).read("/user/repos").await?.status)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct VendorCall<C, F> {
    caller: C,
    cx: CallContext,
    query: BTreeMap<String, String>,
    about: Option<About>,
    family: PhantomData<fn() -> F>,
}

impl<C: Caller, F> VendorCall<C, F>
where
    VendorRead<F>: Operation<Output = VendorAnswer>,
    VendorWrite<F>: Operation<Output = VendorAnswer>,
{
    /// What the call is about: rules that look at it let the call through as they do others, and what the cache holds of it is
    /// old after a change.
    #[must_use]
    pub fn about(mut self, about: impl Into<About>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// One more field of the query; a second one of its name replaces it.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.insert(name.into(), value.to_string());
        self
    }

    /// Fetches what is at a path. The answer is not cached.
    ///
    /// # Errors
    /// `Invalid` for what is no [`ApiPath`], `Unsupported` where the provider is not configured for such calls; else those of
    /// the vendor, sorted into kinds as those of any operation.
    pub async fn read(self, path: &str) -> Result<Answer<VendorAnswer>> {
        let mut op = VendorRead::<F>::new(ApiPath::new(path)?).query(self.query);
        op.about = self.about;
        self.caller.call(&self.cx, op).await
    }

    /// Changes what is at a path. Not made a second time where the first may have been received.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn write(
        self,
        method: VendorMethod,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer<VendorAnswer>> {
        let mut op = VendorWrite::<F>::new(method, ApiPath::new(path)?).query(self.query);
        (op.body, op.about) = (body, self.about);
        self.caller.call(&self.cx, op).await
    }

    /// Posts to a path.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn post(self, path: &str, body: impl Into<Value>) -> Result<Answer<VendorAnswer>> {
        self.write(VendorMethod::Post, path, Some(body.into())).await
    }

    /// Puts to a path.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn put(self, path: &str, body: impl Into<Value>) -> Result<Answer<VendorAnswer>> {
        self.write(VendorMethod::Put, path, Some(body.into())).await
    }

    /// Changes a part of what is at a path.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn patch(self, path: &str, body: impl Into<Value>) -> Result<Answer<VendorAnswer>> {
        self.write(VendorMethod::Patch, path, Some(body.into())).await
    }

    /// Deletes what is at a path.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn delete(self, path: &str) -> Result<Answer<VendorAnswer>> {
        self.write(VendorMethod::Delete, path, None).await
    }
}

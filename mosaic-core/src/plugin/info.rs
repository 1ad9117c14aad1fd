//! What a plugin says of itself.

use crate::op::OpSet;

/// Identity and declared abilities of a plugin.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::plugin::PluginInfo;
/// use mosaic_core::types::ServiceKind;
///
/// let info = PluginInfo::new("local-git", "0.1.0", OpSet::service(ServiceKind::Git)).reports_delivery(true);
/// assert!(info.operations.serves(ServiceKind::Git));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PluginInfo {
    /// The product it speaks to, such as `github`.
    pub name: String,
    /// The version of the plugin.
    pub version: String,
    /// The operations it offers. Routing never asks it for another one.
    pub operations: OpSet,
    /// Whether it marks the moment before the first byte leaves, by [`CallContext::mark_sent`]. Where it does not, a write
    /// that failed is taken to have possibly run.
    ///
    /// [`CallContext::mark_sent`]: crate::context::CallContext::mark_sent
    pub reports_delivery: bool,
    /// Whether it honours idempotency keys, so that a write with a key may be repeated on it.
    pub honours_keys: bool,
}

impl PluginInfo {
    /// A plugin that neither reports delivery nor honours idempotency keys.
    pub fn new(name: impl Into<String>, version: impl Into<String>, operations: OpSet) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            operations,
            reports_delivery: false,
            honours_keys: false,
        }
    }

    /// The same, marking the moment of sending or not.
    #[must_use]
    pub fn reports_delivery(mut self, reports: bool) -> Self {
        self.reports_delivery = reports;
        self
    }

    /// The same, honouring idempotency keys or not.
    #[must_use]
    pub fn honours_keys(mut self, honours: bool) -> Self {
        self.honours_keys = honours;
        self
    }
}

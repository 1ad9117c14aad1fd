//! Parameters of the operations on webhooks.

use crate::params;
use crate::types::git::HookEvent;
use crate::types::{RepoRef, Secret};

params! {
    /// Create a webhook.
    ///
    /// ```
    /// use mosaic_core::op::git::CreateWebhook;
    /// use mosaic_core::types::git::HookEvent;
    /// use mosaic_core::types::Secret;
    ///
    /// let op = CreateWebhook::new("acme", "widget", "https://ci.example.org/hook", vec![HookEvent::Push])
    ///     .secret(Secret::new("s3cr3t"));
    /// assert_eq!(op.events, [HookEvent::Push]);
    /// ```
    pub struct CreateWebhook {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The address that is to be told.
            url: String,
            /// What it is to be told of.
            events: Vec<HookEvent>,
        }
        optional {
            /// What deliveries are signed with, so that the receiver knows who sent them.
            secret: Secret,
        }
    }

    /// List webhooks.
    ///
    /// ```
    /// use mosaic_core::op::git::ListWebhooks;
    ///
    /// assert_eq!(ListWebhooks::new("acme", "widget").page.limit(), 30);
    /// ```
    pub struct ListWebhooks {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        paged { page }
    }

    /// Delete a webhook.
    ///
    /// ```
    /// use mosaic_core::op::git::DeleteWebhook;
    ///
    /// assert_eq!(DeleteWebhook::new("acme", "widget", "1").webhook, "1");
    /// ```
    pub struct DeleteWebhook {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The webhook.
            webhook: String,
        }
    }
}

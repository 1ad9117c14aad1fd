//! Who sends a delivery.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The product that sends a delivery.
///
/// ```
/// use http::HeaderMap;
/// use mosaic_providers::webhook::Vendor;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-github-event", "push".parse()?);
/// assert_eq!(Vendor::of(&headers), Some(Vendor::GitHub));
/// headers.insert("x-gitea-event", "push".parse()?);
/// assert_eq!(Vendor::of(&headers), Some(Vendor::Gitea), "Gitea sends both");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Vendor {
    /// GitHub, also on a server of one's own.
    GitHub,
    /// Gitea.
    Gitea,
    /// Forgejo.
    Forgejo,
    /// GitLab, also on a server of one's own.
    GitLab,
    /// Bitbucket Cloud.
    Bitbucket,
    /// CircleCI.
    CircleCi,
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 6] =
        [Self::GitHub, Self::Gitea, Self::Forgejo, Self::GitLab, Self::Bitbucket, Self::CircleCi];

    /// Who seems to have sent a delivery, by the header that names its event; nobody where there is none. It proves nothing:
    /// it is there to pick a [`Receiver`](super::Receiver) where several vendors share an address.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        // Forgejo sends the headers of Gitea too, and both send those of GitHub: the order decides.
        [
            (super::FORGEJO_EVENT, Self::Forgejo),
            (super::GITEA_EVENT, Self::Gitea),
            (super::GITHUB_EVENT, Self::GitHub),
            (super::GITLAB_EVENT, Self::GitLab),
            (super::BITBUCKET_EVENT, Self::Bitbucket),
            (super::CIRCLECI_EVENT, Self::CircleCi),
        ]
        .into_iter()
        .find_map(|(header, vendor)| headers.contains_key(header).then_some(vendor))
    }

    /// The name as the vendor writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::Gitea => "Gitea",
            Self::Forgejo => "Forgejo",
            Self::GitLab => "GitLab",
            Self::Bitbucket => "Bitbucket",
            Self::CircleCi => "CircleCI",
        }
    }
}

impl std::fmt::Display for Vendor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

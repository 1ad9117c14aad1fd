//! Inbound webhooks: headers and bytes in, a verified event in one form for all vendors out.
//!
//! A [`Receiver`] checks the signature and reads the body into a [`Delivery`]; its [`Event`] is made of the same nouns that the
//! operations give. A [`Deduplicator`] knows what was handled already, and `Orchestrator::observe` takes a delivery and makes old
//! in the cache exactly what it tells of. Nothing here depends on a server or on a runtime.
//!
//! | vendor | receiver | proof |
//! |---|---|---|
//! | GitHub | [`Receiver::github`] | `X-Hub-Signature-256` |
//! | Gitea, Forgejo | [`Receiver::gitea`] | `X-Forgejo-Signature`, `X-Gitea-Signature` or `X-Hub-Signature-256` |
//! | GitLab | [`Receiver::gitlab_signed`] | `webhook-signature` with its id and time |
//! | GitLab | [`Receiver::gitlab`] | `X-Gitlab-Token`, the secret itself |
//! | Bitbucket Cloud | [`Receiver::bitbucket`] | `X-Hub-Signature` with SHA-256 |
//! | CircleCI | [`Receiver::circleci`] | `circleci-signature`, version 1 |

mod bitbucket;
mod circleci;
mod dedup;
mod delivery;
mod event;
mod fault;
mod gitea;
mod github;
mod gitlab;
mod header;
mod hub;
mod receiver;
mod signature;
mod status_state;
mod touch;
mod vendor;
mod wire;

pub use dedup::{Claim, Deduplicator, Repeat};
pub use delivery::Delivery;
pub use event::{
    CommentAction, CommentEvent, CommentTarget, Event, IssueAction, IssueEvent, JobEvent, PullRequestAction,
    PullRequestEvent, Push, RefAction, RefChange, RefKind, ReleaseAction, ReleaseEvent, RepositoryAction,
    RepositoryEvent, RunEvent, StatusEvent, WikiAction, WikiEvent, WikiPage,
};
pub use receiver::Receiver;
pub use vendor::Vendor;

const GITHUB_EVENT: &str = "x-github-event";
const GITEA_EVENT: &str = "x-gitea-event";
const FORGEJO_EVENT: &str = "x-forgejo-event";
const GITLAB_EVENT: &str = "x-gitlab-event";
const BITBUCKET_EVENT: &str = "x-event-key";
const CIRCLECI_EVENT: &str = "circleci-event-type";

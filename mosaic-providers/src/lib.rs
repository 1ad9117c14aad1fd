//! Providers of Mosaic: one folder per vendor, and the embedded local ones that need no account.
//!
//! | feature | provider | service |
//! |---|---|---|
//! | `bitbucket` | Bitbucket Cloud | git, cicd |
//! | `circleci` | pipelines of CircleCI | cicd |
//! | `gitea` | Gitea and Forgejo | git, project, docs |
//! | `github` | GitHub and GitHub Enterprise | git, project, cicd |
//! | `gitlab` | GitLab | git, project, cicd, docs |
//! | `jenkins` | builds of a Jenkins server | cicd |
//! | `local-cicd` | pipelines of those repositories, run as processes of this machine; on Linux | cicd |
//! | `local-docs` | documents in Markdown files, with full-text search | docs |
//! | `local-git` | real repositories on disk, through the `git` program | git |
//! | `local-project` | a tracker in one SQLite file | project |
//! | `woodpecker` | runs of a Woodpecker server | cicd |
//!
//! With the feature `webhook`, `webhook` reads what forges and build servers send.

#[cfg(feature = "bitbucket")]
pub mod bitbucket;
#[cfg(feature = "circleci")]
pub mod circleci;
#[cfg(any(feature = "http", feature = "local-docs", feature = "local-project"))]
#[cfg_attr(
    not(feature = "http"),
    expect(unreachable_pub, reason = "public where providers that speak HTTP are")
)]
mod cursor;
#[cfg(any(
    feature = "local-git",
    feature = "bitbucket",
    feature = "gitea",
    feature = "github",
    feature = "gitlab"
))]
mod forge;
#[cfg(feature = "gitea")]
pub mod gitea;
#[cfg(feature = "github")]
pub mod github;
#[cfg(feature = "gitlab")]
pub mod gitlab;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "jenkins")]
pub mod jenkins;
pub mod local;
#[cfg(any(
    feature = "local-git",
    feature = "bitbucket",
    feature = "circleci",
    feature = "gitea",
    feature = "github",
    feature = "gitlab",
    feature = "woodpecker"
))]
mod object_id;
#[cfg(any(
    feature = "circleci",
    feature = "github",
    feature = "gitlab",
    feature = "webhook",
    feature = "woodpecker"
))]
mod run_state;
#[cfg(feature = "webhook")]
pub mod webhook;
#[cfg(feature = "woodpecker")]
pub mod woodpecker;

use mosaic_core::plugin::Factory;

/// The factories of every provider that is compiled in.
///
/// ```
/// let factories = mosaic_providers::factories();
/// assert!(factories.iter().all(|factory| !factory.provider().is_empty()));
/// ```
pub fn factories() -> Vec<Box<dyn Factory>> {
    vec![
        #[cfg(feature = "bitbucket")]
        Box::new(bitbucket::BitbucketGitFactory),
        #[cfg(feature = "bitbucket")]
        Box::new(bitbucket::BitbucketPipelinesFactory),
        #[cfg(feature = "circleci")]
        Box::new(circleci::CircleCiFactory),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaGitFactory::new(gitea::Product::Gitea)),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaIssuesFactory::new(gitea::Product::Gitea)),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaWikiFactory::new(gitea::Product::Gitea)),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaGitFactory::new(gitea::Product::Forgejo)),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaIssuesFactory::new(gitea::Product::Forgejo)),
        #[cfg(feature = "gitea")]
        Box::new(gitea::GiteaWikiFactory::new(gitea::Product::Forgejo)),
        #[cfg(feature = "github")]
        Box::new(github::GitHubActionsFactory),
        #[cfg(feature = "github")]
        Box::new(github::GitHubGitFactory),
        #[cfg(feature = "gitlab")]
        Box::new(gitlab::GitLabGitFactory),
        #[cfg(feature = "gitlab")]
        Box::new(gitlab::GitLabCiFactory),
        #[cfg(feature = "gitlab")]
        Box::new(gitlab::GitLabIssuesFactory),
        #[cfg(feature = "gitlab")]
        Box::new(gitlab::GitLabWikiFactory),
        #[cfg(feature = "jenkins")]
        Box::new(jenkins::JenkinsFactory),
        #[cfg(feature = "github")]
        Box::new(github::GitHubIssuesFactory),
        #[cfg(all(feature = "local-cicd", target_os = "linux"))]
        Box::new(local::cicd::LocalCicdFactory),
        #[cfg(feature = "local-docs")]
        Box::new(local::document::LocalDocsFactory),
        #[cfg(feature = "local-git")]
        Box::new(local::git::LocalGitFactory),
        #[cfg(feature = "local-project")]
        Box::new(local::project::LocalProjectFactory),
        #[cfg(feature = "woodpecker")]
        Box::new(woodpecker::WoodpeckerFactory),
    ]
}

//! The tests of the providers: the behaviour suites, and what is particular to each.

// `cfg(test)` always holds here; it tells clippy that the helpers are test code too.
#[cfg(test)]
#[cfg(all(feature = "bitbucket", feature = "local-git"))]
mod bitbucket;
#[cfg(test)]
#[cfg(all(feature = "circleci", feature = "local-git"))]
mod circleci;
#[cfg(test)]
#[cfg(all(feature = "local-cicd", feature = "local-docs", feature = "local-project", target_os = "linux"))]
mod declared;
#[cfg(test)]
#[cfg(all(feature = "http", feature = "local-git"))]
mod fake;
#[cfg(test)]
#[cfg(all(feature = "gitea", feature = "local-git"))]
mod gitea;
#[cfg(test)]
#[cfg(all(feature = "github", feature = "local-git"))]
mod github;
#[cfg(test)]
#[cfg(all(feature = "github", feature = "local-git"))]
mod github_actions;
#[cfg(test)]
#[cfg(all(feature = "gitlab", feature = "local-git"))]
mod gitlab;
#[cfg(test)]
#[cfg(feature = "http")]
mod http;
#[cfg(test)]
#[cfg(all(feature = "jenkins", feature = "local-git"))]
mod jenkins;
#[cfg(test)]
#[cfg(all(feature = "local-cicd", target_os = "linux"))]
mod local_cicd;
#[cfg(test)]
#[cfg(feature = "local-docs")]
mod local_document;
#[cfg(test)]
#[cfg(feature = "local-git")]
mod local_git;
#[cfg(test)]
#[cfg(feature = "local-project")]
mod local_project;
#[cfg(test)]
#[cfg(feature = "http")]
mod support;
#[cfg(test)]
#[cfg(feature = "webhook")]
mod webhook;
#[cfg(test)]
#[cfg(all(feature = "woodpecker", feature = "local-git"))]
mod woodpecker;

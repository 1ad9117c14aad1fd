//! How CircleCI is spoken to, and where its projects are.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::RepoRef;
use serde::de::DeserializeOwned;

use super::config::{CircleCiConfig, ParameterType};
use super::wire;
use crate::http::{Access, Auth, Client, Dialect, Pace, Path, TokenHeader, at};

/// How many pages of a list are read at most where all of it is needed.
const PAGES: usize = 50;

static DIALECT: Dialect = Dialect {
    product: "CircleCI",
    accept: "application/json",
    headers: &[],
    token: TokenHeader { name: "circle-token", prefix: "" },
    message: |body| body.get("message")?.as_str().map(str::to_owned),
    kind: |_| None,
};

/// The service, and how its projects are named.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) client: Client,
    project: String,
    projects: HashMap<String, String>,
    /// The parameter that carries the name of the pipeline, where one does.
    pub(super) parameter: Option<String>,
    pub(super) types: BTreeMap<String, ParameterType>,
    artifact_hosts: Vec<String>,
    /// Where a person looks, where that is known.
    web: Option<&'static str>,
    pub(super) start_wait: Duration,
    poll: Duration,
    /// Whether it is asked without credentials.
    pub(super) anonymous: bool,
}

fn config(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, text.into())
}

impl Server {
    /// The service of a configuration; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub(super) fn connect(given: &CircleCiConfig) -> Result<Self> {
        if given.pipeline_parameter.as_deref().is_some_and(str::is_empty) {
            return Err(config("pipelineParameter: give the name of a parameter"));
        }
        if given.poll_ms == 0 {
            return Err(config("pollMs: give at least one millisecond"));
        }
        let base = given.base_url.trim_end_matches('/');
        if base.ends_with("/v2") || base.ends_with("/v1.1") {
            return Err(config(
                "baseUrl: leave the version out, as in https://circleci.com/api: both versions are used",
            ));
        }
        let example = RepoRef::new("owner", "name");
        slug(&given.project, &example).map_err(|error| config(format!("project: {}", error.message())))?;
        for (repo, project) in &given.projects {
            slug(project, &example)
                .map_err(|error| config(format!("projects.{repo}: {}", error.message())))?;
        }
        let hosts: Vec<_> = given.artifact_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        if hosts.iter().any(|host| host.is_empty() || host.contains(['/', ':', '*'])) {
            return Err(config(
                "artifactHosts: give names of hosts, such as circle-artifacts.com, without scheme, port and stars",
            ));
        }
        let access = Access {
            base_url: &given.base_url,
            auth: &given.auth,
            identities: &given.identities,
            http: &given.http,
        };
        Ok(Self {
            client: Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?.vendor_calls(given.vendor_calls),
            project: given.project.clone(),
            projects: given.projects.clone(),
            parameter: given.pipeline_parameter.clone(),
            types: given.parameter_types.clone(),
            artifact_hosts: hosts,
            web: base.starts_with("https://circleci.com/").then_some("https://app.circleci.com/pipelines"),
            start_wait: Duration::from_millis(given.start_wait_ms),
            poll: Duration::from_millis(given.poll_ms),
            anonymous: given.auth == Auth::None,
        })
    }

    /// The pauses between looks.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.poll)
    }

    /// What CircleCI calls the project of a repository.
    ///
    /// # Errors
    /// `Invalid` where the names of the repository make no project.
    pub(super) fn slug(&self, repo: &RepoRef) -> Result<String> {
        let own = self.projects.get(&format!("{}/{}", repo.owner, repo.name));
        slug(own.unwrap_or(&self.project), repo)
    }

    /// The path of a project.
    ///
    /// # Errors
    /// As [`slug`](Self::slug).
    pub(super) fn at_project(&self, repo: &RepoRef) -> Result<Path> {
        Ok(at!["v2", "project", self.slug(repo)?])
    }

    /// A whole list of the vendor's.
    ///
    /// # Errors
    /// `Unsupported` where it is longer than is read; those of reading.
    pub(super) async fn all<T: DeserializeOwned>(&self, cx: &CallContext, path: &Path) -> Result<Vec<T>> {
        let (mut all, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let request = self.client.get(path.clone()).maybe("page-token", token.as_ref());
            let page: wire::Items<T> = request.send(cx).await?;
            all.extend(page.items);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        let text = format!("CircleCI tells more than {PAGES} pages of this list: it is not read to its end");
        Err(Error::new(ErrorKind::Unsupported, text).delivery(Delivery::Answered))
    }

    /// Whether an artifact there is read with the credentials.
    pub(super) fn trusts(&self, address: &str) -> bool {
        let host = url::Url::parse(address).ok().and_then(|url| Some(url.host_str()?.to_ascii_lowercase()));
        let below =
            |host: &str, known: &str| host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
        host.is_some_and(|host| self.artifact_hosts.iter().any(|known| host == *known || below(&host, known)))
    }

    /// Where a person sees a run.
    pub(super) fn page_of(&self, project: &str, number: i64) -> Option<String> {
        let (vendor, rest) = project.split_once('/')?;
        Some(format!("{}/{}/{rest}/{number}", self.web?, long(vendor)))
    }
}

/// A project from its text, with the names of the repository filled in.
fn slug(text: &str, repo: &RepoRef) -> Result<String> {
    let fill = |part: &str| part.replace("{owner}", &repo.owner).replace("{name}", &repo.name);
    let parts: Vec<String> = text.split('/').map(fill).collect();
    let fits = |part: &String| !matches!(part.as_str(), "" | "." | "..") && !part.contains('/');
    if parts.len() == 3 && parts.iter().all(fits) {
        return Ok(parts.join("/"));
    }
    let text = "a project has three parts with slashes between them, such as `gh/acme/widget`";
    Err(Error::new(ErrorKind::Invalid, text))
}

/// The long name of what a project is on.
fn long(vendor: &str) -> &str {
    match vendor {
        "gh" => "github",
        "bb" => "bitbucket",
        other => other,
    }
}

/// Whether two texts name the same project.
pub(super) fn same_project(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let (vendor, rest) = text.split_once('/').unwrap_or(("", text));
        (long(vendor).to_ascii_lowercase(), rest.to_ascii_lowercase())
    };
    parts(one) == parts(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(change: impl FnOnce(CircleCiConfig) -> CircleCiConfig) -> Result<Server> {
        Server::connect(&change(CircleCiConfig::default()))
    }

    #[test]
    fn repositories_have_their_projects() {
        let server = server(|config| config.project_of("acme/app", "circleci/0rg/pr0j")).unwrap();
        let slug = |owner: &str, name: &str| server.slug(&RepoRef::new(owner, name)).ok();
        assert_eq!(slug("acme", "widget").as_deref(), Some("gh/acme/widget"));
        assert_eq!(slug("acme", "app").as_deref(), Some("circleci/0rg/pr0j"));
        assert_eq!((slug("acme", ".."), slug("a/b", "c"), slug("", "c")), (None, None, None));
        assert!(same_project("gh/Acme/widget", "github/acme/Widget"));
        assert!(!same_project("gh/acme/widget", "bb/acme/widget"));
        let page = server.page_of("gh/acme/widget", 7);
        assert_eq!(page.as_deref(), Some("https://app.circleci.com/pipelines/github/acme/widget/7"));
    }

    #[test]
    fn only_named_hosts_are_trusted() {
        let server = server(|config| config).unwrap();
        for good in ["https://circle-artifacts.com/0/a", "https://24-88-gh.circle-artifacts.com/0/a"] {
            assert!(server.trusts(good), "{good}");
        }
        for bad in [
            "https://evil-circle-artifacts.com/0/a",
            "https://circle-artifacts.com.example.org/0/a",
            "https://example.org/circle-artifacts.com",
            "https://circle-artifacts.com@example.org/",
            "circle-artifacts.com",
        ] {
            assert!(!server.trusts(bad), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_field() {
        let fault = |change: fn(CircleCiConfig) -> CircleCiConfig| {
            let error = server(change).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            error.message().split(':').next().unwrap().to_owned()
        };
        assert_eq!(fault(|config| config.base_url("https://circleci.com/api/v2")), "baseUrl");
        assert_eq!(fault(|config| config.project("{owner}/{name}")), "project");
        assert_eq!(fault(|config| config.project_of("acme/app", "pr0j")), "projects.acme/app");
        assert_eq!(fault(|config| config.pipeline_parameter("")), "pipelineParameter");
        assert_eq!(fault(|config| config.poll_ms(0)), "pollMs");
        assert_eq!(fault(|config| config.artifact_hosts(["https://x"])), "artifactHosts");
    }
}

//! How Jenkins is spoken to, where its jobs are, and what names a run.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::RepoRef;
use percent_encoding::percent_decode_str;
use url::Url;

use super::config::JenkinsConfig;
use super::crumb::Crumbs;
use super::wire;
use crate::http::{Access, Answer, Auth, Client, Dialect, Pace, Path, Refusal, Request, TokenHeader};

static DIALECT: Dialect = Dialect {
    product: "Jenkins",
    accept: "application/json",
    headers: &[],
    token: TokenHeader::BEARER,
    // Errors are pages.
    message: |_| None,
    kind,
};

fn kind(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let reason = refusal.headers.get("x-error")?.to_str().ok()?;
    (refusal.status == StatusCode::BAD_REQUEST && reason.contains("already exists"))
        .then_some(ErrorKind::Conflict)
}

/// The server, and how its jobs are laid out.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) client: Client,
    folder: String,
    /// The segments of the base URL's path.
    root: Vec<String>,
    poll: Duration,
    pub(super) queue_wait: Duration,
    crumbs: Crumbs,
    /// Whether it is asked without credentials.
    pub(super) anonymous: bool,
}

impl Server {
    pub(super) fn connect(config: &JenkinsConfig) -> Result<Self> {
        if config.poll_ms == 0 {
            return Err(Error::new(ErrorKind::Config, "pollMs: give at least one millisecond"));
        }
        if config.folder.split('/').any(|part| matches!(part, "" | "." | "..")) {
            let text = "folder: give names of folders with slashes between them, such as `{owner}/{name}`";
            return Err(Error::new(ErrorKind::Config, text));
        }
        let access = Access {
            base_url: &config.base_url,
            auth: &config.auth,
            identities: &config.identities,
            http: &config.http,
        };
        Ok(Self {
            client: Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?.vendor_calls(config.vendor_calls),
            folder: config.folder.clone(),
            root: Url::parse(&config.base_url).map(|url| parts(url.path())).unwrap_or_default(),
            poll: Duration::from_millis(config.poll_ms),
            queue_wait: Duration::from_millis(config.queue_wait_ms),
            crumbs: Crumbs::of(config.identities.keys()),
            anonymous: config.auth == Auth::None,
        })
    }

    /// Sends a write, with a crumb where Jenkins wants one. `make` makes the request anew each time.
    pub(super) async fn write<'a>(
        &'a self,
        cx: &CallContext,
        make: impl Fn() -> Request<'a>,
    ) -> Result<Answer<Bytes>> {
        self.crumbs.write(&self.client, cx, make).await
    }

    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.poll)
    }

    /// The folder of a repository.
    pub(super) fn folder(&self, repo: &RepoRef) -> Path {
        self.folder.split('/').fold(Path::root(), |path, part| {
            path.part("job").part(part.replace("{owner}", &repo.owner).replace("{name}", &repo.name))
        })
    }

    /// A job in it, or in folders below.
    pub(super) fn job(&self, repo: &RepoRef, pipeline: &str) -> Path {
        pipeline.split('/').fold(self.folder(repo), |path, part| path.part("job").part(part))
    }
}

impl Server {
    /// Whether an item of the queue is of this job.
    pub(super) fn is_of(&self, item: &wire::Item, repo: &RepoRef, pipeline: &str) -> bool {
        let url = item.task.as_ref().and_then(|task| Url::parse(task.url.as_deref()?).ok());
        let job = self.job(repo, pipeline);
        match (url, job.encoded()) {
            (Some(url), Ok(job)) => {
                let (place, job) = (parts(url.path()), parts(job));
                // Behind a proxy Jenkins may call itself otherwise than it is called. What comes before is no folder then.
                let root = place.strip_suffix(job.as_slice());
                root.is_some_and(|root| root == self.root || root.iter().all(|part| part != "job"))
            }
            _ => false,
        }
    }
}

/// The segments of a path, decoded.
fn parts(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

/// What names a run: `JOB/17` a build, `JOB/q42` a place in the queue that becomes a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunId {
    pub(super) pipeline: String,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Build(u64),
    Queue(u64),
}

impl RunId {
    /// # Errors
    /// `Invalid` where the text names no run.
    pub(super) fn read(text: &str) -> Result<Self> {
        let place = |text: &str| match text.strip_prefix('q') {
            Some(item) => item.parse().ok().map(Place::Queue),
            None => text.parse().ok().map(Place::Build),
        };
        let parts = text.rsplit_once('/').filter(|(pipeline, _)| !pipeline.is_empty());
        let id = parts
            .and_then(|(pipeline, last)| Some(Self { pipeline: pipeline.to_owned(), place: place(last)? }));
        id.ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("run: `{text}` is no job and number, such as `build/17`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_the_queue_are_of_their_job_only() {
        let server = Server::connect(&JenkinsConfig::new("https://ci.example.org/jenkins")).unwrap();
        let is_of = |url: &str, pipeline: &str| {
            let item = serde_json::json!({ "task": { "url": url } });
            server.is_of(&serde_json::from_value(item).unwrap(), &RepoRef::new("acme", "wid get"), pipeline)
        };
        let url = "https://ci.example.org/jenkins/job/acme/job/wid%20get/job/app/job/main/";
        assert!(is_of(url, "app/main"));
        assert!(!is_of(url, "main") && !is_of(url, "app") && !is_of("no address", "app/main"));
        assert!(!is_of("https://ci.example.org/job/evil/job/wid%20get/job/app/job/main/", "app/main"));
        // The same names in another folder are another job, whatever is in front.
        for other in ["", "/jenkins"] {
            let url =
                format!("https://ci.example.org{other}/job/evil/job/acme/job/wid%20get/job/app/job/main/");
            assert!(!is_of(&url, "app/main"), "{url}");
        }
        assert!(is_of("http://10.0.0.7:8080/job/acme/job/wid%20get/job/app/job/main/", "app/main"));
        let silent = serde_json::from_str("{}").unwrap();
        assert!(!server.is_of(&silent, &RepoRef::new("acme", "wid get"), "app/main"));
    }

    #[test]
    fn runs_are_named_by_job_and_place() {
        let read = |text: &str| RunId::read(text).map(|id| (id.pipeline, id.place)).ok();
        assert_eq!(read("build/17"), Some(("build".into(), Place::Build(17))));
        assert_eq!(read("app/main/q42"), Some(("app/main".into(), Place::Queue(42))));
        for bad in ["17", "/17", "build/", "build/x", "build/q", "build/-1"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

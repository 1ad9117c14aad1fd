//! The store beside CircleCI: files of jobs, which it gives to those with a token, and what steps printed, which a signed address
//! opens.

use std::sync::Arc;

use serde_json::json;

use super::shape::printed;
use crate::fake::forge::Forge;
use crate::fake::http::{Ask, Dialect, Reply};

#[derive(Debug)]
pub(crate) struct Store {
    forge: Arc<Forge>,
}

impl Store {
    pub(crate) fn new(forge: &Arc<Forge>) -> Arc<Self> {
        Arc::new(Self { forge: Arc::clone(forge) })
    }

    fn artifact(&self, ask: &Ask, repo: &str, run: &str, path: &[&str]) -> Option<Reply> {
        if ask.header("circle-token").and_then(|token| self.forge.whose(token)).is_none() {
            return Some(Reply::json(401, &json!({ "message": "You must log in first." })));
        }
        let run = self.forge.run(repo.parse().ok()?, run.parse().ok()?)?;
        let file = run.artifacts.into_iter().find(|file| file.path == path.join("/"))?;
        Some(Reply::bytes(200, "application/octet-stream", file.content))
    }

    fn output(&self, ask: &Ask, repo: &str, job: &str, step: &str) -> Option<Reply> {
        // A store of signed addresses takes no other credentials.
        if ask.header("circle-token").is_some() || ask.query("X-Amz-Signature") != Some("5ecret") {
            return Some(Reply::bytes(400, "application/xml", "<Error><Code>InvalidArgument</Code></Error>"));
        }
        let (run, job) = self.forge.job(repo.parse().ok()?, job.parse().ok()?)?;
        let draft = run.program.jobs.iter().find(|draft| draft.name == job.name)?;
        let text = printed(&run, draft.steps.get(step.parse::<usize>().ok()?)?)?;
        let pieces = json!([{ "message": text, "time": "2026-01-01T00:00:00.000Z", "type": "out" }]);
        Some(Reply::json(200, &pieces))
    }
}

impl Dialect for Store {
    async fn answer(&self, ask: Ask) -> Reply {
        let found = match ask.parts().as_slice() {
            ["artifacts", repo, run, "0", path @ ..] => self.artifact(&ask, repo, run, path),
            ["output", repo, job, step] => self.output(&ask, repo, job, step),
            _ => None,
        };
        found.unwrap_or_else(|| Reply::empty(404))
    }
}

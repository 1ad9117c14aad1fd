//! A list of exchanges, from any of the recorded sets, and how strictly it is replayed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::http::{Method, Uri};
use serde_json::Value;

use super::exchange::{Exchange, Target};
use super::{atlassian, octokit, requre};
use crate::support::shared;

/// Exchanges to be replayed. The ways to get one give `None`, after a line that says why, where the shared test data is not
/// on this machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording {
    pub(super) exchanges: Vec<Exchange>,
    /// Origins of the recorded servers, the longest first.
    origins: BTreeSet<String>,
    pub(super) rehosted: Vec<String>,
    ignored: Vec<&'static str>,
    again: bool,
}

impl Recording {
    /// A file of the set `ogr`, such as `forgejo/test_project/test_commits.yaml`.
    pub(crate) fn requre(file: &str) -> Option<Self> {
        let text = shared::text(&format!("fixtures/ogr/{file}"))?;
        Some(requre::read(&text).unwrap_or_else(|fault| panic!("{file}: {fault}")))
    }

    /// A scenario of the set `octokit-fixtures`, such as `lock-issue`, with ids and times made even.
    pub(crate) fn octokit(scenario: &str) -> Option<Self> {
        Self::octokit_file(scenario, "normalized")
    }

    /// A scenario of the set `octokit-fixtures` as it went over the wire, with what prepared it and cleaned up.
    pub(crate) fn octokit_raw(scenario: &str) -> Option<Self> {
        Self::octokit_file(scenario, "raw")
    }

    fn octokit_file(scenario: &str, form: &str) -> Option<Self> {
        let text = shared::text(&format!("fixtures/octokit-fixtures/github/{scenario}/{form}-fixture.json"))?;
        Some(octokit::read(&text).unwrap_or_else(|fault| panic!("{scenario}: {fault}")))
    }

    /// All answers of Bitbucket in the set `atlassian-python-api`; paths begin with `/2.0`.
    pub(crate) fn atlassian() -> Option<Self> {
        let directory = shared::path("fixtures/atlassian-python-api/bitbucket")?;
        Some(atlassian::read(&directory).unwrap_or_else(|fault| panic!("{fault}")))
    }

    /// One answer of a set that has answers only, at the request that the test says: such as `GET`,
    /// `/api/v2/pipeline/dummy-pipeline-id` and `pycircleci/circleci/get_pipeline_response.json`.
    pub(crate) fn answer(method: Method, target: &str, status: u16, file: &str) -> Option<Self> {
        let text = shared::text(&format!("fixtures/{file}"))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut exchange = Exchange::new(method, path, query, status, text);
        exchange.header("content-type", "application/json");
        Some(Self::of(vec![exchange], []))
    }

    /// The same with other answers: those in JSON as this makes them of what was recorded.
    pub(crate) fn mended(mut self, mend: impl Fn(Value) -> Value) -> Self {
        for exchange in &mut self.exchanges {
            exchange.body = mend(exchange.json()).to_string();
        }
        self
    }

    /// Exchanges of servers at these origins.
    pub(super) fn of(exchanges: Vec<Exchange>, origins: impl IntoIterator<Item = String>) -> Self {
        Self { exchanges, origins: origins.into_iter().collect(), ..Self::default() }
    }

    /// This recording, then another.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.exchanges.extend(other.exchanges);
        self.origins.extend(other.origins);
        self.rehosted.extend(other.rehosted);
        self.ignored.extend(other.ignored);
        self.again |= other.again;
        self
    }

    /// Puts the server of the replay in place of the recorded ones, in bodies and in the headers `Link` and `Location`.
    pub(crate) fn rehost(mut self) -> Self {
        self.rehosted = self.origins.iter().cloned().collect();
        // An origin with a port begins as the one without.
        self.rehosted.sort_by_key(|origin| std::cmp::Reverse(origin.len()));
        self
    }

    /// The same with another segment in its paths, such as a name where another client asks by number.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        self.exchanges.iter_mut().for_each(|exchange| exchange.target.rename(from, to));
        self
    }

    /// Matches requests without these parameters of the query, such as sizes of pages that another client asks for.
    pub(crate) fn ignoring(mut self, parameters: &[&'static str]) -> Self {
        self.ignored.extend(parameters);
        self
    }

    /// Tells the last of equal exchanges again when more of them are asked for. Otherwise each is told once.
    pub(crate) fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// Every exchange.
    pub(crate) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The exchange that answers a request: the first that was not told, and of those one that was sent the same.
    pub(super) fn find(&self, target: &Target, sent: &Value, times: &[usize]) -> Option<usize> {
        let fitting = || {
            let all = self.exchanges.iter().enumerate();
            all.filter(|(_, exchange)| exchange.target.fits(target, &self.ignored))
        };
        let fresh = || fitting().filter(|(at, _)| times[*at] == 0);
        let same =
            |exchange: &Exchange| exchange.sent.as_ref().is_none_or(|part| super::contains(sent, part));
        let found = fresh().find(|(_, exchange)| same(exchange)).or_else(|| fresh().next());
        let found = found.or_else(|| fitting().next_back().filter(|_| self.again));
        found.map(|(at, _)| at)
    }

    /// What is said of a request that was not recorded.
    pub(super) fn missed(&self, method: &Method, uri: &Uri) -> String {
        let mut line = format!("{method} {uri} is not recorded, or was told already; recorded are:");
        for exchange in &self.exchanges {
            write!(line, " [{exchange}]").unwrap();
        }
        line
    }
}

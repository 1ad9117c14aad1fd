//! Prism, a server that answers after a vendor's own document and checks each request against it.
//!
//! The provider speaks to a proxy in front of it, which keeps what was asked and what was wrong with it.

mod paths;
mod program;
mod proxy;
#[cfg(any(feature = "bitbucket", feature = "github", feature = "woodpecker"))]
mod told;
mod violation;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;

use self::paths::Paths;
use self::program::Program;
use self::proxy::Proxy;
#[cfg(any(feature = "bitbucket", feature = "github", feature = "woodpecker"))]
pub(crate) use self::told::{Told, told};
pub(crate) use self::violation::Violation;
use super::serve::{Seen, Server};
use super::shared;

/// The variable that names Prism's program, a file for `node`; `cargo xtask test` sets it.
const PROGRAM: &str = "MOSAIC_PRISM";

/// The variable under which a missing program is a failure instead of a skipped test.
const REQUIRED: &str = "MOSAIC_REQUIRE_SERVERS";

/// A vendor's document and how it is mounted.
#[derive(Clone)]
pub(crate) struct Document {
    file: &'static str,
    base: &'static str,
    origins: Vec<&'static str>,
    amend: Option<fn(&mut Value)>,
    json: Option<&'static str>,
    mend: Arc<Mend>,
    endless: bool,
}

/// Makes of an answer one that fits together with the others.
type Mend = dyn Fn(&str, &mut Value) + Send + Sync;

impl Document {
    /// A document below `specs` of the shared test data, such as `gitea/swagger.v1.pruned.json`.
    pub(crate) fn new(file: &'static str) -> Self {
        let (base, origins) = ("", Vec::new());
        Self { file, base, origins, amend: None, json: None, mend: Arc::new(|_, _| {}), endless: false }
    }

    /// Mounts its paths below this one, such as `/api/v1`: Prism ignores what a document says of it. A request outside of it
    /// is a violation.
    pub(crate) fn below(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    /// Replaces this origin, such as `https://api.github.com`, by the proxy's in the headers `Link` and `Location`, which
    /// the document's examples fill with real hosts.
    pub(crate) fn rehost(mut self, origin: &'static str) -> Self {
        self.origins.push(origin);
        self
    }

    /// Puts right what the document is known to say wrong, as recordings of the vendor show.
    pub(crate) fn amend(mut self, amend: fn(&mut Value)) -> Self {
        self.amend = Some(amend);
        self
    }

    /// Says under which name the vendor is asked for JSON, such as `application/vnd.github+json`, where its document lists
    /// plain `application/json`.
    pub(crate) fn json_as(mut self, name: &'static str) -> Self {
        self.json = Some(name);
        self
    }

    /// Lets this change every answer, told of the request as `POST /a/b`: the examples of a document need not fit together,
    /// and only requests are held to it. What is no JSON comes as `null` and stays as it is.
    pub(crate) fn mended_by(mut self, mend: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Self {
        self.mend = Arc::new(mend);
        self
    }

    /// Takes away the links of answers that say of every page that another one comes.
    pub(crate) fn one_page(mut self) -> Self {
        self.endless = true;
        self
    }
}

/// A running Prism with its proxy. Dropping it ends both; should the test process be killed, Prism ends too.
///
/// It takes seconds to boot and a hundred megabytes: one per test, and one test per vendor that calls every operation. Give
/// such tests a name with `prism` in it, so that the runner holds back their number.
pub(crate) struct Prism {
    server: Server,
    proxy: Proxy,
    paths: Paths,
    _program: Program,
}

impl Prism {
    /// Boots Prism with a document. `None`, after a line that says why, where the program or the document is not on this
    /// machine; with `MOSAIC_REQUIRE_SERVERS=1` a missing program is a failure.
    pub(crate) async fn boot(document: Document) -> Option<Self> {
        let file = shared::path(&format!("specs/{}", document.file))?;
        let program = match program_file() {
            Ok(program) => program,
            Err(missing) => {
                assert!(
                    std::env::var_os(REQUIRED).is_none_or(|value| value != "1"),
                    "{missing}; {REQUIRED} is set"
                );
                println!("skipped: {missing}");
                return None;
            }
        };
        let text = std::fs::read_to_string(&file).unwrap();
        let mut whole: Value = serde_json::from_str(&text).unwrap();
        let amended = document.amend.map(|amend| {
            amend(&mut whole);
            let place = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
            serde_json::to_writer(&place, &whole).unwrap();
            place
        });
        let paths = Paths::read(&whole, document.base);
        let file = amended.as_ref().map_or(file.as_path(), |place| place.path());
        let (program, origin) = Program::start(&program, file).await;
        let proxy = Proxy::new(origin, document);
        let server = Server::start(proxy.router()).await;
        proxy.serves(server.url());
        Some(Self { server, proxy, paths, _program: program })
    }

    /// The origin that the provider is to speak to; the base path comes after it.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Asks for answers of this status from now on, where the document has one; `None` leaves the choice to Prism.
    pub(crate) fn prefer(&self, code: Option<u16>) {
        self.proxy.prefer(code);
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.server.seen()
    }

    /// The requests so far as method and path template of the document, such as `GET /repos/{owner}/{repo}`, without
    /// repeats, sorted. A request that fits no template is a violation and left out.
    pub(crate) fn hits(&self) -> Vec<(Method, String)> {
        let seen = self.server.seen();
        let fitting = seen.iter().filter_map(|seen| {
            let template = self.paths.template(&seen.method, seen.path())?;
            Some((seen.method.clone(), template.to_owned()))
        });
        let mut hits: Vec<_> = fitting.collect();
        hits.sort_by(|a, b| (&a.1, a.0.as_str()).cmp(&(&b.1, b.0.as_str())));
        hits.dedup();
        hits
    }

    /// What was wrong with the requests so far, and is forgotten now.
    pub(crate) fn take_violations(&self) -> Vec<Violation> {
        self.proxy.take_violations()
    }

    /// Fails where any request was against the document, with each of them and what was wrong; or where none was made.
    pub(crate) fn assert_clean(&self) {
        assert!(self.server.count() > 0, "no request reached the document's server");
        let violations = self.take_violations();
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "{} violations of the document:\n{}", lines.len(), lines.join("\n"));
    }
}

/// The program, or why it is not there.
fn program_file() -> Result<PathBuf, String> {
    let missing = || format!("{PROGRAM} names no Prism; `cargo xtask test` installs it");
    let program = PathBuf::from(std::env::var_os(PROGRAM).ok_or_else(missing)?);
    if program.is_file() { Ok(program) } else { Err(format!("{PROGRAM} names a file that is not there")) }
}

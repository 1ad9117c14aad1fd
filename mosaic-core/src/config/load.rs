//! The first step: from a file to what it says, without any provider.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::check::Checker;
use super::code::Code;
use super::form::{self, ANNOTATIONS, Orchestration, WRAPPER};
use super::node::{Content, Node, Resolved};
use super::read::Extras;
use super::report::{Found, Report, Severity, report};
use super::source::Source;
use super::{Config, env, path, read, yaml};
use crate::engine::route::{AttributeKind, Member, SelectorDef};
use crate::op::OpSet;
use crate::types::{ProviderId, ServiceKind};

type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Reads configurations, with what the application knows beside the file.
///
/// ```
/// use mosaic_core::config::{Code, Loader};
///
/// let loader = Loader::new().environment(|name| (name == "LIMIT").then(|| "50".into()));
/// let text = "plugins: [{ id: a, type: git, provider: local, config: { rateLimit: { maxRequests: '${LIMIT}', windowMs: 1000 } } }]";
/// assert!(loader.parse("mosaic.yaml", text).is_ok());
/// let report = loader.parse("mosaic.yaml", text.replace("LIMIT", "LIMITS")).unwrap_err();
/// assert_eq!(report.faults()[0].code(), Code::MissingVariable);
/// ```
#[must_use]
pub struct Loader {
    variables: Variables,
    strict: Option<bool>,
    extras: Extras,
}

impl Default for Loader {
    fn default() -> Self {
        Self { variables: Box::new(|name| std::env::var(name).ok()), strict: None, extras: Extras::default() }
    }
}

impl Loader {
    /// Variables come from the environment of the process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Variables come from this function.
    pub fn environment(mut self, variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.variables = Box::new(variables);
        self
    }

    /// Whether warnings are errors, whatever the file says.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// A provider that the application adds itself: rules of the file may name it.
    pub fn provider(mut self, id: ProviderId, service: ServiceKind) -> Self {
        self.extras.providers.push(Member::new(id, OpSet::service(service).and(OpSet::vendor(service))));
        self
    }

    /// An attribute of calls that conditions of the file may read.
    pub fn attribute(mut self, name: impl Into<String>, kind: AttributeKind) -> Self {
        self.extras.attributes.push((name.into(), kind));
        self
    }

    /// A selector that patterns of the file may begin with.
    pub fn selector(mut self, selector: SelectorDef) -> Self {
        self.extras.selectors.push(selector);
        self
    }

    /// Reads a file. Blocks while it does.
    ///
    /// # Errors
    /// A report of every fault.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Config, Report> {
        let name = path.as_ref().display().to_string();
        let mut bytes = Vec::new();
        // One byte more than is read: so that a file that is too long is seen to be.
        let opened =
            File::open(&path).and_then(|file| file.take(yaml::LONGEST as u64 + 1).read_to_end(&mut bytes));
        let text = match opened {
            Ok(_) => String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match text {
            Ok(text) => self.parse(name, text),
            Err(reason) => {
                let message = format!("the file cannot be read: {reason}");
                let fault = Found { span: None, ..Found::error(Code::Unreadable, "", 0..0, message) };
                Err(report(&Source::new(name, ""), vec![fault], false))
            }
        }
    }

    /// Reads a text; `name` is what reports call the file.
    ///
    /// # Errors
    /// A report of every fault.
    pub fn parse(&self, name: impl Into<String>, text: impl Into<String>) -> Result<Config, Report> {
        let mut source = Source::new(name, text);
        let mut found = Vec::new();
        let Some(mut root) = yaml::parse(&mut source, &mut found) else {
            return Err(report(&source, found, false));
        };
        let missing = env::expand(&mut root, (WRAPPER, &ANNOTATIONS), source.text(), &*self.variables);

        // An empty file says nothing, which is no fault.
        if root.is_null() {
            root.content = Content::Map(Vec::new());
        }
        let wrapped = root.entry(WRAPPER).is_some();
        let schemas = form::schema();
        let mut checker = Checker::new(schemas.published());
        let value = checker.check(&root, schemas.of(wrapped), "").unwrap_or_default();
        let (value, node, at) = match root.get(WRAPPER) {
            Some(node) => (value.get(WRAPPER).cloned().unwrap_or_default(), node, WRAPPER),
            None => (value, &root, ""),
        };
        checker.masked.into_iter().for_each(|span| source.mask(span));
        found.extend(checker.found);
        // What is not used needs no variables.
        let unused = unused(node, at);
        let in_use = |fault: &Found| !unused.iter().any(|part| path::within(&fault.path, part));
        found.extend(missing.into_iter().filter(in_use));

        let form = match serde_json::from_value::<Orchestration>(if value.is_null() {
            Value::Object(Default::default())
        } else {
            value
        }) {
            Ok(form) => form,
            Err(_) if !found.is_empty() => Orchestration::default(),
            Err(_) => {
                // The check and the form come from one definition. The error may quote values: it is not shown.
                let message = "the file is as its schema says, and cannot be read all the same";
                found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
                Orchestration::default()
            }
        };
        let strict = self.strict.or(form.strict).unwrap_or(false);
        let parts = read::read(&source, (node, at), form, &self.extras, &mut found);
        // A value with a variable that is not set has that one fault: what else seems wrong with it follows from it.
        let unset = |code| matches!(code, Code::MissingVariable | Code::BadVariable);
        let paths: HashSet<String> =
            found.iter().filter(|fault| unset(fault.code)).map(|fault| fault.path.clone()).collect();
        found.retain(|fault| unset(fault.code) || !paths.contains(&fault.path));
        let report = report(&source, found, strict);
        let failed = report.faults().iter().any(|fault| fault.severity() == Severity::Error);
        if failed { Err(report) } else { Ok(Config { source, parts, warnings: report }) }
    }
}

/// The paths of the configurations of providers that are not enabled. By its place in the file an alias is not told from its anchor.
fn unused(root: &Node, at: &str) -> Vec<String> {
    let plugins = root.get("plugins").map(Node::items).unwrap_or_default();
    let at = path::key(at, "plugins");
    let off = |(_, plugin): &(usize, &Node)| {
        plugin
            .get("enabled")
            .and_then(Node::scalar)
            .is_some_and(|enabled| enabled.looks_like() == Resolved::Bool(false))
    };
    plugins
        .iter()
        .enumerate()
        .filter(off)
        .map(|(position, _)| path::key(&path::index(&at, position), "config"))
        .collect()
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("strict", &self.strict)
            .field("extras", &self.extras)
            .finish_non_exhaustive()
    }
}

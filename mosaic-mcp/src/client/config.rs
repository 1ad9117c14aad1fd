//! What can be set about a remote MCP server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{OpSet, catalogue};
use mosaic_core::types::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The configuration of a remote MCP server.
///
/// ```
/// use mosaic_mcp::client::{RemoteConfig, Way};
///
/// let config: RemoteConfig = serde_json::from_str(
///     r#"{ "way": { "type": "command", "command": "files-server", "args": ["/srv/files"] }, "tools": ["*"] }"#,
/// )?;
/// assert!(matches!(config.way, Way::Command(_)));
/// assert!(config.allows("read_file") && !config.trust_hints);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RemoteConfig {
    /// How the server is reached.
    pub way: Way,
    /// Operations of the catalogue that the server answers, by their names, such as `git.get_repository`: for a server that
    /// is Mosaic. Each has a tool of its name there, such as `git_get_repository`; a server that lacks one is not started.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub operations: BTreeSet<String>,
    /// Tools that may be called by their own names, in the server's own words; `*` stands for all. None where absent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tools: BTreeSet<String>,
    /// Tools that are known to change nothing. Every other one counts as a change, and is not called again where it may have
    /// run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reads: BTreeSet<String>,
    /// Whether the server is believed when it says that a tool changes nothing; not where absent.
    #[serde(default)]
    pub trust_hints: bool,
    /// Whether the server does a write with an idempotency key once; not where absent.
    #[serde(default)]
    pub honours_keys: bool,
    /// Whether everything goes on without the server where it does not come up: it is then tried again and again. Where
    /// absent, its absence is an error of the start.
    #[serde(default)]
    pub optional: bool,
    /// How the connection is opened.
    #[serde(default)]
    pub handshake: Handshake,
    /// The longest that the server may take until it can be called, in milliseconds; 20,000 where absent.
    #[serde(default = "start_ms")]
    #[schemars(range(min = 1, max = 28_000))]
    pub start_ms: u64,
    /// The longest that a call may take, in milliseconds; 60,000 where absent. Its context may allow less.
    #[serde(default = "call_ms")]
    #[schemars(range(min = 1))]
    pub call_ms: u64,
    /// How long the server has to end by itself before it is killed, in milliseconds; 2,000 where absent.
    #[serde(default = "stop_ms")]
    #[schemars(range(max = 10_000))]
    pub stop_ms: u64,
    /// After how long the list of tools is asked for again, in milliseconds; 300,000 where absent. It is also asked for when
    /// the server says that it has changed.
    #[serde(default = "tools_ms")]
    #[schemars(range(min = 1_000))]
    pub tools_ms: u64,
    /// The largest message that is taken from the server, in bytes; 4 MiB where absent. A call whose answer is larger
    /// fails at once.
    #[serde(default = "answer_bytes")]
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub answer_bytes: usize,
}

const fn start_ms() -> u64 {
    20_000
}
const fn call_ms() -> u64 {
    60_000
}
const fn stop_ms() -> u64 {
    2_000
}
const fn tools_ms() -> u64 {
    300_000
}
const fn answer_bytes() -> usize {
    4 << 20
}

/// How a remote server is reached.
///
/// ```
/// use mosaic_mcp::client::Way;
///
/// let way: Way = serde_json::from_str(r#"{ "type": "command", "command": "files-server" }"#)?;
/// assert!(matches!(way, Way::Command(command) if command.args.is_empty()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Way {
    /// As a child process, over its standard input and output.
    #[cfg(feature = "stdio")]
    Command(CommandConfig),
    /// Over HTTP.
    #[cfg(feature = "http")]
    Http(HttpServerConfig),
}

/// A server that is started as a child process, as the leader of a process group of its own.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::client::CommandConfig;
///
/// let command = CommandConfig::new("files-server").arg("/srv/files").secret("FILES_TOKEN", Secret::new("s3cr3t"));
/// assert!(!format!("{command:?}").contains("s3cr3t"));
/// ```
#[cfg(feature = "stdio")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CommandConfig {
    /// The program, by its name or its path.
    pub command: String,
    /// Its arguments. Others can read them: what is secret goes into `secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The variables of this process that it gets; `PATH`, `HOME`, `LANG` and `TMPDIR` where absent. It gets no other.
    #[serde(default = "passed")]
    pub pass: BTreeSet<String>,
    /// Variables that it gets, with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Variables that it gets, with values that are never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Secret>,
    /// The directory that it works in; that of this process where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
}

#[cfg(feature = "stdio")]
fn passed() -> BTreeSet<String> {
    ["PATH", "HOME", "LANG", "TMPDIR"].map(String::from).into()
}

#[cfg(feature = "stdio")]
impl CommandConfig {
    /// A program without arguments.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            args: Vec::new(),
            pass: passed(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            directory: None,
        }
    }

    /// The same with one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The same with a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// The same with a variable that is never shown.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }

    /// The same in a directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }
}

/// A server that is reached over HTTP. Redirections are not followed.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::client::HttpServerConfig;
///
/// let server = HttpServerConfig::new("https://tools.example.org/mcp").token(Secret::new("s3cr3t"));
/// assert!(!format!("{server:?}").contains("s3cr3t"));
/// ```
#[cfg(feature = "http")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HttpServerConfig {
    /// Its address. Without TLS only loopback is taken, unless `plaintext` is set.
    pub url: String,
    /// The token that is sent as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Headers that are sent with every request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// The proxy that everything goes through; none where absent, whatever the environment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// A PEM file with authorities of one's own house, trusted beside those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Whether an address without TLS is taken that is not loopback: tokens and answers can then be read on the way.
    #[serde(default)]
    pub plaintext: bool,
    /// The longest that making a connection may take, in milliseconds; 10,000 where absent.
    #[serde(default = "connect_ms")]
    #[schemars(range(min = 1, max = 600_000))]
    pub connect_ms: u64,
}

#[cfg(feature = "http")]
const fn connect_ms() -> u64 {
    10_000
}

#[cfg(feature = "http")]
impl HttpServerConfig {
    /// A server at an address, without a token.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            headers: BTreeMap::new(),
            proxy: None,
            ca: None,
            plaintext: false,
            connect_ms: connect_ms(),
        }
    }

    /// The same with a token.
    #[must_use]
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.headers.insert(name.into(), value);
        self
    }
}

/// How a connection is opened.
///
/// ```
/// use mosaic_mcp::client::Handshake;
///
/// assert_eq!(Handshake::default(), Handshake::Auto);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Handshake {
    /// The server is asked what it speaks (revision 2026-07-28); one that does not know the question is greeted as before.
    #[default]
    Auto,
    /// The greeting of the revisions up to 2025-11-25, at once.
    Initialize,
}

impl RemoteConfig {
    /// A server that is reached so, none of whose tools may be called yet.
    pub fn new(way: Way) -> Self {
        Self {
            way,
            operations: BTreeSet::new(),
            tools: BTreeSet::new(),
            reads: BTreeSet::new(),
            trust_hints: false,
            honours_keys: false,
            optional: false,
            handshake: Handshake::Auto,
            start_ms: start_ms(),
            call_ms: call_ms(),
            stop_ms: stop_ms(),
            tools_ms: tools_ms(),
            answer_bytes: answer_bytes(),
        }
    }

    /// A server that is started as a child process.
    #[cfg(feature = "stdio")]
    pub fn command(command: CommandConfig) -> Self {
        Self::new(Way::Command(command))
    }

    /// A server that is reached over HTTP.
    #[cfg(feature = "http")]
    pub fn http(server: HttpServerConfig) -> Self {
        Self::new(Way::Http(server))
    }

    /// The same, answering these operations of the catalogue.
    #[must_use]
    pub fn operations(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.operations = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these tools to be called by their own names; `*` stands for all.
    #[must_use]
    pub fn tools(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tools = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these tools known to change nothing.
    #[must_use]
    pub fn reads(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.reads = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same, believing the server or not when it says that a tool changes nothing.
    #[must_use]
    pub fn trust_hints(mut self, trust: bool) -> Self {
        self.trust_hints = trust;
        self
    }

    /// The same, going on or not where the server does not come up.
    #[must_use]
    pub fn optional(mut self, optional: bool) -> Self {
        self.optional = optional;
        self
    }

    /// The same with another way to open the connection.
    #[must_use]
    pub fn handshake(mut self, handshake: Handshake) -> Self {
        self.handshake = handshake;
        self
    }

    /// The same with another time until the server can be called, in milliseconds.
    #[must_use]
    pub fn start_ms(mut self, limit: u64) -> Self {
        self.start_ms = limit;
        self
    }

    /// The same with another limit for calls, in milliseconds.
    #[must_use]
    pub fn call_ms(mut self, limit: u64) -> Self {
        self.call_ms = limit;
        self
    }

    /// The same with another time to end, in milliseconds.
    #[must_use]
    pub fn stop_ms(mut self, limit: u64) -> Self {
        self.stop_ms = limit;
        self
    }

    /// The same with another limit for messages, in bytes.
    #[must_use]
    pub fn answer_bytes(mut self, limit: usize) -> Self {
        self.answer_bytes = limit;
        self
    }

    /// Whether a tool may be called by its own name.
    pub fn allows(&self, tool: &str) -> bool {
        self.tools.contains("*") || self.tools.contains(tool)
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// `Config`, saying what does not fit, without values.
    pub(super) fn read(config: Value) -> Result<Self> {
        serde_json::from_value(config).map_err(|error| config_error(without_values(&error.to_string())))
    }

    /// The operations it declares.
    ///
    /// # Errors
    /// `Config` for a name that the catalogue does not have.
    pub(super) fn declared(&self) -> Result<OpSet> {
        self.operations.iter().try_fold(OpSet::EMPTY, |set, name| {
            let def = catalogue()
                .find(name)
                .map_err(|error| config_error(format!("operations: {}", error.message())))?;
            if def.meta.vendor {
                return Err(config_error(format!("operations: {name} is not to be named: list `tools`")));
            }
            Ok(set.with(def.meta))
        })
    }

    pub(super) fn start_limit(&self) -> Duration {
        Duration::from_millis(self.start_ms)
    }
    pub(super) fn call_limit(&self) -> Duration {
        Duration::from_millis(self.call_ms)
    }
    pub(super) fn stop_limit(&self) -> Duration {
        Duration::from_millis(self.stop_ms)
    }
    pub(super) fn tools_limit(&self) -> Duration {
        Duration::from_millis(self.tools_ms)
    }
}

/// What serde says of a value, without the value: it may be a secret.
fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '"' if inside => {
                out.push_str("***\"");
                inside = false;
            }
            '"' => {
                out.push('"');
                inside = true;
            }
            _ if inside => {}
            c => out.push(c),
        }
    }
    out
}

pub(super) fn config_error(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, text)
}

#[cfg(all(test, feature = "http", feature = "stdio"))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_of_a_configuration_name_the_field_and_no_value() {
        let way = json!({ "type": "command", "command": "x", "env": { "A": ["s3cr3t"] } });
        for config in [
            json!({ "way": way }),
            json!({ "way": { "type": "command", "command": "x" }, "startMs": "s3cr3t" }),
            json!({ "way": { "type": "http", "url": "http://127.0.0.1/", "token": 7 } }),
            json!({}),
        ] {
            let error = RemoteConfig::read(config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.message().contains("s3cr3t"), "{error}");
        }
        let error = RemoteConfig::read(json!({ "way": { "type": "command", "command": "x" }, "tool": [] }));
        assert!(error.unwrap_err().message().contains("`tool`"));
    }

    #[test]
    fn operations_are_those_of_the_catalogue() {
        let config = RemoteConfig::command(CommandConfig::new("x"));
        assert!(config.declared().unwrap().is_empty());
        assert_eq!(config.clone().operations(["git.get_file"]).declared().unwrap().len(), 1);
        for name in ["git.get_fil", "git.vendor_read"] {
            let error = config.clone().operations([name]).declared().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{name}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let command = CommandConfig::new("x").secret("TOKEN", Secret::new("s3cr3t"));
        let http = HttpServerConfig::new("https://h/")
            .token(Secret::new("s3cr3t"))
            .header("x-key", Secret::new("s3cr3t"));
        for config in [RemoteConfig::command(command), RemoteConfig::http(http)] {
            assert!(!format!("{config:?}").contains("s3cr3t"));
            assert!(!serde_json::to_string(&config).unwrap().contains("s3cr3t"));
        }
    }
}

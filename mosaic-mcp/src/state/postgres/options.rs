//! How a store in PostgreSQL is opened: where the server is, how it is spoken to, and what this store uses of it.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::PostgresStore;

/// The longest name of a namespace.
const LONGEST: usize = 40;

/// Settings of every connection. What is asked is always found by an index, whatever the statistics of a young table say, and each
/// statement is planned once.
const SETTINGS: [(&str, &str); 8] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_sort", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("default_transaction_isolation", "read committed"),
];

/// How the server is spoken to.
///
/// ```
/// use mosaic_mcp::state::Tls;
///
/// assert_eq!(Tls::default(), Tls::Verified { authority: None });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted, by a certificate for the host's name.
    Verified {
        /// A file with the certificates that may sign it; those of the public authorities where there is none.
        authority: Option<PathBuf>,
    },
    /// In the clear: on this machine, or where something below encrypts.
    Off,
}

impl Default for Tls {
    fn default() -> Self {
        Self::Verified { authority: None }
    }
}

/// How a store in PostgreSQL is opened.
///
/// ```no_run
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::state::{PostgresOptions, State};
///
/// # async fn open(url: Secret) -> mosaic_core::Result<()> {
/// let store = PostgresOptions::new(url).namespace("team").open().await?;
/// let state = State::open(store).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PostgresOptions {
    url: Secret,
    pub(super) namespace: String,
    pub(super) readers: u32,
    pub(super) notify: bool,
    pub(super) poll_every: Duration,
    pub(super) patience: Duration,
    tls: Option<Tls>,
}

impl PostgresOptions {
    /// The store of a server: `postgres://user:password@host:port/database`. Defaults: the namespace `mosaic`, 8 connections for
    /// reads, 30 seconds of patience, hints by `NOTIFY`, a question every 500 milliseconds. A server on this machine is spoken to
    /// in the clear, any other by TLS with its certificate and name verified. A pooler in between has to keep sessions, since the
    /// settings of a connection are made once.
    pub fn new(url: Secret) -> Self {
        Self {
            url,
            namespace: "mosaic".to_owned(),
            readers: 8,
            notify: true,
            poll_every: Duration::from_millis(500),
            patience: Duration::from_secs(30),
            tls: None,
        }
    }

    /// The schema that holds the store, so that several share a database: 1 to 40 lower case letters, digits and `_`, not beginning
    /// with a digit or `pg_`. It is made where it is not there.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = name.into();
        self
    }

    /// How many connections reads use at most. Writes have one more, and hints another.
    pub fn readers(mut self, most: u32) -> Self {
        self.readers = most.max(1);
        self
    }

    /// Whether other nodes are told of each commit by `NOTIFY`. Without it they ask, or hear it another way.
    pub fn notify(mut self, tell: bool) -> Self {
        self.notify = tell;
        self
    }

    /// How often this node asks for what it did not hear of; at most 500 milliseconds.
    pub fn poll_every(mut self, every: Duration) -> Self {
        self.poll_every = every.clamp(Duration::from_millis(1), Duration::from_millis(500));
        self
    }

    /// How long an answer of the server, a free connection and the write turn are waited for. A node that holds the turn for as
    /// long without a word loses it, and with it what it had not committed.
    pub fn patience(mut self, most: Duration) -> Self {
        self.patience = most.max(Duration::from_millis(100));
        self
    }

    /// How the server is spoken to, whatever its address.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Opens the store: makes its tables, or brings them up to date.
    ///
    /// # Errors
    /// `Config` where the address or the namespace cannot be, or the tables are of a newer version; those of the server.
    pub async fn open(self) -> Result<PostgresStore> {
        PostgresStore::open(self).await
    }

    /// What every connection is opened with.
    pub(super) fn connect(&self) -> Result<PgConnectOptions> {
        self.check_namespace()?;
        // The parser's error may quote the address.
        let url = |_| {
            let form = "postgres://user:password@host:port/database";
            Error::new(
                ErrorKind::Config,
                format!("the address of the server cannot be read: its form is {form}"),
            )
        };
        let options = PgConnectOptions::from_str(self.url.expose()).map_err(url)?;
        let tls =
            self.tls.clone().unwrap_or_else(|| if is_here(&options) { Tls::Off } else { Tls::default() });
        let options = match tls {
            Tls::Off => options.ssl_mode(PgSslMode::Disable),
            Tls::Verified { authority } => {
                let options = options.ssl_mode(PgSslMode::VerifyFull);
                authority.iter().fold(options, |options, file| options.ssl_root_cert(file))
            }
        };
        let patience = self.patience.as_millis().to_string();
        Ok(options
            .application_name("mosaic")
            .options([("search_path", self.namespace.as_str())])
            .options(SETTINGS)
            .options([
                ("statement_timeout", patience.as_str()),
                ("idle_in_transaction_session_timeout", patience.as_str()),
                ("tcp_user_timeout", patience.as_str()),
            ])
            .disable_statement_logging())
    }

    fn check_namespace(&self) -> Result<()> {
        let name = &self.namespace;
        let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let begins =
            name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && !name.starts_with("pg_");
        if fits && begins && name.len() <= LONGEST {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        let rule =
            format!("1 to {LONGEST} lower case letters, digits and _, not beginning with a digit or pg_");
        Err(Error::new(ErrorKind::Config, format!("{shown:?} is no namespace: {rule}")))
    }
}

/// Whether the server is on this machine.
fn is_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |host: &str| host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    options.get_socket().is_some() || host == "localhost" || host.starts_with('/') || is_loopback(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(url: &str) -> Result<PgConnectOptions> {
        PostgresOptions::new(Secret::new(url)).connect()
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_told_otherwise() {
        let mode = |url: &str| connect(url).unwrap().get_ssl_mode() as u8;
        for here in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:5433/d",
            "postgres://u@[::1]/d",
            "postgres://u@%2Frun%2Fpg/d",
        ] {
            assert_eq!(mode(here), PgSslMode::Disable as u8, "{here}");
        }
        for elsewhere in [
            "postgres://u@db.example/d",
            "postgres://u@10.0.0.7/d?sslmode=disable",
            "postgres://u@127.0.0.1.example/d",
        ] {
            assert_eq!(mode(elsewhere), PgSslMode::VerifyFull as u8, "{elsewhere}");
        }
        let plain = PostgresOptions::new(Secret::new("postgres://u@db.example/d")).tls(Tls::Off);
        assert_eq!(plain.connect().unwrap().get_ssl_mode() as u8, PgSslMode::Disable as u8);
    }

    #[test]
    fn what_cannot_be_is_refused_without_the_password() {
        for bad in ["", "nonsense", "postgres://u:hunter2@host:port/d", "postgres://u:hunter2@h/d?port=x"] {
            let error = connect(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        for bad in ["", "Team", "7up", "pg_temp", "a b", "a\"b", &"x".repeat(41)] {
            let options = PostgresOptions::new(Secret::new("postgres://u@localhost/d")).namespace(bad);
            assert_eq!(options.connect().unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
        let options = PostgresOptions::new(Secret::new("postgres://u:hunter2@localhost/d"));
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}

//! A Redis of one's own.

use std::path::{Path, PathBuf};

use mosaic_core::types::Secret;

use super::program::{Program, free_port};

/// A server that keeps nothing.
pub(crate) struct Redis {
    program: PathBuf,
    port: u16,
    /// The folder with its certificate and key, where it is spoken to by TLS alone.
    tls: Option<PathBuf>,
    running: Option<Program>,
}

impl Redis {
    /// Starts one; none where the machine has none and need not have.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// Starts one that is spoken to by TLS alone, with `server.pem` and `server.key` of a folder.
    pub(crate) fn start_tls(folder: &Path) -> Option<Self> {
        Self::start_with(Some(folder.to_owned()))
    }

    fn start_with(tls: Option<PathBuf>) -> Option<Self> {
        let program = super::program("MOSAIC_REDIS")?;
        let mut server = Self { program, port: 0, tls, running: None };
        // The port may be taken in the meantime.
        let mut why = String::new();
        for _ in 0..5 {
            server.port = free_port();
            match server.run() {
                Ok(()) => return Some(server),
                Err(error) => why = error,
            }
        }
        panic!("Redis does not start: {why}");
    }

    fn run(&mut self) -> Result<(), String> {
        let port = self.port.to_string();
        let mut args = vec!["--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"];
        let file = |name: &str| self.tls.as_ref().map(|tls| tls.join(name).display().to_string());
        let (certificate, key) =
            (file("server.pem").unwrap_or_default(), file("server.key").unwrap_or_default());
        match self.tls {
            None => args.extend(["--port", &port]),
            Some(_) => {
                args.extend(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                args.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
            }
        }
        self.running = Some(Program::start(&self.program, &args, "KILL", "Ready to accept connections")?);
        Ok(())
    }

    /// Its address.
    pub(crate) fn url(&self) -> Secret {
        Secret::new(format!("redis://127.0.0.1:{}/", self.port))
    }

    /// Its address by a name, by TLS.
    pub(crate) fn tls_url(&self, host: &str) -> Secret {
        Secret::new(format!("rediss://{host}:{}/", self.port))
    }

    /// Ends it without a warning.
    pub(crate) fn crash(&mut self) {
        self.running.take().unwrap().kill("KILL");
    }

    /// Starts it again.
    pub(crate) fn restart(&mut self) {
        self.run().unwrap();
    }
}

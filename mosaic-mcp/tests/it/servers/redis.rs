//! A Redis of one's own.

use std::path::PathBuf;

use mosaic_core::types::Secret;

use super::program::{Program, free_port};

/// A server that keeps nothing.
pub(crate) struct Redis {
    program: PathBuf,
    port: u16,
    running: Option<Program>,
}

impl Redis {
    /// Starts one; none where the machine has none and need not have.
    pub(crate) fn start() -> Option<Self> {
        let program = super::program("MOSAIC_REDIS")?;
        let mut server = Self { program, port: 0, running: None };
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
        let args = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"];
        self.running = Some(Program::start(&self.program, &args, "KILL", "Ready to accept connections")?);
        Ok(())
    }

    /// Its address.
    pub(crate) fn url(&self) -> Secret {
        Secret::new(format!("redis://127.0.0.1:{}/", self.port))
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

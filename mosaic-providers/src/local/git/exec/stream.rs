//! Answers of git that are too long to be held: seen record by record.

use std::ops::ControlFlow;

use futures_util::future::join;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::{Output, Run, STDERR_LIMIT, drain, fault};

/// No record may be longer: two paths and a few words.
const RECORD_LIMIT: u64 = 64 * 1024;

impl Run {
    /// Runs git and shows what it prints record by record, each without the NUL that ends it. Where `see` has enough, git is
    /// ended.
    pub(in crate::local::git) async fn each(
        self,
        mut see: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let verb = self.verb;
        let broken =
            |error| Error::new(ErrorKind::Network, format!("lost contact with git {verb}")).source(error);
        let mut child = self.spawn()?;
        drop(child.stdin.take());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading = async {
            let Some(stdout) = stdout else { return Ok(ControlFlow::Continue(())) };
            let (mut stdout, mut record) = (BufReader::new(stdout), Vec::new());
            let outcome = loop {
                record.clear();
                let read = (&mut stdout).take(RECORD_LIMIT).read_until(0, &mut record).await;
                match read.map_err(broken) {
                    Ok(0) => return Ok(ControlFlow::Continue(())),
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
                match record.strip_suffix(&[0]).map(&mut see) {
                    Some(Ok(ControlFlow::Continue(()))) => {}
                    Some(outcome) => break outcome,
                    None => {
                        break Err(fault::unreadable(format!("git {verb} gave a record that is cut off")));
                    }
                }
            };
            // It may be waiting for us to read; that it has ended already is as good.
            let _ = child.start_kill();
            outcome
        };
        let (outcome, stderr) = join(reading, drain(stderr, STDERR_LIMIT)).await;
        let status = child.wait().await.map_err(broken)?;
        if outcome?.is_break() || status.success() {
            return Ok(());
        }
        let stderr = stderr.map_err(broken)?;
        Err(Output { verb, code: status.code(), stdout: Vec::new(), stderr }.failed())
    }
}

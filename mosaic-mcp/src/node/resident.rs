//! An orchestra that is called only while all its providers stand where data may go.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::{Caller, Payload, Reply};
use mosaic_core::orchestrator::Orchestrator;

use super::Compliance;

/// Holds the providers against the requirements with each call, as they come and go while calls run.
#[derive(Clone)]
pub(super) struct Resident {
    mosaic: Orchestrator,
    compliance: Compliance,
}

impl Resident {
    pub(super) fn new(mosaic: Orchestrator, compliance: Compliance) -> Self {
        Self { mosaic, compliance }
    }

    fn check(&self) -> Result<()> {
        if self.compliance.residency.is_empty() {
            return Ok(());
        }
        for provider in self.mosaic.status().providers {
            self.compliance
                .region(&format!("the provider {}", provider.id), provider.region)
                .map_err(mosaic_core::error::Error::refused)?;
        }
        Ok(())
    }
}

impl Caller for Resident {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.check()?;
        self.mosaic.reply(cx, payload).await
    }
}

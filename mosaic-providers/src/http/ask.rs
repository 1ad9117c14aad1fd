//! One request outside a client, such as for a token that the client is to have.

use bytes::Bytes;
use mosaic_core::error::Result;
use mosaic_core::types::Secret;

use super::answer::{Answer, read_bounded};
use super::classify::classify;
use super::dialect::Dialect;
use super::transport::Transport;

/// Answers about tokens are short.
const LARGEST: usize = 64 << 10;

impl Transport {
    /// Sends a request as it is and reads the whole answer, at most 64 KiB. Redirects are not followed. `secrets` are what the
    /// request holds and no error may show.
    ///
    /// # Errors
    /// `Network` with what is known of the delivery; the kind that the status stands for where the answer is no success.
    pub async fn ask(
        &self,
        dialect: &Dialect,
        request: reqwest::Request,
        secrets: &[Secret],
    ) -> Result<Answer<Bytes>> {
        let response = self.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_bounded(response, LARGEST).await;
        if !status.is_success() {
            return Err(classify(dialect, status, &headers, &body.unwrap_or_default(), secrets));
        }
        Ok(Answer { value: body?, headers, status })
    }
}

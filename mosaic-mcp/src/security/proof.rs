//! Whether a proof still holds by which something was let in that goes on: a connection, a following, a stream.

use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

/// How often a proof is looked at again.
pub(crate) const AGAIN: Duration = Duration::from_secs(30);
/// How long one goes on where nobody can tell whether its proof holds.
pub(crate) const UNTOLD: Duration = Duration::from_secs(600);

/// Ends within [`AGAIN`] after a proof was refused that is looked at `again`, and says why. Where nobody can tell whether it holds, it
/// goes on for [`UNTOLD`].
pub(crate) async fn withdrawn<F: Future<Output = Result<()>>>(mut again: impl FnMut() -> F) -> Error {
    let mut held = Instant::now();
    loop {
        sleep(AGAIN).await;
        match again().await {
            Ok(()) => held = Instant::now(),
            Err(error) if is_refusal(&error) || held.elapsed() >= UNTOLD => return error,
            Err(error) => tracing::warn!(%error, "whether a proof still holds cannot be told now"),
        }
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::PermissionDenied)
}

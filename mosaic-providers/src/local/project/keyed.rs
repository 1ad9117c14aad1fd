//! Idempotency keys: a write with a key is done once, and its answer is given again to whoever repeats it.
//!
//! A key belongs to a tenant and an operation and is kept for a day. The answer is written in the transaction of the effect:
//! there is never one without the other. A write that failed keeps nothing, so repeating it tries again.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{Digester, Operation};
use mosaic_core::types::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::SqliteConnection;

use super::fault;

/// How long a key is kept, in microseconds: a day.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;
/// The number of bytes of a key at most.
const KEY_MAX: usize = 255;
/// Not secret: digests are compared with those of the same tenant's own calls.
const DIGEST_KEY: [u8; 16] = *b"mosaic keyed 1\0\0";

/// The key of a call, and what the call is.
pub(super) struct Keyed {
    tenant: TenantId,
    operation: &'static str,
    key: String,
    digest: Vec<u8>,
}

impl Keyed {
    pub(super) fn new<O: Operation>(cx: &CallContext, key: &str, op: &O) -> Result<Self> {
        if key.is_empty() || key.len() > KEY_MAX {
            let message = format!("idempotency key: must have 1 to {KEY_MAX} bytes");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let mut digester = Digester::new(DIGEST_KEY);
        digester.value(op);
        Ok(Self {
            tenant: cx.tenant_id().clone(),
            operation: O::META.name,
            key: key.into(),
            digest: digester.finish().to_be_bytes().into(),
        })
    }

    /// What the first write with this key answered, if there was one.
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        conn: &mut SqliteConnection,
        now: i64,
    ) -> Result<Option<T>> {
        let kept: Option<(Vec<u8>, String)> = sqlx::query_as(
            "SELECT digest, answer FROM keyed
             WHERE tenant = ?1 AND operation = ?2 AND key = ?3 AND created_at > ?4",
        )
        .bind(self.tenant.as_str())
        .bind(self.operation)
        .bind(&self.key)
        .bind(now - KEPT)
        .fetch_optional(conn)
        .await
        .map_err(fault::before_commit)?;
        match kept {
            None => Ok(None),
            Some((digest, answer)) if digest == self.digest => {
                serde_json::from_str(&answer).map(Some).map_err(|_| fault::unreadable("kept answer"))
            }
            Some(_) => {
                let message = "the idempotency key was used for this operation with other parameters";
                Err(Error::new(ErrorKind::Conflict, message))
            }
        }
    }

    /// Keeps the answer, and forgets those that are too old.
    pub(super) async fn keep(
        &self,
        conn: &mut SqliteConnection,
        now: i64,
        answer: &impl Serialize,
    ) -> Result<()> {
        let answer = serde_json::to_string(answer)
            .map_err(|error| Error::new(ErrorKind::Internal, "the answer has no JSON form").source(error))?;
        sqlx::query("DELETE FROM keyed WHERE created_at <= ?1")
            .bind(now - KEPT)
            .execute(&mut *conn)
            .await
            .map_err(fault::before_commit)?;
        sqlx::query(
            "INSERT INTO keyed (tenant, operation, key, digest, answer, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(self.tenant.as_str())
        .bind(self.operation)
        .bind(&self.key)
        .bind(&self.digest)
        .bind(answer)
        .bind(now)
        .execute(conn)
        .await
        .map_err(fault::before_commit)?;
        Ok(())
    }
}

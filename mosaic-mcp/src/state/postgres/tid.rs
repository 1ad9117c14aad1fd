//! Where a row lies: what it is found by without an index.
//!
//! It holds for the rest of a transaction that has the write turn and read the row: nobody else changes rows then, and what moves rows
//! that are not changed (`VACUUM FULL`, `CLUSTER`) waits until the transaction has ended.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// A block and a place in it, as the server sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tid([u8; 6]);

impl Type<Postgres> for Tid {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(27))
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        // Known by its name here and by its number there; what has another length is refused as it is decoded.
        true
    }
}

impl PgHasArrayType for Tid {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1010))
    }
}

impl Decode<'_, Postgres> for Tid {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(value.as_bytes()?.try_into()?))
    }
}

impl Encode<'_, Postgres> for Tid {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }
}

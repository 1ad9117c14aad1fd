//! The tables, made and brought up to date by whichever node comes first, while the others wait.

use mosaic_core::error::{Error, ErrorKind, Result};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::fault::Fault;
use super::node::Node;
use super::sql;
use crate::state::migration::{Applied, Migration, pending};

/// The oldest server, as it numbers itself.
const OLDEST: i32 = 150_000;

/// The changes of the schema, in order.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "tables", sql: include_str!("migrations/1_tables.sql") },
    Migration { name: "tracked", sql: include_str!("migrations/2_tracked.sql") },
];

const WHAT: &str = "the tables of the store were not made";

/// Makes the schema, or brings it up to date, in one transaction.
pub(super) async fn bring_up_to_date(node: &Node, namespace: &str) -> Result<()> {
    let fault = |fault: Fault| fault.error(WHAT);
    let mut connection = node.connection().await.map_err(fault)?;
    check_server(&mut connection).await?;
    let mut tx = connection.begin().await.map_err(|error| fault(error.into()))?;
    prepare(&mut tx, namespace).await.map_err(|error| fault(error.into()))?;
    let done = applied(&mut tx).await.map_err(|error| fault(error.into()))?;
    for (number, migration) in pending(MIGRATIONS, &done)? {
        let apply = async {
            sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
            let note = sqlx::query("INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)");
            let note = note.bind(i64::from(number)).bind(migration.name).bind(migration.checksum());
            note.execute(&mut *tx).await
        };
        apply.await.map_err(|error| fault(error.into()))?;
    }
    sqlx::query(sql::SWEEP).execute(&mut *tx).await.map_err(|error| fault(error.into()))?;
    tx.commit().await.map_err(|error| fault(error.into()))?;
    // Closing it is a courtesy.
    let _ = connection.close().await;
    Ok(())
}

async fn check_server(connection: &mut PgConnection) -> Result<()> {
    let question = "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')";
    let row = sqlx::query(question).fetch_one(connection).await;
    let about = row.and_then(|row| Ok((row.try_get::<i32, _>(0)?, row.try_get::<String, _>(1)?)));
    let (version, encoding) = about.map_err(|error| Fault::from(error).error(WHAT))?;
    if version < OLDEST {
        let message = format!("PostgreSQL {} is too old: 15 or newer is needed", version / 10_000);
        return Err(Error::new(ErrorKind::Config, message));
    }
    if encoding != "UTF8" {
        let message = format!("the database has the encoding {encoding}: make one with UTF8");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(())
}

/// Keeps other nodes out until the transaction ends, and makes the schema and the table of what was done.
async fn prepare(connection: &mut PgConnection, namespace: &str) -> sqlx::Result<()> {
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *connection).await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('mosaic schema ' || $1, 0))";
    sqlx::query(lock).bind(namespace).execute(&mut *connection).await?;
    let known: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(namespace)
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        // The name was checked: it has no character that would end the quotes.
        let make = AssertSqlSafe(format!("CREATE SCHEMA \"{namespace}\""));
        sqlx::raw_sql(make).execute(&mut *connection).await?;
    }
    let known: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{namespace}.migration"))
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        let make = "CREATE TABLE migration (number int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, \
            applied timestamptz NOT NULL DEFAULT now())";
        sqlx::raw_sql(make).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The changes that were made.
async fn applied(connection: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    let question = sqlx::query_as("SELECT number, checksum FROM migration ORDER BY number");
    let rows: Vec<(i32, String)> = question.fetch_all(connection).await?;
    let made = |(number, checksum)| Applied { number: u32::try_from(number).unwrap_or_default(), checksum };
    Ok(rows.into_iter().map(made).collect())
}

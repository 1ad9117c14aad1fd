//! A long log in a file: written, verified, and changed below by one byte.

use std::path::Path;
use std::time::Instant;

use mosaic_mcp::security::audit::{Audit, AuditEvent, AuditKeys, AuditOptions, AuditSigner, verify};
use mosaic_mcp::state::{SqliteStore, State};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// So many are told before it is waited until they are written: fewer than the queue has places for.
const PIECE: u64 = 10_000;

/// Two thousand; a million where `MOSAIC_SOAK` is `full`.
fn records() -> u64 {
    if std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full") { 1_000_000 } else { 2_000 }
}

/// Changes a byte of the record in the middle of the log; gives its offset.
async fn change(path: &Path) -> u64 {
    let mut file = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let middle =
        r#"SELECT "offset" FROM event ORDER BY "offset" LIMIT 1 OFFSET (SELECT count(*) / 2 FROM event)"#;
    let offset: i64 = sqlx::query_scalar(middle).fetch_one(&mut file).await.unwrap();
    let select = r#"SELECT data FROM event WHERE "offset" = ?"#;
    let mut data: Vec<u8> = sqlx::query_scalar(select).bind(offset).fetch_one(&mut file).await.unwrap();
    // Behind the header, in the body.
    let place = data.len() * 3 / 4;
    data[place] ^= 1;
    let update = r#"UPDATE event SET data = ? WHERE "offset" = ?"#;
    let changed = sqlx::query(update).bind(data).bind(offset).execute(&mut file).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    file.close().await.unwrap();
    u64::try_from(offset).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_a_stored_log_of_a_million_records_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let (path, records) = (folder.path().join("state.db"), records());
    let open = async || State::open(SqliteStore::open(&path).await.unwrap()).await.unwrap();
    let signer = AuditSigner::generate().unwrap();
    let keys = AuditKeys::of(&signer);

    let began = Instant::now();
    let state = open().await;
    let audit = Audit::open(&state, AuditOptions::new(signer).batch(4_096)).await.unwrap();
    for number in 0..records {
        let (what, detail) = (format!("part {}", number % 7), format!("changed for the {number}th time"));
        audit.tell(AuditEvent::Configuration { by: "user ann".to_owned(), what, detail });
        if (number + 1) % PIECE == 0 {
            audit.flush().await.unwrap();
        }
    }
    audit.close().await.unwrap();
    println!("{records} records are written in {:.1?}", began.elapsed());

    let began = Instant::now();
    let report = verify(&state, &keys, &[]).await.unwrap();
    println!("and verified in {:.1?}", began.elapsed());
    assert_eq!(report.fault, None);
    assert_eq!((report.first, report.records - report.checkpoints), (1, records), "none was lost");
    assert!(report.checkpoints > 0);
    state.close().await.unwrap();

    let place = change(&path).await;
    let state = open().await;
    let report = verify(&state, &keys, &[]).await.unwrap();
    let fault = report.fault.unwrap();
    // Nothing else is in this log, and offsets begin with 1 as records do.
    assert_eq!((fault.place, fault.record, report.records), (Some(place), place, place - 1));
    state.close().await.unwrap();
}

//! What all clones of a store share: connections, and what goes on in the background.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use mosaic_core::error::Result;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::Fault;
use super::options::PostgresOptions;
use super::rows::{Question, number};
use super::sql;
use super::tx::{PostgresTx, Turn};

/// After this time of rest a connection is tried before it is used.
const RESTED: Duration = Duration::from_secs(1);
/// The server reports what takes too long itself; this much later its silence is noticed.
const GRACE: Duration = Duration::from_secs(2);
/// The first pause before the server is asked again how a transaction ended; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Node {
    options: PostgresOptions,
    connect: PgConnectOptions,
    readers: PgPool,
    writer: Arc<Mutex<Option<PgConnection>>>,
    /// By which the server knows this node.
    name: String,
    /// The process of the server that writes for this node: its hints are no news.
    process: AtomicI32,
    pub(super) heard: Notify,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Node {
    pub(super) fn new(options: PostgresOptions, connect: PgConnectOptions) -> Self {
        let readers = PgPoolOptions::new()
            .max_connections(options.readers)
            .acquire_timeout(options.patience)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    // One that fails is replaced.
                    Ok(about.idle_for < RESTED || connection.ping().await.is_ok())
                })
            })
            .connect_lazy_with(connect.clone());
        Self {
            options,
            connect,
            readers,
            writer: Arc::default(),
            name: uuid::Uuid::now_v7().to_string(),
            process: AtomicI32::default(),
            heard: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits for an answer no longer than the patience lasts.
    pub(super) async fn within<T>(&self, ask: impl Future<Output = sqlx::Result<T>>) -> Result<T, Fault> {
        match timeout(self.options.patience + GRACE, ask).await {
            Ok(answer) => answer.map_err(Fault::from),
            Err(_) => Err(Fault::Silent),
        }
    }

    /// A connection of one's own.
    pub(super) async fn connection(&self) -> Result<PgConnection, Fault> {
        self.within(PgConnection::connect_with(&self.connect)).await
    }

    /// A few connections of one's own.
    pub(super) fn pool_of_one(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        options.acquire_timeout(self.options.patience).connect_lazy_with(self.connect.clone())
    }

    /// Takes the write turn and begins the transaction.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<PostgresTx> {
        const WHAT: &str = "no transaction was begun";
        let mut turn: Turn = self.writer.clone().lock_owned().await;
        let kept = match turn.take() {
            Some(connection) => match self.try_begin(connection).await {
                // It broke while it was not used: nothing was asked of it.
                Err(fault) if fault.is_lost() => None,
                begun => Some(begun.map_err(|fault| fault.error(WHAT))?),
            },
            None => None,
        };
        let (connection, begun) = match kept {
            Some(begun) => begun,
            None => {
                let connection = self.connection().await.map_err(|fault| fault.error(WHAT))?;
                self.try_begin(connection).await.map_err(|fault| fault.error(WHAT))?
            }
        };
        PostgresTx::new(self.clone(), &begun, connection, turn)
    }

    async fn try_begin(&self, mut connection: PgConnection) -> Result<(PgConnection, Vec<PgRow>), Fault> {
        let begun = self.within(sqlx::raw_sql(sql::BEGIN).fetch_all(&mut connection)).await?;
        Ok((connection, begun))
    }

    /// Asks what only reads: once more where a connection had broken while it was not used.
    pub(super) async fn read<'q>(
        &self,
        what: &str,
        question: impl Fn() -> Question<'q>,
    ) -> Result<Vec<PgRow>> {
        let mut left = self.options.readers;
        loop {
            let mut connection =
                self.readers.acquire().await.map_err(|error| Fault::from(error).error(what))?;
            match self.within(question().fetch_all(&mut *connection)).await {
                Ok(found) => return Ok(found),
                Err(fault) if fault.is_lost() => {
                    drop(connection.detach());
                    if left == 0 || matches!(fault, Fault::Silent) {
                        return Err(fault.error(what));
                    }
                    left -= 1;
                }
                Err(fault) => return Err(fault.error(what)),
            }
        }
    }

    /// Whether a transaction of this node, whose commit was not answered, was committed; none where that is not known within the
    /// patience. The number that the server gives a transaction would not tell: after a crash it may be another's.
    pub(super) async fn committed(&self, revision: u64) -> Option<bool> {
        let (until, mut pause) = (Instant::now() + self.options.patience, PAUSE);
        loop {
            match self.mark().await {
                Ok(mark) => return Some(mark == Some(number(revision))),
                // The server is not back yet.
                Err(_) if Instant::now() + pause < until => sleep(pause).await,
                Err(_) => return None,
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// How far this node's last transaction brought the store. The write turn is taken for that: then none is on its way.
    async fn mark(&self) -> Result<Option<i64>, Fault> {
        let (mut connection, _) = self.try_begin(self.connection().await?).await?;
        let question = sqlx::query_scalar(sql::MARK).bind(&self.name);
        let mark = self.within(question.fetch_optional(&mut connection)).await?;
        // It ends the transaction, which the server would also do later.
        let _ = connection.close().await;
        Ok(mark)
    }

    /// By which the server knows this node.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether commits are told to other nodes.
    pub(super) fn tells(&self) -> bool {
        self.options.notify
    }

    pub(super) fn poll_every(&self) -> Duration {
        self.options.poll_every
    }

    /// Notes the process of the server that writes for this node.
    pub(super) fn writes_as(&self, process: i32) {
        self.process.store(process, Ordering::Relaxed);
    }

    /// Whether a hint is of this node itself.
    pub(super) fn is_own(&self, process: u32) -> bool {
        i32::try_from(process).is_ok_and(|process| process == self.process.load(Ordering::Relaxed))
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(mut connection) = self.writer.lock().await.take() {
            // The server notices either way, and what is left is swept up by the next node that opens the store.
            let _ = self.within(sqlx::query(sql::UNMARK).bind(&self.name).execute(&mut connection)).await;
            let _ = self.within(connection.close()).await;
        }
        self.readers.close().await;
    }
}

//! Hints through Redis: a node that has written tells the others, which look sooner than they would have.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncCommands as _, Client, ConnectionAddr, IntoConnectionInfo as _, RedisError, RedisResult,
    TlsCertificates,
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Secret, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::store::{StateStore, StoreTx, StoreView, Trimmed, Writes};
use super::{Change, Entry, Event, Head, Key, KeyRange, Topic, TopicFilter};

/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it is left alone after it did not.
const PAUSE: Duration = Duration::from_millis(500);
/// How a certificate begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// The longest name of a channel.
const LONGEST: usize = 128;

/// Hints through Redis, beside or instead of those of the store itself. They carry no data and are never relied on: without
/// Redis, changes of other nodes are asked for, as always.
///
/// ```no_run
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::state::{PostgresOptions, RedisHints, State};
///
/// # async fn open(postgres: Secret, redis: Secret) -> mosaic_core::Result<()> {
/// let store = PostgresOptions::new(postgres).notify(false).open().await?;
/// let state = State::open(RedisHints::new(redis).channel("team").over(store)?).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisHints {
    url: Secret,
    channel: String,
    plain: bool,
    authority: Option<PathBuf>,
    poll_every: Option<Duration>,
}

impl RedisHints {
    /// Hints through a server: `redis://user:password@host:port/0` on this machine, `rediss://` elsewhere, where its certificate
    /// and name are verified. The channel is `mosaic`.
    pub fn new(url: Secret) -> Self {
        Self { url, channel: "mosaic".to_owned(), plain: false, authority: None, poll_every: None }
    }

    /// The channel, which the nodes of one store share, and no others: 1 to 128 bytes.
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        self.channel = name.into();
        self
    }

    /// Allows a server elsewhere to be spoken to in the clear, for where something below encrypts.
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// A file with the certificates that may sign that of the server, in place of those that this machine trusts. It asks for
    /// `rediss://`.
    pub fn authority(mut self, file: impl Into<PathBuf>) -> Self {
        self.authority = Some(file.into());
        self
    }

    /// How often the store is asked for what was not heard of, in place of its own choice.
    pub fn poll_every(mut self, every: Duration) -> Self {
        self.poll_every = Some(every.max(Duration::from_millis(1)));
        self
    }

    /// Hints for a store that several nodes share. Redis need not be there yet.
    ///
    /// # Errors
    /// `Config` where the address or the channel cannot be, where the password would go over a network in the clear, or where
    /// the file of the authority cannot be used.
    pub fn over(self, store: impl StateStore) -> Result<HintedStore> {
        let client = self.client()?;
        let signal = Arc::new(Signal {
            client,
            channel: self.channel,
            node: uuid::Uuid::now_v7().to_string(),
            news: Notify::new(),
            heard: Notify::new(),
            failing: watch::Sender::new(None),
            stop: CancellationToken::new(),
        });
        let tasks = TaskTracker::new();
        tasks.spawn(listen(signal.clone()));
        tasks.spawn(tell(signal.clone()));
        Ok(HintedStore { store: Box::new(store), signal, tasks, poll_every: self.poll_every })
    }

    fn client(&self) -> Result<Client> {
        let config = |message: &'static str| Error::new(ErrorKind::Config, message);
        if self.channel.is_empty() || self.channel.len() > LONGEST {
            return Err(config("a channel of Redis has 1 to 128 bytes"));
        }
        // The parser's error may quote the address.
        let form = "the address of Redis cannot be read: its form is rediss://user:password@host:port/0";
        let about = self.url.expose().into_connection_info().map_err(|_| config(form))?;
        match about.addr() {
            ConnectionAddr::Tcp(host, _) if !self.plain && !is_here(host) => {
                let why = "Redis is on another machine: use rediss://, or say that it may be spoken to in the clear";
                return Err(config(why));
            }
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(config(
                    "the certificate of Redis is verified: leave #insecure out of its address",
                ));
            }
            _ => {}
        }
        let Some(authority) = &self.authority else {
            return Client::open(about).map_err(|_| config(form));
        };
        if !matches!(about.addr(), ConnectionAddr::TcpTls { .. }) {
            return Err(config(
                "an authority is given, and Redis would be spoken to in the clear: use rediss://",
            ));
        }
        let unusable = |why: String| {
            let file = authority.display();
            Error::new(ErrorKind::Config, format!("the authority of Redis in {file} cannot be used: {why}"))
        };
        let pem = std::fs::read(authority).map_err(|error| unusable(error.to_string()))?;
        if !pem.windows(PEM.len()).any(|part| part == PEM) {
            return Err(unusable("it has no certificate in PEM form".to_owned()));
        }
        let tls = TlsCertificates { client_tls: None, root_cert: Some(pem) };
        Client::build_with_tls(about, tls).map_err(|error| unusable(error.to_string()))
    }
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What the tasks share.
struct Signal {
    client: Client,
    channel: String,
    /// By which a node knows its own hints.
    node: String,
    /// This node has written.
    news: Notify,
    /// Another has, or may have.
    heard: Notify,
    /// Why others are not heard.
    failing: watch::Sender<Option<Error>>,
    stop: CancellationToken,
}

/// Warns when something begins to fail, and says when it works again.
#[derive(Default)]
struct Once(bool);

impl Once {
    fn failed(&mut self, error: &RedisError) {
        if !std::mem::replace(&mut self.0, true) {
            tracing::warn!(%error, "Redis is not heard or does not listen; changes of other nodes are asked for");
        }
    }

    fn works(&mut self) {
        if std::mem::take(&mut self.0) {
            tracing::info!("hints go through Redis again");
        }
    }
}

async fn within<T>(ask: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, ask)
        .await
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// Listens until the store is closed.
async fn listen(signal: Arc<Signal>) {
    let mut once = Once::default();
    let follow = async {
        loop {
            let Err(error) = hear(&signal, &mut once).await;
            once.failed(&error);
            let message = format!("Redis is not heard: {error}");
            signal.failing.send_replace(Some(Error::new(ErrorKind::Network, message)));
            sleep(PAUSE).await;
        }
    };
    let _: Option<std::convert::Infallible> = signal.stop.run_until_cancelled(follow).await;
}

/// Listens on one connection until it breaks.
async fn hear(signal: &Signal, once: &mut Once) -> RedisResult<std::convert::Infallible> {
    let mut hints = within(signal.client.get_async_pubsub()).await?;
    within(hints.subscribe(&signal.channel)).await?;
    once.works();
    signal.failing.send_replace(None);
    // What happened before is not told.
    signal.heard.notify_one();
    let mut hints = hints.into_on_message();
    while let Some(hint) = hints.next().await {
        if hint.get_payload_bytes() != signal.node.as_bytes() {
            signal.heard.notify_one();
        }
    }
    Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into())
}

/// Tells what this node has written until the store is closed. What is written meanwhile is told together, also where Redis is
/// not there for a while.
async fn tell(signal: Arc<Signal>) {
    let (mut once, mut open) = (Once::default(), None);
    let follow = async {
        loop {
            signal.news.notified().await;
            while let Err(error) = publish(&signal, &mut open).await {
                once.failed(&error);
                sleep(PAUSE).await;
            }
            once.works();
        }
    };
    let _: Option<std::convert::Infallible> = signal.stop.run_until_cancelled(follow).await;
}

/// Tells it once; on a new connection where there is none, or the one that there was has broken.
async fn publish(signal: &Signal, open: &mut Option<MultiplexedConnection>) -> RedisResult<()> {
    if let Some(mut connection) = open.take()
        && within(connection.publish::<_, _, ()>(&signal.channel, &signal.node)).await.is_ok()
    {
        *open = Some(connection);
        return Ok(());
    }
    let mut connection = within(signal.client.get_multiplexed_async_connection()).await?;
    within(connection.publish::<_, _, ()>(&signal.channel, &signal.node)).await?;
    *open = Some(connection);
    Ok(())
}

/// A store whose nodes tell each other through Redis that they have written. It is otherwise the store below.
pub struct HintedStore {
    store: Box<dyn StateStore>,
    signal: Arc<Signal>,
    tasks: TaskTracker,
    poll_every: Option<Duration>,
}

impl HintedStore {
    /// Why hints of other nodes are not heard, as that changes: none while they are, or nothing is known yet. Changes are found
    /// in any case, only later.
    pub fn failing(&self) -> watch::Receiver<Option<Error>> {
        self.signal.failing.subscribe()
    }
}

impl std::fmt::Debug for HintedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HintedStore").field("channel", &self.signal.channel).finish_non_exhaustive()
    }
}

#[async_trait]
impl StateStore for HintedStore {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        let tx = self.store.begin(now).await?;
        Ok(Box::new(HintedTx { tx, signal: self.signal.clone() }))
    }

    async fn head(&self) -> Result<Head> {
        self.store.head().await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        self.store.get_many(keys).await
    }

    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.store.range(range, limit).await
    }

    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.store.changes(range, after, limit).await
    }

    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.store.events(filter, after, limit).await
    }

    async fn trimmed(&self) -> Result<Trimmed> {
        self.store.trimmed().await
    }

    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        self.store.lost(filter, after).await
    }

    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.store.expiring(limit).await
    }

    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.store.view().await
    }

    fn sealed_below(&self) -> Option<&Arc<dyn StateStore>> {
        self.store.sealed_below()
    }

    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        tokio::select! {
            changed = self.store.changed_elsewhere(known) => changed,
            () = self.signal.heard.notified() => Ok(()),
        }
    }

    fn poll_every(&self) -> Option<Duration> {
        self.poll_every.or(self.store.poll_every())
    }

    async fn close(&self) -> Result<()> {
        self.signal.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await
    }
}

struct HintedTx {
    tx: Box<dyn StoreTx>,
    signal: Arc<Signal>,
}

#[async_trait]
impl StoreTx for HintedTx {
    fn head(&self) -> Head {
        self.tx.head()
    }

    fn now(&self) -> Timestamp {
        self.tx.now()
    }

    async fn get_many(&mut self, keys: &[Key]) -> Result<std::collections::HashMap<Key, Entry>> {
        self.tx.get_many(keys).await
    }

    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.tx.range(range, limit).await
    }

    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<std::collections::HashMap<Topic, u64>> {
        self.tx.last_offsets(topics).await
    }

    async fn write(&mut self, part: Writes) -> Result<()> {
        self.tx.write(part).await
    }

    async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
        self.tx.commit(writes).await?;
        self.signal.news.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryStore;

    #[tokio::test]
    async fn what_cannot_be_is_refused_without_the_password() {
        let over = |url: &str| RedisHints::new(Secret::new(url)).over(MemoryStore::new());
        for bad in [
            "",
            "nonsense",
            "redis://u:hunter2@cache.example/0",
            "rediss://u:hunter2@cache.example/0#insecure",
            "redis://u:hunter2@127.0.0.1.example/0",
        ] {
            let error = over(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let channel = RedisHints::new(Secret::new("redis://localhost/")).channel("x".repeat(129));
        assert_eq!(channel.over(MemoryStore::new()).unwrap_err().kind(), ErrorKind::Config);
    }

    #[tokio::test(start_paused = true)]
    async fn without_redis_the_store_is_what_it_was() {
        for url in ["redis://u:hunter2@127.0.0.1:1/0", "rediss://u:hunter2@127.0.0.1:1/0"] {
            let hinted = RedisHints::new(Secret::new(url)).over(MemoryStore::new()).unwrap();
            assert!(!format!("{hinted:?}").contains("hunter2"));
            let state = crate::state::State::open(hinted).await.unwrap();
            state.put(Key::new("a").unwrap(), "1").await.unwrap();
            assert_eq!(state.head().revision, 1);
            state.close().await.unwrap();
        }
    }
}

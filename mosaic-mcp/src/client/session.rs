//! A connection with all that it lives by: the process behind it, and the task that keeps both.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::ProviderId;
use parking_lot::Mutex;
use rmcp::service::Subscription;
use rmcp::transport::Transport;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::bounded::Bounded;
use super::config::{RemoteConfig, Way};
use super::link::{Link, Running};
#[cfg(feature = "stdio")]
use super::process::{Pipes, Process, hand_on};

/// How long the server may take to say that it tells changes, or that it tells no more of them.
const SOON: Duration = Duration::from_secs(2);

/// How long the server may take to list its tools again.
const LISTED: Duration = Duration::from_secs(30);

/// What is told of a session while it lives.
pub(super) trait Hears: Send + Sync + 'static {
    /// The list of tools is another one now.
    fn tools_changed(&self);
    /// The connection ended by itself.
    fn ended(&self, why: Error);
}

/// Nobody hears of it.
impl Hears for () {
    fn tools_changed(&self) {}
    fn ended(&self, _: Error) {}
}

/// A connection that is kept.
pub(super) struct Session {
    pub(super) link: Arc<Link>,
    stop: CancellationToken,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Session {
    /// Starts the server where it is a program, and opens the connection.
    ///
    /// # Errors
    /// `Config` where the program or the address is none; else those of opening a connection.
    pub(super) async fn open(server: &ProviderId, config: &RemoteConfig, hears: impl Hears) -> Result<Self> {
        match &config.way {
            #[cfg(feature = "stdio")]
            Way::Command(command) => {
                let (process, Pipes { output, input, errors }) = Process::start(command)?;
                let told = tokio::spawn(hand_on(server.clone(), errors));
                let mut behind = Behind { process: Some(process), told: Some(told) };
                match Self::link(server, lines(config, output, input), config).await {
                    Ok((link, running)) => Ok(Self::kept(link, running, behind, config, hears)),
                    Err(error) => {
                        let why = behind.how_it_ended().await;
                        behind.end(Duration::from_millis(100)).await;
                        Err(match why {
                            Some(why) if error.kind() == ErrorKind::Network => {
                                Error::new(ErrorKind::Network, format!("{}: {why}", error.message()))
                            }
                            _ => error,
                        })
                    }
                }
            }
            #[cfg(feature = "http")]
            Way::Http(http) => {
                let transport = super::http::transport(http, config.answer_bytes)?;
                let (link, running) = Self::link(server, transport, config).await?;
                Ok(Self::kept(link, running, Behind::default(), config, hears))
            }
        }
    }

    /// Opens a connection over a pair of streams that are there already.
    ///
    /// # Errors
    /// Those of opening a connection.
    pub(super) async fn over(
        server: &ProviderId,
        read: impl tokio::io::AsyncRead + Send + Unpin + 'static,
        write: impl tokio::io::AsyncWrite + Send + Unpin + 'static,
        config: &RemoteConfig,
    ) -> Result<Self> {
        let (link, running) = Self::link(server, lines(config, read, write), config).await?;
        Ok(Self::kept(link, running, Behind::default(), config, ()))
    }

    async fn link<T: Transport<rmcp::RoleClient> + 'static>(
        server: &ProviderId,
        transport: T,
        config: &RemoteConfig,
    ) -> Result<(Arc<Link>, Running)> {
        Link::open(server, transport, config.handshake, config.start_limit()).await
    }

    fn kept(
        link: Arc<Link>,
        running: Running,
        behind: Behind,
        config: &RemoteConfig,
        hears: impl Hears,
    ) -> Self {
        let stop = CancellationToken::new();
        let keeper = Keeper {
            link: Arc::clone(&link),
            running,
            behind,
            stop: stop.clone(),
            every: config.tools_limit(),
            patience: config.stop_limit(),
            hears,
        };
        Self { link, stop, keeper: Mutex::new(Some(tokio::spawn(keeper.keep()))) }
    }

    /// Closes the connection, and ends the process behind it with all that it started.
    pub(super) async fn end(&self) {
        self.stop.cancel();
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper
            && let Err(error) = keeper.await
        {
            tracing::warn!(target: "mosaic::mcp", %error, "the keeper of a connection did not end as it should");
        }
    }
}

/// Whoever forgets to end it: the keeper does, when it comes to it.
impl Drop for Session {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("link", &self.link).finish_non_exhaustive()
    }
}

/// Messages as lines.
fn lines<R, W>(config: &RemoteConfig, read: R, write: W) -> impl Transport<rmcp::RoleClient> + 'static
where
    R: tokio::io::AsyncRead + Send + Unpin + 'static,
    W: tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let most = config.answer_bytes;
    // The line feed counts there.
    rmcp::transport::async_rw::AsyncRwTransport::new_client(Bounded::new(read, most), write)
        .with_max_line_length(most.saturating_add(1))
}

/// What is behind a connection: a process, or nothing.
#[derive(Default)]
struct Behind {
    #[cfg(feature = "stdio")]
    process: Option<Process>,
    #[cfg(feature = "stdio")]
    told: Option<JoinHandle<()>>,
}

#[cfg(feature = "stdio")]
impl Behind {
    /// Resolves when the process is over; never where there is none.
    async fn over(&mut self) -> String {
        match &mut self.process {
            Some(process) => process.over().await,
            None => std::future::pending().await,
        }
    }

    async fn end(self, patience: Duration) {
        if let Some(process) = self.process {
            process.end(patience).await;
        }
        if let Some(told) = self.told {
            // Whoever left the group may hold the other end for ever.
            told.abort();
            let _ = told.await;
        }
    }

    /// How the process ended, where it does so about now.
    async fn how_it_ended(&mut self) -> Option<String> {
        timeout(Duration::from_millis(200), self.over()).await.ok()
    }
}

#[cfg(not(feature = "stdio"))]
impl Behind {
    async fn over(&mut self) -> String {
        std::future::pending().await
    }
    async fn end(self, _: Duration) {}
    async fn how_it_ended(&mut self) -> Option<String> {
        None
    }
}

/// Keeps a connection: asks for the tools again, hears when it is over, and closes it.
struct Keeper<H> {
    link: Arc<Link>,
    running: Running,
    behind: Behind,
    stop: CancellationToken,
    every: Duration,
    patience: Duration,
    hears: H,
}

impl<H: Hears> Keeper<H> {
    async fn keep(mut self) {
        let link = Arc::clone(&self.link);
        let why = tokio::select! {
            () = watch(&link, self.every, &self.hears, &self.stop) => None,
            () = link.over.cancelled() => Some("the connection to the server ended".to_owned()),
            why = self.behind.over() => Some(why),
        };
        if let Some(mut why) = why {
            if let Some(how) = self.behind.how_it_ended().await {
                why = how;
            }
            self.hears.ended(Error::new(ErrorKind::Network, why));
        }
        match self.running.close_with_timeout(self.patience.max(Duration::from_millis(100))).await {
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(target: "mosaic::mcp", %error, "the connection did not end as it should")
            }
        }
        self.behind.end(self.patience).await;
    }
}

/// Asks for the tools again whenever they changed or may have, until it is to stop.
async fn watch(link: &Link, every: Duration, hears: &impl Hears, stop: &CancellationToken) {
    let Some(acknowledged) = stop.run_until_cancelled(timeout(SOON, link.listen())).await else { return };
    let mut listening = acknowledged.ok().flatten();
    let keeping = async {
        loop {
            tokio::select! {
                () = link.changed.notified() => {}
                () = heard(&mut listening) => {}
                () = sleep(every) => {}
            }
            match timeout(LISTED, link.refresh()).await {
                Ok(Ok(true)) => hears.tools_changed(),
                Ok(Ok(false)) => {}
                Err(_) => {
                    tracing::warn!(target: "mosaic::mcp", "a server did not say in time which tools it has");
                }
                Ok(Err(error)) => {
                    tracing::warn!(target: "mosaic::mcp", %error, "the tools of a server could not be asked for");
                }
            }
        }
    };
    if stop.run_until_cancelled(keeping).await.is_none()
        && let Some(mut listening) = listening
    {
        // A server waits for what is under way: it ends sooner where nothing is.
        let _ = timeout(SOON, listening.cancel()).await;
    }
}

/// Resolves when a change was told; never once nothing is told any more.
async fn heard(listening: &mut Option<Subscription>) {
    if let Some(subscription) = listening {
        if let Ok(Some(_)) = subscription.next().await {
            return;
        }
        *listening = None;
    }
    std::future::pending().await
}

//! The loop that takes connections in, and the task of each.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::ConnectionOptions;
use super::counted::Counted;
use super::open::{Open, Place};
use super::stream::Stream;

/// How many connections are told at a time that there is no room; others are closed without a word.
const TOLD_AT_ONCE: usize = 64;
/// How long a connection has to hear that there is no room.
const TELL_TIME: Duration = Duration::from_secs(1);
/// How long nothing is taken in after the system refused to give a connection, for want of files most often.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the other side of HTTP/2 is asked whether it is there, and how long it has to answer.
const PING: Duration = Duration::from_secs(20);

/// How often it is looked at a connection at most.
const LEAST_LOOK: Duration = Duration::from_millis(10);

/// Serves until `stop`, then calls `ending` and waits for the requests that are under way.
pub(in crate::surface::http) async fn listen(
    listener: TcpListener,
    app: Router,
    open: Open,
    options: ConnectionOptions,
    stop: CancellationToken,
    ending: impl FnOnce() + Send,
) {
    let mut tasks = JoinSet::new();
    let told = Arc::new(Semaphore::new(TOLD_AT_ONCE));
    // Where this future is dropped the tasks end by the set, and what became another protocol's ends by this.
    let cut = CutAtEnd(&open);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                note(&ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => match open.admit(options.most) {
                Some(place) => {
                    let serving = serve(stream, address, place, app.clone(), options.clone(), stop.clone());
                    tasks.spawn(serving);
                }
                None => {
                    if let Ok(permit) = Arc::clone(&told).try_acquire_owned() {
                        tasks.spawn(async move {
                            let _permit = permit;
                            tell_no_room(stream).await;
                        });
                    }
                }
            },
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken in");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = sleep(PAUSE) => {}
                }
            }
        }
    }
    drop(listener);
    ending();
    let all_done = async {
        while let Some(ended) = tasks.join_next().await {
            note(&ended)
        }
    };
    if timeout(options.stop_time, all_done).await.is_err() {
        tracing::warn!(connections = tasks.len(), "requests under way are cut off");
    }
    tasks.shutdown().await;
    drop(cut);
}

struct CutAtEnd<'a>(&'a Open);

impl Drop for CutAtEnd<'_> {
    fn drop(&mut self) {
        self.0.cut();
    }
}

fn note(ended: &Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended by a panic");
    }
}

/// Whether an error is that of the one connection which was to be taken in.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    app: Router,
    options: ConnectionOptions,
    stop: CancellationToken,
) {
    let activity = place.activity();
    let mut builder = Builder::new(TokioExecutor::new());
    // Time-outs of HTTP/1 are the activity's, which also sees what comes before the protocol is known.
    builder.http1().max_buf_size(options.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_header_list_size(u32::try_from(options.head).unwrap_or(u32::MAX));
    let stream = TokioIo::new(Stream::taken(stream, place, options.write_time));
    let service = TowerToHyperService::new(Counted { app, address, activity: Arc::clone(&activity) });
    let mut connection = pin!(builder.serve_connection_with_upgrades(stream, service));
    let look = (options.head_time.min(options.idle) / 4).max(LEAST_LOOK);
    let (mut looks, mut stopping) = (interval(look), false);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = activity.cut.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            // Before it is looked at: what has come on a busy machine is taken first.
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%address, error = %error, "a connection broke");
                }
                return;
            }
            _ = looks.tick() => {
                if activity.is_overdue(options.head_time, options.idle) {
                    // The client hears that its next request goes elsewhere; one look later the connection is closed.
                    if activity.is_shared() && !stopping {
                        stopping = true;
                        connection.as_mut().graceful_shutdown();
                        continue;
                    }
                    tracing::debug!(%address, "a silent connection is closed");
                    return;
                }
            }
        }
    }
}

/// Says 503 to what is asked first, and closes, so that what is said arrives.
async fn tell_no_room(mut stream: TcpStream) {
    const BODY: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"there are as many connections as there may be, and all are at work; try again later"}}"#;
    let said = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let saying = async {
        // A client that hears an answer before it has asked takes it for nonsense.
        if stream.read(&mut [0; 1_024]).await? == 0 {
            return Ok(0);
        }
        stream.write_all(said.as_bytes()).await?;
        stream.shutdown().await?;
        // What the client sends meanwhile is taken, or the reset for it would overtake the answer.
        tokio::io::copy(&mut (&mut stream).take(64 * 1024), &mut tokio::io::sink()).await
    };
    if let Ok(Err(error)) = timeout(TELL_TIME, saying).await {
        tracing::debug!(%error, "a connection went before it was told that there is no room");
    }
}

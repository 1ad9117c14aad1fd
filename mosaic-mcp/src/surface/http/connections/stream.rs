//! The bytes of a connection: what comes is noticed, and a client that takes nothing is given up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::open::{Activity, Place};

/// A stream with its place among the connections: the place is free when the stream is dropped, whoever holds it then.
pub(super) struct Stream<S> {
    stream: S,
    activity: Arc<Activity>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    write_time: Duration,
    /// Since a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Stream<TcpStream> {
    /// A connection that was taken in: it sends without waiting for more. Nothing else makes a stream of one.
    pub(super) fn taken(stream: TcpStream, place: Place, write_time: Duration) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        Self::new(stream, place, write_time)
    }
}

impl<S> Stream<S> {
    fn new(stream: S, place: Place, write_time: Duration) -> Self {
        let activity = place.activity();
        let cut = Box::pin(activity.cut.clone().cancelled_owned());
        Self { stream, activity, cut, write_time, stalled: None, _place: place }
    }

    /// The outcome of a write, which may not wait too long.
    fn written<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.write_time)));
        stalled
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.activity.heard();
        }
        if outcome.is_pending() && this.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the connection was closed",
            )));
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_flush(cx);
        this.written(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.written(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::net::TcpListener;

    use super::super::Open;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up_and_who_takes_a_little_is_not() {
        let (here, mut there) = duplex(4);
        let time = Duration::from_secs(30);
        let mut stream = Stream::new(here, Open::default().admit(1).unwrap(), time);
        let writing = tokio::spawn(async move { (stream.write_all(b"0123456789").await, stream) });
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(29)).await;
            there.read_u8().await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert!(!writing.is_finished());
        let (outcome, _stream) = writing.await.unwrap();
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_connection_that_is_taken_in_sends_without_waiting_for_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        assert!(
            !accepted.nodelay().unwrap() && !client.nodelay().unwrap(),
            "systems wait where nobody says so"
        );
        let taken = Stream::taken(accepted, Open::default().admit(1).unwrap(), Duration::from_secs(30));
        assert!(taken.stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_stream_that_is_cut_ends_for_whoever_reads() {
        let (here, _there) = duplex(4);
        let open = Open::default();
        let mut stream = Stream::new(here, open.admit(1).unwrap(), Duration::from_secs(30));
        let reading = tokio::spawn(async move { stream.read_u8().await });
        tokio::task::yield_now().await;
        open.cut();
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(open.count(), 0);
    }
}

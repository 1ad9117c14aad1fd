//! Events that a server sends one after the other (`text/event-stream`), read from the body of an answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{Stream, StreamExt as _};
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::types::Chunk;
use sse_stream::{Sse, SseByteStream};

/// The largest event that is read, in bytes.
const LARGEST: usize = 4 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What kind it is; empty where the server names none.
    pub name: String,
    /// What it says; several lines are joined by line feeds.
    pub data: String,
}

/// The events of one answer, in order. Dropping it closes the connection.
pub type Events = Pin<Box<dyn Stream<Item = Result<Event>> + Send>>;

/// Reads events from a body. Comments, and events without data, are left out.
pub(super) fn read(body: ItemStream<Chunk>) -> Events {
    // The reader keeps what belongs to an event that is not whole yet; how much that may be is watched here.
    let unread = Arc::new(AtomicUsize::new(0));
    let fed = Arc::clone(&unread);
    let bounded = body.map(move |chunk| {
        let chunk = chunk.map_err(Broken)?;
        if fed.fetch_add(chunk.bytes().len(), Ordering::Relaxed) > LARGEST {
            return Err(Broken(unreadable("is larger than 4 MiB")));
        }
        Ok(chunk.bytes().clone())
    });
    Box::pin(SseByteStream::new(bounded).filter_map(move |item| {
        unread.store(0, Ordering::Relaxed);
        std::future::ready(match item {
            Ok(Sse { data: Some(data), event, .. }) => {
                Some(Ok(Event { name: event.unwrap_or_default(), data }))
            }
            Ok(_) => None,
            Err(error) => Some(Err(fault(error))),
        })
    }))
}

/// An error of the body, handed through the reader.
#[derive(Debug)]
struct Broken(Error);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::error::Error for Broken {}

fn fault(error: sse_stream::Error) -> Error {
    match error {
        sse_stream::Error::Body(source) => match source.downcast::<Broken>() {
            Ok(broken) => broken.0,
            Err(_) => unreadable("was cut off"),
        },
        _ => unreadable("is no text in UTF-8"),
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("an event that the server sends {why}"))
        .delivery(Delivery::Answered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn events(pieces: Vec<Result<Chunk>>) -> Events {
        read(Box::pin(stream::iter(pieces)))
    }

    fn chunk(text: &str) -> Result<Chunk> {
        Ok(Chunk::new(text.to_owned()))
    }

    #[tokio::test]
    async fn events_come_whole_whatever_the_pieces() {
        let text = ": ping\n\nid: 1\ndata: {\"a\":1}\n\nevent: eof\ndata: one\ndata: two\n\ndata: cut";
        for size in 1..text.len() {
            let pieces: Vec<_> =
                text.as_bytes().chunks(size).map(|piece| Ok(Chunk::new(piece.to_vec()))).collect();
            let all: Vec<_> =
                events(pieces).map(|event| event.map(|event| (event.name, event.data))).collect().await;
            let all: Vec<_> = all.into_iter().collect::<Result<_>>().unwrap();
            assert_eq!(
                all,
                [("".into(), "{\"a\":1}".into()), ("eof".into(), "one\ntwo".to_owned())],
                "{size}"
            );
        }
    }

    #[tokio::test]
    async fn an_event_without_an_end_is_refused() {
        let piece = || chunk(&format!("data: {}", "x".repeat(1 << 20)));
        let mut endless = events((0..6).map(|_| piece()).collect());
        assert_eq!(endless.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
        assert!(endless.next().await.is_none());
        // Many events are not one large event.
        let whole = || chunk(&format!("data: {}\n\n", "x".repeat(1 << 20)));
        assert_eq!(
            events((0..9).map(|_| whole()).collect()).filter(|e| std::future::ready(e.is_ok())).count().await,
            9
        );
    }

    #[tokio::test]
    async fn the_error_of_the_body_stays_what_it_is() {
        let cut = Error::new(ErrorKind::Network, "cut off").delivery(Delivery::Unknown);
        let mut cut = events(vec![chunk("data: a\n\n"), Err(cut)]);
        assert_eq!(cut.next().await.unwrap().unwrap().data, "a");
        assert_eq!(cut.next().await.unwrap().unwrap_err().kind(), ErrorKind::Network);
        let mut odd = events(vec![Ok(Chunk::new(b"data: \xff\n\n".to_vec()))]);
        assert_eq!(odd.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    }
}

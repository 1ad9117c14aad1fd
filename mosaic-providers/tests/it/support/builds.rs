//! What tests of build services share: logs as texts, lists page by page, and a log that is given up.

use std::time::Duration;

use futures_util::StreamExt as _;
use mosaic_core::error::Result;
use mosaic_core::op::ItemStream;
use mosaic_core::testkit::suite::cicd::{JobDraft, Step};
use mosaic_core::types::{Chunk, Page, PageRequest};

use super::serve::Server;

/// A job that prints a line.
pub(crate) fn prints(job: &str, line: &str) -> JobDraft {
    JobDraft::new(job).step(Step::Print(line.to_owned()))
}

/// Reads a log or an artifact to its end; bytes that are no text are replaced.
pub(crate) async fn whole(mut pieces: ItemStream<Chunk>) -> Result<String> {
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(piece?.bytes());
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}

/// Every page of a list, asked for in this size. An empty page that is not the last is a failure.
pub(crate) async fn pages<T>(size: u32, ask: impl AsyncFn(PageRequest) -> Result<Page<T>>) -> Vec<Vec<T>> {
    let (mut all, mut request) = (Vec::new(), PageRequest::first(size));
    loop {
        let page = ask(request).await.unwrap();
        assert!(page.items.len() <= size as usize, "{} items, asked for {size}", page.items.len());
        assert!(!page.items.is_empty() || page.next.is_none(), "page {} has nothing", all.len() + 1);
        all.push(page.items);
        assert!(all.len() < 1_000, "the list does not end");
        match page.next {
            Some(next) => request = PageRequest::first(size).at(next),
            None => return all,
        }
    }
}

/// Follows the log of a job that goes on until the server was asked for it so many times more, gives it up, and sees that the
/// server is not asked again. What the log had by then comes back. Needs a runtime of one thread, whose clock it pauses.
pub(crate) async fn give_up(server: &Server, mut log: ItemStream<Chunk>, looks: usize) -> String {
    let (enough, mut read) = (server.count() + looks, Vec::new());
    while server.count() < enough {
        tokio::select! {
            biased;
            piece = log.next() => match piece {
                Some(piece) => read.extend_from_slice(piece.unwrap().bytes()),
                None => panic!("the log of a job that goes on has ended"),
            },
            () = tokio::task::yield_now() => {}
        }
    }
    drop(log);
    let asked = server.count();
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    tokio::time::resume();
    assert_eq!(server.count(), asked, "nobody reads the log, and it is asked for");
    String::from_utf8(read).unwrap()
}

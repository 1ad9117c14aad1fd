//! The output of a job: written to a file within a limit, and read from there by whoever follows it.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use futures_util::stream;
use mosaic_core::error::Result;
use mosaic_core::op::ItemStream;
use mosaic_core::types::Chunk;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::fault;

/// No piece of a stream is longer.
pub(super) const PIECE: usize = 64 * 1024;

/// How far a log is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Its size in bytes.
    pub(super) bytes: u64,
    /// Whether nothing more will come.
    pub(super) ended: bool,
}

/// Writes the log of a job; who follows it is woken at each piece.
#[derive(Debug)]
pub(super) struct LogWriter {
    file: File,
    progress: watch::Sender<Progress>,
    limit: u64,
    full: bool,
}

impl LogWriter {
    /// A log that is empty.
    pub(super) async fn create(path: &Path, limit: u64, progress: watch::Sender<Progress>) -> Result<Self> {
        let file = File::create(path).await.map_err(|e| fault::disk("make the log of a job", e))?;
        Ok(Self { file, progress, limit, full: false })
    }

    /// Writes everything that comes until it ends. What is over the limit is read and left out, so that the job never waits
    /// for a reader.
    pub(super) async fn pump(&mut self, mut from: impl AsyncRead + Unpin) -> Result<()> {
        let mut buffer = BytesMut::with_capacity(PIECE);
        loop {
            buffer.clear();
            let read =
                from.read_buf(&mut buffer).await.map_err(|e| fault::disk("read the output of a job", e))?;
            if read == 0 {
                return Ok(());
            }
            self.append(&buffer).await?;
        }
    }

    /// A line of the provider itself.
    pub(super) async fn note(&mut self, line: &str) -> Result<()> {
        self.append(format!("mosaic: {line}\n").as_bytes()).await
    }

    async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.full {
            return Ok(());
        }
        let written = self.progress.borrow().bytes;
        let room = usize::try_from(self.limit.saturating_sub(written)).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return self.write(bytes).await;
        }
        self.full = true;
        self.write(&bytes[..room]).await?;
        let end = format!("\nmosaic: the log ends here, at its limit of {} bytes\n", self.limit);
        self.write(end.as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let failed = |e| fault::disk("write the log of a job", e);
        self.file.write_all(bytes).await.map_err(failed)?;
        self.file.flush().await.map_err(failed)?;
        self.progress.send_modify(|progress| progress.bytes += bytes.len() as u64);
        Ok(())
    }

    /// Makes what was written last.
    pub(super) async fn sync(&self) -> Result<()> {
        self.file.sync_data().await.map_err(|e| fault::disk("write the log of a job", e))
    }
}

struct Reader {
    path: PathBuf,
    file: Option<File>,
    at: u64,
    progress: watch::Receiver<Progress>,
}

/// The log from its beginning, and what comes until it ends. A reader that waits costs nothing, and one that is dropped
/// leaves nothing.
pub(super) fn follow(path: PathBuf, progress: watch::Receiver<Progress>) -> ItemStream<Chunk> {
    let reader = Reader { path, file: None, at: 0, progress };
    Box::pin(stream::try_unfold(reader, |mut reader| async move {
        let chunk = reader.next().await?;
        Ok(chunk.map(|chunk| (chunk, reader)))
    }))
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            let Progress { bytes, ended } = *self.progress.borrow_and_update();
            if self.at < bytes {
                return self.read(bytes - self.at).await.map(Some);
            }
            // The writer goes only after it said that it ended, or with the whole provider.
            if ended
                || self.progress.changed().await.is_err()
                    && *self.progress.borrow() == (Progress { bytes, ended })
            {
                return Ok(None);
            }
        }
    }

    async fn read(&mut self, there: u64) -> Result<Chunk> {
        let failed = |e| fault::disk("read the log of a job", e);
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = File::open(&self.path).await.map_err(failed)?;
                file.seek(SeekFrom::Start(self.at)).await.map_err(failed)?;
                self.file.insert(file)
            }
        };
        let mut buffer = BytesMut::with_capacity(PIECE);
        let read = file.take(there.min(PIECE as u64)).read_buf(&mut buffer).await.map_err(failed)?;
        if read == 0 {
            return Err(fault::unreadable("the log of a job is shorter than it was"));
        }
        self.at += read as u64;
        Ok(Chunk::new(buffer.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    async fn text(stream: ItemStream<Chunk>) -> String {
        let chunks: Vec<_> = stream.map(|chunk| chunk.unwrap().bytes().to_vec()).collect().await;
        String::from_utf8(chunks.concat()).unwrap()
    }

    #[tokio::test]
    async fn readers_see_what_is_there_and_what_comes() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("log");
        let (sender, progress) = watch::channel(Progress::default());
        // Nobody wrote yet, and there is no file.
        let mut early = follow(path.clone(), progress.clone());
        assert!(early.next().now_or_never().is_none());
        let mut writer = LogWriter::create(&path, 1000, sender.clone()).await.unwrap();
        writer.pump(&b"one\n"[..]).await.unwrap();
        assert_eq!(early.next().await.unwrap().unwrap().as_text(), Some("one\n"));
        assert!(early.next().now_or_never().is_none());
        let late = follow(path.clone(), progress.clone());
        writer.note("two").await.unwrap();
        sender.send_modify(|progress| progress.ended = true);
        assert_eq!(text(late).await, "one\nmosaic: two\n");
        assert_eq!(text(early).await, "mosaic: two\n");
    }

    #[tokio::test]
    async fn a_log_ends_at_its_limit_and_the_rest_is_read_away() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("log");
        let (sender, progress) = watch::channel(Progress::default());
        let mut writer = LogWriter::create(&path, 10, sender.clone()).await.unwrap();
        writer.pump(&[b'x'; 300_000][..]).await.unwrap();
        writer.note("not there").await.unwrap();
        drop((writer, sender));
        let log = text(follow(path, progress)).await;
        assert_eq!(log, "xxxxxxxxxx\nmosaic: the log ends here, at its limit of 10 bytes\n");
    }
}

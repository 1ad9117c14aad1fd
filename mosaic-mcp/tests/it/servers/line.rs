//! A line to a server that breaks where a test wants it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where the line breaks: at the first message to the server that has a text.
#[derive(Clone, Copy)]
enum Cut {
    /// The message does not arrive.
    Before(&'static str),
    /// It arrives, and the answer does not.
    After(&'static str),
}

/// A line to a server of this machine. Connections that were cut can be made again.
pub(crate) struct Line {
    port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
    task: JoinHandle<()>,
}

impl Line {
    /// A line to a port.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::<Mutex<Option<Cut>>>::default();
        let here = cut.clone();
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let cut = here.clone();
                open.spawn(async move {
                    if let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await {
                        // It ends when either side hangs up, or is cut.
                        let _ = carry(client, server, &cut).await;
                    }
                });
            }
        });
        Self { port, cut, task }
    }

    /// Where it begins.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Breaks before the next message that has a text.
    pub(crate) fn cut_before(&self, text: &'static str) {
        *self.cut.lock() = Some(Cut::Before(text));
    }

    /// Breaks when the next message that has a text is answered.
    pub(crate) fn cut_after(&self, text: &'static str) {
        *self.cut.lock() = Some(Cut::After(text));
    }

    /// Whether it broke as it was told to.
    pub(crate) fn was_cut(&self) -> bool {
        self.cut.lock().is_none()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: &Mutex<Option<Cut>>,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let message = &asked[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                let has = |text: &str| message.windows(text.len()).any(|part| part == text.as_bytes());
                let now = *cut.lock();
                match now {
                    Some(Cut::Before(text)) if has(text) => {
                        *cut.lock() = None;
                        return Ok(());
                    }
                    Some(Cut::After(text)) if has(text) => {
                        *cut.lock() = None;
                        server.write_all(message).await?;
                        return server.read(&mut answered).await.map(drop);
                    }
                    _ => server.write_all(message).await?,
                }
            }
            read = server.read(&mut answered) => {
                let message = &answered[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                client.write_all(message).await?;
            }
        }
    }
}

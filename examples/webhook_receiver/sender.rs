//! The other side: what a forge does to send a delivery.

use std::net::SocketAddr;

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends deliveries, signed with a secret.
pub(crate) struct Sender {
    pub(crate) address: SocketAddr,
    pub(crate) secret: &'static str,
}

type Sent = Result<u16, Box<dyn std::error::Error>>;

impl Sender {
    /// Sends as GitHub does and gives the status of the answer.
    pub(crate) async fn github(&self, event: &str, id: &str, body: &Value) -> Sent {
        let body = body.to_string();
        let signature = format!("X-Hub-Signature-256: sha256={}\r\n", self.sign(&body)?);
        let names = format!("X-GitHub-Event: {event}\r\nX-GitHub-Delivery: {id}\r\n");
        self.post("/hooks/github", &(names + &signature), &body).await
    }

    /// Sends as Gitea does, which signs without a prefix and sends the headers of GitHub along.
    pub(crate) async fn gitea(&self, event: &str, id: &str, body: &Value) -> Sent {
        let body = body.to_string();
        let signature = format!("X-Gitea-Signature: {}\r\n", self.sign(&body)?);
        let names =
            format!("X-Gitea-Event: {event}\r\nX-Gitea-Delivery: {id}\r\nX-GitHub-Event: {event}\r\n");
        self.post("/hooks/gitea", &(names + &signature), &body).await
    }

    fn sign(&self, body: &str) -> Result<String, hmac::digest::InvalidLength> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())?;
        mac.update(body.as_bytes());
        Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> Sent {
        let mut stream = TcpStream::connect(self.address).await?;
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).ok_or("the answer has no status")?;
        Ok(status.parse()?)
    }
}

use std::path::PathBuf;
use std::sync::Arc;

use mosaic_core::ErrorKind;
use mosaic_core::error::Delivery;
use mosaic_providers::http::{Access, Auth, Client, HttpConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{DIALECT, cx, local, things};

/// An authority of one's own, and what it signed.
struct House {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl House {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Self { folder, authority }
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.authority).unwrap(), key)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A server for `localhost` that answers every request with `{}`; with `known`, only to who shows a certificate of
    /// this house.
    async fn serve(&self, known: bool) -> (String, JoinHandle<()>) {
        let (certificate, key) = self.sign("localhost");
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if known {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let config = builder.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Who does not come in is not answered.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                    .await;
                let _ = stream.shutdown().await;
            }
        });
        (format!("https://localhost:{port}"), task)
    }
}

async fn ask(url: &str, tls: Value) -> mosaic_core::Result<Value> {
    let mut http: HttpConfig = local();
    http.tls = serde_json::from_value(tls).unwrap();
    let access =
        Access { base_url: url, auth: &Auth::token("t0ken"), identities: &Default::default(), http: &http };
    Client::new(&DIALECT, &access, &|_, _, _| Ok(None))?.post(things()).json(&json!({})).send(&cx()).await
}

#[tokio::test]
async fn certificates_are_checked() {
    let (house, other) = (House::new(), House::new());
    let (url, _server) = house.serve(false).await;
    let error = ask(&url, json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Network, Delivery::NotSent));
    assert!(error.to_string().contains("certificate"), "{error}");
    for only in [true, false] {
        assert!(ask(&url, json!({ "ca": house.path("ca.pem"), "caOnly": only })).await.is_ok());
        assert!(ask(&url, json!({ "ca": other.path("ca.pem"), "caOnly": only })).await.is_err());
    }
    // The certificate is one for a name, not for this address.
    let error =
        ask(&url.replace("localhost", "127.0.0.1"), json!({ "ca": house.path("ca.pem") })).await.unwrap_err();
    assert_eq!(error.delivered(), Delivery::NotSent);
}

#[tokio::test]
async fn a_certificate_is_shown_where_it_is_asked_for() {
    let house = House::new();
    let (url, _server) = house.serve(true).await;
    let (certificate, key) = house.sign("mosaic");
    std::fs::write(house.path("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(house.path("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(house.path("both.pem"), format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let ca = house.path("ca.pem");
    assert!(ask(&url, json!({ "ca": ca })).await.is_err());
    ask(&url, json!({ "ca": ca, "certificate": house.path("cert.pem"), "key": house.path("key.pem") }))
        .await
        .unwrap();
    ask(&url, json!({ "ca": ca, "certificate": house.path("both.pem") })).await.unwrap();
    let error = ask(&url, json!({ "ca": ca, "certificate": house.path("cert.pem") })).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

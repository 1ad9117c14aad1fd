//! Tokens of a GitHub App: a signed statement for a token of an hour.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use serde::Deserialize;
use url::Url;

use super::client::DIALECT;
use crate::at;
use crate::http::{Auth, Signer, Token, TokenSource, Transport};

/// From the credentials of an app to the source of its tokens; none for other credentials.
///
/// # Errors
/// `Config` where the key is not there or is none.
pub(super) fn app_tokens(
    auth: &Auth,
    transport: &Transport,
    base: &Url,
) -> Result<Option<Arc<dyn TokenSource>>> {
    let Auth::App { app_id, installation_id, private_key, private_key_file } = auth else { return Ok(None) };
    let config = |text: String| Error::new(ErrorKind::Config, text);
    let pem = match (private_key, private_key_file) {
        (Some(key), None) => key.clone(),
        (None, Some(file)) => {
            let read = std::fs::read_to_string(file);
            Secret::new(read.map_err(|error| {
                config(format!("auth.privateKeyFile: {} cannot be read: {}", file.display(), error.kind()))
            })?)
        }
        _ => return Err(config("auth: give either privateKey or privateKeyFile".to_owned())),
    };
    let path = at!["app", "installations", installation_id, "access_tokens"];
    let text = format!("{}{}", base.as_str().trim_end_matches('/'), path.encoded()?);
    let url = Url::parse(&text).map_err(|_| config("baseUrl: no address can be made of it".to_owned()))?;
    Ok(Some(Arc::new(Installation { signer: Signer::new(app_id, &pem)?, transport: transport.clone(), url })))
}

/// One installation of an app.
#[derive(Debug)]
struct Installation {
    signer: Signer,
    transport: Transport,
    url: Url,
}

#[derive(Deserialize)]
struct Given {
    token: Secret,
    expires_at: Option<Timestamp>,
}

#[async_trait]
impl TokenSource for Installation {
    async fn fetch(&self) -> Result<Token> {
        let statement = self.signer.sign()?;
        let mut proof = HeaderValue::from_str(&format!("Bearer {}", statement.expose()))
            .map_err(|_| Error::new(ErrorKind::Config, "auth.appId: no header can carry it"))?;
        proof.set_sensitive(true);
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, proof);
        headers.insert(ACCEPT, HeaderValue::from_static(DIALECT.accept));
        for (name, value) in DIALECT.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let answer = self.transport.ask(&DIALECT, request, &[statement]).await.map_err(refused)?;
        // What the reader says of an answer may quote it.
        let given: Given = serde_json::from_slice(&answer.value).map_err(|_| {
            let text = "the answer to the request for a token of the installation cannot be read";
            Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
        })?;
        let lifetime = given.expires_at.map(|at| at.duration_since(Timestamp::now()));
        Ok(Token {
            secret: given.token,
            lifetime: lifetime.map(|lifetime| lifetime.try_into().unwrap_or_default()),
        })
    }
}

/// An app that is not known, not installed or suspended has no credentials: that is what it means to the call.
fn refused(error: Error) -> Error {
    let error = match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Invalid => {
            let said = format!("no token is given to the app: {}", error.message());
            Error::new(ErrorKind::Unauthenticated, said).delivery(Delivery::Answered)
        }
        _ => error,
    };
    error.context("asking", "for a token of the installation")
}

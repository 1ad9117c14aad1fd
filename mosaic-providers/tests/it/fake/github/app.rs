//! Tokens of the installations of an app: a statement that the app signed, against a token that holds for an hour.
//!
//! The claims are looked at; the signature is not verified, as no key was ever given to this server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mosaic_core::types::Timestamp;
use serde_json::{Value, json};

use super::GitHub;
use super::fault::{error, not_found};
use crate::fake::http::{Ask, Reply, time};

/// GitHub takes no statement that holds longer than this, in seconds.
const LONGEST: i64 = 600;

impl GitHub {
    /// An installation whose tokens act as this person.
    pub(crate) fn install(&self, installation: u64, login: &str) {
        self.installed().insert(installation, login.to_owned());
    }

    /// The tokens that were given to apps, oldest first.
    pub(crate) fn given(&self) -> Vec<String> {
        self.tokens().clone()
    }
}

/// The answer where the request is one of an app; none where it is not.
pub(super) fn answer(hub: &GitHub, ask: &Ask, parts: &[&str]) -> Option<Reply> {
    let ("POST", ["app", "installations", installation, "access_tokens"]) = (ask.method.as_str(), parts)
    else {
        return None;
    };
    Some(issue(hub, ask, installation).unwrap_or_else(|error| error))
}

fn issue(hub: &GitHub, ask: &Ask, installation: &str) -> Result<Reply, Reply> {
    let claims = ask.token(&["Bearer"]).and_then(claims);
    let claims = claims.ok_or_else(|| error(401, "A JSON web token could not be decoded"))?;
    let now = Timestamp::now().as_second();
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    match (number("iat"), number("exp")) {
        (Some(iat), _) if iat > now + 60 => {
            return Err(error(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        (Some(_), Some(exp)) if exp > now + LONGEST => {
            return Err(error(401, "'Expiration time' claim ('exp') is too far in the future"));
        }
        (Some(_), Some(exp)) if exp > now => {}
        _ => {
            let message = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
            return Err(error(401, message));
        }
    }
    let issuer = claims.get("iss").is_some_and(|iss| iss.is_string() || iss.is_u64());
    if !issuer {
        return Err(error(401, "'Issuer' claim ('iss') must be an Integer"));
    }
    let id = installation.parse().map_err(|_| not_found())?;
    let login = hub.installed().get(&id).cloned().ok_or_else(not_found)?;
    let token = format!("ghs_{:036}", hub.forge().fresh_id());
    hub.forge().grant(&token, &login);
    hub.tokens().push(token.clone());
    let until = Timestamp::from_second(now + 3_600).unwrap();
    let body = json!({
        "token": token, "expires_at": time(until), "repository_selection": "all",
        "permissions": { "contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write" },
    });
    Ok(Reply::json(201, &body))
}

/// What a statement says, where it has the form of one and says by what it is signed.
fn claims(token: &str) -> Option<Value> {
    let parts: Vec<_> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else { return None };
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    (read(head)?["alg"] == "RS256" && !signature.is_empty()).then(|| read(claims)).flatten()
}

//! Who may send, how large, and what a refusal tells.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use mosaic_core::ErrorKind;
use mosaic_core::types::Secret;
use mosaic_providers::webhook::{Event, Receiver, Vendor};
use sha2::Sha256;

use super::{headers, receive};

const SECRET: &str = "m4rked-secret";
const BODY: &str = r#"{"zen":"m4rked-body","repository":{"full_name":"acme/widget"}}"#;

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(key: &str, text: &str) -> String {
    mac(key.as_bytes(), text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The header by which each vendor proves who it is.
fn proof(vendor: Vendor, secret: &str, body: &str) -> (&'static str, String) {
    match vendor {
        Vendor::GitHub => ("x-hub-signature-256", format!("sha256={}", hex(secret, body))),
        Vendor::Gitea => ("x-gitea-signature", hex(secret, body)),
        Vendor::Forgejo => ("x-forgejo-signature", hex(secret, body)),
        Vendor::GitLab => ("x-gitlab-token", secret.to_owned()),
        Vendor::Bitbucket => ("x-hub-signature", format!("sha256={}", hex(secret, body))),
        _ => ("circleci-signature", format!("v1={}", hex(secret, body))),
    }
}

fn receiver(vendor: Vendor, secret: &str) -> Receiver {
    let secret = Secret::new(secret);
    match vendor {
        Vendor::GitHub => Receiver::github(secret),
        Vendor::Gitea | Vendor::Forgejo => Receiver::gitea(secret),
        Vendor::GitLab => Receiver::gitlab(secret),
        Vendor::Bitbucket => Receiver::bitbucket(secret),
        _ => Receiver::circleci(secret),
    }
}

fn signed(vendor: Vendor, secret: &str, body: &str) -> HeaderMap {
    let mut headers = headers(vendor, "something");
    let (name, value) = proof(vendor, secret, body);
    headers.insert(name, value.parse().unwrap());
    headers
}

#[test]
fn who_knows_the_secret_may_send() {
    for vendor in Vendor::ALL {
        let delivery = receiver(vendor, SECRET).receive(&signed(vendor, SECRET, BODY), BODY.into()).unwrap();
        assert_eq!(
            (delivery.vendor, delivery.event, delivery.name.as_str()),
            (vendor, Event::Other, "something")
        );
        assert_eq!(delivery.body, BODY);
        assert_eq!(delivery.id.is_some(), vendor != Vendor::CircleCi, "{vendor}");
    }
}

#[test]
fn who_does_not_is_refused_and_told_which_header_it_is() {
    for vendor in Vendor::ALL {
        let (header, _) = proof(vendor, SECRET, BODY);
        let unsigned = headers(vendor, "something");
        let other = signed(vendor, "another", BODY);
        for headers in [unsigned, other] {
            let error = receiver(vendor, SECRET).receive(&headers, BODY.into()).unwrap_err();
            assert_eq!(
                (error.kind(), error.status_code()),
                (ErrorKind::Unauthenticated, Some(401)),
                "{vendor}"
            );
            let named = error.facts().find(|(key, _)| *key == "header").unwrap().1.to_owned();
            let either = vendor == Vendor::Forgejo && named == "x-gitea-signature";
            assert!(named == header || either, "{vendor}: {named}");
        }
        if vendor != Vendor::GitLab {
            let changed = receiver(vendor, SECRET).receive(&signed(vendor, SECRET, BODY), "{}".into());
            assert_eq!(changed.unwrap_err().status_code(), Some(401), "{vendor}: another body");
        }
    }
}

#[test]
fn no_error_and_no_debug_shows_a_secret_or_a_body() {
    for vendor in Vendor::ALL {
        let receiver = receiver(vendor, SECRET).max_body(1000);
        assert!(!format!("{receiver:?}").contains("m4rked"));
        let delivery = receiver.receive(&signed(vendor, SECRET, BODY), BODY.into()).unwrap();
        assert!(!format!("{delivery:?}").contains("m4rked"));
        assert!(!serde_json::to_string(&delivery).unwrap().contains("m4rked"));
        let broken = format!("[{BODY}");
        let known = headers(vendor, if vendor == Vendor::Bitbucket { "repo:push" } else { "push" });
        let wrong = r#"{"object_kind":"push","type":"job-completed","ref":["m4rked"],"push":"m4rked"}"#;
        let large = format!("{BODY}{}", " ".repeat(1000));
        let mut twice = signed(vendor, SECRET, BODY);
        let (name, value) = proof(vendor, SECRET, BODY);
        twice.append(name, value.parse().unwrap());
        let open = Receiver::unsigned(vendor);
        let errors = [
            receiver.receive(&headers(vendor, "something"), BODY.into()),
            receiver.receive(&signed(vendor, "m4rked", BODY), BODY.into()),
            receiver.receive(&twice, BODY.into()),
            receiver.receive(&signed(vendor, SECRET, &large), large.clone().into()),
            open.receive(&headers(vendor, "something"), broken.clone().into()),
            open.receive(&known, wrong.into()),
        ];
        for (at, result) in errors.into_iter().enumerate() {
            let error = result.expect_err(&format!("{vendor} {at}"));
            assert!(!format!("{error} {error:?}").contains("m4rked"), "{vendor} {at}: {error:?}");
            assert!(error.status_code().is_some(), "{vendor} {at}");
        }
    }
}

#[test]
fn a_second_secret_holds_while_the_first_is_replaced() {
    let hooks = Receiver::github(Secret::new("old")).or(Secret::new("new"));
    for secret in ["old", "new"] {
        hooks.receive(&signed(Vendor::GitHub, secret, BODY), BODY.into()).unwrap();
    }
    assert!(hooks.receive(&signed(Vendor::GitHub, "", BODY), BODY.into()).is_err());
}

#[test]
fn a_secret_that_is_none_opens_nothing() {
    for hooks in [
        Receiver::github(Secret::new("")),
        Receiver::gitlab(Secret::new("")),
        Receiver::gitea(Secret::new("good")).or(Secret::new("")),
        Receiver::gitlab_signed(Secret::new("not base64!")),
    ] {
        let error = hooks.receive(&signed(Vendor::GitHub, "", BODY), BODY.into()).unwrap_err();
        assert_eq!((error.kind(), error.status_code()), (ErrorKind::Config, Some(500)));
    }
}

#[test]
fn gitlab_signs_with_a_time() {
    let (key, now) = (b"0123456789abcdef0123456789abcdef", Timestamp::from_second(1_800_000_000).unwrap());
    let hooks = Receiver::gitlab_signed(Secret::new(format!("whsec_{}", STANDARD.encode(key))));
    let body = r#"{"object_kind":"unknown","project":{"path_with_namespace":"acme/tools/widget"}}"#;
    let mut headers = headers(Vendor::GitLab, "Some Hook");
    headers.insert("webhook-id", "d-2".parse().unwrap());
    headers.insert("webhook-timestamp", "1800000000".parse().unwrap());
    let signature = format!("v1,{}", STANDARD.encode(mac(key, &format!("d-2.1800000000.{body}"))));
    headers.insert("webhook-signature", signature.parse().unwrap());
    let delivery = hooks.receive_at(&headers, body.into(), now).unwrap();
    assert_eq!(delivery.id.as_deref(), Some("d-2"), "the id that is signed");
    assert_eq!(delivery.repo.unwrap().to_string(), "acme/tools/widget");
    let later = Timestamp::from_second(1_800_000_301).unwrap();
    assert_eq!(hooks.receive_at(&headers, body.into(), later).unwrap_err().status_code(), Some(401));
    let patient = hooks.clone().tolerance(std::time::Duration::from_secs(301));
    patient.receive_at(&headers, body.into(), later).unwrap();
    assert!(hooks.receive(&headers, body.into()).is_err(), "the clock of this machine says another time");

    // The secret in clear is worth nothing to who asks for a signature.
    let mut clear = super::headers(Vendor::GitLab, "Some Hook");
    clear.insert("x-gitlab-token", STANDARD.encode(key).parse().unwrap());
    let error = hooks.receive_at(&clear, body.into(), now).unwrap_err();
    assert!(error.facts().any(|(key, value)| (key, value) == ("header", "webhook-signature")));
}

#[test]
fn bodies_are_bounded() {
    let hooks = Receiver::github(Secret::new(SECRET)).max_body(BODY.len());
    hooks.receive(&signed(Vendor::GitHub, SECRET, BODY), BODY.into()).unwrap();
    let larger = format!("{BODY} ");
    let error = hooks.receive(&signed(Vendor::GitHub, SECRET, &larger), larger.into()).unwrap_err();
    assert_eq!((error.kind(), error.status_code()), (ErrorKind::Invalid, Some(413)));
    let most = Bytes::from(vec![b' '; Receiver::MAX_BODY + 1]);
    assert_eq!(receive(Vendor::GitHub, "push", most).unwrap_err().status_code(), Some(413));
}

#[test]
fn nesting_is_bounded() {
    for vendor in Vendor::ALL {
        let deep = format!(r#"{{"repository":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let result = receive(vendor, "push", deep);
        assert!(result.is_err_and(|error| error.kind() == ErrorKind::Invalid) || vendor == Vendor::CircleCi);
    }
}

#[test]
fn what_gitea_sends_is_not_taken_for_github() {
    for vendor in [Vendor::Gitea, Vendor::Forgejo] {
        let mut headers = signed(Vendor::GitHub, SECRET, BODY);
        headers.extend(super::headers(vendor, "push"));
        let error = receiver(Vendor::GitHub, SECRET).receive(&headers, BODY.into()).unwrap_err();
        assert_eq!((error.kind(), error.status_code()), (ErrorKind::Invalid, Some(400)));
    }
}

#[test]
fn an_event_without_a_name_is_refused() {
    for vendor in Vendor::ALL {
        let error = Receiver::unsigned(vendor).receive(&HeaderMap::new(), BODY.into()).unwrap_err();
        assert_eq!((error.kind(), error.status_code()), (ErrorKind::Invalid, Some(400)), "{vendor}");
    }
}

#[test]
fn forms_are_read_and_their_bytes_are_what_is_signed() {
    let form = "ignored=1&payload=%7B%22zen%22%3A%22a+b%26c%22%2C%22action%22%3A%22now%22%7D";
    let mut headers = signed(Vendor::GitHub, SECRET, form);
    headers.insert("content-type", "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap());
    let hooks = receiver(Vendor::GitHub, SECRET);
    let delivery = hooks.receive(&headers, form.into()).unwrap();
    assert_eq!((delivery.action.as_deref(), &delivery.body[..]), (Some("now"), form.as_bytes()));
    let other = "zen=1";
    headers.insert("x-hub-signature-256", proof(Vendor::GitHub, SECRET, other).1.parse().unwrap());
    assert_eq!(hooks.receive(&headers, other.into()).unwrap_err().status_code(), Some(400));
}

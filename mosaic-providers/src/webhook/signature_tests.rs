//! The published vectors of every scheme, the forms that are no signatures, and the order of headers.

use super::*;

const SIGNED: i64 = 1_731_705_121;

fn check(
    scheme: Scheme,
    secrets: &[&str],
    headers: &[(&'static str, &str)],
    body: &str,
    at: i64,
) -> Result<()> {
    let keys: Vec<_> = secrets.iter().map(|text| Key::new(scheme, &Secret::new(*text)).unwrap()).collect();
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let now = Timestamp::from_second(at).unwrap();
    verify(scheme, &keys, &headers, body.as_bytes(), now, SignedDuration::from_mins(5))
}

/// The header that a refusal names.
fn refusal(result: Result<()>) -> String {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.status_code()), (mosaic_core::ErrorKind::Unauthenticated, Some(401)));
    error.facts().find(|(key, _)| *key == "header").unwrap().1.to_owned()
}

const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const GITHUB_HEX: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn the_vector_of_github() {
    let signed = format!("sha256={GITHUB_HEX}");
    let check =
        |secret, header, value: &str, body| check(Scheme::GitHub, &[secret], &[(header, value)], body, 0);
    check(GITHUB_SECRET, HUB_256, &signed, "Hello, World!").unwrap();
    check(GITHUB_SECRET, HUB_256, &signed.to_uppercase().replace("SHA256", "sha256"), "Hello, World!")
        .unwrap();
    assert_eq!(refusal(check(GITHUB_SECRET, HUB_256, &signed, "Hello, World?")), HUB_256);
    assert_eq!(refusal(check("another", HUB_256, &signed, "Hello, World!")), HUB_256);
    assert_eq!(refusal(check(GITHUB_SECRET, "x-other", &signed, "Hello, World!")), HUB_256);
    assert_eq!(refusal(check(GITHUB_SECRET, HUB, &signed, "Hello, World!")), HUB_256, "the header of SHA-1");
}

#[test]
fn what_is_no_signature_is_refused() {
    for text in [
        "",
        "sha256=",
        GITHUB_HEX,
        &format!("sha1={GITHUB_HEX}"),
        &format!("sha256={}", &GITHUB_HEX[1..]),
        &format!("sha256={GITHUB_HEX}0"),
        &format!("sha256=+{}", &GITHUB_HEX[1..]),
        &format!("sha256=g{}", &GITHUB_HEX[1..]),
    ] {
        let result = check(Scheme::GitHub, &[GITHUB_SECRET], &[(HUB_256, text)], "Hello, World!", 0);
        assert_eq!(refusal(result), HUB_256, "{text}");
    }
}

#[test]
fn a_header_that_is_there_twice_says_nothing() {
    let signed = format!("sha256={GITHUB_HEX}");
    let headers = [(HUB_256, signed.as_str()), (HUB_256, "sha256=00")];
    let mut map = HeaderMap::new();
    headers.iter().for_each(|(name, value)| {
        map.append(*name, value.parse().unwrap());
    });
    let keys = [Key::new(Scheme::GitHub, &Secret::new(GITHUB_SECRET)).unwrap()];
    let result =
        verify(Scheme::GitHub, &keys, &map, b"Hello, World!", Timestamp::UNIX_EPOCH, SignedDuration::ZERO);
    assert_eq!(result.unwrap_err().kind(), mosaic_core::ErrorKind::Invalid);
}

#[test]
fn several_secrets_hold_while_one_is_replaced() {
    let signed = format!("sha256={GITHUB_HEX}");
    for secrets in [["new", GITHUB_SECRET], [GITHUB_SECRET, "new"]] {
        check(Scheme::GitHub, &secrets, &[(HUB_256, &signed)], "Hello, World!", 0).unwrap();
    }
}

#[test]
fn of_gitea_the_header_of_forgejo_goes_first() {
    let check = |headers: &[(&'static str, &str)]| {
        check(Scheme::Gitea, &[GITHUB_SECRET], headers, "Hello, World!", 0)
    };
    let (prefixed, wrong) = (format!("sha256={GITHUB_HEX}"), "0".repeat(64));
    check(&[(FORGEJO, GITHUB_HEX)]).unwrap();
    check(&[(GITEA, GITHUB_HEX)]).unwrap();
    check(&[(HUB_256, &prefixed)]).unwrap();
    check(&[(FORGEJO, GITHUB_HEX), (GITEA, &wrong), (HUB_256, "sha256=0")]).unwrap();
    check(&[(GITEA, GITHUB_HEX), (HUB_256, "sha256=0")]).unwrap();
    assert_eq!(refusal(check(&[(FORGEJO, &wrong), (GITEA, GITHUB_HEX), (HUB_256, &prefixed)])), FORGEJO);
    assert_eq!(refusal(check(&[(GITEA, &wrong), (HUB_256, &prefixed)])), GITEA);
    assert_eq!(refusal(check(&[(GITEA, "")])), GITEA, "as a webhook without a secret sends it");
    assert_eq!(refusal(check(&[(GITEA, &prefixed)])), GITEA, "there is no prefix in this header");
}

#[test]
fn the_token_of_gitlab_is_compared_whole() {
    let check = |given: &str| check(Scheme::Token, &["t0ken"], &[(GITLAB, given)], "{}", 0);
    check("t0ken").unwrap();
    for other in ["", "t0ke", "t0ken1", "T0ken", "other"] {
        assert_eq!(refusal(check(other)), GITLAB, "{other}");
    }
}

#[test]
fn the_header_of_bitbucket_holds_sha256_only() {
    let check = |value: &str| check(Scheme::Bitbucket, &[GITHUB_SECRET], &[(HUB, value)], "Hello, World!", 0);
    check(&format!("sha256={GITHUB_HEX}")).unwrap();
    assert_eq!(refusal(check("sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59")), HUB);
    assert_eq!(refusal(check("")), HUB);
}

#[test]
fn the_vectors_of_circleci() {
    let vectors = [
        ("secret", "hello world", "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"),
        ("another-secret", "lalala", "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"),
        (
            "hunter123",
            "an-important-request-payload",
            "9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa",
        ),
    ];
    for (secret, body, hex) in vectors {
        let check = |value: &str| check(Scheme::CircleCi, &[secret], &[(CIRCLECI, value)], body, 0);
        check(&format!("v1={hex}")).unwrap();
        check(&format!("v2=00,v1={hex},v3=soon")).unwrap();
        check(&format!("v1={}, v1={hex}", "0".repeat(64))).unwrap();
        for wrong in [format!("v2={hex}"), hex.to_owned(), format!("v1={}", "0".repeat(64)), String::new()] {
            assert_eq!(refusal(check(&wrong)), CIRCLECI, "{wrong}");
        }
    }
}

const STANDARD_SECRET: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl";
const STANDARD_BODY: &str = r#"{"event_type":"ping","data":{"success":true}}"#;
const STANDARD_GIVEN: &str = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";

fn standard_check(secret: &str, id: &str, time: &str, given: &str, at: i64) -> Result<()> {
    let headers = [(STANDARD_ID, id), (STANDARD_TIME, time), (STANDARD_SIGNATURE, given)];
    check(Scheme::Standard, &[secret], &headers, STANDARD_BODY, at)
}

#[test]
fn the_vector_of_standard_webhooks() {
    let (id, time) = ("msg_loFOjxBNrRLzqYUf", "1731705121");
    standard_check(STANDARD_SECRET, id, time, STANDARD_GIVEN, SIGNED).unwrap();
    standard_check(&STANDARD_SECRET[6..], id, time, STANDARD_GIVEN, SIGNED).unwrap();
    standard_check(STANDARD_SECRET, id, time, &format!("v1a,AAAA v1,AAAA {STANDARD_GIVEN}"), SIGNED).unwrap();
    let refused = |id, time, given: &str| refusal(standard_check(STANDARD_SECRET, id, time, given, SIGNED));
    assert_eq!(refused("msg_other", time, STANDARD_GIVEN), STANDARD_SIGNATURE);
    assert_eq!(refused(id, "1731705122", STANDARD_GIVEN), STANDARD_SIGNATURE);
    assert_eq!(refused(id, time, &STANDARD_GIVEN.replace("v1,", "v2,")), STANDARD_SIGNATURE);
    assert_eq!(refused(id, time, "v1,AAAA"), STANDARD_SIGNATURE);
    assert_eq!(refused("", time, STANDARD_GIVEN), STANDARD_ID);
    assert_eq!(refused(id, "", STANDARD_GIVEN), STANDARD_TIME);
    assert_eq!(refused(id, time, ""), STANDARD_SIGNATURE);
}

#[test]
fn what_was_signed_at_another_time_is_refused() {
    let at = |now| standard_check(STANDARD_SECRET, "msg_loFOjxBNrRLzqYUf", "1731705121", STANDARD_GIVEN, now);
    at(SIGNED + 300).unwrap();
    at(SIGNED - 300).unwrap();
    assert_eq!(refusal(at(SIGNED + 301)), STANDARD_TIME);
    assert_eq!(refusal(at(SIGNED - 301)), STANDARD_TIME);
}

#[test]
fn a_time_that_is_none_is_refused_also_where_it_is_signed() {
    let key = Key::new(Scheme::Standard, &Secret::new(STANDARD_SECRET)).unwrap();
    for time in ["soon", "99999999999999999", "-99999999999999999999"] {
        let mac = key.mac(&[b"id", b".", time.as_bytes(), b".", STANDARD_BODY.as_bytes()]).unwrap();
        let given = format!("v1,{}", STANDARD.encode(mac));
        assert_eq!(
            refusal(standard_check(STANDARD_SECRET, "id", time, &given, SIGNED)),
            STANDARD_TIME,
            "{time}"
        );
    }
}

#[test]
fn secrets_that_cannot_be_used_are_no_keys() {
    assert!(Key::new(Scheme::GitHub, &Secret::new("")).is_none());
    for text in ["whsec_", "", "whsec_no base64"] {
        assert!(Key::new(Scheme::Standard, &Secret::new(text)).is_none(), "{text}");
    }
}

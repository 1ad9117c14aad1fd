use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header, encode};
use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use proptest::prelude::*;
use serde_json::json;

use super::super::key::VerifyKey;
use super::super::{CallerKind, TokenIssuer};
use super::*;
use crate::security::Authenticators;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn clock() -> Clock {
    Clock::tokio(Timestamp::from_second(NOW).unwrap())
}

fn jwt(key: VerifyKey) -> Jwt {
    Jwt::new("https://id.example", "mosaic", KeySet::new([key]).unwrap()).unwrap().clock(clock())
}

fn hmac() -> VerifyKey {
    VerifyKey::hmac(&Secret::new(SECRET)).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "mosaic", "sub": "ann", "tenant": "acme", "roles": ["reader", "no role!"],
        "iat": NOW, "nbf": NOW, "exp": NOW + 600,
    })
}

fn sign(header: &Header, claims: &Value, key: &EncodingKey) -> Secret {
    super::super::cryptography();
    Secret::new(encode(header, claims, key).unwrap())
}

fn signed(claims: &Value) -> Secret {
    sign(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

fn with(name: &str, value: Value) -> Value {
    let mut all = claims();
    all[name] = value;
    all
}

fn without(name: &str) -> Value {
    let mut all = claims();
    all.as_object_mut().unwrap().remove(name);
    all
}

async fn refusal(jwt: &Jwt, token: &Secret) -> String {
    let error = jwt.authenticate(token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(!format!("{error:?}").contains(token.expose()), "a token is never quoted");
    error.message().to_owned()
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// Every algorithm with a key that signs and one that checks, and the public half in PEM form.
fn pairs() -> Vec<(Algorithm, EncodingKey, VerifyKey, Option<String>)> {
    let random = SystemRandom::new();
    let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let ed_public = Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap().public_key().as_ref().to_vec();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ec_pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref()).unwrap();
    let ec_pem = pem(AsDer::<PublicKeyX509Der<'_>>::as_der(ec_pair.public_key()).unwrap().as_ref());
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let rsa_private = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
    let rsa_pem = pem(AsDer::<PublicKeyX509Der<'_>>::as_der(rsa.public_key()).unwrap().as_ref());
    vec![
        (Algorithm::HS256, EncodingKey::from_secret(SECRET.as_bytes()), hmac(), None),
        (Algorithm::EdDSA, EncodingKey::from_ed_der(ed.as_ref()), VerifyKey::ed25519(&ed_public), None),
        (
            Algorithm::ES256,
            EncodingKey::from_ec_der(ec.as_ref()),
            VerifyKey::p256_pem(&ec_pem).unwrap(),
            Some(ec_pem),
        ),
        (
            Algorithm::RS256,
            EncodingKey::from_rsa_pem(
                format!(
                    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                    STANDARD.encode(rsa_private.as_ref())
                )
                .as_bytes(),
            )
            .unwrap(),
            VerifyKey::rsa_pem(&rsa_pem).unwrap(),
            Some(rsa_pem),
        ),
    ]
}

#[tokio::test]
async fn each_algorithm_is_checked_by_its_own_keys_only() {
    let pairs = pairs();
    for (algorithm, private, public, _) in &pairs {
        let token = sign(&Header::new(*algorithm), &claims(), private);
        let ann = jwt(public.clone()).authenticate(&token).await.unwrap().unwrap();
        assert_eq!((ann.tenant().as_str(), ann.principal()), ("acme", &Principal::user("ann")));
        assert_eq!(ann.roles().iter().map(|role| role.as_str()).collect::<Vec<_>>(), ["reader"]);
        assert_eq!(ann.expires(), Some(Timestamp::from_second(NOW + 660).unwrap()));
        for (other, _, wrong, _) in pairs.iter().filter(|(other, ..)| other != algorithm) {
            let why = refusal(&jwt(wrong.clone()), &token).await;
            assert!(why.contains("no key"), "{algorithm:?} with a key for {other:?}: {why}");
        }
    }
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    for (algorithm, _, public, pem) in pairs() {
        let Some(pem) = pem else { continue };
        // What the confused would accept: HMAC with the text of the public key.
        let token =
            sign(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(pem.as_bytes()));
        assert!(refusal(&jwt(public), &token).await.contains("no key"), "{algorithm:?}");
        assert_eq!(VerifyKey::hmac(&Secret::new(pem.as_str())).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn what_is_not_signed_or_signed_otherwise_is_refused() {
    let checker = jwt(hmac());
    let body = URL_SAFE_NO_PAD.encode(claims().to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"NONE","typ":"JWT"}"#, r#"{"alg":"HS257"}"#, "{}", "[]"] {
        for signature in ["", "AAAA"] {
            let token = Secret::new(format!("{}.{body}.{signature}", URL_SAFE_NO_PAD.encode(header)));
            refusal(&checker, &token).await;
        }
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = sign(&Header::new(algorithm), &claims(), &EncodingKey::from_secret(SECRET.as_bytes()));
        assert!(refusal(&checker, &token).await.contains("not accepted"));
    }
    let other = sign(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(&[7; 32]));
    assert!(refusal(&checker, &other).await.contains("signature"));
}

#[tokio::test]
async fn what_a_token_brings_along_is_not_trusted() {
    let (algorithm, private, _, _) = pairs().remove(2);
    let mut header = Header::new(algorithm);
    header.jwk = Some(jsonwebtoken::jwk::Jwk::from_encoding_key(&private, algorithm).unwrap());
    header.jku = Some("https://evil.example/keys".to_owned());
    let token = sign(&header, &claims(), &private);
    refusal(&jwt(pairs().remove(2).2), &token).await;

    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["b64".to_owned()]);
    let token = sign(&critical, &claims(), &EncodingKey::from_secret(SECRET.as_bytes()));
    assert!(refusal(&jwt(hmac()), &token).await.contains("critical"));
}

#[tokio::test]
async fn keys_are_found_by_their_id() {
    let (a, b) = ("a".repeat(32), "b".repeat(32));
    let key = |text: &str| VerifyKey::hmac(&Secret::new(text)).unwrap().with_id(&text[..1]);
    let keys = KeySet::new([key(&a), key(&b)]).unwrap();
    let checker = Jwt::new("https://id.example", "mosaic", keys).unwrap().clock(clock());
    let token = |id: Option<&str>, secret: &str| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = id.map(str::to_owned);
        sign(&header, &claims(), &EncodingKey::from_secret(secret.as_bytes()))
    };
    assert!(checker.authenticate(&token(Some("b"), &b)).await.unwrap().is_some());
    let long = "x".repeat(300);
    for (id, secret) in
        [(Some("a"), &b), (Some("c"), &b), (None, &b), (Some(""), &b), (Some(long.as_str()), &b)]
    {
        refusal(&checker, &token(id, secret)).await;
    }
    assert!(KeySet::new([key(&a), key(&a)]).is_err());
    assert!(KeySet::new([]).is_err());
}

#[tokio::test]
async fn times_are_required_and_held() {
    let checker = jwt(hmac());
    for (claims, why) in [
        (without("exp"), "no end"),
        (with("exp", json!(NOW - 61)), "expired"),
        (with("exp", json!(NOW - 60)), "expired"),
        (with("nbf", json!(NOW + 61)), "not hold yet"),
        (with("exp", json!("soon")), "wrong type"),
        (with("exp", json!(-5)), "out of range"),
        (with("exp", json!(1e300)), "out of range"),
    ] {
        assert!(refusal(&checker, &signed(&claims)).await.contains(why), "{claims}");
    }
    for claims in
        [with("exp", json!(NOW - 59)), with("nbf", json!(NOW + 60)), with("exp", json!(NOW as f64 + 0.5))]
    {
        assert!(checker.authenticate(&signed(&claims)).await.unwrap().is_some(), "{claims}");
    }
    let issued = without("nbf");
    assert!(checker.authenticate(&signed(&issued)).await.unwrap().is_some(), "iat stands for it");
    let mut neither = issued.clone();
    neither.as_object_mut().unwrap().remove("iat");
    assert!(refusal(&checker, &signed(&neither)).await.contains("no beginning"));
    assert!(refusal(&jwt(hmac()).needs_nbf(), &signed(&issued)).await.contains("nbf"));
    let exact = jwt(hmac()).leeway(Duration::ZERO);
    assert!(refusal(&exact, &signed(&with("exp", json!(NOW)))).await.contains("expired"));
}

#[tokio::test]
async fn it_is_from_the_issuer_and_for_the_audience() {
    let checker = jwt(hmac());
    for claims in
        [without("aud"), with("aud", json!("other")), with("aud", json!([])), with("aud", json!(["other"]))]
    {
        assert!(refusal(&checker, &signed(&claims)).await.contains("audience"), "{claims}");
    }
    assert!(checker.authenticate(&signed(&with("aud", json!(["x", "mosaic"])))).await.unwrap().is_some());
    let two = jwt(hmac()).or_audience("other");
    assert!(two.authenticate(&signed(&with("aud", json!("other")))).await.unwrap().is_some());
    // Another issuer may be known to another authenticator.
    for claims in [
        with("iss", json!("https://other.example")),
        without("iss"),
        with("iss", json!(["https://id.example"])),
    ] {
        assert!(checker.authenticate(&signed(&claims)).await.unwrap().is_none(), "{claims}");
        assert!(Authenticators::new().with(checker.clone()).authenticate(&signed(&claims)).await.is_err());
    }
}

#[tokio::test]
async fn claims_are_mapped() {
    let mapping = |json: Value| serde_json::from_value::<ClaimMapping>(json).unwrap();
    let keycloak = jwt(hmac()).mapping(mapping(json!({
        "tenant": "default", "name_claim": "email", "roles_claim": "/realm_access/roles", "kind": "agent",
    })));
    let mut token = with("email", json!("ann@acme.example"));
    token["realm_access"] = json!({ "roles": ["writer"] });
    let ann = keycloak.authenticate(&signed(&token)).await.unwrap().unwrap();
    assert_eq!((ann.tenant().as_str(), ann.principal()), ("default", &Principal::agent("ann@acme.example")));
    assert_eq!(ann.roles().len(), 1);

    let checker = jwt(hmac());
    let scopes =
        checker.authenticate(&signed(&with("roles", json!("reader writer")))).await.unwrap().unwrap();
    assert_eq!(scopes.roles().len(), 2);
    let many: Vec<_> = (0..65).map(|at| format!("r{at}")).collect();
    for (claims, why) in [
        (without("tenant"), "no claim"),
        (without("sub"), "no claim"),
        (with("tenant", json!("a/b")), "no name of a tenant"),
        (with("tenant", json!(7)), "no text"),
        (with("sub", json!("")), "1 to 256"),
        (with("kind", json!("application")), "neither"),
        (with("roles", json!({})), "neither a list"),
        (with("roles", json!(many)), "64 roles"),
    ] {
        assert!(refusal(&checker, &signed(&claims)).await.contains(why), "{claims}");
    }
    assert!(serde_json::from_str::<ClaimMapping>(r#"{ "tennant": "a" }"#).is_err());
}

#[tokio::test(start_paused = true)]
async fn our_own_tokens_end_soon() {
    let shared = Secret::new(SECRET);
    for issuer in [
        TokenIssuer::generate("https://mosaic.example", "mosaic").unwrap(),
        TokenIssuer::hmac("https://mosaic.example", "mosaic", &shared).unwrap(),
    ] {
        let issuer = issuer.clock(clock());
        let builder = Identity::new(TenantId::new("acme").unwrap(), Principal::agent("builder")).unwrap();
        let builder = builder.with_roles([crate::security::RoleName::new("worker").unwrap()]).unwrap();
        let token = issuer.issue(&builder, Duration::from_secs(60)).unwrap();
        let checker = issuer.authenticator().unwrap();
        let known = checker.authenticate(&token).await.unwrap().unwrap();
        assert_eq!((known.principal(), known.roles()), (builder.principal(), builder.roles()));
        tokio::time::advance(Duration::from_secs(119)).await;
        assert!(checker.authenticate(&token).await.is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(refusal(&checker, &token).await.contains("expired"));
        assert!(!format!("{issuer:?}").contains(SECRET));
        for lifetime in [Duration::ZERO, Duration::from_secs(86_401)] {
            assert_eq!(issuer.issue(&builder, lifetime).unwrap_err().kind(), ErrorKind::Invalid);
        }
        let ended = builder.clone().until(Timestamp::from_second(NOW - 1).unwrap());
        assert!(issuer.issue(&ended, Duration::from_secs(60)).is_err());
    }
}

#[tokio::test]
async fn an_issuer_publishes_what_checks_its_tokens() {
    let issuer = TokenIssuer::generate("https://id.example", "mosaic").unwrap();
    let set = KeySet::published(issuer.published().to_string().as_bytes()).unwrap();
    let checker = Jwt::new("https://id.example", "mosaic", set).unwrap();
    let ann = Identity::new(TenantId::default_tenant(), Principal::user("ann")).unwrap();
    let token = issuer.issue(&ann, Duration::from_secs(60)).unwrap();
    assert_eq!(checker.authenticate(&token).await.unwrap().unwrap().principal(), ann.principal());
    assert_eq!(CallerKind::of(ann.principal()), Some(CallerKind::User));
    let hmac = TokenIssuer::hmac("a", "b", &Secret::new(SECRET)).unwrap();
    assert_eq!(hmac.published(), json!({ "keys": [] }), "a shared secret is never published");
}

#[test]
fn published_sets_are_read_with_care() {
    let usable = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let all = json!({ "keys": [
        usable,
        // A published shared secret is known to everybody.
        { "kty": "oct", "kid": "2", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        { "kty": "RSA", "kid": "3", "use": "enc", "n": "AQAB", "e": "AQAB" },
        { "kty": "RSA", "kid": "4", "alg": "RS512", "n": "AQAB", "e": "AQAB" },
        { "kty": "EC", "kid": "5", "crv": "P-384", "x": "AQAB", "y": "AQAB" },
        { "kty": "what", "kid": "6" }, 7, null,
    ] });
    let set = KeySet::published(all.to_string().as_bytes()).unwrap();
    assert!(set.find(Some("1"), Algorithm::EdDSA).is_some());
    for id in ["2", "3", "4", "5", "6"] {
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(set.find(Some(id), algorithm).is_none(), "{id}");
        }
    }
    for bad in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":7}"#] {
        assert_eq!(KeySet::published(bad.as_bytes()).unwrap_err().kind(), ErrorKind::Protocol, "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_token_is_accepted(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let token = signed(&claims());
        let mut text = token.expose().to_owned();
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != to);
        text.replace_range(at..=at, &to);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(async { jwt(hmac()).authenticate(&Secret::new(text)).await });
        prop_assert!(!matches!(found, Ok(Some(_))));
    }

    #[test]
    fn any_text_is_refused_in_peace(text in "[A-Za-z0-9_.-]{0,80}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(async { jwt(hmac()).authenticate(&Secret::new(text)).await });
        prop_assert!(!matches!(found, Ok(Some(_))));
    }
}

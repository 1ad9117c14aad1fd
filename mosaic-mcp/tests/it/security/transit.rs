//! Master keys in a real OpenBao.

use mosaic_core::error::ErrorKind;
use mosaic_core::types::Secret;
use mosaic_mcp::security::seal::{Keyring, Sealed, Sealer, TransitKey};
use mosaic_mcp::state::{Key, MemoryStore, State};
use serde_json::json;

use crate::servers::program;
use crate::servers::program::{Program, free_port};

struct Bao {
    address: String,
    http: reqwest::Client,
    _running: Program,
}

impl Bao {
    fn start() -> Option<Self> {
        let bao = program("MOSAIC_OPENBAO")?;
        let mut why = String::new();
        // The port, and the one after it, may be taken.
        for _ in 0..5 {
            let port = free_port();
            let listen = format!("-dev-listen-address=127.0.0.1:{port}");
            let args = ["server", "-dev", &listen, "-dev-root-token-id=root", "-dev-no-store-token"];
            match Program::start_here(&bao, &args, "Root Token:") {
                Ok(running) => {
                    let address = format!("http://127.0.0.1:{port}");
                    return Some(Self { address, http: reqwest::Client::new(), _running: running });
                }
                Err(error) => why = error,
            }
        }
        panic!("OpenBao does not start: {why}");
    }

    async fn post(&self, path: &str, body: serde_json::Value) {
        let request = self.http.post(format!("{}/v1/{path}", self.address)).header("x-vault-token", "root");
        request.json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    fn key(&self, name: &str, token: &str) -> TransitKey {
        TransitKey::new(&self.address, "transit", name, Secret::new(token)).unwrap()
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(Keyring::new(self.key("mosaic", "root")).unwrap())
    }
}

#[tokio::test]
async fn a_key_in_openbao_seals_a_store() {
    let Some(bao) = Bao::start() else { return };
    bao.post("sys/mounts/transit", json!({ "type": "transit" })).await;
    bao.post("transit/keys/mosaic", json!({})).await;
    let below = MemoryStore::new();
    let name = Key::of(&["plan"]).unwrap();
    let write = async |text: &'static str| {
        let state = State::open(Sealed::new(below.clone(), bao.sealer())).await.unwrap();
        state.put(name.clone(), text).await.unwrap();
        state.close().await.unwrap();
    };
    let read = async || {
        let state = State::open(Sealed::new(below.clone(), bao.sealer())).await.unwrap();
        let found = state.get(&name).await;
        state.close().await.unwrap();
        found.map(|entry| entry.unwrap().value)
    };
    write("first").await;
    assert_eq!(&*read().await.unwrap(), b"first");
    // A rotation there needs nothing here.
    bao.post("transit/keys/mosaic/rotate", json!({})).await;
    assert_eq!(&*read().await.unwrap(), b"first");
    write("second").await;
    assert_eq!(&*read().await.unwrap(), b"second");

    // Faults of a key are told apart, without the token.
    let sealed = bao.sealer().seal(b"", b"x").await.unwrap();
    let stranger = Sealer::new(Keyring::new(bao.key("mosaic", "no-such-token")).unwrap());
    let error = stranger.open(b"", &sealed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(!format!("{error:?}").contains("no-such-token"), "{error:?}");
    let other = Sealer::new(Keyring::new(bao.key("other", "root")).unwrap());
    assert_eq!(other.open(b"", &sealed).await.unwrap_err().kind(), ErrorKind::Config);
    let error = TransitKey::new("http://vault.example", "transit", "mosaic", Secret::new("x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

//! Master keys in a hardware token, as SoftHSM plays it.

use std::path::Path;
use std::process::Command;

use mosaic_core::error::ErrorKind;
use mosaic_core::types::Secret;
use mosaic_mcp::security::seal::{
    DataKeyBytes, Keyring, MasterKey as _, Pkcs11Key, Pkcs11Options, Sealed, Sealer,
};
use mosaic_mcp::state::{Key, MemoryStore, State};

use crate::servers::program;

/// The process in which the library of the token is: it finds the token by this variable.
const PLACE: &str = "SOFTHSM2_CONF";
/// This test in a process of its own.
const CHILD: &str = "MOSAIC_TOKEN_CHILD";

#[test]
fn a_key_in_a_token_seals_a_store() {
    let Some(module) = program("MOSAIC_SOFTHSM") else { return };
    if std::env::var_os(CHILD).is_some() {
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(in_token(&module));
    }
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("softhsm2.conf");
    std::fs::write(&conf, format!("directories.tokendir = {}\n", folder.path().display())).unwrap();
    let mut make = Command::new("softhsm2-util");
    make.args(["--init-token", "--free", "--label", "mosaic", "--so-pin", "1234", "--pin", "5678"]);
    assert!(make.env(PLACE, &conf).output().unwrap().status.success());
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "security::hardware::a_key_in_a_token_seals_a_store", "--nocapture"]);
    let done = again.env(PLACE, &conf).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

async fn in_token(module: &Path) {
    let options = |key: &str, pin: &str| Pkcs11Options::new(module, "mosaic", key, Secret::new(pin));
    for (wrong, why) in [
        (options("master", "0000"), "PIN"),
        (options("master", "5678"), "has no AES key"),
        (Pkcs11Options::new(module, "other", "master", Secret::new("5678")), "no token"),
        (Pkcs11Options::new("/nowhere.so", "mosaic", "master", Secret::new("5678")), "cannot be loaded"),
    ] {
        let error = Pkcs11Key::open(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.message().contains(why), "{error}");
    }
    let below = MemoryStore::new();
    let name = Key::of(&["plan"]).unwrap();
    let sealer = Sealer::new(
        Keyring::new(Pkcs11Key::open(options("master", "5678").create()).await.unwrap()).unwrap(),
    );
    let state = State::open(Sealed::new(below.clone(), sealer)).await.unwrap();
    state.put(name.clone(), "in confidence").await.unwrap();
    state.close().await.unwrap();
    drop(state);
    // Found again, and not made anew.
    let key = Pkcs11Key::open(options("master", "5678").create()).await.unwrap();
    let data = DataKeyBytes::new([7; 32]);
    let mut wrapped = key.wrap(&data).await.unwrap();
    assert_eq!(key.unwrap(&wrapped).await.unwrap(), data);
    wrapped[20] ^= 1;
    assert!(key.unwrap(&wrapped).await.is_err());
    wrapped[20] ^= 1;
    assert_eq!(key.unwrap(&wrapped).await.unwrap(), data, "a fault does not stop it");
    let state = State::open(Sealed::new(below, Sealer::new(Keyring::new(key).unwrap()))).await.unwrap();
    assert_eq!(&*state.get(&name).await.unwrap().unwrap().value, b"in confidence");
    state.close().await.unwrap();
}

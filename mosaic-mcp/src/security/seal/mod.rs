//! Sealing: values and the data of events are encrypted before a store sees them (AES-256-GCM, envelope encryption).
//!
//! - A *data key* encrypts many values; a *master key* encrypts data keys, and never leaves where it is: a file, OpenBao or Vault, or a
//!   hardware token. The encrypted data key, and the id of its master key, are before each sealed value, so that a value needs
//!   nothing but the master key, on any node and after any restore. That makes a value longer by 60 bytes, the id and the
//!   encrypted data key.
//! - The place of a value is part of the proof: its key and version, for an event its offset, topic and kind. A sealed value that is
//!   moved to another place does not open.
//! - Each process makes data keys of its own and changes them after a day, or 2^30 values: far below what random nonces allow.
//! - A new master key is used for what is written from then on, while the old ones open what they sealed; [`Sealed::reseal`] seals the
//!   values anew in the background. Events stay as they are, so an old master key is kept as long as they are.
//! - Keys, topics, kinds, times and versions are not encrypted: a store sorts and filters by them. Put no secrets into names.
//!
//! A backup is one of the store *below* the sealing, and so is sealed as well.
mod header;
mod local;
mod master;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod reseal;
mod sealer;
mod store;
#[cfg(feature = "vault")]
mod vault;

pub use local::LocalKey;
pub use master::{DataKeyBytes, Keyring, MasterKey};
#[cfg(feature = "pkcs11")]
pub use pkcs11::{Pkcs11Key, Pkcs11Options};
pub use reseal::{KeyUse, Resealed};
pub use sealer::Sealer;
pub use store::Sealed;
pub(crate) use store::is_sealed;
#[cfg(feature = "vault")]
pub use vault::TransitKey;

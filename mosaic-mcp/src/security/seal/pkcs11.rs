//! A master key in a hardware token (PKCS#11).

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Failure, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Secret;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::header::{NONCE, TAG};
use super::local::{data_key, random};
use super::master::{DataKeyBytes, MasterKey};

/// What data keys are bound to.
const PURPOSE: &[u8] = b"mosaic data key";

/// Where the key is.
///
/// ```
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::security::seal::Pkcs11Options;
///
/// let options = Pkcs11Options::new("/usr/lib/softhsm/libsofthsm2.so", "mosaic", "master", Secret::new("1234")).create();
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Pkcs11Options {
    module: PathBuf,
    token: String,
    key: String,
    pin: Secret,
    create: bool,
}

impl Pkcs11Options {
    /// The library of the token's maker, the label of the token, the label of the key in it, and the PIN of its user.
    pub fn new(
        module: impl Into<PathBuf>,
        token: impl Into<String>,
        key: impl Into<String>,
        pin: Secret,
    ) -> Self {
        Self { module: module.into(), token: token.into(), key: key.into(), pin, create: false }
    }

    /// The same, where a key that is not there is made: AES with 256 bits, which cannot be taken out of the token.
    pub fn create(mut self) -> Self {
        self.create = true;
        self
    }
}

/// An AES key in a hardware token, which encrypts data keys in there. A thread of its own speaks to the token, one question after the
/// other; it ends when this is dropped. Libraries of tokens are there once in a process: open one of these for each.
///
/// ```
/// # use mosaic_mcp::security::seal::{Keyring, Pkcs11Key, Pkcs11Options};
/// async fn keys(options: Pkcs11Options) -> mosaic_core::Result<Keyring> {
///     Keyring::new(Pkcs11Key::open(options).await?)
/// }
/// ```
pub struct Pkcs11Key {
    id: String,
    questions: Option<mpsc::Sender<Question>>,
    thread: Option<JoinHandle<()>>,
}

type Reply<T> = oneshot::Sender<Result<T>>;

enum Question {
    Wrap(DataKeyBytes, Reply<Vec<u8>>),
    Unwrap(Vec<u8>, Reply<DataKeyBytes>),
}

impl Pkcs11Key {
    /// Opens the token and finds the key.
    ///
    /// # Errors
    /// `Config` where the library, the token or the key is not there, or the PIN is wrong.
    pub async fn open(options: Pkcs11Options) -> Result<Self> {
        let id = format!("pkcs11:{}/{}", options.token, options.key);
        let (questions, asked) = mpsc::channel();
        let (ready, opened) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("mosaic-pkcs11".to_owned())
            .spawn(move || work(&options, &asked, ready))
            .map_err(|error| Error::new(ErrorKind::Internal, "no thread for the token").source(error))?;
        let key = Self { id, questions: Some(questions), thread: Some(thread) };
        opened.await.map_err(|_| gone())??;
        Ok(key)
    }

    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let questions = self.questions.as_ref().ok_or_else(gone)?;
        questions.send(question(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[async_trait]
impl MasterKey for Pkcs11Key {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
        let key = key.clone();
        self.ask(|reply| Question::Wrap(key, reply)).await
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
        let wrapped = wrapped.to_vec();
        self.ask(|reply| Question::Unwrap(wrapped, reply)).await
    }
}

impl Drop for Pkcs11Key {
    fn drop(&mut self) {
        self.questions.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Pkcs11Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pkcs11Key({})", self.id)
    }
}

/// The thread: everything that touches the library happens here.
fn work(options: &Pkcs11Options, asked: &mpsc::Receiver<Question>, ready: Reply<()>) {
    let mut opened = match open(options) {
        Ok(opened) => {
            let _ = ready.send(Ok(()));
            Some(opened)
        }
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    while let Ok(question) = asked.recv() {
        // A token that was taken out and put back wants a new session.
        if opened.is_none() {
            opened = open(options).ok();
        }
        let token = opened.as_ref();
        let lost = match question {
            Question::Wrap(key, reply) => answer(token.map(|token| token.wrap(&key)), reply),
            Question::Unwrap(wrapped, reply) => answer(token.map(|token| token.unwrap(&wrapped)), reply),
        };
        if lost {
            opened = None;
        }
    }
}

/// Gives the answer; tells whether the session is not to be used again.
fn answer<T>(result: Option<Result<T>>, reply: Reply<T>) -> bool {
    let result = result.unwrap_or_else(|| Err(Error::new(ErrorKind::Provider, "the token does not answer")));
    let lost = result.is_err();
    // Whoever asked may have gone away.
    let _ = reply.send(result);
    lost
}

struct Token {
    session: Session,
    key: ObjectHandle,
    /// After the session, which is given back first.
    _library: Pkcs11,
}

fn open(options: &Pkcs11Options) -> Result<Token> {
    let library = Pkcs11::new(&options.module)
        .map_err(|error| config("the library of the token cannot be loaded", error))?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // By an earlier session.
        Ok(()) | Err(Failure::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(config("the library of the token cannot be used", error)),
    }
    let failed = |error| config("the tokens cannot be listed", error);
    let mut found = None;
    for slot in library.get_slots_with_token().map_err(failed)? {
        if library.get_token_info(slot).map_err(failed)?.label() == options.token {
            found = Some(slot);
        }
    }
    let slot = found.ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("there is no token {:?}: is it put in?", options.token))
    })?;
    let session =
        library.open_rw_session(slot).map_err(|error| config("the token opens no session", error))?;
    session
        .login(UserType::User, Some(&AuthPin::from(options.pin.expose().to_owned())))
        .map_err(|error| config("the token does not accept the PIN", error))?;
    let wanted = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Label(options.key.as_bytes().to_vec()),
    ];
    let failed = |error| config("the keys of the token cannot be listed", error);
    let key = match session.find_objects(&wanted).map_err(failed)?.as_slice() {
        [key] => *key,
        [] if options.create => {
            let mut made = wanted[2..].to_vec();
            made.extend([
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::ValueLen(32.into()),
            ]);
            session
                .generate_key(&Mechanism::AesKeyGen, &made)
                .map_err(|error| config("the token makes no key", error))?
        }
        [] => {
            return Err(Error::new(ErrorKind::Config, format!("the token has no AES key {:?}", options.key)));
        }
        _ => {
            return Err(Error::new(
                ErrorKind::Config,
                format!("the token has several AES keys {:?}", options.key),
            ));
        }
    };
    Ok(Token { session, key, _library: library })
}

impl Token {
    fn wrap(&self, key: &DataKeyBytes) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let mut given = nonce;
        let sealed = self
            .session
            .encrypt(&Mechanism::AesGcm(parameters(&mut given)?), self.key, key.as_slice())
            .map_err(|error| Error::new(ErrorKind::Provider, "the token does not encrypt").source(error))?;
        // Some tokens choose the nonce themselves.
        Ok([given.as_slice(), &sealed].concat())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<DataKeyBytes> {
        let wrong = || {
            Error::new(ErrorKind::Internal, "a data key does not open in the token: the value was damaged")
        };
        let (nonce, sealed) = wrapped.split_at_checked(NONCE).ok_or_else(wrong)?;
        let mut nonce: [u8; NONCE] = nonce.try_into().map_err(|_| wrong())?;
        if sealed.len() < TAG {
            return Err(wrong());
        }
        let opened = self
            .session
            .decrypt(&Mechanism::AesGcm(parameters(&mut nonce)?), self.key, sealed)
            .map(Zeroizing::new)
            .map_err(|error| wrong().source(error))?;
        data_key(&opened).ok_or_else(wrong)
    }
}

fn parameters(nonce: &mut [u8; NONCE]) -> Result<GcmParams<'_>> {
    GcmParams::new(nonce, PURPOSE, 128.into()).map_err(|error| {
        Error::new(ErrorKind::Internal, "the parameters of AES-GCM do not fit").source(error)
    })
}

fn config(what: &'static str, error: Failure) -> Error {
    Error::new(ErrorKind::Config, what).source(error)
}

fn gone() -> Error {
    Error::new(ErrorKind::Lifecycle, "the thread of the token has ended")
}

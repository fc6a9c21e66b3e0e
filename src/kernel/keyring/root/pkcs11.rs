//! Root keys in a PKCS#11 token (a hardware module, or SoftHSM2): AES keys that are never extracted.
//!
//! Each root version is a key of its own, found by its label. A wrapped key is `0x03 | nonce(12) | ciphertext | tag(16)`
//! by AES-256-GCM in the token; what the key is bound to goes along as associated data. With random nonces a key may
//! wrap 2^32 times (SP 800-38D §8.3): more than there will ever be owners.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Library};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::remote::{Fail, Keeper};
use super::{Item, Opened, Pkcs11};
use crate::kernel::crypto::Unreadable;
use crate::kernel::entropy::Entropy;

/// What a wrapped key of this kind begins with.
const FORMAT: u8 = 3;
const NONCE: usize = 12;
const TAG_BITS: u64 = 128;
const KEY_BYTES: u64 = 32;

const NO_KEY: Fail = Fail::Refused("does not have the key");
const WRONG_PIN: Fail = Fail::Refused("refuses our PIN: mend it and start anew, before the token locks it");

/// A module is initialised once in a process, and stays.
static LIBRARIES: Mutex<Option<HashMap<PathBuf, Library>>> = Mutex::new(None);

/// A session with the token.
pub(super) struct Token {
    session: Session,
    entropy: Entropy,
    keys: HashMap<String, ObjectHandle>,
}

/// Whether the token refused the PIN: then it is not shown again, since tokens lock themselves after a few wrong ones.
#[derive(Debug, Default)]
pub(super) struct PinRefused(AtomicBool);

impl Token {
    /// Opens a session and logs in.
    pub(super) fn connect(settings: &Pkcs11, refused: &PinRefused) -> Result<Self, Fail> {
        if refused.0.load(Ordering::SeqCst) {
            return Err(WRONG_PIN);
        }
        let library = library(&settings.module)?;
        let slots = library.get_slots_with_initialized_token().map_err(away)?;
        let named = |slot: &&cryptoki::slot::Slot| {
            library.get_token_info(**slot).is_ok_and(|info| info.label().trim_end() == settings.token_label)
        };
        // A token that is not there may have been pulled out.
        let slot = slots.iter().find(named).ok_or(Fail::Away)?;
        let session = library.open_rw_session(*slot).map_err(away)?;
        let pin = settings.pin.read().ok_or(Fail::Refused("needs a PIN, and its file cannot be read"))?;
        let pin = AuthPin::from(pin.reveal().clone());
        match session.login(UserType::User, Some(&pin)) {
            // All sessions of a process share it.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinLocked | RvError::PinExpired | RvError::PinLenRange,
                _,
            )) => {
                refused.0.store(true, Ordering::SeqCst);
                return Err(WRONG_PIN);
            }
            Err(error) => return Err(away(error)),
        }
        Ok(Self { session, entropy: settings.entropy.clone(), keys: HashMap::new() })
    }

    fn key(&mut self, handle: &str) -> Result<ObjectHandle, Fail> {
        if let Some(key) = self.keys.get(handle) {
            return Ok(*key);
        }
        let key = self.find(handle)?.first().copied().ok_or(NO_KEY)?;
        self.keys.insert(handle.to_owned(), key);
        Ok(key)
    }

    fn find(&self, handle: &str) -> Result<Vec<ObjectHandle>, Fail> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Token(true),
            Attribute::Label(handle.as_bytes().to_vec()),
        ];
        self.session.find_objects(&template).map_err(away)
    }
}

impl Keeper for Token {
    fn seal(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Vec<u8>>, Fail> {
        let key = self.key(handle)?;
        let seal = |item: &Item| {
            let nonce = self.entropy.bytes::<NONCE>();
            let mut given = nonce;
            let parameters = GcmParams::new(&mut given, &item.context, TAG_BITS.into()).map_err(away)?;
            let sealed = self.session.encrypt(&Mechanism::AesGcm(parameters), key, &item.bytes).map_err(away)?;
            Ok([&[FORMAT], nonce.as_slice(), sealed.as_slice()].concat())
        };
        items.iter().map(seal).collect()
    }

    fn open(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Opened>, Fail> {
        let key = self.key(handle)?;
        let open = |item: &Item| {
            let Some((nonce, sealed)) =
                item.bytes.strip_prefix(&[FORMAT]).and_then(|rest| rest.split_first_chunk::<NONCE>())
            else {
                return Ok(Err(Unreadable));
            };
            let mut given = *nonce;
            let parameters = GcmParams::new(&mut given, &item.context, TAG_BITS.into()).map_err(away)?;
            match self.session.decrypt(&Mechanism::AesGcm(parameters), key, sealed) {
                Ok(plain) => Ok(Ok(Zeroizing::new(plain))),
                Err(Error::Pkcs11(error, _)) if says_unreadable(error) => Ok(Err(Unreadable)),
                Err(error) => Err(away(error)),
            }
        };
        items.iter().map(open).collect()
    }

    fn make(&mut self, handle: &str) -> Result<(), Fail> {
        if !self.find(handle)?.is_empty() {
            return Ok(());
        }
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(KEY_BYTES.into()),
            Attribute::Label(handle.as_bytes().to_vec()),
            Attribute::Id(handle.as_bytes().to_vec()),
        ];
        self.session.generate_key(&Mechanism::AesKeyGen, &template).map(drop).map_err(away)
    }

    fn destroy(&mut self, handle: &str) -> Result<(), Fail> {
        for key in self.find(handle)? {
            self.session.destroy_object(key).map_err(away)?;
        }
        self.keys.remove(handle);
        if self.find(handle)?.is_empty() { Ok(()) } else { Err(Fail::Refused("does not destroy the key")) }
    }
}

/// What tokens say of a ciphertext whose tag does not fit.
const fn says_unreadable(error: RvError) -> bool {
    matches!(error, RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange | RvError::SignatureInvalid)
}

fn library(module: &Path) -> Result<Library, Fail> {
    let mut libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    let libraries = libraries.get_or_insert_default();
    if let Some(library) = libraries.get(module) {
        return Ok(library.clone());
    }
    let library = Library::new(module).map_err(|_| Fail::Refused("has a module that cannot be loaded"))?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(away(error)),
    }
    libraries.insert(module.to_owned(), library.clone());
    Ok(library)
}

/// A token that fails counts as away: it may be pulled out, or be reset.
fn away(error: Error) -> Fail {
    tracing::debug!(%error, "the token failed");
    Fail::Away
}

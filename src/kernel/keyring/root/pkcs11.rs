//! Root keys in a PKCS#11 token (a hardware module, or SoftHSM2): AES keys that are never extracted.
//!
//! Each root version is a key of its own, found by its label. A wrapped key is `0x03 | nonce(12) | ciphertext | tag(16)`
//! by AES-256-GCM in the token; what the key is bound to goes along as associated data. With random nonces a key may
//! wrap 2^32 times (SP 800-38D §8.3): more than there will ever be owners.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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

/// How often a token that is not there is looked for again before it counts as away, and how long between.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

const NO_KEY: Fail = Fail::Refused("does not have the key");
const WRONG_PIN: Fail = Fail::Refused("refuses our PIN: mend it and start anew, before the token locks it");

/// A module is loaded once in a process. Each has a lock of its own: whoever logs in to one that hangs holds up nobody who
/// needs another.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Mutex<Module>>>> = Mutex::new(BTreeMap::new());

/// Initialised while a session needs it.
struct Module {
    library: Library,
    is_initialised: bool,
    sessions: usize,
}

/// A session with the token. It ends before it counts as ended.
pub(super) struct Token {
    session: Session,
    entropy: Entropy,
    keys: HashMap<String, ObjectHandle>,
    _counted: Counted,
}

/// Whether the token refused the PIN: then it is not shown again, since tokens lock themselves after a few wrong ones.
#[derive(Debug, Default)]
pub(super) struct PinRefused(AtomicBool);

impl Token {
    /// Opens a session and logs in. A token that is not there is looked for again for a moment: SoftHSM has none to show
    /// while another process writes to it.
    pub(super) fn connect(settings: &Pkcs11, refused: &PinRefused) -> Result<Self, Fail> {
        for _ in 0..LOOKS {
            match Self::connect_now(settings, refused) {
                Err(Fail::Away) => std::thread::sleep(BETWEEN_LOOKS),
                Ok(token) => return Ok(token),
                Err(refused) => return Err(refused),
            }
        }
        Self::connect_now(settings, refused)
    }

    fn connect_now(settings: &Pkcs11, refused: &PinRefused) -> Result<Self, Fail> {
        if refused.0.load(Ordering::SeqCst) {
            return Err(WRONG_PIN);
        }
        let shared = module(&settings.module)?;
        let mut module = shared.lock().unwrap_or_else(PoisonError::into_inner);
        module.initialise()?;
        match log_in(&module.library, settings, refused) {
            Ok(session) => {
                module.sessions += 1;
                let counted = Counted(Arc::clone(&shared));
                Ok(Self { session, entropy: settings.entropy.clone(), keys: HashMap::new(), _counted: counted })
            }
            Err(fail) => {
                // SoftHSM looks for its tokens when it is initialised, and then no more.
                if module.sessions == 0 {
                    module.is_initialised = false;
                    module.library.clone().finalize().map_err(away)?;
                }
                Err(fail)
            }
        }
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

/// That a session is open, until it is dropped.
struct Counted(Arc<Mutex<Module>>);

impl Drop for Counted {
    fn drop(&mut self) {
        let mut module = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        module.sessions = module.sessions.saturating_sub(1);
    }
}

/// The module at `path`, loaded when it is needed first.
fn module(path: &Path) -> Result<Arc<Mutex<Module>>, Fail> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    match modules.entry(path.to_owned()) {
        Entry::Occupied(known) => Ok(Arc::clone(known.get())),
        Entry::Vacant(place) => {
            let library = Library::new(path).map_err(|_| Fail::Refused("has a module that cannot be loaded"))?;
            let module = Module { library, is_initialised: false, sessions: 0 };
            Ok(Arc::clone(place.insert(Arc::new(Mutex::new(module)))))
        }
    }
}

impl Module {
    fn initialise(&mut self) -> Result<(), Fail> {
        if !self.is_initialised {
            match self.library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => self.is_initialised = true,
                Err(error) => return Err(away(error)),
            }
        }
        Ok(())
    }
}

fn log_in(library: &Library, settings: &Pkcs11, refused: &PinRefused) -> Result<Session, Fail> {
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
    Ok(session)
}

/// A token that fails counts as away: it may be pulled out, or be reset.
fn away(error: Error) -> Fail {
    tracing::debug!(%error, "the token failed");
    Fail::Away
}

//! Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): a text, an empty line, and who signed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::tree::Hash;
use crate::kernel::keyring::signing::{PublicKey, Signer};

/// The kind of signature that Ed25519 is to signed notes.
const ED25519: u8 = 1;

/// How a line of a signature begins: an em dash and a space.
const SIGNED: &str = "\u{2014} ";

/// Who signs notes: a name and an Ed25519 key, as `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: [u8; 32],
}

/// Not a key for notes in the form `NAME+ID+KEY`, or another kind than Ed25519.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key for signed notes: NAME+ID+KEY with an Ed25519 key")]
pub struct NoVerifier;

impl Verifier {
    /// The key of `name`; `None` if notes could not name it (empty, or with a space, a control character or `+`).
    #[must_use]
    pub fn new(name: &str, key: [u8; 32]) -> Option<Self> {
        let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        (!name.is_empty() && name.chars().all(fits)).then(|| Self { name: name.to_owned(), key })
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures begin with.
    fn id(&self) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key).finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(hash).for_each(|(place, byte)| *place = byte);
        id
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        let key: Vec<u8> = std::iter::once(ED25519).chain(self.key).collect();
        write!(out, "{}+{id:08x}+{}", self.name, BASE64.encode(key))
    }
}

impl std::str::FromStr for Verifier {
    type Err = NoVerifier;

    fn from_str(text: &str) -> Result<Self, NoVerifier> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoVerifier);
        };
        let key = BASE64.decode(key).map_err(|_| NoVerifier)?;
        let Some((&ED25519, key)) = key.split_first() else { return Err(NoVerifier) };
        let key = key.try_into().map_err(|_| NoVerifier)?;
        let read = Self::new(name, key).ok_or(NoVerifier)?;
        if format!("{:08x}", u32::from_be_bytes(read.id())) == id { Ok(read) } else { Err(NoVerifier) }
    }
}

/// Why a text is no note that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not a text, an empty line and signatures; or its text is no checkpoint.
    #[error("it is not a checkpoint: an origin, a size, a root and a signature")]
    Form,
    /// None of the given keys signed it.
    #[error("none of the given keys signed it")]
    Unsigned,
    /// A line in the name of a given key does not hold: it was changed.
    #[error("its signature does not hold: it was changed")]
    Signature,
}

/// Signs `text`, which ends with a line break, in the name of `verifier`'s key, which is `signer`'s own.
#[must_use]
pub fn sign(text: &str, name: &str, signer: &Signer) -> Option<String> {
    let verifier = Verifier::new(name, signer.public())?;
    if !is_text(text) {
        return None;
    }
    let mut signature = verifier.id().to_vec();
    signature.extend(signer.sign(text.as_bytes()));
    Some(format!("{text}\n{SIGNED}{name} {}\n", BASE64.encode(signature)))
}

/// The text of a note that at least one of `verifiers` signed.
///
/// # Errors
/// See [`Invalid`].
pub fn open<'a>(note: &'a str, verifiers: &[Verifier]) -> Result<&'a str, Invalid> {
    let split = note.rfind("\n\n").ok_or(Invalid::Form)?;
    let (text, signatures) = note.split_at_checked(split + 1).ok_or(Invalid::Form)?;
    let signatures = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(Invalid::Form)?;
    if !is_text(text) {
        return Err(Invalid::Form);
    }
    let mut is_signed = false;
    for line in signatures.split('\n') {
        let (name, signature) = line.strip_prefix(SIGNED).and_then(|line| line.split_once(' ')).ok_or(Invalid::Form)?;
        let bytes = BASE64.decode(signature).map_err(|_| Invalid::Form)?;
        let (id, signature) = bytes.split_at_checked(4).ok_or(Invalid::Form)?;
        let Some(verifier) = verifiers.iter().find(|known| known.name == name && known.id() == id) else { continue };
        let signature = signature.try_into().map_err(|_| Invalid::Signature)?;
        PublicKey::verify(&verifier.key, text.as_bytes(), signature).map_err(|_| Invalid::Signature)?;
        is_signed = true;
    }
    if is_signed { Ok(text) } else { Err(Invalid::Unsigned) }
}

/// Whether notes can hold it: not empty, ends with a line break, no control character but that.
fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.chars().any(|c| c.is_control() && c != '\n')
}

/// What a checkpoint says: how many entries the log of this origin has, and their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's own name.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads a text; lines after the third are others' business.
    ///
    /// # Errors
    /// [`Invalid::Form`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Invalid::Form);
        };
        let number: u64 = size.parse().map_err(|_| Invalid::Form)?;
        if origin.is_empty() || number.to_string() != size {
            return Err(Invalid::Form);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root: Hash::parse(root).ok_or(Invalid::Form)? })
    }

    /// Reads a note that one of `verifiers` signed and that is a checkpoint of their log.
    ///
    /// # Errors
    /// See [`Invalid`].
    pub fn open(note: &str, verifiers: &[Verifier]) -> Result<Self, Invalid> {
        let read = Self::parse(open(note, verifiers)?)?;
        if verifiers.iter().any(|verifier| verifier.name == read.origin) { Ok(read) } else { Err(Invalid::Unsigned) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::Value;

    use super::*;
    use crate::kernel::ids::SigningKeyId;

    fn signer(seed: u8) -> Signer {
        Signer::of_bytes(SigningKeyId::from_bytes([0; 16]), &[seed; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "seif/log".to_owned(), size: 7, root: Hash::of_entry(b"x") }
    }

    #[test]
    fn the_example_of_the_specification_opens_under_its_key() {
        let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/transparency.json")).unwrap();
        let text = |name: &str| all["note"][name].as_str().unwrap().to_owned();
        let verifier: Verifier = text("vkey").parse().unwrap();
        assert_eq!(verifier.to_string(), text("vkey"));
        let note = format!("{}\n{}\n", text("text"), text("signature_line"));
        assert_eq!(open(&note, std::slice::from_ref(&verifier)).unwrap(), text("text"));
        assert_eq!(open(&note.replace("example message", "other message"), &[verifier]), Err(Invalid::Signature));
    }

    #[test]
    fn a_checkpoint_holds_until_a_single_character_of_it_is_changed() {
        let note = sign(&checkpoint().text(), "seif/log", &signer(1)).unwrap();
        let verifiers = [Verifier::new("seif/log", signer(1).public()).unwrap()];
        assert_eq!(Checkpoint::open(&note, &verifiers).unwrap(), checkpoint());
        for at in 0..note.len() {
            let mut changed = note.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(Checkpoint::open(&changed, &verifiers).is_err(), "{at}: {changed}");
        }
    }

    #[test]
    fn another_signer_is_passed_over_and_another_log_is_not_taken() {
        let note = sign(&checkpoint().text(), "seif/log", &signer(1)).unwrap();
        let verifier = |name: &str, seed| Verifier::new(name, signer(seed).public()).unwrap();
        assert_eq!(Checkpoint::open(&note, &[verifier("seif/log", 2)]), Err(Invalid::Unsigned));
        assert_eq!(Checkpoint::open(&note, &[]), Err(Invalid::Unsigned));
        let witnessed = format!("{note}{SIGNED}witness.example {}\n", BASE64.encode([7; 68]));
        assert_eq!(Checkpoint::open(&witnessed, &[verifier("seif/log", 1)]).unwrap(), checkpoint());
        let elsewhere = sign(&checkpoint().text(), "another/log", &signer(1)).unwrap();
        assert_eq!(Checkpoint::open(&elsewhere, &[verifier("another/log", 1)]), Err(Invalid::Unsigned));
    }

    #[test]
    fn what_notes_cannot_hold_is_not_signed() {
        for name in ["", "two words", "a+b", "a\tb"] {
            assert!(sign("text\n", name, &signer(1)).is_none(), "{name}");
        }
        for text in ["", "no line break", "tab\there\n"] {
            assert!(sign(text, "seif/log", &signer(1)).is_none(), "{text}");
        }
        for text in ["seif/log\n07\nAAAA\n", "seif/log\n7\n", "\n7\nAAAA\n", "seif/log\n-1\nAAAA\n"] {
            assert_eq!(Checkpoint::parse(text), Err(Invalid::Form), "{text}");
        }
    }

    #[test]
    fn a_key_for_notes_is_read_whole_or_not_at_all() {
        let text = Verifier::new("seif/log", signer(1).public()).unwrap().to_string();
        assert_eq!(text.parse::<Verifier>().unwrap().to_string(), text);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(changed.parse::<Verifier>().is_err(), "{changed}");
        }
    }
}

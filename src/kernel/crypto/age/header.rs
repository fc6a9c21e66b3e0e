//! The head of an age file: the file key, wrapped for each recipient, and a MAC under it over all of that.

use std::io::{self, BufRead, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};

use super::{
    FILE_KEY, Identity, PrivateKey, Recipient, Secret, Sha256, TAG, UnparsedPublicKey, Unreadable, X25519, Zeroizing,
    agree, expanded, open, seal,
};
use crate::kernel::entropy::Entropy;

const VERSION: &str = "age-encryption.org/v1";
/// More recipients than this are none.
pub const MOST: usize = 64;
/// A longer header is none: other kinds of recipients, which are passed over, have longer lines than ours.
const LONGEST: u64 = 1024 * 1024;
/// Letters of a full line of a stanza's body.
const FULL: usize = 64;

/// Why an age file does not open.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
    /// It does not begin as one does.
    #[error("it is no file of age, version 1")]
    NotAge,
    /// Its header ends too early, or is not one.
    #[error("its header is damaged or cut off")]
    Damaged,
    /// None of the identities is one of its recipients'.
    #[error("it is sealed for none of these identities")]
    ForOthers,
    /// The header is not the one that was written.
    #[error("its header was changed")]
    Changed,
}

/// The key that a file's other keys come from.
pub(super) type FileKey = Zeroizing<Vec<u8>>;

/// A new file key, and the head of a file that says it to these recipients alone.
///
/// # Errors
/// There is no recipient, or there are too many.
pub(super) fn written(recipients: &[Recipient], entropy: &Entropy) -> Result<(FileKey, Vec<u8>), Unreadable> {
    if recipients.is_empty() || recipients.len() > MOST {
        return Err(Unreadable);
    }
    let file_key = Zeroizing::new(entropy.bytes::<FILE_KEY>().to_vec());
    let mut header = format!("{VERSION}\n");
    for recipient in recipients {
        let ephemeral = Zeroizing::new(entropy.bytes::<32>());
        let ephemeral = PrivateKey::from_private_key(&X25519, ephemeral.as_slice()).map_err(|_| Unreadable)?;
        let share = ephemeral.compute_public_key().map_err(|_| Unreadable)?;
        let share: [u8; 32] = share.as_ref().try_into().map_err(|_| Unreadable)?;
        let key = wrapping(&ephemeral, &recipient.0, &share, &recipient.0)?;
        let mut body = Vec::with_capacity(FILE_KEY + TAG);
        body.extend_from_slice(&file_key);
        seal(&key, [0; 12], &mut body)?;
        header.push_str(&format!("-> X25519 {}\n{}\n", BASE64.encode(share), BASE64.encode(&body)));
    }
    header.push_str("---");
    let mac = mac(&file_key, header.as_bytes()).finalize().into_bytes();
    header.push_str(&format!(" {}\n", BASE64.encode(mac)));
    Ok((file_key, header.into_bytes()))
}

/// Reads the head of a file; gives its key, which the first fitting identity opens. What follows is the payload.
///
/// # Errors
/// See [`NotOpened`].
pub(super) fn read(from: &mut impl BufRead, identities: &[Identity]) -> Result<FileKey, NotOpened> {
    let parsed = parsed(from)?;
    let keys = identities.iter().flat_map(|identity| parsed.stanzas.iter().map(move |stanza| (identity, stanza)));
    let file_key = keys.map(|(identity, stanza)| unwrapped(identity, stanza)).find_map(Result::ok);
    let file_key = file_key.ok_or(NotOpened::ForOthers)?;
    // Checked in constant time by the library.
    mac(&file_key, &parsed.covered).verify_slice(&parsed.mac).map_err(|_| NotOpened::Changed)?;
    Ok(file_key)
}

struct Stanza {
    share: [u8; 32],
    body: [u8; FILE_KEY + TAG],
}

struct Parsed {
    stanzas: Vec<Stanza>,
    covered: Vec<u8>,
    mac: Vec<u8>,
}

/// Stanzas of other kinds are passed over.
fn parsed(from: &mut impl BufRead) -> Result<Parsed, NotOpened> {
    let mut lines = Lines { from: from.take(LONGEST), read: Vec::new() };
    if !matches!(lines.next(), Ok(line) if line == VERSION) {
        return Err(NotOpened::NotAge);
    }
    let mut stanzas = Vec::new();
    loop {
        let before = lines.read.len();
        let line = lines.next()?;
        if let Some(mac) = line.strip_prefix("--- ") {
            let mac = BASE64.decode(mac).map_err(|_| NotOpened::Damaged)?;
            lines.read.truncate(before + 3);
            return Ok(Parsed { stanzas, covered: lines.read, mac });
        }
        let body = lines.body()?;
        let mut arguments = line.strip_prefix("-> ").ok_or(NotOpened::Damaged)?.split(' ');
        if arguments.next() == Some("X25519") {
            stanzas.push(stanza(arguments, &body).ok_or(NotOpened::Damaged)?);
        }
        if stanzas.len() > MOST {
            return Err(NotOpened::Damaged);
        }
    }
}

fn stanza<'l>(mut arguments: impl Iterator<Item = &'l str>, body: &str) -> Option<Stanza> {
    let share = BASE64.decode(arguments.next()?).ok()?.try_into().ok()?;
    let body = BASE64.decode(body).ok()?.try_into().ok()?;
    arguments.next().is_none().then_some(Stanza { share, body })
}

struct Lines<R> {
    from: io::Take<R>,
    read: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end.
    fn next(&mut self) -> Result<String, NotOpened> {
        let before = self.read.len();
        self.from.read_until(b'\n', &mut self.read).map_err(NotOpened::Io)?;
        let line = self.read.get(before..).and_then(|line| line.strip_suffix(b"\n")).ok_or(NotOpened::Damaged)?;
        std::str::from_utf8(line).map(str::to_owned).map_err(|_| NotOpened::Damaged)
    }

    /// A stanza's body: full lines, and one that is shorter.
    fn body(&mut self) -> Result<String, NotOpened> {
        let mut body = String::new();
        loop {
            let line = self.next()?;
            body.push_str(&line);
            if line.len() > FULL {
                return Err(NotOpened::Damaged);
            }
            if line.len() < FULL {
                return Ok(body);
            }
        }
    }
}

fn unwrapped(identity: &Identity, stanza: &Stanza) -> Result<FileKey, Unreadable> {
    let private = PrivateKey::from_private_key(&X25519, identity.0.reveal()).map_err(|_| Unreadable)?;
    let ours = identity.recipient().map_err(|_| Unreadable)?;
    let key = wrapping(&private, &stanza.share, &stanza.share, &ours.0)?;
    let mut body = Zeroizing::new(stanza.body.to_vec());
    open(&key, [0; 12], &mut body)?;
    Ok(body)
}

/// The key that wraps the file key; refuses a share that agrees on nothing (RFC 7748 §6.1).
fn wrapping(
    private: &PrivateKey,
    peer: &[u8; 32],
    share: &[u8; 32],
    recipient: &[u8; 32],
) -> Result<Secret<[u8; 32]>, Unreadable> {
    let salt = [share.as_slice(), recipient].concat();
    agree(private, UnparsedPublicKey::new(&X25519, peer), Unreadable, |shared| {
        Ok(expanded(&salt, shared, b"age-encryption.org/v1/X25519"))
    })
}

fn mac(file_key: &[u8], header: &[u8]) -> Hmac<Sha256> {
    let key = expanded(&[], file_key, b"header");
    match Hmac::<Sha256>::new_from_slice(key.reveal()) {
        Ok(mac) => mac.chain_update(header),
        // A key of any length is one.
        Err(_) => std::process::abort(),
    }
}

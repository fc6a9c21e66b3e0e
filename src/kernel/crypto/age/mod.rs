//! The format of age, version 1 (C2SP age.md), for what is short and for X25519 recipients alone: a file that whoever
//! has the identity opens, with the tool `age` too.
//!
//! A file key of 16 bytes is wrapped for each recipient by an ephemeral X25519 key, HKDF-SHA-256 and ChaCha20-Poly1305; a
//! MAC under it covers the header; the content is one chunk of ChaCha20-Poly1305 under a key derived from it and a nonce.

mod bech32;

use std::fmt;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::Unreadable;
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Secret;

const VERSION: &str = "age-encryption.org/v1";
const FILE_KEY: usize = 16;
const TAG: usize = 16;
/// The longest content that is one chunk.
const LONGEST: usize = 64 * 1024;
/// More recipients than this are none.
const MOST: usize = 64;

/// Who can open: a public key, `age1…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// What opens: a private key, `AGE-SECRET-KEY-1…`.
#[derive(Debug, Clone)]
pub struct Identity(Secret<[u8; 32]>);

/// It is no key of age's X25519 kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an age key of the X25519 kind")]
pub struct NotAKey;

impl Recipient {
    /// The recipient that is written so.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let key = bech32::decoded("age", text).ok_or(NotAKey)?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| NotAKey)?;
        // A point of small order agrees on nothing secret with anybody.
        let probe = PrivateKey::from_private_key(&X25519, &[0x42; 32]).map_err(|_| NotAKey)?;
        agree(&probe, UnparsedPublicKey::new(&X25519, key), NotAKey, |_| Ok(()))?;
        Ok(Self(key))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::encoded("age", &self.0))
    }
}

impl Identity {
    /// The identity that is written so.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let is_upper = !text.bytes().any(|byte| byte.is_ascii_lowercase());
        let text = Zeroizing::new(text.to_ascii_lowercase());
        let key = Zeroizing::new(bech32::decoded("age-secret-key-", &text).filter(|_| is_upper).ok_or(NotAKey)?);
        let identity = Self(Secret::new(key.as_slice().try_into().map_err(|_| NotAKey)?));
        let _ = identity.recipient()?;
        Ok(identity)
    }

    /// The identities in the text of a file, one a line; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// A line is none, or there is none at all.
    pub fn of_file(text: &str) -> Result<Vec<Self>, NotAKey> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let all: Vec<Self> = lines.map(Self::parse).collect::<Result<_, _>>()?;
        if all.is_empty() { Err(NotAKey) } else { Ok(all) }
    }

    /// Whose it is.
    ///
    /// # Errors
    /// The key is none.
    pub fn recipient(&self) -> Result<Recipient, NotAKey> {
        let key = PrivateKey::from_private_key(&X25519, self.0.reveal()).map_err(|_| NotAKey)?;
        let public = key.compute_public_key().map_err(|_| NotAKey)?;
        public.as_ref().try_into().map(Recipient).map_err(|_| NotAKey)
    }
}

/// Seals up to 64 KiB for these recipients: an age file.
///
/// # Errors
/// The content is longer, or there is no recipient.
pub fn sealed(content: &[u8], recipients: &[Recipient], entropy: &Entropy) -> Result<Vec<u8>, Unreadable> {
    if content.len() > LONGEST || recipients.is_empty() || recipients.len() > MOST {
        return Err(Unreadable);
    }
    let file_key = Zeroizing::new(entropy.bytes::<FILE_KEY>());
    let mut header = format!("{VERSION}\n");
    for recipient in recipients {
        let ephemeral = Zeroizing::new(entropy.bytes::<32>());
        let ephemeral = PrivateKey::from_private_key(&X25519, ephemeral.as_slice()).map_err(|_| Unreadable)?;
        let share = ephemeral.compute_public_key().map_err(|_| Unreadable)?;
        let share: [u8; 32] = share.as_ref().try_into().map_err(|_| Unreadable)?;
        let key = wrapping(&ephemeral, &recipient.0, &share, &recipient.0)?;
        let mut body = file_key.to_vec();
        seal(&key, [0; 12], &mut body)?;
        header.push_str(&format!("-> X25519 {}\n{}\n", BASE64.encode(share), BASE64.encode(&body)));
    }
    header.push_str("---");
    let mac = mac(file_key.as_slice(), header.as_bytes()).finalize().into_bytes();
    header.push_str(&format!(" {}\n", BASE64.encode(mac)));
    let nonce = entropy.bytes::<16>();
    let key = expanded(&nonce, file_key.as_slice(), b"payload");
    let mut chunk = content.to_vec();
    seal(&key, LAST, &mut chunk)?;
    Ok([header.as_bytes(), &nonce, &chunk].concat())
}

/// Opens such a file with the first of these identities that it was sealed for.
///
/// # Errors
/// It was sealed for none of them, or is changed, or is no such file.
pub fn opened(file: &[u8], identities: &[Identity]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let parsed = parsed(file).ok_or(Unreadable)?;
    let keys = identities.iter().flat_map(|identity| parsed.stanzas.iter().map(move |stanza| (identity, stanza)));
    let file_key = keys.map(|(identity, stanza)| unwrapped(identity, stanza)).find_map(Result::ok).ok_or(Unreadable)?;
    // Checked in constant time by the library.
    mac(&file_key, parsed.covered).verify_slice(&parsed.mac).map_err(|_| Unreadable)?;
    let (nonce, chunk) = parsed.payload.split_first_chunk::<16>().ok_or(Unreadable)?;
    let mut content = Zeroizing::new(chunk.to_vec());
    if content.len() > LONGEST + TAG {
        return Err(Unreadable);
    }
    open(&expanded(nonce, &file_key, b"payload"), LAST, &mut content)?;
    Ok(content)
}

/// The nonce of a first chunk that is the last one too.
const LAST: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

struct Stanza {
    share: [u8; 32],
    body: [u8; FILE_KEY + TAG],
}

struct Parsed<'f> {
    stanzas: Vec<Stanza>,
    covered: &'f [u8],
    mac: Vec<u8>,
    payload: &'f [u8],
}

/// Reads the header; stanzas of other kinds are passed over.
fn parsed(file: &[u8]) -> Option<Parsed<'_>> {
    let mut rest = file.strip_prefix(VERSION.as_bytes())?.strip_prefix(b"\n")?;
    let mut stanzas = Vec::new();
    loop {
        let (line, after) = line(rest)?;
        if let Some(mac) = line.strip_prefix("--- ") {
            let covered = file.get(..file.len() - rest.len() + 3)?;
            return Some(Parsed { stanzas, covered, mac: BASE64.decode(mac).ok()?, payload: after });
        }
        let arguments: Vec<&str> = line.strip_prefix("-> ")?.split(' ').collect();
        rest = after;
        let mut body = String::new();
        loop {
            let (line, after) = self::line(rest)?;
            rest = after;
            body.push_str(line);
            if line.len() < 64 {
                break;
            }
        }
        if let ["X25519", share] = arguments.as_slice() {
            let share = BASE64.decode(share).ok()?.try_into().ok()?;
            stanzas.push(Stanza { share, body: BASE64.decode(body).ok()?.try_into().ok()? });
            if stanzas.len() > MOST {
                return None;
            }
        }
    }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.get(1..)?))
}

fn unwrapped(identity: &Identity, stanza: &Stanza) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
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

fn expanded(salt: &[u8], key: &[u8], label: &[u8]) -> Secret<[u8; 32]> {
    let mut bytes = [0; 32];
    if Hkdf::<Sha256>::new(Some(salt), key).expand(label, &mut bytes).is_err() {
        // Only more than 8,160 bytes can fail; going on would mean sealing under zeros.
        std::process::abort();
    }
    let derived = Secret::new(bytes);
    bytes.zeroize();
    derived
}

fn mac(file_key: &[u8], header: &[u8]) -> Hmac<Sha256> {
    let key = expanded(&[], file_key, b"header");
    match Hmac::<Sha256>::new_from_slice(key.reveal()) {
        Ok(mac) => mac.chain_update(header),
        // A key of any length is one.
        Err(_) => std::process::abort(),
    }
}

fn cipher(key: &Secret<[u8; 32]>) -> Result<LessSafeKey, Unreadable> {
    UnboundKey::new(&CHACHA20_POLY1305, key.reveal()).map(LessSafeKey::new).map_err(|_| Unreadable)
}

fn seal(key: &Secret<[u8; 32]>, nonce: [u8; 12], content: &mut Vec<u8>) -> Result<(), Unreadable> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    cipher(key)?.seal_in_place_append_tag(nonce, Aad::empty(), content).map_err(|_| Unreadable)
}

fn open(key: &Secret<[u8; 32]>, nonce: [u8; 12], content: &mut Vec<u8>) -> Result<(), Unreadable> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = cipher(key)?.open_in_place(nonce, Aad::empty(), content).map_err(|_| Unreadable)?.len();
    content.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seed: u8) -> Identity {
        Identity(Secret::new([seed; 32]))
    }

    #[test]
    fn a_key_reads_as_the_tool_writes_it() {
        // Made by age-keygen 1.1.1.
        const SECRET: &str = "AGE-SECRET-KEY-18Z8QYKCRU4MGS7PFLCWV3DMR5JKUT0NQPFWFPFTC3Y6M6QWR59VQ5XRD6P";
        const PUBLIC: &str = "age1act7dlpd77p9djfvd8nttpwv9g9nh7xw9kdfm9k8y3n7anhyhcvs8ajtv6";
        let identity = Identity::parse(SECRET).unwrap();
        assert_eq!(identity.recipient().unwrap().to_string(), PUBLIC);
        assert_eq!(Recipient::parse(PUBLIC), identity.recipient());
        assert!(!format!("{identity:?}").contains(&SECRET[20..]));
        for wrong in [&PUBLIC[..61], &PUBLIC.replace("age1", "bge1"), &PUBLIC.to_uppercase(), "age1", "", SECRET] {
            assert_eq!(Recipient::parse(wrong), Err(NotAKey), "{wrong}");
        }
        let mut typo = PUBLIC.to_owned();
        typo.replace_range(20..21, if &PUBLIC[20..21] == "q" { "p" } else { "q" });
        assert_eq!(Recipient::parse(&typo), Err(NotAKey));
        // A point of small order.
        assert_eq!(Recipient::parse(&bech32::encoded("age", &[0; 32])), Err(NotAKey));
        assert!(Identity::parse(&SECRET.to_lowercase()).is_err());
        assert_eq!(Identity::of_file(&format!("# created\n# public key\n\n{SECRET}\n")).unwrap().len(), 1);
        assert!(Identity::of_file("# nothing\n").is_err());
    }

    #[test]
    fn what_the_tool_has_sealed_opens() {
        const SECRET: &str = "AGE-SECRET-KEY-18Z8QYKCRU4MGS7PFLCWV3DMR5JKUT0NQPFWFPFTC3Y6M6QWR59VQ5XRD6P";
        const FILE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBHQzhTcG9nT0NTL1k4azdrVHVBUk02V2lwQXBnbmtSQXpXa0hMQjludnpFCnJkV0tkbkQybHFGeTErVHBjeUROSFd5d1ovREszQ2thTGRBOVlvM21pQzQKLS0tIDVOWUM1aXZ4VmFUeXIwTzB0ZXdWQlYwMWFlVElvUEtUQkVNL2ZVMDBpRlUKT1DTtJNuLAyNAcKb/1Hpw9NOHPgIkGg2zAWWGukmcnCTdjAF7nxrVPJJSOaAhA==";
        let file = base64::engine::general_purpose::STANDARD.decode(FILE).unwrap();
        let opened = opened(&file, &[identity(1), Identity::parse(SECRET).unwrap()]).unwrap();
        assert_eq!(opened.as_slice(), b"sealed by age\n");
    }

    #[test]
    fn each_recipient_opens_it_and_nobody_else_and_nothing_that_was_changed_opens() {
        let recipients = [1, 2].map(|seed| identity(seed).recipient().unwrap());
        for content in [b"".as_slice(), &[7; 32], &[9; LONGEST]] {
            let file = sealed(content, &recipients, &Entropy::seeded(5)).unwrap();
            for seed in [1, 2] {
                assert_eq!(opened(&file, &[identity(seed)]).unwrap().as_slice(), content);
            }
            assert!(opened(&file, &[identity(3)]).is_err());
            assert!(opened(&file, &[]).is_err());
            for at in (0..file.len()).step_by(1 + file.len() / 997) {
                let mut changed = file.clone();
                changed[at] ^= 1;
                assert!(opened(&changed, &[identity(1), identity(2)]).is_err(), "{at}");
                assert!(opened(&file[..at], &[identity(1)]).is_err(), "{at}");
            }
        }
        assert!(sealed(&[0; LONGEST + 1], &recipients, &Entropy::seeded(5)).is_err());
        assert!(sealed(b"x", &[], &Entropy::seeded(5)).is_err());
    }
}

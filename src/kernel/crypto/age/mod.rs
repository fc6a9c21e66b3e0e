//! The format of age, version 1 (C2SP age.md), for X25519 recipients: a file that whoever has the identity opens, with the
//! tool `age` too.
//!
//! A file key of 16 bytes is wrapped for each recipient by an ephemeral X25519 key, HKDF-SHA-256 and ChaCha20-Poly1305, and
//! a MAC under it covers the header (`header`). The content is chunks of 64 KiB under a key derived from it and a
//! nonce ([`Sealing`], [`Opening`]), so that it may be of any length. [`sealed`] and [`opened`] do the same with what is in
//! memory.

mod bech32;
mod header;
mod payload;

use std::fmt;
use std::io::{Read as _, Write as _};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

pub use self::header::{MOST, NotOpened};
pub use self::payload::{Opening, Sealing};
use super::Unreadable;
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Secret;

const FILE_KEY: usize = 16;
const TAG: usize = 16;

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

/// Seals what is in memory for these recipients: an age file.
///
/// # Errors
/// There is no recipient, or there are too many.
pub fn sealed(content: &[u8], recipients: &[Recipient], entropy: &Entropy) -> Result<Vec<u8>, Unreadable> {
    let mut sealing = Sealing::begin(Vec::new(), recipients, entropy).map_err(|_| Unreadable)?;
    sealing.write_all(content).and_then(|()| sealing.finish()).map_err(|_| Unreadable)
}

/// Opens such a file with the first of these identities that it was sealed for.
///
/// # Errors
/// It was sealed for none of them, or is changed, or is no such file.
pub fn opened(file: &[u8], identities: &[Identity]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let mut content = Zeroizing::new(Vec::with_capacity(file.len()));
    let mut opening = Opening::begin(file, identities).map_err(|_| Unreadable)?;
    opening.read_to_end(&mut content).map_err(|_| Unreadable)?;
    Ok(content)
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
    use base64::Engine as _;

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
        for content in [b"".as_slice(), &[7; 32], &[9; 20_000]] {
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
        assert!(sealed(b"x", &[], &Entropy::seeded(5)).is_err());
        assert!(sealed(b"x", &vec![recipients[0].clone(); MOST + 1], &Entropy::seeded(5)).is_err());
    }
}

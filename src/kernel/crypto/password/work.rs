//! One hash: the memory that it is computed in, and its PHC string.

use argon2::password_hash::phc::{self, Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Block, Version};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, Zeroizing};

use crate::kernel::crypto::password::{Params, Phc, Verdict};
use crate::kernel::personal::Secret;

/// What a hash is computed in. Kept from one hash to the next, since asking the system for it anew costs more than the
/// hash; wiped as soon as there is no next, and given back soon after.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) blocks: Vec<Block>,
    /// How many were written since the last wipe, from the first on.
    pub(super) written: usize,
}

impl Memory {
    pub(super) fn of(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            self.wipe();
            self.blocks = vec![Block::default(); count];
        }
        self.written = self.written.max(count);
        self.blocks.get_mut(..count).unwrap_or_default()
    }

    pub(super) fn wipe(&mut self) {
        self.blocks.iter_mut().take(self.written).for_each(Zeroize::zeroize);
        self.written = 0;
    }

    pub(super) fn give_back(&mut self) {
        self.wipe();
        self.blocks = Vec::new();
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Bytes of a hash (RFC 9106 §4).
pub(super) const HASH: usize = 32;

pub(super) fn hashed(params: Params, memory: &mut Memory, password: &Secret<String>, salt: &[u8; 16]) -> Option<Phc> {
    let mut hash = Zeroizing::new([0; HASH]);
    params.argon2(memory, password.reveal().as_bytes(), salt, &mut *hash).ok()?;
    let text = written(params, salt, &*hash).ok()?;
    Some(Phc(Secret::new(text)))
}

pub(super) fn verified(
    now: Params,
    memory: &mut Memory,
    password: &Secret<String>,
    phc: &Phc,
) -> argon2::Result<Verdict> {
    let password = password.reveal().as_bytes();
    let Some((params, salt, hash)) = read(phc.reveal()) else {
        now.argon2(memory, password, &[0; 16], &mut *Zeroizing::new([0; HASH]))?;
        return Ok(Verdict::Differs);
    };
    let mut found = Zeroizing::new(vec![0; hash.len()]);
    params.argon2(memory, password, &salt, &mut found)?;
    let same = bool::from(found.ct_eq(hash.as_bytes()));
    Ok(if same { Verdict::Matches { rehash: params.rehash(now) } } else { Verdict::Differs })
}

/// The parts of an Argon2id hash, version 0x13; `None` when it is something else.
pub(super) fn read(phc: &str) -> Option<(Params, Salt, Output)> {
    let phc = PasswordHash::new(phc).ok()?;
    let number = |name| phc.params.get_decimal(name);
    let params = Params::stored(number("m")?, number("t")?, number("p")?)?;
    (phc.algorithm == ARGON2ID_IDENT && phc.version == Some(Version::V0x13.into()))
        .then_some((params, phc.salt?, phc.hash?))
}

pub(super) fn written(params: Params, salt: &[u8], hash: &[u8]) -> phc::Result<String> {
    let mut named = ParamsString::new();
    named.add_decimal("m", params.memory_kib)?;
    named.add_decimal("t", params.iterations)?;
    named.add_decimal("p", params.lanes)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: named,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(hash)?),
    };
    Ok(phc.to_string())
}

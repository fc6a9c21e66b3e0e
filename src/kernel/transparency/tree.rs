//! The Merkle tree of RFC 6962 §2: what it hashes, and the proofs that an entry is in it and that it only grew.
//!
//! Nothing here knows where hashes are kept: whoever asks for a root or a proof hands over a way to read the hash of a
//! complete subtree.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a leaf or a subtree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The root of a tree without entries.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of an entry, as a leaf.
    #[must_use]
    pub fn of_entry(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// The hash of two subtrees side by side.
    #[must_use]
    pub fn of_children(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// The hash with these bytes; `None` for any other number than 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(&BASE64.decode(text).ok()?)
    }
}

/// Base64 with padding, as notes and proofs write it (RFC 4648 §4).
impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hash({self})")
    }
}

/// A complete subtree: that of 2^`level` entries, the `position`th of its size counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// 0 for a leaf.
    pub level: u32,
    /// Counted from 0 among those of its level.
    pub position: u64,
}

/// The subtrees that the entry at `index` completes, its own leaf first: each is made of the one before it and of its
/// left neighbour.
pub fn completed(index: u64) -> impl Iterator<Item = Node> {
    (0..=index.trailing_ones()).map(move |level| Node { level, position: index.checked_shr(level).unwrap_or(0) })
}

/// The root of the first `size` entries.
///
/// # Errors
/// Whatever `read` answers.
pub fn root<E>(size: u64, mut read: impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 {
        return Ok(Hash::of_nothing());
    }
    Range { from: 0, size }.hash(&mut read)
}

/// The hashes that prove that the entry at `index` is among the first `size` (RFC 6962 §2.1.1), the deepest first;
/// `None` if it is not.
///
/// # Errors
/// Whatever `read` answers.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut proof = Vec::new();
    let mut range = Range { from: 0, size };
    while range.size > 1 {
        let (left, right) = range.halves();
        let (within, beside) = if index < right.from { (left, right) } else { (right, left) };
        proof.push(beside.hash(&mut read)?);
        range = within;
    }
    proof.reverse();
    Ok(Some(proof))
}

/// The hashes that prove that the first `new` entries begin with the first `old` (RFC 6962 §2.1.2); `None` if they
/// cannot, since `old` is nothing or more than `new`.
///
/// # Errors
/// Whatever `read` answers.
pub fn consistency<E>(
    old: u64,
    new: u64,
    mut read: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old == 0 || old > new {
        return Ok(None);
    }
    let mut proof = Vec::new();
    let mut range = Range { from: 0, size: new };
    // Whether the range is a subtree of the old tree too, so that who has its root has its hash.
    let mut is_known = true;
    while range.end() != old {
        let (left, right) = range.halves();
        let (within, beside) = if old <= right.from { (left, right) } else { (right, left) };
        is_known = is_known && old <= right.from;
        proof.push(beside.hash(&mut read)?);
        range = within;
    }
    if !is_known {
        proof.push(range.hash(&mut read)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// A proof that does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the root")]
pub struct Unproven;

/// Whether `proof` shows that `leaf` is at `index` of the tree of `size` entries with this `root` (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`Unproven`].
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), Unproven> {
    if index >= size {
        return Err(Unproven);
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = leaf;
    for beside in proof {
        if last == 0 {
            return Err(Unproven);
        }
        if at & 1 == 1 || at == last {
            hash = Hash::of_children(*beside, hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = Hash::of_children(hash, *beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && hash == root { Ok(()) } else { Err(Unproven) }
}

/// Whether `proof` shows that the tree of `new` entries begins with all of the one of `old` (RFC 9162 §2.1.4.2). Every
/// tree begins with the empty one, and with itself, without a proof.
///
/// # Errors
/// [`Unproven`].
pub fn verify_consistency(
    (old, old_root): (u64, Hash),
    (new, new_root): (u64, Hash),
    proof: &[Hash],
) -> Result<(), Unproven> {
    if old == 0 || old == new {
        let is_itself = if old == 0 { old_root == Hash::of_nothing() } else { old_root == new_root };
        return if is_itself && proof.is_empty() { Ok(()) } else { Err(Unproven) };
    }
    if old > new {
        return Err(Unproven);
    }
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(Unproven)?;
        (*first, rest)
    };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (first, first);
    for beside in rest {
        if last == 0 {
            return Err(Unproven);
        }
        if at & 1 == 1 || at == last {
            old_hash = Hash::of_children(*beside, old_hash);
            new_hash = Hash::of_children(*beside, new_hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new_hash = Hash::of_children(new_hash, *beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && old_hash == old_root && new_hash == new_root { Ok(()) } else { Err(Unproven) }
}

/// A tree in memory, grown entry by entry: what somebody holds who reads the whole log.
#[derive(Debug, Default)]
pub struct Grown {
    nodes: HashMap<Node, Hash>,
    size: u64,
}

impl Grown {
    /// Adds the next entry.
    pub fn push(&mut self, entry: &[u8]) {
        let mut hash = Hash::of_entry(entry);
        for made in completed(self.size) {
            if made.level > 0 {
                hash = Hash::of_children(self.node(Node { level: made.level - 1, position: made.position * 2 }), hash);
            }
            self.nodes.insert(made, hash);
        }
        self.size += 1;
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of its first `size` entries; `None` for more than it has.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        let read = |node| Ok::<_, Infallible>(self.node(node));
        (size <= self.size).then(|| root(size, read).unwrap_or_else(|never| match never {}))
    }

    /// The hash of a subtree that it has; every other one is never asked for.
    fn node(&self, node: Node) -> Hash {
        self.nodes.get(&node).copied().unwrap_or_else(Hash::of_nothing)
    }
}

/// Some entries in a row that are a subtree, complete or at the tree's right edge.
#[derive(Debug, Clone, Copy)]
struct Range {
    from: u64,
    size: u64,
}

impl Range {
    const fn end(self) -> u64 {
        self.from + self.size
    }

    /// Its two subtrees, for a range of more than one entry: the left one is the largest complete one that is not all.
    const fn halves(self) -> (Self, Self) {
        let left = 1 << (u64::BITS - 1 - (self.size - 1).leading_zeros());
        (Self { from: self.from, size: left }, Self { from: self.from + left, size: self.size - left })
    }

    fn hash<E>(self, read: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
        if self.size.is_power_of_two() {
            let level = self.size.trailing_zeros();
            return read(Node { level, position: self.from >> level });
        }
        let (left, right) = self.halves();
        Ok(Hash::of_children(left.hash(read)?, right.hash(read)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::Value;

    use super::*;

    fn grown(entries: &[Vec<u8>]) -> Grown {
        let mut grown = Grown::default();
        entries.iter().for_each(|entry| grown.push(entry));
        grown
    }

    /// Reads what is there, and nothing that is not.
    fn read(grown: &Grown) -> impl FnMut(Node) -> Result<Hash, Infallible> {
        |node| Ok(grown.nodes[&node])
    }

    /// The tree's root by the definition of RFC 6962 §2.1, with nothing kept.
    fn defined(entries: &[Vec<u8>]) -> Hash {
        match entries {
            [] => Hash::of_nothing(),
            [one] => Hash::of_entry(one),
            many => {
                let left = many.len().next_power_of_two() / 2;
                Hash::of_children(defined(&many[..left]), defined(&many[left..]))
            }
        }
    }

    fn entries(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|number| number.to_string().into_bytes()).collect()
    }

    fn vectors() -> Value {
        let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/transparency.json")).unwrap();
        all["merkle"].clone()
    }

    fn unhex(text: &Value) -> Vec<u8> {
        let text = text.as_str().unwrap();
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn hashes(list: &Value) -> Vec<Hash> {
        list.as_array().unwrap().iter().map(|hash| Hash::from_bytes(&unhex(hash)).unwrap()).collect()
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_reference_tree_of_rfc_6962() {
        let vectors = vectors();
        let leaves: Vec<Vec<u8>> = vectors["leaves_hex"].as_array().unwrap().iter().map(unhex).collect();
        let kept = grown(&leaves);
        let roots = hashes(&vectors["roots_by_size"]);
        for (size, expected) in (0..).zip(&roots) {
            assert_eq!(kept.root(size).unwrap(), *expected, "{size}");
        }
        let number = |value: &Value| value.as_u64().unwrap();
        for case in vectors["inclusion"].as_array().unwrap() {
            let proof = inclusion(number(&case["index"]), number(&case["size"]), read(&kept)).unwrap().unwrap();
            assert_eq!(proof, hashes(&case["proof"]), "{case}");
        }
        for case in vectors["consistency"].as_array().unwrap() {
            let proof = consistency(number(&case["old"]), number(&case["new"]), read(&kept)).unwrap().unwrap();
            assert_eq!(proof, hashes(&case["proof"]), "{case}");
        }
    }

    #[test]
    fn what_is_kept_gives_the_root_of_the_definition_at_every_size() {
        let entries = entries(70);
        let kept = grown(&entries);
        for size in 0..=entries.len() {
            assert_eq!(kept.root(size as u64).unwrap(), defined(&entries[..size]), "{size}");
        }
    }

    #[test]
    fn every_entry_is_proven_and_no_other_in_its_place() {
        let entries = entries(40);
        let kept = grown(&entries);
        for size in 1..=40 {
            for index in 0..size {
                let proof = inclusion(index, size, read(&kept)).unwrap().unwrap();
                let leaf = Hash::of_entry(&entries[usize::try_from(index).unwrap()]);
                let holds =
                    |leaf, index, proof: &[Hash]| verify_inclusion(leaf, index, size, proof, kept.root(size).unwrap());
                holds(leaf, index, &proof).unwrap();
                assert!(holds(Hash::of_entry(b"another"), index, &proof).is_err());
                for other in (0..size + 2).filter(|other| *other != index) {
                    assert!(holds(leaf, other, &proof).is_err(), "{index} as {other} of {size}");
                }
                let longer: Vec<Hash> = proof.iter().copied().chain([leaf]).collect();
                assert!(holds(leaf, index, &longer).is_err());
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(holds(leaf, index, shorter).is_err());
                }
            }
            assert!(inclusion(size, size, read(&kept)).unwrap().is_none());
        }
    }

    #[test]
    fn a_tree_that_grew_is_proven_and_one_that_was_rewritten_is_not() {
        let honest = grown(&entries(40));
        let mut other = entries(40);
        other[3] = b"rewritten".to_vec();
        let rewritten = grown(&other);
        for new in 1..=40 {
            for old in 1..=new {
                let before = (old, honest.root(old).unwrap());
                let proof = consistency(old, new, read(&honest)).unwrap().unwrap();
                verify_consistency(before, (new, honest.root(new).unwrap()), &proof).unwrap();
                if old > 3 {
                    let proof = consistency(old, new, read(&rewritten)).unwrap().unwrap();
                    assert!(
                        verify_consistency(before, (new, rewritten.root(new).unwrap()), &proof).is_err(),
                        "{old} {new}"
                    );
                }
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(verify_consistency(before, (new, honest.root(new).unwrap()), shorter).is_err());
                }
                assert!(
                    verify_consistency((new + 1, honest.root(old).unwrap()), (new, honest.root(new).unwrap()), &proof)
                        .is_err()
                );
            }
        }
        assert!(
            consistency(0, 3, read(&honest)).unwrap().is_none() && consistency(4, 3, read(&honest)).unwrap().is_none()
        );
        verify_consistency((0, Hash::of_nothing()), (5, honest.root(5).unwrap()), &[]).unwrap();
        assert!(verify_consistency((0, honest.root(1).unwrap()), (5, honest.root(5).unwrap()), &[]).is_err());
    }

    #[test]
    fn a_hash_reads_back_as_it_is_written() {
        let hash = Hash::of_entry(b"x");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse("AAAA"), None);
    }
}

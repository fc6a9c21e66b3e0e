//! Receipts: an entry's place in the log, offline, as a file (c2sp.org/tlog-proof).

use super::note::{Checkpoint, Invalid, Verifier};
use super::tree::{self, Hash};

/// The first line of every receipt.
const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// That the entry at `index` is in the log that the checkpoint signs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where the entry is, counted from 0.
    pub index: u64,
    /// The hashes beside its way to the root, the deepest first.
    pub proof: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// It is not of this form.
    #[error("it is not a receipt: {HEAD}, an index, hashes and a checkpoint")]
    Form,
    /// Its checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] Invalid),
    /// The entry is not there.
    #[error("the entry is not in the log at that place")]
    Absent,
}

impl Receipt {
    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let hashes: String = self.proof.iter().map(|hash| format!("{hash}\n")).collect();
        format!("{HEAD}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Unproven::Form`].
    pub fn parse(text: &str) -> Result<Self, Unproven> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Unproven::Form)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEAD) {
            return Err(Unproven::Form);
        }
        // Whatever else its maker wanted to say.
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(Unproven::Form)?;
        let number: u64 = index.parse().map_err(|_| Unproven::Form)?;
        if number.to_string() != index {
            return Err(Unproven::Form);
        }
        let proof = lines.map(|line| Hash::parse(line).ok_or(Unproven::Form)).collect::<Result<_, _>>()?;
        Ok(Self { index: number, proof, checkpoint: checkpoint.to_owned() })
    }

    /// Whether it proves that `entry` is in the log of `verifiers`; gives the checkpoint that it is under.
    ///
    /// # Errors
    /// See [`Unproven`].
    pub fn verify(&self, entry: &[u8], verifiers: &[Verifier]) -> Result<Checkpoint, Unproven> {
        let checkpoint = Checkpoint::open(&self.checkpoint, verifiers)?;
        tree::verify_inclusion(Hash::of_entry(entry), self.index, checkpoint.size, &self.proof, checkpoint.root)
            .map_err(|_| Unproven::Absent)?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::kernel::ids::SigningKeyId;
    use crate::kernel::keyring::signing::Signer;
    use crate::kernel::transparency::note;

    /// A log of three entries, and the receipt of the second.
    fn receipt() -> (Receipt, Vec<Verifier>) {
        let [one, two, three] = [b"1", b"2", b"3"].map(|entry| Hash::of_entry(entry));
        let root = Hash::of_children(Hash::of_children(one, two), three);
        let signer = Signer::of_bytes(SigningKeyId::from_bytes([0; 16]), &[5; 32]);
        let checkpoint = Checkpoint { origin: "seif/log".to_owned(), size: 3, root };
        let note = note::sign(&checkpoint.text(), "seif/log", &signer).unwrap();
        let verifiers = vec![Verifier::new("seif/log", signer.public()).unwrap()];
        (Receipt { index: 1, proof: vec![one, three], checkpoint: note }, verifiers)
    }

    #[test]
    fn a_receipt_proves_its_own_entry_alone() {
        let (receipt, verifiers) = receipt();
        assert_eq!(receipt.verify(b"2", &verifiers).unwrap().size, 3);
        assert_eq!(receipt.verify(b"3", &verifiers), Err(Unproven::Absent));
        assert_eq!(receipt.verify(b"2", &[]), Err(Unproven::Checkpoint(Invalid::Unsigned)));
        let elsewhere = Receipt { index: 2, ..receipt };
        assert_eq!(elsewhere.verify(b"2", &verifiers), Err(Unproven::Absent));
    }

    #[test]
    fn a_receipt_reads_back_as_it_is_written_and_holds_until_a_character_is_changed() {
        let (receipt, verifiers) = receipt();
        let text = receipt.text();
        assert_eq!(Receipt::parse(&text).unwrap(), receipt);
        let more = text.replacen("\nindex", "\nextra AAAA\nindex", 1);
        assert_eq!(Receipt::parse(&more).unwrap(), receipt);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let holds = Receipt::parse(&changed).and_then(|receipt| receipt.verify(b"2", &verifiers));
            assert!(holds.is_err(), "{at}: {changed}");
        }
    }
}

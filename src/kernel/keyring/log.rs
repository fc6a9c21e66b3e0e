//! The transparency log as the keyring keeps it: entries, the hashes of their tree, and what was signed of it.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::signing::Purpose;
use super::tables::{log_checkpoints, log_entries, log_head, log_nodes};
use super::{Keyring, KeyringError};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::transparency::Leaf;
use crate::kernel::transparency::note::{self, Checkpoint, Verifier};
use crate::kernel::transparency::proof::Receipt;
use crate::kernel::transparency::tiles::{self, Tile};
use crate::kernel::transparency::tree::{self, Hash, Node};

/// How many entries are hashed in one read when the whole log is gone through.
const PAGE: i64 = 1024;

/// The log is not the one that its last checkpoint was signed for.
const REWRITTEN: KeyringError =
    KeyringError::Defect("the transparency log is not the one that was signed: it was rewritten");

/// An entry and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Counted from 0.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
}

/// Appends `leaf` to the log within a transaction of the keyring; a fact that it states already stays as it is.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn append(tx: &mut Tx<'_>, leaf: &Leaf) -> Result<(), StoreError> {
    // The head's row is held first: whoever else appends comes after.
    diesel::update(log_head::table).set(log_head::size.eq(log_head::size)).execute(tx.conn())?;
    let subject = leaf.subject();
    let known: i64 = log_entries::table.filter(log_entries::subject.eq(&subject)).count().get_result(tx.conn())?;
    if known > 0 {
        return Ok(());
    }
    let (index, entry) = (size(tx)?, leaf.entry());
    diesel::insert_into(log_entries::table)
        .values((
            log_entries::position.eq(stored(index)?),
            log_entries::subject.eq(&subject),
            log_entries::entry.eq(&entry),
        ))
        .execute(tx.conn())?;
    let mut hash = Hash::of_entry(&entry);
    for made in tree::completed(index) {
        if made.level > 0 {
            let left = Node { level: made.level - 1, position: made.position * 2 };
            hash = Hash::of_children(node(tx, left)?, hash);
        }
        diesel::insert_into(log_nodes::table)
            .values((
                log_nodes::level.eq(i64::from(made.level)),
                log_nodes::position.eq(stored(made.position)?),
                log_nodes::hash.eq(hash.as_bytes().as_slice()),
            ))
            .execute(tx.conn())?;
    }
    diesel::update(log_head::table).set(log_head::size.eq(stored(index + 1)?)).execute(tx.conn())?;
    Ok(())
}

impl Keyring {
    /// The log's own name: the installation's, so that no change of host name makes it another log.
    #[must_use]
    pub fn log_origin(&self) -> String {
        format!("seif/{}", self.instance())
    }

    /// The keys that checkpoints are signed with, oldest first.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn log_verifiers(&self) -> Result<Vec<Verifier>, KeyringError> {
        let origin = self.log_origin();
        let keys = self.public_keys_for(Purpose::Log)?;
        Ok(keys.into_iter().filter_map(|key| Verifier::new(&origin, key.bytes)).collect())
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn log_size(&self) -> Result<u64, KeyringError> {
        self.db().read_here(None, |tx| size(tx).map_err(KeyringError::from))
    }

    /// At most `limit` entries from the one at `index` on.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn log_from(&self, index: u64, limit: u32) -> Result<Vec<Entered>, KeyringError> {
        let rows: Vec<(i64, Vec<u8>)> = self.db().read_here(None, |tx| -> Result<_, KeyringError> {
            let rest = log_entries::table.filter(log_entries::position.ge(stored(index)?)).order(log_entries::position);
            let rest = rest.limit(i64::from(limit)).select((log_entries::position, log_entries::entry));
            Ok(rest.load(tx.conn()).map_err(StoreError::from)?)
        })?;
        Ok(rows.into_iter().filter_map(entered).collect())
    }

    /// Appends what the log has stated before, on the calling thread.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn enter_again(&self, leaf: Leaf) -> Result<(), KeyringError> {
        self.db().write_blocking(Vec::new(), move |tx| append(tx, &leaf).map_err(KeyringError::from))
    }

    /// Appends each of `leaves` that the log does not state yet.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn enter_facts(&self, leaves: Vec<Leaf>) -> Result<(), KeyringError> {
        let subjects: Vec<String> = leaves.iter().map(Leaf::subject).collect();
        let known: Vec<String> = self
            .db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let stated = log_entries::table.filter(log_entries::subject.eq_any(&subjects));
                Ok(stated.select(log_entries::subject).load(tx.conn()).map_err(StoreError::from)?)
            })
            .await?;
        for leaf in leaves.into_iter().filter(|leaf| !known.contains(&leaf.subject())) {
            self.db().write(Vec::new(), move |tx| append(tx, &leaf).map_err(KeyringError::from)).await?;
        }
        Ok(())
    }

    /// The signed note of the log as it is now. Before anybody is given it, [`Kernel::log_checkpoint`] sees to it that no
    /// restore takes it back.
    ///
    /// # Errors
    /// The keyring is away, or what was signed before is no longer the log's beginning: then nothing is signed.
    ///
    /// [`Kernel::log_checkpoint`]: crate::kernel::Kernel::log_checkpoint
    pub(in crate::kernel) async fn log_checkpoint(&self) -> Result<String, KeyringError> {
        let (size, root, signed) = self.db().point(None, |tx| head(tx).map_err(KeyringError::from)).await?;
        if let Some((before, note)) = &signed {
            let said = Checkpoint::parse(note).map_err(|_| REWRITTEN)?;
            if *before > size || said.size != *before || self.log_root(*before).await? != said.root {
                return Err(REWRITTEN);
            }
            if *before == size {
                return Ok(note.clone());
            }
        }
        let origin = self.log_origin();
        let signer = self.signer_for(Purpose::Log).await?;
        let text = Checkpoint { origin: origin.clone(), size, root }.text();
        let note =
            note::sign(&text, &origin, &signer).ok_or(KeyringError::Defect("an origin that notes cannot hold"))?;
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let size = stored(size)?;
                let row =
                    (log_checkpoints::size.eq(size), log_checkpoints::note.eq(&note), log_checkpoints::at.eq(tx.now()));
                both(diesel::insert_into(log_checkpoints::table).values(row).on_conflict_do_nothing())
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                let kept = log_checkpoints::table.find(size).select(log_checkpoints::note);
                Ok(kept.get_result(tx.conn()).map_err(StoreError::from)?)
            })
            .await
    }

    /// The root of the log's first `size` entries.
    async fn log_root(&self, size: u64) -> Result<Hash, KeyringError> {
        self.db().point(None, move |tx| Ok(tree::root(size, |at| node(tx, at))?)).await
    }

    /// The bytes of a tile or a bundle of entries; `None` if the log has not grown so far.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn log_tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, KeyringError> {
        self.db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let (true, Some((first, end))) = (tile.is_in(size(tx)?), tile.span()) else { return Ok(None) };
                let (first, end) = (stored(first)?, stored(end)?);
                match tile {
                    Tile::Entries { .. } => {
                        let entries: Vec<Vec<u8>> = log_entries::table
                            .filter(log_entries::position.ge(first))
                            .filter(log_entries::position.lt(end))
                            .order(log_entries::position)
                            .select(log_entries::entry)
                            .load(tx.conn())
                            .map_err(StoreError::from)?;
                        Ok(Some(tiles::bundle(&entries).ok_or(KeyringError::Defect("an entry that fits no bundle"))?))
                    }
                    Tile::Hashes { .. } => {
                        let hashes: Vec<Vec<u8>> = log_nodes::table
                            .filter(log_nodes::level.eq(i64::from(tile.tree_level())))
                            .filter(log_nodes::position.ge(first))
                            .filter(log_nodes::position.lt(end))
                            .order(log_nodes::position)
                            .select(log_nodes::hash)
                            .load(tx.conn())
                            .map_err(StoreError::from)?;
                        Ok(Some(hashes.concat()))
                    }
                }
            })
            .await
    }

    /// The receipt of the entry that states `leaf`'s fact: its place under `checkpoint`; `None` while the log
    /// does not state it.
    ///
    /// # Errors
    /// As [`Keyring::log_checkpoint`].
    pub(in crate::kernel) async fn log_receipt(
        &self,
        subject: String,
        checkpoint: String,
    ) -> Result<Option<Receipt>, KeyringError> {
        let signed = Checkpoint::parse(&checkpoint).map_err(|_| REWRITTEN)?.size;
        self.db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let stated = log_entries::table.filter(log_entries::subject.eq(&subject)).select(log_entries::position);
                let index: Option<i64> = stated.get_result(tx.conn()).optional().map_err(StoreError::from)?;
                let Some(index) = index.and_then(|index| u64::try_from(index).ok()) else { return Ok(None) };
                let proof = tree::inclusion(index, signed, |at| node(tx, at))?;
                Ok(proof.map(|proof| Receipt { index, proof, checkpoint: checkpoint.clone() }))
            })
            .await
    }

    /// The newest `limit` entries, newest first.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn log_newest(&self, limit: u32) -> Result<Vec<Entered>, KeyringError> {
        let rows: Vec<(i64, Vec<u8>)> = self
            .db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let newest = log_entries::table.order(log_entries::position.desc()).limit(i64::from(limit));
                let newest = newest.select((log_entries::position, log_entries::entry));
                Ok(newest.load(tx.conn()).map_err(StoreError::from)?)
            })
            .await?;
        Ok(rows.into_iter().filter_map(entered).collect())
    }

    /// Goes through the whole log: every entry hashes to its leaf, every hash to the one above it, and every checkpoint
    /// that was ever signed is of this very log. Gives its size. On the calling thread, for as long as it takes.
    ///
    /// # Errors
    /// The keyring is away, or the log was rewritten.
    pub fn check_log(&self) -> Result<u64, KeyringError> {
        let verifiers = self.log_verifiers()?;
        self.db().read_here(None, |tx| -> Result<_, KeyringError> {
            let size = size(tx)?;
            let mut index = 0;
            loop {
                let page: Vec<(i64, String, Vec<u8>)> = log_entries::table
                    .filter(log_entries::position.ge(stored(index)?))
                    .order(log_entries::position)
                    .limit(PAGE)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                if page.is_empty() {
                    break;
                }
                for (position, _, entry) in page {
                    let mut hash = Hash::of_entry(&entry);
                    for made in tree::completed(index) {
                        if made.level > 0 {
                            let left = Node { level: made.level - 1, position: made.position * 2 };
                            hash = Hash::of_children(node(tx, left)?, hash);
                        }
                        if node(tx, made)? != hash {
                            return Err(REWRITTEN);
                        }
                    }
                    if position != stored(index)? {
                        return Err(REWRITTEN);
                    }
                    index += 1;
                }
            }
            if index != size {
                return Err(REWRITTEN);
            }
            let signed: Vec<String> =
                log_checkpoints::table.select(log_checkpoints::note).load(tx.conn()).map_err(StoreError::from)?;
            for note in signed {
                let said = Checkpoint::open(&note, &verifiers).map_err(|_| REWRITTEN)?;
                if said.size > size || tree::root(said.size, |at| node(tx, at))? != said.root {
                    return Err(REWRITTEN);
                }
            }
            Ok(size)
        })
    }
}

fn entered((index, entry): (i64, Vec<u8>)) -> Option<Entered> {
    Some(Entered { index: u64::try_from(index).ok()?, entry })
}

/// How many entries there are, their root, and the newest checkpoint with its size.
type Head = (u64, Hash, Option<(u64, String)>);

fn head(tx: &mut Tx<'_>) -> Result<Head, StoreError> {
    let size = size(tx)?;
    let newest: Option<(i64, String)> = log_checkpoints::table
        .order(log_checkpoints::size.desc())
        .select((log_checkpoints::size, log_checkpoints::note))
        .limit(1)
        .get_result(tx.conn())
        .optional()?;
    let newest = newest.map(|(size, note)| u64::try_from(size).map(|size| (size, note))).transpose();
    let root = tree::root(size, |at| node(tx, at))?;
    Ok((size, root, newest.map_err(|_| StoreError::Unreadable)?))
}

fn size(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let size: i64 = log_head::table.select(log_head::size).get_result(tx.conn())?;
    u64::try_from(size).map_err(|_| StoreError::Unreadable)
}

fn node(tx: &mut Tx<'_>, node: Node) -> Result<Hash, StoreError> {
    let key = (i64::from(node.level), stored(node.position)?);
    let hash: Option<Vec<u8>> = log_nodes::table.find(key).select(log_nodes::hash).get_result(tx.conn()).optional()?;
    hash.and_then(|hash| Hash::from_bytes(&hash)).ok_or(StoreError::Unreadable)
}

fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Refused("a transparency log of more entries than can be counted"))
}

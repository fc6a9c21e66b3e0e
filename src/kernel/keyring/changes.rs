//! How every process learns whose keys changed: each change moves an epoch on, which all of them read again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::cache::Changed;
use super::tables::{epoch, key_changes};
use super::{Keyring, KeyringError};
use crate::kernel::crypto::Owner;
use crate::kernel::ids::AnyId;
use crate::kernel::store::{StoreError, Tx};

/// How long it is known which keys changed.
const DAY: Duration = Duration::from_secs(86_400);

/// How often the epoch is read while nothing asks for it.
const WATCH: Duration = Duration::from_secs(1);

/// In place of an owner's kind: the root versions changed.
const ROOTS: i16 = 0;

/// How many changes are read one by one.
const MANY_CHANGES: i64 = 4_096;

impl Keyring {
    /// Reads the epoch again; what changed meanwhile is used no more when this returns.
    ///
    /// # Errors
    /// [`KeyringError::Away`].
    pub(in crate::kernel) fn read_epoch(&self) -> Result<i64, KeyringError> {
        let at = Instant::now();
        let before = self.0.cache.epoch();
        let (value, changed) = self
            .0
            .db
            .read_here(None, |tx| {
                let value =
                    epoch::table.find(1).select(epoch::value).get_result::<i64>(tx.conn()).map_err(StoreError::from)?;
                let changed = if value == before { Changed::Of(Vec::new()) } else { changed(tx, before, value)? };
                Ok::<_, KeyringError>((value, changed))
            })
            .map_err(|_| KeyringError::Away)?;
        if value != before && before != 0 {
            self.look_for_roots()?;
        }
        self.0.cache.renew(before, value, &changed, at);
        Ok(value)
    }

    /// Reads the epoch again and again until the keyring is dropped.
    pub(super) fn watch(&self) -> Result<(), KeyringError> {
        let inner = Arc::downgrade(&self.0);
        let watch = move || {
            loop {
                std::thread::sleep(WATCH);
                let Some(inner) = inner.upgrade() else { return };
                if Self(inner).read_epoch().is_err() {
                    tracing::warn!("the keyring cannot be read");
                }
            }
        };
        std::thread::Builder::new()
            .name("seif-epoch".to_owned())
            .spawn(watch)
            .map(drop)
            .map_err(|_| KeyringError::Defect("no thread"))
    }

    /// Forgets which keys changed more than a day ago: a process that slept that long drops all of its keys.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn forget_changes(&self) -> Result<usize, KeyringError> {
        self.0
            .db
            .write(Vec::new(), |tx| {
                let old = key_changes::table.filter(key_changes::at.lt(tx.now().minus(DAY)));
                Ok(diesel::delete(old).execute(tx.conn()).map_err(StoreError::from)?)
            })
            .await
    }
}

/// Tells every process that the keys of `owner`, or the root versions, changed.
pub(super) fn move_epoch(tx: &mut Tx<'_>, owner: Option<Owner>) -> Result<(), KeyringError> {
    let value: i64 = diesel::update(epoch::table.find(1))
        .set(epoch::value.eq(epoch::value + 1))
        .returning(epoch::value)
        .get_result(tx.conn())
        .map_err(StoreError::from)?;
    diesel::insert_into(key_changes::table)
        .values((
            key_changes::epoch.eq(value),
            key_changes::owner_kind.eq(owner.map_or(ROOTS, Owner::kind)),
            key_changes::owner_id.eq(AnyId::from_bytes(owner.map_or([0; 16], Owner::id_bytes))),
            key_changes::at.eq(tx.now()),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(())
}

/// Whose keys changed after epoch `from` and until `to`.
fn changed(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Changed, KeyringError> {
    let rows: Vec<(i64, i16, AnyId)> = key_changes::table
        .filter(key_changes::epoch.gt(from))
        .filter(key_changes::epoch.le(to))
        .select((key_changes::epoch, key_changes::owner_kind, key_changes::owner_id))
        .order(key_changes::epoch)
        .limit(MANY_CHANGES)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let epochs: std::collections::BTreeSet<i64> = rows.iter().map(|(epoch, ..)| *epoch).collect();
    if i64::try_from(epochs.len()).ok() != to.checked_sub(from) {
        return Ok(Changed::All);
    }
    let owners = rows.into_iter().filter(|(_, kind, _)| *kind != ROOTS);
    let owners: Result<Vec<Owner>, _> = owners.map(|(_, kind, id)| Owner::decode(kind, *id.as_bytes())).collect();
    Ok(owners.map_or(Changed::All, Changed::Of))
}

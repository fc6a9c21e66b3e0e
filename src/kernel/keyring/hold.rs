//! A root version that takes over the others' keys, for as long as it takes: whether it waits for the word to go on, and at
//! which pace it goes. Both stand in the keyring, so that they hold for every process.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::KeyringError;
use super::rekeys::Pause;
use super::rotation::{self, Pace, RootEvent};
use super::tables::roots;
use crate::kernel::store::{StoreError, Tx};

/// How a root version takes over the others' keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) paused: Pause,
    /// Nothing where whoever goes on with it decides.
    pub(super) pace: Option<Pace>,
}

pub(super) fn standing(tx: &mut Tx<'_>, version: i64) -> Result<Standing, KeyringError> {
    let row = roots::table.find(version).select((roots::is_held, roots::pace));
    let found: Option<(bool, Option<i64>)> = row.get_result(tx.conn()).optional().map_err(StoreError::from)?;
    let (is_held, pace) = found.unwrap_or_default();
    let paused = if is_held { Pause::Waits } else { Pause::Runs };
    let pace = pace.and_then(|pace| u32::try_from(pace).ok()).map(|keys_per_second| Pace { keys_per_second });
    Ok(Standing { paused, pace })
}

/// Whoever goes on with the current version keeps to this.
pub(super) fn keep_pace(tx: &mut Tx<'_>, pace: Pace) -> Result<(), KeyringError> {
    let current = roots::table.filter(roots::is_current.eq(true));
    let set = roots::pace.eq(Some(i64::from(pace.keys_per_second)));
    diesel::update(current).set(set).execute(tx.conn()).map_err(StoreError::from)?;
    Ok(())
}

/// Lets the current version wait with the keys that others wrap still, or go on with them. Where there are none, or it does
/// so already, nothing changes.
pub(super) fn set(tx: &mut Tx<'_>, to: Pause, actor: &str) -> Result<Pause, KeyringError> {
    let current = roots::table.filter(roots::is_current.eq(true)).select(roots::version);
    let version: i64 = current.get_result(tx.conn()).map_err(StoreError::from)?;
    let before = standing(tx, version)?.paused;
    let left = i64::try_from(rotation::others(tx, version)?).unwrap_or(i64::MAX);
    if before == to || (left == 0 && to == Pause::Waits) {
        return Ok(before);
    }
    let row = roots::table.find(version);
    let is_held = roots::is_held.eq(to == Pause::Waits);
    diesel::update(row).set(is_held).execute(tx.conn()).map_err(StoreError::from)?;
    let event = if to == Pause::Waits { RootEvent::Held } else { RootEvent::GoesOn };
    rotation::record(tx, version, event, left, actor)?;
    Ok(to)
}

//! What the data's database knows of owners' keys: the states of their versions, and under which tags are whole.

use std::collections::HashMap;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::{KeyVersion, Owner, TagVersions};
use crate::kernel::ids::AnyId;
use crate::kernel::keyring::rekeys::Stage;
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::store::schema::key_versions;
use crate::kernel::store::{Db, StoreError, Tx, both};

/// A version of an owner's key as the data's database knows it.
#[derive(Clone, Copy)]
struct Mirrored {
    version: KeyVersion,
    state: Option<KeyState>,
    tags_whole: bool,
}

impl Mirrored {
    /// Whether values may lie under it here.
    fn is_in_use(&self) -> bool {
        matches!(self.state, Some(KeyState::Active | KeyState::Closed))
    }

    /// Whether nothing lies under it here, and no tags.
    fn is_over(&self) -> bool {
        matches!(self.state, Some(KeyState::Retired | KeyState::Destroyed))
    }
}

/// At the start: the data's database gets the states that the keyring knows, for a restore may have rolled them back.
/// Where values may lie under a version that the keyring is done with, it is opened again until they are sealed anew.
/// Under which versions tags are whole only the data knows, since they come back together: where those that are looked up
/// are not, others are until the new ones are made.
///
/// # Errors
/// A database is away.
pub(in crate::kernel) fn reconcile(db: &Db, keyring: &Keyring) -> Result<(), KeyringError> {
    let here = mirrored(db)?;
    let in_data = |owner: Owner, version: KeyVersion| {
        here.get(&owner).and_then(|versions| versions.iter().find(|found| found.version == version))
    };
    let rekeys = keyring.rekeys(None)?;
    let sealing = sealing(keyring)?;
    for rekey in &rekeys {
        // What tags are looked up under from `Found` on; there it is seen to once, for another may have been brought back since.
        let is_before = matches!(rekey.stage, Stage::Made | Stage::Sealing);
        let comes = sealing.get(&rekey.owner).copied().filter(|version| *version != rekey.old).unwrap_or(rekey.new);
        let is_whole = in_data(rekey.owner, comes).is_some_and(|found| found.tags_whole);
        let is_over = in_data(rekey.owner, rekey.old).is_some_and(Mirrored::is_over);
        if is_before && (is_whole || is_over) {
            // The keyring was put back: the data has the new version's tags, and perhaps no others.
            keyring.reopen_rekey_blocking(rekey, Stage::Found)?;
        }
    }
    let sought = keyring.sought_tags()?;
    for rekey in keyring.rekeys(None)? {
        let is_done_with = matches!(rekey.stage, Stage::Found | Stage::Alone | Stage::Retired);
        if !is_done_with || !in_data(rekey.owner, rekey.old).is_some_and(Mirrored::is_in_use) {
            continue;
        }
        let whole = here.get(&rekey.owner).and_then(|versions| to_look_up(versions, sought.get(&rekey.owner).copied()));
        if whole == Some(rekey.old) {
            keyring.reopen_rekey_blocking(&rekey, Stage::Sealing)?;
        } else if rekey.stage == Stage::Retired {
            keyring.reopen_rekey_blocking(&rekey, Stage::Alone)?;
        } else {
            continue;
        }
        tracing::warn!(owner = ?rekey.owner, version = rekey.old.as_u32(), "an older key version is in use again");
    }
    for (owner, tags) in keyring.tags_written()? {
        let kept = here.get(&owner).and_then(|versions| still_written(versions, &tags));
        if let Some(kept) = kept {
            db.write_blocking(Vec::new(), move |tx| tags_fall_behind(tx, owner, &kept))?;
        }
    }
    for (owner, version, state) in keyring.owners()? {
        let Some(state) = KeyState::from_code(state).filter(|state| *state != KeyState::Made) else { continue };
        let known = in_data(owner, version).and_then(|found| found.state);
        // It is retired here a moment before it is there.
        let is_ahead = state == KeyState::Closed && known == Some(KeyState::Retired);
        if here.contains_key(&owner) && known != Some(state) && !is_ahead {
            db.write_blocking(Vec::new(), move |tx| set_state(tx, owner, version, state))?;
        }
    }
    Ok(())
}

/// Every version of the tenants' and accounts' keys that the data knows, by owner.
fn mirrored(db: &Db) -> Result<HashMap<Owner, Vec<Mirrored>>, KeyringError> {
    let rows: Vec<(i16, AnyId, KeyVersion, i16, bool)> = db.read_here(None, |tx| {
        key_versions::table
            .filter(key_versions::owner_kind.le(2))
            .select((
                key_versions::owner_kind,
                key_versions::owner_id,
                key_versions::version,
                key_versions::state,
                key_versions::tags_whole,
            ))
            .load(tx.conn())
            .map_err(StoreError::from)
    })?;
    let mut owners: HashMap<Owner, Vec<Mirrored>> = HashMap::new();
    for (kind, id, version, state, tags_whole) in rows {
        let owner =
            Owner::decode(kind, *id.as_bytes()).map_err(|_| KeyringError::Defect("an owner of no kind is mirrored"))?;
        owners.entry(owner).or_default().push(Mirrored { version, state: KeyState::from_code(state), tags_whole });
    }
    Ok(owners)
}

/// The version whose tags are to be looked up instead of those of `sought`; nothing where these are whole.
fn to_look_up(versions: &[Mirrored], sought: Option<KeyVersion>) -> Option<KeyVersion> {
    let whole = || versions.iter().filter(|found| found.tags_whole).map(|found| found.version);
    if whole().any(|version| Some(version) == sought) { None } else { whole().max() }
}

/// Under which version of each tenant's and account's key is sealed now.
fn sealing(keyring: &Keyring) -> Result<HashMap<Owner, KeyVersion>, KeyringError> {
    let all = keyring.owners()?.into_iter();
    Ok(all
        .filter(|(.., state)| *state == KeyState::Active.code())
        .map(|(owner, version, _)| (owner, version))
        .collect())
}

/// The versions under which tags stay whole here, where others are said to be whole too that are written no longer: a
/// restore has brought them back as they were. Newer ones may be about to be sought.
fn still_written(versions: &[Mirrored], tags: &TagVersions) -> Option<Vec<KeyVersion>> {
    let is_whole = |version| versions.iter().any(|found| found.version == version && found.tags_whole);
    let stays = |version| version >= tags.sought || Some(version) == tags.also;
    let is_behind = |found: &Mirrored| found.tags_whole && !stays(found.version);
    (is_whole(tags.sought) && versions.iter().any(is_behind))
        .then(|| versions.iter().map(|found| found.version).filter(|version| stays(*version)).collect())
}

/// Tags stand under `version` for all that has any.
pub(super) fn tags_whole(tx: &mut Tx<'_>, owner: Owner, version: KeyVersion) -> Result<(), StoreError> {
    let row = key_versions::table.find((owner.kind(), AnyId::from_bytes(owner.id_bytes()), version));
    diesel::update(row).set(key_versions::tags_whole.eq(true)).execute(tx.conn())?;
    Ok(())
}

/// From here on tags are written under `kept` alone.
pub(super) fn tags_fall_behind(tx: &mut Tx<'_>, owner: Owner, kept: &[KeyVersion]) -> Result<(), StoreError> {
    let others = key_versions::table
        .filter(key_versions::owner_kind.eq(owner.kind()))
        .filter(key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
        .filter(key_versions::version.ne_all(kept));
    diesel::update(others).set(key_versions::tags_whole.eq(false)).execute(tx.conn())?;
    Ok(())
}

/// The version is in this state from here on.
pub(super) fn set_state(tx: &mut Tx<'_>, owner: Owner, version: KeyVersion, state: KeyState) -> Result<(), StoreError> {
    let row = (
        key_versions::owner_kind.eq(owner.kind()),
        key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
        key_versions::version.eq(version),
        key_versions::state.eq(state.code()),
    );
    both(
        diesel::insert_into(key_versions::table)
            .values(row)
            .on_conflict((key_versions::owner_kind, key_versions::owner_id, key_versions::version))
            .do_update()
            .set(key_versions::state.eq(state.code())),
    )
    .execute(tx.conn())?;
    Ok(())
}

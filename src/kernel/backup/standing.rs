//! Whether one of the two databases was put back from a copy, by whatever means, and what follows before anybody is
//! served.

use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::log_copies::Given;
use super::{certificates, log_copies};
use crate::kernel::StartError;
use crate::kernel::access::{FROZEN, tokens::REVOKED};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AccountId, AnyId, TokenId};
use crate::kernel::keyring::ledger::Revoked;
use crate::kernel::keyring::{KeyState, Keyring};
use crate::kernel::store::schema::{
    accounts, anonymous_sessions, confirmations, inactivity, instance, key_versions, outbox, passkey_sign_ins,
    provider_sessions, sessions, support_grants, tokens,
};
use crate::kernel::store::{Db, StoreError, Tx};
use crate::kernel::transparency::Leaf;

/// The epoch of data that `seif backup restore` has put back: behind whatever a keyring has reached.
pub(super) const PUT_BACK: i64 = -1;

/// How the two databases stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As they were left.
    Even,
    /// The data is behind the keyring: it was put back from a copy.
    DataBehind,
    /// The keyring is behind the data: it was put back from a copy.
    KeyringBehind,
}

/// What a start has found and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How the databases stood.
    pub standing: Standing,
    /// What was ended, because of that.
    pub ended: Ended,
    /// How many owners had come back and were erased again.
    pub erased_again: usize,
}

/// What ends where a database was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Sessions.
    pub sessions: usize,
    /// Mails and text messages that waited in data that was put back: they may have been sent since, and are not sent again.
    pub mails: usize,
}

/// How long a wish to leave stands still that a copy of the keyring has brought back: it may have been taken back since,
/// and who made it can do so again.
const STANDSTILL: Duration = Duration::from_secs(7 * 86_400);

/// Tells a keyring that was put back what the data knows: certificates, tokens that were revoked, accounts that were
/// frozen. What accounts sign in by is put in question, and wishes to leave that it has brought back are put off.
///
/// # Errors
/// A database is away.
pub(in crate::kernel) fn tell_keyring(db: &Db, keyring: &Keyring, standing: Standing) -> Result<(), StartError> {
    // However it came about that the log is shorter than its copies.
    match log_copies::give_back(db, keyring)? {
        Given::Nothing => {}
        Given::Entries(entries) => tracing::warn!(entries, "the transparency log was brought up to its copies"),
        Given::AnotherLog => tracing::error!("the copies of the transparency log are not how it goes on"),
    }
    if standing != Standing::KeyringBehind {
        return Ok(());
    }
    let given = certificates::give_back(db, keyring)?;
    let (revoked, frozen): (Vec<TokenId>, Vec<AccountId>) = db.read_here(None, |tx| -> Result<_, StoreError> {
        let revoked = tokens::table.filter(tokens::state.eq(REVOKED)).select(tokens::id).load(tx.conn())?;
        let frozen = accounts::table.filter(accounts::state.eq(FROZEN)).select(accounts::id).load(tx.conn())?;
        Ok((revoked, frozen))
    })?;
    keyring.revoke_again(&Revoked { tokens: revoked, frozen, ..Revoked::default() })?;
    keyring.question_identifiers()?;
    let put_off = keyring.put_off(STANDSTILL)?;
    tracing::warn!(certificates = given, wishes = put_off, "a copy of the keyring was told what the data knows");
    Ok(())
}

/// Erases in the keyring once more whom a copy of it has brought back. A ledger's entry without the destruction of the
/// keys cannot come about otherwise: they are one transaction. A copy from before the erasure has no entry either; then
/// the data says who was erased, whose mirror of the keys was closed first.
pub(in crate::kernel) fn erase_in_keyring(db: &Db, keyring: &Keyring) -> Result<usize, StartError> {
    let mut returned = keyring.erased_with_keys()?;
    // Read in this order, an erasure that another process has begun is seen as one.
    let erased = db.read_here(None, erased_owners)?;
    if keyring.erasures_closing()? == 0 {
        let held: std::collections::HashSet<Owner> = keyring.owners()?.into_iter().map(|(owner, ..)| owner).collect();
        returned.extend(erased.into_iter().filter(|owner| held.contains(owner)));
    }
    returned.sort_unstable_by_key(|owner| (owner.kind(), owner.id_bytes()));
    returned.dedup();
    for owner in &returned {
        keyring.erase_again(*owner)?;
    }
    if !returned.is_empty() {
        keyring.db().scrub()?;
        tracing::warn!(owners = returned.len(), "a copy of the keyring had brought back who was erased: erased again");
    }
    Ok(returned.len())
}

/// The tenants and accounts whose keys the data knows as destroyed, every version.
fn erased_owners(tx: &mut Tx<'_>) -> Result<Vec<Owner>, StoreError> {
    let rows: Vec<(i16, AnyId, i16)> = key_versions::table
        .select((key_versions::owner_kind, key_versions::owner_id, key_versions::state))
        .load(tx.conn())?;
    let mut destroyed = std::collections::HashMap::new();
    for (kind, id, state) in rows {
        let Ok(owner) = Owner::decode(kind, *id.as_bytes()) else { continue };
        let all = destroyed.entry(owner).or_insert(true);
        *all = *all && state == KeyState::Destroyed.code();
    }
    let erasable = |owner: &Owner| matches!(owner, Owner::Tenant(_) | Owner::Account(_));
    Ok(destroyed.into_iter().filter(|(owner, all)| *all && erasable(owner)).map(|(owner, _)| owner).collect())
}

/// How the databases stand. Read in this order, nodes that start at once see each other as even.
pub(in crate::kernel) fn compare(db: &Db, keyring: &Keyring) -> Result<Standing, StartError> {
    let reached = keyring.epoch_reached()?;
    let here = epoch(db)?;
    Ok(if here < reached {
        Standing::DataBehind
    } else if here > keyring.epoch_planned()? {
        Standing::KeyringBehind
    } else {
        Standing::Even
    })
}

/// Moves both databases on to a new epoch, and with that ends every session, and whatever support was let look at, where
/// one of them was put back: one
/// transaction, so that a kill before it leaves the sign of the restore, and after it no session. Gives what ended.
pub(in crate::kernel) fn move_on(db: &Db, keyring: &Keyring, standing: Standing) -> Result<Ended, StartError> {
    let next = epoch(db)?.max(keyring.epoch_planned()?).max(keyring.epoch_reached()?) + 1;
    keyring.plan_epoch(next)?;
    fault::reach(Point::StartPlanned);
    let ended = db.write_blocking(Vec::new(), move |tx| -> Result<Ended, StoreError> {
        let mut ended = Ended::default();
        if standing != Standing::Even {
            ended.sessions = end_sessions(tx)?;
            count_anew(tx)?;
            end_support_grants(tx)?;
        }
        if standing == Standing::DataBehind {
            ended.mails = diesel::delete(outbox::table).execute(tx.conn())?;
        }
        let behind = instance::table.filter(instance::epoch.lt(next));
        diesel::update(behind).set(instance::epoch.eq(next)).execute(tx.conn())?;
        Ok(ended)
    })?;
    fault::reach(Point::StartMoved);
    if standing != Standing::Even {
        // Stated once too often, if a kill comes now, rather than not at all.
        let at = keyring.clock().now().rfc3339();
        keyring.enter_again(Leaf::Restored { number: next, at })?;
    }
    keyring.reach_epoch(next)?;
    match standing {
        Standing::Even => {}
        Standing::DataBehind => tracing::warn!(
            sessions = ended.sessions,
            mails = ended.mails,
            "the data was put back from a copy: every session was ended, and mails that waited in it are not sent"
        ),
        Standing::KeyringBehind => {
            tracing::warn!(sessions = ended.sessions, "the keyring was put back from a copy: every session was ended");
        }
    }
    Ok(ended)
}

fn epoch(db: &Db) -> Result<i64, StoreError> {
    db.read_here(None, |tx| Ok(instance::table.select(instance::epoch).get_result(tx.conn())?))
}

/// Lets the time in which nobody used a tenant count from now on: what stands here of its use and of the warnings may be
/// from before.
fn count_anew(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let none = (inactivity::since.eq(tx.now()), inactivity::warned.eq(0), inactivity::warned_at.eq(None::<Time>));
    diesel::update(inactivity::table).set(none).execute(tx.conn())?;
    Ok(())
}

/// Ends what support was let look at: a tenant may have ended it since.
fn end_support_grants(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let live = support_grants::table.filter(support_grants::ended_at.is_null());
    diesel::update(live).set(support_grants::ended_at.eq(Some(tx.now()))).execute(tx.conn())?;
    Ok(())
}

/// Ends every session, and whatever is on its way to one.
fn end_sessions(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    diesel::delete(provider_sessions::table).execute(tx.conn())?;
    diesel::delete(confirmations::table).execute(tx.conn())?;
    diesel::delete(passkey_sign_ins::table).execute(tx.conn())?;
    diesel::delete(anonymous_sessions::table).execute(tx.conn())?;
    Ok(diesel::delete(sessions::table).execute(tx.conn())?)
}

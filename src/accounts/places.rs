//! Where an account is used from as a rule: the networks from which it was signed in to.
//!
//! Who comes from one of them is not held up by what strangers do to the account or to the whole service, so that no
//! outsider can shut its owner out by failing on purpose; failures from there have a count of their own. A network is a
//! tag under the account's key, so that nobody else can tell which it is.

use std::net::IpAddr;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{OwnerKeys, Tag};
use crate::kernel::ids::AccountId;
use crate::kernel::store::schema::known_places;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{AccountScope, Origin};

/// So many are remembered, the latest.
const MOST: usize = 20;

/// Whether an account is used from somewhere as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It was signed in to from there.
    Usual,
    /// It was not, or long ago.
    Strange,
}

/// What the account is used from at `origin`; `lasting` is how long a place is remembered without a sign-in from there.
pub(super) fn find(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    origin: &Origin,
    lasting: Duration,
) -> Result<Place, StoreError> {
    // A place stands under the version of its time until the key has turned over.
    for tag in tags(scope.keys(), *origin.address.reveal()) {
        let known: Option<Tag> = known_places::table
            .find((scope.account(), tag))
            .filter(known_places::seen_at.gt(tx.now().minus(lasting)))
            .select(known_places::tag)
            .get_result(tx.conn())
            .optional()?;
        if known.is_some() {
            return Ok(Place::Usual);
        }
    }
    Ok(Place::Strange)
}

/// Remembers that the account was signed in to from `origin`.
pub(super) fn remember(tx: &mut Tx<'_>, scope: &AccountScope, origin: &Origin) -> Result<(), StoreError> {
    let (account, now) = (scope.account(), tx.now());
    let tag = newest(scope.keys(), *origin.address.reveal());
    both(
        diesel::insert_into(known_places::table)
            .values((known_places::account_id.eq(account), known_places::tag.eq(tag), known_places::seen_at.eq(now)))
            .on_conflict((known_places::account_id, known_places::tag))
            .do_update()
            .set(known_places::seen_at.eq(now)),
    )
    .execute(tx.conn())?;
    let of_account = known_places::table.filter(known_places::account_id.eq(account));
    let latest_first: Vec<Tag> =
        of_account.order(known_places::seen_at.desc()).select(known_places::tag).load(tx.conn())?;
    if let Some(too_many) = latest_first.get(MOST..).filter(|rest| !rest.is_empty()) {
        diesel::delete(of_account.filter(known_places::tag.eq_any(too_many))).execute(tx.conn())?;
    }
    Ok(())
}

/// Forgets what was last seen so long ago, of at most `limit` accounts; gives how many places.
pub(super) fn sweep(tx: &mut Tx<'_>, lasting: Duration, limit: i64) -> Result<usize, StoreError> {
    let over = tx.now().minus(lasting);
    let accounts: Vec<AccountId> = known_places::table
        .filter(known_places::seen_at.le(over))
        .select(known_places::account_id)
        .limit(limit)
        .load(tx.conn())?;
    let theirs = known_places::table.filter(known_places::account_id.eq_any(accounts));
    Ok(diesel::delete(theirs.filter(known_places::seen_at.le(over))).execute(tx.conn())?)
}

/// Lets a place of an account's be known under the version that seals; gives how many were known under an older one.
///
/// # Errors
/// The store's.
pub(super) fn move_to_newest(
    tx: &mut Tx<'_>,
    keys: &OwnerKeys,
    account: AccountId,
    address: IpAddr,
) -> Result<u64, StoreError> {
    let newest = newest(keys, address);
    let mut moved = 0;
    for old in tags(keys, address).into_iter().filter(|tag| *tag != newest) {
        let seen_at: Option<Time> = diesel::delete(known_places::table.find((account, old)))
            .returning(known_places::seen_at)
            .get_result(tx.conn())
            .optional()?;
        let Some(seen_at) = seen_at else { continue };
        let row =
            (known_places::account_id.eq(account), known_places::tag.eq(newest), known_places::seen_at.eq(seen_at));
        both(diesel::insert_into(known_places::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
        moved += 1;
    }
    Ok(moved)
}

/// Forgets the places of an account's that are none of `addresses` under the version that seals.
///
/// # Errors
/// The store's.
pub(super) fn keep_newest(
    tx: &mut Tx<'_>,
    keys: &OwnerKeys,
    account: AccountId,
    addresses: &[IpAddr],
) -> Result<usize, StoreError> {
    let mut kept: Vec<Tag> = addresses.iter().map(|address| newest(keys, *address)).collect();
    kept.sort_unstable();
    kept.dedup();
    let mine = known_places::table.filter(known_places::account_id.eq(account));
    let known: Vec<Tag> = mine.select(known_places::tag).load(tx.conn())?;
    let gone: Vec<Tag> = known.into_iter().filter(|tag| kept.binary_search(tag).is_err()).collect();
    Ok(diesel::delete(mine.filter(known_places::tag.eq_any(gone))).execute(tx.conn())?)
}

/// The tags of the network of `address` under each version that is held, the newest first.
fn tags(keys: &OwnerKeys, address: IpAddr) -> Vec<Tag> {
    keys.tags_of_all(&[b"known_places"], &network(address)).into_iter().rev().map(|(_, tag)| tag).collect()
}

/// The one under the version that seals.
fn newest(keys: &OwnerKeys, address: IpAddr) -> Tag {
    let under = keys.tag_under(keys.current(), &[b"known_places"], &network(address));
    under.unwrap_or_else(|| keys.tag(&[b"known_places"], &network(address)))
}

/// The network of an address: what a household or an office keeps when its line is given another address.
fn network(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().into_iter().take(3).collect(),
        IpAddr::V6(address) => address.octets().into_iter().take(6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_network_and_not_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.255"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:ffff::9"));
        assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
    }
}

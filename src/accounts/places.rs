//! Where an account is used from as a rule: the networks from which it was signed in to.
//!
//! Who comes from one of them is not held up by what strangers do to the account or to the whole service, so that no
//! outsider can shut its owner out by failing on purpose; failures from there have a count of their own. A network is a
//! tag under the account's key, so that nobody else can tell which it is.

use std::net::IpAddr;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::Tag;
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
    let known: Option<Tag> = known_places::table
        .find((scope.account(), tag(scope, origin)))
        .filter(known_places::seen_at.gt(tx.now().minus(lasting)))
        .select(known_places::tag)
        .get_result(tx.conn())
        .optional()?;
    Ok(if known.is_some() { Place::Usual } else { Place::Strange })
}

/// Remembers that the account was signed in to from `origin`.
pub(super) fn remember(tx: &mut Tx<'_>, scope: &AccountScope, origin: &Origin) -> Result<(), StoreError> {
    let (account, now) = (scope.account(), tx.now());
    both(
        diesel::insert_into(known_places::table)
            .values((
                known_places::account_id.eq(account),
                known_places::tag.eq(tag(scope, origin)),
                known_places::seen_at.eq(now),
            ))
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

fn tag(scope: &AccountScope, origin: &Origin) -> Tag {
    scope.keys().tag(&[b"known_places"], &network(*origin.address.reveal()))
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

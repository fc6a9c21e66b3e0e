//! From where an account may be used (R-24, S-7): a list of addresses and ranges, sealed under the account's key.
//!
//! The sealed list stands in the account's own row, so that the statement that finds a session or a token brings it
//! along: an account without a list costs nothing, one with a list an opening of at most a few kilobytes, and a change
//! counts at the next request on every node, since nothing is kept between requests.

use std::net::IpAddr;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::store::schema::accounts;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::IpRange;

/// Where an account's list lies. Its row version is the list's own.
pub struct AccountAddresses;

impl Place for AccountAddresses {
    const LABEL: &'static str = "accounts.addresses";
    type Plain = AddressList;
}

/// The addresses from which an account may be used; without any, from everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressList {
    #[serde(serialize_with = "spelled_out")]
    ranges: Vec<IpRange>,
}

/// For the seal alone.
fn spelled_out<S: serde::Serializer>(ranges: &[IpRange], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ranges.iter().map(IpRange::to_stored))
}

/// The address is none of the list's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is none of those from which the account may be used")]
pub struct Outside;

impl AddressList {
    /// The list of these ranges, each once, in their order.
    #[must_use]
    pub fn of(ranges: impl IntoIterator<Item = IpRange>) -> Self {
        let mut list = Self::default();
        for range in ranges {
            if !list.ranges.contains(&range) {
                list.ranges.push(range);
            }
        }
        list
    }

    /// The ranges.
    #[must_use]
    pub fn ranges(&self) -> &[IpRange] {
        &self.ranges
    }

    /// Whether the account may be used from `address`.
    ///
    /// # Errors
    /// [`Outside`] when there is a list, and the address is not on it.
    pub fn admit(&self, address: IpAddr) -> Result<(), Outside> {
        let admits = self.ranges.is_empty() || self.ranges.iter().any(|range| range.contains(address));
        if admits { Ok(()) } else { Err(Outside) }
    }
}

/// An account's list as its row holds it.
pub(super) type Row = (i64, Option<Sealed<AccountAddresses>>);

/// The columns of [`Row`].
pub(super) const COLUMNS: (accounts::addresses_version, accounts::addresses) =
    (accounts::addresses_version, accounts::addresses);

/// The list that a row holds.
///
/// # Errors
/// It is sealed for another place.
pub(super) fn opened(scope: &AccountScope, (version, sealed): &Row) -> Result<AddressList, StoreError> {
    let Some(sealed) = sealed else { return Ok(AddressList::default()) };
    Ok(scope.keys().open(RowRef::new(scope.account().as_bytes(), *version), sealed)?)
}

/// The list of the scope's account.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<AddressList, StoreError> {
    let row: Row = accounts::table.find(scope.account()).select(COLUMNS).get_result(tx.conn())?;
    opened(scope, &row)
}

/// Replaces the list of the scope's account; gives the one before. It counts from the next request on.
///
/// # Errors
/// The store's.
pub fn replace(tx: &mut Tx<'_>, scope: &AccountScope, list: &AddressList) -> Result<AddressList, StoreError> {
    let row = accounts::table.find(scope.account());
    let (version, before): Row = diesel::update(row)
        .set(accounts::addresses_version.eq(accounts::addresses_version + 1))
        .returning(COLUMNS)
        .get_result(tx.conn())?;
    let sealed = (!list.ranges.is_empty()).then(|| {
        let row = RowRef::new(scope.account().as_bytes(), version);
        scope.keys().seal::<AccountAddresses>(row, list, tx.entropy())
    });
    let before = opened(scope, &(version - 1, before))?;
    diesel::update(row).set(accounts::addresses.eq(sealed)).execute(tx.conn())?;
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ranges: &[&str]) -> AddressList {
        AddressList::of(ranges.iter().map(|text| IpRange::parse(text).unwrap()))
    }

    // R-24
    #[test]
    fn a_list_admits_its_own_addresses_in_either_spelling_and_an_empty_one_admits_all() {
        let office = list(&["203.0.113.7", "2001:db8::/48"]);
        for (address, admitted) in [
            ("203.0.113.7", true),
            ("::ffff:203.0.113.7", true),
            ("2001:db8:0:9::1", true),
            ("203.0.113.8", false),
            ("2001:db8:1::1", false),
            ("::1", false),
        ] {
            assert_eq!(office.admit(address.parse().unwrap()).is_ok(), admitted, "{address}");
        }
        assert_eq!(AddressList::default().admit("192.0.2.1".parse().unwrap()), Ok(()));
    }

    #[test]
    fn a_range_stands_once_in_a_list_and_reads_back_from_its_seal() {
        let office = list(&["203.0.113.7", "203.0.113.7/32", "::ffff:203.0.113.7", "2001:db8::/48"]);
        assert_eq!(office.ranges().len(), 2);
        let sealed = serde_json::to_string(&office).unwrap();
        assert_eq!(sealed, r#"{"ranges":["203.0.113.7","2001:db8::/48"]}"#);
        assert_eq!(serde_json::from_str::<AddressList>(&sealed).unwrap(), office);
        assert!(!format!("{office:?}").contains("203"));
    }
}

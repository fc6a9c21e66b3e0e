//! From where the account may be used (R-24, S-7): seen and changed by its owner.
//!
//! A sign-in from elsewhere is refused like one with a wrong password (`signing_in`); a session or token from elsewhere
//! is told so at its next request (`kernel::access::addresses`).

use crate::accounts::notices::tell_of;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::addresses::{self, AddressList};
use crate::kernel::access::{AccountAccess, Outside};
use crate::kernel::personal::Personal;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::{Fault, Faults, IpRange, NotAnIpRange};
use crate::messages::notice::Notice;

/// So many ranges a list holds at most.
pub const MOST: usize = 50;

/// So many are advised at least, so that one line that is down does not shut its owner out.
pub const ADVISED: usize = 2;

/// What becomes of a list that would refuse its own author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lockout {
    /// It is refused.
    Unwanted,
    /// It is meant.
    Meant,
}

/// What may be said of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Nothing.
    Nothing,
    /// To add another range.
    AddAnother,
}

impl Advice {
    /// The advice on `list`.
    #[must_use]
    pub fn on(list: &AddressList) -> Self {
        if (1..ADVISED).contains(&list.ranges().len()) { Self::AddAnother } else { Self::Nothing }
    }
}

/// Why a list stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressesError {
    /// Ranges are wrong.
    #[error("ranges are wrong")]
    Invalid(Vec<Fault>),
    /// It would refuse its own author.
    #[error("the list would lock its author out")]
    WouldLockOut,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for AddressesError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for AddressesError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

impl Accounts {
    /// The addresses from which the account may be used.
    ///
    /// # Errors
    /// The store's.
    pub async fn addresses(&self, access: &AccountAccess) -> Result<AddressList, Failure> {
        Ok(self.kernel().point(&access.scope, addresses::find).await?)
    }

    /// Lets the account be used from `ranges` alone, or, without any, from anywhere; counts from the next request of any
    /// session or token of its on. Its person is told (K-7).
    ///
    /// # Errors
    /// See [`AddressesError`].
    pub async fn restrict(
        &self,
        access: &AccountAccess,
        ranges: &[Personal<String>],
        lockout: Lockout,
    ) -> Result<AddressList, AddressesError> {
        let list = parsed(ranges).map_err(AddressesError::Invalid)?;
        if (list.admit(*access.origin.address.reveal()), lockout) == (Err(Outside), Lockout::Unwanted) {
            return Err(AddressesError::WouldLockOut);
        }
        let (kept, origin) = (list.clone(), access.origin.clone());
        let replace = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), AddressesError> {
            if addresses::replace(tx, scope, &kept)? != kept {
                let person = person::find(tx, scope)?;
                tell_of(tx, scope, &person, Notice::AddressesChanged, &origin)?;
            }
            Ok(())
        };
        self.kernel().write("accounts.restrict", &access.scope, replace).await?;
        Ok(list)
    }
}

fn parsed(ranges: &[Personal<String>]) -> Result<AddressList, Vec<Fault>> {
    let mut faults = Faults::default();
    if ranges.len() > MOST {
        faults.push(Fault::new("/ranges", "too_many", format!("At most {MOST} addresses and ranges.")));
        return Err(faults.into_vec());
    }
    let ranges: Vec<IpRange> = ranges
        .iter()
        .enumerate()
        .filter_map(|(at, text)| {
            let wrong = |why: NotAnIpRange| {
                let code = match why {
                    NotAnIpRange::Text => "not_an_address",
                    NotAnIpRange::HostBits => "beyond_prefix",
                };
                Fault::new(format!("/ranges/{at}"), code, why.to_string())
            };
            faults.take(IpRange::parse(text.reveal()).map_err(wrong))
        })
        .collect();
    let faults = faults.into_vec();
    if faults.is_empty() { Ok(AddressList::of(ranges)) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(ranges: &[&str]) -> Vec<Personal<String>> {
        ranges.iter().map(|text| Personal::new((*text).to_owned())).collect()
    }

    //
    #[test]
    fn each_wrong_range_is_named_and_there_are_at_most_fifty() {
        let wrong = parsed(&typed(&["203.0.113.7", "203.0.113.7/24", "example.lv", "2001:db8::/48"]));
        let told: Vec<_> = wrong.err().into_iter().flatten().map(|fault| (fault.pointer, fault.code)).collect();
        assert_eq!(told, [("/ranges/1".to_owned(), "beyond_prefix"), ("/ranges/2".to_owned(), "not_an_address")]);
        let many: Vec<String> = (0..=MOST).map(|n| format!("192.0.2.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(parsed(&typed(&many)).is_err());
        assert_eq!(parsed(&typed(&many[1..])).map(|list| list.ranges().len()), Ok(MOST));
        assert_eq!(parsed(&[]), Ok(AddressList::default()));
    }

    //
    #[test]
    fn another_range_is_advised_where_there_is_but_one() {
        for (ranges, advice) in [
            (&[][..], Advice::Nothing),
            (&["192.0.2.1"], Advice::AddAnother),
            (&["192.0.2.1", "192.0.2.1"], Advice::AddAnother),
            (&["192.0.2.1", "192.0.2.2"], Advice::Nothing),
        ] {
            assert_eq!(parsed(&typed(ranges)).map(|list| Advice::on(&list)), Ok(advice), "{ranges:?}");
        }
    }
}

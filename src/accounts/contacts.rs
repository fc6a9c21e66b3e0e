//! Where a person can be reached, as they see it themselves (R-25, S-9).

use crate::accounts::person::{self, PhoneStanding};
use crate::accounts::prompts::{self, Prompt};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;

/// Where a person can be reached.
#[derive(Debug, Clone)]
pub struct Contacts {
    /// The verified address.
    pub email: Personal<String>,
    /// The phone number.
    pub phone: Option<ContactPhone>,
    /// When the person last said that both are right.
    pub confirmed_at: Option<Time>,
}

/// A phone number, and whether it is known to be theirs.
#[derive(Debug, Clone)]
pub struct ContactPhone {
    /// In E.164 form.
    pub number: Personal<String>,
    /// Since when it is known; nothing while it was only said.
    pub verified_at: Option<Time>,
}

impl Accounts {
    /// Where the session's person can be reached.
    ///
    /// # Errors
    /// The store's.
    pub async fn contacts(&self, access: &AccountAccess) -> Result<Contacts, Failure> {
        let read = |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Contacts, StoreError> {
            let person = person::find(tx, scope)?;
            let phone = person.phone.map(|phone| ContactPhone {
                number: phone.number,
                verified_at: match phone.standing {
                    PhoneStanding::Verified { at } => Some(at),
                    PhoneStanding::Unverified => None,
                },
            });
            let confirmed_at = prompts::last_answered(tx, scope, Prompt::ConfirmContacts)?;
            Ok(Contacts { email: person.email, phone, confirmed_at })
        };
        Ok(self.kernel().point(&access.scope, read).await?)
    }
}

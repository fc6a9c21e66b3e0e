//! Who subscribes, as whoever runs the service may see it (P-3): the business's name, its numbers and its address, and
//! nothing else of what it said or keeps.
//!
//! It is sealed under the tenant's key. It is opened for an operator's deed alone, whose entry in the ledger comes first and
//! which the tenant finds in its own audit, each time; of a sealed vault nobody is shown anything.

use crate::kernel::ids::TenantId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::operators::deeds::ShowTenant;
use crate::kernel::operators::{Operator, OperatorAct};
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::NoticeScope;
use crate::kernel::values::Country;
use crate::kernel::{Kernel, store_error};
use crate::tenants::profile::{self, BusinessKind, Profile};
use crate::tenants::subscriber;

/// Who subscribes.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// Company or self-employed.
    pub kind: BusinessKind,
    /// Its name.
    pub name: Personal<String>,
    /// Where it is registered.
    pub country: Country,
    /// Its number in that country's register.
    pub registration_number: Option<Personal<String>>,
    /// Its VAT number.
    pub vat_number: Option<Personal<String>>,
    /// Where it is, where it has said so.
    pub address: Option<Address>,
}

/// Where a business is.
#[derive(Debug, Clone)]
pub struct Address {
    /// Street and number.
    pub street: Personal<String>,
    /// Town.
    pub town: Personal<String>,
    /// Postal code.
    pub postal_code: Personal<String>,
    /// Country.
    pub country: Country,
}

/// What there is to see of who subscribes.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Who it is.
    Open(Box<Subscriber>),
    /// An owner has sealed the vault: nobody is given its keys.
    Sealed,
}

/// Shows to `who` who subscribes as `tenant`.
///
/// # Errors
/// [`StoreError::NoKey`] of a tenant whose keys are destroyed, or that never was; the store's, or the keyring's.
pub async fn show(kernel: &Kernel, who: Operator, tenant: TenantId) -> Result<Seen, StoreError> {
    let show = async |act: &OperatorAct<ShowTenant>| open(kernel, act).await;
    kernel.operate(who, ShowTenant { tenant }, show).await.map_err(|error| store_error(&error))?
}

async fn open(kernel: &Kernel, act: &OperatorAct<ShowTenant>) -> Result<Seen, StoreError> {
    let scope = match kernel.notice_scope(act.deed().tenant).await {
        Ok(scope) => scope,
        Err(KeyringError::Sealed(_)) => return Ok(Seen::Sealed),
        Err(error) => return Err(store_error(&error)),
    };
    match kernel.point(&scope, read).await {
        Ok(subscriber) => Ok(Seen::Open(Box::new(subscriber))),
        // Sealed a moment ago.
        Err(StoreError::Sealed(_)) => Ok(Seen::Sealed),
        Err(error) => Err(error),
    }
}

fn read(tx: &mut Tx<'_>, scope: &NoticeScope) -> Result<Subscriber, StoreError> {
    let Profile { kind, name, country, registration_number, vat_number } = profile::of_subscriber(tx, scope)?;
    let address = subscriber::of_subscriber(tx, scope)?.map(|answered| {
        let subscriber::Answers { street, town, postal_code, country, .. } = answered.answers;
        Address { street, town, postal_code, country }
    });
    Ok(Subscriber { kind, name, country, registration_number, vat_number, address })
}

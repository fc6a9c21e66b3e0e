//! What a business keeps: collections of records, their fields' kinds, search, files, and their way in and out.
//!
//! Uses [`kernel`](crate::kernel) alone. Start at [`Vault`]: each of its methods is one operation of the API, in one
//! transaction. What a field may hold is decided in [`kinds`]; what a collection is, in [`definition`].

mod backfill;
mod collections;
mod cursor;
pub mod definition;
mod erasing;
mod error;
pub mod exports;
pub mod files;
mod history;
pub mod imports;
mod index;
pub mod kinds;
mod known;
mod links;
mod overview;
pub mod people;
mod records;
mod retag;
pub mod sampling;
mod search;
mod slug;
pub mod support;
pub mod templates;
mod trail;
mod values;
mod writing;

use std::sync::Arc;

pub use self::collections::{ChangedCollection, CollectionItem, CollectionView, NewCollection};
pub use self::cursor::{Limit, Page};
pub use self::erasing::Receipt;
pub use self::error::{Error, Fault};
pub use self::history::{Change, Maker, Version, VersionItem};
pub use self::records::{Item, Precondition, Record};
pub use self::search::Query;
pub use self::slug::field_name;
pub use self::trail::{AuditActor, AuditEntry, AuditItem};
pub use self::values::{Input, Shown, ShownValue};
#[cfg(feature = "testing")]
use crate::kernel::ids::TenantId;
use crate::kernel::operators::FirstLook;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::kernel::values::Country;
use crate::kernel::{Kernel, store_error};

/// The vault. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    kernel: Kernel,
    known: Arc<known::Known>,
    home: Home,
    first_look: FirstLook,
}

/// The country of a tenant, whose rules complete national numbers where a record names no country itself.
pub type Home = fn(&mut Tx<'_>, &TenantScope) -> Result<Option<Country>, StoreError>;

impl Vault {
    /// The vault over this kernel, of tenants whose countries `home` tells, and whose owners `first_look` tells that support
    /// looks.
    #[must_use]
    pub fn new(kernel: Kernel, home: Home, first_look: FirstLook) -> Self {
        Self { kernel, known: Arc::default(), home, first_look }
    }

    /// Lets go of what this process remembers of tenants that are sealed, or whose keys are destroyed.
    ///
    /// # Errors
    /// The keyring is away; the next time.
    pub async fn forget_closed(&self) -> Result<(), StoreError> {
        let tenants = self.known.tenants();
        if tenants.is_empty() {
            return Ok(());
        }
        let closed = self.kernel.keyring().closed_among(tenants).await;
        self.known.let_go(&closed.map_err(|error| store_error(&error))?);
        Ok(())
    }

    /// Of whom this process remembers something.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn remembers(&self) -> Vec<TenantId> {
        self.known.tenants()
    }
}

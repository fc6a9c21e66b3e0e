//! Support looks into a tenant's vault: by a grant of the tenant's own, while it lasts, into the collections that it names.
//!
//! A [`Granted`] is the one way from an operator to what a tenant keeps. Nothing but [`Kernel::view_for_support`] makes
//! one, out of the act whose entry stands in the ledger (so that the tenant is told), within the transaction that found
//! the grant live; it ends with that transaction, and gives the records of the one collection and nothing else. When a grant
//! is used for the first time, its owners are told in that same transaction: without the notice nothing is seen.
//!
//! ```compile_fail,E0451
//! # use seif::kernel::{operators::Granted, store::Tx};
//! fn made(tx: &mut Tx<'_>) {
//!     let granted = Granted { tx, scope: todo!(), collection: todo!() };
//! }
//! ```
//!
//! Another act does not do:
//!
//! ```compile_fail,E0308
//! # use seif::kernel::{Kernel, operators::{OperatorAct, SupportRefused, deeds::ShowTenant}};
//! async fn seen(kernel: &Kernel, act: &OperatorAct<ShowTenant>) -> Result<(), SupportRefused> {
//!     kernel.view_for_support(act, |_, _, _, _| Ok(()), |_| Ok::<_, SupportRefused>(())).await
//! }
//! ```
//!
//! And it cannot be kept for later:
//!
//! ```compile_fail
//! # use seif::kernel::{Kernel, operators::{Granted, OperatorAct, SupportRefused, deeds::ViewForSupport}};
//! async fn kept(kernel: &Kernel, act: &OperatorAct<ViewForSupport>) -> Result<Granted<'static, 'static>, SupportRefused> {
//!     kernel.view_for_support(act, |_, _, _, _| Ok(()), |granted| Ok::<_, SupportRefused>(granted)).await
//! }
//! ```

use std::sync::Arc;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::{FROZEN, Role};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys, Place, RowRef, Sealed, Unreadable};
use crate::kernel::ids::{AccountId, CollectionId, RecordId, SupportGrantId, TenantId};
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::OperatorAct;
use crate::kernel::operators::deeds::ViewForSupport;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{
    account_tenants, accounts, collections, records, support_grant_collections, support_grants,
};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, InTenant, NoticeScope, Scope, sealed};
use crate::kernel::{Kernel, store_error};

/// Why support sees nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SupportRefused {
    /// The tenant has not granted it: there is no such grant of its, it names another collection, or it is over. Which of
    /// these, is not told.
    #[error("there is no such grant, or it is over")]
    NotGranted,
    /// An owner has sealed the vault.
    #[error("an owner has sealed this vault")]
    Sealed,
    /// The tenant is about to leave.
    #[error("the tenant is about to leave")]
    Leaving,
    /// The account that granted it is frozen.
    #[error("the account that granted it is frozen")]
    Frozen,
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for SupportRefused {}

impl StoreFailure for SupportRefused {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

/// Tells the owners of a tenant, in the transaction that looks into it for the first time by a grant, which ends at the
/// moment that is named.
pub type FirstLook = fn(&mut Tx<'_>, &NoticeScope, &[AccountScope], Time) -> Result<(), StoreError>;

/// What a tenant has granted, for as long as the transaction lasts that found it so: one collection, for reading.
pub struct Granted<'t, 'c> {
    tx: &'t mut Tx<'c>,
    scope: &'t Seeing,
    collection: CollectionId,
}

/// A row of the granted collection; its body, where it opens.
pub struct GrantedRow<B> {
    /// The record.
    pub id: RecordId,
    /// Its version, counted from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
    /// What is sealed of it.
    pub body: Result<B, Unreadable>,
}

impl Granted<'_, '_> {
    /// The collection's id, and what is sealed of it.
    ///
    /// # Errors
    /// [`SupportRefused::NotGranted`] where the collection was deleted meanwhile; it does not open; the store's.
    pub fn collection<P: Place>(&mut self) -> Result<(CollectionId, P::Plain), SupportRefused> {
        let row: Option<(i64, Vec<u8>)> = collections::rows(self.scope)
            .filter(collections::id.eq(self.collection))
            .select((collections::version, collections::body))
            .get_result(self.tx.conn())
            .optional()
            .map_err(StoreError::from)?;
        let (version, body) = row.ok_or(SupportRefused::NotGranted)?;
        let at = RowRef::new(self.collection.as_bytes(), version);
        let plain = self.scope.keys.open(at, &Sealed::<P>::from_bytes(body)).map_err(StoreError::from)?;
        Ok((self.collection, plain))
    }

    /// Its records that are not in the trash, the newest first: those made before `before`, at most so many.
    ///
    /// # Errors
    /// The store's. A record that does not open is a row without a body.
    pub fn records<P: Place>(
        &mut self,
        before: Option<RecordId>,
        most: i64,
    ) -> Result<Vec<GrantedRow<P::Plain>>, SupportRefused> {
        let before = before.unwrap_or(RecordId::from_bytes([0xff; 16]));
        let rows: Vec<(RecordId, i64, Time, Time, Vec<u8>)> = records::rows(self.scope)
            .filter(records::collection_id.eq(self.collection))
            .filter(records::trashed_at.is_null())
            .filter(records::id.lt(before))
            .order(records::id.desc())
            .limit(most)
            .select((records::id, records::version, records::created_at, records::updated_at, records::body))
            .load(self.tx.conn())
            .map_err(StoreError::from)?;
        let opened = rows.into_iter().map(|(id, version, created_at, updated_at, body)| {
            let at = RowRef::new(id.as_bytes(), version);
            let body = self.scope.keys.open(at, &Sealed::<P>::from_bytes(body));
            GrantedRow { id, version, created_at, updated_at, body }
        });
        Ok(opened.collect())
    }
}

impl Kernel {
    /// Runs `run` on what `act` is about, if the tenant has granted exactly that and the grant is live; that it was seen is
    /// counted on the grant, and the first time told to the owners by `first`, in the same transaction.
    ///
    /// # Errors
    /// [`SupportRefused`]; the closure's own.
    pub async fn view_for_support<R, E, F>(
        &self,
        act: &OperatorAct<ViewForSupport>,
        first: FirstLook,
        mut run: F,
    ) -> Result<R, E>
    where
        F: FnMut(&mut Granted<'_, '_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<SupportRefused> + From<StoreError> + StoreFailure + Send + 'static,
    {
        let ViewForSupport { tenant, grant, collection } = *act.deed();
        let keys = match self.keyring().reach(Owner::Tenant(tenant)).await {
            Ok(keys) => keys,
            Err(KeyringError::NoKey(_)) => return Err(SupportRefused::NotGranted.into()),
            Err(KeyringError::Sealed(_)) => return Err(SupportRefused::Sealed.into()),
            Err(error) => return Err(E::from(store_error(&error))),
        };
        let owners = self.owners_of(tenant).await?;
        let look = move |tx: &mut Tx<'_>, (scope, owners): &(Seeing, Vec<AccountScope>)| -> Result<R, E> {
            let used = demand(tx, scope, grant, collection)?;
            if used.views == 1 {
                first(tx, &NoticeScope::new(tenant, Arc::clone(&scope.keys)), owners, used.until)?;
            }
            run(&mut Granted { tx, scope, collection })
        };
        let seen: Result<R, E> = self.write("support.view", &(Seeing { tenant, keys }, owners), look).await;
        // A moment ago.
        seen.map_err(|error| match error.as_store() {
            Some(StoreError::Sealed(_)) => SupportRefused::Sealed.into(),
            Some(StoreError::NoKey(_)) => SupportRefused::NotGranted.into(),
            _ => error,
        })
    }
}

/// A grant that was just used.
struct Used {
    /// How often by now.
    views: i64,
    /// Until when it lasts.
    until: Time,
}

/// Refuses what is not granted now. A grant is as good as who gave it: an admin or owner of the tenant still, whose account
/// is not frozen. It is counted as used on the row itself, so that it cannot end in between.
fn demand(
    tx: &mut Tx<'_>,
    scope: &Seeing,
    grant: SupportGrantId,
    collection: CollectionId,
) -> Result<Used, SupportRefused> {
    let now = tx.now();
    let live = support_grants::table
        .filter(support_grants::id.eq(grant))
        .filter(support_grants::tenant_id.eq(scope.tenant))
        .filter(support_grants::expires_at.gt(now))
        .filter(support_grants::ended_at.is_null());
    let counted = (support_grants::views.eq(support_grants::views + 1), support_grants::viewed_at.eq(Some(now)));
    let found = diesel::update(live).set(counted).execute(tx.conn()).map_err(StoreError::from)?;
    let named: i64 = support_grant_collections::rows(scope)
        .filter(support_grant_collections::grant_id.eq(grant))
        .filter(support_grant_collections::collection_id.eq(collection))
        .count()
        .get_result(tx.conn())
        .map_err(StoreError::from)?;
    if found != 1 || named != 1 {
        return Err(SupportRefused::NotGranted);
    }
    let (by, views, until): (AccountId, i64, Time) = support_grants::table
        .find(grant)
        .select((support_grants::granter_id, support_grants::views, support_grants::expires_at))
        .get_result(tx.conn())
        .map_err(StoreError::from)?;
    let member: Option<(i16, bool)> = account_tenants::table
        .find((by, scope.tenant))
        .select((account_tenants::role, account_tenants::is_leaving))
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    let state: Option<i16> =
        accounts::table.find(by).select(accounts::state).get_result(tx.conn()).optional().map_err(StoreError::from)?;
    match (member, state) {
        (_, Some(FROZEN)) => Err(SupportRefused::Frozen),
        (Some((_, true)), _) => Err(SupportRefused::Leaving),
        (Some((role, false)), Some(_)) if Role::from_code(role).is_some_and(|role| role >= Role::Admin) => {
            Ok(Used { views, until })
        }
        _ => Err(SupportRefused::NotGranted),
    }
}

/// The tenant that is looked into, under its keys. It leaves this file in no form.
#[derive(Clone)]
struct Seeing {
    tenant: TenantId,
    keys: Arc<OwnerKeys>,
}

impl InTenant for Seeing {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl sealed::Sealed for Seeing {}

impl Scope for Seeing {
    fn tenants(&self) -> Vec<TenantId> {
        vec![self.tenant]
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![(Owner::Tenant(self.tenant), self.keys.current())]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self { tenant: self.tenant, keys: keyring.keys(Owner::Tenant(self.tenant))? })
    }
}

//! Tenants that are sealed: their keys are whole, and nobody is given them, on no node, until an owner opens the vault
//! again. It stands here so that no restore of the data opens one.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::root::remote::Pending;
use super::tables::{owner_keys, sealings};
use super::{Keyring, KeyringError, away, finish_unwrap, move_epoch, stored};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::ids::{AccountId, AnyId, TenantId};
use crate::kernel::store::{StoreError, Tx, both};

/// Since when a tenant is sealed, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealing {
    /// Since when.
    pub at: Time,
    /// The owner who did it.
    pub by: AccountId,
}

impl Keyring {
    /// Gives nobody the keys of `tenant` any more, and drops those of this process; the others' go with their leases.
    ///
    /// # Errors
    /// The keyring is away; then nothing changed.
    pub(in crate::kernel) async fn seal_tenant(&self, tenant: TenantId, by: AccountId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                let row = (sealings::tenant_id.eq(tenant), sealings::account_id.eq(by), sealings::at.eq(tx.now()));
                both(diesel::insert_into(sealings::table).values(row).on_conflict_do_nothing())
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                move_epoch(tx, Some(Owner::Tenant(tenant)))
            })
            .await?;
        self.evict(Owner::Tenant(tenant));
        Ok(())
    }

    /// Gives the keys of `tenant` again.
    ///
    /// # Errors
    /// The keyring is away; then nothing changed.
    pub(in crate::kernel) async fn unseal_tenant(&self, tenant: TenantId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                diesel::delete(sealings::table.find(tenant)).execute(tx.conn()).map_err(StoreError::from)?;
                move_epoch(tx, Some(Owner::Tenant(tenant)))
            })
            .await
    }

    /// Since when `tenant` is sealed; nothing while it is open.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn sealing(&self, tenant: TenantId) -> Result<Option<Sealing>, KeyringError> {
        self.db().point(None, move |tx| find(tx, tenant)).await
    }

    /// The tenants that are sealed.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn sealed_tenants(&self) -> Result<Vec<TenantId>, KeyringError> {
        self.db().read_here(None, |tx| {
            Ok(sealings::table.select(sealings::tenant_id).load(tx.conn()).map_err(StoreError::from)?)
        })
    }

    /// Those of `tenants` that nobody is given the keys of: they are sealed, or their keys are destroyed.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn closed_among(&self, tenants: Vec<TenantId>) -> Result<Vec<TenantId>, KeyringError> {
        self.db()
            .point(None, move |tx| {
                let mut closed = Vec::new();
                for some in tenants.chunks(500) {
                    let ids = some.iter().map(|tenant| AnyId::from_bytes(*tenant.as_bytes())).collect::<Vec<_>>();
                    let kind = Owner::Tenant(TenantId::from_bytes([0; 16])).kind();
                    let held: Vec<AnyId> = owner_keys::table
                        .filter(owner_keys::owner_kind.eq(kind))
                        .filter(owner_keys::owner_id.eq_any(ids))
                        .filter(owner_keys::wrapped.is_not_null())
                        .select(owner_keys::owner_id)
                        .load(tx.conn())
                        .map_err(StoreError::from)?;
                    let sealed: Vec<TenantId> = sealings::table
                        .filter(sealings::tenant_id.eq_any(some.to_vec()))
                        .select(sealings::tenant_id)
                        .load(tx.conn())
                        .map_err(StoreError::from)?;
                    let held: HashSet<[u8; 16]> = held.iter().map(|id| *id.as_bytes()).collect();
                    let is_closed = |tenant: &&TenantId| !held.contains(tenant.as_bytes()) || sealed.contains(tenant);
                    closed.extend(some.iter().filter(is_closed).copied());
                }
                Ok(closed)
            })
            .await
    }

    /// The keys of `tenant` though it is sealed, for what an owner has just asked for, to open it or to have it leave, or to
    /// have it leave on its behalf. No cache holds them.
    ///
    /// # Errors
    /// As [`Keyring::reach`].
    pub(in crate::kernel) async fn reach_sealed(&self, tenant: TenantId) -> Result<Arc<OwnerKeys>, KeyringError> {
        let owner = Owner::Tenant(tenant);
        let rows = self.db().point(None, move |tx| stored(tx, owner)).await.map_err(away)?;
        let mut opened = Vec::new();
        for one in self.begin_unwrap(owner, &rows)? {
            opened.push(Pending::wait(one).await?);
        }
        Ok(Arc::new(finish_unwrap(owner, &rows, &opened)?))
    }

    /// As [`Keyring::reach_sealed`], on the calling thread: at the start, for what must not be brought back.
    ///
    /// # Errors
    /// As [`Keyring::reach`].
    pub(in crate::kernel) fn reach_sealed_blocking(&self, tenant: TenantId) -> Result<Arc<OwnerKeys>, KeyringError> {
        let owner = Owner::Tenant(tenant);
        let rows = self.db().read_here(None, |tx| stored(tx, owner)).map_err(away)?;
        let asked = self.begin_unwrap(owner, &rows)?;
        let opened = asked.into_iter().map(Pending::wait_blocking).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(finish_unwrap(owner, &rows, &opened)?))
    }
}

/// Refuses the keys of a tenant that is sealed.
pub(super) fn demand_open(tx: &mut Tx<'_>, owner: Owner) -> Result<(), KeyringError> {
    let Owner::Tenant(tenant) = owner else { return Ok(()) };
    match find(tx, tenant)? {
        Some(_) => Err(KeyringError::Sealed(tenant)),
        None => Ok(()),
    }
}

fn find(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<Sealing>, KeyringError> {
    let row: Option<(Time, AccountId)> = sealings::table
        .find(tenant)
        .select((sealings::at, sealings::account_id))
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    Ok(row.map(|(at, by)| Sealing { at, by }))
}

/// Forgets that `owner` is sealed: their keys are destroyed.
pub(super) fn forget(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    if let Owner::Tenant(tenant) = owner {
        diesel::delete(sealings::table.find(tenant)).execute(tx.conn())?;
    }
    Ok(())
}

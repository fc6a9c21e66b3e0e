//! How much members with a role may do in a day (K-9): seen by them, set by who manages the tenant. What a token may is
//! its own (`tokens`); how it is counted stands in `kernel::access::limits`.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::{Accounts, Failure};
use crate::kernel::access::limits::Columns;
use crate::kernel::access::{Limits, Role, TenantAccess};
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::ids::TenantId;
use crate::kernel::store::schema::role_limits;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, TenantScope};

/// The limits of the roles that can have any: owners and admins answer for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleLimits {
    /// Of editors.
    pub editor: Limits,
    /// Of viewers.
    pub viewer: Limits,
}

impl RoleLimits {
    const fn each(self) -> [(Role, Limits); 2] {
        [(Role::Editor, self.editor), (Role::Viewer, self.viewer)]
    }
}

impl Accounts {
    /// How much the tenant's members may do in a day, by role.
    ///
    /// # Errors
    /// The store's.
    pub async fn role_limits(&self, access: &TenantAccess) -> Result<RoleLimits, Failure> {
        Ok(self.kernel().point(&access.scope, find).await?)
    }

    /// Sets how much the tenant's members may do in a day, by role. It counts from their next request on.
    ///
    /// # Errors
    /// The store's.
    pub async fn limit_roles(&self, access: &TenantAccess, limits: RoleLimits) -> Result<RoleLimits, Failure> {
        let set = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), StoreError> {
            if find(tx, scope)? == limits {
                return Ok(());
            }
            diesel::delete(role_limits::table.filter(role_limits::tenant_id.eq(scope.tenant()))).execute(tx.conn())?;
            for (role, limits) in limits.each().into_iter().filter(|(_, limits)| *limits != Limits::default()) {
                insert(tx, scope.tenant(), role, limits.columns())?;
            }
            audit::record(tx, scope, &Event::new(Action::LimitsChanged))
        };
        self.kernel().write("tenants.limit_roles", &access.scope, set).await?;
        Ok(limits)
    }
}

fn find(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<RoleLimits, StoreError> {
    let rows: Vec<(i16, Columns)> = role_limits::table
        .filter(role_limits::tenant_id.eq(scope.tenant()))
        .filter(role_limits::role.eq_any([Role::Editor.code(), Role::Viewer.code()]))
        .select((role_limits::role, (role_limits::reads_a_day, role_limits::deletes_a_day, role_limits::exports_a_day)))
        .load(tx.conn())?;
    let of = |role: Role| {
        let held = rows.iter().find(|(code, _)| *code == role.code());
        held.map(|(_, columns)| Limits::from_columns(*columns)).unwrap_or_default()
    };
    Ok(RoleLimits { editor: of(Role::Editor), viewer: of(Role::Viewer) })
}

fn insert(tx: &mut Tx<'_>, tenant: TenantId, role: Role, columns: Columns) -> Result<(), StoreError> {
    let (reads, deletes, exports) = columns;
    diesel::insert_into(role_limits::table)
        .values((
            role_limits::role.eq(role.code()),
            role_limits::tenant_id.eq(tenant),
            role_limits::reads_a_day.eq(reads),
            role_limits::deletes_a_day.eq(deletes),
            role_limits::exports_a_day.eq(exports),
        ))
        .execute(tx.conn())?;
    Ok(())
}

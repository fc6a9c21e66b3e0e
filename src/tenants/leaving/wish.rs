//! What an owner said who wishes to leave: sealed under the tenant's key, and destroyed with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{OwnerKeys, Place, RowRef, Sealed};
use crate::kernel::entropy::Entropy;
use crate::kernel::erasure::{ErasureId, Facts};
use crate::kernel::ids::{AccountId, CancellationId, TenantId};
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::StoreError;
use crate::kernel::tenancy::{AccountScope, InTenant as _, TenantScope};

/// When it is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once, or as soon as nobody can object any more.
    Now,
    /// After a time in which it can be taken back.
    AfterGrace,
}

/// Who wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wisher {
    /// An owner.
    Owner(AccountId),
    /// The service, by an owner's choice of what happens when nobody uses the tenant.
    Service,
    /// Whoever runs the service, on the tenant's behalf.
    Operator,
}

impl Wisher {
    /// Which owner it was.
    #[must_use]
    pub const fn account(self) -> Option<AccountId> {
        if let Self::Owner(account) = self { Some(account) } else { None }
    }
}

/// What was wished, without what only the tenant knows.
#[derive(Debug, Clone)]
pub struct Wished {
    /// The id under which it can be followed, and its proof is kept.
    pub erasure: ErasureId,
    /// The wish's own id.
    pub cancellation: CancellationId,
    /// Who wished.
    pub by: Wisher,
    /// When it is to be done.
    pub when: When,
    /// Until when another owner may object; nothing when nobody can.
    pub objectable_until: Option<Time>,
    /// Who has agreed.
    pub agreed: Vec<AccountId>,
}

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) wished: Wished,
    pub(super) reason: Option<Personal<String>>,
    pub(super) tenant_name: Personal<String>,
}

/// Where a wish lies, in the keyring. Its row is the tenant's, in the one version that there is.
struct WishBody;

impl Place for WishBody {
    const LABEL: &'static str = "erasures.wish";
    type Plain = Stored;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(with = "revealed")]
    erasure: Secret<String>,
    cancellation: CancellationId,
    by: Option<AccountId>,
    /// Nobody's of the tenant, and not the service's either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    on_behalf: bool,
    when: When,
    objectable_until: Option<Time>,
    agreed: Vec<AccountId>,
    #[serde(with = "revealed::option")]
    reason: Option<Personal<String>>,
    #[serde(with = "revealed")]
    tenant_name: Personal<String>,
}

/// Where the id of an account's erasure lies, in the keyring, for the farewell; under the account's key.
struct AccountWishBody;

impl Place for AccountWishBody {
    const LABEL: &'static str = "erasures.account_wish";
    type Plain = StoredId;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredId {
    #[serde(with = "revealed")]
    erasure: Secret<String>,
}

/// The id of an account's erasure, as the keyring holds it.
pub(super) fn sealed_id(scope: &AccountScope, erasure: &ErasureId, entropy: &Entropy) -> String {
    let stored = StoredId { erasure: Secret::new(erasure.reveal()) };
    let account = scope.account();
    let sealed = scope.keys().seal::<AccountWishBody>(RowRef::new(account.as_bytes(), 1), &stored, entropy);
    BASE64.encode(sealed.as_bytes())
}

/// What the keyring holds of it.
pub(super) fn open_id(keys: &OwnerKeys, account: AccountId, facts: &Facts) -> Result<Secret<String>, StoreError> {
    let text = facts.wish.as_deref().ok_or(StoreError::Unreadable)?;
    let sealed: Sealed<AccountWishBody> = Sealed::from_bytes(BASE64.decode(text).map_err(|_| StoreError::Unreadable)?);
    Ok(keys.open(RowRef::new(account.as_bytes(), 1), &sealed)?.erasure)
}

const fn row(tenant: &TenantId) -> RowRef {
    RowRef::new(tenant.as_bytes(), 1)
}

impl Wish {
    /// As the keyring holds it.
    pub(super) fn sealed(&self, keys: &OwnerKeys, tenant: TenantId, entropy: &Entropy) -> String {
        let Wished { erasure, cancellation, by, when, objectable_until, agreed } = &self.wished;
        let stored = Stored {
            erasure: Secret::new(erasure.reveal()),
            cancellation: *cancellation,
            by: by.account(),
            on_behalf: *by == Wisher::Operator,
            when: *when,
            objectable_until: *objectable_until,
            agreed: agreed.clone(),
            reason: self.reason.clone(),
            tenant_name: self.tenant_name.clone(),
        };
        let sealed = keys.seal::<WishBody>(row(&tenant), &stored, entropy);
        BASE64.encode(sealed.as_bytes())
    }

    /// What the keyring holds.
    pub(super) fn open(scope: &TenantScope, facts: &Facts) -> Result<Self, StoreError> {
        Self::open_with(scope.keys(), scope.tenant(), facts)
    }

    pub(super) fn open_with(keys: &OwnerKeys, tenant: TenantId, facts: &Facts) -> Result<Self, StoreError> {
        let text = facts.wish.as_deref().ok_or(StoreError::Unreadable)?;
        let sealed: Sealed<WishBody> = Sealed::from_bytes(BASE64.decode(text).map_err(|_| StoreError::Unreadable)?);
        let Stored { erasure, cancellation, by, on_behalf, when, objectable_until, agreed, reason, tenant_name } =
            keys.open(row(&tenant), &sealed)?;
        let by = match (by, on_behalf) {
            (Some(account), _) => Wisher::Owner(account),
            (None, false) => Wisher::Service,
            (None, true) => Wisher::Operator,
        };
        let erasure = ErasureId::parse(erasure.reveal()).ok_or(StoreError::Unreadable)?;
        let wished = Wished { erasure, cancellation, by, when, objectable_until, agreed };
        Ok(Self { wished, reason, tenant_name })
    }
}

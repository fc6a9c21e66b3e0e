//! What a tenant lets support look at: the collections that it chooses, for a time, and never longer than it likes.
//!
//! Here is the tenant's side: granting, seeing how often support looked, ending it. What support then sees, and how it is
//! masked, is in [`viewing`].

pub mod viewing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::Serialize;

use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::idempotency::{Once, Outcome, once};
use crate::kernel::ids::{AccountId, CollectionId, SupportGrantId};
use crate::kernel::store::Tx;
use crate::kernel::store::schema::{collections, support_grant_collections, support_grants};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::vault::known::{self, Known};
use crate::vault::{Error, Fault, Vault};

/// The most collections of one grant.
const MOST_COLLECTIONS: usize = 100;

/// The most grants of a tenant that are live at once.
const MOST_LIVE: i64 = 10;

/// How long a grant that is over is kept, for whoever looks it up; the audit says of it for longer.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// The most grants in the list.
const LISTED: i64 = 200;

/// For how many hours support may look: 1 to 168, which is a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours(u8);

impl Hours {
    /// The most.
    pub const MOST: u8 = 168;

    /// So many; nothing where they are too few or too many.
    #[must_use]
    pub fn new(hours: u32) -> Option<Self> {
        u8::try_from(hours).ok().filter(|hours| (1..=Self::MOST).contains(hours)).map(Self)
    }

    fn time(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 3_600)
    }
}

impl Default for Hours {
    fn default() -> Self {
        Self(24)
    }
}

/// What a tenant lets support look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupportGrant {
    /// Its id.
    pub id: SupportGrantId,
    /// Who granted it.
    pub granted_by: AccountId,
    /// Into which collections.
    pub collections: Vec<CollectionId>,
    /// Since when.
    pub made_at: Time,
    /// Until when, at the latest.
    pub expires_at: Time,
    /// When somebody ended it.
    pub ended_at: Option<Time>,
    /// How many pages support looked at.
    pub views: i64,
    /// When it did last.
    pub viewed_at: Option<Time>,
}

impl SupportGrant {
    /// Whether support may look at `now`.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

impl Vault {
    /// Lets support look into these collections, named by slug or id, for a time. Everything that it then sees is masked,
    /// and each look stands in the tenant's audit.
    ///
    /// # Errors
    /// A collection that is none, none at all, or more than there may be; more grants at once than there may be.
    pub async fn grant_support(
        &self,
        access: &TenantAccess,
        named: Vec<String>,
        hours: Hours,
        wish: Option<Once<SupportGrant>>,
    ) -> Result<Outcome<SupportGrant>, Error> {
        let known = Arc::clone(&self.known);
        self.kernel
            .write("support.grant", &access.scope, move |tx, scope| {
                once(tx, scope, wish.as_ref(), |tx| grant(tx, scope, &known, &named, hours))
            })
            .await
    }

    /// What the tenant has granted in the last months, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn support_grants(&self, access: &TenantAccess) -> Result<Vec<SupportGrant>, Error> {
        self.kernel.read(&access.scope, list).await
    }

    /// Lets support look no longer, from this moment on. Nothing where the grant is over already.
    ///
    /// # Errors
    /// No such grant of the tenant's.
    pub async fn end_support_grant(&self, access: &TenantAccess, id: SupportGrantId) -> Result<(), Error> {
        self.kernel.write("support.end", &access.scope, move |tx, scope| end(tx, scope, id)).await
    }
}

fn grant(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    named: &[String],
    hours: Hours,
) -> Result<SupportGrant, Error> {
    if !(1..=MOST_COLLECTIONS).contains(&named.len()) {
        return Err(Fault::new("/collections", "count", "A grant names 1 to 100 collections.").into());
    }
    let chosen = found(tx, scope, known, named)?;
    let now = tx.now();
    forget_old(tx, scope)?;
    let mine = support_grants::table.filter(support_grants::tenant_id.eq(scope.tenant()));
    let live = mine.filter(support_grants::ended_at.is_null()).filter(support_grants::expires_at.gt(now));
    let live: i64 = live.count().get_result(tx.conn())?;
    if live >= MOST_LIVE {
        return Err(Fault::new("", "too_many", "Ten grants are live already: end one first.").into());
    }
    let (id, by) = (SupportGrantId::new(now, tx.entropy()), scope.actor().account());
    let expires_at = now.plus(hours.time());
    diesel::insert_into(support_grants::table)
        .values((
            support_grants::id.eq(id),
            support_grants::tenant_id.eq(scope.tenant()),
            support_grants::granter_id.eq(by),
            support_grants::made_at.eq(now),
            support_grants::expires_at.eq(expires_at),
            support_grants::views.eq(0_i64),
        ))
        .execute(tx.conn())?;
    let mut event = Event::new(Action::SupportGranted).of(Subject::SupportGrant(id));
    for collection in &chosen {
        support_grant_collections::insert()
            .values((
                support_grant_collections::of(scope),
                support_grant_collections::grant_id.eq(id),
                support_grant_collections::collection_id.eq(*collection),
            ))
            .execute(tx.conn())?;
        event = event.of(Subject::Collection(*collection));
    }
    audit::record(tx, scope, &event)?;
    let collections = chosen.into_iter().collect();
    let (ended_at, views, viewed_at) = (None, 0, None);
    Ok(SupportGrant { id, granted_by: by, collections, made_at: now, expires_at, ended_at, views, viewed_at })
}

/// Deletes what has been over for long, and what is left of grants that went with the account that gave them.
fn forget_old(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<(), Error> {
    let mine = support_grants::table.filter(support_grants::tenant_id.eq(scope.tenant()));
    let old = mine.filter(support_grants::expires_at.le(tx.now().minus(KEPT)));
    diesel::delete(old).execute(tx.conn())?;
    let kept: Vec<SupportGrantId> = mine.select(support_grants::id).load(tx.conn())?;
    let of_none = support_grant_collections::rows(scope).filter(support_grant_collections::grant_id.ne_all(kept));
    diesel::delete(of_none).execute(tx.conn())?;
    Ok(())
}

/// The collections that are named, each once.
fn found(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    named: &[String],
) -> Result<BTreeSet<CollectionId>, Error> {
    let (mut chosen, mut faults) = (BTreeSet::new(), Vec::new());
    for (number, name) in named.iter().enumerate() {
        match one(tx, scope, known, name)? {
            Some(id) => drop(chosen.insert(id)),
            None => faults.push(Fault::new(
                format!("/collections/{number}"),
                "no_such_collection",
                "There is no collection of this slug or id.",
            )),
        }
    }
    if faults.is_empty() { Ok(chosen) } else { Err(Error::Invalid(faults)) }
}

fn one(tx: &mut Tx<'_>, scope: &TenantScope, known: &Known, name: &str) -> Result<Option<CollectionId>, Error> {
    match known::find(tx, scope, known, name) {
        Ok(collection) => return Ok(Some(collection.id)),
        Err(Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    let Ok(id) = name.parse::<CollectionId>() else { return Ok(None) };
    let id = collections::rows(scope).filter(collections::id.eq(id)).select(collections::id).get_result(tx.conn());
    Ok(id.optional()?)
}

type Row = (SupportGrantId, AccountId, Time, Time, Option<Time>, i64, Option<Time>);

fn list(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Vec<SupportGrant>, Error> {
    let rows: Vec<Row> = support_grants::table
        .filter(support_grants::tenant_id.eq(scope.tenant()))
        .order(support_grants::id.desc())
        .limit(LISTED)
        .select((
            support_grants::id,
            support_grants::granter_id,
            support_grants::made_at,
            support_grants::expires_at,
            support_grants::ended_at,
            support_grants::views,
            support_grants::viewed_at,
        ))
        .load(tx.conn())?;
    let named: Vec<(SupportGrantId, CollectionId)> = support_grant_collections::rows(scope)
        .order((support_grant_collections::grant_id, support_grant_collections::collection_id))
        .select((support_grant_collections::grant_id, support_grant_collections::collection_id))
        .load(tx.conn())?;
    let mut of: BTreeMap<SupportGrantId, Vec<CollectionId>> = BTreeMap::new();
    for (grant, collection) in named {
        of.entry(grant).or_default().push(collection);
    }
    let grant = |(id, granted_by, made_at, expires_at, ended_at, views, viewed_at): Row| {
        let collections = of.remove(&id).unwrap_or_default();
        SupportGrant { id, granted_by, collections, made_at, expires_at, ended_at, views, viewed_at }
    };
    Ok(rows.into_iter().map(grant).collect())
}

fn end(tx: &mut Tx<'_>, scope: &TenantScope, id: SupportGrantId) -> Result<(), Error> {
    let now = tx.now();
    let mine =
        support_grants::table.filter(support_grants::id.eq(id)).filter(support_grants::tenant_id.eq(scope.tenant()));
    let live = mine.filter(support_grants::ended_at.is_null()).filter(support_grants::expires_at.gt(now));
    let ended = diesel::update(live).set(support_grants::ended_at.eq(Some(now))).execute(tx.conn())?;
    if ended == 1 {
        let event = Event::new(Action::SupportGrantEnded).of(Subject::SupportGrant(id));
        return Ok(audit::record(tx, scope, &event)?);
    }
    let there: i64 = mine.count().get_result(tx.conn())?;
    if there == 0 { Err(Error::NotFound) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_may_look_for_an_hour_to_a_week() {
        let time = |hours| Hours::new(hours).map(|hours| hours.time().as_secs());
        assert_eq!([0, 1, 168, 169, 257].map(time), [None, Some(3_600), Some(604_800), None, None]);
        assert_eq!(Hours::default().time(), Duration::from_secs(86_400));
    }
}

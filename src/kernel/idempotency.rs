//! A request that is sent twice is done once: the first answer is kept, sealed, in the transaction that it answers for.
//!
//! Per tenant, actor, route and key, for 24 hours. Bodies are compared by their tags, never kept. Where an answer holds
//! a secret, only the id of what was made is kept.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys, Place, RowRef, Sealed, Tag};
use crate::kernel::ids::{AnyId, TenantId};
use crate::kernel::store::schema::{idempotency, key_versions};
use crate::kernel::store::{StoreError, Tx, dialect};
use crate::kernel::tenancy::{Carried, TenantScope, UpkeepScope};

/// How long a key stands.
const STANDS: Duration = Duration::from_secs(24 * 3600);

/// A caller's wish that an operation be done once, however often it is asked for.
#[derive(Clone)]
pub struct Once<T> {
    /// Which operation: its method and the pattern of its address.
    pub route: &'static str,
    /// The caller's key.
    pub key: String,
    /// What must be the same when the key is: the address and the body, or their parts that count.
    pub body: Vec<u8>,
    /// What is kept of the answer.
    pub keep: Keep<T>,
}

/// The answer to what was done, to be kept beside it; where it cannot be written down, nothing was done.
pub type Answering<T> = dyn Fn(&T) -> Result<Answer, StoreError> + Send + Sync;

/// What is kept of an answer.
#[derive(Clone)]
pub enum Keep<T> {
    /// All of it: a repeat gets it again.
    Answer(Arc<Answering<T>>),
    /// The id of what was made, since the answer holds a secret: a repeat is refused.
    IdAlone(fn(&T) -> String),
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where what was made is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The JSON.
    pub body: String,
}

/// What came of it.
pub enum Outcome<T> {
    /// It was done now.
    Done(T),
    /// It was done before; this was the answer.
    Before(Answer),
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It stands for another body.
    #[error("the key stands for another body")]
    Mismatch,
    /// It was done, and its answer held a secret: the id of what was made.
    #[error("it was done already")]
    AlreadyDone(String),
}

/// Where an answer lies.
struct KeptAnswer;

impl Place for KeptAnswer {
    const LABEL: &'static str = "idempotency.answer";
    type Plain = Kept;
}

#[derive(Serialize, Deserialize)]
enum Kept {
    Answer(Answer),
    Id(String),
}

/// Does `work` unless its key stands already; what it answers is kept beside what it did: both or neither.
///
/// Refusals are not kept: the same request may succeed later.
///
/// # Errors
/// The work's own; [`Refused`]; the store's.
pub fn once<T, E>(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    wish: Option<&Once<T>>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<Outcome<T>, E>
where
    E: From<Refused> + From<StoreError>,
{
    let Some(wish) = wish else { return work(tx).map(Outcome::Done) };
    let all = tags(scope, wish);
    // Whoever comes second waits here, before its work could meet what the first one made. While the key turns over, all
    // wait by the oldest version's tag, whichever they write under.
    if let Some((_, key, _)) = all.first() {
        dialect::take_turns(tx.conn(), key.as_bytes()).map_err(StoreError::from)?;
    }
    for (_, key, body) in &all {
        if let Some(answer) = standing::<E>(tx, scope, *key, *body)? {
            return Ok(Outcome::Before(answer));
        }
    }
    let sought = scope.keys().tags().sought;
    let written = all.iter().find(|(version, ..)| *version == sought).map(|(_, key, body)| (*key, *body));
    let (key, body) = written.ok_or(StoreError::Unreadable)?;
    let done = work(tx)?;
    let kept = match &wish.keep {
        Keep::Answer(answer) => Kept::Answer(answer(&done)?),
        Keep::IdAlone(id) => Kept::Id(id(&done)),
    };
    keep(tx, scope, (key, body), &kept)?;
    Ok(Outcome::Done(done))
}

/// The tags of the key and of the body under each version that is held, the oldest first: an answer stands under the
/// version of its time.
fn tags<T>(scope: &TenantScope, wish: &Once<T>) -> Vec<(KeyVersion, Tag, Tag)> {
    let (kind, actor) = scope.actor().columns();
    let key = [b"idempotency.key".as_slice(), &kind.to_be_bytes(), actor.as_bytes(), wish.route.as_bytes()];
    let keys = scope.keys().tags_of_all(&key, wish.key.as_bytes());
    let bodies = scope.keys().tags_of_all(&[b"idempotency.body"], &wish.body);
    keys.into_iter().zip(bodies).map(|((version, key), (_, body))| (version, key, body)).collect()
}

/// Until when keys of a tenant's stand that were used before `before`; nothing where none does any more.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn stand_until(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    before: Time,
) -> Result<Option<Time>, StoreError> {
    let last = last(tx);
    let newest: Option<Time> = idempotency::rows(&Carried(tenant))
        .filter(idempotency::at.lt(before))
        .filter(idempotency::at.gt(last))
        .order(idempotency::at.desc())
        .select(idempotency::at)
        .first(tx.conn())
        .optional()?;
    Ok(newest.map(|at| at.plus(STANDS)))
}

/// Removes the keys of a tenant's that were used before `before`: what is repeated of them is done once more.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn drop_before(tx: &mut Tx<'_>, tenant: TenantId, before: Time) -> Result<usize, StoreError> {
    let over = idempotency::rows(&Carried(tenant)).filter(idempotency::at.lt(before));
    Ok(diesel::delete(over).execute(tx.conn())?)
}

/// The answer that stands under `key`, if any.
fn standing<E>(tx: &mut Tx<'_>, scope: &TenantScope, key: Tag, body: Tag) -> Result<Option<Answer>, E>
where
    E: From<Refused> + From<StoreError>,
{
    let row: Option<(Tag, AnyId, Time, Option<Sealed<KeptAnswer>>)> = idempotency::rows(scope)
        .filter(idempotency::key_tag.eq(key))
        .select((idempotency::body_tag, idempotency::row_id, idempotency::at, idempotency::answer))
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    let Some((stored, id, at, answer)) = row else { return Ok(None) };
    if tx.now().since(at) >= STANDS {
        return Ok(None);
    }
    if stored != body {
        return Err(Refused::Mismatch.into());
    }
    let answer = answer.ok_or(StoreError::Unreadable)?;
    match scope.keys().open(RowRef::new(id.as_bytes(), 1), &answer).map_err(StoreError::from)? {
        Kept::Answer(answer) => Ok(Some(answer)),
        Kept::Id(id) => Err(Refused::AlreadyDone(id).into()),
    }
}

fn keep(tx: &mut Tx<'_>, scope: &TenantScope, (key, body): (Tag, Tag), kept: &Kept) -> Result<(), StoreError> {
    // One under this key that no longer stands makes room; the others wait for the sweep.
    let over = idempotency::rows(scope).filter(idempotency::key_tag.eq(key)).filter(idempotency::at.le(last(tx)));
    diesel::delete(over).execute(tx.conn()).map_err(StoreError::from)?;
    let id = AnyId::new(tx.now(), tx.entropy());
    let answer = scope.keys().seal::<KeptAnswer>(RowRef::new(id.as_bytes(), 1), kept, tx.entropy());
    let inserted = idempotency::insert()
        .values((
            idempotency::of(scope),
            idempotency::key_tag.eq(key),
            idempotency::body_tag.eq(body),
            idempotency::row_id.eq(id),
            idempotency::at.eq(tx.now()),
            idempotency::answer.eq(&answer),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from);
    match inserted {
        // The same request ran beside this one and was first: this one runs again, and finds its answer.
        Err(StoreError::Taken) => Err(StoreError::Again),
        other => other.map(drop),
    }
}

/// Makes the answers that hold `id` and its values tell no more than the id: a repeat is refused. Gives how many.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn forget(
    tx: &mut Tx<'_>,
    scope: &UpkeepScope,
    keys: &OwnerKeys,
    id: &str,
) -> Result<u64, StoreError> {
    let rows: Vec<(Tag, AnyId, Option<Sealed<KeptAnswer>>)> = idempotency::rows(scope)
        .select((idempotency::key_tag, idempotency::row_id, idempotency::answer))
        .load(tx.conn())?;
    let mut forgotten = 0;
    for (key, row, answer) in rows {
        let row = RowRef::new(row.as_bytes(), 1);
        let Some(Ok(Kept::Answer(answer))) = answer.map(|answer| keys.open(row, &answer)) else { continue };
        let tells = ["\"values\"", "\"sha256\""].iter().any(|member| answer.body.contains(member));
        if answer.body.contains(id) && tells {
            let bare = keys.seal::<KeptAnswer>(row, &Kept::Id(id.to_owned()), tx.entropy());
            let mine = idempotency::rows(scope).filter(idempotency::key_tag.eq(key));
            diesel::update(mine).set(idempotency::answer.eq(Some(&bare))).execute(tx.conn())?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// When a key was used that stands no longer, at the latest.
fn last(tx: &Tx<'_>) -> Time {
    tx.now().minus(STANDS)
}

/// Tenants whose keys one transaction of a sweep looks at.
const TENANTS: i64 = 100;

/// Keys that one transaction of a sweep removes at most.
const BATCH: usize = 1000;

/// Removes every tenant's keys that no longer stand, in short transactions that open nothing; gives how many.
///
/// # Errors
/// The store's; what was removed stays removed.
pub async fn sweep(kernel: &Kernel) -> Result<usize, StoreError> {
    let mut removed = 0;
    let mut after = AnyId::from_bytes([0; 16]);
    loop {
        let tenants = kernel.point(&kernel.service(), move |tx, _| tenants(tx, after)).await?;
        let Some(last) = tenants.last() else { return Ok(removed) };
        let last = AnyId::from_bytes(*last.as_bytes());
        loop {
            let these = tenants.clone();
            let gone = kernel.db().write(tenants.clone(), move |tx| sweep_batch(tx, &these)).await?;
            removed += gone;
            if gone < BATCH {
                break;
            }
        }
        after = last;
    }
}

/// The tenants after `after`, in the order of their ids.
fn tenants(tx: &mut Tx<'_>, after: AnyId) -> Result<Vec<TenantId>, StoreError> {
    let found: Vec<AnyId> = key_versions::table
        .filter(key_versions::owner_kind.eq(Owner::Tenant(TenantId::from_bytes([0; 16])).kind()))
        .filter(key_versions::owner_id.gt(after))
        .select(key_versions::owner_id)
        .distinct()
        .order(key_versions::owner_id)
        .limit(TENANTS)
        .load(tx.conn())?;
    Ok(found.into_iter().map(|id| TenantId::from_bytes(*id.as_bytes())).collect())
}

fn sweep_batch(tx: &mut Tx<'_>, tenants: &[TenantId]) -> Result<usize, StoreError> {
    let last = last(tx);
    let mut removed = 0;
    for tenant in tenants.iter().copied().map(Carried) {
        let over: Vec<Tag> = idempotency::rows(&tenant)
            .filter(idempotency::at.le(last))
            .select(idempotency::key_tag)
            .limit(i64::try_from(BATCH - removed).unwrap_or(0))
            .load(tx.conn())?;
        let these = idempotency::rows(&tenant).filter(idempotency::key_tag.eq_any(&over));
        removed += if over.is_empty() { 0 } else { diesel::delete(these).execute(tx.conn())? };
        if removed >= BATCH {
            break;
        }
    }
    Ok(removed)
}

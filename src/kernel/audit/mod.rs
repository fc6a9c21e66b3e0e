//! The audit: what was done to a tenant's data, by whom, in a chain that shows when it was changed.
//!
//! Each writing connection extends a lane of its own, so that nobody queues behind one head. An entry's leaf is
//! SHA-256 over a salt and the canonical body; the chain runs over sequence, time and leaf. The salt is sealed with the
//! body: erasing an entry removes both and keeps the leaf, so the chain still holds. Who acted is sealed under the
//! actor's own key, so that erasing an account works inside every tenant's audit.

mod event;
pub mod journal;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};
use sha2::{Digest as _, Sha256};

pub use self::event::{Action, ByOperator, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyUse, OwnerKeys, Place, RowRef, Sealed, Unreadable};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AccountId, AuditId, LaneId, TenantId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::append::NewEntry;
use crate::kernel::store::schema::audit_entries;
use crate::kernel::store::tx::Head;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{Actor, By, InTenant, NoticeScope, TenantScope, UpkeepScope};

/// The most entries that are handed to the store at once.
const AT_ONCE: usize = 500;

/// Where an entry's body lies.
pub struct AuditBody;

impl Place for AuditBody {
    const LABEL: &'static str = "audit.body";
    const USE: KeyUse = KeyUse::Audit;
    type Plain = SaltedBody;
}

/// Where an entry's actor lies, under the account's key.
pub struct AuditActor;

impl Place for AuditActor {
    const LABEL: &'static str = "audit.actor";
    const USE: KeyUse = KeyUse::Audit;
    type Plain = ActorBody;
}

/// An event with the salt of its leaf.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SaltedBody {
    salt: String,
    /// The event as canonical JSON: the bytes that the leaf was made from.
    event: String,
}

/// Who acted, from where.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ActorBody {
    /// In which session or through which token.
    pub by: By,
    /// The client's address.
    #[serde(with = "revealed")]
    pub address: Personal<std::net::IpAddr>,
    /// What the client says of itself.
    #[serde(with = "revealed")]
    pub device: Personal<String>,
}

/// An entry, sealed and not yet in a lane.
pub struct SealedEntry {
    tenant: TenantId,
    id: AuditId,
    at: Time,
    leaf: [u8; 32],
    body: Sealed<AuditBody>,
    /// Nobody of the tenant's where an operator or the service acted.
    actor: Option<(AccountId, Sealed<AuditActor>)>,
}

impl SealedEntry {
    /// Seals `event` under the tenant's audit key and its actor under the account's.
    ///
    /// # Errors
    /// The event cannot be written down.
    pub fn new(scope: &TenantScope, event: &Event, now: Time, entropy: &Entropy) -> Result<Self, StoreError> {
        let id = AuditId::new(now, entropy);
        let (leaf, body) = seal_event(scope.keys(), id, event, entropy)?;
        let actor = scope.actor();
        let sealed = seal_actor(actor, RowRef::new(id.as_bytes(), 1), entropy);
        Ok(Self { tenant: scope.tenant(), id, at: now, leaf, body, actor: Some((actor.account(), sealed)) })
    }

    /// Seals `event`, which none of the tenant's did: an operator at `at`, whom the event itself names, or the service.
    ///
    /// # Errors
    /// As [`SealedEntry::new`].
    pub(in crate::kernel) fn of_nobody(
        scope: &NoticeScope,
        id: AuditId,
        event: &Event,
        at: Time,
        entropy: &Entropy,
    ) -> Result<Self, StoreError> {
        let (leaf, body) = seal_event(scope.keys(), id, event, entropy)?;
        Ok(Self { tenant: scope.tenant(), id, at, leaf, body, actor: None })
    }
}

/// The leaf of `event` under a new salt, and both sealed.
fn seal_event(
    keys: &OwnerKeys,
    id: AuditId,
    event: &Event,
    entropy: &Entropy,
) -> Result<([u8; 32], Sealed<AuditBody>), StoreError> {
    let salt = entropy.bytes::<32>();
    let event = event.canonical()?;
    let leaf = leaf(&salt, &event);
    let body = SaltedBody { salt: BASE64.encode(salt), event };
    Ok((leaf, keys.seal::<AuditBody>(RowRef::new(id.as_bytes(), 1), &body, entropy)))
}

fn seal_actor(actor: &Actor, row: RowRef, entropy: &Entropy) -> Sealed<AuditActor> {
    let body = ActorBody { by: actor.by, address: actor.origin.address.clone(), device: actor.origin.device.clone() };
    actor.keys.seal::<AuditActor>(row, &body, entropy)
}

/// Records `event` in the transaction that does it: both or neither.
///
/// # Errors
/// The store's; the transaction is undone.
pub fn record(tx: &mut Tx<'_>, scope: &TenantScope, event: &Event) -> Result<(), StoreError> {
    let entry = SealedEntry::new(scope, event, tx.now(), tx.entropy())?;
    append(tx, scope, [&entry])
}

/// Records `event`, which the service does by the owners' choice: nobody acts in it.
///
/// # Errors
/// The store's; the transaction is undone.
pub fn record_by_service(tx: &mut Tx<'_>, scope: &NoticeScope, event: &Event) -> Result<(), StoreError> {
    let (now, id) = (tx.now(), AuditId::new(tx.now(), tx.entropy()));
    let entry = SealedEntry::of_nobody(scope, id, event, now, tx.entropy())?;
    append(tx, scope, [&entry])
}

/// Appends sealed entries of one tenant to this writer's lane.
pub(in crate::kernel) fn append<'e>(
    tx: &mut Tx<'_>,
    scope: &impl InTenant,
    entries: impl IntoIterator<Item = &'e SealedEntry>,
) -> Result<(), StoreError> {
    let lane = tx.lane().ok_or(StoreError::Refused("an audit entry in a reading transaction"))?;
    let (mut seq, mut head) = match tx.head(scope.tenant()) {
        Some(head) => head,
        None => stored_head(tx, scope, lane)?,
    };
    let mut placed = Vec::new();
    for entry in entries {
        seq += 1;
        let chained = chain(head.as_ref().map_or(&[], |head| head.as_slice()), seq, entry.at, &entry.leaf);
        head = Some(chained);
        placed.push(NewEntry {
            tenant: scope.tenant(),
            lane,
            seq,
            id: entry.id,
            at: entry.at,
            leaf: entry.leaf,
            chain: chained,
            body: entry.body.as_bytes().to_vec(),
            account: entry.actor.as_ref().map(|(account, _)| *account),
            actor: entry.actor.as_ref().map(|(_, actor)| actor.as_bytes().to_vec()),
        });
    }
    for some in placed.chunks(AT_ONCE) {
        tx.append(some.to_vec())?;
    }
    tx.go_on(scope.tenant(), (seq, head));
    Ok(())
}

/// The tenant's last entry in `lane`, as it stands.
fn stored_head(tx: &mut Tx<'_>, scope: &impl InTenant, lane: LaneId) -> Result<Head, StoreError> {
    let last: Option<(i64, Vec<u8>)> = audit_entries::rows(scope)
        .filter(audit_entries::lane.eq(lane))
        .order(audit_entries::seq.desc())
        .limit(1)
        .select((audit_entries::seq, audit_entries::chain))
        .get_result(tx.settled())
        .optional()?;
    let Some((seq, chain)) = last else { return Ok((0, None)) };
    Ok((seq, Some(chain.try_into().map_err(|_| StoreError::Unreadable)?)))
}

/// `SHA-256("seif/audit/leaf/1" | salt(32) | body)`.
fn leaf(salt: &[u8; 32], body: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"seif/audit/leaf/1").chain_update(salt).chain_update(body.as_bytes()).finalize().into()
}

/// `SHA-256("seif/audit/chain/1" | previous (none for the first) | seq(8, BE) | at(8, BE) | leaf)`.
fn chain(previous: &[u8], seq: i64, at: Time, leaf: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"seif/audit/chain/1")
        .chain_update(previous)
        .chain_update(seq.to_be_bytes())
        .chain_update(at.micros().to_be_bytes())
        .chain_update(leaf)
        .finalize()
        .into()
}

/// An entry, and what it tells unless it was tampered with: then the others stand all the same.
pub struct Entry {
    /// Its id.
    pub id: AuditId,
    /// When it happened.
    pub at: Time,
    /// What it tells.
    pub told: Result<Told, Unreadable>,
}

/// What an entry tells.
pub struct Told {
    /// What happened; `None` once erased.
    pub event: Option<Event>,
    /// The account that acted, and what is known of it; the latter is `None` once that account is erased.
    pub actor: Option<(AccountId, Option<ActorBody>)>,
}

type Row = (
    LaneId,
    i64,
    AuditId,
    Time,
    Vec<u8>,
    Vec<u8>,
    Option<Sealed<AuditBody>>,
    Option<AccountId>,
    Option<Sealed<AuditActor>>,
);

/// The entries before `before` (all of them when `None`), newest first, at most `limit`. `keys_of` gives the keys of
/// the accounts that acted; `None` of one that is erased.
///
/// # Errors
/// The store's, or what `keys_of` says: an actor whose keys cannot be had now is not one who is erased.
pub fn list(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    before: Option<(Time, AuditId)>,
    limit: i64,
    keys_of: &dyn Fn(AccountId) -> Result<Option<Arc<OwnerKeys>>, StoreError>,
) -> Result<Vec<Entry>, StoreError> {
    let (at, id) = before.unwrap_or((Time::from_micros(i64::MAX), AuditId::from_bytes([0; 16])));
    let rows: Vec<Row> = audit_entries::rows(scope)
        .filter(audit_entries::at.lt(at).or(audit_entries::at.eq(at).and(audit_entries::id.lt(id))))
        .order((audit_entries::at.desc(), audit_entries::id.desc()))
        .limit(limit)
        .select((
            audit_entries::lane,
            audit_entries::seq,
            audit_entries::id,
            audit_entries::at,
            audit_entries::leaf,
            audit_entries::chain,
            audit_entries::body,
            audit_entries::actor_id,
            audit_entries::actor,
        ))
        .load(tx.conn())?;
    rows.into_iter()
        .map(|(_, _, id, at, leaf, _, body, account, actor)| {
            let keys = account.map(keys_of).transpose()?.flatten();
            let row = RowRef::new(id.as_bytes(), 1);
            let told = || {
                let event = body.map(|body| opened(scope.keys(), row, &body, &leaf)).transpose()?;
                let known = keys.zip(actor).map(|(keys, actor)| keys.open(row, &actor)).transpose()?;
                Ok(Told { event, actor: account.map(|account| (account, known)) })
            };
            Ok(Entry { id, at, told: told() })
        })
        .collect()
}

fn opened(keys: &OwnerKeys, row: RowRef, body: &Sealed<AuditBody>, stored: &[u8]) -> Result<Event, Unreadable> {
    let salted = keys.open(row, body)?;
    let salt = BASE64.decode(&salted.salt).ok().and_then(|salt| <[u8; 32]>::try_from(salt).ok()).ok_or(Unreadable)?;
    if leaf(&salt, &salted.event).as_slice() != stored {
        return Err(Unreadable);
    }
    Event::parse(&salted.event).ok_or(Unreadable)
}

/// What a re-computation of the chains found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many entries there are.
    pub entries: u64,
    /// Whether every lane is whole and every leaf fits its body.
    pub intact: Intact,
    /// SHA-256 over the sorted lanes: id, last sequence, last chain value.
    pub head: [u8; 32],
}

/// Whether a chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Intact {
    /// It does.
    Yes,
    /// An entry is missing, moved or changed.
    No,
}

/// Re-computes every lane of the tenant.
///
/// # Errors
/// The store's. A chain that does not hold is a finding, not an error.
pub fn verify(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Verification, StoreError> {
    let mut found = Verification { entries: 0, intact: Intact::Yes, head: [0; 32] };
    let mut heads = Sha256::new_with_prefix(b"seif/audit/head/1");
    let mut lane: Option<(LaneId, i64, Vec<u8>)> = None;
    loop {
        let rows = page(tx, scope, lane.as_ref().map(|(id, seq, _)| (*id, *seq)))?;
        if rows.is_empty() {
            break;
        }
        for (id, seq, entry, at, stored, chained, body, ..) in rows {
            if lane.as_ref().is_none_or(|(current, ..)| *current != id) {
                close(&mut heads, lane.take());
                lane = Some((id, 0, Vec::new()));
            }
            let Some((_, before, head)) = &mut lane else { break };
            let fits =
                body.is_none_or(|body| opened(scope.keys(), RowRef::new(entry.as_bytes(), 1), &body, &stored).is_ok());
            if seq != *before + 1 || chain(head, seq, at, &stored).as_slice() != chained || !fits {
                found.intact = Intact::No;
            }
            (*before, *head) = (seq, chained);
            found.entries += 1;
        }
    }
    close(&mut heads, lane);
    found.head = heads.finalize().into();
    Ok(found)
}

fn close(heads: &mut Sha256, lane: Option<(LaneId, i64, Vec<u8>)>) {
    if let Some((id, seq, head)) = lane {
        heads.update(id.as_bytes());
        heads.update(seq.to_be_bytes());
        heads.update(&head);
    }
}

/// Takes out of a page of the tenant's entries what they tell of `subject`: body and salt go, leaf and chain stay. Gives
/// where the next page begins, and how many entries there were.
///
/// # Errors
/// The store's. An entry that does not open tells nothing, and stays.
pub(in crate::kernel) fn forget(
    tx: &mut Tx<'_>,
    scope: &UpkeepScope,
    keys: &OwnerKeys,
    subject: Subject,
    after: Option<(LaneId, i64)>,
) -> Result<(Option<(LaneId, i64)>, u64), StoreError> {
    let rows = page(tx, scope, after)?;
    let next = rows.last().map(|row| (row.0, row.1));
    let mut forgotten = 0;
    for (lane, seq, id, _, leaf, _, body, ..) in rows {
        let tells = |body: Sealed<AuditBody>| {
            let event = opened(keys, RowRef::new(id.as_bytes(), 1), &body, &leaf);
            event.is_ok_and(|event| event.action != Action::RecordErased && event.subjects.contains(&subject))
        };
        if body.is_some_and(tells) {
            let entry =
                audit_entries::rows(scope).filter(audit_entries::lane.eq(lane)).filter(audit_entries::seq.eq(seq));
            diesel::update(entry).set(audit_entries::body.eq(None::<Sealed<AuditBody>>)).execute(tx.conn())?;
            forgotten += 1;
        }
    }
    Ok((next, forgotten))
}

fn page(tx: &mut Tx<'_>, scope: &impl InTenant, after: Option<(LaneId, i64)>) -> Result<Vec<Row>, StoreError> {
    let (lane, seq) = after.unwrap_or((LaneId::from_bytes([0; 16]), 0));
    Ok(audit_entries::rows(scope)
        .filter(audit_entries::lane.gt(lane).or(audit_entries::lane.eq(lane).and(audit_entries::seq.gt(seq))))
        .order((audit_entries::lane, audit_entries::seq))
        .limit(1000)
        .select((
            audit_entries::lane,
            audit_entries::seq,
            audit_entries::id,
            audit_entries::at,
            audit_entries::leaf,
            audit_entries::chain,
            audit_entries::body,
            audit_entries::actor_id,
            audit_entries::actor,
        ))
        .load(tx.conn())?)
}

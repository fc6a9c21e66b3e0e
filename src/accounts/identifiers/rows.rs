//! The table of changes: those that wait for their code, and those that can be undone.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::identifiers::Kind;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::IdentifierChangeId;
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::schema::{identifier_changes, identifier_undos};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;

/// It waits for the code that was sent to the new one.
const WAITING: i16 = 1;
/// It is done, and can be undone.
const DONE: i16 = 2;

/// What is kept of a change.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Body {
    Waiting {
        #[serde(with = "revealed")]
        new: Personal<String>,
        #[serde(with = "revealed")]
        code: Secret<String>,
        /// 1 when it is another account's, so that nothing fits; a number, so that both are as long.
        taken: u8,
    },
    Done {
        #[serde(with = "revealed")]
        old: Personal<String>,
        /// What undoes it, as its owner has it.
        #[serde(with = "revealed")]
        code: Secret<String>,
    },
}

/// Where it lies, under the account's key.
struct ChangeBody;

impl Place for ChangeBody {
    const LABEL: &'static str = "identifier_changes.body";
    type Plain = Body;
}

/// A change that waits.
pub(super) struct Waiting {
    pub(super) id: IdentifierChangeId,
    pub(super) kind: Kind,
    pub(super) new: Personal<String>,
    pub(super) expires_at: Time,
    code: Secret<String>,
    taken: u8,
    version: i64,
}

/// Whether the code that somebody typed finishes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Fits {
    Yes,
    No,
}

impl Waiting {
    pub(super) fn fits(&self, typed: &Secret<String>) -> Fits {
        use crate::kernel::personal::Comparison;
        let is_same = self.code.same_as(typed.reveal().trim().as_bytes()) == Comparison::Same;
        if is_same && self.taken == 0 { Fits::Yes } else { Fits::No }
    }
}

/// A change that can be undone.
pub(super) struct Done {
    pub(super) id: IdentifierChangeId,
    pub(super) kind: Kind,
    pub(super) old: Personal<String>,
    pub(super) code: Secret<String>,
    pub(super) until: Time,
}

type Columns = (IdentifierChangeId, i16, i64, Time, Sealed<ChangeBody>);

const COLUMNS: (
    identifier_changes::id,
    identifier_changes::kind,
    identifier_changes::version,
    identifier_changes::expires_at,
    identifier_changes::body,
) = (
    identifier_changes::id,
    identifier_changes::kind,
    identifier_changes::version,
    identifier_changes::expires_at,
    identifier_changes::body,
);

fn opened(scope: &AccountScope, columns: Columns) -> Result<(IdentifierChangeId, Kind, i64, Time, Body), StoreError> {
    let (id, kind, version, expires_at, body) = columns;
    let kind = Kind::from_code(kind).ok_or(StoreError::Unreadable)?;
    Ok((id, kind, version, expires_at, scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?))
}

fn waiting(scope: &AccountScope, columns: Columns) -> Result<Waiting, StoreError> {
    match opened(scope, columns)? {
        (id, kind, version, expires_at, Body::Waiting { new, code, taken }) => {
            Ok(Waiting { id, kind, new, expires_at, code, taken, version })
        }
        _ => Err(StoreError::Unreadable),
    }
}

/// What a change that begins is about.
pub(super) struct Beginning {
    pub(super) kind: Kind,
    pub(super) new: Personal<String>,
    pub(super) code: Secret<String>,
    pub(super) taken: u8,
}

/// Writes down a change that begins, in place of one of its kind that waited.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    beginning: Beginning,
    expires_at: Time,
) -> Result<IdentifierChangeId, StoreError> {
    let Beginning { kind, new, code, taken } = beginning;
    forget_waiting(tx, scope, kind)?;
    insert(tx, scope, kind, WAITING, &Body::Waiting { new, code, taken }, expires_at)
}

/// A change in its first state.
fn insert(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    kind: Kind,
    state: i16,
    body: &Body,
    expires_at: Time,
) -> Result<IdentifierChangeId, StoreError> {
    let now = tx.now();
    let id = IdentifierChangeId::new(now, tx.entropy());
    let body = scope.keys().seal::<ChangeBody>(RowRef::new(id.as_bytes(), 1), body, tx.entropy());
    diesel::insert_into(identifier_changes::table)
        .values((
            identifier_changes::account_id.eq(scope.account()),
            identifier_changes::id.eq(id),
            identifier_changes::kind.eq(kind.code()),
            identifier_changes::state.eq(state),
            identifier_changes::tries.eq(0),
            identifier_changes::version.eq(1),
            identifier_changes::created_at.eq(now),
            identifier_changes::expires_at.eq(expires_at),
            identifier_changes::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(id)
}

/// What waits for its code, and is not over.
pub(super) fn all_waiting(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<Waiting>, StoreError> {
    let now = tx.now();
    let rows: Vec<Columns> = identifier_changes::table
        .filter(identifier_changes::account_id.eq(scope.account()))
        .filter(identifier_changes::state.eq(WAITING))
        .filter(identifier_changes::expires_at.gt(now))
        .order(identifier_changes::id)
        .select(COLUMNS)
        .load(tx.conn())?;
    rows.into_iter().map(|row| waiting(scope, row)).collect()
}

/// Whether the account has a change of this id, over or not.
pub(super) fn exists(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: IdentifierChangeId,
) -> Result<Option<Kind>, StoreError> {
    let row = identifier_changes::table.find((scope.account(), id)).filter(identifier_changes::state.eq(WAITING));
    let kind: Option<i16> = row.select(identifier_changes::kind).get_result(tx.conn()).optional()?;
    Ok(kind.and_then(Kind::from_code))
}

/// Takes one of the tries of a change that waits; nothing when it has none left or is over.
pub(super) fn take_try(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: IdentifierChangeId,
    tries: i64,
) -> Result<Option<Waiting>, StoreError> {
    let now = tx.now();
    let live = identifier_changes::table
        .find((scope.account(), id))
        .filter(identifier_changes::state.eq(WAITING))
        .filter(identifier_changes::tries.lt(tries))
        .filter(identifier_changes::expires_at.gt(now));
    let row: Option<Columns> = diesel::update(live)
        .set(identifier_changes::tries.eq(identifier_changes::tries + 1))
        .returning(COLUMNS)
        .get_result(tx.conn())
        .optional()?;
    row.map(|row| waiting(scope, row)).transpose()
}

/// Gives back a try that was right.
pub(super) fn give_back(tx: &mut Tx<'_>, scope: &AccountScope, id: IdentifierChangeId) -> Result<(), StoreError> {
    diesel::update(identifier_changes::table.find((scope.account(), id)))
        .set(identifier_changes::tries.eq(identifier_changes::tries - 1))
        .execute(tx.conn())?;
    Ok(())
}

/// What became of something that only one may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum First {
    /// This one did it.
    Yes,
    /// Another had done it, or it is over.
    No,
}

/// Marks a change that waited as done, and undoable by `code` from `old` until then: of several at once, one.
pub(super) fn done(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    change: &Waiting,
    undo: Option<(Personal<String>, Secret<String>)>,
    until: Time,
) -> Result<First, StoreError> {
    let now = tx.now();
    let this = identifier_changes::table
        .find((scope.account(), change.id))
        .filter(identifier_changes::state.eq(WAITING))
        .filter(identifier_changes::version.eq(change.version))
        .filter(identifier_changes::expires_at.gt(now));
    let Some((old, code)) = undo else {
        let deleted = diesel::delete(this).execute(tx.conn())?;
        return Ok(if deleted == 1 { First::Yes } else { First::No });
    };
    let version = change.version.saturating_add(1);
    let body = Body::Done { old, code };
    let body = scope.keys().seal::<ChangeBody>(RowRef::new(change.id.as_bytes(), version), &body, tx.entropy());
    let changed = diesel::update(this)
        .set((
            identifier_changes::state.eq(DONE),
            identifier_changes::version.eq(version),
            identifier_changes::expires_at.eq(until),
            identifier_changes::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(if changed == 1 { First::Yes } else { First::No })
}

/// Writes down a removal, which needed no code: undoable by `code` from `old` until then.
pub(super) fn removed(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    kind: Kind,
    old: Personal<String>,
    code: Secret<String>,
    until: Time,
) -> Result<(), StoreError> {
    insert(tx, scope, kind, DONE, &Body::Done { old, code }, until)?;
    Ok(())
}

/// What can be undone now, oldest first.
pub(super) fn undoable(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<Done>, StoreError> {
    let now = tx.now();
    let rows: Vec<Columns> = identifier_changes::table
        .filter(identifier_changes::account_id.eq(scope.account()))
        .filter(identifier_changes::state.eq(DONE))
        .filter(identifier_changes::expires_at.gt(now))
        .order((identifier_changes::expires_at, identifier_changes::id))
        .select(COLUMNS)
        .load(tx.conn())?;
    let done = |row| match opened(scope, row)? {
        (id, kind, _, until, Body::Done { old, code }) => Ok(Done { id, kind, old, code, until }),
        _ => Err(StoreError::Unreadable),
    };
    rows.into_iter().map(done).collect()
}

/// Deletes a change that is undone, and whatever of its kind came after it: of several at once, one does it.
pub(super) fn undo(tx: &mut Tx<'_>, scope: &AccountScope, change: &Done) -> Result<First, StoreError> {
    if diesel::delete(identifier_changes::table.find((scope.account(), change.id))).execute(tx.conn())? != 1 {
        return Ok(First::No);
    }
    let later = identifier_changes::table
        .filter(identifier_changes::account_id.eq(scope.account()))
        .filter(identifier_changes::kind.eq(change.kind.code()))
        .filter(identifier_changes::state.eq(DONE))
        .filter(identifier_changes::expires_at.ge(change.until));
    diesel::delete(later).execute(tx.conn())?;
    forget_waiting(tx, scope, change.kind)?;
    Ok(First::Yes)
}

/// Forgets what of this kind waits for its code.
pub(super) fn forget_waiting(tx: &mut Tx<'_>, scope: &AccountScope, kind: Kind) -> Result<(), StoreError> {
    let of_kind = identifier_changes::table
        .filter(identifier_changes::account_id.eq(scope.account()))
        .filter(identifier_changes::kind.eq(kind.code()))
        .filter(identifier_changes::state.eq(WAITING));
    diesel::delete(of_kind).execute(tx.conn())?;
    Ok(())
}

/// Deletes changes, and requests to undo them, that are over; at most `limit` of each. Gives how many.
pub(in crate::accounts) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<IdentifierChangeId> = identifier_changes::table
        .filter(identifier_changes::expires_at.le(now))
        .select(identifier_changes::id)
        .limit(limit)
        .load(tx.conn())?;
    let over_too: Vec<crate::kernel::ids::IdentifierUndoId> = identifier_undos::table
        .filter(identifier_undos::expires_at.le(now))
        .select(identifier_undos::id)
        .limit(limit)
        .load(tx.conn())?;
    let changes = identifier_changes::table.filter(identifier_changes::id.eq_any(&over));
    let undos = identifier_undos::table.filter(identifier_undos::id.eq_any(&over_too));
    Ok(diesel::delete(changes).execute(tx.conn())? + diesel::delete(undos).execute(tx.conn())?)
}

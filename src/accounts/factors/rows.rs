//! The table of factors: what an account has enrolled, and what waits for an answer.

use diesel::dsl::{Eq, Filter};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::factors::Method;
use crate::accounts::factors::workings::Kept;
use crate::kernel::access::Proof;
use crate::kernel::access::factors::{ENROLLED, MOST_FAILURES, WAITING};
use crate::kernel::access::revoked::note_revoked;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, FactorId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::{confirmations, factors};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;

/// What is sealed of a factor.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// What its owner calls it.
    #[serde(with = "revealed::option", default)]
    pub(super) name: Option<Personal<String>>,
    /// What its method keeps.
    pub(super) kept: Kept,
}

/// Where it lies, under the account's key.
pub(super) struct FactorBody;

impl Place for FactorBody {
    const LABEL: &'static str = "factors.body";
    type Plain = Body;
}

/// A factor, opened.
pub(super) struct Row {
    pub(super) id: FactorId,
    pub(super) method: Method,
    pub(super) proof: Proof,
    pub(super) failures: i64,
    pub(super) created_at: Time,
    pub(super) used_at: Option<Time>,
    pub(super) body: Body,
    pub(super) version: i64,
}

type Columns = (FactorId, i16, i16, i64, i64, Time, Option<Time>, Sealed<FactorBody>);

const COLUMNS: (
    factors::id,
    factors::method,
    factors::proof,
    factors::failures,
    factors::version,
    factors::created_at,
    factors::used_at,
    factors::body,
) = (
    factors::id,
    factors::method,
    factors::proof,
    factors::failures,
    factors::version,
    factors::created_at,
    factors::used_at,
    factors::body,
);

fn open(scope: &AccountScope, columns: Columns) -> Result<Row, StoreError> {
    let (id, method, proof, failures, version, created_at, used_at, body) = columns;
    let method = Method::from_code(method).ok_or(StoreError::Unreadable)?;
    let body = scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?;
    Ok(Row { id, method, proof: Proof::from_code(proof), failures, created_at, used_at, body, version })
}

/// The same of enrolled factors, without what of them is remembered as used.
fn open_enrolled(tx: &mut Tx<'_>, scope: &AccountScope, rows: Vec<Columns>) -> Result<Vec<Row>, StoreError> {
    let mut opened = Vec::with_capacity(rows.len());
    for columns in rows {
        let mut row = open(scope, columns)?;
        row.body.kept = row.method.workings().without_used(tx, row.body.kept)?;
        opened.push(row);
    }
    Ok(opened)
}

/// The account's factors in this state.
type Mine = Filter<Filter<factors::table, Eq<factors::account_id, AccountId>>, Eq<factors::state, i16>>;

fn mine(scope: &AccountScope, state: i16) -> Mine {
    factors::table.filter(factors::account_id.eq(scope.account())).filter(factors::state.eq(state))
}

/// Everything that the account has enrolled, oldest first.
pub(super) fn enrolled(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Columns> = mine(scope, ENROLLED).order(factors::id).select(COLUMNS).load(tx.conn())?;
    open_enrolled(tx, scope, rows)
}

/// The enrolments of this method that wait for their answers.
pub(super) fn all_waiting(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Columns> =
        mine(scope, WAITING).filter(factors::method.eq(method.code())).select(COLUMNS).load(tx.conn())?;
    rows.into_iter().map(|row| open(scope, row)).collect()
}

/// The account's factors of this method, usable or not.
pub(super) fn all(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Columns> =
        mine(scope, ENROLLED).filter(factors::method.eq(method.code())).select(COLUMNS).load(tx.conn())?;
    open_enrolled(tx, scope, rows)
}

/// The enrolment with this id that waits for its answer.
pub(super) fn waiting(tx: &mut Tx<'_>, scope: &AccountScope, id: FactorId) -> Result<Option<Row>, StoreError> {
    let row: Option<Columns> =
        mine(scope, WAITING).filter(factors::id.eq(id)).select(COLUMNS).get_result(tx.conn()).optional()?;
    row.map(|row| open(scope, row)).transpose()
}

/// The account's usable factors of this method, held: until the transaction ends, nobody else judges by them.
pub(super) fn hold(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<Vec<Row>, StoreError> {
    let usable =
        mine(scope, ENROLLED).filter(factors::method.eq(method.code())).filter(factors::failures.lt(MOST_FAILURES));
    let rows: Vec<Columns> = diesel::update(usable)
        .set(factors::failures.eq(factors::failures))
        .returning(COLUMNS)
        .get_results(tx.conn())?;
    open_enrolled(tx, scope, rows)
}

/// The enrolment with this id, held, and one try taken of it; nothing when it has none left, or was begun before
/// `since`.
pub(super) fn take_try(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: FactorId,
    tries: i64,
    since: Time,
) -> Result<Option<Row>, StoreError> {
    let live = mine(scope, WAITING)
        .filter(factors::id.eq(id))
        .filter(factors::failures.lt(tries))
        .filter(factors::created_at.gt(since));
    let row: Option<Columns> = diesel::update(live)
        .set(factors::failures.eq(factors::failures + 1))
        .returning(COLUMNS)
        .get_result(tx.conn())
        .optional()?;
    row.map(|row| open(scope, row)).transpose()
}

/// Writes down a factor, enrolled or waiting.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    method: Method,
    state: i16,
    body: &Body,
) -> Result<FactorId, StoreError> {
    let now = tx.now();
    let id = FactorId::new(now, tx.entropy());
    let body = scope.keys().seal::<FactorBody>(RowRef::new(id.as_bytes(), 1), body, tx.entropy());
    diesel::insert_into(factors::table)
        .values((
            factors::account_id.eq(scope.account()),
            factors::id.eq(id),
            factors::method.eq(method.code()),
            factors::proof.eq(method.facts().proof.code()),
            factors::state.eq(state),
            factors::failures.eq(0),
            factors::version.eq(1),
            factors::created_at.eq(now),
            factors::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(id)
}

/// Keeps another body of a factor that is held; it is enrolled from now on, and nothing counts against it.
pub(super) fn keep(tx: &mut Tx<'_>, scope: &AccountScope, row: &Row, kept: Kept, used: Used) -> Result<(), StoreError> {
    let version = row.version.saturating_add(1);
    let body = Body { name: row.body.name.clone(), kept };
    let body = scope.keys().seal::<FactorBody>(RowRef::new(row.id.as_bytes(), version), &body, tx.entropy());
    let used_at = match used {
        Used::Now => Some(tx.now()),
        Used::NotYet => row.used_at,
    };
    let this = factors::table.find((scope.account(), row.id)).filter(factors::version.eq(row.version));
    let kept = diesel::update(this)
        .set((
            factors::state.eq(ENROLLED),
            factors::failures.eq(0),
            factors::version.eq(version),
            factors::used_at.eq(used_at),
            factors::body.eq(body),
        ))
        .execute(tx.conn())?;
    if kept == 1 { Ok(()) } else { Err(StoreError::Again) }
}

/// Calls an enrolled factor by another name; nothing when there is none.
pub(super) fn rename(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: FactorId,
    name: &Personal<String>,
) -> Result<Option<Row>, StoreError> {
    let enrolled = mine(scope, ENROLLED).filter(factors::id.eq(id));
    let row: Option<Columns> = diesel::update(enrolled)
        .set(factors::failures.eq(factors::failures))
        .returning(COLUMNS)
        .get_result(tx.conn())
        .optional()?;
    let Some(mut row) = open_enrolled(tx, scope, row.into_iter().collect())?.pop() else { return Ok(None) };
    (row.version, row.body.name) = (row.version.saturating_add(1), Some(name.clone()));
    let place = RowRef::new(id.as_bytes(), row.version);
    let body = scope.keys().seal::<FactorBody>(place, &row.body, tx.entropy());
    diesel::update(factors::table.find((scope.account(), id)))
        .set((factors::version.eq(row.version), factors::body.eq(body)))
        .execute(tx.conn())?;
    Ok(Some(row))
}

/// Writes down what a factor proves, where that is not the same for all of its method.
pub(super) fn prove(tx: &mut Tx<'_>, scope: &AccountScope, id: FactorId, proof: Proof) -> Result<(), StoreError> {
    let this = factors::table.find((scope.account(), id));
    diesel::update(this).set(factors::proof.eq(proof.code())).execute(tx.conn())?;
    Ok(())
}

/// Whether a factor has just confirmed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Used {
    Now,
    NotYet,
}

/// Counts a wrong answer against each of the held factors; gives how many it ended.
pub(super) fn count_failure(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<usize, StoreError> {
    let usable =
        mine(scope, ENROLLED).filter(factors::method.eq(method.code())).filter(factors::failures.lt(MOST_FAILURES));
    let failures: Vec<i64> = diesel::update(usable)
        .set(factors::failures.eq(factors::failures + 1))
        .returning(factors::failures)
        .get_results(tx.conn())?;
    Ok(failures.into_iter().filter(|failures| *failures >= MOST_FAILURES).count())
}

/// Forgets the wrong answers at the usable factors of this method: one of them has just been right.
pub(super) fn forgive(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<(), StoreError> {
    let usable =
        mine(scope, ENROLLED).filter(factors::method.eq(method.code())).filter(factors::failures.lt(MOST_FAILURES));
    diesel::update(usable).set(factors::failures.eq(0)).execute(tx.conn())?;
    Ok(())
}

/// Removes a factor or an enrolment of the account, and every challenge that waits for its method (K-8): gives the
/// method, and whether it had confirmed anything yet.
pub(super) fn remove(tx: &mut Tx<'_>, scope: &AccountScope, id: FactorId) -> Result<Option<(Method, Was)>, StoreError> {
    let removed: Option<(i16, i16)> = diesel::delete(factors::table.find((scope.account(), id)))
        .returning((factors::method, factors::state))
        .get_result(tx.conn())
        .optional()?;
    let Some((code, state)) = removed else { return Ok(None) };
    let method = Method::from_code(code).ok_or(StoreError::Unreadable)?;
    if state == ENROLLED {
        note_revoked(tx, scope, id)?;
    }
    end_challenges(tx, scope, method)?;
    Ok(Some((method, if state == ENROLLED { Was::Enrolled } else { Was::Waiting })))
}

/// What a factor was when it was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Was {
    Enrolled,
    Waiting,
}

/// Removes what the account has of this method but `new`: all of it, or what waits alone.
pub(super) fn replace(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    method: Method,
    new: FactorId,
    what: Replaced,
) -> Result<(), StoreError> {
    let of_method = |state| mine(scope, state).filter(factors::method.eq(method.code())).filter(factors::id.ne(new));
    diesel::delete(of_method(WAITING)).execute(tx.conn())?;
    if what == Replaced::Everything {
        let gone: Vec<FactorId> = diesel::delete(of_method(ENROLLED)).returning(factors::id).get_results(tx.conn())?;
        for id in gone {
            note_revoked(tx, scope, id)?;
        }
        end_challenges(tx, scope, method)?;
    }
    Ok(())
}

/// What a new factor takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replaced {
    /// Enrolments that wait.
    Waiting,
    /// Those, and what is enrolled.
    Everything,
}

/// Ends the account's challenges of this method.
pub(super) fn end_challenges(tx: &mut Tx<'_>, scope: &AccountScope, method: Method) -> Result<(), StoreError> {
    let its_own = confirmations::table
        .filter(confirmations::account_id.eq(scope.account()))
        .filter(confirmations::method.eq(method.code()));
    diesel::delete(its_own).execute(tx.conn())?;
    Ok(())
}

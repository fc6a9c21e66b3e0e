//! Sessions: begun, raised, ended. The token is known to the browser alone; the database holds its digest.

use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, JoinOnDsl as _, NullableExpressionMethods as _, QueryDsl as _,
    RunQueryDsl as _,
};

use crate::kernel::access::Assurance;
use crate::kernel::access::authorize::ACTIVE;
use crate::kernel::access::factors::{ENROLLED, Enrolled, Proof, Standing};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef};
use crate::kernel::ids::{AccountId, SessionId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::{accounts, factors, sessions};
use crate::kernel::store::{StoreError, Tx, each};
use crate::kernel::tenancy::{AccountScope, Origin};

/// Where a session's origin lies.
pub struct SessionBody;

impl Place for SessionBody {
    const LABEL: &'static str = "sessions.body";
    type Plain = SessionOrigin;
}

/// From where a session was begun.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SessionOrigin {
    /// The client's address.
    #[serde(with = "revealed")]
    pub address: Personal<std::net::IpAddr>,
    /// What the client says of itself.
    #[serde(with = "revealed")]
    pub device: Personal<String>,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct SessionRules {
    /// Without a request, on a computer of one's own.
    pub idle: Duration,
    /// From the sign-in, on a computer of one's own.
    pub absolute: Duration,
    /// Without a request, on a shared computer.
    pub shared_idle: Duration,
    /// From the sign-in, on a shared computer.
    pub shared_absolute: Duration,
}

/// Whose computer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Computer {
    /// The user's own.
    Own,
    /// One that others use too.
    Shared,
}

impl SessionRules {
    const fn idle(&self, computer: Computer) -> Duration {
        match computer {
            Computer::Own => self.idle,
            Computer::Shared => self.shared_idle,
        }
    }

    const fn absolute(&self, computer: Computer) -> Duration {
        match computer {
            Computer::Own => self.absolute,
            Computer::Shared => self.shared_absolute,
        }
    }
}

/// A session as it stands.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// How sure we are.
    pub assurance: Assurance,
    /// Whose computer it is on.
    pub computer: Computer,
    /// When it began.
    pub created_at: Time,
    /// When the last request came, to the minute.
    pub seen_at: Time,
    /// When it was last confirmed, by whatever.
    pub confirmed_at: Option<Time>,
    /// When it was last confirmed by a strong method.
    pub strong_at: Option<Time>,
    /// When it was last confirmed by a recovery code.
    pub recovered_at: Option<Time>,
    /// When it ends whatever happens.
    pub expires_at: Time,
    /// What its account can confirm with, as it stands.
    pub factors: Vec<Enrolled>,
}

/// How exact `seen_at` is: it is written at most so often.
const SEEN: Duration = Duration::from_secs(60);

impl Session {
    /// Whether it is worth writing down that the session was seen at `now`.
    pub(super) fn needs_a_touch(&self, now: Time) -> Touch {
        if now.since(self.seen_at) >= SEEN { Touch::Due } else { Touch::NotYet }
    }

    /// The answer to whether it has not run out by `now`.
    fn lasting(self, rules: &SessionRules, now: Time) -> Option<Self> {
        (now < self.expires_at && now.since(self.seen_at) < rules.idle(self.computer)).then_some(self)
    }
}

/// Whether a session's `seen_at` is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    Due,
    NotYet,
}

/// Begins a session.
///
/// # Errors
/// The store's.
pub fn begin(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    rules: &SessionRules,
    computer: Computer,
    assurance: Assurance,
    origin: &Origin,
) -> Result<(SessionToken, Session), StoreError> {
    let id = SessionId::new(tx.now(), tx.entropy());
    begin_as(tx, id, scope, rules, computer, assurance, origin)
}

/// Begins a session under an id that is known already.
///
/// # Errors
/// The store's.
pub fn begin_as(
    tx: &mut Tx<'_>,
    id: SessionId,
    scope: &AccountScope,
    rules: &SessionRules,
    computer: Computer,
    assurance: Assurance,
    origin: &Origin,
) -> Result<(SessionToken, Session), StoreError> {
    let now = tx.now();
    let token = SessionToken::random(tx.entropy());
    let session = Session {
        id,
        account: scope.account(),
        assurance,
        computer,
        created_at: now,
        seen_at: now,
        confirmed_at: (assurance >= Assurance::Confirmed).then_some(now),
        strong_at: (assurance >= Assurance::Strong).then_some(now),
        recovered_at: None,
        expires_at: now.plus(rules.absolute(computer)),
        factors: enrolled(tx, scope.account())?,
    };
    let body = SessionOrigin { address: origin.address.clone(), device: origin.device.clone() };
    let body = scope.keys().seal::<SessionBody>(RowRef::new(id.as_bytes(), 1), &body, tx.entropy());
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id),
            sessions::digest.eq(token.digest().as_slice()),
            sessions::account_id.eq(session.account),
            sessions::assurance.eq(assurance.code()),
            sessions::shared_computer.eq(computer == Computer::Shared),
            sessions::created_at.eq(now),
            sessions::seen_at.eq(now),
            sessions::confirmed_at.eq(session.confirmed_at),
            sessions::strong_at.eq(session.strong_at),
            sessions::expires_at.eq(session.expires_at),
            sessions::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok((token, session))
}

type Row = (SessionId, AccountId, i16, bool, Time, Time, Time);
type Confirmations = (Option<Time>, Option<Time>, Option<Time>);
type Factor = (i16, i16, i64);

/// The session of `token`, while it lasts and its account may act.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, token: &SessionToken, rules: &SessionRules) -> Result<Option<Session>, StoreError> {
    let digest = token.digest();
    let its_own = factors::account_id.eq(sessions::account_id).and(factors::state.eq(ENROLLED));
    let query = sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
        .left_join(factors::table.on(its_own))
        .filter(sessions::digest.eq(digest.as_slice()))
        .filter(accounts::state.eq(ACTIVE))
        .select((
            (
                sessions::id,
                sessions::account_id,
                sessions::assurance,
                sessions::shared_computer,
                sessions::created_at,
                sessions::seen_at,
                sessions::expires_at,
            ),
            (sessions::confirmed_at, sessions::strong_at, sessions::recovered_at),
            (factors::method, factors::proof, factors::failures).nullable(),
        ));
    let rows: Vec<(Row, Confirmations, Option<Factor>)> = each!(tx.conn(), c => query.load(c))?;
    let now = tx.now();
    let enrolled: Vec<Enrolled> = rows.iter().filter_map(|(_, _, factor)| factor.map(of_row)).collect();
    Ok(rows.into_iter().next().and_then(|(row, (confirmed_at, strong_at, recovered_at), _)| {
        let (id, account, assurance, shared, created_at, seen_at, expires_at) = row;
        let session = Session {
            id,
            account,
            assurance: Assurance::from_code(assurance),
            computer: if shared { Computer::Shared } else { Computer::Own },
            created_at,
            seen_at,
            confirmed_at,
            strong_at,
            recovered_at,
            expires_at,
            factors: enrolled,
        };
        session.lasting(rules, now)
    }))
}

/// What the account can confirm with.
fn enrolled(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Enrolled>, StoreError> {
    let rows: Vec<Factor> = factors::table
        .filter(factors::account_id.eq(account))
        .filter(factors::state.eq(ENROLLED))
        .select((factors::method, factors::proof, factors::failures))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(of_row).collect())
}

fn of_row((method, proof, failures): Factor) -> Enrolled {
    Enrolled { method, proof: Proof::from_code(proof), standing: Standing::after(failures) }
}

/// Raises a session by `proof`, now, under a new token: whoever knew the old one knows nothing.
///
/// # Errors
/// The store's; [`StoreError::Refused`] when the session ended meanwhile.
pub fn raise(tx: &mut Tx<'_>, session: &Session, proof: Proof) -> Result<(SessionToken, Session), StoreError> {
    let token = SessionToken::random(tx.entropy());
    let now = tx.now();
    let raised = Session {
        assurance: proof.assurance().max(session.assurance),
        confirmed_at: Some(now),
        strong_at: if proof == Proof::Strong { Some(now) } else { session.strong_at },
        recovered_at: if proof == Proof::Recovery { Some(now) } else { session.recovered_at },
        seen_at: now,
        ..session.clone()
    };
    let changed = diesel::update(sessions::table.find(session.id))
        .set((
            sessions::digest.eq(token.digest().as_slice()),
            sessions::assurance.eq(raised.assurance.code()),
            sessions::confirmed_at.eq(raised.confirmed_at),
            sessions::strong_at.eq(raised.strong_at),
            sessions::recovered_at.eq(raised.recovered_at),
            sessions::seen_at.eq(now),
        ))
        .execute(tx.conn())?;
    if changed != 1 {
        return Err(StoreError::Refused("the session ended meanwhile"));
    }
    Ok((token, raised))
}

/// Writes down that the session was seen.
///
/// # Errors
/// The store's.
pub(super) fn touch(tx: &mut Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    let now = tx.now();
    diesel::update(sessions::table.find(session)).set(sessions::seen_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Ends a session and what waits on it.
///
/// # Errors
/// The store's.
pub fn end(tx: &mut Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    use crate::kernel::store::schema::confirmations;
    diesel::delete(confirmations::table.filter(confirmations::session_id.eq(session))).execute(tx.conn())?;
    diesel::delete(sessions::table.find(session)).execute(tx.conn())?;
    Ok(())
}

/// Ends every session of the account, and what waits on them; gives how many.
///
/// # Errors
/// The store's.
pub fn end_all(tx: &mut Tx<'_>, account: AccountId) -> Result<usize, StoreError> {
    let all: Vec<SessionId> =
        sessions::table.filter(sessions::account_id.eq(account)).select(sessions::id).load(tx.conn())?;
    for id in &all {
        end(tx, *id)?;
    }
    Ok(all.len())
}

/// Deletes the sessions that have run out, at most `limit`; gives how many.
///
/// # Errors
/// The store's.
pub fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<SessionId> =
        sessions::table.filter(sessions::expires_at.le(now)).select(sessions::id).limit(limit).load(tx.conn())?;
    for id in &over {
        end(tx, *id)?;
    }
    Ok(over.len())
}

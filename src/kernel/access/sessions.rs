//! Sessions: begun, raised, ended. The token is known to the browser alone; the database holds its digest.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, JoinOnDsl as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};

use crate::kernel::access::authorize::ACTIVE;
use crate::kernel::access::factors::{AtHand, ENROLLED, Enrolled, Proof, Standing};
use crate::kernel::access::permission::FRESH;
use crate::kernel::access::rules::{Showing, Showings, SignInRules};
use crate::kernel::access::{Assurance, addresses};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef};
use crate::kernel::ids::{AccountId, SessionId};
use crate::kernel::keyring::operators::ConsoleRules;
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
    /// Whether codes can be sent to phones.
    pub phones: Phones,
    /// Of operators, in the console.
    pub console: ConsoleRules,
}

/// Whether codes can be sent to phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phones {
    /// A gateway takes them.
    Reached,
    /// None is configured: a verified number confirms nothing.
    NotReached,
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
    /// What other sessions of the account have shown that may approve this one.
    pub elsewhere: Elsewhere,
    /// Whether a code can be sent to a phone that is the account's.
    pub phone: Phone,
    /// By what it was confirmed, and when.
    pub showings: Showings,
    /// What is accepted of that where the session acts.
    pub rules: SignInRules,
}

/// What somebody has shown who begins a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// The password.
    ByPassword,
    /// A method, by its number, and what it proved.
    By(i16, Proof),
}

impl Begins {
    const fn assurance(self) -> Assurance {
        match self {
            Self::ByPassword => Assurance::Password,
            Self::By(_, proof) => proof.assurance(),
        }
    }

    fn showings(self, at: Time) -> Showings {
        match self {
            Self::ByPassword => Showings::default(),
            Self::By(method, proof) => Showings::of(Showing { method, proof, at, approved_by: None }),
        }
    }
}

/// What the other sessions of an account have shown, the last of each; nothing where they may not approve anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Elsewhere {
    /// When one was last confirmed, by whatever.
    pub confirmed_at: Option<Time>,
    /// When one was last confirmed by a strong method.
    pub strong_at: Option<Time>,
}

/// Whether an account has a phone number that is known to be its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phone {
    /// It has none.
    #[default]
    None,
    /// It has one.
    Verified,
}

/// How exact `seen_at` is: it is written at most so often.
const SEEN: Duration = Duration::from_secs(60);

impl Session {
    /// Whether it is worth writing down that the session was seen at `now`.
    pub(super) fn needs_a_touch(&self, now: Time) -> Touch {
        if now.since(self.seen_at) >= SEEN { Touch::Due } else { Touch::NotYet }
    }

    /// What its account can confirm with that nobody enrols.
    #[must_use]
    pub fn at_hand(&self) -> Vec<AtHand> {
        let mut at_hand = Vec::new();
        if self.elsewhere.confirmed_at.is_some() {
            at_hand.push(AtHand::AnotherSession);
        }
        if self.phone == Phone::Verified {
            at_hand.push(AtHand::Phone);
        }
        at_hand
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
    begins: Begins,
    origin: &Origin,
) -> Result<(SessionToken, Session), StoreError> {
    let id = SessionId::new(tx.now(), tx.entropy());
    begin_as(tx, id, scope, rules, computer, begins, origin)
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
    begins: Begins,
    origin: &Origin,
) -> Result<(SessionToken, Session), StoreError> {
    let now = tx.now();
    let assurance = begins.assurance();
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
        elsewhere: Elsewhere::default(),
        phone: Phone::default(),
        showings: begins.showings(now),
        rules: SignInRules::default(),
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
            sessions::showings.eq(session.showings.to_stored()),
            sessions::body.eq(body),
        ))
        .execute(tx.conn())?;
    let found = find(tx, &token, rules)?;
    Ok((token, found.map_or(session, |(found, _)| found)))
}

type Row = (SessionId, AccountId, i16, bool, Time, Time, Time);
type Confirmations = (Option<Time>, Option<Time>, Option<Time>, Option<Vec<u8>>);
type Around = (bool, bool, Option<Time>, Option<Time>);
type Factor = (i16, i16, i64);
/// A session's row, once for each factor of its account.
type Found = (Row, Confirmations, Around, Option<Factor>, addresses::Row);

/// The latest time in a column of the account's other sessions that last: one that was never confirmed has none.
macro_rules! last_elsewhere {
    ($column:literal, $rules:expr, $now:expr) => {
        sql::<Nullable<BigInt>>(concat!(
            "(SELECT MAX(other.",
            $column,
            ") FROM sessions AS other WHERE other.account_id = sessions.account_id AND other.id <> sessions.id",
            " AND other.expires_at > "
        ))
        .bind::<BigInt, _>($now)
        .sql(" AND other.seen_at > CASE WHEN other.shared_computer THEN ")
        .bind::<BigInt, _>($now.minus($rules.shared_idle))
        .sql(" ELSE ")
        .bind::<BigInt, _>($now.minus($rules.idle))
        .sql(" END)")
    };
}

/// The session of `token`, while it lasts and its account may act, and the list of addresses from which that is.
///
/// # Errors
/// The store's.
pub(super) fn find(
    tx: &mut Tx<'_>,
    token: &SessionToken,
    rules: &SessionRules,
) -> Result<Option<(Session, addresses::Row)>, StoreError> {
    let (digest, now) = (token.digest(), tx.now());
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
            (sessions::confirmed_at, sessions::strong_at, sessions::recovered_at, sessions::showings),
            (
                accounts::approvals,
                accounts::phone_verified,
                last_elsewhere!("confirmed_at", rules, now),
                last_elsewhere!("strong_at", rules, now),
            ),
            (factors::method, factors::proof, factors::failures).nullable(),
            addresses::COLUMNS,
        ));
    let rows: Vec<Found> = each!(tx.conn(), c => query.load(c))?;
    let enrolled: Vec<Enrolled> = rows.iter().filter_map(|(_, _, _, factor, _)| factor.map(of_row)).collect();
    Ok(rows.into_iter().next().and_then(|(row, confirmations, around, _, addresses)| {
        let (confirmed_at, strong_at, recovered_at, showings) = confirmations;
        let (approvals, phone_verified, confirmed_elsewhere, strong_elsewhere) = around;
        let elsewhere = Elsewhere { confirmed_at: confirmed_elsewhere, strong_at: strong_elsewhere };
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
            elsewhere: if approvals { elsewhere } else { Elsewhere::default() },
            phone: if phone_verified && rules.phones == Phones::Reached { Phone::Verified } else { Phone::None },
            showings: Showings::from_stored(showings.as_deref()),
            rules: SignInRules::default(),
        };
        session.lasting(rules, now).map(|session| (session, addresses))
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

/// What a session has shown, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    confirmed_at: Time,
    strong_at: Option<Time>,
    showings: Showings,
}

/// What the account's session with this id has shown, while it lasts; nothing when it was never confirmed.
///
/// # Errors
/// The store's.
pub fn shown_by(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: SessionId,
    rules: &SessionRules,
) -> Result<Option<Shown>, StoreError> {
    type Row = (bool, Time, Time, Option<Time>, Option<Time>, Option<Vec<u8>>);
    let row: Option<Row> = sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
        .filter(sessions::id.eq(id))
        .filter(sessions::account_id.eq(scope.account()))
        .filter(sessions::assurance.ge(Assurance::Confirmed.code()))
        .filter(accounts::state.eq(ACTIVE))
        .select((
            sessions::shared_computer,
            sessions::seen_at,
            sessions::expires_at,
            sessions::confirmed_at,
            sessions::strong_at,
            sessions::showings,
        ))
        .get_result(tx.conn())
        .optional()?;
    let now = tx.now();
    Ok(row.and_then(|(shared, seen_at, expires_at, confirmed_at, strong_at, showings)| {
        let computer = if shared { Computer::Shared } else { Computer::Own };
        let lasts = now < expires_at && now.since(seen_at) < rules.idle(computer);
        let showings = Showings::from_stored(showings.as_deref());
        Some(Shown { confirmed_at: confirmed_at.filter(|_| lasts)?, strong_at, showings })
    }))
}

/// Raises a session to what another one has shown, with its age: an approval makes nothing fresher than it is. Strong it
/// becomes only while the other's strong proof is fresh. By what that one has shown it is kept, and that it was passed on
/// by `method`.
///
/// # Errors
/// As [`raise`].
pub fn raise_to(
    tx: &mut Tx<'_>,
    session: &Session,
    shown: &Shown,
    method: i16,
) -> Result<(SessionToken, Session), StoreError> {
    let now = tx.now();
    let strong_at = shown.strong_at.filter(|at| now.since(*at) <= FRESH);
    let assurance = if strong_at.is_some() { Assurance::Strong } else { Assurance::Confirmed };
    let raised = Session {
        assurance: assurance.max(session.assurance),
        confirmed_at: session.confirmed_at.max(Some(shown.confirmed_at)),
        strong_at: session.strong_at.max(strong_at),
        showings: session.showings.clone().joined(&shown.showings.passed_on(Some(method), now)),
        seen_at: now,
        ..session.clone()
    };
    renew(tx, raised)
}

/// Raises a session by `proof` of a method, now, under a new token: whoever knew the old one knows nothing.
///
/// # Errors
/// The store's; [`StoreError::Refused`] when the session ended meanwhile.
pub fn raise(
    tx: &mut Tx<'_>,
    session: &Session,
    method: i16,
    proof: Proof,
) -> Result<(SessionToken, Session), StoreError> {
    let now = tx.now();
    let raised = Session {
        assurance: proof.assurance().max(session.assurance),
        confirmed_at: Some(now),
        strong_at: if proof == Proof::Strong { Some(now) } else { session.strong_at },
        recovered_at: if proof == Proof::Recovery { Some(now) } else { session.recovered_at },
        showings: session.showings.clone().and(Showing { method, proof, at: now, approved_by: None }),
        seen_at: now,
        ..session.clone()
    };
    renew(tx, raised)
}

/// The session as it counts where these rules hold, beside the other sessions of its account that could approve it.
///
/// # Errors
/// The store's.
pub(super) fn within(
    tx: &mut Tx<'_>,
    session: Session,
    of_tenant: SignInRules,
    rules: &SessionRules,
) -> Result<Session, StoreError> {
    if of_tenant == SignInRules::default() {
        return Ok(session);
    }
    let mut session = of_tenant.within(session);
    if session.elsewhere.confirmed_at.is_some() {
        let now = tx.now();
        let rows: Vec<(bool, Time, Option<Vec<u8>>)> = sessions::table
            .filter(sessions::account_id.eq(session.account))
            .filter(sessions::id.ne(session.id))
            .filter(sessions::expires_at.gt(now))
            .select((sessions::shared_computer, sessions::seen_at, sessions::showings))
            .load(tx.conn())?;
        let lasts = |shared: bool, seen_at: Time| {
            now.since(seen_at) < rules.idle(if shared { Computer::Shared } else { Computer::Own })
        };
        let others: Vec<Showings> = rows
            .into_iter()
            .filter(|(shared, seen_at, _)| lasts(*shared, *seen_at))
            .map(|(_, _, stored)| Showings::from_stored(stored.as_deref()))
            .collect();
        let (confirmed_at, strong_at) = of_tenant.elsewhere(&others, now);
        session.elsewhere = Elsewhere { confirmed_at, strong_at };
    }
    Ok(session)
}

/// Writes down what a session has shown, under a new token.
fn renew(tx: &mut Tx<'_>, raised: Session) -> Result<(SessionToken, Session), StoreError> {
    let token = SessionToken::random(tx.entropy());
    let changed = diesel::update(sessions::table.find(raised.id))
        .set((
            sessions::digest.eq(token.digest().as_slice()),
            sessions::assurance.eq(raised.assurance.code()),
            sessions::confirmed_at.eq(raised.confirmed_at),
            sessions::strong_at.eq(raised.strong_at),
            sessions::recovered_at.eq(raised.recovered_at),
            sessions::showings.eq(raised.showings.to_stored()),
            sessions::seen_at.eq(raised.seen_at),
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

/// Ends every session of the account but `kept`, and what waits on them.
///
/// # Errors
/// The store's.
pub fn end_but(tx: &mut Tx<'_>, account: AccountId, kept: Option<SessionId>) -> Result<(), StoreError> {
    let mine: Vec<SessionId> =
        sessions::table.filter(sessions::account_id.eq(account)).select(sessions::id).load(tx.conn())?;
    for id in mine.into_iter().filter(|id| Some(*id) != kept) {
        end(tx, id)?;
    }
    Ok(())
}

/// Ends a session of the account; gives whether it had one of this id.
///
/// # Errors
/// The store's.
pub fn end_one(tx: &mut Tx<'_>, account: AccountId, id: SessionId) -> Result<Option<SessionId>, StoreError> {
    use diesel::OptionalExtension as _;
    let mine = sessions::table.filter(sessions::account_id.eq(account)).filter(sessions::id.eq(id));
    let found: Option<SessionId> = mine.select(sessions::id).get_result(tx.conn()).optional()?;
    if found.is_some() {
        end(tx, id)?;
    }
    Ok(found)
}

/// The session goes on under a new token: whoever knew the old one knows nothing.
///
/// # Errors
/// The store's; [`StoreError::Refused`] when the session ended meanwhile.
pub fn go_on(tx: &mut Tx<'_>, session: &Session) -> Result<(SessionToken, Session), StoreError> {
    let token = SessionToken::random(tx.entropy());
    let changed = diesel::update(sessions::table.find(session.id))
        .set(sessions::digest.eq(token.digest().as_slice()))
        .execute(tx.conn())?;
    if changed != 1 {
        return Err(StoreError::Refused("the session ended meanwhile"));
    }
    Ok((token, session.clone()))
}

/// A session as its account's person sees it among the others.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// How sure we are of who it is.
    pub assurance: Assurance,
    /// Whose computer it is on.
    pub computer: Computer,
    /// When it began.
    pub created_at: Time,
    /// When the last request came, to the minute.
    pub seen_at: Time,
    /// When it ends whatever happens.
    pub expires_at: Time,
    /// From which address it was begun.
    pub address: Personal<std::net::IpAddr>,
    /// What its client says of itself.
    pub device: Personal<String>,
}

/// The account's sessions that last, the one seen last first.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, scope: &AccountScope, rules: &SessionRules) -> Result<Vec<Listed>, StoreError> {
    type Columns = (SessionId, i16, bool, Time, Time, Time, crate::kernel::crypto::Sealed<SessionBody>);
    let now = tx.now();
    let rows: Vec<Columns> = sessions::table
        .filter(sessions::account_id.eq(scope.account()))
        .filter(sessions::expires_at.gt(now))
        .order((sessions::seen_at.desc(), sessions::id.desc()))
        .select((
            sessions::id,
            sessions::assurance,
            sessions::shared_computer,
            sessions::created_at,
            sessions::seen_at,
            sessions::expires_at,
            sessions::body,
        ))
        .load(tx.conn())?;
    let mut listed = Vec::new();
    for (id, assurance, shared, created_at, seen_at, expires_at, body) in rows {
        let computer = if shared { Computer::Shared } else { Computer::Own };
        if now.since(seen_at) >= rules.idle(computer) {
            continue;
        }
        let SessionOrigin { address, device } = scope.keys().open(RowRef::new(id.as_bytes(), 1), &body)?;
        let assurance = Assurance::from_code(assurance);
        listed.push(Listed { id, assurance, computer, created_at, seen_at, expires_at, address, device });
    }
    Ok(listed)
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

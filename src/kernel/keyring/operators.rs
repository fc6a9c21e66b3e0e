//! Operators' accounts and their sessions in the console, under the service's own key.
//!
//! They stand in the keyring's database: putting the data back must bring back no operator who was removed, no role that
//! was taken away, and no code that was used. Each change of an account says which version of its row it saw, so that of
//! several at once one succeeds.

use std::time::Duration;

use diesel::{ExpressionMethods as _, JoinOnDsl as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::tables::{operator_questions, operator_sessions, operators};
use super::{Keyring, KeyringError};
use crate::kernel::clock::Time;
use crate::kernel::crypto::passkey::Ceremony;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Owner, OwnerKeys, Place, RowRef, Sealed, Tag};
use crate::kernel::ids::{OperatorId, OperatorQuestionId};
use crate::kernel::operators::deeds::SignIn;
use crate::kernel::operators::{Kept, Operator, OperatorAccount, OperatorName, Role, note_at_once};
use crate::kernel::store::{StoreError, Tx};

/// Where what is known of an operator lies.
struct OperatorBody;

impl Place for OperatorBody {
    const LABEL: &'static str = "operators.body";
    type Plain = Kept;
}

/// Where a question to a passkey lies.
struct QuestionBody;

impl Place for QuestionBody {
    const LABEL: &'static str = "operator_questions.body";
    type Plain = Ceremony;
}

/// How long operators' sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsoleRules {
    /// Without a request.
    pub idle: Duration,
    /// From the sign-in.
    pub absolute: Duration,
}

/// An operator's session.
#[derive(Clone)]
pub struct OperatorSession {
    /// Whose, as the account stands now.
    pub account: OperatorAccount,
    /// Since when.
    pub begun_at: Time,
    /// When its operator last showed what signs in.
    pub shown_at: Time,
}

/// What else happens as an account is changed.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// A session begins, and the ledger says so.
    Begins(SessionToken),
    /// The session's operator has shown who they are once more.
    Shown(SessionToken),
    /// Every session of theirs ends.
    SessionsEnd,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Changed {
    /// It was made.
    Done,
    /// The account is another by now, or gone: look again.
    Overtaken,
    /// It is the last administrator's, and the console leaves nobody without one.
    LastAdministrator,
}

/// After how long a session's last request is written down again.
const TOUCH: Duration = Duration::from_secs(30);

type Row = (OperatorId, String, i64, Sealed<OperatorBody>, Time);

impl Keyring {
    /// Every operator, in the order of their making.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn operators(&self) -> Result<Vec<OperatorAccount>, KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let rows: Vec<Row> = self
            .db()
            .point(None, |tx| {
                let all = operators::table.order(operators::id).select(COLUMNS).load(tx.conn());
                all.map_err(|error| KeyringError::from(StoreError::from(error)))
            })
            .await?;
        rows.into_iter().map(|row| opened(&keys, row)).collect()
    }

    /// The operator of this name, if there is one.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn operator_named(&self, name: &OperatorName) -> Result<Option<OperatorAccount>, KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let tag = name_tag(&keys, name.text().reveal());
        let found: Option<Row> = self
            .db()
            .point(None, move |tx| {
                let found = operators::table.filter(operators::name_tag.eq(tag)).select(COLUMNS);
                found.get_result(tx.conn()).optional().map_err(|error| KeyringError::from(StoreError::from(error)))
            })
            .await?;
        found.map(|row| opened(&keys, row)).transpose()
    }

    /// The operator of this id, if there is one.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn operator(&self, id: OperatorId) -> Result<Option<OperatorAccount>, KeyringError> {
        Ok(self.operators().await?.into_iter().find(|account| account.id == id))
    }

    /// Enters a new account.
    ///
    /// # Errors
    /// [`StoreError::Taken`]: somebody has this name. The keyring is away.
    pub async fn add_operator(&self, account: &OperatorAccount) -> Result<(), KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let (account, entropy) = (account.clone(), self.entropy().clone());
        self.db()
            .write(Vec::new(), move |tx| {
                diesel::insert_into(operators::table)
                    .values((
                        operators::id.eq(account.id),
                        operators::index_version.eq(i64::from(keys.current().as_u32())),
                        operators::name_tag.eq(name_tag(&keys, account.kept.name.reveal())),
                        operators::role.eq(account.role.name()),
                        operators::version.eq(account.version),
                        operators::body.eq(keys.seal::<OperatorBody>(
                            row(account.id, account.version),
                            &account.kept,
                            &entropy,
                        )),
                        operators::created_at.eq(account.created_at),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok::<_, KeyringError>(())
            })
            .await
    }

    /// Puts `account` in the place of the version of it that it was read as, on the word of `by`.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn change_operator(
        &self,
        by: Operator,
        account: &OperatorAccount,
        then: Then,
    ) -> Result<Changed, KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let (account, entropy) = (account.clone(), self.entropy().clone());
        let next = account.version.saturating_add(1);
        let body = keys.seal::<OperatorBody>(row(account.id, next), &account.kept, &entropy);
        self.db()
            .write(Vec::new(), move |tx| -> Result<Changed, KeyringError> {
                if account.role != Role::Administrator && !leaves_an_administrator(tx, by, account.id)? {
                    return Ok(Changed::LastAdministrator);
                }
                let as_seen = operators::table.find(account.id).filter(operators::version.eq(account.version));
                let changed = diesel::update(as_seen)
                    .set((
                        operators::role.eq(account.role.name()),
                        operators::version.eq(next),
                        operators::body.eq(&body),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                if changed == 0 {
                    return Ok(Changed::Overtaken);
                }
                follow(tx, account.id, &then)?;
                Ok(Changed::Done)
            })
            .await
    }

    /// Removes an operator on the word of `by`: their sessions end.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn remove_operator(&self, by: Operator, id: OperatorId) -> Result<Changed, KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<Changed, KeyringError> {
                if !leaves_an_administrator(tx, by, id)? {
                    return Ok(Changed::LastAdministrator);
                }
                let gone = diesel::delete(operators::table.find(id)).execute(tx.conn()).map_err(StoreError::from)?;
                follow(tx, id, &Then::SessionsEnd)?;
                Ok(if gone == 0 { Changed::Overtaken } else { Changed::Done })
            })
            .await
    }

    /// The session of `token`, where it lasts; from then on it was seen now.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn operator_session(
        &self,
        token: &SessionToken,
        rules: ConsoleRules,
    ) -> Result<Option<OperatorSession>, KeyringError> {
        let (keys, digest, now) = (self.reach(Owner::Service).await?, token.digest(), self.clock().now());
        let found: Option<(Row, (Time, Time, Time))> = self
            .db()
            .point(None, move |tx| {
                operator_sessions::table
                    .find(digest.as_slice())
                    .inner_join(operators::table.on(operators::id.eq(operator_sessions::operator_id)))
                    .select((
                        COLUMNS,
                        (operator_sessions::begun_at, operator_sessions::seen_at, operator_sessions::shown_at),
                    ))
                    .get_result(tx.conn())
                    .optional()
                    .map_err(|error| KeyringError::from(StoreError::from(error)))
            })
            .await?;
        let Some((row, (begun_at, seen_at, shown_at))) = found else { return Ok(None) };
        if now.since(seen_at) >= rules.idle || now.since(begun_at) >= rules.absolute {
            return Ok(None);
        }
        if now.since(seen_at) >= TOUCH {
            self.db()
                .write(Vec::new(), move |tx| {
                    diesel::update(operator_sessions::table.find(digest.as_slice()))
                        .set(operator_sessions::seen_at.eq(tx.now()))
                        .execute(tx.conn())
                        .map_err(|error| KeyringError::from(StoreError::from(error)))
                })
                .await?;
        }
        Ok(Some(OperatorSession { account: opened(&keys, row)?, begun_at, shown_at }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn end_operator_session(&self, token: &SessionToken) -> Result<(), KeyringError> {
        let digest = token.digest();
        self.db()
            .write(Vec::new(), move |tx| {
                diesel::delete(operator_sessions::table.find(digest.as_slice()))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok::<_, KeyringError>(())
            })
            .await
    }

    /// Keeps a question to a passkey of `of`'s, or of nobody's yet, until it is answered or `expires_at` comes.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn keep_operator_question(
        &self,
        question: &Ceremony,
        of: Option<OperatorId>,
        expires_at: Time,
    ) -> Result<OperatorQuestionId, KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let id = OperatorQuestionId::new(self.clock().now(), self.entropy());
        let body = keys.seal::<QuestionBody>(RowRef::new(id.as_bytes(), 1), question, self.entropy());
        self.db()
            .write(Vec::new(), move |tx| {
                let over = operator_questions::table.filter(operator_questions::expires_at.le(tx.now()));
                diesel::delete(over).execute(tx.conn()).map_err(StoreError::from)?;
                diesel::insert_into(operator_questions::table)
                    .values((
                        operator_questions::id.eq(id),
                        operator_questions::operator_id.eq(of),
                        operator_questions::expires_at.eq(expires_at),
                        operator_questions::body.eq(&body),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok::<_, KeyringError>(id)
            })
            .await
    }

    /// Takes a question, which nobody can answer any more from then on; nothing when it is gone, over, or another's.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn take_operator_question(
        &self,
        id: OperatorQuestionId,
        of: Option<OperatorId>,
    ) -> Result<Option<Ceremony>, KeyringError> {
        let keys = self.reach(Owner::Service).await?;
        let taken: Option<(Option<OperatorId>, Time, Sealed<QuestionBody>)> = self
            .db()
            .write(Vec::new(), move |tx| {
                // Whoever deletes the row has it: of several at once, one.
                diesel::delete(operator_questions::table.find(id))
                    .returning((
                        operator_questions::operator_id,
                        operator_questions::expires_at,
                        operator_questions::body,
                    ))
                    .get_result(tx.conn())
                    .optional()
                    .map_err(|error| KeyringError::from(StoreError::from(error)))
            })
            .await?;
        let now = self.clock().now();
        let Some((_, _, body)) = taken.filter(|(whose, expires_at, _)| *whose == of && now < *expires_at) else {
            return Ok(None);
        };
        let question = keys.open(RowRef::new(id.as_bytes(), 1), &body);
        question.map(Some).map_err(|_| KeyringError::Unwrap(Owner::Service))
    }
}

const COLUMNS: (operators::id, operators::role, operators::version, operators::body, operators::created_at) =
    (operators::id, operators::role, operators::version, operators::body, operators::created_at);

/// The machine may do without; the console leaves one administrator beside `id` where `id` is one.
fn leaves_an_administrator(tx: &mut Tx<'_>, by: Operator, id: OperatorId) -> Result<bool, KeyringError> {
    if matches!(by, Operator::Local(_)) {
        return Ok(true);
    }
    let administrators = operators::table.filter(operators::role.eq(Role::Administrator.name()));
    // They are held, so that two who remove each other come one after the other.
    diesel::update(administrators)
        .set(operators::version.eq(operators::version))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    let all: Vec<OperatorId> = administrators.select(operators::id).load(tx.conn()).map_err(StoreError::from)?;
    Ok(!all.contains(&id) || all.len() > 1)
}

fn follow(tx: &mut Tx<'_>, operator: OperatorId, then: &Then) -> Result<(), StoreError> {
    match then {
        Then::Nothing => {}
        Then::Begins(token) => {
            let now = tx.now();
            diesel::insert_into(operator_sessions::table)
                .values((
                    operator_sessions::digest.eq(token.digest().as_slice()),
                    operator_sessions::operator_id.eq(operator),
                    operator_sessions::begun_at.eq(now),
                    operator_sessions::seen_at.eq(now),
                    operator_sessions::shown_at.eq(now),
                ))
                .execute(tx.conn())?;
            note_at_once(tx.conn(), now, Operator::Account(operator), &SignIn { operator })?;
            // Those that nobody can use any more go with it.
            let over = operator_sessions::table.filter(operator_sessions::begun_at.le(now.minus(LONGEST)));
            diesel::delete(over).execute(tx.conn())?;
        }
        Then::Shown(token) => {
            let shown = operator_sessions::table.find(token.digest().to_vec());
            diesel::update(shown).set(operator_sessions::shown_at.eq(tx.now())).execute(tx.conn())?;
        }
        Then::SessionsEnd => {
            let theirs = operator_sessions::table.filter(operator_sessions::operator_id.eq(operator));
            diesel::delete(theirs).execute(tx.conn())?;
        }
    }
    Ok(())
}

/// No session lasts so long, whatever is configured.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

fn name_tag(keys: &OwnerKeys, name: &str) -> Tag {
    keys.tag(&[b"operators", b"name"], name.as_bytes())
}

const fn row(id: OperatorId, version: i64) -> RowRef {
    RowRef::new(id.as_bytes(), version)
}

fn opened(keys: &OwnerKeys, (id, role, version, body, created_at): Row) -> Result<OperatorAccount, KeyringError> {
    let role = Role::named(&role).ok_or(KeyringError::Defect("an operator of no role"))?;
    let kept = keys.open(row(id, version), &body).map_err(|_| KeyringError::Unwrap(Owner::Service))?;
    Ok(OperatorAccount { id, role, created_at, kept, version })
}

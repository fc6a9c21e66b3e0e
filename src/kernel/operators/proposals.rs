//! The rule of two persons: what cannot be taken back, or is said to everybody, is proposed by one operator and confirmed by
//! another, within a day.
//!
//! A deed of two is a [`ByTwo`]; the ledger makes an [`OperatorAct`] of one in two ways and no other:
//!
//! - out of a proposal of exactly this deed, which somebody else confirmed, within a day of the confirmation and once; whoever
//!   proposed it does it. Both must still be whom it is the duty of.
//! - or alone, where the rule is [`TwoPersons::Auto`] and fewer than two operators' accounts have the duty; its entry says so.
//!
//! The machine's own command line acts as `local:UID`. It may propose, as whoever runs it, and take back or refuse, which
//! stops a deed and does none. It confirms nothing: whoever is `root` there is every user id, so that a user id is no second
//! person. `seif operators confirm` therefore asks for an operator's name and a code of their app ([`Keyring::witness`](crate::kernel::keyring::Keyring::witness)), and
//! works while the service is stopped, as when data is put back. User ids are not counted among the two either. What no
//! program can know: that somebody with a shell on the machine and somebody with an account are not the same person. Whoever
//! gives out both decides it; the ledger names both.
//!
//! Proposals stand in the keyring's database. A keyring that is put back from a back-up forgets those that are open, so that
//! none is used twice.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::ledger::{Body, Ledger, OperatorAct, Step, append, begun, hold};
use crate::kernel::clock::Time;
use crate::kernel::ids::ProposalId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::tables::{operator_proposals, operators};
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::{Act, ByTwo, Of, Operator, Role, Touches, Witness};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{Conn, StoreError, Tx};
use crate::kernel::store_error;

/// How long a proposal waits for a second operator, and how long what was confirmed may be done.
pub const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

/// When a second operator is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwoPersons {
    /// Once two operators' accounts have the duty; before, what is of two is done at once and marked.
    Auto,
    /// Always: with nobody to confirm it, nothing of two is done.
    Always,
}

/// What came of having a deed of two done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may only be proposed"]
pub enum Asked<R> {
    /// It was done, or tried.
    Done(R),
    /// It waits for a second operator; nothing was done.
    Proposed(ProposalId),
}

impl<R> Asked<R> {
    /// What came of it, where it was done.
    pub fn done(self) -> Option<R> {
        if let Self::Done(done) = self { Some(done) } else { None }
    }
}

/// Why something about a proposal was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// There is none of this id.
    #[error("there is no such proposal")]
    Unknown,
    /// It was decided, or done.
    #[error("the proposal waits no longer")]
    Decided,
    /// Its day is over.
    #[error("the proposal is older than a day: propose it again")]
    Expired,
    /// Nobody confirms what they proposed.
    #[error("it takes another operator to confirm what one proposed")]
    Own,
    /// It is not the duty of who asks.
    #[error("it is not this operator's duty")]
    NotTheirs,
    /// Whoever proposed it is no operator any more, or in another role.
    #[error("whoever proposed it may not do it any more")]
    Void,
    /// The name or the code is wrong: which, is not told.
    #[error("the name or the code is wrong")]
    Refused,
    /// Too many codes of this operator's were tried here.
    #[error("too many codes were tried: wait for a quarter of an hour")]
    TooMany,
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for ProposalError {}

impl StoreFailure for ProposalError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

impl From<KeyringError> for ProposalError {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A second operator is to confirm it.
    Waiting,
    /// It is confirmed: whoever proposed it may do it.
    Confirmed,
    /// It was refused, or taken back.
    Refused,
    /// It was done, or tried.
    Done,
    /// Its day went by.
    Expired,
    /// Whoever proposed or confirmed it has the duty no more.
    Void,
}

impl Standing {
    /// Its name, as it is told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }
}

/// What an operator proposed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What.
    pub act: Act,
    /// On what.
    pub of: Vec<Of>,
    /// The deed, as it was written out.
    pub deed: serde_json::Value,
    /// Who proposed it.
    pub proposer: Operator,
    /// When.
    pub at: Time,
    /// Until when it may be confirmed; or done, once it is.
    pub expires_at: Time,
    /// Where it stands.
    pub standing: Standing,
    /// Who decided.
    pub decided_by: Option<Operator>,
    /// When.
    pub decided_at: Option<Time>,
}

/// As the table has it: what is compared, and what is shown of it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    deed: serde_json::Value,
    of: Vec<Of>,
}

/// A deed of two, written out.
#[derive(Clone)]
struct Wanted {
    act: Act,
    of: Vec<Of>,
    written: Vec<u8>,
    touches: Touches,
}

impl Wanted {
    fn new(deed: &impl ByTwo) -> Result<Self, ProposalError> {
        let unwritable = |_| ProposalError::Store(StoreError::Refused("a deed that cannot be written"));
        let value = serde_json::to_value(deed).map_err(unwritable)?;
        let written = serde_json::to_vec(&Written { deed: value, of: deed.of() }).map_err(unwritable)?;
        Ok(Self { act: deed.act(), of: deed.of(), written, touches: deed.touches() })
    }
}

/// As `operator_proposals.state` has it.
const WAITING: i16 = 1;
const CONFIRMED: i16 = 2;
const REFUSED: i16 = 3;
const DONE: i16 = 4;

type Row = (ProposalId, String, Vec<u8>, String, Time, Time, i16, Option<String>, Option<Time>);

impl Ledger {
    /// Does `deed` on behalf of `who`, where another operator has confirmed exactly this, or where there is nobody to ask;
    /// otherwise proposes it, and does nothing. Proposed again, it is the same proposal.
    ///
    /// # Errors
    /// [`ProposalError::NotTheirs`]; the keyring is away: before the deed, then it is not done; or after it, then its entry
    /// stays without an end.
    pub fn operate_by_two_blocking<D: ByTwo, R, E>(
        &self,
        who: Operator,
        rule: TwoPersons,
        deed: D,
        run: impl FnOnce(&OperatorAct<D>) -> Result<R, E>,
    ) -> Result<Asked<Result<R, E>>, ProposalError> {
        let wanted = Wanted::new(&deed)?;
        match self.0.write_blocking(Vec::new(), move |tx| begin(tx, who, rule, &wanted))? {
            Asked::Proposed(id) => Ok(Asked::Proposed(id)),
            Asked::Done(entry) => {
                let act = OperatorAct { entry, by: who, deed };
                let done = run(&act);
                self.end_blocking(&act, if done.is_ok() { Step::Done } else { Step::Failed })?;
                Ok(Asked::Done(done))
            }
        }
    }

    /// The entry that `deed` begins with; or its proposal.
    pub(super) async fn begin_by_two<D: ByTwo>(
        &self,
        who: Operator,
        rule: TwoPersons,
        deed: D,
    ) -> Result<Asked<OperatorAct<D>>, ProposalError> {
        let wanted = Wanted::new(&deed)?;
        match self.0.write(Vec::new(), move |tx| begin(tx, who, rule, &wanted)).await? {
            Asked::Done(entry) => Ok(Asked::Done(OperatorAct { entry, by: who, deed })),
            Asked::Proposed(id) => Ok(Asked::Proposed(id)),
        }
    }

    /// Confirms what another operator proposed. From then on they have a day to do it, once.
    ///
    /// # Errors
    /// Every [`ProposalError`]; then nothing changes. Of several at once, one confirms.
    pub async fn confirm(&self, witness: &Witness, id: ProposalId) -> Result<(), ProposalError> {
        let who = witness.operator();
        let confirm = move |tx: &mut Tx<'_>| -> Result<(), ProposalError> {
            hold(tx.conn())?;
            let proposal = found(tx, id)?;
            match proposal.standing {
                Standing::Waiting => {}
                Standing::Expired => return Err(ProposalError::Expired),
                Standing::Void => return Err(ProposalError::Void),
                Standing::Confirmed | Standing::Refused | Standing::Done => return Err(ProposalError::Decided),
            }
            if proposal.proposer == who {
                return Err(ProposalError::Own);
            }
            if !may(tx.conn(), who, proposal.act)? {
                return Err(ProposalError::NotTheirs);
            }
            decide(tx, &proposal, who, (WAITING, CONFIRMED), Step::Confirmed)
        };
        self.0.write(Vec::new(), confirm).await
    }

    /// Refuses what another operator proposed, or takes back one's own: it is not done, confirmed or not.
    ///
    /// # Errors
    /// Every [`ProposalError`] but [`ProposalError::Own`]; then nothing changes.
    pub async fn refuse(&self, who: Operator, id: ProposalId) -> Result<(), ProposalError> {
        let refuse = move |tx: &mut Tx<'_>| -> Result<(), ProposalError> {
            hold(tx.conn())?;
            let proposal = found(tx, id)?;
            let from = match proposal.standing {
                Standing::Waiting => WAITING,
                Standing::Confirmed => CONFIRMED,
                Standing::Expired => return Err(ProposalError::Expired),
                Standing::Void => return Err(ProposalError::Void),
                Standing::Refused | Standing::Done => return Err(ProposalError::Decided),
            };
            if proposal.proposer != who && !may(tx.conn(), who, proposal.act)? {
                return Err(ProposalError::NotTheirs);
            }
            decide(tx, &proposal, who, (from, REFUSED), Step::Refused)
        };
        self.0.write(Vec::new(), refuse).await
    }

    /// The proposals, newest first, at most `limit`.
    ///
    /// # Errors
    /// The keyring is away, or one is not as any was written.
    pub fn proposals(&self, limit: i64) -> Result<Vec<Proposal>, ProposalError> {
        self.0.read_here(None, |tx| {
            let newest = operator_proposals::table.order(operator_proposals::id.desc()).limit(limit);
            let rows: Vec<Row> = newest.load(tx.conn()).map_err(StoreError::from)?;
            rows.into_iter().map(|row| read(tx, row)).collect()
        })
    }

    /// The proposal of this id.
    ///
    /// # Errors
    /// [`ProposalError::Unknown`]; the keyring is away.
    pub fn proposal(&self, id: ProposalId) -> Result<Proposal, ProposalError> {
        self.0.read_here(None, |tx| found(tx, id))
    }
}

/// Begins a deed of two, or proposes it: one transaction with its entry.
fn begin(tx: &mut Tx<'_>, who: Operator, rule: TwoPersons, wanted: &Wanted) -> Result<Asked<i64>, ProposalError> {
    // Of several at once each sees what the one before has done.
    hold(tx.conn())?;
    let (now, act) = (tx.now(), wanted.act);
    if !may(tx.conn(), who, act)? {
        return Err(ProposalError::NotTheirs);
    }
    let mut body = Body {
        operator: who,
        act,
        step: Step::Begun,
        begun: None,
        of: wanted.of.clone(),
        proposal: None,
        alone: false,
    };
    let same: Vec<Row> = operator_proposals::table
        .filter(operator_proposals::state.eq_any([WAITING, CONFIRMED]))
        .filter(operator_proposals::act.eq(act.name()))
        .filter(operator_proposals::proposer.eq(who.to_string()))
        .filter(operator_proposals::deed.eq(&wanted.written))
        .order(operator_proposals::id)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let same = same.into_iter().map(|row| read(tx, row)).collect::<Result<Vec<_>, _>>()?;
    if let Some(confirmed) = same.iter().find(|proposal| proposal.standing == Standing::Confirmed) {
        let once = operator_proposals::table.find(confirmed.id).filter(operator_proposals::state.eq(CONFIRMED));
        let used = diesel::update(once).set(operator_proposals::state.eq(DONE)).execute(tx.conn());
        if used.map_err(StoreError::from)? != 1 {
            return Err(ProposalError::Decided);
        }
        body.proposal = Some(confirmed.id);
        return Ok(Asked::Done(begun(now, tx.conn(), &body, wanted.touches)?));
    }
    if rule == TwoPersons::Auto && eligible(tx.conn(), act)? < 2 {
        body.alone = true;
        return Ok(Asked::Done(begun(now, tx.conn(), &body, wanted.touches)?));
    }
    if let Some(waiting) = same.iter().find(|proposal| proposal.standing == Standing::Waiting) {
        return Ok(Asked::Proposed(waiting.id));
    }
    let id = ProposalId::new(now, tx.entropy());
    diesel::insert_into(operator_proposals::table)
        .values((
            operator_proposals::id.eq(id),
            operator_proposals::act.eq(act.name()),
            operator_proposals::deed.eq(&wanted.written),
            operator_proposals::proposer.eq(who.to_string()),
            operator_proposals::at.eq(now),
            operator_proposals::expires_at.eq(now.plus(WAITS)),
            operator_proposals::state.eq(WAITING),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    append(tx.conn(), now, &Body { step: Step::Proposed, proposal: Some(id), ..body })?;
    Ok(Asked::Proposed(id))
}

fn decide(
    tx: &mut Tx<'_>,
    proposal: &Proposal,
    who: Operator,
    (from, to): (i16, i16),
    step: Step,
) -> Result<(), ProposalError> {
    let now = tx.now();
    let as_seen = operator_proposals::table.find(proposal.id).filter(operator_proposals::state.eq(from));
    let decided = diesel::update(as_seen)
        .set((
            operator_proposals::state.eq(to),
            operator_proposals::expires_at.eq(now.plus(WAITS)),
            operator_proposals::decided_by.eq(who.to_string()),
            operator_proposals::decided_at.eq(now),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    if decided != 1 {
        return Err(ProposalError::Decided);
    }
    let (act, of, proposal) = (proposal.act, proposal.of.clone(), Some(proposal.id));
    append(tx.conn(), now, &Body { operator: who, act, step, begun: None, of, proposal, alone: false })?;
    Ok(())
}

fn found(tx: &mut Tx<'_>, id: ProposalId) -> Result<Proposal, ProposalError> {
    let row: Option<Row> =
        operator_proposals::table.find(id).get_result(tx.conn()).optional().map_err(StoreError::from)?;
    read(tx, row.ok_or(ProposalError::Unknown)?)
}

fn read(tx: &mut Tx<'_>, row: Row) -> Result<Proposal, ProposalError> {
    let (id, act, written, proposer, at, expires_at, state, decided_by, decided_at) = row;
    let unreadable = ProposalError::Store(StoreError::Unreadable);
    let act = Act::ALL.into_iter().find(|known| known.name() == act).ok_or(unreadable)?;
    let Written { deed, of } = serde_json::from_slice(&written).map_err(|_| unreadable)?;
    let operator = |text: String| text.parse::<Operator>().map_err(|_| unreadable);
    let (proposer, decided_by) = (operator(proposer)?, decided_by.map(operator).transpose()?);
    let is_over = tx.now() >= expires_at;
    let standing = match state {
        REFUSED => Standing::Refused,
        DONE => Standing::Done,
        WAITING | CONFIRMED if is_over => Standing::Expired,
        WAITING | CONFIRMED if !may(tx.conn(), proposer, act)? => Standing::Void,
        WAITING => Standing::Waiting,
        CONFIRMED => match decided_by {
            Some(Operator::Account(_)) if decided_by != Some(proposer) && is_still(tx.conn(), decided_by, act)? => {
                Standing::Confirmed
            }
            _ => Standing::Void,
        },
        _ => return Err(unreadable),
    };
    Ok(Proposal { id, act, of, deed, proposer, at, expires_at, standing, decided_by, decided_at })
}

fn is_still(conn: &mut Conn, who: Option<Operator>, act: Act) -> Result<bool, StoreError> {
    who.map_or(Ok(false), |who| may(conn, who, act))
}

/// Whether `act` is the duty of `who`, as their account stands now. The machine lets in whoever runs commands on it.
fn may(conn: &mut Conn, who: Operator, act: Act) -> Result<bool, StoreError> {
    let Operator::Account(id) = who else { return Ok(true) };
    let theirs = operators::table.find(id).filter(operators::role.eq_any(duty(act)));
    Ok(theirs.count().get_result::<i64>(conn)? == 1)
}

/// How many operators' accounts have the duty.
fn eligible(conn: &mut Conn, act: Act) -> Result<i64, StoreError> {
    Ok(operators::table.filter(operators::role.eq_any(duty(act))).count().get_result(conn)?)
}

const fn duty(act: Act) -> [&'static str; 2] {
    [act.duty_of().name(), Role::Administrator.name()]
}

/// Closes every proposal that is open, in a keyring that is put back: what it says of them may be from before they were used.
pub(in crate::kernel) fn forget_open(conn: &mut Conn) -> Result<(), StoreError> {
    let open = operator_proposals::table.filter(operator_proposals::state.eq_any([WAITING, CONFIRMED]));
    diesel::update(open).set(operator_proposals::state.eq(REFUSED)).execute(conn)?;
    Ok(())
}

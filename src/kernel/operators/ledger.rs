//! The ledger: what operators did, each step an entry in one chain that shows an edit, and the one maker of
//! [`OperatorAct`].

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::Owner;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{ProposalId, TenantId};
use crate::kernel::keyring::tables::{operator_entries, operator_head, operator_tellings};
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::operators::{Act, ByOne, Deed, Of, Operator, Touches};
use crate::kernel::store::{Conn, Db, StoreError, Target, both};

/// How many entries are hashed in one read when the whole ledger is gone through.
const PAGE: i64 = 1_000;

/// What operators did. Cheap to clone.
#[derive(Clone)]
pub struct Ledger(pub(super) Db);

/// That an operator acts: the entry which says so is written. Nothing but the [`Ledger`] makes one, and whatever an
/// operator can have done demands one of its own deed.
#[derive(Debug)]
#[must_use = "the ledger says that it is done"]
pub struct OperatorAct<D> {
    pub(super) entry: i64,
    pub(super) by: Operator,
    pub(super) deed: D,
}

impl<D> OperatorAct<D> {
    /// Who acts.
    #[must_use]
    pub const fn by(&self) -> Operator {
        self.by
    }

    /// What is done.
    #[must_use]
    pub const fn deed(&self) -> &D {
        &self.deed
    }

    /// The number of its entry, for what is written down elsewhere.
    pub(in crate::kernel) fn mark(&self) -> Mark {
        Mark { entry: Some(self.entry), by: self.by.to_string() }
    }
}

/// Who has something done: an operator, whose entry is written, or the service by its schedule.
#[derive(Debug)]
pub enum By<'a, D> {
    /// An operator.
    Operator(&'a OperatorAct<D>),
    /// The service.
    Service(Schedule),
}

impl<D> By<'_, D> {
    /// The entry, and who it is in words.
    pub(in crate::kernel) fn mark(&self) -> Mark {
        match self {
            Self::Operator(act) => act.mark(),
            Self::Service(_) => Mark { entry: None, by: "service".to_owned() },
        }
    }
}

/// The service's own schedule, which no operator is behind. A test sees to it that only `app` names it.
#[derive(Debug, Clone, Copy)]
pub struct Schedule(());

impl Schedule {
    /// What is due by the clock.
    #[must_use]
    pub const fn due() -> Self {
        Self(())
    }
}

/// Who did something, in words, and the entry that says so.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct Mark {
    /// The entry's number; none where the service acts by its schedule.
    pub(in crate::kernel) entry: Option<i64>,
    /// `local:UID`, `operator:ID` or `service`.
    pub(in crate::kernel) by: String,
}

/// What an entry says of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It begins.
    Begun,
    /// It is done.
    Done,
    /// It was not done, or not wholly.
    Failed,
    /// It waits for another operator's word.
    Proposed,
    /// Another operator confirmed it.
    Confirmed,
    /// It was refused, or taken back.
    Refused,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 6] = [Self::Begun, Self::Done, Self::Failed, Self::Proposed, Self::Confirmed, Self::Refused];

    /// Its name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Proposed => "proposed",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
        }
    }
}

/// An entry as it stands in the chain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) operator: Operator,
    pub(super) act: Act,
    pub(super) step: Step,
    /// The entry that it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) of: Vec<Of>,
    /// The proposal that it is about, or that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proposal: Option<ProposalId>,
    /// It is of two, and there was nobody else to ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) alone: bool,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub entry: u64,
    /// When.
    pub at: Time,
    /// Who.
    pub operator: Operator,
    /// What.
    pub act: Act,
    /// How far.
    pub step: Step,
    /// The entry that it began with; none where it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<u64>,
    /// On what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Of>,
    /// The proposal that it is about, or that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// Whether one operator did alone what is of two, because there was nobody else to ask.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

/// What going through the whole ledger found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerState {
    /// So many entries, each as it was written.
    Intact(u64),
    /// This entry, or the one before it, is missing or not as it was written.
    Broken(u64),
}

impl Ledger {
    /// The ledger of an opened keyring.
    #[must_use]
    pub fn of(keyring: &Keyring) -> Self {
        Self(keyring.db().clone())
    }

    /// The ledger in the keyring's database at `target`, without any key.
    ///
    /// # Errors
    /// The database is away.
    pub fn open(target: Target, clock: Clock, entropy: Entropy) -> Result<Self, KeyringError> {
        Ok(Self(Db::open_keyring(target, clock, entropy)?))
    }

    /// Does `deed` on behalf of `who`: its entry is written, then it is done, then a second entry says how it ended. What is
    /// of two is done by [`Ledger::operate_by_two_blocking`].
    ///
    /// # Errors
    /// The keyring is away: before the deed, then it is not done; or after it, then its entry stays without an end.
    pub async fn operate<D: ByOne, R, E>(
        &self,
        who: Operator,
        deed: D,
        run: impl AsyncFnOnce(&OperatorAct<D>) -> Result<R, E>,
    ) -> Result<Result<R, E>, KeyringError> {
        let act = self.begin(who, deed).await?;
        let done = run(&act).await;
        self.end(&act, if done.is_ok() { Step::Done } else { Step::Failed }).await?;
        Ok(done)
    }

    /// As [`Ledger::operate`], on the calling thread.
    ///
    /// # Errors
    /// As [`Ledger::operate`].
    pub fn operate_blocking<D: ByOne, R, E>(
        &self,
        who: Operator,
        deed: D,
        run: impl FnOnce(&OperatorAct<D>) -> Result<R, E>,
    ) -> Result<Result<R, E>, KeyringError> {
        let (body, touches) = (of_one(who, &deed)?, deed.touches());
        let entry = self.0.write_blocking(Vec::new(), move |tx| begun(tx.now(), tx.conn(), &body, touches))?;
        let act = OperatorAct { entry, by: who, deed };
        let done = run(&act);
        self.end_blocking(&act, if done.is_ok() { Step::Done } else { Step::Failed })?;
        Ok(done)
    }

    /// The entry that `deed` begins with.
    pub(super) async fn begin<D: ByOne>(&self, who: Operator, deed: D) -> Result<OperatorAct<D>, KeyringError> {
        let (body, touches) = (of_one(who, &deed)?, deed.touches());
        let entry = self.0.write(Vec::new(), move |tx| begun(tx.now(), tx.conn(), &body, touches)).await?;
        Ok(OperatorAct { entry, by: who, deed })
    }

    /// The entry that it ends with.
    pub(super) async fn end<D: Deed>(&self, act: &OperatorAct<D>, step: Step) -> Result<(), KeyringError> {
        let (body, touches) = (ending(act, step), act.deed.touches());
        self.0.write(Vec::new(), move |tx| ended(tx.now(), tx.conn(), &body, touches)).await
    }

    /// The same on the calling thread.
    pub(super) fn end_blocking<D: Deed>(&self, act: &OperatorAct<D>, step: Step) -> Result<(), KeyringError> {
        let (body, touches) = (ending(act, step), act.deed.touches());
        self.0.write_blocking(Vec::new(), move |tx| ended(tx.now(), tx.conn(), &body, touches))
    }

    /// The entries before `before` (all of them when `None`), newest first, at most `limit`: of `tenant`, or all.
    ///
    /// # Errors
    /// The keyring is away, or an entry is not as any was written.
    pub fn entries(
        &self,
        tenant: Option<TenantId>,
        before: Option<u64>,
        limit: i64,
    ) -> Result<Vec<Entry>, KeyringError> {
        let before = before.map_or(Ok(i64::MAX), i64::try_from).unwrap_or(i64::MAX);
        let rows: Vec<(i64, Time, Vec<u8>)> = self.0.read_here(None, |tx| -> Result<_, KeyringError> {
            let mut wanted = operator_entries::table.filter(operator_entries::seq.lt(before)).into_boxed();
            if let Some(tenant) = tenant {
                let told = operator_tellings::table
                    .filter(operator_tellings::tenant_id.eq(tenant))
                    .select(operator_tellings::seq);
                wanted = wanted.filter(operator_entries::seq.eq_any(told));
            }
            let wanted = wanted.order(operator_entries::seq.desc()).limit(limit);
            let columns = (operator_entries::seq, operator_entries::at, operator_entries::body);
            Ok(wanted.select(columns).load(tx.conn()).map_err(StoreError::from)?)
        })?;
        rows.into_iter().map(|(seq, at, body)| Ok(read(seq, at, &body)?)).collect()
    }

    /// How many tenants are still to be told of something.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn untold(&self) -> Result<u64, KeyringError> {
        let untold: i64 = self.0.read_here(None, |tx| -> Result<_, KeyringError> {
            let untold = operator_tellings::table.filter(operator_tellings::told_at.is_null());
            Ok(untold.count().get_result(tx.conn()).map_err(StoreError::from)?)
        })?;
        Ok(u64::try_from(untold).unwrap_or(0))
    }

    /// Re-computes the whole chain.
    ///
    /// # Errors
    /// The keyring is away. A chain that does not hold is a finding, not an error.
    pub fn verify(&self) -> Result<LedgerState, KeyringError> {
        self.0.read_here(None, |tx| -> Result<_, KeyringError> {
            let (mut seq, mut head) = (0_i64, Vec::new());
            loop {
                let page: Vec<(i64, Time, Vec<u8>, Vec<u8>)> = operator_entries::table
                    .filter(operator_entries::seq.gt(seq))
                    .order(operator_entries::seq)
                    .limit(PAGE)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                if page.is_empty() {
                    break;
                }
                for (at_seq, at, body, chained) in page {
                    seq += 1;
                    if at_seq != seq
                        || chain(&head, seq, at, &body).as_slice() != chained
                        || !is_to_be_told(tx.conn(), seq, &body)?
                    {
                        return Ok(LedgerState::Broken(number(seq)));
                    }
                    head = chained;
                }
            }
            let stored: (i64, Vec<u8>) = operator_head::table
                .select((operator_head::seq, operator_head::chain))
                .get_result(tx.conn())
                .map_err(StoreError::from)?;
            if stored == (seq, head) {
                return Ok(LedgerState::Intact(number(seq)));
            }
            Ok(LedgerState::Broken(number(seq + 1)))
        })
    }
}

/// Whether an entry that begins something on one tenant still has the word that the tenant is told.
fn is_to_be_told(conn: &mut Conn, seq: i64, body: &[u8]) -> Result<bool, StoreError> {
    let Ok(body) = serde_json::from_slice::<Body>(body) else { return Ok(false) };
    let is_told = matches!(body.act, Act::ShowTenant | Act::EraseTenant | Act::ViewForSupport);
    if body.step != Step::Begun || !is_told {
        return Ok(true);
    }
    let Some(tenant) = body.of.iter().find_map(|of| if let Of::Tenant(id) = of { Some(*id) } else { None }) else {
        return Ok(false);
    };
    let told: i64 = operator_tellings::table.find((seq, tenant)).count().get_result(conn)?;
    Ok(told == 1)
}

/// What is of two by its act is no deed of one's, whatever its type says.
fn of_one(who: Operator, deed: &impl ByOne) -> Result<Body, KeyringError> {
    if deed.act().is_of_two() {
        return Err(KeyringError::Defect("a deed of two operators is done as one's"));
    }
    Ok(beginning(who, deed))
}

fn beginning(who: Operator, deed: &impl Deed) -> Body {
    Body { operator: who, act: deed.act(), step: Step::Begun, begun: None, of: deed.of(), proposal: None, alone: false }
}

fn ending<D: Deed>(act: &OperatorAct<D>, step: Step) -> Body {
    Body { step, begun: Some(number(act.entry)), ..beginning(act.by, &act.deed) }
}

pub(super) fn begun(now: Time, conn: &mut Conn, body: &Body, touches: Touches) -> Result<i64, KeyringError> {
    let seq = append(conn, now, body)?;
    if let Touches::Tenant(tenant) = touches {
        touch(conn, seq, tenant)?;
    }
    Ok(seq)
}

fn ended(now: Time, conn: &mut Conn, body: &Body, touches: Touches) -> Result<(), KeyringError> {
    let seq = append(conn, now, body)?;
    match touches {
        Touches::Everybody if body.step == Step::Done => touch_everybody(conn, seq)?,
        // The tenant was told that support looks: that it saw nothing, is told too.
        Touches::Tenant(tenant) if body.act == Act::ViewForSupport && body.step == Step::Failed => {
            touch(conn, seq, tenant)?;
        }
        _ => {}
    }
    Ok(())
}

/// Writes down that `deed` is done, in the transaction that makes it so: a keyring that is put back, and a sign-in. What is
/// of two is marked as done alone: where no ledger was before, there was nobody to ask.
pub(in crate::kernel) fn note_at_once(
    conn: &mut Conn,
    now: Time,
    who: Operator,
    deed: &impl Deed,
) -> Result<(), StoreError> {
    let body = Body { alone: deed.act().is_of_two(), ..beginning(who, deed) };
    let begun = append(conn, now, &body)?;
    let seq = append(conn, now, &Body { step: Step::Done, begun: Some(number(begun)), alone: false, ..body })?;
    match deed.touches() {
        Touches::Everybody => touch_everybody(conn, seq),
        Touches::Tenant(tenant) => touch(conn, begun, tenant),
        Touches::Nobody => Ok(()),
    }
}

/// Writes down that `tenant` is to be told of an entry.
pub(in crate::kernel) fn touch(conn: &mut Conn, entry: i64, tenant: TenantId) -> Result<(), StoreError> {
    let row = (
        operator_tellings::seq.eq(entry),
        operator_tellings::tenant_id.eq(tenant),
        operator_tellings::held_until.eq(Time::from_micros(0)),
    );
    both(diesel::insert_into(operator_tellings::table).values(row).on_conflict_do_nothing()).execute(conn)?;
    Ok(())
}

/// The same of every tenant that has a key.
fn touch_everybody(conn: &mut Conn, entry: i64) -> Result<(), StoreError> {
    let (kind, active) = (Owner::Tenant(TenantId::from_bytes([0; 16])).kind(), KeyState::Active.code());
    Ok(conn.batch(&format!(
        "INSERT INTO operator_tellings (seq, tenant_id, held_until)
         SELECT {entry}, owner_id, 0 FROM owner_keys WHERE owner_kind = {kind} AND state = {active}"
    ))?)
}

/// Holds the head's row until the transaction ends: whoever else appends comes after.
pub(super) fn hold(conn: &mut Conn) -> Result<(), StoreError> {
    diesel::update(operator_head::table).set(operator_head::seq.eq(operator_head::seq)).execute(conn)?;
    Ok(())
}

/// Appends an entry; gives its number.
pub(super) fn append(conn: &mut Conn, now: Time, body: &Body) -> Result<i64, StoreError> {
    hold(conn)?;
    let (before, head): (i64, Vec<u8>) =
        operator_head::table.select((operator_head::seq, operator_head::chain)).get_result(conn)?;
    let seq = before + 1;
    let body = serde_json::to_vec(body).map_err(|_| StoreError::Refused("an entry that cannot be written"))?;
    let chained = chain(&head, seq, now, &body);
    diesel::insert_into(operator_entries::table)
        .values((
            operator_entries::seq.eq(seq),
            operator_entries::at.eq(now),
            operator_entries::body.eq(body),
            operator_entries::chain.eq(chained.as_slice()),
        ))
        .execute(conn)?;
    diesel::update(operator_head::table)
        .set((operator_head::seq.eq(seq), operator_head::chain.eq(chained.as_slice())))
        .execute(conn)?;
    Ok(seq)
}

/// `SHA-256("seif/operators/chain/1" | previous (none for the first) | seq(8, BE) | at(8, BE) | body)`.
fn chain(previous: &[u8], seq: i64, at: Time, body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"seif/operators/chain/1")
        .chain_update(previous)
        .chain_update(seq.to_be_bytes())
        .chain_update(at.micros().to_be_bytes())
        .chain_update(body)
        .finalize()
        .into()
}

/// The entry of a row.
pub(super) fn read(seq: i64, at: Time, body: &[u8]) -> Result<Entry, StoreError> {
    let body: Body = serde_json::from_slice(body).map_err(|_| StoreError::Unreadable)?;
    let Body { operator, act, step, begun, of, proposal, alone } = body;
    Ok(Entry { entry: number(seq), at, operator, act, step, begun, of, proposal, alone })
}

fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

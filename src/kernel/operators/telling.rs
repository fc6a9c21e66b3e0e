//! Tenants are told, in their own audit, what an operator did that touches them.

use std::time::Duration;

use diesel::{ExpressionMethods as _, JoinOnDsl as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use super::ledger::{Ledger, read};
use crate::kernel::audit::{self, ByOperator, Event, SealedEntry, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AuditId, TenantId};
use crate::kernel::keyring::tables::{operator_entries, operator_tellings};
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::operators::{
    Asked, ByOne, ByTwo, Entry, Of, Operator, OperatorAct, ProposalError, Step, TwoPersons,
};
use crate::kernel::store::schema::audit_entries;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, NoticeScope};
use crate::kernel::{Kernel, store_error};

/// How long nobody else tells what one has begun to tell; whoever has sealed their vault is tried again after it.
const HOLD: Duration = Duration::from_secs(30);

/// How many are told at a time.
const SOME: i64 = 100;

/// What became of a telling.
enum Told {
    /// It stands in the tenant's audit; or there is no tenant any more.
    Done,
    /// Nobody is given the tenant's keys now.
    Later,
}

impl Kernel {
    /// Does `deed` on behalf of `who`, as [`Ledger::operate`] does, and tells at once the tenants that it touches.
    ///
    /// # Errors
    /// As [`Ledger::operate`].
    pub async fn operate<D: ByOne, R, E>(
        &self,
        who: Operator,
        deed: D,
        run: impl AsyncFnOnce(&OperatorAct<D>) -> Result<R, E>,
    ) -> Result<Result<R, E>, KeyringError> {
        let ledger = Ledger::of(self.keyring());
        let act = ledger.begin(who, deed).await?;
        self.tell_now().await;
        let done = run(&act).await;
        ledger.end(&act, if done.is_ok() { Step::Done } else { Step::Failed }).await?;
        self.tell_now().await;
        Ok(done)
    }

    /// As [`Kernel::operate`] for what is of two: it is done where another operator has confirmed exactly this, or where
    /// there is nobody to ask; otherwise it is proposed, and nothing is done.
    ///
    /// # Errors
    /// As [`Ledger::operate_by_two_blocking`].
    pub async fn operate_by_two<D: ByTwo, R, E>(
        &self,
        who: Operator,
        rule: TwoPersons,
        deed: D,
        run: impl AsyncFnOnce(&OperatorAct<D>) -> Result<R, E>,
    ) -> Result<Asked<Result<R, E>>, ProposalError> {
        let ledger = Ledger::of(self.keyring());
        let act = match ledger.begin_by_two(who, rule, deed).await? {
            Asked::Done(act) => act,
            Asked::Proposed(id) => return Ok(Asked::Proposed(id)),
        };
        self.tell_now().await;
        let done = run(&act).await;
        ledger.end(&act, if done.is_ok() { Step::Done } else { Step::Failed }).await?;
        self.tell_now().await;
        Ok(Asked::Done(done))
    }

    /// What cannot be told now is told by the service, within the minute.
    async fn tell_now(&self) {
        if let Err(error) = self.tell_tenants().await {
            tracing::warn!(%error, "what an operator did is not told to every tenant yet");
        }
    }

    /// Tells every tenant what an operator did that touches it and that it was not told yet, once; gives how many
    /// tellings that were.
    ///
    /// # Errors
    /// A database is away, or who keeps the root key: then it is told the next time.
    pub async fn tell_tenants(&self) -> Result<usize, StoreError> {
        let mut told = 0;
        loop {
            let claimed = claim(self.keyring()).await.map_err(|error| store_error(&error))?;
            if claimed.is_empty() {
                return Ok(told);
            }
            for (seq, tenant, entry) in claimed {
                match self.tell_one(tenant, entry).await? {
                    Told::Done => {
                        let done = self.keyring().db().write(Vec::new(), move |tx| -> Result<(), StoreError> {
                            diesel::update(operator_tellings::table.find((seq, tenant)))
                                .set(operator_tellings::told_at.eq(Some(tx.now())))
                                .execute(tx.conn())?;
                            Ok(())
                        });
                        done.await?;
                        told += 1;
                    }
                    Told::Later => {}
                }
            }
        }
    }

    /// Writes `entry` into the tenant's audit, unless it stands there.
    async fn tell_one(&self, tenant: TenantId, entry: Entry) -> Result<Told, StoreError> {
        let Some(action) = entry.act.told_as(entry.step) else { return Ok(Told::Done) };
        let keys = match self.keyring().reach(Owner::Tenant(tenant)).await {
            Ok(keys) => keys,
            // Erased: there is no audit to tell it in.
            Err(KeyringError::NoKey(_)) => return Ok(Told::Done),
            Err(KeyringError::Sealed(_)) => return Ok(Told::Later),
            Err(error) => return Err(store_error(&error)),
        };
        let by = ByOperator { operator: entry.operator.to_string(), entry: entry.entry };
        let mut event = Event::new(action).by(by);
        event.subjects = entry.of.iter().filter_map(subject).collect();
        let (at, number) = (entry.at, entry.entry);
        let write = move |tx: &mut Tx<'_>, scope: &NoticeScope| -> Result<(), StoreError> {
            let id = id_of(number, scope.tenant(), at);
            let known: i64 = audit_entries::rows(scope)
                .filter(audit_entries::at.eq(at))
                .filter(audit_entries::id.eq(id))
                .count()
                .get_result(tx.conn())?;
            if known > 0 {
                return Ok(());
            }
            let sealed = SealedEntry::of_nobody(scope, id, &event, at, tx.entropy())?;
            audit::append(tx, scope, [&sealed])
        };
        match self.write("operators.tell", &NoticeScope::new(tenant, keys), write).await {
            Ok(()) => Ok(Told::Done),
            // Erased, or sealed, a moment ago.
            Err(StoreError::NoKey(_) | StoreError::Sealed(_)) => Ok(Told::Later),
            Err(error) => Err(error),
        }
    }
}

/// What of an entry's objects a tenant knows by the same id.
fn subject(of: &Of) -> Option<Subject> {
    match of {
        Of::Collection(id) => Some(Subject::Collection(*id)),
        Of::SupportGrant(id) => Some(Subject::SupportGrant(*id)),
        _ => None,
    }
}

/// The id that the telling has in the tenant's audit: always the same, so that it stands there once. As UUIDv7 it sorts by
/// its time.
fn id_of(entry: u64, tenant: TenantId, at: Time) -> AuditId {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"seif/operators/told/1")
        .chain_update(entry.to_be_bytes())
        .chain_update(tenant.as_bytes())
        .finalize()
        .into();
    let millis = at.millis().to_be_bytes();
    let mut id = [0; 16];
    let (time, rest) = id.split_at_mut(6);
    time.iter_mut().zip(millis.iter().skip(2)).for_each(|(to, from)| *to = *from);
    rest.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut id;
    *version = (*version & 0x0f) | 0x70;
    *variant = (*variant & 0x3f) | 0x80;
    AuditId::from_bytes(id)
}

/// Takes some that nobody else is telling.
async fn claim(keyring: &Keyring) -> Result<Vec<(i64, TenantId, Entry)>, KeyringError> {
    keyring
        .db()
        .write(Vec::new(), move |tx| {
            let now = tx.now();
            let due: Vec<(i64, TenantId, Time, Vec<u8>)> = operator_tellings::table
                .inner_join(operator_entries::table.on(operator_entries::seq.eq(operator_tellings::seq)))
                .filter(operator_tellings::told_at.is_null())
                .filter(operator_tellings::held_until.le(now))
                .order((operator_tellings::seq, operator_tellings::tenant_id))
                .limit(SOME)
                .select((
                    operator_tellings::seq,
                    operator_tellings::tenant_id,
                    operator_entries::at,
                    operator_entries::body,
                ))
                .load(tx.conn())
                .map_err(StoreError::from)?;
            let mut claimed = Vec::new();
            for (seq, tenant, at, body) in due {
                let mine = operator_tellings::table.find((seq, tenant)).filter(operator_tellings::held_until.le(now));
                let held = diesel::update(mine).set(operator_tellings::held_until.eq(now.plus(HOLD)));
                if held.execute(tx.conn()).map_err(StoreError::from)? == 1 {
                    claimed.push((seq, tenant, read(seq, at, &body)?));
                }
            }
            Ok(claimed)
        })
        .await
}

/// Lets every tenant be told again what its audit does not say: the data was put back from a copy that is older.
pub(in crate::kernel) fn tell_again(keyring: &Keyring) -> Result<(), KeyringError> {
    keyring.db().write_blocking(Vec::new(), move |tx| -> Result<(), KeyringError> {
        let untold =
            (operator_tellings::told_at.eq(None::<Time>), operator_tellings::held_until.eq(Time::from_micros(0)));
        diesel::update(operator_tellings::table).set(untold).execute(tx.conn()).map_err(StoreError::from)?;
        Ok(())
    })
}

//! The audit: every read is noted before its answer leaves, and the trail itself can be read and verified.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::kernel::access::{TenantAccess, Use};
use crate::kernel::audit::{self, Action, ActorBody, ByOperator, Event, SealedEntry, Subject, Verification};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AccountId, AuditId, RecordId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::store_error;
use crate::kernel::tenancy::{By, TenantScope};
use crate::vault::cursor::{Cursors, Limit, Page, page};
use crate::vault::definition::Collection;
use crate::vault::values::{Revealed, Shown};
use crate::vault::{Error, Vault};

/// An entry of the audit as its tenant sees it. Fit for an answer.
#[derive(Serialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When it happened.
    pub at: Time,
    /// What was done; nothing once erased.
    pub action: Option<Action>,
    /// To what.
    pub subjects: Vec<Subject>,
    /// How many, where it was many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Who did it; nothing once erased.
    pub actor: Option<AuditActor>,
}

/// An entry in a list, or the id of one that does not open.
pub enum AuditItem {
    /// It opens.
    Entry(AuditEntry),
    /// It does not.
    Unreadable(AuditId),
}

/// Who did something. What tells of the person is gone once the account is erased.
#[derive(Serialize)]
pub struct AuditActor {
    /// The account; nobody's where an operator did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The operator: `local:UID` or `operator:ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The number of the entry in the operators' own ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// In which session or through which token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With what, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A page of the audit, or who acted in it and has no key in memory.
enum Listed {
    Whole(Page<AuditItem>),
    Without(BTreeSet<AccountId>),
}

impl Vault {
    /// Lists what was done in the tenant, newest first.
    ///
    /// # Errors
    /// A cursor of another list; the store's, or the keyring's that knows who acted.
    pub async fn audit(
        &self,
        access: &TenantAccess,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<AuditItem>, Error> {
        let found = self.audit_read(access, limit, after).await?;
        self.note(access, &Event::new(Action::AuditRead).counting(found.items.len()))?;
        Ok(found)
    }

    /// As [`Vault::audit`], of what is noted as a whole.
    pub(super) async fn audit_read(
        &self,
        access: &TenantAccess,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<AuditItem>, Error> {
        self.flush().await?;
        // The first time it is found out who acted; then the keys of those whom nobody asked for lately are asked for.
        let missing = match self.audit_page(access, limit, after.clone()).await? {
            Listed::Whole(found) => return Ok(found),
            Listed::Without(missing) => missing,
        };
        for account in missing {
            match self.kernel.keyring().reach(Owner::Account(account)).await {
                Ok(_) | Err(KeyringError::NoKey(_)) => {}
                Err(error) => return Err(store_error(&error).into()),
            }
        }
        match self.audit_page(access, limit, after).await? {
            Listed::Whole(found) => Ok(found),
            Listed::Without(_) => Err(StoreError::KeysAway.into()),
        }
    }

    async fn audit_page(&self, access: &TenantAccess, limit: Limit, after: Option<String>) -> Result<Listed, Error> {
        let kernel = self.kernel.clone();
        self.kernel
            .read(&access.scope, move |tx, scope| -> Result<Listed, Error> {
                let missing = RefCell::new(BTreeSet::new());
                let cursors = Cursors::new(scope.keys(), &[b"audit"]);
                let before = cursors.read::<24>(after.as_deref())?.map(position).transpose()?;
                let keys_of = |account| match kernel.keyring().keys(Owner::Account(account)) {
                    Ok(keys) => Ok(Some(keys)),
                    Err(KeyringError::NoKey(_)) => Ok(None),
                    Err(KeyringError::RootAway(_)) => {
                        missing.borrow_mut().insert(account);
                        Ok(None)
                    }
                    Err(error) => Err(store_error(&error)),
                };
                let entries = audit::list(tx, scope, before, limit.and_one(), &keys_of)?;
                let entries = page(entries, limit, |entry| cursors.write(position_of(entry)));
                let missing = missing.into_inner();
                if !missing.is_empty() {
                    return Ok(Listed::Without(missing));
                }
                Ok(Listed::Whole(Page { items: entries.items.into_iter().map(shown).collect(), next: entries.next }))
            })
            .await
    }

    /// Re-computes the tenant's whole audit, with every read noted so far.
    ///
    /// # Errors
    /// The store's. A chain that does not hold is a finding, not an error.
    pub async fn verify_audit(&self, access: &TenantAccess) -> Result<Verification, Error> {
        self.flush().await?;
        let found = self.kernel.read(&access.scope, |tx, scope| audit::verify(tx, scope).map_err(Error::from)).await?;
        self.note(access, &Event::new(Action::AuditVerified))?;
        Ok(found)
    }

    /// Moves the reads noted so far into the audit.
    async fn flush(&self) -> Result<(), Error> {
        Ok(self.kernel.journal().flushed().await?)
    }

    /// Notes a read: once this returns, a kill does not lose it.
    pub(super) fn note(&self, access: &TenantAccess, event: &Event) -> Result<(), Error> {
        let entry = SealedEntry::new(&access.scope, event, self.kernel.now(), self.kernel.entropy())?;
        Ok(self.kernel.journal().note(entry)?)
    }

    /// Counts what is about to leave for a caller who has a limit (K-9), in a transaction of its own: what was read is not
    /// shown to whom it is refused.
    pub(super) async fn charge(&self, access: &TenantAccess, records: usize) -> Result<(), Error> {
        let Some(meter) = access.meter(Use::Read).filter(|_| records > 0) else { return Ok(()) };
        let charge = move |tx: &mut Tx<'_>, scope: &TenantScope| Ok(meter.charge(tx, scope, records)?);
        self.kernel.write("records.charge", &access.scope, charge).await
    }

    /// Counts and notes that one record was read, and what of it was revealed.
    pub(super) async fn note_read(
        &self,
        access: &TenantAccess,
        action: Action,
        shown: &Shown,
        record: Option<RecordId>,
        count: Option<usize>,
    ) -> Result<(), Error> {
        self.charge(access, count.unwrap_or(1)).await?;
        let revealed: Vec<_> =
            shown.revealed.fields(&shown.collection).filter(|f| shown.values.get(f).is_some()).collect();
        let action = if revealed.is_empty() { action } else { Action::RecordRevealed };
        let mut event = Event::new(action).of(Subject::Collection(shown.collection.id));
        event = record.into_iter().fold(event, |event, id| event.of(Subject::Record(id)));
        event = count.into_iter().fold(event, Event::counting);
        event = revealed.into_iter().fold(event, |event, field| event.of(Subject::Field(field.id)));
        self.note(access, &event)
    }

    /// Counts and notes that so many records were read at once, and which fields of them were revealed.
    pub(super) async fn note_list(
        &self,
        access: &TenantAccess,
        action: Action,
        collection: &Collection,
        revealed: &Revealed,
        count: usize,
    ) -> Result<(), Error> {
        self.charge(access, count).await?;
        self.note(access, &Event::new(action).of(Subject::Collection(collection.id)).counting(count))?;
        let mut reveal = Event::new(Action::RecordRevealed).of(Subject::Collection(collection.id)).counting(count);
        reveal = revealed.fields(collection).fold(reveal, |event, field| event.of(Subject::Field(field.id)));
        if reveal.subjects.len() > 1 && count > 0 { self.note(access, &reveal) } else { Ok(()) }
    }

    /// Counts and notes that a record's history was read, and which fields of it were revealed.
    pub(super) async fn note_history(
        &self,
        access: &TenantAccess,
        collection: &Collection,
        record: RecordId,
        revealed: &Revealed,
    ) -> Result<(), Error> {
        self.charge(access, 1).await?;
        let of = |action| Event::new(action).of(Subject::Collection(collection.id)).of(Subject::Record(record));
        self.note(access, &of(Action::RecordHistoryRead))?;
        let mut fields = revealed.fields(collection).peekable();
        if fields.peek().is_none() {
            return Ok(());
        }
        let reveal = fields.fold(of(Action::RecordRevealed), |event, field| event.of(Subject::Field(field.id)));
        self.note(access, &reveal)
    }
}

fn position_of(entry: &audit::Entry) -> [u8; 24] {
    let mut position = [0; 24];
    let bytes = entry.at.micros().to_be_bytes().into_iter().chain(*entry.id.as_bytes());
    position.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    position
}

fn position(bytes: [u8; 24]) -> Result<(Time, AuditId), Error> {
    let (at, rest) = bytes.split_first_chunk::<8>().ok_or(Error::BadCursor)?;
    let id = rest.first_chunk::<16>().ok_or(Error::BadCursor)?;
    Ok((Time::from_micros(i64::from_be_bytes(*at)), AuditId::from_bytes(*id)))
}

fn shown(entry: audit::Entry) -> AuditItem {
    let audit::Entry { id, at, told } = entry;
    let Ok(told) = told else { return AuditItem::Unreadable(id) };
    let (action, subjects, count, operator) = told.event.map_or((None, Vec::new(), None, None), |event| {
        (Some(event.action), event.subjects, event.count, event.operator)
    });
    let by_operator = |by: ByOperator| AuditActor {
        account: None,
        operator: Some(by.operator),
        entry: Some(by.entry),
        by: None,
        address: None,
        device: None,
    };
    let by_account = |(account, known): (AccountId, Option<ActorBody>)| AuditActor {
        account: Some(account),
        operator: None,
        entry: None,
        by: known.as_ref().map(|actor| actor.by),
        address: known.as_ref().map(|actor| actor.address.reveal().to_string()),
        device: known.map(|actor| actor.device.into_revealed()),
    };
    let actor = told.actor.map(by_account).or_else(|| operator.map(by_operator));
    AuditItem::Entry(AuditEntry { id, at, action, subjects, count, actor })
}

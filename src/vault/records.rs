//! Records: made, read, changed, and taken to the trash and back, each in one transaction with its audit.

use std::sync::Arc;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::Serialize;

use crate::kernel::access::limits::Meter;
use crate::kernel::access::{MayReveal, TenantAccess, Use};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Sealed;
use crate::kernel::idempotency::{Once, Outcome, once};
use crate::kernel::ids::RecordId;
use crate::kernel::store::append::NewRecord;
use crate::kernel::store::schema::records;
use crate::kernel::store::{StoreError, Tx, each};
use crate::kernel::tenancy::TenantScope;
use crate::kernel::values::Country;
use crate::vault::cursor::{Cursors, Limit, Page, page};
use crate::vault::definition::Collection;
use crate::vault::history::Change;
use crate::vault::known::{self, Known};
use crate::vault::values::{Input, Revealed, Shown, Unnamed, Values, checked, needs_home};
use crate::vault::writing::{self, Body, RecordBody};
use crate::vault::{Error, Fault, Home, Vault, index, links};

/// The most records of a batch.
const MOST_IN_A_BATCH: usize = 1_000;

/// The most faults that a batch tells.
const MOST_FAULTS: usize = 100;

/// A record as its reader may see it.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Counted from 1.
    pub version: i64,
    /// Its values, sensitive ones masked.
    pub values: Shown,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
    /// When it went to the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Time>,
}

/// A record in a list: one that does not open is told by its id, and the rest of the list stands.
#[derive(Debug, Clone)]
pub enum Item {
    /// It opened.
    Record(Record),
    /// It did not.
    Unreadable(RecordId),
}

impl Item {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        match self {
            Self::Record(record) => record.id,
            Self::Unreadable(id) => *id,
        }
    }
}

/// Which version of a record a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// None was named.
    Missing,
    /// Whichever stands.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

impl Precondition {
    pub(super) fn allow(&self, version: i64) -> Result<(), Error> {
        match self {
            Self::Missing => Err(Error::PreconditionRequired),
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::VersionConflict),
        }
    }
}

/// A record's row.
pub(super) type Row = (RecordId, i64, Time, Time, Option<Time>, Sealed<RecordBody>);

/// The columns of a [`Row`].
pub(super) const ROW: (
    records::id,
    records::version,
    records::created_at,
    records::updated_at,
    records::trashed_at,
    records::body,
) = (records::id, records::version, records::created_at, records::updated_at, records::trashed_at, records::body);

impl Vault {
    /// Makes a record.
    ///
    /// # Errors
    /// No such collection; values that do not hold; a unique value that is another's.
    pub async fn create(
        &self,
        access: &TenantAccess,
        slug: &str,
        input: Input,
        wish: Option<Once<Record>>,
    ) -> Result<Outcome<Record>, Error> {
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        let Some(wish) = wish else {
            let run = move |tx: &mut Tx<'_>, scope: &TenantScope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                create(tx, scope, Means { known: &known, home }, collection, &input).map(Outcome::Done)
            };
            return self.kernel.append("records.create", &access.scope, run).await;
        };
        self.kernel
            .write("records.create", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                once(tx, scope, Some(&wish), |tx| create(tx, scope, Means { known: &known, home }, collection, &input))
            })
            .await
    }

    /// Makes up to 1,000 records, all or none.
    ///
    /// # Errors
    /// As [`Vault::create`]; pointers start with the record's place in the batch.
    pub async fn create_batch(
        &self,
        access: &TenantAccess,
        slug: &str,
        inputs: Vec<Input>,
        wish: Option<Once<Vec<RecordId>>>,
    ) -> Result<Outcome<Vec<RecordId>>, Error> {
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        self.kernel
            .write("records.batch", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                once(tx, scope, wish.as_ref(), |tx| {
                    create_batch(tx, scope, Means { known: &known, home }, &collection, &inputs)
                })
            })
            .await
    }

    /// Reads one record; `reveal` names the sensitive fields to show in the clear, for who may.
    ///
    /// # Errors
    /// No such record; it does not open; who may not reveal.
    pub async fn record(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        reveal: Vec<String>,
    ) -> Result<Record, Error> {
        let may = may_reveal(access, &reveal)?;
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let record = self
            .kernel
            .point(&access.scope, move |tx, scope| -> Result<Record, Error> {
                let collection = known::find(tx, scope, &known, &slug)?;
                let revealed = revealed(&collection, &reveal, may)?;
                let row = live(tx, scope, &collection, id)?;
                open(scope, &collection, row, revealed)
            })
            .await?;
        self.note_read(access, Action::RecordRead, &record.values, Some(id), None).await?;
        Ok(record)
    }

    /// Lists the records of a collection, newest first.
    ///
    /// # Errors
    /// No such collection; a cursor of another list; who may not reveal.
    pub async fn records(
        &self,
        access: &TenantAccess,
        slug: &str,
        limit: Limit,
        after: Option<String>,
        reveal: Vec<String>,
    ) -> Result<Page<Item>, Error> {
        self.listed(access, slug, Which::Live, limit, after, reveal).await
    }

    /// Lists the records of a collection that are in the trash.
    ///
    /// # Errors
    /// As [`Vault::records`].
    pub async fn trash(
        &self,
        access: &TenantAccess,
        slug: &str,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<Item>, Error> {
        self.listed(access, slug, Which::Trashed, limit, after, Vec::new()).await
    }

    async fn listed(
        &self,
        access: &TenantAccess,
        slug: &str,
        which: Which,
        limit: Limit,
        after: Option<String>,
        reveal: Vec<String>,
    ) -> Result<Page<Item>, Error> {
        let may = may_reveal_many(access, &reveal, self.kernel.now())?;
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let (collection, revealed, page) = self
            .kernel
            .read(&access.scope, move |tx, scope| -> Result<_, Error> {
                let collection = known::find(tx, scope, &known, &slug)?;
                let revealed = revealed(&collection, &reveal, may)?;
                let page = list(tx, scope, &collection, which, limit, after.as_deref(), &revealed)?;
                Ok((collection, revealed, page))
            })
            .await?;
        self.note_list(access, Action::RecordsListed, &collection, &revealed, page.items.len()).await?;
        Ok(page)
    }

    /// Replaces a record's values.
    ///
    /// # Errors
    /// No such record; another version than `expected`; values that do not hold; a unique value that is another's.
    pub async fn replace(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
        input: Input,
    ) -> Result<Record, Error> {
        self.change(access, slug, id, expected, input, Unnamed::Cleared).await
    }

    /// Merges into a record's values (RFC 7396).
    ///
    /// # Errors
    /// As [`Vault::replace`].
    pub async fn merge(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
        input: Input,
    ) -> Result<Record, Error> {
        self.change(access, slug, id, expected, input, Unnamed::Kept).await
    }

    async fn change(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
        input: Input,
        unnamed: Unnamed,
    ) -> Result<Record, Error> {
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        // Its answer shows the whole record, were the change an empty one.
        let meter = access.meter(Use::Read);
        self.kernel
            .write("records.change", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                charge(meter.as_ref(), tx, scope)?;
                change(tx, scope, Means { known: &known, home }, &collection, id, &expected, (&input, unnamed))
            })
            .await
    }

    /// Whether a change of the record may go on to its body: it is there, and the version is the one expected.
    ///
    /// # Errors
    /// No such record; no version, or another.
    pub async fn demand(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
    ) -> Result<(), Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        self.kernel
            .point(&access.scope, move |tx, scope| {
                let collection = known::find(tx, scope, &known, &slug)?;
                let (_, version, ..) = live(tx, scope, &collection, id)?;
                expected.allow(version)
            })
            .await
    }

    /// Takes a record to the trash: it is found no more, and its unique values are free.
    ///
    /// # Errors
    /// No such record; no version, or another.
    pub async fn discard(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
    ) -> Result<(), Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let meter = access.meter(Use::Delete);
        self.kernel
            .write("records.trash", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                let row = live(tx, scope, &collection, id)?;
                expected.allow(row.1)?;
                charge(meter.as_ref(), tx, scope)?;
                let body = writing::open(scope, &row)?;
                index::hold(tx, scope, &collection, id)?;
                index::remove(tx, scope, id)?;
                writing::supersede(tx, scope, &collection, (&row, &body), Change::Trashed, body.values.clone())?;
                Ok(audit::record(tx, scope, &event(Action::RecordTrashed, &collection, id))?)
            })
            .await
    }

    /// Brings a record back from the trash.
    ///
    /// # Errors
    /// No such record in the trash; one of its unique values is another's by now.
    pub async fn restore(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        wish: Option<Once<Record>>,
    ) -> Result<Outcome<Record>, Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let meter = access.meter(Use::Read);
        self.kernel
            .write("records.restore", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                charge(meter.as_ref(), tx, scope)?;
                once(tx, scope, wish.as_ref(), |tx| restore(tx, scope, &collection, id))
            })
            .await
    }

    /// Whether the collection is there.
    ///
    /// # Errors
    /// No such collection.
    pub async fn demand_collection(&self, access: &TenantAccess, slug: &str) -> Result<(), Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        self.kernel.point(&access.scope, move |tx, scope| known::find(tx, scope, &known, &slug).map(drop)).await
    }
}

/// What a writing transaction has at hand.
#[derive(Clone, Copy)]
struct Means<'k> {
    known: &'k Known,
    home: Home,
}

impl Means<'_> {
    /// The tenant's country, where it decides what `inputs` mean.
    fn country<'i>(
        self,
        tx: &mut Tx<'_>,
        scope: &TenantScope,
        collection: &Collection,
        before: &Values,
        inputs: impl IntoIterator<Item = &'i Input>,
        unnamed: Unnamed,
    ) -> Result<Option<Country>, StoreError> {
        if !needs_home(collection, before, inputs, unnamed) {
            return Ok(None);
        }
        tx.demand_alone()?;
        (self.home)(tx, scope)
    }
}

/// Counts one record for a caller who has a limit (K-9), in the transaction that does it.
pub(super) fn charge(meter: Option<&Meter>, tx: &mut Tx<'_>, scope: &TenantScope) -> Result<(), Error> {
    meter.map_or(Ok(()), |meter| Ok(meter.charge(tx, scope, 1)?))
}

/// Which records of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Not in the trash.
    Live,
    /// In the trash.
    Trashed,
}

/// The right to see what `reveal` names, where it names anything.
pub(super) fn may_reveal(access: &TenantAccess, reveal: &[String]) -> Result<Option<MayReveal>, Error> {
    if reveal.is_empty() { Ok(None) } else { Ok(Some(access.may_reveal()?)) }
}

/// The same of many records at once.
fn may_reveal_many(access: &TenantAccess, reveal: &[String], now: Time) -> Result<Option<MayReveal>, Error> {
    if reveal.is_empty() { Ok(None) } else { Ok(Some(access.may_reveal_many(now)?)) }
}

/// The fields to reveal, for who has the right.
pub(super) fn revealed(collection: &Collection, names: &[String], may: Option<MayReveal>) -> Result<Revealed, Error> {
    if may.is_some() { Revealed::named(collection, names) } else { Ok(Revealed::default()) }
}

pub(super) fn event(action: Action, collection: &Collection, record: RecordId) -> Event {
    Event::new(action).of(Subject::Collection(collection.id)).of(Subject::Record(record))
}

/// The row of a live record of this collection.
fn live(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection, id: RecordId) -> Result<Row, Error> {
    let row = any(tx, scope, collection, id)?;
    if row.4.is_none() { Ok(row) } else { Err(Error::NotFound) }
}

/// The row of a record of this collection, in the trash or not.
pub(super) fn any(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection, id: RecordId) -> Result<Row, Error> {
    let query =
        records::rows(scope).filter(records::id.eq(id)).filter(records::collection_id.eq(collection.id)).select(ROW);
    each!(tx.conn(), c => query.get_result(c)).optional()?.ok_or(Error::NotFound)
}

/// A row as its reader may see it.
fn open(scope: &TenantScope, collection: &Arc<Collection>, row: Row, revealed: Revealed) -> Result<Record, Error> {
    let Body { values, .. } = writing::open(scope, &row)?;
    let (id, version, created_at, updated_at, trashed_at, _) = row;
    let values = Shown { collection: Arc::clone(collection), values, revealed };
    Ok(Record { id, version, values, created_at, updated_at, trashed_at })
}

/// A row of a list: what does not open does not break it.
pub(super) fn item(
    scope: &TenantScope,
    collection: &Arc<Collection>,
    row: Row,
    revealed: &Revealed,
) -> Result<Item, Error> {
    let id = row.0;
    match open(scope, collection, row, revealed.clone()) {
        Err(Error::Store(StoreError::Unreadable)) => Ok(Item::Unreadable(id)),
        other => other.map(Item::Record),
    }
}

fn create(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    means: Means<'_>,
    collection: Arc<Collection>,
    input: &Input,
) -> Result<Record, Error> {
    let none = Values::default();
    let home = means.country(tx, scope, &collection, &none, [input], Unnamed::Cleared)?;
    let values = checked(&collection, &none, input, Unnamed::Cleared, home, "/values").map_err(Error::Invalid)?;
    links::demand(tx, scope, means.known, &collection, &none, [("/values", &values)])?;
    let (id, now) = (RecordId::new(tx.now(), tx.entropy()), tx.now());
    let body = writing::seal(tx, scope, id, 1, Change::Created, values.clone());
    tx.append(vec![NewRecord::new(scope, id, collection.id, now, body)])?;
    index::insert(tx, scope, &collection, id, &values)?;
    audit::record(tx, scope, &event(Action::RecordCreated, &collection, id))?;
    let values = Shown { collection, values, revealed: Revealed::default() };
    Ok(Record { id, version: 1, values, created_at: now, updated_at: now, trashed_at: None })
}

fn create_batch(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    means: Means<'_>,
    collection: &Collection,
    inputs: &[Input],
) -> Result<Vec<RecordId>, Error> {
    if !(1..=MOST_IN_A_BATCH).contains(&inputs.len()) {
        return Err(Fault::new("/records", "count", "A batch has 1 to 1,000 records.").into());
    }
    let none = Values::default();
    let home = means.country(tx, scope, collection, &none, inputs, Unnamed::Cleared)?;
    let (mut made, mut faults) = (Vec::with_capacity(inputs.len()), Vec::new());
    for (number, input) in inputs.iter().enumerate() {
        let at = format!("/records/{number}/values");
        match checked(collection, &none, input, Unnamed::Cleared, home, &at) {
            Ok(values) => made.push((RecordId::new(tx.now(), tx.entropy()), values)),
            Err(found) => faults.extend(found),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let pointers: Vec<String> = (0..made.len()).map(|number| format!("/records/{number}/values")).collect();
    let linked = pointers.iter().map(String::as_str).zip(made.iter().map(|(_, values)| values));
    links::demand(tx, scope, means.known, collection, &none, linked)?;
    writing::insert_many(tx, scope, collection, &made)?;
    let searchable: Vec<_> = collection.fields().iter().filter(|field| field.searchable).collect();
    index::insert_many(tx, scope, &searchable, &made, |number, field| {
        format!("/records/{number}/values/{}", field.name)
    })?;
    let event = Event::new(Action::RecordsCreated).of(Subject::Collection(collection.id)).counting(made.len());
    audit::record(tx, scope, &event)?;
    Ok(made.into_iter().map(|(id, _)| id).collect())
}

pub(super) fn list(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Arc<Collection>,
    which: Which,
    limit: Limit,
    after: Option<&str>,
    revealed: &Revealed,
) -> Result<Page<Item>, Error> {
    let name: &[u8] = if which == Which::Live { b"records" } else { b"trash" };
    let cursors = Cursors::new(scope.keys(), &[name, collection.id.as_bytes()]);
    let before = cursors.read(after)?.map_or(RecordId::from_bytes([0xff; 16]), RecordId::from_bytes);
    let rows = records::rows(scope).filter(records::collection_id.eq(collection.id)).filter(records::id.lt(before));
    let rows: Vec<Row> = match which {
        Which::Live => {
            let live = rows.filter(records::trashed_at.is_null());
            let page = live.order(records::id.desc()).limit(limit.and_one()).select(ROW);
            each!(tx.conn(), c => page.load(c))?
        }
        Which::Trashed => {
            let trashed = rows.filter(records::trashed_at.is_not_null());
            let page = trashed.order(records::id.desc()).limit(limit.and_one()).select(ROW);
            each!(tx.conn(), c => page.load(c))?
        }
    };
    let Page { items, next } = page(rows, limit, |row| cursors.write(*row.0.as_bytes()));
    let items = items.into_iter().map(|row| item(scope, collection, row, revealed)).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

fn change(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    means: Means<'_>,
    collection: &Arc<Collection>,
    id: RecordId,
    expected: &Precondition,
    (input, unnamed): (&Input, Unnamed),
) -> Result<Record, Error> {
    let row = live(tx, scope, collection, id)?;
    expected.allow(row.1)?;
    let body = writing::open(scope, &row)?;
    let before = &body.values;
    let home = means.country(tx, scope, collection, before, [input], unnamed)?;
    let values = checked(collection, before, input, unnamed, home, "/values").map_err(Error::Invalid)?;
    let changed = values != *before;
    let (version, updated_at) = if changed {
        links::demand(tx, scope, means.known, collection, before, [("/values", &values)])?;
        index::replace(tx, scope, collection, id, before, &values)?;
        let version = writing::supersede(tx, scope, collection, (&row, &body), Change::Changed, values.clone())?;
        audit::record(tx, scope, &event(Action::RecordChanged, collection, id))?;
        (version, tx.now())
    } else {
        (row.1, row.3)
    };
    let values = Shown { collection: Arc::clone(collection), values, revealed: Revealed::default() };
    Ok(Record { id, version, values, created_at: row.2, updated_at, trashed_at: None })
}

fn restore(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Arc<Collection>, id: RecordId) -> Result<Record, Error> {
    let row = any(tx, scope, collection, id)?;
    if row.4.is_none() {
        return Err(Error::NotFound);
    }
    let body = writing::open(scope, &row)?;
    index::insert(tx, scope, collection, id, &body.values)?;
    let version = writing::supersede(tx, scope, collection, (&row, &body), Change::Restored, body.values.clone())?;
    audit::record(tx, scope, &event(Action::RecordRestored, collection, id))?;
    let values = Shown { collection: Arc::clone(collection), values: body.values, revealed: Revealed::default() };
    Ok(Record { id, version, values, created_at: row.2, updated_at: tx.now(), trashed_at: None })
}

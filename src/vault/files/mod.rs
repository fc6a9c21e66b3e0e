//! Files: what they are called and what they hold, sealed; stored as they come in, without ever being whole in memory.
//!
//! A file belongs to a record, or to the vault alone. Its content never changes. The row holds its name, type, digest and
//! key, sealed; the content is an object of the kernel's ([`kernel::objects`](crate::kernel::objects)).

mod incoming;
mod outgoing;

use std::collections::HashSet;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

pub use self::incoming::{Incoming, Room};
pub use self::outgoing::{Found, Outgoing, Part};
use crate::kernel::access::{TenantAccess, Use};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AnyId, CollectionId, FileId, RecordId};
use crate::kernel::objects;
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::{collections, files, records};
use crate::kernel::store::{StoreError, Tx, each};
use crate::kernel::tenancy::TenantScope;
use crate::vault::cursor::{Cursors, Limit, Page, page};
use crate::vault::records::charge;
use crate::vault::{Error, Vault};

/// A file as its reader may see it. Fit for an answer.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// What it is called.
    #[serde(with = "revealed")]
    pub name: Personal<String>,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal.
    #[serde(with = "revealed")]
    pub sha256: Personal<String>,
    /// Its type, as whoever stored it said.
    #[serde(with = "revealed")]
    pub media_type: Personal<String>,
    /// The record that it belongs to.
    pub record: Option<RecordId>,
    /// When it was stored.
    pub created_at: Time,
}

/// A file in a list: one that does not open is told by its id, and the rest of the list stands.
#[derive(Debug, Clone)]
pub enum FileItem {
    /// It opened.
    File(File),
    /// It did not.
    Unreadable(FileId),
}

/// What is sealed of a file beside its content.
struct FileBody;

impl Place for FileBody {
    const LABEL: &'static str = "files.body";
    type Plain = Body;
}

#[derive(Clone, Serialize, Deserialize)]
struct Body {
    #[serde(with = "revealed")]
    name: Personal<String>,
    #[serde(with = "revealed")]
    media_type: Personal<String>,
    #[serde(with = "revealed")]
    sha256: Personal<String>,
}

type Row = (FileId, Option<RecordId>, i64, Time, Sealed<FileBody>);

const ROW: (files::id, files::record_id, files::size, files::created_at, files::body) =
    (files::id, files::record_id, files::size, files::created_at, files::body);

impl Vault {
    /// Lists the files of a record, in the trash or not, or all of them, newest first.
    ///
    /// # Errors
    /// No such record; a cursor of another list.
    pub async fn files(
        &self,
        access: &TenantAccess,
        record: Option<RecordId>,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<FileItem>, Error> {
        let found = self.files_page(access, record, limit, after).await?;
        // Where there is none, nothing was told of any.
        if found.items.is_empty() {
            return Ok(found);
        }
        let event = Event::new(Action::FilesListed).counting(found.items.len());
        self.note(access, &record.into_iter().fold(event, |event, id| event.of(Subject::Record(id))))?;
        Ok(found)
    }

    /// As [`Vault::files`], of what is noted as a whole.
    pub(super) async fn files_page(
        &self,
        access: &TenantAccess,
        record: Option<RecordId>,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<FileItem>, Error> {
        let list = move |tx: &mut Tx<'_>, scope: &TenantScope| list(tx, scope, record, limit, after.as_deref());
        self.kernel.read(&access.scope, list).await
    }

    /// Deletes a file, its content with it.
    ///
    /// # Errors
    /// No such file; the limit of a day.
    pub async fn delete_file(&self, access: &TenantAccess, id: FileId) -> Result<(), Error> {
        let meter = access.meter(Use::Delete);
        let delete = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<AnyId, Error> {
            let file = files::rows(scope).filter(files::id.eq(id));
            let query = file.select((files::object_id, files::record_id));
            let known: Option<(AnyId, Option<RecordId>)> = each!(tx.conn(), c => query.get_result(c)).optional()?;
            let (object, record) = known.ok_or(Error::NotFound)?;
            charge(meter.as_ref(), tx, scope)?;
            if diesel::delete(file).execute(tx.conn())? == 0 {
                return Err(Error::NotFound);
            }
            objects::doom(tx, scope, &[object])?;
            audit::record(tx, scope, &event(Action::FileDeleted, id, record))?;
            Ok(object)
        };
        let object = self.kernel.write("files.delete", &access.scope, delete).await?;
        // The file is deleted: what is left of it cannot be reached, and goes with the next sweep at the latest.
        if self.kernel.remove_doomed(vec![object]).await.is_err() {
            tracing::warn!("the object of a deleted file waits for the sweep");
        }
        Ok(())
    }
}

/// Lets go of the files of records that are deleted with their collection.
pub(super) fn let_go(tx: &mut Tx<'_>, scope: &TenantScope, records: &[RecordId]) -> Result<(), Error> {
    let theirs = files::rows(scope).filter(files::record_id.eq_any(records));
    let doomed: Vec<AnyId> = theirs.select(files::object_id).load(tx.conn())?;
    objects::doom(tx, scope, &doomed)?;
    diesel::delete(files::rows(scope).filter(files::record_id.eq_any(records))).execute(tx.conn())?;
    Ok(())
}

/// What the audit says of a file. The record stands beside it, so that what is told of the record goes with it.
fn event(action: Action, file: FileId, record: Option<RecordId>) -> Event {
    let event = Event::new(action).of(Subject::File(file));
    record.into_iter().fold(event, |event, id| event.of(Subject::Record(id)))
}

fn list(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    record: Option<RecordId>,
    limit: Limit,
    after: Option<&str>,
) -> Result<Page<FileItem>, Error> {
    if let Some(id) = record {
        demand_record(tx, scope, id)?;
    }
    let of = record.map(|id| *id.as_bytes()).unwrap_or_default();
    let cursors = Cursors::new(scope.keys(), &[b"files", &of]);
    let before = cursors.read(after)?.map_or(FileId::from_bytes([0xff; 16]), FileId::from_bytes);
    let rows = files::rows(scope).filter(files::id.lt(before));
    let rows: Vec<Row> = match record {
        Some(id) => {
            let page = rows.filter(files::record_id.eq(id)).order(files::id.desc()).limit(limit.and_one()).select(ROW);
            each!(tx.conn(), c => page.load(c))?
        }
        None => {
            let page = rows.order(files::id.desc()).limit(limit.and_one()).select(ROW);
            each!(tx.conn(), c => page.load(c))?
        }
    };
    let Page { items, next } = page(rows, limit, |row| cursors.write(*row.0.as_bytes()));
    Ok(Page { items: items.into_iter().map(|row| item(scope, row)).collect(), next })
}

/// Those of the records `ids` that have a file whose name `fits`.
///
/// # Errors
/// The store's.
pub(super) fn of_records(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    ids: &[RecordId],
    fits: &dyn Fn(&str) -> bool,
) -> Result<HashSet<RecordId>, Error> {
    let rows: Vec<Row> = files::rows(scope)
        .filter(files::record_id.eq_any(ids.iter().copied().map(Some).collect::<Vec<_>>()))
        .select(ROW)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let named = rows.into_iter().filter_map(|row| opened(scope, row).ok()).filter(|file| fits(file.name.reveal()));
    Ok(named.filter_map(|file| file.record).collect())
}

/// The files that belong to no record and whose names `fit`.
///
/// # Errors
/// The store's.
pub(super) fn loose(tx: &mut Tx<'_>, scope: &TenantScope, fits: &dyn Fn(&str) -> bool) -> Result<Vec<FileId>, Error> {
    let rows: Vec<Row> = files::rows(scope)
        .filter(files::record_id.is_null())
        .order(files::id)
        .select(ROW)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let named = rows.into_iter().filter_map(|row| opened(scope, row).ok()).filter(|file| fits(file.name.reveal()));
    Ok(named.map(|file| file.id).collect())
}

/// A row of a list: what does not open does not break it.
fn item(scope: &TenantScope, row: Row) -> FileItem {
    let id = row.0;
    opened(scope, row).map_or(FileItem::Unreadable(id), FileItem::File)
}

fn opened(scope: &TenantScope, (id, record, size, created_at, body): Row) -> Result<File, Error> {
    let Body { name, media_type, sha256 } = scope.keys().open::<FileBody>(RowRef::new(id.as_bytes(), 1), &body)?;
    let size = u64::try_from(size).map_err(|_| StoreError::Unreadable)?;
    Ok(File { id, name, size, sha256, media_type, record, created_at })
}

/// The tenant's collections: a record is found within them, by its key.
fn every_collection(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Vec<CollectionId>, Error> {
    Ok(collections::rows(scope).select(collections::id).load(tx.conn())?)
}

/// The record is there, in the trash or not.
fn demand_record(tx: &mut Tx<'_>, scope: &TenantScope, id: RecordId) -> Result<(), Error> {
    let within = every_collection(tx, scope)?;
    let record = records::rows(scope).filter(records::collection_id.eq_any(within)).filter(records::id.eq(id));
    let known: i64 = record.count().get_result(tx.conn())?;
    if known == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The record is there, not in the trash, and stays until this transaction ends.
fn hold_record(tx: &mut Tx<'_>, scope: &TenantScope, id: RecordId) -> Result<(), Error> {
    let within = every_collection(tx, scope)?;
    let record = records::rows(scope)
        .filter(records::collection_id.eq_any(within))
        .filter(records::id.eq(id))
        .filter(records::trashed_at.is_null());
    let held = diesel::update(record).set(records::version.eq(records::version)).execute(tx.conn())?;
    if held == 0 { Err(Error::NotFound) } else { Ok(()) }
}

//! A file on its way out: opened chunk by chunk as its reader takes it.

use std::io::Read as _;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::incoming::waiting;
use super::{File, FileBody, event, opened};
use crate::kernel::access::TenantAccess;
use crate::kernel::audit::Action;
use crate::kernel::clock::Time;
use crate::kernel::crypto::Sealed;
use crate::kernel::ids::{AnyId, FileId, RecordId};
use crate::kernel::objects::{ContentKey, FileKey, ObjectName, Opened};
use crate::kernel::store::schema::files;
use crate::kernel::store::{StoreError, Tx, each};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::vault::{Error, Vault};

/// Bytes that are read at once.
const AT_ONCE: usize = 256 * 1024;

/// A file that was found, and what opens its content.
pub struct Found {
    /// What may be told of it.
    pub file: File,
    object: ObjectName,
    key: FileKey,
}

/// A part of a file, or the whole: so many bytes from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first byte, before the end unless there is none.
    pub from: u64,
    /// How many, not beyond the end.
    pub length: u64,
}

/// Content that is being read.
pub struct Outgoing {
    reading: Option<Opened>,
    ready: Option<Vec<u8>>,
    left: u64,
}

type Row = (FileId, Option<RecordId>, i64, Time, Sealed<FileBody>, AnyId, Sealed<ContentKey>);

impl Vault {
    /// Finds a file.
    ///
    /// # Errors
    /// No such file; it does not open.
    pub async fn file(&self, access: &TenantAccess, id: FileId) -> Result<Found, Error> {
        self.kernel.point(&access.scope, move |tx, scope| found(tx, scope, id)).await
    }

    /// Begins to read a part of a file: the first bytes have proved genuine, and the audit knows of it, once this returns.
    ///
    /// # Errors
    /// Its object is gone, or not as it was stored; the limit of a day; the storage is away.
    pub async fn send_file(&self, access: &TenantAccess, found: &Found, part: Part) -> Result<Outgoing, Error> {
        let outgoing = self.open_file(access, found, part).await?;
        self.charge(access, 1).await?;
        self.note(access, &event(Action::FileDownloaded, found.file.id, found.file.record))?;
        Ok(outgoing)
    }

    /// As [`Vault::send_file`], of what is counted and noted as a whole.
    pub(in crate::vault) async fn open_file(
        &self,
        access: &TenantAccess,
        found: &Found,
        Part { from, length }: Part,
    ) -> Result<Outgoing, Error> {
        let (store, object, key) = (self.kernel.objects().clone(), found.object, found.key.clone());
        let (of, size) = ((access.scope.tenant(), found.file.id), found.file.size);
        let (reading, first) = waiting(move || {
            let mut reading = store.open(object, of, &key, (from, size))?;
            let first = some(&mut reading, length)?;
            Ok((reading, first))
        })
        .await?;
        Ok(Outgoing { reading: Some(reading), ready: Some(first), left: length })
    }
}

impl Outgoing {
    /// The next bytes; nothing once all were given.
    ///
    /// # Errors
    /// The object is not as it was stored, or the storage is away: what came before is genuine, and not the whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let bytes = match self.ready.take() {
            Some(bytes) => bytes,
            None => {
                let (mut reading, left) = (self.reading.take().ok_or(StoreError::Unreadable)?, self.left);
                let (reading, bytes) = waiting(move || some(&mut reading, left).map(|bytes| (reading, bytes))).await?;
                self.reading = Some(reading);
                bytes
            }
        };
        self.left = self.left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(Some(bytes))
    }
}

/// The next bytes of at most `left`; never none while any are left.
fn some(reading: &mut Opened, left: u64) -> std::io::Result<Vec<u8>> {
    let most = left.min(u64::try_from(AT_ONCE).unwrap_or(u64::MAX));
    let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or(AT_ONCE));
    reading.take(most).read_to_end(&mut bytes)?;
    let whole = u64::try_from(bytes.len()).is_ok_and(|length| length == most);
    if whole { Ok(bytes) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

pub(in crate::vault) fn found(tx: &mut Tx<'_>, scope: &TenantScope, id: FileId) -> Result<Found, Error> {
    let query = files::rows(scope).filter(files::id.eq(id)).select((
        files::id,
        files::record_id,
        files::size,
        files::created_at,
        files::body,
        files::object_id,
        files::content_key,
    ));
    let row: Option<Row> = each!(tx.conn(), c => query.get_result(c)).optional()?;
    let (id, record, size, created_at, body, object, key) = row.ok_or(Error::NotFound)?;
    let key = FileKey::unwrapped(scope.keys(), id, &key)?;
    let file = opened(scope, (id, record, size, created_at, body))?;
    Ok(Found { file, object: ObjectName::from_id(object), key })
}

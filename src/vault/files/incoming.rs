//! A file on its way in: written aside as it comes, in its place before its row is, and nowhere if it breaks off.

use std::sync::Arc;

use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::{Body, File, FileBody, event, hold_record};
use crate::kernel::Kernel;
use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action};
use crate::kernel::crypto::RowRef;
use crate::kernel::idempotency::{Once, Outcome, once};
use crate::kernel::ids::{FileId, RecordId};
use crate::kernel::objects::{self, ObjectName, Writing, Written};
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::files;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::vault::{Error, Vault};

/// Bytes that are gathered before they are handed to a thread that may wait.
const GATHERED: usize = 256 * 1024;

/// How much a tenant may keep.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Bytes of one file.
    pub file: u64,
    /// Files.
    pub files: u64,
    /// Bytes of all files together.
    pub bytes: u64,
}

/// A file that is being stored. Dropped before [`Incoming::finish`], nothing of it stays.
pub struct Incoming {
    kernel: Kernel,
    access: TenantAccess,
    made: Made,
    room: Room,
    writing: Option<Writing>,
    gathered: Vec<u8>,
    taken: u64,
    /// The object, as long as nothing may refer to it yet.
    loose: Loose,
}

/// What is known of the file beforehand.
#[derive(Clone)]
struct Made {
    id: FileId,
    name: Personal<String>,
    media_type: Personal<String>,
    record: Option<RecordId>,
    object: ObjectName,
}

impl Vault {
    /// Begins to store a file called `name` of this type, of a record or of none.
    ///
    /// # Errors
    /// No such record, or one in the trash; no room; the storage is away.
    pub async fn receive_file(
        &self,
        access: &TenantAccess,
        (name, media_type): (Personal<String>, Personal<String>),
        record: Option<RecordId>,
        room: Room,
    ) -> Result<Incoming, Error> {
        let (now, entropy) = (self.kernel.now(), self.kernel.entropy().clone());
        let object = ObjectName::random(&entropy);
        let made = Made { id: FileId::new(now, &entropy), name, media_type, record, object };
        let begin = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), Error> {
            if let Some(id) = record {
                super::hold_record(tx, scope, id)?;
            }
            demand_room(tx, scope, room, 0)?;
            Ok(objects::begin(tx, scope, object)?)
        };
        self.kernel.write("files.begin", &access.scope, begin).await?;
        let loose = Loose { kernel: self.kernel.clone(), object: Some(object) };
        let (store, tenant, id) = (self.kernel.objects().clone(), access.scope.tenant(), made.id);
        let writing = waiting(move || store.seal(object, tenant, id, &entropy)).await?;
        Ok(Incoming {
            kernel: self.kernel.clone(),
            access: access.clone(),
            made,
            room,
            writing: Some(writing),
            gathered: Vec::new(),
            taken: 0,
            loose,
        })
    }
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; the storage is away.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.taken = self.taken.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.taken > self.room.file {
            return Err(Error::TooLarge);
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < GATHERED { Ok(()) } else { self.write().await }
    }

    async fn write(&mut self) -> Result<(), Error> {
        let mut writing = self.writing.take().ok_or(StoreError::Unavailable)?;
        let gathered = std::mem::take(&mut self.gathered);
        let writing = waiting(move || writing.write(&gathered).map(|()| writing)).await?;
        self.writing = Some(writing);
        Ok(())
    }

    /// The file is whole: puts it in its place, and then makes its row, with the audit. `body` makes the wish of a request
    /// that is to be done once from the content's digest.
    ///
    /// # Errors
    /// The record is gone, or there is no room left; the storage's, the store's. Nothing of the file stays then.
    pub async fn finish(mut self, wish: impl FnOnce(&str) -> Option<Once<File>>) -> Result<Outcome<File>, Error> {
        self.write().await?;
        let writing = self.writing.take().ok_or(StoreError::Unavailable)?;
        let written = waiting(move || writing.put()).await?;
        let sha256: String = written.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let wish = wish(&sha256).map(Arc::new);
        let (made, room, object) = (self.made.clone(), self.room, self.made.object);
        let create = move |tx: &mut Tx<'_>, scope: &TenantScope| {
            once(tx, scope, wish.as_deref(), |tx| create(tx, scope, &made, room, (&written, &sha256)))
        };
        let done = self.kernel.write("files.create", &self.access.scope, create).await;
        if matches!(done, Ok(Outcome::Done(_))) {
            self.loose.object = None;
        } else {
            // Done before, or not at all.
            self.loose.object = None;
            self.kernel.give_up(object).await;
        }
        done
    }
}

fn create(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    made: &Made,
    room: Room,
    (written, sha256): (&Written, &str),
) -> Result<File, Error> {
    if let Some(record) = made.record {
        hold_record(tx, scope, record)?;
    }
    demand_room(tx, scope, room, written.size)?;
    objects::stand(tx, scope, made.object)?;
    let (id, record, created_at) = (made.id, made.record, tx.now());
    let sha256 = Personal::new(sha256.to_owned());
    let body = Body { name: made.name.clone(), media_type: made.media_type.clone(), sha256: sha256.clone() };
    let sealed = scope.keys().seal::<FileBody>(RowRef::new(id.as_bytes(), 1), &body, tx.entropy());
    let key = written.key.wrapped(scope.keys(), id, tx.entropy());
    files::insert()
        .values((
            files::of(scope),
            files::id.eq(id),
            files::record_id.eq(record),
            files::object_id.eq(made.object.id()),
            files::size.eq(i64::try_from(written.size).unwrap_or(i64::MAX)),
            files::created_at.eq(created_at),
            files::body.eq(&sealed),
            files::content_key.eq(&key),
        ))
        .execute(tx.conn())?;
    audit::record(tx, scope, &event(Action::FileStored, id, record))?;
    let Body { name, media_type, .. } = body;
    Ok(File { id, name, size: written.size, sha256, media_type, record, created_at })
}

/// There is room for another file of `size` bytes. Of several that come at once, each may find the last room: the limit
/// keeps a disk from filling up, and is no promise to the byte.
fn demand_room(tx: &mut Tx<'_>, scope: &TenantScope, room: Room, size: u64) -> Result<(), Error> {
    let sum = diesel::dsl::sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)");
    let (count, bytes): (i64, i64) =
        files::rows(scope).select((diesel::dsl::count_star(), sum)).get_result(tx.conn())?;
    let counted = |number: i64| u64::try_from(number).unwrap_or(u64::MAX);
    let fits = counted(count) < room.files && counted(bytes).saturating_add(size) <= room.bytes;
    if fits { Ok(()) } else { Err(Error::NoRoom) }
}

/// Runs what waits for the storage on a thread that may.
pub(super) async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| StoreError::Refused("a panic in the storage"))?.map_err(|error| objects::failed(&error).into())
}

/// An object that nothing refers to: given up when it is dropped.
struct Loose {
    kernel: Kernel,
    object: Option<ObjectName>,
}

impl Drop for Loose {
    fn drop(&mut self) {
        // Without a runtime the process is ending: the sweep of the next one does it.
        if let (Some(object), Ok(runtime)) = (self.object.take(), tokio::runtime::Handle::try_current()) {
            let kernel = self.kernel.clone();
            runtime.spawn(async move { kernel.give_up(object).await });
        }
    }
}

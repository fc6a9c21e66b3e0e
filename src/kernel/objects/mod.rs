//! Objects: what is too long for a row. Each is sealed in chunks under a key of its own, bound to its tenant and to what
//! it is the content of, and lies under a random name where a [`Storage`] keeps it.
//!
//! A row of the table `objects` stands before the first byte is written ([`begin`]), says in the transaction that refers
//! to the object that it stays ([`stand`]), and in the one that lets go of it that it goes ([`doom`]). So whatever a kill
//! leaves behind is known by name: [`Kernel::sweep_objects`] removes it, and no row ever refers to an object that is not
//! whole.

mod folder;
mod s3;

use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::kernel::Kernel;
use crate::kernel::bucket::{Bucket, BucketError};
use crate::kernel::clock::Time;
use crate::kernel::crypto::stream::{Opening, Sealing, sealed_length};
use crate::kernel::crypto::{KeyUse, OwnerKeys, Place, RowRef, Sealed, Unreadable};
use crate::kernel::entropy::Entropy;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AnyId, FileId, TenantId};
use crate::kernel::personal::Secret;
use crate::kernel::store::schema::objects;
use crate::kernel::store::{Db, StoreError, Tx};
use crate::kernel::tenancy::InTenant;

pub use self::folder::Folder;
pub use self::s3::InBucket;

/// How long an object may be in the making; then it counts as left behind, and cannot come to stay.
pub const IN_THE_MAKING: Duration = Duration::from_secs(6 * 3600);

/// Objects that one step of a sweep or an erasure takes.
const STEP: i64 = 200;

/// In the making.
const BEGUN: i16 = 1;
/// Referred to.
pub(in crate::kernel) const STANDS: i16 = 2;
/// To be removed.
const DOOMED: i16 = 3;

/// What keeps bytes under names. Its methods wait: they are called on threads that may.
pub trait Storage: Send + Sync + std::fmt::Debug {
    /// Begins an object, aside: nobody can open it yet.
    ///
    /// # Errors
    /// The storage's own.
    fn begin(&self, name: ObjectName) -> io::Result<Box<dyn Aside>>;

    /// Opens an object in its place.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]; the storage's own.
    fn open(&self, name: ObjectName) -> io::Result<Box<dyn Lying>>;

    /// The length of an object in its place; `None` when there is none.
    ///
    /// # Errors
    /// The storage's own.
    fn length(&self, name: ObjectName) -> io::Result<Option<u64>> {
        match self.open(name) {
            Ok(mut object) => object.length().map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes objects, aside or in their places; one that is not there is removed.
    ///
    /// # Errors
    /// The storage's own.
    fn remove(&self, names: &[ObjectName]) -> io::Result<()>;

    /// None of these is there, when each is looked for again.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] for one that is; the storage's own.
    fn demand_gone(&self, names: &[ObjectName]) -> io::Result<()>;

    /// Removes what was begun before `before` and never put in its place.
    ///
    /// # Errors
    /// The storage's own.
    fn remove_unfinished(&self, before: Time) -> io::Result<()>;

    /// What is removed is gone for good, as far as the storage can be asked.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] when it keeps what is removed; the storage's own.
    fn demand_fit(&self) -> io::Result<()> {
        Ok(())
    }
}

/// An object in the making; dropped before [`Aside::put`], it is nowhere.
pub trait Aside: Write + Send {
    /// Puts it in its place: once this returns, a power cut does not lose it.
    ///
    /// # Errors
    /// The storage's own.
    fn put(self: Box<Self>) -> io::Result<()>;
}

/// An object in its place.
pub trait Lying: Read + Seek + Send {
    /// Its length, sealed; reading begins at its start after that.
    ///
    /// # Errors
    /// The storage's own.
    fn length(&mut self) -> io::Result<u64>;
}

/// The name of an object: 128 random bits, which tell nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectName(AnyId);

impl ObjectName {
    /// A new one.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        Self(AnyId::from_bytes(entropy.bytes()))
    }

    /// The name that a column holds.
    #[must_use]
    pub const fn from_id(id: AnyId) -> Self {
        Self(id)
    }

    /// The name of these bytes.
    pub(in crate::kernel) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(AnyId::from_bytes(bytes))
    }

    /// As a column holds it.
    #[must_use]
    pub const fn id(self) -> AnyId {
        self.0
    }
}

/// 32 hexadecimal digits.
impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where the key of a file's content lies.
pub struct ContentKey;

impl Place for ContentKey {
    const LABEL: &'static str = "files.content_key";
    const USE: KeyUse = KeyUse::Files;
    type Plain = Vec<u8>;
}

/// The key of one file's content.
#[derive(Clone, Debug)]
pub struct FileKey(Arc<Secret<[u8; 32]>>);

impl FileKey {
    fn random(entropy: &Entropy) -> Self {
        let mut bytes = entropy.bytes();
        let key = Self(Arc::new(Secret::new(bytes)));
        bytes.zeroize();
        key
    }

    /// The key, wrapped by the owner's for the file's row.
    #[must_use]
    pub fn wrapped(&self, keys: &OwnerKeys, file: FileId, entropy: &Entropy) -> Sealed<ContentKey> {
        keys.seal_bytes::<ContentKey>(row(file), self.0.reveal(), entropy)
    }

    /// The key that was wrapped for the file's row.
    ///
    /// # Errors
    /// It does not open, or is no key.
    pub fn unwrapped(keys: &OwnerKeys, file: FileId, wrapped: &Sealed<ContentKey>) -> Result<Self, Unreadable> {
        let bytes = keys.open_bytes::<ContentKey>(row(file), wrapped)?;
        let key: &[u8; 32] = bytes.reveal().as_slice().try_into().map_err(|_| Unreadable)?;
        Ok(Self(Arc::new(Secret::new(*key))))
    }
}

/// The row of a file never changes.
const fn row(file: FileId) -> RowRef {
    RowRef::new(file.as_bytes(), 1)
}

/// What a file's content is bound to: its tenant and its id.
fn context(tenant: TenantId, file: FileId) -> Vec<u8> {
    [b"seif/1/file".as_slice(), tenant.as_bytes(), file.as_bytes()].concat()
}

/// Where objects are. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects(Arc<dyn Storage>);

impl Objects {
    /// Objects in a storage of another kind, or of a back-up.
    #[must_use]
    pub fn within(storage: Arc<dyn Storage>) -> Self {
        Self(storage)
    }

    /// Objects in a folder.
    #[must_use]
    pub fn in_folder(path: PathBuf) -> Self {
        Self(Arc::new(Folder::new(path)))
    }

    /// Objects in a bucket.
    #[must_use]
    pub fn in_bucket(bucket: &Bucket) -> Self {
        Self(Arc::new(InBucket::new(bucket)))
    }

    /// Where they are kept.
    #[must_use]
    pub(in crate::kernel) fn storage(&self) -> &dyn Storage {
        self.0.as_ref()
    }

    /// What is removed is gone for good, as far as the storage can be asked. Waits.
    ///
    /// # Errors
    /// As [`Storage::demand_fit`].
    pub fn demand_fit(&self) -> io::Result<()> {
        self.0.demand_fit()
    }

    /// Begins to seal the content of `file` into the object `name`. Waits.
    ///
    /// # Errors
    /// The storage's own.
    pub fn seal(&self, name: ObjectName, tenant: TenantId, file: FileId, entropy: &Entropy) -> io::Result<Writing> {
        let key = FileKey::random(entropy);
        let sealing = Sealing::begin(self.0.begin(name)?, &key.0, &context(tenant, file), entropy)?;
        Ok(Writing { sealing, digest: Sha256::new(), size: 0, key })
    }

    /// Opens the content of `file`, `size` bytes long, from the byte `at` on. Waits.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], and [`io::ErrorKind::InvalidData`] for what was cut off, exchanged or changed.
    pub fn open(
        &self,
        name: ObjectName,
        (tenant, file): (TenantId, FileId),
        key: &FileKey,
        (at, size): (u64, u64),
    ) -> io::Result<Opened> {
        let mut lying = self.0.open(name)?;
        if lying.length()? != sealed_length(size) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, Unreadable));
        }
        Ok(Opened(Opening::begin_at(lying, &key.0, &context(tenant, file), at)?))
    }

    /// Removes objects, and looks for each of them again. Waits.
    ///
    /// # Errors
    /// The storage's own; one of them is still there.
    pub fn remove(&self, names: &[ObjectName]) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        self.0.remove(names)?;
        self.0.demand_gone(names)
    }
}

/// Content on its way in.
pub struct Writing {
    sealing: Sealing<Box<dyn Aside>>,
    digest: Sha256,
    size: u64,
    key: FileKey,
}

impl Writing {
    /// Seals `bytes`. Waits.
    ///
    /// # Errors
    /// The storage's own.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.sealing.write_all(bytes)
    }

    /// Puts the object in its place, durably. Waits.
    ///
    /// # Errors
    /// The storage's own.
    pub fn put(self) -> io::Result<Written> {
        // Nothing of it lies in its place yet, and all of it does after.
        fault::reach(Point::ObjectBegun);
        // What is no longer there aside was swept as left behind: the same as a storage that is away.
        let swept = |error: io::Error| {
            if error.kind() == io::ErrorKind::NotFound { io::ErrorKind::TimedOut.into() } else { error }
        };
        self.sealing.finish()?.put().map_err(swept)?;
        fault::reach(Point::ObjectPut);
        Ok(Written { size: self.size, sha256: self.digest.finalize().into(), key: self.key })
    }
}

/// Content that is in its place.
#[derive(Clone)]
pub struct Written {
    /// Its bytes.
    pub size: u64,
    /// Their digest.
    pub sha256: [u8; 32],
    /// What opens it.
    pub key: FileKey,
}

/// Content on its way out. Reading waits; what was changed, cut off or moved fails with [`io::ErrorKind::InvalidData`],
/// and no byte of a chunk is given before the whole chunk has proved genuine.
pub struct Opened(Opening<Box<dyn Lying>>);

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

/// A failure of the storage, as the store's.
#[must_use]
pub fn failed(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData => StoreError::Unreadable,
        kind => {
            // A bucket's words are fixed; a folder's are the system's, of which the kind says enough.
            match error.get_ref().and_then(|why| why.downcast_ref::<BucketError>()) {
                Some(why) => tracing::warn!(%why, "objects cannot be reached"),
                None => tracing::warn!(%kind, "objects cannot be reached"),
            }
            StoreError::Unavailable
        }
    }
}

/// Writes down that an object is in the making, before it is.
///
/// # Errors
/// The store's.
pub fn begin(tx: &mut Tx<'_>, scope: &impl InTenant, name: ObjectName) -> Result<(), StoreError> {
    let row = (
        objects::id.eq(name.id()),
        objects::tenant_id.eq(scope.tenant()),
        objects::state.eq(BEGUN),
        objects::at.eq(tx.now()),
    );
    diesel::insert_into(objects::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The object stays, with the row that this transaction makes.
///
/// # Errors
/// [`StoreError::Unavailable`] when it took too long in the making and counts as left behind; the store's.
pub fn stand(tx: &mut Tx<'_>, scope: &impl InTenant, name: ObjectName) -> Result<(), StoreError> {
    let mine = objects::table
        .filter(objects::id.eq(name.id()))
        .filter(objects::tenant_id.eq(scope.tenant()))
        .filter(objects::state.eq(BEGUN));
    let stands = diesel::update(mine).set(objects::state.eq(STANDS)).execute(tx.conn())?;
    if stands == 1 { Ok(()) } else { Err(StoreError::Unavailable) }
}

/// The objects go, once this transaction has let go of them.
///
/// # Errors
/// The store's.
pub fn doom(tx: &mut Tx<'_>, scope: &impl InTenant, names: &[AnyId]) -> Result<(), StoreError> {
    for some in names.chunks(1_000) {
        let mine = objects::table.filter(objects::tenant_id.eq(scope.tenant())).filter(objects::id.eq_any(some));
        diesel::update(mine).set(objects::state.eq(DOOMED)).execute(tx.conn())?;
    }
    Ok(())
}

/// All objects of a tenant that was erased go.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn doom_all(tx: &mut Tx<'_>, tenant: TenantId) -> Result<(), StoreError> {
    let theirs = objects::table.filter(objects::tenant_id.eq(tenant));
    diesel::update(theirs).set(objects::state.eq(DOOMED)).execute(tx.conn())?;
    Ok(())
}

impl Kernel {
    /// Removes an object that was begun and that nothing refers to; what cannot be removed now, the sweep removes. One
    /// that stands by now, since a commit went through that was reported as failed, stays.
    pub async fn give_up(&self, name: ObjectName) {
        let removed = match self.db().write(Vec::new(), move |tx| doom_begun(tx, name)).await {
            Ok(Begun::Doomed) => self.remove_doomed(vec![name.id()]).await,
            Ok(Begun::Stands) => Ok(()),
            Err(error) => Err(error),
        };
        if removed.is_err() {
            tracing::warn!("an object that nothing refers to waits for the sweep");
        }
    }

    /// Removes objects that were doomed, and then what was written down of them.
    ///
    /// # Errors
    /// The storage's or the store's; the rest is removed by the sweep.
    pub async fn remove_doomed(&self, names: Vec<AnyId>) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        fault::reach(Point::ObjectDoomed);
        self.remove_all(names.clone()).await?;
        fault::reach(Point::ObjectRemoved);
        self.db().write(Vec::new(), move |tx| forget(tx, &names).map(drop)).await
    }

    /// Removes what is doomed, and what was begun and left behind, of every tenant. Safe at any time, on any node.
    ///
    /// # Errors
    /// The storage's or the store's; what was done stays done.
    pub async fn sweep_objects(&self) -> Result<(), StoreError> {
        let over = self.now().minus(IN_THE_MAKING);
        self.db().write(Vec::new(), move |tx| doom_left_behind(tx, over)).await?;
        loop {
            let names = self.db().read(None, doomed).await?;
            if names.is_empty() {
                break;
            }
            self.remove_doomed(names).await?;
        }
        let objects = self.objects().clone();
        // Whoever makes an object has written it down before, and ends within the time; an hour is for clocks that differ.
        let before = over.minus(Duration::from_secs(3600));
        let removed = tokio::task::spawn_blocking(move || objects.0.remove_unfinished(before)).await;
        removed.map_err(|_| StoreError::Refused("a panic in the storage"))?.map_err(|error| failed(&error))
    }

    /// Objects of a tenant that is being erased, the next few.
    pub(in crate::kernel) async fn some_objects(&self, tenant: TenantId) -> Result<Vec<AnyId>, StoreError> {
        let theirs = move |tx: &mut Tx<'_>| -> Result<Vec<AnyId>, StoreError> {
            let theirs = objects::table.filter(objects::tenant_id.eq(tenant)).limit(STEP);
            Ok(theirs.select(objects::id).load(tx.conn())?)
        };
        self.db().read(None, theirs).await
    }

    pub(in crate::kernel) async fn remove_all(&self, names: Vec<AnyId>) -> Result<(), StoreError> {
        let objects = self.objects().clone();
        let remove = move || objects.remove(&names.into_iter().map(ObjectName).collect::<Vec<_>>());
        let removed = tokio::task::spawn_blocking(remove).await;
        removed.map_err(|_| StoreError::Refused("a panic in the storage"))?.map_err(|error| failed(&error))
    }
}

/// Forgets objects that are gone.
pub(in crate::kernel) fn forget(tx: &mut Tx<'_>, names: &[AnyId]) -> Result<usize, StoreError> {
    Ok(diesel::delete(objects::table.filter(objects::id.eq_any(names))).execute(tx.conn())?)
}

/// What has become of an object that was begun.
enum Begun {
    /// Nothing refers to it, or ever will.
    Doomed,
    /// Something does.
    Stands,
}

fn doom_begun(tx: &mut Tx<'_>, name: ObjectName) -> Result<Begun, StoreError> {
    let it = objects::table.filter(objects::id.eq(name.id()));
    diesel::update(it.filter(objects::state.eq(BEGUN))).set(objects::state.eq(DOOMED)).execute(tx.conn())?;
    let standing: i64 = it.filter(objects::state.eq(STANDS)).count().get_result(tx.conn())?;
    Ok(if standing == 0 { Begun::Doomed } else { Begun::Stands })
}

/// Removes what is doomed before anybody is served. Where the storage is away, the sweep does it later.
pub(in crate::kernel) fn remove_at_start(db: &Db, objects: &Objects) -> Result<(), StoreError> {
    loop {
        let names = db.read_here(None, doomed)?;
        if names.is_empty() {
            return Ok(());
        }
        if objects.remove(&names.iter().copied().map(ObjectName).collect::<Vec<_>>()).is_err() {
            tracing::warn!("objects that nobody needs wait for the sweep");
            return Ok(());
        }
        db.write_blocking(Vec::new(), move |tx| forget(tx, &names))?;
    }
}

fn doom_left_behind(tx: &mut Tx<'_>, over: Time) -> Result<(), StoreError> {
    let left = objects::table.filter(objects::state.eq(BEGUN)).filter(objects::at.le(over));
    diesel::update(left).set(objects::state.eq(DOOMED)).execute(tx.conn())?;
    Ok(())
}

fn doomed(tx: &mut Tx<'_>) -> Result<Vec<AnyId>, StoreError> {
    let all = objects::table.filter(objects::state.eq(DOOMED)).order(objects::at).limit(STEP);
    Ok(all.select(objects::id).load(tx.conn())?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Says that it removed something, and did not.
    #[derive(Debug)]
    struct Liar(Folder);

    impl Storage for Liar {
        fn begin(&self, name: ObjectName) -> io::Result<Box<dyn Aside>> {
            self.0.begin(name)
        }

        fn open(&self, name: ObjectName) -> io::Result<Box<dyn Lying>> {
            self.0.open(name)
        }

        fn remove(&self, _: &[ObjectName]) -> io::Result<()> {
            Ok(())
        }

        fn demand_gone(&self, names: &[ObjectName]) -> io::Result<()> {
            self.0.demand_gone(names)
        }

        fn remove_unfinished(&self, before: Time) -> io::Result<()> {
            self.0.remove_unfinished(before)
        }
    }

    #[test]
    fn an_object_counts_as_removed_once_it_was_looked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let name = ObjectName::random(&Entropy::seeded(1));
        let objects = Objects::within(Arc::new(Liar(Folder::new(folder.path().to_owned()))));
        objects.remove(&[name]).unwrap();
        objects.storage().begin(name).unwrap().put().unwrap();
        assert_eq!(objects.remove(&[name]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}

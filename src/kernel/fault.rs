//! Where the tests end the process: between the steps of what must resume after a kill at any of them.
//!
//! Without the feature `testing` nothing can be armed, and reaching one does nothing.

/// A place between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A new root version is written down, and its key is not made.
    RootPlanned,
    /// Its key is made, and wraps nothing.
    RootMade,
    /// It is current, and every key is still under the old one.
    RootCurrent,
    /// Some keys are under the new one.
    RootBatch,
    /// All are, and nothing says so.
    RootRewrapped,
    /// A root version is to be destroyed, and its key is there.
    RootDestroying,
    /// Its key is gone, and nothing says so.
    RootGone,
    /// A back-up has its label, and no row.
    BackupBegun,
    /// Its objects are kept, and nothing says which are its.
    BackupObjects,
    /// It is written, and has no name.
    BackupWritten,
    /// It has its name.
    BackupNamed,
    /// The objects are where they were, and nothing refers to them.
    RestoreObjects,
    /// What a restore fills has its schema, and no row.
    RestoreBegun,
    /// Its rows are in a transaction that is not committed.
    RestoreFilled,
    /// They are committed, and the database does not stand where it is looked for.
    RestoreCommitted,
    /// It stands there, and nobody has applied what must not go back in time.
    RestorePlaced,
    /// A start has told a keyring that was put back what the data knows.
    StartTold,
    /// Whoever had come back is erased again, what was revoked is so again, and every session is there.
    StartErased,
    /// The next epoch is planned.
    StartPlanned,
    /// The data has moved to it, sessions and waiting mails are gone, and the keyring does not know.
    StartMoved,
    /// A drill has sampled, and its scratch place is there.
    DrillDone,
    /// An object is written down, and nothing of it is in its place.
    ObjectBegun,
    /// It is in its place, and nothing refers to it.
    ObjectPut,
    /// Nothing refers to it any more, and it is there.
    ObjectDoomed,
    /// It is gone, and nothing says so.
    ObjectRemoved,
    /// An owner's next key version is made, and seals nothing.
    RekeyMade,
    /// Both databases know of it, and it seals nothing.
    RekeyMirrored,
    /// It seals, and the one before is open.
    RekeySealing,
    /// The one before is closed, and everything is under it.
    RekeyClosed,
    /// Some values are under the new one.
    RekeyBatch,
    /// All are, and no tag.
    RekeySealed,
    /// All tags are too, and nothing says so.
    RekeyTagged,
    /// Tags are written under the new one alone, and the old ones are there.
    RekeyAlone,
    /// Nothing is left under the old one, and nothing says so.
    RekeyCleared,
    /// The old one is retired.
    RekeyRetired,
    /// It is to be destroyed, and is there.
    RekeyDestroying,
    /// It is gone, and the data's database does not say so.
    RekeyDestroyed,
    /// An erasure is held by this process, and nobody is shut out.
    ErasureClaimed,
    /// Nobody is let in any more, and the keys are there.
    ErasureClosed,
    /// The keys are destroyed, and everything that they sealed is there.
    ErasureKeysDestroyed,
    /// Some of it is deleted.
    ErasureBatch,
    /// All of it is, and the engines have left it in their pages.
    ErasurePurged,
    /// The pages are overwritten, and nothing is certified.
    ErasureOverwritten,
    /// The certificate is signed, and what was counted for it is there.
    ErasureCertified,
    /// Of several records that are erased together one is gone.
    RecordErased,
}

impl Point {
    /// The places in the turning over and destruction of root keys.
    pub const OF_ROOTS: [Self; 7] = [
        Self::RootPlanned,
        Self::RootMade,
        Self::RootCurrent,
        Self::RootBatch,
        Self::RootRewrapped,
        Self::RootDestroying,
        Self::RootGone,
    ];

    /// The places in a back-up, a restore, the start after it, and a drill.
    pub const OF_BACKUPS: [Self; 14] = [
        Self::BackupBegun,
        Self::BackupObjects,
        Self::BackupWritten,
        Self::BackupNamed,
        Self::RestoreObjects,
        Self::RestoreBegun,
        Self::RestoreFilled,
        Self::RestoreCommitted,
        Self::RestorePlaced,
        Self::StartTold,
        Self::StartErased,
        Self::StartPlanned,
        Self::StartMoved,
        Self::DrillDone,
    ];

    /// The places in the making and the removal of an object.
    pub const OF_OBJECTS: [Self; 4] = [Self::ObjectBegun, Self::ObjectPut, Self::ObjectDoomed, Self::ObjectRemoved];

    /// The places in the turning over of an owner's key.
    pub const OF_OWNERS: [Self; 12] = [
        Self::RekeyMade,
        Self::RekeyMirrored,
        Self::RekeySealing,
        Self::RekeyClosed,
        Self::RekeyBatch,
        Self::RekeySealed,
        Self::RekeyTagged,
        Self::RekeyAlone,
        Self::RekeyCleared,
        Self::RekeyRetired,
        Self::RekeyDestroying,
        Self::RekeyDestroyed,
    ];

    /// The places between the steps of an erasure, in order.
    pub const OF_ERASURES: [Self; 7] = [
        Self::ErasureClaimed,
        Self::ErasureClosed,
        Self::ErasureKeysDestroyed,
        Self::ErasureBatch,
        Self::ErasurePurged,
        Self::ErasureOverwritten,
        Self::ErasureCertified,
    ];

    /// As the tests name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RootPlanned => "root-planned",
            Self::RootMade => "root-made",
            Self::RootCurrent => "root-current",
            Self::RootBatch => "root-batch",
            Self::RootRewrapped => "root-rewrapped",
            Self::RootDestroying => "root-destroying",
            Self::RootGone => "root-gone",
            Self::BackupBegun => "backup-begun",
            Self::BackupObjects => "backup-objects",
            Self::BackupWritten => "backup-written",
            Self::BackupNamed => "backup-named",
            Self::RestoreObjects => "restore-objects",
            Self::RestoreBegun => "restore-begun",
            Self::RestoreFilled => "restore-filled",
            Self::RestoreCommitted => "restore-committed",
            Self::RestorePlaced => "restore-placed",
            Self::StartTold => "start-told",
            Self::StartErased => "start-erased",
            Self::StartPlanned => "start-planned",
            Self::StartMoved => "start-moved",
            Self::DrillDone => "drill-done",
            Self::ObjectBegun => "object-begun",
            Self::ObjectPut => "object-put",
            Self::ObjectDoomed => "object-doomed",
            Self::ObjectRemoved => "object-removed",
            Self::RekeyMade => "rekey-made",
            Self::RekeyMirrored => "rekey-mirrored",
            Self::RekeySealing => "rekey-sealing",
            Self::RekeyClosed => "rekey-closed",
            Self::RekeyBatch => "rekey-batch",
            Self::RekeySealed => "rekey-sealed",
            Self::RekeyTagged => "rekey-tagged",
            Self::RekeyAlone => "rekey-alone",
            Self::RekeyCleared => "rekey-cleared",
            Self::RekeyRetired => "rekey-retired",
            Self::RekeyDestroying => "rekey-destroying",
            Self::RekeyDestroyed => "rekey-destroyed",
            Self::ErasureClaimed => "erasure-claimed",
            Self::ErasureClosed => "erasure-closed",
            Self::ErasureKeysDestroyed => "erasure-keys-destroyed",
            Self::ErasureBatch => "erasure-batch",
            Self::ErasurePurged => "erasure-purged",
            Self::ErasureOverwritten => "erasure-overwritten",
            Self::ErasureCertified => "erasure-certified",
            Self::RecordErased => "record-erased",
        }
    }
}

#[cfg(feature = "testing")]
static ARMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// The process ends where the point of this name is reached first.
#[cfg(feature = "testing")]
pub fn arm(name: String) {
    drop(ARMED.set(name));
}

#[cfg(feature = "testing")]
thread_local! {
    static BREAKS_OFF_AFTER: std::cell::Cell<Option<u32>> = const { std::cell::Cell::new(None) };
}

/// What work unwinds with that broke off at a point.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokeOff(pub Point);

/// What this thread does breaks off, once, at the point that it reaches after so many others: nothing more is done of it.
/// With `None` it goes on. Gives after how many it would have.
#[cfg(feature = "testing")]
pub fn break_off_after(points: Option<u32>) -> Option<u32> {
    BREAKS_OFF_AFTER.replace(points)
}

/// Goes on, unless a test wants the process to end here, by SIGKILL, so that nothing is tidied up, or what this thread
/// does to break off.
pub(in crate::kernel) fn reach(point: Point) {
    #[cfg(feature = "testing")]
    {
        if ARMED.get().is_some_and(|armed| armed == point.name()) {
            let _killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            std::process::abort();
        }
        let left = BREAKS_OFF_AFTER.get();
        BREAKS_OFF_AFTER.set(left.and_then(|left| left.checked_sub(1)));
        if left == Some(0) {
            std::panic::resume_unwind(Box::new(BrokeOff(point)));
        }
    }
    #[cfg(not(feature = "testing"))]
    let _ = point;
}

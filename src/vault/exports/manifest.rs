//! What an archive says of itself: the last entry, so that one without it broke off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, AuditId, CollectionId, FileId, RecordId, TenantId};
use crate::kernel::tenancy::{InTenant as _, TenantScope};

/// The name of this form of export.
pub(super) const FORMAT: &str = "seif-export/1";

/// The name of the entry.
pub(super) const NAME: &str = "manifest.json";

/// What an archive holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    pub(super) format: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// When the first entry was begun.
    pub begun_at: Time,
    /// When this one was.
    pub finished_at: Time,
    /// How sensitive values stand in it.
    pub sensitive: Shown,
    /// Records by the collection's slug, those in the trash too.
    pub records: BTreeMap<String, u64>,
    /// Files.
    pub files: u64,
    /// Entries of the audit.
    pub audit_entries: u64,
    /// The account that asked for it, whose consents stand in `consents.json`; nobody else's are in it.
    pub consents_of: AccountId,
    /// What could not be opened when it was made.
    pub unreadable: Lost,
}

/// How sensitive values stand in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// As they are.
    Clear,
    /// As in lists.
    Masked,
}

/// What could not be opened.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lost {
    /// Collections, with everything in them.
    pub collections: Vec<CollectionId>,
    /// Records.
    pub records: Vec<RecordId>,
    /// Files, and those of which only a part could be.
    pub files: Vec<FileId>,
    /// Entries of the audit.
    pub audit_entries: Vec<AuditId>,
}

impl Lost {
    /// How many things.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.collections.len() + self.records.len() + self.files.len() + self.audit_entries.len()
    }
}

impl Manifest {
    /// Of an archive that is begun.
    pub(super) fn begun(scope: &TenantScope, at: Time, sensitive: Shown, unreadable: Lost) -> Self {
        Self {
            format: FORMAT.to_owned(),
            tenant: scope.tenant(),
            begun_at: at,
            finished_at: at,
            sensitive,
            records: BTreeMap::new(),
            files: 0,
            audit_entries: 0,
            consents_of: scope.actor().account(),
            unreadable,
        }
    }
}

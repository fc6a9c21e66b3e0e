//! Everything that a business keeps, in one ZIP archive of open formats (P-2): written as it is taken, a page of records
//! or a piece of a file at a time, so that its length does not matter.
//!
//! | entry | what |
//! |---|---|
//! | `schema.json` | the collections and their fields |
//! | `collections/{slug}/records.json` | each record as the API gives it, those in the trash too |
//! | `collections/{slug}/records.csv` | the same for spreadsheets |
//! | `files/{id}/{name}` | each file |
//! | `files.json` | what the files are called, how long they are, which records they belong to |
//! | `members.json` | who belongs to the vault |
//! | `audit.json` | what was done in it |
//! | `consents.json` | what the account that asked has agreed to and taken back, by purpose and version of the text (P-4) |
//! | `manifest.json` | what the archive holds, and what could not be opened: the last entry |
//!
//! Each page is read on its own: what is changed while the archive is written may be in it before or after the change.
//!
//! For [`Recipients`] the archive is sealed as an age file on its way out. [`inspect`] says whether an archive that came
//! back is whole; it needs nothing of ours but the archive.

mod archive;
mod manifest;
mod reading;
mod recipients;
mod table;

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::mpsc::{Receiver, channel};

use self::archive::{Archive, Packing, Stop};
pub use self::manifest::{Lost, Manifest, Shown};
pub use self::reading::{NotWhole, inspect};
pub use self::recipients::{NotRecipients, Recipients};
use crate::kernel::access::{MayReveal, TenantAccess, Use};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::ids::FileId;
use crate::kernel::store::Tx;
use crate::kernel::tenancy::TenantScope;
use crate::vault::collections::CollectionItem;
use crate::vault::cursor::{Limit, Page};
use crate::vault::definition::Collection;
use crate::vault::files::{FileItem, Part};
use crate::vault::records::{self, Item, Record, Which};
use crate::vault::values::Revealed;
use crate::vault::{AuditItem, CollectionView, Error, Vault};

/// Pieces that wait for their reader.
const WAITING: usize = 4;

/// What becomes of sensitive values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitive {
    /// In the clear if the caller may see them so, else masked: the archive says which.
    AsMayBe,
    /// In the clear, or nothing at all.
    Clear,
    /// Masked.
    Masked,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What becomes of sensitive values.
    pub sensitive: Sensitive,
    /// For whom the archive is sealed.
    pub recipients: Recipients,
}

/// Entries that others have written.
#[derive(Debug)]
pub struct Beside {
    /// Who belongs to the vault.
    pub members: Vec<u8>,
    /// What the account that asks has agreed to.
    pub consents: Vec<u8>,
}

/// An archive on its way: its pieces, in order.
pub struct Export {
    pieces: Receiver<Result<Vec<u8>, Error>>,
    /// What it is called.
    pub name: String,
}

impl Export {
    /// The next piece; nothing after the last.
    ///
    /// # Errors
    /// It broke off: what came before is no whole archive.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        self.pieces.recv().await
    }
}

impl Vault {
    /// Begins to write everything out. It is counted and the audit knows of it once this returns.
    ///
    /// # Errors
    /// Who may not reveal, where they ask for it; the limit of a day; the store's.
    pub async fn export(&self, access: &TenantAccess, wanted: Wanted, beside: Beside) -> Result<Export, Error> {
        let may = match wanted.sensitive {
            Sensitive::Masked => None,
            Sensitive::Clear => Some(access.may_reveal_many(self.kernel.now())?),
            Sensitive::AsMayBe => access.may_reveal_many(self.kernel.now()).ok(),
        };
        let mut lost = Lost::default();
        let collections = self.every_collection(access, &mut lost).await?;
        let (meter, events) = (access.meter(Use::Export), events(&collections, may));
        let begin = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), Error> {
            records::charge(meter.as_ref(), tx, scope)?;
            events.iter().try_for_each(|event| Ok(audit::record(tx, scope, event)?))
        };
        self.kernel.write("exports.begin", &access.scope, begin).await?;
        let at = self.kernel.now();
        let (to, pieces) = channel(WAITING);
        let archive = Archive::new(at, &wanted.recipients, self.kernel.entropy(), to.clone())?;
        let writing = Writing {
            vault: self.clone(),
            access: access.clone(),
            may,
            archive,
            manifest: Manifest::begun(&access.scope, at, may.map_or(Shown::Masked, |_| Shown::Clear), lost),
        };
        tokio::spawn(async move {
            if let Err(Stop::Failed(error)) = writing.run(collections, beside).await {
                // Nobody may be there to hear it.
                drop(to.send(Err(error)).await);
            }
        });
        let kind = if wanted.recipients.all().is_empty() { "zip" } else { "zip.age" };
        Ok(Export { pieces, name: format!("seif-{}.{kind}", at.date()) })
    }

    async fn every_collection(&self, access: &TenantAccess, lost: &mut Lost) -> Result<Vec<CollectionView>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.collections(access, Limit::MOST, after).await?;
            for item in page.items {
                match item {
                    CollectionItem::Collection(collection) => all.push(collection),
                    CollectionItem::Unreadable(id) => lost.collections.push(id),
                }
            }
            if page.next.is_none() {
                return Ok(all);
            }
            after = page.next;
        }
    }
}

/// What the audit is told: that everything was written out, and which fields in the clear.
fn events(collections: &[CollectionView], may: Option<MayReveal>) -> Vec<Event> {
    let mut events = vec![Event::new(Action::ExportMade).counting(collections.len())];
    for collection in collections.iter().filter(|_| may.is_some()) {
        let sensitive: Vec<_> = collection.fields().iter().filter(|field| field.sensitive).collect();
        if !sensitive.is_empty() {
            let event = Event::new(Action::RecordRevealed).of(Subject::Collection(collection.id()));
            events.push(sensitive.into_iter().fold(event, |event, field| event.of(Subject::Field(field.id))));
        }
    }
    events
}

/// An archive that is being written.
struct Writing {
    vault: Vault,
    access: TenantAccess,
    may: Option<MayReveal>,
    archive: Archive,
    manifest: Manifest,
}

impl Writing {
    async fn run(mut self, collections: Vec<CollectionView>, beside: Beside) -> Result<(), Stop> {
        self.whole("schema.json", json(&Schema { collections: &collections })).await?;
        for collection in &collections {
            self.records(&collection.shared()).await?;
        }
        self.files().await?;
        self.list_of_files().await?;
        self.whole("members.json", beside.members).await?;
        self.audit().await?;
        self.whole("consents.json", beside.consents).await?;
        self.manifest.finished_at = self.vault.kernel.now();
        let manifest = json(&self.manifest);
        self.whole("manifest.json", manifest).await?;
        self.archive.finish().await
    }

    /// An entry that is in memory as a whole.
    async fn whole(&mut self, name: &str, content: Vec<u8>) -> Result<(), Stop> {
        self.archive.begin(name.to_owned(), Packing::Deflated).await?;
        self.archive.write(content).await
    }

    async fn records(&mut self, collection: &Arc<Collection>) -> Result<(), Stop> {
        let slug = collection.definition.slug.clone();
        self.archive.begin(format!("collections/{slug}/records.json"), Packing::Deflated).await?;
        let (mut list, mut lost, mut count) = (List::default(), Vec::new(), 0);
        for which in [Which::Live, Which::Trashed] {
            let mut after = None;
            loop {
                let page = self.page(collection, which, after).await?;
                let mut bytes = Vec::new();
                for item in page.items {
                    match item {
                        Item::Record(record) => {
                            list.push(&mut bytes, &record);
                            count += 1;
                        }
                        Item::Unreadable(id) => lost.push(id),
                    }
                }
                self.archive.write(bytes).await?;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        self.archive.write(list.end()).await?;
        self.manifest.records.insert(slug.clone(), count);
        self.manifest.unreadable.records.extend(lost);
        self.table(collection, &slug).await
    }

    async fn table(&mut self, collection: &Arc<Collection>, slug: &str) -> Result<(), Stop> {
        self.archive.begin(format!("collections/{slug}/records.csv"), Packing::Deflated).await?;
        self.archive.write(table::head(collection)).await?;
        for which in [Which::Live, Which::Trashed] {
            let mut after = None;
            loop {
                let page = self.page(collection, which, after).await?;
                let whole = page.items.iter().filter_map(|item| match item {
                    Item::Record(record) => Some(record),
                    Item::Unreadable(_) => None,
                });
                let bytes: Vec<u8> = whole.flat_map(|record: &Record| table::row(collection, record)).collect();
                self.archive.write(bytes).await?;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        collection: &Arc<Collection>,
        which: Which,
        after: Option<String>,
    ) -> Result<Page<Item>, Error> {
        let (collection, revealed) = (Arc::clone(collection), self.revealed(collection)?);
        let read = move |tx: &mut Tx<'_>, scope: &TenantScope| {
            records::list(tx, scope, &collection, which, Limit::MOST, after.as_deref(), &revealed)
        };
        self.vault.kernel.read(&self.access.scope, read).await
    }

    fn revealed(&self, collection: &Collection) -> Result<Revealed, Error> {
        let sensitive = collection.fields().iter().filter(|field| field.sensitive);
        let names: Vec<String> = sensitive.map(|field| field.name.clone()).collect();
        records::revealed(collection, &names, self.may)
    }

    async fn files(&mut self) -> Result<(), Stop> {
        let mut after = None;
        loop {
            let page = self.vault.files_page(&self.access, None, Limit::MOST, after).await?;
            for item in page.items {
                match item {
                    FileItem::File(file) => self.file(file.id).await?,
                    FileItem::Unreadable(id) => self.manifest.unreadable.files.push(id),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// One file. Of one that turns out to be damaged further on, the genuine part is there, and the manifest says that it
    /// is not the whole.
    async fn file(&mut self, id: FileId) -> Result<(), Stop> {
        let found = match self.vault.file(&self.access, id).await {
            // Deleted meanwhile.
            Err(Error::NotFound) => return Ok(()),
            Err(error) if is_lost(&error) => return self.lose(id),
            other => other?,
        };
        let size = found.file.size;
        let mut outgoing = match self.vault.open_file(&self.access, &found, Part { from: 0, length: size }).await {
            Err(error) if is_lost(&error) => return self.lose(id),
            other => other?,
        };
        let name = format!("files/{id}/{}", portable(found.file.name.reveal()));
        self.archive.begin(name, Packing::Stored(size)).await?;
        loop {
            match outgoing.next().await {
                Ok(Some(bytes)) => self.archive.write(bytes).await?,
                Ok(None) => break,
                Err(error) if is_lost(&error) => return self.lose(id),
                Err(error) => return Err(error.into()),
            }
        }
        self.manifest.files += 1;
        Ok(())
    }

    fn lose(&mut self, id: FileId) -> Result<(), Stop> {
        tracing::error!(file = %id, "a file could not be exported: its content is gone or was changed");
        self.manifest.unreadable.files.push(id);
        Ok(())
    }

    async fn list_of_files(&mut self) -> Result<(), Stop> {
        self.archive.begin("files.json".to_owned(), Packing::Deflated).await?;
        let (mut list, mut after) = (List::default(), None);
        loop {
            let page = self.vault.files_page(&self.access, None, Limit::MOST, after).await?;
            let mut bytes = Vec::new();
            for item in page.items {
                if let FileItem::File(file) = item {
                    list.push(&mut bytes, &file);
                }
            }
            self.archive.write(bytes).await?;
            after = page.next;
            if after.is_none() {
                return self.archive.write(list.end()).await;
            }
        }
    }

    async fn audit(&mut self) -> Result<(), Stop> {
        self.archive.begin("audit.json".to_owned(), Packing::Deflated).await?;
        let (mut list, mut after) = (List::default(), None);
        loop {
            let page = self.vault.audit_read(&self.access, Limit::MOST, after).await?;
            let mut bytes = Vec::new();
            for item in page.items {
                match item {
                    AuditItem::Entry(entry) => {
                        list.push(&mut bytes, &entry);
                        self.manifest.audit_entries += 1;
                    }
                    AuditItem::Unreadable(id) => self.manifest.unreadable.audit_entries.push(id),
                }
            }
            self.archive.write(bytes).await?;
            after = page.next;
            if after.is_none() {
                return self.archive.write(list.end()).await;
            }
        }
    }
}

#[derive(Serialize)]
struct Schema<'c> {
    collections: &'c [CollectionView],
}

/// A JSON array that is written item by item.
#[derive(Default)]
struct List {
    items: u64,
}

impl List {
    fn push(&mut self, bytes: &mut Vec<u8>, item: &impl Serialize) {
        bytes.extend_from_slice(if self.items == 0 { b"[\n" } else { b",\n" });
        self.items += 1;
        bytes.extend(serde_json::to_vec(item).unwrap_or_default());
    }

    fn end(&self) -> Vec<u8> {
        if self.items == 0 { b"[]\n".to_vec() } else { b"\n]\n".to_vec() }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Store(crate::kernel::store::StoreError::Unreadable))
}

/// A file's name as every system takes one, in a folder of its own.
fn portable(name: &str) -> String {
    let taken = |letter: char| if "/\\:*?\"<>|".contains(letter) || letter.is_control() { '_' } else { letter };
    let name: String = name.chars().map(taken).collect();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::portable;

    #[test]
    fn a_files_name_in_an_archive_leads_nowhere() {
        for (name, taken) in
            [("../../etc/passwd", "_.._etc_passwd"), ("a:b", "a_b"), ("..", "file"), ("Rēķins 7.pdf", "Rēķins 7.pdf")]
        {
            assert_eq!(portable(name), taken);
        }
    }
}

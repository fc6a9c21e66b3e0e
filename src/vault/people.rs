//! People in the vault: where somebody is mentioned, and the erasure of all of it at their request.
//!
//! Somebody is looked for by what they are known by, such as an address, a number or a name: in every collection, in
//! what is in the trash, in what records were before, and in the names of files.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use diesel::{BoolExpressionMethods as _, ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::Serialize;

use crate::kernel::access::{TenantAccess, Use};
use crate::kernel::audit::Action;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{RowRef, Sealed};
use crate::kernel::erasure::ErasedRecords;
use crate::kernel::ids::{FileId, RecordId};
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::{record_versions, records};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::definition::Collection;
use crate::vault::known::{self, Known};
use crate::vault::records::{self as rows, Item, Precondition, ROW, Row, charge};
use crate::vault::search::plain;
use crate::vault::values::{Revealed, Values};
use crate::vault::writing::{Body, RecordBody};
use crate::vault::{CollectionItem, CollectionView, Error, Fault, Limit, Vault, files};

/// Records that one transaction reads.
const PAGE: i64 = 500;

/// The most records that one request finds, and the most that one erases.
pub const MOST: usize = 1_000;

/// By how many texts somebody is looked for at most.
const MOST_TEXTS: usize = 10;

/// The fewest and the most characters of each.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=200;

/// In which part of a record somebody is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// In its values.
    Values,
    /// In what its values were before.
    History,
    /// In the name of a file of its.
    FileName,
}

/// A record that mentions somebody.
pub struct Mention {
    /// The collection that it is in.
    pub collection: CollectionView,
    /// The record, masked, or the id of one that does not open.
    pub record: Item,
    /// Its version, which the erasure names.
    pub version: i64,
    /// Where in it.
    pub part: Part,
}

/// Whether everything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All there is.
    Everything,
    /// There is more than one answer holds: what is found is erased first, and then looked for again.
    More,
}

/// Where somebody is mentioned.
pub struct Mentions {
    /// The records, by collection.
    pub records: Vec<Mention>,
    /// Files that belong to no record and are named so.
    pub files: Vec<FileId>,
    /// Whether that is all.
    pub reach: Reach,
}

/// A record that is to be erased with others.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The slug of its collection.
    pub collection: String,
    /// Its id.
    pub id: RecordId,
    /// The version that was looked at.
    pub version: i64,
}

/// What is left of somebody's records: that they were erased.
#[derive(Debug, Clone, Serialize)]
pub struct PersonReceipt {
    /// Their ids.
    pub records: Vec<RecordId>,
    /// When.
    pub erased_at: Time,
    /// How many rows of each table were erased: records, their history, files, what found them, what the audit told.
    pub purged: BTreeMap<&'static str, u64>,
    /// From when on no back-up can hold them any more. One that is restored before has them erased again, before anybody
    /// is served.
    pub no_back_up_from: Time,
}

/// What somebody is known by: each text as the words that must all be there.
#[derive(Clone)]
struct KnownBy(Vec<Vec<String>>);

impl KnownBy {
    fn parse(texts: &[Personal<String>]) -> Result<Self, Error> {
        let fault = |at: String, code, detail: &'static str| Error::Invalid(vec![Fault::new(at, code, detail)]);
        if texts.is_empty() || texts.len() > MOST_TEXTS {
            return Err(fault("/known_by".to_owned(), "out_of_range", "Somebody is looked for by 1 to 10 texts."));
        }
        let mut all = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let words: Vec<String> = plain(text.reveal()).split_whitespace().map(str::to_owned).collect();
            if !CHARACTERS.contains(&words.join(" ").chars().count()) {
                return Err(fault(format!("/known_by/{at}"), "out_of_range", "A text has 3 to 200 characters."));
            }
            all.push(words);
        }
        Ok(Self(all))
    }

    /// Whether all words of one of the texts are among `told`.
    fn is_in(&self, told: &str) -> bool {
        self.0.iter().any(|words| words.iter().all(|word| told.contains(word)))
    }

    fn is_in_values(&self, collection: &Collection, values: &Values) -> bool {
        let mut told = String::new();
        for field in collection.fields() {
            if let Some(value) = values.get(field) {
                told.push_str(&plain(field.kind.words(value).reveal()));
                told.push('\n');
            }
        }
        self.is_in(&told)
    }
}

impl Vault {
    /// Finds every record, live or in the trash, that mentions somebody now or did before, and files that are named so.
    ///
    /// # Errors
    /// Too many texts, or too short ones; who may not reveal; the limit of a day; the store's.
    pub async fn mentions(&self, access: &TenantAccess, known_by: &[Personal<String>]) -> Result<Mentions, Error> {
        access.may_reveal()?;
        let known_by = KnownBy::parse(known_by)?;
        let mut found = Mentions { records: Vec::new(), files: Vec::new(), reach: Reach::Everything };
        let mut after = None;
        loop {
            let page = self.collections(access, Limit::MOST, after).await?;
            for one in page.items {
                // Of one that does not open nothing can be read.
                let CollectionItem::Collection(view) = one else { continue };
                self.mentions_in(access, &view, &known_by, &mut found).await?;
            }
            after = page.next;
            if after.is_none() || found.reach == Reach::More {
                break;
            }
        }
        let named = known_by.clone();
        let loose =
            move |tx: &mut Tx<'_>, scope: &TenantScope| files::loose(tx, scope, &|name| named.is_in(&plain(name)));
        found.files = self.kernel.read(&access.scope, loose).await?;
        Ok(found)
    }

    async fn mentions_in(
        &self,
        access: &TenantAccess,
        view: &CollectionView,
        known_by: &KnownBy,
        found: &mut Mentions,
    ) -> Result<(), Error> {
        let before = found.records.len();
        let mut after = RecordId::from_bytes([0; 16]);
        loop {
            let (collection, wanted) = (Arc::clone(&view.0), known_by.clone());
            let page = move |tx: &mut Tx<'_>, scope: &TenantScope| page(tx, scope, &collection, &wanted, after);
            let (mentions, last) = self.kernel.read(&access.scope, page).await?;
            found.records.extend(mentions);
            let Some(last) = last else { break };
            if found.records.len() >= MOST {
                found.reach = Reach::More;
                found.records.truncate(MOST);
                break;
            }
            after = last;
        }
        let count = found.records.len() - before;
        self.note_list(access, Action::RecordsSearched, &view.0, &Revealed::default(), count).await
    }

    /// Erases records of somebody, all or none, with their histories and files; `backups` is how long a back-up is kept.
    ///
    /// # Errors
    /// None or too many; no such collection or record, another version of one; the limit of a day; the store's: then what
    /// was begun is ended by a repeat, or at the next start.
    pub async fn erase_person(
        &self,
        access: &TenantAccess,
        mut chosen: Vec<Chosen>,
        backups: Duration,
    ) -> Result<PersonReceipt, Error> {
        chosen.sort_by_key(|one| one.id);
        chosen.dedup_by_key(|one| one.id);
        if chosen.is_empty() || chosen.len() > MOST {
            let fault = Fault::new("/records", "out_of_range", "1 to 1,000 records are erased at once.");
            return Err(Error::Invalid(vec![fault]));
        }
        let ids: Vec<RecordId> = chosen.iter().map(|one| one.id).collect();
        let (known, meter) = (Arc::clone(&self.known), access.meter(Use::Delete));
        let demand = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), Error> {
            for one in &chosen {
                let found = version(tx, scope, &known, one)?;
                Precondition::Versions(vec![one.version]).allow(found)?;
                charge(meter.as_ref(), tx, scope)?;
            }
            Ok(())
        };
        self.kernel.write("people.may_erase", &access.scope, demand).await?;
        let ErasedRecords { at, purged } = self.kernel.erase_records(&access.scope, ids.clone()).await?;
        Ok(PersonReceipt { records: ids, erased_at: at, purged, no_back_up_from: at.plus(backups) })
    }
}

fn version(tx: &mut Tx<'_>, scope: &TenantScope, known: &Known, chosen: &Chosen) -> Result<i64, Error> {
    let collection = known::find(tx, scope, known, &chosen.collection)?;
    Ok(rows::any(tx, scope, &collection, chosen.id)?.1)
}

/// Those of the next records behind `after` that mention somebody, and the last one that was looked at, if there may be
/// more.
fn page(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Arc<Collection>,
    known_by: &KnownBy,
    after: RecordId,
) -> Result<(Vec<Mention>, Option<RecordId>), Error> {
    let found: Vec<Row> = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::id.gt(after))
        .order(records::id)
        .limit(PAGE)
        .select(ROW)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let is_full = i64::try_from(found.len()).is_ok_and(|many| many == PAGE);
    let last = found.last().map(|row| row.0).filter(|_| is_full);
    let ids: Vec<RecordId> = found.iter().map(|row| row.0).collect();
    let histories = histories(tx, scope, collection, known_by, &ids)?;
    let named = files::of_records(tx, scope, &ids, &|name| known_by.is_in(&plain(name)))?;
    let mut mentions = Vec::new();
    for row in found {
        let (id, version) = (row.0, row.1);
        let record = rows::item(scope, collection, row, &Revealed::default())?;
        let is_in_values = match &record {
            Item::Record(record) => known_by.is_in_values(collection, &record.values.values),
            Item::Unreadable(_) => false,
        };
        let part = if is_in_values {
            Part::Values
        } else if histories.contains(&id) {
            Part::History
        } else if named.contains(&id) {
            Part::FileName
        } else {
            continue;
        };
        mentions.push(Mention { collection: CollectionView(Arc::clone(collection)), record, version, part });
    }
    Ok((mentions, last))
}

/// Those of `ids` whose earlier versions mention somebody.
fn histories(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    known_by: &KnownBy,
    ids: &[RecordId],
) -> Result<HashSet<RecordId>, Error> {
    let (mut found, mut behind) = (HashSet::new(), (RecordId::from_bytes([0; 16]), 0));
    loop {
        let (record, version) = behind;
        let further = record_versions::record_id.gt(record);
        let rest = record_versions::record_id.eq(record).and(record_versions::version.gt(version));
        let earlier: Vec<(RecordId, i64, Sealed<RecordBody>)> = record_versions::rows(scope)
            .filter(record_versions::record_id.eq_any(ids.to_vec()))
            .filter(further.or(rest))
            .order((record_versions::record_id, record_versions::version))
            .limit(PAGE)
            .select((record_versions::record_id, record_versions::version, record_versions::body))
            .load(tx.conn())
            .map_err(StoreError::from)?;
        for (id, version, body) in &earlier {
            // What does not open tells nobody anything.
            let Ok(Body { values, .. }) = scope.keys().open(RowRef::new(id.as_bytes(), *version), body) else {
                continue;
            };
            if known_by.is_in_values(collection, &values) {
                found.insert(*id);
            }
        }
        match earlier.last() {
            Some((id, version, _)) if i64::try_from(earlier.len()).is_ok_and(|many| many == PAGE) => {
                behind = (*id, *version);
            }
            _ => return Ok(found),
        }
    }
}

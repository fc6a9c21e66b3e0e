//! Imports: a whole table into a collection, in one transaction, all or nothing.
//!
//! A file becomes a [`Sheet`] before anything is asked of the store. Then each row is what a request to make a record
//! would be, with its cells read by the fields' kinds (`cells`) and its links found by a unique field of what they point
//! at. A dry run tells what is wrong and stores nothing; an import with anything wrong stores nothing either, unless who
//! was told of it wants the rest ([`Misfits`]). Between the two a person's file waits, sealed (`waiting`).

mod cells;
mod sheet;
mod terms;
mod waiting;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde_json::Value;

pub use self::sheet::Sheet;
pub use self::terms::{LinkKeys, Misfits, Terms};
pub use self::waiting::{Asked, Ended, Waiting};
use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::crypto::Tag;
use crate::kernel::idempotency::{Once, Outcome, once};
use crate::kernel::ids::{FieldId, ImportId, RecordId};
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::record_tags;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::definition::{Collection, Field};
use crate::vault::kinds::Kind;
use crate::vault::known::{self, Known};
use crate::vault::values::{Input, Unnamed, Values, checked, needs_home};
use crate::vault::{Error, Fault, Home, Vault, index, links, writing};

/// The most rows of an import: one transaction takes them all.
pub const MOST_ROWS: usize = 20_000;

/// The most faults that an answer tells.
const MOST_FAULTS: usize = 200;

/// The most tags in one question.
const ASKED: usize = 1_000;

/// What came of an import, or would.
#[derive(Debug, Clone)]
pub struct Report {
    /// The rows of the file that hold anything.
    pub rows: usize,
    /// Those without a fault.
    pub accepted: usize,
    /// What is wrong, the first 200.
    pub faults: Vec<RowFault>,
    /// The columns of a table, in their order.
    pub columns: Vec<Column>,
    /// The import's id in the audit, and the records that it made, in the file's order; nothing of a dry run.
    pub done: Option<(ImportId, Vec<RecordId>)>,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub heading: Personal<String>,
    /// The field that it goes to; none for one that is left out.
    pub field: Option<FieldId>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The row as a spreadsheet counts it: the headings stand in row 1. In JSON the first is row 1. None for what is
    /// wrong with the whole.
    pub row: Option<usize>,
    /// The fault; its pointer starts with `/rows/` and the row's place, counted from 0 and without the headings.
    pub fault: Fault,
}

impl Vault {
    /// Tells what an import of `sheet` would come to, and stores nothing.
    ///
    /// # Errors
    /// No such collection; `terms` name no links or no unique fields; more than [`MOST_ROWS`] rows.
    pub async fn try_import(
        &self,
        access: &TenantAccess,
        slug: &str,
        sheet: Arc<Sheet>,
        terms: Terms,
    ) -> Result<Report, Error> {
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        self.kernel
            .read(&access.scope, move |tx, scope| {
                let collection = known::find(tx, scope, &known, &slug)?;
                let plan = plan(tx, scope, (&known, home), &collection, &sheet, &terms)?;
                Ok(plan.report(&sheet))
            })
            .await
    }

    /// Makes a record of each row of `sheet`, all or none.
    ///
    /// # Errors
    /// As [`Vault::try_import`]; and each fault that it would tell.
    pub async fn import(
        &self,
        access: &TenantAccess,
        slug: &str,
        sheet: Arc<Sheet>,
        terms: Terms,
        wish: Option<Once<Report>>,
    ) -> Result<Outcome<Report>, Error> {
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        self.kernel
            .write("imports.create", &access.scope, move |tx, scope| {
                let collection = known::hold(tx, scope, &known, &slug)?;
                once(tx, scope, wish.as_ref(), |tx| {
                    let plan = plan(tx, scope, (&known, home), &collection, &sheet, &terms)?;
                    let id = ImportId::new(tx.now(), tx.entropy());
                    import(tx, scope, &collection, plan, (&sheet, terms.misfits), id)
                })
            })
            .await
    }
}

/// The records that an import would make, and what stands in its way.
struct Plan {
    rows: usize,
    /// Each with the place of its row.
    made: Vec<(usize, RecordId, Values)>,
    faults: Vec<Fault>,
    columns: Vec<Column>,
}

impl Plan {
    /// The places of the rows that do not fit; nothing when the whole does not.
    fn wrong(&self) -> Option<BTreeSet<usize>> {
        self.faults.iter().map(place_of).collect()
    }

    fn report(&self, sheet: &Sheet) -> Report {
        let accepted = self.wrong().map_or(0, |wrong| self.rows.saturating_sub(wrong.len()));
        let told = self.faults.iter().take(MOST_FAULTS);
        let faults = told
            .map(|fault| RowFault { row: place_of(fault).map(|place| sheet.number(place)), fault: fault.clone() })
            .collect();
        Report { rows: self.rows, accepted, faults, columns: self.columns.clone(), done: None }
    }
}

/// The place of the row that a fault is in.
fn place_of(fault: &Fault) -> Option<usize> {
    fault.pointer.strip_prefix("/rows/")?.split('/').next()?.parse().ok()
}

fn at(place: usize) -> String {
    format!("/rows/{place}/values")
}

fn import(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    mut plan: Plan,
    (sheet, misfits): (&Sheet, Misfits),
    id: ImportId,
) -> Result<Report, Error> {
    let report = plan.report(sheet);
    let all_fit = plan.faults.is_empty() || (misfits == Misfits::LeftOut && report.accepted > 0);
    if !all_fit {
        plan.faults.truncate(MOST_FAULTS);
        return Err(Error::Invalid(plan.faults));
    }
    let wrong = plan.wrong().unwrap_or_default();
    plan.made.retain(|(place, ..)| !wrong.contains(place));
    let (places, made): (Vec<usize>, Vec<(RecordId, Values)>) =
        plan.made.into_iter().map(|(place, id, values)| (place, (id, values))).unzip();
    writing::insert_many(tx, scope, collection, &made)?;
    let searchable: Vec<_> = collection.fields().iter().filter(|field| field.searchable).collect();
    index::insert_many(tx, scope, &searchable, &made, |number, field| {
        format!("{}/{}", at(places.get(number).copied().unwrap_or_default()), field.name)
    })?;
    let event = Event::new(Action::ImportDone).of(Subject::Import(id)).of(Subject::Collection(collection.id));
    audit::record(tx, scope, &event.counting(made.len()))?;
    Ok(Report { done: Some((id, made.into_iter().map(|(id, _)| id).collect())), ..report })
}

fn plan(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    (known, home): (&Known, Home),
    collection: &Collection,
    sheet: &Sheet,
    terms: &Terms,
) -> Result<Plan, Error> {
    let rows = sheet.rows();
    let cells::Inputs { columns, rows: mut inputs, mut faults } = match cells::inputs(sheet, collection, terms) {
        Err(Error::Invalid(faults)) => return Ok(Plan { rows, made: Vec::new(), faults, columns: Vec::new() }),
        other => other?,
    };
    resolve(tx, scope, known, collection, &terms.links, &mut inputs, &mut faults)?;
    let none = Values::default();
    let home = match needs_home(collection, &none, inputs.iter().map(|(_, input)| input), Unnamed::Cleared) {
        true => home(tx, scope)?,
        false => None,
    };
    let mut made = Vec::with_capacity(inputs.len());
    for (place, input) in &inputs {
        match checked(collection, &none, input, Unnamed::Cleared, home, &at(*place)) {
            Ok(values) => made.push((*place, RecordId::new(tx.now(), tx.entropy()), values)),
            Err(found) => faults.extend(found),
        }
    }
    let pointers: Vec<String> = made.iter().map(|(place, ..)| at(*place)).collect();
    let linked = pointers.iter().map(String::as_str).zip(made.iter().map(|(_, _, values)| values));
    match links::demand(tx, scope, known, collection, &none, linked) {
        Err(Error::Invalid(found)) => faults.extend(found),
        other => other?,
    }
    for field in collection.fields().iter().filter(|field| field.unique) {
        faults.extend(repeated(tx, scope, field, &made)?);
    }
    faults.sort_by_key(place_of);
    Ok(Plan { rows, made, faults, columns })
}

/// Puts the ids of the records that they mean in the place of the links' cells.
fn resolve(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    collection: &Collection,
    keys: &LinkKeys,
    inputs: &mut [(usize, Input)],
    faults: &mut Vec<Fault>,
) -> Result<(), Error> {
    for (name, key) in keys {
        let pointer = || format!("/link.{name}");
        let not_a_link = || Fault::new(pointer(), "not_a_link", "The collection has no link of this name.");
        let Some(Kind::Link { collection: target }) = collection.field(name).map(|field| &field.kind) else {
            return Err(not_a_link().into());
        };
        let target = known::find(tx, scope, known, target)?;
        let key = target.field(key).filter(|field| field.unique).ok_or_else(|| {
            let detail = "A link is found by a unique field of the collection that it points into.";
            Error::from(Fault::new(pointer(), "not_a_unique_field", detail))
        })?;
        // What each cell means, once for all rows that say the same.
        let mut meant: BTreeMap<Tag, Vec<usize>> = BTreeMap::new();
        let mut unknown: Vec<usize> = Vec::new();
        for (number, (_, input)) in inputs.iter().enumerate() {
            let Some(cell) = input.get(name).filter(|cell| !cell.is_null()) else { continue };
            let checked = key.kind.check(cell, None).ok();
            match checked.and_then(|value| index::tag(scope.keys(), key, &value)) {
                Some(tag) => meant.entry(tag).or_default().push(number),
                None => unknown.push(number),
            }
        }
        let found = records_by(tx, scope, key, &meant.keys().copied().collect::<Vec<_>>())?;
        for (tag, numbers) in meant {
            let Some(record) = found.get(&tag) else {
                unknown.extend(numbers);
                continue;
            };
            for number in numbers {
                if let Some((_, input)) = inputs.get_mut(number) {
                    input.insert(name.clone(), Value::String(record.to_string()));
                }
            }
        }
        for number in unknown {
            let Some((place, input)) = inputs.get_mut(number) else { continue };
            input.remove(name);
            let detail = "No record of the collection that the field links to has this value.";
            faults.push(Fault::new(format!("{}/{name}", at(*place)), "no_such_record", detail));
        }
    }
    Ok(())
}

/// The live records that have a value of these tags in the unique field `key`.
fn records_by(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    key: &Field,
    tags: &[Tag],
) -> Result<BTreeMap<Tag, RecordId>, StoreError> {
    let mut found = BTreeMap::new();
    for chunk in tags.chunks(ASKED) {
        let rows: Vec<(Tag, RecordId)> = record_tags::rows(scope)
            .filter(record_tags::field_id.eq(key.id))
            .filter(record_tags::index_version.eq(index::version(scope.keys())))
            .filter(record_tags::tag.eq_any(chunk.to_vec()))
            .select((record_tags::tag, record_tags::record_id))
            .load(tx.conn())?;
        found.extend(rows);
    }
    Ok(found)
}

/// A fault for each row whose value in the unique `field` stands already: in a record, or in a row before it.
fn repeated(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    field: &Field,
    made: &[(usize, RecordId, Values)],
) -> Result<Vec<Fault>, StoreError> {
    let tags: Vec<(usize, Tag)> = made
        .iter()
        .filter_map(|(place, _, values)| Some((*place, index::tag(scope.keys(), field, values.get(field)?)?)))
        .collect();
    let standing = records_by(tx, scope, field, &tags.iter().map(|(_, tag)| *tag).collect::<Vec<_>>())?;
    let mut seen: BTreeSet<Tag> = standing.into_keys().collect();
    let detail = "The value must be unique, and is there already.";
    Ok(tags
        .into_iter()
        .filter(|(_, tag)| !seen.insert(*tag))
        .map(|(place, _)| Fault::new(format!("{}/{}", at(place), field.name), "already_exists", detail))
        .collect())
}

//! Links: each points at a live record of the collection that its field names.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::ids::RecordId;
use crate::kernel::store::schema::records;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::definition::Collection;
use crate::vault::kinds::Kind;
use crate::vault::known::{self, Known};
use crate::vault::values::Values;
use crate::vault::{Error, Fault};

/// The most ids in one question.
const CHUNK: usize = 1_000;

/// Demands that each link of `all` that is not in `before` points at a live record. Each of `all` has its pointer.
///
/// # Errors
/// A fault for each link that does not; the store's.
pub(super) fn demand<'v>(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    collection: &Collection,
    before: &Values,
    all: impl IntoIterator<Item = (&'v str, &'v Values)>,
) -> Result<(), Error> {
    let all: Vec<_> = all.into_iter().collect();
    let mut faults = Vec::new();
    for field in collection.fields() {
        let Kind::Link { collection: target } = &field.kind else { continue };
        let mut pointers: BTreeMap<RecordId, Vec<&str>> = BTreeMap::new();
        for (at, values) in &all {
            let value = values.get(field).filter(|value| before.get(field) != Some(value));
            if let Some(id) = value.and_then(|value| value.as_json().as_str()?.parse().ok()) {
                pointers.entry(id).or_default().push(at);
            }
        }
        if pointers.is_empty() {
            continue;
        }
        tx.demand_alone()?;
        let live = live(tx, scope, known, target, &pointers.keys().copied().collect::<Vec<_>>())?;
        let missing = pointers.into_iter().filter(|(id, _)| !live.contains(id)).flat_map(|(_, at)| at);
        faults.extend(missing.map(|at| {
            let detail = "There is no such record in the collection that the field links to.";
            Fault::new(format!("{at}/{}", field.name), "no_such_record", detail)
        }));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// Those of `ids` that are live records of the collection `target`; none when there is no such collection (yet).
fn live(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    target: &str,
    ids: &[RecordId],
) -> Result<BTreeSet<RecordId>, Error> {
    let target = match known::find(tx, scope, known, target) {
        Ok(target) => target.id,
        Err(Error::NotFound) => return Ok(BTreeSet::new()),
        Err(other) => return Err(other),
    };
    let mut found = BTreeSet::new();
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<RecordId> = records::rows(scope)
            .filter(records::id.eq_any(chunk))
            .filter(records::collection_id.eq(target))
            .filter(records::trashed_at.is_null())
            .select(records::id)
            .load(tx.conn())
            .map_err(StoreError::from)?;
        found.extend(rows);
    }
    Ok(found)
}

//! Collections that this process has opened, so that a point read need not open their definition again.
//!
//! An entry counts only while its version is the row's, which each transaction reads with one look-up. What is in it a
//! tenant's keys have opened: once nobody is given these any more, it is let go of within the minute ([`Known::let_go`]).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, OwnerKeys, Place, RowRef, Sealed, Tag};
use crate::kernel::ids::{AnyId, CollectionId, TenantId};
use crate::kernel::store::schema::collections;
use crate::kernel::store::{Conn, StoreError, Tx, dialect, each};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::vault::Error;
use crate::vault::definition::{Collection, Definition};
use crate::vault::slug::Slug;

/// The most collections that are kept open.
const MOST: usize = 1_024;

/// Where a collection's definition lies.
pub(super) struct CollectionBody;

impl Place for CollectionBody {
    const LABEL: &'static str = "collections.body";
    type Plain = Definition;
}

/// The collections that are open.
#[derive(Default)]
pub(super) struct Known(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<(TenantId, CollectionId), Arc<Collection>>,
    order: VecDeque<(TenantId, CollectionId)>,
}

/// By what a tenant's collection is found.
pub(super) fn tag(keys: &OwnerKeys, slug: &Slug) -> Tag {
    keys.tag(&[b"collections.slug"], slug.as_str().as_bytes())
}

/// The id and version of the collection of this slug; a type that only the compiler can write.
macro_rules! by_slug {
    ($scope:expr, $version:expr, $tag:expr) => {
        collections::rows($scope)
            .filter(collections::index_version.eq(i64::from($version.as_u32())))
            .filter(collections::slug_tag.eq($tag))
            .select((collections::id, collections::version))
    };
}

/// The collection of this slug.
///
/// # Errors
/// [`Error::NotFound`]; the store's.
pub(super) fn find(tx: &mut Tx<'_>, scope: &TenantScope, known: &Known, slug: &str) -> Result<Arc<Collection>, Error> {
    let slug = Slug::parse(slug).ok_or(Error::NotFound)?;
    for (version, tag) in looked_under(scope.keys(), &slug) {
        let query = by_slug!(scope, version, tag);
        let row = each!(tx.conn(), c => query.get_result(c)).optional()?;
        if row.is_some() {
            return opened(tx, scope, known, row);
        }
    }
    Err(Error::NotFound)
}

/// Refuses a slug that stands under another version than the one that a new collection's is written under: while the key
/// turns over, the index of one version does not know of the other's. Those who make one of the same slug take turns.
///
/// # Errors
/// [`Error::AlreadyExists`]; the store's.
pub(super) fn demand_free(tx: &mut Tx<'_>, scope: &TenantScope, slug: &Slug) -> Result<(), Error> {
    let all: Vec<(KeyVersion, Tag)> = tags(scope.keys(), slug).collect();
    if all.len() < 2 {
        return Ok(());
    }
    if let Some((_, oldest)) = all.last() {
        dialect::take_turns(tx.conn(), oldest.as_bytes()).map_err(StoreError::from)?;
    }
    for (version, tag) in all {
        let query = by_slug!(scope, version, tag);
        let row: Option<(CollectionId, i64)> =
            each!(tx.conn(), c => query.get_result(c)).optional().map_err(StoreError::from)?;
        if row.is_some() {
            return Err(Error::AlreadyExists(Some("/slug".to_owned())));
        }
    }
    Ok(())
}

/// The tags of a slug under each version that is held, the newest first: a collection stands under one of them.
pub(super) fn tags(keys: &OwnerKeys, slug: &Slug) -> impl Iterator<Item = (KeyVersion, Tag)> + use<> {
    keys.tags_of_all(&[b"collections.slug"], slug.as_str().as_bytes()).into_iter().rev()
}

/// In which order a slug's collection is looked for: as [`tags`] gives them, and under the newest once more. While the key
/// turns over, it may move there between one look and the next; no collection moves back.
fn looked_under(keys: &OwnerKeys, slug: &Slug) -> Vec<(KeyVersion, Tag)> {
    let mut all: Vec<(KeyVersion, Tag)> = tags(keys, slug).collect();
    let again = all.first().copied().filter(|_| all.len() > 1);
    all.extend(again);
    all
}

/// The same, and it stays as it is until the transaction ends: what is written by its fields fits them.
///
/// # Errors
/// As [`find`].
pub(super) fn hold(tx: &mut Tx<'_>, scope: &TenantScope, known: &Known, slug: &str) -> Result<Arc<Collection>, Error> {
    let slug = Slug::parse(slug).ok_or(Error::NotFound)?;
    let named = tag(scope.keys(), &slug);
    if let Some((id, version)) = tx.held(scope.tenant(), named) {
        return opened(tx, scope, known, Some((CollectionId::from_bytes(*id.as_bytes()), version)));
    }
    let mut row: Option<(CollectionId, i64)> = None;
    for (version, tag) in looked_under(scope.keys(), &slug) {
        let query = by_slug!(scope, version, tag);
        row = match tx.settled() {
            // SQLite has one writer at a time.
            Conn::Sqlite(conn) => query.get_result(conn).optional()?,
            Conn::Pg(conn) => query.for_share().get_result(conn).optional()?,
        };
        if row.is_some() {
            break;
        }
    }
    if let Some((id, version)) = row {
        tx.hold(scope.tenant(), named, (AnyId::from_bytes(*id.as_bytes()), version));
    }
    opened(tx, scope, known, row)
}

fn opened(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    known: &Known,
    row: Option<(CollectionId, i64)>,
) -> Result<Arc<Collection>, Error> {
    let (id, version) = row.ok_or(Error::NotFound)?;
    if let Some(collection) = known.get(scope, id, version) {
        return Ok(collection);
    }
    let collection = Arc::new(open(tx, scope, id)?);
    known.keep(scope, &collection);
    Ok(collection)
}

pub(super) fn open(tx: &mut Tx<'_>, scope: &TenantScope, id: CollectionId) -> Result<Collection, Error> {
    let (version, body, created_at, updated_at): (i64, Sealed<CollectionBody>, Time, Time) = collections::rows(scope)
        .filter(collections::id.eq(id))
        .select((collections::version, collections::body, collections::created_at, collections::updated_at))
        .get_result(tx.settled())
        .map_err(StoreError::from)?;
    let definition = scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?;
    Ok(Collection { id, version, definition, created_at, updated_at })
}

impl Known {
    /// The tenants of whom something is kept, each once.
    pub(super) fn tenants(&self) -> Vec<TenantId> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let tenants: HashSet<TenantId> = kept.order.iter().map(|(tenant, _)| *tenant).collect();
        tenants.into_iter().collect()
    }

    /// Keeps nothing of these tenants any more.
    pub(super) fn let_go(&self, tenants: &[TenantId]) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.by_id.retain(|(tenant, _), _| !tenants.contains(tenant));
        kept.order.retain(|(tenant, _)| !tenants.contains(tenant));
    }

    fn get(&self, scope: &TenantScope, id: CollectionId, version: i64) -> Option<Arc<Collection>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.by_id.get(&(scope.tenant(), id)).filter(|collection| collection.version == version).map(Arc::clone)
    }

    fn keep(&self, scope: &TenantScope, collection: &Arc<Collection>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let key = (scope.tenant(), collection.id);
        if kept.by_id.insert(key, Arc::clone(collection)).is_some() {
            return;
        }
        kept.order.push_back(key);
        if kept.order.len() > MOST
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_id.remove(&oldest);
        }
    }
}

//! Collections: made, listed, changed and deleted.

use std::sync::Arc;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::crypto::RowRef;
use crate::kernel::idempotency::{Once, Outcome, once};
use crate::kernel::ids::{CollectionId, RecordId};
use crate::kernel::store::schema::{collections, record_versions, records};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::kernel::values::{Locale, objects, objects_if_any};
use crate::vault::backfill;
use crate::vault::cursor::{Cursors, Limit, Page, page};
use crate::vault::definition::{
    Collection, Definition, Field, FieldInput, KindChange, LegalBasis, define, parameters, redefine,
};
use crate::vault::kinds::{Choice, KindName, Label};
use crate::vault::known::{self, CollectionBody};
use crate::vault::slug::Slug;
use crate::vault::{Error, Fault, Vault, files, index, templates};

/// The longest that a record is kept by plan: a hundred years.
const LONGEST_RETENTION: u32 = 36_500;

/// A new collection, as the API writes it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCollection {
    /// What a person reads: a text, or an object of them by language. The template's when left out.
    #[schema(value_type = Option<serde_json::Value>)]
    pub name: Option<Label>,
    /// Its name in addresses, `[a-z0-9_-]`; from the template or the name when left out.
    pub slug: Option<String>,
    /// The starter collection that it begins as.
    pub template: Option<String>,
    /// Its fields; the template's when left out.
    #[serde(default, deserialize_with = "objects_if_any")]
    pub fields: Option<Vec<FieldInput>>,
    /// What its data is for.
    #[schema(value_type = Option<serde_json::Value>)]
    pub purpose: Option<Label>,
    /// Why it may be kept.
    pub legal_basis: Option<LegalBasis>,
    /// How many days a record is kept.
    pub retention_days: Option<u32>,
}

/// A changed collection, whole, as the API writes it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedCollection {
    /// What a person reads.
    #[schema(value_type = serde_json::Value)]
    pub name: Label,
    /// Its name in addresses: the present one. Links and addresses hold on to it.
    pub slug: Option<String>,
    /// Its fields: each is a present one by its id, else by its name, else new; those left out are removed.
    #[serde(deserialize_with = "objects")]
    pub fields: Vec<FieldInput>,
    /// What its data is for.
    #[schema(value_type = Option<serde_json::Value>)]
    pub purpose: Option<Label>,
    /// Why it may be kept.
    pub legal_basis: Option<LegalBasis>,
    /// How many days a record is kept.
    pub retention_days: Option<u32>,
}

/// A collection as its reader sees it.
#[derive(Clone)]
pub struct CollectionView(pub(super) Arc<Collection>);

/// A collection in a list: one that does not open is told by its id.
#[derive(Clone)]
pub enum CollectionItem {
    /// It opened.
    Collection(CollectionView),
    /// It did not.
    Unreadable(CollectionId),
}

impl CollectionView {
    pub(super) fn shared(&self) -> Arc<Collection> {
        Arc::clone(&self.0)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> CollectionId {
        self.0.id
    }

    /// Its name in addresses.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.0.definition.slug
    }

    /// What a person reads.
    #[must_use]
    pub fn name(&self) -> &Label {
        &self.0.definition.name
    }

    /// What its data is for.
    #[must_use]
    pub fn purpose(&self) -> Option<&Label> {
        self.0.definition.purpose.as_ref()
    }

    /// Its fields, in the order in which a form shows them.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        self.0.fields()
    }
}

impl Serialize for CollectionView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Collection { id, definition, created_at, updated_at, .. } = &*self.0;
        let fields: Vec<FieldView> = definition.fields.iter().map(FieldView::of).collect();
        let mut object = serializer.serialize_struct("collection", 9)?;
        object.serialize_field("id", id)?;
        object.serialize_field("slug", &definition.slug)?;
        object.serialize_field("name", &definition.name)?;
        object.serialize_field("fields", &fields)?;
        object.serialize_field("purpose", &definition.purpose)?;
        object.serialize_field("legal_basis", &definition.legal_basis)?;
        object.serialize_field("retention_days", &definition.retention_days)?;
        object.serialize_field("created_at", created_at)?;
        object.serialize_field("updated_at", updated_at)?;
        object.end()
    }
}

#[derive(Serialize)]
struct FieldView<'f> {
    id: crate::kernel::ids::FieldId,
    name: &'f str,
    label: &'f Label,
    kind: KindName,
    required: bool,
    unique: bool,
    searchable: bool,
    sensitive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<Choice>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
}

impl<'f> FieldView<'f> {
    fn of(field: &'f Field) -> Self {
        let (choices, collection) = parameters(field.kind.clone());
        Self {
            id: field.id,
            name: &field.name,
            label: &field.label,
            kind: field.kind.name(),
            required: field.required,
            unique: field.unique,
            searchable: field.searchable,
            sensitive: field.sensitive,
            choices,
            collection,
        }
    }
}

impl Vault {
    /// Makes a collection.
    ///
    /// # Errors
    /// A definition that does not hold; a slug that is another's.
    pub async fn create_collection(
        &self,
        access: &TenantAccess,
        input: NewCollection,
        wish: Option<Once<CollectionView>>,
    ) -> Result<Outcome<CollectionView>, Error> {
        self.kernel
            .write("collections.create", &access.scope, move |tx, scope| {
                once(tx, scope, wish.as_ref(), |tx| create(tx, scope, input.clone()))
            })
            .await
    }

    /// Reads a collection.
    ///
    /// # Errors
    /// No such collection.
    pub async fn collection(&self, access: &TenantAccess, slug: &str) -> Result<CollectionView, Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        self.kernel
            .point(&access.scope, move |tx, scope| known::find(tx, scope, &known, &slug).map(CollectionView))
            .await
    }

    /// Lists the tenant's collections, oldest first.
    ///
    /// # Errors
    /// A cursor of another list.
    pub async fn collections(
        &self,
        access: &TenantAccess,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<CollectionItem>, Error> {
        self.kernel.read(&access.scope, move |tx, scope| list(tx, scope, limit, after.as_deref())).await
    }

    /// Changes a collection; its records stay readable.
    ///
    /// # Errors
    /// No such collection; a definition that does not hold, or that its records do not fit; who may not reveal, when a
    /// sensitive field would no longer be one.
    pub async fn change_collection(
        &self,
        access: &TenantAccess,
        slug: &str,
        input: ChangedCollection,
    ) -> Result<CollectionView, Error> {
        let (known, slug, may) = (Arc::clone(&self.known), slug.to_owned(), access.may_reveal());
        self.kernel
            .write("collections.change", &access.scope, move |tx, scope| {
                let present = known::find(tx, scope, &known, &slug)?;
                let changed = change(tx, scope, &present, input.clone())?;
                let laid_open = |field: &&Field| changed.fields().iter().any(|f| f.id == field.id && !f.sensitive);
                if present.fields().iter().filter(|field| field.sensitive).any(|field| laid_open(&field)) {
                    may.clone()?;
                }
                Ok(CollectionView(Arc::new(changed)))
            })
            .await
    }

    /// Deletes a collection that has no records, with what is in its trash.
    ///
    /// # Errors
    /// No such collection; [`Error::NotEmpty`].
    pub async fn delete_collection(&self, access: &TenantAccess, slug: &str) -> Result<(), Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        self.kernel
            .write("collections.delete", &access.scope, move |tx, scope| {
                let collection = known::find(tx, scope, &known, &slug)?;
                delete(tx, scope, &collection)
            })
            .await
    }
}

fn create(tx: &mut Tx<'_>, scope: &TenantScope, input: NewCollection) -> Result<CollectionView, Error> {
    let (definition, slug) = definition(input, tx)?;
    let (id, now) = (CollectionId::new(tx.now(), tx.entropy()), tx.now());
    known::demand_free(tx, scope, &slug)?;
    let body = scope.keys().seal::<CollectionBody>(RowRef::new(id.as_bytes(), 1), &definition, tx.entropy());
    let inserted = collections::insert()
        .values((
            collections::of(scope),
            collections::id.eq(id),
            collections::slug_tag.eq(known::tag(scope.keys(), &slug)),
            collections::index_version.eq(index::version(scope.keys())),
            collections::version.eq(1_i64),
            collections::body.eq(&body),
            collections::created_at.eq(now),
            collections::updated_at.eq(now),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from);
    match inserted {
        Err(StoreError::Taken) => return Err(Error::AlreadyExists(Some("/slug".to_owned()))),
        other => drop(other?),
    }
    audit::record(tx, scope, &Event::new(Action::CollectionCreated).of(Subject::Collection(id)))?;
    Ok(CollectionView(Arc::new(Collection { id, version: 1, definition, created_at: now, updated_at: now })))
}

/// What a new collection is, with what it takes from its template.
fn definition(input: NewCollection, tx: &Tx<'_>) -> Result<(Definition, Slug), Error> {
    let mut faults = retention(input.retention_days);
    let template = input.template.as_deref().map(|name| {
        templates::find(name)
            .ok_or_else(|| Fault::new("/template", "no_such_template", "There is no starter collection of this name."))
    });
    let template = template.transpose().unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let name = input.name.or_else(|| template.map(|template| template.shown.name.clone()));
    let slug = match (&input.slug, template, &name) {
        (Some(slug), ..) => Slug::parse(slug),
        (None, Some(template), _) => Slug::parse(&template.shown.slug),
        (None, None, Some(name)) => Slug::derive(name.in_language(Locale::En)),
        (None, None, None) => None,
    };
    if name.is_none() {
        faults.push(Fault::new("/name", "required", "A collection needs a name."));
    } else if slug.is_none() {
        faults.push(Fault::new("/slug", "not_a_slug", "A slug is [a-z0-9_-], 1 to 60 characters."));
    } else if slug.as_ref().is_some_and(Slug::is_reserved) {
        faults.push(Fault::new("/slug", "reserved", "The slug stands for a page in addresses; take another."));
    }
    let fields = input.fields.or_else(|| template.map(templates::Template::fields)).unwrap_or_default();
    let fields = define(fields, tx.now(), tx.entropy()).unwrap_or_else(|found| {
        faults.extend(found);
        Vec::new()
    });
    let (Some(name), Some(slug), true) = (name, slug, faults.is_empty()) else { return Err(Error::Invalid(faults)) };
    let definition = Definition {
        slug: slug.as_str().to_owned(),
        name,
        fields,
        removed: Vec::new(),
        purpose: input.purpose.or_else(|| template.map(|template| template.shown.purpose.clone())),
        legal_basis: input.legal_basis.or_else(|| template.map(|template| template.shown.legal_basis)),
        retention_days: input.retention_days.or_else(|| template.map(|template| template.shown.retention_days)),
    };
    Ok((definition, slug))
}

fn retention(days: Option<u32>) -> Vec<Fault> {
    let refused = days.filter(|days| !(1..=LONGEST_RETENTION).contains(days));
    let fault = |_| Fault::new("/retention_days", "out_of_range", "Records are kept for 1 to 36,500 days.");
    refused.map(fault).into_iter().collect()
}

fn list(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    limit: Limit,
    after: Option<&str>,
) -> Result<Page<CollectionItem>, Error> {
    let cursors = Cursors::new(scope.keys(), &[b"collections"]);
    let after = cursors.read(after)?.map_or(CollectionId::from_bytes([0; 16]), CollectionId::from_bytes);
    let ids: Vec<CollectionId> = collections::rows(scope)
        .filter(collections::id.gt(after))
        .order(collections::id)
        .limit(limit.and_one())
        .select(collections::id)
        .load(tx.conn())?;
    let Page { items, next } = page(ids, limit, |id| cursors.write(*id.as_bytes()));
    let items = items.into_iter().map(|id| match known::open(tx, scope, id) {
        Ok(collection) => Ok(CollectionItem::Collection(CollectionView(Arc::new(collection)))),
        Err(Error::Store(StoreError::Unreadable)) => Ok(CollectionItem::Unreadable(id)),
        Err(other) => Err(other),
    });
    Ok(Page { items: items.collect::<Result<_, Error>>()?, next })
}

fn change(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    present: &Collection,
    input: ChangedCollection,
) -> Result<Collection, Error> {
    let mut faults = retention(input.retention_days);
    if input.slug.as_ref().is_some_and(|slug| *slug != present.definition.slug) {
        faults.push(Fault::new("/slug", "fixed", "The slug stays: addresses and links hold on to it."));
    }
    let kinds = kind_change(tx, scope, present)?;
    let Definition { slug, fields, removed, .. } = &present.definition;
    let (fields, removed) =
        redefine(fields, removed, input.fields, kinds, tx.now(), tx.entropy()).unwrap_or_else(|found| {
            faults.extend(found);
            (Vec::new(), Vec::new())
        });
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let definition = Definition {
        slug: slug.clone(),
        name: input.name,
        fields,
        removed,
        purpose: input.purpose,
        legal_basis: input.legal_basis,
        retention_days: input.retention_days,
    };
    let version = present.version + 1;
    let body =
        scope.keys().seal::<CollectionBody>(RowRef::new(present.id.as_bytes(), version), &definition, tx.entropy());
    let row = collections::rows(scope)
        .filter(collections::id.eq(present.id))
        .filter(collections::version.eq(present.version));
    let changed = diesel::update(row)
        .set((collections::version.eq(version), collections::updated_at.eq(tx.now()), collections::body.eq(&body)))
        .execute(tx.conn())?;
    if changed == 0 {
        // Another change was first: this one is made of what that one left.
        return Err(Error::Store(StoreError::Again));
    }
    let changed =
        Collection { id: present.id, version, definition, created_at: present.created_at, updated_at: tx.now() };
    backfill::adapt(tx, scope, present, &changed)?;
    audit::record(tx, scope, &Event::new(Action::CollectionChanged).of(Subject::Collection(present.id)))?;
    Ok(changed)
}

/// A field may become another kind while the collection has no record, not even in the trash.
fn kind_change(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection) -> Result<KindChange, Error> {
    let trashed: Option<RecordId> = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::trashed_at.is_not_null())
        .select(records::id)
        .limit(1)
        .get_result(tx.conn())
        .optional()?;
    let held = trashed.or(some_live(tx, scope, collection)?);
    Ok(if held.is_some() { KindChange::Refused } else { KindChange::Allowed })
}

fn some_live(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection) -> Result<Option<RecordId>, Error> {
    Ok(records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::trashed_at.is_null())
        .select(records::id)
        .limit(1)
        .get_result(tx.conn())
        .optional()?)
}

fn delete(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection) -> Result<(), Error> {
    // The row goes first, so that no record is made in it meanwhile.
    diesel::delete(collections::rows(scope).filter(collections::id.eq(collection.id))).execute(tx.conn())?;
    if some_live(tx, scope, collection)?.is_some() {
        return Err(Error::NotEmpty);
    }
    let trashed: Vec<RecordId> = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::trashed_at.is_not_null())
        .select(records::id)
        .load(tx.conn())?;
    for chunk in trashed.chunks(1_000) {
        let versions = record_versions::rows(scope).filter(record_versions::record_id.eq_any(chunk));
        diesel::delete(versions).execute(tx.conn())?;
        files::let_go(tx, scope, chunk)?;
        let gone = records::rows(scope).filter(records::collection_id.eq(collection.id));
        diesel::delete(gone.filter(records::id.eq_any(chunk))).execute(tx.conn())?;
    }
    let event = Event::new(Action::CollectionDeleted).of(Subject::Collection(collection.id)).counting(trashed.len());
    Ok(audit::record(tx, scope, &event)?)
}

//! What the answers look like, for the interface's document; the vault's own types write them.

#![expect(dead_code, reason = "shapes for the document alone")]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A record. A sensitive value is `{"masked": "…5001"}` unless it is revealed.
#[derive(ToSchema)]
pub(super) struct RecordShape {
    #[schema(format = "uuid")]
    id: String,
    /// Counted from 1; also in the `ETag`.
    version: i64,
    /// By the field's name.
    values: BTreeMap<String, Value>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it went to the trash; only there.
    #[schema(format = DateTime)]
    trashed_at: Option<String>,
}

/// A record in a list, or its id and the incident under which the log knows why it does not open.
#[derive(ToSchema)]
pub(super) struct RecordItem {
    #[schema(format = "uuid")]
    id: String,
    version: Option<i64>,
    values: Option<BTreeMap<String, Value>>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    #[schema(format = DateTime)]
    trashed_at: Option<String>,
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// A page of records.
#[derive(ToSchema)]
pub(super) struct RecordPage {
    items: Vec<RecordItem>,
    next: Option<String>,
}

/// A version of a record.
#[derive(ToSchema)]
pub(super) struct VersionItemShape {
    version: i64,
    /// `created`, `changed`, `trashed` or `restored`.
    change: Option<String>,
    #[schema(format = DateTime)]
    at: Option<String>,
    /// `{"account": id}` or `{"token": id}`.
    by: Option<BTreeMap<String, String>>,
    values: Option<BTreeMap<String, Value>>,
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// A file; its content is at its own address.
#[derive(ToSchema)]
pub(super) struct FileShape {
    #[schema(format = "uuid")]
    id: String,
    name: String,
    /// Bytes.
    size: u64,
    /// Of the content, in hexadecimal.
    sha256: String,
    /// As whoever stored it said.
    media_type: String,
    /// The record that it belongs to.
    #[schema(format = "uuid")]
    record: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A file in a list, or its id and the incident under which the log knows why it does not open.
#[derive(ToSchema)]
pub(super) struct FileItemShape {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
    size: Option<u64>,
    sha256: Option<String>,
    media_type: Option<String>,
    #[schema(format = "uuid")]
    record: Option<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// A page of files.
#[derive(ToSchema)]
pub(super) struct FilePage {
    items: Vec<FileItemShape>,
    next: Option<String>,
}

/// What is left of an erased record: that it was erased.
#[derive(ToSchema)]
pub(super) struct ReceiptShape {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = DateTime)]
    erased_at: String,
    /// How many rows of each table were erased: itself, its history, what found it, what the audit told of it.
    purged: BTreeMap<String, u64>,
    /// From when on no back-up can hold it any more. One that is restored before has it erased again, before anybody is
    /// served.
    #[schema(format = DateTime)]
    no_back_up_from: String,
}

/// Where somebody is mentioned.
#[derive(ToSchema)]
pub(super) struct Mentions {
    /// The records, by collection.
    records: Vec<MentionShape>,
    /// The ids of files that belong to no record and are named so.
    files: Vec<String>,
    /// `everything`, or `more`: what is found is erased first, and then looked for again.
    reach: String,
}

/// A record that mentions somebody.
#[derive(ToSchema)]
pub(super) struct MentionShape {
    /// The slug of its collection.
    collection: String,
    #[schema(format = "uuid")]
    id: String,
    /// Its version, which the erasure names.
    version: i64,
    /// `values`, `history` or `file_name`.
    mentioned_in: String,
    record: Option<RecordShape>,
    /// The incident under which the log knows why it does not open.
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// What is left of somebody's records: that they were erased.
#[derive(ToSchema)]
pub(super) struct PersonReceiptShape {
    /// Their ids.
    records: Vec<String>,
    #[schema(format = DateTime)]
    erased_at: String,
    /// How many rows of each table were erased: records, their histories, files, what found them, what the audit told.
    purged: BTreeMap<String, u64>,
    /// From when on no back-up can hold them any more. One that is restored before has them erased again, before anybody
    /// is served.
    #[schema(format = DateTime)]
    no_back_up_from: String,
}

/// A page of a history.
#[derive(ToSchema)]
pub(super) struct VersionPage {
    items: Vec<VersionItemShape>,
    next: Option<String>,
}

/// The ids of the records of a batch, in its order.
#[derive(ToSchema)]
pub(super) struct Ids {
    ids: Vec<String>,
}

/// A field of a collection.
#[derive(ToSchema)]
pub(super) struct FieldShape {
    #[schema(format = "uuid")]
    id: String,
    name: String,
    label: Value,
    kind: String,
    required: bool,
    unique: bool,
    searchable: bool,
    sensitive: bool,
    choices: Option<Vec<Value>>,
    collection: Option<String>,
}

/// A collection.
#[derive(ToSchema)]
pub(super) struct CollectionShape {
    #[schema(format = "uuid")]
    id: String,
    slug: Option<String>,
    name: Option<Value>,
    fields: Option<Vec<FieldShape>>,
    purpose: Option<Value>,
    legal_basis: Option<String>,
    retention_days: Option<u32>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// A page of collections.
#[derive(ToSchema)]
pub(super) struct CollectionPage {
    items: Vec<CollectionShape>,
    next: Option<String>,
}

/// An entry of the audit, or its id and the incident under which the log knows why it does not open.
#[derive(ToSchema)]
pub(super) struct AuditEntryShape {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = DateTime)]
    at: Option<String>,
    action: Option<String>,
    /// Each an object of one member: `{"record": id}`.
    subjects: Option<Vec<BTreeMap<String, String>>>,
    count: Option<u64>,
    actor: Option<Value>,
    #[schema(format = "uuid")]
    unreadable: Option<String>,
}

/// A page of the audit.
#[derive(ToSchema)]
pub(super) struct AuditPage {
    items: Vec<AuditEntryShape>,
    next: Option<String>,
}

/// A starter collection.
#[derive(ToSchema)]
pub(super) struct TemplateShape {
    /// What `POST /api/v1/collections` takes in `template`.
    template: String,
    /// The slug of the collection made from it.
    slug: String,
    /// For the one who chooses, by language.
    name: Value,
    /// What it is for, by language.
    description: Value,
    /// What the register of processing starts with.
    purpose: Value,
    legal_basis: String,
    /// How long a record is kept unless the tenant decides otherwise.
    retention_days: u32,
    /// The kinds of business that it is offered to; `all` is every one.
    trades: Vec<String>,
    fields: Vec<TemplateField>,
}

/// A field of a starter collection.
#[derive(ToSchema)]
pub(super) struct TemplateField {
    name: String,
    label: Value,
    kind: String,
    required: bool,
    unique: bool,
    searchable: bool,
    sensitive: bool,
    choices: Option<Vec<Value>>,
    /// The slug of the collection that a `link` points to.
    collection: Option<String>,
}

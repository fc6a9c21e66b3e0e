//! A record's history: each version, how it came to be, when, and by whom.

use std::sync::Arc;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::Serialize;

use crate::kernel::access::TenantAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{RowRef, Sealed, Unreadable};
use crate::kernel::ids::{AccountId, AnyId, RecordId, TokenId};
use crate::kernel::store::schema::record_versions;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::cursor::{Cursors, Limit, Page, page};
use crate::vault::definition::Collection;
use crate::vault::values::{Revealed, Shown};
use crate::vault::writing::{Body, RecordBody};
use crate::vault::{Error, Vault, known, records};

/// How a version came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The record was made.
    Created,
    /// Its values were changed.
    Changed,
    /// It went to the trash.
    Trashed,
    /// It came back.
    Restored,
}

impl Change {
    /// As the database holds it.
    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Created => 1,
            Self::Changed => 2,
            Self::Trashed => 3,
            Self::Restored => 4,
        }
    }

    const fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Created),
            2 => Some(Self::Changed),
            3 => Some(Self::Trashed),
            4 => Some(Self::Restored),
            _ => None,
        }
    }
}

/// Who made a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// Somebody signed in.
    Account(AccountId),
    /// A program.
    Token(TokenId),
}

impl Maker {
    fn of(kind: i16, id: AnyId) -> Option<Self> {
        match kind {
            1 => Some(Self::Account(AccountId::from_bytes(*id.as_bytes()))),
            2 => Some(Self::Token(TokenId::from_bytes(*id.as_bytes()))),
            _ => None,
        }
    }
}

/// A version of a record.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// Counted from 1.
    pub version: i64,
    /// How it came to be.
    pub change: Change,
    /// When.
    pub at: Time,
    /// By whom.
    pub by: Maker,
    /// Its values, sensitive ones masked.
    pub values: Shown,
}

/// A version in a list: one that does not open is told by its number.
#[derive(Debug, Clone)]
pub enum VersionItem {
    /// It opened.
    Version(Version),
    /// It did not.
    Unreadable(i64),
}

impl Vault {
    /// Lists the versions of a record, newest first; of one in the trash too.
    ///
    /// # Errors
    /// No such record; a cursor of another list; who may not reveal.
    pub async fn versions(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        limit: Limit,
        after: Option<String>,
        reveal: Vec<String>,
    ) -> Result<Page<VersionItem>, Error> {
        let may = records::may_reveal(access, &reveal)?;
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let (collection, revealed, page) = self
            .kernel
            .read(&access.scope, move |tx, scope| -> Result<_, Error> {
                let collection = known::find(tx, scope, &known, &slug)?;
                let revealed = records::revealed(&collection, &reveal, may)?;
                let page = list(tx, scope, &collection, id, limit, after.as_deref(), &revealed)?;
                Ok((collection, revealed, page))
            })
            .await?;
        self.note_history(access, &collection, id, &revealed).await?;
        Ok(page)
    }
}

type Earlier = (i64, Time, Sealed<RecordBody>);

fn list(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Arc<Collection>,
    id: RecordId,
    limit: Limit,
    after: Option<&str>,
    revealed: &Revealed,
) -> Result<Page<VersionItem>, Error> {
    let (_, version, _, updated_at, _, body) = records::any(tx, scope, collection, id)?;
    let cursors = Cursors::new(scope.keys(), &[b"versions", id.as_bytes()]);
    let before = cursors.read(after)?.map_or(i64::MAX, i64::from_be_bytes);
    let mut rows: Vec<Earlier> = Vec::new();
    if version < before {
        rows.push((version, updated_at, body));
    }
    let earlier: Vec<Earlier> = record_versions::rows(scope)
        .filter(record_versions::record_id.eq(id))
        .filter(record_versions::version.lt(before))
        .order(record_versions::version.desc())
        .limit(limit.and_one())
        .select((record_versions::version, record_versions::at, record_versions::body))
        .load(tx.conn())
        .map_err(StoreError::from)?;
    rows.extend(earlier);
    let Page { items, next } = page(rows, limit, |(version, ..)| cursors.write(version.to_be_bytes()));
    let items = items.into_iter().map(|row| item(scope, collection, id, &row, revealed)).collect();
    Ok(Page { items, next })
}

fn item(
    scope: &TenantScope,
    collection: &Arc<Collection>,
    id: RecordId,
    (version, at, body): &Earlier,
    revealed: &Revealed,
) -> VersionItem {
    let opened = || -> Result<Version, Unreadable> {
        let Body { change, actor_kind, actor, values } =
            scope.keys().open(RowRef::new(id.as_bytes(), *version), body)?;
        Ok(Version {
            version: *version,
            change: Change::from_code(change).ok_or(Unreadable)?,
            at: *at,
            by: Maker::of(actor_kind, actor).ok_or(Unreadable)?,
            values: Shown { collection: Arc::clone(collection), values, revealed: revealed.clone() },
        })
    };
    opened().map_or(VersionItem::Unreadable(*version), VersionItem::Version)
}

//! A person's file between the dry run and the word to import it.
//!
//! It lies sealed under the tenant's key, at most one for an account in a tenant, for an hour. The word is given for what
//! the dry run told: where the vault changed so that the import would come to something else, it is asked for again. With
//! the import the file goes; what came of it stays until the hour is over.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use super::{Report, Sheet, Terms, import, plan};
use crate::kernel::access::TenantAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{ImportId, TenantId};
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::schema::{sweeps, waiting_imports};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::TenantScope;
use crate::vault::{Error, Vault, known};

/// How long a file waits.
const WAITS: Duration = Duration::from_secs(3_600);

/// The most tenants that one step of a sweep takes.
const STEP: i64 = 100;

/// An import that was begun.
pub enum Waiting {
    /// It waits for the word.
    Asked(Box<Asked>),
    /// It was done.
    Ended(Ended),
}

/// An import that waits for the word.
pub struct Asked {
    /// The collection's slug.
    pub collection: String,
    /// What the file is called.
    pub file: Personal<String>,
    /// What the import would come to now.
    pub report: Report,
}

/// An import that was done.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ended {
    /// The collection's slug.
    pub collection: String,
    /// What the file was called.
    #[serde(with = "revealed")]
    pub file: Personal<String>,
    /// How many records were made.
    pub made: usize,
    /// How many rows were left out.
    pub left_out: usize,
}

/// What is told of a file that waits.
struct WaitingBody;

impl Place for WaitingBody {
    const LABEL: &'static str = "waiting_imports.body";
    type Plain = Body;
}

/// The file itself.
struct WaitingFile;

impl Place for WaitingFile {
    const LABEL: &'static str = "waiting_imports.file";
    type Plain = Vec<u8>;
}

#[derive(Clone, Serialize, Deserialize)]
enum Body {
    Asked {
        collection: String,
        #[serde(with = "revealed")]
        file: Personal<String>,
        terms: Terms,
    },
    Ended(Ended),
}

/// The version of a row whose file waits; the next one is that of an import that was done.
const ASKED: i64 = 1;
const ENDED: i64 = 2;

impl Vault {
    /// Keeps a file for the caller until it is imported, in place of one that waited before. Gives the import's id.
    ///
    /// # Errors
    /// No such collection; the file is no table.
    pub async fn begin_import(
        &self,
        access: &TenantAccess,
        slug: &str,
        file: (Personal<String>, Arc<Secret<Vec<u8>>>),
        terms: Terms,
    ) -> Result<ImportId, Error> {
        let (name, content) = file;
        read(Arc::clone(&content)).await?;
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        self.kernel
            .write("imports.begin", &access.scope, move |tx, scope| {
                known::find(tx, scope, &known, &slug)?;
                let body = Body::Asked { collection: slug.clone(), file: name.clone(), terms: terms.clone() };
                keep(tx, scope, &body, content.reveal())
            })
            .await
    }

    /// An import of the caller's: what it would come to, or what came of it.
    ///
    /// # Errors
    /// It is none of the caller's, or its hour is over; its collection is gone.
    pub async fn begun_import(&self, access: &TenantAccess, id: ImportId) -> Result<Waiting, Error> {
        let (body, content) = self.lying(access, id).await?;
        let (collection, file, terms) = match body {
            Body::Asked { collection, file, terms } => (collection, file, terms),
            Body::Ended(ended) => return Ok(Waiting::Ended(ended)),
        };
        let report = self.try_import(access, &collection, read(content).await?, terms).await?;
        Ok(Waiting::Asked(Box::new(Asked { collection, file, report })))
    }

    /// Does an import of the caller's, if it still comes to the `told` records; once, however often it is asked for.
    ///
    /// # Errors
    /// As [`Vault::begun_import`]; [`Error::VersionConflict`] when it would come to something else than was told; the
    /// faults where no row fits.
    pub async fn finish_import(&self, access: &TenantAccess, id: ImportId, told: usize) -> Result<Ended, Error> {
        let (body, content) = self.lying(access, id).await?;
        let (collection, file, terms) = match body {
            Body::Asked { collection, file, terms } => (collection, file, terms),
            Body::Ended(ended) => return Ok(ended),
        };
        let sheet = read(content).await?;
        let (known, home) = (Arc::clone(&self.known), self.home);
        self.kernel
            .write("imports.finish", &access.scope, move |tx, scope| {
                // Of two words for one import the second waits here, and finds what came of the first.
                if !take(tx, scope, id)? {
                    return match opened(tx, scope, id)? {
                        Body::Ended(ended) => Ok(ended),
                        Body::Asked { .. } => Err(StoreError::Again.into()),
                    };
                }
                let target = known::hold(tx, scope, &known, &collection)?;
                let plan = plan(tx, scope, (&known, home), &target, &sheet, &terms)?;
                if plan.report(&sheet).accepted != told {
                    return Err(Error::VersionConflict);
                }
                let report = import(tx, scope, &target, plan, (&sheet, terms.misfits), id)?;
                let left_out = report.rows.saturating_sub(report.accepted);
                let ended =
                    Ended { collection: collection.clone(), file: file.clone(), made: report.accepted, left_out };
                end(tx, scope, id, &ended)?;
                Ok(ended)
            })
            .await
    }

    /// Deletes the files whose hour is over, of every tenant; gives how many. Safe at any time, on any node.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let mut deleted = 0;
        loop {
            let due = self.kernel.read(&self.kernel.service(), |tx, _| due(tx)).await?;
            if due.is_empty() {
                return Ok(deleted);
            }
            for (at, tenant) in due {
                let scope = self.kernel.upkeep(tenant);
                deleted += self
                    .kernel
                    .write("imports.sweep", &scope, move |tx, scope| -> Result<usize, Error> {
                        let over = waiting_imports::rows(scope).filter(waiting_imports::expires_at.le(tx.now()));
                        let deleted = diesel::delete(over).execute(tx.conn())?;
                        diesel::delete(sweeps::table.find((at, tenant))).execute(tx.conn())?;
                        Ok(deleted)
                    })
                    .await?;
            }
        }
    }

    /// What lies there for the caller, with the file where one still waits.
    async fn lying(&self, access: &TenantAccess, id: ImportId) -> Result<(Body, Arc<Secret<Vec<u8>>>), Error> {
        self.kernel
            .read(&access.scope, move |tx, scope| {
                let body = opened(tx, scope, id)?;
                let file = waiting_imports::rows(scope).filter(waiting_imports::id.eq(id));
                let file: Option<Sealed<WaitingFile>> = file.select(waiting_imports::file).get_result(tx.conn())?;
                let content = match file {
                    Some(file) => scope.keys().open_bytes(RowRef::new(id.as_bytes(), ASKED), &file)?,
                    None => Secret::new(Vec::new()),
                };
                Ok((body, Arc::new(content)))
            })
            .await
    }
}

/// Reads a table on a thread that may be busy with it for a while.
async fn read(content: Arc<Secret<Vec<u8>>>) -> Result<Arc<Sheet>, Error> {
    let sheet = tokio::task::spawn_blocking(move || Sheet::file(content.reveal())).await;
    sheet.map_err(|_| StoreError::Refused("a table could not be read to its end"))?.map(Arc::new)
}

fn opened(tx: &mut Tx<'_>, scope: &TenantScope, id: ImportId) -> Result<Body, Error> {
    let row: Option<(i64, Time, Sealed<WaitingBody>)> = waiting_imports::rows(scope)
        .filter(waiting_imports::id.eq(id))
        .filter(waiting_imports::account_id.eq(scope.actor().account()))
        .select((waiting_imports::version, waiting_imports::expires_at, waiting_imports::body))
        .get_result(tx.conn())
        .optional()?;
    let (version, expires_at, body) = row.ok_or(Error::NotFound)?;
    if expires_at <= tx.now() {
        return Err(Error::NotFound);
    }
    Ok(scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?)
}

fn keep(tx: &mut Tx<'_>, scope: &TenantScope, body: &Body, content: &[u8]) -> Result<ImportId, Error> {
    let (id, account) = (ImportId::new(tx.now(), tx.entropy()), scope.actor().account());
    let before = waiting_imports::rows(scope).filter(waiting_imports::account_id.eq(account));
    diesel::delete(before).execute(tx.conn())?;
    let (row, expires_at) = (RowRef::new(id.as_bytes(), ASKED), tx.now().plus(WAITS));
    let body = scope.keys().seal::<WaitingBody>(row, body, tx.entropy());
    let file = scope.keys().seal_bytes::<WaitingFile>(row, content, tx.entropy());
    let inserted = waiting_imports::insert()
        .values((
            waiting_imports::of(scope),
            waiting_imports::account_id.eq(account),
            waiting_imports::id.eq(id),
            waiting_imports::version.eq(ASKED),
            waiting_imports::expires_at.eq(expires_at),
            waiting_imports::body.eq(&body),
            waiting_imports::file.eq(&file),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from);
    match inserted {
        // The same person's other file came at the same time.
        Err(StoreError::Taken) => return Err(StoreError::Again.into()),
        other => drop(other?),
    }
    let sweep = (sweeps::due_at.eq(expires_at), sweeps::tenant_id.eq(crate::kernel::tenancy::InTenant::tenant(scope)));
    both(diesel::insert_into(sweeps::table).values(sweep).on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(id)
}

/// Takes the import for this transaction: false when another has done it.
fn take(tx: &mut Tx<'_>, scope: &TenantScope, id: ImportId) -> Result<bool, Error> {
    let waits = waiting_imports::rows(scope)
        .filter(waiting_imports::id.eq(id))
        .filter(waiting_imports::account_id.eq(scope.actor().account()))
        .filter(waiting_imports::version.eq(ASKED));
    Ok(diesel::update(waits).set(waiting_imports::version.eq(ENDED)).execute(tx.conn())? == 1)
}

fn end(tx: &mut Tx<'_>, scope: &TenantScope, id: ImportId, ended: &Ended) -> Result<(), Error> {
    let body = Body::Ended(ended.clone());
    let body = scope.keys().seal::<WaitingBody>(RowRef::new(id.as_bytes(), ENDED), &body, tx.entropy());
    let row = waiting_imports::rows(scope).filter(waiting_imports::id.eq(id));
    let nothing: Option<&Sealed<WaitingFile>> = None;
    diesel::update(row).set((waiting_imports::body.eq(&body), waiting_imports::file.eq(nothing))).execute(tx.conn())?;
    Ok(())
}

fn due(tx: &mut Tx<'_>) -> Result<Vec<(Time, TenantId)>, Error> {
    let due = sweeps::table.filter(sweeps::due_at.le(tx.now())).order((sweeps::due_at, sweeps::tenant_id));
    Ok(due.limit(STEP).select((sweeps::due_at, sweeps::tenant_id)).load(tx.conn())?)
}

//! The root versions that this process can use.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{PoisonError, RwLock};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::root::files::KeyFile;
use super::root::{Proven, Providers, Root, Source};
use super::tables::{owner_keys, roots};
use super::{KeyringError, RootState};
use crate::kernel::clock::Time;
use crate::kernel::store::{StoreError, Tx};

/// A root version as the keyring's database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: i64,
    pub(super) provider: String,
    pub(super) is_current: bool,
    pub(super) created_at: Time,
    pub(super) proof: Vec<u8>,
    pub(super) state: i16,
    pub(super) handle: String,
}

type Columns = (i64, String, bool, Time, Vec<u8>, i16, String);

/// Every root version, oldest first.
pub(super) fn all(tx: &mut Tx<'_>) -> Result<Vec<Row>, KeyringError> {
    let rows: Vec<Columns> = roots::table
        .select((
            roots::version,
            roots::provider,
            roots::is_current,
            roots::created_at,
            roots::proof,
            roots::state,
            roots::handle,
        ))
        .order(roots::version)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let row = |(version, provider, is_current, created_at, proof, state, handle): Columns| Row {
        version,
        provider,
        is_current,
        created_at,
        proof,
        state,
        handle,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The root versions that wrap at least one owner key.
pub(super) fn in_use(tx: &mut Tx<'_>) -> Result<Vec<i64>, KeyringError> {
    Ok(owner_keys::table
        .filter(owner_keys::wrapped.is_not_null())
        .select(owner_keys::root_version)
        .distinct()
        .load(tx.conn())
        .map_err(StoreError::from)?)
}

/// The providers at work, and the root versions that they gave.
pub(super) struct Roots {
    /// The first makes new versions.
    sources: Vec<Source>,
    known: RwLock<Known>,
}

#[derive(Default, Clone)]
struct Known {
    current: i64,
    roots: BTreeMap<i64, Root>,
}

impl Roots {
    pub(super) fn new(providers: &Providers) -> Self {
        let all = std::iter::once(&providers.current).chain(&providers.earlier);
        Self { sources: all.map(super::root::Provider::source).collect(), known: RwLock::default() }
    }

    /// The provider that makes new root versions.
    pub(super) fn maker(&self) -> Result<&Source, KeyringError> {
        self.sources.first().ok_or(KeyringError::Defect("no provider of root keys"))
    }

    /// The providers of this name.
    pub(super) fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Source> {
        self.sources.iter().filter(move |source| source.name() == name)
    }

    pub(super) fn get(&self, version: i64) -> Option<Root> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).roots.get(&version).cloned()
    }

    pub(super) fn current(&self) -> Option<Root> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.roots.get(&known.current).cloned()
    }

    /// At the start: every root version that is needed must be there, and be the one that it says.
    ///
    /// # Errors
    /// One is missing, foreign, or its provider not configured.
    pub(super) fn demand(&self, rows: &[Row], in_use: &[i64]) -> Result<(), KeyringError> {
        let mut known = Known::default();
        for row in rows.iter().filter(|row| row.state == RootState::Live.code()) {
            let is_needed = row.is_current || in_use.contains(&row.version);
            match self.proven(row) {
                Ok(root) => {
                    known.roots.insert(row.version, root);
                }
                // An older one whose keeper is away may be needed by few, and is back before they come.
                Err(KeyringError::RootAway(_)) if !row.is_current => {
                    if let Some(root) = self.unproven(row)? {
                        known.roots.insert(row.version, root);
                    }
                }
                Err(error) if is_needed => return Err(error),
                Err(_) => tracing::warn!(version = row.version, "a root version that nothing needs is not there"),
            }
            if row.is_current {
                known.current = row.version;
            }
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// While running: takes up versions that are new, and lets go of those that are no more.
    pub(super) fn take_up(&self, rows: &[Row]) {
        let mut known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let live =
            |version: &i64| rows.iter().any(|row| row.version == *version && row.state == RootState::Live.code());
        known.roots.retain(|version, _| live(version));
        for row in rows.iter().filter(|row| live(&row.version)) {
            if let Entry::Vacant(place) = known.roots.entry(row.version) {
                match self.found(row) {
                    Ok((root, provider)) => {
                        tracing::info!(version = row.version, provider, "a new root version");
                        place.insert(root);
                    }
                    Err(error) => tracing::warn!(version = row.version, %error, "a root version cannot be used here"),
                }
            }
            if row.is_current {
                known.current = row.version;
            }
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Without asking a keeper: whatever it wraps says by itself whether it is the right one.
    fn found(&self, row: &Row) -> Result<(Root, &'static str), KeyringError> {
        let root = match self.proven_here(row)? {
            Some(root) => Some(root),
            None => self.unproven(row)?,
        };
        let name = self.named(&row.provider).next().map(Source::name).ok_or_else(|| not_configured(row))?;
        root.map(|root| (root, name)).ok_or(KeyringError::RootUnknown(row.version))
    }

    fn unproven(&self, row: &Row) -> Result<Option<Root>, KeyringError> {
        for source in self.named(&row.provider) {
            if let Source::Remote(..) = source {
                return source.find(row.version, &row.handle);
            }
        }
        Ok(None)
    }

    fn proven_here(&self, row: &Row) -> Result<Option<Root>, KeyringError> {
        for source in self.named(&row.provider) {
            if let Some(root) = source.find(row.version, &row.handle)?.filter(Root::is_here)
                && root.proves(&row.proof)? == Proven::Yes
            {
                return Ok(Some(root));
            }
        }
        Ok(None)
    }

    fn proven(&self, row: &Row) -> Result<Root, KeyringError> {
        let mut why = not_configured(row);
        for source in self.named(&row.provider) {
            why = match source.find(row.version, &row.handle) {
                Ok(Some(root)) => match root.proves(&row.proof) {
                    Ok(Proven::Yes) => return Ok(root),
                    Ok(Proven::No) => foreign(source),
                    Err(error) => error,
                },
                Ok(None) => missing(source),
                Err(error) => error,
            };
        }
        Err(why)
    }
}

fn not_configured(row: &Row) -> KeyringError {
    KeyringError::RootNotConfigured(row.version, row.provider.clone())
}

fn foreign(source: &Source) -> KeyringError {
    match source {
        Source::File(_, file) => KeyringError::RootForeign(file.path().to_owned()),
        Source::Remote(name, _) => KeyringError::RootRefused(name, "has another key by that name"),
    }
}

fn missing(source: &Source) -> KeyringError {
    let of_file = |file: &KeyFile| {
        let path = file.path().to_owned();
        if path.exists() { KeyringError::RootForeign(path) } else { KeyringError::RootMissing(path) }
    };
    match source {
        Source::File(_, file) => of_file(file),
        Source::Remote(name, _) => KeyringError::RootRefused(name, "does not know the key"),
    }
}

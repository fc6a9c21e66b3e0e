//! The start: both databases are opened and compared before anything is served.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::{FROZEN, revoked, tokens as tokens_state};
use crate::kernel::audit::journal::Journal;
use crate::kernel::backup::standing::{self, Found, Standing};
use crate::kernel::backup::{certificates, log_copies};
use crate::kernel::clock::Clock;
use crate::kernel::core::{Inner, Kernel};
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::entropy::Entropy;
use crate::kernel::erasure;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AnyId, InstanceId};
use crate::kernel::keyring::ledger::Ledger;
use crate::kernel::keyring::root::Providers;
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::objects::{self, Objects};
use crate::kernel::operators;
use crate::kernel::rekey;
use crate::kernel::store::migrate::{Schema, migrate};
use crate::kernel::store::schema::{accounts, instance, key_versions, tokens};
use crate::kernel::store::{Conn, Db, Options, StoreError, Target};

/// What the kernel is built from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The data's database.
    pub database: Target,
    /// The keyring's database; another one.
    pub keyring: Target,
    /// Who keeps the root keys.
    pub root: Providers,
    /// The folder of the journal of reads.
    pub journal: PathBuf,
    /// The objects, which nodes of one service share.
    pub objects: Objects,
    /// How much the store may use.
    pub options: Options,
    /// The clock.
    pub clock: Clock,
    /// The randomness.
    pub entropy: Entropy,
}

/// Why the kernel did not start.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// The keyring did not open.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The data's database did not open.
    #[error("the data's database: {0}")]
    Store(#[from] StoreError),
    /// The data and the keyring belong to different installations.
    #[error("this keyring belongs to another installation than this data")]
    Foreign,
    /// Owners have data, but no key, and the ledger knows of no erasure.
    #[error(
        "{0} owners have data here but no key in the keyring, and none of them was erased: the keyring is not the one of this data, or an old one"
    )]
    KeysMissing(usize),
    /// What is removed from the store of objects would not be gone.
    #[error("the store of objects: {0}")]
    Objects(String),
    /// The journal of reads cannot be written.
    #[error("the journal of reads cannot be written")]
    Journal,
}

impl Kernel {
    /// Opens both databases, brings their schemas up to date, compares them, and only then serves.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is served after any of them.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let Parts { database, keyring, root, journal, objects, options, clock, entropy } = parts;
        demand_fit(&objects)?;
        migrate(&mut Conn::open(&keyring)?, Schema::Keyring)?;
        let keyring = Keyring::open(keyring, root, clock.clone(), entropy.clone())?;
        migrate(&mut Conn::open(&database)?, Schema::Data)?;
        let db = Db::open(database, clock.clone(), entropy.clone(), &options)?;
        demand_same_installation(&db, &keyring)?;
        let standing = standing::compare(&db, &keyring)?;
        standing::tell_keyring(&db, &keyring, standing)?;
        fault::reach(Point::StartTold);
        let erased_again = standing::erase_in_keyring(&db, &keyring)?;
        let resurrected = compare(&db, &keyring)?;
        erasure::erase_again(&db, &resurrected)?;
        erasure::erase_records_again(&db, &keyring)?;
        objects::remove_at_start(&db, &objects)?;
        apply_revocations(&db, &keyring)?;
        rekey::reconcile(&db, &keyring)?;
        if standing != Standing::Even {
            operators::tell_again(&keyring)?;
        }
        fault::reach(Point::StartErased);
        let ended = standing::move_on(&db, &keyring, standing)?;
        let found = Found { standing, ended, erased_again: erased_again.max(resurrected.len()) };
        let journal =
            Journal::open(journal, db.clone(), clock.clone(), entropy.clone()).map_err(|_| StartError::Journal)?;
        let day = Mutex::new(None);
        let tomorrow = Mutex::new(None);
        let kernel = Self(Arc::new(Inner { db, keyring, clock, entropy, journal, objects, day, tomorrow, found }));
        kernel.0.keyring.create_blocking(Owner::Service)?;
        kernel.mirror_blocking(Owner::Service)?;
        Ok(kernel)
    }

    /// What the start has found: whether a database was put back from a copy, and what followed.
    #[must_use]
    pub fn found(&self) -> Found {
        self.0.found
    }

    /// Moves both databases on to a new epoch. Where one was put back from a copy under the running service, every session
    /// ends now; what else follows is the next start's. What was certified since is kept beside the data.
    ///
    /// # Errors
    /// A database is away.
    pub fn move_on(&self) -> Result<(), StartError> {
        let standing = standing::compare(&self.0.db, &self.0.keyring)?;
        standing::move_on(&self.0.db, &self.0.keyring, standing)?;
        certificates::keep(&self.0.db, &self.0.keyring)?;
        log_copies::keep(&self.0.db, &self.0.keyring)
    }
}

/// A store of objects that keeps what is removed, or does not let us in, is refused. One that is away is asked again before
/// anything is removed from it.
fn demand_fit(objects: &Objects) -> Result<(), StartError> {
    use std::io::ErrorKind;
    match objects.demand_fit() {
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            Err(StartError::Objects(error.to_string()))
        }
        Err(_) => {
            tracing::warn!("the store of objects is away: files cannot be read or stored until it is back");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The data and the keyring are of one installation; new data becomes the keyring's.
fn demand_same_installation(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let ours = keyring.instance();
    let theirs = db.write_blocking(Vec::new(), move |tx| -> Result<InstanceId, StoreError> {
        let known: Option<InstanceId> = instance::table.select(instance::id).get_result(tx.conn()).optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        diesel::insert_into(instance::table)
            .values((instance::id.eq(ours), instance::created_at.eq(tx.now())))
            .execute(tx.conn())?;
        Ok(ours)
    })?;
    if ours == theirs { Ok(()) } else { Err(StartError::Foreign) }
}

/// Compares the data with the keyring at the start: no owner's key is missing unless the ledger says that it was erased.
///
/// Gives the owners whom the ledger knows as erased and who are here all the same: a back-up has brought them back.
fn compare(db: &Db, keyring: &Keyring) -> Result<Vec<Owner>, StartError> {
    let mirrored: Vec<(i16, AnyId)> = db.read_here(None, |tx| {
        key_versions::table
            .filter(key_versions::state.ne(KeyState::Destroyed.code()))
            .select((key_versions::owner_kind, key_versions::owner_id))
            .distinct()
            .load(tx.conn())
            .map_err(StoreError::from)
    })?;
    let owners = mirrored.into_iter().filter_map(|(kind, id)| Owner::decode(kind, *id.as_bytes()).ok());
    let resurrected = resurrected(owners, keyring)?;
    demand_versions(db, keyring)?;
    Ok(resurrected)
}

/// Refuses a keyring that has the owners, and not the versions of their keys that the data is sealed under: it is from
/// before they turned over.
fn demand_versions(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let in_use: Vec<(i16, AnyId, KeyVersion)> = db.read_here(None, |tx| {
        key_versions::table
            .filter(key_versions::owner_kind.le(2))
            .filter(key_versions::state.eq_any([KeyState::Active.code(), KeyState::Closed.code()]))
            .select((key_versions::owner_kind, key_versions::owner_id, key_versions::version))
            .load(tx.conn())
            .map_err(StoreError::from)
    })?;
    let mut versions: std::collections::HashMap<Owner, Vec<KeyVersion>> = std::collections::HashMap::new();
    for (owner, version, _) in keyring.owners()? {
        versions.entry(owner).or_default().push(version);
    }
    // Whoever has no key at all was erased, or was missed before.
    let is_missing = |(kind, id, version): &(i16, AnyId, KeyVersion)| {
        let owner = Owner::decode(*kind, *id.as_bytes()).ok();
        owner.and_then(|owner| versions.get(&owner)).is_some_and(|held| !held.contains(version))
    };
    let missing = in_use.iter().filter(|row| is_missing(row)).count();
    if missing == 0 { Ok(()) } else { Err(StartError::KeysMissing(missing)) }
}

/// Of owners with data, those who were erased.
///
/// # Errors
/// [`StartError::KeysMissing`] when some have neither a key nor an entry in the ledger.
pub(in crate::kernel) fn resurrected(
    owners: impl IntoIterator<Item = Owner>,
    keyring: &Keyring,
) -> Result<Vec<Owner>, StartError> {
    let held: std::collections::HashSet<Owner> = keyring.owners()?.into_iter().map(|(owner, ..)| owner).collect();
    let mut missing = 0;
    let mut resurrected = Vec::new();
    for owner in owners {
        // Day keys are destroyed by plan, and need no entry.
        let expected = matches!(owner, Owner::Day(_) | Owner::Letter(_)) || held.contains(&owner);
        if expected {
            continue;
        }
        match keyring.ledger_of(owner)? {
            Ledger::Erased => resurrected.push(owner),
            Ledger::Silent => missing += 1,
        }
    }
    if missing == 0 { Ok(resurrected) } else { Err(StartError::KeysMissing(missing)) }
}

/// Ends the tokens, factors and recovery codes that the keyring knows as revoked or used, and freezes the accounts that it
/// knows as frozen: a restored database may have brought them back.
fn apply_revocations(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    for some in keyring.revoked_tokens()?.chunks(500) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::update(tokens::table.filter(tokens::id.eq_any(&some)))
                .set(tokens::state.eq(tokens_state::REVOKED))
                .execute(tx.conn())?;
            Ok(())
        })?;
    }
    revoked::revoke_again(db, keyring)?;
    for some in keyring.frozen_accounts()?.chunks(500) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::update(accounts::table.filter(accounts::id.eq_any(&some)))
                .set(accounts::state.eq(FROZEN))
                .execute(tx.conn())?;
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::AccountId;
    use crate::kernel::keyring::root::Provider;

    fn parts(folder: &std::path::Path) -> Parts {
        Parts {
            database: Target::Sqlite(folder.join("seif.db")),
            keyring: Target::Sqlite(folder.join("keyring.db")),
            root: Provider::File(folder.join("root.key")).into(),
            journal: folder.join("journal"),
            objects: Objects::in_folder(folder.join("objects")),
            options: Options::default(),
            clock: Clock::system(),
            entropy: Entropy::system(),
        }
    }

    #[test]
    fn a_second_start_finds_the_same_installation_and_a_new_root_key_beside_an_old_keyring_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = Kernel::start(parts(folder.path())).unwrap().keyring().instance();
        assert_eq!(Kernel::start(parts(folder.path())).unwrap().keyring().instance(), first);
        std::fs::remove_file(folder.path().join("root.key")).unwrap();
        assert!(matches!(Kernel::start(parts(folder.path())), Err(StartError::Keyring(KeyringError::RootMissing(_)))));
        assert!(!folder.path().join("root.key").exists());
    }

    #[test]
    fn a_keyring_of_another_installation_is_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(Kernel::start(parts(one.path())).unwrap());
        drop(Kernel::start(parts(two.path())).unwrap());
        let mut mixed = parts(one.path());
        mixed.keyring = Target::Sqlite(two.path().join("keyring.db"));
        mixed.root = Provider::File(two.path().join("root.key")).into();
        assert!(matches!(Kernel::start(mixed), Err(StartError::Foreign)));
    }

    #[test]
    fn a_key_that_is_missing_without_a_ledger_entry_is_never_taken_as_an_erasure() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = Kernel::start(parts(folder.path())).unwrap();
        let owner = Owner::Account(AccountId::new(kernel.now(), kernel.entropy()));
        kernel.keyring().create_blocking(owner).unwrap();
        kernel.mirror_blocking(owner).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(kernel.keyring().destroy(owner)).unwrap();
        assert!(matches!(kernel.keyring().keys(owner), Err(KeyringError::NoKey(_))));
        assert!(matches!(Kernel::start(parts(folder.path())), Err(StartError::KeysMissing(1))));
        runtime.block_on(kernel.keyring().enter_erasure(owner)).unwrap();
        assert!(Kernel::start(parts(folder.path())).is_ok());
    }
}

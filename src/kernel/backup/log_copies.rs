//! The transparency log's entries, a second time beside the data: a keyring that is put back from before gets them back
//! from there, so that the log never becomes shorter than what was signed of it.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::StartError;
use crate::kernel::keyring::Keyring;
use crate::kernel::store::schema::log_copies;
use crate::kernel::store::{Db, StoreError, both};
use crate::kernel::transparency::Leaf;

/// How many entries are copied or given back in one transaction.
const PAGE: u32 = 512;

/// Copies beside the data what the log states since the last time. On the calling thread.
///
/// # Errors
/// A database is away; what is missing is copied the next time.
pub(in crate::kernel) fn keep(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    loop {
        let entered = keyring.log_from(copied(db)?, PAGE)?;
        if entered.is_empty() {
            return Ok(());
        }
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            for entered in &entered {
                let position = i64::try_from(entered.index).map_err(|_| StoreError::Unreadable)?;
                let row = (log_copies::position.eq(position), log_copies::entry.eq(&entered.entry));
                both(diesel::insert_into(log_copies::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
            }
            Ok(())
        })?;
    }
}

/// What a keyring was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// It has all that was copied.
    Nothing,
    /// So many entries.
    Entries(usize),
    /// What was copied does not go on where its log ends.
    AnotherLog,
}

/// Gives a keyring that was put back the entries that it does not have.
///
/// # Errors
/// A database is away.
pub(super) fn give_back(db: &Db, keyring: &Keyring) -> Result<Given, StartError> {
    let mut given = 0;
    loop {
        let size = i64::try_from(keyring.log_size()?).map_err(|_| StoreError::Unreadable)?;
        let page: Vec<(i64, Vec<u8>)> = db.read_here(None, |tx| -> Result<_, StoreError> {
            let rest = log_copies::table.filter(log_copies::position.ge(size)).order(log_copies::position);
            Ok(rest.limit(i64::from(PAGE)).load(tx.conn())?)
        })?;
        if page.is_empty() {
            return Ok(if given == 0 { Given::Nothing } else { Given::Entries(given) });
        }
        for ((position, entry), next) in page.into_iter().zip(size..) {
            let Some(leaf) = Leaf::parse(&entry).filter(|_| position == next) else { return Ok(Given::AnotherLog) };
            keyring.enter_again(leaf)?;
            given += 1;
            // A fact that the log states already is not entered again.
            if keyring.log_size()?.checked_sub(1).and_then(|last| i64::try_from(last).ok()) != Some(position) {
                return Ok(Given::AnotherLog);
            }
        }
    }
}

fn copied(db: &Db) -> Result<u64, StoreError> {
    let copied: Option<i64> = db.read_here(None, |tx| -> Result<_, StoreError> {
        Ok(log_copies::table.select(diesel::dsl::max(log_copies::position)).get_result(tx.conn())?)
    })?;
    Ok(copied.and_then(|last| u64::try_from(last + 1).ok()).unwrap_or(0))
}

//! What a back-up of the data carries of the keyring, so that a keyring that is put back from an older back-up forgets no
//! erasure, no certificate and no revocation. No key that opens anything is among it: the secret halves of signing keys are
//! sealed under the service's own.

use std::collections::{BTreeMap, BTreeSet};

use super::BackupError;
use super::format::Heading;
use crate::kernel::store::Conn;
use crate::kernel::store::whole::{self, Table, Value};

/// How the names of these tables begin in a back-up of the data.
const PREFIX: &str = "keyring.";

/// What happens with a table when a keyring takes it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It only ever grows: what is missing is added, whichever of the two is later.
    Grows(&'static [&'static str]),
    /// Its rows change and go: the later one counts.
    Changes,
}

/// Every table of a keyring that is carried, and what happens with it. A test asks of each table why it is not.
const CARRIED: [(&str, How); 14] = [
    ("erasures", How::Changes),
    ("ledger", How::Grows(&["owner_id", "owner_kind", "row_id"])),
    ("log_checkpoints", How::Changes),
    ("log_entries", How::Changes),
    ("log_head", How::Changes),
    ("log_nodes", How::Changes),
    ("operator_entries", How::Changes),
    ("operator_head", How::Changes),
    ("operator_proposals", How::Changes),
    ("operator_tellings", How::Changes),
    ("operators", How::Changes),
    ("revocations", How::Changes),
    ("sealings", How::Changes),
    ("signing_keys", How::Grows(&["id"])),
];

/// The tables of a keyring that are carried, with their names in a back-up.
pub(super) fn tables(keyring: &mut Conn) -> Result<Vec<(Table, String)>, BackupError> {
    let carried = |table: &Table| CARRIED.iter().any(|(name, _)| table.name == *name);
    let named = |table: Table| {
        let name = format!("{PREFIX}{}", table.name);
        (table, name)
    };
    Ok(whole::tables(keyring)?.into_iter().filter(carried).map(named).collect())
}

/// Whether the rows under this heading are the keyring's.
pub(super) fn is_carried(heading: &Heading) -> bool {
    heading.table.starts_with(PREFIX)
}

/// What a back-up carries, as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Carried(BTreeMap<String, (Vec<String>, Vec<Vec<Value>>)>);

impl Carried {
    /// Keeps a row of the keyring's; any other is passed over.
    pub(super) fn take(&mut self, heading: &Heading, row: Vec<Value>) {
        if let Some(name) = heading.table.strip_prefix(PREFIX) {
            let (_, rows) = self.0.entry(name.to_owned()).or_insert_with(|| (heading.columns.clone(), Vec::new()));
            rows.push(row);
        }
    }

    /// Puts the state that is carried in the place of the older one in a keyring; gives how many entries of the ledger
    /// were new.
    ///
    /// # Errors
    /// The store's.
    pub(super) fn replace(&self, keyring: &mut Conn, tables: &[Table]) -> Result<usize, BackupError> {
        for (table, rows) in self.into(tables, |how| how == How::Changes) {
            whole::clear(keyring, &table)?;
            insert(keyring, &table, &rows)?;
        }
        self.add(keyring, tables)
    }

    /// Adds what a keyring is missing; gives how many entries of the ledger that were.
    ///
    /// # Errors
    /// The store's.
    pub(super) fn add(&self, keyring: &mut Conn, tables: &[Table]) -> Result<usize, BackupError> {
        let mut entries = 0;
        for (name, how) in CARRIED {
            let How::Grows(key) = how else { continue };
            for (table, rows) in self.into(tables, |other| other == how) {
                let at: Vec<usize> =
                    table.columns().enumerate().filter(|(_, c)| key.contains(c)).map(|(n, _)| n).collect();
                let key_of = |row: &[Value]| at.iter().filter_map(|n| row.get(*n).cloned()).collect::<Vec<_>>();
                let mut there = BTreeSet::new();
                whole::read(keyring, &table, |row| -> Result<(), BackupError> {
                    there.insert(key_of(row));
                    Ok(())
                })?;
                let new: Vec<Vec<Value>> = rows.into_iter().filter(|row| there.insert(key_of(row))).collect();
                insert(keyring, &table, &new)?;
                if name == "ledger" {
                    entries = new.len();
                }
            }
        }
        Ok(entries)
    }

    /// The rows that are carried for some of `tables`, with the columns that both sides know.
    fn into<'c>(
        &'c self,
        tables: &'c [Table],
        wanted: impl Fn(How) -> bool + 'c,
    ) -> impl Iterator<Item = (Table, Vec<Vec<Value>>)> + 'c {
        CARRIED.into_iter().filter(move |(_, how)| wanted(*how)).filter_map(|(name, _)| {
            let table = tables.iter().find(|table| table.name == name)?;
            // A back-up without a row of it says that there was none.
            let (columns, rows) = match self.0.get(name) {
                Some((columns, rows)) => (columns.clone(), rows.as_slice()),
                None => (table.columns().map(str::to_owned).collect(), [].as_slice()),
            };
            let table = table.only(&columns);
            let at: Vec<usize> =
                table.columns().filter_map(|name| columns.iter().position(|column| column == name)).collect();
            let row = |row: &Vec<Value>| at.iter().filter_map(|n| row.get(*n).cloned()).collect();
            Some((table, rows.iter().map(row).collect()))
        })
    }
}

fn insert(keyring: &mut Conn, table: &Table, rows: &[Vec<Value>]) -> Result<(), BackupError> {
    for some in rows.chunks(whole::BATCH) {
        whole::insert(keyring, table, some)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::store::Target;
    use crate::kernel::store::migrate::{Schema, migrate};

    /// Tables that are not carried. A back-up of the data must hold no key, nor what would tell of an erased account
    /// that it was there (the tags of sign-in identifiers); how far keys are turned over goes with the keys; the rest is
    /// counted anew by each keyring. Operators sign in anew after a restore.
    const NOT_CARRIED: [&str; 11] = [
        "epoch",
        "identifiers",
        "instance",
        "key_changes",
        "operator_questions",
        "operator_sessions",
        "owner_keys",
        "rekey_runs",
        "rekeys",
        "root_events",
        "roots",
    ];

    #[test]
    fn of_each_table_of_a_keyring_it_is_decided_whether_the_data_s_back_up_carries_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut keyring = Conn::open(&Target::Sqlite(folder.path().join("keyring.db"))).unwrap();
        migrate(&mut keyring, Schema::Keyring).unwrap();
        for table in whole::tables(&mut keyring).unwrap() {
            let carried = CARRIED.iter().any(|(name, _)| table.name == *name);
            assert_ne!(carried, NOT_CARRIED.contains(&table.name.as_str()), "{}", table.name);
        }
        let names: Vec<String> = tables(&mut keyring).unwrap().into_iter().map(|(_, name)| name).collect();
        for name in ["erasures", "ledger", "revocations", "signing_keys"] {
            assert!(names.contains(&format!("keyring.{name}")), "{names:?}");
        }
    }
}

//! What a back-up looks like: `magic | length(4) | label | sealed stream`.
//!
//! The label is JSON in the clear, so that a folder can be listed without a key; it is the context that the stream is
//! sealed in, so that a changed label opens nothing. In the stream stand entries, `kind(1) | length(4) | body`: a table,
//! its rows, the next table, …, and last the totals that the rows must come to.

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::key::{Keys, StreamKey, Wrapped};
use crate::kernel::clock::Time;
use crate::kernel::crypto::stream::{Opening, Sealing};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::InstanceId;
use crate::kernel::store::whole::Value;

const MAGIC: &[u8; 16] = b"seif back-up 1\n\0";

/// More than any row holds; a length beyond it is damage.
const LONGEST: u32 = 1 << 30;
const LONGEST_LABEL: u32 = 1 << 20;

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Everything but the keys.
    Data,
    /// Keys, and what must not go back in time.
    Keyring,
}

impl What {
    /// As labels and names say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keyring => "keyring",
        }
    }
}

/// What a back-up says of itself in the clear: ids, times, versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Random; no two back-ups have the same.
    pub id: String,
    /// Which database.
    pub what: What,
    /// Whose.
    pub installation: InstanceId,
    /// When the instant was that it shows, in microseconds.
    pub at: i64,
    /// What opens it.
    pub keys: Wrapped,
    /// The migrations that the database had gone through.
    pub schema: Vec<String>,
    /// The root versions that wrapped owner keys then.
    pub roots: Vec<i64>,
    /// The program's version.
    pub program: String,
}

impl Label {
    /// The instant that it shows.
    #[must_use]
    pub const fn taken_at(&self) -> Time {
        Time::from_micros(self.at)
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        let stamp: String = self.taken_at().rfc3339().chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{}-{stamp}-{}{SUFFIX}", self.what.name(), self.id)
    }
}

/// How the names of back-ups end.
pub(super) const SUFFIX: &str = ".seif";

/// What the rows of a table come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// The table's name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The sum of the rows' SHA-256, modulo 2^256, in hexadecimal: the same in whatever order they come. It finds
    /// mistakes; against malice stands the seal.
    pub sum: String,
}

/// Adds up the rows of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Adding {
    rows: u64,
    bytes: u64,
    sum: [u64; 4],
}

impl Adding {
    pub(super) fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        self.bytes += u64::try_from(row.len()).unwrap_or(u64::MAX);
        let digest = Sha256::digest(row);
        let mut carry = false;
        for (sum, bytes) in self.sum.iter_mut().zip(digest.as_slice().as_chunks::<8>().0) {
            let (with, over) = sum.overflowing_add(u64::from_le_bytes(*bytes));
            let (with, again) = with.overflowing_add(u64::from(carry));
            (*sum, carry) = (with, over || again);
        }
    }

    pub(super) fn total(&self, table: &str) -> Total {
        let sum = self.sum.iter().map(|part| format!("{part:016x}")).collect();
        Total { table: table.to_owned(), rows: self.rows, bytes: self.bytes, sum }
    }
}

/// A row as bytes: each value's form, and its length where it has one.
pub(super) fn encoded(row: &[Value], into: &mut Vec<u8>) -> Result<(), BackupError> {
    into.clear();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| BackupError::TooLong);
    for value in row {
        match value {
            Value::Null => into.push(0),
            Value::Number(number) => {
                into.push(1);
                into.extend(number.to_be_bytes());
            }
            Value::Text(text) => {
                into.push(2);
                into.extend(length(text.as_bytes())?.to_be_bytes());
                into.extend(text.as_bytes());
            }
            Value::Bytes(bytes) => {
                into.push(3);
                into.extend(length(bytes)?.to_be_bytes());
                into.extend(bytes);
            }
        }
    }
    Ok(())
}

fn decoded(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut row = Vec::new();
    while let Some((form, rest)) = bytes.split_first() {
        bytes = rest;
        row.push(match form {
            0 => Value::Null,
            1 => {
                let (number, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                Value::Number(i64::from_be_bytes(*number))
            }
            2 => Value::Text(String::from_utf8(measured(&mut bytes)?.to_vec()).ok()?),
            3 => Value::Bytes(measured(&mut bytes)?.to_vec()),
            _ => return None,
        });
    }
    Some(row)
}

fn measured<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (found, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(found)
}

/// A table's name and columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heading {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
}

const TABLE: u8 = 1;
const ROW: u8 = 2;
const END: u8 = 3;

/// Writes a back-up.
pub(super) struct Writing<W: Write> {
    to: Sealing<W>,
    table: Option<(String, Adding)>,
    totals: Vec<Total>,
    row: Vec<u8>,
}

impl<W: Write> Writing<W> {
    pub(super) fn begin(mut to: W, label: &Label, key: &StreamKey, entropy: &Entropy) -> Result<Self, BackupError> {
        let label = serde_json::to_vec(label).map_err(|_| BackupError::TooLong)?;
        to.write_all(MAGIC)?;
        to.write_all(&u32::try_from(label.len()).map_err(|_| BackupError::TooLong)?.to_be_bytes())?;
        to.write_all(&label)?;
        let to = Sealing::begin(to, key, &label, entropy)?;
        Ok(Self { to, table: None, totals: Vec::new(), row: Vec::new() })
    }

    pub(super) fn table(&mut self, heading: &Heading) -> Result<(), BackupError> {
        self.end_table();
        self.entry(TABLE, &serde_json::to_vec(heading).map_err(|_| BackupError::TooLong)?)?;
        self.table = Some((heading.table.clone(), Adding::default()));
        Ok(())
    }

    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), BackupError> {
        let mut bytes = std::mem::take(&mut self.row);
        encoded(row, &mut bytes)?;
        if let Some((_, adding)) = &mut self.table {
            adding.add(&bytes);
        }
        self.entry(ROW, &bytes)?;
        self.row = bytes;
        Ok(())
    }

    /// Writes the totals and the end; gives both back.
    pub(super) fn finish(mut self) -> Result<(W, Vec<Total>), BackupError> {
        self.end_table();
        let totals = std::mem::take(&mut self.totals);
        self.entry(END, &serde_json::to_vec(&totals).map_err(|_| BackupError::TooLong)?)?;
        Ok((self.to.finish()?, totals))
    }

    fn end_table(&mut self) {
        if let Some((name, adding)) = self.table.take() {
            self.totals.push(adding.total(&name));
        }
    }

    fn entry(&mut self, kind: u8, body: &[u8]) -> Result<(), BackupError> {
        let length = u32::try_from(body.len()).ok().filter(|length| *length < LONGEST).ok_or(BackupError::TooLong)?;
        self.to.write_all(&[kind])?;
        self.to.write_all(&length.to_be_bytes())?;
        Ok(self.to.write_all(body)?)
    }
}

/// Reads the label alone.
pub(super) fn label(from: &mut impl Read) -> Result<Label, BackupError> {
    labelled(from).map(|(label, _)| label)
}

fn labelled(from: &mut impl Read) -> Result<(Label, Vec<u8>), BackupError> {
    let (mut magic, mut length) = ([0; MAGIC.len()], [0; 4]);
    from.read_exact(&mut magic).map_err(|_| BackupError::NotABackup)?;
    from.read_exact(&mut length).map_err(|_| BackupError::NotABackup)?;
    let length = u32::from_be_bytes(length);
    if magic != *MAGIC || length > LONGEST_LABEL {
        return Err(BackupError::NotABackup);
    }
    let mut bytes = Vec::new();
    from.take(length.into()).read_to_end(&mut bytes)?;
    let label = serde_json::from_slice(&bytes).map_err(|_| BackupError::NotABackup)?;
    Ok((label, bytes))
}

/// What comes out of a back-up.
#[derive(Debug)]
pub(super) enum Entry {
    /// A table begins.
    Table(Heading),
    /// A row of it.
    Row(Vec<Value>),
    /// Everything was read, and comes to what it was.
    End(Vec<Total>),
}

/// Reads a back-up, from the first byte to the last.
pub(super) struct Reading<R: Read> {
    from: Opening<R>,
    label: Label,
    table: Option<(Heading, Adding)>,
    totals: Vec<Total>,
}

impl<R: Read> Reading<R> {
    pub(super) fn begin(mut from: R, keys: &Keys) -> Result<Self, BackupError> {
        let (label, context) = labelled(&mut from)?;
        let from = Opening::begin(from, &keys.unwrap(&label.keys)?, &context)?;
        Ok(Self { from, label, table: None, totals: Vec::new() })
    }

    pub(super) const fn label(&self) -> &Label {
        &self.label
    }

    pub(super) fn next(&mut self) -> Result<Entry, BackupError> {
        let (mut kind, mut length) = ([0], [0; 4]);
        self.from.read_exact(&mut kind)?;
        self.from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length >= LONGEST {
            return Err(BackupError::Damaged);
        }
        let mut body = Vec::new();
        (&mut self.from).take(length.into()).read_to_end(&mut body)?;
        if u32::try_from(body.len()).ok() != Some(length) {
            return Err(BackupError::Damaged);
        }
        match kind {
            [TABLE] => {
                self.end_table();
                let heading: Heading = serde_json::from_slice(&body).map_err(|_| BackupError::Damaged)?;
                self.table = Some((heading.clone(), Adding::default()));
                Ok(Entry::Table(heading))
            }
            [ROW] => {
                let row = decoded(&body).ok_or(BackupError::Damaged)?;
                let (heading, adding) = self.table.as_mut().ok_or(BackupError::Damaged)?;
                if row.len() != heading.columns.len() {
                    return Err(BackupError::Damaged);
                }
                adding.add(&body);
                Ok(Entry::Row(row))
            }
            [END] => {
                self.end_table();
                let totals: Vec<Total> = serde_json::from_slice(&body).map_err(|_| BackupError::Damaged)?;
                let rest = self.from.read(&mut [0])?;
                if totals == self.totals && rest == 0 { Ok(Entry::End(totals)) } else { Err(BackupError::Damaged) }
            }
            _ => Err(BackupError::Damaged),
        }
    }

    fn end_table(&mut self) {
        if let Some((heading, adding)) = self.table.take() {
            self.totals.push(adding.total(&heading.table));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::BackupKey;
    use super::*;
    use crate::kernel::personal::Secret;

    fn keys() -> Keys {
        BackupKey::of(Secret::new([3; 32])).into()
    }

    /// The key is always the same.
    fn labelled_for_tests() -> (StreamKey, Label) {
        let (key, keys) = keys().begin(&Entropy::seeded(2)).unwrap();
        let label = Label {
            id: "00112233".to_owned(),
            what: What::Data,
            installation: InstanceId::from_bytes([1; 16]),
            at: 1_700_000_000_000_000,
            keys,
            schema: vec!["0001".to_owned()],
            roots: vec![1],
            program: "0.1.0".to_owned(),
        };
        (key, label)
    }

    fn rows() -> Vec<Vec<Value>> {
        let row = |number: i64| {
            vec![
                Value::Bytes(number.to_be_bytes().repeat(3_000)),
                Value::Null,
                Value::Number(-number),
                Value::Text(format!("ā {number}")),
            ]
        };
        (0..20).map(row).collect()
    }

    fn written(rows: &[Vec<Value>]) -> (Vec<u8>, Vec<Total>) {
        let (key, label) = labelled_for_tests();
        let mut writing = Writing::begin(Vec::new(), &label, &key, &Entropy::seeded(1)).unwrap();
        let columns = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        writing.table(&Heading { table: "empty".to_owned(), columns: columns.clone() }).unwrap();
        writing.table(&Heading { table: "full".to_owned(), columns }).unwrap();
        for row in rows {
            writing.row(row).unwrap();
        }
        writing.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<(Vec<Vec<Value>>, Vec<Total>), BackupError> {
        let mut reading = Reading::begin(bytes, &keys())?;
        let mut rows = Vec::new();
        loop {
            match reading.next()? {
                Entry::Table(_) => {}
                Entry::Row(row) => rows.push(row),
                Entry::End(totals) => return Ok((rows, totals)),
            }
        }
    }

    #[test]
    fn a_back_up_reads_as_it_was_written_and_comes_to_the_same() {
        let (bytes, totals) = written(&rows());
        assert_eq!(label(&mut bytes.as_slice()).unwrap(), labelled_for_tests().1);
        assert_eq!(read(&bytes).unwrap(), (rows(), totals.clone()));
        assert_eq!(totals.iter().map(|total| total.rows).collect::<Vec<_>>(), [0, 20]);
    }

    #[test]
    fn a_sum_knows_rows_and_not_their_order() {
        let sum = |rows: &[Vec<Value>]| written(rows).1.last().unwrap().sum.clone();
        let mut turned = rows();
        turned.reverse();
        assert_eq!(sum(&turned), sum(&rows()));
        turned[7][2] = Value::Number(12);
        assert_ne!(sum(&turned), sum(&rows()));
        assert_ne!(sum(&rows()[1..]), sum(&rows()));
    }

    #[test]
    fn a_changed_or_cut_back_up_is_refused_whole_label_included() {
        let (bytes, _) = written(&rows());
        for length in (0..bytes.len()).step_by(4_099).chain([bytes.len() - 1]) {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        for at in (0..bytes.len()).step_by(3_001).chain([20, 60, bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn another_key_is_named_not_tried() {
        let (bytes, _) = written(&rows());
        let other = BackupKey::of(Secret::new([4; 32])).into();
        assert!(matches!(Reading::begin(bytes.as_slice(), &other), Err(BackupError::OtherKey { .. })));
    }
}

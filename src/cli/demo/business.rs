//! The demonstration business, from `tenants/demo/`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize;

/// What its owner signs in with, for as long as the story lasts.
pub(super) const PASSWORD: &str = "saulgriežu ozola skapis";

/// The business and its spreadsheet export.
pub(super) struct Business {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) country: String,
    pub(super) registration_number: String,
    pub(super) vat_number: String,
    pub(super) language: String,
    pub(super) owner: Owner,
    pub(super) files: Vec<File>,
    links: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
}

/// One table of the export.
pub(super) struct File {
    pub(super) name: String,
    pub(super) template: String,
    pub(super) bytes: &'static [u8],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    kind: String,
    country: String,
    registration_number: String,
    vat_number: String,
    language: String,
    owner: Owner,
    files: Vec<Named>,
    links: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    file: String,
    template: String,
}

const TABLES: [(&str, &[u8]); 5] = [
    ("customers.csv", include_bytes!("../../../tenants/demo/customers.csv")),
    ("suppliers.csv", include_bytes!("../../../tenants/demo/suppliers.csv")),
    ("sales_invoices.csv", include_bytes!("../../../tenants/demo/sales_invoices.csv")),
    ("contracts.csv", include_bytes!("../../../tenants/demo/contracts.csv")),
    ("employees.csv", include_bytes!("../../../tenants/demo/employees.csv")),
];

/// A text shorter than this can stand in noise by chance, or in the public documents.
const TELLING: usize = 9;

impl Business {
    /// Reads the business that is built into the program.
    pub(super) fn read() -> anyhow::Result<Self> {
        let read: Description = serde_json::from_slice(include_bytes!("../../../tenants/demo/business.json"))?;
        let files = read.files.into_iter().map(|named| {
            let (_, bytes) =
                TABLES.iter().find(|(name, _)| *name == named.file).context("a table that is not there")?;
            Ok(File { name: named.file, template: named.template, bytes })
        });
        Ok(Self {
            files: files.collect::<anyhow::Result<_>>()?,
            name: read.name,
            kind: read.kind,
            country: read.country,
            registration_number: read.registration_number,
            vat_number: read.vat_number,
            language: read.language,
            owner: read.owner,
            links: read.links,
        })
    }

    /// The link fields of a collection, each with the target's key that its cells hold.
    pub(super) fn links_of<'b>(&'b self, collection: &'b str) -> impl Iterator<Item = (&'b str, &'b str)> {
        self.links.iter().filter_map(move |(field, target)| {
            let field = field.strip_prefix(collection)?.strip_prefix('.')?;
            Some((field, target.rsplit('.').next()?))
        })
    }

    /// Every text of the business that tells something: cells, names, the password.
    pub(super) fn plaintext(&self) -> Vec<String> {
        let mut texts: BTreeSet<String> = BTreeSet::new();
        let own = [&self.name, &self.registration_number, &self.owner.name, &self.owner.email, &self.owner.phone];
        texts.extend(own.into_iter().cloned());
        texts.insert(PASSWORD.to_owned());
        for file in &self.files {
            let mut rows = csv::Reader::from_reader(file.bytes);
            for row in rows.records().filter_map(Result::ok) {
                texts.extend(row.iter().filter(|cell| cell.len() >= TELLING && !is_date(cell)).map(ToOwned::to_owned));
            }
        }
        texts.into_iter().collect()
    }
}

/// Dates tell nothing of the business: certificates on disk hold some too.
fn is_date(cell: &str) -> bool {
    cell.len() == 10 && cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

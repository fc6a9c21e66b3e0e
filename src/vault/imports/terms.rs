//! How an import is meant, beside the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// By which unique field of its target the cells of a link are found: `customer` by `customer_number`.
pub type LinkKeys = BTreeMap<String, String>;

/// How an import is meant.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Terms {
    /// How links are found.
    pub links: LinkKeys,
    /// The currency of amounts that stand without one, as ISO 4217 writes it; none, and such an amount is a fault.
    pub currency: Option<String>,
    /// What becomes of what does not fit.
    pub misfits: Misfits,
}

/// What becomes of columns without a field, and of rows with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfits {
    /// Each is a fault, and with any fault nothing is imported.
    #[default]
    Refused,
    /// They are left out, and the others are imported: for who was told which in a dry run.
    LeftOut,
}

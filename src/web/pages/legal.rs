//! Legal documents, to be read and printed.

use serde::Serialize;

use super::chrome::Document;
use super::render::Page;
use super::vault::Day;
#[cfg(test)]
use super::vault::samples;
#[cfg(test)]
use crate::kernel::values::Locale;

/// `/{document}/{language}` and `/{document}/{language}/{version}`.
#[derive(Debug, Clone, Serialize)]
pub struct LegalDocument {
    /// Which.
    pub document: Document,
    /// Its title.
    pub title: String,
    /// Its text in HTML, already sanitised, without the title and with headings from `h2` down.
    pub body: CleanHtml,
    /// Its version.
    pub version: u32,
    /// The day it took effect, or will.
    pub effective_on: Day,
    /// Where this version stands.
    pub standing: Standing,
    /// The version before it, to compare with.
    pub before: Option<u32>,
    /// On the one in force: the version that is to follow.
    pub coming: Option<OtherVersion>,
    /// The other versions, newest first.
    pub others: Vec<OtherVersion>,
}

/// HTML that was sanitised before, from the operator's own documents: the one thing that a page does not escape.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct CleanHtml(String);

impl CleanHtml {
    /// Takes over what a sanitiser gave. Whoever calls this answers for it.
    #[must_use]
    pub const fn from_sanitised(html: String) -> Self {
        Self(html)
    }
}

/// Where a version stands in a document's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Announced, not in force yet.
    Announced,
    /// In force.
    InForce,
    /// Followed by another.
    Superseded,
    /// Announced, and taken back.
    Withdrawn,
}

/// A link to another version.
#[derive(Debug, Clone, Serialize)]
pub struct OtherVersion {
    /// Its number.
    pub version: u32,
    /// The day it took effect, or will.
    pub effective_on: Day,
}

impl Page for LegalDocument {
    const TEMPLATE: &'static str = "legal.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let day = |days: i64| Day::new(samples::time(days * 24 * 60), Locale::Lv);
        let body = "<p>Seif ir datu glabātava uzņēmumiem.</p><h2>Ko mēs glabājam</h2><table><thead><tr><th>Dati</th>\
                    <th>Kas tajos ir</th></tr></thead><tbody><tr><td>Konts</td><td>vārds, e-pasta adrese</td></tr>\
                    </tbody></table><ul><li>Neko citu.</li></ul>";
        let page = |document, standing, others| Self {
            document,
            title: "Privātuma politika".to_owned(),
            body: CleanHtml::from_sanitised(body.to_owned()),
            version: 2,
            effective_on: day(31),
            standing,
            before: Some(1),
            coming: (standing == Standing::InForce).then(|| OtherVersion { version: 3, effective_on: day(62) }),
            others,
        };
        let other = OtherVersion { version: 1, effective_on: day(0) };
        vec![
            page(Document::Privacy, Standing::InForce, vec![other.clone()]),
            page(Document::SafeUse, Standing::Announced, vec![other]),
            page(Document::Cookies, Standing::Superseded, Vec::new()),
            page(Document::Terms, Standing::Withdrawn, Vec::new()),
        ]
    }
}

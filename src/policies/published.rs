//! What is published, and who acknowledged it.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use crate::kernel::clock::Time;
use crate::kernel::ids::AccountId;
use crate::kernel::store::schema::{account_tenants, acknowledgements, policies, policy_texts};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::values::Locale;
use crate::policies::document::{DRAFT, Document, DocumentVersion, State};
use crate::policies::{Coming, PoliciesError, notices};

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Which.
    pub which: DocumentVersion,
    /// Where it stands.
    pub state: State,
    /// The languages that it has a text in.
    pub languages: Vec<Locale>,
    /// When it became known.
    pub announced_at: Time,
    /// Before when it does not take effect.
    pub effective_at: Time,
    /// When it took effect: not before everybody was told in time.
    pub in_force_at: Option<Time>,
    /// Whether it changes what is agreed.
    pub weight: Weight,
    /// How long before its effect everybody was to be told.
    pub notice: Duration,
    /// The digest of all its texts: SHA-256 over one line `{sha256 in hex}  {language}` for each, ended by a line feed,
    /// in the order of the languages' tags.
    pub sha256: [u8; 32],
}

/// Whether a version changes what is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It does: who acknowledged the one before has this one to acknowledge.
    Material,
    /// It mends how something is said.
    Correction,
}

impl Weight {
    pub(super) const fn read(material: bool) -> Self {
        if material { Self::Material } else { Self::Correction }
    }

    /// As the database and the API have it: whether it is material.
    #[must_use]
    pub const fn is_material(self) -> bool {
        matches!(self, Self::Material)
    }
}

/// A version's text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The language that it is in: the one asked for, or the version's stated fallback.
    pub language: Locale,
    /// Its title.
    pub title: String,
    /// What it changes, in plain words; empty where nothing was said.
    pub summary: String,
    /// The whole of it in Markdown, the title's line included.
    pub markdown: String,
    /// SHA-256 of that.
    pub sha256: [u8; 32],
}

type Row = (i16, i64, i16, Time, Time, Option<Time>, bool, i64);

/// Every version that was ever announced, by document and version.
pub(super) fn list(tx: &mut Tx<'_>) -> Result<Vec<Published>, PoliciesError> {
    let rows: Vec<Row> = policies::table
        .filter(policies::state.ne(DRAFT))
        .order((policies::document, policies::version))
        .select((
            policies::document,
            policies::version,
            policies::state,
            policies::announced_at,
            policies::effective_at,
            policies::in_force_at,
            policies::material,
            policies::notice,
        ))
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let texts: Vec<(i16, i64, String, Vec<u8>)> = policy_texts::table
        .select((policy_texts::document, policy_texts::version, policy_texts::language, policy_texts::sha256))
        .order((policy_texts::document, policy_texts::version, policy_texts::language))
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (document, version, language, sha256) in texts {
        of.entry((document, version)).or_default().push((language, sha256));
    }
    let mut all = Vec::new();
    for (document, version, state, announced_at, effective_at, in_force_at, material, notice) in rows {
        let texts = of.remove(&(document, version)).unwrap_or_default();
        let (Some(which), Some(state)) = (DocumentVersion::decode(document, version), State::from_code(state)) else {
            return Err(StoreError::Refused("a policy of no kind").into());
        };
        let languages = Locale::ALL
            .into_iter()
            .filter(|locale| texts.iter().any(|(language, _)| language == locale.tag()))
            .collect();
        let (weight, notice) = (Weight::read(material), Duration::from_micros(u64::try_from(notice).unwrap_or(0)));
        let sha256 = digest(texts);
        all.push(Published {
            which,
            state,
            languages,
            announced_at,
            effective_at,
            in_force_at,
            weight,
            notice,
            sha256,
        });
    }
    Ok(all)
}

fn digest(mut texts: Vec<(String, Vec<u8>)>) -> [u8; 32] {
    // PostgreSQL may order text otherwise.
    texts.sort();
    let mut digest = Sha256::new();
    for (language, sha256) in texts {
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        digest.update(format!("{hex}  {language}\n"));
    }
    digest.finalize().into()
}

/// The versions in force, one a document.
///
/// # Errors
/// The store's.
pub fn in_force(tx: &mut Tx<'_>) -> Result<Vec<DocumentVersion>, StoreError> {
    in_state(tx, State::InForce)
}

/// The versions that are announced, at most one a document.
///
/// # Errors
/// The store's.
pub fn announced(tx: &mut Tx<'_>) -> Result<Vec<DocumentVersion>, StoreError> {
    in_state(tx, State::Announced)
}

fn in_state(tx: &mut Tx<'_>, state: State) -> Result<Vec<DocumentVersion>, StoreError> {
    let rows: Vec<(i16, i64)> = policies::table
        .filter(policies::state.eq(state.code()))
        .order((policies::document, policies::version))
        .select((policies::document, policies::version))
        .load(tx.conn())?;
    Ok(rows.into_iter().filter_map(|(document, version)| DocumentVersion::decode(document, version)).collect())
}

/// The versions in force that whoever joins must have acknowledged.
///
/// # Errors
/// The store's.
pub fn needed_at_sign_up(tx: &mut Tx<'_>) -> Result<Vec<DocumentVersion>, StoreError> {
    let mut needed = in_force(tx)?;
    needed.retain(|which| Document::AT_SIGN_UP.contains(&which.document));
    Ok(needed)
}

/// What `account` has yet to acknowledge of what is needed. A correction asks nobody again who acknowledged what it
/// corrects; who belongs to tenants that are all about to leave, stays under what they have acknowledged.
///
/// # Errors
/// The store's.
pub fn unacknowledged(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<DocumentVersion>, StoreError> {
    let done: Vec<(i16, i64)> = acknowledgements::table
        .filter(acknowledgements::account_id.eq(account))
        .select((acknowledgements::document, acknowledgements::version))
        .load(tx.conn())?;
    let mut needed = needed_at_sign_up(tx)?;
    needed.retain(|which| !done.contains(&which.key()));
    let mut left = Vec::new();
    for which in needed {
        let (document, version) = which.key();
        let corrected: Option<i64> = policies::table
            .filter(policies::document.eq(document))
            .filter(policies::version.le(version))
            .filter(policies::material)
            .filter(policies::in_force_at.is_not_null())
            .select(diesel::dsl::max(policies::version))
            .get_result(tx.conn())?;
        let since = corrected.unwrap_or(version);
        if !done.iter().any(|(of, known)| *of == document && (since..=version).contains(known)) {
            left.push(which);
        }
    }
    if left.is_empty() || !is_on_its_way_out(tx, account)? {
        return Ok(left);
    }
    Ok(Vec::new())
}

/// Whether all tenants of the account are about to leave; false where it has none.
fn is_on_its_way_out(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    let leaving: Vec<bool> = account_tenants::table
        .filter(account_tenants::account_id.eq(account))
        .select(account_tenants::is_leaving)
        .load(tx.conn())?;
    Ok(!leaving.is_empty() && leaving.into_iter().all(|leaving| leaving))
}

/// Notes that `account` has acknowledged each of `which`; again changes nothing.
///
/// # Errors
/// [`PoliciesError::Unknown`] for a version that is neither in force nor announced: then nothing is to be kept; or the
/// store's.
pub fn acknowledge(tx: &mut Tx<'_>, account: AccountId, which: &[DocumentVersion]) -> Result<(), PoliciesError> {
    let now = tx.now();
    for which in which {
        let (document, version) = which.key();
        let state: Option<i16> = policies::table
            .find(which.key())
            .select(policies::state)
            .get_result(tx.conn())
            .optional()
            .map_err(StoreError::from)?;
        if !matches!(state.and_then(State::from_code), Some(State::Announced | State::InForce)) {
            return Err(PoliciesError::Unknown);
        }
        both(
            diesel::insert_into(acknowledgements::table)
                .values((
                    acknowledgements::account_id.eq(account),
                    acknowledgements::document.eq(document),
                    acknowledgements::version.eq(version),
                    acknowledgements::at.eq(now),
                ))
                .on_conflict_do_nothing(),
        )
        .execute(tx.conn())
        .map_err(StoreError::from)?;
        notices::acknowledged(tx, account, *which)?;
    }
    Ok(())
}

/// The text of a published version; where it has none in `language`, the one in its stated fallback.
///
/// # Errors
/// [`PoliciesError::Unknown`], or the store's.
pub fn text(tx: &mut Tx<'_>, which: DocumentVersion, language: Locale) -> Result<Text, PoliciesError> {
    let row: Option<(i16, Option<String>)> = policies::table
        .find(which.key())
        .select((policies::state, policies::fallback))
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    let (state, fallback) = row.ok_or(PoliciesError::Unknown)?;
    State::from_code(state).ok_or(PoliciesError::Unknown)?;
    let fallback = fallback.and_then(|tag| Locale::parse(&tag).ok());
    for language in [Some(language), fallback].into_iter().flatten() {
        if let Some(text) = written(tx, which, language)? {
            return Ok(text);
        }
    }
    Err(PoliciesError::Unknown)
}

/// What is announced and `account` has not acknowledged, the nearest first.
pub(super) fn coming(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Coming>, StoreError> {
    let rows: Vec<(i16, i64, Time, Option<String>)> = policies::table
        .filter(policies::state.eq(State::Announced.code()))
        .select((policies::document, policies::version, policies::effective_at, policies::fallback))
        .order(policies::effective_at)
        .load(tx.conn())?;
    let mut all = Vec::new();
    for (document, version, effective_at, fallback) in rows {
        let Some(which) = DocumentVersion::decode(document, version) else { continue };
        let acknowledged: i64 =
            acknowledgements::table.find((account, document, version)).count().get_result(tx.conn())?;
        if acknowledged > 0 {
            continue;
        }
        let summaries: Vec<(String, String)> = policy_texts::table
            .filter(policy_texts::document.eq(document))
            .filter(policy_texts::version.eq(version))
            .select((policy_texts::language, policy_texts::summary))
            .load(tx.conn())?;
        let read = |(tag, summary): (String, String)| Some((Locale::parse(&tag).ok()?, summary));
        let summaries = summaries.into_iter().filter_map(read).collect();
        let fallback = fallback.and_then(|tag| Locale::parse(&tag).ok());
        all.push(Coming { which, effective_at, fallback, summaries });
    }
    Ok(all)
}

/// Refuses a version that was never announced.
pub(super) fn demand_published(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<(), PoliciesError> {
    let state: Option<i16> = policies::table
        .find(which.key())
        .select(policies::state)
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    state.and_then(State::from_code).map(drop).ok_or(PoliciesError::Unknown)
}

/// The text of a version in just this language, whatever its state.
pub(super) fn written(tx: &mut Tx<'_>, which: DocumentVersion, language: Locale) -> Result<Option<Text>, StoreError> {
    let (document, version) = which.key();
    let row: Option<(String, String, Vec<u8>, String)> = policy_texts::table
        .find((document, version, language.tag()))
        .select((policy_texts::title, policy_texts::body, policy_texts::sha256, policy_texts::summary))
        .get_result(tx.conn())
        .optional()?;
    let Some((title, markdown, sha256, summary)) = row else { return Ok(None) };
    let sha256 = sha256.try_into().map_err(|_| StoreError::Refused("a digest of the wrong length"))?;
    Ok(Some(Text { language, title, summary, markdown, sha256 }))
}

#[cfg(test)]
mod tests;

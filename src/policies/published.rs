//! What is published, and who acknowledged it.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use crate::kernel::clock::Time;
use crate::kernel::ids::AccountId;
use crate::kernel::store::schema::{acknowledgements, policies, policy_texts};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::values::Locale;
use crate::policies::PoliciesError;
use crate::policies::document::{DRAFT, Document, DocumentVersion, State};

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
    /// When it took effect, or will.
    pub effective_at: Time,
    /// The digest of all its texts: SHA-256 over one line `{sha256 in hex}  {language}` for each, ended by a line feed,
    /// in the order of the languages' tags.
    pub sha256: [u8; 32],
}

/// A version's text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its title.
    pub title: String,
    /// The whole of it in Markdown, the title's line included.
    pub markdown: String,
    /// SHA-256 of that.
    pub sha256: [u8; 32],
}

/// Every published version, by document and version.
pub(super) fn list(tx: &mut Tx<'_>) -> Result<Vec<Published>, PoliciesError> {
    let rows: Vec<(i16, i64, i16, Time, Time)> = policies::table
        .filter(policies::state.ne(DRAFT))
        .order((policies::document, policies::version))
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
    for (document, version, state, announced_at, effective_at) in rows {
        let texts = of.remove(&(document, version)).unwrap_or_default();
        let (Some(which), Some(state)) = (decoded(document, version), State::from_code(state)) else {
            return Err(StoreError::Refused("a policy of no kind").into());
        };
        let languages = Locale::ALL
            .into_iter()
            .filter(|locale| texts.iter().any(|(language, _)| language == locale.tag()))
            .collect();
        all.push(Published { which, state, languages, announced_at, effective_at, sha256: digest(texts) });
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
    let rows: Vec<(i16, i64)> = policies::table
        .filter(policies::state.eq(State::InForce.code()))
        .order((policies::document, policies::version))
        .select((policies::document, policies::version))
        .load(tx.conn())?;
    Ok(rows.into_iter().filter_map(|(document, version)| decoded(document, version)).collect())
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

/// What `account` has yet to acknowledge of what is needed.
///
/// # Errors
/// The store's.
pub fn unacknowledged(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<DocumentVersion>, StoreError> {
    let done: Vec<(i16, i64)> = acknowledgements::table
        .filter(acknowledgements::account_id.eq(account))
        .select((acknowledgements::document, acknowledgements::version))
        .load(tx.conn())?;
    let mut needed = needed_at_sign_up(tx)?;
    needed.retain(|which| !done.contains(&(which.document.code(), i64::from(which.version))));
    Ok(needed)
}

/// Notes that `account` has acknowledged each of `which`; again changes nothing.
///
/// # Errors
/// [`PoliciesError::Unknown`] for a version that is neither in force nor announced: then nothing is to be kept; or the
/// store's.
pub fn acknowledge(tx: &mut Tx<'_>, account: AccountId, which: &[DocumentVersion]) -> Result<(), PoliciesError> {
    let now = tx.now();
    for DocumentVersion { document, version } in which {
        let state: Option<i16> = policies::table
            .find((document.code(), i64::from(*version)))
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
                    acknowledgements::document.eq(document.code()),
                    acknowledgements::version.eq(i64::from(*version)),
                    acknowledgements::at.eq(now),
                ))
                .on_conflict_do_nothing(),
        )
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    }
    Ok(())
}

/// The text of a published version.
///
/// # Errors
/// [`PoliciesError::Unknown`], or the store's.
pub fn text(tx: &mut Tx<'_>, which: DocumentVersion, language: Locale) -> Result<Text, PoliciesError> {
    let key = (which.document.code(), i64::from(which.version));
    let state: Option<i16> =
        policies::table.find(key).select(policies::state).get_result(tx.conn()).optional().map_err(StoreError::from)?;
    state.and_then(State::from_code).ok_or(PoliciesError::Unknown)?;
    let row: Option<(String, String, Vec<u8>)> = policy_texts::table
        .find((key.0, key.1, language.tag()))
        .select((policy_texts::title, policy_texts::body, policy_texts::sha256))
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    let (title, markdown, sha256) = row.ok_or(PoliciesError::Unknown)?;
    let sha256 = sha256.try_into().map_err(|_| StoreError::Refused("a digest of the wrong length"))?;
    Ok(Text { title, markdown, sha256 })
}

fn decoded(document: i16, version: i64) -> Option<DocumentVersion> {
    Some(DocumentVersion { document: Document::from_code(document)?, version: u32::try_from(version).ok()? })
}

#[cfg(test)]
mod tests;

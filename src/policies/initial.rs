//! The first version of each document, from `config/legal`.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use crate::kernel::Kernel;
use crate::kernel::store::schema::{accounts, policies, policy_texts};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::values::Locale;
use crate::policies::document::{DRAFT, Document, DocumentVersion, State};
use crate::policies::events::{Event, Tally};
use crate::policies::facts::Facts;
use crate::policies::{PoliciesError, events, markdown};

/// Publishes version 1 of every document that has no version yet, with `facts` rendered in. It is in force at once while
/// nobody has an account; afterwards it is announced, like any change. Does nothing at a later start, whatever the facts
/// or the shipped texts have become.
///
/// Must not be called on a thread of the asynchronous runtime.
///
/// # Errors
/// A shipped text is malformed, or the store's.
pub fn publish_initial(kernel: &Kernel, facts: &Facts) -> Result<(), PoliciesError> {
    let mut texts = Vec::new();
    for document in Document::ALL {
        for language in Locale::ALL {
            texts.push(rendered(document, language, facts)?);
        }
    }
    let notice = facts.notice;
    kernel.db().write_blocking(Vec::new(), move |tx| {
        let accounts: i64 = accounts::table.count().get_result(tx.conn()).map_err(StoreError::from)?;
        for document in Document::ALL {
            let now = tx.now();
            let (state, effective_at, in_force_at) = if accounts == 0 {
                (State::InForce, now, Some(now))
            } else {
                (State::Announced, now.plus(notice), None)
            };
            if draft(tx, document, effective_at)? == Drafted::Already {
                continue;
            }
            for text in texts.iter().filter(|text| text.document == document) {
                insert(tx, text)?;
            }
            diesel::update(policies::table.find((document.code(), FIRST)))
                .set((
                    policies::state.eq(state.code()),
                    policies::in_force_at.eq(in_force_at),
                    policies::notice.eq(i64::try_from(notice.as_micros()).unwrap_or(i64::MAX)),
                ))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            let which = DocumentVersion { document, version: 1 };
            let counts = Tally { accounts: u64::try_from(accounts).unwrap_or(0), ..Tally::default() };
            events::note(tx, which, Event::Announced, events::SERVICE, counts)?;
            if state == State::InForce {
                events::note(tx, which, Event::InForce, events::SERVICE, counts)?;
            }
        }
        Ok(())
    })
}

const FIRST: i64 = 1;

struct Rendered {
    document: Document,
    language: Locale,
    title: String,
    body: String,
    sha256: [u8; 32],
}

fn rendered(document: Document, language: Locale, facts: &Facts) -> Result<Rendered, PoliciesError> {
    let malformed = PoliciesError::Malformed(document, language);
    let body = facts.fill(shipped(document, language), language).map_err(|_| malformed)?;
    let title = markdown::title(&body).ok_or(malformed)?.to_owned();
    let sha256 = Sha256::digest(&body).into();
    Ok(Rendered { document, language, title, body, sha256 })
}

#[derive(PartialEq, Eq)]
enum Drafted {
    Now,
    Already,
}

/// Begins version 1 of `document`; of several processes that start at once, one does.
fn draft(tx: &mut Tx<'_>, document: Document, effective_at: crate::kernel::clock::Time) -> Result<Drafted, StoreError> {
    let versions: i64 = policies::table.filter(policies::document.eq(document.code())).count().get_result(tx.conn())?;
    if versions > 0 {
        return Ok(Drafted::Already);
    }
    let now = tx.now();
    let made = both(
        diesel::insert_into(policies::table)
            .values((
                policies::document.eq(document.code()),
                policies::version.eq(FIRST),
                policies::state.eq(DRAFT),
                policies::announced_at.eq(now),
                policies::effective_at.eq(effective_at),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    Ok(if made == 1 { Drafted::Now } else { Drafted::Already })
}

fn insert(tx: &mut Tx<'_>, text: &Rendered) -> Result<(), StoreError> {
    diesel::insert_into(policy_texts::table)
        .values((
            policy_texts::document.eq(text.document.code()),
            policy_texts::version.eq(FIRST),
            policy_texts::language.eq(text.language.tag()),
            policy_texts::title.eq(&text.title),
            policy_texts::body.eq(&text.body),
            policy_texts::sha256.eq(text.sha256.as_slice()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

macro_rules! shipped {
    ($document:literal, $language:expr) => {
        match $language {
            Locale::En => include_str!(concat!("../../config/legal/", $document, "/en.md")),
            Locale::Lv => include_str!(concat!("../../config/legal/", $document, "/lv.md")),
            Locale::Lt => include_str!(concat!("../../config/legal/", $document, "/lt.md")),
            Locale::Et => include_str!(concat!("../../config/legal/", $document, "/et.md")),
            Locale::Kk => include_str!(concat!("../../config/legal/", $document, "/kk.md")),
        }
    };
}

const fn shipped(document: Document, language: Locale) -> &'static str {
    match document {
        Document::Privacy => shipped!("privacy", language),
        Document::Terms => shipped!("terms", language),
        Document::SafeUse => shipped!("safe_use", language),
        Document::Dpa => shipped!("dpa", language),
        Document::Cookies => shipped!("cookies", language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::facts::tests::none;

    #[test]
    fn every_shipped_text_has_a_title_and_only_known_placeholders() {
        let named = Facts { operator_name: Some("Piemērs SIA".to_owned()), ..none() };
        for facts in [none(), named] {
            for document in Document::ALL {
                let mut titles = Vec::new();
                for language in Locale::ALL {
                    let text = rendered(document, language, &facts).unwrap();
                    assert!(!text.body.contains("{{") && !text.body.contains("}}"), "{document:?} {language:?}");
                    let html = markdown::html(&text.body);
                    assert!(!html.contains("<a ") && !html.contains("<h1"), "{document:?} {language:?}");
                    assert!(html.matches("<h2>").count() > 3, "{document:?} {language:?}");
                    titles.push(text.title);
                }
                titles.dedup();
                assert_eq!(titles.len(), Locale::ALL.len(), "{titles:?}");
            }
        }
    }

    #[test]
    fn the_languages_of_a_document_have_the_same_parts() {
        for document in Document::ALL {
            let shape = |language| {
                let html = markdown::html(&rendered(document, language, &none()).unwrap().body);
                ["<h2>", "<h3>", "<li>", "<tr>", "<p>"].map(|tag| html.matches(tag).count())
            };
            for language in Locale::ALL {
                assert_eq!(shape(language), shape(Locale::En), "{document:?} {language:?}");
            }
        }
    }
}

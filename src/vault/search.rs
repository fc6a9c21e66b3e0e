//! Search: exact by tags, and by words through decrypting and scanning.
//!
//! `where` finds a field's whole value in whatever spelling its kind takes for the same; several are all demanded.
//! `text` demands each of its words, or part of a word, in any field, accents and case set aside. Words in sensitive
//! fields are searched for those alone who may reveal them; an exact value that is known already may be asked for by all.

use std::sync::Arc;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use unicode_normalization::UnicodeNormalization as _;

use crate::kernel::access::TenantAccess;
use crate::kernel::audit::Action;
use crate::kernel::crypto::Tag;
use crate::kernel::ids::{FieldId, RecordId};
use crate::kernel::store::schema::{record_tags, records};
use crate::kernel::store::{Tx, each};
use crate::kernel::tenancy::TenantScope;
use crate::kernel::values::{Country, folded};
use crate::vault::cursor::{Cursors, Limit, Page};
use crate::vault::definition::Collection;
use crate::vault::records::{Item, ROW, Row, item};
use crate::vault::values::{Input, Revealed, Unnamed, Values, needs_home};
use crate::vault::{Error, Fault, Vault, index, known};

/// Records that are read at once.
const PAGE: i64 = 500;

/// The most records that one request scans: then it answers what it has, and where to go on.
const MOST: usize = 1_000_000;

/// The most characters of a text to search for.
const LONGEST: usize = 200;

/// What is searched for.
#[derive(Clone, Default)]
pub struct Query {
    /// The whole value of each of these fields.
    pub exact: Input,
    /// Words, or parts of words.
    pub text: Option<String>,
}

impl Vault {
    /// Finds records, newest first. A page may be short, or empty, while there is a next one: the scan was long.
    ///
    /// # Errors
    /// No such collection; a field that is not searchable, a value that its kind does not take; a cursor of another
    /// search.
    pub async fn search(
        &self,
        access: &TenantAccess,
        slug: &str,
        query: Query,
        limit: Limit,
        after: Option<String>,
    ) -> Result<Page<Item>, Error> {
        let scan = if access.may_reveal().is_ok() { Scan::Everything } else { Scan::NothingSensitive };
        let (known, slug, home) = (Arc::clone(&self.known), slug.to_owned(), self.home);
        let scans = query.text.is_some() || query.exact.len() > 1;
        let run = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<_, Error> {
            let collection = known::find(tx, scope, &known, &slug)?;
            let none = Values::default();
            let national = needs_home(&collection, &none, [&query.exact], Unnamed::Cleared);
            let home = if national { home(tx, scope)? } else { None };
            let sought = Sought::new(scope, &collection, &query, scan, home)?;
            let page = find(tx, scope, &collection, &sought, limit, after.as_deref())?;
            Ok((collection, page))
        };
        let (collection, page) = if scans {
            self.kernel.read(&access.scope, run).await?
        } else {
            self.kernel.point(&access.scope, run).await?
        };
        self.note_list(access, Action::RecordsSearched, &collection, &Revealed::default(), page.items.len()).await?;
        Ok(page)
    }
}

/// Which fields' words are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scan {
    Everything,
    NothingSensitive,
}

/// What is searched for, in the form in which it is compared.
struct Sought {
    tags: Vec<(FieldId, Tag)>,
    words: Vec<String>,
    scan: Scan,
    /// Tells this search from others, for its cursors.
    own: Tag,
}

impl Sought {
    fn new(
        scope: &TenantScope,
        collection: &Collection,
        query: &Query,
        scan: Scan,
        home: Option<Country>,
    ) -> Result<Self, Error> {
        let (mut tags, mut faults) = (Vec::new(), Vec::new());
        for (name, value) in &query.exact {
            match tag(scope, collection, name, value, home) {
                Ok(tag) => tags.push(tag),
                Err(fault) => faults.push(fault),
            }
        }
        let text = query.text.as_deref().unwrap_or_default();
        if text.chars().count() > LONGEST {
            faults.push(Fault::new("/text", "too_long", "The text to search for has at most 200 characters."));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let words: Vec<String> = plain(text).split_whitespace().map(str::to_owned).collect();
        let mut own: Vec<u8> =
            tags.iter().flat_map(|(field, tag)| [*field.as_bytes(), *tag.as_bytes()].concat()).collect();
        own.extend(words.join(" ").as_bytes());
        let own = scope.keys().tag(&[b"records.search"], &own);
        Ok(Self { tags, words, scan, own })
    }

    /// Whether each word is somewhere in the record.
    fn is_in(&self, collection: &Collection, values: &Values) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let mut missing: Vec<&str> = self.words.iter().map(String::as_str).collect();
        for field in collection.fields() {
            if field.sensitive && self.scan == Scan::NothingSensitive {
                continue;
            }
            let Some(value) = values.get(field) else { continue };
            let words = plain(field.kind.words(value).reveal());
            missing.retain(|word| !words.contains(word));
            if missing.is_empty() {
                return true;
            }
        }
        false
    }
}

fn tag(
    scope: &TenantScope,
    collection: &Collection,
    name: &str,
    value: &serde_json::Value,
    home: Option<Country>,
) -> Result<(FieldId, Tag), Fault> {
    let shortened: String = name.chars().take(40).collect();
    let at = format!("/where/{}", shortened.replace('~', "~0").replace('/', "~1"));
    let Some(field) = collection.field(name) else {
        return Err(Fault::new(at, "unknown_field", "The collection has no field of this name."));
    };
    if !field.searchable {
        return Err(Fault::new(at, "not_searchable", "The field is not searchable by its exact value."));
    }
    let value = field.kind.check(value, home).map_err(|error| Fault::of(at.clone(), error))?;
    let tag = index::tag(scope.keys(), field, &value)
        .ok_or_else(|| Fault::new(at, "not_searchable", "Values of this kind are found by their words alone."))?;
    Ok((field.id, tag))
}

/// Text without case and accents: what a person types who has not the other's keyboard.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    folded(text).nfd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter)).collect()
}

fn find(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Arc<Collection>,
    sought: &Sought,
    limit: Limit,
    after: Option<&str>,
) -> Result<Page<Item>, Error> {
    let cursors = Cursors::new(scope.keys(), &[b"search", collection.id.as_bytes(), sought.own.as_bytes()]);
    let mut before = cursors.read(after)?.map_or(RecordId::from_bytes([0xff; 16]), RecordId::from_bytes);
    let at_once = if sought.words.is_empty() { limit.and_one() } else { PAGE };
    let (mut items, mut scanned) = (Vec::new(), 0);
    loop {
        let rows = candidates(tx, scope, collection, sought, before, at_once)?;
        let last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < at_once;
        for row in rows {
            scanned += 1;
            before = row.0;
            let found = item(scope, collection, row, &Revealed::default())?;
            let fits = match &found {
                Item::Record(record) => sought.is_in(collection, &record.values.values),
                // Found by its tags it is told; what words it holds nobody knows.
                Item::Unreadable(_) => sought.words.is_empty(),
            };
            if !fits {
                continue;
            }
            if items.len() == limit.items() {
                let next = items.last().map(|item: &Item| cursors.write(*item.id().as_bytes()));
                return Ok(Page { items, next });
            }
            items.push(found);
        }
        if last {
            return Ok(Page { items, next: None });
        }
        if scanned >= MOST {
            return Ok(Page { items, next: Some(cursors.write(*before.as_bytes())) });
        }
    }
}

/// The next live records that have every tag. Only live ones have any.
fn candidates(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    sought: &Sought,
    before: RecordId,
    at_once: i64,
) -> Result<Vec<Row>, Error> {
    let live = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::trashed_at.is_null())
        .order(records::id.desc());
    let having = |(field, tag): &(FieldId, Tag)| {
        record_tags::rows(scope)
            .filter(record_tags::field_id.eq(*field))
            .filter(record_tags::index_version.eq(index::version(scope.keys())))
            .filter(record_tags::tag.eq(*tag))
            .filter(record_tags::record_id.lt(before))
            .select(record_tags::record_id)
    };
    match sought.tags.as_slice() {
        [] => {
            let page = live.filter(records::id.lt(before)).limit(at_once).select(ROW);
            Ok(each!(tx.conn(), c => page.load(c))?)
        }
        // First the page of ids, from the tags' own index, then the rows by key: asked at once, PostgreSQL may walk
        // every record of the collection and look for its tag, while it knows too little of the tables.
        [one] => {
            let page = having(one).order(record_tags::record_id.desc()).limit(at_once);
            let ids: Vec<RecordId> = each!(tx.conn(), c => page.load(c))?;
            match ids.as_slice() {
                [] => Ok(Vec::new()),
                [id] => {
                    let row = live.filter(records::id.eq(*id)).limit(1).select(ROW);
                    Ok(each!(tx.conn(), c => row.load(c))?)
                }
                _ => Ok(live.filter(records::id.eq_any(ids)).limit(at_once).select(ROW).load(tx.conn())?),
            }
        }
        [first, others @ ..] => {
            let mut all = live.filter(records::id.eq_any(having(first))).limit(at_once).select(ROW).into_boxed();
            for other in others {
                all = all.filter(records::id.eq_any(having(other)));
            }
            Ok(all.load(tx.conn())?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_accents() {
        for (written, plainly) in
            [("Bērziņa", "berzina"), ("ŽALGIRIS", "zalgiris"), ("Õunapuu", "ounapuu"), ("Sia", "sia")]
        {
            assert_eq!(plain(written), plainly);
        }
    }
}

//! Lists by id: `?limit=` (1 to 200, 50 if left out) and `?after=` (the cursor that the last page gave).

use actix_web::HttpRequest;
use actix_web::web::Query;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::web::problem::Problem;

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    limit: Option<i64>,
    after: Option<String>,
}

/// How many items a page has, when nobody says.
const USUAL: i64 = 50;
/// How many it has at most.
const MOST: i64 = 200;

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// The items, and the cursor of the next page when there is one.
    pub fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next)
    }
}

impl Listing {
    /// What the request's query says; read once the caller is known, so that who may not is told that first.
    ///
    /// # Errors
    /// 400 `malformed_request`.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Query::from_query(request.query_string()).map(Query::into_inner).map_err(|_| Problem::MalformedRequest)
    }

    /// A list of the usual length from the cursor `after` on.
    pub const fn starting_after(after: Option<String>) -> Self {
        Self { limit: None, after }
    }

    /// How many to read: one more than the page has, which says whether there is another page.
    ///
    /// # Errors
    /// 400 `malformed_request` outside of 1 to 200.
    pub fn limit_and_one(&self) -> Result<i64, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) { Ok(limit + 1) } else { Err(Problem::MalformedRequest) }
    }

    /// The id that the last page ended with.
    ///
    /// # Errors
    /// 400 `bad_cursor` when the cursor is none.
    pub fn after(&self) -> Result<Option<[u8; 16]>, Problem> {
        let read = |text: &String| BASE64.decode(text).ok()?.try_into().ok();
        self.after.as_ref().map(|text| read(text).ok_or(Problem::BadCursor)).transpose()
    }

    /// Cuts what was read with [`Listing::limit_and_one`] to a page; `id` is what the next one starts after.
    pub fn page<T, U: From<T>>(&self, mut found: Vec<T>, id: impl Fn(&T) -> [u8; 16]) -> Page<U> {
        let limit = usize::try_from(self.limit.unwrap_or(USUAL)).unwrap_or(0);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| BASE64.encode(id(last)));
        Page { items: found.into_iter().map(U::from).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(limit: Option<i64>, after: Option<&str>) -> Listing {
        Listing { limit, after: after.map(str::to_owned) }
    }

    #[test]
    fn a_page_ends_with_the_cursor_of_the_next_only_when_there_is_one() {
        let ids = |many: u8| (0..many).map(|n| [n; 16]).collect::<Vec<_>>();
        let page: Page<[u8; 16]> = listing(Some(2), None).page(ids(3), |id| *id);
        assert_eq!(page.items, ids(2));
        let next = listing(None, page.next.as_deref());
        assert_eq!(next.after(), Ok(Some([1; 16])));
        let page: Page<[u8; 16]> = listing(Some(3), None).page(ids(3), |id| *id);
        assert_eq!((page.items.len(), page.next), (3, None));
    }

    #[test]
    fn a_limit_is_from_1_to_200_and_a_cursor_is_one_of_ours() {
        assert_eq!(listing(None, None).limit_and_one(), Ok(51));
        for wrong in [0, -1, 201, i64::MIN] {
            assert_eq!(listing(Some(wrong), None).limit_and_one(), Err(Problem::MalformedRequest));
        }
        for wrong in ["", "x", "AAAA", "not base64!"] {
            assert_eq!(listing(None, Some(wrong)).after(), Err(Problem::BadCursor), "{wrong}");
        }
    }
}

//! Where a form leads on to when it is done: `?next=`, a path of our own and nothing else.

use actix_web::HttpRequest;
use actix_web::web::Query;

use crate::web::site::explain::encoded;
use crate::web::site::local;

/// The path that the request's `next` names; the beginning when there is none, or it could lead elsewhere.
pub(super) fn next(request: &HttpRequest) -> String {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).map(Query::into_inner);
    let named = pairs.unwrap_or_default().into_iter().find(|(name, _)| name == "next");
    named.map_or_else(|| "/".to_owned(), |(_, path)| local(&path).to_owned())
}

/// The query that passes `next` on; empty for the beginning.
pub(super) fn passing(next: &str) -> String {
    if next == "/" { String::new() } else { format!("?next={}", encoded(next)) }
}

/// The methods that the request's `by` names: those that would do, where not all of them would.
pub(super) fn by(request: &HttpRequest) -> Option<Vec<String>> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).map(Query::into_inner);
    let (_, names) = pairs.unwrap_or_default().into_iter().find(|(name, _)| name == "by")?;
    Some(names.split(',').map(str::to_owned).collect())
}

/// The query that passes on `next`, and which methods would do.
pub(super) fn passing_by(next: &str, by: Option<&[String]>) -> String {
    let passing = passing(next);
    let Some(by) = by else { return passing };
    let mark = if passing.is_empty() { '?' } else { '&' };
    format!("{passing}{mark}by={}", encoded(&by.join(",")))
}

/// `path` with the news that the page there tells.
pub(super) fn with_news(path: &str, news: &str) -> String {
    let (path, _) = path.split_once('#').unwrap_or((path, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("news="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("news={news}")]).collect();
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_path_of_ours_is_passed_on_and_comes_back_as_it_was() {
        for path in ["/", "/t/1/collections/customers?after=b2Zm&x=%C4%81", "/a?b=c&d=e+f#g"] {
            let request = TestRequest::with_uri(&format!("/sign-in{}", passing(path))).to_http_request();
            assert_eq!(next(&request), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_leads_to_the_beginning() {
        for uri in [
            "/sign-in",
            "/sign-in?next=https%3A%2F%2Fexample.com",
            "/sign-in?next=%2F%2Fexample.com",
            "/sign-in?next=%",
        ] {
            assert_eq!(next(&TestRequest::with_uri(uri).to_http_request()), "/", "{uri}");
        }
    }

    #[test]
    fn the_methods_that_would_do_are_passed_on_and_come_back_as_they_were() {
        let methods = ["totp".to_owned(), "recovery_codes".to_owned()];
        for path in ["/", "/account/security?a=b&by=x"] {
            let uri = format!("/confirm{}", passing_by(path, Some(&methods)));
            let request = TestRequest::with_uri(&uri).to_http_request();
            assert_eq!((next(&request).as_str(), by(&request).as_deref()), (path, Some(&methods[..])), "{uri}");
            let request = TestRequest::with_uri(&format!("/confirm{}", passing_by(path, None))).to_http_request();
            assert_eq!((next(&request).as_str(), by(&request)), (path, None));
        }
    }

    #[test]
    fn a_page_tells_one_piece_of_news() {
        assert_eq!(with_news("/t/1/", "joined"), "/t/1/?news=joined");
        assert_eq!(with_news("/t/1/?news=joined&after=x#top", "confirmed"), "/t/1/?after=x&news=confirmed");
    }
}

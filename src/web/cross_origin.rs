//! Nothing is changed on behalf of another site's page.
//!
//! A browser says where a request comes from by `Sec-Fetch-Site` or `Origin`; it must then be our own origin. A program
//! says neither, and may then carry no cookie: it has a token. Sessions therefore need no form tokens.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError as _};

use crate::web::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Middleware: 403 `cross_origin` for an unsafe request that another site may have caused.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn same_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match check(request.request()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

/// # Errors
/// [`Problem::CrossOrigin`] when `request` may change something and does not come from us.
pub fn check(request: &HttpRequest) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    let headers = request.headers();
    let same = match (only(headers, &SEC_FETCH_SITE), only(headers, &header::ORIGIN)) {
        (Said::Nothing, Said::Nothing) => !headers.contains_key(header::COOKIE),
        (Said::Nothing, Said::Value(origin)) => is_own(origin, request),
        // Our pages send no referrer, so browsers say `Origin: null` for their forms (Fetch §3.2); the site, which no
        // page can forge, then decides.
        (Said::Value("same-origin"), Said::Nothing | Said::Value("null")) => true,
        (Said::Value("same-origin"), Said::Value(origin)) => is_own(origin, request),
        _ => false,
    };
    if same { Ok(()) } else { Err(Problem::CrossOrigin) }
}

enum Said<'a> {
    Nothing,
    Value(&'a str),
    Nonsense,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Said<'a> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => value.to_str().map_or(Said::Nonsense, Said::Value),
        _ => Said::Nonsense,
    }
}

/// Whether `origin` is the one that the request was sent to: ours is always HTTPS.
fn is_own(origin: &str, request: &HttpRequest) -> bool {
    let Said::Value(host) = only(request.headers(), &header::HOST) else { return false };
    let without_default_port =
        |authority: &str| authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
    origin
        .strip_prefix("https://")
        .is_some_and(|authority| !authority.is_empty() && without_default_port(authority) == without_default_port(host))
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test, web};

    use super::*;

    async fn status(method: Method, headers: &[(&'static str, &'static str)]) -> u16 {
        let app = App::new().wrap(from_fn(same_origin)).default_service(web::to(HttpResponse::NoContent));
        let app = test::init_service(app).await;
        let mut request = test::TestRequest::default().method(method).insert_header(("host", "vault.example.com"));
        for pair in headers {
            request = request.append_header(*pair);
        }
        test::call_service(&app, request.to_request()).await.status().as_u16()
    }

    const COOKIE: (&str, &str) = ("cookie", "__Host-session=x");
    const BEARER: (&str, &str) = ("authorization", "Bearer seif_x");

    #[actix_web::test]
    async fn a_change_from_our_own_pages_passes() {
        for headers in [
            vec![("sec-fetch-site", "same-origin"), COOKIE],
            vec![("sec-fetch-site", "same-origin"), ("origin", "https://vault.example.com"), COOKIE],
            vec![("sec-fetch-site", "same-origin"), ("origin", "null"), COOKIE],
            vec![("origin", "https://vault.example.com"), COOKIE],
            vec![("origin", "https://vault.example.com:443")],
        ] {
            assert_eq!(status(Method::POST, &headers).await, 204, "{headers:?}");
        }
    }

    #[actix_web::test]
    async fn a_change_from_elsewhere_is_refused_with_or_without_a_cookie() {
        for headers in [
            vec![("sec-fetch-site", "cross-site"), COOKIE],
            vec![("sec-fetch-site", "same-site"), COOKIE],
            vec![("sec-fetch-site", "none"), COOKIE],
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "cross-site"), ("origin", "https://vault.example.com")],
            vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example.org")],
            vec![("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            vec![("origin", "https://evil.example.org")],
            vec![("origin", "http://vault.example.com"), COOKIE],
            vec![("origin", "https://vault.example.com:8443"), COOKIE],
            vec![("origin", "https://vault.example.com.evil.org"), COOKIE],
            vec![("origin", "null"), COOKIE],
            vec![("origin", ""), COOKIE],
            vec![("origin", "https://evil.example.org"), BEARER],
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(status(method, &headers).await, 403, "{headers:?}");
            }
        }
    }

    #[actix_web::test]
    async fn a_program_that_says_nothing_of_its_origin_may_carry_a_token_and_no_cookie() {
        assert_eq!(status(Method::POST, &[BEARER]).await, 204);
        assert_eq!(status(Method::POST, &[]).await, 204);
        assert_eq!(status(Method::POST, &[COOKIE]).await, 403);
        assert_eq!(status(Method::DELETE, &[BEARER, COOKIE]).await, 403);
    }

    #[actix_web::test]
    async fn reading_is_open_to_links_from_anywhere() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(status(method, &[("sec-fetch-site", "cross-site"), COOKIE]).await, 204);
        }
    }
}

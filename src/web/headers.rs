//! The security headers of every answer, refusals and failures included.
//!
//! Add [`SecurityHeaders`] as app data and [`secure`] as the outermost middleware but the access log.

use actix_web::body::MessageBody;
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;

use crate::settings::{HostName, Hsts, Reach, Settings};
use crate::web::hosts::{HostHeader, host_of};

/// The same on every answer. Scripts, styles, images, fonts and forms come from and go to our own origin alone, and
/// nothing is inline (CSP 3); nobody frames us; nobody learns where a person came from; no device is asked for.
const ALWAYS: [(HeaderName, &str); 11] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::PERMISSIONS_POLICY,
        "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), display-capture=(), \
         encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), \
         xr-spatial-tracking=(), publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_EMBEDDER_POLICY, "require-corp"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
    (header::X_DNS_PREFETCH_CONTROL, "off"),
    (HeaderName::from_static("origin-agent-cluster"), "?1"),
];

/// Two years, with the names below: what the browsers' own lists ask for (RFC 6797 §6.1).
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Which answers tell browsers to come back over TLS only.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    hsts: Hsts,
    names: Vec<HostName>,
}

impl SecurityHeaders {
    /// As configured.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { hsts: settings.server.hsts, names: settings.server.names.clone() }
    }

    /// On a name of this machine alone, HSTS would bind every other port of the machine's browser (RFC 6797 §8.3 leaves
    /// addresses out).
    fn transport_security(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        let due = match self.hsts {
            Hsts::On => true,
            Hsts::Off => false,
            Hsts::Auto => match host_of(request.request()) {
                Some(HostHeader::Name(name)) => name.reach() == Reach::Network && self.names.contains(&name),
                _ => false,
            },
        };
        due.then_some(TRANSPORT_SECURITY)
    }
}

/// Middleware: sets the security headers on every answer, whatever the inner services set.
///
/// `Cache-Control` is `no-store` unless the answer has its own, as assets do.
///
/// # Errors
/// Passes on what the inner services return, with the headers on its answer.
pub async fn secure<B: MessageBody + 'static>(
    configured: web::Data<SecurityHeaders>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let hsts = configured.transport_security(&request);
    let wants_upgrade = request.head().upgrade();
    match next.call(request).await {
        Ok(mut response) => {
            apply(response.headers_mut(), hsts.as_ref());
            if wants_upgrade {
                end_with_connection(response.response_mut().head_mut());
            }
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                apply(response.headers_mut(), hsts.as_ref());
                response
            });
            Err(error)
        }
    }
}

/// Nothing is upgraded here. Where the request asks for it, the library sends a body of unknown length as it is, so the
/// head must not call it chunked: it ends with the connection (RFC 9112 §6.3).
fn end_with_connection(head: &mut ResponseHead) {
    head.no_chunking(true);
    head.set_connection_type(ConnectionType::Close);
}

fn apply(headers: &mut HeaderMap, hsts: Option<&HeaderValue>) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.remove(header::STRICT_TRANSPORT_SECURITY);
    if let Some(value) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
    }
    headers.remove(header::SERVER);
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, error, test};

    use super::*;
    use crate::web::problem::{Problem, nothing_here};

    async fn seen(hsts: Hsts, host: &str, address: &str) -> (StatusCode, HeaderMap) {
        let names = vec!["vault.example.com".parse().unwrap(), "seif.localhost".parse().unwrap()];
        let app = App::new()
            .app_data(web::Data::new(SecurityHeaders { hsts, names }))
            .wrap(from_fn(async |request: ServiceRequest, next: Next<_>| {
                if request.path() == "/early" { Err(error::ErrorBadGateway("x")) } else { next.call(request).await }
            }))
            .wrap(from_fn(secure))
            .route("/", web::get().to(async || HttpResponse::Ok().insert_header(("server", "x")).finish()))
            .route(
                "/asset",
                web::get().to(async || {
                    let lax = ("content-security-policy", "script-src 'unsafe-inline'");
                    HttpResponse::Ok().insert_header(("cache-control", "max-age=60")).insert_header(lax).finish()
                }),
            )
            .route("/refused", web::get().to(async || Problem::CodeRefused))
            .default_service(web::to(nothing_here));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri(address).insert_header(("host", host)).to_request();
        match test::try_call_service(&app, request).await {
            Ok(response) => (response.status(), response.headers().clone()),
            Err(error) => (error.error_response().status(), error.error_response().headers().clone()),
        }
    }

    #[actix_web::test]
    async fn every_answer_has_all_security_headers_whoever_made_it() {
        for (address, status) in [("/", 200), ("/asset", 200), ("/refused", 422), ("/nowhere", 404), ("/early", 502)] {
            let (seen_status, headers) = seen(Hsts::On, "localhost", address).await;
            assert_eq!(seen_status.as_u16(), status);
            for (name, value) in ALWAYS {
                let all: Vec<_> = headers.get_all(&name).collect();
                assert_eq!(all, [value], "{name} of {address}");
            }
            assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{address}");
            assert!(!headers.contains_key(header::SERVER), "{address}");
            let cached = if address == "/asset" { "max-age=60" } else { "no-store" };
            assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), cached, "{address}");
        }
    }

    #[actix_web::test]
    async fn the_content_policy_allows_nothing_inline_and_nothing_foreign() {
        let (_, headers) = seen(Hsts::Auto, "localhost", "/").await;
        let policy = headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        for lax in ["unsafe", "data:", "http", "*", "blob:"] {
            assert!(!policy.contains(lax), "{policy}");
        }
    }

    #[actix_web::test]
    async fn hsts_is_for_configured_names_and_never_for_localhost_or_addresses_unless_turned_on() {
        let names =
            ["vault.example.com", "VAULT.example.com:8443", "other.example.com", "seif.localhost", "127.0.0.1:1"];
        for (hsts, expected) in
            [(Hsts::Auto, [true, true, false, false, false]), (Hsts::On, [true; 5]), (Hsts::Off, [false; 5])]
        {
            for (host, sent) in names.into_iter().zip(expected) {
                let (_, headers) = seen(hsts, host, "/").await;
                assert_eq!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), sent, "{hsts:?} {host}");
            }
        }
    }

    #[actix_web::test]
    async fn a_refusal_at_any_layer_of_the_edge_is_a_problem_with_all_headers_and_no_foreign_cookie() {
        use crate::kernel::{clock::Clock, entropy::Entropy, log::Incidents};
        use crate::settings::{Environment, Overrides};
        use crate::web::{access_log, cookies, cross_origin, hosts, problem};

        let settings = Settings::load(&Overrides::default(), &Environment::default()).unwrap();
        let (clock, entropy) = (Clock::system(), Entropy::seeded(1));
        let app = App::new()
            .app_data(web::Data::new(SecurityHeaders::new(&settings)))
            .app_data(web::Data::new(hosts::GenuineHosts::new(&settings)))
            .app_data(web::Data::new(Incidents::new(clock.clone(), entropy.clone())))
            .app_data(web::Data::new(clock))
            .app_data(web::Data::new(entropy))
            .wrap(from_fn(cross_origin::same_origin))
            .wrap(from_fn(hosts::only_genuine))
            .wrap(from_fn(problem::everywhere))
            .wrap(from_fn(cookies::only_ours))
            .wrap(from_fn(secure))
            .wrap(from_fn(access_log::record))
            .route(
                "/failed",
                web::get().to(async || {
                    HttpResponse::InternalServerError().append_header(("set-cookie", "tracker=1")).body("anna")
                }),
            )
            .default_service(web::to(nothing_here));
        let app = test::init_service(app).await;
        for (host, site, address, code) in [
            ("evil.example.org", "same-origin", "/", "misdirected"),
            ("localhost:8443", "cross-site", "/", "cross_origin"),
            ("localhost:8443", "same-origin", "/", "not_found"),
            ("localhost:8443", "", "/failed", "internal"),
        ] {
            let request = test::TestRequest::with_uri(address).insert_header(("host", host));
            let request = match site {
                "" => request,
                site => request.method(actix_web::http::Method::POST).insert_header(("sec-fetch-site", site)),
            };
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(response.status(), Problem::by_code(code).unwrap().status);
            for (name, value) in ALWAYS {
                assert_eq!(response.headers().get(&name).unwrap(), value, "{name} of {code}");
            }
            assert!(!response.headers().contains_key(header::SET_COOKIE), "{code}");
            let document: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(document["code"], code);
        }
    }
}

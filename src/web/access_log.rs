//! One line a request: method, route pattern, status, duration, request id, tenant id. No path, query, address, agent or
//! cookie, which tell of people.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, web};

use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{RequestId, TenantId};

/// Notes for the request's line whose tenant it works in; the guard does, once it knows.
pub fn note_tenant(request: &HttpRequest, tenant: TenantId) {
    request.extensions_mut().insert(tenant);
}

/// The id of this request; `None` outside of [`record`].
#[must_use]
pub fn request_id(request: &HttpRequest) -> Option<RequestId> {
    request.extensions().get().copied()
}

/// Middleware, the outermost: gives the request its id, and logs it when its answer's head is ready.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn record<B: MessageBody + 'static>(
    clock: web::Data<Clock>,
    entropy: web::Data<Entropy>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let start = clock.now();
    let id = RequestId::new(start, &entropy);
    let method = known(request.method());
    request.extensions_mut().insert(id);
    let outcome = next.call(request).await;
    let (status, route, tenant) = match &outcome {
        Ok(response) => {
            let request = response.request();
            let tenant = request.extensions().get::<TenantId>().copied();
            (response.status(), request.match_pattern(), tenant)
        }
        Err(error) => (error.as_response_error().status_code(), None, None),
    };
    tracing::info!(
        request = %id,
        method,
        route = route.as_deref().unwrap_or("none"),
        status = status.as_u16(),
        micros = u64::try_from(clock.now().since(start).as_micros()).unwrap_or(u64::MAX),
        tenant = tenant.map(tracing::field::display),
        "answered"
    );
    outcome
}

/// The method's name if it is a standard one: any other is a text of the client's making.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, error, test};
    use serde_json::Value;
    use tracing::level_filters::LevelFilter;

    use super::*;
    use crate::kernel::clock::Time;
    use crate::kernel::log::{Format, subscriber};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn line_of(request: test::TestRequest) -> (String, Value) {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = subscriber(LevelFilter::TRACE, Format::Json, move || writer.clone());
        let guard = tracing::subscriber::set_default(log);
        let clock = Clock::moved(Time::from_micros(1_000_000));
        let app = App::new()
            .app_data(web::Data::new(clock))
            .app_data(web::Data::new(Entropy::seeded(1)))
            .wrap(from_fn(async |request: ServiceRequest, next: Next<_>| {
                if request.path() == "/early" { Err(error::ErrorBadGateway("anna")) } else { next.call(request).await }
            }))
            .wrap(from_fn(record))
            .route(
                "/t/{tenant}/people/{name}",
                web::route().to(async |request: HttpRequest, clock: web::Data<Clock>| {
                    assert!(request_id(&request).is_some());
                    note_tenant(&request, TenantId::from_bytes([7; 16]));
                    clock.advance(std::time::Duration::from_millis(3));
                    HttpResponse::Created().body("anna")
                }),
            );
        let app = test::init_service(app).await;
        let _ = test::try_call_service(&app, request.to_request()).await;
        drop(guard);
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line = serde_json::from_str(&text).unwrap();
        (text, line)
    }

    fn told(line: &Value) -> Vec<&str> {
        line.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[actix_web::test]
    async fn a_line_holds_the_pattern_and_ids_and_nothing_of_the_person() {
        let request = test::TestRequest::post()
            .uri("/t/1/people/anna?email=anna@example.com")
            .peer_addr("203.0.113.7:4242".parse().unwrap())
            .insert_header(("user-agent", "anna's telephone"))
            .insert_header(("cookie", "__Host-session=anna"))
            .insert_header(("referer", "https://anna.example.com"));
        let (text, line) = line_of(request).await;
        assert_eq!(line["route"], "/t/{tenant}/people/{name}");
        assert_eq!((&line["method"], &line["status"]), (&"POST".into(), &201.into()));
        assert_eq!(line["micros"], 3000);
        assert_eq!(line["tenant"], TenantId::from_bytes([7; 16]).to_string());
        assert!(!text.contains("anna") && !text.contains("203.0.113"), "{text}");
        let mut keys = told(&line);
        keys.sort_unstable();
        let expected =
            ["level", "message", "method", "micros", "request", "route", "status", "target", "tenant", "timestamp"];
        assert_eq!(keys, expected);
    }

    #[actix_web::test]
    async fn addresses_and_methods_that_do_not_exist_are_not_repeated() {
        let (text, line) = line_of(test::TestRequest::get().uri("/anna")).await;
        assert_eq!((&line["route"], &line["status"]), (&"none".into(), &404.into()));
        assert!(!text.contains("anna") && line.get("tenant").is_none(), "{text}");
        let request = test::TestRequest::default().method(Method::from_bytes(b"ANNA").unwrap()).uri("/x");
        let (text, line) = line_of(request).await;
        assert_eq!(line["method"], "other");
        assert!(!text.contains("ANNA"), "{text}");
        let (text, line) = line_of(test::TestRequest::get().uri("/early")).await;
        assert_eq!(line["status"], 502);
        assert!(!text.contains("anna"), "{text}");
    }
}

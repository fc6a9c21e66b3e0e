//! Bodies of ten megabytes, announced or not.

use seif::kernel::access::Subject;
use seif::kernel::operators::Role;
use seif::testing::{Answer, World};
use seif::web::problem::Problem;
use seif::web::routes;
use serde_json::Value;

use super::malformed;
use super::sweep::{FORM, JSON, Shop, shop, takes};
use crate::console::operator;
use crate::rows::Beside;
use crate::wire::Wire;

const TEN_MEGABYTES: usize = 10_000_000;

/// How a body's length is told.
#[derive(Clone, Copy)]
enum Told {
    Length,
    Chunks,
}

/// Sends the head, and as much of ten megabytes as the service takes.
fn send(wire: &Wire, head: &str, told: Told) -> Option<Answer> {
    let mut bytes = format!("{head}\r\nHost: {}\r\n", wire.host()).into_bytes();
    let piece = vec![b'['; 64 * 1024];
    match told {
        Told::Length => {
            bytes.extend(format!("Content-Length: {TEN_MEGABYTES}\r\n\r\n").into_bytes());
            bytes.extend(&piece);
        }
        Told::Chunks => {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for _ in 0..TEN_MEGABYTES / piece.len() {
                bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                bytes.extend(&piece);
                bytes.extend(b"\r\n");
            }
        }
    }
    wire.ask(&mut None, &bytes)
}

fn head(shop: &Shop, method: &str, target: &str, kind: &str) -> String {
    let lines = [shop.as_owner(), vec![b"If-Match: *".to_vec()]].concat();
    let lines: Vec<String> = lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect();
    format!("{method} {target} HTTP/1.1\r\nContent-Type: {kind}\r\n{}", lines.join("\r\n"))
}

fn is_refused(answer: Option<&Answer>, what: &str) {
    let answer = answer.unwrap_or_else(|| panic!("{what}: no answer"));
    assert_eq!(malformed::faults(answer), Vec::<String>::new(), "{what}");
    assert_eq!(answer.status, 413, "{what}: {}", answer.text());
    if answer.header("content-type").starts_with("application/") {
        let body: Value = answer.json();
        assert!(Problem::by_code(body["code"].as_str().unwrap()).is_some());
        assert_eq!(body["code"], "payload_too_large", "{what}");
    }
}

seif::each_database! {
    async fn ten_megabytes_are_refused_at_every_route_that_takes_a_body(world: World) {
        let shop = shop(world).await;
        let count = |world: &World| Beside::of(world).count("records");
        let before = count(world);
        let mut announced = 0;
        let desk = Shop { session: operator(world, Role::Administrator).await.actor.session.unwrap(), ..shop.clone() };
        for route in routes::all() {
            let shop = if matches!(route.rule.subject, Subject::Operator(_)) { &desk } else { &shop };
            let Some(kind) = takes(&route).into_iter().find(|kind| [JSON, FORM].contains(&kind.as_str())) else {
                continue;
            };
            let mut target = shop.address(route.path);
            if route.path.ends_with("/imports") {
                target += "?collection=customers";
            }
            let what = format!("{} {}", route.method, route.path);
            let head = head(shop, route.method.as_str(), &target, &kind);
            let wire = shop.wire.clone();
            let sent = actix_web::rt::task::spawn_blocking(move || send(&wire, &head, Told::Length));
            is_refused(sent.await.unwrap().as_ref(), &what);
            announced += 1;
        }
        assert!(announced > 20, "{announced}");
        // As chunks nobody knows the length before it is too much.
        for (method, target, kind) in [
            ("POST", "/api/v1/session", JSON),
            ("POST", "/api/v1/collections/customers/records", JSON),
            ("POST", "/api/v1/collections/customers/records/batch", JSON),
            ("POST", "/api/v1/imports?collection=customers", "text/csv"),
            ("POST", "/sign-in", FORM),
        ] {
            let (wire, head) = (shop.wire.clone(), head(&shop, method, target, kind));
            let sent = actix_web::rt::task::spawn_blocking(move || send(&wire, &head, Told::Chunks));
            is_refused(sent.await.unwrap().as_ref(), target);
        }
        assert_eq!(count(world), before);
    }
}

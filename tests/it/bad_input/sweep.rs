//! Every route, with everything that can be wrong with a request.

use seif::kernel::access::Subject;
use seif::kernel::operators::Role;
use seif::testing::{Answer, Database, MARK, World};
use seif::web::api::openapi::document_json;
use seif::web::problem::Problem;
use seif::web::routes::{self, Route};
use serde_json::Value;

use super::schema::Operation;
use crate::console::operator;
use crate::operator_ledger::keyring_of;
use crate::rows::Beside;
use crate::shelf::{customer, customers, place, token};
use crate::table::{NOTHING, TABLE, Takes, filled};
use crate::wire::{Connection, Wire};

pub(super) const JSON: &str = "application/json";
const UPLOAD: &str = "multipart/form-data";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What a bad request is to get. A refusal is always a 4xx of the catalogue.
#[derive(Clone, Copy)]
enum Gets {
    /// A refusal with one of these codes.
    One(&'static [&'static str]),
    /// A refusal for this reason in a field.
    Field(&'static str),
    /// A refusal.
    Refusal,
    /// Whatever the route makes of it, but a failure.
    NoFailure,
}

/// A bad request.
struct Bad {
    what: String,
    method: String,
    target: Vec<u8>,
    /// Each a whole line.
    headers: Vec<Vec<u8>>,
    body: Option<(String, Vec<u8>)>,
    gets: Gets,
    who: Who,
}

/// Whether whoever asks may do what the route does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// They may.
    May,
    /// They may not: that they may not is as good an answer as what is wrong beside it.
    MayNot,
}

/// The rows of each table, by its name.
type Stored = Vec<(String, Vec<String>)>;

/// Who asks, and for what.
#[derive(Clone)]
pub(super) struct Shop {
    pub(super) wire: Wire,
    pub(super) session: String,
    pub(super) token: String,
    pub(super) tenant: String,
    pub(super) record: String,
}

pub(super) async fn shop(world: &mut World) -> Shop {
    let owner = world.owner().await;
    customers(&owner).await;
    let record = place(&customer(&owner, "1").await);
    let scopes = ["records:read", "records:write", "records:reveal", "collections:write", "audit:read"];
    let program = token(&owner, &scopes).await;
    Shop {
        wire: Wire::to(world.address(), &world.authority()),
        session: owner.session.clone().unwrap(),
        token: program.token.unwrap(),
        tenant: owner.tenant.clone().unwrap(),
        record: record.rsplit('/').next().unwrap().to_owned(),
    }
}

impl Shop {
    /// The route's address with what is there.
    pub(super) fn address(&self, pattern: &str) -> String {
        filled(pattern, |name| Some(self.fill(pattern, name)))
    }

    fn fill<'a>(&'a self, pattern: &str, name: &str) -> &'a str {
        match name {
            "slug" => "customers",
            "tenant_id" => &self.tenant,
            "id" if pattern.contains("/records/{id}") => &self.record,
            "document" => "privacy",
            "version" => "1",
            "language" => "en",
            _ => NOTHING,
        }
    }

    /// The owner's own session, as a browser of ours shows it.
    pub(super) fn as_owner(&self) -> Vec<Vec<u8>> {
        let tenant = format!("Seif-Tenant: {}", self.tenant);
        let mut lines = vec![format!("Cookie: __Host-session={}", self.session), "Sec-Fetch-Site: same-origin".into()];
        lines.push(tenant);
        lines.into_iter().map(String::into_bytes).collect()
    }

    fn as_program(&self) -> Vec<Vec<u8>> {
        vec![format!("Authorization: Bearer {}", self.token).into_bytes()]
    }
}

impl Bad {
    fn bytes(&self, host: &str) -> Vec<u8> {
        let mut bytes = [self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        if !self.headers.iter().any(|line| line.starts_with(b"Host:")) {
            bytes.extend(format!("Host: {host}\r\n").into_bytes());
        }
        for line in &self.headers {
            bytes.extend([line, &b"\r\n"[..]].concat());
        }
        if let Some((kind, body)) = &self.body {
            if !kind.is_empty() {
                bytes.extend(format!("Content-Type: {kind}\r\n").into_bytes());
            }
            bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(body);
        } else {
            bytes.extend(b"\r\n");
        }
        bytes
    }

    /// Whether the HTTP library refuses it before there is a request of ours: an empty 400 that ends the connection.
    fn is_no_http(&self) -> bool {
        let hosts = self.headers.iter().filter(|line| line.windows(7).any(|it| it == b"\nHost: ")).count();
        !self.target.is_ascii() || hosts > 0
    }

    /// What is wrong with the answer.
    fn faults(&self, answer: Option<&Answer>) -> Vec<String> {
        let Some(answer) = answer else { return vec!["no answer".to_owned()] };
        if self.is_no_http() {
            let empty = answer.status == 400 && answer.bytes.is_empty();
            return if empty { Vec::new() } else { vec![format!("no HTTP, and {}", answer.status)] };
        }
        let mut faults = super::malformed::faults(answer);
        let is_page = answer.header("content-type").starts_with("text/html");
        let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        if (400..500).contains(&answer.status) && !is_page {
            if answer.header("content-type") != "application/problem+json" {
                faults.push(format!("a refusal as {:?}", answer.header("content-type")));
            }
            if Problem::by_code(code).is_none_or(|known| known.status.as_u16() != answer.status) {
                faults.push(format!("a refusal with the code {code:?}"));
            }
            if answer.text().to_lowercase().contains(&MARK.to_lowercase()) {
                faults.push(format!("a refusal that repeats what was sent: {}", answer.text()));
            }
        }
        if is_page && self.target.starts_with(b"/api/v1/") {
            faults.push("a page in answer to a program".to_owned());
        }
        let refused = (400..500).contains(&answer.status);
        let is_forbidden = answer.status == 403 && (code == "forbidden" || is_page);
        let right = match self.gets {
            Gets::One(_) | Gets::Field(_) if self.who == Who::MayNot && is_forbidden => true,
            Gets::One(codes) => refused && (codes.contains(&code) || (is_page && code.is_empty())),
            Gets::Field(wrong) => body["errors"].as_array().into_iter().flatten().any(|error| error["code"] == wrong),
            Gets::Refusal => refused,
            Gets::NoFailure => answer.status < 500,
        };
        if !right {
            faults.push(format!("{} {code}", answer.status));
        }
        faults
    }
}

/// What is wrong with a request of one route.
fn bad_requests(shop: &Shop, route: &Route, document: &Value) -> Vec<Bad> {
    let operation = Operation::find(document, route.method.as_str(), route.path);
    let types = takes_of(route, operation.as_ref());
    let mut all = Vec::new();
    all.extend(bad_credentials(shop, route));
    all.extend(bad_origins(shop, route));
    all.extend(bad_methods(shop, route));
    all.extend(bad_parameters(shop, route));
    all.extend(bad_queries(shop, route, operation.as_ref()));
    all.extend(bad_headers(shop, route));
    all.extend(bad_bodies(shop, route, operation.as_ref(), &types));
    all
}

/// The types of bodies that a route takes; none when it takes no body.
pub(super) fn takes(route: &Route) -> Vec<String> {
    takes_of(route, Operation::find(&document_json(), route.method.as_str(), route.path).as_ref())
}

/// What the document says, and of pages the table.
fn takes_of(route: &Route, operation: Option<&Operation<'_>>) -> Vec<String> {
    if let Some(operation) = operation {
        return operation.types().into_iter().map(str::to_owned).collect();
    }
    let row = TABLE.iter().find(|row| row.0.as_str() == route.method.as_str() && row.1 == route.path);
    match row.map(|row| row.3) {
        Some(Takes::Form) => vec![FORM.to_owned()],
        Some(Takes::Upload) => vec![UPLOAD.to_owned()],
        _ => Vec::new(),
    }
}

fn is_safe(route: &Route) -> bool {
    route.method.as_str() == "GET"
}

fn bad(shop: &Shop, route: &Route, what: impl Into<String>, gets: Gets) -> Bad {
    Bad {
        what: what.into(),
        method: route.method.to_string(),
        target: shop.address(route.path).into_bytes(),
        headers: Vec::new(),
        body: None,
        gets,
        who: Who::May,
    }
}

/// Cookies and tokens that stand for nothing.
fn bad_credentials(shop: &Shop, route: &Route) -> Vec<Bad> {
    let public = route.rule.subject == Subject::Anyone;
    let gets = if public { Gets::NoFailure } else { Gets::One(&["not_signed_in"]) };
    let (other, own) = ("A".repeat(43), &shop.session);
    let spoilt = format!("{}{}", &own[..own.len() - 1], if own.ends_with('A') { "B" } else { "A" });
    let long = "A".repeat(6000);
    let cookies: Vec<Vec<u8>> = [
        format!("__Host-session={other}"),
        format!("__Host-session={spoilt}"),
        format!("__Host-session={}", &own[1..]),
        format!("__Host-session={own}{own}"),
        format!("__Host-session={own}; __Host-session={other}"),
        format!("__Host-session=; session={own}"),
        format!("__Host-session={MARK}"),
        format!("__Host-session={long}"),
        "__Host-session=%00; =; ;;; =x; \"".to_owned(),
        "__Host-session".to_owned(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([b"__Host-session=\xff\xfe\x80".to_vec()])
    .collect();
    let good = &shop.token;
    let swapped: String = good
        .char_indices()
        .map(|(n, c)| {
            if n == 10 && c != 'a' {
                'a'
            } else if n == 10 {
                'b'
            } else {
                c
            }
        })
        .collect();
    let tokens: Vec<Vec<u8>> = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {MARK}"),
        format!("Bearer seif_{other}"),
        format!("Bearer {}", &good[..good.len() - 1]),
        format!("Bearer {swapped}"),
        format!("Bearer {good}{good}"),
        format!("Bearer {long}"),
        format!("Basic {good}"),
        good.clone(),
        "Bearer null".to_owned(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([b"Bearer seif_\xff\xfe".to_vec()])
    .collect();
    let tenant = format!("Seif-Tenant: {}", shop.tenant).into_bytes();
    let cookies = cookies.into_iter().map(|cookie| {
        let site = b"Sec-Fetch-Site: same-origin".to_vec();
        let headers = vec![[&b"Cookie: "[..], &cookie].concat(), site, tenant.clone()];
        (format!("the cookie {}", String::from_utf8_lossy(&cookie[..cookie.len().min(60)])), headers)
    });
    let tokens = tokens.into_iter().map(|token| {
        let what = format!("the token {}", String::from_utf8_lossy(&token[..token.len().min(40)]));
        // A session beside it does not help.
        let mut headers = shop.as_owner();
        headers.push([&b"Authorization: "[..], &token].concat());
        (what, headers)
    });
    cookies.chain(tokens).map(|(what, headers)| Bad { headers, ..bad(shop, route, what, gets) }).collect()
}

/// Requests that another site may have caused.
fn bad_origins(shop: &Shop, route: &Route) -> Vec<Bad> {
    if is_safe(route) {
        return Vec::new();
    }
    let cookie = format!("Cookie: __Host-session={}", shop.session);
    let said: [&[&str]; 7] = [
        &["Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: same-site"],
        &["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
        &["Origin: https://evil.example"],
        &["Origin: null"],
        &["Origin: https://evil.example", "Sec-Fetch-Site: same-origin"],
        &[],
    ];
    let with_cookie = said.iter().map(|said| (said, Some(cookie.as_str())));
    let without = said.iter().filter(|said| !said.is_empty()).map(|said| (said, None));
    let one = |(said, cookie): (&&[&str], Option<&str>)| {
        let headers = said.iter().copied().chain(cookie).map(|line| line.as_bytes().to_vec()).collect();
        let gets = Gets::One(&["cross_origin"]);
        Bad { headers, ..bad(shop, route, format!("{said:?}, cookie: {}", cookie.is_some()), gets) }
    };
    with_cookie.chain(without).map(one).collect()
}

/// Methods that the address does not know.
fn bad_methods(shop: &Shop, route: &Route) -> Vec<Bad> {
    let known: Vec<String> =
        routes::all().iter().filter(|other| other.path == route.path).map(|other| other.method.to_string()).collect();
    // Once an address.
    if known.first().is_some_and(|first| first != route.method.as_str()) {
        return Vec::new();
    }
    let others = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", MARK, "get"];
    let others = others.into_iter().filter(|method| !known.iter().any(|known| known == method));
    others
        .map(|method| Bad {
            method: method.to_owned(),
            headers: shop.as_program(),
            ..bad(shop, route, "a method", Gets::One(&["method_not_allowed"]))
        })
        .collect()
}

/// Ids and names that are none.
fn bad_parameters(shop: &Shop, route: &Route) -> Vec<Bad> {
    let long = "x".repeat(7000);
    let values: [&[u8]; 16] = [
        b"%00",
        b"a%00b",
        b"%ff%fe",
        b"\xff\xfe",
        b"%",
        b"%zz",
        b"%F0%28%8C",
        b"..%2f..%2fetc%2fpasswd",
        b"%2e%2e",
        b"1%27%20OR%20%271%27=%271",
        b"01947a2e-6f00-7000-8000-00000000000g",
        b"01947a2e6f0070008000",
        b"18446744073709551616",
        b"-1",
        MARK.as_bytes(),
        long.as_bytes(),
    ];
    let mut all = Vec::new();
    let names: Vec<&str> = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    for name in names {
        for value in values {
            let (before, after) = route.path.split_once(&format!("{{{name}}}")).unwrap();
            let target = [shop.address(before).as_bytes(), value, shop.address(after).as_bytes()].concat();
            let what = format!("{name} is {}", String::from_utf8_lossy(&value[..value.len().min(30)]));
            // A page may be the same for every id, as a form for a code is; what changes something must refuse.
            let gets = if is_safe(route) && !route.path.starts_with("/api/") && !route.path.starts_with("/t/") {
                Gets::NoFailure
            } else {
                Gets::Refusal
            };
            let headers = [shop.as_owner(), vec![b"If-Match: \"v1\"".to_vec()]].concat();
            all.push(Bad { target, headers, ..bad(shop, route, what, gets) });
        }
    }
    all
}

/// Queries that mean nothing.
fn bad_queries(shop: &Shop, route: &Route, operation: Option<&Operation<'_>>) -> Vec<Bad> {
    let is_a_list = operation.is_some_and(Operation::is_a_list);
    let long = format!("after={}", "A".repeat(7000));
    let queries: [(&[u8], &[&str]); 19] = [
        (b"limit=0", &["malformed_request"]),
        (b"limit=-1", &["malformed_request"]),
        (b"limit=201", &["malformed_request"]),
        (b"limit=1e400", &["malformed_request"]),
        (b"limit=18446744073709551616", &["malformed_request"]),
        (b"limit=%00", &["malformed_request"]),
        (b"limit=5&limit=6", &["malformed_request"]),
        (b"limit=", &["malformed_request"]),
        (b"Kanarilintu=1", &["malformed_request"]),
        (b"after=", &["bad_cursor"]),
        (b"after=Kanarilintu", &["bad_cursor"]),
        (b"after=AAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &["bad_cursor"]),
        (b"after=%00", &["bad_cursor"]),
        (b"after=%ff%fe", &["bad_cursor", "malformed_request"]),
        (b"after=../../x", &["bad_cursor"]),
        (b"after=1%27%20OR%201=1--", &["bad_cursor"]),
        (long.as_bytes(), &["bad_cursor"]),
        (b"\xff\xfe=\xff", &["malformed_request"]),
        (b"%=&&&===&%zz", &["malformed_request"]),
    ];
    queries
        .into_iter()
        .map(|(query, codes)| {
            let target = [shop.address(route.path).as_bytes(), b"?", query].concat();
            let gets = if is_a_list { Gets::One(codes) } else { Gets::NoFailure };
            let what = format!("?{}", String::from_utf8_lossy(&query[..query.len().min(40)]));
            // Nobody is signed out, and no record is thrown away, by a query.
            let headers = if is_safe(route) { shop.as_owner() } else { shop.as_program() };
            Bad { target, headers, ..bad(shop, route, what, gets) }
        })
        .collect()
}

/// Header fields that mean nothing.
fn bad_headers(shop: &Shop, route: &Route) -> Vec<Bad> {
    let long = "x".repeat(7000);
    let misdirected = Gets::One(&["misdirected"]);
    let lines: Vec<(Vec<u8>, Gets)> = vec![
        (b"Host: evil.example".to_vec(), misdirected),
        (b"Host: ".to_vec(), misdirected),
        (format!("Host: {long}").into_bytes(), misdirected),
        (format!("Host: localhost\r\nHost: {MARK}.example").into_bytes(), misdirected),
        (b"Seif-Tenant: \xff".to_vec(), Gets::NoFailure),
        (format!("If-Match: {MARK}, \"v18446744073709551616\", W/\"v1\", é").into_bytes(), Gets::NoFailure),
        (b"Idempotency-Key: \xff".to_vec(), Gets::NoFailure),
        (format!("Idempotency-Key: {long}").into_bytes(), Gets::NoFailure),
        (b"Accept: \xff\xfe, text/html;q=1e400".to_vec(), Gets::NoFailure),
        (b"Accept: text/html".to_vec(), Gets::NoFailure),
        (format!("Accept-Language: {long}").into_bytes(), Gets::NoFailure),
        (b"Accept-Language: ;;q=x,,\xff,*-*;q=-1".to_vec(), Gets::NoFailure),
        (b"Accept-Encoding: \xff;q=2, gzip;q=NaN".to_vec(), Gets::NoFailure),
        (b"Range: bytes=18446744073709551616-, -1".to_vec(), Gets::NoFailure),
        (b"If-None-Match: \xff\"".to_vec(), Gets::NoFailure),
        (b"If-Modified-Since: yesterday".to_vec(), Gets::NoFailure),
        (b"Expect: 200-perhaps".to_vec(), Gets::NoFailure),
        (format!("User-Agent: {MARK}\té{long}").into_bytes(), Gets::NoFailure),
        (format!("Cookie: __Host-prefs={MARK}.{MARK}").into_bytes(), Gets::NoFailure),
        (b"X-Forwarded-For: 127.0.0.1\r\nForwarded: for=\"_\xff\";host=evil.example".to_vec(), Gets::NoFailure),
        (b"Content-Encoding: gzip".to_vec(), Gets::NoFailure),
        (b"Upgrade: websocket\r\nConnection: Upgrade".to_vec(), Gets::NoFailure),
    ];
    lines
        .into_iter()
        .map(|(line, gets)| {
            let what = format!("the header {}", String::from_utf8_lossy(&line[..line.len().min(50)]));
            let mut headers = if is_safe(route) { shop.as_owner() } else { shop.as_program() };
            headers.push(line);
            Bad { headers, ..bad(shop, route, what, gets) }
        })
        .collect()
}

/// Bodies that are none.
fn bad_bodies(shop: &Shop, route: &Route, operation: Option<&Operation<'_>>, types: &[String]) -> Vec<Bad> {
    if is_safe(route) {
        return Vec::new();
    }
    let mut target = shop.address(route.path);
    if route.path.ends_with("/imports") {
        target += "?collection=customers";
    }
    let with = |what: String, kind: &str, body: Vec<u8>, gets| {
        // What takes no body may do its work: nobody is to be signed out by it.
        let mut headers = if types.is_empty() { shop.as_program() } else { shop.as_owner() };
        if !types.is_empty() && operation.is_some() {
            headers.push(b"If-Match: *".to_vec());
        }
        let target = target.clone().into_bytes();
        Bad { target, headers, body: Some((kind.to_owned(), body)), ..bad(shop, route, what, gets) }
    };
    let mut all = Vec::new();
    // Where any type will do, what it is called is missing.
    let any = types.iter().any(|it| it == "*/*");
    let nameless = Gets::One(&["malformed_request", "unsupported_media_type"]);
    let unsupported = if types.is_empty() { Gets::NoFailure } else { Gets::One(&["unsupported_media_type"]) };
    for kind in
        ["text/plain", "application/xml", "multipart/form-data", "application/json; charset=latin-1", "", "\"", "json"]
    {
        // What is of the right type alone is malformed.
        let gets = if any {
            nameless
        } else if types.iter().any(|taken| taken.as_str() == kind) {
            Gets::One(&["malformed_request"])
        } else {
            unsupported
        };
        all.push(with(format!("a body of the type {kind:?}"), kind, b"{}".to_vec(), gets));
    }
    let (json, form) = (types.iter().any(|it| it == JSON), types.iter().any(|it| it == FORM));
    let not_json = match (json, operation) {
        (true, _) => Gets::One(&["malformed_json", "invalid"]),
        _ if types.is_empty() => Gets::NoFailure,
        _ if any => nameless,
        _ => Gets::One(&["unsupported_media_type"]),
    };
    for (what, body) in super::malformed::json() {
        all.push(with(what.to_owned(), JSON, body, not_json));
    }
    if let Some(operation) = operation.filter(|_| json) {
        if operation.takes_an_object() {
            for body in ["null", "true", "1e300", "\"Kanarilintu\"", "[]", "[{}]", "[[\"Kanarilintu\"]]"] {
                all.push(with(format!("the body {body}"), JSON, body.into(), Gets::One(&["invalid"])));
            }
        }
        for twisted in operation.twisted() {
            let gets = twisted.code.map_or(Gets::Refusal, Gets::Field);
            all.push(with(twisted.what, JSON, twisted.body.to_string().into_bytes(), gets));
        }
    }
    if form || types.is_empty() {
        for (what, body, gets) in super::malformed::forms() {
            let gets = if form { gets.map_or(Gets::NoFailure, Gets::One) } else { Gets::NoFailure };
            all.push(with(what.to_owned(), FORM, body, gets));
        }
    }
    all
}

/// What the sweep may change: what is kept of refusals and of reads, and when a session or token was last used.
const OF_REFUSALS: [&str; 6] = ["audit_entries", "journals", "sign_ins", "throttles", "sessions", "tokens"];

/// Everything that is stored, but for what is kept of refusals.
fn stored(world: &World) -> Stored {
    let mut beside = Beside::of(world);
    let tables = beside.lines(match world.database {
        Database::Sqlite => "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY 1",
        Database::Postgres => "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' ORDER BY 1",
    });
    assert!(tables.len() > 20, "{tables:?}");
    let kept = tables.into_iter().filter(|table| !OF_REFUSALS.contains(&table.as_str()) && table != "policy_texts");
    kept.map(|table| (table.clone(), beside.rows(&table, "true"))).collect()
}

/// Sends them, several at once, and gives what was wrong with the answers.
async fn send(shop: &Shop, all: Vec<Bad>) -> Vec<String> {
    let many = all.len().div_ceil(2).max(1);
    let mut all = all.into_iter().peekable();
    let mut threads = Vec::new();
    while all.peek().is_some() {
        let (wire, some): (Wire, Vec<Bad>) = (shop.wire.clone(), all.by_ref().take(many).collect());
        threads.push(actix_web::rt::task::spawn_blocking(move || {
            let mut open: Option<Connection> = None;
            let host = wire.host();
            let told = some.iter().flat_map(|one| {
                let answer = wire.ask(&mut open, &one.bytes(&host));
                let faults = one.faults(answer.as_ref());
                let target = String::from_utf8_lossy(&one.target[..one.target.len().min(120)]).into_owned();
                faults.into_iter().map(move |fault| format!("{} {target}, {}: {fault}", one.method, one.what))
            });
            told.collect::<Vec<_>>()
        }));
    }
    let mut faults = Vec::new();
    for thread in threads {
        faults.extend(thread.await.unwrap());
    }
    faults
}

/// Those that end the session come last.
fn in_order() -> Vec<Route> {
    let mut all = routes::all();
    // Operators have a walk of their own, signed in as such.
    all.retain(|route| !matches!(route.rule.subject, Subject::Operator(_)));
    all.sort_by_key(|route| ["/sign-out", "/api/v1/session"].contains(&route.path));
    all
}

/// Those that operators alone reach.
fn of_operators() -> Vec<Route> {
    let mut all = routes::all();
    all.retain(|route| matches!(route.rule.subject, Subject::Operator(_)));
    // What ends the session comes last.
    all.sort_by_key(|route| route.path.ends_with("/sign-out"));
    all
}

/// What operators may have changed beside the ledger, where what was only tried stands too: their accounts, their proposals,
/// and keys.
const OF_OPERATORS: [&str; 5] = ["operators", "operator_proposals", "rekeys", "roots", "erasures"];

/// Everything that is stored, of the keyring too what operators change.
fn stored_of_operators(world: &World) -> Stored {
    let mut keyring = keyring_of(world);
    let mut all = stored(world);
    all.extend(OF_OPERATORS.iter().map(|table| ((*table).to_owned(), keyring.rows(table, "true"))));
    all
}

/// Sends everything that is wrong to each route; gives how much that was, and what was wrong with the answers.
async fn walk(
    world: &World,
    shop: &Shop,
    routes: Vec<Route>,
    who: impl Fn(&Route) -> Who,
    stored: fn(&World) -> Stored,
) -> (usize, Vec<String>) {
    let document = document_json();
    let (mut faults, mut sent) = (Vec::new(), 0);
    let mut before = stored(world);
    for route in routes {
        let mut bad = bad_requests(shop, &route, &document);
        bad.iter_mut().for_each(|bad| bad.who = who(&route));
        let (free, refused): (Vec<Bad>, Vec<Bad>) =
            bad.into_iter().partition(|bad| matches!(bad.gets, Gets::NoFailure));
        sent += free.len() + refused.len();
        faults.extend(send(shop, refused).await);
        let after = stored(world);
        let changed = after.iter().zip(&before).filter(|(after, before)| after != before);
        let changed: Vec<&str> = changed.map(|(after, _)| after.0.as_str()).collect();
        if !changed.is_empty() {
            faults.push(format!("{} {}: refusals changed {changed:?}", route.method, route.path));
        }
        faults.extend(send(shop, free).await);
        world.app.services.operators.at_rest().await;
        before = stored(world);
    }
    (sent, faults)
}

seif::each_database! {
    async fn every_route_refuses_what_is_wrong_and_keeps_nothing_of_it(world: World) {
        let shop = shop(world).await;
        let (sent, faults) = walk(world, &shop, in_order(), |_| Who::May, stored).await;
        assert!(sent > 40 * in_order().len(), "{sent}");
        assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    }

    async fn every_route_of_operators_refuses_it_too_whether_they_may_or_not(world: World) {
        let mut shop = shop(world).await;
        for role in [Role::Reader, Role::Administrator] {
            let may = |route: &Route| match route.rule.subject {
                Subject::Operator(roles) if !roles.contains(&role) => Who::MayNot,
                _ => Who::May,
            };
            shop.session = operator(world, role).await.actor.session.unwrap();
            let before = world.app.services.operators.list().await.unwrap().len();
            let (sent, faults) = walk(world, &shop, of_operators(), may, stored_of_operators).await;
            assert!(sent > 40 * of_operators().len(), "{sent}");
            assert!(faults.is_empty(), "{role:?}: {} faults: {faults:#?}", faults.len());
            assert_eq!(world.app.services.operators.list().await.unwrap().len(), before);
        }
    }
}

//! Actors: people and programs that speak to the service over TLS, as any client would.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::kernel::access::Role;
use crate::kernel::crypto::totp::{PERIOD, Step, TotpSecret};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::Origin;
use crate::tenants::members;
use crate::testing::proxy::Proxy;
use crate::testing::world::World;

/// Somebody with a browser or a program, and what they remember.
#[derive(Clone)]
pub struct Actor {
    client: reqwest::Client,
    base: String,
    /// The session cookie's value.
    pub session: Option<String>,
    /// The API token.
    pub token: Option<String>,
    /// The tenant that requests name.
    pub tenant: Option<String>,
    /// The account's id, once it has one.
    pub account: Option<String>,
    /// The address it signs in by.
    pub email: String,
    /// The password.
    pub password: String,
    headers: Vec<(String, String)>,
}

/// An authenticator app on somebody's phone.
#[derive(Clone)]
pub struct Authenticator {
    /// The factor's id.
    pub id: String,
    secret: TotpSecret,
}

impl Authenticator {
    /// An app that was given this secret.
    #[must_use]
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: TotpSecret::parse(secret).expect("base32") }
    }

    /// What it shows now.
    #[must_use]
    pub fn code(&self, world: &World) -> String {
        self.secret.code(Step::at(world.clock.now())).reveal().clone()
    }

    /// What it shows in the next half minute, which begins now.
    #[must_use]
    pub fn next_code(&self, world: &World) -> String {
        world.later(std::time::Duration::from_secs(u64::from(PERIOD)));
        self.code(world)
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: reqwest::header::HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
}

impl Actor {
    /// Somebody who speaks to a service there, trusting this authority's certificate.
    #[must_use]
    pub fn at(address: SocketAddr, authority: &Path) -> Self {
        Self::at_from(address, authority, None)
    }

    fn at_from(address: SocketAddr, authority: &Path, from: Option<IpAddr>) -> Self {
        let authority = std::fs::read(authority).expect("the local authority");
        let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
        let client = reqwest::Client::builder()
            .tls_certs_only([authority])
            .resolve("localhost", address)
            .local_address(from)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Story/1.0")
            .build()
            .expect("a client");
        Self {
            client,
            base: format!("https://localhost:{}", address.port()),
            session: None,
            token: None,
            tenant: None,
            account: None,
            email: String::new(),
            password: "Very-Long-Pass-Phrase 77".to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same actor, sending another header field with each request.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same actor, with an API token in place of the session.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { session: None, token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same actor, speaking to where the service listens now.
    #[must_use]
    pub fn moved_to(&self, world: &World) -> Self {
        let there = Self::at(world.address(), &world.authority());
        Self { client: there.client, base: there.base, ..self.clone() }
    }

    /// The same actor, speaking to a service there.
    pub(super) fn at_another(&self, address: SocketAddr, authority: &Path) -> Self {
        let there = Self::at(address, authority);
        Self { client: there.client, base: there.base, ..self.clone() }
    }

    /// The same actor, at another of this machine's addresses: 127.0.0.0/8 is all of them.
    #[must_use]
    pub fn from(&self, world: &World, address: [u8; 4]) -> Self {
        let there = Self::at_from(world.address(), &world.authority(), Some(address.into()));
        Self { client: there.client, base: there.base, ..self.clone() }
    }

    /// The same actor, through a proxy.
    #[must_use]
    pub fn through(&self, world: &World, proxy: &Proxy) -> Self {
        let there = Self::at(proxy.address(), &world.authority());
        Self { client: there.client, base: there.base, ..self.clone() }
    }

    /// Sends a request; a JSON body when there is one.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send_bytes(method, path, body).await
    }

    /// Sends a request with a body of any kind.
    pub async fn send_bytes(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        self.attempt_bytes(method, path, body).await.expect("an answer")
    }

    /// Sends a request to a service that may be gone before it has answered.
    pub async fn attempt(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Answer> {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.attempt_bytes(method, path, body).await
    }

    /// As [`Actor::attempt`], with a body of any kind.
    pub async fn attempt_bytes(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Option<Answer> {
        let unsafe_method = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&method);
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(session) = &self.session {
            request = request.header("cookie", format!("__Host-session={session}"));
            if unsafe_method && !self.headers.iter().any(|(name, _)| name == "sec-fetch-site" || name == "origin") {
                request = request.header("sec-fetch-site", "same-origin");
            }
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let (Some(tenant), None) = (&self.tenant, &self.token) {
            request = request.header("seif-tenant", tenant);
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Answer { status, headers, bytes: response.bytes().await.ok()?.to_vec() })
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(&body)).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(&body)).await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(&body)).await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Keeps the session cookie that an answer set.
    pub fn keep_session(&mut self, answer: &Answer) {
        if let Some(value) = answer.session_cookie() {
            self.session = (!value.is_empty()).then_some(value);
        }
    }

    /// Signs in with the password: the session is `password` until it is confirmed.
    pub async fn sign_in(&mut self) -> Answer {
        let answer = self.post("/api/v1/session", json!({"identifier": self.email, "password": self.password})).await;
        self.keep_session(&answer);
        answer
    }

    /// Confirms the session by a code to the mailbox.
    pub async fn confirm(&mut self, world: &World) -> Answer {
        // Mails of one second have no order: this one is to be the newest.
        world.later(std::time::Duration::from_secs(1));
        let begun = self.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
        let code = world.code_for(&self.email).await;
        let path = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().expect("an id"));
        let answer = self.put(&path, json!({"code": code})).await;
        self.keep_session(&answer);
        answer
    }

    /// Confirms the session by a code of its own: of an app, or a recovery code.
    pub async fn confirm_by(&mut self, method: &str, code: &str) -> Answer {
        let begun = self.post("/api/v1/session/confirmations", json!({"method": method})).await.expect(201).json();
        let path = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().expect("an id"));
        let answer = self.put(&path, json!({"code": code})).await;
        self.keep_session(&answer);
        answer
    }

    /// Enrols an authenticator app; the session stays what it is.
    pub async fn enrol_app(&self, world: &World) -> Authenticator {
        let begun = self.post("/api/v1/account/methods", json!({"method": "totp"})).await.expect(201).json();
        let id = begun["id"].as_str().expect("an id");
        let app = Authenticator::new(id, begun["secret"].as_str().expect("a secret"));
        let code = app.code(world);
        let _ = self.put(&format!("/api/v1/account/methods/{id}"), json!({"code": code})).await.expect(200);
        app
    }
}

impl World {
    /// A business that has joined: its owner, signed in and confirmed, with one tenant.
    pub async fn owner(&mut self) -> Actor {
        self.owner_at("example.lv", "en").await
    }

    /// The same, with an address in this domain, whose mails are in this language.
    pub async fn owner_at(&mut self, domain: &str, language: &str) -> Actor {
        let name = self.somebody();
        let mut actor = self.stranger();
        actor.email = format!("{}@{domain}", name.to_lowercase());
        let signup =
            actor.post("/api/v1/signups", json!({"email": actor.email, "language": language})).await.expect(202).json();
        let code = self.code_for(&actor.email).await;
        let body = json!({
            "code": code, "password": actor.password, "name": format!("Anna {name}"),
            "tenant": {"kind": "self_employed", "name": format!("{name} and daughters"), "country": "LV"},
            "acknowledged": self.documents(&actor).await,
        });
        let answer =
            actor.put(&format!("/api/v1/signups/{}", signup["id"].as_str().expect("an id")), body).await.expect(201);
        actor.keep_session(&answer);
        let joined = answer.json();
        actor.account = joined["account_id"].as_str().map(ToOwned::to_owned);
        actor.tenant = joined["tenant_id"].as_str().map(ToOwned::to_owned);
        actor
    }

    /// Somebody else who joined with a business of their own, and is this in the owner's tenant besides.
    pub async fn member(&mut self, owner: &Actor, role: Role) -> Actor {
        let mut member = self.owner().await;
        let tenant = owner.tenant.as_deref().and_then(|id| id.parse().ok()).expect("the owner's tenant");
        let id = |actor: &Actor| actor.account.as_deref().and_then(|id| id.parse().ok()).expect("an account");
        let (account, by) = (id(&member), id(owner));
        let kernel = &self.app.services.kernel;
        let origin = Origin {
            address: Personal::new(std::net::IpAddr::from([127, 0, 0, 1])),
            device: Personal::new("Story/1.0".to_owned()),
            site: None,
        };
        let scope = kernel.tenant_scope_of_a_story(tenant, by, origin).expect("the tenant's scope");
        let added = kernel.write("members.add", &scope, move |tx, scope| members::add(tx, scope, account, role));
        added.await.expect("a new member");
        member.tenant.clone_from(&owner.tenant);
        member
    }

    /// Everything in force, as a sign-up acknowledges it.
    pub async fn documents(&self, actor: &Actor) -> Value {
        let policies = actor.get("/api/v1/policies").await.expect(200).json();
        let in_force = policies.as_array().expect("a list").iter().filter(|policy| policy["state"] == "in_force");
        Value::Array(
            in_force.map(|policy| json!({"document": policy["document"], "version": policy["version"]})).collect(),
        )
    }

    /// The code in the newest mail to `email` that has one, once it is there.
    pub async fn code_for(&self, email: &str) -> String {
        self.deliver().await;
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        let to = format!("to: {email}");
        // Mails of one moment stand in no order.
        let mails = self.mails().into_iter().rev().filter(|mail| mail.to_lowercase().contains(&to));
        let mut codes = mails.filter_map(|mail| mail.lines().map(str::trim).find(is_code).map(str::to_owned));
        codes.next().expect("a mail with a code alone on a line")
    }
}

impl Answer {
    /// Demands a status; shows the answer when it is another.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Demands a problem document with this status and code.
    #[track_caller]
    #[must_use]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let body = self.expect(status).json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        body
    }

    /// The body as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as a browser reads a page: slashes that stand as references are slashes again.
    #[must_use]
    pub fn page(&self) -> String {
        self.text().replace("&#x2f;", "/")
    }

    /// A header field's value; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The session cookie's value, when the answer sets one.
    #[must_use]
    pub fn session_cookie(&self) -> Option<String> {
        let cookies = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        cookies
            .filter_map(|cookie| cookie.strip_prefix("__Host-session=")?.split(';').next().map(ToOwned::to_owned))
            .next()
    }
}

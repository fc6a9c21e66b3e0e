//! A stand-in for an identity provider that says whatever a test has it say, over TLS.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use seif::testing::{World, certify};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The stand-in.
pub(super) struct Liar {
    listener: Option<TcpListener>,
    port: u16,
    folder: tempfile::TempDir,
    pub(super) said: Arc<Mutex<Said>>,
}

/// What it says, and what it was asked.
pub(super) struct Said {
    /// Its description, over the honest one.
    pub(super) metadata: Value,
    /// The keys that it shows: their names and the keys.
    pub(super) keys: Vec<(String, SigningKey)>,
    /// The ID token for the next code.
    pub(super) token: String,
    /// What redeems it.
    challenge: String,
    pub(super) keys_asked: usize,
    pub(super) codes_redeemed: usize,
}

/// What a browser was sent away with.
pub(super) struct Errand(BTreeMap<String, String>);

impl Errand {
    pub(super) fn of(address: &str) -> Self {
        let address = url::Url::parse(address).unwrap();
        Self(address.query_pairs().into_owned().collect())
    }

    pub(super) fn part(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

const SECRET: &str = "liar's secret";

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

impl Liar {
    pub(super) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), certify("localhost", folder.path())).unwrap();
        std::fs::write(folder.path().join("client.secret"), SECRET).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = Said {
            metadata: json!({}),
            keys: vec![("one".to_owned(), key(1))],
            token: String::new(),
            challenge: String::new(),
            keys_asked: 0,
            codes_redeemed: 0,
        };
        Some(Self { listener: Some(listener), port, folder, said: Arc::new(Mutex::new(said)) })
    }

    /// How the service knows it; besides, a provider `other` that is away.
    pub(super) fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let provider = |id: &str, issuer: &str| {
            format!(
                "[[identity_providers]]\nid = \"{id}\"\nname = \"A {id}\"\nissuer = \"{issuer}\"\nclient_id = \"vault\"\n\
                 client_secret_file = \"{folder}/client.secret\"\nroots = \"{folder}/authority.pem\"\n\
                 scopes = \"openid profile\"\nacr = {{ low = \"confirmed\", high = \"strong\" }}\namr = {{ face = \"strong\" }}\n"
            )
        };
        let codes = "[codes]\nper_account_per_hour = 1000\n";
        format!("{}{}{codes}", provider("liar", &self.issuer()), provider("other", "https://localhost:1/other"))
    }

    pub(super) fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(super) async fn serves(&mut self, _: &World) {
        let listener = self.listener.take().unwrap();
        let chain = CertificateDer::from_pem_file(self.folder.path().join("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.folder.path().join("server.key")).unwrap();
        let tls = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![chain], key).unwrap();
        let (said, issuer) = (Data::from(Arc::clone(&self.said)), self.issuer());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(said.clone())
                .app_data(Data::new(issuer.clone()))
                .route("/.well-known/openid-configuration", web::get().to(describe))
                .route("/jwks", web::get().to(show_keys))
                .route("/token", web::post().to(redeem))
        });
        let server = server.workers(1).disable_signals().listen_rustls_0_23(listener, tls).unwrap().run();
        actix_web::rt::spawn(server);
    }

    /// The claims of somebody who has just signed in for this errand.
    pub(super) fn truth(&self, world: &World, subject: &str, errand: &Errand) -> Value {
        let now = now(world);
        json!({
            "iss": self.issuer(), "sub": subject, "aud": "vault", "azp": "vault", "iat": now, "exp": now + 300,
            "auth_time": now, "nonce": errand.part("nonce"), "acr": "high", "sid": format!("sid-{subject}"),
        })
    }

    /// The claims of a sign-out.
    pub(super) fn farewell(&self, world: &World, subject: &str, id: &str) -> Value {
        let now = now(world);
        json!({
            "iss": self.issuer(), "aud": ["vault"], "iat": now, "exp": now + 120, "jti": id, "sid": format!("sid-{subject}"),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        })
    }

    /// Gives this token for the code that the errand comes back with; gives the path that it comes back to.
    pub(super) fn will_give(&self, errand: &Errand, token: String) -> String {
        let mut said = self.said.lock().unwrap();
        said.token = token;
        said.challenge = errand.part("code_challenge").to_owned();
        let issuer: String = url::form_urlencoded::byte_serialize(self.issuer().as_bytes()).collect();
        format!("/sign-in/oidc/liar/return?code=c0de&state={}&iss={issuer}", errand.part("state"))
    }
}

pub(super) fn now(world: &World) -> i64 {
    world.clock.now().micros() / 1_000_000
}

/// A token with this header and these claims, signed by `key` whatever the header says.
pub(super) fn token(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

/// The same, as an honest provider makes it.
pub(super) fn honest(claims: &Value) -> String {
    token(&json!({"alg": "EdDSA", "kid": "one"}), claims, &key(1))
}

async fn describe(said: Data<Mutex<Said>>, issuer: Data<String>) -> HttpResponse {
    let issuer = issuer.as_str();
    let mut document = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "ML-DSA-65"],
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in said.lock().unwrap().metadata.as_object().unwrap() {
        document[name] = value.clone();
    }
    HttpResponse::Ok().json(document)
}

async fn show_keys(said: Data<Mutex<Said>>) -> HttpResponse {
    let mut said = said.lock().unwrap();
    said.keys_asked += 1;
    let shown = |(name, key): &(String, SigningKey)| {
        let x = BASE64_URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": name, "x": x})
    };
    let keys: Vec<Value> = said.keys.iter().map(shown).collect();
    HttpResponse::Ok().json(json!({"keys": keys}))
}

/// As RFC 6749 §4.1.3 and RFC 7636 §4.6 have it: whoever is not the client, or has not begun it, gets nothing.
async fn redeem(said: Data<Mutex<Said>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let secret: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("vault:{secret}")));
    let is_client = request.headers().get("authorization").is_some_and(|shown| shown.to_str().unwrap() == basic);
    // Long enough for another to come in between.
    actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    let mut said = said.lock().unwrap();
    let verifier = form.get("code_verifier").map(String::as_str).unwrap_or_default();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    if !is_client || form.get("code").map(String::as_str) != Some("c0de") || challenge != said.challenge {
        return HttpResponse::BadRequest().json(json!({"error": "invalid_grant"}));
    }
    said.codes_redeemed += 1;
    HttpResponse::Ok().json(json!({
        "access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": said.token,
    }))
}

//! A headless Chromium of a test's own, driven over WebDriver, and ended with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use seif::testing::World;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Whether pages may run script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// As most people browse.
    Runs,
    /// The browser runs none.
    Off,
}

/// What a journey needs and the machine has.
pub(super) struct Tools {
    chromium: PathBuf,
    driver: PathBuf,
    axe: PathBuf,
}

impl Tools {
    /// What the environment names, else what stands at the usual places. `None`, said aloud, on a laptop without; in CI
    /// that is a failure.
    pub(super) fn found() -> Option<Self> {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/axe/axe.min.js");
        let tools = Self {
            chromium: named("SEIF_TEST_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into()),
            driver: named("SEIF_TEST_CHROMEDRIVER").unwrap_or_else(|| "/usr/bin/chromedriver".into()),
            axe: named("SEIF_TEST_AXE").unwrap_or(made),
        };
        let missing = [&tools.chromium, &tools.driver, &tools.axe].into_iter().find(|path| !path.exists());
        let Some(missing) = missing else { return Some(tools) };
        assert!(named("CI").is_none(), "{} is missing: run ops/test", missing.display());
        eprintln!("skipped: {} is missing; ops/test brings what browser journeys need", missing.display());
        None
    }

    /// The accessibility rules' program.
    pub(super) fn axe(&self) -> String {
        std::fs::read_to_string(&self.axe).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "where the tests' tools are stands in the environment")]
pub(super) fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// A running browser with one window.
pub(super) struct Chromium {
    /// The WebDriver session.
    pub(super) client: Client,
    session: String,
    port: u16,
    driver: Child,
    /// The browser's profile; not in the world's folder, since a browser does keep what was typed into it.
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts a browser that trusts the world's own certificate.
    ///
    /// By its public key alone (`--ignore-certificate-errors-spki-list`): every other certificate is judged as ever, so a
    /// page that asked another server for something would not be let off. Chromium on Linux takes further authorities only
    /// from the user's own store, which a test leaves alone.
    ///
    /// `others` are the certificates of those whom the journey leads to besides.
    pub(super) async fn start(tools: &Tools, world: &World, others: &[PathBuf], script: Script) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(&tools.driver)
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = listening_port(&mut driver);
        let ours = world.folder.path().join("tls/server.pem");
        let keys: Vec<String> = std::iter::once(&ours).chain(others).map(|path| served_key(path)).collect();
        let capabilities = capabilities(tools, profile.path(), &keys.join(","), script);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        let session = client.session_id().await.unwrap().expect("a session");
        Self { client, session, port, driver, _profile: profile }
    }

    /// A command of the DevTools protocol.
    pub(super) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extension("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await
    }

    /// What came into a log since it was last read: `browser` is the console, `performance` what happened on the network.
    pub(super) async fn log(&self, kind: &str) -> Vec<Value> {
        self.extension("se/log", json!({"type": kind})).await.as_array().expect("a list").clone()
    }

    /// A device of the browser's own that keeps passkeys and verifies whoever sits before it (WebAuthn level 3 §11).
    pub(super) async fn keeps_passkeys(&self) {
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "isUserConsenting": true,
        });
        self.extension("webauthn/authenticator", device).await;
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Extension { path, body }).await.expect("the driver's own command")
    }
}

impl Drop for Chromium {
    /// Ends the session, and the browser with it, however the test ended; then the driver.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n",
                self.session, self.port
            );
            drop(stream.set_read_timeout(Some(Duration::from_secs(10))));
            // The answer comes when the browser has ended.
            drop(stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut [0; 64])));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// A command that the client does not know: `POST /session/{id}/{path}`.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// The port that the driver chose, from the line in which it says so.
fn listening_port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .filter(|line| line.contains("started successfully"))
        .find_map(|line| line.trim_end_matches('.').rsplit_once(" on port ")?.1.parse().ok());
    // Whoever stops reading would stop the driver at its next line.
    std::thread::spawn(move || lines.for_each(drop));
    port.expect("the driver's port")
}

fn capabilities(tools: &Tools, profile: &Path, keys: &str, script: Script) -> Capabilities {
    let args = [
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--no-proxy-server".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--accept-lang=en".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        format!("--ignore-certificate-errors-spki-list={keys}"),
    ];
    let prefs = match script {
        Script::Runs => json!({}),
        Script::Off => json!({"profile.managed_default_content_settings.javascript": 2}),
    };
    let all = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "goog:chromeOptions": {"binary": tools.chromium, "args": args, "prefs": prefs},
    });
    all.as_object().expect("an object").clone()
}

/// The SHA-256 of the served certificate's public key (RFC 7469 §2.4), in base64.
fn served_key(certificate: &Path) -> String {
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let certificate = webpki::EndEntityCert::try_from(&certificate).expect("a certificate");
    BASE64_STANDARD.encode(Sha256::digest(certificate.subject_public_key_info()))
}

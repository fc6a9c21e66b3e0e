//! A real identity provider, `ops/oidc/provider.mjs`, as `ops/lib/oidc` installs it, and a browser that signs in there.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use seif::kernel::clock::Clock;
use seif::testing::{World, certify};
use serde_json::json;

/// A provider that lives as long as its test.
pub(crate) struct Bank {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    port: u16,
    folder: tempfile::TempDir,
}

/// Where it is installed; `None`, said aloud, on a laptop without; in CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the tests' tools are stands in the environment")]
fn installed() -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oidc");
    let tools = std::env::var_os("SEIF_TEST_OIDC").map_or(made, PathBuf::from);
    if tools.join("node_modules/oidc-provider").exists() {
        return Some(tools);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the tests' identity provider is missing: ops/lib/oidc");
    eprintln!("skipped: no identity provider at {}; ops/lib/oidc target/tools/oidc makes it", tools.display());
    None
}

impl Bank {
    /// Starts one whose certificate is for `localhost`.
    pub(crate) fn start() -> Option<Self> {
        let tools = installed()?;
        let folder = tempfile::tempdir().unwrap();
        let authority = certify("localhost", folder.path());
        std::fs::write(folder.path().join("authority.pem"), authority).unwrap();
        std::fs::write(folder.path().join("client.secret"), "a+secret of/the: vault%").unwrap();
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("ops/oidc/provider.mjs"))
            .arg(tools)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the identity provider");
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = output.next().expect("its first line").unwrap();
        let port = line.strip_prefix("port ").and_then(|port| port.parse().ok()).expect("its port");
        Some(Self { process, input, output, port, folder })
    }

    /// How the service knows it.
    pub(crate) fn configuration(&self) -> String {
        let (port, folder) = (self.port, self.folder.path().display());
        format!(
            "[[identity_providers]]\nid = \"real\"\nname = \"The Bank\"\nissuer = \"https://localhost:{port}\"\n\
             client_id = \"vault\"\nclient_secret_file = \"{folder}/client.secret\"\n\
             roots = \"{folder}/authority.pem\"\n\
             acr = {{ \"urn:seif:test:high\" = \"strong\", \"urn:seif:test:low\" = \"confirmed\" }}\n"
        )
    }

    /// Serves this world's vault from now on, as a client whose genuine address it knows.
    pub(crate) async fn serves(&mut self, world: &World) {
        let line = json!({"vault": world.url(""), "authority": world.authority()});
        writeln!(self.input, "{line}").unwrap();
        let ready = self.output.by_ref().map_while(Result::ok).any(|line| line == "ready");
        assert!(ready, "the identity provider ended");
    }

    /// Its certificate's file.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// A browser that has never been there.
    pub(super) fn browser(&self) -> Browser {
        let authority = std::fs::read(self.folder.path().join("authority.pem")).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Browser { client, origin: self.origin(), cookies: BTreeMap::new() }
    }

    /// Its origin, and its issuer.
    pub(crate) fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The provider lives by the machine's clock, which moves on while a story's stands.
pub(crate) fn catch_up(world: &World) {
    world.later(Clock::system().now().since(world.clock.now()));
}

/// What somebody's browser keeps of the provider.
pub(super) struct Browser {
    client: reqwest::Client,
    origin: String,
    cookies: BTreeMap<String, String>,
}

struct Seen {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Browser {
    /// Signs in at the address as this person, in this way; gives the path at the vault that it is led back to.
    pub(super) async fn signs_in(&mut self, world: &World, address: &str, name: &str, how: &str) -> String {
        self.answers(world, address, &format!("name={name}&how={how}")).await
    }

    /// Goes there and gives up.
    pub(super) async fn cancels(&mut self, world: &World, address: &str) -> String {
        self.answers(world, address, "cancel=").await
    }

    async fn answers(&mut self, world: &World, address: &str, form: &str) -> String {
        let vault = world.url("");
        let mut next = self.goes(address, None).await;
        for _ in 0..6 {
            let location = next.location.take().unwrap_or_else(|| panic!("{}: {}", next.status, next.text));
            if let Some(path) = location.strip_prefix(&vault) {
                catch_up(world);
                return path.to_owned();
            }
            let form = location.contains("/interaction/").then_some(form);
            next = self.goes(&location, form).await;
        }
        panic!("it leads nowhere");
    }

    /// Signs out there, of everything.
    pub(super) async fn signs_out(&mut self) {
        let page = self.goes(&format!("{}/session/end", self.origin), None).await;
        let secret = page.text.split("name=\"xsrf\" value=\"").nth(1).expect("the form").split('"').next().unwrap();
        let done = self
            .goes(&format!("{}/session/end/confirm", self.origin), Some(&format!("xsrf={secret}&logout=yes")))
            .await;
        assert!([200, 302, 303].contains(&done.status), "{}", done.text);
    }

    async fn goes(&mut self, address: &str, form: Option<&str>) -> Seen {
        let address = if address.starts_with('/') { format!("{}{address}", self.origin) } else { address.to_owned() };
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form {
            None => self.client.get(&address),
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                self.client.post(&address).header("content-type", kind).body(form.to_owned())
            }
        };
        let answer = request.header("cookie", cookies.join("; ")).send().await.expect("the provider answers");
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Seen { status: answer.status().as_u16(), location, text: answer.text().await.unwrap() }
    }
}

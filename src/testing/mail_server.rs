//! A real mail server, `tests/smtp/server.py`, in the environment that `ops/lib/smtp-venv` makes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::messages::python::python;
use crate::messages::smtp::{Roots, SmtpSettings, Tls};

/// A mail server that lives as long as its test.
pub struct MailServer {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
    /// The authority that vouches for its certificate, in PEM.
    pub roots: String,
}

impl MailServer {
    /// Starts one whose certificate is for `localhost`; `None`, after a word on stderr, where Python's aiosmtpd is
    /// missing and this is not CI.
    #[must_use]
    pub fn start(mode: &str) -> Option<Self> {
        Self::start_as("localhost", &[mode])
    }

    /// As [`MailServer::start`], with a certificate for `name` and further arguments after the mode.
    #[must_use]
    pub fn start_as(name: &str, arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder for the mail server");
        let roots = certify(name, folder.path());
        let (process, port) = run(folder.path(), arguments)?;
        Some(Self { process, port, folder, roots })
    }

    /// Ends it, and starts another at the same port.
    pub fn restart(&mut self, mode: &str) {
        self.stop();
        let again = run(self.folder.path(), &[mode, "--port", &self.port.to_string()]);
        (self.process, self.port) = again.expect("the mail server again");
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// How the service reaches it.
    #[must_use]
    pub fn settings(&self, tls: Tls) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: self.port,
            tls,
            roots: Roots::Pem(self.roots.clone().into_bytes()),
            login: None,
            hello: "vault.example.com".to_owned(),
            patience: Duration::from_secs(10),
        }
    }

    /// What clients did, in order.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let events = std::fs::read_to_string(self.folder.path().join("events")).unwrap_or_default();
        events.lines().map(ToOwned::to_owned).collect()
    }

    /// The message that it took as the `number`-th, counted from 1.
    #[must_use]
    pub fn received(&self, number: u32) -> Option<Vec<u8>> {
        std::fs::read(self.folder.path().join(format!("{number}.eml"))).ok()
    }

    /// Every message that it took, in order.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        let all = (1..).map_while(|number| self.received(number));
        all.map(|bytes| String::from_utf8(bytes).expect("a mail in UTF-8")).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Option<(Child, u16)> {
    let python = python()?;
    let (mode, more) = arguments.split_first().expect("a mode");
    let mut process = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py"))
        .arg(mode)
        .arg(folder)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the mail server");
    let mut line = String::new();
    let output = process.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("its first line");
    let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok()).expect("its port");
    Some((process, port))
}

/// Puts a certificate for `name` and its key into `folder`; gives the authority that vouches for it.
#[must_use]
pub fn certify(name: &str, folder: &Path) -> String {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let roots = authority.self_signed(&authority_key).expect("an authority").pem();
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new([name.to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).expect("a certificate");
    std::fs::write(folder.join("server.pem"), leaf.pem()).expect("the certificate's file");
    std::fs::write(folder.join("server.key"), key.serialize_pem()).expect("the key's file");
    roots
}

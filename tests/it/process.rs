//! The real binary, run as an operator would: started on a folder, killed by its own process id, started again.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use seif::testing::{Actor, MARK};
use serde_json::{Value, json};

/// A running `seif serve`.
pub(crate) struct Process {
    child: Child,
    data: PathBuf,
    databases: Vec<String>,
    configuration: Option<PathBuf>,
    environment: Vec<(String, String)>,
    /// Where it listens.
    pub(crate) address: std::net::SocketAddr,
}

impl Process {
    /// Starts the service on a folder and, when there are any, on these databases.
    pub(crate) fn start(data: &Path, databases: &[String]) -> Self {
        Self::begin(data, databases, None, &[])
    }

    /// As [`Process::start`], with a configuration file of this content.
    pub(crate) fn start_with(data: &Path, databases: &[String], configuration: &str) -> Self {
        Self::start_in(data, databases, configuration, &[])
    }

    /// The same, with these variables in its environment.
    pub(crate) fn start_in(
        data: &Path,
        databases: &[String],
        configuration: &str,
        environment: &[(String, String)],
    ) -> Self {
        let file = data.with_extension("toml");
        std::fs::write(&file, configuration).unwrap();
        Self::begin(data, databases, Some(file), environment)
    }

    fn begin(
        data: &Path,
        databases: &[String],
        configuration: Option<PathBuf>,
        environment: &[(String, String)],
    ) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(data.with_extension("log")).unwrap();
        let mut command = beside(data, databases, configuration.as_deref());
        command.envs(environment.iter().cloned());
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ready https://").map(str::to_owned));
        let address = ready.expect("it gets ready").parse().unwrap();
        let (data, databases, environment) = (data.to_owned(), databases.to_vec(), environment.to_vec());
        Self { child, data, databases, configuration, environment, address }
    }

    /// SIGKILL, by its process id.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another one on what this one left.
    pub(crate) fn again(&mut self) {
        *self = Self::begin(&self.data, &self.databases, self.configuration.clone(), &self.environment);
    }

    /// Another command on the same folder and databases.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = beside(&self.data, &self.databases, self.configuration.as_deref());
        command.envs(self.environment.iter().cloned()).args(arguments);
        command
    }

    /// Starts another one, with these variables in its environment besides, from now on.
    pub(crate) fn again_in(&mut self, environment: &[(String, String)]) {
        self.environment = environment.to_vec();
        self.again();
    }

    /// Waits until it has ended by itself; gives the signal that ended it.
    pub(crate) fn ended_by(&mut self) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&self.child.wait().unwrap())
    }

    /// Somebody who speaks to it.
    pub(crate) fn stranger(&self) -> Actor {
        Actor::at(self.address, &self.data.join("tls/ca.pem"))
    }

    /// A program of a business that joins over HTTPS.
    pub(crate) async fn program(&self) -> Actor {
        let scopes = ["records:read", "records:write", "collections:write", "files:read", "files:write", "audit:read"];
        crate::shelf::token(&self.owner().await, &scopes).await
    }

    /// The owner of a business that joins over HTTPS, with the code from the captured mail.
    pub(crate) async fn owner(&self) -> Actor {
        self.owner_called(MARK).await
    }

    /// The same, with an address that is this before the sign.
    pub(crate) async fn owner_called(&self, name: &str) -> Actor {
        let mut owner = self.stranger();
        let email = format!("{name}@example.lv").to_lowercase();
        let begun = owner.post("/api/v1/signups", json!({"email": email, "language": "en"})).await.expect(202).json();
        let code = self.code(&email).await;
        let policies = owner.get("/api/v1/policies").await.expect(200).json();
        let read = |policy: &Value| json!({"document": policy["document"], "version": policy["version"]});
        let body = json!({
            "code": code, "password": owner.password, "name": format!("Anna {MARK}"),
            "tenant": {"kind": "self_employed", "name": format!("{MARK} and daughters"), "country": "LV"},
            "acknowledged": policies.as_array().unwrap().iter().map(read).collect::<Vec<_>>(),
        });
        let path = format!("/api/v1/signups/{}", begun["id"].as_str().unwrap());
        let joined = owner.put(&path, body).await.expect(201);
        owner.keep_session(&joined);
        owner.tenant = joined.json()["tenant_id"].as_str().map(str::to_owned);
        owner
    }

    /// The code in the first mail to `email`, once it was delivered.
    async fn code(&self, email: &str) -> String {
        let to = format!("to: {email}");
        for _ in 0..200 {
            let mails = std::fs::read_dir(self.data.join("mail")).into_iter().flatten().flatten();
            let mails = mails.filter(|mail| mail.path().extension().is_some_and(|kind| kind == "eml"));
            let mails = mails.filter_map(|mail| std::fs::read_to_string(mail.path()).ok());
            for mail in mails.filter(|mail| mail.to_lowercase().contains(&to)) {
                let digits = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
                if let Some(code) = mail.lines().map(str::trim).find(digits) {
                    return code.to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail came");
    }
}

fn beside(data: &Path, databases: &[String], configuration: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.arg("--data").arg(data).env_remove("SEIF_TEST_POSTGRES");
    if let Some(file) = configuration {
        command.arg("--config").arg(file);
    }
    if let [database, keyring] = databases {
        command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
    }
    command
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

//! Root keys turn over beside a running service, survive a kill at any step, move between providers, and go for good.

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use seif::kernel::clock::Clock;
use seif::kernel::crypto::Owner;
use seif::kernel::entropy::Entropy;
use seif::kernel::fault::Point;
use seif::kernel::ids::AccountId;
use seif::kernel::keyring::Keyring;
use seif::kernel::keyring::root::Provider;
use seif::kernel::personal::Secret;
use seif::kernel::store::Target;
use seif::testing::{Actor, Database, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::process::Process;
use crate::shelf::{RECORDS, customer, customers, place};

/// More owners than one batch of a rotation takes.
const OWNERS: u64 = 150;

/// A folder, its databases and what the tests need to look into the keyring.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) databases: Vec<String>,
}

impl Place {
    pub(crate) fn new(database: Database) -> Option<Self> {
        let databases = fresh_databases(database)?.map(Vec::from).unwrap_or_default();
        Some(Self { folder: tempfile::tempdir().unwrap(), databases })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn root_file(&self) -> PathBuf {
        self.data().join("root.key")
    }

    pub(crate) fn keyring(&self, provider: Provider) -> Keyring {
        let target = match self.databases.get(1) {
            Some(url) => Target::Postgres(Secret::new(url.clone())),
            None => Target::Sqlite(self.data().join("keyring.db")),
        };
        Keyring::open(target, provider, Clock::system(), Entropy::system()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for url in &self.databases {
            drop_database(url);
        }
    }
}

/// Makes the keys of many owners who have no data.
fn crowd(keyring: &Keyring) {
    let (now, entropy) = (Clock::system().now(), Entropy::system());
    for _ in 0..OWNERS {
        keyring.create_blocking(Owner::Account(AccountId::new(now, &entropy))).unwrap();
    }
}

/// Every owner's keys open, each version by exactly one root version, which is live.
fn examine(keyring: &Keyring) {
    let status = keyring.status().unwrap();
    let owners = keyring.owners().unwrap();
    for (owner, ..) in &owners {
        keyring.reach_blocking(*owner).unwrap();
    }
    let wrapped: i64 = status.by_root.iter().map(|(_, keys)| keys).sum();
    assert_eq!(usize::try_from(wrapped).unwrap(), owners.len());
    assert_eq!(status.roots.iter().filter(|root| root.current).count(), 1);
    for (version, _) in &status.by_root {
        assert!(status.roots.iter().any(|root| root.version == *version), "{status:?}");
    }
}

pub(crate) fn done(process: &Process, arguments: &[&str]) -> Value {
    let output = process.command(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(process: &Process, arguments: &[&str]) -> String {
    let output = process.command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Runs a command that a fault point ends by SIGKILL.
pub(crate) fn killed(process: &Process, arguments: &[&str], point: Point) {
    let output = process.command(arguments).env("SEIF_TEST_FAULT", point.name()).output().unwrap();
    assert_eq!(output.status.signal(), Some(9), "{}: {}", point.name(), String::from_utf8_lossy(&output.stderr));
}

const ROTATE: [&str; 3] = ["keys", "rotate-root", "--json"];

/// Writes and reads until it is told to stop; each must succeed. Gives how many did.
async fn busy(program: Actor, name: &'static str, stop: Rc<Cell<bool>>) -> usize {
    let mut answered = 0;
    while !stop.get() {
        let made = program.post(RECORDS, json!({"values": {"number": format!("{name}-{answered}")}})).await.expect(201);
        let _ = program.get(&place(&made)).await.expect(200);
        answered += 1;
    }
    answered
}

fn turn_over(database: Database) {
    let Some(stage) = Place::new(database) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.data(), &stage.databases);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        crowd(&stage.keyring(Provider::File(stage.root_file())));
        // Another node, which holds nobody's keys yet.
        let node = stage.keyring(Provider::File(stage.root_file()));
        let before = done(&process, &["keys", "status", "--json"]);
        let root = &before["root"];
        assert_eq!(
            (&root[0]["version"], &root[0]["provider"], &root[0]["current"]),
            (&json!(1), &json!("file"), &json!(true))
        );
        assert!(root[0]["created_at"].is_string() && root.as_array().unwrap().len() == 1);
        let owners = before["owners"].as_u64().unwrap();
        assert!(owners > OWNERS);
        assert_eq!(before["owner_keys_by_root_version"], json!({"1": owners}));

        // Made ahead, it wraps nothing, and is what the rotation takes.
        assert_eq!(done(&process, &["keys", "rotate-root", "--prepare", "--json"])["version"], 2);
        let mut prepared = before.clone();
        prepared["prepared"] = json!(2);
        assert_eq!(done(&process, &["keys", "status", "--json"]), prepared);

        // Beside requests that never fail, slowly enough for them to meet every state.
        let stop = Rc::new(Cell::new(false));
        let clients = ["a", "b"].map(|name| actix_web::rt::spawn(busy(program.clone(), name, Rc::clone(&stop))));
        let mut rotation = process.command(&["keys", "rotate-root", "--json", "--rate", "60"]);
        let output = actix_web::web::block(move || rotation.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Long enough for the service to have seen the new epoch and to have dropped what it held.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        stop.set(true);
        for client in clients {
            assert!(client.await.unwrap() > 3);
        }
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&result["version"], &result["resumed"], &result["unopenable"]),
            (&json!(2), &json!(true), &json!(0))
        );
        assert!(result["rewrapped"].as_u64().unwrap() >= owners);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("owner keys,") && told.contains("a second"), "{told}");

        let after = done(&process, &["keys", "status", "--json"]);
        let versions: Vec<_> = after["root"].as_array().unwrap().iter().map(|root| &root["current"]).collect();
        assert_eq!(versions, [&json!(false), &json!(true)]);
        assert_eq!(after["owner_keys_by_root_version"], json!({"2": after["owners"]}));
        assert_eq!(after["owners"], before["owners"]);

        // The other node takes up the new version by itself, for what is there and for what it makes.
        examine(&node);
        crowd(&node);
        assert_eq!(node.status().unwrap().by_root.len(), 1);

        // The current one stays; the old one goes for good, and the service does not notice.
        assert!(refused(&process, &["keys", "destroy-root", "2"]).contains("current"));
        assert!(refused(&process, &["keys", "destroy-root", "7"]).contains("no root version 7"));
        done(&process, &["keys", "destroy-root", "1", "--json"]);
        let file: Value = serde_json::from_slice(&std::fs::read(stage.root_file()).unwrap()).unwrap();
        assert_eq!(file["keys"].as_object().unwrap().keys().collect::<Vec<_>>(), ["2"]);
        assert!(refused(&process, &["keys", "destroy-root", "1"]).contains("no root version 1"));
        let left = done(&process, &["keys", "status", "--json"]);
        assert_eq!(left["root"].as_array().unwrap().len(), 1);
        let told = process.command(&["keys", "status"]).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        for line in ["root 1 was destroyed  by local:", "root 2 became current  by local:", "root 2 took over"] {
            assert!(told.contains(line), "{told}");
        }
        let _ = program.get(&kept).await.expect(200);
        let token = program.token.clone().unwrap();
        process.kill();
        process.again();
        let _ = process.stranger().with_token(&token).get(&kept).await.expect(200);
        examine(&stage.keyring(Provider::File(stage.root_file())));
        process.kill();
    });
}

mod a_root_key_turns_over_beside_a_running_service_and_the_old_one_goes_for_good {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::turn_over(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::turn_over(Database::Postgres);
    }
}

fn killed_at_each_step(database: Database) {
    let Some(stage) = Place::new(database) else { return };
    let file = || Provider::File(stage.root_file());
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.data(), &stage.databases);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        crowd(&stage.keyring(file()));
        let mut version = 1;
        for point in Point::OF_ROOTS {
            let is_of_rotation = !matches!(point, Point::RootDestroying | Point::RootGone);
            let arguments = if is_of_rotation {
                version += 1;
                ROTATE.map(str::to_owned).to_vec()
            } else {
                let oldest = stage.keyring(file()).status().unwrap().roots[0].version.to_string();
                ["keys", "destroy-root", oldest.as_str(), "--json"].map(str::to_owned).to_vec()
            };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            killed(&process, &arguments, point);
            examine(&stage.keyring(file()));
            let _ = program.get(&kept).await.expect(200);
            // What was begun is gone on with, and nothing is begun twice.
            let result = done(&process, &arguments);
            if is_of_rotation {
                let is_resumed = result["resumed"] == true;
                match point {
                    Point::RootPlanned | Point::RootMade => assert!(is_resumed, "{result}"),
                    Point::RootRewrapped => assert!(!is_resumed, "{result}"),
                    // The service goes on with it too, once a minute.
                    _ => {}
                }
                version += i64::from(!is_resumed);
                assert_eq!(result["version"], json!(version), "{point:?}");
                let by_root = stage.keyring(file()).status().unwrap().by_root;
                assert_eq!(by_root.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [version], "{point:?}");
            } else {
                assert_eq!(result["destroyed"], true);
            }
            examine(&stage.keyring(file()));
            let _ = program.get(&kept).await.expect(200);
        }
        process.kill();
    });
}

mod a_kill_at_any_step_of_a_rotation_is_gone_on_with_and_every_key_opens_meanwhile {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::killed_at_each_step(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::killed_at_each_step(Database::Postgres);
    }
}

fn sealed(folder: &Path, earlier: &str) -> String {
    let (file, passphrase) = (folder.join("root.sealed"), folder.join("passphrase"));
    std::fs::write(&passphrase, "correct horse battery staple\n").unwrap();
    format!(
        "[root_key]\nprovider = \"passphrase\"\nfile = \"{}\"\npassphrase_file = \"{}\"\n{earlier}",
        file.display(),
        passphrase.display()
    )
}

#[test]
fn moving_to_another_provider_is_a_rotation_and_an_old_one_that_is_still_needed_must_be_configured() {
    let Some(stage) = Place::new(Database::Sqlite) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.data(), &[]);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        process.kill();
        let token = program.token.clone().unwrap();

        // Without the old provider it does not start, and says which it misses.
        let configuration = stage.folder.path().join("alone.toml");
        std::fs::write(&configuration, sealed(stage.folder.path(), "")).unwrap();
        let mut alone = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
        alone
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(stage.data())
            .arg("--config")
            .arg(&configuration);
        let output = alone.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.contains("root version 1 is kept by the provider file, which is not configured"), "{why}");

        // With it, it serves under the old version; the rotation brings the new one.
        let both = sealed(stage.folder.path(), "[[root_key.earlier]]\nprovider = \"file\"\n");
        let mut process = Process::start_with(&stage.data(), &[], &both);
        let program = process.stranger().with_token(&token);
        let _ = program.get(&kept).await.expect(200);
        assert_eq!(done(&process, &["keys", "status", "--json"])["root"][0]["provider"], "file");
        let rotated = done(&process, &ROTATE);
        assert_eq!((&rotated["version"], &rotated["provider"]), (&json!(2), &json!("passphrase")));
        let _ = program.get(&kept).await.expect(200);
        assert_eq!(done(&process, &["keys", "status", "--json"])["root"][1]["provider"], "passphrase");
        assert!(stage.root_file().exists());
        done(&process, &["keys", "destroy-root", "1", "--json"]);
        assert!(!stage.root_file().exists(), "the last key in it is gone");
        process.kill();
        let mut process = Process::start_with(&stage.data(), &[], &sealed(stage.folder.path(), ""));
        let _ = process.stranger().with_token(&token).get(&kept).await.expect(200);
        process.kill();
    });
}

//! Back-ups for age recipients: whoever has the identity opens them, and the machine that makes them does not.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use seif::each_database;
use seif::testing::{drop_database, fresh_databases};
use serde_json::Value;

use crate::shelf::{customer, customers};

/// The real tool; `None`, after a word on stderr, where it is not installed and this is not CI.
#[expect(clippy::disallowed_methods, reason = "whether this is CI stands in the environment")]
pub(crate) fn tool(name: &str) -> Option<Command> {
    if Command::new(name).arg("--version").output().is_ok() {
        return Some(Command::new(name));
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is not installed: run ops/test");
    eprintln!("skipped: {name} is not installed");
    None
}

/// Makes an identity with the real tool; gives its recipient.
pub(crate) fn identity(file: &Path) -> Option<String> {
    let made = tool("age-keygen")?.arg("-o").arg(file).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let recipient = tool("age-keygen")?.arg("-y").arg(file).output().unwrap();
    Some(String::from_utf8(recipient.stdout).unwrap().trim().to_owned())
}

fn said(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn done(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a back-up says of itself.
fn label(file: &Path) -> Value {
    let bytes = std::fs::read(file).unwrap();
    let length = u32::from_be_bytes(bytes[16..20].try_into().unwrap());
    serde_json::from_slice(&bytes[20..20 + usize::try_from(length).unwrap()]).unwrap()
}

each_database! {
    async fn a_back_up_for_recipients_opens_with_their_identity_and_not_on_the_machine_that_made_it(world: World) {
        let safe = tempfile::tempdir().unwrap();
        let at = |name: &str| safe.path().join(name).display().to_string();
        let Some(recipient) = identity(&safe.path().join("id")) else { return };
        let other = identity(&safe.path().join("other")).unwrap();
        let owner = world.owner().await;
        customers(&owner).await;
        let _ = customer(&owner, "1").await;
        let configuration = format!(
            "[backup]\nto = \"{}\"\nkeyring_to = \"{}\"\nseal = \"recipients\"\nrecipients = [\"{recipient}\"]\n", at("data"), at("ring")
        );
        world.restart_with(&configuration).await;
        let folder = world.folder.path().to_owned();
        let urls = world.database_urls().to_vec();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
            command.arg("--data").arg(&folder).arg("--config").arg(folder.join("seif.toml"));
            if let [database, keyring] = urls.as_slice() {
                command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
            }
            command.args(arguments).arg("--json").output().unwrap()
        };
        let (data, ring, id, wrong) = (at("data"), at("ring"), at("id"), at("other"));
        let made = done(&run(&["backup", "create"]));
        assert_eq!(made["data"]["recipients"][0], recipient.as_str());
        assert!(made["data"]["key"].is_null() && !folder.join("backup.key").exists());
        for from in [&data, &ring] {
            assert_eq!(done(&run(&["backup", "verify", "--from", from, "--identity", &id]))["holds"], true);
            let refused = said(&run(&["backup", "verify", "--from", from, "--identity", &wrong]));
            assert!(refused.contains(&format!("opens with an age identity of {recipient}; given is an age identity of {other}")), "{refused}");
            let refused = said(&run(&["backup", "verify", "--from", from]));
            assert!(refused.contains("backup.key is not there"), "{refused}");
        }
        std::fs::write(at("none"), "AGE-SECRET-KEY-1NONE\n").unwrap();
        let refused = said(&run(&["backup", "verify", "--from", &data, "--identity", &at("none")]));
        assert!(refused.contains("is not an age key") && !refused.contains("1NONE"), "{refused}");
        assert_eq!(done(&run(&["backup", "drill", "--identity", &id]))["good"], true);

        // The tool opens what the label wraps, with that identity alone.
        let file = safe.path().join("data").join(made["data"]["name"].as_str().unwrap());
        let wrapped = BASE64.decode(label(&file)["keys"]["age"].as_str().unwrap()).unwrap();
        for (identity, opens) in [(&id, true), (&wrong, false)] {
            let mut age = tool("age").unwrap();
            age.args(["-d", "-i", identity]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut age = age.spawn().unwrap();
            age.stdin.take().unwrap().write_all(&wrapped).unwrap();
            let output = age.wait_with_output().unwrap();
            assert_eq!((output.status.success(), output.stdout.len()), if opens { (true, 32) } else { (false, 0) });
        }

        // Put back elsewhere, the keyring too.
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::copy(folder.join("root.key"), elsewhere.path().join("root.key")).unwrap();
        let databases = fresh_databases(world.database).unwrap().map(Vec::from).unwrap_or_default();
        let restore = |identity: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
            command.arg("--data").arg(elsewhere.path());
            if let [database, keyring] = databases.as_slice() {
                command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
            }
            command.args(["backup", "restore", "--from", &data, "--keyring-from", &ring, "--identity", identity, "--json"]);
            command.output().unwrap()
        };
        let refused = said(&restore(&wrong));
        assert!(refused.contains("opens with an age identity of"), "{refused}");
        assert_eq!(done(&restore(&id))["data"]["tables"]["records"]["rows"], 1);
        for url in &databases {
            drop_database(url);
        }

        // Beside the back-up key, either opens it.
        let key = at("backup.key");
        let _ = done(&run(&["backup", "create", "--to", &at("both"), "--recipient", &recipient, "--recipient", &other, "--key", &key]));
        for how in [["--key", key.as_str()], ["--identity", id.as_str()], ["--identity", wrong.as_str()]] {
            let arguments = ["backup", "verify", "--from", &at("both"), how[0], how[1]];
            assert_eq!(done(&run(&arguments))["holds"], true, "{how:?}");
        }

        // By themselves too, and no drill is tried that cannot be.
        world.later(std::time::Duration::from_secs(2 * 86_400));
        world.app.sweep().await;
        assert_eq!(done(&run(&["backup", "list", "--from", &data]))["backups"].as_array().unwrap().len(), 2);
    }
}

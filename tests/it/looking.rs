//! The commands by which an operator looks at the service: `seif tenants`, `seif audit`, `seif doctor`.

use std::path::Path;

use seif::testing::{Database, MARK, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::operator_ledger::told;
use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{customer, customers};
use crate::table::NOTHING;

/// The JSON of a command, and whether its exit status was 0.
fn shown(process: &Process, arguments: &[&str]) -> (Value, bool) {
    let output = process.command(arguments).arg("--json").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {said}");
    (
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {said}")),
        output.status.success(),
    )
}

/// What `seif doctor` says of each check.
fn examined(process: &Process) -> (Vec<(String, String)>, bool) {
    let (report, is_well) = shown(process, &["doctor"]);
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap();
    (checks.iter().map(|one| (text(one, "check"), text(one, "state"))).collect(), is_well)
}

fn state(found: &[(String, String)], check: &str) -> String {
    found.iter().find(|(name, _)| name == check).unwrap_or_else(|| panic!("{check}: {found:?}")).1.clone()
}

async fn story(data: &Path, databases: &[String]) {
    let settings = format!(
        "[backup]\nto = \"{0}/data\"\nkeyring_to = \"{0}/keyring\"\nkey = \"{0}/backup.key\"\n",
        data.with_extension("backups").display(),
    );
    let process = Process::start_with(data, databases, &settings);
    let owner = process.owner().await;
    customers(&owner).await;
    let _ = customer(&owner, "1").await;

    let (listed, done) = shown(&process, &["tenants", "list"]);
    assert!(done);
    let tenant = &listed["tenants"][0];
    let expected = json!({"state": "served", "members": 1, "records": 1, "files": 0});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&tenant[key], value, "{key}");
    }
    assert_eq!((tenant["id"].as_str(), &listed["next"]), (owner.tenant.as_deref(), &Value::Null));
    assert!(!listed.to_string().contains(MARK));

    let (seen, done) = shown(&process, &["tenants", "show", owner.tenant.as_deref().unwrap()]);
    let expected = json!({
        "kind": "self_employed", "name": format!("{MARK} and daughters"), "country": "LV",
        "registration_number": null, "vat_number": null, "address": null,
    });
    assert!(done && seen["subscriber"] == expected && seen["records"] == 1, "{seen}");
    assert_eq!(told(&owner).await[0]["action"], "operator_shown_tenant");
    for wrong in ["show", "erase"] {
        let output = process.command(&["tenants", wrong, NOTHING]).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{wrong}");
    }

    // Before a back-up was taken and tried by a command, and after.
    let (before, is_well) = examined(&process);
    assert!(is_well, "{before:?}");
    for (check, expected) in [
        ("configuration", "doubtful"),
        ("certificate", "good"),
        ("disk", &state(&before, "disk")),
        ("objects", "good"),
        ("databases", "good"),
        ("keys", "good"),
        ("operators' ledger", "good"),
        ("messages", "good"),
        // The service takes its first by itself, and tries it, sooner or later.
        ("drill", &state(&before, "drill")),
        ("back-ups", &state(&before, "back-ups")),
        ("back-ups of the keyring", &state(&before, "back-ups of the keyring")),
    ] {
        assert_eq!(state(&before, check), expected, "{check}");
    }
    let to = format!("{}/data", data.with_extension("backups").display());
    for command in [&["backup", "create", "--to", &to][..], &["backup", "drill", "--from", &to]] {
        assert!(shown(&process, command).1);
    }
    let (after, is_well) = examined(&process);
    assert!(is_well && state(&after, "drill") == "good" && state(&after, "back-ups") == "good", "{after:?}");

    // What was done is in the ledger, newest first, and the ledger is whole.
    let (ledger, done) = shown(&process, &["audit", "list", "--limit", "3"]);
    let acts: Vec<_> =
        ledger["entries"].as_array().unwrap().iter().map(|entry| (&entry["act"], &entry["step"])).collect();
    let (act, step) = (json!("try_backup"), json!("done"));
    assert!(done && acts.len() == 3 && acts[0] == (&act, &step), "{acts:?}");
    let before_it = ledger["next"].to_string();
    let (older, _) = shown(&process, &["audit", "list", "--before", &before_it]);
    assert_eq!(older["entries"].as_array().unwrap().len(), 3);
    let (whole, is_whole) = shown(&process, &["audit", "verify"]);
    assert!(is_whole && whole == json!({"intact": true, "entries": 6, "untold": 0}), "{whole}");

    // Somebody who can take the triggers away changes what was done.
    let mut keyring = match databases.get(1) {
        Some(url) => Beside::url(url),
        None => Beside::file(&data.join("keyring.db")),
    };
    keyring
        .run(match keyring {
            Beside::Sqlite(_) => "DROP TRIGGER operator_entries_unchanged",
            Beside::Postgres(_) => "ALTER TABLE operator_entries DISABLE TRIGGER USER",
        })
        .unwrap();
    keyring.run("UPDATE operator_entries SET at = at + 1 WHERE seq = 2").unwrap();
    let (broken, is_whole) = shown(&process, &["audit", "verify"]);
    assert!(!is_whole && broken["broken_at"] == 2, "{broken}");
    let (sick, is_well) = examined(&process);
    assert!(!is_well && state(&sick, "operators' ledger") == "bad", "{sick:?}");
}

fn on(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    actix_web::rt::System::new().block_on(story(&folder.path().join("data"), &databases));
    for url in &databases {
        drop_database(url);
    }
}

mod an_operator_sees_by_commands_what_there_is_what_was_done_and_what_is_not_as_it_should_be {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::on(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::on(Database::Postgres);
    }
}

//! The real service is ended by SIGKILL after each step of an erasure, and the next one goes on to the proof.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use seif::kernel::fault::Point;
use seif::testing::{Actor, Database, MARK, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{RECORDS, customer, customers, place, token};

/// The same person with the same session, who speaks to the process as it is now.
pub(crate) fn moved(actor: &Actor, process: &Process) -> Actor {
    let mut there = process.stranger();
    there.session.clone_from(&actor.session);
    there.token.clone_from(&actor.token);
    there.tenant.clone_from(&actor.tenant);
    there
}

/// A connection to one of the two databases beside the service's own.
fn beside(data: &Path, databases: &[String], which: usize) -> Beside {
    match databases.get(which) {
        Some(url) => Beside::url(url),
        None => Beside::file(&data.join(["seif.db", "keyring.db"][which])),
    }
}

/// How far the one erasure is, and whether it is certified.
fn stage(keyring: &mut Beside) -> (String, bool) {
    let lines = keyring.lines(
        "SELECT CAST(state AS TEXT) || CASE WHEN certificate IS NULL THEN '' ELSE '+' END AS line FROM erasures",
    );
    assert_eq!(lines.len(), 1);
    (lines[0].trim_end_matches('+').to_owned(), lines[0].ends_with('+'))
}

/// The certificate, as the keyring keeps it.
fn certificate(keyring: &mut Beside) -> String {
    let text = match keyring {
        Beside::Sqlite(_) => "SELECT CAST(certificate AS TEXT) AS line FROM erasures",
        Beside::Postgres(_) => "SELECT convert_from(certificate, 'UTF8') AS line FROM erasures",
    };
    keyring.lines(text).remove(0)
}

/// The states of an erasure that is certified.
const CERTIFIED: [&str; 2] = ["4", "5"];

async fn story(data: &Path, databases: &[String], point: Point) {
    let mut process = Process::start(data, databases);
    let owner = process.owner().await;
    customers(&owner).await;
    let record = place(&customer(&owner, "1").await);
    let program = token(&owner, &["records:read"]).await;
    let _ = program.get(&record).await.expect(200);
    process.kill();
    process.again_in(&[("SEIF_TEST_FAULT".to_owned(), point.name().to_owned())]);
    let wish = json!({"tenant_name": format!("{MARK} and daughters"), "when": "now"});
    let answer = moved(&owner, &process).attempt(Method::POST, "/api/v1/tenant/cancellation", Some(&wish)).await;
    assert_eq!(process.ended_by(), Some(9), "{point:?}");
    // What was acknowledged is done: the keys are gone before the answer.
    let mut keyring = beside(data, databases, 1);
    let (state, is_certified) = stage(&mut keyring);
    if let Some(answer) = answer {
        assert!(answer.expect(202).json()["keys_destroyed_at"].is_string() && state.as_str() >= "3", "{point:?}");
    }
    assert_eq!(is_certified, CERTIFIED.contains(&state.as_str()), "{point:?}: nothing is certified before its time");
    // The time is over for which the process that is no more had taken hold of it.
    keyring.run("UPDATE erasures SET held_until = 0").unwrap();
    process.again_in(&[]);
    let status = moved(&program, &process).get(&record).await.status;
    let is_open = matches!(point, Point::ErasureClaimed);
    assert!(status == 401 || (is_open && [200, 503].contains(&status)), "{point:?}: {status}");
    // What was counted for the certificate is forgotten last of all.
    let mut rows = beside(data, databases, 0);
    for _ in 0..600 {
        if CERTIFIED.contains(&stage(&mut keyring).0.as_str()) && rows.count("erased_rows") == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Everything is gone, and the proof of it holds, with its facts.
    assert!(CERTIFIED.contains(&stage(&mut keyring).0.as_str()), "{point:?}");
    assert_eq!(moved(&program, &process).get(RECORDS).await.status, 401);
    let file = data.with_extension("certificate");
    std::fs::write(&file, certificate(&mut keyring)).unwrap();
    let verified = process.command(&["verify", "--json", file.to_str().unwrap()]).output().unwrap();
    assert!(verified.status.success(), "{point:?}: {}", String::from_utf8_lossy(&verified.stderr));
    let proves: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert!(proves["rows"].as_u64().unwrap() > 10 && proves["keys"].as_u64().unwrap() >= 2, "{point:?}: {proves}");
    for table in
        ["tenants", "records", "record_tags", "audit_entries", "account_tenants", "sessions", "tokens", "erased_rows"]
    {
        assert_eq!(rows.count(table), 0, "{point:?}: {table}");
    }
    // Whom nobody knows, so that a sign-in takes the same time for them, are there as before.
    let mut keys = |kind: i16| -> i64 {
        let count = format!("SELECT CAST(count(*) AS TEXT) AS line FROM owner_keys WHERE owner_kind = {kind}");
        keyring.lines(&count)[0].parse().unwrap()
    };
    assert_eq!((keys(1), keys(2)), (0, rows.count("accounts")), "{point:?}");
    process.kill();
}

fn killed_after_each_step(database: Database) {
    for point in Point::OF_ERASURES {
        let Some(databases) = fresh_databases(database) else { return };
        let databases = databases.map(Vec::from).unwrap_or_default();
        let folder = tempfile::tempdir().unwrap();
        actix_web::rt::System::new().block_on(story(&folder.path().join("data"), &databases, point));
        for url in &databases {
            drop_database(url);
        }
    }
}

mod an_erasure_goes_on_after_a_kill_at_any_step_and_serves_nobody_by_halves {
    // P-14
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::killed_after_each_step(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::killed_after_each_step(Database::Postgres);
    }
}

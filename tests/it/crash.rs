//! SIGKILL in the middle of writing loses nothing that was acknowledged and leaves nothing by halves.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Method;
use seif::testing::{Actor, Database, drop_database, fresh_databases, sweep};
use serde_json::{Value, json};

use crate::process::Process;
use crate::shelf::{RECORDS, SEARCH, customers, pages};

/// What was acknowledged of a record before the kill.
#[derive(Default, Clone, Debug)]
struct Known {
    number: String,
    version: i64,
    reads: usize,
}

type Ledger = Rc<RefCell<BTreeMap<String, Known>>>;

/// Makes, changes and reads records until nobody answers.
async fn work(program: Actor, name: String, ledger: Ledger) {
    for n in 0.. {
        let number = format!("{name}-{n}");
        let body = json!({"values": {"number": number, "notes": "x".repeat(500)}});
        let Some(made) = program.attempt(Method::POST, RECORDS, Some(&body)).await else { return };
        let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        ledger.borrow_mut().insert(id.clone(), Known { number, version: 1, reads: 0 });
        let path = format!("{RECORDS}/{id}");
        if n % 2 == 0 {
            let change = json!({"values": {"notes": "changed"}});
            let changed = program.with_header("if-match", "\"v1\"").attempt(Method::PATCH, &path, Some(&change)).await;
            let Some(changed) = changed else { return };
            let _ = changed.expect(200);
            ledger.borrow_mut().get_mut(&id).unwrap().version = 2;
        }
        if n % 3 == 0 {
            let Some(read) = program.attempt(Method::GET, &path, None).await else { return };
            let _ = read.expect(200);
            ledger.borrow_mut().get_mut(&id).unwrap().reads += 1;
        }
    }
}

/// How often each action stands in the audit for each record.
async fn audited(program: &Actor) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for page in pages(program, "/api/v1/audit", 200).await {
        for entry in page["items"].as_array().unwrap() {
            let record = entry["subjects"].as_array().unwrap().iter().find_map(|subject| subject["record"].as_str());
            if let (Some(record), Some(action)) = (record, entry["action"].as_str()) {
                *found.entry((record.to_owned(), action.to_owned())).or_default() += 1;
            }
        }
    }
    found
}

/// Everything acknowledged is there, and everything that is there is whole.
async fn examine(program: &Actor, ledger: &BTreeMap<String, Known>) {
    let audit = audited(program).await;
    let times = |record: &str, action: &str| audit.get(&(record.to_owned(), action.to_owned())).copied().unwrap_or(0);
    let listed: Vec<Value> =
        pages(program, RECORDS, 200).await.iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    let mut there = BTreeMap::new();
    for record in &listed {
        let id = record["id"].as_str().unwrap();
        assert!(record.get("unreadable").is_none(), "{record}");
        let version = record["version"].as_i64().unwrap();
        there.insert(id.to_owned(), (record["values"]["number"].clone(), version));
        assert_eq!(times(id, "record_created"), 1, "{id}");
        assert_eq!(times(id, "record_changed"), usize::try_from(version).unwrap() - 1, "{id}");
    }
    for (id, known) in ledger {
        let (number, version) = there.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        assert_eq!(*number, known.number);
        assert!(*version >= known.version, "{id}: version {version}, {known:?}");
        assert!(times(id, "record_read") >= known.reads, "{id}: an acknowledged read is not in the audit");
    }
    // History and tags, of every seventh: each is two requests.
    for (id, (number, version)) in there.iter().step_by(7) {
        let history = program.get(&format!("{RECORDS}/{id}/versions")).await.expect(200).json();
        let versions: Vec<i64> =
            history["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, (1..=*version).rev().collect::<Vec<_>>(), "{id}");
        let found = program.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
        assert_eq!(crate::shelf::ids(&found), [id.as_str()]);
    }
    let verified = program.get("/api/v1/audit/verification").await.expect(200).json();
    assert_eq!(verified["intact"], true, "{verified}");
}

fn kill_and_examine(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&data, &databases);
        let mut program = process.program().await;
        customers(&program).await;
        let ledger = Ledger::default();
        for round in 0..3 {
            let before = ledger.borrow().len();
            let clients: Vec<_> = (0..4)
                .map(|n| actix_web::rt::spawn(work(program.clone(), format!("{round}-{n}"), Rc::clone(&ledger))))
                .collect();
            for _ in 0..600 {
                if ledger.borrow().len() >= before + 20 + 7 * round {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            process.kill();
            for client in clients {
                client.await.unwrap();
            }
            let known = ledger.borrow().clone();
            assert!(known.len() >= before + 20, "{} acknowledged", known.len() - before);
            process.again();
            program = process.stranger().with_token(program.token.as_deref().unwrap());
            examine(&program, &known).await;
        }
        process.kill();
    });
    sweep(folder.path(), &databases);
    for url in &databases {
        drop_database(url);
    }
}

mod a_kill_loses_nothing_acknowledged_and_leaves_nothing_by_halves {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::kill_and_examine(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::kill_and_examine(Database::Postgres);
    }
}

//! SIGKILL in the middle of writing loses nothing that was acknowledged and leaves nothing by halves.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Method;
use seif::testing::{Actor, Database, drop_database, fresh_databases, sweep};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::process::Process;
use crate::shelf::{RECORDS, SEARCH, customers, pages};

/// How often it is killed.
const ROUNDS: u64 = 6;

/// How many records a batch and an import make.
const MANY: usize = 25;

/// What was asked for and what was acknowledged of a record before the kill.
#[derive(Default, Clone, Debug)]
struct Known {
    number: String,
    version: i64,
    asked: usize,
    reads: usize,
}

/// Several records that are made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Asked,
    Acknowledged,
}

/// What the clients know.
#[derive(Default, Clone, Debug)]
struct Knowledge {
    records: BTreeMap<String, Known>,
    /// By what their numbers begin with.
    groups: BTreeMap<String, Group>,
    /// Told of each acknowledgement.
    heard: Rc<Notify>,
}

impl Knowledge {
    fn hear_of_record(&mut self, id: &str, number: String) {
        self.records.insert(id.to_owned(), Known { number, version: 1, ..Known::default() });
        self.heard.notify_waiters();
    }

    fn hear_of_group(&mut self, group: String) {
        self.groups.insert(group, Group::Acknowledged);
        self.heard.notify_waiters();
    }

    fn acknowledged(&self) -> usize {
        self.records.len() + self.groups.values().filter(|group| **group == Group::Acknowledged).count()
    }
}

type Ledger = Rc<RefCell<Knowledge>>;

/// Makes, changes and reads records until nobody answers.
async fn one_by_one(program: Actor, name: String, ledger: Ledger) {
    for n in 0.. {
        let number = format!("{name}-{n}");
        let body = json!({"values": {"number": number, "notes": "x".repeat(500)}});
        let Some(made) = program.attempt(Method::POST, RECORDS, Some(&body)).await else { return };
        let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        ledger.borrow_mut().hear_of_record(&id, number);
        let path = format!("{RECORDS}/{id}");
        if n % 2 == 0 {
            let change = json!({"values": {"notes": "changed"}});
            let changed = program.with_header("if-match", "\"v1\"").attempt(Method::PATCH, &path, Some(&change)).await;
            let Some(changed) = changed else { return };
            let _ = changed.expect(200);
            ledger.borrow_mut().records.get_mut(&id).unwrap().version = 2;
        }
        if n % 3 == 0 {
            ledger.borrow_mut().records.get_mut(&id).unwrap().asked += 1;
            let Some(read) = program.attempt(Method::GET, &path, None).await else { return };
            let _ = read.expect(200);
            ledger.borrow_mut().records.get_mut(&id).unwrap().reads += 1;
        }
    }
}

/// Makes batches until nobody answers.
async fn in_batches(program: Actor, name: String, ledger: Ledger) {
    for n in 0.. {
        let group = format!("{name}-{n}");
        ledger.borrow_mut().groups.insert(group.clone(), Group::Asked);
        let records = (0..MANY).map(|n| json!({"values": {"number": format!("{group}/{n}"), "notes": "x"}}));
        let body = json!({"records": records.collect::<Vec<_>>()});
        let made = program.attempt(Method::POST, &format!("{RECORDS}/batch"), Some(&body)).await;
        let Some(made) = made else { return };
        assert_eq!(made.expect(201).json()["ids"].as_array().unwrap().len(), MANY);
        ledger.borrow_mut().hear_of_group(group);
    }
}

/// Imports tables until nobody answers.
async fn by_import(program: Actor, name: String, ledger: Ledger) {
    for n in 0.. {
        let group = format!("{name}-{n}");
        ledger.borrow_mut().groups.insert(group.clone(), Group::Asked);
        let rows: String = (0..MANY).map(|n| format!("{group}/{n},imported\n")).collect();
        let table = ("text/csv", format!("number,notes\n{rows}").into_bytes());
        let made = program.attempt_bytes(Method::POST, "/api/v1/imports?collection=customers", Some(table)).await;
        let Some(made) = made else { return };
        assert_eq!(made.expect(201).json()["accepted"], MANY);
        ledger.borrow_mut().hear_of_group(group);
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
async fn examine(program: &Actor, known: &Knowledge) {
    let audit = audited(program).await;
    let times = |record: &str, action: &str| audit.get(&(record.to_owned(), action.to_owned())).copied().unwrap_or(0);
    let listed: Vec<Value> =
        pages(program, RECORDS, 200).await.iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    let (mut there, mut groups) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
    for record in &listed {
        let id = record["id"].as_str().unwrap();
        assert!(record.get("unreadable").is_none(), "{record}");
        let (number, version) = (record["values"]["number"].as_str().unwrap(), record["version"].as_i64().unwrap());
        let made = if let Some((group, _)) = number.split_once('/') {
            *groups.entry(group.to_owned()).or_default() += 1;
            0
        } else {
            1
        };
        there.insert(id.to_owned(), (number.to_owned(), version));
        assert_eq!(times(id, "record_created"), made, "{id}");
        assert_eq!(times(id, "record_changed"), usize::try_from(version).unwrap() - 1, "{id}");
    }
    for (id, known) in &known.records {
        let (number, version) = there.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        assert_eq!(*number, known.number);
        assert!(*version >= known.version, "{id}: version {version}, {known:?}");
        let reads = times(id, "record_read");
        assert!(reads >= known.reads, "{id}: an acknowledged read is not in the audit");
        assert!(reads <= known.asked, "{id}: {reads} reads in the audit of {} that were asked for", known.asked);
    }
    for (group, made) in &groups {
        assert!(known.groups.contains_key(group), "{group}");
        assert_eq!(*made, MANY, "{group} is there by half");
    }
    for (group, state) in &known.groups {
        assert!(*state == Group::Asked || groups.contains_key(group), "{group} was acknowledged and is gone");
    }
    // Of what was made at once the audit speaks once.
    let at_once = there.len() - there.values().filter(|(number, _)| !number.contains('/')).count();
    assert_eq!(at_once, MANY * groups.len());
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

/// How long after the first acknowledgement the kill comes: each round another time, the same in every run.
fn moment(round: u64) -> Duration {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round + 1);
    random ^= random >> 29;
    Duration::from_micros(random % 400_000)
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
        for round in 0..ROUNDS {
            let before = ledger.borrow().acknowledged();
            let client = |name: &str| (program.clone(), format!("{round}-{name}"), Rc::clone(&ledger));
            let mut clients = Vec::new();
            for name in ["a", "b", "c"] {
                let (program, name, ledger) = client(name);
                clients.push(actix_web::rt::spawn(one_by_one(program, name, ledger)));
            }
            let (batches, name, known) = client("batch");
            clients.push(actix_web::rt::spawn(in_batches(batches, name, known)));
            let (imports, name, known) = client("import");
            clients.push(actix_web::rt::spawn(by_import(imports, name, known)));
            for _ in 0..2_000 {
                if ledger.borrow().acknowledged() > before {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(moment(round)).await;
            // Every other time at the very moment of an acknowledgement: what was answered for is committed already.
            if round % 2 == 0 {
                let heard = Rc::clone(&ledger.borrow().heard);
                heard.notified().await;
            }
            process.kill();
            for client in clients {
                client.await.unwrap();
            }
            let known = ledger.borrow().clone();
            assert!(known.acknowledged() > before, "nothing was acknowledged in round {round}");
            process.again();
            program = process.stranger().with_token(program.token.as_deref().unwrap());
            examine(&program, &known).await;
        }
        let known = ledger.borrow().clone();
        let groups = known.groups.values().filter(|group| **group == Group::Acknowledged).count();
        assert!(known.records.len() >= 12 && groups >= 4, "{} records, {groups} groups", known.records.len());
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

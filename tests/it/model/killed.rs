//! The same against a real process that is ended by SIGKILL while it does something: what was acknowledged is there, and
//! what was not is whole or not there.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use seif::testing::{Actor, Database, drop_database, fresh_databases, sweep};
use serde_json::{Value, json};

use super::Dice;
use crate::files::content;
use crate::leaving_kills::moved;
use crate::process::Process;
use crate::root_keys::done;
use crate::shelf::{RECORDS, SEARCH, customers, ids, pages, place};

/// How many operations a run has, and every which of them is cut off by a kill.
const OPERATIONS: usize = 26;
const KILLED: usize = 4;

/// How many records are made at once.
const MANY: usize = 5;

const FILES: &str = "/api/v1/files";

/// A record: where it is, and what its notes may be. What is known stands alone.
struct Record {
    place: String,
    notes: Vec<String>,
}

/// What the service may hold after what it has acknowledged, and what not.
#[derive(Default)]
struct Known {
    /// By their numbers; those whose making was not acknowledged have no place yet.
    records: BTreeMap<String, Record>,
    /// Numbers that may be there or not, one with another.
    perhaps: Vec<Vec<String>>,
    /// Where records may be gone or not.
    perhaps_gone: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
    /// Content of files that may be there or not, and where files may be gone or not.
    perhaps_stored: Vec<Vec<u8>>,
    perhaps_discarded: Vec<String>,
}

/// What is asked for.
enum Wish {
    Make(Vec<String>),
    Change(String, String),
    Erase(String),
    Store(Vec<u8>),
    Discard(String),
}

fn wish(known: &Known, dice: &mut Dice, step: usize) -> Wish {
    let nth = |which: usize| known.records.keys().nth(which).cloned();
    let (kind, which) = (dice.below(10), dice.below(6));
    match (kind, nth(which), known.files.keys().nth(which)) {
        (0 | 1, Some(number), _) => Wish::Change(number, format!("changed {step}")),
        (2, Some(number), _) => Wish::Erase(number),
        (3, _, Some(file)) => Wish::Discard(file.clone()),
        (4 | 5, ..) => Wish::Store(content(step * 20_011)),
        (6 | 7, ..) => Wish::Make((0..MANY).map(|n| format!("{step}/{n}")).collect()),
        _ => Wish::Make(vec![format!("{step}")]),
    }
}

fn values(number: &str) -> Value {
    json!({"values": {"number": number, "name": "Anna", "notes": number}})
}

/// Asks, and keeps what is known after the answer, or without one.
async fn ask(owner: &Actor, known: &mut Known, wish: Wish) {
    let any = owner.with_header("if-match", "*");
    match wish {
        Wish::Make(numbers) => {
            let made = if let [number] = numbers.as_slice() {
                owner.attempt(Method::POST, RECORDS, Some(&values(number))).await
            } else {
                let records: Vec<Value> = numbers.iter().map(|number| values(number)).collect();
                owner.attempt(Method::POST, &format!("{RECORDS}/batch"), Some(&json!({"records": records}))).await
            };
            let Some(made) = made else {
                known.perhaps.push(numbers);
                return;
            };
            let made = made.expect(201);
            let places: Vec<String> = match made.json()["ids"].as_array() {
                Some(ids) => ids.iter().map(|id| format!("{RECORDS}/{}", id.as_str().unwrap())).collect(),
                None => vec![place(&made)],
            };
            for (number, place) in numbers.into_iter().zip(places) {
                let notes = vec![number.clone()];
                known.records.insert(number, Record { place, notes });
            }
        }
        Wish::Change(number, notes) => {
            let record = known.records.get_mut(&number).unwrap();
            let change = json!({"values": {"notes": notes}});
            match any.attempt(Method::PATCH, &record.place, Some(&change)).await {
                Some(changed) => {
                    let _ = changed.expect(200);
                    record.notes = vec![notes];
                }
                None => record.notes.push(notes),
            }
        }
        Wish::Erase(number) => {
            let place = known.records[&number].place.clone();
            let erasing = any.attempt(Method::POST, &format!("{place}/erasure"), Some(&json!({}))).await;
            match erasing {
                Some(erased) => {
                    let _ = erased.expect(200);
                    known.records.remove(&number);
                }
                None => known.perhaps_gone.push(number),
            }
        }
        Wish::Store(content) => {
            let named = owner.with_header("content-disposition", "attachment; filename=\"file\"");
            match named.attempt_bytes(Method::POST, FILES, Some(("text/plain", content.clone()))).await {
                Some(stored) => drop(known.files.insert(place(&stored.expect(201)), content)),
                None => known.perhaps_stored.push(content),
            }
        }
        Wish::Discard(file) => match owner.attempt(Method::DELETE, &file, None).await {
            Some(gone) => {
                let _ = gone.expect(204);
                known.files.remove(&file);
            }
            None => known.perhaps_discarded.push(file),
        },
    }
}

/// What is there is found out, and whether it may be.
async fn examine(owner: &Actor, known: &mut Known, when: &str) {
    let listed: Vec<Value> =
        pages(owner, RECORDS, 200).await.iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut there: BTreeMap<String, (String, String)> = listed
        .iter()
        .map(|one| {
            let place = format!("{RECORDS}/{}", one["id"].as_str().unwrap());
            (text(&one["values"]["number"]), (place, text(&one["values"]["notes"])))
        })
        .collect();
    assert_eq!(there.len(), listed.len(), "{when}: a number stands twice");
    for numbers in known.perhaps.drain(..) {
        let found: Vec<_> = numbers.iter().filter_map(|number| Some((number, there.get(number)?))).collect();
        assert!([0, numbers.len()].contains(&found.len()), "{when}: made by halves: {found:?}");
        for (number, (place, _)) in found {
            let record = Record { place: place.clone(), notes: vec![number.clone()] };
            known.records.insert(number.clone(), record);
        }
    }
    for number in known.perhaps_gone.drain(..) {
        if !there.contains_key(&number) {
            let gone = known.records.remove(&number).unwrap().place;
            let _ = owner.get(&gone).await.problem(404, "not_found");
            let _ = owner.get(&format!("{gone}/versions")).await.problem(404, "not_found");
        }
    }
    for (number, record) in &mut known.records {
        let (place, notes) = there.remove(number).unwrap_or_else(|| panic!("{when}: {number} is gone"));
        assert_eq!(place, record.place, "{when}");
        assert!(record.notes.contains(&notes), "{when}: {number} is neither as it was nor as it was to be");
        record.notes = vec![notes];
        let found = owner.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
        assert_eq!(ids(&found), [place.rsplit('/').next().unwrap()], "{when}");
        let _ = owner.post(RECORDS, values(number)).await.problem(409, "already_exists");
    }
    assert!(there.is_empty(), "{when}: nobody asked for {there:?}");
    examine_files(owner, known, when).await;
    let verified = owner.get("/api/v1/audit/verification").await.expect(200).json();
    assert_eq!(verified["intact"], true, "{when}: {verified}");
}

async fn examine_files(owner: &Actor, known: &mut Known, when: &str) {
    for file in known.perhaps_discarded.drain(..) {
        if owner.get(&file).await.status == 404 {
            known.files.remove(&file);
        }
    }
    let mut listed: Vec<String> = pages(owner, FILES, 200).await.iter().flat_map(ids).collect();
    for (file, content) in &known.files {
        assert!(owner.get(file).await.expect(200).bytes == *content, "{when}: a file is not as it was stored");
        listed.retain(|id| !file.ends_with(id));
    }
    for content in known.perhaps_stored.drain(..) {
        let Some(id) = listed.pop() else { break };
        let file = format!("{FILES}/{id}");
        assert!(owner.get(&file).await.expect(200).bytes == content, "{when}: a file is there by halves");
        known.files.insert(file, content);
    }
    assert!(listed.is_empty(), "{when}: nobody stored {listed:?}");
}

/// Takes a back-up beside the service, and ends it by SIGKILL after a while: what has a name is whole.
fn break_a_back_up_off(process: &Process, folder: &std::path::Path, after: Duration) {
    let to = folder.join("backups").display().to_string();
    let mut command = process.command(&["backup", "create", "--to", &to, "--json"]);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    drop(child.kill());
    child.wait().unwrap();
    let named = std::fs::read_dir(&to)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "seif"));
    if named.count() > 0 {
        assert_eq!(done(process, &["backup", "verify", "--from", &to, "--json"])["holds"], true);
    }
}

fn run(database: Database, seed: u64) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&folder.path().join("data"), &databases);
        let mut owner = process.owner().await;
        customers(&owner).await;
        let (mut known, mut dice, mut unanswered) = (Known::default(), Dice(seed), 0);
        for step in 0..OPERATIONS {
            let (when, wish) = (format!("seed {seed}, step {step}"), wish(&known, &mut dice, step));
            if step % KILLED != KILLED - 1 {
                ask(&owner, &mut known, wish).await;
                continue;
            }
            let moment = Duration::from_micros(u64::try_from(dice.below(40_000)).unwrap());
            let before = unsure(&known);
            tokio::join!(ask(&owner, &mut known, wish), async {
                tokio::time::sleep(moment).await;
                process.kill();
            });
            unanswered += usize::from(unsure(&known) > before);
            process.again();
            owner = moved(&owner, &process);
            examine(&owner, &mut known, &when).await;
            if step == KILLED - 1 {
                break_a_back_up_off(&process, folder.path(), Duration::from_millis(400) + moment * 10);
            }
        }
        examine(&owner, &mut known, "at the end").await;
        assert!(unanswered > 0 && !known.files.is_empty(), "seed {seed} does too little, choose another");
        process.kill();
    });
    sweep(folder.path(), &databases);
    for url in &databases {
        drop_database(url);
    }
}

fn unsure(known: &Known) -> usize {
    let changed: usize = known.records.values().map(|record| record.notes.len() - 1).sum();
    let made = known.perhaps.len() + known.perhaps_gone.len();
    changed + made + known.perhaps_stored.len() + known.perhaps_discarded.len()
}

mod a_kill_leaves_what_was_acknowledged_and_nothing_else_by_halves {
    use super::{Database, run};

    #[test]
    fn sqlite() {
        run(Database::Sqlite, 41_117);
    }

    #[test]
    fn postgres() {
        run(Database::Postgres, 97_003);
    }
}

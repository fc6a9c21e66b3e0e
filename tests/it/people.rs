//! Somebody asks to be forgotten: found wherever they are mentioned, and erased there, whatever is interrupted or put back.

use std::path::Path;

use reqwest::Method;
use seif::each_database;
use seif::kernel::backup::format::What;
use seif::kernel::fault::Point;
use seif::testing::{Actor, Database, World, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::backups::{Safe, lose, sources};
use crate::leaving_kills::moved;
use crate::operator_ledger::keyring_of;
use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{IBAN, RECORDS, customers, place, store, token};
use crate::vault_pages::{browser, send};

const PEOPLE: &str = "/api/v1/people/search";
const ERASURE: &str = "/api/v1/people/erasure";

async fn write(owner: &Actor, number: &str, name: &str, notes: &str) -> String {
    let notes = Some(notes).filter(|notes| !notes.is_empty());
    let values = json!({"values": {"number": number, "name": name, "iban": IBAN, "notes": notes}});
    place(&owner.post(RECORDS, values).await.expect(201))
}

fn id(place: &str) -> String {
    place.rsplit('/').next().unwrap().to_owned()
}

async fn look_for(owner: &Actor, known_by: &[&str]) -> Value {
    owner.post(PEOPLE, json!({"known_by": known_by})).await.expect(200).json()
}

/// Where each record that was found mentions them.
fn places(found: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let records = found["records"].as_array().unwrap().iter();
    let mut places: Vec<_> = records.map(|one| (text(&one["id"]), text(&one["mentioned_in"]))).collect();
    places.sort();
    places
}

/// What was found, as its erasure names it.
fn chosen(found: &Value) -> Value {
    let one = |one: &Value| json!({"collection": one["collection"], "id": one["id"], "version": one["version"]});
    json!({"records": found["records"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()})
}

/// A vault in which Anna is mentioned in six ways, and Bruno in none of them.
struct Shop {
    owner: Actor,
    anna: Vec<String>,
    bruno: String,
}

impl Shop {
    async fn open(world: &mut World) -> Self {
        let owner = world.owner().await;
        customers(&owner).await;
        let by_name = write(&owner, "1", "Anna Kalniņa", "").await;
        let by_note = write(&owner, "2", "Shop", "write to ANNA@example.lv").await;
        let before = write(&owner, "3", "Anna Kalniņa", "").await;
        let any = owner.with_header("if-match", "*");
        for name in ["Bruno", "Bruno Ozols"] {
            let _ = any.patch(&before, json!({"values": {"name": name}})).await.expect(200);
        }
        let trashed = write(&owner, "4", "kalnina, anna", "").await;
        let _ = any.delete(&trashed).await.expect(204);
        let by_file = write(&owner, "5", "Contract", "").await;
        let _ = store(&owner, &format!("?record={}", id(&by_file)), "Anna Kalnina.pdf", b"signed").await.expect(201);
        let bruno = write(&owner, "6", "Bruno Kalniņš", "Anna's brother").await;
        Self { owner, anna: [by_name, by_note, before, trashed, by_file].to_vec(), bruno }
    }

    async fn found(&self) -> Value {
        look_for(&self.owner, &["kalnina ANNA", "anna@example.lv"]).await
    }

    async fn is_forgotten(&self, world: &World) {
        let program = self.owner.moved_to(world);
        for place in &self.anna {
            let _ = program.get(place).await.problem(404, "not_found");
            let _ = program.get(&format!("{place}/versions")).await.problem(404, "not_found");
        }
        let kept = program.get(&self.bruno).await.expect(200).json();
        assert_eq!(kept["values"]["name"], "Bruno Kalniņš");
        let trash = program.get("/api/v1/collections/customers/trash").await.expect(200).json();
        assert_eq!(trash["items"], json!([]));
    }
}

each_database! {
    async fn somebody_is_found_in_values_histories_the_trash_and_files_names_and_all_of_it_is_erased(world: World) {
        // P-14
        let mut shop = Shop::open(world).await;
        let other = Shop::open(world).await;
        let loose = store(&shop.owner, "", "Anna Kalnina.txt", b"loose").await.expect(201).json();
        let found = shop.found().await;
        let expected = ["values", "values", "history", "values", "file_name"];
        let mut expected: Vec<_> =
            shop.anna.iter().map(|place| id(place)).zip(expected.map(ToOwned::to_owned)).collect();
        expected.sort();
        assert_eq!(places(&found), expected);
        assert_eq!((&found["files"], &found["reach"]), (&json!([loose["id"]]), &json!("everything")));
        assert!(found["records"][0]["record"]["values"]["iban"]["masked"].is_string(), "{found}");
        // Sensitive values are looked at: whoever may erase may reveal.
        assert_eq!(places(&look_for(&shop.owner, &[IBAN]).await).len(), 6);
        assert_eq!(places(&look_for(&shop.owner, &["nobody at all"]).await), []);

        // One of them was changed since: nothing is erased.
        let any = shop.owner.with_header("if-match", "*");
        let _ = any.patch(&shop.anna[4], json!({"values": {"notes": "later"}})).await.expect(200);
        let _ = shop.owner.post(ERASURE, chosen(&found)).await.problem(412, "version_conflict");
        let mut strange = chosen(&shop.found().await);
        strange["records"].as_array_mut().unwrap().push(chosen(&other.found().await)["records"][0].clone());
        let _ = shop.owner.post(ERASURE, strange).await.problem(404, "not_found");
        assert_eq!(places(&shop.found().await).len(), 5);

        let safe = Safe::new();
        let made = safe.take(world, What::Data);
        let receipt = shop.owner.post(ERASURE, chosen(&shop.found().await)).await.expect(200).json();
        assert_eq!(receipt["records"].as_array().unwrap().len(), 5);
        let purged = &receipt["purged"];
        assert_eq!((&purged["records"], &purged["files"]), (&json!(5), &json!(1)), "{receipt}");
        assert!(purged["record_versions"].as_u64().unwrap() >= 4, "{receipt}");
        assert!(receipt["no_back_up_from"].as_str() > receipt["erased_at"].as_str(), "{receipt}");
        shop.is_forgotten(world).await;
        assert_eq!(places(&shop.found().await), []);
        assert_eq!(places(&other.found().await).len(), 5);
        let audit = shop.owner.get("/api/v1/audit?limit=200").await.expect(200).text();
        for place in &shop.anna {
            // That it was erased, and nothing else.
            assert_eq!(audit.matches(&id(place)).count(), 1, "{audit}");
        }
        assert_eq!(shop.owner.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);

        // A back-up of before brings nobody back.
        let data = sources(world).data;
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&made, &data);
        }).await;
        shop.owner = shop.owner.moved_to(world);
        let _ = shop.owner.sign_in().await.expect(201);
        shop.is_forgotten(world).await;
    }

    async fn who_was_erased_comes_back_by_no_row_of_restores(world: World) {
        // P-14: a keyring of before the erasure, and then data of before it.
        let mut shop = Shop::open(world).await;
        let safe = Safe::new();
        let (data, keyring) = (safe.take(world, What::Data), safe.take(world, What::Keyring));
        let receipt = shop.owner.post(ERASURE, chosen(&shop.found().await)).await.expect(200).json();
        shop.is_forgotten(world).await;
        let entries = |world: &World| keyring_of(world).lines("SELECT CAST(at AS TEXT) AS line FROM ledger ORDER BY at");
        let entered = entries(world);
        assert_eq!(entered.len(), receipt["records"].as_array().unwrap().len());

        let at = sources(world);
        for made in [&keyring, &data] {
            let target = if made.label.what == What::Keyring { &at.keyring } else { &at.data };
            world.restart_on(|_| {
                lose(target);
                safe.put_back(made, target);
            }).await;
            assert_eq!(entries(world).len(), entered.len(), "{:?}", made.label.what);
        }
        shop.owner = shop.owner.moved_to(world);
        let _ = shop.owner.sign_in().await.expect(201);
        shop.is_forgotten(world).await;
        assert_eq!(usize::try_from(Beside::of(world).count("erased_records")).unwrap(), entered.len());
    }

    async fn who_is_looked_for_by_nothing_or_too_much_is_told_so(world: World) {
        let owner = world.owner().await;
        for known_by in [json!([]), json!(["an"]), json!(["  a  "]), json!(["x".repeat(201)]), json!(vec!["anna"; 11])] {
            let _ = owner.post(PEOPLE, json!({"known_by": known_by})).await.problem(422, "invalid");
        }
        let _ = owner.post(ERASURE, json!({"records": []})).await.problem(422, "invalid");
        let none = json!({"records": [{"collection": "customers", "id": "x", "version": 1}]});
        let _ = owner.post(ERASURE, none).await.problem(422, "invalid");
        let program = token(&owner, &["records:read", "records:write", "records:reveal"]).await;
        let _ = program.post(PEOPLE, json!({"known_by": ["anna"]})).await.problem(403, "forbidden");
    }

    async fn the_page_finds_somebody_and_erases_what_stays_ticked(world: World) {
        let shop = Shop::open(world).await;
        let browser = browser(&shop.owner);
        let at = format!("/t/{}/people", shop.owner.tenant.as_deref().unwrap());
        let page = browser.get(&at).await.expect(200).page();
        assert!(page.contains(&format!("action=\"{at}/search\"")) && !page.contains("name=\"record\""));
        let wrong = send(&browser, &format!("{at}/search"), &[("known_by", "an")]).await.expect(422).page();
        assert!(wrong.contains("aria-invalid=\"true\"") && !wrong.contains("name=\"record\""));
        let known_by = [("known_by", "Kalniņa Anna\r\n\r\n anna@example.lv ")];
        let found = send(&browser, &format!("{at}/search"), &known_by).await.expect(200).page();
        let ticked: Vec<&str> = found
            .split("name=\"record\" value=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert_eq!(ticked.len(), 5, "{found}");
        // Everything but the contract.
        let contract = id(&shop.anna[4]);
        let fields: Vec<(&str, &str)> =
            ticked.iter().filter(|value| !value.contains(&contract)).map(|value| ("record", *value)).collect();
        let receipt = send(&browser, &format!("{at}/erase"), &fields).await.expect(200).page();
        assert!(shop.anna[..4].iter().all(|place| receipt.contains(&id(place))) && !receipt.contains(&contract));
        assert_eq!(places(&shop.found().await).len(), 1);
        let _ = send(&browser, &format!("{at}/erase"), &[("record", "customers/x")]).await.expect(400);
    }
}

async fn story(data: &Path, databases: &[String]) {
    let mut process = Process::start(data, databases);
    let owner = process.owner().await;
    customers(&owner).await;
    let mut anna = Vec::new();
    for number in ["1", "2", "3"] {
        anna.push(write(&owner, number, "Anna Kalniņa", "").await);
    }
    let bruno = write(&owner, "4", "Bruno", "").await;
    let program = token(&owner, &["records:read"]).await;
    process.kill();
    process.again_in(&[("SEIF_TEST_FAULT".to_owned(), Point::RecordErased.name().to_owned())]);
    let wish = chosen(&look_for(&moved(&owner, &process), &["anna kalnina"]).await);
    let answer = moved(&owner, &process).attempt(Method::POST, ERASURE, Some(&wish)).await;
    assert_eq!((answer.is_none(), process.ended_by()), (true, Some(9)));
    process.again_in(&[]);
    let program = moved(&program, &process);
    for place in &anna {
        let _ = program.get(place).await.problem(404, "not_found");
    }
    let _ = program.get(&bruno).await.expect(200);
    process.kill();
}

fn killed_between_two(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    actix_web::rt::System::new().block_on(story(&folder.path().join("data"), &databases));
    for url in &databases {
        drop_database(url);
    }
}

mod killed_between_two_records_all_of_them_are_erased_at_the_next_start {
    // P-14
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::killed_between_two(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::killed_between_two(Database::Postgres);
    }
}

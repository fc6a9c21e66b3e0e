//! A table brought in through the pages: file, dry run, word, result.

use std::time::Duration;

use seif::each_database;
use seif::testing::{Actor, Answer};
use serde_json::json;

use crate::rows::Beside;
use crate::shelf::upload;
use crate::vault_pages::{browser, send};

const VISITS: &str = "visits";

/// People with a unique number, and visits that link to them.
async fn collections(owner: &Actor) -> String {
    let people = json!({"name": "People", "fields": [
        {"name": "number", "label": {"en": "Number", "lv": "Numurs"}, "kind": "text", "required": true, "unique": true},
        {"name": "name", "label": {"en": "Name", "lv": "Vārds"}, "kind": "text"},
        {"name": "limit", "label": "Limit", "kind": "money"}]});
    let visits = json!({"name": "Visits", "fields": [
        {"name": "day", "label": "Day", "kind": "date", "required": true},
        {"name": "person", "label": "Person", "kind": "link", "collection": "people"}]});
    for collection in [people, visits] {
        let _ = owner.post("/api/v1/collections", collection).await.expect(201);
    }
    format!("/t/{}/collections", owner.tenant.as_deref().unwrap())
}

/// Chooses a file; gives the address of the dry run.
async fn chosen(anna: &Actor, at: &str, content: &str) -> String {
    let to = format!("{at}/people/import");
    upload(anna, &to, &[("currency", "EUR")], ("klienti.csv", content.as_bytes())).await.expect(303).header("location")
}

async fn confirmed(anna: &Actor, import: &str, told: &str) -> Answer {
    send(anna, import, &[("told", told)]).await
}

async fn count(owner: &Actor, slug: &str) -> usize {
    let page = owner.get(&format!("/api/v1/collections/{slug}/records?limit=200")).await.expect(200).json();
    page["items"].as_array().unwrap().len()
}

fn waiting(world: &seif::testing::World) -> Vec<String> {
    Beside::of(world).rows("waiting_imports", "1 = 1")
}

each_database! {
    async fn a_file_is_told_then_imported_by_forms_alone(world: World) {
        let owner = world.owner().await;
        let (at, name) = (collections(&owner).await, world.somebody());
        let anna = browser(&owner);
        let empty = anna.get(&format!("{at}/people")).await.expect(200).page();
        assert!(empty.matches(&format!("{at}/people/import\"")).count() == 2, "in the head, and where nothing is");
        let form = anna.get(&format!("{at}/people/import")).await.expect(200).page();
        assert!(form.contains("multipart/form-data") && form.contains("type=\"file\"") && form.contains("value=\"EUR\""));
        let import = chosen(&anna, &at, &format!("Numurs;Vārds;Limit;Krāsa\n1;{name};12.50;red\n2;;7 KZT;\n;x;;\n1;;;\n")).await;
        let told = anna.get(&import).await.expect(200).page();
        for part in ["klienti.csv", "2 rows are ready", "2 rows would be left out", "left out</span>", "name=\"told\" value=\"2\""] {
            assert!(told.contains(part), "{part}: {told}");
        }
        // The third row has no number, the fourth one that the first has: told by line and heading.
        for line in ["</span>4</th>", "</span>5</th>"] {
            assert!(told.contains(line), "{line}: {told}");
        }
        assert!(told.contains("<span>Numurs</span>") && told.contains("Krāsa"));
        assert_eq!(count(&owner, "people").await, 0, "nothing is stored yet");
        let done = confirmed(&anna, &import, "2").await.expect(303).header("location");
        assert_eq!(done, import);
        let result = anna.get(&done).await.expect(200).page();
        assert!(result.contains("2 records were made") && result.contains("2 rows were left out"), "{result}");
        assert_eq!(count(&owner, "people").await, 2);
        let found = owner.post("/api/v1/collections/people/search", json!({"where": {"number": "1"}})).await.expect(200).json();
        assert_eq!(found["items"][0]["values"]["limit"], json!({"amount": "12.50", "currency": "EUR"}));
        // The file is gone, and the word given twice is one.
        let (id, null) = (import.rsplit('/').next().unwrap(), "file IS NULL");
        assert_eq!(Beside::of(world).rows("waiting_imports", null).len(), 1);
        let _ = confirmed(&anna, &import, "2").await.expect(303);
        assert_eq!(count(&owner, "people").await, 2);
        let trail = owner.get("/api/v1/audit").await.expect(200).text();
        assert!(trail.contains("import_done") && trail.contains(id), "{trail}");
    }

    async fn links_are_found_by_what_the_form_says(world: World) {
        let owner = world.owner().await;
        let at = collections(&owner).await;
        let anna = browser(&owner);
        let import = chosen(&anna, &at, "number\n1\n").await;
        let _ = confirmed(&anna, &import, "1").await.expect(303);
        let to = format!("{at}/{VISITS}/import");
        let form = anna.get(&to).await.expect(200).page();
        assert!(form.contains("name=\"link.person\"") && form.contains("<option value=\"number\" selected>"), "{form}");
        let visits = ("visits.csv", &b"day,person\n22.11.2026,1\n2026-11-23,2\n"[..]);
        let import = upload(&anna, &to, &[("link.person", "number")], visits).await.expect(303).header("location");
        let told = anna.get(&import).await.expect(200).page();
        assert!(told.contains("One row is ready") && told.contains("There is no such record."), "{told}");
        let _ = confirmed(&anna, &import, "1").await.expect(303);
        assert_eq!(count(&owner, VISITS).await, 1);
    }

    async fn a_word_for_what_is_no_longer_so_stores_nothing(world: World) {
        let owner = world.owner().await;
        let at = collections(&owner).await;
        let anna = browser(&owner);
        let import = chosen(&anna, &at, "number\n1\n2\n").await;
        assert!(anna.get(&import).await.expect(200).page().contains("2 rows are ready"));
        let _ = owner.post("/api/v1/collections/people/records", json!({"values": {"number": "2"}})).await.expect(201);
        let again = confirmed(&anna, &import, "2").await.expect(412).page();
        assert!(again.contains("The vault has changed") && again.contains("name=\"told\" value=\"1\""), "{again}");
        assert_eq!(count(&owner, "people").await, 1);
        let _ = confirmed(&anna, &import, "1").await.expect(303);
        assert_eq!(count(&owner, "people").await, 2);
        // Where no row fits there is no word to give.
        let none = chosen(&anna, &at, "number\n1\n2\n").await;
        assert!(!anna.get(&none).await.expect(200).page().contains(">Import</button>"));
        let _ = confirmed(&anna, &none, "0").await.expect(412);
        assert_eq!(count(&owner, "people").await, 2);
    }

    async fn a_file_that_is_no_table_is_told_beside_the_field(world: World) {
        let owner = world.owner().await;
        let at = collections(&owner).await;
        let anna = browser(&owner);
        let to = format!("{at}/people/import");
        for (name, content, said) in [
            ("", &b""[..], "Please fill this in."),
            ("a.csv", b"", "There is nothing here."),
            ("a.csv", b"a\n\xff\n", "not written in UTF-8"),
            ("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest", "password"),
            ("a.xlsx", b"PK\x03\x04rest", "workbook cannot be read"),
        ] {
            let text = upload(&anna, &to, &[("currency", "EUR")], (name, content)).await.expect(422).page();
            assert!(text.contains("id=\"e-file\"") && text.contains(said), "{said}: {text}");
        }
        let text = upload(&anna, &to, &[("currency", "euros")], ("a.csv", b"number\n1\n")).await.expect(422).page();
        assert!(text.contains("id=\"e-currency\"") && text.contains("value=\"euros\""));
        assert!(waiting(world).is_empty());
        let large = vec![b'a'; 9 * 1024 * 1024];
        let _ = upload(&anna, &to, &[], ("a.csv", &large)).await.expect(413);
        let form = ("multipart/form-data", b"x".to_vec());
        let _ = anna.send_bytes(reqwest::Method::POST, &to, Some(form)).await.expect(400);
        let _ = send(&anna, &to, &[("file", "x")]).await.expect(415);
        let _ = confirmed(&anna, &chosen(&anna, &at, "number\n1\n").await, "one").await.expect(400);
    }

    async fn a_file_waits_an_hour_alone_and_for_its_owner(world: World) {
        let mut owner = world.owner().await;
        let (at, name) = (collections(&owner).await, world.somebody());
        let anna = browser(&owner);
        let first = chosen(&anna, &at, &format!("number,name\n1,{name}\n")).await;
        let second = chosen(&anna, &at, "number\n1\n").await;
        assert_eq!(waiting(world).len(), 1, "one for an account");
        let _ = anna.get(&first).await.expect(404);
        let member = browser(&world.member(&owner, seif::kernel::access::Role::Admin).await);
        for import in [&first, &second] {
            let _ = member.get(import).await.expect(404);
            let _ = confirmed(&member, import, "1").await.expect(404);
        }
        // Longer than an idle session: she comes back.
        world.later(Duration::from_secs(3_000));
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.confirm(world).await.expect(200);
        let anna = browser(&owner);
        assert_eq!(world.app.services.vault.sweep().await.unwrap(), 0);
        assert!(anna.get(&second).await.expect(200).page().contains("One row is ready"));
        world.later(Duration::from_secs(600));
        let _ = anna.get(&second).await.expect(404);
        let _ = confirmed(&anna, &second, "1").await.expect(404);
        assert_eq!(world.app.services.vault.sweep().await.unwrap(), 1);
        assert!(waiting(world).is_empty());
        assert_eq!(Beside::of(world).count("sweeps"), 0);
        assert_eq!(count(&owner, "people").await, 0);
    }
}

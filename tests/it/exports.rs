//! Everything out, in open formats (P-2).

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::kernel::access::Role;
use seif::testing::{Actor, MARK, World};
use serde_json::{Value, json};

use crate::files::{content, objects};
use crate::leaving::leave;
use crate::shelf::{IBAN, RECORDS, customer, customers, pages, place, store, token};
use crate::vault_pages::{browser, send};
use crate::wire::{Wire, read_answer};

pub(crate) const FULL: &str = "/api/v1/exports/full";

/// The entries of an archive.
pub(crate) fn entries(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = BTreeMap::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).unwrap();
        let (name, mut content) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut content).unwrap();
        assert!(entries.insert(name, content).is_none());
    }
    entries
}

pub(crate) fn parsed(entries: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&entries[name]).unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn taken(actor: &Actor, query: &str) -> BTreeMap<String, Vec<u8>> {
    let answer = actor.get(&format!("{FULL}{query}")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/zip");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"seif-2"));
    entries(&answer.bytes)
}

/// A vault with something of each kind in it.
pub(crate) async fn vault(world: &mut World) -> (Actor, Vec<Value>) {
    let owner = world.owner().await;
    customers(&owner).await;
    let mut stored = Vec::new();
    for (number, length) in [(1, 0), (2, 70_000), (3, 300_000)] {
        let record = place(&customer(&owner, &number.to_string()).await);
        let of = format!("?record={}", record.rsplit('/').next().unwrap());
        let name = format!("Rēķins {MARK} {number}.pdf");
        stored.push(store(&owner, &of, &name, &content(length)).await.expect(201).json());
    }
    stored.push(store(&owner, "", "a/b: ../c?.txt", &content(10)).await.expect(201).json());
    let evil = json!({"values": {"number": "4", "name": "=HYPERLINK(\"http://evil.example\")", "notes": "a\n\"b\",c", "limit": {"amount": "-12.5", "currency": "EUR"}}});
    let _ = owner.post(RECORDS, evil).await.expect(201);
    let trashed = place(&customer(&owner, "5").await);
    let _ = owner.with_header("if-match", "*").delete(&trashed).await.expect(204);
    (owner, stored)
}

each_database! {
    async fn the_export_holds_everything_and_reads_back_as_what_the_interface_gives(world: World) {
        // P-2
        let (owner, stored) = vault(world).await;
        let listed: Vec<Value> = pages(&owner, RECORDS, 2).await.into_iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
        let taken = taken(&owner, "").await;
        let names: Vec<&str> = taken.keys().map(String::as_str).filter(|name| !name.starts_with("files/")).collect();
        assert_eq!(names, ["audit.json", "collections/customers/records.csv", "collections/customers/records.json", "consents.json", "files.json", "manifest.json", "members.json", "schema.json"]);
        let records = parsed(&taken, "collections/customers/records.json");
        let records = records.as_array().unwrap();
        assert_eq!((listed.len(), records.len()), (4, 5));
        for record in &listed {
            let same = records.iter().find(|exported| exported["id"] == record["id"]).unwrap();
            let mut clear = record.clone();
            if clear["values"].get("iban").is_some() {
                clear["values"]["iban"] = json!(IBAN);
            }
            assert_eq!(*same, clear);
        }
        assert_eq!(records.iter().filter(|record| record["trashed_at"].is_string()).count(), 1);
        let files = parsed(&taken, "files.json");
        assert_eq!(files.as_array().unwrap().len(), stored.len());
        for file in &stored {
            assert!(files.as_array().unwrap().contains(file), "{file}");
            let below = format!("files/{}/", file["id"].as_str().unwrap());
            let (name, bytes) = taken.iter().find(|(name, _)| name.starts_with(&below)).unwrap();
            assert!(*bytes == content(usize::try_from(file["size"].as_u64().unwrap()).unwrap()), "{name}");
            assert!(!name[below.len()..].contains(['/', '\\', ':', '?']), "{name}");
        }
        let schema = parsed(&taken, "schema.json");
        let collection = owner.get("/api/v1/collections/customers").await.expect(200).json();
        assert_eq!(schema["collections"], json!([collection]));
        let members = parsed(&taken, "members.json");
        let told = owner.get("/api/v1/members").await.expect(200).json();
        assert_eq!(members.as_array().unwrap().len(), 1);
        assert_eq!((&members[0]["account"], &members[0]["role"]), (&told["items"][0]["account_id"], &json!("owner")));
        let manifest = parsed(&taken, "manifest.json");
        assert_eq!((&manifest["format"], &manifest["sensitive"]), (&json!("seif-export/1"), &json!("clear")));
        assert_eq!((&manifest["records"], &manifest["files"]), (&json!({"customers": 5}), &json!(4)));
        assert_eq!(manifest["unreadable"], json!({"collections": [], "records": [], "files": [], "audit_entries": []}));
        // The audit in it knows of the export itself, of which the trail speaks once, and of what was revealed.
        let audit = parsed(&taken, "audit.json");
        let times = |action: &str| audit.as_array().unwrap().iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((times("export_made"), times("record_revealed"), times("file_stored")), (1, 1, 4));
        assert_eq!(manifest["audit_entries"], json!(audit.as_array().unwrap().len()));
    }

    async fn a_table_opens_in_a_spreadsheet_and_runs_nothing(world: World) {
        let (owner, _) = vault(world).await;
        let taken = taken(&owner, "").await;
        let table = &taken["collections/customers/records.csv"];
        assert!(table.starts_with("\u{feff}id,version,".as_bytes()));
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let heads: Vec<String> = reader.headers().unwrap().iter().map(|head| head.trim_start_matches('\u{feff}').to_owned()).collect();
        let rows: Vec<BTreeMap<String, String>> = reader.records().map(|row| heads.iter().cloned().zip(row.unwrap().iter().map(str::to_owned)).collect()).collect();
        assert_eq!(rows.len(), 5);
        let evil = rows.iter().find(|row| row["number"] == "4").unwrap();
        assert_eq!(evil["name"], "'=HYPERLINK(\"http://evil.example\")");
        assert_eq!((evil["notes"].as_str(), evil["limit"].as_str()), ("a\n\"b\",c", "-12.50 EUR"));
        let anna = rows.iter().find(|row| row["number"] == "1").unwrap();
        assert_eq!((anna["phone"].as_str(), anna["iban"].as_str()), ("+37129123456", IBAN));
        assert!(rows.iter().flat_map(BTreeMap::values).all(|cell| !cell.starts_with(['=', '@', '\t'])));
    }

    async fn sensitive_values_are_in_the_clear_for_who_may_see_them_so_and_the_archive_says_which(world: World) {
        // R-35, S-3
        let (owner, _) = vault(world).await;
        let is_masked = |taken: &BTreeMap<String, Vec<u8>>| {
            let whole = taken.values().any(|entry| entry.windows(IBAN.len()).any(|window| window == IBAN.as_bytes()));
            let said = parsed(taken, "manifest.json")["sensitive"] == "masked";
            assert_eq!(whole, !said);
            said
        };
        let blind = token(&owner, &["exports:read"]).await;
        assert!(is_masked(&taken(&blind, "").await));
        let _ = blind.get(&format!("{FULL}?sensitive=clear")).await.problem(403, "forbidden");
        let seeing = token(&owner, &["exports:read", "records:reveal"]).await;
        assert!(!is_masked(&taken(&seeing, "").await));
        assert!(!is_masked(&taken(&seeing, "?sensitive=clear").await));
        assert!(is_masked(&taken(&seeing, "?sensitive=masked").await));
        let _ = seeing.get(&format!("{FULL}?sensitive=some")).await.problem(400, "malformed_request");
        assert!(!is_masked(&taken(&owner, "?sensitive=clear").await));
        let other = token(&owner, &["records:read", "files:read", "audit:read"]).await;
        world.later(Duration::from_secs(601));
        assert!(is_masked(&taken(&owner, "").await));
        let stale = owner.get(&format!("{FULL}?sensitive=clear")).await.problem(403, "confirmation_required");
        assert_eq!(stale["assurance"], "fresh");
        let mut below = owner.clone();
        let _ = below.sign_in().await.expect(201);
        let _ = below.get(FULL).await.problem(403, "confirmation_required");
        let editor = world.member(&owner, Role::Editor).await;
        let _ = editor.get(FULL).await.problem(403, "forbidden");
        let _ = other.get(FULL).await.problem(403, "forbidden");
    }

    async fn the_page_gives_the_archive_to_who_may_and_leads_who_must_confirm_there_and_back(world: World) {
        let (owner, _) = vault(world).await;
        let browser = browser(&owner);
        let at = format!("/t/{}", owner.tenant.as_deref().unwrap());
        let leaving = browser.get(&format!("{at}/leaving")).await.expect(200).page();
        assert!(leaving.contains(&format!("href=\"{at}/export\"")));
        let page = format!("{at}/export");
        assert!(browser.get(&page).await.expect(200).page().contains(&format!("action=\"{page}\"")));
        let clear = send(&browser, &page, &[("sensitive", "clear")]).await.expect(200);
        assert_eq!(parsed(&entries(&clear.bytes), "manifest.json")["sensitive"], "clear");
        world.later(Duration::from_secs(601));
        let led = send(&browser, &page, &[("sensitive", "clear")]).await.expect(303).header("location");
        assert!(led.starts_with("/confirm?") && led.contains("export"), "{led}");
        let masked = send(&browser, &page, &[("sensitive", "masked")]).await.expect(200);
        assert_eq!(parsed(&entries(&masked.bytes), "manifest.json")["sensitive"], "masked");
        let viewer = world.member(&owner, Role::Viewer).await;
        let viewer = crate::vault_pages::browser(&viewer);
        assert!(!viewer.get(&page).await.expect(200).page().contains("<form class=\"sheet\""));
        let _ = send(&viewer, &page, &[("sensitive", "masked")]).await.expect(403);
    }

    async fn an_export_holds_what_who_asks_has_agreed_to_and_taken_back_and_nobody_elses(world: World) {
        // P-4
        const CONSENTS: &str = "/api/v1/account/consents";
        let (owner, _) = vault(world).await;
        let admin = world.member(&owner, Role::Admin).await;
        for given in [true, false, true] {
            let _ = owner.put(&format!("{CONSENTS}/news"), json!({"given": given})).await.expect(200);
        }
        let program = token(&owner, &["exports:read"]).await;
        let told = owner.get(CONSENTS).await.expect(200).json();
        assert_eq!(told[0]["history"].as_array().unwrap().len(), 3);
        for asks in [&owner, &program] {
            let taken = taken(asks, "").await;
            assert_eq!(parsed(&taken, "consents.json"), told);
            assert_eq!(parsed(&taken, "manifest.json")["consents_of"], owner.account.as_deref().unwrap());
        }
        let theirs = taken(&admin, "").await;
        assert!(parsed(&theirs, "consents.json").as_array().unwrap().iter().all(|one| one["history"] == json!([])));
        assert_eq!(parsed(&theirs, "manifest.json")["consents_of"], admin.account.as_deref().unwrap());
    }

    async fn an_export_holds_nothing_of_another_business(world: World) {
        let (anna, _) = vault(world).await;
        let berta = world.owner().await;
        let _ = store(&berta, "", "b.txt", b"Berta alone").await.expect(201);
        let archive = taken(&anna, "").await;
        assert!(!archive.values().any(|entry| entry.windows(11).any(|window| window == b"Berta alone")));
        let theirs = taken(&berta, "").await;
        let files: Vec<&String> = theirs.keys().filter(|name| name.starts_with("files/")).collect();
        assert_eq!(files.len(), 1);
        assert!(!theirs.keys().any(|name| name.starts_with("collections/")));
    }

    async fn no_more_exports_are_made_in_a_day_than_a_token_may(world: World) {
        // K-9
        let (owner, _) = vault(world).await;
        let body = json!({"name": "backup", "scopes": ["exports:read"], "limits": {"exports_per_day": 1}});
        let made = owner.post("/api/v1/tokens", body).await.expect(201).json();
        let program = owner.with_token(made["token"].as_str().unwrap());
        let _ = taken(&program, "").await;
        let refused = program.get(FULL).await;
        assert!(refused.header("ratelimit-policy").starts_with("\"exports-per-day\";q=1"));
        let _ = refused.problem(429, "limit_reached");
        let _ = taken(&owner, "").await;
    }

    async fn a_damaged_file_is_named_and_the_rest_is_there(world: World) {
        let (owner, stored) = vault(world).await;
        let folder = world.folder.path().join("objects");
        let mut longest: Vec<_> = objects(&folder);
        longest.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
        let (far, near) = (longest.pop().unwrap(), longest.pop().unwrap());
        for (path, at) in [(&far, 290_000), (&near, 100)] {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[at] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }
        let taken = taken(&owner, "").await;
        let manifest = parsed(&taken, "manifest.json");
        let lost: Vec<&str> = manifest["unreadable"]["files"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let mut damaged = [stored[1]["id"].as_str().unwrap(), stored[2]["id"].as_str().unwrap()];
        damaged.sort_unstable();
        let mut told = lost.clone();
        told.sort_unstable();
        assert_eq!((told, &manifest["files"]), (damaged.to_vec(), &json!(2)));
        // Of the one that is damaged further on, what came before is genuine.
        let (_, part) = taken.iter().find(|(name, _)| name.starts_with(&format!("files/{}", damaged[1])) || name.starts_with(&format!("files/{}", damaged[0]))).unwrap();
        assert!(part.len() < 290_000 && content(300_000).starts_with(part), "{}", part.len());
    }

    async fn who_is_about_to_leave_still_reads_and_takes_everything_along(world: World) {
        // P-2, P-14
        let (owner, stored) = vault(world).await;
        let _ = leave(&owner, "after_grace").await;
        assert_eq!(taken(&owner, "").await.keys().filter(|name| name.starts_with("files/")).count(), 4);
        let _ = owner.get(&format!("/api/v1/files/{}", stored[1]["id"].as_str().unwrap())).await.expect(200);
        let _ = store(&owner, "", "late.txt", b"x").await.problem(403, "tenant_leaving");
    }

    async fn whoever_stops_taking_it_holds_nothing_up(world: World) {
        let (owner, _) = vault(world).await;
        let _ = store(&owner, "", "long", &content(6_000_000)).await.expect(201);
        let program = token(&owner, &["exports:read"]).await;
        let wire = Wire::to(world.address(), &world.authority());
        let head = format!("GET {FULL} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", wire.host(), program.token.as_deref().unwrap());
        let stopped = actix_web::rt::task::spawn_blocking(move || {
            use std::io::Write as _;
            for _ in 0..3 {
                let mut connection = wire.connect();
                connection.write_all(head.as_bytes()).unwrap();
                connection.flush().unwrap();
                let mut some = [0; 1000];
                connection.read_exact(&mut some).unwrap();
                assert!(some.starts_with(b"HTTP/1.1 200"));
            }
            // And one who takes it slowly gets it whole.
            let mut connection = wire.connect();
            connection.write_all(head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
            connection.flush().unwrap();
            std::thread::sleep(Duration::from_millis(500));
            read_answer(&mut connection).unwrap().0
        });
        let whole = stopped.await.unwrap().expect(200);
        assert!(entries(&whole.bytes).contains_key("manifest.json"));
        let _ = owner.send(Method::GET, "/api/v1/collections", None).await.expect(200);
    }
}

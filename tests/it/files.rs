//! Files: whole or not at all, sealed where they lie, and gone when they are to go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::fault::Point;
use seif::testing::{Actor, Database, MARK, World, drop_database, fresh_databases, sweep};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::leaving::{is_erased, leave};
use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{customer, customers, place, store, token, upload};
use crate::vault_pages::{browser, send};
use crate::wire::{Wire, read_answer};

const FILES: &str = "/api/v1/files";
const KIB_64: usize = 65_536;

/// Content of a length, that repeats itself nowhere near; its first bytes carry the mark.
pub(crate) fn content(length: usize) -> Vec<u8> {
    let mut state = 7u64;
    let mut bytes: Vec<u8> = MARK.bytes().chain(b" and sons".iter().copied()).collect();
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn at(stored: &Value) -> String {
    format!("{FILES}/{}", stored["id"].as_str().unwrap())
}

/// The objects that lie there, in the making or in their places.
pub(crate) fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.extend(objects(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all.sort();
    all
}

fn lying(world: &World) -> Vec<PathBuf> {
    objects(&world.folder.path().join("objects"))
}

/// Waits until nothing is in the making and so many objects lie there: what is given up is removed beside.
async fn settled(world: &World, many: usize) {
    for _ in 0..200 {
        if lying(world).len() == many && Beside::of(world).count("objects") == i64::try_from(many).unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{:?}, {} written down", lying(world), Beside::of(world).count("objects"));
}

/// The actions of the audit that have to do with files, sorted: those of one moment have no order.
async fn audited(owner: &Actor) -> Vec<String> {
    let audit = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
    let actions = audit["items"].as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str());
    let mut actions: Vec<String> = actions.filter(|action| action.starts_with("file")).map(ToOwned::to_owned).collect();
    actions.sort();
    actions
}

async fn shop(world: &mut World) -> (Actor, String) {
    let owner = world.owner().await;
    customers(&owner).await;
    let record = place(&customer(&owner, "1").await);
    (owner, record)
}

fn of_record(record: &str) -> String {
    format!("?record={}", record.rsplit('/').next().unwrap())
}

each_database! {
    async fn a_file_comes_back_as_it_was_whatever_its_length(world: World) {
        let (owner, record) = shop(world).await;
        let program = token(&owner, &["files:read", "files:write"]).await;
        let name = format!("Rēķins {MARK} nr 1.pdf");
        for length in [0, 1, KIB_64 - 1, KIB_64, KIB_64 + 1, 2 * KIB_64, 4 * KIB_64 + 3, 20_000_000] {
            // Files of one moment have no order.
            world.later(Duration::from_millis(1));
            let content = content(length);
            let stored = store(&program, &of_record(&record), &name, &content).await.expect(201);
            assert_eq!(stored.header("location"), at(&stored.json()));
            let stored = stored.json();
            assert_eq!((&stored["name"], &stored["size"]), (&json!(name), &json!(length)));
            assert_eq!(stored["sha256"], sha256(&content));
            let back = owner.get(&at(&stored)).await.expect(200);
            assert!(back.bytes == content, "{length}");
            assert_eq!(back.header("content-length"), length.to_string());
            assert_eq!(back.header("content-type"), "text/plain");
            assert_eq!(back.header("x-content-type-options"), "nosniff");
            assert_eq!(back.header("cache-control"), "no-store");
            assert!(back.header("content-disposition").starts_with("attachment; filename=\"R__ins Kanarilintu nr 1.pdf\"; filename*=UTF-8''R%C4%93%C4%B7ins"), "{}", back.header("content-disposition"));
        }
        let listed = owner.get(&format!("{FILES}{}&limit=3", of_record(&record))).await.expect(200).json();
        let sizes: Vec<u64> = listed["items"].as_array().unwrap().iter().map(|item| item["size"].as_u64().unwrap()).collect();
        assert_eq!(sizes, [20_000_000, 262_147, 131_072]);
        let next = format!("{FILES}{}&limit=50&after={}", of_record(&record), listed["next"].as_str().unwrap());
        assert_eq!(owner.get(&next).await.expect(200).json()["items"].as_array().unwrap().len(), 5);
        let _ = owner.get(&format!("{FILES}?after={}", listed["next"].as_str().unwrap())).await.problem(400, "bad_cursor");
        assert_eq!(lying(world).len(), 8);
        assert_eq!(audited(&owner).await.iter().filter(|action| *action == "file_downloaded").count(), 8);
    }

    async fn a_range_gives_exactly_its_bytes(world: World) {
        let (owner, _) = shop(world).await;
        let content = content(3 * KIB_64 + 100);
        let end = content.len();
        let path = at(&store(&owner, "", "a.bin", &content).await.expect(201).json());
        let ranged = |range: &str| owner.with_header("range", range);
        for (range, from, to) in [
            ("bytes=0-0".to_owned(), 0, 1),
            (format!("bytes={}-{}", KIB_64 - 1, KIB_64), KIB_64 - 1, KIB_64 + 1),
            (format!("bytes={}-", 3 * KIB_64), 3 * KIB_64, end),
            (format!("bytes={}-{}", KIB_64, 2 * KIB_64 - 1), KIB_64, 2 * KIB_64),
            ("bytes=-1".to_owned(), end - 1, end),
            ("bytes=5-99999999".to_owned(), 5, end),
        ] {
            let part = ranged(&range).get(&path).await.expect(206);
            assert!(part.bytes == content[from..to], "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{end}", to - 1));
        }
        let outside = ranged(&format!("bytes={end}-")).get(&path).await;
        assert_eq!(outside.header("content-range"), format!("bytes */{end}"));
        let _ = outside.problem(416, "range_not_satisfiable");
        for none in ["bytes=1-0", "bytes=0-1,5-6", "lines=1-2", "nonsense"] {
            assert!(ranged(none).get(&path).await.expect(200).bytes == content, "{none}");
        }
        let etag = owner.get(&path).await.expect(200).header("etag");
        assert_eq!(owner.get(&path).await.expect(200).header("accept-ranges"), "bytes");
        assert_eq!(ranged("bytes=0-3").with_header("if-range", &etag).get(&path).await.expect(206).bytes, content[..4]);
        for other in ["\"another\"", "Sat, 01 Jan 2028 00:00:00 GMT"] {
            assert_eq!(ranged("bytes=0-3").with_header("if-range", other).get(&path).await.expect(200).bytes.len(), end);
        }
        let again = owner.with_header("if-none-match", &etag).get(&path).await.expect(304);
        assert!(again.bytes.is_empty());
        let head = owner.send(Method::HEAD, &path, None).await.expect(200);
        assert_eq!((head.header("content-length"), head.bytes.len()), (end.to_string(), 0));
    }

    async fn who_may_list_may_download_only_once_confirmed_and_who_may_neither_gets_neither(world: World) {
        // S-3
        let (owner, record) = shop(world).await;
        let path = at(&store(&owner, &of_record(&record), "a.txt", b"content").await.expect(201).json());
        let mut below = owner.clone();
        let _ = below.sign_in().await.expect(201);
        assert_eq!(below.get(FILES).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
        let _ = below.get(&path).await.problem(403, "confirmation_required");
        let _ = store(&below, "", "b.txt", b"x").await.problem(403, "confirmation_required");
        let _ = below.delete(&path).await.problem(403, "confirmation_required");
        let viewer = world.member(&owner, Role::Viewer).await;
        assert_eq!(viewer.get(&path).await.expect(200).bytes, b"content");
        let _ = store(&viewer, "", "b.txt", b"x").await.problem(403, "forbidden");
        let other = world.owner().await;
        let _ = other.get(&path).await.problem(404, "not_found");
        let _ = other.delete(&path).await.problem(404, "not_found");
        assert_eq!(other.get(FILES).await.expect(200).json()["items"], json!([]));
        let _ = owner.delete(&path).await.expect(204);
        let _ = owner.get(&path).await.problem(404, "not_found");
        let _ = owner.delete(&path).await.problem(404, "not_found");
        assert!(lying(world).is_empty());
        assert_eq!(audited(&owner).await, ["file_deleted", "file_downloaded", "file_stored", "files_listed"]);
    }

    async fn what_is_no_file_is_refused_and_leaves_nothing(world: World) {
        let (owner, record) = shop(world).await;
        let _ = owner.send_bytes(Method::POST, FILES, Some(("text/plain", b"x".to_vec()))).await.problem(400, "malformed_request");
        let named = owner.with_header("content-disposition", "attachment; filename=x");
        let _ = named.send_bytes(Method::POST, FILES, Some(("none", b"x".to_vec()))).await.problem(415, "unsupported_media_type");
        let _ = store(&owner, "?records=1", "a", b"x").await.problem(400, "malformed_request");
        for id in ["1", "01947a2e-6f00-7000-8000-000000000001"] {
            let _ = store(&owner, &format!("?record={id}"), "a", b"x").await.problem(404, "not_found");
        }
        let trashed = owner.with_header("if-match", "*");
        let _ = trashed.delete(&record).await.expect(204);
        let _ = store(&owner, &of_record(&record), "a", b"x").await.problem(404, "not_found");
        settled(world, 0).await;
        // Without a type it is anything.
        let stored = named.send_bytes(Method::POST, FILES, None).await.expect(201).json();
        assert_eq!((&stored["media_type"], &stored["size"]), (&json!("application/octet-stream"), &json!(0)));
    }

    async fn an_upload_that_is_repeated_with_its_key_is_stored_once(world: World) {
        let (owner, _) = shop(world).await;
        let once = owner.with_header("idempotency-key", "invoice-7");
        let first = store(&once, "", "a.txt", b"content").await.expect(201).json();
        assert_eq!(store(&once, "", "a.txt", b"content").await.expect(201).json(), first);
        let _ = store(&once, "", "a.txt", b"another").await.problem(422, "idempotency_mismatch");
        let _ = store(&once, "", "b.txt", b"content").await.problem(422, "idempotency_mismatch");
        settled(world, 1).await;
        assert_eq!(owner.get(FILES).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    }

    async fn an_upload_that_breaks_off_leaves_nothing(world: World) {
        let (owner, _) = shop(world).await;
        let wire = Wire::to(world.address(), &world.authority());
        for sent in [0, 1, 100_000, 700_000] {
            let head = upload_head(&wire, &owner, 1_000_000);
            let wire = wire.clone();
            let sending = move || {
                use std::io::Write as _;
                let mut connection = wire.connect();
                connection.write_all(&head).unwrap();
                connection.write_all(&content(sent)).unwrap();
                connection.flush().unwrap();
                std::thread::sleep(Duration::from_millis(200));
                drop(connection);
            };
            actix_web::rt::task::spawn_blocking(sending).await.unwrap();
            settled(world, 0).await;
        }
        assert_eq!(owner.get(FILES).await.expect(200).json()["items"], json!([]));
    }

    async fn what_takes_too_long_in_the_making_is_swept_and_cannot_come_to_stay(world: World) {
        let (owner, _) = shop(world).await;
        let _ = store(&owner, "", "a.txt", b"stays").await.expect(201);
        let wire = Wire::to(world.address(), &world.authority());
        let mut connection = wire.connect();
        let head = upload_head(&wire, &owner, 600_000);
        let begun = actix_web::rt::task::spawn_blocking(move || {
            use std::io::Write as _;
            connection.write_all(&head).unwrap();
            connection.write_all(&content(599_999)).unwrap();
            connection.flush().unwrap();
            connection
        });
        let mut connection = begun.await.unwrap();
        settled(world, 2).await;
        world.app.sweep().await;
        assert_eq!(lying(world).len(), 2, "a younger one is left alone");
        world.later(Duration::from_secs(7 * 3600));
        world.app.sweep().await;
        assert_eq!(lying(world).len(), 1);
        let ended = actix_web::rt::task::spawn_blocking(move || {
            use std::io::Write as _;
            connection.write_all(b"x").unwrap();
            connection.flush().unwrap();
            read_answer(&mut connection).unwrap().0
        });
        let _ = ended.await.unwrap().problem(503, "unavailable");
        settled(world, 1).await;
        let mut again = owner.clone();
        let _ = again.sign_in().await.expect(201);
        assert_eq!(again.get(FILES).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    }

    async fn an_object_that_was_changed_cut_off_exchanged_or_lost_gives_an_error_and_no_byte_of_what_was_changed(world: World) {
        let (owner, _) = shop(world).await;
        let content = content(20 * KIB_64 + 9);
        let other = at(&store(&owner, "", "other", b"another's content").await.expect(201).json());
        let before = lying(world);
        let path = at(&store(&owner, "", "a", &content).await.expect(201).json());
        let object = lying(world).into_iter().find(|file| !before.contains(file)).unwrap();
        let whole = std::fs::read(&object).unwrap();
        let refused = async |what: &str| {
            // Told in the head, or by a connection that ends too early.
            if let Some(answer) = owner.attempt(Method::GET, &path, None).await {
                let _ = answer.problem(500, "internal");
                return;
            }
            assert_eq!(what, "a later chunk");
        };
        for at in [0, 31, 32, 63, 64, 100, 64 + KIB_64 + 15] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&object, &changed).unwrap();
            refused("the first chunk").await;
        }
        for at in [64 + KIB_64 + 16, 64 + 10 * (KIB_64 + 16) + 5, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&object, &changed).unwrap();
            refused("a later chunk").await;
        }
        // A part that the change does not touch is genuine; one that it touches is refused at once.
        let part = |range: &str| owner.with_header("range", range);
        assert_eq!(part("bytes=0-9").get(&path).await.expect(206).bytes, content[..10]);
        let _ = part("bytes=-1").get(&path).await.problem(500, "internal");
        for cut in [0, 10, 64, whole.len() - 1, whole.len() - 25, 64 + KIB_64 + 16] {
            std::fs::write(&object, &whole[..cut]).unwrap();
            refused("cut off").await;
        }
        std::fs::write(&object, [whole.as_slice(), b"x"].concat()).unwrap();
        refused("longer").await;
        std::fs::copy(&before[0], &object).unwrap();
        refused("another's").await;
        std::fs::remove_file(&object).unwrap();
        refused("lost").await;
        std::fs::write(&object, &whole).unwrap();
        assert!(owner.get(&path).await.expect(200).bytes == content);
        assert_eq!(owner.get(&other).await.expect(200).bytes, b"another's content");
        // One tenant's row and object, given to another file: its key and its place are another's.
        let mut db = Beside::of(world);
        let (one, two) = (db.id(path.rsplit('/').next().unwrap()), db.id(other.rsplit('/').next().unwrap()));
        db.run(&format!("UPDATE files SET object_id = (SELECT object_id FROM files WHERE id = {one}), content_key = (SELECT content_key FROM files WHERE id = {one}), size = (SELECT size FROM files WHERE id = {one}) WHERE id = {two}")).unwrap();
        let _ = owner.get(&other).await.problem(500, "internal");
    }

    async fn the_trash_keeps_a_records_files_and_an_erasure_takes_them_with_what_is_told_of_them(world: World) {
        let (owner, record) = shop(world).await;
        let kept = place(&customer(&owner, "2").await);
        let once = owner.with_header("idempotency-key", "k1");
        let path = at(&store(&once, &of_record(&record), &format!("{MARK}.txt"), &content(100)).await.expect(201).json());
        let _ = store(&owner, &of_record(&record), "b.txt", &content(KIB_64)).await.expect(201);
        let stays = at(&store(&owner, &of_record(&kept), "c.txt", b"stays").await.expect(201).json());
        let any = owner.with_header("if-match", "*");
        let _ = any.delete(&record).await.expect(204);
        assert_eq!(owner.get(&path).await.expect(200).bytes.len(), 100);
        assert_eq!(owner.get(&format!("{FILES}{}", of_record(&record))).await.expect(200).json()["items"].as_array().unwrap().len(), 2);
        let receipt = any.post(&format!("{record}/erasure"), json!({})).await.expect(200).json();
        assert_eq!(receipt["purged"]["files"], 2, "{receipt}");
        assert_eq!(receipt["purged"]["idempotency"], 1, "{receipt}");
        let _ = owner.get(&path).await.problem(404, "not_found");
        let _ = owner.get(&format!("{FILES}{}", of_record(&record))).await.problem(404, "not_found");
        assert_eq!(lying(world).len(), 1);
        assert_eq!(owner.get(&stays).await.expect(200).bytes, b"stays");
        let audit = owner.get("/api/v1/audit?limit=200").await.expect(200).text();
        assert!(!audit.contains(path.rsplit('/').next().unwrap()) && audit.contains(stays.rsplit('/').next().unwrap()));
        assert_eq!(owner.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
    }

    async fn a_records_page_keeps_its_files_by_forms_alone(world: World) {
        let (owner, record) = shop(world).await;
        let other = place(&customer(&owner, "2").await);
        let browser = browser(&owner);
        let tenant = owner.tenant.as_deref().unwrap();
        let page_of = |record: &str| format!("/t/{tenant}/{}", record.strip_prefix("/api/v1/").unwrap());
        let (page, elsewhere) = (page_of(&record), page_of(&other));
        assert!(browser.get(&page).await.expect(200).page().contains(&format!("action=\"{page}/files\"")));
        let to = format!("{page}/files");
        let _ = upload(&browser, &to, &[], ("", b"")).await.expect(422);
        let name = format!("Līgums {MARK} <1>.pdf");
        let sent = upload(&browser, &to, &[("note", "x")], (&name, &content(70_000))).await.expect(303);
        assert_eq!(sent.header("location"), format!("{page}?news=files_stored"));
        let shown = browser.get(&page).await.expect(200).page();
        assert!(shown.contains(&format!("Līgums {MARK} &lt;1&gt;.pdf")) && shown.contains("68 KiB"), "{shown}");
        let file = shown.split(&format!("{page}/files/")).find_map(|rest| rest.get(..36).filter(|id| id.contains('-'))).unwrap().to_owned();
        let back = browser.get(&format!("{page}/files/{file}")).await.expect(200);
        assert!(back.bytes == content(70_000) && back.header("content-disposition").starts_with("attachment"));
        // What is of one record is not at another's address.
        let _ = browser.get(&format!("{elsewhere}/files/{file}")).await.expect(404);
        let _ = send(&browser, &format!("{elsewhere}/files/delete"), &[("file", &file)]).await.expect(404);
        // Below confirmation the page lists it, and leads to where it can be had.
        let mut below = browser.clone();
        let _ = owner.clone().sign_in().await;
        let signed_in = owner.post("/api/v1/session", json!({"identifier": owner.email, "password": owner.password})).await;
        below.keep_session(&signed_in);
        let looked = below.get(&page).await.expect(200).page();
        assert!(looked.contains(&format!("/confirm?next={page}")) && !looked.contains(&format!("{page}/files/{file}\"")));
        assert!(below.get(&format!("{page}/files/{file}")).await.expect(303).header("location").starts_with("/confirm"));
        let gone = send(&browser, &format!("{page}/files/delete"), &[("file", &file)]).await.expect(303);
        assert_eq!(gone.header("location"), format!("{page}?news=file_deleted"));
        assert!(!browser.get(&page).await.expect(200).page().contains(&file));
        settled(world, 0).await;
    }

    async fn files_of_records_go_with_their_collection(world: World) {
        let (owner, record) = shop(world).await;
        let _ = store(&owner, &of_record(&record), "a.txt", b"goes").await.expect(201);
        let _ = owner.with_header("if-match", "*").delete(&record).await.expect(204);
        let _ = owner.delete("/api/v1/collections/customers").await.expect(204);
        assert_eq!(owner.get(FILES).await.expect(200).json()["items"], json!([]));
        world.app.sweep().await;
        settled(world, 0).await;
    }

    async fn a_business_that_leaves_takes_its_files_along_and_nobody_elses(world: World) {
        // P-14
        let (anna, record) = shop(world).await;
        for number in 0..3 {
            let _ = store(&anna, &of_record(&record), &format!("{number}.txt"), &content(number * KIB_64)).await.expect(201);
        }
        let _ = token(&anna, &["files:read"]).await;
        let berta = world.owner().await;
        let stays = at(&store(&berta, "", "b.txt", b"stays").await.expect(201).json());
        assert_eq!(lying(world).len(), 4);
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let erased = is_erased(world, &anna, &begun).await;
        assert_eq!((&erased["files"], &erased["purged"]["files"]), (&json!(3), &json!(3)), "{erased}");
        assert_eq!(erased["certificate"]["files"], 3);
        assert_eq!(lying(world).len(), 1);
        assert_eq!(berta.get(&stays).await.expect(200).bytes, b"stays");
    }

    async fn a_download_counts_as_a_record_read_and_a_deletion_as_one_deleted(world: World) {
        // K-9
        let (owner, _) = shop(world).await;
        let path = at(&store(&owner, "", "a.txt", b"content").await.expect(201).json());
        let limits = json!({"records_read_per_day": 2, "records_deleted_per_day": 0});
        let body = json!({"name": "till", "scopes": ["files:read", "files:write"], "limits": limits});
        let made = owner.post("/api/v1/tokens", body).await.expect(201).json();
        let till = owner.with_token(made["token"].as_str().unwrap());
        for _ in 0..2 {
            let _ = till.get(&path).await.expect(200);
        }
        let refused = till.get(&path).await;
        assert!(!refused.text().contains("content"));
        let _ = refused.problem(429, "limit_reached");
        let _ = till.delete(&path).await.problem(429, "limit_reached");
        let _ = owner.get(&path).await.expect(200);
    }
}

pub(crate) fn upload_head(wire: &Wire, owner: &Actor, length: usize) -> Vec<u8> {
    let (host, session, tenant) = (wire.host(), owner.session.as_deref().unwrap(), owner.tenant.as_deref().unwrap());
    format!(
        "POST {FILES} HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-session={session}\r\nSec-Fetch-Site: same-origin\r\n\
         Seif-Tenant: {tenant}\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"a\"\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

fn no_more_than_there_is_room_for(database: Database) {
    let limits = "[limits]\nfile_body = \"100KiB\"\nfiles_per_tenant = 3\nfile_bytes_per_tenant = \"150KiB\"\n";
    World::run_with(database, limits, async |world| {
        let owner = world.owner().await;
        let _ = store(&owner, "", "a", &content(102_400)).await.expect(201);
        let _ = store(&owner, "", "b", &content(102_401)).await.problem(413, "payload_too_large");
        // Nobody has said how long it is.
        let wire = Wire::to(world.address(), &world.authority());
        let head = String::from_utf8(upload_head(&wire, &owner, 0)).unwrap();
        let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
        let piece = [format!("{:x}\r\n", 102_401).into_bytes(), content(102_401), b"\r\n0\r\n\r\n".to_vec()].concat();
        let whole = [head.into_bytes(), piece].concat();
        let answer = actix_web::rt::task::spawn_blocking(move || wire.ask(&mut None, &whole)).await.unwrap().unwrap();
        let _ = answer.problem(413, "payload_too_large");
        let _ = store(&owner, "", "c", &content(60_000)).await.problem(409, "storage_full");
        let _ = store(&owner, "", "c", &content(51_200)).await.expect(201);
        let _ = store(&owner, "", "d", b"").await.expect(201);
        let _ = store(&owner, "", "e", b"").await.problem(409, "storage_full");
        settled(world, 3).await;
        let other = world.owner().await;
        let _ = store(&other, "", "a", b"has room").await.expect(201);
    });
}

/// At each step of the making and the removal of an object the process is killed: what was acknowledged is there, what is
/// listed is whole, and every object that lies there is known by name.
fn kill_at_every_step(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&data, &databases);
        let program = process.program().await;
        let content = content(3 * KIB_64);
        let stays = store(&program, "", &format!("{MARK}.txt"), &content).await.expect(201).json();
        for point in Point::OF_OBJECTS {
            process.kill();
            let armed = [("SEIF_TEST_FAULT".to_owned(), point.name().to_owned())];
            let mut killed = Process::start_in(&data, &databases, "", &armed);
            let there = killed.stranger().with_token(program.token.as_deref().unwrap());
            let is_made = matches!(point, Point::ObjectBegun | Point::ObjectPut);
            if is_made {
                let named = there.with_header("content-disposition", "attachment; filename=x");
                let body = Some(("text/plain", content.clone()));
                assert!(named.attempt_bytes(Method::POST, FILES, body).await.is_none(), "{}", point.name());
            } else {
                let goes = store(&there, "", "goes", &content).await.expect(201).json();
                assert!(there.attempt(Method::DELETE, &at(&goes), None).await.is_none(), "{}", point.name());
            }
            killed.kill();
            drop(killed);
            process.again();
            let there = process.stranger().with_token(program.token.as_deref().unwrap());
            let listed = there.get(FILES).await.expect(200).json();
            assert_eq!(listed["items"], json!([stays]), "{}", point.name());
            assert!(there.get(&at(&stays)).await.expect(200).bytes == content);
            let mut db = match databases.first() {
                Some(url) => Beside::url(url),
                None => Beside::file(&data.join("seif.db")),
            };
            let known = match &db {
                Beside::Sqlite(_) => "SELECT lower(hex(id)) AS line FROM objects",
                Beside::Postgres(_) => "SELECT replace(id::text, '-', '') AS line FROM objects",
            };
            let known = db.lines(known);
            let lying = objects(&data.join("objects"));
            let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(lying.iter().all(|path| known.contains(&name(path))), "{}: {lying:?} {known:?}", point.name());
            // What was on its way out is gone at the start; what was in the making waits for its time.
            let left = if is_made { 1 } else { 0 };
            assert_eq!(known.len(), 1 + left, "{}", point.name());
            db.run("UPDATE objects SET state = 3 WHERE state = 1").unwrap();
        }
        process.kill();
        process.again();
        assert_eq!(objects(&data.join("objects")).len(), 1);
        process.kill();
    });
    sweep(folder.path(), &databases);
    for url in &databases {
        drop_database(url);
    }
}

mod no_more_files_are_kept_than_there_is_room_for {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::no_more_than_there_is_room_for(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::no_more_than_there_is_room_for(Database::Postgres);
    }
}

mod a_kill_at_any_step_leaves_every_file_whole_or_not_there {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::kill_at_every_step(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::kill_at_every_step(Database::Postgres);
    }
}

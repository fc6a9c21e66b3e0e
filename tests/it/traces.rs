//! What is left of a business that has left (P-14): every byte of every store is searched.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use seif::each_database;
use seif::kernel::crypto::Owner;
use seif::kernel::keyring::KeyringError;
use seif::testing::{Actor, Database, Node, World, drop_database, is_logged};
use serde_json::{Value, json};

use crate::leaving::{erasure, is_erased, leave, rows};
use crate::rows::Beside;
use crate::shelf::{CUSTOMERS, IBAN, RECORDS, SEARCH, place, store, token, upload};
use crate::vault_pages::browser;

const DAY: Duration = Duration::from_secs(86_400);

/// Something to look for, in any of the forms that it could lie in.
struct Needle {
    what: String,
    bytes: Vec<u8>,
}

/// A word as it could stand somewhere: in any case, in hexadecimal, in base64 at each of the three alignments.
fn word(word: &str) -> Vec<Needle> {
    let (small, mut large) = (word.to_lowercase(), word.to_lowercase());
    large.get_mut(..1).unwrap().make_ascii_uppercase();
    let mut needles = Vec::new();
    for form in [small, large, word.to_uppercase()] {
        let hex: String = form.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![form.clone().into_bytes(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
        for before in 0..3 {
            let padded = [&b"\0\0\0"[..before], form.as_bytes()].concat();
            let text = BASE64.encode(padded);
            // What depends on the neighbours is left out.
            let inner = &text[(before * 4).div_ceil(3)..text.len() - 2];
            forms.push(inner.as_bytes().to_vec());
        }
        needles.extend(forms.into_iter().map(|bytes| Needle { what: format!("the word {form}"), bytes }));
    }
    needles
}

/// The first bytes of everything sealed, tagged or hashed that a database holds of an owner: their nonces.
fn sealed(db: &mut Beside, owner: &str) -> Vec<Needle> {
    let columns = match db {
        Beside::Sqlite(_) => {
            "SELECT m.name || ' ' || c.name || ' ' || w.name AS line
             FROM sqlite_master m, pragma_table_info(m.name) c, pragma_table_info(m.name) w
             WHERE m.type = 'table' AND c.type = 'BLOB' AND c.name NOT IN ('id', 'lane') AND c.name NOT LIKE '%\\_id' ESCAPE '\\'
               AND (w.name IN ('tenant_id', 'account_id', 'owner_id') OR (m.name = 'accounts' AND w.name = 'id'))"
        }
        Beside::Postgres(_) => {
            "SELECT c.table_name || ' ' || c.column_name || ' ' || w.column_name AS line
             FROM information_schema.columns c JOIN information_schema.columns w USING (table_schema, table_name)
             WHERE table_schema = 'public' AND c.data_type = 'bytea'
               AND (w.column_name IN ('tenant_id', 'account_id', 'owner_id')
                    OR (c.table_name = 'accounts' AND w.column_name = 'id'))"
        }
    };
    let mut needles = Vec::new();
    for line in db.lines(columns) {
        let [table, column, whose] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        // Mails go when they are delivered; the wish goes with its key, and what comes of it stays.
        if table == "outbox" || table == "erasures" {
            continue;
        }
        let some = match db {
            Beside::Sqlite(_) => format!("lower(hex(substr({column}, 6, 20)))"),
            Beside::Postgres(_) => format!("encode(substring({column} FROM 6 FOR 20), 'hex')"),
        };
        let found = db.lines(&format!(
            "SELECT {some} AS line FROM {table} WHERE {whose} = {} AND length({column}) >= 16",
            db.id(owner)
        ));
        needles.extend(found.into_iter().map(|hex| Needle { what: format!("{table}.{column}"), bytes: unhex(&hex) }));
    }
    assert!(needles.iter().all(|needle| needle.bytes.len() >= 11));
    needles
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// Which of `needles` stand in `bytes`, by their numbers.
fn found(bytes: &[u8], needles: &[Needle]) -> Vec<usize> {
    let mut by_start: Vec<Vec<usize>> = vec![Vec::new(); 65_536];
    for (number, needle) in needles.iter().enumerate() {
        by_start[usize::from(u16::from_be_bytes([needle.bytes[0], needle.bytes[1]]))].push(number);
    }
    let mut found = std::collections::BTreeSet::new();
    for (at, pair) in bytes.windows(2).enumerate() {
        for number in &by_start[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
            if bytes[at..].starts_with(&needles[*number].bytes) {
                found.insert(*number);
            }
        }
    }
    found.into_iter().collect()
}

/// Every file below a folder, with what it is called.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            all.push((path.display().to_string(), bytes));
        }
    }
    all
}

/// Everything that lies on disks: the folders of both nodes, and of PostgreSQL what it keeps of both databases, where its
/// folder can be read.
fn disks(world: &World, node: &Node) -> Vec<(String, Vec<u8>)> {
    let mut all = [files(world.folder.path()), files(node.folder.path())].concat();
    for url in world.database_urls() {
        all.extend(of_database(url));
    }
    all
}

/// What PostgreSQL keeps of a database: its files.
fn of_database(url: &str) -> Vec<(String, Vec<u8>)> {
    let mut db = Beside::url(url);
    db.run("CHECKPOINT").unwrap();
    let base = db.lines("SELECT setting || '/base/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS line FROM pg_settings WHERE name = 'data_directory'");
    if std::fs::read_dir(&base[0]).is_err() {
        eprintln!("PostgreSQL's own files cannot be read here: searched by its tables alone");
        return Vec::new();
    }
    files(Path::new(&base[0]))
}

/// The log of PostgreSQL: it keeps what was written for a while, sealed as it was.
fn log_of_postgres(world: &World) -> Vec<(String, Vec<u8>)> {
    let Some(url) = world.database_urls().first() else { return Vec::new() };
    let folder =
        Beside::url(url).lines("SELECT setting || '/pg_wal' AS line FROM pg_settings WHERE name = 'data_directory'");
    if std::fs::read_dir(&folder[0]).is_ok() { files(Path::new(&folder[0])) } else { Vec::new() }
}

/// Where any of `needles` stands.
fn where_found(places: &[(String, Vec<u8>)], needles: &[Needle]) -> Vec<String> {
    let told = |(name, bytes): &(String, Vec<u8>)| {
        let told = |number: usize| format!("{} in {name}", needles[number].what);
        found(bytes, needles).into_iter().map(told).collect::<Vec<_>>()
    };
    places.iter().flat_map(told).collect()
}

/// Which of `needles` stand nowhere.
fn missing(places: &[(String, Vec<u8>)], needles: &[Needle]) -> Vec<String> {
    let there: std::collections::BTreeSet<usize> = places.iter().flat_map(|(_, bytes)| found(bytes, needles)).collect();
    let absent = needles.iter().enumerate().filter(|(number, _)| !there.contains(number));
    absent.map(|(_, needle)| needle.what.clone()).collect()
}

/// A business that has left its word wherever it can.
struct Planted {
    owner: Actor,
    program: Actor,
    word: String,
    record: String,
    file: String,
    values: Value,
}

impl Planted {
    fn ids(&self) -> [&str; 2] {
        [self.owner.tenant.as_deref().unwrap(), self.owner.account.as_deref().unwrap()]
    }

    /// All of it is there, opened through this node.
    async fn opens(&self, program: &Actor) {
        let record = program.get(&format!("{}?reveal=iban", self.record)).await.expect(200).json();
        for (field, value) in self.values.as_object().unwrap() {
            assert_eq!(&record["values"][field], value, "{field}");
        }
        let file = program.get(&self.file).await.expect(200);
        assert!(file.bytes == content_of(&self.word) && file.header("content-disposition").contains(&self.word));
        let searched = program.post(SEARCH, json!({"text": self.word})).await.expect(200).json();
        assert_eq!(searched["items"].as_array().unwrap().len(), 1);
        let searched = program.post(SEARCH, json!({"where": {"name": self.values["name"]}})).await.expect(200).json();
        assert_eq!(searched["items"].as_array().unwrap().len(), 1);
        let history = program.get(&format!("{}/versions", self.record)).await.expect(200).json();
        assert_eq!(history["items"].as_array().unwrap().len(), 2);
        let collection = program.get(CUSTOMERS).await.expect(200).text();
        assert!(collection.to_lowercase().contains(&self.word), "{collection}");
        let audit = program.get("/api/v1/audit?limit=200").await.expect(200).text();
        assert!(audit.contains("record_changed") && audit.to_lowercase().contains(&self.word), "{audit}");
        assert_eq!(program.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
    }
}

/// What stands in a business's file.
fn content_of(word: &str) -> Vec<u8> {
    format!("Contract with {word}\n").repeat(5_000).into_bytes()
}

/// The first bytes of each of a tenant's objects: the salts of their streams.
fn salts(world: &World, db: &mut Beside, tenant: &str) -> Vec<Needle> {
    let name = match db {
        Beside::Sqlite(_) => "lower(hex(id))",
        Beside::Postgres(_) => "replace(id::text, '-', '')",
    };
    let names = db.lines(&format!("SELECT {name} AS line FROM objects WHERE tenant_id = {}", db.id(tenant)));
    let object =
        |name: &String| std::fs::read(world.folder.path().join("objects").join(&name[..2]).join(name)).unwrap();
    names.iter().map(|name| Needle { what: "an object".to_owned(), bytes: object(name)[..32].to_vec() }).collect()
}

async fn plant(world: &mut World) -> Planted {
    let owner = world.owner().await;
    let word = owner.email.split('@').next().unwrap().to_owned();
    let at = |what: &str| format!("{what} {word}");
    let fields = json!([
        {"name": "number", "label": at("Number"), "kind": "text", "required": true, "unique": true},
        {"name": "name", "label": {"en": "Name", "lv": at("Vārds")}, "kind": "text", "searchable": true},
        {"name": "notes", "label": "Notes", "kind": "long_text"},
        {"name": "mail", "label": "Mail", "kind": "email", "searchable": true},
        {"name": "phone", "label": "Phone", "kind": "phone", "searchable": true},
        {"name": "iban", "label": "IBAN", "kind": "iban", "sensitive": true, "searchable": true}
    ]);
    let body = json!({"name": at("Klienti"), "slug": "customers", "fields": fields, "purpose": at("Orders of")});
    let _ = owner.post("/api/v1/collections", body).await.expect(201);
    let values = json!({
        "number": at("A 1"), "name": at("Anna"), "notes": at("Met at the fair by").repeat(200),
        "mail": format!("post@{word}.example.lv"), "phone": "+37129123456", "iban": IBAN,
    });
    let once = owner.with_header("idempotency-key", &word).with_header("user-agent", &at("Browser of"));
    let made = once.post(RECORDS, json!({"values": values})).await.expect(201);
    let record = place(&made);
    let changed = owner.with_header("if-match", "\"v1\"");
    let _ = changed.patch(&record, json!({"values": {"notes": at("Called on Monday")}})).await.expect(200);
    let trashed = place(&owner.post(RECORDS, json!({"values": {"number": at("A 2")}})).await.expect(201));
    let _ = owner.with_header("if-match", "\"v1\"").delete(&trashed).await.expect(204);
    let of = format!("?record={}", record.rsplit('/').next().unwrap());
    let stored = store(&once, &of, &at("Contract with"), &content_of(&word)).await.expect(201);
    let _ = store(&owner, "", &at("Of nobody"), &content_of(&word)).await.expect(201);
    let gone = place(&store(&owner, &of, &at("Deleted"), &content_of(&word)).await.expect(201));
    let _ = owner.delete(&gone).await.expect(204);
    let program = token(&owner, &["records:read", "records:reveal", "files:read", "audit:read"]).await;
    let file = format!("number,name\n{word}-3,{word}\n");
    let import = format!("/t/{}/collections/customers/import", owner.tenant.as_deref().unwrap());
    let _ = upload(&browser(&owner), &import, &[("currency", "EUR")], (&format!("{word}.csv"), file.as_bytes()))
        .await
        .expect(303);
    let _ = owner.post("/api/v1/tokens", json!({"name": at("Shop of"), "scopes": ["records:read"]})).await.expect(201);
    let invited = json!({"email": format!("guest.{word}@example.lv"), "role": "viewer", "language": "lv"});
    let _ = owner.post("/api/v1/invitations", invited).await.expect(201);
    let answers = json!({
        "trade": "craft", "size": "up_to_nine", "keeps": ["customers"],
        "contact": {"name": at("Anna"), "email": owner.email, "phone": "29 123 456"},
        "address": {"street": at("Iela"), "town": at("Rīga"), "postal_code": "LV-1010", "country": "LV"},
    });
    let _ = owner.put("/api/v1/tenant/profile", answers).await.expect(200);
    let _ = owner.post("/api/v1/account/support-codes", json!({})).await.expect(201);
    // What is refused leaves no word either.
    let _ = owner.get(&format!("/api/v1/collections/{word}?{word}={word}")).await;
    let _ = owner.post(RECORDS, json!({"values": {"number": at("A 1"), word.as_str(): word}})).await;
    let wrong = json!({"identifier": owner.email, "password": at("wrong")});
    assert_eq!(
        world.stranger().with_header("user-agent", &at("Thief of")).post("/api/v1/session", wrong).await.status,
        401
    );
    let begun = json!({"email": format!("other.{word}@example.lv"), "language": "et"});
    let _ = world.stranger().post("/api/v1/signups", begun).await.expect(202);
    world.deliver().await;
    let mut values = values;
    values["notes"] = json!(at("Called on Monday"));
    let file = place(&stored);
    Planted { owner, program, word, record, file, values }
}

/// Puts a copy in the place of the data's database, beside the same keyring. On PostgreSQL the original stays, for who
/// made the copy to drop.
pub(crate) async fn restore_data(world: &mut World, copy: &str) {
    match world.database {
        Database::Sqlite => {
            world
                .restart_on(|folder| {
                    for end in ["-wal", "-shm"] {
                        drop(std::fs::remove_file(folder.join(format!("seif.db{end}"))));
                    }
                    std::fs::remove_file(folder.join("seif.db")).unwrap();
                    std::fs::copy(copy, folder.join("seif.db")).unwrap();
                })
                .await;
        }
        Database::Postgres => world.restart_on_database(copy).await,
    }
}

/// A copy of the data's database as it is now, taken while the service stands still; where it is.
pub(crate) async fn copy_of_data(world: &mut World, folder: &Path) -> String {
    match world.database {
        Database::Sqlite => {
            let copy = folder.join("seif.db").display().to_string();
            let to = copy.clone();
            world
                .restart_on(|from| Beside::file(&from.join("seif.db")).run(&format!("VACUUM INTO '{to}'")).unwrap())
                .await;
            copy
        }
        Database::Postgres => {
            let [data, keyring] = <[String; 2]>::try_from(world.database_urls().to_vec()).unwrap();
            let name = data.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
            let copy = format!("{name}_old");
            let template = (name.clone(), copy.clone());
            world
                .restart_on(|_| {
                    let (name, copy) = template;
                    let mut db = Beside::url(&keyring);
                    db.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).unwrap();
                    let end = format!("SELECT CAST(pg_terminate_backend(pid) AS TEXT) AS line FROM pg_stat_activity WHERE datname = '{name}'");
                    let _ = db.lines(&end);
                    let made = (0..50).any(|_| {
                        std::thread::sleep(Duration::from_millis(100));
                        db.run(&format!("CREATE DATABASE {copy} TEMPLATE {name}")).is_ok()
                    });
                    db.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).unwrap();
                    assert!(made);
                })
                .await;
            data.replacen(&format!("/{name}"), &format!("/{copy}"), 1)
        }
    }
}

each_database! {
    async fn of_a_business_that_has_left_no_byte_is_left_and_of_the_other_all(world: World) {
        // P-14: on two nodes, in every store, and in an old copy of the data
        let anna = plant(world).await;
        let berta = plant(world).await;
        let old = tempfile::tempdir().unwrap();
        let copy = copy_of_data(world, old.path()).await;
        let node = world.node().await;
        for planted in [&anna, &berta] {
            planted.opens(&planted.program.moved_to(world)).await;
            planted.opens(&node.visited_by(&planted.program)).await;
        }
        // What was read is noted in journals first; what lies in the database now is what to look for.
        for kernel in [&world.app.services.kernel, &node.app.services.kernel] {
            kernel.journal().flush().unwrap();
        }
        let mut data = Beside::of(world);
        let mut keyring = keyring_of(world);
        let of = |db: &mut Beside, planted: &Planted| planted.ids().into_iter().flat_map(|id| sealed(db, id)).collect::<Vec<_>>();
        let (annas, bertas) = (of(&mut data, &anna), of(&mut data, &berta));
        let annas_objects = salts(world, &mut data, anna.ids()[0]);
        let bertas_objects = salts(world, &mut data, berta.ids()[0]);
        assert_eq!((annas_objects.len(), bertas_objects.len()), (2, 2));
        let (annas_keys, bertas_keys) = (of(&mut keyring, &anna), of(&mut keyring, &berta));
        assert!(annas.len() > 80 && annas_keys.len() >= 3, "{} {}", annas.len(), annas_keys.len());
        let before = disks(world, &node);
        assert_eq!(missing(&before, &annas_objects), Vec::<String>::new());
        if world.database == Database::Sqlite || before.iter().any(|(name, _)| name.contains("/base/")) {
            assert_eq!(missing(&before, &annas), Vec::<String>::new());
            assert_eq!(missing(&before, &annas_keys), Vec::<String>::new());
        }

        let begun = leave(&anna.owner.moved_to(world), "now").await;
        // Whichever node is asked, whatever it holds in memory: nobody is let in.
        for program in [anna.program.moved_to(world), node.visited_by(&anna.program), node.visited_by(&anna.owner)] {
            assert_eq!(program.get(&anna.record).await.status, 401);
        }
        world.later(Duration::from_secs(4));
        // The other node goes on where this one began.
        node.app.sweep().await;
        is_erased(world, &anna.owner.moved_to(world), &begun).await;
        world.deliver().await;

        let after = disks(world, &node);
        assert_eq!(where_found(&after, &annas_objects), Vec::<String>::new());
        assert_eq!(missing(&after, &bertas_objects), Vec::<String>::new());
        let keys_of_anna: Vec<Needle> = annas_keys.into_iter().collect();
        assert_eq!(where_found(&after, &keys_of_anna), Vec::<String>::new());
        if world.database == Database::Sqlite {
            assert_eq!(where_found(&after, &annas), Vec::<String>::new());
        }
        let readable = world.database == Database::Sqlite || after.iter().any(|(name, _)| name.contains("/base/"));
        if readable {
            assert_eq!(missing(&after, &bertas), Vec::<String>::new());
            assert_eq!(missing(&after, &bertas_keys), Vec::<String>::new());
        }
        for id in anna.ids() {
            assert_eq!(sealed(&mut data, id).len() + sealed(&mut keyring, id).len(), 0);
        }
        berta.opens(&berta.program.moved_to(world)).await;
        berta.opens(&node.visited_by(&berta.program)).await;

        // Captured mails are a laptop's device, and gone after a day; whoever stays gets more of them.
        world.later(DAY + Duration::from_secs(60));
        world.app.sweep().await;
        node.app.sweep().await;
        let mut there = berta.owner.moved_to(world);
        let _ = there.sign_in().await.expect(201);
        let _ = there.confirm(world).await.expect(200);
        let everything = [disks(world, &node), log_of_postgres(world)].concat();
        assert_eq!(where_found(&everything, &word(&anna.word)), Vec::<String>::new());
        let bertas_word = where_found(&everything, &word(&berta.word));
        assert!(!bertas_word.is_empty() && bertas_word.iter().all(|place| place.contains("/mail/")), "{bertas_word:?}");
        assert!(!is_logged(&anna.word) && !is_logged(&berta.word));

        // An old copy of the data, with the keyring as it is now.
        let mut of_old = match world.database {
            Database::Sqlite => Beside::file(Path::new(&copy)),
            Database::Postgres => Beside::url(&copy),
        };
        assert!(anna.ids().into_iter().all(|id| sealed(&mut of_old, id).len() > 10), "the copy holds what was there");
        drop((data, of_old));
        for owner in owners(&anna) {
            let keys = world.app.services.kernel.keyring().keys(owner);
            assert!(matches!(keys, Err(KeyringError::NoKey(_))), "{owner:?}");
        }
        for owner in owners(&berta) {
            assert!(world.app.services.kernel.keyring().keys(owner).is_ok());
        }
        node.stop().await;
        let original = world.database_urls().first().cloned();
        restore_data(world, &copy).await;
        if world.database == Database::Sqlite {
            // What the copy had brought back is gone again, before anybody was served.
            assert_eq!(where_found(&files(world.folder.path()), &annas), Vec::<String>::new());
        }
        for id in anna.ids() {
            assert_eq!(rows(world, id), []);
        }
        let mut back = anna.owner.moved_to(world);
        let _ = back.sign_in().await.problem(401, "sign_in_refused");
        assert_eq!(anna.program.moved_to(world).get(&anna.record).await.status, 401);
        berta.opens(&berta.program.moved_to(world)).await;
        assert_eq!(erasure(world, &begun).await["state"], "erased");
        if let Some(url) = original {
            drop_database(&url);
        }
    }
}

fn keyring_of(world: &World) -> Beside {
    match world.database {
        Database::Sqlite => Beside::file(&world.folder.path().join("keyring.db")),
        Database::Postgres => Beside::url(&world.database_urls()[1]),
    }
}

fn owners(planted: &Planted) -> [Owner; 2] {
    let [tenant, account] = planted.ids();
    [Owner::Tenant(tenant.parse().unwrap()), Owner::Account(account.parse().unwrap())]
}

#[test]
fn the_search_finds_a_word_in_each_of_its_forms_and_what_is_sealed() {
    let needles = word("kanarilintu7");
    for text in ["xkanarilintu7y", "KANARILINTU7", "6b616e6172696c696e747537"] {
        assert!(!found(text.as_bytes(), &needles).is_empty(), "{text}");
    }
    for before in 0..5 {
        let text = BASE64.encode(format!("{}kanarilintu7 and sons", "-".repeat(before)));
        assert!(!found(text.as_bytes(), &needles).is_empty(), "{text}");
    }
    assert!(found(b"kanarilintu 7", &needles).is_empty());
}

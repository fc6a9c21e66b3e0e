//! The transparency log: what it states, that anybody can check it from outside, and that a rewritten one shows.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use seif::each_database;
use seif::kernel::transparency::note::{Checkpoint, Verifier};
use seif::kernel::transparency::proof::Receipt;
use seif::kernel::transparency::tiles::unbundle;
use seif::kernel::transparency::tree::{Grown, Hash};
use seif::kernel::transparency::{Leaf, Told};
use seif::policies::Document;
use seif::testing::{Database, World};
use serde_json::Value;

use crate::leaving::{erasure, leave};
use crate::operator_ledger::HERE;
use crate::policy_changes::{announce, deliver};
use crate::rows::Beside;

/// A connection to the keyring's database beside the service's own.
fn keyring(world: &World) -> Beside {
    match world.database {
        Database::Sqlite => Beside::file(&world.folder.path().join("keyring.db")),
        Database::Postgres => Beside::url(&world.database_urls()[1]),
    }
}

async fn verifiers(world: &World) -> Vec<Verifier> {
    let keys = world.stranger().get("/transparency/keys").await.expect(200).text();
    keys.lines().map(|line| line.parse().unwrap()).collect()
}

pub(crate) async fn checkpoint(world: &World) -> Checkpoint {
    let note = world.stranger().get("/transparency/checkpoint").await.expect(200);
    assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
    Checkpoint::open(&note.text(), &verifiers(world).await).unwrap()
}

/// What the log was before, it begins with now, and it states a restore.
pub(crate) async fn follows(world: &World, before: &Checkpoint) {
    let now = checkpoint(world).await;
    let all = entries(world, now.size).await;
    let mut grown = Grown::default();
    all.iter().for_each(|entry| grown.push(entry));
    assert_eq!(
        (&now.origin, grown.root(before.size), grown.root(now.size)),
        (&before.origin, Some(before.root), Some(now.root))
    );
    assert!(all.iter().any(|entry| matches!(Leaf::parse(entry), Some(Leaf::Restored { .. }))));
}

/// Every entry, as the static files give them.
async fn entries(world: &World, size: u64) -> Vec<Vec<u8>> {
    assert!(size < 256);
    let bundle = world.stranger().get(&format!("/transparency/tile/entries/000.p/{size}")).await.expect(200);
    assert!(bundle.header("cache-control").contains("immutable") && bundle.header("set-cookie").is_empty());
    unbundle(&bundle.bytes).unwrap()
}

/// What the script in another language says.
fn outsider(world: &World, state: &Path, erasure: Option<&str>) -> Result<String, String> {
    demanding(world, state, 30, erasure)
}

/// The same, where so many days of notice were promised.
fn demanding(world: &World, state: &Path, days: u32, erasure: Option<&str>) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outsider.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(world.url("")).arg(world.authority()).arg(state).arg(days.to_string()).args(erasure);
    said(&mut command)
}

/// What `seif verify --log` says.
fn monitor(world: &World, state: &Path) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.args(["verify", "--log"]).arg(world.url("")).arg("--ca").arg(world.authority()).arg("--state").arg(state);
    let folder = tempfile::tempdir().unwrap();
    said(command.arg("--data").arg(folder.path()))
}

fn said(command: &mut Command) -> Result<String, String> {
    let done = command.output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    match done.status.code() {
        Some(0) => Ok(out),
        Some(1) => Err(format!("{out}{err}")),
        other => panic!("{other:?}: {err}"),
    }
}

/// Undoes what keeps the log from being changed, as somebody with the database in hand would.
const LET_GO: [&str; 2] = [
    "DROP TRIGGER log_head_grows; DROP TRIGGER log_head_stays; DROP TRIGGER log_entries_unchanged;
     DROP TRIGGER log_entries_stay; DROP TRIGGER log_nodes_unchanged; DROP TRIGGER log_nodes_stay;
     DROP TRIGGER log_checkpoints_unchanged; DROP TRIGGER log_checkpoints_stay",
    "DROP FUNCTION log_only_grows() CASCADE",
];

fn let_go(world: &World) {
    let statements = if world.database == Database::Sqlite { LET_GO[0] } else { LET_GO[1] };
    keyring(world).run(statements).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes as a literal of this engine.
fn literal(world: &World, bytes: &[u8]) -> String {
    match world.database {
        Database::Sqlite => format!("x'{}'", hex(bytes)),
        Database::Postgres => format!("'\\x{}'::bytea", hex(bytes)),
    }
}

each_database! {
    async fn the_log_states_each_policy_root_key_and_erasure_and_anybody_can_check_it(world: World) {
        // P-14, P-15, P-2
        world.app.sweep().await;
        let before = checkpoint(world).await;
        let folder = tempfile::tempdir().unwrap();
        let (state, kept) = (folder.path().join("outsider"), folder.path().join("monitor"));
        outsider(world, &state, None).unwrap();
        monitor(world, &kept).unwrap();
        let anna = world.owner().await;
        let begun = leave(&anna, "now").await;
        let number = begun["erasure_id"].as_str().unwrap();
        let path = format!("/api/v1/erasures/{number}/receipt");
        let _ = world.stranger().get(&path).await.problem(404, "not_found");
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let now = checkpoint(world).await;
        assert_eq!((now.size, &now.origin), (before.size + 1, &before.origin));
        // The entries are the tree's, and each hash that is published is of one.
        let all = entries(world, now.size).await;
        let mut grown = Grown::default();
        all.iter().for_each(|entry| grown.push(entry));
        assert_eq!((grown.root(now.size), grown.root(before.size)), (Some(now.root), Some(before.root)));
        let tile = world.stranger().get(&format!("/transparency/tile/0/000.p/{}", now.size)).await.expect(200);
        let leaves: Vec<u8> = all.iter().flat_map(|entry| *Hash::of_entry(entry).as_bytes()).collect();
        assert_eq!(tile.bytes, leaves);
        for wrong in [format!("0/000.p/{}", now.size + 1), "0/000".to_owned(), "1/000".to_owned(), "x".to_owned()] {
            let _ = world.stranger().get(&format!("/transparency/tile/{wrong}")).await.problem(404, "not_found");
        }
        // What it states, once each, and nothing of anybody.
        let facts: Vec<Leaf> = all.iter().map(|entry| Leaf::parse(entry).unwrap()).collect();
        let count = |is: fn(&Leaf) -> bool| facts.iter().filter(|leaf| is(leaf)).count();
        assert_eq!(count(|leaf| matches!(leaf, Leaf::RootCurrent { version: 1, .. })), 1);
        assert_eq!(count(|leaf| matches!(leaf, Leaf::PolicyAnnounced { .. })), 5);
        assert_eq!(count(|leaf| matches!(leaf, Leaf::PolicyInForce { .. })), 5);
        let erased = erasure(world, &begun).await;
        let certificate = erased["certificate"].to_string();
        assert_eq!(facts.last(), Some(&Leaf::of_certificate(&certificate).unwrap()));
        let whole = String::from_utf8_lossy(&all.concat()).into_owned();
        for id in [anna.tenant.as_deref().unwrap(), anna.account.as_deref().unwrap(), number] {
            assert!(!whole.contains(id), "{whole}");
        }
        // Receipts hold, and who kept the certificate kept a checkpoint.
        let keys = verifiers(world).await;
        let receipt = Receipt::parse(&world.stranger().get(&path).await.expect(200).text()).unwrap();
        assert_eq!(receipt.verify(all.last().unwrap(), &keys).unwrap(), now);
        assert!(receipt.verify(&all[0], &keys).is_err());
        let witnessed = Checkpoint::open(erased["certificate"]["checkpoint"].as_str().unwrap(), &keys).unwrap();
        assert_eq!(witnessed, before);
        let policy = world.stranger().get("/api/v1/policies/privacy/1/receipt?fact=in_force").await.expect(200).text();
        let entry = facts.iter().find(|leaf| matches!(leaf, Leaf::PolicyInForce { document, .. } if document == "privacy"));
        Receipt::parse(&policy).unwrap().verify(&entry.unwrap().entry(), &keys).unwrap();
        // Two programs from outside agree, of which one is not ours; and the same day again nothing is entered twice.
        outsider(world, &state, Some(number)).unwrap();
        assert!(monitor(world, &kept).unwrap().contains(&format!("begins with the {} that were kept", before.size)));
        world.app.sweep().await;
        assert_eq!(checkpoint(world).await, now);
        offline(world, &erased["certificate"], &receipt.text(), &keys);
    }

    async fn two_nodes_append_to_one_log(world: World) {
        world.app.sweep().await;
        let node = world.node().await;
        let before = checkpoint(world).await.size;
        let mut leaving = Vec::new();
        for _ in 0..4 {
            let owner = world.owner().await;
            leaving.push(leave(&owner, "now").await);
        }
        world.later(Duration::from_secs(4));
        futures_util::future::join(world.app.sweep(), node.app.sweep()).await;
        world.app.sweep().await;
        for begun in &leaving {
            assert_eq!(erasure(world, begun).await["state"], "erased");
        }
        let now = checkpoint(world).await;
        assert_eq!(now.size, before + 4);
        let keyring = node.app.services.kernel.keyring();
        assert_eq!(keyring.check_log().unwrap(), now.size);
        assert_eq!(Checkpoint::open(&node.app.services.kernel.log_checkpoint().await.unwrap(), &verifiers(world).await).unwrap(), now);
        node.stop().await;
    }

    async fn the_database_refuses_to_shorten_or_change_the_log(world: World) {
        world.app.sweep().await;
        let _ = checkpoint(world).await;
        for statement in [
            "UPDATE log_head SET size = size - 1",
            "DELETE FROM log_head",
            "UPDATE log_entries SET subject = 'other' WHERE position = 0",
            "DELETE FROM log_entries WHERE position = 0",
            "UPDATE log_nodes SET level = 9 WHERE position = 0",
            "DELETE FROM log_nodes",
            "UPDATE log_checkpoints SET note = ''",
            "DELETE FROM log_checkpoints",
        ] {
            let refused = keyring(world).run(statement).unwrap_err().to_string();
            assert!(refused.contains("the transparency log only grows"), "{statement}: {refused}");
        }
    }

    async fn an_entry_that_was_changed_shows_in_the_service_itself(world: World) {
        world.app.sweep().await;
        let size = checkpoint(world).await.size;
        let keyring_of = world.app.services.kernel.keyring().clone();
        assert_eq!(keyring_of.check_log().unwrap(), size);
        let_go(world);
        let other = Leaf::RootCurrent { version: 1, at: "2020-01-01T00:00:00.000Z".to_owned() }.entry();
        let hash = |entry: &[u8]| literal(world, Hash::of_entry(entry).as_bytes());
        let set_hash = |hash: &str| {
            keyring(world).run(&format!("UPDATE log_nodes SET hash = {hash} WHERE level = 0 AND position = 0")).unwrap();
        };
        // From outside, too: one of its hashes, and below both of them.
        let folder = tempfile::tempdir().unwrap();
        let first = hash(&entries(world, size).await[0]);
        set_hash(&hash(&other));
        assert!(monitor(world, folder.path()).unwrap_err().contains("a tile's hashes are not those of its entries"));
        set_hash(&first);
        monitor(world, folder.path()).unwrap();
        let change = format!("UPDATE log_entries SET entry = {} WHERE position = 0", literal(world, &other));
        keyring(world).run(&change).unwrap();
        assert!(keyring_of.check_log().unwrap_err().to_string().contains("rewritten"));
        // Of fewer entries than were signed, nothing is signed.
        keyring(world).run("UPDATE log_head SET size = size - 1").unwrap();
        let _ = world.stranger().get("/transparency/checkpoint").await.problem(500, "internal");
        assert!(keyring_of.check_log().unwrap_err().to_string().contains("rewritten"));
        keyring(world).run("UPDATE log_head SET size = size + 1").unwrap();
        // With its hash changed too, nothing more is signed.
        set_hash(&hash(&other));
        let why = "its entries are not those that its checkpoint was signed for";
        assert!(monitor(world, folder.path()).unwrap_err().contains(why));
        assert!(keyring_of.check_log().unwrap_err().to_string().contains("rewritten"));
        let up = "UPDATE log_nodes SET hash = (SELECT hash FROM log_nodes WHERE level = 0 AND position = 0) WHERE level > 0";
        keyring(world).run(up).unwrap();
        let _ = world.stranger().get("/transparency/checkpoint").await.problem(500, "internal");
    }

    async fn a_log_rewritten_from_its_beginning_shows_to_whoever_kept_a_checkpoint(world: World) {
        world.app.sweep().await;
        let folder = tempfile::tempdir().unwrap();
        let (state, kept) = (folder.path().join("outsider"), folder.path().join("monitor"));
        outsider(world, &state, None).unwrap();
        monitor(world, &kept).unwrap();
        // Whoever keeps its keys takes no others from it.
        let keys = std::fs::read_to_string(kept.join("keys")).unwrap();
        let another = Verifier::new(verifiers(world).await[0].name(), [9; 32]).unwrap();
        std::fs::write(kept.join("keys"), format!("{another}\n")).unwrap();
        assert!(monitor(world, &kept).is_err());
        std::fs::write(kept.join("keys"), keys).unwrap();
        // All of it anew, signed by the log's own key: only the root key is said to be older than it is.
        let all = entries(world, checkpoint(world).await.size).await;
        let_go(world);
        keyring(world)
            .run("DELETE FROM log_nodes; DELETE FROM log_entries; UPDATE log_head SET size = 0")
            .unwrap();
        let leaves = all.iter().map(|entry| match Leaf::parse(entry).unwrap() {
            Leaf::RootCurrent { version, .. } => Leaf::RootCurrent { version, at: "2020-01-01T00:00:00.000Z".to_owned() },
            other => other,
        });
        world.app.services.kernel.keyring().enter_facts(leaves.collect()).await.unwrap();
        let keyring_of = world.app.services.kernel.keyring().clone();
        assert!(keyring_of.check_log().unwrap_err().to_string().contains("rewritten"), "what was signed is still there");
        keyring(world).run("DELETE FROM log_checkpoints").unwrap();
        assert_eq!(keyring_of.check_log().unwrap(), all.len() as u64);
        outsider(world, &folder.path().join("newcomer"), None).unwrap();
        assert!(outsider(world, &state, None).unwrap_err().contains("the log was rewritten"));
        assert!(monitor(world, &kept).unwrap_err().contains("the log was rewritten"));
        assert!(kept.join("contradiction").exists());
        // And again, since what was kept stays.
        assert!(monitor(world, &kept).unwrap_err().contains("the log was rewritten"));
    }

    async fn a_new_version_is_in_the_log_before_it_applies_and_with_how_many_were_told(world: World) {
        // P-15
        let _ = world.owner().await;
        world.app.sweep().await;
        let folder = tempfile::tempdir().unwrap();
        outsider(world, folder.path(), None).unwrap();
        let announced = announce(world).await;
        world.app.sweep().await;
        outsider(world, folder.path(), None).unwrap();
        let announcements = async || {
            let all = entries(world, checkpoint(world).await.size).await;
            let mut facts: Vec<Leaf> = all.iter().map(|entry| Leaf::parse(entry).unwrap()).collect();
            facts.retain(|leaf| leaf.subject().starts_with("policy/privacy/2/"));
            facts
        };
        let expected = announced.effective_at.rfc3339();
        assert!(matches!(&announcements().await[..], [Leaf::PolicyAnnounced { effective_at, .. }] if *effective_at == expected));
        deliver(&world.app.services.policies, &world.app.outbox).await;
        world.later(Duration::from_secs(31 * 86_400));
        world.app.sweep().await;
        let told = Told { accounts: 1, reached: 1, unreachable: 0 };
        assert!(matches!(&announcements().await[..], [_, Leaf::PolicyInForce { told: was, .. }] if *was == told));
        outsider(world, folder.path(), None).unwrap();
        assert!(demanding(world, folder.path(), 32, None).unwrap_err().contains("after it was announced"));
        let receipt = world.stranger().get("/api/v1/policies/privacy/2/receipt?fact=in_force").await.expect(200).text();
        Receipt::parse(&receipt).unwrap().verify(&announcements().await[1].entry(), &verifiers(world).await).unwrap();
    }

    async fn each_root_key_each_certificate_and_each_withdrawal_is_in_the_log(world: World) {
        // P-14, P-15
        let anna = world.owner().await;
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let _ = announce(world).await;
        let _ = world.app.services.policies.withdraw(Document::Privacy, HERE).await.unwrap();
        for arguments in [["keys", "rotate-root", "--json"].as_slice(), &["keys", "destroy-root", "1", "--json"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
            command.arg("--data").arg(world.folder.path()).args(arguments);
            if let [database, keyring] = world.database_urls() {
                command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
            }
            said(&mut command).unwrap();
        }
        // The second certificate follows when no old back-up can exist any more.
        world.later(Duration::from_secs(7 * 86_400));
        world.app.sweep().await;
        let erased = erasure(world, &begun).await;
        let all = entries(world, checkpoint(world).await.size).await;
        let facts: Vec<String> = all.iter().map(|entry| Leaf::parse(entry).unwrap().subject()).collect();
        for kind in ["certificate", "last_certificate"] {
            let stated = Leaf::of_certificate(&erased[kind].to_string()).unwrap().subject();
            assert!(facts.contains(&stated), "{kind}: {facts:?}");
        }
        for stated in ["root/1/current", "root/2/current", "root/1/destroyed", "policy/privacy/2/announced", "policy/privacy/2/withdrawn"] {
            assert_eq!(facts.iter().filter(|fact| *fact == stated).count(), 1, "{stated}: {facts:?}");
        }
    }

    async fn a_text_that_was_edited_shows_to_an_outsider(world: World) {
        // P-15
        world.app.sweep().await;
        let folder = tempfile::tempdir().unwrap();
        outsider(world, folder.path(), None).unwrap();
        let drop = match world.database {
            Database::Sqlite => "DROP TRIGGER policy_texts_no_update",
            Database::Postgres => "DROP TRIGGER policy_texts_stay ON policy_texts",
        };
        let mut data = Beside::of(world);
        data.run(drop).unwrap();
        data.run("UPDATE policy_texts SET body = body || ' And more.' WHERE document = 1 AND language = 'en'").unwrap();
        assert!(outsider(world, folder.path(), None).unwrap_err().contains("is not the text of its digest"));
    }

    async fn the_page_tells_what_the_log_states_in_the_readers_language(world: World) {
        world.app.sweep().await;
        let stranger = world.stranger();
        assert!(stranger.get("/transparency").await.expect(302).header("location").starts_with("/transparency/"));
        let page = stranger.get("/transparency/lv").await.expect(200);
        assert!(page.header("set-cookie").is_empty());
        assert!(page.text().contains("Privātuma politika, 1. redakcija: spēkā"), "{}", page.text());
        let _ = stranger.get("/transparency/fr").await.expect(404);
    }
}

/// `seif verify` says that certificate and receipt hold, and not those of another.
fn offline(world: &World, certificate: &Value, receipt: &str, keys: &[Verifier]) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let elsewhere = Receipt::parse(receipt).unwrap();
    let elsewhere = file("elsewhere", &Receipt { index: elsewhere.index - 1, ..elsewhere }.text());
    let (certificate, receipt) = (file("certificate", &certificate.to_string()), file("receipt", receipt));
    let public = world.app.services.kernel.keyring().public_keys().unwrap();
    let public = file(
        "keys",
        &serde_json::json!({"keys": public.iter().map(|key| serde_json::json!({
        "kid": key.id.to_string(),
        "x": base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, key.bytes),
    })).collect::<Vec<_>>()})
        .to_string(),
    );
    let verify = |receipt: &Path, log_key: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
        command.arg("verify").arg(&certificate).arg("--key").arg(&public);
        said(command.arg("--receipt").arg(receipt).args(["--log-key", log_key]))
    };
    assert!(verify(&receipt, &keys[0].to_string()).unwrap().contains("states it as entry"));
    // Signed by another, or of another place.
    let other = Verifier::new(keys[0].name(), [9; 32]).unwrap();
    assert!(verify(&receipt, &other.to_string()).unwrap_err().contains("the receipt does not hold"));
    assert!(verify(&elsewhere, &keys[0].to_string()).unwrap_err().contains("the receipt does not hold"));
}

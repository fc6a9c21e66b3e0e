//! An export that is sealed for age recipients on its way out, and opened far from the service.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use seif::each_database;
use seif::kernel::crypto::age::{Recipient, sealed};
use seif::kernel::entropy::Entropy;
use seif::testing::MARK;
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::exports::{FULL, entries, parsed, vault};
use crate::recipients::{identity, tool};
use crate::shelf::token;
use crate::vault_pages::{browser, send};

const SOMEBODY: &str = "age1act7dlpd77p9djfvd8nttpwv9g9nh7xw9kdfm9k8y3n7anhyhcvs8ajtv6";

/// `seif open` where there is nothing else: an empty folder, and a configuration that is not there.
fn open(folder: &Path, file: &str, identity: &str, to: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.current_dir(folder).env_clear().env("SEIF_CONFIG", "/nowhere/seif.toml");
    command.args(["open", file, "--identity", identity, "--to", to, "--json"]).output().unwrap()
}

/// What is said of one that is refused with this status; nothing is left of it.
fn refused(folder: &Path, file: &str, identity: &str, status: i32) -> String {
    let before = std::fs::read_dir(folder).unwrap().count();
    let output = open(folder, file, identity, "none.zip");
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), before, "something is left");
    String::from_utf8(output.stderr).unwrap()
}

fn archive(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

each_database! {
    async fn an_export_for_recipients_opens_far_from_the_service_with_each_ones_identity_alone(world: World) {
        // P-2
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let Some(first) = identity(&folder.join("first")) else { return };
        let (second, _) = (identity(&folder.join("second")).unwrap(), identity(&folder.join("other")).unwrap());
        let (owner, _) = vault(world).await;
        let answer = owner.get(&format!("{FULL}?sensitive=clear&recipient={first}&recipient={second}")).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        let named = answer.header("content-disposition");
        assert!(named.starts_with("attachment; filename=\"seif-2") && named.contains(".zip.age\"; "), "{named}");
        assert!(answer.bytes.starts_with(b"age-encryption.org/v1\n") && answer.bytes.len() > 370_000);
        let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        assert!(!holds(&answer.bytes, MARK.as_bytes()) && !holds(&answer.bytes, b"manifest.json"));
        std::fs::write(folder.join("export.zip.age"), &answer.bytes).unwrap();

        // The real tool opens it, and what we open is the same.
        for name in ["first", "second"] {
            let opened = tool("age").unwrap().args(["-d", "-i"]).arg(folder.join(name)).arg(folder.join("export.zip.age")).output().unwrap();
            assert!(opened.status.success(), "{opened:?}");
            assert_eq!(parsed(&entries(&opened.stdout), "manifest.json")["sensitive"], "clear");
            let to = format!("{name}.zip");
            let ours = open(folder, "export.zip.age", name, &to);
            assert!(ours.status.success(), "{ours:?}");
            let said: Value = serde_json::from_slice(&ours.stdout).unwrap();
            assert_eq!((&said["whole"], &said["files"], &said["records"]), (&json!(true), &json!(4), &json!({"customers": 5})));
            assert!(std::fs::read(folder.join(&to)).unwrap() == opened.stdout);
            assert_eq!(std::fs::metadata(folder.join(&to)).unwrap().permissions().mode() & 0o777, 0o600);
        }

        // Nothing is written over anything, nothing opens for others, and a wrong command line is told from a wrong file.
        std::fs::write(folder.join("mine.zip"), b"mine").unwrap();
        let taken = open(folder, "export.zip.age", "first", "mine.zip");
        assert_eq!((taken.status.code(), std::fs::read(folder.join("mine.zip")).unwrap()), (Some(2), b"mine".to_vec()));
        assert!(refused(folder, "export.zip.age", "other", 1).contains("sealed for none of these identities"));
        assert!(refused(folder, "export.zip.age", "mine.zip", 2).contains("is not an age key"));
        assert!(refused(folder, "nothing.age", "first", 2).contains("cannot be read"));
        assert!(refused(folder, "first.zip", "first", 1).contains("no file of age"));

        // Changed, cut off, or with something behind it.
        let whole = answer.bytes.clone();
        let mut changed = whole.clone();
        changed[200_000] ^= 1;
        // Between two chunks: behind the header, its MAC of 43 letters, and the nonce.
        let first_chunks = whole.windows(5).position(|window| window == b"\n--- ").unwrap() + 49 + 16 + 2 * 65_552;
        for bytes in [changed, whole[..whole.len() - 1].to_vec(), whole[..first_chunks].to_vec(), [whole.as_slice(), b"x"].concat()] {
            std::fs::write(folder.join("damaged.age"), bytes).unwrap();
            assert!(refused(folder, "damaged.age", "first", 1).contains("damaged or cut off"));
        }

        // Sealed well, and not what was exported.
        let all = entries(&std::fs::read(folder.join("first.zip")).unwrap());
        let recipient = Recipient::parse(&first).unwrap();
        let without = |name: &str| {
            let mut fewer = all.clone();
            fewer.remove(name).unwrap();
            archive(&fewer)
        };
        let with = |name: &str, content: &[u8]| {
            let mut other = all.clone();
            *other.get_mut(name).unwrap() = content.to_vec();
            archive(&other)
        };
        let file = all.keys().find(|name| name.starts_with("files/")).unwrap();
        let mut half = archive(&all);
        half.truncate(half.len() / 2);
        let mut flipped = archive(&BTreeMap::from([("members.json".to_owned(), vec![b' '; 1000])]));
        flipped[40] ^= 1;
        for (content, why) in [
            (without("manifest.json"), "manifest.json is missing"),
            (without("audit.json"), "audit.json is missing"),
            (without("collections/customers/records.csv"), "records.csv is missing"),
            (without(file), "3 are there, and the manifest says 4"),
            (with("collections/customers/records.json", b"[{}]"), "1 are there, and the manifest says 5"),
            (with("audit.json", b"[{}"), "audit.json is damaged"),
            (with("manifest.json", b"{}"), "no export of this form"),
            (half, "no whole ZIP archive"),
            (flipped, "manifest.json is missing"),
        ] {
            std::fs::write(folder.join("other.age"), sealed(&content, std::slice::from_ref(&recipient), &Entropy::system()).unwrap()).unwrap();
            let said = refused(folder, "other.age", "first", 1);
            assert!(said.contains(why), "{why}: {said}");
        }
    }

    async fn a_recipient_that_is_none_is_named_and_such_an_export_was_not_made(world: World) {
        let (owner, _) = vault(world).await;
        let program = token(&owner, &["exports:read"]).await;
        let body = json!({"name": "once", "scopes": ["exports:read"], "limits": {"exports_per_day": 1}});
        let made = owner.post("/api/v1/tokens", body).await.expect(201).json();
        let once = owner.with_token(made["token"].as_str().unwrap());
        let six = [SOMEBODY; 6].join("&recipient=");
        for (recipients, pointer, code) in [
            ("age1nobody", "/recipient/0", "not_a_recipient"),
            ("", "/recipient/0", "not_a_recipient"),
            (&format!("{SOMEBODY}&recipient=x"), "/recipient/1", "not_a_recipient"),
            (&six, "/recipient", "too_many_recipients"),
        ] {
            let wrong = once.get(&format!("{FULL}?recipient={recipients}")).await.problem(422, "invalid");
            assert_eq!((&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]), (&json!(pointer), &json!(code)));
            assert!(wrong["errors"][0]["detail"].as_str().unwrap().contains("recipient"));
        }
        let _ = once.get(&format!("{FULL}?recipient={SOMEBODY}")).await.expect(200);
        let _ = once.get(&format!("{FULL}?recipient={SOMEBODY}")).await.problem(429, "limit_reached");
        for malformed in ["sensitive=clear&sensitive=clear", "recipients=x", "sensitive=masked&page=1"] {
            let _ = program.get(&format!("{FULL}?{malformed}")).await.problem(400, "malformed_request");
        }
    }

    async fn the_page_seals_the_archive_for_whom_is_named_and_says_who_is_none(world: World) {
        let (owner, _) = vault(world).await;
        let browser = browser(&owner);
        let page = format!("/t/{}/export", owner.tenant.as_deref().unwrap());
        assert!(browser.get(&page).await.expect(200).page().contains("name=\"recipient\""));
        let plain = send(&browser, &page, &[("sensitive", "masked"), ("recipient", " \r\n")]).await.expect(200);
        assert_eq!(plain.header("content-type"), "application/zip");
        let two = format!("{SOMEBODY}\r\n {SOMEBODY}\r\n");
        let answer = send(&browser, &page, &[("sensitive", "clear"), ("recipient", &two)]).await.expect(200);
        let head = String::from_utf8_lossy(&answer.bytes[..400]).into_owned();
        assert_eq!(head.matches("-> X25519 ").count(), 2, "{head}");
        let wrong = send(&browser, &page, &[("sensitive", "masked"), ("recipient", "age1mistyped")]).await.expect(422).page();
        assert!(wrong.contains("age1mistyped</textarea>") && wrong.contains("This is not an age recipient"));
        assert!(wrong.contains("value=\"masked\" checked"));
    }
}

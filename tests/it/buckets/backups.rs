//! Back-ups in a bucket: taken, read, drilled, put back and deleted as in a folder; a kill leaves nothing half counted.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use seif::app;
use seif::kernel::backup;
use seif::kernel::backup::format::What;
use seif::kernel::backup::place::Place;
use seif::kernel::fault::Point;
use seif::testing::{Database, World, certify, drop_database, fresh_databases, sweep};
use serde_json::Value;

use super::server::Server;
use super::{file, shop};
use crate::files::content;
use crate::leaving::leave;
use crate::shelf::store;

const DATA: &str = "s3://safe/of/data";
const RING: &str = "s3://safe/of/keyring";
const DAY: Duration = Duration::from_secs(86_400);

/// A command beside the story's service.
fn beside(world: &World, arguments: &[&str]) -> Command {
    beside_with(world, &world.folder.path().join("seif.toml"), arguments)
}

/// The same, with another configuration.
fn beside_with(world: &World, configuration: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.arg("--data").arg(world.folder.path()).arg("--config").arg(configuration);
    if let [database, keyring] = world.database_urls() {
        command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
    }
    command.args(arguments);
    command
}

fn done(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn place(world: &World, at: &str) -> Box<dyn Place> {
    app::place(&world.app.services.settings, &at.parse().unwrap(), &world.clock).unwrap()
}

fn named(world: &World, at: &str) -> usize {
    seif::kernel::backup::list(place(world, at).as_ref()).unwrap().len()
}

fn count(server: &Server, below: &str) -> usize {
    server.keys("safe").iter().filter(|key| key.starts_with(below)).count()
}

pub(super) fn story(database: Database) {
    let system = actix_web::rt::System::new();
    let Some(server) = system.block_on(Server::start()) else { return };
    system.block_on(async {
        server.make("vault").await;
        server.make("safe").await;
    });
    drop(system);
    let configuration = format!(
        "{}[backup]\nto = \"{DATA}\"\nkeyring_to = \"{RING}\"\nretention = \"10d\"\nkeyring_retention = \"2d\"\n{}",
        server.settings("vault"),
        server.section("backup.s3"),
    );
    World::run_with(database, &configuration, async |world| {
        let (anna, annas) = shop(world).await;
        let (_berta, bertas) = shop(world).await;
        let of_anna = store(&annas, "", "a.bin", &content(300_000)).await.expect(201).json();
        let of_berta = store(&bertas, "", "b.bin", &content(9_000_000)).await.expect(201).json();
        let create = ["backup", "create", "--json"];

        // Killed at each step, it leaves nothing that counts, and the next one is whole.
        for point in [Point::BackupBegun, Point::BackupObjects, Point::BackupWritten] {
            let output = beside(world, &create).env("SEIF_TEST_FAULT", point.name()).output().unwrap();
            assert_eq!(
                output.status.signal(),
                Some(9),
                "{}: {}",
                point.name(),
                String::from_utf8_lossy(&output.stderr)
            );
            assert_eq!((named(world, DATA), named(world, RING)), (0, 0), "{}", point.name());
        }
        let made = done(&beside(world, &create).output().unwrap());
        assert_eq!(made["data"]["objects"]["kept"], 2, "{made}");
        assert!(made["data"]["path"].as_str().unwrap().starts_with("s3://safe/of/data/data-"), "{made}");
        assert_eq!((named(world, DATA), named(world, RING)), (1, 1));
        let more = store(&bertas, "", "c.bin", &content(10)).await.expect(201).json();
        let made = done(&beside(world, &create).output().unwrap());
        assert_eq!(
            (&made["data"]["objects"]["kept"], &made["data"]["objects"]["copied"]),
            (&3.into(), &1.into()),
            "{made}"
        );
        for from in [DATA, RING] {
            let holds = done(&beside(world, &["backup", "verify", "--from", from, "--json"]).output().unwrap());
            assert_eq!(holds["holds"], true);
            let listed = done(&beside(world, &["backup", "list", "--from", from, "--json"]).output().unwrap());
            assert_eq!(listed["backups"].as_array().unwrap().len(), 2);
        }
        // Where authorities are named, those of the machine count for nothing beside them.
        let of_machine = server.authority();
        let others = tempfile::tempdir().unwrap();
        let other = others.path().join("ca.pem");
        std::fs::write(&other, certify("localhost", others.path())).unwrap();
        let settings = std::fs::read_to_string(world.folder.path().join("seif.toml")).unwrap();
        let line = format!("roots = \"{}\"\n", of_machine.display());
        assert!(settings.contains(&line), "{settings}");
        let believing = |roots: &str| {
            let configuration = others.path().join("seif.toml");
            std::fs::write(&configuration, settings.replace(&line, roots)).unwrap();
            let mut list = beside_with(world, &configuration, &["backup", "list", "--from", DATA, "--json"]);
            list.env("SSL_CERT_FILE", &of_machine).output().unwrap()
        };
        assert_eq!(done(&believing(""))["backups"].as_array().unwrap().len(), 2);
        let refused = believing(&format!("roots = \"{}\"\n", other.display()));
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");

        let drilled = done(&beside(world, &["backup", "drill", "--json"]).output().unwrap());
        assert_eq!((&drilled["good"], &drilled["objects"]), (&true.into(), &3.into()), "{drilled}");
        let same = beside(world, &["backup", "create", "--to", RING, "--keyring-to", RING]).output().unwrap();
        assert!(!same.status.success());
        let live = beside(world, &["backup", "create", "--to", "s3://vault/seif/objects"]).output().unwrap();
        assert!(String::from_utf8_lossy(&live.stderr).contains("shares names with the objects"), "{live:?}");

        // What another machine is about to need stays until it cannot be about to any more.
        let objects = server.bucket("safe", "of/data/objects");
        objects.put("0123456789abcdef0123456789abcdef", b"another's".to_vec()).unwrap();
        let kept = backup::prune(place(world, DATA).as_ref(), What::Data, 10 * DAY, &world.clock).unwrap();
        assert_eq!((kept.len(), count(&server, "of/data/objects/")), (0, 4));
        let mut underway = server.bucket("safe", "of/data").begin("data-underway.seif", 5 << 20);
        std::io::Write::write_all(&mut underway, &vec![7; 11 << 20]).unwrap();
        std::mem::forget(underway);
        let _ = backup::prune(place(world, DATA).as_ref(), What::Data, 10 * DAY, &world.clock).unwrap();
        assert_eq!(server.uploads("safe").await, 1);

        // An object that is changed there shows.
        let largest = objects.list().unwrap().into_iter().max_by_key(|entry| entry.length).unwrap();
        let mut whole = Vec::new();
        std::io::Read::read_to_end(&mut objects.read(&largest.key).unwrap(), &mut whole).unwrap();
        let mut changed = whole.clone();
        changed[5_000_000] ^= 1;
        objects.put(&largest.key, changed).unwrap();
        assert!(!beside(world, &["backup", "verify", "--from", DATA]).output().unwrap().status.success());
        objects.put(&largest.key, whole).unwrap();

        // Everything is lost, the keyring and the objects at work too, after one of them was erased: see P-14.
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let _ = crate::leaving::is_erased(world, &anna, &begun).await;
        let made = done(&beside(world, &create).output().unwrap());
        assert_eq!(made["data"]["objects"]["kept"], 2, "{made}");
        let vault = server.bucket("vault", "");
        vault.remove(&server.keys("vault")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        for key in ["root.key", "backup.key"] {
            std::fs::copy(world.folder.path().join(key), elsewhere.path().join(key)).unwrap();
        }
        let databases = fresh_databases(database).unwrap().map(Vec::from).unwrap_or_default();
        let mut restore = Command::new(env!("CARGO_BIN_EXE_seif"));
        restore.arg("--data").arg(elsewhere.path()).arg("--config").arg(world.folder.path().join("seif.toml"));
        if let [database, keyring] = databases.as_slice() {
            restore.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
        }
        restore.args(["backup", "restore", "--from", DATA, "--keyring-from", RING, "--json"]);
        let restored = done(&restore.output().unwrap());
        assert_eq!(restored["objects"], 2, "{restored}");
        for url in &databases {
            drop_database(url);
        }
        // What the lost service knows by name is back in its bucket.
        assert!(bertas.get(&file(&of_berta)).await.expect(200).bytes == content(9_000_000));
        assert!(bertas.get(&file(&more)).await.expect(200).bytes == content(10));
        assert_eq!(server.keys("vault").len(), 2);
        assert_ne!(annas.get(&file(&of_anna)).await.status, 200);

        // By themselves, and deleted at the end of their times, with the objects that only they had.
        assert_eq!(count(&server, "of/data/objects/"), 4);
        world.later(3 * DAY);
        world.app.sweep().await;
        assert_eq!((named(world, DATA), named(world, RING)), (4, 1));
        world.later(9 * DAY);
        world.app.sweep().await;
        assert_eq!((named(world, DATA), named(world, RING)), (2, 1));
        assert_eq!(count(&server, "of/data/objects/"), 2);
        assert_eq!((count(&server, "of/data/lists/"), server.uploads("safe").await), (2, 0));
        let settings = &world.app.services.settings;
        assert_eq!(settings.backup.to.as_ref().unwrap().to_string(), DATA);
        let newest = seif::kernel::backup::find(place(world, DATA).as_ref(), What::Data, None).unwrap();
        assert!(newest.size > 0);

        // Into a bucket that keeps what is removed none is taken.
        server.versioning("safe", "Enabled").await;
        let refused = beside(world, &create).output().unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains("keeps versions of what is removed"), "{refused:?}");
    });
    sweep(&server.data(), &[]);
}

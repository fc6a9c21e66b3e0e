//! Back-ups of both databases: taken beside writers, read to the last byte, put back; and whoever was erased stays
//! erased, whichever of the databases is put back, by whatever means.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::rc::Rc;
use std::time::Duration;

use seif::app;
use seif::each_database;
use seif::kernel::backup::drill;
use seif::kernel::backup::format::What;
use seif::kernel::backup::key::{BackupKey, Keys};
use seif::kernel::backup::place::{Folder, Place as _};
use seif::kernel::backup::standing::Standing;
use seif::kernel::backup::{self, BackupError, Contents, Sources, restore};
use seif::kernel::clock::Clock;
use seif::kernel::crypto::Owner;
use seif::kernel::entropy::Entropy;
use seif::kernel::fault::Point;
use seif::kernel::keyring::KeyringError;
use seif::kernel::objects::Objects;
use seif::kernel::operators::{By, Ledger, OperatorAct, Schedule, TwoPersons, deeds};
use seif::kernel::personal::Secret;
use seif::kernel::store::migrate::{Schema, migrate};
use seif::kernel::store::{Conn, Target};
use seif::testing::{Actor, Database, World, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::files::{content, objects};
use crate::leaving::{erasure, is_erased, leave, rows};
use crate::operator_ledger::HERE;
use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{RECORDS, customer, customers, place, store, token};
use crate::transparency::{checkpoint, follows};

const CANCELLATION: &str = "/api/v1/tenant/cancellation";
const DAY: Duration = Duration::from_secs(86_400);

/// Where a story keeps its back-ups: outside of everything that the service writes.
pub(crate) struct Safe {
    folder: tempfile::TempDir,
    key: Keys,
}

impl Safe {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (key, _) = BackupKey::load_or_make(&folder.path().join("backup.key"), &Entropy::system()).unwrap();
        Self { folder, key: key.into() }
    }

    fn path(&self, what: What) -> PathBuf {
        self.folder.path().join(what.name())
    }

    fn of(&self, what: What) -> Folder {
        Folder::new(self.path(what))
    }

    pub(crate) fn take(&self, world: &World, what: What) -> Contents {
        let made = backup::create(
            &By::Service(Schedule::due()),
            &sources(world),
            what,
            &self.of(what),
            &self.key,
            &world.clock,
            &Entropy::system(),
        )
        .unwrap();
        let held = backup::verify(&self.of(what), &made.name, &self.key).unwrap();
        assert_eq!((&held.label, &held.totals, held.taken.objects), (&made.label, &made.totals, made.taken.objects));
        made
    }

    pub(crate) fn inspect(&self, made: &Contents) -> restore::Inspected {
        restore::inspect(&self.of(made.label.what), &made.name, &self.key).unwrap()
    }

    pub(crate) fn put_back(&self, made: &Contents, target: &Target) {
        self.try_to_put_back(made, target).unwrap();
    }

    /// The data beside a ledger of its own: these stories are of what comes back.
    pub(crate) fn try_to_put_back(&self, made: &Contents, target: &Target) -> Result<(), BackupError> {
        if made.label.what == What::Keyring {
            return self.put_keyring_back(made, None, target);
        }
        let (place, inspected) = (self.of(made.label.what), self.inspect(made));
        self.restoring(made, |act| restore::restore(act, &place, &inspected, &self.key, target))
    }

    /// With what a back-up of the data says, whenever it was taken.
    pub(crate) fn put_keyring_back(
        &self,
        made: &Contents,
        data: Option<&Contents>,
        target: &Target,
    ) -> Result<(), BackupError> {
        let (place, inspected, data) =
            (self.of(What::Keyring), self.inspect(made), data.map(|data| self.inspect(data)));
        let now = Clock::system().now();
        restore::restore_keyring(HERE, now, &place, &inspected, data.as_ref(), &self.key, target).map(drop)
    }

    /// Gives the objects back that a back-up of the data refers to, but for those of `gone`.
    pub(crate) fn give_back_objects(
        &self,
        made: &Contents,
        gone: &[Owner],
        into: &Objects,
    ) -> Result<u64, BackupError> {
        self.restoring(made, |act| restore::restore_objects(act, &self.of(What::Data), &self.inspect(made), gone, into))
    }

    fn restoring<R>(&self, made: &Contents, run: impl FnOnce(&OperatorAct<deeds::Restore>) -> R) -> R {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite(folder.path().join("keyring.db"));
        migrate(&mut Conn::open(&target).unwrap(), Schema::Keyring).unwrap();
        let ledger = Ledger::open(target, Clock::system(), Entropy::system()).unwrap();
        let deed = deeds::Restore { backup: made.label.id.clone() };
        let alone = TwoPersons::Auto;
        let asked = ledger.operate_by_two_blocking(HERE, alone, deed, |act| Ok::<_, BackupError>(run(act)));
        asked.unwrap().done().unwrap().unwrap()
    }
}

pub(crate) fn sources(world: &World) -> Sources {
    app::sources(&world.app.services.settings).unwrap()
}

/// Loses a database as a broken disk does.
pub(crate) fn lose(target: &Target) {
    match target {
        Target::Sqlite(path) => {
            for end in ["", "-wal", "-shm"] {
                drop(std::fs::remove_file(format!("{}{end}", path.display())));
            }
        }
        Target::Postgres(url) => {
            Beside::url(url.reveal()).run("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
        }
    }
}

/// A business with a record, and a program of its that reads it.
struct Shop {
    owner: Actor,
    program: Actor,
    record: String,
}

impl Shop {
    async fn open(world: &mut World) -> Self {
        let owner = world.owner().await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        let program = token(&owner, &["records:read", "records:write"]).await;
        Self { owner, program, record }
    }

    fn keys(&self) -> [Owner; 2] {
        let tenant = self.owner.tenant.as_deref().unwrap().parse().unwrap();
        let account = self.owner.account.as_deref().unwrap().parse().unwrap();
        [Owner::Tenant(tenant), Owner::Account(account)]
    }

    async fn is_whole(&self, world: &World) {
        let record = self.program.moved_to(world).get(&self.record).await.expect(200).json();
        assert_eq!(record["values"]["number"], "1");
    }

    async fn is_gone(&self, world: &World) {
        for owner in self.keys() {
            let keys = world.app.services.kernel.keyring().keys(owner);
            assert!(matches!(keys, Err(KeyringError::NoKey(_))), "{owner:?}");
        }
        for id in [self.owner.tenant.as_deref().unwrap(), self.owner.account.as_deref().unwrap()] {
            assert_eq!(rows(world, id), []);
        }
        assert_eq!(self.program.moved_to(world).get(&self.record).await.status, 401);
        let _ = self.owner.moved_to(world).sign_in().await.problem(401, "sign_in_refused");
    }
}

/// Leaves, and waits until nothing is left; the wish, and the proof that is served.
async fn erase(world: &mut World, shop: &Shop) -> (Value, Value) {
    let begun = leave(&shop.owner.moved_to(world), "now").await;
    world.later(Duration::from_secs(4));
    world.app.sweep().await;
    let proof = is_erased(world, &shop.owner.moved_to(world), &begun).await;
    world.deliver().await;
    (begun, proof)
}

/// A database of the service's, beside it.
fn beside(target: &Target) -> Beside {
    match target {
        Target::Sqlite(path) => Beside::file(path),
        Target::Postgres(url) => Beside::url(url.reveal()),
    }
}

each_database! {
    async fn restored_data_brings_back_what_was_there_and_neither_sessions_nor_who_was_erased(world: World) {
        // P-14
        let safe = Safe::new();
        let (anna, berta) = (Shop::open(world).await, Shop::open(world).await);
        // A mail that waits in the back-up and is sent before the data is lost.
        world.deliver().await;
        let wanted = json!({"email": format!("{}@example.lv", world.somebody()), "language": "en"});
        let _ = world.stranger().post("/api/v1/signups", wanted).await.expect(202);
        let made = safe.take(world, What::Data);
        world.deliver().await;
        let count = |table: &str| made.totals.iter().find(|total| total.table == table).unwrap().rows;
        assert_eq!((count("records"), count("tenants"), count("instance"), count("outbox")), (2, 2, 1, 1));
        erase(world, &anna).await;
        let _ = customer(&berta.owner.moved_to(world), "later").await;
        let _ = berta.owner.moved_to(world).get("/api/v1/session").await.expect(200);

        restore::demand_fit(&safe.inspect(&made), world.app.services.kernel.keyring()).unwrap();
        let sent = world.mails().len();
        let data = sources(world).data;
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&made, &data);
        }).await;
        let found = world.app.services.kernel.found();
        assert_eq!(found.standing, Standing::DataBehind);
        // The session of who was erased went with its rows.
        assert_eq!((found.ended.sessions, found.ended.mails, found.erased_again), (1, 1, 2));
        world.deliver().await;
        assert_eq!(world.mails().len(), sent);
        anna.is_gone(world).await;
        berta.is_whole(world).await;
        let page = berta.program.moved_to(world).get(RECORDS).await.expect(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let mut back = berta.owner.moved_to(world);
        let _ = back.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = back.sign_in().await.expect(201);

        // The next start finds everything as it was left.
        world.restart().await;
        assert_eq!(world.app.services.kernel.found().standing, Standing::Even);
        let _ = back.moved_to(world).get("/api/v1/session").await.expect(200);
    }
}

each_database! {
    async fn an_old_keyring_beside_the_data_brings_back_nobody_who_was_erased(world: World) {
        // P-14
        let safe = Safe::new();
        let (anna, berta) = (Shop::open(world).await, Shop::open(world).await);
        let made = safe.take(world, What::Keyring);
        let (begun, proof) = erase(world, &anna).await;
        let revoked = token(&berta.owner.moved_to(world), &["records:read"]).await;
        let listed = berta.owner.moved_to(world).get("/api/v1/tokens").await.expect(200).json();
        let newest = listed["items"].as_array().unwrap_or_else(|| listed.as_array().unwrap()).iter();
        let newest = newest.map(|token| token["id"].as_str().unwrap().to_owned()).max().unwrap();
        let _ = berta.owner.moved_to(world).delete(&format!("/api/v1/tokens/{newest}")).await.expect(204);
        let logged = checkpoint(world).await;
        let keyring = sources(world).keyring;
        world.restart_on(|_| {
            lose(&keyring);
            safe.put_back(&made, &keyring);
        }).await;
        let found = world.app.services.kernel.found();
        assert_eq!(found.standing, Standing::KeyringBehind);
        assert_eq!((found.erased_again, found.ended.mails), (2, 0), "{found:?}");
        follows(world, &logged).await;
        for _ in 0..2 {
            anna.is_gone(world).await;
            berta.is_whole(world).await;
            // The proof is served on, as it was signed; what was revoked stays so, whatever is put back next.
            assert_eq!(erasure(world, &begun).await, proof);
            assert_eq!(revoked.moved_to(world).get(RECORDS).await.status, 401);
            let known = world.app.services.kernel.keyring().revoked_tokens().unwrap();
            assert!(known.iter().any(|token| token.to_string() == newest), "{newest}: {known:?}");
            world.restart().await;
            assert_eq!(world.app.services.kernel.found().erased_again, 0);
        }
    }
}

each_database! {
    async fn where_both_are_older_than_an_erasure_a_later_back_up_of_the_data_says_so(world: World) {
        // P-14
        let safe = Safe::new();
        let (anna, berta) = (Shop::open(world).await, Shop::open(world).await);
        let (data, keyring) = (safe.take(world, What::Data), safe.take(world, What::Keyring));
        let (begun, proof) = erase(world, &anna).await;
        world.later(Duration::from_secs(60));
        let later = safe.take(world, What::Data);
        let at = sources(world);
        let databases = world.database_urls().to_vec();
        world.restart_on(|folder| {
            lose(&at.data);
            lose(&at.keyring);
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
            command.arg("--data").arg(folder).args(["--json", "backup", "restore", "--keyring-from"]);
            command.arg(safe.path(What::Keyring)).arg("--ledger-from").arg(safe.path(What::Data));
            command.arg("--key").arg(safe.folder.path().join("backup.key"));
            if let [database, keyring] = databases.as_slice() {
                command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
            }
            let done = json_of(&command.output().unwrap());
            assert_eq!((&done["erasures_entered"], &done["keyring"]["name"]), (&json!(2), &json!(keyring.name)));
            safe.put_back(&data, &at.data);
        }).await;
        assert!(later.label.at > keyring.label.at);
        assert!(world.app.services.kernel.found().erased_again >= 2);
        anna.is_gone(world).await;
        berta.is_whole(world).await;
        assert_eq!(erasure(world, &begun).await, proof);
    }
}

each_database! {
    async fn objects_are_kept_once_checked_and_given_back_but_for_those_of_who_was_erased(world: World) {
        // P-14
        let safe = Safe::new();
        let (anna, berta) = (Shop::open(world).await, Shop::open(world).await);
        let of_anna = store(&anna.owner, "", "anna.pdf", &content(70_000)).await.expect(201).json();
        let of_berta = store(&berta.owner, "", "berta.pdf", &content(150_000)).await.expect(201).json();
        let first = safe.take(world, What::Data);
        assert_eq!((first.taken.objects, first.taken.copied, first.taken.gone), (2, 2, 0));
        let file = |stored: &Value| format!("/api/v1/files/{}", stored["id"].as_str().unwrap());
        let more = store(&berta.owner, "", "more.pdf", &content(10)).await.expect(201).json();
        world.later(Duration::from_secs(1));
        let second = safe.take(world, What::Data);
        assert_eq!((second.taken.objects, second.taken.copied), (3, 1), "what is kept is not copied again");
        let kept = safe.path(What::Data).join("objects");
        assert_eq!(objects(&kept).len(), 3);

        let drills = world.folder.path().join("drills");
        let drilled = |world: &World| drill::drill(
            &By::Service(Schedule::due()), &safe.of(What::Data), &safe.key, world.app.services.kernel.keyring(), &drills, &app::backups::SAMPLERS,
            &world.clock, &Entropy::system(),
        ).unwrap().findings;
        let found = drilled(world);
        assert!(found.is_good() && found.objects == 3 && found.opened >= 7, "{found:?}");

        erase(world, &anna).await;
        let live = world.folder.path().join("objects");
        let gone = restore::demand_fit(&safe.inspect(&second), world.app.services.kernel.keyring()).unwrap();
        let data = sources(world).data;
        world.restart_on(|_| {
            lose(&data);
            std::fs::remove_dir_all(&live).unwrap();
            let into = Objects::in_folder(live.clone());
            for _ in 0..2 {
                assert_eq!(safe.give_back_objects(&second, &gone, &into).unwrap(), 2);
            }
            safe.put_back(&second, &data);
        }).await;
        assert_eq!(objects(&live).len(), 2);
        let mut back = berta.owner.moved_to(world);
        let _ = back.sign_in().await.expect(201);
        let _ = back.confirm(world).await.expect(200);
        assert!(back.get(&file(&of_berta)).await.expect(200).bytes == content(150_000));
        assert!(back.get(&file(&more)).await.expect(200).bytes == content(10));
        assert_ne!(back.get(&file(&of_anna)).await.status, 200);

        // One that is changed, and one that is not there, shows; what it is needed by is not put back.
        let some = objects(&kept).into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
        let whole = std::fs::read(&some).unwrap();
        let mut changed = whole.clone();
        changed[100_000] ^= 1;
        for wrong in [Some(changed), None] {
            match wrong {
                Some(bytes) => std::fs::write(&some, bytes).unwrap(),
                None => std::fs::remove_file(&some).unwrap(),
            }
            let verified = backup::verify(&safe.of(What::Data), &second.name, &safe.key);
            assert!(matches!(verified, Err(BackupError::Damaged)));
            let elsewhere = tempfile::tempdir().unwrap();
            let into = Objects::in_folder(elsewhere.path().to_owned());
            assert!(matches!(safe.give_back_objects(&second, &gone, &into), Err(BackupError::Damaged)));
            let given = objects(elsewhere.path());
            assert!(given.iter().all(|path| path.file_name() != some.file_name()), "nothing damaged is left lying");
        }
        assert!(!drilled(world).is_good());
        // What is not there as it was kept, is kept anew by the next back-up.
        for wrong in [None, whole.get(..100_000)] {
            match wrong {
                Some(bytes) => std::fs::write(&some, bytes).unwrap(),
                None => assert!(!some.exists()),
            }
            world.later(Duration::from_secs(1));
            let again = safe.take(world, What::Data);
            assert_eq!((again.taken.objects, again.taken.copied), (2, 1));
            assert!(std::fs::read(&some).unwrap() == whole);
        }

        // Objects go with the last back-up that needs them.
        world.later(DAY);
        let third = safe.take(world, What::Data);
        assert_eq!((third.taken.objects, third.taken.copied), (2, 0));
        let over = backup::prune(&safe.of(What::Data), What::Data, DAY / 2, &world.clock).unwrap();
        assert_eq!((over.len(), objects(&kept).len()), (4, 2));
    }
}

each_database! {
    async fn killed_at_each_step_a_restore_is_gone_on_with_and_brings_nobody_back(world: World) {
        // P-14
        let safe = Safe::new();
        let (anna, berta) = (Shop::open(world).await, Shop::open(world).await);
        world.deliver().await;
        let wanted = json!({"email": format!("{}@example.lv", world.somebody()), "language": "en"});
        let _ = world.stranger().post("/api/v1/signups", wanted).await.expect(202);
        let _ = safe.take(world, What::Data);
        world.deliver().await;
        let (begun, proof) = erase(world, &anna).await;
        let sent = world.mails().len();
        let steps = steps_of(&["restore", "start"]);
        assert_eq!(steps.len(), 9);
        for point in steps {
            let (data, urls) = (sources(world).data, world.database_urls().to_vec());
            let aside = tempfile::tempdir().unwrap();
            world.restart_on(|folder| {
                lose(&data);
                let run = |point: Option<Point>| {
                    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
                    command.arg("--data").arg(aside.path().join("new")).args(["--json", "backup", "restore", "--from"]);
                    command.arg(safe.path(What::Data)).arg("--key").arg(safe.folder.path().join("backup.key"));
                    command.env("SEIF_ROOT_KEY__FILE", folder.join("root.key"));
                    match urls.as_slice() {
                        [database, keyring] => command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring),
                        _ => command.env("SEIF_KEYRING", format!("sqlite:{}", folder.join("keyring.db").display())),
                    };
                    point.map(|point| command.env("SEIF_TEST_FAULT", point.name()));
                    command.output().unwrap()
                };
                let output = run(Some(point));
                if world_is_placed(&data, aside.path()) {
                    // It stands where it is looked for: the next start does what is left.
                    assert!(output.status.signal() == Some(9) || point == Point::RestoreCommitted, "{point:?}");
                } else {
                    killed(&output, point);
                    let _ = json_of(&run(None));
                }
                if let Target::Sqlite(path) = &data {
                    for end in ["", "-wal", "-shm"] {
                        let from = aside.path().join(format!("new/seif.db{end}"));
                        if from.exists() {
                            std::fs::rename(from, format!("{}{end}", path.display())).unwrap();
                        }
                    }
                }
            }).await;
            anna.is_gone(world).await;
            berta.is_whole(world).await;
            let back = berta.owner.moved_to(world);
            let _ = back.get("/api/v1/session").await.problem(401, "not_signed_in");
            world.deliver().await;
            assert_eq!(world.mails().len(), sent, "{point:?}");
            assert_eq!(erasure(world, &begun).await, proof);
            world.restart().await;
            assert_eq!(world.app.services.kernel.found().standing, Standing::Even, "{point:?}");
        }
    }
}

/// Whether what was restored stands where it is looked for.
fn world_is_placed(data: &Target, aside: &Path) -> bool {
    match data {
        Target::Sqlite(_) => aside.join("new/seif.db").exists(),
        Target::Postgres(url) => {
            let mut db = Beside::url(url.reveal());
            let there =
                "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' AND tablename = 'instance'";
            !db.lines(there).is_empty() && db.count("instance") == 1
        }
    }
}

each_database! {
    async fn a_wish_to_leave_that_an_old_keyring_brings_back_is_put_off_until_it_can_be_taken_back_again(world: World) {
        // P-14
        let safe = Safe::new();
        let berta = Shop::open(world).await;
        let _ = leave(&berta.owner, "after_grace").await;
        let made = safe.take(world, What::Keyring);
        let _ = berta.owner.delete(CANCELLATION).await.expect(204);
        world.later(DAY * 31);
        let keyring = sources(world).keyring;
        world.restart_on(|_| {
            lose(&keyring);
            safe.put_back(&made, &keyring);
        }).await;
        world.app.sweep().await;
        let mut back = berta.owner.moved_to(world);
        let _ = back.sign_in().await.expect(201);
        let _ = back.confirm(world).await;
        let _ = back.get(&berta.record).await.expect(200);
        let _ = back.delete(CANCELLATION).await.expect(204);
        world.later(DAY * 8);
        world.app.sweep().await;
        let _ = back.sign_in().await.expect(201);
        let _ = back.get(&berta.record).await.expect(200);
    }
}

each_database! {
    async fn each_erasure_moves_the_epoch_by_which_a_copy_is_known(world: World) {
        let (anna, data) = (Shop::open(world).await, sources(world).data);
        let epoch = || beside(&data).lines("SELECT CAST(epoch AS TEXT) AS line FROM instance")[0].parse::<i64>().unwrap();
        let before = epoch();
        let _ = leave(&anna.owner, "now").await;
        world.later(Duration::from_secs(4));
        world.app.services.leaving.sweep().await.unwrap();
        assert!(epoch() > before);
    }
}

each_database! {
    async fn back_ups_are_taken_when_they_are_due_and_those_past_their_time_go(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let places = ["data", "keyring"].map(|name| folder.path().join(name));
        let shown = places.each_ref().map(|path| path.display().to_string());
        world.restart_with(&format!(
            "[backup]\nto = \"{}\"\nkeyring_to = \"{}\"\nevery = \"1d\"\nretention = \"10d\"\nkeyring_retention = \"2d\"\n",
            shown[0], shown[1]
        )).await;
        let taken = || places.each_ref().map(|path| backup::list(&Folder::new(path.clone())).unwrap().len());
        for (days, expected) in [(0, [1, 1]), (0, [1, 1]), (1, [2, 2]), (1, [3, 3]), (1, [4, 3]), (9, [3, 1])] {
            world.later(DAY * days);
            world.app.sweep().await;
            assert_eq!(taken(), expected, "after {days} more days");
        }
        let newest = || world.app.services.kernel.db().read_here(None, drill::newest).unwrap().unwrap();
        let first = newest();
        assert!(first.findings.is_good() && first.at == first.taken_at && first.at == world.clock.now(), "{first:?}");
        let key = Keys::from(BackupKey::load(&world.folder.path().join("backup.key")).unwrap());
        for (path, what) in places.iter().zip([What::Data, What::Keyring]) {
            let place = Folder::new(path.clone());
            let newest = backup::find(&place, what, None).unwrap();
            assert_eq!(backup::verify(&place, &newest.name, &key).unwrap().label.at, world.clock.now().micros());
            // One that cannot be put back is a finding, and the next drill's.
            let file = path.join(newest.name);
            let cut = std::fs::read(&file).unwrap();
            std::fs::write(&file, &cut[..cut.len() - 1]).unwrap();
        }
        world.later(DAY / 2);
        world.app.sweep().await;
        assert_eq!(newest(), first, "not due");
        world.later(DAY * 7 - DAY / 2 - Duration::from_secs(1));
        let folder = folder.path().join("data");
        let damaged = backup::find(&Folder::new(folder.clone()), What::Data, None).unwrap().name;
        let kernel = &world.app.services.kernel;
        let drills = world.folder.path().join("drills");
        let found = drill::drill(
            &By::Service(Schedule::due()), &Folder::new(folder), &key, kernel.keyring(), &drills, &app::backups::SAMPLERS, &world.clock, &Entropy::system(),
        ).unwrap();
        assert_eq!((found.findings.is_good(), &found.findings.backup), (false, &damaged));
        assert!(found.findings.fault.is_some_and(|fault| fault.contains("damaged")));
        world.later(Duration::from_secs(2));
        world.app.sweep().await;
        assert!(newest().findings.is_good() && newest().at > first.at, "a new back-up, and a drill of it");
    }
}

each_database! {
    async fn a_database_that_was_put_back_by_other_means_is_known_by_its_epoch(world: World) {
        let berta = Shop::open(world).await;
        for (target, column, standing) in [
            (sources(world).data, "epoch", Standing::DataBehind),
            (sources(world).keyring, "planned", Standing::KeyringBehind),
        ] {
            // A copy from before the last start has the epoch of then.
            world.restart().await;
            let mut owner = berta.owner.moved_to(world);
            let _ = owner.sign_in().await.expect(201);
            world.restart_on(|_| {
                beside(&target).run(&format!("UPDATE instance SET {column} = {column} - 1")).unwrap();
            }).await;
            assert_eq!(world.app.services.kernel.found().standing, standing);
            let _ = owner.moved_to(world).get("/api/v1/session").await.problem(401, "not_signed_in");
            berta.is_whole(world).await;
        }
    }
}

each_database! {
    async fn data_that_is_put_back_a_moment_after_it_was_taken_ends_sessions_too(world: World) {
        // P-14: nothing has moved the epoch since, and something may have been revoked.
        let (safe, berta, data) = (Safe::new(), Shop::open(world).await, sources(world).data);
        let made = safe.take(world, What::Data);
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&made, &data);
        }).await;
        let found = world.app.services.kernel.found();
        assert_eq!((found.standing, found.ended.sessions), (Standing::DataBehind, 1));
        let _ = berta.owner.moved_to(world).get("/api/v1/session").await.problem(401, "not_signed_in");
        berta.is_whole(world).await;
    }
}

each_database! {
    async fn what_was_taken_from_one_engine_is_put_back_into_the_other(world: World) {
        let safe = Safe::new();
        let _shop = Shop::open(world).await;
        for what in [What::Data, What::Keyring] {
            let made = safe.take(world, what);
            let elsewhere = tempfile::tempdir().unwrap();
            let file = Target::Sqlite(elsewhere.path().join("other.db"));
            let other = match world.database {
                Database::Postgres => None,
                Database::Sqlite => fresh_databases(Database::Postgres).flatten(),
            };
            let url = other.as_ref().map(|urls| Target::Postgres(Secret::new(urls[0].clone())));
            // A restore compares what it has written, table by table.
            safe.put_back(&made, url.as_ref().unwrap_or(&file));
            assert!(matches!(
                safe.try_to_put_back(&made, url.as_ref().unwrap_or(&file)),
                Err(BackupError::NotEmpty)
            ));
            for url in other.into_iter().flatten() {
                drop_database(&url);
            }
        }
    }
}

each_database! {
    async fn what_belongs_to_another_installation_is_put_back_beside_nothing_of_this_one(world: World) {
        let safe = Safe::new();
        let _shop = Shop::open(world).await;
        let (keyring, at) = (safe.take(world, What::Keyring), sources(world));
        let of_this = safe.take(world, What::Data);
        let id = beside(&at.data).lines(match world.database {
            Database::Sqlite => "SELECT hex(id) AS line FROM instance",
            Database::Postgres => "SELECT CAST(id AS TEXT) AS line FROM instance",
        })[0].clone();
        let mut data = beside(&at.data);
        let call = |data: &mut Beside, id: &str| {
            let id = data.id(id);
            data.run(&format!("UPDATE instance SET id = {id}")).unwrap();
        };
        call(&mut data, "00000000-0000-7000-8000-000000000000");
        world.later(Duration::from_secs(1));
        let of_another = safe.take(world, What::Data);
        call(&mut data, &id);
        let ours = world.app.services.kernel.keyring();
        assert!(matches!(restore::demand_fit(&safe.inspect(&of_another), ours), Err(BackupError::Foreign)));
        let elsewhere = tempfile::tempdir().unwrap();
        let target = Target::Sqlite(elsewhere.path().join("keyring.db"));
        let put_back = |data: &Contents| safe.put_keyring_back(&keyring, Some(data), &target);
        assert!(matches!(put_back(&of_another), Err(BackupError::Foreign)));
        put_back(&of_this).unwrap();
    }
}

each_database! {
    async fn back_ups_past_their_retention_go_and_the_last_of_the_data_stays(world: World) {
        let safe = Safe::new();
        for what in [What::Data, What::Keyring] {
            let first = safe.take(world, what);
            world.later(DAY);
            let second = safe.take(world, what);
            let prune = |kept: u32| backup::prune(&safe.of(what), what, DAY * kept, &world.clock).unwrap();
            assert_eq!(prune(2), Vec::<String>::new());
            world.later(DAY + Duration::from_secs(1));
            assert_eq!(prune(2), std::slice::from_ref(&first.name));
            world.later(DAY * 9);
            let over = if what == What::Data { vec![] } else { vec![second.name.clone()] };
            assert_eq!(prune(2), over);
            assert_eq!(safe.of(what).list().unwrap().len(), 1 - over.len());
        }
    }
}

/// A folder with a service's data, its back-ups, and room for what is restored.
struct Stage {
    folder: tempfile::TempDir,
    databases: Vec<String>,
    others: Vec<String>,
}

impl Stage {
    fn new(database: Database) -> Option<Self> {
        // On PostgreSQL as an operator has it: a role that owns its databases and is no superuser.
        let fresh = || {
            Some(fresh_databases(database)?.map(|urls| urls.map(owned_by_a_plain_role).to_vec()).unwrap_or_default())
        };
        let (databases, others) = (fresh()?, fresh()?);
        Some(Self { folder: tempfile::tempdir().unwrap(), databases, others })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn show(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    /// The restored data, beside the keyring that was there.
    fn restored(&self) -> [String; 2] {
        match (self.others.first(), self.databases.get(1)) {
            (Some(data), Some(keyring)) => [data.clone(), keyring.clone()],
            _ => [
                format!("sqlite:{}", self.show("restored/seif.db")),
                format!("sqlite:{}", self.show("data/keyring.db")),
            ],
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("SEIF_ROOT_KEY__FILE".to_owned(), self.show("data/root.key")),
            ("SEIF_BACKUP__KEY".to_owned(), self.show("data/backup.key")),
        ]
    }

    fn restore(&self, point: Option<Point>) -> Output {
        let [database, keyring] = self.restored();
        self.restore_beside(&database, &keyring, &[], point)
    }

    /// Where the keyring is put back when it is lost too.
    fn other_keyring(&self) -> String {
        self.others.get(1).cloned().unwrap_or_else(|| format!("sqlite:{}", self.show("elsewhere/keyring.db")))
    }

    fn restore_beside(&self, database: &str, keyring: &str, further: &[&str], point: Option<Point>) -> Output {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
        command.args(["backup", "restore", "--from", &self.show("backups"), "--data", &self.show("restored")]);
        command.args(["--keyring", keyring, "--json"]).args(further).envs(self.environment());
        if !self.others.is_empty() {
            command.args(["--database", database]);
        }
        if let Some(point) = point {
            command.env("SEIF_TEST_FAULT", point.name());
        }
        command.output().unwrap()
    }

    fn refused(&self) -> String {
        let output = self.restore(None);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    fn start_again(&self) {
        for url in &self.others {
            lose(&Target::Postgres(Secret::new(url.clone())));
        }
        for folder in ["restored", "elsewhere"] {
            drop(std::fs::remove_dir_all(self.at(folder)));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for url in self.databases.iter().chain(&self.others) {
            drop_database(url);
        }
    }
}

/// The same database, its owner a role that may log in and nothing else.
fn owned_by_a_plain_role(url: String) -> String {
    const ROLE: &str = "seif_plain";
    let mut server = Beside::url(&url);
    // Several stories may make them at once: whoever comes second finds them there.
    for role in [format!("{ROLE} LOGIN"), "seif_rows NOLOGIN".to_owned()] {
        drop(server.run(&format!("CREATE ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")));
    }
    drop(server.run(&format!("GRANT seif_rows TO {ROLE}")));
    let database = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    server.run(&format!("ALTER DATABASE {database} OWNER TO {ROLE}")).unwrap();
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{ROLE}@{host}")
}

/// Every point at which these can be killed.
fn steps_of(what: &[&str]) -> Vec<Point> {
    let of = |point: &Point| what.contains(&point.name().split('-').next().unwrap());
    Point::OF_BACKUPS.into_iter().filter(of).collect()
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn killed(output: &Output, point: Point) {
    assert_eq!(output.status.signal(), Some(9), "{}: {}", point.name(), String::from_utf8_lossy(&output.stderr));
}

/// Writes until it is told to stop; gives the addresses of all that was acknowledged.
async fn busy(program: Actor, stop: Rc<Cell<bool>>) -> Vec<String> {
    let mut made = Vec::new();
    while !stop.get() {
        let values = json!({"values": {"number": format!("busy-{}", made.len())}});
        made.push(place(&program.post(RECORDS, values).await.expect(201)));
    }
    made
}

fn story(database: Database) {
    let Some(stage) = Stage::new(database) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.at("data"), &stage.databases);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        let (to, keyring_to) = (stage.show("backups"), stage.show("keyrings"));
        let create = ["backup", "create", "--to", &to, "--keyring-to", &keyring_to, "--json"];

        // Killed at each step, it leaves nothing that looks like a back-up before its last byte is on disk.
        let mut named = 0;
        for point in steps_of(&["backup"]) {
            killed(&process.command(&create).env("SEIF_TEST_FAULT", point.name()).output().unwrap(), point);
            named += usize::from(point == Point::BackupNamed);
            assert_eq!(backup::list(&Folder::new(stage.at("backups"))).unwrap().len(), named, "{}", point.name());
            assert!(backup::list(&Folder::new(stage.at("keyrings"))).unwrap().is_empty(), "{}", point.name());
        }
        assert_eq!(named, 1);
        // Beside writers, whose writes are all acknowledged.
        let stop = Rc::new(Cell::new(false));
        let writers: Vec<_> = (0..1).map(|_| actix_web::rt::spawn(busy(program.clone(), Rc::clone(&stop)))).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut command = process.command(&create);
        let made = json_of(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
        stop.set(true);
        for writer in writers {
            assert!(!writer.await.unwrap().is_empty());
        }
        let rows = |table: &str| made["data"]["tables"][table]["rows"].as_u64().unwrap();
        // One instant: each record has its first version and its entry in the audit.
        assert!(rows("records") > 1 && rows("audit_entries") > rows("records"));
        assert!(made["keyring"]["tables"]["owner_keys"]["rows"].as_u64().unwrap() >= 3);
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(stage.at("data/backup.key")), mode(stage.at("backups"))), (0o600, 0o700));
        for from in [&to, &keyring_to] {
            let holds = json_of(&process.command(&["backup", "verify", "--from", from, "--json"]).output().unwrap());
            assert_eq!(holds["holds"], true);
        }
        let listed = json_of(&process.command(&["backup", "list", "--from", &to, "--json"]).output().unwrap());
        assert_eq!(listed["backups"].as_array().unwrap().len(), 2);
        // Without a folder named, the one of the configuration.
        let drill = || {
            let mut command = process.command(&["backup", "drill", "--json"]);
            command.env("SEIF_BACKUP__TO", &to);
            command
        };
        killed(&drill().env("SEIF_TEST_FAULT", Point::DrillDone.name()).output().unwrap(), Point::DrillDone);
        let drilled = json_of(&drill().output().unwrap());
        assert_eq!(
            (&drilled["good"], &drilled["tenants"], &drilled["unreadable"]),
            (&json!(true), &json!(1), &json!(0))
        );
        assert!(drilled["opened"].as_u64().unwrap() >= 3, "{drilled}");
        // Without any folder, a back-up is taken for it.
        let own = json_of(&process.command(&["backup", "drill", "--json"]).output().unwrap());
        assert_eq!((&own["good"], &own["tenants"]), (&json!(true), &json!(1)));
        assert!(!stage.at("data/drilled").exists());
        let left: Vec<_> = std::fs::read_dir(stage.at("data/drills")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "the lock alone: {left:?}");
        process.kill();

        // Killed at each step, a restore can be begun again, or the next start does what is left.
        for point in [Point::RestoreBegun, Point::RestoreFilled, Point::RestoreCommitted] {
            if database == Database::Sqlite || point != Point::RestoreCommitted {
                killed(&stage.restore(Some(point)), point);
            }
        }
        let done = json_of(&stage.restore(None));
        assert_eq!(done["data"]["tables"]["records"]["rows"], rows("records"));
        assert!(done["sessions_ended"].as_u64().unwrap() >= 1, "{done}");
        assert!(stage.refused().contains("not empty"));
        stage.start_again();
        killed(&stage.restore(Some(Point::RestorePlaced)), Point::RestorePlaced);
        let restored = Process::start_in(&stage.at("restored"), &stage.restored(), "", &stage.environment());
        let reader = restored.stranger().with_token(program.token.as_deref().unwrap());
        let record = reader.get(&kept).await.expect(200).json();
        assert_eq!(record["values"]["number"], "kept");
        let page = reader.get(&format!("{RECORDS}?limit=1")).await.expect(200).json();
        assert!(page["next"].is_string());
        drop(restored);

        // The keyring is lost too: both are put back, and a kill between the two leaves a keyring to go on from.
        let [database, _] = stage.restored();
        let (other, both) = (stage.other_keyring(), ["--keyring-from", keyring_to.as_str()]);
        for point in [Point::RestoreBegun, Point::RestoreFilled] {
            stage.start_again();
            killed(&stage.restore_beside(&database, &other, &both, Some(point)), point);
            let done = json_of(&stage.restore_beside(&database, &other, &both, None));
            assert_eq!((&done["data"]["what"], &done["keyring"]["what"]), (&json!("data"), &json!("keyring")));
        }
        stage.start_again();
        killed(&stage.restore_beside(&database, &other, &both, Some(Point::RestorePlaced)), Point::RestorePlaced);
        assert_eq!(stage.restore_beside(&database, &other, &both, None).status.code(), Some(1), "the keyring is there");
        let done = json_of(&stage.restore_beside(&database, &other, &[], None));
        assert_eq!(done["data"]["tables"]["records"]["rows"], rows("records"));
        let restored = Process::start_in(&stage.at("restored"), &[database, other], "", &stage.environment());
        let reader = restored.stranger().with_token(program.token.as_deref().unwrap());
        let _ = reader.get(&kept).await.expect(200);
        drop(restored);

        refusals(&stage, &to);
    });
}

fn refusals(stage: &Stage, to: &str) {
    stage.start_again();
    let root = stage.at("data/root.key");
    let aside = stage.at("data/root.key.aside");
    std::fs::rename(&root, &aside).unwrap();
    assert!(stage.refused().contains("bring it back"));
    assert!(!root.exists());
    std::fs::rename(&aside, &root).unwrap();

    // Cut off, and changed.
    let newest = newest(Path::new(to));
    let whole = std::fs::read(&newest).unwrap();
    for damaged in [whole[..whole.len() - 1].to_vec(), whole[..whole.len() / 2].to_vec(), {
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        changed
    }] {
        std::fs::write(&newest, damaged).unwrap();
        assert!(stage.refused().contains("damaged or cut off"));
        assert!(!stage.at("restored/seif.db").exists());
    }
    std::fs::write(&newest, whole).unwrap();

    // A key that is gone without a word in the ledger.
    let mut keyring = match stage.databases.get(1) {
        Some(url) => Beside::url(url),
        None => Beside::file(&stage.at("data/keyring.db")),
    };
    keyring.run("DELETE FROM owner_keys WHERE owner_kind = 1").unwrap();
    assert!(stage.refused().contains("none of them was erased"));
    let change = match stage.databases.get(1) {
        Some(_) => "UPDATE instance SET id = '00000000-0000-7000-8000-000000000000'",
        None => "UPDATE instance SET id = zeroblob(16)",
    };
    keyring.run(change).unwrap();
    assert!(stage.refused().contains("another installation"));
    assert!(!stage.at("restored/seif.db").exists());
}

fn newest(folder: &Path) -> PathBuf {
    let kept = backup::find(&Folder::new(folder.to_owned()), What::Data, None).unwrap();
    folder.join(kept.name)
}

mod sqlite {
    #[test]
    fn the_commands_take_and_put_back_and_hold_against_kills_and_damage() {
        super::story(seif::testing::Database::Sqlite);
    }
}

mod postgres {
    #[test]
    fn the_commands_take_and_put_back_and_hold_against_kills_and_damage() {
        super::story(seif::testing::Database::Postgres);
    }
}

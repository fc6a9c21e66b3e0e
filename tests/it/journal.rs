//! The journal of reads: whatever becomes of the database or of the process between the noting of a read and its entry
//! in the audit, the entry stands there once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use seif::each_database;
use seif::kernel::audit::{Action, Event, SealedEntry, Subject};
use seif::kernel::personal::Personal;
use seif::kernel::tenancy::{Origin, TenantScope};
use seif::testing::{Actor, Database, World, drop_database, fresh_databases, sweep};

use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{customer, customers, pages, place};

/// How often each record's reading stands in the audit.
async fn readings(actor: &Actor) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for page in pages(actor, "/api/v1/audit", 200).await {
        for entry in page["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "record_read") {
            let mut subjects = entry["subjects"].as_array().unwrap().iter();
            let record = subjects.find_map(|subject| subject["record"].as_str()).unwrap();
            *found.entry(record.to_owned()).or_default() += 1;
        }
    }
    found
}

fn id(place: &str) -> &str {
    place.rsplit('/').next().unwrap()
}

/// What the owner does in the tenant, beneath HTTP.
fn scope(world: &World, owner: &Actor) -> TenantScope {
    let (tenant, account) = (owner.tenant.as_deref().unwrap(), owner.account.as_deref().unwrap());
    let origin = Origin {
        address: Personal::new(std::net::IpAddr::from([127, 0, 0, 1])),
        device: Personal::new("Story/1.0".to_owned()),
        site: None,
    };
    let kernel = &world.app.services.kernel;
    kernel.tenant_scope_of_a_story(tenant.parse().unwrap(), account.parse().unwrap(), origin).unwrap()
}

/// The database as it is when nobody can write: on PostgreSQL nobody may connect, on SQLite somebody else holds it.
struct Away {
    beside: Beside,
    name: Option<String>,
}

impl Away {
    fn take(world: &World) -> Self {
        let mut away = match world.database {
            Database::Sqlite => Self { beside: Beside::of(world), name: None },
            Database::Postgres => {
                let name = world.database_urls()[0].rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
                Self { beside: Beside::url(&world.database_urls()[1]), name: Some(name) }
            }
        };
        match &away.name {
            None => away.beside.run("BEGIN IMMEDIATE").unwrap(),
            Some(name) => {
                let closed = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
                away.beside.run(&closed).unwrap();
                end_connections(&mut away.beside, name);
            }
        }
        away
    }

    fn give_back(mut self) {
        let back = match &self.name {
            None => "ROLLBACK".to_owned(),
            Some(name) => format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"),
        };
        self.beside.run(&back).unwrap();
    }
}

fn end_connections(beside: &mut Beside, name: &str) {
    beside.lines(&format!(
        "SELECT pg_terminate_backend(pid)::text AS line FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    ));
}

/// Reads until the service answers again.
async fn recovered(actor: &Actor) {
    for _ in 0..200 {
        if actor.get("/readyz").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not recover");
}

each_database! {
    async fn reads_noted_before_the_database_went_away_come_into_the_audit_once_when_it_is_back(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        world.app.services.kernel.journal().flush().unwrap();
        for _ in 0..25 {
            let _ = owner.get(&record).await.expect(200);
        }
        let scope = scope(world, &owner);
        let away = Away::take(world);
        // One more is noted while nobody can move it.
        let kernel = world.app.services.kernel.clone();
        let event = Event::new(Action::RecordRead).of(Subject::Record(id(&record).parse().unwrap()));
        kernel.journal().note(SealedEntry::new(&scope, &event, kernel.now(), kernel.entropy()).unwrap()).unwrap();
        let journal = world.app.services.kernel.journal().clone();
        let moved = spawn_blocking(move || journal.flush()).await.unwrap();
        assert!(moved.is_err(), "the database was away");
        away.give_back();
        recovered(&owner).await;
        let found = readings(&owner).await;
        assert_eq!(found.get(id(&record)), Some(&26), "by the journal's own thread, or by the reading of the audit");
        world.app.services.kernel.journal().flush().unwrap();
        assert_eq!(readings(&owner).await.get(id(&record)), Some(&26));
        let verified = owner.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(verified["intact"], true, "{verified}");
    }
}

/// A move whose commit was not heard of is made again, and does nothing.
#[test]
fn connections_that_break_at_any_moment_of_a_move_neither_lose_nor_double_an_entry() {
    World::run(Database::Postgres, async |world| {
        let owner = world.owner().await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        let urls = world.database_urls().to_vec();
        let name = urls[0].rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let (mut answered, mut broken) = (0, 0);
        for round in 0..12_u64 {
            for _ in 0..20 {
                // A reader's connection was ended too: that read was not answered, and may be noted or not.
                answered += usize::from(owner.get(&record).await.status == 200);
            }
            let journal = world.app.services.kernel.journal().clone();
            let (url, name) = (urls[1].clone(), name.clone());
            let ending = spawn_blocking(move || {
                let mut beside = Beside::url(&url);
                std::thread::sleep(Duration::from_micros(700 * round));
                end_connections(&mut beside, &name);
            });
            let moved = spawn_blocking(move || journal.flush());
            broken += usize::from(moved.await.unwrap().is_err());
            ending.await.unwrap();
        }
        recovered(&owner).await;
        let found = readings(&owner).await[id(&record)];
        assert!(answered >= 200, "{answered}");
        assert_eq!(found, answered, "{broken} moves were broken off");
        let verified = owner.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(verified["intact"], true, "{verified}");
    });
}

/// The files of the journal with something in them.
fn files(data: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(data.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|file| file.metadata().is_ok_and(|file| file.len() > 0)).collect()
}

fn kill_between_noting_and_moving(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(Vec::from).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&data, &databases);
        let mut program = process.program().await;
        customers(&program).await;
        let record = place(&customer(&program, "1").await);
        let (mut answered, mut caught) = (0, 0);
        for round in 0..4 {
            for _ in 0..5 + 7 * round {
                let _ = program.get(&record).await.expect(200);
                answered += 1;
            }
            // The last was noted a moment ago: as a rule its file is still there.
            process.kill();
            let left = files(&data);
            caught += left.len();
            // A kill after the commit of the move and before the file is gone leaves the file beside its entries.
            let kept: Vec<_> = left.iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect();
            process.again();
            assert_eq!(files(&data), Vec::<PathBuf>::new(), "the next start moves what was left");
            process.kill();
            for (file, bytes) in &kept {
                std::fs::write(file, bytes).unwrap();
            }
            // What a kill cut short in the middle was never answered for.
            if let Some((file, bytes)) = kept.first() {
                let other = file.with_file_name("01947a2e-6f00-7000-8000-000000000001.journal");
                std::fs::write(other, &bytes[..bytes.len().min(40)]).unwrap();
            }
            process.again();
            program = process.stranger().with_token(program.token.as_deref().unwrap());
            assert_eq!(readings(&program).await[id(&record)], answered, "round {round}");
        }
        assert!(caught > 0, "no kill came between noting and moving");
        let verified = program.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(verified["intact"], true, "{verified}");
        process.kill();
    });
    sweep(folder.path(), &databases);
    for url in &databases {
        drop_database(url);
    }
}

mod a_kill_between_the_noting_of_a_read_and_its_entry_neither_loses_nor_doubles_it {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::kill_between_noting_and_moving(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::kill_between_noting_and_moving(Database::Postgres);
    }
}

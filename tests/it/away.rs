//! A database that is away, or full: 503 with a time to come back, nothing acknowledged is lost, and it recovers by
//! itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use seif::kernel::access::{Role, TenantAccess};
use seif::kernel::store::StoreError;
use seif::testing::{Actor, Answer, Database, World};
use seif::vault::{AuditItem, Error, Limit};
use serde_json::json;

use crate::audit::scope;
use crate::process::Process;
use crate::rows::Beside;
use crate::shelf::{RECORDS, customer, customers, place};

fn refused(answer: Answer) {
    assert!(!answer.header("retry-after").is_empty(), "{}", answer.text());
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    let _ = answer.problem(503, &code);
    assert!(["unavailable", "busy"].contains(&code.as_str()), "{code}");
}

/// Writes again until it is taken.
async fn recovers(program: &Actor, number: &str) -> String {
    for _ in 0..100 {
        let answer = program.post(RECORDS, json!({"values": {"number": number}})).await;
        if answer.status == 201 {
            return place(&answer);
        }
        refused(answer);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not recover");
}

/// Lets nobody into the database of `url`, and those who are there go.
fn close(beside: &mut Beside, url: &str) {
    let name = name_of(url);
    beside.run(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).unwrap();
    let ended =
        format!("SELECT pg_terminate_backend(pid)::text AS line FROM pg_stat_activity WHERE datname = '{name}'");
    beside.lines(&ended);
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap().split('?').next().unwrap()
}

#[test]
fn the_audit_is_not_shown_without_its_actors_while_the_keyring_is_away() {
    World::run(Database::Postgres, async |world| {
        let owner = world.owner().await;
        let access = TenantAccess {
            scope: scope(world, &owner),
            role: Role::Owner,
            session: None,
            scopes: None,
            allowance: None,
        };
        let urls = world.database_urls().to_vec();
        let mut beside = Beside::url(&urls[0]);
        close(&mut beside, &urls[1]);
        let account = owner.account.as_deref().unwrap().parse().unwrap();
        let ran_out = async {
            while world.app.services.kernel.account_scope(account).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ran_out).await.expect("the lease of keys in memory runs out");
        let refused = world.app.services.vault.audit(&access, Limit::default(), None).await.err();
        assert!(matches!(refused, Some(Error::Store(StoreError::Unavailable))), "{refused:?}");
        beside.run(&format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", name_of(&urls[1]))).unwrap();
        let page = world.app.services.vault.audit(&access, Limit::default(), None).await.unwrap();
        let known = |item: &AuditItem| matches!(item, AuditItem::Entry(e) if e.actor.as_ref().unwrap().by.is_some());
        assert!(!page.items.is_empty() && page.items.iter().all(known));
    });
}

#[test]
fn a_postgresql_that_is_away_answers_503_and_the_service_recovers_with_it() {
    World::run(Database::Postgres, async |world| {
        let owner = world.owner().await;
        customers(&owner).await;
        let kept = place(&customer(&owner, "1").await);
        let url = world.database_urls()[0].clone();
        // From beside: the keyring's database stays.
        let mut beside = Beside::url(&world.database_urls()[1]);
        close(&mut beside, &url);
        for _ in 0..3 {
            refused(owner.post(RECORDS, json!({"values": {"number": "2"}})).await);
            refused(owner.get(&kept).await);
            refused(owner.get("/readyz").await);
            let _ = world.stranger().get("/healthz").await.expect(200);
        }
        beside.run(&format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", name_of(&url))).unwrap();
        let new = recovers(&owner, "2").await;
        for place in [&kept, &new] {
            let _ = owner.get(place).await.expect(200);
        }
        let _ = owner.get("/readyz").await.expect(200);
        assert_eq!(owner.get(RECORDS).await.expect(200).json()["items"].as_array().unwrap().len(), 2);
    });
}

/// A disk of a few megabytes, gone with the test.
struct Disk(PathBuf);

impl Disk {
    /// `None` where one may not be mounted.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(at).output().ok()?;
        mounted.status.success().then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_answers_503_loses_nothing_and_takes_more_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk")) else {
        eprintln!("skipped: no small disk may be mounted here");
        return;
    };
    let data = disk.0.join("data");
    actix_web::rt::System::new().block_on(async {
        std::fs::create_dir(&data).unwrap();
        let mut process = Process::start(&data, &[]);
        let mut program = process.program().await;
        customers(&program).await;
        let mut kept = vec![place(&customer(&program, "first").await)];
        // Whatever room there is goes to something else.
        let filler = disk.0.join("filler");
        let room = || std::fs::OpenOptions::new().create(true).append(true).open(&filler).unwrap();
        while std::io::Write::write_all(&mut room(), &[0; 4096]).is_ok() {}
        let mut refusals = 0;
        for n in 0..200 {
            let notes = "x".repeat(9_000);
            let answer = program.post(RECORDS, json!({"values": {"number": format!("{n}"), "notes": notes}})).await;
            if answer.status == 201 {
                kept.push(place(&answer));
            } else {
                refused(answer);
                refusals += 1;
            }
        }
        assert!(refusals > 0, "the disk was never full");
        std::fs::remove_file(&filler).unwrap();
        kept.push(recovers(&program, "last").await);
        process.kill();
        process.again();
        program = process.stranger().with_token(program.token.as_deref().unwrap());
        for place in &kept {
            let _ = program.get(place).await.expect(200);
        }
        let verified = program.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(verified["intact"], true, "{verified}");
    });
}

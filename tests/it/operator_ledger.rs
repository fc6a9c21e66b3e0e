//! What operators do is seen: each act has its entries in their ledger, and what touches a tenant stands in that tenant's
//! own audit.

use std::process::{Command, Output};
use std::time::Duration;

use seif::cli::operator::ACTS;
use seif::each_database;
use seif::kernel::Kernel;
use seif::kernel::clock::Clock;
use seif::kernel::crypto::Owner;
use seif::kernel::entropy::Entropy;
use seif::kernel::ids::TenantId;
use seif::kernel::operators::deeds::{HoldKeys, PaceKeys, RotateKeys, ShowTenant, Whose};
use seif::kernel::operators::{Act, By, Entry, Ledger, LedgerState, Of, Operator, Step};
use seif::kernel::personal::Secret;
use seif::kernel::rekey::{Begun, Pace, Pause, Rekey};
use seif::kernel::store::Target;
use seif::testing::{Actor, Database, World, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::process::Process;
use crate::rows::Beside;

/// Who these stories' operator is.
pub(crate) const HERE: Operator = Operator::Local(0);

/// Begins to turn the keys of `owner` over.
pub(crate) async fn begin_rekey(kernel: &Kernel, owner: Owner) -> Begun {
    let deed = RotateKeys { whose: Whose::One(owner) };
    let begun =
        kernel.operate(HERE, deed, async |act| kernel.keyring().begin_rekey(owner, By::Operator(act), None).await);
    begun.await.unwrap().unwrap()
}

/// Lets keys wait, or go on.
pub(crate) async fn hold_keys(kernel: &Kernel, whose: Option<Owner>, to: Pause) -> usize {
    let held = kernel.operate(HERE, HoldKeys { whose, to }, async |act| kernel.keyring().pause_rekeys(act).await);
    held.await.unwrap().unwrap().keys
}

/// Has the keys that turn over go at so many values a second.
pub(crate) async fn pace_keys(kernel: &Kernel, values: u32) -> usize {
    let deed = PaceKeys { pace: Pace { values_per_second: values.try_into().unwrap() } };
    let paced = kernel.operate(HERE, deed, async |act| kernel.keyring().pace_rekeys(act).await);
    paced.await.unwrap().unwrap()
}

/// Lets a retired version be destroyed now.
pub(crate) async fn hasten(kernel: &Kernel, rekey: &Rekey) {
    let deed = RotateKeys { whose: Whose::One(rekey.owner) };
    let hastened = kernel.operate(HERE, deed, async |act| kernel.keyring().hasten_rekey(rekey, act).await);
    hastened.await.unwrap().unwrap();
}

pub(crate) fn tenant(owner: &Actor) -> TenantId {
    owner.tenant.as_deref().unwrap().parse().unwrap()
}

/// What the ledger says, the newest first.
pub(crate) fn entries(world: &World) -> Vec<Entry> {
    Ledger::of(world.app.services.kernel.keyring()).entries(None, None, 1_000).unwrap()
}

/// What the tenant's audit says that operators did, oldest first.
pub(crate) async fn told(owner: &Actor) -> Vec<Value> {
    let page = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
    let by_operators = |item: &&Value| item["actor"]["operator"].is_string();
    page["items"].as_array().unwrap().iter().filter(by_operators).rev().cloned().collect()
}

/// Looks at a tenant, as an operator does.
pub(crate) async fn look(kernel: &Kernel, tenant: TenantId) {
    kernel.operate(HERE, ShowTenant { tenant }, async |_| Ok::<_, ()>(())).await.unwrap().unwrap();
}

/// The keyring's database, beside the service.
pub(crate) fn keyring_of(world: &World) -> Beside {
    match world.database_urls().get(1) {
        Some(url) => Beside::url(url),
        None => Beside::file(&world.folder.path().join("keyring.db")),
    }
}

/// Takes away what keeps the ledger from being changed.
pub(crate) fn without_triggers(world: &World, keyring: &mut Beside) {
    match world.database {
        Database::Postgres => {
            for table in ["operator_entries", "operator_tellings"] {
                keyring.run(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).unwrap();
            }
        }
        Database::Sqlite => {
            for trigger in ["entries_unchanged", "entries_stay", "tellings_stay"] {
                keyring.run(&format!("DROP TRIGGER operator_{trigger}")).unwrap();
            }
        }
    }
}

each_database! {
    async fn an_act_has_an_entry_when_it_begins_and_one_when_it_ends(world: World) {
        let kernel = &world.app.services.kernel.clone();
        let owner = world.owner().await;
        let tenant = tenant(&owner);
        look(kernel, tenant).await;
        let failing = kernel.operate(HERE, ShowTenant { tenant }, async |_| Err::<(), _>("no")).await.unwrap();
        assert_eq!(failing, Err("no"));
        let found = entries(world);
        let steps: Vec<_> = found.iter().rev().map(|entry| (entry.entry, entry.step, entry.begun)).collect();
        let expected =
            [(1, Step::Begun, None), (2, Step::Done, Some(1)), (3, Step::Begun, None), (4, Step::Failed, Some(3))];
        assert_eq!(steps, expected);
        for entry in &found {
            assert_eq!((entry.operator, entry.act, &entry.of), (HERE, Act::ShowTenant, &vec![Of::Tenant(tenant)]));
        }
        assert_eq!(Ledger::of(kernel.keyring()).verify().unwrap(), LedgerState::Intact(4));
    }

    async fn the_ledger_only_grows_and_an_edit_shows(world: World) {
        let kernel = &world.app.services.kernel.clone();
        let tenant = tenant(&world.owner().await);
        for _ in 0..3 {
            look(kernel, tenant).await;
        }
        let ledger = Ledger::of(kernel.keyring());
        let mut keyring = keyring_of(world);
        for statement in [
            "UPDATE operator_entries SET at = at + 1 WHERE seq = 2",
            "DELETE FROM operator_entries WHERE seq = 6",
            "UPDATE operator_head SET seq = seq - 1",
            "DELETE FROM operator_head",
            "DELETE FROM operator_tellings",
        ] {
            assert!(keyring.run(statement).is_err(), "{statement}");
        }
        assert_eq!(ledger.verify().unwrap(), LedgerState::Intact(6));
        // Whoever can take the triggers away is still seen.
        without_triggers(world, &mut keyring);
        for (edit, back, broken) in [
            ("UPDATE operator_entries SET at = at + 1 WHERE seq = 2", "UPDATE operator_entries SET at = at - 1 WHERE seq = 2", 2),
            ("UPDATE operator_entries SET seq = 60 WHERE seq = 6", "UPDATE operator_entries SET seq = 6 WHERE seq = 60", 6),
            ("UPDATE operator_entries SET body = (SELECT body FROM operator_entries WHERE seq = 4) WHERE seq = 5",
             "UPDATE operator_entries SET seq = 5 WHERE seq = 5", 5),
        ] {
            keyring.run(edit).unwrap();
            assert_eq!(ledger.verify().unwrap(), LedgerState::Broken(broken), "{edit}");
            keyring.run(back).unwrap();
        }
    }

    async fn a_tenant_that_would_not_be_told_is_missed(world: World) {
        let kernel = &world.app.services.kernel.clone();
        let tenant = tenant(&world.owner().await);
        look(kernel, tenant).await;
        let mut keyring = keyring_of(world);
        let triggers = match world.database {
            Database::Postgres => "ALTER TABLE operator_tellings DISABLE TRIGGER USER",
            Database::Sqlite => "DROP TRIGGER operator_tellings_stay",
        };
        keyring.run(triggers).unwrap();
        keyring.run("DELETE FROM operator_tellings").unwrap();
        assert_eq!(Ledger::of(kernel.keyring()).verify().unwrap(), LedgerState::Broken(1));
    }

    async fn what_touches_a_tenant_is_in_its_own_audit_at_once_and_in_no_other(world: World) {
        let kernel = &world.app.services.kernel.clone();
        let (anna, berta) = (world.owner().await, world.owner().await);
        let of_anna = tenant(&anna);
        look(kernel, of_anna).await;
        let owner = Owner::Tenant(of_anna);
        world.later(Duration::from_secs(1));
        assert!(matches!(begin_rekey(kernel, owner).await, Begun::Made(_)));
        world.later(Duration::from_secs(1));
        assert_eq!(hold_keys(kernel, Some(owner), Pause::Waits).await, 1);
        world.later(Duration::from_secs(1));
        assert_eq!(hold_keys(kernel, None, Pause::Runs).await, 1);
        let found = told(&anna).await;
        let actions: Vec<&str> = found.iter().map(|item| item["action"].as_str().unwrap()).collect();
        let expected =
            ["operator_shown_tenant", "operator_rotated_keys", "operator_paused_keys", "operator_resumed_keys"];
        assert_eq!(actions, expected);
        let begun: Vec<_> = entries(world).into_iter().rev().filter(|entry| entry.step == Step::Begun).collect();
        for (item, entry) in found.iter().zip(&begun) {
            assert_eq!(item["actor"], json!({"operator": "local:0", "entry": entry.entry}));
            assert_eq!(item["at"], json!(entry.at));
        }
        assert_eq!(told(&berta).await, Vec::<Value>::new());
        let intact = anna.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(intact["intact"], true);
        let of_hers = Ledger::of(kernel.keyring()).entries(Some(of_anna), None, 100).unwrap();
        assert_eq!(of_hers.iter().rev().map(|entry| entry.entry).collect::<Vec<_>>(), begun.iter().map(|entry| entry.entry).collect::<Vec<_>>());
    }

    async fn what_was_not_told_before_a_kill_is_told_once_after_it(world: World) {
        let kernel = &world.app.services.kernel.clone();
        let owner = world.owner().await;
        let tenant = tenant(&owner);
        // The entry alone, as after a kill between the two databases.
        let ledger = Ledger::of(kernel.keyring());
        ledger.operate(HERE, ShowTenant { tenant }, async |_| Ok::<_, ()>(())).await.unwrap().unwrap();
        assert_eq!((told(&owner).await.len(), ledger.untold().unwrap()), (0, 1));
        world.app.sweep().await;
        assert_eq!((told(&owner).await.len(), ledger.untold().unwrap()), (1, 0));
        // Killed between the telling and the word that it is done: it stands there once all the same.
        let mut keyring = keyring_of(world);
        keyring.run("UPDATE operator_tellings SET told_at = NULL, held_until = 0").unwrap();
        let (one, two) = tokio::join!(kernel.tell_tenants(), kernel.tell_tenants());
        assert_eq!((one.unwrap() + two.unwrap(), told(&owner).await.len()), (1, 1));
    }

    async fn a_vault_that_is_sealed_is_told_once_it_is_open_and_an_erased_one_never(world: World) {
        let kernel = world.app.services.kernel.clone();
        let (anna, gone) = (world.owner().await, world.owner().await);
        let tenant = tenant(&anna);
        let _ = anna.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        look(&kernel, tenant).await;
        let ledger = Ledger::of(kernel.keyring());
        assert_eq!(ledger.untold().unwrap(), 1);
        let _ = anna.delete("/api/v1/tenant/seal").await.expect(204);
        world.later(Duration::from_secs(60));
        let _ = kernel.tell_tenants().await.unwrap();
        assert_eq!((told(&anna).await.len(), ledger.untold().unwrap()), (1, 0));
        let of_gone = crate::operator_ledger::tenant(&gone);
        kernel.keyring().enter_erasure(Owner::Tenant(of_gone)).await.unwrap();
        kernel.keyring().destroy(Owner::Tenant(of_gone)).await.unwrap();
        look(&kernel, of_gone).await;
        assert_eq!(ledger.untold().unwrap(), 0);
    }
}

/// The service's schedule stands for nobody: no command and no page may act by it.
#[test]
fn only_the_schedule_acts_without_an_operator() {
    fn names_it(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names_it(&path, found);
            } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains("Schedule::due(")) {
                found.push(
                    path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().display().to_string(),
                );
            }
        }
    }
    let mut found = Vec::new();
    names_it(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref(), &mut found);
    found.sort();
    // Of the kernel's own, the back-up that a drill throws away.
    assert_eq!(found, ["app/backups.rs", "app/sweeps.rs", "kernel/backup/mod.rs"]);
}

fn ran(output: &Output, command: &str) {
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs every command that is an act, beside a service, and finds each in the ledger.
fn every_act_of_the_command_line(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(|urls| urls.to_vec()).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&folder.path().join("data"), &databases);
        let program = process.program().await;
        for language in ["en", "lv", "lt", "et", "kk"] {
            std::fs::write(at(&format!("{language}.md")), "# Privacy\n\nWords.\n").unwrap();
            std::fs::write(at(&format!("{language}.txt")), "Words change.\n").unwrap();
        }
        let mail = "message-id: <018f0d3e-7c3a-7b2e-9d5f-2b1c6a4e8f90@vault.example.com>\n";
        std::fs::write(at("bounce.eml"), mail).unwrap();
        let mut draft = vec!["policy".to_owned(), "draft".to_owned(), "privacy".to_owned()];
        for language in ["en", "lv", "lt", "et", "kk"] {
            for (option, value) in [
                ("--language", language.to_owned()),
                ("--file", at(&format!("{language}.md"))),
                ("--summary", at(&format!("{language}.txt"))),
            ] {
                draft.extend([option.to_owned(), value]);
            }
        }
        let (to, keyring_to, evidence, bounce) = (at("backups"), at("keyrings"), at("evidence"), at("bounce.eml"));
        let draft: Vec<&str> = draft.iter().map(String::as_str).collect();
        let effective = Clock::system().now().plus(Duration::from_secs(86_400 * 40)).rfc3339();
        let commands: Vec<Vec<&str>> = vec![
            vec!["keys", "rotate-root"],
            vec!["keys", "rotate", "--older-than", "90d"],
            vec!["keys", "pause"],
            vec!["keys", "go-on"],
            vec!["keys", "pace", "500"],
            vec!["keys", "destroy-root", "1"],
            vec!["backup", "create", "--to", &to, "--keyring-to", &keyring_to],
            vec!["backup", "drill", "--from", &to],
            draft,
            vec!["policy", "announce", "privacy", "--effective-at", &effective],
            vec!["policy", "withdraw", "privacy"],
            vec!["policy", "evidence", "privacy", "2", "--to", &evidence],
            vec!["policy", "bounced", &bounce],
            vec!["support", "verify", "12345678"],
            vec!["support", "view", crate::table::NOTHING, crate::table::NOTHING, crate::table::NOTHING],
            vec!["operators", "add", "berta", "--role", "reader"],
            vec!["operators", "role", "berta", "publisher"],
            vec!["operators", "reset", "berta"],
            vec!["operators", "remove", "berta"],
            vec!["tenants", "show", program.tenant.as_deref().unwrap()],
            vec!["tenants", "erase", program.tenant.as_deref().unwrap()],
        ];
        for command in &commands {
            let output = process.command(command).output().unwrap();
            // There was no such mail, no such code and no such grant: whoever tried is seen all the same.
            if !["bounced", "verify", "view"].contains(&command[1]) {
                ran(&output, &command.join(" "));
            }
        }
        process.kill();
        let target = match databases.get(1) {
            Some(url) => Target::Postgres(Secret::new(url.clone())),
            None => Target::Sqlite(folder.path().join("data/keyring.db")),
        };
        // What was lost is put back beside the keyring.
        let data = match databases.first() {
            Some(url) => {
                crate::backups::lose(&Target::Postgres(Secret::new(url.clone())));
                url.clone()
            }
            None => format!("sqlite:{}", at("restored/seif.db")),
        };
        let restored = folder.path().join("restored");
        let keyring = databases.get(1).cloned().unwrap_or_else(|| format!("sqlite:{}", at("data/keyring.db")));
        let mut restore = Command::new(env!("CARGO_BIN_EXE_seif"));
        restore.args(["backup", "restore", "--from", &to, "--database", &data, "--keyring", &keyring]);
        restore.arg("--data").arg(&restored).env("SEIF_ROOT_KEY__FILE", at("data/root.key"));
        restore.env("SEIF_BACKUP__KEY", at("data/backup.key"));
        ran(&restore.output().unwrap(), "backup restore");

        let ledger = Ledger::open(target, Clock::system(), Entropy::system()).unwrap();
        let found = ledger.entries(None, None, 1_000).unwrap();
        let mut run: Vec<String> = commands.iter().map(|command| command[..2].join(" ")).collect();
        run.push("backup restore".to_owned());
        for (command, act) in ACTS {
            assert!(run.iter().any(|run| run == command), "{command} is not run here");
            let begun: Vec<_> = found.iter().filter(|entry| entry.act == *act && entry.step == Step::Begun).collect();
            assert_eq!(begun.len(), 1, "{command}: {found:#?}");
            assert!(matches!(begun[0].operator, Operator::Local(_)));
            let ends = found.iter().filter(|entry| entry.begun == Some(begun[0].entry)).count();
            assert_eq!(ends, 1, "{command}: {found:#?}");
        }
        assert!(matches!(ledger.verify().unwrap(), LedgerState::Intact(_)));

        // And the tenant reads in its own audit that the data went back in time.
        let mut databases = databases.clone();
        if databases.is_empty() {
            databases = vec![data, format!("sqlite:{}", at("data/keyring.db"))];
        }
        let environment = [("SEIF_ROOT_KEY__FILE".to_owned(), at("data/root.key"))];
        let again = Process::start_in(&restored, &databases, "", &environment);
        let reader = again.stranger().with_token(program.token.as_deref().unwrap());
        let found = told(&reader).await;
        assert_eq!(
            found.iter().map(|item| &item["action"]).collect::<Vec<_>>(),
            ["operator_shown_tenant", "operator_asked_erasure", "operator_restored"]
        );
        drop(again);
    });
    for url in &databases {
        drop_database(url);
    }
}

mod sqlite_commands {
    #[test]
    fn every_act_of_the_command_line_has_its_entries() {
        super::every_act_of_the_command_line(super::Database::Sqlite);
    }
}

mod postgres_commands {
    #[test]
    fn every_act_of_the_command_line_has_its_entries() {
        super::every_act_of_the_command_line(super::Database::Postgres);
    }
}

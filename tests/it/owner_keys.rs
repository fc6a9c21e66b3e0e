//! Keys of tenants and accounts turn over beside a service whose requests never fail for it; afterwards every value opens
//! under exactly one version.

use std::cell::Cell;
use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::pin::Pin;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};
use seif::app::lookups::AllLookups;
use seif::each_database;
use seif::kernel::Kernel;
use seif::kernel::access::{Role, TenantAccess};
use seif::kernel::audit::{Action, Event, SealedEntry, Subject};
use seif::kernel::backup::format::What;
use seif::kernel::clock::Clock;
use seif::kernel::crypto::{Owner, Tag};
use seif::kernel::erasure::{ErasureId, Facts};
use seif::kernel::fault::Point;
use seif::kernel::keyring::erasures::{Scheduling, Withdrawal};
use seif::kernel::rekey::report::Report;
use seif::kernel::rekey::{
    Begun, End, Lookups, Paced, Pause, RekeyScope, Retagging, Rules, Stage, Turn, Waiting, WaitsFor, Walked,
};
use seif::kernel::store::StoreError;
use seif::kernel::store::sealed::{SEALED, Under};
use seif::kernel::values::Locale;
use seif::testing::{Actor, Database, World, drop_database};
use seif::vault::{AuditItem, Limit};
use serde_json::{Value, json};

use crate::audit::scope;
use crate::backups::{Safe, lose, sources};
use crate::operator_ledger::{begin_rekey, hasten, hold_keys, pace_keys};
use crate::process::Process;
use crate::root_keys::{Place, done};
use crate::rows::Beside;
use crate::shelf::{CUSTOMERS, RECORDS, SEARCH, customer, customers, ids, place, somebody, store, token};
use crate::traces::{copy_of_data, restore_data};

/// Without waiting for other nodes: there are none.
pub(crate) const AT_ONCE: Rules = Rules {
    settle: Duration::ZERO,
    retention: Duration::from_secs(35 * 86_400),
    values_per_second: 1_000_000,
    end: End::Now,
};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn counted(world: &World, condition: &str) -> i64 {
    let statement = format!("SELECT count(*) AS count FROM {condition}");
    let row: Count = match world.database_urls().first() {
        Some(url) => sql_query(statement).get_result(&mut PgConnection::establish(url).unwrap()).unwrap(),
        None => {
            let path = world.folder.path().join("seif.db");
            let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            sql_query(statement).get_result(&mut conn).unwrap()
        }
    };
    row.count
}

/// How many values and tags of tenants and accounts there are under versions before `version`, and under it or later.
fn under(world: &World, version: u32) -> (Vec<(String, i64)>, i64) {
    let literal = match world.database {
        Database::Sqlite => format!("X'{version:08x}'"),
        Database::Postgres => format!("'\\x{version:08x}'::bytea"),
    };
    let (mut before, mut since) = (Vec::new(), 0);
    for column in SEALED.iter().filter(|column| column.under != Under::Day) {
        let (table, name) = (column.table, column.column);
        let whose = if column.under == Under::Either { "owner_kind IN (1, 2) AND" } else { "" };
        let of = |sign: &str| {
            counted(
                world,
                &format!("{table} WHERE {whose} {name} IS NOT NULL AND substr({name}, 2, 4) {sign} {literal}"),
            )
        };
        before.push((column.name(), of("<")));
        since += of(">=");
    }
    for table in ["record_tags", "collections"] {
        before.push((
            format!("{table}.index_version"),
            counted(world, &format!("{table} WHERE index_version < {version}")),
        ));
    }
    (before.into_iter().filter(|(_, count)| *count > 0).collect(), since)
}

/// Makes tags as the service does; whose old tags are dropped wishes to leave at that moment.
struct WithAWish {
    lookups: AllLookups,
    kernel: Kernel,
    whose: Owner,
}

impl Lookups for WithAWish {
    fn retag<'l>(&'l self, scope: &'l RekeyScope, paced: Paced<'l>) -> Retagging<'l> {
        self.lookups.retag(scope, paced)
    }

    fn drop_old<'l>(
        &'l self,
        scope: &'l RekeyScope,
    ) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'l>> {
        Box::pin(async move {
            let kernel = &self.kernel;
            let facts = Facts {
                wish: None,
                commitment: String::new(),
                language: Locale::En,
                policies: Vec::new(),
                owners: Vec::new(),
                keys: Vec::new(),
                purged: std::collections::BTreeMap::new(),
                files: 0,
                farewell_until: None,
            };
            let due = kernel.now().plus(Duration::from_secs(86_400));
            let id = ErasureId::random(kernel.entropy()).digest();
            let made = kernel.keyring().schedule_erasure(id, self.whose, due, &facts).await.unwrap();
            assert_eq!(made, Scheduling::Made);
            self.lookups.drop_old(scope).await
        })
    }
}

/// Turns the keys of `owners` over until each has reached `end`.
pub(crate) async fn turn_over(world: &World, owners: &[Owner], rules: Rules, end: Stage) {
    let kernel = &world.app.services.kernel;
    let lookups = AllLookups::new(kernel);
    for owner in owners {
        assert!(matches!(begin_rekey(kernel, *owner).await, Begun::Made(_)));
    }
    for owner in owners {
        for _ in 0..100 {
            match kernel.rekey_next(Some(*owner), rules, &lookups, &|_| ()).await.unwrap() {
                Turn::Reached(_, stage) if stage == end => break,
                Turn::Reached(..) => {}
                other => panic!("{owner:?}: {other:?}, {:?}", kernel.keyring().rekeys(Some(*owner)).unwrap()),
            }
        }
    }
}

fn everybody(world: &World) -> Vec<Owner> {
    let kernel = &world.app.services.kernel;
    kernel.keyring().keys_older_than(kernel.now()).unwrap()
}

fn tenant(actor: &Actor) -> Owner {
    Owner::Tenant(actor.tenant.as_deref().unwrap().parse().unwrap())
}

/// Writes, reads, searches, and tries what must be refused, until it is told to stop. Gives how many rounds it made, which
/// stand in `rounds` meanwhile.
async fn busy(owner: Actor, name: &'static str, stop: Rc<Cell<bool>>, rounds: Rc<Cell<usize>>) -> usize {
    while !stop.get() {
        let round = rounds.get();
        let number = format!("{name}-{round}");
        let made = owner.post(RECORDS, json!({"values": somebody(&number)})).await.expect(201);
        let found = owner.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
        assert_eq!(ids(&found), [made.json()["id"].as_str().unwrap()], "{number}");
        let _ = owner.post(RECORDS, json!({"values": somebody(&number)})).await.problem(409, "already_exists");
        let etag = made.header("etag");
        let renamed = json!({"values": {"number": format!("{number}-again")}});
        let change = owner.with_header("if-match", &etag);
        let _ = change.patch(&place(&made), renamed).await.expect(200);
        let gone = owner.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
        assert!(ids(&gone).is_empty(), "{number}");
        let _ = owner.get(&place(&made)).await.expect(200);
        rounds.set(round + 1);
    }
    rounds.get()
}

/// Waits until each of the clients has ended the round that it is in: what it asked for before this is over, as
/// `Rules::settle` has it. One that has broken off is not waited for.
async fn a_round_later(clients: &[(Rc<Cell<usize>>, actix_web::rt::task::JoinHandle<usize>)]) {
    let before: Vec<usize> = clients.iter().map(|(rounds, _)| rounds.get()).collect();
    let settled = || clients.iter().zip(&before).all(|((rounds, _), before)| rounds.get() > *before);
    while !settled() && !clients.iter().any(|(_, client)| client.is_finished()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

each_database! {
    async fn everything_stands_under_the_new_version_alone_and_opens_as_before(world: World) {
        let owner = world.owner().await;
        let member = world.member(&owner, seif::kernel::access::Role::Editor).await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        let change = owner.with_header("if-match", &made.header("etag"));
        let _ = change.patch(&place(&made), json!({"values": {"notes": "second"}})).await.expect(200);
        let file = place(&store(&owner, "", "a.txt", b"content of before").await.expect(201));
        let once = member.with_header("idempotency-key", "a-key-of-ours");
        let first = once.post(RECORDS, json!({"values": somebody("2")})).await.expect(201);
        world.later(Duration::from_secs(1));
        assert!(under(world, 2).1 == 0 && !under(world, 2).0.is_empty());

        turn_over(world, &everybody(world), Rules { end: End::InTime, ..AT_ONCE }, Stage::Found).await;
        // A repeated request is still known for one.
        let again = once.post(RECORDS, json!({"values": somebody("2")})).await.expect(201);
        assert_eq!(again.json(), first.json());

        let kernel = world.app.services.kernel.clone();
        let lookups = AllLookups::new(&kernel);
        for rekey in kernel.keyring().rekeys(None).unwrap() {
            while let Turn::Reached(..) = kernel.rekey_next(Some(rekey.owner), AT_ONCE, &lookups, &|_| ()).await.unwrap() {}
        }
        let (left, _) = under(world, 2);
        assert_eq!(left, [], "under the old versions");
        // A file's own key is wrapped anew; its content stays as it is.
        assert_eq!(owner.get(&file).await.expect(200).bytes, b"content of before");

        let rekeys = kernel.keyring().rekeys(None).unwrap();
        assert!(rekeys.iter().all(|rekey| rekey.stage == Stage::Destroyed && rekey.facts.unopenable.is_empty()), "{rekeys:?}");
        let keys: Vec<_> = kernel.keyring().public_keys().unwrap().iter().map(|key| (key.id, key.bytes)).collect();
        for rekey in &rekeys {
            let text = rekey.report.as_deref().unwrap();
            let report = Report::verify(text, &keys).unwrap();
            assert_eq!((report.old_version, report.new_version), (1, 2));
            let forged = text.replace("\"new_version\":2", "\"new_version\":3");
            assert!(forged != text && Report::verify(&forged, &keys).is_err());
        }

        let record = owner.get(&place(&made)).await.expect(200).json();
        assert_eq!((&record["values"]["notes"], &record["values"]["number"]), (&json!("second"), &json!("1")));
        let found = owner.post(SEARCH, json!({"where": {"number": "1"}})).await.expect(200).json();
        assert_eq!(ids(&found), [made.json()["id"].as_str().unwrap()]);
        let _ = owner.post(RECORDS, json!({"values": somebody("1")})).await.problem(409, "already_exists");
        let versions = owner.get(&format!("{}/versions", place(&made))).await.expect(200).json();
        assert_eq!(versions["items"].as_array().unwrap().len(), 2, "{versions}");
        let audit: Value = owner.get("/api/v1/audit").await.expect(200).json();
        assert!(audit["items"].as_array().unwrap().iter().all(|item| item["action"].is_string()), "{audit}");
        // Who sealed under account keys signs in by the same password.
        let mut back = member.clone();
        let _ = back.sign_in().await;
    }

    async fn requests_beside_it_never_fail(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let stop = Rc::new(Cell::new(false));
        let clients = ["a", "b"].map(|name| {
            let rounds = Rc::default();
            (Rc::clone(&rounds), actix_web::rt::spawn(busy(owner.clone(), name, Rc::clone(&stop), rounds)))
        });
        let kernel = world.app.services.kernel.clone();
        let lookups = AllLookups::new(&kernel);
        let owner_of = tenant(&owner);
        for round in 0..3 {
            let begun = begin_rekey(&kernel, owner_of).await;
            assert!(matches!(begun, Begun::Made(_)), "{round}");
            loop {
                // Requests meet each stage.
                a_round_later(&clients).await;
                match kernel.rekey_next(Some(owner_of), AT_ONCE, &lookups, &|_| ()).await.unwrap() {
                    Turn::Reached(_, Stage::Destroyed) => break,
                    Turn::Reached(..) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        stop.set(true);
        for (_, client) in clients {
            assert!(client.await.unwrap() > 3);
        }
        for table in ["records", "record_versions", "collections", "idempotency"] {
            let column = SEALED.iter().find(|column| column.table == table).unwrap();
            let (left, _) = under(world, 4);
            assert!(left.iter().all(|(name, _)| *name != column.name()), "{left:?}");
        }
    }

    async fn two_nodes_that_know_of_each_change_when_their_leases_run_out_refuse_nothing(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let node = world.node().await;
        let stop = Rc::new(Cell::new(false));
        let clients = [(owner.clone(), "here"), (node.visited_by(&owner), "there")].map(|(owner, name)| {
            let rounds = Rc::default();
            (Rc::clone(&rounds), actix_web::rt::spawn(busy(owner, name, Rc::clone(&stop), rounds)))
        });
        // What one makes, both find, in every stage.
        let whose = tenant(&owner);
        let kernel = node.app.services.kernel.clone();
        let lookups = AllLookups::new(&kernel);
        let rules = Rules { settle: Duration::from_secs(6), ..AT_ONCE };
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        for (round, stage) in [Stage::Sealing, Stage::Found, Stage::Alone, Stage::Retired, Stage::Destroyed].into_iter().enumerate() {
            // As long as a lease, and a little for who is waiting for a connection.
            tokio::time::sleep(Duration::from_secs(4)).await;
            a_round_later(&clients).await;
            world.later(Duration::from_secs(7));
            assert_eq!(kernel.rekey_next(Some(whose), rules, &lookups, &|_| ()).await.unwrap(), Turn::Reached(whose, stage));
            let number = format!("both-{round}");
            let made = customer(&node.visited_by(&owner), &number).await;
            for found in [&owner, &node.visited_by(&owner)] {
                let found = found.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
                assert_eq!(ids(&found), [made.json()["id"].as_str().unwrap()], "{stage:?}");
            }
            let _ = owner.post(RECORDS, json!({"values": somebody(&number)})).await.problem(409, "already_exists");
        }
        stop.set(true);
        for (_, client) in clients {
            assert!(client.await.unwrap() > 3);
        }
        assert!(under(world, 2).0.iter().all(|(name, _)| !name.starts_with("record")), "{:?}", under(world, 2).0);
        node.stop().await;
    }

    async fn answers_kept_for_repeated_requests_hold_an_old_version_for_a_day_and_no_longer(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        // A session would end before the day does.
        let program = token(&owner, &["records:read", "records:write"]).await;
        let (kernel, whose) = (world.app.services.kernel.clone(), tenant(&owner));
        let (lookups, rules) = (AllLookups::new(&kernel), Rules { end: End::InTime, ..AT_ONCE });
        let next = async |rules| kernel.rekey_next(Some(whose), rules, &lookups, &|_| ()).await.unwrap();
        let standing = || kernel.keyring().rekeys(Some(whose)).unwrap().pop().map(|rekey| (rekey.stage, rekey.waits)).unwrap();
        for (key, ends) in [("in-time", End::InTime), ("now", End::Now)] {
            let rules = Rules { end: ends, ..rules };
            let once = program.with_header("idempotency-key", key);
            let first = once.post(RECORDS, json!({"values": somebody(key)})).await.expect(201);
            let day = Duration::from_secs(86_400);
            let waits = Waiting { what: WaitsFor::KeptAnswers, until: Some(kernel.now().plus(day)) };
            world.later(Duration::from_secs(1));
            assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
            for stage in [Stage::Sealing, Stage::Found, Stage::Alone] {
                assert_eq!(next(rules).await, Turn::Reached(whose, stage));
            }
            world.later(Duration::from_secs(1));
            assert_eq!(next(Rules { end: End::InTime, ..rules }).await, Turn::Waits(whose, waits));
            assert_eq!(standing(), (Stage::Alone, Some(waits)));
            // Nobody comes to it for nothing: not after a minute, and not an hour before.
            for later in [61, 23 * 3_600 - 61] {
                world.later(Duration::from_secs(later));
                assert_eq!(next(Rules { end: End::InTime, ..rules }).await, Turn::Nothing);
            }
            let again = once.post(RECORDS, json!({"values": somebody(key)})).await.expect(201);
            assert_eq!(again.json(), first.json());
            if ends == End::InTime {
                world.later(Duration::from_secs(3_600));
            }
            assert_eq!(next(rules).await, Turn::Reached(whose, Stage::Retired), "{ends:?}");
            assert_eq!(standing(), (Stage::Retired, None));
        }
    }

    async fn whoever_holds_keys_of_before_finds_and_opens_what_stands_under_those_of_after(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        let record = made.json()["id"].as_str().unwrap().to_owned();
        let kernel = world.app.services.kernel.clone();
        let access = TenantAccess {
            scope: scope(world, &owner), role: Role::Owner, session: None, scopes: None, allowance: None,
        };
        let whose = [tenant(&owner), Owner::Account(owner.account.as_deref().unwrap().parse().unwrap())];
        turn_over(world, &whose, Rules { end: End::InTime, ..AT_ONCE }, Stage::Retired).await;
        // A node that was down brings in at last what was read there before it.
        let event = Event::new(Action::RecordRead).of(Subject::Record(record.parse().unwrap()));
        kernel.journal().note(SealedEntry::new(&access.scope, &event, kernel.now(), kernel.entropy()).unwrap()).unwrap();
        let page = world.app.services.vault.audit(&access, Limit::default(), None).await.unwrap();
        assert!(page.items.len() > 2);
        for item in &page.items {
            let is_whole = |actor: &seif::vault::AuditActor| actor.by.is_some() || actor.operator.is_some();
            assert!(matches!(item, AuditItem::Entry(entry) if entry.actor.as_ref().is_some_and(is_whole)), "it is not shown whole");
        }
        // Its own reading was noted by the same scope.
        kernel.journal().flush().unwrap();
        let left = || under(world, 2).0.into_iter().filter(|(name, _)| name.starts_with("audit")).collect::<Vec<_>>();
        assert_eq!(left(), [("audit_entries.body".to_owned(), 2), ("audit_entries.actor".to_owned(), 2)]);
        // Before the old versions go, that is sealed anew.
        let lookups = AllLookups::new(&kernel);
        for rekey in kernel.keyring().rekeys(None).unwrap() {
            hasten(&kernel, &rekey).await;
            while let Turn::Reached(..) = kernel.rekey_next(Some(rekey.owner), AT_ONCE, &lookups, &|_| ()).await.unwrap() {}
        }
        assert!(kernel.keyring().rekeys(None).unwrap().iter().all(|rekey| rekey.stage == Stage::Destroyed));
        assert_eq!(left(), []);
        let audit = owner.get("/api/v1/audit").await.expect(200).json();
        let read = |item: &&Value| item["action"] == "record_read";
        assert_eq!(audit["items"].as_array().unwrap().iter().filter(read).count(), 1, "{audit}");
        // The scope of before looks up under the tags of after.
        let reads = kernel.read(&access.scope, |_, scope| Ok::<_, StoreError>(scope.keys().tags().sought.as_u32()));
        assert_eq!(reads.await.unwrap(), 2);
    }

    async fn what_was_read_a_moment_ago_is_in_the_audit_before_the_version_goes_that_it_was_noted_under(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        let kernel = world.app.services.kernel.clone();
        let (whose, lookups) = (tenant(&owner), AllLookups::new(&kernel));
        let read = async || drop(owner.get(&place(&made)).await.expect(200));
        // Moved by itself it is twice a second: all of this takes less, as a rule.
        read().await;
        turn_over(world, &[whose], AT_ONCE, Stage::Destroyed).await;
        read().await;
        let of_before = scope(world, &owner);
        turn_over(world, &[whose], Rules { end: End::InTime, ..AT_ONCE }, Stage::Retired).await;
        // The same where it came in behind, of a request that the version had been given to.
        let rekey = kernel.keyring().rekeys(Some(whose)).unwrap().pop().unwrap();
        hasten(&kernel, &rekey).await;
        let event = Event::new(Action::RecordRead).of(Subject::Record(made.json()["id"].as_str().unwrap().parse().unwrap()));
        kernel.journal().note(SealedEntry::new(&of_before, &event, kernel.now(), kernel.entropy()).unwrap()).unwrap();
        while let Turn::Reached(..) = kernel.rekey_next(Some(whose), AT_ONCE, &lookups, &|_| ()).await.unwrap() {}
        let (left, _) = under(world, 3);
        assert_eq!(left.iter().find(|(name, _)| name == "audit_entries.body"), None);
        let audit = owner.get("/api/v1/audit").await.expect(200).json();
        let reads = audit["items"].as_array().unwrap().iter().filter(|item| item["action"] == "record_read");
        assert_eq!(reads.count(), 3, "{audit}");
    }

    async fn data_that_a_restore_brings_back_is_turned_over_again_and_found_meanwhile(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        // A restore ends sessions, and no token.
        let program = token(&owner, &["records:read", "records:write"]).await;
        let old = tempfile::tempdir().unwrap();
        let copy = copy_of_data(world, old.path()).await;
        let whose = tenant(&owner);
        let rules = Rules { end: End::InTime, ..AT_ONCE };
        for _ in 0..2 {
            world.later(Duration::from_secs(60));
            turn_over(world, &[whose], rules, Stage::Retired).await;
        }
        let _ = customer(&program.moved_to(world), "lost by the restore").await;
        let original = world.database_urls().first().cloned();
        restore_data(world, &copy).await;
        if let Some(url) = original {
            drop_database(&url);
        }
        let program = program.moved_to(world);
        let stands = async |when: &str| {
            let found = program.post(SEARCH, json!({"where": {"number": "1"}})).await.expect(200).json();
            assert_eq!(ids(&found), [made.json()["id"].as_str().unwrap()], "{when}");
            let _ = program.post(RECORDS, json!({"values": somebody("1")})).await.problem(409, "already_exists");
            let _ = program.get(&place(&made)).await.expect(200);
        };
        stands("at the start").await;
        let kernel = world.app.services.kernel.clone();
        let lookups = AllLookups::new(&kernel);
        for stage in [Stage::Found, Stage::Alone, Stage::Retired] {
            assert_eq!(kernel.rekey_next(None, rules, &lookups, &|_| ()).await.unwrap(), Turn::Reached(whose, stage));
            stands(&format!("{stage:?}")).await;
        }
        let left = under(world, 3).0.into_iter().filter(|(name, _)| name.starts_with("record") || name.starts_with("coll"));
        assert_eq!(left.collect::<Vec<_>>(), []);
    }

    async fn tags_that_are_written_no_longer_are_not_looked_up_whichever_database_is_put_back(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let (program, safe) = (token(&owner, &["records:read", "records:write"]).await, Safe::new());
        let (kernel, whose, rules) = (world.app.services.kernel.clone(), tenant(&owner), Rules { end: End::InTime, ..AT_ONCE });
        let lookups = AllLookups::new(&kernel);
        let next = async || kernel.rekey_next(Some(whose), rules, &lookups, &|_| ()).await.unwrap();
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        assert_eq!(next().await, Turn::Reached(whose, Stage::Sealing));
        let looks_up_the_old = safe.take(world, What::Keyring);
        assert_eq!(next().await, Turn::Reached(whose, Stage::Found));
        let has_both = safe.take(world, What::Data);
        assert_eq!(next().await, Turn::Reached(whose, Stage::Alone));
        let alone = safe.take(world, What::Keyring);
        drop((lookups, kernel));
        let at = sources(world);
        for (number, brings_data_back) in [("1", false), ("2", true)] {
            if brings_data_back {
                world.restart_on(|_| {
                    lose(&at.data);
                    lose(&at.keyring);
                    safe.put_back(&alone, &at.keyring);
                    safe.put_back(&has_both, &at.data);
                }).await;
            }
            // It has tags under the new version alone.
            let made = customer(&program.moved_to(world), number).await;
            world.restart_on(|_| {
                lose(&at.keyring);
                safe.put_back(&looks_up_the_old, &at.keyring);
            }).await;
            let program = program.moved_to(world);
            let found = program.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
            assert_eq!(ids(&found), [made.json()["id"].as_str().unwrap()], "{number}");
            let _ = program.post(RECORDS, json!({"values": somebody(number)})).await.problem(409, "already_exists");
        }
    }

    async fn a_keyring_from_before_a_key_turned_over_is_refused_beside_data_of_after(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        let (program, safe, at) = (token(&owner, &["records:read"]).await, Safe::new(), sources(world).keyring);
        let before = safe.take(world, What::Keyring);
        turn_over(world, &[tenant(&owner)], Rules { end: End::InTime, ..AT_ONCE }, Stage::Retired).await;
        let after = safe.take(world, What::Keyring);
        let refused = world.try_restart_on(|_| {
            lose(&at);
            safe.put_back(&before, &at);
        }).await;
        let why = refused.expect_err("it has no key of what is sealed here").to_string();
        assert!(why.contains("the keyring is not the one of this data, or an old one"), "{why}");
        world.restart_on(|_| {
            lose(&at);
            safe.put_back(&after, &at);
        }).await;
        let _ = program.moved_to(world).get(&place(&made)).await.expect(200);
    }

    async fn nobody_who_wishes_to_leave_loses_the_key_that_their_wish_is_sealed_under(world: World) {
        let owner = world.owner().await;
        let kernel = world.app.services.kernel.clone();
        let whose = tenant(&owner);
        let wishes = WithAWish { lookups: AllLookups::new(&kernel), kernel: kernel.clone(), whose };
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        for stage in [Stage::Sealing, Stage::Found, Stage::Alone] {
            assert_eq!(kernel.rekey_next(None, AT_ONCE, &wishes, &|_| ()).await.unwrap(), Turn::Reached(whose, stage));
        }
        // It is wished after it was seen that nobody does, and before the old version is retired.
        let waits = Waiting { what: WaitsFor::Staying, until: None };
        assert_eq!(kernel.rekey_next(None, AT_ONCE, &wishes, &|_| ()).await.unwrap(), Turn::Waits(whose, waits));
        assert_eq!(kernel.keyring().rekeys(Some(whose)).unwrap()[0].stage, Stage::Alone);
        assert_eq!(kernel.rekey_next(None, AT_ONCE, &wishes, &|_| ()).await.unwrap(), Turn::Nothing);
        assert_eq!(begin_rekey(&kernel, whose).await, Begun::Leaving);
        assert_eq!(kernel.keyring().withdraw_erasure(whose).await.unwrap(), Withdrawal::Done);
        world.later(Duration::from_secs(2 * 3600));
        let lookups = AllLookups::new(&kernel);
        assert_eq!(kernel.rekey_next(None, AT_ONCE, &lookups, &|_| ()).await.unwrap(), Turn::Reached(whose, Stage::Retired));
    }

    async fn a_pause_holds_before_the_next_batch(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        // More than one transaction seals anew, and more than one makes tags.
        for some in [0..600, 600..1200] {
            let many: Vec<Value> = some.map(|number| json!({"values": somebody(&number.to_string())})).collect();
            let _ = owner.post(&format!("{CUSTOMERS}/records/batch"), json!({"records": many})).await.expect(201);
        }
        let kernel = world.app.services.kernel.clone();
        let (lookups, whose) = (AllLookups::new(&kernel), tenant(&owner));
        let slow = Rules { values_per_second: 200, ..AT_ONCE };
        let is_begun = AtomicBool::new(false);
        let report = |state: seif::kernel::rekey::Progress| {
            if state.done >= 500 {
                is_begun.store(true, Ordering::SeqCst);
            }
        };
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        assert_eq!(kernel.rekey_next(None, slow, &lookups, &report).await.unwrap(), Turn::Reached(whose, Stage::Sealing));
        let pause = async {
            while !is_begun.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(hold_keys(&kernel, None, Pause::Waits).await, 1);
        };
        let (turn, ()) = tokio::join!(kernel.rekey_next(None, slow, &lookups, &report), pause);
        let waits = Waiting { what: WaitsFor::GoOn, until: None };
        assert_eq!(turn.unwrap(), Turn::Waits(whose, waits));
        assert_eq!(kernel.keyring().rekeys(Some(whose)).unwrap()[0].waiting(), Some(waits));
        let left = |world: &World| under(world, 2).0.into_iter().find(|(name, _)| name == "records.body");
        assert_eq!(left(world), Some(("records.body".to_owned(), 700)));
        assert_eq!(hold_keys(&kernel, None, Pause::Runs).await, 1);
        assert_eq!(kernel.rekey_next(None, AT_ONCE, &lookups, &report).await.unwrap(), Turn::Reached(whose, Stage::Found));
        assert_eq!(left(world), None);
        let tags = counted(world, "record_tags");
        // More than one removes of the tags of a field, also among those that are alike.
        let id = match world.database {
            Database::Sqlite => "randomblob(16)",
            Database::Postgres => "gen_random_uuid()",
        };
        let more = format!(
            "INSERT INTO record_tags (tenant_id, field_id, index_version, tag, record_id, is_unique)
             SELECT tenant_id, field_id, index_version, tag, {id}, false
             FROM record_tags, (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS numbers WHERE index_version = 1"
        );
        Beside::of(world).run(&more).unwrap();
        assert!(counted(world, "record_tags WHERE index_version = 1") >= 12_000);
        for stage in [Stage::Alone, Stage::Retired] {
            assert_eq!(kernel.rekey_next(None, AT_ONCE, &lookups, &report).await.unwrap(), Turn::Reached(whose, stage));
        }
        assert_eq!((counted(world, "record_tags WHERE index_version < 2"), counted(world, "record_tags")), (0, tags / 2));
    }

    async fn a_pace_holds_for_whoever_goes_on_and_another_one_from_the_next_batch_on(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let many: Vec<Value> = (0..750).map(|number| json!({"values": somebody(&number.to_string())})).collect();
        let _ = owner.post(&format!("{CUSTOMERS}/records/batch"), json!({"records": many})).await.expect(201);
        let (here, whose) = (world.app.services.kernel.clone(), tenant(&owner));
        assert!(matches!(begin_rekey(&here, whose).await, Begun::Made(_)));
        assert_eq!(pace_keys(&here, 10).await, 1);
        // Whoever goes on would be much faster.
        let node = world.node().await;
        let kernel = node.app.services.kernel.clone();
        let (lookups, is_far) = (AllLookups::new(&kernel), AtomicBool::new(false));
        let seen = Mutex::new(Vec::new());
        let report = |state: seif::kernel::rekey::Progress| {
            is_far.fetch_or(state.done >= 500, Ordering::SeqCst);
            seen.lock().unwrap().push((state.done, state.elapsed.as_secs_f64()));
        };
        assert_eq!(kernel.rekey_next(Some(whose), AT_ONCE, &lookups, &report).await.unwrap(), Turn::Reached(whose, Stage::Sealing));
        // How far it is, every node can read meanwhile.
        let told = || here.keyring().rekeys(Some(whose)).unwrap()[0].walked;
        let faster = async {
            let mut since = None;
            while !is_far.load(Ordering::SeqCst) || told().done == 0 {
                if is_far.load(Ordering::SeqCst) {
                    let since = since.get_or_insert_with(Instant::now);
                    assert!(since.elapsed() < Duration::from_secs(30), "nobody tells how far it is");
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let at_first = seen.lock().unwrap().clone();
            assert_eq!(pace_keys(&here, 1_000_000).await, 1);
            (at_first, told())
        };
        let (turn, (at_first, walked)) = tokio::join!(kernel.rekey_next(Some(whose), AT_ONCE, &lookups, &report), faster);
        assert_eq!(turn.unwrap(), Turn::Reached(whose, Stage::Found));
        let pace = 10.0;
        let would_take = |done: u64| f64::from(u32::try_from(done.saturating_sub(500)).unwrap()) / pace;
        assert!(at_first.iter().all(|(done, elapsed)| *elapsed >= would_take(*done)), "too fast: {at_first:?}");
        let (all, elapsed) = *seen.lock().unwrap().last().unwrap();
        assert!(elapsed < would_take(all), "the first pace still holds: {all} in {elapsed}");
        assert!(walked.done > 0 && walked.all == all && walked.worked > Duration::ZERO, "{walked:?} of {all}");
        let after = here.keyring().rekeys(Some(whose)).unwrap();
        assert_eq!((after[0].walked, after[0].pace.unwrap().values_per_second.get()), (Walked::default(), 1_000_000));
        node.stop().await;
    }

    async fn a_key_that_has_sealed_much_is_turned_over_by_itself(world: World) {
        world.restart_with("[keys]\nrotate_after_values = 40\n").await;
        let (much, little) = (world.owner().await, world.owner().await);
        customers(&much).await;
        let keyring = world.app.services.kernel.keyring().clone();
        world.app.sweep().await;
        let begun = || keyring.rekeys(None).unwrap().into_iter().map(|rekey| rekey.owner).collect::<Vec<_>>();
        assert_eq!(begun(), []);
        for _ in 0..2 {
            // Counted from one telling to the next.
            for number in 0..12 {
                let made = much.post(RECORDS, json!({"values": {"number": format!("{number}")}})).await.expect(201);
                let etag = made.header("etag");
                let _ = much.with_header("if-match", &etag).delete(&place(&made)).await;
            }
            world.app.sweep().await;
        }
        assert!(begun().contains(&tenant(&much)) && !begun().contains(&tenant(&little)), "{:?}", begun());
    }

    async fn each_sweep_takes_every_key_as_far_as_its_time_allows(world: World) {
        for _ in 0..3 {
            let _ = world.owner().await;
        }
        let (kernel, owners) = (world.app.services.kernel.clone(), everybody(world));
        assert!(owners.len() >= 6);
        for owner in &owners {
            assert!(matches!(begin_rekey(&kernel, *owner).await, Begun::Made(_)));
        }
        // At once it goes nowhere: another node may not know of the new version yet.
        for (stage, later) in [(Stage::Made, 0), (Stage::Found, 60), (Stage::Alone, 60), (Stage::Retired, 60)] {
            world.later(Duration::from_secs(later));
            world.app.sweep().await;
            let stages: Vec<Stage> = kernel.keyring().rekeys(None).unwrap().iter().map(|rekey| rekey.stage).collect();
            assert_eq!(stages, vec![stage; owners.len()]);
        }
    }

    async fn it_waits_while_it_is_paused_and_only_one_runs_at_a_time(world: World) {
        let owner = world.owner().await;
        let kernel = world.app.services.kernel.clone();
        let (lookups, whose) = (AllLookups::new(&kernel), tenant(&owner));
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        assert_eq!(begin_rekey(&kernel, whose).await, Begun::UnderWay);
        assert_eq!(hold_keys(&kernel, None, Pause::Waits).await, 1);
        assert_eq!(kernel.rekey_next(None, AT_ONCE, &lookups, &|_| ()).await.unwrap(), Turn::Nothing);
        assert_eq!(hold_keys(&kernel, Some(whose), Pause::Runs).await, 1);
        let settle = Rules { settle: Duration::from_secs(5), end: End::InTime, ..AT_ONCE };
        let begun_at = kernel.keyring().rekeys(Some(whose)).unwrap()[0].stage_at;
        let Turn::Waits(_, waits) = kernel.rekey_next(None, settle, &lookups, &|_| ()).await.unwrap() else { panic!() };
        assert_eq!(waits, Waiting { what: WaitsFor::Settling, until: Some(begun_at.plus(settle.settle)) });
        assert_eq!(kernel.keyring().rekeys(Some(whose)).unwrap()[0].waits, Some(waits));
        assert_eq!(kernel.rekey_next(None, settle, &lookups, &|_| ()).await.unwrap(), Turn::Nothing);
        for stage in [Stage::Sealing, Stage::Found, Stage::Alone, Stage::Retired] {
            world.later(Duration::from_secs(6));
            assert_eq!(kernel.rekey_next(None, settle, &lookups, &|_| ()).await.unwrap(), Turn::Reached(whose, stage));
        }
        assert_eq!(kernel.keyring().rekeys(Some(whose)).unwrap()[0].waits, None);
        // Retired, it stays until the last back-up that may need it is gone.
        world.later(Duration::from_secs(34 * 86_400));
        assert_eq!(kernel.rekey_next(None, settle, &lookups, &|_| ()).await.unwrap(), Turn::Nothing);
        world.later(Duration::from_secs(2 * 86_400));
        assert_eq!(
            kernel.rekey_next(None, settle, &lookups, &|_| ()).await.unwrap(),
            Turn::Reached(whose, Stage::Destroyed)
        );
    }
}

/// On SQLite one writes at a time, and who writes sees nothing move.
#[test]
fn a_collection_that_moves_between_two_looks_is_found_under_its_newest_tag() {
    World::run(Database::Postgres, async |world| {
        let owner = world.owner().await;
        customers(&owner).await;
        let (kernel, whose) = (world.app.services.kernel.clone(), tenant(&owner));
        let (lookups, settle) = (AllLookups::new(&kernel), Rules { settle: Duration::from_secs(5), ..AT_ONCE });
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        world.later(Duration::from_secs(6));
        let turn = kernel.rekey_next(Some(whose), settle, &lookups, &|_| ()).await.unwrap();
        assert_eq!(turn, Turn::Reached(whose, Stage::Sealing));
        let tags = kernel.keyring().keys(whose).unwrap().tags_of_all(&[b"collections.slug"], b"customers");
        let [(_, old), (version, new)] = tags.try_into().unwrap();
        // Whoever holds the row looks under the new tag, and then waits for who moves it away from under the old one.
        let bytes = |tag: Tag| tag.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut mover = Beside::of(world);
        let moves = format!(
            "BEGIN; UPDATE collections SET index_version = {}, slug_tag = '\\x{}' WHERE slug_tag = '\\x{}'",
            version.as_u32(),
            bytes(new),
            bytes(old),
        );
        mover.run(&moves).unwrap();
        let mut watcher = Beside::of(world);
        let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let (made, ()) = tokio::join!(owner.post(RECORDS, json!({"values": somebody("moved")})), async {
            let since = Instant::now();
            while watcher.count(waits) == 0 {
                assert!(since.elapsed() < Duration::from_secs(20), "nobody waits for the row");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            mover.run("COMMIT").unwrap();
        });
        let _ = made.expect(201);
    });
}

/// Runs a command that a fault point ends by SIGKILL, if it is reached.
fn is_killed(process: &Process, arguments: &[&str], point: Point) -> bool {
    let output = process.command(arguments).env("SEIF_TEST_FAULT", point.name()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.signal() == Some(9) || output.status.success(), "{}: {said}", point.name());
    !output.status.success()
}

fn killed_at_each_step(database: Database) {
    let Some(stage) = Place::new(database) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.data(), &stage.databases);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        let rotate = ["keys", "rotate", "--all", "--destroy-now", "--settle", "5", "--rate", "1000000", "--json"];
        let mut ended = 0;
        for (number, point) in Point::OF_OWNERS.into_iter().enumerate() {
            // One run from kill to kill, until one finds nobody left who would reach the point.
            while !is_killed(&process, &rotate, point) {
                ended += 1;
                assert!(ended < 4, "{point:?} is not reached");
            }
            // Whatever is half done, requests do not notice.
            let _ = program.get(&kept).await.expect(200);
            let wanted = format!("after {number}");
            let made = program.post(RECORDS, json!({"values": somebody(&wanted)})).await.expect(201).json();
            for (sought, id) in [("kept", None), (wanted.as_str(), made["id"].as_str())] {
                let found = program.post(SEARCH, json!({"where": {"number": sought}})).await.expect(200).json();
                let found = ids(&found);
                assert!(found.len() == 1 && id.is_none_or(|id| found[0] == id), "{point:?}: {sought}");
                let again = program.post(RECORDS, json!({"values": somebody(sought)})).await;
                let _ = again.problem(409, "already_exists");
            }
        }
        let result = done(&process, &rotate);
        ended += 1;
        let keys = result["keys"].as_array().unwrap();
        // Whoever was done before a kill was not begun with again after it.
        let new = |key: &&Value| key["new_version"] == ended + 1;
        assert_eq!(keys.iter().filter(new).count(), keys.len(), "{ended}: {result}");
        let status = done(&process, &["keys", "status", "--json"]);
        assert_eq!(status["owner_keys_by_state"]["active"], keys.len(), "{status}");
        assert_eq!(status["rotations"], json!([]), "{status}");
        let file = stage.data().join("report.json");
        std::fs::write(&file, keys[0]["report"].to_string()).unwrap();
        let held = done(&process, &["verify", file.to_str().unwrap(), "--json"]);
        assert_eq!((&held["kind"], &held["holds"]), (&json!("key_turned_over"), &json!(true)), "{held}");
        std::fs::write(&file, keys[0]["report"].to_string().replace("\"old_version\":", "\"old_version\":1")).unwrap();
        assert!(!process.command(&["verify", file.to_str().unwrap()]).output().unwrap().status.success());
        assert!(keys.len() > 1 && keys.iter().all(|key| key["stage"] == "destroyed"), "{result}");
        assert!(keys.iter().all(|key| key["report"]["signature"].is_string()), "{result}");
        let _ = program.get(&kept).await.expect(200);
        let token = program.token.clone().unwrap();
        process.kill();
        process.again();
        let _ = process.stranger().with_token(&token).get(&kept).await.expect(200);
        process.kill();
    });
}

mod a_kill_at_any_step_is_gone_on_with_and_no_request_notices {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::killed_at_each_step(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::killed_at_each_step(Database::Postgres);
    }
}

/// The line of somebody's keys in what a command showed.
fn of_tenant<'r>(result: &'r Value, program: &Actor) -> &'r Value {
    let owner = format!("tenant {}", program.tenant.as_deref().unwrap());
    result["keys"].as_array().unwrap().iter().find(|key| key["owner"] == owner.as_str()).unwrap()
}

fn left_to_the_service(database: Database) {
    let Some(stage) = Place::new(database) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&stage.data(), &stage.databases);
        let program = process.program().await;
        customers(&program).await;
        let once = program.with_header("idempotency-key", "a-key-of-ours");
        let _ = once.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
        let rotate = ["keys", "rotate", "--all", "--settle", "5", "--rate", "1000000", "--json"];
        let mut waiting = process.command(&[&rotate[..], &["--wait"]].concat());
        let mut waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map_while(Result::ok);
        let words = "and waits for the answers kept for repeated requests until 20";
        assert!(said.any(|line| line.contains(words)), "it ended before it said what it waits for");
        std::thread::spawn(move || said.for_each(drop));

        // Whoever does not want to wait is told who is left, for what and until when.
        let output = process.command(&rotate).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && told.contains(words) && told.contains("--destroy-now"), "{told}");
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (ours, keys) = (of_tenant(&result, &program), result["keys"].as_array().unwrap());
        let until: jiff::Timestamp = ours["waits_until"].as_str().unwrap().parse().unwrap();
        let now: jiff::Timestamp = Clock::system().now().rfc3339().parse().unwrap();
        let hours = until.duration_since(now).as_hours();
        assert_eq!(
            (&ours["stage"], &ours["waits_for"], hours),
            (&json!("alone"), &json!("kept_answers"), 23),
            "{ours}"
        );
        let others = keys.iter().filter(|key| *key != ours).collect::<Vec<_>>();
        assert!(
            !others.is_empty() && others.iter().all(|key| key["stage"] == "retired" && key["waits_for"].is_null()),
            "{result}"
        );
        let status = done(&process, &["keys", "status", "--json"]);
        let open = status["rotations"].as_array().unwrap().iter().find(|key| key["stage"] == "alone").unwrap();
        assert_eq!((&open["owner"], &open["waits_until"]), (&ours["owner"], &ours["waits_until"]));
        assert_eq!(open["values_per_second"], 1_000_000, "{open}");
        assert_eq!(done(&process, &["keys", "pace", "300", "--json"]), json!({"changed": 1, "values_per_second": 300}));

        // The first one waits for it all the same, until there is nothing to wait for.
        assert!(waiting.try_wait().unwrap().is_none());
        let tenant = program.tenant.as_deref().unwrap();
        let ended = done(&process, &["keys", "rotate", tenant, "--destroy-now", "--settle", "5", "--json"]);
        let ours = of_tenant(&ended, &program);
        assert_eq!((&ours["stage"], &ours["new_version"]), (&json!("destroyed"), &json!(2)), "{ended}");
        let output = waiting.wait_with_output().unwrap();
        assert!(output.status.success());
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(of_tenant(&result, &program)["waits_for"], Value::Null, "{result}");
        process.kill();
    });
}

mod what_only_time_ends_is_left_to_the_service_unless_it_is_to_be_waited_for {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::left_to_the_service(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::left_to_the_service(Database::Postgres);
    }
}

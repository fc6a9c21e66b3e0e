//! Leaving (P-14): the wish, what can still be said against it, the erasure that holds against kills and restores, and
//! the proof.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::backup::format::What;
use seif::kernel::clock::Time;
use seif::kernel::crypto::Owner;
use seif::kernel::erasure::{ErasureId, Step};
use seif::kernel::keyring::KeyringError;
use seif::testing::{Actor, Database, World};
use serde_json::{Value, json};

use crate::backups::{Safe, lose, sources};
use crate::rows::Beside;
use crate::shelf::{RECORDS, SEARCH, customer, customers, place, token};

const CANCELLATION: &str = "/api/v1/tenant/cancellation";
const ERASURE: &str = "/api/v1/account/erasure";
const DAY: Duration = Duration::from_secs(86_400);

/// The name of the actor's own tenant.
async fn name(actor: &Actor) -> String {
    let session = actor.get("/api/v1/session").await.expect(200).json();
    let mine = |tenant: &&Value| tenant["id"].as_str() == actor.tenant.as_deref();
    session["tenants"].as_array().unwrap().iter().find(mine).unwrap()["name"].as_str().unwrap().to_owned()
}

/// Asks to leave; the answer.
pub(crate) async fn leave(owner: &Actor, when: &str) -> Value {
    let body = json!({"tenant_name": name(owner).await, "when": when, "reason": "moving on"});
    owner.post(CANCELLATION, body).await.expect(202).json()
}

/// How far the erasure is, as a stranger sees it.
pub(crate) async fn erasure(world: &World, cancellation: &Value) -> Value {
    let id = cancellation["erasure_id"].as_str().unwrap();
    world.stranger().get(&format!("/api/v1/erasures/{id}")).await.expect(200).json()
}

fn id(cancellation: &Value) -> ErasureId {
    ErasureId::parse(cancellation["erasure_id"].as_str().unwrap()).unwrap()
}

/// How many rows of the owner's the data's database holds, in any table, whatever the column is called.
pub(crate) fn rows(world: &World, owner: &str) -> Vec<(String, i64)> {
    let mut db = Beside::of(world);
    let columns = match &db {
        Beside::Sqlite(_) => {
            "SELECT m.name || ' ' || c.name AS line FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND (c.name LIKE '%_id' OR c.name = 'id') AND c.type = 'BLOB'"
        }
        Beside::Postgres(_) => {
            "SELECT table_name || ' ' || column_name AS line FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'uuid'"
        }
    };
    let mut found = Vec::new();
    for column in db.lines(columns) {
        let (table, column) = column.split_once(' ').unwrap();
        // What says that a key is destroyed, or a record erased, stays: ids, states and times alone.
        if table == "key_versions" || (table, column) == ("erased_records", "record_id") {
            continue;
        }
        let count = format!("SELECT CAST(count(*) AS TEXT) AS line FROM {table} WHERE {column} = {}", db.id(owner));
        let count: i64 = db.lines(&count)[0].parse().unwrap();
        if count > 0 {
            found.push((format!("{table}.{column}"), count));
        }
    }
    found
}

/// A business with something in it.
async fn shop(world: &mut World) -> (Actor, String) {
    let owner = world.owner().await;
    let _ = customers(&owner).await;
    let made = customer(&owner, "1").await;
    let _ = owner.get(&place(&made)).await.expect(200);
    let program = token(&owner, &["records:read"]).await;
    let _ = program.get(RECORDS).await.expect(200);
    (owner, place(&made))
}

/// Somebody who was a member of the owner's tenant, read the record there, and belongs to none any more.
async fn without_tenant(world: &mut World, owner: &Actor, record: &str) -> Actor {
    let mut member = world.member(owner, Role::Owner).await;
    let _ = member.get(record).await.expect(200);
    let session = member.get("/api/v1/session").await.expect(200).json();
    let tenants = session["tenants"].as_array().unwrap().iter().map(|tenant| tenant["id"].as_str().unwrap());
    let own = tenants.into_iter().find(|id| Some(*id) != owner.tenant.as_deref()).unwrap().to_owned();
    let mut there = member.clone();
    there.tenant = Some(own);
    let _ = leave(&there, "now").await;
    let path = format!("/api/v1/members/{}", member.account.as_deref().unwrap());
    let _ = owner.delete(&path).await.expect(204);
    member.tenant = None;
    member
}

/// Everything of the owner is gone, and the proof of it holds.
pub(crate) async fn is_erased(world: &World, owner: &Actor, cancellation: &Value) -> Value {
    let erased = erasure(world, cancellation).await;
    assert_eq!(erased["state"], "erased", "{erased}");
    for owner in [owner.tenant.as_deref().unwrap(), owner.account.as_deref().unwrap()] {
        assert_eq!(rows(world, owner), []);
    }
    assert_eq!(owner.get("/api/v1/session").await.status, 401);
    let certificate = &erased["certificate"];
    assert_eq!(certificate["owner"], format!("tenant:{}", owner.tenant.as_deref().unwrap()));
    assert_eq!(certificate["check"]["rows"], 0);
    for table in ["records", "record_tags", "audit_entries", "tenants", "accounts", "sign_ins", "tokens"] {
        assert!(erased["purged"][table].as_u64().is_some_and(|rows| rows > 0), "{table}: {erased}");
    }
    erased
}

each_database! {
    async fn a_tenant_leaves_at_once_and_nothing_of_it_is_left_but_the_proof(world: World) {
        // P-14, P-2
        let (anna, _) = shop(world).await;
        let (berta, theirs) = shop(world).await;
        let called = name(&anna).await;
        let program = token(&anna, &["records:read"]).await;
        let begun = leave(&anna, "now").await;
        assert!(begun["keys_destroyed_at"].is_string(), "{begun}");
        // From that answer on, nothing opens, whatever is still there.
        assert_eq!(anna.get(RECORDS).await.status, 401);
        assert_eq!(program.get(RECORDS).await.status, 401);
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let erased = is_erased(world, &anna, &begun).await;
        // The other business is as it was.
        let _ = berta.get(&theirs).await.expect(200);
        let found = berta.post(SEARCH, json!({"where": {"number": "1"}})).await;
        assert!(found.status == 200 || found.status == 422);
        assert_eq!(berta.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
        // The farewell holds the number of the proof, no link, and is gone from the outbox with its key.
        world.deliver().await;
        let to = format!("to: {}", anna.email);
        let number = begun["erasure_id"].as_str().unwrap();
        let farewells: Vec<String> = world.mails().into_iter().filter(|mail| mail.contains(number)).collect();
        assert!(farewells.len() == 1 && farewells[0].to_lowercase().contains(&to), "{farewells:?}");
        assert!(!farewells[0].contains("http"), "{farewells:?}");
        assert_eq!(Beside::of(world).count("outbox"), 0);
        // Two programs check the proof, of which one is not ours.
        let keys = world.stranger().get("/.well-known/seif-keys.json").await.expect(200);
        let folder = tempfile::tempdir().unwrap();
        let (certificate, keys_file) = (folder.path().join("certificate.json"), folder.path().join("keys.json"));
        std::fs::write(&certificate, erased["certificate"].to_string()).unwrap();
        std::fs::write(&keys_file, keys.text()).unwrap();
        assert!(script(&certificate, &keys_file, Some((number, &called))));
        assert!(!script(&certificate, &keys_file, Some((number, "Somebody else"))));
        assert!(verify(&certificate, &keys_file));
        let forged = erased["certificate"].to_string().replace("\"files\":0", "\"files\":1");
        std::fs::write(&certificate, forged).unwrap();
        assert!(!script(&certificate, &keys_file, None));
        assert!(!verify(&certificate, &keys_file));
        // The address is nobody's: whoever has it may join anew.
        let again = json!({"email": anna.email, "language": "en"});
        let _ = anna.post("/api/v1/signups", again).await.expect(202);
        let _ = world.code_for(&anna.email).await;
    }

    async fn nothing_is_certified_before_every_process_has_let_go_of_the_keys(world: World) {
        // P-14
        let (anna, _) = shop(world).await;
        let begun = leave(&anna, "now").await;
        let since = Instant::now();
        world.app.services.leaving.sweep().await.unwrap();
        // A process that cannot reach the keyring holds them for a lease, whatever the clock is moved by.
        assert!(since.elapsed() > Duration::from_millis(2_500), "certified after {:?}", since.elapsed());
        is_erased(world, &anna, &begun).await;
    }

    async fn every_process_lets_go_of_the_keys_of_who_has_left(world: World) {
        // P-14
        let (anna, record) = shop(world).await;
        let node = world.node().await;
        let _ = node.visited_by(&anna).get(&record).await.expect(200);
        let _ = leave(&anna, "now").await;
        world.app.services.leaving.sweep().await.unwrap();
        let owners = [
            Owner::Tenant(anna.tenant.as_deref().unwrap().parse().unwrap()),
            Owner::Account(anna.account.as_deref().unwrap().parse().unwrap()),
        ];
        for (app, owner) in [&world.app, &node.app].iter().flat_map(|app| owners.map(|owner| (app, owner))) {
            let keys = app.services.kernel.keyring().keys(owner);
            assert!(matches!(keys, Err(KeyringError::NoKey(_))), "{owner:?}");
        }
        node.stop().await;
    }

    async fn the_key_of_a_farewell_lives_until_it_is_delivered_or_a_day(world: World) {
        // P-14
        for delivered in [true, false] {
            let (anna, _) = shop(world).await;
            let letters = || world.app.services.kernel.keyring().letters(world.clock.now()).unwrap().len();
            world.deliver().await;
            let begun = leave(&anna, "now").await;
            world.later(Duration::from_secs(4));
            world.app.services.leaving.sweep().await.unwrap();
            assert_eq!(letters(), 1);
            let proof = is_erased(world, &anna, &begun).await;
            let destroyed_at = Time::parse(proof["certificate"]["keys_destroyed_at"].as_str().unwrap()).unwrap();
            assert_eq!(proof["certificate"]["farewell_until"], json!(destroyed_at.plus(DAY).rfc3339()), "{proof}");
            if delivered {
                world.deliver().await;
                assert_eq!(letters(), 0);
                continue;
            }
            world.later(DAY - Duration::from_secs(5));
            world.app.services.leaving.sweep().await.unwrap();
            assert_eq!(letters(), 1, "a little less than a day");
            world.later(Duration::from_secs(2));
            world.app.services.leaving.sweep().await.unwrap();
            assert_eq!(letters(), 0, "the certificate says until when");
            let sent = world.mails().len();
            world.deliver().await;
            assert_eq!((world.mails().len(), Beside::of(world).count("outbox")), (sent, 0));
        }
    }

    async fn a_wish_that_stands_holds_and_one_that_was_taken_back_does_not_whatever_data_is_put_back(world: World) {
        // P-14
        let (mut anna, _) = shop(world).await;
        let program = token(&anna, &["records:read", "records:write"]).await;
        let (safe, data) = (Safe::new(), sources(world).data);
        let writes = async |world: &World, number: &str| {
            program.moved_to(world).post(RECORDS, json!({"values": crate::shelf::somebody(number)})).await
        };
        let before = safe.take(world, What::Data);
        let _ = leave(&anna, "after_grace").await;
        let meanwhile = safe.take(world, What::Data);
        for made in [&before, &meanwhile] {
            world.restart_on(|_| {
                lose(&data);
                safe.put_back(made, &data);
            }).await;
            world.app.sweep().await;
            let _ = writes(world, "2").await.problem(403, "tenant_leaving");
        }
        anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.delete(CANCELLATION).await.expect(204);
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&meanwhile, &data);
        }).await;
        world.app.sweep().await;
        let _ = writes(world, "2").await.expect(201);
    }

    async fn until_it_is_due_the_tenant_reads_and_changes_nothing_and_may_stay_after_all(world: World) {
        let (mut anna, record) = shop(world).await;
        let program = token(&anna, &["records:read", "records:write"]).await;
        let begun = leave(&anna, "after_grace").await;
        assert!(begun["grace_until"].is_string() && begun.get("keys_destroyed_at").is_none(), "{begun}");
        assert_eq!(erasure(world, &begun).await["state"], "scheduled");
        for actor in [&anna, &program] {
            let _ = actor.get(&record).await.expect(200);
            let values = json!({"values": crate::shelf::somebody("2")});
            let _ = actor.post(RECORDS, values).await.problem(403, "tenant_leaving");
        }
        world.deliver().await;
        let until = &begun["grace_until"].as_str().unwrap()[..10];
        assert!(world.mails().iter().any(|mail| mail.contains("is going to be erased") && mail.contains(until)));
        let _ = anna.post(CANCELLATION, json!({"tenant_name": name(&anna).await, "when": "now"})).await.problem(409, "already_exists");
        let shown = anna.get(CANCELLATION).await.expect(200).json();
        assert_eq!((&shown["cancellation"]["erasure_id"], &shown["members"]), (&begun["erasure_id"], &json!(1)));
        let _ = anna.delete(CANCELLATION).await.expect(204);
        let _ = anna.delete(CANCELLATION).await.problem(404, "not_found");
        let _ = customer(&anna, "2").await;
        let number = begun["erasure_id"].as_str().unwrap();
        let _ = anna.get(&format!("/api/v1/erasures/{number}")).await.problem(404, "not_found");
        // The second time nobody takes it back.
        let begun = leave(&anna, "after_grace").await;
        world.later(DAY * 29);
        world.app.sweep().await;
        assert_eq!(erasure(world, &begun).await["state"], "scheduled");
        world.later(DAY);
        world.app.sweep().await;
        let _ = anna.sign_in().await;
        is_erased(world, &anna, &begun).await;
    }

    async fn a_name_typed_wrong_another_role_a_token_and_an_old_confirmation_erase_nothing(world: World) {
        let (mut anna, record) = shop(world).await;
        let body = json!({"tenant_name": "Somebody else", "when": "now"});
        let problem = anna.post(CANCELLATION, body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/tenant_name");
        let right = json!({"tenant_name": name(&anna).await, "when": "now"});
        let odd = json!({"tenant_name": name(&anna).await, "when": "soon"});
        assert_eq!(anna.post(CANCELLATION, odd).await.problem(422, "invalid")["errors"][0]["pointer"], "/when");
        let admin = world.member(&anna, Role::Admin).await;
        let _ = admin.post(CANCELLATION, right.clone()).await.problem(403, "forbidden");
        let program = token(&anna, &["records:read", "records:write", "collections:write", "audit:read"]).await;
        assert_eq!(program.post(CANCELLATION, right.clone()).await.status, 403);
        world.later(Duration::from_secs(601));
        let _ = anna.post(CANCELLATION, right.clone()).await.problem(403, "confirmation_required");
        let _ = anna.confirm(world).await.expect(200);
        let app = anna.enrol_app(world).await;
        // Password and mailbox do not step around a strong method.
        let _ = anna.post(CANCELLATION, right.clone()).await.problem(403, "confirmation_required");
        let _ = anna.get(&record).await.expect(200);
        let code = app.next_code(world);
        let _ = anna.confirm_by("totp", &code).await.expect(200);
        let _ = anna.post(CANCELLATION, right).await.expect(202);
    }

    async fn other_owners_are_told_may_object_agree_or_say_nothing(world: World) {
        let (anna, _) = shop(world).await;
        let berta = world.member(&anna, Role::Owner).await;
        let begun = leave(&anna, "now").await;
        assert!(begun["objectable_until"].is_string(), "{begun}");
        let path = |what: &str| format!("{CANCELLATION}/{}/{what}", begun["id"].as_str().unwrap());
        let _ = anna.post(&path("objection"), json!({})).await.problem(403, "forbidden");
        let _ = berta.post(&path("objection"), json!({})).await.expect(204);
        let _ = berta.post(&path("objection"), json!({})).await.problem(404, "not_found");
        let _ = customer(&anna, "2").await;
        // Silence lets it go on.
        let begun = leave(&anna, "now").await;
        world.later(DAY * 7);
        let path = |what: &str| format!("{CANCELLATION}/{}/{what}", begun["id"].as_str().unwrap());
        let mut berta = berta;
        let _ = berta.sign_in().await.expect(201);
        let _ = berta.confirm(world).await.expect(200);
        let _ = berta.post(&path("objection"), json!({})).await.problem(403, "forbidden");
        world.app.sweep().await;
        assert_eq!(erasure(world, &begun).await["state"], "erased");
        // Whoever belongs elsewhere too goes on there.
        assert_eq!(berta.get("/api/v1/session").await.expect(200).json()["tenants"].as_array().unwrap().len(), 1);
        assert_eq!(berta.get(RECORDS).await.status, 404);
    }

    async fn when_all_owners_agree_nobody_is_waited_for(world: World) {
        let (anna, _) = shop(world).await;
        let (berta, carla) = (world.member(&anna, Role::Owner).await, world.member(&anna, Role::Owner).await);
        let begun = leave(&anna, "now").await;
        let path = format!("{CANCELLATION}/{}/agreement", begun["id"].as_str().unwrap());
        let _ = anna.post(&path, json!({})).await.problem(403, "forbidden");
        // One of two others, twice: the third is still waited for.
        for _ in 0..2 {
            let agreed = berta.post(&path, json!({})).await.expect(200).json();
            assert!(agreed["keys_destroyed_at"].is_null(), "{agreed}");
            let _ = carla.get(RECORDS).await.expect(200);
        }
        let agreed = carla.post(&path, json!({})).await.expect(200).json();
        assert!(agreed["keys_destroyed_at"].is_string(), "{agreed}");
        assert_eq!(anna.get(RECORDS).await.status, 401);
    }

    async fn an_erasure_that_is_killed_after_any_step_goes_on_to_its_end(world: World) {
        // P-14
        for step in Step::ALL {
            let (anna, record) = shop(world).await;
            let program = token(&anna, &["records:read"]).await;
            let begun = leave(&anna, "after_grace").await;
            world.later(DAY * 30);
            assert_eq!(program.get(&record).await.status, 200, "{step:?}");
            world.app.services.leaving.erase_until(&id(&begun), step).await.unwrap();
            // Before it goes on, and after a start: nobody is served by halves, nothing is certified before its time.
            for _ in 0..2 {
                let (anna, program) = (anna.moved_to(world), program.moved_to(world));
                let served = if step < Step::Closed { 200 } else { 401 };
                assert_eq!(program.get(&record).await.status, served, "{step:?}");
                let mut again = anna.clone();
                let signed_in = again.sign_in().await.status;
                // While the keys are still there, the service may say that it cannot tell.
                let expected: &[u16] = match step {
                    Step::Claimed => &[201],
                    Step::Closed => &[401, 503],
                    _ => &[401],
                };
                assert!(expected.contains(&signed_in), "{step:?}: {signed_in}");
                let shown = erasure(world, &begun).await;
                let is_over = step == Step::Certified;
                assert_eq!(shown["state"], if is_over { "erased" } else { "erasing" }, "{step:?}");
                assert_eq!(shown["certificate"].is_object(), is_over, "{step:?}: {shown}");
                assert_eq!(shown["keys_destroyed_at"].is_string(), step >= Step::KeysDestroyed, "{step:?}");
                world.restart().await;
            }
            world.later(Duration::from_secs(4));
            world.app.sweep().await;
            let anna = anna.moved_to(world);
            let erased = is_erased(world, &anna, &begun).await;
            // Once more changes nothing.
            world.app.sweep().await;
            assert_eq!(erasure(world, &begun).await, erased, "{step:?}");
            world.deliver().await;
            let number = begun["erasure_id"].as_str().unwrap();
            let farewells = world.mails().iter().filter(|mail| mail.contains(number)).count();
            assert_eq!(farewells, 1, "{step:?}");
        }
    }

    async fn an_account_that_belongs_to_no_tenant_is_erased_in_the_same_way(world: World) {
        // P-14
        let (anna, record) = shop(world).await;
        let berta = without_tenant(world, &anna, &record).await;
        let asked = json!({"email": berta.email});
        let wrong = berta.post(ERASURE, json!({"email": anna.email})).await.problem(422, "invalid");
        assert_eq!(wrong["errors"][0]["pointer"], "/email");
        world.later(Duration::from_secs(601));
        let _ = berta.post(ERASURE, asked.clone()).await.problem(403, "confirmation_required");
        let mut berta = berta;
        let _ = berta.confirm(world).await.expect(200);
        let begun = berta.post(ERASURE, asked).await.expect(202).json();
        assert!(begun["keys_destroyed_at"].is_string());
        let _ = berta.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = berta.sign_in().await.problem(401, "sign_in_refused");
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let erased = erasure(world, &begun).await;
        assert_eq!((&erased["state"], &erased["certificate"]["check"]["rows"]), (&json!("erased"), &json!(0)), "{erased}");
        let account = berta.account.as_deref().unwrap();
        assert_eq!(erased["certificate"]["owner"], format!("account:{account}"));
        // What they did elsewhere stays, and who they were is gone from it.
        let left: Vec<String> = rows(world, account).into_iter().map(|(column, _)| column).collect();
        assert_eq!(left, ["audit_entries.actor_id"]);
        let mut anna = anna;
        let _ = anna.sign_in().await.expect(201);
        let audit = anna.get("/api/v1/audit?limit=200").await.expect(200).json();
        let theirs = audit["items"].as_array().unwrap().iter().find(|entry| entry["actor"]["account"] == account);
        assert!(theirs.is_some_and(|entry| entry["actor"]["address"].is_null() && entry["actor"]["device"].is_null()), "{audit}");
        assert_eq!(anna.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
        world.deliver().await;
        let number = begun["erasure_id"].as_str().unwrap();
        assert_eq!(world.mails().iter().filter(|mail| mail.contains(number)).count(), 1);
        // The address is free again.
        let _ = world.stranger().post("/api/v1/signups", json!({"email": berta.email, "language": "en"})).await.expect(202);
        let _ = world.code_for(&berta.email).await;
    }

    async fn an_account_goes_with_its_last_tenant_alone_and_is_not_erased_while_it_has_one(world: World) {
        let (anna, record) = shop(world).await;
        let berta = world.member(&anna, Role::Editor).await;
        let body = json!({"email": berta.email});
        let _ = berta.post(ERASURE, body.clone()).await.problem(409, "not_empty");
        // Of joining a tenant and going for good at once, one is done.
        let clara = without_tenant(world, &anna, &record).await;
        let invited = json!({"email": clara.email, "role": "viewer", "language": "en"});
        let _ = anna.post("/api/v1/invitations", invited).await.expect(201);
        let code = crate::team::invitation_code(world, &clara.email).await;
        let (gone, joined) = futures_util::future::join(
            clara.post(ERASURE, json!({"email": clara.email})),
            clara.post("/api/v1/invitations/accept", json!({"code": code})),
        )
        .await;
        assert!(matches!((gone.status, joined.status), (202, 400..) | (409, 200)), "{} {}", gone.status, joined.status);
        let session = clara.get("/api/v1/session").await;
        assert_eq!(session.status, if gone.status == 202 { 401 } else { 200 });
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let _ = berta.get(RECORDS).await.expect(200);
    }

    async fn one_record_is_erased_from_everywhere_and_the_rest_stays(world: World) {
        // P-14, for one customer of a business
        let (anna, _) = shop(world).await;
        let body = json!({"values": crate::shelf::somebody("2")});
        let made = anna.with_header("idempotency-key", "once").post(RECORDS, body.clone()).await.expect(201);
        let (gone, id) = (place(&made), made.json()["id"].as_str().unwrap().to_owned());
        let at = |version: &str| anna.with_header("if-match", version);
        let _ = at("\"v1\"").patch(&gone, json!({"values": {"notes": "called"}})).await.expect(200);
        let _ = anna.get(&gone).await.expect(200);
        let erasure = format!("{gone}/erasure");
        let _ = anna.post(&erasure, json!({})).await.problem(428, "precondition_required");
        let _ = at("\"v1\"").post(&erasure, json!({})).await.problem(412, "version_conflict");
        let kept = before_erasure(world);
        let receipt = at("\"v2\"").post(&erasure, json!({})).await.expect(200).json();
        for (table, rows) in [("records", 1), ("record_versions", 1), ("record_tags", 4), ("idempotency", 1)] {
            assert_eq!(receipt["purged"][table], rows, "{table}: {receipt}");
        }
        assert!(receipt["purged"]["audit_entries"].as_u64().unwrap() >= 3, "{receipt}");
        assert_eq!(receipt["no_back_up_from"], json!(world.clock.now().plus(DAY * 35)));
        assert_eq!(rows(world, &id), []);
        let _ = anna.get(&gone).await.problem(404, "not_found");
        let _ = anna.get(&format!("{gone}/versions")).await.problem(404, "not_found");
        let _ = at("\"v2\"").post(&erasure, json!({})).await.problem(404, "not_found");
        let _ = anna.with_header("idempotency-key", "once").post(RECORDS, body).await.problem(409, "already_done");
        // Of all that was noted of it, one entry tells: that it was erased.
        let audit = anna.get("/api/v1/audit?limit=200").await.expect(200).json();
        let told: Vec<&Value> =
            audit["items"].as_array().unwrap().iter().filter(|entry| entry.to_string().contains(&id)).collect();
        assert_eq!(told.len(), 1, "{audit}");
        assert_eq!(told[0]["action"], "record_erased");
        assert_eq!(anna.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
        let left = anna.get(RECORDS).await.expect(200).json();
        assert_eq!(left["items"].as_array().unwrap().len(), 1);
        // A database from before: it is erased again before anybody is served.
        if let Some(old) = kept {
            put_back(world, &old).await;
            let anna = anna.moved_to(world);
            assert_eq!(rows(world, &id), []);
            let _ = anna.get(&gone).await.problem(404, "not_found");
            assert!(!anna.get("/api/v1/audit?limit=200").await.expect(200).text().contains(&id));
            assert_eq!(anna.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
            let left = anna.get(RECORDS).await.expect(200).json();
            assert_eq!(left["items"].as_array().unwrap().len(), 1);
        }
    }

    async fn an_erasure_of_records_that_dies_with_its_process_is_ended_by_another_that_lives(world: World) {
        let (anna, _) = shop(world).await;
        let tenant = anna.tenant.as_deref().unwrap().parse().unwrap();
        let mut doomed = Vec::new();
        for number in ["2", "3"] {
            let made = customer(&anna, number).await;
            let _ = anna.get(&place(&made)).await.expect(200);
            doomed.push(made.json()["id"].as_str().unwrap().to_owned());
        }
        let node = world.node().await;
        let there = node.visited_by(&anna);
        let ids = doomed.iter().map(|id| id.parse().unwrap()).collect();
        // As if this process had died just after it had written down what it was about to erase.
        let _ = world.app.services.kernel.keyring().enter_records(tenant, ids).await.unwrap();
        // Whoever has only begun is not overtaken.
        node.app.sweep().await;
        for id in &doomed {
            let _ = there.get(&format!("{RECORDS}/{id}")).await.expect(200);
        }
        world.later(Duration::from_secs(3_600));
        // By then, what was read stands in the audit long since, which takes a second.
        for app in [&world.app, &node.app] {
            app.services.kernel.journal().flush().unwrap();
        }
        let (_, _) = futures_util::future::join(node.app.sweep(), world.app.sweep()).await;
        let mut there = there;
        let _ = there.sign_in().await.expect(201);
        for id in &doomed {
            assert_eq!(rows(world, id), []);
            let _ = there.get(&format!("{RECORDS}/{id}")).await.problem(404, "not_found");
        }
        assert!(!there.get("/api/v1/audit?limit=200").await.expect(200).text().contains(&doomed[0]));
        assert_eq!(there.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
        assert_eq!(there.get(RECORDS).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
        node.stop().await;
    }

    async fn no_process_remembers_a_collection_of_who_has_left_or_is_sealed(world: World) {
        let (anna, of_anna) = shop(world).await;
        let (berta, of_berta) = shop(world).await;
        let (clara, of_clara) = shop(world).await;
        let node = world.node().await;
        for (actor, record) in [(&anna, &of_anna), (&berta, &of_berta), (&clara, &of_clara)] {
            let _ = node.visited_by(actor).get(record).await.expect(200);
        }
        let remembered = |actor: &Actor| {
            let tenant = actor.tenant.as_deref().unwrap().parse().unwrap();
            [&world.app, &node.app].map(|app| app.services.vault.remembers().contains(&tenant))
        };
        for actor in [&anna, &berta, &clara] {
            assert_eq!(remembered(actor), [true, true]);
        }
        let _ = leave(&anna, "now").await;
        let _ = berta.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        world.app.sweep().await;
        node.app.sweep().await;
        for (actor, expected) in [(&anna, false), (&berta, false), (&clara, true)] {
            assert_eq!(remembered(actor), [expected, expected]);
        }
        let _ = berta.delete("/api/v1/tenant/seal").await.expect(204);
        for actor in [&clara, &berta] {
            let _ = actor.get(RECORDS).await.expect(200);
            assert!(remembered(actor)[0]);
        }
        node.stop().await;
    }

    async fn a_second_certificate_follows_when_no_old_back_up_can_exist_any_more(world: World) {
        let (anna, _) = shop(world).await;
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let erased = erasure(world, &begun).await;
        assert_eq!((&erased["certificate"]["kind"], &erased["last_certificate"]), (&json!("erased"), &Value::Null));
        world.later(DAY * 7);
        world.app.sweep().await;
        let erased = erasure(world, &begun).await;
        assert_eq!(erased["last_certificate"]["kind"], "horizon_passed");
        assert_eq!(erased["last_certificate"]["keys_destroyed_at"], erased["certificate"]["keys_destroyed_at"]);
        let again = erasure(world, &begun).await;
        world.app.sweep().await;
        assert_eq!(erasure(world, &begun).await, again);
    }
}

#[test]
fn a_database_from_before_an_erasure_is_erased_again_when_it_is_put_back() {
    // P-14: the keyring's ledger does not go back in time.
    World::run(Database::Sqlite, async |world| {
        let (anna, _) = shop(world).await;
        let (berta, theirs) = shop(world).await;
        let old = before_erasure(world).unwrap();
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        is_erased(world, &anna, &begun).await;
        put_back(world, &old).await;
        assert_eq!(rows(world, anna.tenant.as_deref().unwrap()), []);
        assert_eq!(rows(world, anna.account.as_deref().unwrap()), []);
        // Sessions end when data is put back; whoever stays signs in again.
        let mut berta = berta.moved_to(world);
        let _ = berta.get(&theirs).await.problem(401, "not_signed_in");
        let _ = berta.sign_in().await.expect(201);
        let _ = berta.get(&theirs).await.expect(200);
    });
}

/// A copy of the data's database as it is, where it is a file.
fn before_erasure(world: &World) -> Option<tempfile::TempDir> {
    if world.database != Database::Sqlite {
        return None;
    }
    let old = tempfile::tempdir().unwrap();
    let to = old.path().join("seif.db");
    Beside::of(world).run(&format!("VACUUM INTO '{}'", to.display())).unwrap();
    Some(old)
}

/// Starts the service on such a copy.
async fn put_back(world: &mut World, old: &tempfile::TempDir) {
    world
        .restart_on(|folder| {
            for end in ["-wal", "-shm"] {
                drop(std::fs::remove_file(folder.join(format!("seif.db{end}"))));
            }
            // Another file: whoever still has the one before open has that one.
            std::fs::remove_file(folder.join("seif.db")).unwrap();
            std::fs::copy(old.path().join("seif.db"), folder.join("seif.db")).unwrap();
        })
        .await;
}

/// Whether the script in another language says that the certificate holds.
fn script(certificate: &Path, keys: &Path, whose: Option<(&str, &str)>) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops/verify_certificate.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(certificate).arg(keys);
    if let Some((id, name)) = whose {
        command.args([id, name]);
    }
    let done = command.output().unwrap();
    assert!(done.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    done.status.success()
}

/// Whether `seif verify` says so.
fn verify(certificate: &Path, keys: &Path) -> bool {
    let done =
        Command::new(env!("CARGO_BIN_EXE_seif")).args(["verify", "--key"]).arg(keys).arg(certificate).output().unwrap();
    assert!(done.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&done.stderr));
    done.status.success()
}

//! A tenant that nobody uses, where an owner chose that it then leaves: three warnings, then the cancellation with its time
//! of grace (P-14).

use std::time::Duration;

use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::clock::Time;
use seif::kernel::crypto::Owner;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::leaving::{erasure, is_erased};
use crate::rows::Beside;
use crate::shelf::{RECORDS, customer, customers, place, token};
use crate::traces::{copy_of_data, restore_data};

const INACTIVITY: &str = "/api/v1/tenant/inactivity";
const CANCELLATION: &str = "/api/v1/tenant/cancellation";
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

/// A business with something in it.
async fn shop(world: &mut World) -> (Actor, String) {
    let owner = world.owner().await;
    let _ = customers(&owner).await;
    let made = customer(&owner, "1").await;
    // What confirms is needed within ten minutes only.
    let _ = token(&owner, &["records:read"]).await.get(RECORDS).await.expect(200);
    (owner, place(&made))
}

async fn choose(owner: &Actor, months: u32) {
    let chosen = owner.put(INACTIVITY, json!({"after_months": months})).await.expect(200).json();
    assert_eq!(chosen, json!({"after_months": months}));
}

/// When a tenant leaves that was used now for the last time: the day of use counts whole.
fn end(world: &World, months: u8) -> Time {
    Time::of_day(world.clock.now().day() + 1).plus_months(months)
}

/// Moves the clock there, and lets the service look.
async fn at(world: &World, when: Time) {
    world.later(when.since(world.clock.now()));
    world.app.sweep().await;
    world.deliver().await;
}

/// How many warnings there are in the actor's mail, of those that leave so many days until the cancellation.
fn warned(world: &World, actor: &Actor, days: u32) -> usize {
    let until = format!("If nobody uses it before {},", world.clock.now().plus(DAY * days).date());
    mails(world, actor, &until)
}

/// How many of the actor's mails say so, however their lines are broken.
fn mails(world: &World, actor: &Actor, words: &str) -> usize {
    let to = format!("to: {}", actor.email);
    let unbroken = world.mails().into_iter().map(|mail| mail.replace("=\r\n", "").replace("=\n", ""));
    unbroken.filter(|mail| mail.to_lowercase().contains(&to) && mail.contains(words)).count()
}

/// How many warnings the actor's feed holds.
async fn in_feed(actor: &Actor) -> usize {
    let feed = actor.get("/api/v1/account/notices").await.expect(200).json();
    feed["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "inactivity_warned").count()
}

/// What the audit says of it, oldest first: action, count, whether anybody acted.
async fn noted(owner: &Actor) -> Vec<(String, Value, bool)> {
    let audit = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
    assert_eq!(owner.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
    let told = |item: &Value| {
        let action = item["action"].as_str().unwrap().to_owned();
        (action, item["count"].clone(), !item["actor"].is_null())
    };
    let of_this = |told: &(String, Value, bool)| told.0.contains("inactivity") || told.0.starts_with("leaving_");
    let mut all: Vec<_> = audit["items"].as_array().unwrap().iter().map(told).filter(of_this).collect();
    all.reverse();
    all
}

/// What stands of the owner's tenant.
fn row(world: &World, owner: &Actor) -> Vec<String> {
    let mut db = Beside::of(world);
    let whose = format!("tenant_id = {}", db.id(owner.tenant.as_deref().unwrap()));
    db.rows("inactivity", &whose)
}

/// Signs in again and looks: the use of a person.
async fn look(owner: &mut Actor, path: &str) {
    let _ = owner.sign_in().await.expect(201);
    let _ = owner.get(path).await.expect(200);
}

/// Lets the three warnings come, each at its time, and the cancellation after them; gives when that was.
async fn until_cancelled(world: &World, months: u8) -> Time {
    let end = end(world, months);
    for days in [90, 30, 7, 0] {
        at(world, end.minus(DAY * days)).await;
    }
    end
}

each_database! {
    async fn nobody_is_warned_or_leaves_whose_owner_did_not_choose_it(world: World) {
        let (mut anna, record) = shop(world).await;
        assert_eq!(anna.get(INACTIVITY).await.expect(200).json(), json!({"after_months": null}));
        // Chosen and thought better of is not chosen.
        choose(&anna, 6).await;
        world.later(SECOND);
        let none = anna.put(INACTIVITY, json!({"after_months": null})).await.expect(200).json();
        assert_eq!(none, json!({"after_months": null}));
        assert_eq!(row(world, &anna), [""; 0]);
        for _ in 0..6 {
            at(world, world.clock.now().plus_months(4)).await;
            assert_eq!(mails(world, &anna, ""), 0);
        }
        look(&mut anna, &record).await;
        let chosen = |count: Value| ("inactivity_chosen".to_owned(), count, true);
        assert_eq!(noted(&anna).await, [chosen(json!(6)), chosen(Value::Null)]);
    }

    async fn owners_alone_are_warned_three_times_then_everybody_is_told_and_an_owner_takes_it_back(world: World) {
        let (mut anna, record) = shop(world).await;
        let berta = world.member(&anna, Role::Owner).await;
        let clara = world.member(&anna, Role::Admin).await;
        let (dora, theirs) = shop(world).await;
        choose(&anna, 6).await;
        choose(&dora, 60).await;
        let of_dora = row(world, &dora);
        let end = end(world, 6);
        // Whoever has frozen their account is warned all the same.
        let _ = berta.post("/api/v1/account/freeze", json!({})).await.expect(204);
        for days in [90, 30, 7] {
            at(world, end.minus(DAY * days + SECOND)).await;
            for actor in [&anna, &berta, &clara, &dora] {
                assert_eq!(mails(world, actor, "If nobody uses it"), 0, "{days}");
            }
            at(world, end.minus(DAY * days)).await;
            // Once, however often the service looks.
            at(world, end.minus(DAY * days)).await;
            for (actor, times) in [(&anna, 1), (&berta, 1), (&clara, 0), (&dora, 0)] {
                assert_eq!(warned(world, actor, days), times, "{days}");
            }
        }
        at(world, end.minus(SECOND)).await;
        assert_eq!(mails(world, &clara, "is going to be erased"), 0);
        at(world, end).await;
        at(world, end).await;
        let until = format!("On {} everything it keeps is erased", end.plus(DAY * 30).date());
        for (actor, times) in [(&anna, 1), (&berta, 1), (&clara, 1), (&dora, 0)] {
            assert_eq!(mails(world, actor, &until), times);
        }
        assert_eq!(row(world, &dora), of_dora);
        // From now on it reads and exports, as with any other cancellation, and who did it is told.
        look(&mut anna, &record).await;
        let _ = anna.confirm(world).await.expect(200);
        let values = json!({"values": crate::shelf::somebody("2")});
        let _ = anna.post(RECORDS, values).await.problem(403, "tenant_leaving");
        let _ = anna.put(INACTIVITY, json!({"after_months": 7})).await.problem(403, "tenant_leaving");
        let shown = anna.get(CANCELLATION).await.expect(200).json()["cancellation"].clone();
        assert_eq!((&shown["requested_by"], &shown["objectable_until"]), (&Value::Null, &Value::Null));
        assert_eq!(shown["grace_until"], json!(end.plus(DAY * 30)));
        let warning = |number: u64| ("inactivity_warned".to_owned(), json!(number), false);
        let mut wanted = vec![("inactivity_chosen".to_owned(), json!(6), true)];
        wanted.extend([1, 2, 3].map(warning));
        wanted.push(("leaving_unused".to_owned(), Value::Null, false));
        assert_eq!(noted(&anna).await, wanted);
        assert_eq!(in_feed(&anna).await, 3);
        // Another owner than who chose it has it stay; then all begins anew.
        let _ = anna.delete(CANCELLATION).await.expect(204);
        let _ = customer(&anna, "2").await;
        let end = self::end(world, 6);
        at(world, end.minus(DAY * 90 + SECOND)).await;
        at(world, end.minus(DAY * 90 + SECOND)).await;
        assert_eq!(mails(world, &anna, "If nobody uses it"), 0);
        at(world, end.minus(DAY * 90)).await;
        assert_eq!(warned(world, &anna, 90), 1);
        let mut dora = dora;
        look(&mut dora, &theirs).await;
        assert_eq!(in_feed(&dora).await, 0);
    }

    async fn a_use_by_whomever_lets_the_count_begin_anew(world: World) {
        let (anna, record) = shop(world).await;
        let mut viewer = world.member(&anna, Role::Viewer).await;
        let program = token(&anna, &["records:read"]).await;
        choose(&anna, 6).await;
        // At the last moment, and after each number of warnings.
        for warnings in 0..=3_usize {
            let last = end(world, 6);
            for days in [90, 30, 7].into_iter().take(warnings) {
                at(world, last.minus(DAY * days)).await;
                assert_eq!(warned(world, &anna, days), 1, "{warnings}");
            }
            let next = [90, 30, 7, 0][warnings];
            world.later(last.minus(DAY * next + SECOND).since(world.clock.now()));
            // Once by a program, once by somebody who may only look.
            if warnings % 2 == 0 {
                let _ = program.get(RECORDS).await.expect(200);
            } else {
                look(&mut viewer, &record).await;
            }
            let anew = end(world, 6).minus(DAY * 90 + SECOND);
            for after in [SECOND, DAY, DAY * 60] {
                at(world, last.plus(after).min(anew)).await;
                assert_eq!(mails(world, &anna, "If nobody uses it"), 0, "{warnings}");
            }
            look(&mut viewer, &record).await;
        }
        // What is no use: to sign in alone, a token that is none, another tenant of the same person's.
        let last = end(world, 6);
        at(world, last.minus(DAY * 90)).await;
        assert_eq!(warned(world, &anna, 90), 1);
        let _ = viewer.sign_in().await.expect(201);
        let _ = viewer.get("/api/v1/account/notices").await.expect(200);
        let _ = world.stranger().with_token("seif_none").get(RECORDS).await.problem(401, "not_signed_in");
        let session = viewer.get("/api/v1/session").await.expect(200).json();
        let tenants = session["tenants"].as_array().unwrap().iter().map(|tenant| tenant["id"].as_str().unwrap());
        let own = tenants.into_iter().find(|id| Some(*id) != anna.tenant.as_deref()).unwrap().to_owned();
        let mut elsewhere = viewer.clone();
        elsewhere.tenant = Some(own);
        let _ = elsewhere.get("/api/v1/collections").await.expect(200);
        at(world, last.minus(DAY * 30)).await;
        assert_eq!(warned(world, &anna, 30), 1);
    }

    async fn the_day_of_use_is_noted_with_the_first_request_of_the_day(world: World) {
        let (anna, record) = shop(world).await;
        choose(&anna, 6).await;
        let chosen = row(world, &anna);
        let _ = anna.get(&record).await.expect(200);
        assert_eq!(row(world, &anna), chosen);
        let program = token(&anna, &["records:read"]).await;
        world.later(DAY);
        let (one, two) = futures_util::future::join(program.get(RECORDS), program.get(RECORDS)).await;
        assert_eq!((one.status, two.status), (200, 200));
        let used = row(world, &anna);
        assert_ne!(used, chosen);
        let _ = program.get(RECORDS).await.expect(200);
        assert_eq!(row(world, &anna), used);
    }

    async fn of_two_nodes_that_look_at_once_one_warns_and_one_cancels(world: World) {
        let (mut anna, record) = shop(world).await;
        choose(&anna, 6).await;
        let end = end(world, 6);
        let node = world.node().await;
        for days in [90, 30, 7, 0] {
            world.later(end.minus(DAY * days).since(world.clock.now()));
            let (one, two) = (&world.app.services.inactivity, &node.app.services.inactivity);
            let (one, two) = futures_util::future::join(one.sweep(), two.sweep()).await;
            assert_eq!((one, two), (Ok(()), Ok(())), "{days}");
            world.app.outbox.sweep().await;
            world.deliver().await;
            match days {
                0 => assert_eq!(mails(world, &anna, "is going to be erased"), 1),
                _ => assert_eq!(warned(world, &anna, days), 1, "{days}"),
            }
        }
        look(&mut anna, &record).await;
        assert_eq!((in_feed(&anna).await, noted(&anna).await.len()), (3, 5));
        node.stop().await;
    }

    async fn after_years_without_service_no_warning_is_left_out_and_each_keeps_its_distance(world: World) {
        let (anna, _) = shop(world).await;
        choose(&anna, 6).await;
        let late = world.clock.now().plus_months(30);
        for (passed, days) in [(0, 90), (60, 30), (83, 7)] {
            let due = late.plus(DAY * passed);
            if passed > 0 {
                at(world, due.minus(SECOND)).await;
                assert_eq!(mails(world, &anna, "If nobody uses it"), 0, "{days}");
            }
            for _ in 0..3 {
                at(world, due).await;
                assert_eq!(warned(world, &anna, days), 1, "{days}");
            }
            assert_eq!(mails(world, &anna, "If nobody uses it"), 1, "{days}");
        }
        at(world, late.plus(DAY * 90).minus(SECOND)).await;
        assert_eq!(mails(world, &anna, "is going to be erased"), 0);
        at(world, late.plus(DAY * 90)).await;
        assert_eq!(mails(world, &anna, "is going to be erased"), 1);
    }

    async fn who_is_not_heard_of_in_the_time_of_grace_is_erased(world: World) {
        let (mut anna, _) = shop(world).await;
        let (mut berta, theirs) = shop(world).await;
        choose(&anna, 6).await;
        let end = until_cancelled(world, 6).await;
        look(&mut anna, RECORDS).await;
        let begun = anna.get(CANCELLATION).await.expect(200).json()["cancellation"].clone();
        at(world, end.plus(DAY * 30).minus(SECOND)).await;
        assert_eq!(erasure(world, &begun).await["state"], "scheduled");
        at(world, end.plus(DAY * 30)).await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        is_erased(world, &anna, &begun).await;
        assert_eq!(row(world, &anna), [""; 0]);
        look(&mut berta, &theirs).await;
    }

    async fn a_node_that_dies_between_the_word_and_the_wish_leaves_nobody_half_cancelled(world: World) {
        let (mut anna, record) = shop(world).await;
        choose(&anna, 6).await;
        let end = until_cancelled(world, 6).await;
        // As if it had died there: everybody is told, and nothing stands.
        let tenant = Owner::Tenant(anna.tenant.as_deref().unwrap().parse().unwrap());
        let _ = world.app.services.kernel.keyring().withdraw_erasure(tenant).await.unwrap();
        at(world, end.plus(DAY)).await;
        assert_eq!(mails(world, &anna, "is going to be erased"), 0);
        look(&mut anna, &record).await;
        let shown = anna.get(CANCELLATION).await.expect(200).json()["cancellation"].clone();
        assert_eq!(shown["grace_until"], json!(end.plus(DAY * 31)));
    }

    async fn an_owner_alone_chooses_it_by_a_fresh_proof_and_six_to_sixty_months(world: World) {
        let (mut anna, _) = shop(world).await;
        let body = json!({"after_months": 12});
        for role in [Role::Viewer, Role::Editor, Role::Admin] {
            let member = world.member(&anna, role).await;
            let _ = member.put(INACTIVITY, body.clone()).await.problem(403, "forbidden");
            let _ = member.get(INACTIVITY).await.expect(200);
        }
        let program = token(&anna, &["records:read", "records:write", "members:read"]).await;
        let _ = program.put(INACTIVITY, body.clone()).await.problem(403, "forbidden");
        for wrong in [json!(5), json!(61), json!(0), json!(4_294_967_295_u32)] {
            let problem = anna.put(INACTIVITY, json!({"after_months": wrong})).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "/after_months");
        }
        for wrong in [json!({}), json!({"after_months": "12"}), json!({"after_months": -1}), json!({"after_months": 12.5})] {
            let status = anna.put(INACTIVITY, wrong.clone()).await.status;
            assert!(status == 422 || status == 400, "{wrong}: {status}");
        }
        assert_eq!(row(world, &anna), [""; 0]);
        world.later(Duration::from_secs(601));
        let _ = anna.put(INACTIVITY, body.clone()).await.problem(403, "confirmation_required");
        let _ = anna.confirm(world).await.expect(200);
        choose(&anna, 12).await;
        world.later(SECOND);
        choose(&anna, 60).await;
        assert_eq!(row(world, &anna).len(), 1);
        let chosen = noted(&anna).await.into_iter().map(|(_, count, _)| count).collect::<Vec<_>>();
        assert_eq!(chosen, [json!(12), json!(60)]);
    }

    async fn who_is_leaving_already_is_let_be(world: World) {
        let (anna, _) = shop(world).await;
        // So long a grace that warnings would be due within it.
        world.restart_with("[leaving]\ngrace = \"300d\"\n").await;
        let anna = anna.moved_to(world);
        choose(&anna, 6).await;
        let begun = crate::leaving::leave(&anna, "after_grace").await;
        let (end, chosen) = (end(world, 6), row(world, &anna));
        for days in [90, 30, 7, 0] {
            at(world, end.minus(DAY * days)).await;
            assert_eq!(mails(world, &anna, "If nobody uses it") + mails(world, &anna, "three warnings"), 0, "{days}");
        }
        assert_eq!(row(world, &anna), chosen);
        assert_eq!(erasure(world, &begun).await["state"], "scheduled");
    }

    async fn a_sealed_vault_is_neither_warned_nor_does_it_leave_until_it_is_unsealed(world: World) {
        let (mut anna, record) = shop(world).await;
        choose(&anna, 6).await;
        let _ = anna.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        for _ in 0..6 {
            at(world, world.clock.now().plus_months(3)).await;
            assert_eq!(mails(world, &anna, ""), 0);
        }
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.delete("/api/v1/tenant/seal").await.expect(204);
        let end = end(world, 6);
        at(world, end.minus(DAY * 90 + SECOND)).await;
        assert_eq!(mails(world, &anna, "If nobody uses it"), 0);
        at(world, end.minus(DAY * 90)).await;
        assert_eq!(warned(world, &anna, 90), 1);
        look(&mut anna, &record).await;
    }

    async fn a_restore_of_older_data_neither_shortens_the_count_nor_swallows_a_warning(world: World) {
        let (mut anna, record) = shop(world).await;
        choose(&anna, 6).await;
        let old = tempfile::tempdir().unwrap();
        let first = end(world, 6);
        at(world, first.minus(DAY * 90)).await;
        at(world, first.minus(DAY * 30)).await;
        assert_eq!(warned(world, &anna, 30), 1);
        // It says that it was warned twice; since then it was used, and the copy knows nothing of that.
        let copy = copy_of_data(world, old.path()).await;
        let mut anna = { anna = anna.moved_to(world); look(&mut anna, &record).await; anna };
        world.later(DAY * 20);
        let original = world.database_urls().first().cloned();
        restore_data(world, &copy).await;
        if let Some(url) = original {
            seif::testing::drop_database(&url);
        }
        anna = anna.moved_to(world);
        // From the restore on, the whole term, and every warning again.
        let since = world.clock.now();
        let end = since.plus_months(6);
        at(world, end.minus(DAY * 90 + SECOND)).await;
        assert_eq!(mails(world, &anna, "If nobody uses it"), 0);
        for days in [90, 30, 7] {
            at(world, end.minus(DAY * days)).await;
            assert_eq!(warned(world, &anna, days), 1, "{days}");
        }
        look(&mut anna, &record).await;
    }

    async fn by_forms_alone_an_owner_chooses_it_and_others_see_it(world: World) {
        let (anna, _) = shop(world).await;
        let page = format!("/t/{}/leaving", anna.tenant.as_deref().unwrap());
        let send = async |actor: &Actor, months: &str| {
            let body = Some(("application/x-www-form-urlencoded", format!("after_months={months}").into_bytes()));
            let browser = actor.with_header("accept", "text/html");
            browser.send_bytes(reqwest::Method::POST, &format!("{page}/unused"), body).await
        };
        let shown = async |actor: &Actor| actor.with_header("accept", "text/html").get(&page).await.expect(200).page();
        assert!(shown(&anna).await.contains("<option value=\"\" selected>"));
        assert_eq!(send(&anna, "24").await.expect(303).header("location"), format!("{page}?news=inactivity_chosen"));
        assert!(shown(&anna).await.contains("<option value=\"24\" selected>"));
        assert_eq!(anna.get(INACTIVITY).await.expect(200).json(), json!({"after_months": 24}));
        for wrong in ["5", "61", "soon", "24%20"] {
            assert_eq!(send(&anna, wrong).await.status, 422, "{wrong}");
        }
        let viewer = world.member(&anna, Role::Viewer).await;
        let seen = shown(&viewer).await;
        assert!(seen.contains("Leaves after 24 months") && !seen.contains("<select"), "{seen}");
        assert_eq!(send(&viewer, "").await.status, 403);
        let _ = send(&anna, "").await.expect(303);
        assert_eq!(row(world, &anna), [""; 0]);
    }
}

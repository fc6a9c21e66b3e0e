//! What an account signs in by, changed and taken back (P-6, R-3).

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::ids::AccountId;
use seif::testing::{Actor, Answer, Database, TextGateway, World};
use serde_json::{Value, json};

use crate::operator_ledger::keyring_of;

const CHANGES: &str = "/api/v1/account/identifiers";
const UNDOS: &str = "/api/v1/identifier-undos";
const DAY: Duration = Duration::from_hours(24);

/// An address that nobody has.
pub(crate) fn free(world: &mut World) -> String {
    format!("{}@example.lv", world.somebody().to_lowercase())
}

/// Begins a change of the address: its own address in the API.
async fn begin(world: &World, actor: &Actor, new: &str) -> String {
    world.later(Duration::from_secs(1));
    let begun = actor.post(CHANGES, json!({"kind": "email", "value": new})).await.expect(202).json();
    assert!(begun["expires_at"].is_string());
    format!("{CHANGES}/{}", begun["id"].as_str().unwrap())
}

/// Changes the address.
pub(crate) async fn change(world: &World, actor: &mut Actor, new: &str) {
    let path = begin(world, actor, new).await;
    let code = world.code_for(new).await;
    let made = actor.put(&path, json!({"code": code})).await.expect(200).json();
    assert_eq!((&made["kind"], &made["value"]), (&json!("email"), &json!(new)));
    new.clone_into(&mut actor.email);
}

/// The newest code to this address that takes a change back.
async fn undo_code(world: &World, email: &str) -> String {
    world.deliver().await;
    let mails = world.mails();
    let its_own = |mail: &&String| mail.to_lowercase().contains(&format!("to: {email}"));
    let is_code = |line: &&str| line.len() == 29 && line.split('-').all(|part| part.len() == 4);
    let code = mails.iter().rev().filter(its_own).find_map(|mail| mail.lines().map(str::trim).find(is_code));
    code.expect("a code that takes a change back").to_owned()
}

/// Asks to take a change of `identifier` back: the request's address.
async fn ask(actor: &Actor, identifier: &str) -> String {
    let asked = actor.post(UNDOS, json!({"identifier": identifier})).await.expect(202).json();
    format!("{UNDOS}/{}", asked["id"].as_str().unwrap())
}

/// How many mails of this subject have come to an address.
async fn mails(world: &World, email: &str, subject: &str) -> usize {
    world.deliver().await;
    let its_own = |mail: &&String| {
        mail.to_lowercase().contains(&format!("to: {email}")) && mail.contains(&format!("Subject: {subject}"))
    };
    world.mails().iter().filter(its_own).count()
}

/// Tries to sign in by an identifier with the actor's password.
async fn sign_in_by(actor: &Actor, identifier: &str) -> Answer {
    actor.post("/api/v1/session", json!({"identifier": identifier, "password": actor.password})).await
}

each_database! {
    async fn a_new_address_is_proved_and_signs_in_and_the_old_one_hears_of_it_with_a_code(world: World) {
        // P-6
        let anna = world.owner().await;
        let (old, new) = (anna.email.clone(), free(world));
        let path = begin(world, &anna, &new).await;
        let _ = anna.put(&path, json!({"code": "000000x"})).await.problem(422, "code_refused");
        let _ = sign_in_by(&anna, &new).await.problem(401, "sign_in_refused");
        let code = world.code_for(&new).await;
        let made = anna.put(&path, json!({"code": code})).await.expect(200).json();
        assert_eq!(made["undo_until"], json!(world.clock.now().plus(7 * DAY)));
        let _ = anna.put(&path, json!({"code": code})).await.problem(404, "not_found");
        let _ = sign_in_by(&anna, &new).await.expect(201);
        let _ = sign_in_by(&anna, &old).await.problem(401, "sign_in_refused");
        assert_eq!(anna.get("/api/v1/account/contacts").await.expect(200).json()["email"], json!(new));
        // Both hear of it, and the code is the old one's alone.
        assert_eq!(mails(world, &new, "Your sign-in details").await, 1);
        let code = undo_code(world, &old).await;
        assert!(world.mails().iter().filter(|mail| mail.contains(&code)).all(|mail| mail.to_lowercase().contains(&old)));
        assert!(!world.mails().iter().any(|mail| mail.contains(&code) && mail.contains(&new)));
        // The old one is nobody else's meanwhile.
        let _ = anna.post("/api/v1/signups", json!({"email": old, "language": "en"})).await.expect(202);
        assert_eq!(mails(world, &old, "Your address was used").await, 1);
    }

    async fn only_a_fresh_or_the_strong_confirmation_changes_what_signs_in(world: World) {
        // P-6, K-8
        let mut anna = world.owner().await;
        let body = json!({"kind": "email", "value": free(world)});
        let app = anna.enrol_app(world).await;
        let _ = anna.post(CHANGES, body.clone()).await.problem(403, "confirmation_required");
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = anna.post(CHANGES, body.clone()).await.expect(202);
        world.later(Duration::from_secs(601));
        let _ = anna.post(CHANGES, body.clone()).await.problem(403, "confirmation_required");
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.post(CHANGES, body).await.problem(403, "confirmation_required");
    }

    async fn a_taken_address_gets_the_same_answer_and_its_owner_a_notice_and_nothing_fits(world: World) {
        // P-6
        let berta = world.owner().await;
        let anna = world.owner().await;
        let other = free(world);
        let shape = |answer: Answer| answer.expect(202).json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let known = anna.post(CHANGES, json!({"kind": "email", "value": berta.email.to_uppercase()})).await;
        let path = format!("{CHANGES}/{}", known.json()["id"].as_str().unwrap());
        let unknown = anna.post(CHANGES, json!({"kind": "email", "value": other})).await;
        assert_eq!(shape(known), shape(unknown));
        assert_eq!(mails(world, &berta.email, "Your address was named").await, 1);
        let again = begin(world, &anna, &berta.email).await;
        for code in 0..5 {
            let _ = anna.put(&again, json!({"code": format!("{code:06}")})).await.problem(422, "code_refused");
        }
        // A change that begins takes the place of the one before.
        let _ = anna.put(&path, json!({"code": "000000"})).await.problem(404, "not_found");
        // Somebody else joins with an address while its change waits for the code.
        let mut carl = world.owner().await;
        let late = free(world);
        let path = begin(world, &anna, &late).await;
        let code = world.code_for(&late).await;
        change(world, &mut carl, &late).await;
        let _ = anna.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        let _ = sign_in_by(&carl, &late).await.expect(201);
    }

    async fn five_wrong_codes_end_a_change_and_what_was_mailed_to_the_old_one_ends_with_it(world: World) {
        // P-6, K-1
        let mut anna = world.owner().await;
        let new = free(world);
        let path = begin(world, &anna, &new).await;
        let code = world.code_for(&new).await;
        for _ in 0..5 {
            let _ = anna.put(&path, json!({"code": "000000x"})).await.problem(422, "code_refused");
        }
        let _ = anna.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        // A code for signing in that went to the old address is worth nothing once another signs in.
        let mut other = anna.clone();
        let _ = other.sign_in().await.expect(201);
        world.later(Duration::from_secs(1));
        let begun = other.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
        let confirmation = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().unwrap());
        let code = world.code_for(&anna.email).await;
        change(world, &mut anna, &new).await;
        let _ = other.put(&confirmation, json!({"code": code})).await.problem(422, "code_refused");
    }

    async fn of_two_finishes_at_once_one_changes_it(world: World) {
        let anna = world.owner().await;
        let new = free(world);
        let path = begin(world, &anna, &new).await;
        let code = world.code_for(&new).await;
        let answers = join_all((0..4).map(|_| anna.put(&path, json!({"code": code})))).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done == 1 && answers.iter().all(|answer| [200, 404, 422].contains(&answer.status)), "{answers:?}");
        assert_eq!(mails(world, &anna.email, "You can undo").await, 1);
        let _ = sign_in_by(&anna, &new).await.expect(201);
        let _ = sign_in_by(&anna, &anna.email).await.problem(401, "sign_in_refused");
    }

    async fn the_old_address_takes_a_change_back_and_every_session_ends(world: World) {
        // P-6
        let mut anna = world.owner().await;
        let old = anna.email.clone();
        let (new, newer) = (free(world), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        // Whoever is in the account changes it once more, and has a code of their own: it does not reach so far back.
        change(world, &mut anna, &newer).await;
        let theirs = undo_code(world, &new).await;
        assert_ne!(code, theirs);
        let owner = world.stranger();
        let _ = owner.put(&ask(&owner, &old).await, json!({"code": theirs})).await.problem(422, "code_refused");
        let _ = owner.put(&ask(&owner, &newer).await, json!({"code": code})).await.problem(422, "code_refused");
        let path = ask(&owner, &old.to_uppercase()).await;
        let undone = owner.put(&path, json!({"code": code.to_uppercase()})).await.expect(200).json();
        assert_eq!(undone["restored"], "email");
        assert_eq!(undone["next"], json!(["sign_in", "change_password", "review_methods", "review_sign_ins"]));
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = sign_in_by(&anna, &old).await.expect(201);
        for gone in [&new, &newer] {
            let _ = sign_in_by(&anna, gone).await.problem(401, "sign_in_refused");
        }
        assert_eq!(mails(world, &old, "Your earlier address").await, 1);
        // Once, and what came after it is forgotten.
        let _ = owner.put(&ask(&owner, &old).await, json!({"code": code})).await.problem(422, "code_refused");
        let _ = owner.put(&ask(&owner, &new).await, json!({"code": theirs})).await.problem(422, "code_refused");
        // What it was changed to is free again.
        let berta = world.owner().await;
        let path = begin(world, &berta, &newer).await;
        let code = world.code_for(&newer).await;
        let _ = berta.put(&path, json!({"code": code})).await.expect(200);
    }

    async fn a_request_to_take_back_is_alike_for_every_identifier_and_only_the_old_one_gets_the_code(world: World) {
        // P-6
        let mut anna = world.owner().await;
        let (old, new) = (anna.email.clone(), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        let stranger = world.stranger();
        let shape = |answer: &Answer| (answer.status, answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>());
        let mut shapes = Vec::new();
        for identifier in [old.as_str(), new.as_str(), "nobody@example.lv", "+371 20000000", "neither"] {
            shapes.push(shape(&stranger.post(UNDOS, json!({"identifier": identifier})).await));
        }
        assert_eq!(shapes, vec![(202, vec!["expires_at".to_owned(), "id".to_owned()]); 5]);
        assert_eq!(mails(world, &old, "You can undo").await, 2);
        assert_eq!(undo_code(world, &old).await, code);
        assert_eq!(mails(world, &new, "You can undo").await, 0);
        // However often somebody asks, its owner is not flooded, and is not kept from it.
        for _ in 0..20 {
            let _ = ask(&stranger, &old).await;
        }
        assert!(mails(world, &old, "You can undo").await <= 11);
        let _ = stranger.put(&ask(&stranger, &old).await, json!({"code": code})).await.expect(200);
    }

    async fn a_change_is_taken_back_once_and_by_none_of_many_guesses(world: World) {
        let mut anna = world.owner().await;
        let (old, new) = (anna.email.clone(), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        let stranger = world.stranger();
        let path = ask(&stranger, &old).await;
        // Another code of the same form.
        let guess = format!("{}-{}", &code[5..], &code[..4]);
        let _ = stranger.put(&path, json!({"code": guess})).await.problem(422, "code_refused");
        let answers = join_all((0..4).map(|_| stranger.put(&path, json!({"code": code})))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422, 422, 422]);
        let path = ask(&stranger, &old).await;
        let mut refused = 0;
        for _ in 0..25 {
            refused += usize::from(stranger.put(&path, json!({"code": code})).await.status == 429);
        }
        assert!(refused >= 5, "{refused}");
    }

    async fn a_second_change_and_the_undo_of_the_first_leave_one_of_two_states(world: World) {
        let mut anna = world.owner().await;
        let (old, new, newer) = (anna.email.clone(), free(world), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        let path = begin(world, &anna, &newer).await;
        let second = world.code_for(&newer).await;
        let owner = world.stranger();
        let undo = ask(&owner, &old).await;
        let (changed, undone) =
            futures_util::future::join(anna.put(&path, json!({"code": second})), owner.put(&undo, json!({"code": code}))).await;
        // The undo is never kept from its owner, whichever came first.
        let _ = undone.expect(200);
        assert!([200, 401, 404, 422].contains(&changed.status), "{changed:?}");
        let _ = sign_in_by(&anna, &old).await.expect(201);
        for gone in [&new, &newer] {
            let _ = sign_in_by(&anna, gone).await.problem(401, "sign_in_refused");
        }
    }

    async fn of_two_who_bring_the_keyring_in_line_the_second_waits_for_the_first(world: World) {
        // P-6, K-6
        let mut anna = world.owner().await;
        let (old, new) = (anna.email.clone(), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        let owner = world.stranger();
        let undo = ask(&owner, &old).await;
        if world.database == Database::Sqlite {
            // There is one writer anyhow.
            return;
        }
        let (mut first, mut beside) = (keyring_of(world), keyring_of(world));
        let account: AccountId = anna.account.as_deref().unwrap().parse().unwrap();
        let number = i64::from_be_bytes(*account.as_bytes().last_chunk().unwrap());
        first.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({number})")).unwrap();
        let waits = async {
            let here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            while beside.count(&format!("pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}")) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // Somebody who came to it before has let the old address go.
            let id = first.id(anna.account.as_deref().unwrap());
            first.run(&format!("DELETE FROM identifiers WHERE account_id = {id} AND held_until IS NOT NULL; COMMIT")).unwrap();
        };
        let waits = tokio::time::timeout(Duration::from_secs(30), waits);
        let (undone, waited) = futures_util::future::join(owner.put(&undo, json!({"code": code})), waits).await;
        waited.expect("nobody waited");
        let _ = undone.expect(200);
        let _ = sign_in_by(&anna, &old).await.expect(201);
        let _ = sign_in_by(&anna, &new).await.problem(401, "sign_in_refused");
    }

    async fn after_seven_days_the_change_stands_and_the_old_address_is_free(world: World) {
        // P-6
        let mut anna = world.owner().await;
        let (old, new) = (anna.email.clone(), free(world));
        change(world, &mut anna, &new).await;
        let code = undo_code(world, &old).await;
        world.later(7 * DAY);
        let stranger = world.stranger();
        let _ = stranger.put(&ask(&stranger, &old).await, json!({"code": code})).await.problem(422, "code_refused");
        let swept = world.app.services.accounts.sweep().await.unwrap();
        assert!(swept.rows >= 1 && swept.claims == 1, "{swept:?}");
        assert_eq!(world.app.services.accounts.sweep().await.unwrap().claims, 0);
        let mut berta = world.owner().await;
        change(world, &mut berta, &old).await;
        let _ = sign_in_by(&berta, &old).await.expect(201);
        let _ = sign_in_by(&anna, &new).await.expect(201);
    }

    async fn what_a_killed_process_left_of_a_change_is_brought_in_line_by_the_sweep(world: World) {
        let anna = world.owner().await;
        let keyring = world.app.services.kernel.keyring().clone();
        let account = anna.account.as_deref().unwrap().parse().unwrap();
        // Claimed, and killed before it was written: it is nobody's once it is old.
        let new = free(world);
        let tag = keyring.identifier_tag("email", &new).unwrap();
        let _ = keyring.claim_identifier(&tag, account).await.unwrap();
        let _ = world.app.services.accounts.sweep().await.unwrap();
        assert_eq!(keyring.find_identifier(&tag).await.unwrap(), Some(account), "it may be on its way");
        world.later(Duration::from_secs(301));
        assert_eq!(world.app.services.accounts.sweep().await.unwrap().claims, 1);
        assert_eq!(keyring.find_identifier(&tag).await.unwrap(), None);
        // Of another account's it takes nothing.
        let own = keyring.identifier_tag("email", &anna.email).unwrap();
        assert_eq!(keyring.find_identifier(&own).await.unwrap(), Some(account));
    }

    async fn what_is_no_address_or_no_kind_is_named(world: World) {
        let anna = world.owner().await;
        let pointers = |problem: Value| problem["errors"].as_array().unwrap().iter().map(|error| (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())).collect::<Vec<_>>();
        for (kind, value, pointer, code) in [
            ("pigeon", "anna@example.lv", "/kind", "not_a_choice"),
            ("email", "anna(at)example.lv", "/value", "not_an_email"),
            ("email", anna.email.as_str(), "/value", "unchanged"),
        ] {
            let problem = anna.post(CHANGES, json!({"kind": kind, "value": value})).await.problem(422, "invalid");
            assert_eq!(pointers(problem), [(pointer.to_owned(), code.to_owned())]);
        }
        let _ = anna.delete("/api/v1/account/contacts/phone").await.problem(404, "not_found");
    }
}

/// A story with a text gateway, on each database.
fn with_gateway(story: impl AsyncFn(&mut World, &TextGateway)) {
    let body = r#"{"to": "{number}", "text": "{text}"}"#;
    for database in [Database::Sqlite, Database::Postgres] {
        let gateway = TextGateway::start();
        let configuration = gateway.configuration("application/json", body);
        World::run_with(database, &configuration, async |world| story(world, &gateway).await);
    }
}

/// The first word of the newest text message to this number.
async fn texted(world: &World, gateway: &TextGateway, number: &str) -> String {
    world.deliver().await;
    let texts: Vec<Value> = gateway.taken().iter().map(|taken| serde_json::from_str(&taken.body).unwrap()).collect();
    let newest = texts.iter().rev().find(|text| text["to"] == number).expect("a text message");
    newest["text"].as_str().unwrap().split(' ').next().unwrap().to_owned()
}

/// Verifies a number for the actor.
async fn verify(world: &World, gateway: &TextGateway, actor: &Actor, typed: &str, number: &str) {
    world.later(Duration::from_secs(1));
    let begun = actor.post(CHANGES, json!({"kind": "phone", "value": typed})).await.expect(202).json();
    let path = format!("{CHANGES}/{}", begun["id"].as_str().unwrap());
    let code = texted(world, gateway, number).await;
    let made = actor.put(&path, json!({"code": code})).await.expect(200).json();
    assert_eq!((&made["kind"], &made["value"]), (&json!("phone"), &json!(number)));
}

#[test]
fn a_phone_number_in_any_common_spelling_is_verified_by_a_code_and_then_signs_in() {
    // R-3, K-2, S-2
    with_gateway(async |world, gateway| {
        let anna = world.owner().await;
        let _ = sign_in_by(&anna, "+37129000001").await.problem(401, "sign_in_refused");
        verify(world, gateway, &anna, "(29) 000-001", "+37129000001").await;
        for spelling in ["+371 29 000 001", "00371-29000001", "(+371) 29.000.001"] {
            let _ = sign_in_by(&anna, spelling).await.expect(201);
        }
        let contacts = anna.get("/api/v1/account/contacts").await.expect(200).json();
        assert_eq!(
            (&contacts["phone"]["number"], contacts["phone"]["verified_at"].is_string()),
            (&json!("+37129000001"), true)
        );
        // The countries served, as people there write them with their country's code.
        for (typed, number) in [
            ("00370 612 34567", "+37061234567"),
            ("+372 5123 4567", "+37251234567"),
            ("+7 (701) 123-45-67", "+77011234567"),
        ] {
            verify(world, gateway, &anna, typed, number).await;
            let _ = sign_in_by(&anna, number).await.expect(201);
        }
        let _ = sign_in_by(&anna, "+37129000001").await.problem(401, "sign_in_refused");
        let wrong = anna.post(CHANGES, json!({"kind": "phone", "value": "12"})).await.problem(422, "invalid");
        assert_eq!(wrong["errors"][0]["code"], "not_a_phone");
    });
}

#[test]
fn a_phone_number_serves_one_account() {
    // K-2
    with_gateway(async |world, gateway| {
        let anna = world.owner().await;
        let berta = world.owner().await;
        let number = "+37129000002";
        verify(world, gateway, &anna, number, number).await;
        world.later(Duration::from_secs(1));
        let begun = berta.post(CHANGES, json!({"kind": "phone", "value": number})).await.expect(202).json();
        let code = texted(world, gateway, number).await;
        let path = format!("{CHANGES}/{}", begun["id"].as_str().unwrap());
        // Even whoever holds the phone: it is another account's until that lets go of it.
        let _ = berta.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        let signed_in = sign_in_by(&anna, number).await.expect(201).json();
        assert_eq!(signed_in["account"]["id"], json!(anna.account));
    });
}

#[test]
fn a_removed_or_changed_number_is_brought_back_from_itself_within_seven_days() {
    // P-6
    with_gateway(async |world, gateway| {
        let mut anna = world.owner().await;
        let (first, second) = ("+37129000003", "+37129000004");
        verify(world, gateway, &anna, first, first).await;
        verify(world, gateway, &anna, second, second).await;
        let code = texted(world, gateway, first).await;
        assert_eq!(code.len(), 29);
        let _ = anna.delete("/api/v1/account/contacts/phone").await.expect(204);
        let _ = sign_in_by(&anna, second).await.problem(401, "sign_in_refused");
        let stranger = world.stranger();
        let undone =
            stranger.put(&ask(&stranger, "00371 29000003").await, json!({"code": code})).await.expect(200).json();
        assert_eq!(undone["restored"], "phone");
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = sign_in_by(&anna, first).await.expect(201);
        // A removal too, and what it held is free after seven days.
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.delete("/api/v1/account/contacts/phone").await.expect(204);
        let code = texted(world, gateway, first).await;
        let _ = stranger.put(&ask(&stranger, first).await, json!({"code": code})).await.expect(200);
        let _ = sign_in_by(&anna, first).await.expect(201);
        let berta = world.owner().await;
        verify(world, gateway, &berta, second, second).await;
    });
}

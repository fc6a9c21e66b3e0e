//! Passkeys: made, used on top of the password and alone, lost, copied (S-1, R-20, K-6, K-8).

pub(crate) mod device;

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::backup::format::What;
use seif::kernel::ids::AccountId;
use seif::kernel::keyring::identifiers::Claim;
use seif::testing::{Actor, Answer, MARK, World};
use serde_json::{Value, json};

use self::device::Device;
use crate::backups::{Safe, lose, sources};
use crate::identifiers::{change, free};
use crate::operator_ledger::keyring_of;
use crate::rows::Beside;

const METHODS: &str = "/api/v1/account/methods";
const CONFIRMATIONS: &str = "/api/v1/session/confirmations";
const ALONE: &str = "/api/v1/session/passkey";

/// Begins to make a passkey: its address, and what the browser is told.
async fn begins(actor: &Actor) -> (String, Value) {
    let begun = actor.post(METHODS, json!({"method": "passkey"})).await.expect(201).json();
    assert_eq!(begun["method"], "passkey");
    (format!("{METHODS}/{}", begun["id"].as_str().unwrap()), begun["public_key"].clone())
}

/// Makes a passkey on the device: its address.
async fn makes(actor: &Actor, device: &mut Device) -> String {
    let (path, options) = begins(actor).await;
    let _ = actor.put(&path, json!({"credential": device.makes(&options)})).await.expect(200);
    path
}

/// Begins a confirmation by a passkey: its address, and what the browser is told.
async fn challenge(actor: &Actor) -> (String, Value) {
    let begun = actor.post(CONFIRMATIONS, json!({"method": "passkey"})).await.expect(201).json();
    assert_eq!(begun["method"], "passkey");
    (format!("{CONFIRMATIONS}/{}", begun["id"].as_str().unwrap()), begun["public_key"].clone())
}

/// Confirms the session by the device.
async fn confirms(actor: &mut Actor, device: &mut Device) -> Answer {
    let (path, options) = challenge(actor).await;
    let answer = actor.put(&path, json!({"credential": device.uses(&options)})).await;
    actor.keep_session(&answer);
    answer
}

/// Begins a sign-in by a passkey alone: its address, and what the browser is told.
async fn asks(stranger: &Actor) -> (String, Value) {
    let asked = stranger.send(reqwest::Method::POST, ALONE, None).await.expect(201).json();
    (format!("{ALONE}/{}", asked["id"].as_str().unwrap()), asked["public_key"].clone())
}

/// Signs in by the device alone.
async fn signs_in(actor: &mut Actor, device: &mut Device) -> Answer {
    actor.session = None;
    let (path, options) = asks(actor).await;
    let answer = actor.put(&path, json!({"credential": device.uses(&options)})).await;
    actor.keep_session(&answer);
    answer
}

/// The passkeys that the account lists.
async fn listed(actor: &Actor) -> Vec<Value> {
    let items = actor.get(METHODS).await.expect(200).json()["items"].as_array().unwrap().clone();
    items.into_iter().filter(|item| item["method"] == "passkey").collect()
}

/// The newest entries of the sign-in history: by what, and what came of it.
async fn history(actor: &Actor, many: usize) -> Vec<(String, String)> {
    let page = actor.get("/api/v1/account/sign-ins").await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    page["items"].as_array().unwrap()[..many].iter().map(|it| (text(&it["method"]), text(&it["outcome"]))).collect()
}

/// How many mails of this subject have come to somebody.
async fn mails(world: &World, actor: &Actor, subject: &str) -> usize {
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().iter().filter(its_own).count()
}

/// The device as it would be where something is wrong, each with what.
pub(crate) fn wrong(device: &Device) -> Vec<(&'static str, Device)> {
    let with = |change: fn(&mut Device)| {
        let mut other = device.clone();
        change(&mut other);
        other
    };
    vec![
        ("another origin", with(|it| it.origin = "https://evil.example".to_owned())),
        ("another port", with(|it| it.origin = "https://localhost".to_owned())),
        ("no TLS", with(|it| it.origin = it.origin.replace("https", "http"))),
        ("another site's key", with(|it| it.rp_id = Some("evil.example".to_owned()))),
        ("nobody was verified", with(|it| it.verifies = false)),
        ("another ceremony", with(|it| it.ceremony = Some("payment.get"))),
        ("in another's frame", with(|it| it.framed = true)),
    ]
}

/// The same person in another browser, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

/// How many were accepted; the others were refused and nothing else, if only for a session that has been raised meanwhile.
fn accepted(answers: &[Answer], refused: u16) -> usize {
    let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(told.iter().all(|status| [200, 201, 401, refused].contains(status)), "{told:?}");
    told.iter().filter(|status| [200, 201].contains(*status)).count()
}

each_database! {
    async fn a_passkey_confirms_from_its_making_on_and_what_it_confirms_is_strong(world: World) {
        // S-1, R-20, K-6
        let mut anna = world.owner().await;
        let (path, options) = begins(&anna).await;
        assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("localhost"), &json!(anna.email)));
        assert_eq!(options["authenticatorSelection"], json!({"residentKey": "required", "requireResidentKey": true, "userVerification": "required"}));
        assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));
        // Nothing confirms by it before it is made.
        let _ = anna.post(CONFIRMATIONS, json!({"method": "passkey"})).await.problem(422, "invalid");
        let mut phone = Device::new(world, 1);
        let made = anna.put(&path, json!({"credential": phone.makes(&options)})).await.expect(200);
        assert_eq!(made.session_cookie(), None);
        let made = made.json();
        assert_eq!((&made["method"], &made["assurance"], &made["last_used_at"]), (&json!("passkey"), &json!("strong"), &Value::Null));
        // It is called by the device that it was made on.
        assert_eq!(made["name"], "Story/1.0");
        assert_eq!(anna.get("/api/v1/session").await.expect(200).json()["assurance"], "confirmed");
        assert_eq!(mails(world, &anna, "A way to confirm was added").await, 1);
        let (_, asked) = challenge(&anna).await;
        assert_eq!(asked["allowCredentials"], json!([{"type": "public-key", "id": phone.id(), "transports": ["internal"]}]));
        assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("localhost"), &json!("required")));
        let before = anna.session.clone();
        world.later(Duration::from_secs(1));
        let raised = confirms(&mut anna, &mut phone).await.expect(200).json();
        assert_eq!(raised["assurance"], "strong");
        assert_ne!(anna.session, before);
        assert!(listed(&anna).await[0]["last_used_at"].is_string());
        assert_eq!(history(&anna, 1).await, [("passkey".to_owned(), "accepted".to_owned())]);
        // Another device is asked for one of its own, for the same user; one that holds it already is left out.
        let (_, again) = begins(&anna).await;
        assert_eq!((&again["user"]["id"], &again["excludeCredentials"][0]["id"]), (&options["user"]["id"], &json!(phone.id())));
        assert_ne!(again["challenge"], options["challenge"]);
    }

    async fn a_passkey_alone_signs_in_and_the_session_is_strong_at_once(world: World) {
        // S-1
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let mut elsewhere = world.stranger();
        world.later(Duration::from_secs(1));
        let (path, options) = asks(&elsewhere).await;
        assert_eq!((&options["rpId"], &options["allowCredentials"]), (&json!("localhost"), &json!([])), "no account is named");
        let credential = phone.uses(&options);
        let answer = elsewhere.put(&path, json!({"credential": credential, "shared_computer": true})).await.expect(201);
        elsewhere.keep_session(&answer);
        let session = answer.json();
        assert_eq!((&session["assurance"], &session["account"]["id"]), (&json!("strong"), &json!(anna.account)));
        assert_eq!(session["tenants"][0]["id"], json!(anna.tenant));
        assert_eq!(elsewhere.get("/api/v1/session").await.expect(200).json()["assurance"], "strong");
        // What needs a strong proof within ten minutes is open.
        let scopes = json!({"name": "till", "scopes": ["records:read"]});
        let _ = elsewhere.post("/api/v1/tokens", scopes).await.expect(201);
        assert_eq!(history(&elsewhere, 1).await, [("passkey".to_owned(), "accepted".to_owned())]);
        // A question is answered once (replay), by whichever browser.
        let _ = world.stranger().put(&path, json!({"credential": credential})).await.problem(401, "sign_in_refused");
        let _ = signs_in(&mut anna, &mut phone).await.expect(201);
        // on a shared computer the session is short.
        world.later(Duration::from_secs(31 * 60));
        let _ = elsewhere.get("/api/v1/session").await.problem(401, "not_signed_in");
    }

    async fn what_a_device_says_at_the_making_is_held_to_the_site_the_person_and_the_question(world: World) {
        // S-1, R-20
        let anna = world.owner().await;
        for (what, mut device) in wrong(&Device::new(world, 1)) {
            let (path, options) = begins(&anna).await;
            let answer = anna.put(&path, json!({"credential": device.makes(&options)})).await;
            assert_eq!(answer.problem(422, "code_refused")["code"], "code_refused", "{what}");
        }
        let (path, options) = begins(&anna).await;
        let mut phone = Device::new(world, 1);
        let (_, other) = begins(&world.owner().await).await;
        for (what, credential) in [
            ("another question", phone.makes(&other)),
            ("a use", phone.uses(&json!({"rpId": "localhost", "challenge": options["challenge"]}))),
            ("nothing", json!({})),
        ] {
            let _ = anna.put(&path, json!({"credential": credential})).await.problem(422, "code_refused");
            assert_eq!(listed(&anna).await.len(), 0, "{what}");
        }
        for body in [json!({}), json!({"code": "000000", "credential": {}}), json!({"credential": "x"})] {
            let _ = anna.put(&path, body).await.problem(422, "invalid");
        }
        // The fifth wrong answer ends the enrolment.
        for _ in 0..2 {
            let _ = anna.put(&path, json!({"credential": {}})).await.problem(422, "code_refused");
        }
        let _ = anna.put(&path, json!({"credential": phone.makes(&options)})).await.problem(422, "code_refused");
        // So does time.
        let (path, options) = begins(&anna).await;
        world.later(Duration::from_secs(600));
        let _ = anna.put(&path, json!({"credential": phone.makes(&options)})).await;
        assert_eq!(listed(&anna).await.len(), 0);
    }

    async fn what_a_device_says_at_a_confirmation_is_held_to_all_of_that_and_to_the_account(world: World) {
        // S-1, R-20
        let mut anna = world.owner().await;
        let (mut phone, mut theirs) = (Device::new(world, 1), Device::new(world, 2));
        let _ = makes(&anna, &mut phone).await;
        let berta = world.owner().await;
        let _ = makes(&berta, &mut theirs).await;
        for some in wrong(&phone).chunks_mut(4) {
            let (path, options) = challenge(&anna).await;
            for (what, device) in some {
                let answer = anna.put(&path, json!({"credential": device.uses(&options)})).await;
                assert_eq!(answer.problem(422, "code_refused")["code"], "code_refused", "{what}");
            }
        }
        let (path, options) = challenge(&anna).await;
        // Another account's passkey, an unknown one, and this one under another user's name.
        let mut unknown = Device::new(world, 3);
        let mut renamed = phone.clone();
        renamed.user.clone_from(&theirs.user);
        for device in [&mut theirs, &mut unknown, &mut renamed] {
            let _ = anna.put(&path, json!({"credential": device.uses(&options)})).await.problem(422, "code_refused");
        }
        // The answer to an earlier question.
        let (_, earlier) = challenge(&anna).await;
        let (path, options) = challenge(&anna).await;
        let _ = anna.put(&path, json!({"credential": phone.uses(&earlier)})).await.problem(422, "code_refused");
        // The right one, once.
        world.later(Duration::from_secs(1));
        let credential = phone.uses(&options);
        let answer = anna.put(&path, json!({"credential": credential})).await.expect(200);
        anna.keep_session(&answer);
        let _ = anna.put(&path, json!({"credential": credential})).await.problem(422, "code_refused");
        // And not when its time is over.
        let (path, options) = challenge(&anna).await;
        world.later(Duration::from_secs(600));
        let _ = anna.put(&path, json!({"credential": phone.uses(&options)})).await.problem(422, "code_refused");
        assert_eq!(history(&anna, 1).await, [("passkey".to_owned(), "accepted".to_owned())]);
    }

    async fn whatever_is_wrong_with_a_sign_in_by_a_passkey_it_is_refused_alike(world: World) {
        // S-1, R-20, R-23
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        world.later(Duration::from_secs(1));
        let stranger = world.stranger();
        let mut unknown = Device::new(world, 9);
        unknown.user.clone_from(&phone.user);
        let mut all = wrong(&phone);
        let mut nameless = phone.clone();
        nameless.user = None;
        let mut another = phone.clone();
        another.user = Some("AAAA".to_owned());
        all.extend([("unknown", unknown), ("names nobody", nameless), ("names another", another)]);
        let mut told = Vec::new();
        for (_, mut device) in all {
            let (path, options) = asks(&stranger).await;
            told.push(stranger.put(&path, json!({"credential": device.uses(&options)})).await.problem(401, "sign_in_refused"));
        }
        let (path, options) = asks(&stranger).await;
        told.push(stranger.put(&path, json!({"credential": {}})).await.problem(401, "sign_in_refused"));
        // A wrong answer uses the question up; one that never was asked is no other; nor is one that is over.
        told.push(stranger.put(&path, json!({"credential": phone.uses(&options)})).await.problem(401, "sign_in_refused"));
        let never = format!("{ALONE}/01947a2e-6f00-7000-8000-000000000001");
        told.push(stranger.put(&never, json!({"credential": phone.uses(&options)})).await.problem(401, "sign_in_refused"));
        let (path, options) = asks(&stranger).await;
        world.later(Duration::from_secs(600));
        told.push(stranger.put(&path, json!({"credential": phone.uses(&options)})).await.problem(401, "sign_in_refused"));
        assert!(told.iter().all(|body| body == &told[0]), "{told:#?}");
        // What was tried with the account's own key stands in its history.
        let refused = history(&anna, 8).await;
        assert!(refused.iter().all(|entry| entry == &("passkey".to_owned(), "refused".to_owned())), "{refused:?}");
    }

    async fn of_many_answers_at_once_one_is_accepted(world: World) {
        // S-1: at the making, at a confirmation, and at a sign-in.
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let (path, options) = begins(&anna).await;
        let body = json!({"credential": phone.makes(&options)});
        let answers = join_all((0..4).map(|_| anna.put(&path, body.clone()))).await;
        let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
        // Once it is made, the account is protected by it: whoever comes later is asked for more.
        assert!(told.iter().all(|status| [200, 403, 404, 422].contains(status)), "{told:?}");
        assert_eq!((listed(&anna).await.len(), mails(world, &anna, "A way to confirm was added").await), (1, 1));

        let (path, options) = challenge(&anna).await;
        let body = json!({"credential": phone.uses(&options)});
        assert_eq!(accepted(&join_all((0..4).map(|_| anna.put(&path, body.clone()))).await, 422), 1);

        let stranger = world.stranger();
        let (path, options) = asks(&stranger).await;
        let body = json!({"credential": phone.uses(&options)});
        assert_eq!(accepted(&join_all((0..4).map(|_| stranger.put(&path, body.clone()))).await, 401), 1);
        // One use of the device, for two questions at once: its counter moves once.
        let (one, two) = (elsewhere(&anna).await, elsewhere(&anna).await);
        let ((first, asked), (second, asked_too)) = (challenge(&one).await, challenge(&two).await);
        let mut copy = phone.clone();
        let bodies = [json!({"credential": phone.uses(&asked)}), json!({"credential": copy.uses(&asked_too)})];
        let [body, body_too] = bodies;
        let answers = join_all([one.put(&first, body), two.put(&second, body_too)]).await;
        assert_eq!(accepted(&answers, 422), 1);
    }

    async fn a_counter_that_went_back_is_refused_and_its_person_hears_of_it(world: World) {
        // S-1, K-7; WebAuthn level 3 §6.1.1
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let mut copy = phone.clone();
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        world.later(Duration::from_secs(1));
        let _ = confirms(&mut anna, &mut copy).await.problem(422, "code_refused");
        assert_eq!(mails(world, &anna, "A passkey of your account").await, 1);
        let mut thief = anna.clone();
        copy.counter = 0;
        let _ = signs_in(&mut thief, &mut copy).await.problem(401, "sign_in_refused");
        assert_eq!(mails(world, &anna, "A passkey of your account").await, 2);
        assert_eq!(history(&anna, 2).await, vec![("passkey".to_owned(), "refused".to_owned()); 2]);
        // The device that is ahead goes on; one that counts nothing is none that goes back.
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        let mut uncounted = Device::new(world, 2);
        let _ = makes(&anna, &mut uncounted).await;
        for _ in 0..2 {
            let (path, options) = challenge(&anna).await;
            let answer = anna.put(&path, json!({"credential": uncounted.says(&options)})).await.expect(200);
            anna.keep_session(&answer);
        }
    }

    async fn a_removed_passkey_confirms_nothing_and_signs_nobody_in_not_even_after_a_restore(world: World) {
        // K-6, K-8
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let path = makes(&anna, &mut phone).await;
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        let (pending, options) = challenge(&anna).await;
        // An older back-up of the data has it still.
        let mut beside = Beside::of(world);
        beside.run("CREATE TABLE kept AS SELECT * FROM factors").unwrap();
        let _ = anna.delete(&path).await.expect(204);
        assert_eq!(mails(world, &anna, "A way to confirm was removed").await, 1);
        let _ = anna.put(&pending, json!({"credential": phone.uses(&options)})).await.problem(422, "code_refused");
        let _ = anna.post(CONFIRMATIONS, json!({"method": "passkey"})).await.problem(422, "invalid");
        let mut stranger = world.stranger();
        let _ = signs_in(&mut stranger, &mut phone).await.problem(401, "sign_in_refused");
        beside.run("INSERT INTO factors SELECT * FROM kept; DROP TABLE kept").unwrap();
        drop(beside);
        assert_eq!(listed(&anna).await.len(), 1, "the data was restored");
        let _ = signs_in(&mut stranger, &mut phone).await.problem(401, "sign_in_refused");
        world.restart().await;
        let (mut anna, mut stranger) = (anna.moved_to(world), world.stranger());
        phone.origin = world.url("");
        assert_eq!(listed(&anna).await.len(), 0);
        let _ = signs_in(&mut stranger, &mut phone).await.problem(401, "sign_in_refused");
        // It can be made anew.
        let _ = anna.confirm(world).await.expect(200);
        let _ = makes(&anna, &mut phone).await;
        let _ = signs_in(&mut stranger, &mut phone).await.expect(201);
    }

    async fn a_change_of_the_address_leaves_a_passkey_what_signs_in(world: World) {
        // S-1, P-6
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        let new = free(world);
        change(world, &mut anna, &new).await;
        let _ = signs_in(&mut world.stranger(), &mut phone).await.expect(201);
    }

    async fn what_signs_in_follows_the_data_when_an_old_keyring_is_put_back(world: World) {
        // P-14, P-6, K-8
        let (safe, at) = (Safe::new(), sources(world));
        // Berta comes first where both are settled, and what she has taken is Anna's still.
        let (mut berta, mut anna) = (world.owner().await, world.owner().await);
        let (mut lost, mut phone) = (Device::new(world, 1), Device::new(world, 2));
        let path = makes(&anna, &mut lost).await;
        let _ = confirms(&mut anna, &mut lost).await.expect(200);
        let before = anna.email.clone();
        let (data, keyring) = (safe.take(world, What::Data), safe.take(world, What::Keyring));
        let _ = makes(&anna, &mut phone).await;
        let _ = anna.delete(&path).await.expect(204);
        let new = free(world);
        change(world, &mut anna, &new).await;
        // Whoever's address it was can have it.
        world.later(Duration::from_hours(8 * 24));
        world.app.sweep().await;
        let _ = berta.sign_in().await.expect(201);
        let _ = berta.confirm(world).await.expect(200);
        change(world, &mut berta, &before).await;

        world.restart_on(|_| {
            lose(&at.keyring);
            safe.put_back(&keyring, &at.keyring);
        }).await;
        (lost.origin, phone.origin) = (world.url(""), world.url(""));
        for somebody in [&mut anna, &mut berta] {
            *somebody = somebody.moved_to(world);
            let _ = somebody.sign_in().await.expect(201);
        }
        let _ = signs_in(&mut world.stranger(), &mut phone).await.expect(201);
        let _ = signs_in(&mut world.stranger(), &mut lost).await.problem(401, "sign_in_refused");

        // Nor does older data bring back what was lost.
        world.restart_on(|_| {
            lose(&at.data);
            safe.put_back(&data, &at.data);
        }).await;
        lost.origin = world.url("");
        anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(listed(&anna).await, Vec::<Value>::new());
        let _ = signs_in(&mut world.stranger(), &mut lost).await.problem(401, "sign_in_refused");
    }

    async fn what_waited_for_an_answer_is_over_after_a_restore(world: World) {
        // P-14, S-1
        let (safe, data) = (Safe::new(), sources(world).data);
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let _ = challenge(&anna).await;
        let (path, options) = asks(&world.stranger()).await;
        let made = safe.take(world, What::Data);
        let credential = phone.uses(&options);
        let _ = world.stranger().put(&path, json!({"credential": credential})).await.expect(201);
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&made, &data);
        }).await;
        // It was answered; whoever saw the answer has nothing of it.
        let _ = world.stranger().put(&path, json!({"credential": credential})).await.problem(401, "sign_in_refused");
        phone.origin = world.url("");
        let mut beside = Beside::of(world);
        assert_eq!(["confirmations", "passkey_sign_ins"].map(|table| beside.count(table)), [0, 0]);
        let _ = signs_in(&mut world.stranger(), &mut phone).await.expect(201);
    }

    async fn what_is_claimed_beside_a_new_factor_is_not_settled_with_it(world: World) {
        // P-6, K-6
        let (mut berta, mut anna) = (world.owner().await, world.owner().await);
        let account = anna.account.as_deref().unwrap().parse::<AccountId>().unwrap();
        let new = free(world);
        // A change of the address that goes no further than its claim.
        let keyring = world.app.services.kernel.keyring().clone();
        let tag = keyring.identifier_tag("email", &new).unwrap();
        assert_eq!(keyring.claim_identifier(&tag, account).await.unwrap(), Claim::Made);
        let _ = anna.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201);
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        // It is under way still, and nobody else's.
        assert_eq!(keyring.find_identifier(&tag).await.unwrap(), Some(account));
        world.later(Duration::from_secs(301));
        world.app.sweep().await;
        assert_eq!(keyring.find_identifier(&tag).await.unwrap(), None);
        change(world, &mut berta, &new).await;
        let _ = signs_in(&mut anna, &mut phone).await.expect(201);
    }

    async fn an_enrolment_that_is_refused_leaves_nothing_that_would_sign_in(world: World) {
        // K-6
        let mut anna = world.owner().await;
        let (path, options) = begins(&anna).await;
        let mut phone = Device::new(world, 1);
        let credential = phone.makes(&options);
        world.later(Duration::from_secs(601));
        let _ = anna.confirm(world).await.expect(200);
        // The answer fits, and comes too late.
        let _ = anna.put(&path, json!({"credential": credential})).await.problem(422, "code_refused");
        world.later(Duration::from_secs(301));
        world.app.sweep().await;
        let mut keyring = keyring_of(world);
        let whose = format!("account_id = {}", keyring.id(anna.account.as_deref().unwrap()));
        assert_eq!(keyring.rows("identifiers", &whose).len(), 1);
    }

    async fn a_frozen_account_is_not_signed_in_by_its_passkey(world: World) {
        //
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let mut beside = Beside::of(world);
        let id = beside.id(anna.account.as_deref().unwrap());
        let _ = anna.get("/api/v1/session").await.expect(200);
        beside.run(&format!("UPDATE accounts SET state = 2 WHERE id = {id}")).unwrap();
        // Nor does a session of its own go on that was left over.
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
        let mut stranger = world.stranger();
        world.later(Duration::from_secs(1));
        let _ = signs_in(&mut stranger, &mut phone).await.problem(401, "sign_in_refused");
        world.later(Duration::from_secs(1));
        beside.run(&format!("UPDATE accounts SET state = 1 WHERE id = {id}")).unwrap();
        let _ = signs_in(&mut stranger, &mut phone).await.expect(201);
        assert_eq!(history(&stranger, 2).await[1], ("passkey".to_owned(), "refused".to_owned()));
    }

    async fn a_key_belongs_to_one_account_and_to_it_once(world: World) {
        let (mut anna, berta) = (world.owner().await, world.owner().await);
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        let mut squatter = phone.clone();
        for actor in [&anna, &berta] {
            let (path, options) = begins(actor).await;
            let _ = actor.put(&path, json!({"credential": squatter.makes(&options)})).await.problem(422, "code_refused");
        }
        assert_eq!((listed(&anna).await.len(), listed(&berta).await.len()), (1, 0));
        let mut stranger = world.stranger();
        let session = signs_in(&mut stranger, &mut phone).await.expect(201).json();
        assert_eq!(session["account"]["id"], json!(anna.account));
    }

    async fn passkeys_are_many_named_and_renamed(world: World) {
        // K-6
        let mut anna = world.owner().await;
        let named = |name: &str| json!({"method": "passkey", "name": name});
        let begun = anna.post(METHODS, named(&format!("{MARK} phone"))).await.expect(201).json();
        let path = format!("{METHODS}/{}", begun["id"].as_str().unwrap());
        let mut phone = Device::new(world, 1);
        // What waits has no name to change.
        let _ = anna.patch(&path, json!({"name": "x"})).await.problem(404, "not_found");
        let made = anna.put(&path, json!({"credential": phone.makes(&begun["public_key"])})).await.expect(200).json();
        assert_eq!(made["name"], format!("{MARK} phone"));
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        world.later(Duration::from_secs(1));
        let mut laptop = Device::new(world, 2);
        let _ = makes(&anna, &mut laptop).await;
        let renamed = anna.patch(&path, json!({"name": format!("{MARK} old phone")})).await.expect(200).json();
        assert_eq!(renamed["name"], format!("{MARK} old phone"));
        let names: Vec<Value> = listed(&anna).await.into_iter().map(|item| item["name"].clone()).collect();
        assert_eq!(names, [json!(format!("{MARK} old phone")), json!("Story/1.0")]);
        for device in [&mut phone, &mut laptop] {
            let _ = confirms(&mut anna, device).await.expect(200);
        }
        let problem = anna.patch(&path, json!({"name": " "})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        // Other things can be renamed too; what comes with the account, and another's, cannot.
        let app = anna.enrol_app(world).await;
        let _ = anna.patch(&format!("{METHODS}/{}", app.id), json!({"name": "app"})).await.expect(200);
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let berta = world.owner().await;
        let _ = berta.patch(&path, json!({"name": "mine"})).await.problem(404, "not_found");
        let unconfirmed = elsewhere(&anna).await;
        let _ = unconfirmed.patch(&path, json!({"name": "x"})).await.problem(403, "confirmation_required");
    }

    async fn a_hundred_wrong_answers_in_a_row_end_the_passkeys_which_protect_all_the_same(world: World) {
        // SP 800-63B §3.2.2
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let path = makes(&anna, &mut phone).await;
        let mut guesser = elsewhere(&anna).await;
        let mut wrong = phone.clone();
        wrong.verifies = false;
        for _ in 0..20 {
            world.later(Duration::from_secs(600));
            guesser = elsewhere(&anna).await;
            let (path, options) = challenge(&guesser).await;
            for _ in 0..5 {
                let _ = guesser.put(&path, json!({"credential": wrong.uses(&options)})).await.problem(422, "code_refused");
            }
            let _ = guesser.put(&path, json!({"credential": phone.uses(&options)})).await.problem(422, "code_refused");
        }
        assert_eq!(listed(&guesser).await[0]["usable"], false);
        assert_eq!(mails(world, &anna, "Too many wrong codes").await, 1);
        let _ = guesser.post(CONFIRMATIONS, json!({"method": "passkey"})).await.problem(422, "invalid");
        let mut stranger = world.stranger();
        let _ = signs_in(&mut stranger, &mut phone).await.problem(401, "sign_in_refused");
        let _ = guesser.confirm(world).await.expect(200);
        let _ = guesser.delete(&path).await.problem(403, "confirmation_required");
    }

    async fn at_a_bare_address_there_are_no_passkeys_and_it_says_why(world: World) {
        //
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let _ = confirms(&mut anna, &mut phone).await.expect(200);
        let there = anna.with_header("host", &world.address().to_string());
        let offered = |session: Value| session["methods"].as_array().unwrap().iter().any(|it| it["method"] == "passkey");
        assert!(offered(anna.get("/api/v1/session").await.expect(200).json()));
        assert!(!offered(there.get("/api/v1/session").await.expect(200).json()));
        for path in [METHODS, CONFIRMATIONS] {
            let problem = there.post(path, json!({"method": "passkey"})).await.problem(422, "invalid");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/method"), &json!("needs_name")), "{path}");
        }
        let stranger = world.stranger().with_header("host", &world.address().to_string());
        let problem = stranger.send(reqwest::Method::POST, ALONE, None).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "needs_name");
        assert_eq!(listed(&there).await.len(), 1, "it is listed, and can be removed");
    }

    async fn questions_are_bounded_by_address_and_swept(world: World) {
        let stranger = world.stranger();
        let mut asked = 0;
        loop {
            let told = join_all((0..10).map(|_| stranger.send(reqwest::Method::POST, ALONE, None))).await;
            asked += told.iter().filter(|answer| answer.status == 201).count();
            if let Some(refused) = told.iter().find(|answer| answer.status == 429) {
                assert!(!refused.header("retry-after").is_empty());
                break;
            }
            assert!(asked < 400, "{asked}");
        }
        assert_eq!(asked, 300);
        world.later(Duration::from_secs(900));
        let _ = asks(&stranger).await;
        let _ = world.app.services.accounts.sweep().await.unwrap();
        assert_eq!(Beside::of(world).count("passkey_sign_ins"), 1, "those that are over are gone");
    }

    async fn an_answer_of_a_device_that_counts_nothing_is_good_once_all_the_same(world: World) {
        // S-1: its counter does not give a replay away, as with passkeys that are on several devices.
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let (path, options) = asks(&world.stranger()).await;
        let body = json!({"credential": phone.says(&options)});
        let _ = world.stranger().put(&path, body.clone()).await.expect(201);
        let _ = world.stranger().put(&path, body).await.problem(401, "sign_in_refused");
        let (path, options) = challenge(&anna).await;
        let body = json!({"credential": phone.says(&options)});
        let mut anna = anna;
        let answer = anna.put(&path, body.clone()).await.expect(200);
        anna.keep_session(&answer);
        let _ = anna.put(&path, body).await.problem(422, "code_refused");
    }

    async fn wrong_answers_by_an_account_s_own_passkey_are_throttled_like_unknown_ones(world: World) {
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let mut stranger = world.stranger();
        let mut unverified = phone.clone();
        unverified.verifies = false;
        for _ in 0..20 {
            let _ = signs_in(&mut stranger, &mut unverified).await.problem(401, "sign_in_refused");
        }
        let _ = signs_in(&mut stranger, &mut phone).await.problem(429, "too_many_requests");
    }

    async fn wrong_passkeys_from_one_address_are_throttled_with_wrong_passwords(world: World) {
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let _ = makes(&anna, &mut phone).await;
        let mut stranger = world.stranger();
        let mut unknown = Device::new(world, 7);
        unknown.user.clone_from(&phone.user);
        for _ in 0..20 {
            let _ = signs_in(&mut stranger, &mut unknown).await.problem(401, "sign_in_refused");
        }
        let (path, options) = asks(&stranger).await;
        let body = json!({"credential": phone.uses(&options)});
        let _ = stranger.put(&path, body.clone()).await.problem(429, "too_many_requests");
        // The question was not used up, and serves when the wait is over.
        world.later(Duration::from_secs(60));
        let _ = stranger.put(&path, body).await.expect(201);
    }
}

/// A page's form with what the browser is told: where it goes, and the options.
fn form(page: &str) -> (String, Value) {
    let form = page.split("<form class=\"sheet\"").find(|form| form.contains("data-options=")).unwrap();
    let of = |name: &str| form.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().to_owned();
    let options = of("data-options").replace("&quot;", "\"");
    (of("action"), serde_json::from_str(&options).unwrap())
}

/// Sends a form as a browser does, and keeps the session that comes back.
async fn submits(actor: &mut Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = "application/x-www-form-urlencoded";
    let pages = actor.with_header("accept", "text/html");
    let answer = pages.send_bytes(reqwest::Method::POST, path, Some((kind, body.into_bytes()))).await;
    actor.keep_session(&answer);
    answer
}

each_database! {
    async fn the_pages_take_what_script_brings_from_the_device(world: World) {
        // S-1, K-6
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let path = submits(&mut anna, "/account/security/methods", &[("method", "passkey")]).await.expect(303).header("location");
        let page = anna.get(&path).await.expect(200).page();
        assert!(page.contains("needs JavaScript"), "without script the page says what is needed: {page}");
        let (action, options) = form(&page);
        assert_eq!(action, path);
        let refused = submits(&mut anna, &path, &[("credential", "no JSON")]).await.expect(422).page();
        assert!(refused.contains("The passkey was refused") && form(&refused).1 == options, "{refused}");
        let made = phone.makes(&options).to_string();
        let done = submits(&mut anna, &path, &[("credential", &made)]).await.expect(303).header("location");
        assert_eq!(done, "/account/security?news=method_added");
        let rename = path.replace("/methods/", "/rename/");
        let name = world.somebody();
        let refused = submits(&mut anna, &rename, &[("factor_name", " ")]).await.expect(422).page();
        assert!(refused.contains("summary-title"), "{refused}");
        let done = submits(&mut anna, &rename, &[("factor_name", &name)]).await.expect(303).header("location");
        assert_eq!(done, "/account/security?news=method_renamed");
        assert!(anna.get(&done).await.expect(200).page().contains(&name));

        // On top of the password: offered first.
        let _ = anna.sign_in().await.expect(201);
        let page = anna.get("/confirm").await.expect(200).page();
        let (first, _) = page.split_once("Other ways").unwrap();
        assert!(first.contains("value=\"passkey\""), "{page}");
        let challenge = submits(&mut anna, "/confirm?next=/preferences", &[("method", "passkey")]).await.expect(303).header("location");
        let (action, options) = form(&anna.get(&challenge).await.expect(200).page());
        assert_eq!(action, challenge);
        let mut lying = phone.clone();
        lying.verifies = false;
        let refused = submits(&mut anna, &challenge, &[("credential", &lying.uses(&options).to_string())]).await.expect(422).page();
        assert!(refused.contains("The passkey was refused") && form(&refused).1 == options, "{refused}");
        let used = phone.uses(&options).to_string();
        let done = submits(&mut anna, &challenge, &[("credential", &used)]).await.expect(303).header("location");
        assert_eq!(done, "/preferences?news=confirmed");
        assert_eq!(anna.get("/api/v1/session").await.expect(200).json()["assurance"], "strong");

        // Alone; the session that the browser had before ends.
        let before = anna.clone();
        let page = world.stranger().get("/sign-in").await.expect(200).page();
        assert!(page.contains("action=\"/sign-in/passkey\"") && page.contains("username webauthn"), "{page}");
        let (question, options) = asks(&world.stranger()).await;
        let question = question.rsplit('/').next().unwrap().to_owned();
        for fields in [vec![], vec![("question", "x"), ("credential", "{}")], vec![("question", question.as_str()), ("credential", "x")]] {
            let refused = submits(&mut world.stranger(), "/sign-in/passkey", &fields).await.expect(401).page();
            assert!(refused.contains("The passkey was refused"), "{refused}");
        }
        let used = phone.uses(&options).to_string();
        let fields = [("question", question.as_str()), ("credential", used.as_str())];
        let _ = submits(&mut world.stranger(), "/sign-in/passkey", &fields).await.expect(401);
        let (question, options) = asks(&anna).await;
        let used = phone.uses(&options).to_string();
        let fields = [("question", question.rsplit('/').next().unwrap()), ("credential", used.as_str())];
        let done = submits(&mut anna, "/sign-in/passkey?next=/preferences", &fields).await.expect(303).header("location");
        assert_eq!(done, "/preferences");
        assert_eq!(anna.get("/api/v1/session").await.expect(200).json()["assurance"], "strong");
        let _ = before.get("/api/v1/session").await.problem(401, "not_signed_in");

        // At a bare address there is no such button, and the page of methods says why.
        let there = anna.with_header("host", &world.address().to_string());
        assert!(there.get("/account/security").await.expect(200).page().contains("at the name of this service alone"));
        let stranger = world.stranger().with_header("host", &world.address().to_string());
        assert!(!stranger.get("/sign-in").await.expect(200).page().contains("passkey"));
    }
}

#[test]
fn neither_the_id_of_a_credential_nor_its_key_nor_its_user_stands_in_the_databases() {
    World::run(seif::testing::Database::Sqlite, async |world| {
        let anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        let (path, options) = begins(&anna).await;
        let credential = phone.makes(&options);
        let _ = anna.put(&path, json!({"credential": credential})).await.expect(200);
        let _ = signs_in(&mut world.stranger(), &mut phone).await.expect(201);
        let challenge = options["challenge"].as_str().unwrap();
        let mut looked = 0;
        for file in ["seif.db", "seif.db-wal", "keyring.db", "keyring.db-wal"] {
            let Ok(bytes) = std::fs::read(world.folder.path().join(file)) else { continue };
            looked += bytes.len();
            for text in [phone.id().as_str(), phone.user.as_deref().unwrap(), challenge] {
                let raw = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, text).unwrap();
                for secret in [text.as_bytes(), &raw] {
                    assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file}");
                }
            }
        }
        assert!(looked > 100_000, "{looked}");
    });
}

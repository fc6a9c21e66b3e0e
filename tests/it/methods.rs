//! What confirms an account: enrolled, used, lost, removed (R-4, R-5, R-13 to R-18, K-6 to K-8).

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::backup::format::What;
use seif::testing::{Actor, Answer, Authenticator, MARK, World};
use serde_json::{Value, json};

use crate::backups::{Safe, lose, sources};
use crate::operator_ledger::keyring_of;
use crate::shelf::{RECORDS, customer, customers};

const METHODS: &str = "/api/v1/account/methods";
const RESETS: &str = "/api/v1/password-resets";
const CONFIRMATIONS: &str = "/api/v1/session/confirmations";

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 500_000) % 1_000_000)
}

/// What the account has to confirm with.
async fn items(actor: &Actor) -> Vec<Value> {
    actor.get(METHODS).await.expect(200).json()["items"].as_array().unwrap().clone()
}

/// The one of this method.
async fn item(actor: &Actor, method: &str) -> Option<Value> {
    items(actor).await.into_iter().find(|item| item["method"] == method)
}

/// New recovery codes.
async fn recovery_codes(actor: &Actor) -> Vec<String> {
    let made = actor.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201).json();
    made["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// Begins a confirmation: its address.
async fn challenge(actor: &Actor, method: &str) -> String {
    let begun = actor.post(CONFIRMATIONS, json!({"method": method})).await.expect(201).json();
    assert_eq!(begun["method"], method);
    format!("{CONFIRMATIONS}/{}", begun["id"].as_str().unwrap())
}

/// The same person in another browser, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

/// An owner who has recovery codes and an app, and has confirmed by the app.
async fn protected(world: &mut World) -> (Actor, Authenticator, Vec<String>) {
    let mut anna = world.owner().await;
    let codes = recovery_codes(&anna).await;
    let app = anna.enrol_app(world).await;
    let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
    (anna, app, codes)
}

/// How many mails of this subject have come to somebody.
async fn mails(world: &World, actor: &Actor, subject: &str) -> usize {
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().iter().filter(its_own).count()
}

/// Sets a new password by a mailed code and a recovery code.
async fn renews(world: &World, actor: &Actor, recovery_code: &str) -> Answer {
    world.later(Duration::from_secs(1));
    let begun = world.stranger().post(RESETS, json!({"identifier": actor.email})).await.expect(202).json();
    let code = world.code_for(&actor.email).await;
    let second = json!({"method": "recovery_codes", "code": recovery_code});
    let body = json!({"code": code, "new_password": "Another-Long-Pass-Phrase 88", "second": second});
    world.stranger().put(&format!("{RESETS}/{}", begun["id"].as_str().unwrap()), body).await
}

each_database! {
    async fn what_was_replaced_confirms_nobody_not_even_after_a_restore(world: World) {
        // K-8, P-14
        let (safe, data) = (Safe::new(), sources(world).data);
        let (mut anna, ..) = protected(world).await;
        let made = safe.take(world, What::Data);
        let _ = recovery_codes(&anna).await;
        world.restart_on(|_| {
            lose(&data);
            safe.put_back(&made, &data);
        }).await;
        anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(item(&anna, "recovery_codes").await, None);
        assert!(item(&anna, "totp").await.is_some());
    }

    async fn a_recovery_code_that_was_used_opens_nothing_after_any_row_of_restores(world: World) {
        // K-8, P-14
        let (safe, at) = (Safe::new(), sources(world));
        let (mut anna, _, codes) = protected(world).await;
        let (data, keyring) = (safe.take(world, What::Data), safe.take(world, What::Keyring));
        let refused = async |world: &World, anna: &mut Actor, codes: &[String]| {
            for code in codes {
                world.later(Duration::from_secs(400));
                let _ = anna.confirm_by("recovery_codes", code).await.problem(422, "code_refused");
            }
        };
        let left = async |anna: &Actor| item(anna, "recovery_codes").await.unwrap()["left"].clone();
        let set = item(&anna, "recovery_codes").await.unwrap()["id"].as_str().unwrap().replace('-', "");
        // The keyring knows of each before its use is acknowledged: a mark, and not whose it was.
        let marks = || keyring_of(world).rows("revocations", "kind = 4");
        let _ = elsewhere(&anna).await.confirm_by("recovery_codes", &codes[0]).await.expect(200);
        assert_eq!(marks().len(), 1);
        let _ = renews(world, &anna, &codes[1]).await.expect(200);
        let marks = marks();
        assert_eq!(marks.len(), 2);
        for known in [anna.account.clone().unwrap().replace('-', ""), set] {
            assert!(marks.iter().all(|mark| !mark.to_lowercase().replace('-', "").contains(&known)), "{marks:?}");
        }

        // Older data alone.
        world.restart_on(|_| {
            lose(&at.data);
            safe.put_back(&data, &at.data);
        }).await;
        anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(left(&anna).await, 8);
        refused(world, &mut anna, &codes[..2]).await;
        let _ = renews(world, &anna, &codes[0]).await.problem(422, "code_refused");
        let _ = anna.confirm_by("recovery_codes", &codes[2]).await.expect(200);
        assert_eq!(left(&anna).await, 7);

        // An older keyring beside the data, and then older data beside that.
        world.restart_on(|_| {
            lose(&at.keyring);
            safe.put_back(&keyring, &at.keyring);
        }).await;
        world.restart_on(|_| {
            lose(&at.data);
            safe.put_back(&data, &at.data);
        }).await;
        anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(left(&anna).await, 7);
        refused(world, &mut anna, &codes[..3]).await;
        let _ = anna.confirm_by("recovery_codes", &codes[3]).await.expect(200);
    }

    async fn methods_are_listed_by_their_security_and_e_mail_is_advised_against_once_the_vault_holds_data(world: World) {
        //
        let mut anna = world.owner().await;
        let of = |items: &[Value]| items.iter().map(|item| (item["method"].as_str().unwrap().to_owned(), item["assurance"].as_str().unwrap().to_owned(), item["advised"].as_bool().unwrap())).collect::<Vec<_>>();
        let named = |method: &str, assurance: &str, advised| (method.to_owned(), assurance.to_owned(), advised);
        let before = items(&anna).await;
        assert_eq!(of(&before), [named("email", "confirmed", true)]);
        // The address is its owner's to know, and masked even so; it cannot be removed.
        assert!(!before[0]["name"].as_str().unwrap().contains(MARK.to_lowercase().as_str()) && before[0].get("id").is_none());
        let _ = customers(&anna).await;
        let _ = customer(&anna, "1").await;
        let _ = recovery_codes(&anna).await;
        let app = anna.enrol_app(world).await;
        let after = items(&anna).await;
        assert_eq!(of(&after), [named("email", "confirmed", false), named("recovery_codes", "confirmed", true), named("totp", "strong", true)]);
        assert_eq!((&after[1]["left"], &after[2]["usable"], &after[2]["last_used_at"]), (&json!(10), &json!(true), &Value::Null));
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        assert!(item(&anna, "totp").await.unwrap()["last_used_at"].is_string());
        let session = anna.get("/api/v1/session").await.expect(200).json();
        assert_eq!(session["methods"], json!([{"method": "email", "advised": false}, {"method": "recovery_codes", "advised": true}, {"method": "totp", "advised": true}]));
    }

    async fn an_app_confirms_from_its_first_code_on_and_what_it_confirms_is_strong(world: World) {
        //
        let mut anna = world.owner().await;
        let begun = anna.post(METHODS, json!({"method": "totp", "name": format!("{MARK} phone")})).await.expect(201).json();
        let secret = begun["secret"].as_str().unwrap();
        assert_eq!(secret.len(), 32);
        let uri = begun["otpauth_uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/Seif:") && uri.contains(&format!("secret={secret}&")), "{uri}");
        // Nothing confirms by it before that.
        assert_eq!(item(&anna, "totp").await, None);
        let _ = anna.post(CONFIRMATIONS, json!({"method": "totp"})).await.problem(422, "invalid");
        let app = Authenticator::new(begun["id"].as_str().unwrap(), secret);
        let path = format!("{METHODS}/{}", app.id);
        let _ = anna.put(&path, json!({"code": wrong(&app.code(world))})).await.problem(422, "code_refused");
        let finished = anna.put(&path, json!({"code": app.code(world)})).await.expect(200);
        assert_eq!(finished.session_cookie(), None);
        assert_eq!(finished.json()["name"], format!("{MARK} phone"));
        // It does not raise the session.
        assert_eq!(anna.get("/api/v1/session").await.expect(200).json()["assurance"], "confirmed");
        let before = anna.session.clone();
        let raised = anna.confirm_by("totp", &app.next_code(world)).await.expect(200).json();
        assert_eq!(raised["assurance"], "strong");
        assert_ne!(anna.session, before);
        let _ = anna.put(&path, json!({"code": app.next_code(world)})).await.problem(404, "not_found");
        let history = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        assert_eq!((&history["items"][0]["method"], &history["items"][0]["outcome"]), (&json!("totp"), &json!("accepted")));
    }

    async fn an_enrolment_ends_by_wrong_tries_by_time_and_by_the_next_one(world: World) {
        let anna = world.owner().await;
        let begin = async || {
            let begun = anna.post(METHODS, json!({"method": "totp"})).await.expect(201).json();
            let app = Authenticator::new(begun["id"].as_str().unwrap(), begun["secret"].as_str().unwrap());
            (format!("{METHODS}/{}", app.id), app)
        };
        let (path, app) = begin().await;
        for _ in 0..5 {
            let _ = anna.put(&path, json!({"code": wrong(&app.code(world))})).await.problem(422, "code_refused");
        }
        let _ = anna.put(&path, json!({"code": app.code(world)})).await.problem(422, "code_refused");
        let (first, other) = begin().await;
        let (path, app) = begin().await;
        let _ = anna.put(&first, json!({"code": other.code(world)})).await.problem(404, "not_found");
        world.later(Duration::from_secs(600));
        let _ = anna.put(&path, json!({"code": app.code(world)})).await.problem(422, "code_refused");
        assert_eq!(items(&anna).await.len(), 1);
        // It is swept, and a living one is not.
        let (living, _) = begin().await;
        let swept = world.app.services.accounts.sweep().await.unwrap().rows;
        assert_eq!(anna.delete(&path).await.status, 404, "{swept}");
        let _ = anna.delete(&living).await.expect(204);
        assert_eq!(mails(world, &anna, "A way to confirm").await, 0);
    }

    async fn a_code_of_an_app_is_accepted_once_in_whichever_session(world: World) {
        let (anna, app, _) = protected(world).await;
        let (mut one, mut two) = (elsewhere(&anna).await, elsewhere(&anna).await);
        let code = app.next_code(world);
        let _ = one.confirm_by("totp", &code).await.expect(200);
        let _ = two.confirm_by("totp", &code).await.problem(422, "code_refused");
        // A clock that is one step behind or ahead is forgiven, two are not, and none goes back.
        let early = app.next_code(world);
        world.later(Duration::from_secs(30));
        let _ = two.confirm_by("totp", &early).await.expect(200);
        let late = app.next_code(world);
        world.later(Duration::from_secs(60));
        let _ = one.confirm_by("totp", &late).await.problem(422, "code_refused");
    }

    async fn of_many_submissions_of_an_app_s_code_at_once_one_is_accepted(world: World) {
        let (anna, app, _) = protected(world).await;
        for _ in 0..3 {
            let mut sessions = Vec::new();
            for _ in 0..3 {
                let session = elsewhere(&anna).await;
                let path = challenge(&session, "totp").await;
                sessions.push((session, path));
            }
            let code = app.next_code(world);
            let answers = join_all(sessions.iter().map(|(session, path)| session.put(path, json!({"code": code})))).await;
            let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
            assert!(told.iter().all(|status| [200, 422].contains(status)), "{told:?}");
        }
    }

    async fn recovery_codes_are_ten_good_once_each_and_a_new_set_ends_the_old(world: World) {
        // K-8, R-17
        let anna = world.owner().await;
        let old = recovery_codes(&anna).await;
        assert_eq!(old.len(), 10);
        assert_eq!(old.iter().collect::<std::collections::BTreeSet<_>>().len(), 10);
        let mut lost = elsewhere(&anna).await;
        // As somebody types it from a sheet of paper.
        let raised = lost.confirm_by("recovery_codes", &old[3].to_uppercase().replace('-', " ")).await.expect(200).json();
        assert_eq!(raised["assurance"], "confirmed");
        assert_eq!(item(&lost, "recovery_codes").await.unwrap()["left"], 9);
        let _ = lost.confirm_by("recovery_codes", &old[3]).await.problem(422, "code_refused");
        let new = recovery_codes(&lost).await;
        assert_eq!(items(&lost).await.len(), 2);
        let _ = lost.confirm_by("recovery_codes", &old[4]).await.problem(422, "code_refused");
        world.later(Duration::from_secs(1));
        let _ = lost.confirm_by("recovery_codes", &new[4]).await.expect(200);
        let history = lost.get("/api/v1/account/sign-ins").await.expect(200).json();
        assert_eq!(history["items"][0]["method"], "recovery_code");
        // K-7
        assert_eq!(mails(world, &anna, "A recovery code of your account").await, 2);
        assert_eq!(mails(world, &anna, "A way to confirm was added").await, 2);
    }

    async fn the_last_recovery_code_takes_its_set_with_it(world: World) {
        let mut anna = world.owner().await;
        for code in recovery_codes(&anna).await {
            world.later(Duration::from_secs(400));
            let _ = anna.confirm_by("recovery_codes", &code).await.expect(200);
        }
        assert_eq!(item(&anna, "recovery_codes").await, None);
        let _ = anna.post(CONFIRMATIONS, json!({"method": "recovery_codes"})).await.problem(422, "invalid");
    }

    async fn of_two_submissions_of_a_recovery_code_at_once_one_is_accepted(world: World) {
        let anna = world.owner().await;
        let codes = recovery_codes(&anna).await;
        for code in &codes[..2] {
            let mut sessions = Vec::new();
            for _ in 0..3 {
                let session = elsewhere(&anna).await;
                let path = challenge(&session, "recovery_codes").await;
                sessions.push((session, path));
            }
            let answers = join_all(sessions.iter().map(|(session, path)| session.put(path, json!({"code": code})))).await;
            let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
            assert!(told.iter().all(|status| [200, 422].contains(status)), "{told:?}");
        }
        assert_eq!(item(&anna, "recovery_codes").await.unwrap()["left"], 8);
    }

    async fn a_stranger_with_password_and_mailbox_cannot_step_around_an_app(world: World) {
        // S-3, R-13, K-8
        let (anna, app, _) = protected(world).await;
        let _ = customers(&anna).await;
        let record = customer(&anna, "1").await.header("location");
        let token = anna.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read"]})).await.expect(201).json();
        let mut thief = elsewhere(&anna).await;
        let _ = thief.confirm(world).await.expect(200);
        assert_eq!(thief.get("/api/v1/session").await.expect(200).json()["assurance"], "confirmed");
        let scopes = json!({"name": "x", "scopes": ["records:read"]});
        // Whoever sits before the other session could approve: it is strong.
        let barred = [
            (reqwest::Method::POST, "/api/v1/tokens".to_owned(), Some(scopes), json!(["device", "totp"])),
            (reqwest::Method::DELETE, format!("/api/v1/tokens/{}", token["id"].as_str().unwrap()), None, json!(["device", "totp"])),
            (reqwest::Method::POST, METHODS.to_owned(), Some(json!({"method": "totp"})), json!(["device", "totp"])),
            (reqwest::Method::POST, METHODS.to_owned(), Some(json!({"method": "recovery_codes"})), json!(["device", "totp"])),
            (reqwest::Method::PUT, format!("{METHODS}/{}", app.id), Some(json!({"code": "000000"})), json!(["device", "totp"])),
            (reqwest::Method::DELETE, format!("{METHODS}/{}", app.id), None, json!(["device", "recovery_codes", "totp"])),
            (reqwest::Method::GET, format!("{RECORDS}?reveal=iban"), None, json!(["device", "totp"])),
        ];
        for (method, path, body, methods) in &barred {
            let problem = thief.send(method.clone(), path, body.as_ref()).await.problem(403, "confirmation_required");
            assert_eq!((&problem["assurance"], &problem["methods"]), (&json!("strong"), methods), "{method} {path}");
        }
        // Ordinary work goes on: that is what `confirmed` opens.
        let _ = thief.get(&format!("{record}?reveal=iban")).await.expect(200);
        let _ = customer(&thief, "2").await;
        // The owner in a session of their own can do all of it, for ten minutes.
        let _ = anna.get(&format!("{RECORDS}?reveal=iban")).await.expect(200);
        let _ = anna.post("/api/v1/tokens", json!({"name": "y", "scopes": ["records:read"]})).await.expect(201);
        world.later(Duration::from_secs(601));
        let mut anna = anna;
        let _ = anna.confirm(world).await.expect(200);
        for (method, path, body, _) in &barred {
            let problem = anna.send(method.clone(), path, body.as_ref()).await.problem(403, "confirmation_required");
            assert_eq!(problem["assurance"], "strong", "{method} {path}: a strong session, and a fresh code by mail alone");
        }
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = anna.get(&format!("{RECORDS}?reveal=iban")).await.expect(200);
    }

    async fn a_lost_app_is_removed_by_a_recovery_code_and_what_waits_for_it_dies(world: World) {
        // K-8, R-17, R-18
        let (anna, app, codes) = protected(world).await;
        let finder = elsewhere(&anna).await;
        let pending = challenge(&finder, "totp").await;
        let mut lost = elsewhere(&anna).await;
        let _ = lost.confirm_by("recovery_codes", &codes[0]).await.expect(200);
        // It opens the removal, and nothing else that is strong.
        let _ = lost.post(METHODS, json!({"method": "totp"})).await.problem(403, "confirmation_required");
        let path = format!("{METHODS}/{}", app.id);
        let _ = lost.delete(&path).await.expect(204);
        let _ = lost.delete(&path).await.problem(404, "not_found");
        let _ = finder.put(&pending, json!({"code": app.next_code(world)})).await.problem(422, "code_refused");
        let _ = finder.post(CONFIRMATIONS, json!({"method": "totp"})).await.problem(422, "invalid");
        // There is nothing strong any more: a new app can be enrolled at once.
        let app = lost.enrol_app(world).await;
        let _ = finder.put(&pending, json!({"code": app.next_code(world)})).await.problem(422, "code_refused");
        let _ = lost.confirm_by("totp", &app.next_code(world)).await.expect(200);
        // K-7
        assert_eq!(mails(world, &anna, "A way to confirm was removed").await, 1);
        assert_eq!(mails(world, &anna, "A way to confirm was added").await, 3);
        assert!(world.mails().iter().all(|mail| !mail.contains("http")));
    }

    async fn a_recovery_code_opens_the_removal_for_ten_minutes(world: World) {
        let (anna, app, codes) = protected(world).await;
        let mut lost = elsewhere(&anna).await;
        let _ = lost.confirm_by("recovery_codes", &codes[0]).await.expect(200);
        world.later(Duration::from_secs(601));
        let _ = lost.confirm(world).await.expect(200);
        let _ = lost.delete(&format!("{METHODS}/{}", app.id)).await.problem(403, "confirmation_required");
    }

    async fn a_hundred_wrong_codes_in_a_row_end_an_app_which_protects_all_the_same(world: World) {
        let (anna, app, codes) = protected(world).await;
        let mut guesser = elsewhere(&anna).await;
        let guess = async |guesser: &Actor, tries: usize| {
            let path = challenge(guesser, "totp").await;
            for _ in 0..tries {
                let _ = guesser.put(&path, json!({"code": wrong(&app.code(world))})).await.problem(422, "code_refused");
            }
        };
        // Ninety-nine and a right one: nothing is held against the app.
        for round in 0..20 {
            world.later(Duration::from_secs(600));
            guess(&guesser, if round == 19 { 4 } else { 5 }).await;
        }
        let _ = guesser.confirm_by("totp", &app.next_code(world)).await.expect(200);
        world.later(Duration::from_secs(600));
        let mut guesser = elsewhere(&anna).await;
        for _ in 0..20 {
            world.later(Duration::from_secs(600));
            assert_eq!(item(&guesser, "totp").await.unwrap()["usable"], true);
            guess(&guesser, 5).await;
        }
        assert_eq!(item(&guesser, "totp").await.unwrap()["usable"], false);
        let _ = guesser.post(CONFIRMATIONS, json!({"method": "totp"})).await.problem(422, "invalid");
        assert_eq!(mails(world, &anna, "Too many wrong codes").await, 1);
        // Whoever guessed is not rid of it: it takes a recovery code.
        let _ = guesser.confirm(world).await.expect(200);
        let path = format!("{METHODS}/{}", app.id);
        let problem = guesser.delete(&path).await.problem(403, "confirmation_required");
        assert_eq!((&problem["assurance"], &problem["methods"]), (&json!("strong"), &json!(["recovery_codes"])));
        let _ = guesser.confirm_by("recovery_codes", &codes[0]).await.expect(200);
        let _ = guesser.delete(&path).await.expect(204);
    }

    async fn another_s_factor_is_one_that_never_existed(world: World) {
        let (_, app, _) = protected(world).await;
        let berta = world.owner().await;
        let path = format!("{METHODS}/{}", app.id);
        let never = format!("{METHODS}/01947a2e-6f00-7000-8000-000000000001");
        assert_eq!(berta.delete(&path).await.problem(404, "not_found"), berta.delete(&never).await.problem(404, "not_found"));
        let code = json!({"code": app.next_code(world)});
        let theirs = berta.put(&path, code.clone()).await.problem(404, "not_found");
        assert_eq!(theirs, berta.put(&never, code).await.problem(404, "not_found"));
    }

    async fn what_cannot_be_enrolled_is_refused(world: World) {
        let anna = world.owner().await;
        for method in ["email", "pigeon", ""] {
            let problem = anna.post(METHODS, json!({"method": method})).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "/method", "{method}");
        }
        let problem = anna.post(METHODS, json!({"method": "totp", "name": " "})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        world.later(Duration::from_secs(601));
        let problem = anna.post(METHODS, json!({"method": "totp"})).await.problem(403, "confirmation_required");
        assert_eq!((&problem["assurance"], &problem["methods"]), (&json!("fresh"), &json!(["email"])));
    }
}

#[test]
fn neither_a_secret_nor_a_recovery_code_nor_a_name_stands_in_the_database() {
    World::run(seif::testing::Database::Sqlite, async |world| {
        let (anna, ..) = protected(world).await;
        let begun =
            anna.post(METHODS, json!({"method": "totp", "name": format!("{MARK} phone")})).await.expect(201).json();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let codes = recovery_codes(&anna).await;
        let mut looked = 0;
        for file in ["seif.db", "seif.db-wal"] {
            let Ok(bytes) = std::fs::read(world.folder.path().join(file)) else { continue };
            looked += bytes.len();
            for text in [&secret, &codes[0], &codes[0].replace('-', "")] {
                assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{file}");
            }
        }
        assert!(looked > 100_000, "{looked}");
    });
}

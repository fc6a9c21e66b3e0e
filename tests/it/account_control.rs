//! The password, sessions, the freeze, and the ways back in (P-10, R-11, R-12, R-21, R-22, R-23, R-27, K-8, K-10).

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use seif::each_database;
use seif::testing::{Actor, Answer, Authenticator, World};
use serde_json::{Value, json};

const PASSWORD: &str = "/api/v1/account/password";
const SESSIONS: &str = "/api/v1/account/sessions";
const METHODS: &str = "/api/v1/account/methods";
const RESETS: &str = "/api/v1/password-resets";
const FREEZES: &str = "/api/v1/account-freezes";
const THAWS: &str = "/api/v1/account-thaws";
const NEW: &str = "Another-Long-Pass-Phrase 88";

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The same person in another browser, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

/// Whether a session lives.
async fn lives(actor: &Actor) -> bool {
    actor.get("/api/v1/session").await.status == 200
}

/// Asks for a code as who is not signed in: where it is sent to.
async fn ask(world: &World, list: &str, identifier: &str) -> String {
    // So that its mail is the newest.
    world.later(Duration::from_secs(1));
    let begun = world.stranger().post(list, json!({"identifier": identifier})).await.expect(202).json();
    assert!(begun["expires_at"].is_string());
    format!("{list}/{}", begun["id"].as_str().unwrap())
}

/// The same, and the code.
async fn asked(world: &World, list: &str, person: &Actor) -> (String, String) {
    let path = ask(world, list, &person.email).await;
    (path, world.code_for(&person.email).await)
}

/// An owner with an app and recovery codes, confirmed by the app.
async fn protected(world: &mut World) -> (Actor, Authenticator, Vec<String>) {
    let mut anna = world.owner().await;
    let made = anna.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201).json();
    let codes = made["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    let app = anna.enrol_app(world).await;
    let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
    (anna, app, codes)
}

/// A token of the account's tenant.
async fn token(owner: &Actor) -> Actor {
    let made =
        owner.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read", "collections:write"]})).await;
    owner.with_token(made.expect(201).json()["token"].as_str().unwrap())
}

/// How many mails of this subject have come to somebody.
async fn mails(world: &World, actor: &Actor, subject: &str) -> usize {
    world.app.services.accounts.mail_notices().await.unwrap();
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().iter().filter(its_own).count()
}

/// What is asked of the person.
async fn prompts(actor: &Actor) -> Vec<Value> {
    actor.get("/api/v1/session").await.expect(200).json()["prompts"].as_array().unwrap().clone()
}

async fn sign_in(actor: &Actor, password: &str) -> Answer {
    actor.post("/api/v1/session", json!({"identifier": actor.email, "password": password})).await
}

each_database! {
    async fn changing_the_password_ends_every_other_session_and_shows_what_was_done_lately(world: World) {
        // R-12, P-9
        let mut anna = world.owner().await;
        world.later(Duration::from_secs(1));
        let other = elsewhere(&anna).await;
        let program = token(&anna).await;
        world.later(Duration::from_secs(1));
        let before = anna.clone();
        let answer = anna.put(PASSWORD, json!({"current": anna.password, "new": NEW})).await.expect(200);
        anna.keep_session(&answer);
        let told = answer.json();
        assert_eq!(told["session"]["assurance"], "confirmed");
        assert_eq!(told["sign_ins"][0]["method"], "password");
        assert_eq!(told["notices"][0]["kind"], "password_changed");
        assert_ne!(anna.session, before.session);
        assert!(lives(&anna).await && !lives(&before).await && !lives(&other).await);
        let _ = program.get("/api/v1/collections").await.expect(200);
        let _ = sign_in(&anna, &before.password).await.problem(401, "sign_in_refused");
        let _ = sign_in(&anna, NEW).await.expect(201);
        assert_eq!(mails(world, &anna, "Your password at Seif was changed").await, 1);
    }

    async fn a_change_needs_the_present_password_a_fresh_confirmation_and_every_rule(world: World) {
        // P-9, R-6, R-7
        let mut anna = world.owner().await;
        let refused = |answer: Answer| answer.problem(422, "invalid")["errors"][0].clone();
        let error = refused(anna.put(PASSWORD, json!({"current": "not it", "new": NEW})).await);
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/current"), &json!("password_wrong")));
        let name = anna.email.split('@').next().unwrap();
        for (new, code) in [("short", "password_too_short"), (anna.password.as_str(), "password_unchanged"), (&format!("vq7#Tz {name} khw!Mrp"), "password_holds_own_data")] {
            let error = refused(anna.put(PASSWORD, json!({"current": anna.password, "new": new})).await);
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/new"), &json!(code)));
        }
        let below = elsewhere(&anna).await;
        let body = json!({"current": anna.password, "new": NEW});
        let _ = below.put(PASSWORD, body.clone()).await.problem(403, "confirmation_required");
        for _ in 0..4 {
            let _ = refused(anna.put(PASSWORD, json!({"current": "not it", "new": NEW})).await);
        }
        // As a sign-in: the sixth has to wait, and so has the right one.
        let _ = anna.put(PASSWORD, body.clone()).await.problem(429, "too_many_requests");
        world.later(Duration::from_secs(601));
        let _ = anna.put(PASSWORD, body.clone()).await.problem(403, "confirmation_required");
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.put(PASSWORD, body).await.expect(200);
        assert_eq!(mails(world, &anna, "A change of your password at Seif was refused").await, 1);
    }

    async fn of_two_changes_at_once_one_is_made(world: World) {
        let anna = world.owner().await;
        let answers = join_all((0..3).map(|number| {
            let body = json!({"current": anna.password, "new": format!("{NEW} {number}")});
            put_as(&anna, PASSWORD, body)
        })).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|answer| [200, 401, 422].contains(&answer.status)));
    }

    async fn sessions_are_listed_by_device_and_place_and_end_one_by_one_or_together(world: World) {
        // R-21, K-10
        let anna = world.owner().await;
        let firefox = anna.with_header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        world.later(Duration::from_secs(90));
        let one = elsewhere(&firefox).await;
        let two = elsewhere(&anna).await;
        let list = anna.get(SESSIONS).await.expect(200).json()["items"].as_array().unwrap().clone();
        assert_eq!(list.len(), 3);
        let of_firefox = list.iter().find(|session| session["device"] == "Firefox, Linux").unwrap();
        assert_eq!((&of_firefox["ip"], &of_firefox["assurance"], &of_firefox["current"], &of_firefox["shared_computer"]), (&json!("127.0.0.1"), &json!("password"), &json!(false), &json!(false)));
        let current: Vec<_> = list.iter().filter(|session| session["current"] == true).collect();
        assert!(current.len() == 1 && current[0]["assurance"] == "confirmed");
        // With the password alone, as signing out.
        let path = format!("{SESSIONS}/{}", of_firefox["id"].as_str().unwrap());
        let _ = two.delete(&path).await.expect(204);
        assert!(!lives(&one).await && lives(&anna).await && lives(&two).await);
        let _ = two.delete(&path).await.problem(404, "not_found");
        let berta = world.owner().await;
        let hers = format!("{SESSIONS}/{}", current[0]["id"].as_str().unwrap());
        let _ = berta.delete(&hers).await.problem(404, "not_found");
        assert!(lives(&anna).await);
        let _ = two.delete(SESSIONS).await.expect(204);
        assert!(!lives(&anna).await && lives(&two).await && lives(&berta).await);
        let own = two.get(SESSIONS).await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
        let answer = two.delete(&format!("{SESSIONS}/{own}")).await.expect(204);
        assert_eq!((answer.session_cookie().as_deref(), answer.header("clear-site-data").as_str()), (Some(""), "\"cache\", \"storage\""));
        assert!(!lives(&two).await);
    }

    async fn on_a_shared_computer_a_session_is_short_and_nothing_is_kept_in_the_browser(world: World) {
        // R-22, S-5
        let anna = world.owner().await;
        world.later(Duration::from_secs(1));
        let mut library = anna.clone();
        let body = json!({"identifier": anna.email, "password": anna.password, "shared_computer": true});
        let answer = library.post("/api/v1/session", body).await.expect(201);
        library.keep_session(&answer);
        assert_eq!(library.get(SESSIONS).await.expect(200).json()["items"][0]["shared_computer"], true);
        let tenant = anna.tenant.as_deref().unwrap();
        for path in ["/", "/account/security", "/account/sign-ins", "/account/notices", "/api/v1/session", SESSIONS, &format!("/t/{tenant}/"), "/api/v1/collections"] {
            assert_eq!(library.get(path).await.header("cache-control"), "no-store", "{path}");
        }
        let out = library.delete("/api/v1/session").await.expect(204);
        assert_eq!((out.header("clear-site-data").as_str(), out.header("cache-control").as_str()), ("\"cache\", \"storage\"", "no-store"));
    }

    async fn a_forgotten_password_is_replaced_by_a_mailed_code_and_a_second_method(world: World) {
        // P-10, R-11
        let (anna, app, codes) = protected(world).await;
        let program = token(&anna).await;
        let (path, code) = asked(world, RESETS, &anna).await;
        // What the account has besides is told once the mailed code fits, and not before.
        let stranger = world.stranger();
        let _ = stranger.put(&path, json!({"code": wrong(&code), "new_password": NEW})).await.problem(422, "code_refused");
        let problem = stranger.put(&path, json!({"code": code, "new_password": "short"})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/new_password");
        let problem = stranger.put(&path, json!({"code": code, "new_password": NEW})).await.problem(403, "second_required");
        assert_eq!(problem["methods"], json!(["recovery_codes", "totp"]));
        let name = anna.email.split('@').next().unwrap();
        let own = json!({"code": code, "new_password": format!("vq7#Tz {name} khw!Mrp")});
        assert_eq!(stranger.put(&path, own).await.problem(422, "invalid")["errors"][0]["code"], "password_holds_own_data");
        let with = |second: &str, code_of: &str| json!({"code": code, "new_password": NEW, "second": {"method": second, "code": code_of}});
        for body in [with("totp", &wrong(&app.code(world))), with("email", &code)] {
            let _ = stranger.put(&path, body).await.problem(422, "code_refused");
        }
        let body = with("totp", &app.next_code(world));
        let done = stranger.put(&path, body.clone()).await.expect(200);
        assert_eq!((done.json()["state"].as_str(), done.session_cookie()), (Some("done"), None));
        let _ = stranger.put(&path, body).await.problem(422, "code_refused");
        // Whatever was known before is worth nothing: sessions, tokens, the old password.
        assert!(!lives(&anna).await);
        let _ = program.get("/api/v1/collections").await.problem(401, "not_signed_in");
        let _ = sign_in(&anna, &anna.password).await.problem(401, "sign_in_refused");
        let mut again = anna.clone();
        again.password = NEW.to_owned();
        let _ = again.sign_in().await.expect(201);
        assert_eq!(mails(world, &anna, "Your password at Seif was changed").await, 1);
        // By a recovery code too, once.
        let (path, code) = asked(world, RESETS, &anna).await;
        let body = |new: &str| json!({"code": code, "new_password": new, "second": {"method": "recovery_codes", "code": codes[0]}});
        let _ = stranger.put(&path, body("Third-Long-Pass-Phrase 99")).await.expect(200);
        assert!(!lives(&again).await);
    }

    async fn nobody_learns_by_a_reset_a_freeze_or_a_thaw_who_has_an_account(world: World) {
        // P-6, R-27
        let (anna, ..) = protected(world).await;
        let frozen = world.owner().await;
        let _ = frozen.post("/api/v1/account/freeze", json!({})).await.expect(204);
        let stranger = world.stranger();
        for list in [RESETS, FREEZES, THAWS] {
            let mut told = Vec::new();
            for identifier in [anna.email.as_str(), frozen.email.as_str(), "nobody@example.lv", "+371 29 999 999", "nobody"] {
                let answer = stranger.post(list, json!({"identifier": identifier})).await;
                assert_eq!(answer.status, 202, "{list} {identifier}");
                let body = answer.json();
                let names: std::collections::BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
                assert!(names.into_iter().eq(if list == FREEZES { &["expires_at", "id"][..] } else { &["expires_at", "id", "public_key"] }.iter().copied()));
                let path = format!("{list}/{}", body["id"].as_str().unwrap());
                let answer = stranger.put(&path, json!({"code": "00000x", "new_password": NEW})).await;
                let answer = if list == FREEZES { stranger.put(&path, json!({"code": "00000x"})).await } else { answer };
                told.push((answer.status, answer.text()));
            }
            assert!(told.iter().all(|one| *one == told[0] && one.0 == 422), "{list}: {told:?}");
            let never = format!("{list}/01947a2e-6f00-7000-8000-000000000001");
            let body = if list == FREEZES { json!({"code": "00000x"}) } else { json!({"code": "00000x", "new_password": NEW}) };
            let answer = stranger.put(&never, body).await;
            assert_eq!((answer.status, answer.text()), told[0], "{list}: an id that never was");
        }
        // Nobody is mailed whom it does not concern.
        world.deliver().await;
        let before = world.mails().len();
        for (list, identifier) in [(THAWS, anna.email.as_str()), (RESETS, "nobody@example.lv"), (FREEZES, "+371 29 999 999")] {
            let _ = stranger.post(list, json!({"identifier": identifier})).await.expect(202);
        }
        world.deliver().await;
        assert_eq!(world.mails().len(), before);
    }

    async fn a_code_is_good_for_its_own_purpose_and_five_tries(world: World) {
        // R-11, K-1
        let (anna, app, _) = protected(world).await;
        let (path, code) = asked(world, RESETS, &anna).await;
        let stranger = world.stranger();
        let id = path.rsplit('/').next().unwrap();
        let _ = stranger.put(&format!("{FREEZES}/{id}"), json!({"code": code})).await.problem(422, "code_refused");
        for _ in 0..4 {
            let _ = stranger.put(&path, json!({"code": wrong(&code), "new_password": NEW})).await.problem(422, "code_refused");
        }
        let body = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": app.next_code(world)}});
        let _ = stranger.put(&path, body).await.problem(422, "code_refused");
        let (path, code) = asked(world, RESETS, &anna).await;
        world.later(Duration::from_secs(601));
        let body = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": app.next_code(world)}});
        let _ = stranger.put(&path, body).await.problem(422, "code_refused");
        assert!(mails(world, &anna, "A wrong code was entered to get into your account at Seif").await >= 1);
    }

    async fn codes_of_one_address_run_out_before_those_of_the_identifier(world: World) {
        let anna = world.owner().await;
        for _ in 0..10 {
            let _ = world.stranger().post(RESETS, json!({"identifier": anna.email})).await.expect(202);
        }
        for identifier in [anna.email.to_uppercase(), anna.email.clone()] {
            let refused = world.stranger().post(RESETS, json!({"identifier": identifier})).await;
            assert!(refused.header("ratelimit").starts_with("\"codes\""), "{}", refused.header("ratelimit"));
            let _ = refused.problem(429, "too_many_requests");
        }
        // The account itself is not locked by it.
        let _ = sign_in(&anna, &anna.password).await.expect(201);
    }

    async fn of_many_submissions_of_a_reset_at_once_one_sets_the_password(world: World) {
        let (anna, app, _) = protected(world).await;
        // One code many times, and two codes with the same answer of the app.
        let (one, first) = asked(world, RESETS, &anna).await;
        let (two, second) = asked(world, RESETS, &anna).await;
        let shown = app.next_code(world);
        let answers = join_all([(&one, &first), (&one, &first), (&two, &second), (&two, &second)].into_iter().enumerate().map(|(number, (path, code))| {
            let body = json!({"code": code, "new_password": format!("{NEW} {number}"), "second": {"method": "totp", "code": shown}});
            world_put(world, path.clone(), body)
        })).await;
        let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
        assert!(told.iter().all(|status| [200, 422].contains(status)), "{told:?}");
        // Whatever was asked for before is over with it.
        for (path, code) in [(one, first), (two, second)] {
            let body = json!({"code": code, "new_password": "Third-Long-Pass-Phrase 99", "second": {"method": "totp", "code": app.next_code(world)}});
            let _ = world_put(world, path, body).await.problem(422, "code_refused");
        }
    }

    async fn no_session_that_began_by_the_old_password_outlives_its_reset(world: World) {
        let (anna, app, _) = protected(world).await;
        let (path, code) = asked(world, RESETS, &anna).await;
        let body = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": app.next_code(world)}});
        let (reset, begun) = tokio::join!(
            world_put(world, path, body),
            join_all((0..4).map(|_| sign_in(&anna, &anna.password))),
        );
        assert_eq!(reset.status, 200);
        for answer in begun {
            assert!([201, 401].contains(&answer.status));
            let mut session = anna.clone();
            session.keep_session(&answer);
            assert!(!lives(&session).await);
        }
    }

    async fn where_the_mailbox_is_all_there_is_a_new_password_waits_a_day_and_its_owner_can_object(world: World) {
        // P-10, R-11
        let anna = world.owner().await;
        let set = async |world: &World| {
            let (path, code) = asked(world, RESETS, &anna).await;
            world.stranger().put(&path, json!({"code": code, "new_password": NEW})).await
        };
        let begun = world.clock.now();
        let waits = set(world).await.expect(202).json();
        assert_eq!(waits["state"], "waits");
        assert!(waits["ready_at"].as_str().unwrap() > begun.plus(Duration::from_secs(86_000)).rfc3339().as_str());
        assert_eq!(set(world).await.expect(202).json(), waits, "asking again does not begin anew");
        assert_eq!(mails(world, &anna, "Someone asked for a new password").await, 1);
        // Nothing has changed, and every session says what waits.
        assert!(lives(&anna).await);
        let below = elsewhere(&anna).await;
        assert!(prompts(&below).await.contains(&json!("reset_waits")));
        let _ = below.delete("/api/v1/account/password-reset").await.expect(204);
        let _ = below.delete("/api/v1/account/password-reset").await.expect(204);
        assert!(!prompts(&below).await.contains(&json!("reset_waits")));
        assert_eq!(mails(world, &anna, "Your password at Seif stays as it is").await, 1);
        // By a mailed code too.
        let _ = set(world).await.expect(202);
        let (path, code) = asked(world, RESETS, &anna).await;
        let cancel = format!("{path}/cancellation");
        let _ = world.stranger().post(&cancel, json!({"code": wrong(&code)})).await.problem(422, "code_refused");
        let _ = world.stranger().post(&cancel, json!({"code": code})).await.expect(204);
        // And where nobody objects, another code finishes it, once the time has passed.
        world.later(Duration::from_secs(3_600));
        let _ = set(world).await.expect(202);
        world.later(Duration::from_secs(86_000));
        let _ = set(world).await.expect(202);
        world.app.services.accounts.sweep().await.unwrap();
        assert_eq!(mails(world, &anna, "A new password can now be set").await, 0);
        world.later(Duration::from_secs(1_000));
        world.app.services.accounts.sweep().await.unwrap();
        world.app.services.accounts.sweep().await.unwrap();
        assert_eq!(mails(world, &anna, "A new password can now be set").await, 1);
        assert_eq!(set(world).await.expect(200).json()["state"], "done");
        let _ = sign_in(&anna, NEW).await.expect(201);
        // What has waited is used up.
        let _ = set(world).await.expect(202);
    }

    async fn a_freeze_takes_one_step_from_any_session_and_ends_everything(world: World) {
        // R-27, S-17
        let anna = world.owner().await;
        let program = token(&anna).await;
        let other = elsewhere(&anna).await;
        let frozen = other.post("/api/v1/account/freeze", json!({})).await.expect(204);
        assert_eq!((frozen.session_cookie().as_deref(), frozen.header("clear-site-data").as_str()), (Some(""), "\"cache\", \"storage\""));
        assert!(!lives(&anna).await && !lives(&other).await);
        let _ = program.get("/api/v1/collections").await.problem(401, "not_signed_in");
        // The right password is as wrong as any; its owner hears how to thaw.
        let right = sign_in(&anna, &anna.password).await;
        let wrong = sign_in(&anna, "not it").await;
        assert_eq!((right.status, right.bytes), (wrong.status, wrong.bytes));
        assert_eq!(mails(world, &anna, "Your account at Seif is frozen").await, 2);
        // Neither a restored database nor a restart thaws it, or brings its tokens back.
        world.app.services.kernel.db().write(Vec::new(), |tx| {
            use diesel::{ExpressionMethods as _, RunQueryDsl as _};
            use seif::kernel::store::schema::{accounts, tokens};
            diesel::update(accounts::table).filter(accounts::state.eq(2_i16)).set(accounts::state.eq(1_i16)).execute(tx.conn())?;
            diesel::update(tokens::table).set(tokens::state.eq(1_i16)).execute(tx.conn())?;
            Ok::<_, seif::kernel::store::StoreError>(())
        }).await.unwrap();
        world.restart().await;
        let anna = anna.moved_to(world);
        world.later(Duration::from_secs(3_600));
        let _ = sign_in(&anna, &anna.password).await.problem(401, "sign_in_refused");
        let _ = anna.with_token(program.token.as_deref().unwrap()).get("/api/v1/collections").await.problem(401, "not_signed_in");
    }

    async fn a_mailed_code_freezes_and_thawing_takes_a_second_method_and_a_new_password(world: World) {
        //
        let (anna, app, _) = protected(world).await;
        let program = token(&anna).await;
        let (path, code) = asked(world, FREEZES, &anna).await;
        let stranger = world.stranger();
        let _ = stranger.put(&path, json!({"code": wrong(&code)})).await.problem(422, "code_refused");
        assert!(lives(&anna).await);
        let answers = join_all((0..3).map(|_| world_put(world, path.clone(), json!({"code": code})))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        assert!(!lives(&anna).await);
        // A reset does not open it, and is not told from one of somebody else.
        let reset = ask(world, RESETS, &anna.email).await;
        let _ = stranger.put(&reset, json!({"code": "000000", "new_password": NEW})).await.problem(422, "code_refused");
        let (path, code) = asked(world, THAWS, &anna).await;
        let problem = stranger.put(&path, json!({"code": code, "new_password": NEW})).await.problem(403, "second_required");
        assert_eq!(problem["methods"], json!(["recovery_codes", "totp"]));
        let body = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": app.next_code(world)}});
        let answers = join_all((0..3).map(|_| world_put(world, path.clone(), body.clone()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        // The account is open again, and nothing that was known before opens it.
        let _ = sign_in(&anna, &anna.password).await.problem(401, "sign_in_refused");
        let _ = program.get("/api/v1/collections").await.problem(401, "not_signed_in");
        let mut anna = anna;
        anna.password = NEW.to_owned();
        let _ = anna.sign_in().await.expect(201);
        assert!(prompts(&anna).await.contains(&json!("review_methods")), "a safer one added, foreign ones removed");
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = anna.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201);
        assert_eq!(mails(world, &anna, "Your account at Seif is open again").await, 1);
        world.restart().await;
        let mut anna = anna.moved_to(world);
        let _ = anna.sign_in().await.expect(201);
    }

    async fn a_frozen_account_with_a_mailbox_alone_thaws_after_the_wait(world: World) {
        //
        let anna = world.owner().await;
        let program = token(&anna).await;
        let _ = anna.post("/api/v1/account/freeze", json!({})).await.expect(204);
        let thaw = async |world: &World| {
            let (path, code) = asked(world, THAWS, &anna).await;
            world.stranger().put(&path, json!({"code": code, "new_password": NEW})).await
        };
        let _ = thaw(world).await.expect(202);
        world.later(Duration::from_secs(86_401));
        let _ = thaw(world).await.expect(200);
        let _ = sign_in(&anna, NEW).await.expect(201);
        // A restored database brings no token back that the freeze has ended.
        world.app.services.kernel.db().write(Vec::new(), |tx| {
            use diesel::{ExpressionMethods as _, RunQueryDsl as _};
            use seif::kernel::store::schema::tokens;
            diesel::update(tokens::table).set(tokens::state.eq(1_i16)).execute(tx.conn())?;
            Ok::<_, seif::kernel::store::StoreError>(())
        }).await.unwrap();
        world.restart().await;
        let program = anna.moved_to(world).with_token(program.token.as_deref().unwrap());
        let _ = program.get("/api/v1/collections").await.problem(401, "not_signed_in");
    }

    async fn a_stranger_with_password_and_mailbox_steps_around_an_app_neither_by_a_reset_nor_by_a_thaw(world: World) {
        // S-3, R-13, K-8
        let (anna, app, _) = protected(world).await;
        let mut thief = elsewhere(&anna).await;
        let _ = thief.confirm(world).await.expect(200);
        // Not the password either: that takes what the account has.
        let problem = thief.put(PASSWORD, json!({"current": thief.password, "new": NEW})).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["device", "totp"]));
        for list in [RESETS, THAWS] {
            if list == THAWS {
                let _ = thief.post("/api/v1/account/freeze", json!({})).await.expect(204);
            }
            let (path, code) = asked(world, list, &anna).await;
            let _ = thief.put(&path, json!({"code": code, "new_password": NEW})).await.problem(403, "second_required");
            let guess = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": wrong(&app.code(world))}});
            let _ = thief.put(&path, guess).await.problem(422, "code_refused");
            // However long they wait.
            world.later(Duration::from_secs(2 * 86_400));
            let (path, code) = asked(world, list, &anna).await;
            let _ = thief.put(&path, json!({"code": code, "new_password": NEW})).await.problem(403, "second_required");
            if list == RESETS {
                let _ = thief.sign_in().await.expect(201);
            }
        }
        // And who comes in by a thaw has a password, no more: the rest takes the app.
        let (path, code) = asked(world, THAWS, &anna).await;
        let body = json!({"code": code, "new_password": NEW, "second": {"method": "totp", "code": app.next_code(world)}});
        let _ = world.stranger().put(&path, body).await.expect(200);
        thief.password = NEW.to_owned();
        let _ = thief.sign_in().await.expect(201);
        let _ = thief.confirm(world).await.expect(200);
        for (method, path, body) in [
            (Method::POST, "/api/v1/tokens".to_owned(), Some(json!({"name": "x", "scopes": ["records:read"]}))),
            (Method::POST, METHODS.to_owned(), Some(json!({"method": "totp"}))),
            (Method::POST, METHODS.to_owned(), Some(json!({"method": "recovery_codes"}))),
            (Method::DELETE, format!("{METHODS}/{}", app.id), None),
            (Method::PUT, PASSWORD.to_owned(), Some(json!({"current": NEW, "new": "Fourth-Long-Pass-Phrase 11"}))),
        ] {
            let problem = thief.send(method.clone(), &path, body.as_ref()).await.problem(403, "confirmation_required");
            assert_eq!(problem["assurance"], "strong", "{method} {path}");
        }
    }

    async fn once_a_month_one_is_asked_to_look_at_the_sign_ins_and_after_a_year_their_addresses_are_shortened(world: World) {
        // R-23, S-6
        let mut anna = world.owner().await;
        assert!(!prompts(&anna).await.contains(&json!("sign_ins")));
        world.later(Duration::from_secs(31 * 86_400));
        let _ = anna.sign_in().await.expect(201);
        assert!(prompts(&anna).await.contains(&json!("sign_ins")));
        let whole = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        assert!(whole["items"].as_array().unwrap().iter().all(|entry| entry["ip"] == "127.0.0.1"));
        assert!(!prompts(&anna).await.contains(&json!("sign_ins")));
        world.later(Duration::from_secs(335 * 86_400));
        world.app.services.accounts.sweep().await.unwrap();
        let _ = anna.sign_in().await.expect(201);
        let entries = anna.get("/api/v1/account/sign-ins").await.expect(200).json()["items"].as_array().unwrap().clone();
        let addresses: Vec<&str> = entries.iter().map(|entry| entry["ip"].as_str().unwrap()).collect();
        assert_eq!(addresses, ["127.0.0.1", "127.0.0.1", "127.0.0.0"], "the year-old one alone");
    }

    async fn by_forms_alone_one_changes_the_password_ends_sessions_freezes_and_thaws(world: World) {
        //
        let (anna, app, _) = protected(world).await;
        let mut browser = anna.with_header("accept", "text/html").with_header("accept-language", "en");
        let page = browser.get("/account/password").await.expect(200).page();
        assert!(page.contains("Latest sign-ins") && page.contains("Latest notices") && page.contains("127.0.0.1"));
        let fields = [("current_password", "not it"), ("new_password", NEW)];
        let refused = submit(&mut browser, "/account/password", &fields).await.expect(422).page();
        assert!(refused.contains("This is not your present password.") && !refused.contains(NEW));
        let fields = [("current_password", anna.password.as_str()), ("new_password", NEW)];
        let done = submit(&mut browser, "/account/password", &fields).await.expect(303);
        assert_eq!(done.header("location"), "/account/password?news=password_changed");
        assert!(browser.get("/account/password?news=password_changed").await.expect(200).page().contains("Every other session has ended."));

        browser.password = NEW.to_owned();
        let other = elsewhere(&browser).await;
        let page = browser.get("/account/sessions").await.expect(200).page();
        assert_eq!(page.matches("/end\"").count(), 2);
        assert_eq!(submit(&mut browser, "/account/sessions/others", &[]).await.expect(303).header("location"), "/account/sessions?news=session_ended");
        assert!(!lives(&other).await && lives(&browser).await);

        assert!(browser.get("/account/sign-ins").await.expect(200).page().contains("href=\"/account/freeze\">This was not me"));
        assert!(browser.get("/account/freeze").await.expect(200).page().contains("action=\"/account/freeze\""));
        assert_eq!(submit(&mut browser, "/account/freeze", &[]).await.expect(303).header("location"), "/sign-in?frozen");
        assert!(!lives(&browser).await);
        let page = browser.get("/sign-in?frozen").await.expect(200).page();
        assert!(page.contains("The account is frozen.") && ["/reset", "/freeze", "/thaw"].iter().all(|path| page.contains(&format!("href=\"{path}\""))));

        world.later(Duration::from_secs(1));
        let path = submit(&mut browser, "/thaw", &[("identifier", anna.email.as_str())]).await.expect(303).header("location");
        let code = world.code_for(&anna.email).await;
        let _ = browser.get(&path).await.expect(200);
        let short = submit(&mut browser, &path, &[("code", code.as_str()), ("new_password", "Third-Long-Pass-Phrase 99"), ("second_method", ""), ("second_code", "")]).await;
        assert!(short.expect(403).page().contains("Now show that it is you in one more way."));
        let shown = app.next_code(world);
        let fields = [("code", code.as_str()), ("new_password", "Third-Long-Pass-Phrase 99"), ("second_method", "totp"), ("second_code", shown.as_str())];
        assert_eq!(submit(&mut browser, &path, &fields).await.expect(303).header("location"), "/sign-in?next=/account/security");
        browser.password = "Third-Long-Pass-Phrase 99".to_owned();
        let _ = browser.sign_in().await.expect(201);
    }

    async fn by_forms_alone_one_replaces_a_forgotten_password_or_cancels_it(world: World) {
        // P-10, R-11
        let anna = world.owner().await;
        let mut browser = world.stranger().with_header("accept", "text/html").with_header("accept-language", "en");
        let ask = async |browser: &mut Actor, list: &str| {
            world.later(Duration::from_secs(1));
            let path = submit(browser, list, &[("identifier", anna.email.as_str())]).await.expect(303).header("location");
            (path, world.code_for(&anna.email).await)
        };
        let (path, code) = ask(&mut browser, "/reset").await;
        let other = wrong(&code);
        let refused = submit(&mut browser, &path, &[("code", other.as_str()), ("new_password", NEW)]).await.expect(422).page();
        assert!(refused.contains("This code does not fit") && !refused.contains(NEW));
        let waits = submit(&mut browser, &path, &[("code", code.as_str()), ("new_password", NEW)]).await.expect(200).page();
        assert!(waits.contains("so this has to wait"));
        assert!(anna.with_header("accept", "text/html").get("/account/password").await.expect(200).page().contains("action=\"/account/password/object\""));
        let (path, code) = ask(&mut browser, "/reset").await;
        let cancelled = submit(&mut browser, &format!("{path}/cancel"), &[("code", code.as_str())]).await.expect(200).page();
        assert!(cancelled.contains("Nothing waits any more"));
        let (path, code) = ask(&mut browser, "/freeze").await;
        assert_eq!(submit(&mut browser, &path, &[("code", code.as_str())]).await.expect(303).header("location"), "/sign-in?frozen");
        assert!(!lives(&anna).await);
    }
}

/// Sends a form, and keeps the session that the answer sets or removes.
async fn submit(actor: &mut Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let encoded = reqwest::Url::parse_with_params("https://localhost/", fields).unwrap();
    let body = ("application/x-www-form-urlencoded", encoded.query().unwrap_or_default().as_bytes().to_vec());
    let answer = actor.send_bytes(Method::POST, path, Some(body)).await;
    actor.keep_session(&answer);
    answer
}

/// Somebody's PUT, as a future of its own.
async fn put_as(actor: &Actor, path: &str, body: Value) -> Answer {
    actor.put(path, body).await
}

/// A stranger's PUT, as a future of its own.
async fn world_put(world: &World, path: String, body: Value) -> Answer {
    world.stranger().put(&path, body).await
}

//! Signing in, confirming, signing out, and the history of it (R-3, R-4.1, R-21 to R-23, S-3, K-5).

use std::time::Duration;

use seif::each_database;
use seif::testing::{Actor, Answer, World};
use serde_json::{Value, json};

/// Signs in by anything with any password.
async fn try_in(actor: &Actor, identifier: &str, password: &str) -> Answer {
    actor.post("/api/v1/session", json!({"identifier": identifier, "password": password})).await
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// Begins a confirmation: its address in the API, and the code from its mail.
async fn challenge(world: &World, actor: &Actor) -> (String, String) {
    // So that its mail is the newest.
    world.later(Duration::from_secs(1));
    let begun = actor.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
    assert_eq!(begun["method"], "email");
    let path = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().unwrap());
    (path, world.code_for(&actor.email).await)
}

/// The same person after the service was started anew: with what they know, and nothing else.
fn returned(world: &World, person: &Actor) -> Actor {
    let mut returned = world.stranger();
    returned.email.clone_from(&person.email);
    returned
}

/// A small collection, as a change that needs a confirmed session.
fn collection() -> Value {
    json!({"name": "Customers", "fields": [{"name": "name", "label": "Name", "kind": "text"}]})
}

each_database! {
    async fn a_password_lets_look_and_a_code_to_the_mailbox_lets_change(world: World) {
        // S-3
        let mut anna = world.owner().await;
        let joined = anna.session.clone();
        // No other session of hers is left that could approve.
        let _ = anna.delete("/api/v1/session").await.expect(204);
        let signed_in = anna.sign_in().await.expect(201).json();
        assert_eq!(signed_in["assurance"], "password");
        assert_ne!(anna.session, joined);
        let _ = anna.get("/api/v1/session").await.expect(200);
        let _ = anna.get("/api/v1/account/sign-ins").await.expect(200);
        let token = json!({"name": "till", "scopes": ["records:read"]});
        for (path, body) in [("/api/v1/collections", collection()), ("/api/v1/tokens", token)] {
            let problem = anna.post(path, body).await.problem(403, "confirmation_required");
            assert_eq!(problem["methods"], json!(["email"]), "{path}");
        }
        let before = anna.session.clone();
        let confirmed = anna.confirm(world).await.expect(200).json();
        assert_eq!(confirmed["assurance"], "confirmed");
        // The old value of the cookie is worth nothing any more.
        assert_ne!(anna.session, before);
        let mut old = anna.clone();
        old.session = before;
        let _ = old.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = anna.post("/api/v1/collections", collection()).await.expect(201);
    }

    async fn a_wrong_password_and_an_unknown_identifier_are_alike(world: World) {
        let anna = world.owner().await;
        let stranger = world.stranger();
        let known = try_in(&stranger, &anna.email, "Not-Her-Pass-Phrase 78").await;
        let unknown = try_in(&stranger, "nobody@example.lv", "Not-Her-Pass-Phrase 78").await;
        let neither = try_in(&stranger, "nobody", "").await;
        for answer in [&known, &unknown, &neither] {
            assert_eq!(answer.status, 401);
            assert_eq!(answer.json()["code"], "sign_in_refused");
            assert_eq!(answer.bytes, known.bytes);
            let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(names(answer), names(&known));
            assert_eq!(answer.session_cookie(), None);
        }
    }

    async fn five_failures_go_free_for_any_identifier_and_then_the_wait_grows(world: World) {
        let anna = world.owner().await;
        let stranger = world.stranger();
        for identifier in [anna.email.as_str(), "nobody@example.lv"] {
            for _ in 0..5 {
                let _ = try_in(&stranger, identifier, "wrong").await.problem(401, "sign_in_refused");
            }
            let refused = try_in(&stranger, identifier, "wrong").await;
            assert_eq!(refused.header("retry-after"), "60");
            assert_eq!(refused.header("ratelimit"), "\"sign-in-identifier\";r=0;t=60");
            let _ = refused.problem(429, "too_many_requests");
        }
        // Not even the right password, and another spelling is the same identifier.
        let _ = try_in(&stranger, &anna.email.to_uppercase(), &anna.password).await.problem(429, "too_many_requests");
        world.later(Duration::from_secs(61));
        let _ = try_in(&stranger, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        let refused = try_in(&stranger, &anna.email, "wrong").await;
        assert_eq!(refused.header("retry-after"), "120");
        world.later(Duration::from_secs(121));
        // Who gets in begins anew.
        let _ = try_in(&stranger, &anna.email, &anna.password).await.expect(201);
        let _ = try_in(&stranger, &anna.email, "wrong").await.problem(401, "sign_in_refused");
    }

    async fn twenty_failures_from_an_address_go_free_whoever_they_are_for(world: World) {
        let anna = world.owner().await;
        let stranger = world.stranger();
        for number in 0..20 {
            let _ = try_in(&stranger, &format!("nobody{number}@example.lv"), "wrong").await.problem(401, "sign_in_refused");
        }
        let refused = try_in(&stranger, &anna.email, &anna.password).await;
        assert!(refused.header("ratelimit").starts_with("\"sign-in-address\""));
        let _ = refused.problem(429, "too_many_requests");
        world.later(Duration::from_secs(61));
        let _ = try_in(&stranger, &anna.email, &anna.password).await.expect(201);
    }

    async fn an_outsider_who_fails_on_purpose_does_not_shut_the_owner_out_of_their_usual_place(world: World) {
        let mut anna = world.owner().await;
        let outsider = world.stranger().from(world, [127, 0, 9, 9]);
        for _ in 0..5 {
            let _ = try_in(&outsider, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        }
        let held_up = try_in(&outsider, &anna.email, "wrong").await;
        assert!(held_up.header("ratelimit").starts_with("\"sign-in-identifier\""));
        let _ = held_up.problem(429, "too_many_requests");
        // From another strange network even the right password has to wait; where she joined, and beside it, it has not.
        let away = returned(world, &anna).from(world, [127, 0, 8, 8]);
        let _ = try_in(&away, &anna.email, &anna.password).await.problem(429, "too_many_requests");
        let _ = anna.sign_in().await.expect(201);
        let beside = anna.from(world, [127, 0, 0, 77]);
        let _ = try_in(&beside, &anna.email, &anna.password).await.expect(201);
        // Her own success gives the outsider no new tries.
        let _ = try_in(&outsider, &anna.email, "wrong").await.problem(429, "too_many_requests");
        // What she mistypes at home counts there, under the same name.
        for _ in 0..5 {
            let _ = try_in(&beside, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        }
        let refused = try_in(&anna, &anna.email, &anna.password).await;
        assert_eq!(refused.header("ratelimit"), "\"sign-in-identifier\";r=0;t=60");
        let _ = refused.problem(429, "too_many_requests");
        // Once she has waited and come in from there, the strange network is hers too.
        world.later(Duration::from_secs(61));
        let _ = try_in(&away, &anna.email, &anna.password).await.expect(201);
        for _ in 0..6 {
            let _ = try_in(&outsider, &anna.email, "wrong").await;
        }
        let _ = try_in(&away, &anna.email, &anna.password).await.expect(201);
    }

    async fn a_place_that_was_not_used_for_a_quarter_is_strange_again(world: World) {
        for sweeps in 0..2 {
            let anna = world.owner().await;
            world.later(Duration::from_secs(91 * 86_400));
            // Whether it was swept away meanwhile or not.
            for _ in 0..sweeps {
                world.app.sweep().await;
            }
            let outsider = world.stranger().from(world, [127, 0, 9, 9]);
            for _ in 0..5 {
                let _ = try_in(&outsider, &anna.email, "wrong").await.problem(401, "sign_in_refused");
            }
            let _ = try_in(&anna, &anna.email, &anna.password).await.problem(429, "too_many_requests");
        }
    }

    async fn what_was_counted_before_midnight_counts_after_it(world: World) {
        let anna = world.owner().await;
        let day = 86_400 * 1_000_000;
        let left = u64::try_from(day - world.clock.now().micros().rem_euclid(day)).unwrap();
        world.later(Duration::from_micros(left).saturating_sub(Duration::from_secs(20)));
        for _ in 0..5 {
            let _ = try_in(&anna, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        }
        world.later(Duration::from_secs(40));
        let refused = try_in(&anna, &anna.email, &anna.password).await;
        assert_eq!(refused.header("retry-after"), "20");
        let _ = refused.problem(429, "too_many_requests");
        world.later(Duration::from_secs(21));
        let _ = try_in(&anna, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        assert_eq!(try_in(&anna, &anna.email, "wrong").await.header("retry-after"), "120");
        world.later(Duration::from_secs(121));
        let _ = try_in(&anna, &anna.email, &anna.password).await.expect(201);
        for _ in 0..5 {
            let _ = try_in(&anna, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        }
    }

    async fn many_guesses_at_once_are_no_more_than_one_by_one(world: World) {
        let anna = world.owner().await;
        let stranger = world.stranger();
        let answers = futures_util::future::join_all((0..12).map(|_| try_in(&stranger, &anna.email, "wrong"))).await;
        let refused = answers.iter().filter(|answer| answer.status == 401).count();
        // On PostgreSQL the first few may begin before there is a row to hold.
        assert!((5..=8).contains(&refused), "{refused}");
        assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status)));
    }

    async fn a_code_is_good_once_for_its_own_session_five_tries_and_ten_minutes(world: World) {
        // K-1, K-5
        let mut anna = world.owner().await;
        let _ = anna.sign_in().await.expect(201);
        let mut elsewhere = anna.clone();
        let _ = elsewhere.sign_in().await.expect(201);
        let (path, code) = challenge(world, &anna).await;
        let _ = elsewhere.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        for _ in 0..4 {
            let _ = anna.put(&path, json!({"code": wrong(&code)})).await.problem(422, "code_refused");
        }
        let answer = anna.put(&path, json!({"code": code})).await.expect(200);
        anna.keep_session(&answer);
        let _ = anna.put(&path, json!({"code": code})).await.problem(422, "code_refused");

        let (path, code) = challenge(world, &elsewhere).await;
        for _ in 0..5 {
            let _ = elsewhere.put(&path, json!({"code": wrong(&code)})).await.problem(422, "code_refused");
        }
        let _ = elsewhere.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        let (path, code) = challenge(world, &elsewhere).await;
        world.later(Duration::from_secs(601));
        let _ = elsewhere.put(&path, json!({"code": code})).await.problem(422, "code_refused");
        assert_eq!(elsewhere.get("/api/v1/session").await.expect(200).json()["assurance"], "password");
        // Once, while there are tries left, and by the cookie that it gave.
        let (path, code) = challenge(world, &elsewhere).await;
        let answer = elsewhere.put(&path, json!({"code": code})).await.expect(200);
        elsewhere.keep_session(&answer);
        let _ = elsewhere.put(&path, json!({"code": code})).await.problem(422, "code_refused");
    }

    async fn of_two_submissions_of_a_code_at_once_one_raises_the_session(world: World) {
        let mut anna = world.owner().await;
        let _ = anna.sign_in().await.expect(201);
        let (path, code) = challenge(world, &anna).await;
        let answers = futures_util::future::join_all((0..4).map(|_| anna.put(&path, json!({"code": code})))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        // The others come too late: the code is used, or the cookie is the old one already.
        assert!(answers.iter().all(|answer| [200, 401, 422].contains(&answer.status)));
    }

    async fn an_account_gets_ten_codes_in_an_hour_from_all_its_sessions_together(world: World) {
        let mut anna = world.owner().await;
        for _ in 0..10 {
            let _ = anna.sign_in().await.expect(201);
            let _ = anna.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201);
        }
        let _ = anna.sign_in().await.expect(201);
        let refused = anna.post("/api/v1/session/confirmations", json!({"method": "email"})).await;
        let _ = refused.problem(429, "too_many_requests");
        let unknown = anna.post("/api/v1/session/confirmations", json!({"method": "pigeon"})).await;
        assert_eq!(unknown.problem(422, "invalid")["errors"][0]["pointer"], "/method");
    }

    async fn signing_out_ends_the_session_on_the_server_and_clears_the_browser(world: World) {
        //
        let anna = world.owner().await;
        let answer = anna.delete("/api/v1/session").await.expect(204);
        assert_eq!(answer.session_cookie().as_deref(), Some(""));
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = anna.delete("/api/v1/session").await.problem(401, "not_signed_in");
    }

    async fn a_session_ends_when_idle_and_sooner_on_a_shared_computer(world: World) {
        //
        let mut anna = world.owner().await;
        let mut library = anna.clone();
        let body = json!({"identifier": anna.email, "password": anna.password, "shared_computer": true});
        let answer = library.post("/api/v1/session", body).await.expect(201);
        library.keep_session(&answer);
        let _ = anna.sign_in().await.expect(201);
        world.later(Duration::from_secs(301));
        let _ = library.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = anna.get("/api/v1/session").await.expect(200);
        world.later(Duration::from_secs(1_801));
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
    }

    async fn the_history_shows_when_from_where_how_and_whether_newest_first(world: World) {
        //
        let mut anna = world.owner().await;
        let firefox = anna.with_header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        world.later(Duration::from_secs(1));
        let _ = try_in(&firefox, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        world.later(Duration::from_secs(1));
        let _ = anna.sign_in().await.expect(201);
        world.later(Duration::from_secs(1));
        let _ = anna.confirm(world).await.expect(200);
        let page = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        let told: Vec<_> = items.iter().map(|item| (item["method"].as_str().unwrap(), item["outcome"].as_str().unwrap())).collect();
        assert_eq!(told, [("email", "accepted"), ("password", "accepted"), ("password", "refused"), ("sign_up", "accepted")]);
        assert_eq!(items[2]["device"], "Firefox, Linux");
        assert_eq!(items[0]["ip"], "127.0.0.1");
        assert_eq!(page["next"], Value::Null);
        // Page by page the same.
        let mut paged = Vec::new();
        let mut path = "/api/v1/account/sign-ins?limit=3".to_owned();
        loop {
            let page = anna.get(&path).await.expect(200).json();
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/account/sign-ins?limit=3&after={next}");
        }
        assert_eq!(paged, *items);
        let _ = anna.get("/api/v1/account/sign-ins?after=x").await.problem(400, "bad_cursor");
        let _ = anna.get("/api/v1/account/sign-ins?limit=201").await.problem(400, "malformed_request");
    }

    async fn an_account_survives_a_restart_and_so_does_what_counts_against_it(world: World) {
        let mut anna = world.owner().await;
        for _ in 0..5 {
            let _ = try_in(&anna, &anna.email, "wrong").await.problem(401, "sign_in_refused");
        }
        world.restart().await;
        anna = returned(world, &anna);
        let _ = try_in(&anna, &anna.email, "wrong").await.problem(429, "too_many_requests");
        world.later(Duration::from_secs(61));
        let _ = anna.sign_in().await.expect(201);
    }
}

#[test]
fn raised_parameters_hash_a_password_again_at_its_next_sign_in() {
    // P-8: the same account, before and after the operator raised the cost.
    World::run_with(seif::testing::Database::Sqlite, "[passwords]\nmemory_kib = 7168\npasses = 5\n", async |world| {
        let mut anna = world.owner().await;
        // The defaults: more memory.
        world.restart_with("").await;
        anna = returned(world, &anna);
        let before = stored_password(world);
        let _ = anna.sign_in().await.expect(201);
        let after = stored_password(world);
        assert_ne!(before, after);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(stored_password(world), after);
    });
}

/// On both databases, since the count is the database's.
fn over_the_service(database: seif::testing::Database) {
    World::run_with(database, "[limits]\nsign_in_over_service = 5\n", async |world| {
        let mut anna = world.owner().await;
        // A list of leaked passwords, tried from many addresses on many identifiers.
        for n in 0..5u8 {
            let one_of_many = world.stranger().from(world, [127, 0, 10 + n, 1]);
            let _ =
                try_in(&one_of_many, &format!("nobody{n}@example.lv"), "wrong").await.problem(401, "sign_in_refused");
        }
        let stranger = world.stranger().from(world, [127, 0, 20, 1]);
        for (identifier, password) in [("nobody6@example.lv", "wrong"), (anna.email.as_str(), anna.password.as_str())] {
            let refused = try_in(&stranger, identifier, password).await;
            // A fifth of the window: as many again until it is over.
            assert_eq!(refused.header("ratelimit"), "\"sign-in-service\";r=0;t=180");
            assert_eq!(refused.header("retry-after"), "180");
            let _ = refused.problem(429, "too_many_requests");
        }
        // Who has come in from there before goes free.
        let _ = anna.sign_in().await.expect(201);
        world.later(Duration::from_secs(181));
        let _ = try_in(&stranger, "nobody6@example.lv", "wrong").await.problem(401, "sign_in_refused");
        let _ = try_in(&stranger, &anna.email, &anna.password).await.problem(429, "too_many_requests");
        world.later(Duration::from_secs(181));
        let _ = try_in(&stranger, &anna.email, &anna.password).await.expect(201);
        let _ = try_in(&stranger, &anna.email, &anna.password).await.expect(201);
    });
}

#[test]
fn after_many_failures_over_the_whole_service_strangers_wait_and_others_do_not_sqlite() {
    over_the_service(seif::testing::Database::Sqlite);
}

#[test]
fn after_many_failures_over_the_whole_service_strangers_wait_and_others_do_not_postgres() {
    over_the_service(seif::testing::Database::Postgres);
}

/// The sealed hash of the one account that is somebody's.
fn stored_password(world: &World) -> Vec<u8> {
    use diesel::prelude::*;
    use seif::kernel::store::StoreError;
    use seif::kernel::store::schema::accounts;
    world
        .app
        .services
        .kernel
        .db()
        .read_here(None, |tx| {
            accounts::table
                .filter(accounts::state.eq(1i16))
                .select(accounts::password)
                .get_result(tx.conn())
                .map_err(StoreError::from)
        })
        .unwrap()
}

//! From where an account may be used (R-24, S-7).

use std::time::Duration;

use seif::each_database;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

const LIST: &str = "/api/v1/account/ip-allowlist";
/// Another address of this machine.
const ELSEWHERE: [u8; 4] = [127, 0, 9, 9];

fn here() -> Value {
    json!({"ranges": ["127.0.0.1", "2001:db8::/48"]})
}

/// A token of the owner's, for reading.
async fn token(owner: &Actor) -> String {
    let made =
        owner.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read"]})).await.expect(201).json();
    made["token"].as_str().unwrap().to_owned()
}

fn mails(world: &World, subject: &str) -> usize {
    world.mails().iter().filter(|mail| mail.contains(subject)).count()
}

each_database! {
    async fn a_list_is_seen_in_one_form_with_advice_and_told_by_mail(world: World) {
        // R-24, S-7, K-7
        let anna = world.owner().await;
        let answer = anna.get(LIST).await.expect(200).json();
        assert_eq!(answer, json!({"ranges": [], "advice": null, "your_address": "127.0.0.1"}));
        let one = anna.put(LIST, json!({"ranges": ["::ffff:127.0.0.1"]})).await.expect(200).json();
        assert_eq!(one, json!({"ranges": ["127.0.0.1"], "advice": "add_another", "your_address": "127.0.0.1"}));
        let two = anna.put(LIST, json!({"ranges": [" 127.0.0.0/24 ", "2001:DB8:0::/48", "127.0.0.0/24"]})).await.expect(200).json();
        assert_eq!(two["ranges"], json!(["127.0.0.0/24", "2001:db8::/48"]));
        assert_eq!(two["advice"], Value::Null);
        assert_eq!(anna.get(LIST).await.expect(200).json(), two);
        world.deliver().await;
        assert_eq!(mails(world, "From where your account"), 2);
        // What stays as it was is no news.
        let _ = anna.put(LIST, json!({"ranges": ["127.0.0.0/24", "2001:db8::/48"]})).await.expect(200);
        world.deliver().await;
        assert_eq!(mails(world, "From where your account"), 2);
    }

    async fn what_is_no_range_is_named_and_nothing_is_changed(world: World) {
        //
        let anna = world.owner().await;
        let wrong = anna.put(LIST, json!({"ranges": ["127.0.0.1", "127.0.0.1/24", "example.lv"]})).await.problem(422, "invalid");
        let told: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect();
        assert_eq!(told, [("/ranges/1", "beyond_prefix"), ("/ranges/2", "not_an_address")]);
        assert!(!wrong.to_string().contains("example"));
        let many: Vec<String> = (0..51).map(|n| format!("127.0.0.{n}")).collect();
        let wrong = anna.put(LIST, json!({"ranges": many})).await.problem(422, "invalid");
        assert_eq!((&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]), (&json!("/ranges"), &json!("too_many")));
        assert_eq!(anna.get(LIST).await.expect(200).json()["ranges"], json!([]));
        let _ = anna.put(LIST, json!({"ranges": &many[..50]})).await.expect(200);
    }

    async fn a_list_acts_on_open_sessions_and_tokens_at_their_next_request(world: World) {
        //
        let anna = world.owner().await;
        let till = anna.with_token(&token(&anna).await);
        let away = anna.from(world, ELSEWHERE);
        let till_away = till.from(world, ELSEWHERE);
        for program in [&away, &till_away, &till] {
            let _ = program.get("/api/v1/collections").await.expect(200);
        }
        let _ = anna.put(LIST, here()).await.expect(200);
        for (path, refused) in [("/api/v1/collections", &away), ("/api/v1/session", &away), (LIST, &away), ("/api/v1/collections", &till_away)] {
            let _ = refused.get(path).await.problem(403, "address_not_allowed");
        }
        let _ = away.put(LIST, json!({"ranges": []})).await.problem(403, "address_not_allowed");
        let _ = away.delete("/api/v1/session").await.problem(403, "address_not_allowed");
        for admitted in [&anna, &till] {
            let _ = admitted.get("/api/v1/collections").await.expect(200);
        }
        // What is open to all stays open, to a stranger.
        let _ = away.get("/api/v1/policies").await.expect(200);
        let _ = anna.put(LIST, json!({"ranges": []})).await.expect(200);
        for program in [&away, &till_away] {
            let _ = program.get("/api/v1/collections").await.expect(200);
        }
    }

    async fn a_list_that_refuses_its_author_must_be_meant(world: World) {
        //
        let anna = world.owner().await;
        let elsewhere = json!({"ranges": ["192.0.2.1", "2001:db8::/48"]});
        let _ = anna.put(LIST, elsewhere.clone()).await.problem(409, "would_lock_out");
        let mut meant = elsewhere.clone();
        meant["confirm_lockout"] = json!(false);
        let _ = anna.put(LIST, meant.clone()).await.problem(409, "would_lock_out");
        let _ = anna.get(LIST).await.expect(200);
        meant["confirm_lockout"] = json!(true);
        let _ = anna.put(LIST, meant).await.expect(200);
        let _ = anna.get(LIST).await.problem(403, "address_not_allowed");
    }

    async fn a_sign_in_from_elsewhere_is_refused_like_a_wrong_password_and_told_to_its_owner(world: World) {
        // S-7
        let mut anna = world.owner().await;
        let _ = anna.put(LIST, here()).await.expect(200);
        let thief = world.stranger().from(world, ELSEWHERE);
        world.later(Duration::from_secs(1));
        let body = |password: &str| json!({"identifier": anna.email, "password": password});
        let right = thief.post("/api/v1/session", body(&anna.password)).await;
        let wrong = thief.post("/api/v1/session", body("Not-Her-Pass-Phrase 78")).await;
        assert_eq!((right.status, &right.bytes), (401, &wrong.bytes));
        assert_eq!(right.json()["code"], "sign_in_refused");
        let names = |headers: &reqwest::header::HeaderMap| headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&right.headers), names(&wrong.headers));
        world.deliver().await;
        assert_eq!(mails(world, "A sign-in to your account"), 1, "of the right password alone");
        world.later(Duration::from_secs(1));
        let _ = anna.sign_in().await.expect(201);
        let history = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        let told: Vec<_> = history["items"].as_array().unwrap().iter().map(|item| (item["ip"].as_str().unwrap(), item["outcome"].as_str().unwrap())).collect();
        assert_eq!(told[..3], [("127.0.0.1", "accepted"), ("127.0.9.9", "refused"), ("127.0.9.9", "refused")]);
    }

    async fn failing_from_elsewhere_with_the_right_password_is_limited_like_any_failing(world: World) {
        let anna = world.owner().await;
        let _ = anna.put(LIST, here()).await.expect(200);
        let thief = world.stranger().from(world, ELSEWHERE);
        let body = json!({"identifier": anna.email, "password": anna.password});
        for _ in 0..5 {
            let _ = thief.post("/api/v1/session", body.clone()).await.problem(401, "sign_in_refused");
        }
        let _ = thief.post("/api/v1/session", body).await.problem(429, "too_many_requests");
    }

    async fn a_list_survives_a_restart_and_is_the_accounts_own(world: World) {
        let anna = world.owner().await;
        let bert = world.owner().await;
        let _ = anna.put(LIST, here()).await.expect(200);
        world.restart().await;
        let _ = anna.moved_to(world).get(LIST).await.expect(200);
        let _ = anna.from(world, ELSEWHERE).get(LIST).await.problem(403, "address_not_allowed");
        let answer = bert.from(world, ELSEWHERE).get(LIST).await.expect(200).json();
        assert_eq!((&answer["ranges"], &answer["your_address"]), (&json!([]), &json!("127.0.9.9")));
    }

    async fn the_page_asks_before_it_locks_its_reader_out(world: World) {
        //
        let anna = world.owner().await.with_header("accept", "text/html");
        let page = anna.get("/account/addresses").await.expect(200).page();
        assert!(page.contains("127.0.0.1") && page.contains("may be used from anywhere"));
        let form = |body: &str| Some(("application/x-www-form-urlencoded", body.as_bytes().to_vec()));
        let post = |body: &'static str| anna.send_bytes(reqwest::Method::POST, "/account/addresses", form(body));
        let page = post("ranges=127.0.0.1%0D%0A%0D%0Anowhere").await.expect(422).page();
        assert!(page.contains("Look at these lines: 3") && page.contains("nowhere"), "{page}");
        let page = post("ranges=192.0.2.1").await.expect(409).page();
        assert!(page.contains("confirm_lockout") && page.contains("192.0.2.1"));
        assert_eq!(post("ranges=127.0.0.1").await.expect(303).header("location"), "/account/addresses?news=addresses_saved");
        let page = anna.get("/account/addresses").await.expect(200).page();
        assert!(page.contains("Add another"));
        let away = anna.from(world, ELSEWHERE);
        let refused = away.get("/account/addresses").await.expect(403).page();
        assert!(refused.contains("Not from this address"), "{refused}");
        let _ = away.get("/sign-in").await.expect(200);
        assert_eq!(post("ranges=192.0.2.1&confirm_lockout=yes").await.expect(303).header("location"), "/account/addresses?news=addresses_saved");
        let _ = anna.get("/account/addresses").await.expect(403);
    }
}

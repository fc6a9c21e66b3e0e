//! Approval of a sign-in on another device (S-3).

use std::time::Duration;

use futures_util::future::{join, join_all};
use seif::each_database;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

const APPROVALS: &str = "/api/v1/account/approvals";
const SETTINGS: &str = "/api/v1/account/approvals/settings";
const CONFIRMATIONS: &str = "/api/v1/session/confirmations";

/// The same person on another device, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

/// A sign-in that waits: its address, its approval's address, and the number that it shows.
async fn asks(actor: &Actor) -> (String, String, String) {
    let begun = actor.post(CONFIRMATIONS, json!({"method": "device"})).await.expect(201).json();
    assert_eq!(begun["method"], "device");
    let id = begun["id"].as_str().unwrap();
    let code = begun["control_code"].as_str().unwrap().to_owned();
    assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    (format!("{CONFIRMATIONS}/{id}"), format!("{APPROVALS}/{id}"), code)
}

/// What waits to be approved here.
async fn waiting(actor: &Actor) -> Vec<Value> {
    actor.get(APPROVALS).await.expect(200).json()["items"].as_array().unwrap().clone()
}

fn approve(code: &str) -> Value {
    json!({"decision": "approve", "control_code": code})
}

/// Whether the session could be confirmed on another device.
async fn is_offered(actor: &Actor) -> bool {
    let session = actor.get("/api/v1/session").await.expect(200).json();
    session["methods"].as_array().unwrap().iter().any(|method| method["method"] == "device")
}

async fn assurance(actor: &Actor) -> Value {
    actor.get("/api/v1/session").await.expect(200).json()["assurance"].clone()
}

/// How many mails of this subject have come to somebody.
async fn mails(world: &World, actor: &Actor, subject: &str) -> usize {
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(subject);
    world.mails().iter().filter(its_own).count()
}

each_database! {
    async fn a_confirmed_session_approves_a_sign_in_by_the_number_that_the_other_screen_shows(world: World) {
        // S-3
        let anna = world.owner().await;
        let mut other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        let items = waiting(&anna).await;
        assert_eq!(items.len(), 1);
        let choices: Vec<&str> = items[0]["choices"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        assert_eq!(choices.len(), 3);
        assert_eq!(choices.iter().filter(|choice| **choice == code).count(), 1);
        assert_eq!((&items[0]["ip"], &items[0]["device"]), (&json!("127.0.0.1"), &json!("Story/1.0")));
        let early = other.put(&path, json!({})).await.expect(409);
        assert_eq!(early.header("retry-after"), "2");
        let _ = early.problem(409, "not_yet_approved");
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        assert!(waiting(&anna).await.is_empty());
        let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
        let before = other.session.clone();
        // Entries of one moment have no order: this one is to be the newest.
        world.later(Duration::from_secs(1));
        let raised = other.put(&path, json!({})).await.expect(200);
        assert_eq!(raised.json()["assurance"], "confirmed");
        other.keep_session(&raised);
        assert_ne!(other.session, before);
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        // K-7, R-23
        let history = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        assert_eq!((&history["items"][0]["method"], &history["items"][0]["outcome"]), (&json!("device"), &json!("accepted")));
        assert_eq!(mails(world, &anna, "was approved on another device").await, 1);
        assert!(world.mails().iter().all(|mail| !mail.contains("http")));
    }

    async fn an_approval_is_worth_what_the_approving_session_has_shown_and_no_fresher(world: World) {
        // S-3
        let mut anna = world.owner().await;
        let app = anna.enrol_app(world).await;
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let raise = async |anna: &Actor| {
            let mut other = elsewhere(anna).await;
            let (path, approval, code) = asks(&other).await;
            let _ = anna.put(&approval, approve(&code)).await.expect(204);
            let raised = other.put(&path, json!({})).await.expect(200);
            other.keep_session(&raised);
            (raised.json()["assurance"].clone(), other)
        };
        let (now, strong) = raise(&anna).await;
        assert_eq!(now, "strong");
        let token = json!({"name": "till", "scopes": ["records:read"]});
        let _ = strong.post("/api/v1/tokens", token.clone()).await.expect(201);
        // Its strong proof ages with the approving session's: it is no way to make it younger.
        world.later(Duration::from_secs(601));
        let _ = strong.post("/api/v1/tokens", token.clone()).await.problem(403, "confirmation_required");
        let (later, confirmed) = raise(&anna).await;
        assert_eq!(later, "confirmed");
        let problem = confirmed.post("/api/v1/tokens", token).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["totp"]));
    }

    async fn an_approval_by_a_session_that_was_confirmed_long_ago_is_not_fresh(world: World) {
        let mut anna = world.owner().await;
        world.later(Duration::from_secs(700));
        let mut other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        let raised = other.put(&path, json!({})).await.expect(200);
        other.keep_session(&raised);
        let token = json!({"name": "till", "scopes": ["records:read"]});
        let problem = other.post("/api/v1/tokens", token.clone()).await.problem(403, "confirmation_required");
        assert_eq!((&problem["assurance"], &problem["methods"]), (&json!("fresh"), &json!(["email"])));
        let _ = anna.confirm(world).await.expect(200);
        let problem = other.post("/api/v1/tokens", token).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["email", "device"]));
    }

    async fn it_is_offered_only_while_another_confirmed_session_of_the_account_lasts(world: World) {
        let anna = world.owner().await;
        let ask = json!({"method": "device"});
        assert!(!is_offered(&anna).await);
        let _ = anna.post(CONFIRMATIONS, ask.clone()).await.problem(422, "invalid");
        let other = elsewhere(&anna).await;
        assert!(is_offered(&other).await);
        // A session with the password alone can approve nothing.
        assert!(!is_offered(&anna).await);
        let _ = anna.post(CONFIRMATIONS, ask.clone()).await.problem(422, "invalid");
        let stranger = world.owner().await;
        assert!(!is_offered(&stranger).await);
        let problem = other.post("/api/v1/collections", json!({})).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["email", "device"]));
        world.later(Duration::from_secs(1790));
        assert!(is_offered(&other).await);
        world.later(Duration::from_secs(20));
        assert!(!is_offered(&other).await, "the other session was idle for too long");
        let _ = other.post(CONFIRMATIONS, ask).await.problem(422, "invalid");
    }

    async fn signing_out_takes_the_approval_with_it(world: World) {
        let mut anna = world.owner().await;
        let mut other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        let _ = anna.delete("/api/v1/session").await.expect(204);
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        assert_eq!(assurance(&other).await, "password");
        // And so does the sign-out of who waits.
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        let (_, approval, code) = asks(&other).await;
        let _ = other.delete("/api/v1/session").await.expect(204);
        assert!(waiting(&anna).await.is_empty());
        let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
        let _ = other.sign_in().await.expect(201);
    }

    async fn an_approving_session_that_runs_out_before_the_approval_is_taken_gives_nothing(world: World) {
        let anna = world.owner().await;
        for _ in 0..23 {
            world.later(Duration::from_secs(1797));
            let _ = anna.get("/api/v1/session").await.expect(200);
        }
        world.later(Duration::from_secs(1797));
        let other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        world.later(Duration::from_secs(100));
        let _ = anna.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        assert_eq!(assurance(&other).await, "password");
    }

    async fn a_wrong_number_ends_the_request_and_so_does_a_refusal(world: World) {
        // S-3: with three numbers, a second guess would be worth having.
        let anna = world.owner().await;
        let other = elsewhere(&anna).await;
        world.later(Duration::from_secs(1));
        let (path, approval, code) = asks(&other).await;
        let choices = waiting(&anna).await[0]["choices"].clone();
        let wrong = choices.as_array().unwrap().iter().find(|choice| **choice != code.as_str()).unwrap().as_str().unwrap();
        let _ = anna.put(&approval, approve(wrong)).await.problem(422, "code_refused");
        let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        for decision in ["refuse", "report"] {
            let (path, approval, code) = asks(&other).await;
            let _ = anna.put(&approval, json!({"decision": decision})).await.expect(204);
            let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
            let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        }
        assert_eq!(assurance(&other).await, "password");
        let history = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        for entry in &history["items"].as_array().unwrap()[..3] {
            assert_eq!((&entry["method"], &entry["outcome"], &entry["ip"]), (&json!("device"), &json!("refused"), &json!("127.0.0.1")));
        }
        assert_eq!(mails(world, &anna, "was not approved").await, 3);
        assert_eq!(mails(world, &anna, "You reported a sign-in").await, 1);
    }

    async fn what_is_no_decision_is_refused_and_ends_nothing(world: World) {
        let anna = world.owner().await;
        let other = elsewhere(&anna).await;
        let (_, approval, code) = asks(&other).await;
        for (body, pointer) in [(json!({"decision": "maybe"}), "/decision"), (json!({"decision": "approve"}), "/control_code")] {
            let problem = anna.put(&approval, body).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
    }

    async fn nobody_approves_their_own_session_or_another_s(world: World) {
        let anna = world.owner().await;
        let mut other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        // With the password alone nothing is seen and nothing decided.
        let third = elsewhere(&anna).await;
        for session in [&other, &third] {
            let _ = session.get(APPROVALS).await.problem(403, "confirmation_required");
            let _ = session.put(&approval, approve(&code)).await.problem(403, "confirmation_required");
        }
        // Another account's is one that never was.
        let berta = world.owner().await;
        assert!(waiting(&berta).await.is_empty());
        let theirs = berta.put(&approval, approve(&code)).await.problem(404, "not_found");
        let never = format!("{APPROVALS}/01947a2e-6f00-7000-8000-000000000001");
        assert_eq!(theirs, berta.put(&never, approve(&code)).await.problem(404, "not_found"));
        let _ = berta.put(&path, json!({})).await.problem(422, "code_refused");
        let _ = third.put(&path, json!({})).await.problem(422, "code_refused");
        // A confirmed session that asks for more does not approve itself.
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        let raised = other.put(&path, json!({})).await.expect(200);
        other.keep_session(&raised);
        let (path, approval, code) = asks(&other).await;
        assert!(waiting(&other).await.is_empty());
        let _ = other.put(&approval, approve(&code)).await.problem(404, "not_found");
        let _ = other.put(&path, json!({})).await.problem(409, "not_yet_approved");
    }

    async fn a_request_ends_after_two_minutes_and_asking_is_no_try(world: World) {
        let anna = world.owner().await;
        let other = elsewhere(&anna).await;
        let (path, approval, code) = asks(&other).await;
        for _ in 0..12 {
            let _ = other.put(&path, json!({})).await.problem(409, "not_yet_approved");
        }
        world.later(Duration::from_secs(119));
        assert_eq!(waiting(&anna).await.len(), 1);
        world.later(Duration::from_secs(1));
        assert!(waiting(&anna).await.is_empty());
        let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        // Approved in time and taken too late is nothing either.
        let (path, approval, code) = asks(&other).await;
        let _ = anna.put(&approval, approve(&code)).await.expect(204);
        world.later(Duration::from_secs(120));
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
    }

    async fn requests_are_three_an_hour_and_then_ever_rarer(world: World) {
        let anna = world.owner().await;
        let others = [elsewhere(&anna).await, elsewhere(&anna).await];
        for number in 0..3 {
            let _ = asks(&others[number % 2]).await;
        }
        let ask = json!({"method": "device"});
        for (at, minutes) in [(0, 10_u64), (1, 20)] {
            let other = &others[at];
            let refused = other.post(CONFIRMATIONS, ask.clone()).await;
            assert_eq!(refused.header("retry-after"), (minutes * 60).to_string());
            let _ = refused.problem(429, "too_many_requests");
            let _ = anna.get("/api/v1/session").await.expect(200);
            world.later(Duration::from_secs(minutes * 60));
            let _ = anna.get("/api/v1/session").await.expect(200);
            let _ = asks(other).await;
        }
        // The owner's other ways are open.
        let _ = others[0].post(CONFIRMATIONS, json!({"method": "email"})).await.expect(201);
    }

    async fn an_account_can_switch_it_off_and_what_waits_ends_with_it(world: World) {
        let anna = world.owner().await;
        let other = elsewhere(&anna).await;
        assert_eq!(anna.get(SETTINGS).await.expect(200).json(), json!({"allowed": true}));
        let (path, approval, code) = asks(&other).await;
        let _ = other.put(SETTINGS, json!({"allowed": false})).await.problem(403, "confirmation_required");
        assert_eq!(anna.put(SETTINGS, json!({"allowed": false})).await.expect(200).json(), json!({"allowed": false}));
        let _ = anna.put(&approval, approve(&code)).await.problem(404, "not_found");
        let _ = other.put(&path, json!({})).await.problem(422, "code_refused");
        assert!(!is_offered(&other).await);
        let _ = other.post(CONFIRMATIONS, json!({"method": "device"})).await.problem(422, "invalid");
        assert_eq!(other.get(SETTINGS).await.expect(200).json(), json!({"allowed": false}));
        let _ = anna.put(SETTINGS, json!({"allowed": true})).await.expect(200);
        let _ = asks(&other).await;
    }

    async fn of_two_decisions_at_once_one_counts_and_of_two_takings_too(world: World) {
        let anna = world.owner().await;
        let mut also = elsewhere(&anna).await;
        let _ = also.confirm(world).await.expect(200);
        for round in 0..3_u64 {
            let other = elsewhere(&anna).await;
            let (path, approval, code) = asks(&other).await;
            let (one, two) = join(anna.put(&approval, approve(&code)), also.put(&approval, approve(&code))).await;
            let mut told = [one.status, two.status];
            told.sort_unstable();
            assert_eq!(told, [204, 404], "{round}");
            let answers = join_all((0..4).map(|_| other.put(&path, json!({})))).await;
            let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
            // Whoever came after the first has a cookie that stands for nothing any more.
            assert!(told.iter().all(|status| [200, 422, 401].contains(status)), "{told:?}");
        }
    }
}

//! What was good once is good for nothing the second time.

use seif::testing::World;
use serde_json::json;

use crate::rows::Beside;

/// How many people, businesses and sessions there are.
fn counted(world: &World) -> Vec<i64> {
    let mut beside = Beside::of(world);
    ["accounts", "tenants", "members", "sessions", "key_versions"].map(|table| beside.count(table)).to_vec()
}

seif::each_database! {
    async fn a_code_that_made_a_business_makes_no_other(world: World) {
        let name = world.somebody();
        let stranger = world.stranger();
        let email = format!("{}@example.lv", name.to_lowercase());
        let begun = stranger.post("/api/v1/signups", json!({"email": email, "language": "lv"})).await.expect(202).json();
        let path = format!("/api/v1/signups/{}", begun["id"].as_str().unwrap());
        let body = json!({
            "code": world.code_for(&email).await, "password": stranger.password, "name": format!("Anna {name}"),
            "tenant": {"kind": "self_employed", "name": format!("{name} and daughters"), "country": "LV"},
            "acknowledged": world.documents(&stranger).await,
        });
        let _ = stranger.put(&path, body.clone()).await.expect(201);
        let before = counted(world);
        for _ in 0..3 {
            let again = stranger.put(&path, body.clone()).await;
            assert!(again.session_cookie().is_none());
            let _ = again.problem(422, "code_refused");
        }
        // Nor does it fit another sign-up, of the same address or of another.
        for email in [email, format!("other-{}@example.lv", name.to_lowercase())] {
            let begun = stranger.post("/api/v1/signups", json!({"email": email, "language": "lv"})).await.expect(202).json();
            let path = format!("/api/v1/signups/{}", begun["id"].as_str().unwrap());
            let code = world.mails().len();
            world.deliver().await;
            let newest = world.mails();
            // The codes are random: once in a million the new one is the old one.
            if !newest[code..].iter().any(|mail| mail.contains(body["code"].as_str().unwrap())) {
                let _ = stranger.put(&path, body.clone()).await.problem(422, "code_refused");
            }
        }
        assert_eq!(counted(world), before);
    }

    async fn a_code_that_confirmed_a_session_confirms_none_again_and_the_old_cookie_is_dead(world: World) {
        let mut owner = world.owner().await;
        let _ = owner.sign_in().await.expect(201);
        world.later(std::time::Duration::from_secs(1));
        let begun = owner.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
        let path = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().unwrap());
        let body = json!({"code": world.code_for(&owner.email).await});
        let before = owner.clone();
        let raised = owner.put(&path, body.clone()).await.expect(200);
        owner.keep_session(&raised);
        assert_ne!(owner.session, before.session);
        // The session as it was before is nobody's; neither it nor another is raised by the code.
        let _ = before.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = before.put(&path, body.clone()).await.problem(401, "not_signed_in");
        let mut second = owner.clone();
        let _ = second.sign_in().await.expect(201);
        let counts = counted(world);
        for actor in [&owner, &second] {
            let again = actor.put(&path, body.clone()).await;
            assert!(again.session_cookie().is_none());
            assert!([404, 422].contains(&again.status), "{}", again.status);
        }
        assert_eq!(second.get("/api/v1/session").await.expect(200).json()["assurance"], "password");
        assert_eq!(counted(world), counts);
        // A cookie that was signed out is replayed in vain.
        let _ = owner.delete("/api/v1/session").await.expect(204);
        let _ = owner.get("/api/v1/collections").await.problem(401, "not_signed_in");
    }
}

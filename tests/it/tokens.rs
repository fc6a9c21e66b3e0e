//! API tokens: made by who is confirmed, shown once, of one tenant and its scopes, revoked for good.

use std::time::Duration;

use seif::each_database;
use seif::testing::Actor;
use serde_json::{Value, json};

/// Makes a token: its id and itself.
async fn token(actor: &Actor, scopes: &[&str], expires_at: Option<String>) -> (String, String) {
    let body = json!({"name": "till", "scopes": scopes, "expires_at": expires_at});
    let made = actor.post("/api/v1/tokens", body).await.expect(201).json();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

/// The collections, seen through a token.
async fn look(actor: &Actor, token: &str) -> u16 {
    actor.with_token(token).get("/api/v1/collections").await.status
}

each_database! {
    async fn a_token_is_shown_once_and_does_what_its_scopes_say(world: World) {
        let anna = world.owner().await;
        let (id, secret) = token(&anna, &["records:read"], None).await;
        assert!(secret.starts_with("seif_"));
        let list = anna.get("/api/v1/tokens").await.expect(200);
        assert!(!list.text().contains(&secret));
        let item = &list.json()["items"][0];
        assert_eq!((&item["id"], &item["name"], &item["scopes"]), (&json!(id), &json!("till"), &json!(["records:read"])));
        assert_eq!(item["account_id"].as_str(), anna.account.as_deref());
        assert_eq!(look(&anna, &secret).await, 200);
        let program = anna.with_token(&secret);
        let collection = json!({"name": "Customers", "fields": [{"name": "name", "label": "Name", "kind": "text"}]});
        let _ = program.post("/api/v1/collections", collection).await.problem(403, "forbidden");
        // Never by a token, whatever it may.
        for scope in ["records:write", "members:read", "audit:read"] {
            let (_, secret) = token(&anna, &[scope], None).await;
            let program = anna.with_token(&secret);
            assert_eq!(program.get("/api/v1/tokens").await.status, 403);
            assert_eq!(program.post("/api/v1/tokens", json!({"name": "x", "scopes": [scope]})).await.status, 403);
            assert_eq!(program.get("/api/v1/session").await.status, 401);
        }
    }

    async fn a_token_is_made_by_who_has_confirmed_within_ten_minutes(world: World) {
        // S-3
        let mut anna = world.owner().await;
        world.later(Duration::from_secs(601));
        let body = json!({"name": "till", "scopes": ["records:read"]});
        let problem = anna.post("/api/v1/tokens", body.clone()).await.problem(403, "confirmation_required");
        assert_eq!(problem["assurance"], "fresh");
        let _ = anna.confirm(world).await.expect(200);
        let _ = anna.post("/api/v1/tokens", body).await.expect(201);
    }

    async fn a_revoked_token_and_one_that_has_ended_work_nowhere(world: World) {
        let anna = world.owner().await;
        let (id, secret) = token(&anna, &["records:read"], None).await;
        let _ = anna.delete(&format!("/api/v1/tokens/{id}")).await.expect(204);
        assert_eq!(look(&anna, &secret).await, 401);
        let _ = anna.delete(&format!("/api/v1/tokens/{id}")).await.problem(404, "not_found");
        assert_eq!(anna.get("/api/v1/tokens").await.json()["items"], json!([]));
        // Where no restore of the data takes it back.
        let revoked = world.app.services.kernel.keyring().revoked_tokens().unwrap();
        assert_eq!(revoked.iter().map(ToString::to_string).collect::<Vec<_>>(), [id]);

        let soon = world.clock.now().plus(Duration::from_secs(60)).rfc3339();
        let (_, secret) = token(&anna, &["records:read"], Some(soon)).await;
        assert_eq!(look(&anna, &secret).await, 200);
        world.later(Duration::from_secs(60));
        assert_eq!(look(&anna, &secret).await, 401);
    }

    async fn a_token_that_was_asked_for_twice_with_one_key_is_made_once_and_not_shown_again(world: World) {
        let anna = world.owner().await.with_header("idempotency-key", "till-1");
        let (id, _) = token(&anna, &["records:read"], None).await;
        let body = json!({"name": "till", "scopes": ["records:read"], "expires_at": null});
        assert_eq!(anna.post("/api/v1/tokens", body).await.problem(409, "already_done")["id"], id.as_str());
        let other = json!({"name": "till", "scopes": ["records:write"]});
        let _ = anna.post("/api/v1/tokens", other).await.problem(422, "idempotency_mismatch");
        assert_eq!(anna.get("/api/v1/tokens").await.json()["items"].as_array().unwrap().len(), 1);
    }

    async fn another_tenants_token_is_one_that_never_existed(world: World) {
        let anna = world.owner().await;
        let berta = world.owner().await;
        let (id, secret) = token(&anna, &["records:read"], None).await;
        let theirs = berta.delete(&format!("/api/v1/tokens/{id}")).await.problem(404, "not_found");
        let never = berta.delete("/api/v1/tokens/01947a2e-6f00-7000-8000-000000000001").await.problem(404, "not_found");
        assert_eq!(theirs, never);
        assert_eq!(berta.get("/api/v1/tokens").await.expect(200).json(), json!({"items": [], "next": null}));
        assert_eq!(look(&anna, &secret).await, 200);
        // A token names its tenant by itself; naming another is naming none.
        let crossed = anna.with_token(&secret).with_header("seif-tenant", berta.tenant.as_deref().unwrap());
        let _ = crossed.get("/api/v1/collections").await.problem(404, "not_found");
    }

    async fn what_is_wrong_with_a_token_is_named_and_a_limit_that_would_not_be_kept_is_refused(world: World) {
        let anna = world.owner().await;
        let body = json!({"name": " ", "scopes": ["records:read", "records"], "expires_at": "2020-01-01T00:00:00Z"});
        let problem = anna.post("/api/v1/tokens", body).await.problem(422, "invalid");
        let errors = problem["errors"].as_array().unwrap();
        let pointers: Vec<&Value> = errors.iter().map(|error| &error["pointer"]).collect();
        assert_eq!(pointers, ["/name", "/scopes/1", "/expires_at"]);
        let limited = json!({"name": "till", "scopes": ["records:read"], "limits": {"records_per_day": 5}});
        let _ = anna.post("/api/v1/tokens", limited).await.problem(422, "invalid");
        let body = json!({"name": "till", "scopes": ["records:read"], "limits": {}});
        let _ = anna.post("/api/v1/tokens", body).await.expect(201);
    }

    async fn tokens_come_page_by_page(world: World) {
        let anna = world.owner().await;
        let mut made = Vec::new();
        for _ in 0..5 {
            world.later(Duration::from_millis(2));
            made.push(token(&anna, &["records:read"], None).await.0);
        }
        let first = anna.get("/api/v1/tokens?limit=3").await.expect(200).json();
        let second = anna.get(&format!("/api/v1/tokens?limit=3&after={}", first["next"].as_str().unwrap())).await.expect(200).json();
        let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!([ids(&first), ids(&second)].concat(), made);
        assert_eq!(second["next"], Value::Null);
    }
}

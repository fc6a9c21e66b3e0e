//! Requests that are sent twice are done once, over HTTP.

use std::time::Duration;

use seif::each_database;
use serde_json::json;

use crate::rows::Beside;
use crate::shelf::{RECORDS, customers, fields, ids, somebody, token};

each_database! {
    async fn the_same_request_again_gets_the_first_answer_and_does_nothing(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let keyed = owner.with_header("idempotency-key", "order-17");
        let body = json!({"values": somebody("1")});
        let first = keyed.post(RECORDS, body.clone()).await.expect(201);
        let again = keyed.post(RECORDS, body).await.expect(201);
        assert_eq!(first.bytes, again.bytes);
        for header in ["location", "etag", "content-type"] {
            assert_eq!(first.header(header), again.header(header));
        }
        assert_eq!(ids(&owner.get(RECORDS).await.expect(200).json()).len(), 1);
    }

    async fn another_body_under_the_same_key_is_refused(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let keyed = owner.with_header("idempotency-key", "order-17");
        let _ = keyed.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
        let _ = keyed.post(RECORDS, json!({"values": somebody("2")})).await.problem(422, "idempotency_mismatch");
        assert_eq!(ids(&owner.get(RECORDS).await.expect(200).json()).len(), 1);
    }

    async fn a_key_stands_for_24_hours_for_one_actor_and_one_route(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let keyed = owner.with_header("idempotency-key", "k");
        let _ = keyed.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
        let batch = json!({"records": [{"values": somebody("2")}]});
        let made = keyed.post(&format!("{RECORDS}/batch"), batch.clone()).await.expect(201).json();
        assert_eq!(keyed.post(&format!("{RECORDS}/batch"), batch).await.expect(201).json(), made);
        let _ = keyed.post("/api/v1/collections", json!({"name": "Other", "fields": fields()})).await.expect(201);
        let program = token(&owner, &["records:write", "records:read"]).await.with_header("idempotency-key", "k");
        let _ = program.post(RECORDS, json!({"values": somebody("3")})).await.expect(201);
        let neighbour = world.owner().await;
        customers(&neighbour).await;
        let _ = neighbour.with_header("idempotency-key", "k").post(RECORDS, json!({"values": somebody("9")})).await.expect(201);
        world.later(Duration::from_secs(23 * 3600));
        let _ = program.post(RECORDS, json!({"values": somebody("4")})).await.problem(422, "idempotency_mismatch");
        world.later(Duration::from_secs(3601));
        let _ = program.post(RECORDS, json!({"values": somebody("4")})).await.expect(201);
    }

    async fn a_refused_request_may_be_sent_again_under_its_key(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let keyed = owner.with_header("idempotency-key", "k");
        let _ = keyed.post(RECORDS, json!({"values": {}})).await.problem(422, "invalid");
        let _ = keyed.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
    }

    async fn parallel_repeats_make_one_record(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let keyed = owner.with_header("idempotency-key", "k");
        let body = json!({"values": somebody("1")});
        let post = || keyed.post(RECORDS, body.clone());
        let (a, b, c, d) = tokio::join!(post(), post(), post(), post());
        let first = a.expect(201).json();
        for answer in [b, c, d] {
            assert_eq!(answer.expect(201).json(), first);
        }
        assert_eq!(ids(&owner.get(RECORDS).await.expect(200).json()).len(), 1);
    }

    async fn keys_that_stand_no_longer_go_from_every_tenant_though_nobody_comes_back(world: World) {
        let mut programs = Vec::new();
        for _ in 0..2 {
            let owner = world.owner().await;
            customers(&owner).await;
            programs.push(token(&owner, &["records:read", "records:write"]).await);
        }
        for program in &programs {
            for key in ["a", "b"] {
                let _ = program.with_header("idempotency-key", key).post(RECORDS, json!({"values": somebody(key)})).await.expect(201);
            }
        }
        world.later(Duration::from_secs(23 * 3600));
        let keyed = programs[0].with_header("idempotency-key", "c");
        let first = keyed.post(RECORDS, json!({"values": somebody("c")})).await.expect(201);
        let mut db = Beside::of(world);
        world.app.sweep().await;
        assert_eq!(db.count("idempotency"), 5, "within 24 hours all of them stand");
        world.later(Duration::from_secs(3600));
        world.app.sweep().await;
        assert_eq!(db.count("idempotency"), 1);
        assert_eq!(keyed.post(RECORDS, json!({"values": somebody("c")})).await.expect(201).bytes, first.bytes);
    }

    async fn a_key_that_is_none_is_refused(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let long = "x".repeat(256);
        for key in ["a b", long.as_str()] {
            let answer = owner.with_header("idempotency-key", key).post(RECORDS, json!({"values": somebody("1")})).await;
            let _ = answer.problem(400, "malformed_request");
        }
    }
}

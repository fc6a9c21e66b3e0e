//! What a stop and a start leave as it was, and what a restored database cannot bring back.

use diesel::{ExpressionMethods as _, RunQueryDsl as _};
use seif::each_database;
use seif::kernel::store::StoreError;
use seif::kernel::store::schema::tokens;
use serde_json::json;

each_database! {
    async fn a_session_a_token_and_the_data_outlive_a_restart(world: World) {
        let owner = world.owner().await;
        let made = owner.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read", "collections:write"]})).await.expect(201).json();
        let token = owner.with_token(made["token"].as_str().unwrap());
        let _ = token.post("/api/v1/collections", json!({"template": "customers"})).await.expect(201);
        world.restart().await;
        let owner = owner.moved_to(world);
        let token = owner.with_token(made["token"].as_str().unwrap());
        assert_eq!(owner.get("/api/v1/session").await.expect(200).json()["assurance"], "confirmed");
        let _ = token.get("/api/v1/collections/customers").await.expect(200);
    }

    async fn a_revoked_token_stays_revoked_when_the_database_says_otherwise(world: World) {
        let owner = world.owner().await;
        let made = owner.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read"]})).await.expect(201).json();
        let _ = owner.delete(&format!("/api/v1/tokens/{}", made["id"].as_str().unwrap())).await.expect(204);
        // An older back-up of the data knows the token as it was.
        let restored = world.app.services.kernel.db().write(Vec::new(), |tx| {
            diesel::update(tokens::table).set(tokens::state.eq(1_i16)).execute(tx.conn())?;
            Ok::<_, StoreError>(())
        });
        restored.await.unwrap();
        world.restart().await;
        let token = owner.moved_to(world).with_token(made["token"].as_str().unwrap());
        let _ = token.get("/api/v1/collections").await.problem(401, "not_signed_in");
    }
}

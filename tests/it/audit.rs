//! The audit: every read and write stands in it, and a change of it shows, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::kernel::audit;
use seif::kernel::crypto::OwnerKeys;
use seif::kernel::personal::Personal;
use seif::kernel::store::{StoreError, Tx};
use seif::kernel::tenancy::{Origin, TenantScope};
use seif::testing::{Actor, World};
use serde_json::json;

use crate::rows::Beside;
use crate::shelf::{RECORDS, SEARCH, customer, customers, ids, pages, place, token};

async fn actions(owner: &Actor) -> Vec<String> {
    let page = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap().to_owned()).collect()
}

each_database! {
    async fn every_write_and_every_read_is_in_the_audit(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        let place = place(&made);
        let _ = owner.get(&place).await.expect(200);
        let _ = owner.get(&format!("{place}?reveal=iban")).await.expect(200);
        let _ = owner.get(RECORDS).await.expect(200);
        let _ = owner.post(SEARCH, json!({"text": "anna"})).await.expect(200);
        let _ = owner.get(&format!("{place}/versions")).await.expect(200);
        let _ = owner.with_header("if-match", "*").patch(&place, json!({"values": {"notes": "x"}})).await.expect(200);
        let _ = owner.with_header("if-match", "*").delete(&place).await.expect(204);
        let _ = owner.send(Method::POST, &format!("{place}/restore"), None).await.expect(200);
        let found = actions(&owner).await;
        for action in [
            "collection_created", "record_created", "record_read", "record_revealed", "records_listed", "records_searched",
            "record_history_read", "record_changed", "record_trashed", "record_restored",
        ] {
            assert_eq!(found.iter().filter(|found| *found == action).count(), 1, "{action} in {found:?}");
        }
        let page = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        let read = page["items"].as_array().unwrap().iter().find(|item| item["action"] == "record_revealed").unwrap();
        assert!(read["subjects"].as_array().unwrap().contains(&json!({"record": made.json()["id"]})));
        assert_eq!(read["subjects"].as_array().unwrap().len(), 3, "the collection, the record, the field");
        assert_eq!(read["actor"]["account"], owner.account.clone().unwrap());
        assert_eq!((&read["actor"]["address"], &read["actor"]["device"]), (&json!("127.0.0.1"), &json!("Story/1.0")));
    }

    async fn a_refused_request_leaves_nothing_in_the_audit(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let before = actions(&owner).await.len();
        let _ = owner.post(RECORDS, json!({"values": {}})).await.problem(422, "invalid");
        let _ = owner.get(&format!("{RECORDS}/01890a5d-ac96-774b-bcce-b302099a8057")).await.problem(404, "not_found");
        assert_eq!(actions(&owner).await.len(), before + 1, "only that the audit was read");
    }

    async fn the_chain_is_verified_with_every_read_noted_so_far(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        customer(&owner, "1").await;
        let first = owner.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(first["intact"], true);
        assert_eq!(first["head"].as_str().unwrap().len(), 64);
        let _ = owner.get(RECORDS).await.expect(200);
        let second = owner.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(second["entries"].as_u64().unwrap(), first["entries"].as_u64().unwrap() + 2, "the list, and the verification");
        assert_ne!(second["head"], first["head"]);
    }

    async fn the_audit_comes_in_pages_newest_first(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        for number in 0..5 {
            world.later(Duration::from_secs(1));
            customer(&owner, &number.to_string()).await;
        }
        world.later(Duration::from_secs(1));
        let whole = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        world.later(Duration::from_secs(1));
        let paged: Vec<String> = pages(&owner, "/api/v1/audit", 2).await.iter().flat_map(ids).collect();
        // Each page that is read is an entry itself, above those that follow.
        assert!(paged.ends_with(&ids(&whole)));
    }

    async fn only_admins_and_tokens_for_it_read_the_audit(world: World) {
        let owner = world.owner().await;
        let reader = token(&owner, &["records:read"]).await;
        for path in ["/api/v1/audit", "/api/v1/audit/verification"] {
            let _ = reader.get(path).await.problem(403, "forbidden");
            let _ = world.stranger().get(path).await.problem(401, "not_signed_in");
            let _ = token(&owner, &["audit:read"]).await.get(path).await.expect(200);
        }
    }

    async fn a_changed_missing_or_foreign_entry_shows_in_the_verification(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        for number in ["1", "2", "3", "4"] {
            customer(&owner, number).await;
        }
        let other = world.owner().await;
        customers(&other).await;
        world.app.services.kernel.journal().flush().unwrap();
        let verified = async || owner.get("/api/v1/audit/verification").await.expect(200).json()["intact"] == true;
        assert!(verified().await);
        let mut db = Beside::of(world);
        let whose = format!("tenant_id = {}", db.id(owner.tenant.as_deref().unwrap()));
        // One that another follows in its lane, and the same one whatever the readings add meanwhile.
        let followed = "EXISTS (SELECT 1 FROM audit_entries n WHERE n.tenant_id = e.tenant_id AND n.lane = e.lane AND n.seq = e.seq + 1)";
        let picked = format!("SELECT id FROM audit_entries e WHERE {whose} AND {followed} LIMIT 1");
        db.run(&format!("CREATE TABLE picked AS {picked}")).unwrap();
        let oldest = format!("{whose} AND id = (SELECT id FROM picked)");
        db.run(&format!("UPDATE audit_entries SET at = at + 1 WHERE {oldest}")).unwrap();
        assert!(!verified().await, "when it was");
        db.run(&format!("UPDATE audit_entries SET at = at - 1 WHERE {oldest}")).unwrap();
        assert!(verified().await);
        let theirs = format!("tenant_id = {}", db.id(other.tenant.as_deref().unwrap()));
        let body = format!("(SELECT body FROM audit_entries WHERE {theirs} ORDER BY lane, seq LIMIT 1)");
        db.run("CREATE TABLE kept AS SELECT * FROM audit_entries").unwrap();
        db.run(&format!("UPDATE audit_entries SET body = {body} WHERE {oldest}")).unwrap();
        assert!(!verified().await, "another tenant's body");
        let kept = "(SELECT kept.body FROM kept WHERE kept.id = audit_entries.id)";
        db.run(&format!("UPDATE audit_entries SET body = {kept} WHERE {oldest}")).unwrap();
        assert!(verified().await);
        db.run(&format!("DELETE FROM audit_entries WHERE {oldest}")).unwrap();
        assert!(!verified().await, "one is missing");
        db.run("DROP TABLE kept").unwrap();
        db.run("DROP TABLE picked").unwrap();
    }
}

each_database! {
    async fn an_actor_whose_keys_cannot_be_had_is_not_shown_as_erased(world: World) {
        let owner = world.owner().await;
        let scope = scope(world, &owner);
        let list = async |keys_of: Result<Option<Arc<OwnerKeys>>, StoreError>| {
            let read = move |tx: &mut Tx<'_>, scope: &TenantScope| audit::list(tx, scope, None, 9, &|_| keys_of.clone());
            world.app.services.kernel.read(&scope, read).await
        };
        assert_eq!(list(Err(StoreError::Unavailable)).await.err(), Some(StoreError::Unavailable));
        let entries = list(Ok(None)).await.unwrap();
        assert!(entries.iter().all(|entry| matches!(entry.told.as_ref().unwrap().actor, Some((_, None)))));
    }

    async fn an_entry_that_was_tampered_with_is_named_and_the_others_stand(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let whole = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        let entries = whole["items"].as_array().unwrap();
        let (event, actor) = (entries[0]["id"].as_str().unwrap(), entries[1]["id"].as_str().unwrap());
        let mut db = Beside::of(world);
        for (id, column) in [(event, "body"), (actor, "actor")] {
            let id = db.id(id);
            let other = format!("(SELECT {column} FROM audit_entries WHERE id <> {id} LIMIT 1)");
            db.run(&format!("UPDATE audit_entries SET {column} = {other} WHERE id = {id}")).unwrap();
        }
        let listed = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        for item in listed["items"].as_array().unwrap() {
            let damaged = [event, actor].contains(&item["id"].as_str().unwrap());
            assert_eq!((item["unreadable"].is_string(), item["action"].is_string()), (damaged, !damaged), "{item}");
        }
        assert!(ids(&whole).iter().all(|id| ids(&listed).contains(id)));
    }
}

/// The owner's tenant, without a request.
pub(crate) fn scope(world: &World, owner: &Actor) -> TenantScope {
    let id = |id: &Option<String>| id.as_deref().unwrap().to_owned();
    let (tenant, account) = (id(&owner.tenant).parse().unwrap(), id(&owner.account).parse().unwrap());
    let address = Personal::new(std::net::IpAddr::from([127, 0, 0, 1]));
    let origin = Origin { address, device: Personal::new("Story/1.0".to_owned()), site: None };
    world.app.services.kernel.tenant_scope_of_a_story(tenant, account, origin).unwrap()
}

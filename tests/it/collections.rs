//! Collections: made, changed and deleted, over HTTP.

use seif::each_database;
use seif::testing::MARK;
use serde_json::{Value, json};

use crate::shelf::{CUSTOMERS, RECORDS, customer, customers, fields, place, token};

/// The collection as a change of it is written: with other fields.
fn with(fields: &Value) -> Value {
    json!({"name": "Customers", "fields": fields})
}

each_database! {
    async fn the_starter_collections_are_a_plain_array_in_five_languages(world: World) {
        let owner = world.owner().await;
        let templates = owner.get("/api/v1/templates").await.expect(200).json();
        let templates = templates.as_array().unwrap();
        assert_eq!(templates.len(), 5);
        for template in templates {
            assert_eq!(template["name"].as_object().unwrap().len(), 5);
        }
    }

    async fn a_collection_begins_as_a_starter_collection_and_its_links_wait_for_theirs(world: World) {
        let owner = world.owner().await;
        let body = json!({"name": "Invoices", "template": "sales_invoices"});
        let made = owner.post("/api/v1/collections", body).await.expect(201);
        assert_eq!(made.header("location"), "/api/v1/collections/sales_invoices");
        let made = made.json();
        let link = made["fields"].as_array().unwrap().iter().find(|field| field["kind"] == "link").unwrap();
        assert_eq!(link["collection"], "customers");
        assert_eq!(made["name"], "Invoices");
        assert!(made["retention_days"].is_number() && made["legal_basis"].is_string());
        let refused = owner.post("/api/v1/collections", json!({"name": "X", "template": "zoo"})).await;
        assert_eq!(refused.problem(422, "invalid")["errors"][0]["pointer"], "/template");
    }

    async fn a_slug_is_made_from_the_name_and_stands_once(world: World) {
        let owner = world.owner().await;
        let body = json!({"name": {"en": format!("Ķīlas {MARK}")}, "fields": fields()});
        let made = owner.post("/api/v1/collections", body.clone()).await.expect(201).json();
        assert_eq!(made["slug"], format!("kilas-{}", MARK.to_lowercase()));
        let again = owner.post("/api/v1/collections", body).await.problem(409, "already_exists");
        assert_eq!(again["errors"][0]["pointer"], "/slug");
        let neighbour = world.owner().await;
        let body = json!({"name": format!("Ķīlas {MARK}"), "fields": fields()});
        let _ = neighbour.post("/api/v1/collections", body).await.expect(201);
    }

    async fn what_is_wrong_with_a_definition_is_told_by_its_pointers(world: World) {
        let owner = world.owner().await;
        for (body, pointer) in [
            (json!({"fields": fields()}), "/name"),
            (json!({"name": "X", "fields": []}), "/fields"),
            (json!({"name": "X", "slug": "A b", "fields": fields()}), "/slug"),
            (json!({"name": "X", "retention_days": 0, "fields": fields()}), "/retention_days"),
            (json!({"name": "X", "fields": [{"name": "a b", "label": "A", "kind": "text"}]}), "/fields/0/name"),
            (json!({"name": "X", "fields": [{"name": "a", "label": "A", "kind": "payment_card", "unique": true}]}), "/fields/0/unique"),
        ] {
            let refused = owner.post("/api/v1/collections", body).await.problem(422, "invalid");
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        for body in [json!({"name": "X", "fields": fields(), "zebra": 1}), json!({"name": "X", "fields": [{"name": "a", "label": "A", "kind": "zebra"}]})] {
            let refused = owner.post("/api/v1/collections", body).await.problem(422, "invalid");
            assert!(!refused.to_string().contains("zebra"));
        }
    }

    async fn collections_are_listed_in_pages_oldest_first(world: World) {
        let owner = world.owner().await;
        for name in ["one", "two", "three"] {
            world.later(std::time::Duration::from_secs(1));
            let _ = owner.post("/api/v1/collections", json!({"name": name, "fields": fields()})).await.expect(201);
        }
        let first = owner.get("/api/v1/collections?limit=2").await.expect(200).json();
        let slugs = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["slug"].clone()).collect::<Vec<_>>();
        assert_eq!(slugs(&first), ["one", "two"]);
        let second = owner.get(&format!("/api/v1/collections?after={}", first["next"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(slugs(&second), ["three"]);
        assert!(second["next"].is_null());
    }

    async fn a_change_of_fields_keeps_old_records_readable(world: World) {
        let owner = world.owner().await;
        let collection = customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let id = |name: &str| collection["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap()["id"].clone();
        let changed = json!([
            {"id": id("name"), "name": "legal_name", "label": "Name", "kind": "text", "searchable": true},
            {"name": "number", "label": "Number", "kind": "text", "required": true, "unique": true},
            {"name": "email", "label": "E-mail", "kind": "email", "required": true}
        ]);
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
        let record = owner.get(&place).await.expect(200).json();
        assert_eq!(record["values"], json!({"legal_name": format!("Anna {MARK}"), "number": "1"}));
        assert_eq!(owner.get(CUSTOMERS).await.expect(200).json()["fields"].as_array().unwrap().len(), 3);
        // A new rule holds from the next change on.
        let refused = owner.with_header("if-match", "*").patch(&place, json!({"values": {"number": "2"}})).await;
        assert_eq!(refused.problem(422, "invalid")["errors"][0]["pointer"], "/values/email");
    }

    async fn a_kind_stays_while_there_are_records_and_a_slug_always(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let mut changed = fields();
        changed[1]["kind"] = json!("email");
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
        changed[1]["kind"] = json!("text");
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
        customer(&owner, "1").await;
        changed[1]["kind"] = json!("email");
        let refused = owner.put(CUSTOMERS, with(&changed)).await.problem(422, "invalid");
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/fields/1/kind"), &json!("kind_fixed")));
        let other = json!({"name": "Customers", "slug": "clients", "fields": fields()});
        assert_eq!(owner.put(CUSTOMERS, other).await.problem(422, "invalid")["errors"][0]["pointer"], "/slug");
    }

    async fn a_field_that_becomes_searchable_or_unique_counts_for_old_records_too(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        for (number, limit) in [("1", "5"), ("2", "5")] {
            let values = json!({"number": number, "limit": {"amount": limit, "currency": "EUR"}});
            let _ = owner.post(RECORDS, json!({"values": values})).await.expect(201);
        }
        let mut changed = fields();
        changed[5]["unique"] = json!(true);
        let refused = owner.put(CUSTOMERS, with(&changed)).await.problem(409, "already_exists");
        assert_eq!(refused["errors"][0]["pointer"], "/fields/5/unique");
        changed[5]["unique"] = json!(false);
        changed[5]["searchable"] = json!(true);
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
        let query = json!({"where": {"limit": {"amount": "5.00", "currency": "eur"}}});
        let found = owner.post(crate::shelf::SEARCH, query.clone()).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 2);
        changed[5]["searchable"] = json!(false);
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
        let refused = owner.post(crate::shelf::SEARCH, query).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "not_searchable");
    }

    async fn who_may_not_reveal_cannot_lay_a_sensitive_field_open(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let program = token(&owner, &["collections:write", "records:read"]).await;
        let mut changed = fields();
        changed[3]["sensitive"] = json!(false);
        let refused = program.put(CUSTOMERS, with(&changed)).await.problem(403, "forbidden");
        assert_eq!(refused["needs"], "records:reveal");
        let _ = owner.put(CUSTOMERS, with(&changed)).await.expect(200);
    }

    async fn a_collection_with_records_is_not_deleted(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let _ = owner.delete(CUSTOMERS).await.problem(409, "not_empty");
        let _ = owner.with_header("if-match", "\"v1\"").delete(&place).await.expect(204);
        let _ = owner.delete(CUSTOMERS).await.expect(204);
        let _ = owner.get(CUSTOMERS).await.problem(404, "not_found");
        let _ = owner.get(&place).await.problem(404, "not_found");
        customers(&owner).await;
        assert!(crate::shelf::ids(&owner.get(RECORDS).await.expect(200).json()).is_empty());
    }

    async fn another_tenants_collections_are_as_if_they_were_not(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let stranger = world.owner().await;
        for answer in [stranger.get(CUSTOMERS).await, stranger.delete(CUSTOMERS).await, stranger.put(CUSTOMERS, with(&fields())).await] {
            let _ = answer.problem(404, "not_found");
        }
        assert_eq!(stranger.get("/api/v1/collections").await.expect(200).json(), json!({"items": [], "next": null}));
    }

    async fn names_of_collections_and_fields_are_sealed(world: World) {
        let owner = world.owner().await;
        let field = json!({"name": MARK.to_lowercase(), "label": format!("Label {MARK}"), "kind": "text", "searchable": true});
        let body = json!({"name": format!("Secret {MARK}"), "fields": [field]});
        let slug = owner.post("/api/v1/collections", body).await.expect(201).json()["slug"].as_str().unwrap().to_owned();
        let mut values = json!({"values": {}});
        values["values"][MARK.to_lowercase()] = json!(MARK);
        let _ = owner.post(&format!("/api/v1/collections/{slug}/records"), values).await.expect(201);
        // The sweep after the story looks for the mark in every byte that was left.
    }
}

//! Records: made, read, changed, discarded and brought back, over HTTP.

use reqwest::Method;
use seif::each_database;
use seif::testing::MARK;
use serde_json::{Value, json};

use crate::shelf::{CUSTOMERS, IBAN, RECORDS, customer, customers, fields, ids, pages, place, somebody, token};

each_database! {
    async fn a_record_is_made_in_canonical_form_with_its_address_and_version(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = customer(&owner, "1").await;
        assert_eq!(made.header("etag"), "\"v1\"");
        let record = made.json();
        assert_eq!(place(&made), format!("{RECORDS}/{}", record["id"].as_str().unwrap()));
        let masked = json!({"number": "1", "name": format!("Anna {MARK}"), "phone": "+37129123456", "iban": {"masked": "…5001"}});
        assert_eq!((&record["values"], &record["version"]), (&masked, &json!(1)));
        let read = owner.get(&place(&made)).await.expect(200);
        assert_eq!(read.header("etag"), "\"v1\"");
        assert_eq!(read.json(), record);
    }

    async fn wrong_values_are_told_by_pointer_and_nothing_is_stored(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let values = json!({"iban": "LV00", "phone": "12", "zebra": 1, "limit": {"amount": "x", "currency": "EUR"}});
        let refused = owner.post(RECORDS, json!({"values": values})).await.problem(422, "invalid");
        let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/values/zebra", "/values/number", "/values/phone", "/values/iban", "/values/limit"]);
        assert!(!refused.to_string().contains("LV00"));
        assert!(ids(&owner.get(RECORDS).await.expect(200).json()).is_empty());
    }

    async fn a_unique_value_stands_once_and_is_free_again_from_the_trash(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let first = place(&customer(&owner, "A-1").await);
        let refused = owner.post(RECORDS, json!({"values": somebody(" a-1 ")})).await.problem(409, "already_exists");
        assert_eq!(refused["errors"][0]["pointer"], "/values/number");
        assert!(!refused.to_string().to_lowercase().contains("a-1"));
        let second = customer(&owner, "A-2").await;
        let taken = owner.with_header("if-match", "*").patch(&place(&second), json!({"values": {"number": "A-1"}})).await;
        assert_eq!(taken.problem(409, "already_exists")["errors"][0]["pointer"], "/values/number");
        let _ = owner.with_header("if-match", "*").delete(&first).await.expect(204);
        let third = place(&customer(&owner, "A-1").await);
        let restored = owner.send(Method::POST, &format!("{first}/restore"), None).await.problem(409, "already_exists");
        assert_eq!(restored["errors"][0]["pointer"], "/values/number");
        let _ = owner.with_header("if-match", "*").delete(&third).await.expect(204);
        let _ = owner.send(Method::POST, &format!("{first}/restore"), None).await.expect(200);
    }

    async fn records_made_at_once_share_transactions_and_what_is_refused_leaves_the_others(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        // Each number twice, and among them some that do not hold.
        let values = |n: usize| if n % 7 == 3 { json!({"number": "x", "iban": "LV00"}) } else { somebody(&format!("P-{}", n / 2)) };
        let answers = futures_util::future::join_all((0..60).map(|n| owner.post(RECORDS, json!({"values": values(n)})))).await;
        let numbers: std::collections::BTreeSet<usize> = (0..60).filter(|n| n % 7 != 3).map(|n| n / 2).collect();
        let mut made = std::collections::BTreeSet::new();
        for answer in answers {
            match answer.status {
                201 => assert!(made.insert(answer.expect(201).json()["id"].as_str().unwrap().to_owned())),
                409 => assert_eq!(answer.problem(409, "already_exists")["errors"][0]["pointer"], "/values/number"),
                _ => drop(answer.problem(422, "invalid")),
            }
        }
        assert_eq!(made.len(), numbers.len());
        let listed = ids(&owner.get(&format!("{RECORDS}?limit=200")).await.expect(200).json());
        assert_eq!(listed.into_iter().collect::<std::collections::BTreeSet<_>>(), made);
        for number in numbers {
            let search = format!("{}/search", RECORDS.trim_end_matches("/records"));
            let found = owner.post(&search, json!({"where": {"number": format!("P-{number}")}})).await;
            assert_eq!(ids(&found.expect(200).json()).len(), 1, "{number}");
        }
        let verified = owner.get("/api/v1/audit/verification").await.expect(200).json();
        assert_eq!(verified["intact"], true);
        let trail = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        let entries = trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "record_created").count();
        assert_eq!(entries, made.len());
    }

    async fn a_change_needs_the_version_that_stands(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let change = json!({"values": {"notes": "x"}});
        let whole = json!({"values": {"number": "1"}});
        for body in [("PUT", &whole), ("PATCH", &change)] {
            let method = Method::from_bytes(body.0.as_bytes()).unwrap();
            let _ = owner.send(method.clone(), &place, Some(body.1)).await.problem(428, "precondition_required");
            for stale in ["\"v2\"", "W/\"v1\"", "\"zebra\"", "v1"] {
                let _ = owner.with_header("if-match", stale).send(method.clone(), &place, Some(body.1)).await.problem(412, "version_conflict");
            }
        }
        let _ = owner.delete(&place).await.problem(428, "precondition_required");
        let _ = owner.with_header("if-match", "\"v9\"").delete(&place).await.problem(412, "version_conflict");
        let changed = owner.with_header("if-match", "\"v1\"").patch(&place, change.clone()).await.expect(200);
        assert_eq!(changed.header("etag"), "\"v2\"");
        let _ = owner.with_header("if-match", "\"v1\"").patch(&place, change).await.problem(412, "version_conflict");
    }

    async fn existence_comes_before_the_precondition_and_that_before_the_body(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let nowhere = format!("{RECORDS}/01890a5d-ac96-774b-bcce-b302099a8057");
        let garbage = || Some(("application/json", b"{".to_vec()));
        let _ = owner.send_bytes(Method::PUT, &nowhere, garbage()).await.problem(404, "not_found");
        let _ = owner.send_bytes(Method::PUT, &format!("{RECORDS}/zebra"), garbage()).await.problem(404, "not_found");
        let _ = owner.send_bytes(Method::PUT, &place, garbage()).await.problem(428, "precondition_required");
        let _ = owner.with_header("if-match", "\"v7\"").send_bytes(Method::PATCH, &place, garbage()).await.problem(412, "version_conflict");
        let _ = owner.with_header("if-match", "\"v1\"").send_bytes(Method::PUT, &place, garbage()).await.problem(400, "malformed_json");
        let _ = owner.send_bytes(Method::POST, "/api/v1/collections/nowhere/records", garbage()).await.problem(404, "not_found");
        let _ = owner.send_bytes(Method::POST, RECORDS, Some(("text/plain", b"{}".to_vec()))).await.problem(415, "unsupported_media_type");
        let _ = world.stranger().get(&format!("{RECORDS}/zebra?limit=x")).await.problem(401, "not_signed_in");
    }

    async fn a_patch_may_be_called_json_or_a_merge_patch_and_nothing_else(world: World) {
        // RFC 7396 §4
        let owner = world.owner().await.with_header("if-match", "*");
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let send = async |method, kind: &'static str, notes: &str| {
            let body = json!({"values": {"number": "1", "notes": notes}}).to_string().into_bytes();
            owner.send_bytes(method, &place, Some((kind, body))).await
        };
        for kind in ["application/merge-patch+json", "Application/Merge-Patch+JSON; charset=utf-8", "application/json"] {
            let changed = send(Method::PATCH, kind, kind).await.expect(200).json();
            assert_eq!((&changed["values"]["notes"], &changed["values"]["phone"]), (&json!(kind), &json!("+37129123456")));
        }
        for kind in ["application/json-patch+json", "text/json", "application/merge-patch+json; charset=latin1"] {
            let _ = send(Method::PATCH, kind, "no").await.problem(415, "unsupported_media_type");
        }
        let _ = send(Method::PUT, "application/merge-patch+json", "no").await.problem(415, "unsupported_media_type");
        assert_eq!(owner.get(&place).await.expect(200).json()["values"]["notes"], "application/json");
    }

    async fn a_put_replaces_and_a_mask_keeps_what_is_stored(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let body = json!({"values": {"number": "1", "iban": {"masked": "…5001"}}});
        let put = owner.with_header("if-match", "\"v1\"").put(&place, body).await.expect(200).json();
        assert_eq!(put["values"], json!({"number": "1", "iban": {"masked": "…5001"}}));
        let revealed = owner.get(&format!("{place}?reveal=iban")).await.expect(200).json();
        assert_eq!(revealed["values"]["iban"], IBAN);
        let wrong = json!({"values": {"number": "1", "iban": {"masked": "…5002"}}});
        let refused = owner.with_header("if-match", "\"v2\"").put(&place, wrong).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/values/iban");
        let cleared = owner.with_header("if-match", "\"v2\"").put(&place, json!({"values": {"number": "1"}})).await.expect(200).json();
        assert_eq!(cleared["values"], json!({"number": "1"}));
    }

    async fn a_patch_merges_and_null_clears(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let patch = json!({"values": {"limit": {"amount": "5", "currency": "EUR"}, "phone": null}});
        let patched = owner.with_header("if-match", "*").patch(&place, patch).await.expect(200).json();
        assert_eq!(patched["values"]["limit"], json!({"amount": "5.00", "currency": "EUR"}));
        assert!(patched["values"].get("phone").is_none() && patched["values"].get("name").is_some());
        let merged = owner.with_header("if-match", "*").patch(&place, json!({"values": {"limit": {"amount": "7"}}})).await.expect(200).json();
        assert_eq!(merged["values"]["limit"], json!({"amount": "7.00", "currency": "EUR"}));
        let nothing = owner.with_header("if-match", "*").patch(&place, json!({"values": {}})).await.expect(200);
        assert_eq!(nothing.header("etag"), "\"v3\"", "nothing changed, so no new version");
    }

    async fn sensitive_fields_are_masked_unless_who_may_asks(world: World) {
        // R-35, S-16
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        assert_eq!(owner.get(&format!("{place}?reveal=iban,name")).await.expect(200).json()["values"]["iban"], IBAN);
        assert_eq!(owner.get(&format!("{RECORDS}?reveal=iban")).await.expect(200).json()["items"][0]["values"]["iban"], IBAN);
        let _ = owner.get(&format!("{place}?reveal=zebra")).await.problem(400, "malformed_request");
        let reader = token(&owner, &["records:read"]).await;
        assert_eq!(reader.get(&place).await.expect(200).json()["values"]["iban"], json!({"masked": "…5001"}));
        for path in [format!("{place}?reveal=iban"), format!("{RECORDS}?reveal=iban"), format!("{place}/versions?reveal=iban")] {
            assert_eq!(reader.get(&path).await.problem(403, "forbidden")["needs"], "records:reveal");
        }
        let revealer = token(&owner, &["records:read", "records:reveal"]).await;
        assert_eq!(revealer.get(&format!("{place}?reveal=iban")).await.expect(200).json()["values"]["iban"], IBAN);
    }

    // S-3
    async fn an_unconfirmed_session_reads_masked_and_changes_nothing(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let _ = owner.sign_in().await.expect(201);
        assert_eq!(owner.get(&place).await.expect(200).json()["values"]["iban"], json!({"masked": "…5001"}));
        let _ = owner.get(&format!("{place}?reveal=iban")).await.problem(403, "confirmation_required");
        let _ = owner.post(RECORDS, json!({"values": somebody("2")})).await.problem(403, "confirmation_required");
        let _ = owner.with_header("if-match", "*").delete(&place).await.problem(403, "confirmation_required");
    }

    async fn a_batch_is_made_whole_or_not_at_all(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let batch = format!("{RECORDS}/batch");
        let records = |numbers: &[&str]| json!({"records": numbers.iter().map(|n| json!({"values": {"number": n}})).collect::<Vec<_>>()});
        let made = owner.post(&batch, records(&["1", "2", "3"])).await.expect(201).json();
        let made: Vec<&str> = made["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(owner.get(&format!("{RECORDS}/{}", made[1])).await.expect(200).json()["values"]["number"], "2");
        for (numbers, pointer) in [(["4", "2"], "/records/1/values/number"), (["5", "5"], "/records/1/values/number")] {
            let refused = owner.post(&batch, records(&numbers)).await.problem(409, "already_exists");
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        let mut wrong = records(&["6", "7"]);
        wrong["records"][1]["values"]["iban"] = json!("LV00");
        assert_eq!(owner.post(&batch, wrong).await.problem(422, "invalid")["errors"][0]["pointer"], "/records/1/values/iban");
        assert_eq!(owner.post(&batch, json!({"records": []})).await.problem(422, "invalid")["errors"][0]["pointer"], "/records");
        let many: Vec<String> = (0..1_001).map(|n| format!("m{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let _ = owner.post(&batch, records(&many)).await.problem(422, "invalid");
        assert_eq!(ids(&owner.get(RECORDS).await.expect(200).json()).len(), 3);
        let _ = owner.post(&batch, records(&many[..1_000])).await.expect(201);
        assert_eq!(pages(&owner, RECORDS, 200).await.iter().map(|page| ids(page).len()).sum::<usize>(), 1_003);
    }

    async fn a_list_comes_in_pages_each_record_once_newest_first(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let mut made = Vec::new();
        for number in 0..7 {
            world.later(std::time::Duration::from_millis(5));
            made.push(customer(&owner, &number.to_string()).await.json()["id"].as_str().unwrap().to_owned());
        }
        made.reverse();
        let pages = pages(&owner, RECORDS, 3).await;
        assert_eq!(pages.iter().map(|page| ids(page).len()).collect::<Vec<_>>(), [3, 3, 1]);
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), made);
        for bad in ["limit=0", "limit=201", "limit=x", "zebra=1"] {
            let _ = owner.get(&format!("{RECORDS}?{bad}")).await.problem(400, "malformed_request");
        }
        let next = pages[0]["next"].as_str().unwrap();
        for path in [format!("{RECORDS}?after=zebra"), format!("{CUSTOMERS}/trash?after={next}"), format!("/api/v1/collections?after={next}")] {
            let _ = owner.get(&path).await.problem(400, "bad_cursor");
        }
    }

    async fn a_discarded_record_is_in_the_trash_and_comes_back(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let _ = owner.with_header("if-match", "\"v1\"").delete(&place).await.expect(204);
        let _ = owner.get(&place).await.problem(404, "not_found");
        let _ = owner.with_header("if-match", "*").delete(&place).await.problem(404, "not_found");
        assert!(ids(&owner.get(RECORDS).await.expect(200).json()).is_empty());
        let trash = owner.get(&format!("{CUSTOMERS}/trash")).await.expect(200).json();
        assert_eq!((trash["items"][0]["version"].clone(), trash["items"][0]["trashed_at"].is_string()), (json!(2), true));
        let restored = owner.send(Method::POST, &format!("{place}/restore"), None).await.expect(200);
        assert_eq!(restored.header("etag"), "\"v3\"");
        let _ = owner.send(Method::POST, &format!("{place}/restore"), None).await.problem(404, "not_found");
        assert_eq!(owner.get(&place).await.expect(200).json()["values"]["number"], "1");
    }

    async fn a_history_tells_each_version_how_it_came_to_be_and_by_whom(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let writer = token(&owner, &["records:write"]).await;
        let _ = writer.with_header("if-match", "*").patch(&place, json!({"values": {"notes": "called"}})).await.expect(200);
        let _ = owner.with_header("if-match", "*").delete(&place).await.expect(204);
        let _ = owner.send(Method::POST, &format!("{place}/restore"), None).await.expect(200);
        let history = owner.get(&format!("{place}/versions")).await.expect(200).json();
        let told: Vec<(i64, &str)> = history["items"].as_array().unwrap().iter()
            .map(|item| (item["version"].as_i64().unwrap(), item["change"].as_str().unwrap())).collect();
        assert_eq!(told, [(4, "restored"), (3, "trashed"), (2, "changed"), (1, "created")]);
        assert_eq!(history["items"][3]["by"]["account"], owner.account.clone().unwrap());
        assert!(history["items"][2]["by"]["token"].is_string());
        assert_eq!(history["items"][2]["values"]["notes"], "called");
        assert_eq!(history["items"][3]["values"]["iban"], json!({"masked": "…5001"}));
        assert!(history["items"][3]["values"].get("notes").is_none());
        let first = owner.get(&format!("{place}/versions?limit=3&reveal=iban")).await.expect(200).json();
        assert_eq!(first["items"][0]["values"]["iban"], IBAN);
        let rest = owner.get(&format!("{place}/versions?after={}", first["next"].as_str().unwrap())).await.expect(200).json();
        assert_eq!((rest["items"][0]["version"].clone(), rest["next"].clone()), (json!(1), Value::Null));
    }

    async fn a_link_points_at_a_live_record_of_its_collection(world: World) {
        let owner = world.owner().await;
        let orders = json!({"name": "Orders", "fields": [{"name": "customer", "label": "C", "kind": "link", "collection": "customers", "required": true}]});
        let _ = owner.post("/api/v1/collections", orders).await.expect(201);
        let orders = "/api/v1/collections/orders/records";
        let link = |id: &str| json!({"values": {"customer": id}});
        let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
        let refused = owner.post(orders, link(nobody)).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0], json!({"pointer": "/values/customer", "code": "no_such_record", "detail": refused["errors"][0]["detail"]}));
        customers(&owner).await;
        let customer = customer(&owner, "1").await;
        let id = customer.json()["id"].as_str().unwrap().to_owned();
        let order = owner.post(orders, link(&id)).await.expect(201);
        assert_eq!(owner.post(orders, link(order.json()["id"].as_str().unwrap())).await.problem(422, "invalid")["errors"][0]["code"], "no_such_record");
        let _ = owner.with_header("if-match", "*").delete(&place(&customer)).await.expect(204);
        let _ = owner.post(orders, link(&id)).await.problem(422, "invalid");
        let stranger = world.owner().await;
        let orders_of_stranger = json!({"name": "Orders", "fields": [{"name": "customer", "label": "C", "kind": "link", "collection": "customers"}]});
        let _ = stranger.post("/api/v1/collections", orders_of_stranger).await.expect(201);
        customers(&stranger).await;
        let _ = stranger.post(orders, link(&id)).await.problem(422, "invalid");
    }

    async fn national_numbers_follow_the_record_s_country_or_the_tenant_s(world: World) {
        let owner = world.owner().await;
        let fields = json!([{"name": "phone", "label": "P", "kind": "phone"}, {"name": "country", "label": "C", "kind": "country"}]);
        let _ = owner.post("/api/v1/collections", json!({"name": "People", "fields": fields})).await.expect(201);
        let people = "/api/v1/collections/people/records";
        let phone = async |values: Value| owner.post(people, json!({"values": values})).await.expect(201).json()["values"]["phone"].clone();
        assert_eq!(phone(json!({"phone": "29123456"})).await, "+37129123456");
        assert_eq!(phone(json!({"phone": "61234567", "country": "LT"})).await, "+37061234567");
    }

    async fn another_tenants_records_are_as_if_they_were_not(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let stranger = world.owner().await;
        customers(&stranger).await;
        let stranger = stranger.with_header("if-match", "*");
        for answer in [
            stranger.get(&place).await,
            stranger.get(&format!("{place}/versions")).await,
            stranger.put(&place, json!({"values": somebody("1")})).await,
            stranger.patch(&place, json!({"values": {}})).await,
            stranger.delete(&place).await,
            stranger.send(Method::POST, &format!("{place}/restore"), None).await,
        ] {
            let _ = answer.problem(404, "not_found");
        }
        assert_eq!(owner.get(&place).await.expect(200).header("etag"), "\"v1\"");
        assert_eq!(fields().as_array().unwrap().len(), 6);
    }

    async fn malformed_bodies_are_refused_and_nothing_is_stored(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let deep = format!("{{\"values\":{{\"number\":{}{}}}}}", "[".repeat(2_000), "]".repeat(2_000));
        for (body, status) in [
            (b"{\"values\": {\"number\": \"\xff\"}}".to_vec(), 400),
            (b"".to_vec(), 400),
            (deep.into_bytes(), 400),
            (b"{\"values\": {\"number\": \"a\\u0000b\"}}".to_vec(), 422),
            (b"{\"values\": {\"number\": 1e999}}".to_vec(), 400),
            (b"{\"values\": {\"number\": 123456789012345678901234567890}}".to_vec(), 422),
            (b"{\"values\": [], \"x\": 1}".to_vec(), 422),
            (vec![b' '; 10_000_000], 413),
        ] {
            let answer = owner.send_bytes(Method::POST, RECORDS, Some(("application/json", body))).await;
            assert_eq!(answer.status, status, "{}", answer.text());
        }
        assert!(ids(&owner.get(RECORDS).await.expect(200).json()).is_empty());
    }
}

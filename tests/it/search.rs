//! Search: by exact value and by words, over HTTP.

use seif::each_database;
use seif::testing::MARK;
use serde_json::{Value, json};

use crate::shelf::{CUSTOMERS, IBAN, RECORDS, SEARCH, customer, customers, ids, place, somebody, token};

each_database! {
    async fn an_exact_value_is_found_in_any_spelling_of_it(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let id = customer(&owner, "1").await.json()["id"].as_str().unwrap().to_owned();
        let other = json!({"number": "2", "name": "Juris", "phone": "29123456"});
        let _ = owner.post(RECORDS, json!({"values": other})).await.expect(201);
        for query in [
            json!({"name": format!("  anna   {} ", MARK.to_uppercase())}),
            json!({"iban": "lv80 bank 0000 4351 9500 1"}),
            json!({"phone": "+371 2912 3456", "name": format!("Anna {MARK}")}),
        ] {
            let found = owner.post(SEARCH, json!({"where": query})).await.expect(200).json();
            assert_eq!(ids(&found), std::slice::from_ref(&id));
        }
        let both = owner.post(SEARCH, json!({"where": {"phone": "29 123 456"}})).await.expect(200).json();
        assert_eq!(ids(&both).len(), 2);
        for (query, code) in [
            (json!({"notes": "x"}), "not_searchable"),
            (json!({"zebra": "x"}), "unknown_field"),
            (json!({"phone": "1"}), "not_a_phone"),
        ] {
            let refused = owner.post(SEARCH, json!({"where": query})).await.problem(422, "invalid");
            assert!(refused["errors"][0]["pointer"].as_str().unwrap().starts_with("/where/"));
            if code != "not_a_phone" {
                assert_eq!(refused["errors"][0]["code"], code);
            }
        }
    }

    async fn words_and_parts_of_words_are_found_without_accents_and_case(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let bring = async |number: &str, name: &str, notes: &str| {
            let values = json!({"number": number, "name": name, "notes": notes});
            owner.post(RECORDS, json!({"values": values})).await.expect(201).json()["id"].as_str().unwrap().to_owned()
        };
        let berzina = bring("1", &format!("Anna Bērziņa {MARK}"), "Pays late\nevery time").await;
        let kalns = bring("2", "Jānis Kalns", "Prefers oak").await;
        let found = async |text: &str| ids(&owner.post(SEARCH, json!({"text": text})).await.expect(200).json());
        for text in ["berzina", "BĒRZ", "rziņ", "every", "late anna", &MARK.to_lowercase()] {
            assert_eq!(found(text).await, std::slice::from_ref(&berzina), "{text}");
        }
        assert_eq!(found("kalns oak").await, [kalns]);
        assert!(found("anna oak").await.is_empty());
        assert_eq!(found(" ").await.len(), 2);
        assert_eq!(owner.post(SEARCH, json!({"text": "x".repeat(201)})).await.problem(422, "invalid")["errors"][0]["pointer"], "/text");
    }

    async fn a_search_comes_in_pages_and_its_cursor_fits_no_other(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        for number in 0..7 {
            customer(&owner, &number.to_string()).await;
        }
        for query in [json!({"where": {"phone": "29123456"}}), json!({"text": "anna"}), json!({}), json!({"where": {"phone": "29123456", "iban": IBAN}, "text": "anna"})] {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let mut page = query.clone();
                page["limit"] = json!(3);
                page["after"] = after;
                let page = owner.post(SEARCH, page).await.expect(200).json();
                assert!(ids(&page).len() <= 3);
                seen.extend(ids(&page));
                after = page["next"].clone();
                if after.is_null() {
                    break;
                }
                let other = json!({"text": "juris", "after": after});
                let _ = owner.post(SEARCH, other).await.problem(400, "bad_cursor");
            }
            assert_eq!(seen.len(), 7);
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 7);
        }
        assert_eq!(owner.post(SEARCH, json!({"limit": 0})).await.problem(422, "invalid")["errors"][0]["pointer"], "/limit");
    }

    async fn what_changed_or_went_is_no_longer_found_by_what_it_was(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let place = place(&customer(&owner, "1").await);
        let _ = owner.with_header("if-match", "*").patch(&place, json!({"values": {"phone": "29999999"}})).await.expect(200);
        let count = async |query: Value| ids(&owner.post(SEARCH, json!({"where": query})).await.expect(200).json()).len();
        assert_eq!(count(json!({"phone": "29123456"})).await, 0);
        assert_eq!(count(json!({"phone": "29999999"})).await, 1);
        let _ = owner.with_header("if-match", "*").delete(&place).await.expect(204);
        assert_eq!(count(json!({"phone": "29999999"})).await, 0);
        assert_eq!(ids(&owner.post(SEARCH, json!({"text": "anna"})).await.expect(200).json()).len(), 0);
        let _ = owner.send(reqwest::Method::POST, &format!("{place}/restore"), None).await.expect(200);
        assert_eq!(count(json!({"phone": "29999999", "number": "1"})).await, 1);
    }

    async fn words_in_sensitive_fields_are_found_by_those_alone_who_may_reveal_them(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        customer(&owner, "1").await;
        let reader = token(&owner, &["records:read"]).await;
        let query = json!({"text": "0000435195"});
        assert_eq!(ids(&owner.post(SEARCH, query.clone()).await.expect(200).json()).len(), 1);
        assert!(ids(&reader.post(SEARCH, query).await.expect(200).json()).is_empty());
        let found = reader.post(SEARCH, json!({"where": {"iban": IBAN}})).await.expect(200).json();
        assert_eq!(found["items"][0]["values"]["iban"], json!({"masked": "…5001"}));
    }

    async fn a_search_stays_within_its_collection_and_tenant(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        customer(&owner, "1").await;
        let stranger = world.owner().await;
        let _ = stranger.post(SEARCH, json!({"text": "anna"})).await.problem(404, "not_found");
        customers(&stranger).await;
        for query in [json!({"text": "anna"}), json!({"where": {"phone": "29123456"}}), json!({})] {
            assert!(ids(&stranger.post(SEARCH, query).await.expect(200).json()).is_empty());
        }
        assert_eq!(somebody("1")["number"], "1");
        assert!(CUSTOMERS.ends_with("customers"));
    }
}

//! What a subscriber answers about itself (S-11, P-3).

use reqwest::Method;
use seif::each_database;
use seif::kernel::access::Role;
use seif::testing::{Actor, MARK};
use serde_json::{Value, json};

pub(crate) const PROFILE: &str = "/api/v1/tenant/profile";

/// Answers, when nothing is wrong.
pub(crate) fn answers() -> Value {
    json!({
        "trade": "craft", "size": "up_to_nine", "keeps": ["customers", "invoices"],
        "contact": {"name": format!("Anna {MARK}"), "email": "anna@example.lv", "phone": "29 123 456"},
        "address": {"street": format!("{MARK} iela 1"), "town": "Rīga", "postal_code": "LV-1010", "country": "LV"},
    })
}

/// What is asked of the session's person.
async fn prompts(actor: &Actor) -> Value {
    actor.get("/api/v1/session").await.expect(200).json()["prompts"].clone()
}

each_database! {
    async fn a_subscriber_is_asked_about_its_business_until_it_has_answered(world: World) {
        // S-11
        let owner = world.owner().await;
        assert_eq!(prompts(&owner).await, json!(["subscriber_profile"]));
        assert_eq!(owner.get(PROFILE).await.expect(200).json(), json!({"answers": null, "answered_at": null}));
        let _ = owner.post("/api/v1/account/prompts/subscriber_profile/dismissal", json!({})).await.expect(204);
        assert_eq!(prompts(&owner).await, json!([]));
        let mut owner = owner;
        world.later(std::time::Duration::from_hours(7 * 24));
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.confirm(world).await.expect(200);
        assert_eq!(prompts(&owner).await, json!(["subscriber_profile"]));
        let mut kept = answers();
        kept["contact"]["phone"] = json!("+37129123456");
        let answered = owner.put(PROFILE, answers()).await.expect(200).json();
        assert_eq!((&answered["answers"], &answered["answered_at"]), (&kept, &json!(world.clock.now())));
        assert_eq!(owner.get(PROFILE).await.expect(200).json(), answered);
        assert_eq!(prompts(&owner).await, json!([]));
        // It can be answered anew, and the audit has each time.
        kept["size"] = json!("one");
        let _ = owner.put(PROFILE, kept.clone()).await.expect(200);
        assert_eq!(owner.get(PROFILE).await.expect(200).json()["answers"], kept);
        let audit = owner.get("/api/v1/audit").await.expect(200).text();
        assert_eq!(audit.matches("subscriber_answered").count(), 2);
    }

    async fn each_wrong_answer_is_named_and_nothing_is_kept(world: World) {
        // P-3
        let owner = world.owner().await;
        let mut wrong = answers();
        wrong["trade"] = json!("piracy");
        wrong["keeps"] = json!(["secrets"]);
        wrong["contact"]["phone"] = json!("12");
        wrong["address"]["postal_code"] = json!(" ");
        let problem = owner.put(PROFILE, wrong).await.problem(422, "invalid");
        let pointers: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/trade", "/keeps/0", "/contact/phone", "/address/postal_code"]);
        assert_eq!(owner.get(PROFILE).await.expect(200).json()["answers"], Value::Null);
    }

    async fn only_those_who_run_the_business_answer_for_it(world: World) {
        let owner = world.owner().await;
        let editor = world.member(&owner, Role::Editor).await;
        let _ = editor.get(PROFILE).await.problem(403, "forbidden");
        let _ = editor.put(PROFILE, answers()).await.problem(403, "forbidden");
        let admin = world.member(&owner, Role::Admin).await;
        let _ = admin.put(PROFILE, answers()).await.expect(200);
        assert_eq!(prompts(&owner).await, json!([]));
    }

    async fn the_page_asks_keeps_and_lets_change(world: World) {
        // S-11
        let owner = world.owner().await.with_header("accept", "text/html").with_header("accept-language", "en");
        let path = format!("/t/{}/profile", owner.tenant.as_deref().unwrap());
        let vault = owner.get(path.trim_end_matches("profile")).await.expect(200).page();
        assert!(vault.contains(&format!("href=\"{path}\"")), "{vault}");
        let page = owner.get(&path).await.expect(200).page();
        assert!(page.contains("About your business") && page.contains("Not now"), "{page}");
        let send = async |fields: &[(&str, &str)]| {
            let encoded = reqwest::Url::parse_with_params("https://localhost/", fields).unwrap();
            let body = encoded.query().unwrap_or_default().as_bytes().to_vec();
            owner.send_bytes(Method::POST, &path, Some(("application/x-www-form-urlencoded", body))).await
        };
        let contact = format!("Anna {MARK}");
        let mut fields = vec![
            ("trade", "craft"), ("size", "one"), ("keeps", "customers"), ("keeps", "files"), ("contact_name", contact.as_str()),
            ("contact_email", ""), ("contact_phone", ""), ("street", "Brīvības iela 1"), ("town", ""),
            ("postal_code", "LV-1010"), ("country", "LV"),
        ];
        let refused = send(&fields).await.expect(422).page();
        assert!(refused.contains("value=\"Brīvības iela 1\"") && refused.contains("value=\"files\" checked"), "{refused}");
        fields[8].1 = "Rīga";
        let done = send(&fields).await.expect(303).header("location");
        assert!(done.ends_with("/?news=subscriber_answered"), "{done}");
        let page = owner.get(&path).await.expect(200).page();
        assert!(page.contains("value=\"Rīga\"") && page.contains("value=\"customers\" checked"), "{page}");
        assert!(!owner.get(path.trim_end_matches("profile")).await.expect(200).page().contains(&path));
    }
}

//! How much a token, and a member with a role, may do in a day (K-9).

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::access::Role;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::shelf::{RECORDS, SEARCH, customer, customers, place};

const LIMITS: &str = "/api/v1/tenant/limits";

/// A token of the owner's that may read and write, with these limits.
async fn limited(owner: &Actor, limits: Value) -> Actor {
    let body = json!({"name": "till", "scopes": ["records:read", "records:write"], "limits": limits});
    let made = owner.post("/api/v1/tokens", body).await.expect(201).json();
    owner.with_token(made["token"].as_str().unwrap())
}

/// So long until midnight UTC.
fn left_of_day(world: &World) -> u64 {
    let day = 86_400 * 1_000_000;
    u64::try_from(day - world.clock.now().micros().rem_euclid(day)).unwrap().div_ceil(1_000_000)
}

/// Not so near midnight that a story crosses it by accident: its own clock moves only when it says so.
fn noon(world: &World) {
    world.later(Duration::from_secs(left_of_day(world) + 12 * 3600));
}

async fn shelf(world: &mut World) -> (Actor, Vec<String>) {
    noon(world);
    let anna = world.owner().await;
    let _ = customers(&anna).await;
    let mut records = Vec::new();
    for number in ["1", "2", "3"] {
        records.push(place(&customer(&anna, number).await));
    }
    (anna, records)
}

each_database! {
    async fn a_token_reads_so_many_records_a_day_and_no_more(world: World) {
        // K-9
        let (anna, records) = shelf(world).await;
        let till = limited(&anna, json!({"records_read_per_day": 5})).await;
        for record in &records {
            let _ = till.get(record).await.expect(200);
        }
        // Two are left: a list of three is refused whole, and counts for nothing.
        let refused = till.get(RECORDS).await;
        assert_eq!(refused.header("retry-after"), left_of_day(world).to_string());
        assert_eq!(refused.header("ratelimit-policy"), "\"records-read-per-day\";q=5;w=86400");
        assert!(!refused.text().contains("Anna"));
        let _ = refused.problem(429, "limit_reached");
        assert_eq!(till.get(&format!("{RECORDS}?limit=2")).await.expect(200).json()["items"].as_array().unwrap().len(), 2);
        let _ = till.get(&records[0]).await.problem(429, "limit_reached");
        let _ = till.get(&format!("{}/versions", records[0])).await.problem(429, "limit_reached");
        let _ = till.post(SEARCH, json!({"where": {"number": "none"}})).await.expect(200);
        let _ = till.post(SEARCH, json!({"text": "anna"})).await.problem(429, "limit_reached");
        // The answer to a change shows the record too.
        let _ = till.with_header("if-match", "*").patch(&records[0], json!({"values": {}})).await.problem(429, "limit_reached");
        // Others are not held up, and neither is what is not limited.
        let _ = anna.get(&records[0]).await.expect(200);
        let other = limited(&anna, json!({})).await;
        let _ = other.get(RECORDS).await.expect(200);
        let _ = till.post(RECORDS, json!({"values": {"number": "9"}})).await.expect(201);
        // It holds over a restart, and until midnight UTC.
        world.restart().await;
        let till = till.moved_to(world);
        let _ = till.get(&records[0]).await.problem(429, "limit_reached");
        world.later(Duration::from_secs(left_of_day(world)));
        let _ = till.get(RECORDS).await.expect(200);
    }

    async fn of_many_reads_at_once_no_more_than_the_limit_get_an_answer(world: World) {
        // K-9
        let (anna, records) = shelf(world).await;
        let till = limited(&anna, json!({"records_read_per_day": 4})).await;
        let answers = join_all((0..12).map(|_| till.get(&records[0]))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
        assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    }

    async fn a_token_deletes_so_many_records_a_day_and_what_fails_is_not_counted(world: World) {
        // K-9
        let (anna, records) = shelf(world).await;
        let till = limited(&anna, json!({"records_deleted_per_day": 1})).await;
        let _ = till.with_header("if-match", "\"99\"").delete(&records[0]).await.problem(412, "version_conflict");
        let _ = till.with_header("if-match", "*").delete(&records[0]).await.expect(204);
        let refused = till.with_header("if-match", "*").delete(&records[1]).await;
        assert_eq!(refused.header("ratelimit-policy"), "\"records-deleted-per-day\";q=1;w=86400");
        let _ = refused.problem(429, "limit_reached");
        let _ = till.get(&records[1]).await.expect(200);
        let none = limited(&anna, json!({"records_deleted_per_day": 0})).await;
        let _ = none.with_header("if-match", "*").delete(&records[1]).await.problem(429, "limit_reached");
    }

    async fn a_tokens_limits_are_shown_and_an_unknown_one_is_refused(world: World) {
        let anna = world.owner().await;
        let limits = json!({"records_read_per_day": 5, "records_deleted_per_day": null, "exports_per_day": 0});
        let _ = limited(&anna, limits.clone()).await;
        assert_eq!(anna.get("/api/v1/tokens").await.expect(200).json()["items"][0]["limits"], limits);
        for wrong in [json!({"records_per_day": 5}), json!({"records_read_per_day": -1}), json!({"records_read_per_day": "5"})] {
            let body = json!({"name": "till", "scopes": ["records:read"], "limits": wrong});
            assert!([400, 422].contains(&anna.post("/api/v1/tokens", body).await.status), "{wrong}");
        }
    }

    async fn beyond_its_roles_limit_a_session_is_asked_to_confirm_and_a_token_refused(world: World) {
        // K-9
        let (anna, records) = shelf(world).await;
        let none = json!({"records_read_per_day": null, "records_deleted_per_day": null, "exports_per_day": null});
        assert_eq!(anna.get(LIMITS).await.expect(200).json(), json!({"editor": none, "viewer": none}));
        let set = anna.put(LIMITS, json!({"viewer": {"records_read_per_day": 2}})).await.expect(200).json();
        assert_eq!((&set["viewer"]["records_read_per_day"], &set["editor"]), (&json!(2), &none));
        assert_eq!(anna.get(LIMITS).await.expect(200).json(), set);
        let mut bert = world.member(&anna, Role::Viewer).await;
        let mut carla = world.member(&anna, Role::Editor).await;
        // A confirmation not older than ten minutes lets go on; sessions of one member count together.
        for _ in 0..3 {
            let _ = bert.get(&records[0]).await.expect(200);
        }
        let _ = bert.sign_in().await.expect(201);
        let problem = bert.get(&records[0]).await.problem(403, "confirmation_required");
        assert_eq!(problem["assurance"], "fresh");
        let _ = bert.get(LIMITS).await.expect(200);
        let _ = bert.put(LIMITS, json!({})).await.expect(403);
        let _ = bert.confirm(world).await.expect(200);
        let _ = bert.get(&records[0]).await.expect(200);
        world.later(Duration::from_secs(601));
        let _ = bert.get(&records[0]).await.problem(403, "confirmation_required");
        // Editors and owners have no limit here.
        let _ = carla.sign_in().await.expect(201);
        for actor in [&carla, &anna] {
            for _ in 0..4 {
                let _ = actor.get(&records[0]).await.expect(200);
            }
        }
        let audit = anna.get("/api/v1/audit").await.expect(200).text();
        assert!(audit.contains("limits_changed"));
    }

    async fn the_pages_set_the_limits_of_a_token_and_of_a_role(world: World) {
        // K-9
        let anna = world.owner().await.with_header("accept", "text/html");
        let tenant = anna.tenant.clone().unwrap();
        let form = |body: &'static str| Some(("application/x-www-form-urlencoded", body.as_bytes().to_vec()));
        let tokens = format!("/t/{tenant}/tokens");
        let wrong = anna.send_bytes(reqwest::Method::POST, &tokens, form("token_name=Till&scopes=records%3Aread&lifetime=90&records_read_per_day=many")).await;
        assert!(wrong.expect(422).page().contains("a whole number"));
        let made = form("token_name=Till&scopes=records%3Aread&lifetime=90&records_read_per_day=500");
        let _ = anna.send_bytes(reqwest::Method::POST, &tokens, made).await.expect(200);
        assert!(anna.get(&tokens).await.expect(200).page().contains("500"));
        let limits = format!("/t/{tenant}/limits");
        let wrong = anna.send_bytes(reqwest::Method::POST, &limits, form("viewer_records_read_per_day=-1")).await;
        assert!(wrong.expect(422).page().contains("a whole number"));
        let set = anna.send_bytes(reqwest::Method::POST, &limits, form("viewer_records_read_per_day=77&editor_exports_per_day=")).await;
        assert_eq!(set.expect(303).header("location"), format!("{limits}?news=limits_saved"));
        assert!(anna.get(&limits).await.expect(200).page().contains("value=\"77\""));
        assert_eq!(anna.get(LIMITS).await.expect(200).json()["viewer"]["records_read_per_day"], 77);
    }

    async fn a_token_has_no_more_than_the_role_of_its_account(world: World) {
        // K-9
        let (anna, records) = shelf(world).await;
        let till = limited(&anna, json!({"records_read_per_day": 9})).await;
        let _ = anna.put(LIMITS, json!({"viewer": {"records_read_per_day": 1}})).await.expect(200);
        let _ = till.get(&records[0]).await.expect(200);
        demote(world, &anna);
        let _ = till.get(&records[0]).await.expect(200);
        let _ = till.get(&records[0]).await.problem(429, "limit_reached");
    }
}

/// Makes the owner a viewer, as no owner does alone.
fn demote(world: &World, owner: &Actor) {
    use diesel::prelude::*;
    use seif::kernel::ids::AccountId;
    use seif::kernel::store::StoreError;
    use seif::kernel::store::schema::account_tenants;
    let account: AccountId = owner.account.as_deref().unwrap().parse().unwrap();
    let demoted = world.app.services.kernel.db().write_blocking(Vec::new(), move |tx| {
        diesel::update(account_tenants::table.filter(account_tenants::account_id.eq(account)))
            .set(account_tenants::role.eq(Role::Viewer.code()))
            .execute(tx.conn())
            .map_err(StoreError::from)
    });
    assert_eq!(demoted.unwrap(), 1);
}

//! Where a person can be reached, and what the service asks of them in the application (R-10, R-25, S-9).

use std::time::Duration;

use seif::each_database;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_hours(24);

/// What is asked of the session's person, but for the monthly look at the sign-ins.
async fn prompts(actor: &Actor) -> Value {
    of_the_account(&actor.get("/api/v1/session").await.expect(200).json()["prompts"])
}

/// What is asked about contacts and password.
fn of_the_account(prompts: &Value) -> Value {
    let asked = prompts.as_array().unwrap().iter();
    asked.filter(|prompt| **prompt == "confirm_contacts" || **prompt == "password_age").cloned().collect()
}

/// The same person, so much later, signed in and confirmed.
async fn back(world: &World, actor: &mut Actor, after: Duration) {
    world.later(after);
    let _ = actor.sign_in().await.expect(201);
    let _ = actor.confirm(world).await.expect(200);
}

each_database! {
    async fn contacts_are_asked_for_every_six_months_in_the_application_alone(world: World) {
        // R-25, S-9, S-10
        let mut anna = world.owner().await;
        assert_eq!(prompts(&anna).await, json!([]));
        let contacts = anna.get("/api/v1/account/contacts").await.expect(200).json();
        assert_eq!(contacts, json!({"email": anna.email, "phone": null, "confirmed_at": null}));
        back(world, &mut anna, 179 * DAY).await;
        let _ = anna.post("/api/v1/account/prompts/password_age/dismissal", json!({})).await.expect(204);
        assert_eq!(prompts(&anna).await, json!([]));
        back(world, &mut anna, DAY).await;
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts"]));
        // Put off for a week, and no longer.
        let _ = anna.post("/api/v1/account/prompts/confirm_contacts/dismissal", json!({})).await.expect(204);
        assert_eq!(prompts(&anna).await, json!([]));
        back(world, &mut anna, 7 * DAY).await;
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts"]));
        let _ = anna.post("/api/v1/account/contacts/confirmation", json!({})).await.expect(204);
        assert_eq!(prompts(&anna).await, json!([]));
        let confirmed_at = anna.get("/api/v1/account/contacts").await.expect(200).json()["confirmed_at"].clone();
        assert_eq!(confirmed_at, json!(world.clock.now()));
        back(world, &mut anna, 180 * DAY).await;
        assert_eq!(prompts(&anna).await[0], "confirm_contacts");
    }

    async fn the_age_of_a_password_is_told_in_the_application_alone_and_can_be_put_off_for_a_month(world: World) {
        //
        let mut anna = world.owner().await;
        let _ = anna.post("/api/v1/account/prompts/password_age/dismissal", json!({})).await.expect(204);
        back(world, &mut anna, 29 * DAY).await;
        assert_eq!(prompts(&anna).await, json!([]));
        // A strong one is good for six months.
        back(world, &mut anna, 150 * DAY).await;
        assert_eq!(prompts(&anna).await, json!([]));
        back(world, &mut anna, DAY).await;
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts", "password_age"]));
        let _ = anna.post("/api/v1/account/prompts/password_age/dismissal", json!({})).await.expect(204);
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts"]));
        back(world, &mut anna, 29 * DAY).await;
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts"]));
        back(world, &mut anna, DAY).await;
        assert_eq!(prompts(&anna).await, json!(["confirm_contacts", "password_age"]));
        world.deliver().await;
        let asked = |mail: &&String| mail.contains("months old") || mail.contains("new one when it suits");
        assert_eq!(world.mails().iter().filter(asked).count(), 0);
        let _ = anna.post("/api/v1/account/prompts/pigeon/dismissal", json!({})).await.problem(404, "not_found");
    }

    async fn a_session_below_confirmation_sees_what_is_asked_and_does_nothing_about_it(world: World) {
        // S-3
        let mut anna = world.owner().await;
        world.later(181 * DAY);
        let signed_in = anna.sign_in().await.expect(201).json();
        assert_eq!(of_the_account(&signed_in["prompts"]), json!(["confirm_contacts", "password_age"]));
        for path in ["/api/v1/account/contacts/confirmation", "/api/v1/account/prompts/confirm_contacts/dismissal"] {
            let _ = anna.post(path, json!({})).await.problem(403, "confirmation_required");
        }
        assert_eq!(prompts(&anna).await, of_the_account(&signed_in["prompts"]));
    }

    async fn every_page_shows_what_is_asked_until_it_is_done_or_put_off(world: World) {
        // R-25, S-9, S-10
        let mut anna = world.owner().await;
        back(world, &mut anna, 181 * DAY).await;
        let anna = anna.with_header("accept", "text/html").with_header("accept-language", "en");
        let dismissal = "/account/prompts/confirm_contacts/dismissal?next=/account/sign-ins";
        let page = anna.get("/account/sign-ins").await.expect(200).page();
        assert!(page.contains(dismissal) && page.contains("href=\"/account/contacts\""), "{page}");
        assert!(!anna.get("/account/contacts").await.expect(200).page().contains("/account/prompts/"));
        let form = || Some(("application/x-www-form-urlencoded", Vec::new()));
        let put_off = anna.send_bytes(reqwest::Method::POST, dismissal, form()).await.expect(303);
        assert_eq!(put_off.header("location"), "/account/sign-ins");
        let page = anna.get("/account/sign-ins").await.expect(200).page();
        assert!(!page.contains("confirm_contacts") && page.contains("/account/prompts/password_age/"), "{page}");
        let confirmed =
            anna.send_bytes(reqwest::Method::POST, "/account/contacts/confirmation", form()).await.expect(303);
        let page = anna.get(&confirmed.header("location")).await.expect(200).page();
        assert!(page.contains("You last said so") && page.contains(&anna.email), "{page}");
    }
}

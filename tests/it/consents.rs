//! What people agree to beyond what the service needs (P-4).

use seif::each_database;
use seif::kernel::ids::AccountId;
use seif::kernel::store::{StoreError, Tx};
use seif::policies::consents::{Consent, News, Surveys, held};
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::rows::Beside;

const CONSENTS: &str = "/api/v1/account/consents";

async fn register(actor: &Actor, purpose: &str) -> Value {
    let all = actor.get(CONSENTS).await.expect(200).json();
    all.as_array().unwrap().iter().find(|one| one["purpose"] == purpose).unwrap().clone()
}

async fn decide(actor: &Actor, purpose: &str, given: bool) -> Value {
    actor.put(&format!("{CONSENTS}/{purpose}"), json!({"given": given})).await.expect(200).json()
}

/// Whether code that is optional may run for the actor: mails of news, and surveys.
async fn may(world: &World, actor: &Actor) -> (bool, bool) {
    let account: AccountId = actor.account.as_deref().unwrap().parse().unwrap();
    let kernel = &world.app.services.kernel;
    let ask = move |tx: &mut Tx<'_>, _: &_| -> Result<(bool, bool), StoreError> {
        let news: Option<Consent<News>> = held(tx, account)?;
        let surveys: Option<Consent<Surveys>> = held(tx, account)?;
        assert!(news.as_ref().is_none_or(|consent| consent.account() == account));
        Ok((news.is_some(), surveys.is_some()))
    };
    kernel.read(&kernel.service(), ask).await.unwrap()
}

each_database! {
    async fn nothing_is_agreed_to_until_somebody_says_so_and_is_taken_back_as_easily(world: World) {
        let anna = world.owner().await;
        for purpose in ["news", "surveys"] {
            let known = register(&anna, purpose).await;
            assert_eq!((&known["given"], &known["history"]), (&json!(false), &json!([])));
        }
        assert_eq!(may(world, &anna).await, (false, false));
        assert_eq!(decide(&anna, "news", true).await["given"], true);
        let _ = decide(&anna, "news", true).await;
        assert_eq!(may(world, &anna).await, (true, false));
        assert_eq!(decide(&anna, "news", false).await["given"], false);
        assert_eq!(may(world, &anna).await, (false, false));
        let known = register(&anna, "news").await;
        let history: Vec<_> = known["history"].as_array().unwrap().iter().map(|one| (one["given"].clone(), one["by"].clone())).collect();
        assert_eq!(history, [(json!(false), json!("said")), (json!(true), json!("said"))], "newest first, once each");
        let _ = anna.put(&format!("{CONSENTS}/everything"), json!({"given": true})).await.problem(404, "not_found");
        let kate = world.owner().await;
        assert_eq!(register(&kate, "news").await["history"], json!([]));
    }

    async fn the_history_of_a_consent_only_grows(world: World) {
        let anna = world.owner().await;
        let _ = decide(&anna, "news", true).await;
        assert!(Beside::of(world).run("UPDATE consents SET is_given = FALSE").is_err());
    }

    async fn a_consent_to_an_earlier_text_is_none_to_the_one_of_today(world: World) {
        let anna = world.owner().await;
        let _ = decide(&anna, "news", true).await;
        let mut db = Beside::of(world);
        let id = db.id(anna.account.as_deref().unwrap());
        db.run(&format!("INSERT INTO consents VALUES ({id}, 1, 2, 0, TRUE, 1, 0)")).unwrap();
        assert_eq!((register(&anna, "news").await["given"].clone(), may(world, &anna).await), (json!(false), (false, false)));
        assert_eq!(decide(&anna, "news", true).await["given"], true);
    }

    async fn global_privacy_control_takes_everything_back(world: World) {
        let anna = world.owner().await;
        for purpose in ["news", "surveys"] {
            let _ = decide(&anna, purpose, true).await;
        }
        let private = anna.with_header("sec-gpc", "1");
        let _ = private.get("/api/v1/session").await.expect(200);
        assert_eq!(may(world, &anna).await, (false, false));
        assert_eq!(register(&anna, "surveys").await["history"][0]["by"], "global_privacy_control");
        assert_eq!(decide(&private, "news", true).await["given"], false, "a browser that says No is not overruled");
        let form = Some(("application/x-www-form-urlencoded", b"given=yes".to_vec()));
        let _ = private.send_bytes(reqwest::Method::POST, "/account/consents/news", form).await.expect(303);
        assert_eq!(may(world, &anna).await, (false, false), "nor on the page");
        let page = private.get("/account/consents").await.expect(200).page();
        assert!(page.contains("Global Privacy Control") && !page.contains("value=\"yes\""), "{page}");
        let unlike = anna.with_header("sec-gpc", "0");
        assert_eq!(decide(&unlike, "news", true).await["given"], true);
    }

    async fn a_person_agrees_and_takes_it_back_on_the_page(world: World) {
        let anna = world.owner().await;
        for (button, given) in [("given=yes", true), ("given=no", false)] {
            let form = Some(("application/x-www-form-urlencoded", button.as_bytes().to_vec()));
            let done = anna.send_bytes(reqwest::Method::POST, "/account/consents/news", form).await.expect(303);
            assert_eq!(done.header("location"), "/account/consents");
            assert_eq!(may(world, &anna).await, (given, false));
            let page = anna.get("/account/consents").await.expect(200).page();
            assert!(page.contains(if given { "You agree." } else { "You do not agree" }), "{page}");
        }
    }
}

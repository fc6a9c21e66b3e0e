//! What an account's person is told of their account, and how they report it (K-7, K-9).

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

const NOTICES: &str = "/api/v1/account/notices";
const SETTINGS: &str = "/api/v1/account/notice-settings";

/// The feed.
async fn feed(actor: &Actor) -> Vec<Value> {
    actor.get(NOTICES).await.expect(200).json()["items"].as_array().unwrap().clone()
}

/// Kinds and outcomes, newest first.
async fn kinds(actor: &Actor) -> Vec<(String, String)> {
    let of = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    feed(actor).await.iter().map(|entry| (of(entry, "kind"), of(entry, "outcome"))).collect()
}

/// Somebody tries to sign in as this person.
async fn guess(actor: &Actor) {
    let body = json!({"identifier": actor.email, "password": "not it"});
    let _ = actor.post("/api/v1/session", body).await.problem(401, "sign_in_refused");
}

/// The mails to somebody that have this in their subject, once what is due was mailed.
async fn mails(world: &World, actor: &Actor, subject: &str) -> Vec<String> {
    world.app.services.accounts.mail_notices().await.unwrap();
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().into_iter().filter(its_own).collect()
}

/// Anew, since stories move the clock beyond what a session lasts.
async fn again(world: &World, actor: &mut Actor) {
    let _ = actor.sign_in().await.expect(201);
    let _ = actor.confirm(world).await.expect(200);
}

each_database! {
    async fn what_changes_who_controls_an_account_stands_in_the_feed_and_is_mailed_whatever_was_chosen(world: World) {
        // K-7, K-9
        let anna = world.owner().await;
        assert_eq!(anna.get(SETTINGS).await.expect(200).json(), json!({"delivery": "at_once"}));
        let daily = json!({"delivery": "daily"});
        assert_eq!(anna.put(SETTINGS, daily.clone()).await.expect(200).json(), daily);
        assert_eq!(anna.get(SETTINGS).await.expect(200).json(), daily);
        let app = anna.enrol_app(world).await;
        let entry = &feed(&anna).await[0];
        assert_eq!((&entry["kind"], &entry["outcome"], &entry["means"]), (&json!("method_added"), &json!("accepted"), &json!("totp")));
        assert!(entry["at"].is_string() && entry.get("reported_at").is_none());
        assert_eq!(mails(world, &anna, "A way to confirm was added").await.len(), 1);
        drop(app);
        let problem = anna.put(SETTINGS, json!({"delivery": "never"})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/delivery");
    }

    async fn refusals_of_an_hour_are_one_entry_and_one_mail_with_their_number(world: World) {
        // K-7: nobody floods the feed or the mailbox by failing often
        let mut anna = world.owner().await;
        world.later(Duration::from_secs(3600 - u64::try_from(world.clock.now().micros() / 1_000_000 % 3600).unwrap()));
        again(world, &mut anna).await;
        let guesser = anna.with_header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        for _ in 0..4 {
            guess(&guesser).await;
        }
        let refused = ("sign_in_refused".to_owned(), "refused".to_owned());
        assert_eq!(kinds(&anna).await, std::slice::from_ref(&refused));
        let entry = &feed(&anna).await[0];
        assert_eq!((&entry["times"], &entry["ip"], &entry["device"]), (&json!(4), &json!("127.0.0.1"), &json!("Firefox, Linux")));
        assert_eq!(mails(world, &anna, "4 sign-ins to your account at Seif were refused").await.len(), 1);
        guess(&guesser).await;
        assert_eq!(feed(&anna).await[0]["times"], 5);
        assert!(mails(world, &anna, "5 sign-ins").await.is_empty(), "one mail an hour");
        // Another hour, another entry; at once or one by one they are counted alike.
        world.later(Duration::from_secs(3600));
        join_all((0..3).map(|_| guess(&guesser))).await;
        again(world, &mut anna).await;
        assert_eq!(kinds(&anna).await, [refused.clone(), refused]);
        assert_eq!(feed(&anna).await[0]["times"], 3);
        // Confirmations apart from sign-ins.
        let begun = anna.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
        let path = format!("/api/v1/session/confirmations/{}", begun["id"].as_str().unwrap());
        let _ = anna.put(&path, json!({"code": "wrong"})).await.problem(422, "code_refused");
        assert_eq!(kinds(&anna).await[0].0, "confirmation_refused");
    }

    async fn what_may_wait_is_gathered_into_one_mail_each_morning(world: World) {
        // K-9
        let mut anna = world.owner().await;
        let _ = anna.put(SETTINGS, json!({"delivery": "daily"})).await.expect(200);
        // Just after a morning's digest.
        let hours = u64::try_from(world.clock.now().micros() / 3_600_000_000 % 24).unwrap();
        world.later(Duration::from_secs(3600 * (24 + 6 - hours)));
        guess(&anna).await;
        world.later(Duration::from_secs(2 * 3600));
        guess(&anna).await;
        assert!(mails(world, &anna, "").await.iter().all(|mail| !mail.contains("refused")));
        world.later(Duration::from_secs(21 * 3600));
        let digest = mails(world, &anna, "What happened in your account at Seif").await;
        assert_eq!(digest.len(), 1);
        assert_eq!(digest[0].matches("A sign-in to your account at Seif was refused").count(), 2, "{}", digest[0]);
        assert!(!digest[0].contains("http"));
        assert_eq!(world.app.services.accounts.mail_notices().await.unwrap(), 0);
        // Who changes their mind gets at once what waits.
        again(world, &mut anna).await;
        guess(&anna).await;
        assert_eq!(world.app.services.accounts.mail_notices().await.unwrap(), 0);
        let _ = anna.put(SETTINGS, json!({"delivery": "at_once"})).await.expect(200);
        assert_eq!(world.app.services.accounts.mail_notices().await.unwrap(), 1);
    }

    async fn of_two_processes_that_mail_at_once_one_does(world: World) {
        let anna = world.owner().await;
        guess(&anna).await;
        let accounts = &world.app.services.accounts;
        let mailed = join_all((0..4).map(|_| accounts.mail_notices())).await;
        assert_eq!(mailed.into_iter().map(Result::unwrap).sum::<usize>(), 1);
        assert_eq!(mails(world, &anna, "A sign-in to your account").await.len(), 1);
    }

    async fn an_unknown_identifier_leaves_an_entry_too_which_nobody_is_mailed_and_the_sweep_forgets(world: World) {
        let mut nobody = world.stranger();
        nobody.email = "nobody@example.lv".to_owned();
        guess(&nobody).await;
        world.app.services.accounts.mail_notices().await.unwrap();
        world.deliver().await;
        assert!(world.mails().is_empty());
        assert!(world.app.services.accounts.sweep().await.unwrap().rows >= 2);
    }

    async fn an_entry_is_reported_in_one_step_and_tells_how_to_freeze(world: World) {
        // K-7
        let mut anna = world.owner().await;
        guess(&anna).await;
        // With the password alone, too.
        let _ = anna.sign_in().await.expect(201);
        let id = feed(&anna).await[0]["id"].as_str().unwrap().to_owned();
        let path = format!("{NOTICES}/{id}/report");
        let reported = anna.post(&path, json!({})).await.expect(200).json();
        assert_eq!(reported["freeze"], "/api/v1/account/freeze");
        assert_eq!(feed(&anna).await[0]["reported_at"], reported["reported_at"]);
        world.later(Duration::from_secs(60));
        assert_eq!(anna.post(&path, json!({})).await.expect(200).json(), reported, "the first time stands");
        // Another's entry is one that never existed.
        let berta = world.owner().await;
        let never = format!("{NOTICES}/01947a2e-6f00-7000-8000-000000000001/report");
        assert_eq!(berta.post(&path, json!({})).await.problem(404, "not_found"), berta.post(&never, json!({})).await.problem(404, "not_found"));
        assert!(feed(&berta).await.is_empty());
    }

    async fn the_feed_comes_page_by_page_and_is_kept_for_twelve_months(world: World) {
        let mut anna = world.owner().await;
        for _ in 0..3 {
            guess(&anna).await;
            world.later(Duration::from_secs(3600));
            again(world, &mut anna).await;
        }
        let whole = feed(&anna).await;
        assert_eq!(whole.len(), 3);
        let first = anna.get(&format!("{NOTICES}?limit=2")).await.expect(200).json();
        let rest = anna.get(&format!("{NOTICES}?limit=2&after={}", first["next"].as_str().unwrap())).await.expect(200).json();
        let paged = [first["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()].concat();
        assert_eq!((paged, &rest["next"]), (whole, &Value::Null));
        world.later(Duration::from_secs(364 * 86_400));
        world.app.services.accounts.sweep().await.unwrap();
        again(world, &mut anna).await;
        assert_eq!(feed(&anna).await.len(), 3);
        world.later(Duration::from_secs(2 * 86_400));
        world.app.services.accounts.sweep().await.unwrap();
        again(world, &mut anna).await;
        assert_eq!(feed(&anna).await.len(), 0);
    }

    async fn the_page_tells_in_words_takes_a_report_and_the_choice_of_mails(world: World) {
        let anna = world.owner().await;
        guess(&anna).await;
        let browser = anna.with_header("accept", "text/html").with_header("accept-language", "en");
        let page = browser.get("/account/notices").await.expect(200).page();
        assert!(page.contains("A sign-in to your account at Seif was refused") && page.contains("127.0.0.1"), "{page}");
        let id = feed(&anna).await[0]["id"].as_str().unwrap().to_owned();
        let form = async |path: &str, body: &str| {
            let body = ("application/x-www-form-urlencoded", body.as_bytes().to_vec());
            browser.send_bytes(reqwest::Method::POST, path, Some(body)).await.expect(303).header("location")
        };
        assert_eq!(form(&format!("/account/notices/{id}/report"), "").await, "/account/freeze?news=notice_reported");
        assert!(browser.get("/account/notices").await.expect(200).page().contains("You reported this on"));
        assert_eq!(form("/account/notices/settings", "delivery=daily").await, "/account/notices?news=preferences_saved");
        assert_eq!(anna.get(SETTINGS).await.expect(200).json(), json!({"delivery": "daily"}));
    }
}

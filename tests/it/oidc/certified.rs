//! With a certified provider: linking, confirming, signing in, signing out there.

use seif::testing::{Actor, World};
use serde_json::json;

use super::bank::{Bank, Browser};
use super::{METHODS, assurance, at, confirm, elsewhere, link, links, mails, sign_in};

/// Links who `name` is at the bank to the actor's account.
async fn linked(world: &World, bank: &Bank, actor: &Actor, name: &str, how: &str) {
    let back = bank.browser().signs_in(world, &link(actor, "real").await, name, how).await;
    let answer = actor.get(&back).await.expect(303);
    assert_eq!(
        (answer.header("location").as_str(), answer.session_cookie()),
        ("/account/security?news=method_added", None)
    );
}

/// Signs in by the bank alone, in a browser of the vault's that is new; gives the one that is signed in.
async fn lets_in(world: &World, browser: &mut Browser, name: &str, how: &str) -> Actor {
    let mut actor = world.stranger();
    let address = sign_in(&mut actor, "real").await;
    let anonymous = actor.session.clone();
    let _ = actor.get("/api/v1/session").await.problem(401, "not_signed_in");
    let back = browser.signs_in(world, &address, name, how).await;
    let answer = actor.get(&back).await.expect(303);
    assert_eq!(answer.header("location"), "/");
    actor.keep_session(&answer);
    assert_ne!(actor.session, anonymous);
    actor
}

at! { Bank;
    async fn who_somebody_is_at_a_bank_is_linked_shown_and_removed(world: World, bank) {
        // K-6, K-7
        let mut anna = world.owner().await;
        let name = world.somebody();
        let known = world.stranger().get("/api/v1/identity-providers").await.expect(200).json();
        assert_eq!((known[0]["id"].as_str(), known[0]["name"]["lv"].as_str()), (Some("real"), Some("The Bank")));
        linked(world, bank, &anna, &name, "high").await;
        let mine = links(&anna).await;
        assert_eq!((&mine[0]["provider"], &mine[0]["assurance"], &mine[0]["usable"]), (&json!("real"), &json!("strong"), &json!(true)));
        // It does not raise the session that linked it.
        assert_eq!(assurance(&anna).await, "confirmed");
        assert_eq!(mails(world, &anna, "A way to confirm was added").await, 1);
        // Linked once more, it is one link still, and another account cannot have it.
        let back = bank.browser().signs_in(world, &confirm(&anna).await, &name, "high").await;
        anna.keep_session(&anna.get(&back).await.expect(303));
        linked(world, bank, &anna, &name, "high").await;
        assert_eq!(links(&anna).await.len(), 1);
        let berta = world.owner().await;
        let back = bank.browser().signs_in(world, &link(&berta, "real").await, &name, "high").await;
        let _ = berta.get(&back).await.problem(409, "linked_elsewhere");
        assert_eq!(links(&berta).await.len(), 0);
        // Removed, it lets nobody in, and is free.
        let id = links(&anna).await[0]["id"].as_str().unwrap().to_owned();
        let _ = anna.delete(&format!("{METHODS}/{id}")).await.expect(204);
        assert_eq!(mails(world, &anna, "A way to confirm was removed").await, 1);
        let mut stranger = world.stranger();
        let back = bank.browser().signs_in(world, &sign_in(&mut stranger, "real").await, &name, "high").await;
        let _ = stranger.get(&back).await.problem(403, "not_linked");
        linked(world, bank, &berta, &name, "high").await;
    }

    async fn a_session_is_confirmed_as_surely_as_the_bank_says(world: World, bank) {
        // S-3
        let anna = world.owner().await;
        let name = world.somebody();
        linked(world, bank, &anna, &name, "high").await;
        for (how, sure) in [("high", "strong"), ("low", "confirmed")] {
            let mut other = elsewhere(&anna).await;
            assert_eq!(assurance(&other).await, "password");
            let before = other.session.clone();
            let back = bank.browser().signs_in(world, &confirm(&other).await, &name, how).await;
            let answer = other.get(&back).await.expect(303);
            assert_eq!(answer.header("location"), "/?news=confirmed");
            other.keep_session(&answer);
            assert_ne!(other.session, before);
            assert_eq!(assurance(&other).await, sure);
            let history = other.get("/api/v1/account/sign-ins").await.expect(200).json();
            assert_eq!((&history["items"][0]["method"], &history["items"][0]["outcome"]), (&json!("oidc"), &json!("accepted")));
        }
        // What the bank says counts for whom it says it alone.
        let other = elsewhere(&anna).await;
        let somebody = world.somebody();
        let back = bank.browser().signs_in(world, &confirm(&other).await, &somebody, "high").await;
        let _ = other.get(&back).await.problem(403, "provider_refused");
        // A way of signing in that is not named proves nothing.
        let back = bank.browser().signs_in(world, &confirm(&other).await, &name, "none").await;
        let _ = other.get(&back).await.problem(403, "proof_insufficient");
        let back = bank.browser().cancels(world, &confirm(&other).await).await;
        assert!(back.contains("error=access_denied"), "{back}");
        let _ = other.get(&back).await.problem(403, "provider_refused");
        assert_eq!(assurance(&other).await, "password");
    }

    async fn a_link_that_was_made_by_less_protects_as_much_as_it_proves(world: World, bank) {
        let anna = world.owner().await;
        let name = world.somebody();
        linked(world, bank, &anna, &name, "low").await;
        assert_eq!(links(&anna).await[0]["assurance"], "confirmed");
        // Nothing strong is there to be asked for: a fresh code by mail does.
        let _ = anna.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read"]})).await.expect(201);
        linked(world, bank, &anna, &name, "high").await;
        assert_eq!(links(&anna).await[0]["assurance"], "strong");
        let problem = anna.post("/api/v1/tokens", json!({"name": "x", "scopes": ["records:read"]})).await.problem(403, "confirmation_required");
        assert_eq!((&problem["assurance"], &problem["methods"]), (&json!("strong"), &json!(["oidc"])));
    }

    async fn a_link_stands_among_the_methods_by_what_it_has_proved(world: World, bank) {
        //
        let mut anna = world.owner().await;
        let name = world.somebody();
        linked(world, bank, &anna, &name, "low").await;
        let app = anna.enrol_app(world).await;
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        for (how, named, offered_first) in [("low", ["email", "oidc", "totp"], "totp"), ("high", ["email", "totp", "oidc"], "oidc")] {
            linked(world, bank, &anna, &name, how).await;
            let methods = anna.get("/api/v1/session").await.expect(200).json()["methods"].clone();
            let methods: Vec<&str> = methods.as_array().unwrap().iter().map(|it| it["method"].as_str().unwrap()).collect();
            assert_eq!(methods, named);
            let page = anna.with_header("accept", "text/html").get("/confirm").await.expect(200).page();
            let first = page.split("name=\"method\" value=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(first, offered_first);
        }
    }

    async fn somebody_signs_in_by_the_bank_alone_once_it_is_linked(world: World, bank) {
        // S-1
        let anna = world.owner().await;
        let name = world.somebody();
        let mut stranger = world.stranger();
        let back = bank.browser().signs_in(world, &sign_in(&mut stranger, "real").await, &name, "high").await;
        let refused = stranger.get(&back).await;
        // The anonymous session is over, and the browser forgets it.
        assert_eq!(refused.session_cookie().as_deref(), Some(""));
        let _ = refused.problem(403, "not_linked");
        linked(world, bank, &anna, &name, "high").await;
        let mut browser = bank.browser();
        for (how, sure) in [("high", "strong"), ("low", "confirmed")] {
            let actor = lets_in(world, &mut browser, &name, how).await;
            assert_eq!(assurance(&actor).await, sure);
            assert_eq!(actor.get("/api/v1/session").await.expect(200).json()["account"]["id"].as_str(), anna.account.as_deref());
        }
        // The same in forms: the page leads on by itself, and keeps what it came for.
        let form = ("application/x-www-form-urlencoded", b"provider=real".to_vec());
        let begun = world.stranger().send_bytes(reqwest::Method::POST, "/sign-in/oidc?next=/account/sign-ins", Some(form)).await.expect(200);
        let address = begun.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
        assert!(address.starts_with(&bank.origin()) && begun.page().contains("The Bank"), "{address}");
        let mut page = world.stranger();
        page.keep_session(&begun);
        let back = browser.signs_in(world, &address, &name, "high").await;
        assert_eq!(page.get(&back).await.expect(303).header("location"), "/account/sign-ins");
    }

    async fn signing_out_at_the_bank_ends_what_stands_on_it_and_nothing_else(world: World, bank) {
        //
        let anna = world.owner().await;
        let name = world.somebody();
        linked(world, bank, &anna, &name, "high").await;
        let (mut here, mut there) = (bank.browser(), bank.browser());
        let first = lets_in(world, &mut here, &name, "high").await;
        let second = lets_in(world, &mut there, &name, "high").await;
        let mut confirmed = elsewhere(&anna).await;
        let back = here.signs_in(world, &confirm(&confirmed).await, &name, "high").await;
        confirmed.keep_session(&confirmed.get(&back).await.expect(303));
        here.signs_out().await;
        let _ = confirmed.get("/api/v1/session").await.problem(401, "not_signed_in");
        for still in [&second, &anna] {
            let _ = still.get("/api/v1/session").await.expect(200);
        }
        let _ = first.get("/api/v1/session").await.problem(401, "not_signed_in");
        there.signs_out().await;
        let _ = second.get("/api/v1/session").await.problem(401, "not_signed_in");
        let _ = anna.get("/api/v1/session").await.expect(200);
    }
}

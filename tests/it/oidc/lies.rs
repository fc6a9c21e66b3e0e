//! Against a provider that lies, and whoever else would have a hand in it.

use std::time::Duration;

use futures_util::future::join_all;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use super::liar::{Errand, Liar, honest, key, now, token};
use super::{CONFIRMATIONS, METHODS, SIGN_IN, assurance, at, confirm, elsewhere, link, links, sign_in};

/// Links `subject` there to the actor's account.
async fn linked(world: &World, liar: &Liar, actor: &Actor, subject: &str) {
    let errand = Errand::of(&link(actor, "liar").await);
    let back = liar.will_give(&errand, honest(&liar.truth(world, subject, &errand)));
    let _ = actor.get(&back).await.expect(303);
}

/// An owner who has linked who they are there, and the same person in another browser with the password alone.
async fn somebody(world: &mut World, liar: &Liar) -> (Actor, Actor, String) {
    let anna = world.owner().await;
    let subject = world.somebody();
    linked(world, liar, &anna, &subject).await;
    let other = elsewhere(&anna).await;
    (anna, other, subject)
}

/// Somebody who has signed in there, and is let in.
async fn let_in(world: &World, liar: &Liar, subject: &str) -> Actor {
    let mut actor = world.stranger();
    let errand = Errand::of(&sign_in(&mut actor, "liar").await);
    let back = liar.will_give(&errand, honest(&liar.truth(world, subject, &errand)));
    let answer = actor.get(&back).await.expect(303);
    actor.keep_session(&answer);
    actor
}

/// The claims with one of them changed, or taken away.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name).expect("it was there");
    } else {
        claims[name] = value;
    }
    claims
}

async fn says_goodbye(world: &World, token: &str) -> seif::testing::Answer {
    let form = ("application/x-www-form-urlencoded", format!("logout_token={token}").into_bytes());
    let path = "/oidc/liar/back-channel-logout";
    world.stranger().send_bytes(reqwest::Method::POST, path, Some(form)).await
}

at! { Liar;
    async fn an_errand_carries_what_it_must_and_nothing_of_the_person(world: World, liar) {
        // OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3
        let (anna, other, _) = somebody(world, liar).await;
        let address = confirm(&other).await;
        assert!(address.starts_with(&format!("{}/authorize?", liar.issuer())), "{address}");
        assert!(!address.to_lowercase().contains(&anna.email), "{address}");
        let errand = Errand::of(&address);
        for (part, value) in [
            ("response_type", "code"), ("client_id", "vault"), ("scope", "openid profile"), ("prompt", "login"), ("max_age", "60"),
            ("code_challenge_method", "S256"), ("acr_values", "high low"), ("ui_locales", "en"),
            ("redirect_uri", &world.url("/sign-in/oidc/liar/return")),
        ] {
            assert_eq!(errand.part(part), value, "{part}");
        }
        let again = Errand::of(&confirm(&other).await);
        for part in ["state", "nonce", "code_challenge"] {
            assert!(errand.part(part).len() >= 43 && errand.part(part) != again.part(part), "{part}");
        }
    }

    async fn what_is_not_the_provider_s_own_word_for_us_and_for_now_is_not_believed(world: World, liar) {
        // OpenID Connect Core 1.0 §3.1.3.7, RFC 8725
        let (_, mut other, subject) = somebody(world, liar).await;
        let plain = json!({"alg": "EdDSA", "kid": "one"});
        let now = now(world);
        let errand = Errand::of(&confirm(&other).await);
        let honestly = liar.truth(world, &subject, &errand);
        let claims: Vec<(&str, Value, &str)> = vec![
            ("nonce", json!("another"), "provider_refused"),
            ("nonce", Value::Null, "provider_refused"),
            ("iss", json!("https://localhost:1/other"), "provider_refused"),
            ("iss", json!(format!("{}/", liar.issuer())), "provider_refused"),
            ("iss", Value::Null, "provider_refused"),
            ("aud", json!("another"), "provider_refused"),
            ("aud", json!(["vault", "another"]), "provider_refused"),
            ("aud", json!([]), "provider_refused"),
            ("aud", Value::Null, "provider_refused"),
            ("azp", json!("another"), "provider_refused"),
            ("exp", json!(now - 61), "provider_refused"),
            ("exp", Value::Null, "provider_refused"),
            ("iat", json!(now + 62), "provider_refused"),
            ("iat", json!(now - 662), "provider_refused"),
            ("iat", Value::Null, "provider_refused"),
            ("auth_time", json!(now - 62), "provider_refused"),
            ("auth_time", json!(now + 62), "provider_refused"),
            ("auth_time", Value::Null, "provider_refused"),
            ("sub", json!(""), "provider_refused"),
            ("sub", json!(format!("{subject}x")), "provider_refused"),
            ("sub", Value::Null, "provider_refused"),
            ("acr", json!("urn:of:their:own"), "proof_insufficient"),
            ("acr", Value::Null, "proof_insufficient"),
        ];
        for (name, value, code) in claims {
            let errand = Errand::of(&confirm(&other).await);
            let lie = with(&liar.truth(world, &subject, &errand), name, value.clone());
            let back = liar.will_give(&errand, honest(&lie));
            let refused = other.get(&back).await;
            assert_eq!((refused.status, &refused.json()["code"]), (403, &json!(code)), "{name}: {value}");
        }
        let headers: Vec<(Value, Option<u8>)> = vec![
            (json!({"alg": "none"}), None),
            (json!({"alg": "None", "kid": "one"}), Some(1)),
            (json!({"alg": "HS256", "kid": "one"}), Some(1)),
            (json!({"alg": "RS256", "kid": "one"}), Some(1)),
            (json!({"alg": "EdDSA", "kid": "one"}), Some(2)),
            (json!({"alg": "EdDSA"}), Some(2)),
            (json!({"alg": "EdDSA", "kid": "two"}), Some(1)),
            (json!({"alg": "EdDSA", "kid": "one", "crit": ["b64"], "b64": false}), Some(1)),
            (json!({"alg": "EdDSA", "kid": "one", "typ": "logout+jwt"}), Some(1)),
            (json!({"alg": "EdDSA", "kid": "one", "typ": "at+jwt"}), Some(1)),
        ];
        for (header, signer) in headers {
            let errand = Errand::of(&confirm(&other).await);
            let honestly = liar.truth(world, &subject, &errand);
            let mut lie = token(&header, &honestly, &key(signer.unwrap_or(1)));
            if signer.is_none() {
                lie.truncate(lie.rfind('.').unwrap() + 1);
            }
            let _ = other.get(&liar.will_give(&errand, lie)).await.problem(403, "provider_refused");
        }
        // Signed by the secret that both know (RFC 8725 §2.1), or with its claims exchanged after it was signed.
        let sound = token(&plain, &honestly, &key(1));
        let parts: Vec<&str> = sound.split('.').collect();
        let other_claims = token(&plain, &with(&honestly, "acr", json!("low")), &key(1));
        let exchanged = format!("{}.{}.{}", parts[0], other_claims.split('.').nth(1).unwrap(), parts[2]);
        for lie in [exchanged, format!("{sound}.x"), sound.replace('.', ""), String::new()] {
            let errand = Errand::of(&confirm(&other).await);
            let _ = other.get(&liar.will_give(&errand, lie)).await.problem(403, "provider_refused");
        }
        assert_eq!(assurance(&other).await, "password");
        // The truth is believed, with whatever of it may differ.
        for (name, value, sure) in [
            ("aud", json!(["vault"]), "strong"), ("azp", Value::Null, "strong"), ("acr", json!("low"), "strong"),
            ("exp", json!(now - 59), "strong"), ("auth_time", json!(now - 59), "strong"), ("amr", json!(["pwd", "face"]), "strong"),
        ] {
            let errand = Errand::of(&confirm(&other).await);
            let claims = with(&liar.truth(world, &subject, &errand), name, value);
            let answer = other.get(&liar.will_give(&errand, honest(&claims))).await.expect(303);
            other.keep_session(&answer);
            assert_eq!(assurance(&other).await, sure, "{name}");
        }
    }

    async fn a_return_counts_once_however_many_come_at_once(world: World, liar) {
        //
        let (anna, mut other, subject) = somebody(world, liar).await;
        let count = |answers: &[seif::testing::Answer]| answers.iter().filter(|answer| answer.status == 303).count();
        for _ in 0..3 {
            let errand = Errand::of(&confirm(&other).await);
            let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
            let answers = join_all([(); 3].map(|()| other.get(&back))).await;
            assert_eq!(count(&answers), 1, "{answers:?}");
            other.keep_session(answers.iter().find(|answer| answer.status == 303).unwrap());
            let _ = other.get(&back).await.problem(403, "provider_refused");
            let mut stranger = world.stranger();
            let errand = Errand::of(&sign_in(&mut stranger, "liar").await);
            let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
            let answers = join_all([(); 3].map(|()| stranger.get(&back))).await;
            assert_eq!(count(&answers), 1, "{answers:?}");
            let _ = stranger.get(&back).await.problem(403, "provider_refused");
            let errand = Errand::of(&link(&other, "liar").await);
            let another = world.somebody();
            let back = liar.will_give(&errand, honest(&liar.truth(world, &another, &errand)));
            let answers = join_all([(); 3].map(|()| other.get(&back))).await;
            assert_eq!(count(&answers), 1, "{answers:?}");
            let _ = other.get(&back).await.problem(403, "provider_refused");
        }
        assert_eq!(links(&anna).await.len(), 4);
        // What was not believed is over too, and so is what took too long.
        let errand = Errand::of(&confirm(&other).await);
        let truth = liar.truth(world, &subject, &errand);
        let back = liar.will_give(&errand, honest(&with(&truth, "nonce", json!("x"))));
        let _ = other.get(&back).await.problem(403, "provider_refused");
        let back = liar.will_give(&errand, honest(&truth));
        let _ = other.get(&back).await.problem(403, "provider_refused");
        for begun in [confirm(&other).await, link(&other, "liar").await] {
            let errand = Errand::of(&begun);
            world.later(Duration::from_secs(600));
            let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
            let _ = other.get(&back).await.problem(403, "provider_refused");
            let strong = Errand::of(&confirm(&other).await);
            let back = liar.will_give(&strong, honest(&liar.truth(world, &subject, &strong)));
            let answer = other.get(&back).await.expect(303);
            other.keep_session(&answer);
        }
        let mut stranger = world.stranger();
        let errand = Errand::of(&sign_in(&mut stranger, "liar").await);
        world.later(Duration::from_secs(600));
        let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
        let _ = stranger.get(&back).await.problem(403, "provider_refused");
        // And it is swept.
        assert!(world.app.services.accounts.sweep().await.unwrap().rows > 0);
    }

    async fn a_return_counts_in_the_browser_that_began_it_alone(world: World, liar) {
        // Login CSRF: RFC 9700 §4.7
        let (anna, other, subject) = somebody(world, liar).await;
        let mut mallory = world.owner().await;
        let mallory_there = world.somebody();
        linked(world, liar, &mallory, &mallory_there).await;
        mallory.session = None;
        // Mallory begins to sign in, and has Anna finish it: she would write into Mallory's vault.
        let errand = Errand::of(&sign_in(&mut mallory, "liar").await);
        let back = liar.will_give(&errand, honest(&liar.truth(world, &mallory_there, &errand)));
        let mut waiting = world.stranger();
        let _ = sign_in(&mut waiting, "liar").await;
        for victim in [&anna, &other, &waiting, &world.stranger()] {
            let _ = victim.get(&back).await.problem(403, "provider_refused");
        }
        assert_eq!(assurance(&anna).await, "confirmed");
        let back = liar.will_give(&errand, honest(&liar.truth(world, &mallory_there, &errand)));
        let answer = mallory.get(&back).await.expect(303);
        mallory.keep_session(&answer);
        // Mallory begins to link, and has Anna finish it: Mallory could sign in as her.
        let errand = Errand::of(&link(&mallory, "liar").await);
        let fresh = world.somebody();
        let back = liar.will_give(&errand, honest(&liar.truth(world, &fresh, &errand)));
        let _ = anna.get(&back).await.problem(403, "provider_refused");
        assert_eq!(links(&anna).await.len(), 1);
        let _ = mallory.get(&back).await.expect(303);
        // Nor does it count in another session of the same account, nor as an errand of another kind.
        let errand = Errand::of(&confirm(&other).await);
        let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
        let _ = elsewhere(&anna).await.get(&back).await.problem(403, "provider_refused");
        for letter in ["s.", "l."] {
            let _ = other.get(&back.replace("state=c.", &format!("state={letter}"))).await.problem(403, "provider_refused");
        }
        // Nor by another secret of the same form, whatever else fits.
        let secret = back.find("state=c.").unwrap() + "state=c.".len();
        let first = if back[secret..].starts_with('A') { "B" } else { "A" };
        let forged = format!("{}{first}{}", &back[..secret], &back[secret + 1..]);
        let _ = other.get(&forged).await.problem(403, "provider_refused");
        let _ = other.get(&back).await.expect(303);
    }

    async fn a_sign_in_from_where_the_account_may_not_be_used_is_refused_like_a_wrong_password(world: World, liar) {
        // R-24, S-7
        let (anna, _, subject) = somebody(world, liar).await;
        let mut actor = let_in(world, liar, &subject).await;
        let nowhere = json!({"ranges": ["203.0.113.7"], "confirm_lockout": true});
        let _ = actor.put("/api/v1/account/ip-allowlist", nowhere).await.expect(200);
        actor.session = None;
        let errand = Errand::of(&sign_in(&mut actor, "liar").await);
        let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
        let refused = actor.get(&back).await;
        assert_eq!(refused.session_cookie().as_deref(), Some(""), "what was begun is over, and nothing else began");
        let _ = refused.problem(401, "sign_in_refused");
        assert_ne!(anna.get("/api/v1/session").await.status, 200);
    }

    async fn who_sent_the_browser_is_asked_before_the_code_is_shown(world: World, liar) {
        // RFC 9207 §2.4, RFC 9700 §4.4
        let (_, mut other, subject) = somebody(world, liar).await;
        let redeemed = || liar.said.lock().unwrap().codes_redeemed;
        let before = redeemed();
        let issuer: String = url::form_urlencoded::byte_serialize(liar.issuer().as_bytes()).collect();
        for (part, lie) in [
            (format!("&iss={issuer}"), "&iss=https%3A%2F%2Flocalhost%3A1%2Fother".to_owned()),
            (format!("&iss={issuer}"), String::new()),
            (format!("&iss={issuer}"), format!("&iss={issuer}%2F")),
            ("/oidc/liar/".to_owned(), "/oidc/other/".to_owned()),
            ("/oidc/liar/".to_owned(), "/oidc/nobody/".to_owned()),
            ("code=c0de&".to_owned(), "error=access_denied&".to_owned()),
        ] {
            let errand = Errand::of(&confirm(&other).await);
            let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
            let _ = other.get(&back.replace(&part, &lie)).await.problem(403, "provider_refused");
        }
        assert_eq!(redeemed(), before);
        // A code that another has is worth nothing here.
        let errand = Errand::of(&confirm(&other).await);
        let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
        let _ = other.get(&back.replace("c0de", "other")).await.problem(403, "provider_refused");
        let errand = Errand::of(&confirm(&other).await);
        let back = liar.will_give(&errand, honest(&liar.truth(world, &subject, &errand)));
        let answer = other.get(&back).await.expect(303);
        other.keep_session(&answer);
        assert_eq!(redeemed(), before + 1);
    }

    async fn a_provider_s_new_key_is_fetched_and_no_more_than_once_a_minute(world: World, liar) {
        let (_, mut other, subject) = somebody(world, liar).await;
        let asked = || liar.said.lock().unwrap().keys_asked;
        assert_eq!(asked(), 1);
        liar.said.lock().unwrap().keys = vec![("two".to_owned(), key(2))];
        let anew = async |name: &str, seed, other: &mut Actor| {
            let errand = Errand::of(&confirm(other).await);
            let header = json!({"alg": "EdDSA", "kid": name});
            let made = token(&header, &liar.truth(world, &subject, &errand), &key(seed));
            let answer = other.get(&liar.will_give(&errand, made)).await;
            other.keep_session(&answer);
            answer.status
        };
        // Within the minute it is as if there were no such key.
        assert_eq!((anew("two", 2, &mut other).await, asked()), (403, 1));
        world.later(Duration::from_secs(60));
        assert_eq!((anew("two", 2, &mut other).await, asked()), (303, 2));
        for _ in 0..3 {
            assert_eq!((anew("three", 3, &mut other).await, asked()), (403, 2));
        }
        // The old one is believed no longer; keys of a guest are never asked for.
        assert_eq!((anew("one", 1, &mut other).await, asked()), (403, 2));
        world.later(Duration::from_secs(60));
        assert_eq!((anew("three", 3, &mut other).await, asked()), (403, 3));
    }

    async fn a_provider_that_is_away_or_says_it_is_another_keeps_nobody_else_away(world: World, liar) {
        let mut anna = world.owner().await;
        for _ in 0..2 {
            let answer = world.stranger().post(SIGN_IN, json!({"provider": "other"})).await;
            assert_eq!(answer.header("retry-after"), "5");
            let _ = answer.problem(503, "provider_unavailable");
        }
        let _ = anna.post(METHODS, json!({"method": "oidc", "provider": "other"})).await.problem(503, "provider_unavailable");
        let _ = anna.confirm(world).await.expect(200);
        for lie in [json!({"issuer": "https://localhost:1/other"}), json!({"token_endpoint": "http://localhost:1/token"}), json!({"token_endpoint": null}), json!({"jwks_uri": "https://localhost:1/jwks"})] {
            liar.said.lock().unwrap().metadata = lie;
            let _ = anna.post(METHODS, json!({"method": "oidc", "provider": "liar"})).await.problem(503, "provider_unavailable");
            // It is left alone for a while, then asked again.
            liar.said.lock().unwrap().metadata = json!({});
            let _ = anna.post(METHODS, json!({"method": "oidc", "provider": "liar"})).await.problem(503, "provider_unavailable");
            world.later(Duration::from_secs(5));
        }
        let subject = world.somebody();
        linked(world, liar, &anna, &subject).await;
        // What it says of itself is known for an hour; then a provider that has gone is away.
        let other = elsewhere(&anna).await;
        liar.said.lock().unwrap().metadata = json!({"issuer": "https://localhost:1/other"});
        let _ = confirm(&other).await;
        world.later(Duration::from_secs(3600));
        let other = elsewhere(&anna).await;
        let _ = other.post(CONFIRMATIONS, json!({"method": "oidc"})).await.problem(503, "provider_unavailable");
    }

    async fn a_sign_out_there_is_taken_once_from_the_provider_alone(world: World, liar) {
        // OpenID Connect Back-Channel Logout 1.0 §2.6
        let (anna, ..) = somebody(world, liar).await;
        let subject = world.somebody();
        let berta = world.owner().await;
        linked(world, liar, &berta, &subject).await;
        let session = let_in(world, liar, &subject).await;
        let truth = liar.farewell(world, &subject, "one");
        let now = now(world);
        let event = "http://schemas.openid.net/event/backchannel-logout";
        for (name, value) in [
            ("iss", json!("https://localhost:1/other")), ("aud", json!("another")), ("aud", Value::Null),
            ("iat", json!(now - 662)), ("iat", json!(now + 62)), ("iat", Value::Null), ("exp", json!(now - 61)),
            ("jti", Value::Null), ("jti", json!("")), ("sid", Value::Null), ("events", Value::Null), ("events", json!({})),
            ("events", json!({event: true})), ("events", json!([event])), ("nonce", json!("x")),
        ] {
            let lie = with(&truth, name, value.clone());
            let answer = says_goodbye(world, &honest(&lie)).await;
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("logout_refused")), "{name}: {value}");
        }
        let foreign = token(&json!({"alg": "EdDSA", "kid": "one"}), &truth, &key(2));
        let unsigned = format!("{}.", token(&json!({"alg": "none"}), &truth, &key(1)).rsplit_once('.').unwrap().0);
        let mut stranger = world.stranger();
        let errand = Errand::of(&sign_in(&mut stranger, "liar").await);
        let of_a_sign_in = honest(&liar.truth(world, &subject, &errand));
        for lie in [foreign, unsigned, of_a_sign_in, "x".to_owned(), String::new()] {
            let _ = says_goodbye(world, &lie).await.problem(400, "logout_refused");
        }
        let _ = session.get("/api/v1/session").await.expect(200);
        let made = token(&json!({"alg": "EdDSA", "kid": "one", "typ": "logout+jwt"}), &truth, &key(1));
        let told = join_all([(); 3].map(|()| says_goodbye(world, &made))).await;
        assert_eq!(told.iter().filter(|answer| answer.status == 200).count(), 1, "{told:?}");
        let _ = session.get("/api/v1/session").await.problem(401, "not_signed_in");
        // Told again, it does not end the next one.
        let session = let_in(world, liar, &subject).await;
        let _ = says_goodbye(world, &made).await.problem(400, "logout_refused");
        // Nor does one of another sign-in; one of the person ends all of theirs.
        let _ = says_goodbye(world, &honest(&with(&liar.farewell(world, &subject, "two"), "sid", json!("sid-another")))).await.expect(200);
        let _ = session.get("/api/v1/session").await.expect(200);
        let of_all = with(&with(&liar.farewell(world, &subject, "three"), "sid", Value::Null), "sub", json!(subject));
        let _ = says_goodbye(world, &honest(&of_all)).await.expect(200);
        let _ = session.get("/api/v1/session").await.problem(401, "not_signed_in");
        for untouched in [&anna, &berta] {
            let _ = untouched.get("/api/v1/session").await.expect(200);
        }
    }

    async fn nobody_has_us_ask_others_without_end(world: World, liar) {
        let stranger = world.stranger();
        for _ in 0..30 {
            let _ = stranger.post(SIGN_IN, json!({"provider": "liar"})).await.expect(201);
        }
        let _ = stranger.post(SIGN_IN, json!({"provider": "liar"})).await.problem(429, "too_many_requests");
        let _ = liar;
        world.later(Duration::from_secs(900));
        let _ = stranger.post(SIGN_IN, json!({"provider": "liar"})).await.expect(201);
    }
}

//! An account regained whose places are lost, by a passkey besides the mailed code, and who hears of it (P-10, R-11, R-24).

use std::time::Duration;

use futures_util::future::join_all;
use seif::each_database;
use seif::kernel::values::PhoneNumber;
use seif::testing::{Actor, Answer, Database, TextGateway, World};
use serde_json::{Value, json};

use crate::passkeys::device::Device;

const METHODS: &str = "/api/v1/account/methods";
const LIST: &str = "/api/v1/account/ip-allowlist";
const RESETS: &str = "/api/v1/password-resets";
const FREEZES: &str = "/api/v1/account-freezes";
const THAWS: &str = "/api/v1/account-thaws";
const NEW: &str = "Another-Long-Pass-Phrase 88";
const NEWER: &str = "Third-Long-Pass-Phrase 99";

/// Asks for a code: where it is sent to, the code, and what a passkey is asked.
async fn asked(world: &World, list: &str, person: &Actor) -> (String, String, Value) {
    // So that its mail is the newest.
    world.later(Duration::from_secs(1));
    let begun = world.stranger().post(list, json!({"identifier": person.email})).await.expect(202).json();
    let path = format!("{list}/{}", begun["id"].as_str().unwrap());
    (path, world.code_for(&person.email).await, begun["public_key"].clone())
}

/// Limits the account to a place that nobody is at.
async fn loses_every_place(actor: &Actor) {
    let nowhere = json!({"ranges": ["192.0.2.1", "2001:db8::/48"], "confirm_lockout": true});
    let _ = actor.put(LIST, nowhere).await.expect(200);
    let _ = actor.get(LIST).await.problem(403, "address_not_allowed");
}

/// Makes a passkey on the device.
async fn makes(actor: &Actor, device: &mut Device) {
    let begun = actor.post(METHODS, json!({"method": "passkey"})).await.expect(201).json();
    let path = format!("{METHODS}/{}", begun["id"].as_str().unwrap());
    let _ = actor.put(&path, json!({"credential": device.makes(&begun["public_key"])})).await.expect(200);
}

/// Confirms the session by the device: what the account has now is asked for from here on.
async fn confirms(actor: &mut Actor, device: &mut Device) {
    const CONFIRMATIONS: &str = "/api/v1/session/confirmations";
    let begun = actor.post(CONFIRMATIONS, json!({"method": "passkey"})).await.expect(201).json();
    let path = format!("{CONFIRMATIONS}/{}", begun["id"].as_str().unwrap());
    let answer = actor.put(&path, json!({"credential": device.uses(&begun["public_key"])})).await.expect(200);
    actor.keep_session(&answer);
}

async fn sign_in(actor: &Actor, password: &str) -> Answer {
    actor.post("/api/v1/session", json!({"identifier": actor.email, "password": password})).await
}

/// The newest notices of the account: kinds.
async fn kinds(actor: &Actor, many: usize) -> Vec<String> {
    let feed = actor.get("/api/v1/account/notices").await.expect(200).json();
    let kind = |entry: &Value| entry["kind"].as_str().unwrap().to_owned();
    feed["items"].as_array().unwrap().iter().take(many).map(kind).collect()
}

/// How many mails of this subject have come to an address.
async fn mails(world: &World, email: &str, subject: &str) -> usize {
    world.deliver().await;
    let to = format!("to: {email}");
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().iter().filter(its_own).count()
}

/// How often the tenant's audit says this.
async fn audited(owner: &Actor, action: &str) -> usize {
    let page = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
    page["items"].as_array().unwrap().iter().filter(|item| item["action"] == action).count()
}

/// A stranger's PUT, as a future of its own.
async fn put(world: &World, path: String, body: Value) -> Answer {
    world.stranger().put(&path, body).await
}

each_database! {
    async fn whoever_can_reach_no_place_of_theirs_lifts_the_list_by_a_second_method_and_not_by_the_mailbox(world: World) {
        // R-24, P-10
        let mut anna = world.owner().await;
        let app = anna.enrol_app(world).await;
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        loses_every_place(&anna).await;
        let (path, code, _) = asked(world, RESETS, &anna).await;
        let stranger = world.stranger();
        let body = |new: &str, second: Option<String>, addresses: &str| {
            let mut body = json!({"code": code, "new_password": new, "addresses": addresses});
            if let Some(second) = second {
                body["second"] = json!({"method": "totp", "code": second});
            }
            body
        };
        let _ = stranger.put(&path, body(NEW, None, "lift")).await.problem(403, "second_required");
        let _ = stranger.put(&path, body(NEW, None, "forget")).await.problem(422, "invalid");
        // Who does not ask for it keeps it: the new password is of no use from here.
        let _ = stranger.put(&path, body(NEW, Some(app.next_code(world)), "keep")).await.expect(200);
        let _ = sign_in(&anna, NEW).await.problem(401, "sign_in_refused");
        let (path, code, _) = asked(world, RESETS, &anna).await;
        let lift = json!({"code": code, "new_password": NEWER, "addresses": "lift", "second": {"method": "totp", "code": app.next_code(world)}});
        let _ = stranger.put(&path, lift).await.expect(200);
        NEWER.clone_into(&mut anna.password);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(anna.get(LIST).await.expect(200).json()["ranges"], json!([]));
        // K-7: it is told, and stands in the audit once.
        let mut told = kinds(&anna, 2).await;
        told.sort();
        assert_eq!(told, ["addresses_lifted", "password_changed"]);
        assert_eq!(mails(world, &anna.email, "Your account at Seif may be used from anywhere again").await, 1);
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        assert_eq!(audited(&anna, "addresses_lifted").await, 1);
        // Without a list there is nothing to lift, and nothing is told.
        let (path, code, _) = asked(world, RESETS, &anna).await;
        let lift = json!({"code": code, "new_password": NEW, "addresses": "lift", "second": {"method": "totp", "code": app.next_code(world)}});
        let _ = stranger.put(&path, lift).await.expect(200);
        assert_eq!(mails(world, &anna.email, "Your account at Seif may be used from anywhere again").await, 1);
    }

    async fn where_the_mailbox_is_all_there_is_the_list_is_lifted_once_it_has_waited(world: World) {
        // R-24, R-11
        let mut anna = world.owner().await;
        loses_every_place(&anna).await;
        let set = async |world: &World, addresses: &str| {
            let (path, code, _) = asked(world, RESETS, &anna).await;
            world.stranger().put(&path, json!({"code": code, "new_password": NEW, "addresses": addresses})).await
        };
        let _ = set(world, "lift").await.expect(202);
        world.later(Duration::from_secs(86_000));
        let _ = set(world, "lift").await.expect(202);
        let _ = sign_in(&anna, &anna.password).await.problem(401, "sign_in_refused");
        world.later(Duration::from_secs(1_000));
        let _ = set(world, "lift").await.expect(200);
        NEW.clone_into(&mut anna.password);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(anna.get(LIST).await.expect(200).json()["ranges"], json!([]));
        let _ = anna.confirm(world).await.expect(200);
        assert_eq!(audited(&anna, "addresses_lifted").await, 1);
    }

    async fn a_passkey_besides_the_mailed_code_replaces_a_password_and_thaws_once_each(world: World) {
        // P-10, R-11, R-27, S-1, R-20
        let mut anna = world.owner().await;
        let (mut phone, mut theirs) = (Device::new(world, 1), Device::new(world, 2));
        let berta = world.owner().await;
        makes(&berta, &mut theirs).await;
        makes(&anna, &mut phone).await;
        confirms(&mut anna, &mut phone).await;
        loses_every_place(&anna).await;
        let stranger = world.stranger();
        for (list, new) in [(RESETS, NEW), (THAWS, NEWER)] {
            if list == THAWS {
                let (path, code, asks) = asked(world, FREEZES, &anna).await;
                assert_eq!(asks, Value::Null, "nothing besides is asked for a freeze");
                let _ = stranger.put(&path, json!({"code": code})).await.expect(204);
            }
            let (path, code, asks) = asked(world, list, &anna).await;
            assert_eq!((&asks["rpId"], &asks["userVerification"]), (&json!("localhost"), &json!("required")));
            assert_eq!(asks["allowCredentials"], json!([]), "it tells nothing of the account");
            let body = |second: Option<Value>| {
                let mut body = json!({"code": code, "new_password": new, "addresses": "lift"});
                if let Some(second) = second {
                    body["second"] = second;
                }
                body
            };
            let shows = |credential: Value| body(Some(json!({"method": "passkey", "credential": credential})));
            let problem = stranger.put(&path, body(None)).await.problem(403, "second_required");
            assert_eq!(problem["methods"], json!(["passkey"]));
            // The answer to another question, another account's passkey, an unverified person, a code for a passkey.
            let (_, _, other) = asked(world, list, &berta).await;
            let mut unverified = phone.clone();
            unverified.verifies = false;
            for credential in [phone.uses(&other), theirs.uses(&asks), unverified.uses(&asks)] {
                let _ = stranger.put(&path, shows(credential)).await.problem(422, "code_refused");
            }
            for (second, pointer) in [
                (json!({"method": "passkey"}), "/second"),
                (json!({"method": "passkey", "code": "000000", "credential": {}}), "/second"),
                (json!({"method": "passkey", "credential": "x"}), "/second/credential"),
            ] {
                let problem = stranger.put(&path, body(Some(second))).await.problem(422, "invalid");
                assert_eq!(problem["errors"][0]["pointer"], pointer);
            }
            let right = shows(phone.uses(&asks));
            let answers = join_all((0..3).map(|_| put(world, path.clone(), right.clone()))).await;
            let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
            assert!(told.iter().all(|status| [200, 422].contains(status)), "{told:?}");
            let _ = sign_in(&anna, new).await.expect(201);
        }
        NEWER.clone_into(&mut anna.password);
        let _ = anna.sign_in().await.expect(201);
        assert_eq!(anna.get(LIST).await.expect(200).json()["ranges"], json!([]));
        // A mailed code alone never does, however long one waits: the passkey is what the account has besides.
        world.later(Duration::from_secs(2 * 86_400));
        let (path, code, _) = asked(world, RESETS, &anna).await;
        let _ = stranger.put(&path, json!({"code": code, "new_password": NEW})).await.problem(403, "second_required");
    }

    async fn a_passkey_from_where_the_account_may_not_be_used_is_refused_like_a_password(world: World) {
        // R-24, S-7, S-1
        let mut anna = world.owner().await;
        let mut phone = Device::new(world, 1);
        makes(&anna, &mut phone).await;
        confirms(&mut anna, &mut phone).await;
        loses_every_place(&anna).await;
        let stranger = world.stranger();
        let ask = async || stranger.send(reqwest::Method::POST, "/api/v1/session/passkey", None).await.expect(201).json();
        let mut told = Vec::new();
        for mut device in [phone.clone(), Device::new(world, 7)] {
            let begun = ask().await;
            let path = format!("/api/v1/session/passkey/{}", begun["id"].as_str().unwrap());
            let answer = stranger.put(&path, json!({"credential": device.uses(&begun["public_key"])})).await;
            assert_eq!(answer.session_cookie(), None);
            told.push(answer.problem(401, "sign_in_refused"));
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(mails(world, &anna.email, "A sign-in to your account at Seif was refused").await, 1);
    }

    async fn whoever_regains_an_account_is_heard_of_at_the_address_that_was_changed_lately(world: World) {
        // P-10, P-6
        let anna = world.owner().await;
        let (old, new) = (anna.email.clone(), format!("{}@example.lv", world.somebody().to_lowercase()));
        world.later(Duration::from_secs(1));
        let begun = anna.post("/api/v1/account/identifiers", json!({"kind": "email", "value": new})).await.expect(202);
        let path = format!("/api/v1/account/identifiers/{}", begun.json()["id"].as_str().unwrap());
        let code = world.code_for(&new).await;
        let _ = anna.put(&path, json!({"code": code})).await.expect(200);
        let mut thief = anna.clone();
        new.clone_into(&mut thief.email);
        let set = async |world: &World| {
            let (path, code, _) = asked(world, RESETS, &thief).await;
            world.stranger().put(&path, json!({"code": code, "new_password": NEW})).await
        };
        let _ = set(world).await.expect(202);
        world.later(Duration::from_secs(86_401));
        world.app.services.accounts.sweep().await.unwrap();
        let _ = set(world).await.expect(200);
        for to in [&old, &new] {
            for subject in ["Someone asked for a new password", "A new password can now be set", "Your password at Seif was changed"] {
                assert_eq!(mails(world, to, subject).await, 1, "{subject}");
            }
        }
    }

    async fn a_token_that_is_made_stands_in_the_feed_of_whose_it_is_and_is_mailed(world: World) {
        // K-7
        let anna = world.owner().await;
        let body = json!({"name": "till", "scopes": ["records:read"]});
        let _ = anna.post("/api/v1/tokens", body.clone()).await.expect(201);
        let entry = anna.get("/api/v1/account/notices").await.expect(200).json()["items"][0].clone();
        assert_eq!((&entry["kind"], &entry["outcome"], &entry["ip"]), (&json!("token_made"), &json!("accepted"), &json!("127.0.0.1")));
        assert_eq!(mails(world, &anna.email, "An API token was made").await, 1);
        // Of a token that was asked for twice with one key, once.
        let twice = anna.with_header("idempotency-key", "one");
        let _ = twice.post("/api/v1/tokens", body.clone()).await.expect(201);
        let _ = twice.post("/api/v1/tokens", body).await;
        assert_eq!(mails(world, &anna.email, "An API token was made").await, 2);
    }

    async fn by_the_form_alone_the_list_is_lifted_and_a_passkey_is_offered_by_script(world: World) {
        // R-24, P-10
        let mut anna = world.owner().await;
        let app = anna.enrol_app(world).await;
        let mut phone = Device::new(world, 1);
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        makes(&anna, &mut phone).await;
        loses_every_place(&anna).await;
        let browser = world.stranger().with_header("accept", "text/html").with_header("accept-language", "en");
        let submit = async |path: &str, fields: &[(&str, &str)]| {
            let encoded = reqwest::Url::parse_with_params("https://localhost/", fields).unwrap();
            let body = encoded.query().unwrap_or_default().as_bytes().to_vec();
            browser.send_bytes(reqwest::Method::POST, path, Some(("application/x-www-form-urlencoded", body))).await
        };
        world.later(Duration::from_secs(1));
        let path = submit("/reset", &[("identifier", anna.email.as_str())]).await.expect(303).header("location");
        let page = browser.get(&path).await.expect(200).page();
        assert!(page.contains("data-passkey=\"beside\"") && page.contains("allowCredentials") && page.contains("name=\"addresses\""));
        let code = world.code_for(&anna.email).await;
        let fields = [("code", code.as_str()), ("new_password", NEW), ("addresses", "lift")];
        let again = submit(&path, &fields).await.expect(403).page();
        assert!(again.contains("Now show that it is you in one more way.") && again.contains("value=\"lift\" aria-describedby=\"h-addresses\" checked"));
        assert!(!again.contains(NEW));
        let options = page.split("data-options=\"").nth(1).unwrap().split('"').next().unwrap().replace("&quot;", "\"");
        let credential = phone.uses(&serde_json::from_str(&options).unwrap()).to_string();
        let fields = [("code", code.as_str()), ("new_password", NEW), ("second_method", ""), ("second_code", ""), ("credential", credential.as_str()), ("addresses", "lift")];
        assert!(submit(&path, &fields).await.expect(200).page().contains("The new password holds."));
        let _ = sign_in(&anna, NEW).await.expect(201);
    }
}

#[test]
fn where_text_messages_go_a_verified_phone_hears_of_a_regained_account_too() {
    // P-10, R-11, K-2
    for database in [Database::Sqlite, Database::Postgres] {
        let gateway = TextGateway::start();
        let configuration = gateway.configuration("application/json", r#"{"to": "{number}", "text": "{text}"}"#);
        World::run_with(database, &configuration, async |world| {
            let anna = world.owner().await;
            let number = PhoneNumber::parse("+37120000078", None).unwrap();
            let account = anna.account.as_deref().unwrap().parse().unwrap();
            world.app.services.accounts.verify_phone_of_a_story(account, &number).await.unwrap();
            let set = async |world: &World| {
                let (path, code, _) = asked(world, RESETS, &anna).await;
                world.stranger().put(&path, json!({"code": code, "new_password": NEW})).await
            };
            let _ = set(world).await.expect(202);
            world.later(Duration::from_secs(86_401));
            world.app.services.accounts.sweep().await.unwrap();
            let _ = set(world).await.expect(200);
            world.deliver().await;
            let said = |words: &str| gateway.taken().iter().filter(|taken| taken.body.contains(words)).count();
            for words in ["Somebody asked for a new password", "From now on, a new password", "was replaced"] {
                assert_eq!(said(words), 1, "{words}");
            }
            // R-11, S-14
            let links = ["http", "www", "://"];
            assert!(gateway.taken().iter().all(|taken| !links.iter().any(|mark| taken.body.contains(mark))));
        });
    }
}

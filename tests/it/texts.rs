//! Codes by text message, through a gateway that the configuration describes (R-4.2, S-3, K-1, K-2).

use std::time::Duration;

use seif::kernel::values::PhoneNumber;
use seif::testing::{Actor, Database, GATEWAY_SECRET, GatewayAnswer, TakenText, TextGateway, World};
use serde_json::{Value, json};

const CONFIRMATIONS: &str = "/api/v1/session/confirmations";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON_BODY: &str = r#"{"to": ["{number}"], "from": "{sender}", "text": "{text}"}"#;
const FORM_BODY: &str = "To={digits}&From={sender}&Body={text}";
const NUMBER: &str = "+37120000077";

/// A story with a gateway, on each database.
fn with_gateway(content_type: &str, body: &str, story: impl AsyncFn(&mut World, &TextGateway)) {
    for database in [Database::Sqlite, Database::Postgres] {
        let gateway = TextGateway::start();
        World::run_with(database, &gateway.configuration(content_type, body), async |world| {
            story(world, &gateway).await;
        });
    }
}

/// An owner whose phone number is verified.
async fn owner_with_phone(world: &mut World) -> Actor {
    let anna = world.owner().await;
    let number = PhoneNumber::parse(NUMBER, None).unwrap();
    let account = anna.account.as_deref().unwrap().parse().unwrap();
    world.app.services.accounts.verify_phone_of_a_story(account, &number).await.unwrap();
    anna
}

/// The same person elsewhere, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

async fn asks(actor: &Actor) -> (String, Value) {
    let begun = actor.post(CONFIRMATIONS, json!({"method": "sms"})).await.expect(201).json();
    (format!("{CONFIRMATIONS}/{}", begun["id"].as_str().unwrap()), begun)
}

fn words(taken: &TakenText) -> Value {
    serde_json::from_str(&taken.body).unwrap()
}

fn code(text: &str) -> String {
    text.split(' ').next().unwrap().to_owned()
}

fn header<'t>(taken: &'t TakenText, name: &str) -> &'t str {
    taken.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

#[test]
fn a_code_by_text_message_confirms_a_session_and_says_what_it_is_for() {
    // R-4.2, K-1
    with_gateway(JSON, JSON_BODY, async |world, gateway| {
        let anna = owner_with_phone(world).await;
        let mut other = elsewhere(&anna).await;
        let (path, begun) = asks(&other).await;
        assert!(
            begun["sent_to"].as_str().unwrap().ends_with("077") && !begun["sent_to"].as_str().unwrap().contains("3712")
        );
        world.deliver().await;
        let taken = gateway.taken();
        assert_eq!((taken.len(), taken[0].line.as_str()), (1, "POST /messages HTTP/1.1"));
        assert_eq!((header(&taken[0], "content-type"), header(&taken[0], "authorization")), (JSON, GATEWAY_SECRET));
        let words = words(&taken[0]);
        assert_eq!((&words["to"], &words["from"]), (&json!([NUMBER]), &json!("Seif")));
        let text = words["text"].as_str().unwrap();
        assert!(text.contains("signing in") && text.contains("will ever ask you for it"), "{text}");
        assert!(!text.contains("http") && !text.contains("www"), "{text}");
        let _ = other.put(&path, json!({"code": "000000x"})).await.problem(422, "code_refused");
        let raised = other.put(&path, json!({"code": code(text)})).await.expect(200);
        assert_eq!(raised.json()["assurance"], "confirmed");
        other.keep_session(&raised);
        let _ = other.put(&path, json!({"code": code(text)})).await.problem(422, "code_refused");
        let history = other.get("/api/v1/account/sign-ins").await.expect(200).json();
        let by_sms = history["items"].as_array().unwrap().iter().filter(|entry| entry["method"] == "sms");
        let outcomes: Vec<&str> = by_sms.map(|entry| entry["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == "accepted").count(), 1);
        assert_eq!(outcomes.len(), 2, "the refused one stands there too");
        // R-5, S-3: its place, and that it may cost something.
        let methods = other.get("/api/v1/account/methods").await.expect(200).json();
        let named: Vec<&str> =
            methods["items"].as_array().unwrap().iter().map(|item| item["method"].as_str().unwrap()).collect();
        assert_eq!(named, ["email", "sms"]);
        let page = other.with_header("accept", "text/html").get("/confirm").await.expect(200).page();
        assert!(page.contains("Your operator may charge you"), "{page}");
    });
}

#[test]
fn a_form_is_filled_as_a_form() {
    with_gateway(FORM, FORM_BODY, async |world, gateway| {
        let anna = owner_with_phone(world).await;
        let other = elsewhere(&anna).await;
        let _ = asks(&other).await;
        world.deliver().await;
        let taken = gateway.taken();
        assert_eq!(header(&taken[0], "content-type"), FORM);
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(taken[0].body.as_bytes()).into_owned().collect();
        assert_eq!((pairs.len(), pairs[0].1.as_str(), pairs[1].1.as_str()), (3, &NUMBER[1..], "Seif"));
        assert!(pairs[2].1.contains("signing in"));
    });
}

#[test]
fn it_is_offered_only_where_the_number_is_verified_and_a_gateway_is_configured() {
    // K-2
    let ask = json!({"method": "sms"});
    with_gateway(JSON, JSON_BODY, async |world, _| {
        let mut anna = world.owner().await;
        let _ = anna.post(CONFIRMATIONS, ask.clone()).await.problem(422, "invalid");
        let number = PhoneNumber::parse(NUMBER, None).unwrap();
        let account = anna.account.as_deref().unwrap().parse().unwrap();
        world.app.services.accounts.verify_phone_of_a_story(account, &number).await.unwrap();
        let _ = anna.sign_in().await.expect(201);
        let problem = anna.post("/api/v1/collections", json!({})).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["email", "sms", "device"]));
    });
    // A number that somebody only said is theirs gets nothing.
    with_gateway(JSON, JSON_BODY, async |world, gateway| {
        let (name, mut anna) = (world.somebody(), world.stranger());
        anna.email = format!("{}@example.lv", name.to_lowercase());
        let signup = json!({"email": anna.email, "language": "en"});
        let signup = anna.post("/api/v1/signups", signup).await.expect(202).json();
        let body = json!({
            "code": world.code_for(&anna.email).await, "password": anna.password, "name": name, "phone": NUMBER,
            "tenant": {"kind": "self_employed", "name": name, "country": "LV"},
            "acknowledged": world.documents(&anna).await,
        });
        let _ = anna.put(&format!("/api/v1/signups/{}", signup["id"].as_str().unwrap()), body).await.expect(201);
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.post(CONFIRMATIONS, ask.clone()).await.problem(422, "invalid");
        let reset = json!({"identifier": anna.email});
        world.later(Duration::from_secs(1));
        let begun = world.stranger().post("/api/v1/password-resets", reset).await.expect(202).json();
        let path = format!("/api/v1/password-resets/{}", begun["id"].as_str().unwrap());
        let code = world.code_for(&anna.email).await;
        let _ = world
            .stranger()
            .put(&path, json!({"code": code, "new_password": "Another-Long-Pass-Phrase 88"}))
            .await
            .expect(202);
        world.deliver().await;
        assert!(gateway.taken().is_empty());
    });
    World::run(Database::Sqlite, async |world| {
        let anna = owner_with_phone(world).await;
        let other = elsewhere(&anna).await;
        let _ = other.post(CONFIRMATIONS, ask.clone()).await.problem(422, "invalid");
        let session = other.get("/api/v1/session").await.expect(200).text();
        assert!(!session.contains("sms"), "{session}");
    });
}

#[test]
fn any_other_status_is_tried_again_while_the_code_lives_and_no_redirect_is_followed() {
    with_gateway(JSON, JSON_BODY, async |world, gateway| {
        let anna = owner_with_phone(world).await;
        let other = elsewhere(&anna).await;
        gateway.answers(GatewayAnswer::Status(500));
        // To where it could follow: over TLS, by a name that it trusts.
        gateway.answers(GatewayAnswer::Redirect(gateway.plain_address().replace("http:", "https:")));
        gateway.answers(GatewayAnswer::Status(403));
        let (path, _) = asks(&other).await;
        for tries in 1..=4 {
            world.deliver().await;
            assert_eq!(gateway.taken().len(), tries);
            world.deliver().await;
            assert_eq!(gateway.taken().len(), tries, "not before its time");
            world.later(Duration::from_secs(60));
        }
        let all: Vec<Value> = gateway.taken().iter().map(words).collect();
        assert!(all.iter().all(|one| *one == all[0]), "the same message each time");
        let _ = other.put(&path, json!({"code": code(all[0]["text"].as_str().unwrap())})).await.expect(200);
        world.later(Duration::from_secs(3600));
        world.deliver().await;
        assert_eq!(gateway.taken().len(), 4);
    });
}

#[test]
fn a_code_that_may_have_arrived_is_not_sent_again() {
    with_gateway(JSON, JSON_BODY, async |world, gateway| {
        let anna = owner_with_phone(world).await;
        let other = elsewhere(&anna).await;
        gateway.answers(GatewayAnswer::Silence);
        let _ = asks(&other).await;
        for _ in 0..3 {
            world.deliver().await;
            world.later(Duration::from_secs(60));
        }
        assert_eq!(gateway.taken().len(), 1);
    });
}

#[test]
fn a_gateway_is_reached_over_tls_alone() {
    use seif::app::App;
    use seif::kernel::clock::Clock;
    use seif::kernel::entropy::Entropy;
    use seif::settings::{Environment, Overrides, Settings};

    let gateway = TextGateway::start();
    let folder = tempfile::tempdir().unwrap();
    let started = |configuration: &str| {
        let file = folder.path().join("seif.toml");
        std::fs::write(&file, configuration).unwrap();
        let overrides = Overrides { config: Some(file), data: Some(folder.path().to_owned()), ..Overrides::default() };
        let settings = Settings::load(&overrides, &Environment::default()).unwrap();
        App::build(settings, Clock::system(), Entropy::system()).err().map(|error| error.to_string())
    };
    let described = gateway.configuration(JSON, JSON_BODY);
    let plain = described.replace("https://", "http://");
    assert!(started(&plain).unwrap().contains("sms.url"));
    let told = started(&described.replace("{text}", "x")).unwrap();
    assert!(told.contains("sms.body") && !told.contains("Kanarilintu"), "{told}");
    assert!(started(&described.replace(JSON, "text/plain")).unwrap().contains("sms.content_type"));
    assert!(started(&described.replace("Authorization", "Not a name")).unwrap().contains("Not a name"));
}

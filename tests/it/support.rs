//! The support code (S-12, K-7): it identifies the caller to support, and support to the caller.

use std::time::Duration;

use seif::accounts::support::{self, Caller, VerifyError};
use seif::each_database;
use seif::kernel::operators::deeds::IdentifyCaller;
use seif::kernel::personal::Secret;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::operator_ledger::HERE;

const CODES: &str = "/api/v1/account/support-codes";

/// A code of the actor's, as the screen shows it.
async fn code(actor: &Actor) -> Value {
    actor.post(CODES, json!({})).await.expect(201).json()
}

/// What support finds out by a code.
async fn verify(world: &World, code: &str) -> Result<Caller, VerifyError> {
    let kernel = &world.app.services.kernel;
    let code = Secret::new(code.to_owned());
    kernel.operate(HERE, IdentifyCaller, async |act| support::verify(kernel, act, &code).await).await.unwrap()
}

each_database! {
    async fn a_code_identifies_the_caller_once_and_gives_support_the_words_to_say_back(world: World) {
        // S-12
        let anna = world.owner().await;
        let made = code(&anna).await;
        assert_eq!(made["expires_at"], json!(world.clock.now().plus(Duration::from_secs(600))));
        let shown = made["code"].as_str().unwrap();
        assert!(shown.len() == 9 && shown.replace(' ', "").bytes().all(|byte| byte.is_ascii_digit()), "{shown}");
        let caller = verify(world, shown).await.unwrap();
        let session = anna.get("/api/v1/session").await.expect(200).json();
        assert_eq!(json!(caller.name.reveal()), session["account"]["name"]);
        let tenants: Vec<&String> = caller.tenants.iter().map(|named| named.0.reveal()).collect();
        assert_eq!(json!(tenants), json!([session["tenants"][0]["name"]]));
        let words: Vec<&String> = caller.words.iter().map(|word| word.0.reveal()).collect();
        assert_eq!(json!(words), made["words"]);
        assert_eq!(words.len(), 3);
        // K-7
        world.deliver().await;
        let told = |mail: &&String| mail.to_lowercase().contains(&format!("to: {}", anna.email)) && mail.contains("Subject: Our support");
        assert_eq!(world.mails().iter().filter(told).count(), 1);
        assert_eq!(verify(world, shown).await.unwrap_err(), VerifyError::Refused);
        // It is the person's affair: the business's audit says nothing of it.
        assert!(!anna.get("/api/v1/audit").await.expect(200).text().contains("support"));
    }

    async fn a_code_dies_after_ten_minutes_and_with_the_next_one(world: World) {
        // S-12
        let anna = world.owner().await;
        let first = code(&anna).await;
        let second = code(&anna).await;
        assert_eq!(verify(world, first["code"].as_str().unwrap()).await.unwrap_err(), VerifyError::Refused);
        world.later(Duration::from_secs(600));
        assert_eq!(verify(world, second["code"].as_str().unwrap()).await.unwrap_err(), VerifyError::Refused);
        assert!(world.app.services.accounts.sweep().await.unwrap().rows >= 1);
        let third = code(&anna).await;
        world.later(Duration::from_secs(599));
        assert!(verify(world, &third["code"].as_str().unwrap().replace(' ', "-")).await.is_ok());
    }

    async fn of_two_look_ups_at_once_one_finds_the_caller(world: World) {
        let anna = world.owner().await;
        let made = code(&anna).await;
        let shown = made["code"].as_str().unwrap();
        let found = futures_util::future::join_all((0..4).map(|_| verify(world, shown))).await;
        assert_eq!(found.iter().filter(|found| found.is_ok()).count(), 1);
    }

    async fn wrong_codes_are_limited_to_twenty_in_an_hour(world: World) {
        // S-12
        let mut anna = world.owner().await;
        let made = code(&anna).await;
        let shown = made["code"].as_str().unwrap().replace(' ', "");
        let wrong = format!("{:08}", (shown.parse::<u32>().unwrap() + 1) % 100_000_000);
        for _ in 0..20 {
            assert_eq!(verify(world, &wrong).await.unwrap_err(), VerifyError::Refused);
        }
        assert!(matches!(verify(world, &shown).await.unwrap_err(), VerifyError::TooMany(_)));
        world.later(Duration::from_secs(3601));
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        assert!(verify(world, code(&anna).await["code"].as_str().unwrap()).await.is_ok());
    }

    async fn the_command_works_beside_a_running_service(world: World) {
        // S-12
        let anna = world.owner().await;
        let made = code(&anna).await;
        let ask = |code: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
            command.args(["support", "verify", code, "--json", "--data"]).arg(world.folder.path());
            if let [database, keyring] = world.database_urls() {
                command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
            }
            command.output().unwrap()
        };
        let found = ask(made["code"].as_str().unwrap());
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        let caller: Value = serde_json::from_slice(&found.stdout).unwrap();
        let session = anna.get("/api/v1/session").await.expect(200).json();
        let tenants = json!([session["tenants"][0]["name"]]);
        assert_eq!(
            caller,
            json!({"name": session["account"]["name"], "tenants": tenants, "words": made["words"], "language": "en"})
        );
        let again = ask(made["code"].as_str().unwrap());
        assert_eq!((again.status.code(), again.stdout.len()), (Some(1), 0));
        // The service goes on as before.
        let _ = anna.post("/api/v1/collections", json!({"name": "A", "fields": [{"name": "a", "label": "A", "kind": "text"}]})).await.expect(201);
    }

    async fn a_session_below_confirmation_gets_no_code_and_the_page_shows_one_once(world: World) {
        // S-3, S-12
        let mut anna = world.owner().await;
        let confirmed = anna.session.clone();
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.post(CODES, json!({})).await.problem(403, "confirmation_required");
        anna.session = confirmed;
        let anna = anna.with_header("accept", "text/html").with_header("accept-language", "en");
        let page = anna.get("/account/support").await.expect(200).page();
        assert!(page.contains("Show a code") && !page.contains("Read this out"), "{page}");
        let form = Some(("application/x-www-form-urlencoded", Vec::new()));
        let page = anna.send_bytes(reqwest::Method::POST, "/account/support", form).await.expect(200).page();
        let shown = page.split("<p class=\"big\">").nth(1).unwrap().split('<').next().unwrap();
        assert!(verify(world, shown).await.is_ok(), "{shown}");
        assert!(!anna.get("/account/support").await.expect(200).page().contains(shown));
    }
}
